import type { FailureRecord, FindingRecord, Incident, Topic, UncheckedRecord } from './state.ts';

/** What is to be told of one thing. */
export type AlertEvent =
  | 'opened'
  | 'escalated'
  | 'changed'
  | 'reminded'
  /** Opens and closes, or changes, too often to be told each time. */
  | 'flapping'
  | 'closed';

export interface Item<About> {
  readonly record: Incident<About>;
  readonly news: AlertEvent;
}

/** All that one message tells. */
export interface Alert {
  readonly topic: Topic;
  readonly findings: readonly Item<FindingRecord>[];
  readonly unchecked: readonly Item<UncheckedRecord>[];
  readonly failures: readonly Item<FailureRecord>[];
}
