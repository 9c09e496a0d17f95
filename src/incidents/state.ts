import type { Kind, Unchecked } from '../model/finding.ts';
import type { TableCounts } from '../model/report.ts';
import type { Severity } from '../model/severity.ts';

/**
 * What is remembered from one run to the next. Every moment is RFC 3339. Any of its objects may have keys that only a newer
 * version knows, and a finding a kind: they are carried along, so whoever changes an object spreads it.
 */
export interface State {
  readonly version: 2;
  readonly project: string;
  /** The moment of the run before; null: there was none. */
  readonly lastRunAt: string | null;
  /** At or above the least severity that is told. */
  readonly findings: readonly Incident<FindingRecord>[];
  readonly unchecked: readonly Incident<UncheckedRecord>[];
  /** A run without a result: at most one is open. */
  readonly failures: readonly Incident<FailureRecord>[];
  /** By dataset: when it and each of its declared tables was last read and was there. */
  readonly seen: ReadonlyMap<string, SeenDataset>;
  readonly messages: SentMessages;
  /** What was there and not told, waived or too little severe, as long as it is there. */
  readonly suppressed: readonly SuppressedRecord[];
  /** What on-call must know of this state itself, until it was told. */
  readonly note: string | null;
  /** Of the last 30 days, oldest first. */
  readonly history: readonly HistoryPoint[];
}

export interface SuppressedRecord {
  readonly key: string;
  readonly subject: FindingRecord;
  readonly actual: string | null;
}

/** One thing that alerts are about, from when it is first seen until a day after it is over. */
export interface Incident<Subject> {
  /** Its identity over time, whatever its values. */
  readonly key: string;
  readonly subject: Subject;
  readonly severity: Severity;
  /** What is there; another value is told as a change. null: absent, or nothing that could change. */
  readonly actual: string | null;
  /** The same for people, short; null: nothing that could change. */
  readonly actualWords: string | null;
  readonly lastSeenAt: string;
  /** Runs in a row that saw it. */
  readonly runs: number;
  /** Whether it may be told: one failed read is not yet worth waking anybody. */
  readonly isAlertable: boolean;
  /** When it was open, oldest first; the last is the current or the latest. */
  readonly episodes: readonly Episode[];
  /** When `actual` changed while it was open, within the last day. */
  readonly changes: readonly string[];
  /** How the latest episode ended; null: it is open. */
  readonly resolution: IncidentResolution | null;
  /** By channel: the last message about it that the channel accepted. */
  readonly notifications: Notifications;
}

export type Notifications = Readonly<Record<string, Notification>>;

export interface Episode {
  readonly openedAt: string;
  readonly closedAt: string | null;
  /** The third opening within a day, or a later one: told in the reminder only. */
  readonly isFlapping: boolean;
  /** Opened at the very moment at which a channel had been told that it was over, which no moment tells apart; nobody was told since. */
  readonly isAfterEnd?: true;
}

export type IncidentResolution =
  /** Read, compared, and found equal; of what was unchecked: read again. */
  | { readonly reason: 'repaired' }
  /** Of what was unchecked: it is known again, and missing, which was told before or need not be. */
  | { readonly reason: 'missing' }
  /** The files or the policy no longer say so. */
  | { readonly reason: 'not-expected' }
  | { readonly reason: 'waived'; readonly until: string; readonly waiverReason: string }
  /** It fell below the least severity that is told, so nobody is told of its end either. */
  | { readonly reason: 'below-threshold' };

/** What a channel was last told of something: it holds it for so. */
export interface Notification {
  readonly at: string;
  /** Whether it was open then. */
  readonly isOpen: boolean;
  readonly severity: Severity;
  readonly actual: string | null;
  readonly actualWords: string | null;
  /** Reminders since it was told as opened, changed or escalated. */
  readonly reminders: number;
}

export interface FindingRecord {
  readonly kind: Kind;
  readonly dataset: string;
  readonly table: string | null;
  readonly path: string | null;
  readonly expected: string | null;
  /** What differs, for people; `{path}` stands for the field. */
  readonly what: string;
  /** The last run that read the very thing without this finding; null: none did. */
  readonly lastGoodAt: string | null;
  /** How far back its data can be restored, by what the dataset said before and after; null: not known. */
  readonly timeTravelHours: number | null;
}

export interface UncheckedRecord extends Unchecked {
  /** Whether the run before could read it: what is deleted looks the same to those without permission. */
  readonly wasReadable: boolean;
  /** The dataset itself was read, and only the list of its tables was not. */
  readonly isListOnly: boolean;
  /** Of what was readable in the run before: when that was, for restoring it if it is gone; null: not known. */
  readonly lastReadAt: string | null;
  /** How far back its data could be restored then; null: not known. */
  readonly timeTravelHours: number | null;
}

export interface FailureRecord {
  readonly code: string;
  readonly message: string;
}

export interface SeenDataset {
  readonly at: string | null;
  /** Its time travel window then; null: not known. */
  readonly timeTravelHours: number | null;
  readonly tables: ReadonlyMap<string, SeenTable>;
}

export interface SeenTable {
  readonly at: string;
  /** Of what was compared then; null: something else would have been since, so that nobody knows what was in order. */
  readonly digest: string | null;
}

export const TOPICS = ['drift', 'unchecked', 'resolved', 'still-open'] as const;
/** What a message is about; a run sends at most one of each. */
export type Topic = (typeof TOPICS)[number];

/** What became of a message: accepted; perhaps posted; surely not. */
export const DELIVERY_STATUSES = ['sent', 'unknown', 'refused'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** The messages of one scheduled run, over all its attempts. */
export interface SentMessages {
  /** The run's moment; null: no run yet. */
  readonly runAt: string | null;
  readonly channels: Readonly<Record<string, readonly SentMessage[]>>;
}

export interface SentMessage {
  /** A newer version may have others. */
  readonly topic: string;
  readonly status: DeliveryStatus;
  /** Of the incidents it was about. */
  readonly keys: readonly string[];
}

export interface HistoryPoint {
  readonly at: string;
  readonly findings: Readonly<Record<Severity, number>>;
  readonly tables: TableCounts;
}

export function emptyState(project: string): State {
  return {
    version: 2,
    project,
    lastRunAt: null,
    findings: [],
    unchecked: [],
    failures: [],
    seen: new Map(),
    messages: { runAt: null, channels: {} },
    suppressed: [],
    note: null,
    history: [],
  };
}
