import type {
  FailureRecord,
  FindingRecord,
  Incident,
  Notification,
  Topic,
  UncheckedRecord,
} from './state.ts';

/** What is to be told of one thing. */
export type AlertEvent =
  | 'opened'
  | 'escalated'
  | 'changed'
  | 'reminded'
  /** Opens and closes, or changes, too often to be told each time. */
  | 'flapping'
  | 'closed';

export interface AlertItem<Subject> {
  readonly record: Incident<Subject>;
  readonly event: AlertEvent;
  /** What the channel was told of it before; null: nothing. */
  readonly lastNotification: Notification | null;
}

/** All that one message tells. */
export interface Alert {
  readonly topic: Topic;
  readonly findings: readonly AlertItem<FindingRecord>[];
  readonly unchecked: readonly AlertItem<UncheckedRecord>[];
  readonly failures: readonly AlertItem<FailureRecord>[];
}
