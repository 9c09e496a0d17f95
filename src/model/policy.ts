import type { Kind } from './finding.ts';
import type { Severity } from './severity.ts';

/** `drift-policy.json`, checked and with its defaults filled in. */
export interface Policy {
  readonly severities: ReadonlyMap<Kind, Severity | 'off'>;
  /** Patterns over `dataset.table`; `*` is any characters. */
  readonly ignoreUnexpected: readonly string[];
  readonly waivers: readonly Waiver[];
  /** The least severe finding that is told. */
  readonly minimumSeverity: Severity;
  readonly alerts: AlertTiming;
}

export interface AlertTiming {
  /** How long after an alert it is repeated while still open, in milliseconds; null: never. */
  readonly remindAfterMs: Readonly<Record<Severity, number | null>>;
  /** Runs in a row that could not check a table before that is told. */
  readonly uncheckedAfterRuns: number;
}

export interface Waiver {
  /** Pattern over `dataset.table`, in declared names. */
  readonly table: string;
  /** null: every path; a path covers what lies beneath it. */
  readonly path: string | null;
  /** null: every kind that may be waived. */
  readonly kind: Kind | null;
  /** The last day, to its end in UTC: `2027-01-31`. */
  readonly until: string;
  readonly reason: string;
}

/** A field that the files themselves must declare. */
export interface RequiredField {
  readonly name: string;
  readonly type: string;
  /** Patterns of tables that need not. */
  readonly except: readonly string[];
}
