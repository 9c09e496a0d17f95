import type { Fix } from './fix.ts';
import type { Severity } from './severity.ts';
import type { TimeTravel } from './time-travel.ts';
import type { Value } from './value.ts';

/** The id of a kind of drift; `kinds` has a row for each. */
export type Kind = string;

/** A fact: expected and actual differ. It has no opinion of how much that matters. */
export interface Change extends Difference {
  readonly kind: Kind;
  /** Dotted field path for `field-*` kinds, null for all others. */
  readonly path: string | null;
}

export interface Difference {
  /** null: absent. */
  readonly expected: Value | null;
  readonly actual: Value | null;
  /** What else is known of it; never part of its identity. */
  readonly context?: ChangeContext;
}

/** A finding of an earlier run, as it is remembered. */
export interface OpenFinding {
  /** Its fingerprint. */
  readonly key: string;
  readonly subject: Subject & Pick<Change, 'kind' | 'path'> & { readonly expected: string | null };
  /** What was there. */
  readonly actual: string | null;
}

/** What became of it, as its file is now and as far as the same was compared again. */
export type Rechecked =
  /** It is as its file says. */
  | 'equal'
  /** The file does not state it any more, or states something else. */
  | 'not-expected'
  /** Another difference stands in front of it. */
  | 'hidden';

export type ChangeContext =
  /** Whose expiration breaks the retention; of the whole table with the moment, in milliseconds since 1970. */
  | { readonly type: 'caused-by'; readonly of: 'partitions' }
  | { readonly type: 'caused-by'; readonly of: 'table'; readonly expirationTime: string }
  /** The table is there and has no field at all. */
  | { readonly type: 'no-fields-left' }
  /** What the same field is in the shard before the newest. */
  | { readonly type: 'other-shard'; readonly shard: string; readonly actual: Value }
  /** The only undeclared field or table that is alike. */
  | { readonly type: 'perhaps-renamed'; readonly to: string };

/** What a change is a change of. */
export interface Subject {
  /** Real dataset id. */
  readonly dataset: string;
  /** null: the dataset itself. */
  readonly table: string | null;
}

/** A change weighed by policy, not yet put into words. */
export interface Judged extends Change, Subject {
  readonly severity: Severity;
  /** 12 hex digits: the identity of a finding over time, whatever its values. */
  readonly fingerprint: string;
  /** Who breaks, by the contract. */
  readonly consumers: readonly string[];
  readonly owner: string | null;
  /** Of a dataset whose tables have several. */
  readonly owners?: readonly string[];
  readonly runbook: string | null;
  /** What is there in the table's place: `TABLE`, `VIEW`; absent where nothing is, or it is a dataset. */
  readonly actualType?: string;
  /** The shard that was read of a date-sharded table. */
  readonly shard?: string;
  readonly fix?: Fix | null;
  /** There is too much drift to keep what would repair this one: the command line says it. */
  readonly isFixLeft?: true;
  /** The latest of the waivers that covered it and are over. */
  readonly lapsedWaiver?: { readonly until: string; readonly reason: string };
}

/** What differs, for people: `field amount is missing`, `NUMERIC`, `nothing`. */
export interface Words {
  /** A clause; `{path}` stands for the field's path, so that a renderer can set it apart. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

/** A judged change with its words. */
export interface Finding extends Judged {
  readonly words: Words;
  /** The words as one sentence: subject, then expected, then actual. */
  readonly message: string;
  readonly hint: string | null;
  /** null: nothing certain can be said. */
  readonly fix: Fix | null;
  /** Absent: not known. */
  readonly timeTravel?: TimeTravel;
}

export interface WaivedFinding extends Finding {
  readonly waiver: { readonly until: string; readonly reason: string };
}

export const UNCHECKED_REASONS = ['denied', 'throttled', 'unavailable', 'out-of-time', 'malformed'] as const;
export type UncheckedReason = (typeof UNCHECKED_REASONS)[number];

/** In the detail of what is `out-of-time` because a person ended the command. */
export const INTERRUPTED = 'interrupted';

/** In the detail of what is `out-of-time` because the run holds as many findings as it can. */
export const TOO_MANY = 'too many findings';

export function isBeyondRoom({ reason, detail }: Pick<Unchecked, 'reason' | 'detail'>): boolean {
  return reason === 'out-of-time' && detail.startsWith(TOO_MANY);
}

export function isInterrupted({ reason, detail }: Pick<Unchecked, 'reason' | 'detail'>): boolean {
  return reason === 'out-of-time' && detail.includes(INTERRUPTED);
}

/** What could not be compared: neither in sync nor drifted. */
export interface Unchecked {
  /** `*`: the project's list of datasets. */
  readonly dataset: string;
  /** null: the dataset itself, or its list of tables. */
  readonly table: string | null;
  readonly reason: UncheckedReason;
  readonly detail: string;
  /** What helps, where it is not what helps with every such reason. Not in the JSON report. */
  readonly remedy?: string;
}
