import type { Subject, Unchecked } from '../../model/finding.ts';
import type { RequiredField } from '../../model/policy.ts';
import type { Unreadable } from '../../model/ports.ts';

/** What became of each dataset and table; files are relative to the writer's root. Subjects are real names. */
export interface PullResult {
  readonly written: readonly string[];
  /** Was there already and says all of it, in whatever spelling. */
  readonly unchanged: readonly string[];
  /** Was there already and says something else, or less. */
  readonly kept: readonly {
    readonly file: string;
    readonly why: string;
    /** What the file protects that what is there does not, each in words. */
    readonly weakened: readonly string[];
  }[];
  /** What a replaced file protected, likewise. */
  readonly weakened: readonly { readonly file: string; readonly what: string }[];
  readonly skipped: readonly Skipped[];
  /** Cannot be an expected file. */
  readonly refused: readonly (Subject & { readonly why: string })[];
  readonly unreadable: readonly Unchecked[];
  /** Named on the command line, and not there. */
  readonly absent: readonly Subject[];
  /** The policy's required fields that files which now stand there do not declare. */
  readonly requiredFieldBreaks: readonly RequiredFieldBreak[];
}

/**
 * `ignored`: the policy's `ignoreUnexpected` matches; `expires`: the table is about to go; `gone`: it was listed, and went
 * before it was read.
 */
export type Skipped = Subject & { readonly why: 'ignored' | 'expires' | 'gone' };

export interface RequiredFieldBreak {
  readonly name: string;
  readonly type: string;
  /** `dataset.table`, as declared. */
  readonly tables: readonly string[];
  /** The policy's `except`, with these tables. */
  readonly except: readonly string[];
}

/** What became of one of them. */
export type Outcome =
  | {
      readonly status: 'written';
      readonly file: string;
      readonly breaks: readonly Break[];
      readonly weakened: readonly string[];
    }
  | { readonly status: 'unchanged'; readonly file: string; readonly breaks: readonly Break[] }
  | {
      readonly status: 'kept';
      readonly file: string;
      readonly why: string;
      readonly weakened: readonly string[];
    }
  | (Skipped & { readonly status: 'skipped' })
  | (Subject & { readonly status: 'refused'; readonly why: string })
  | (Unchecked & { readonly status: 'unreadable' })
  | (Subject & { readonly status: 'absent' });

/** A required field that a file does not declare. */
export interface Break {
  readonly field: RequiredField;
  readonly table: string;
}

/** By file or name, whatever was done first. */
export function resultOf(outcomes: readonly Outcome[], requiredFields: readonly RequiredField[]): PullResult {
  const of = <Status extends Outcome['status']>(status: Status) =>
    outcomes.filter((outcome): outcome is Extract<Outcome, { status: Status }> => outcome.status === status);
  const breaks = [...of('written'), ...of('unchanged')].flatMap((outcome) => outcome.breaks);
  return {
    written: of('written')
      .map(({ file }) => file)
      .sort(),
    unchanged: of('unchanged')
      .map(({ file }) => file)
      .sort(),
    kept: of('kept')
      .map(({ file, why, weakened }) => ({ file, why, weakened }))
      .sort((one, other) => order(one.file, other.file)),
    weakened: of('written')
      .flatMap(({ file, weakened }) => weakened.map((what) => ({ file, what })))
      .sort((one, other) => order(one.file, other.file)),
    skipped: of('skipped')
      .map(({ dataset, table, why }) => ({ dataset, table, why }))
      .sort(bySubject),
    refused: of('refused')
      .map(({ dataset, table, why }) => ({ dataset, table, why }))
      .sort(bySubject),
    unreadable: of('unreadable')
      .map(({ dataset, table, reason, detail }) => ({ dataset, table, reason, detail }))
      .sort(bySubject),
    absent: of('absent')
      .map(({ dataset, table }) => ({ dataset, table }))
      .sort(bySubject),
    requiredFieldBreaks: requiredFields.flatMap((field) => {
      const tables = breaks
        .filter((broken) => broken.field === field)
        .map(({ table }) => table)
        .sort();
      const { name, type, except } = field;
      return tables.length === 0 ? [] : [{ name, type, tables, except: [...except, ...tables] }];
    }),
  };
}

function bySubject(one: Subject, other: Subject): number {
  return order(one.dataset, other.dataset) || order(one.table ?? '', other.table ?? '');
}

export function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

export function refused({ dataset, table }: Subject, why: string): Outcome {
  return { status: 'refused', dataset, table, why };
}

export function unreadable({ dataset, table }: Subject, { reason, detail }: Unreadable): Outcome {
  return { status: 'unreadable', dataset, table, reason, detail };
}

/** What was named must be there; what was listed may go at any time. */
export function missing({ dataset, table }: Subject, isNamed: boolean): Outcome {
  return isNamed ? { status: 'absent', dataset, table } : { status: 'skipped', dataset, table, why: 'gone' };
}

export function skipped({ dataset, table }: Subject, why: Skipped['why']): Outcome {
  return { status: 'skipped', dataset, table, why };
}
