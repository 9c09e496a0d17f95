import type { Subject, Unchecked } from '../../model/finding.ts';
import type { RequiredField } from '../../model/policy.ts';
import type { Unreadable } from '../../model/ports.ts';

/** What became of each dataset and table; files are relative to the writer's root. Subjects are real names. */
export interface PullResult {
  readonly written: readonly string[];
  /** Was there already and says all of it, in whatever spelling. */
  readonly unchanged: readonly string[];
  readonly kept: readonly Kept[];
  /** What a replaced file protected that what is there does not. */
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

/** Was there already and says something else, or less. */
interface Kept {
  readonly file: string;
  readonly why: string;
  /** What the file protects that what is there does not, each in words. */
  readonly weakened: readonly string[];
}

/**
 * `ignored`: the policy's `ignoreUnexpected` matches; `expires`: the table is about to go; `gone`: it was listed, and went
 * before it was read.
 */
type Skipped = Subject & { readonly why: 'ignored' | 'expires' | 'gone' };

interface RequiredFieldBreak {
  readonly name: string;
  readonly type: string;
  /** `dataset.table`, as declared. */
  readonly tables: readonly string[];
  /** The policy's `except`, with these tables. */
  readonly except: readonly string[];
}

/** A required field that a file does not declare. */
export interface Break {
  readonly field: RequiredField;
  readonly table: string;
}

interface Entries {
  readonly written: { readonly file: string; readonly breaks: readonly Break[] } & Pick<Kept, 'weakened'>;
  readonly unchanged: { readonly file: string; readonly breaks: readonly Break[] };
  readonly kept: Kept;
  readonly skipped: Skipped;
  readonly refused: PullResult['refused'][number];
  readonly unreadable: Unchecked;
  readonly absent: Subject;
}

/** What became of one of them. */
export type Outcome = {
  [Status in keyof Entries]: { readonly status: Status; readonly entry: Entries[Status] };
}[keyof Entries];

/** By file or name, whatever was done first. */
export function resultOf(outcomes: readonly Outcome[], requiredFields: readonly RequiredField[]): PullResult {
  const inOrder = [...outcomes].sort((one, other) => order(nameOf(one), nameOf(other)));
  const of = <Status extends Outcome['status']>(status: Status) =>
    inOrder.filter(
      (outcome): outcome is Extract<Outcome, { readonly status: Status }> => outcome.status === status,
    );
  const written = of('written').map(({ entry }) => entry);
  const unchanged = of('unchanged').map(({ entry }) => entry);
  const breaks = [...written, ...unchanged].flatMap((file) => file.breaks);
  return {
    written: written.map(({ file }) => file),
    unchanged: unchanged.map(({ file }) => file),
    kept: of('kept').map(({ entry }) => entry),
    weakened: written.flatMap(({ file, weakened }) => weakened.map((what) => ({ file, what }))),
    skipped: of('skipped').map(({ entry }) => entry),
    refused: of('refused').map(({ entry }) => entry),
    unreadable: of('unreadable').map(({ entry }) => entry),
    absent: of('absent').map(({ entry }) => entry),
    requiredFieldBreaks: requiredFields.flatMap((field) => {
      const broken = breaks.filter((each) => each.field === field);
      const tables = broken.map(({ table }) => table).sort();
      const { name, type, except } = field;
      return tables.length === 0 ? [] : [{ name, type, tables, except: [...except, ...tables] }];
    }),
  };
}

function nameOf({ entry }: Outcome): string {
  return 'file' in entry ? entry.file : `${entry.dataset}\0${entry.table ?? ''}`;
}

export function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

export function refused(subject: Subject, why: string): Outcome {
  return { status: 'refused', entry: { ...subject, why } };
}

export function unreadable(
  subject: Subject,
  { reason, detail }: Pick<Unreadable, 'reason' | 'detail'>,
): Outcome {
  return { status: 'unreadable', entry: { ...subject, reason, detail } };
}

/** What was named must be there; what was listed may go at any time. */
export function missing(subject: Subject, isNamed: boolean): Outcome {
  return isNamed ? { status: 'absent', entry: subject } : skipped(subject, 'gone');
}

export function skipped(subject: Subject, why: Skipped['why']): Outcome {
  return { status: 'skipped', entry: { ...subject, why } };
}
