import { compareSetting } from '../metadata/setting-difference.ts';
import { one } from '../metadata/settings.ts';
import { formatDuration } from '../model/duration.ts';
import type { Change, Difference, Judged, Kind } from '../model/finding.ts';
import type { Severity } from '../model/severity.ts';
import type { Contract, ExpectedTable, Field, Setting, Settings, Table } from '../model/table.ts';
import { sameValue, type Value, valueText } from '../model/value.ts';
import { isShorter } from '../repair/loss.ts';
import type { FixMaker } from '../repair/repair-case.ts';

/** What a finding is about: the dataset, the table as a whole, or one field of it. */
export type Scope = 'dataset' | 'table' | 'field';

/** Something that a kind has not, with the reason. */
export interface None {
  readonly none: string;
}

/** One kind of drift: all that is known of it. */
export interface KindRow<S extends Scope = Scope> {
  /** Public: it stands in policies, waivers, metrics and reports, so changing it is a breaking change. */
  readonly id: Kind;
  readonly scope: S;
  /** Of the whole dataset, table or field: it is not there, or no file declares it. Absent: something of it differs. */
  readonly means?: 'absent' | 'undeclared';
  readonly severity: Severity;
  /** The severity where the field is critical or consumed; absent: the same. */
  readonly severityIfConsumed?: Severity;
  /** Loss of data cannot be waived, nor set below warning. */
  readonly cannotBeWaived?: true;
  /** What it finds, as README's table of kinds prints it. */
  readonly finds: string;
  /** One sentence: `Checks that …`. */
  readonly purpose: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do. */
  readonly act: string;
  /** The keys that it compares, in the REST resource of what it is about. */
  readonly location: readonly [string, ...string[]] | None;
  /** Absent: it compares whether there is one at all. */
  readonly compares?: Comparison<S>;
  /** One cause, one finding: whether a change of this kind stands in front of another one. */
  readonly hides?: (change: Change, other: Place) => boolean;
  readonly loses?: Loss;
  /** When BigQuery deletes the whole table by it, in milliseconds since 1970; null: never. */
  readonly deletesTableAt?: (change: Change) => string | null;
  /** Of a date-sharded table: what of a value counts as another one, where it differs from shard to shard by itself. */
  readonly acrossShards?: (actual: string) => string;
  readonly weakens?: Weakens;
  /** Of a setting that is shown beside others; absent: it is not. */
  readonly label?: string;
  readonly words: KindWords;
  /** What repairs it. */
  readonly repair: FixMaker | None;
}

/** What is compared by a kind of each scope. */
export interface Sides {
  readonly dataset: { readonly expected: WithSettings; readonly actual: WithSettings };
  readonly table: { readonly expected: StatedTable; readonly actual: Table };
  readonly field: { readonly expected: Field; readonly actual: Field };
}

interface WithSettings {
  readonly settings?: Settings;
}

/** What a file says of a table. */
export interface StatedTable extends ExpectedTable {
  readonly contract: Contract;
}

export interface Comparison<S extends Scope> {
  /** What the file states, part by part; undefined: nothing. */
  stated(expected: Sides[S]['expected']): Setting | undefined;
  /** null: it is as stated, or nothing is. */
  difference(expected: Sides[S]['expected'], actual: Sides[S]['actual']): Difference | null;
  /** Whether there is such a value at all is all that is compared. */
  readonly isPresence?: true;
  readonly listed: (typeof LISTED)[number];
}

/** The order in which the differences of a table are listed, by what they are of. */
export const LISTED = ['layout', 'lifetime', 'setting', 'contract'] as const;

/** Where a change is. */
export interface Place {
  readonly kind: Kind;
  readonly path: string | null;
}

/** A setting of the resource under its key. */
export function setting(key: string): Comparison<Scope> {
  return {
    listed: 'setting',
    stated: ({ settings }) => settings?.get(key),
    difference({ settings }, actual) {
      const stated = settings?.get(key);
      return stated === undefined ? null : compareSetting(stated, actual.settings?.get(key));
    },
  };
}

/** A value of its own. */
export function value<S extends Scope>({
  expected,
  actual,
  isSame = sameValue,
  isPresence,
}: {
  /** undefined: not stated. */
  readonly expected: (side: Sides[S]['expected']) => Value | null | undefined;
  readonly actual: (side: Sides[S]['actual']) => Value | null;
  readonly isSame?: (one: Value | null, other: Value | null) => boolean;
  readonly isPresence?: true;
}): Comparison<S> {
  return {
    listed: isPresence ? 'lifetime' : 'layout',
    stated(side) {
      const stated = expected(side);
      return stated === undefined ? undefined : one(stated);
    },
    difference(side, otherSide) {
      const stated = expected(side);
      if (stated === undefined) return null;
      const found = actual(otherSide);
      return isSame(stated, found) ? null : { expected: stated, actual: found };
    },
    ...(isPresence === undefined ? {} : { isPresence }),
  };
}

/** Data that may go by it, and that time travel can restore for a while. */
export interface Loss {
  /** `expiring` goes on every day. */
  readonly what: 'everything' | 'column' | 'expiring';
  /** Absent: always. */
  readonly where?: (change: Change & Pick<Judged, 'actualType'>) => boolean;
}

/** What a file protects no longer once it says what is there, each in words; empty: nothing. */
export type Weakens = (change: Change, weakened: Weakened) => readonly string[];

export interface Weakened {
  /** What the file says before. */
  readonly expected: ExpectedTable;
  readonly contract: Contract;
  /** null: it is a dataset. */
  readonly actual: Table | null;
  /** `90 days → 7 days` */
  readonly fromTo: string;
}

export interface KindWords {
  /** A clause about the subject; `{path}` is the field. */
  readonly what: string | ((change: Change) => string);
  /** How a value is said; null is the absent one. A text: the word for that, and any other is told as it stands. */
  readonly say:
    | string
    | ((value: string | null, side: 'expected' | 'actual', contract: Contract | null) => string);
  /** How a value is said under its label, where that is another way; null: it is not. */
  readonly sayBeside?: (value: Value | null) => string | null;
  /** What else on-call must know. */
  readonly hint?: string | ((change: Change) => string | null);
  /** Whoever reads it finds it gone or unreadable, not just different. */
  readonly breaks?: true;
}

/** Not of a view, which shows the rows of other tables, nor of an external table. */
export function holdsRows({ actualType = 'TABLE' }: Pick<Judged, 'actualType'>): boolean {
  return actualType === 'TABLE';
}

export const saidAsDuration = (absent: string) => (value: string | null) =>
  value === null ? absent : formatDuration(Number(value));

/** Nothing undeclared is ever offered to be dropped. */
export const DECLARE_IT: None = {
  none: 'nothing is wrong in BigQuery as such: declare it in the expected files, or let the policy ignore it',
};

/** `partitions are deleted sooner: 90 days → 7 days` */
export function sooner(what: string): Weakens {
  return ({ expected, actual }, { fromTo, contract }) =>
    isShorter(valueText(actual), valueText(expected))
      ? [`${what}: ${fromTo}${saidOfRetention(contract)}`]
      : [];
}

export function saidOfRetention({ retention }: Contract): string {
  return retention === null ? '' : `, where contract.retention is ${retention.text}`;
}

/** Another key, or Google's own. */
export const otherKey: Weakens = ({ expected }) =>
  expected === null ? [] : [`the key ${valueText(expected)} is no longer expected to encrypt it`];
