import type { FailureMemo, FindingMemo, Remembered, Topic, UncheckedMemo } from './state.ts';

/** What is to be told of one thing. */
export type News =
  | 'opened'
  | 'escalated'
  | 'changed'
  | 'reminded'
  /** Opens and closes, or changes, too often to be told each time. */
  | 'flapping'
  | 'closed';

export interface Item<About> {
  readonly record: Remembered<About>;
  readonly news: News;
}

/** All that one message tells. */
export interface Alert {
  readonly topic: Topic;
  readonly findings: readonly Item<FindingMemo>[];
  readonly unchecked: readonly Item<UncheckedMemo>[];
  readonly failures: readonly Item<FailureMemo>[];
}
