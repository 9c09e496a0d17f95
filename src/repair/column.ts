import { fieldKey } from '../compare/fields.ts';
import { bq, type Fix, type Text } from '../model/fix.ts';
import type { Field } from '../model/table.ts';
import { valueText } from '../model/value.ts';
import { type FieldCase, inPlace, lastOf } from './repair-case.ts';
import { bqName, bqUpdateSchema, columnType, identifier, schemaFile, tablePath } from './sql-words.ts';

/** An expression stands in the statement as the file has it, so it must not end the statement. */
export function isOneExpression(text: string): boolean {
  return !/[;]|--|#|\/\*/.test(text);
}

/**
 * The schema as `bq` writes it, with one field changed by hand; what the file is stands in the statement, as a comment of the
 * shell.
 */
export function updateSchema({ subject, stated, change }: FieldCase, note: Text | null): Fix {
  const field = `field ${JSON.stringify(change.path)}`;
  const what =
    change.kind === 'field-missing'
      ? `${field} added as the last of its record (${columnType(lastOf(stated))})`
      : `${field} as its file has it`;
  const printed = `bq show --schema --format=prettyjson ${bqName(subject)}`;
  const content = `what ${printed} prints, with ${what}`;
  const precondition = { type: 'write', file: schemaFile(subject), content } as const;
  return inPlace([bq(bqUpdateSchema(subject), { precondition })], note);
}

export function alterColumn(subject: FieldCase['subject'], column: Field): string {
  return `ALTER TABLE ${tablePath(subject)} ALTER COLUMN ${identifier(column.name)}`;
}

/** The field in the file and, where it is there, in BigQuery. */
export function pairOf({ stated, found }: FieldCase): readonly [Field, Field] {
  const expected = lastOf(stated);
  return [expected, found.at(stated.length - 1) ?? expected];
}

export function replacedColumn({ actual }: FieldCase, column: Field): readonly Field[] {
  return actual.fields.map((field) => (fieldKey(field) === fieldKey(column) ? column : field));
}

/** A column of the primary key can have no default: DDL, ALTER COLUMN SET DEFAULT. */
export function isPrimaryKey({ actual, stated: [column] }: FieldCase): boolean {
  const text = actual.settings?.get('table-constraints')?.values.get('primaryKey') ?? null;
  return (valueText(text) ?? '')
    .replace(/^PRIMARY KEY \(|\)$/g, '')
    .split(', ')
    .includes(fieldKey(column));
}
