import { fieldKey } from '../metadata/fields.ts';
import type { Change, Subject } from '../model/finding.ts';
import type { Fix, Statement, Text } from '../model/fix.ts';
import type { ExpectedTable, Field, Table } from '../model/table.ts';
import { valueText } from '../model/value.ts';

/** One change and all that is known of what it is a change of. */
export interface FixCase {
  readonly change: Change;
  readonly subject: Subject & { readonly project: string | null };
  /** null: no file declares it, or it is a dataset. */
  readonly expected: ExpectedTable | null;
  /** null: it is missing, or it is a dataset. */
  readonly actual: Table | null;
  /** The run's moment: what is past, and what a shorter period deletes, is told by it. */
  readonly now: Date;
}

/** A table that is there. */
export interface TableCase extends FixCase {
  readonly expected: ExpectedTable;
  readonly actual: Table;
}

/** A declared field of a table that is there. */
export interface FieldCase extends TableCase {
  /** Whether it lies in a record. */
  readonly isNested: boolean;
  /** The field in the file and, where it is there, in BigQuery. */
  readonly field: { readonly expected: Field; readonly actual: Field };
  /** In BigQuery from the column down to the field, as far as they are there. */
  readonly chain: readonly Field[];
}

/** What the file states of it; null: that it is absent, as `foundText` where BigQuery has it not. */
export function statedText({ change }: FixCase): string | null {
  return valueText(change.expected);
}

export function foundText({ change }: FixCase): string | null {
  return valueText(change.actual);
}

/** What repairs changes of one kind; null: the case does not hold what the kind is about. */
export type FixMaker = (fixCase: FixCase) => Fix | null;

export function inPlace(statements: readonly Statement[], note: Text | null = null): Fix {
  return { how: 'in-place', statements, note };
}

export function rebuild(statements: readonly Statement[], note: Text): Fix {
  return { how: 'rebuild', statements, note };
}

export function restore(statements: readonly Statement[], note: Text): Fix {
  return { how: 'restore', statements, note };
}

export function noFix(note: Text): Fix {
  return { how: 'none', statements: [], note };
}

/** For kinds that compare a file with a table that is there. */
export function ofTable(make: (tableCase: TableCase) => Fix): FixMaker {
  return (fixCase) => {
    const { subject, expected, actual } = fixCase;
    return subject.table === null || expected === null || actual === null
      ? null
      : make({ ...fixCase, expected, actual });
  };
}

/** For kinds of declared fields. */
export function ofField(make: (fieldCase: FieldCase) => Fix): FixMaker {
  return (fixCase) => {
    const { change, subject, expected, actual } = fixCase;
    if (subject.table === null || change.path === null || expected === null || actual === null) return null;
    const stated = chainTo(expected.fields ?? [], change.path);
    const declared = stated.at(-1);
    if (declared === undefined) return null;
    const chain = chainTo(actual.fields, change.path);
    const field = { expected: declared, actual: chain[stated.length - 1] ?? declared };
    return make({ ...fixCase, expected, actual, isNested: stated.length > 1, field, chain });
  };
}

/** The fields along a dotted path as far as they are there; empty: not even the first. */
function chainTo(fields: readonly Field[], path: string): readonly Field[] {
  const lower = path.toLowerCase();
  const field = fields.find((candidate) => `${lower}.`.startsWith(`${fieldKey(candidate)}.`));
  if (field === undefined) return [];
  const rest = path.slice(field.name.length + 1);
  return rest === '' ? [field] : [field, ...chainTo(field.fields ?? [], rest)];
}

/** The columns of the table with one in the place of that of the same name. */
export function replacedColumn({ actual }: FieldCase, column: Field): readonly Field[] {
  return actual.fields.map((field) => (fieldKey(field) === fieldKey(column) ? column : field));
}

/** Each field before those that are in it. */
export function allFields(
  fields: readonly Field[],
  parent = '',
): readonly { readonly path: string; readonly field: Field }[] {
  return fields.flatMap((field) => {
    const path = parent + field.name;
    return [{ path, field }, ...allFields(field.fields ?? [], `${path}.`)];
  });
}
