import { bq, MOMENT, type Statement, sql, withBlanks } from '../model/fix.ts';
import type { Field } from '../model/table.ts';
import { columnType } from './columns.ts';
import { bqName, bqText, identifier, inQuotes, shellWord, tablePath } from './quoting.ts';
import type { FieldCase, FixCase } from './repair-case.ts';

/* Statements that several repairs have in common. */

type Subject = FixCase['subject'];

/** The new name is a bare one: DDL, ALTER TABLE RENAME TO. */
export function renameTable(
  subject: Subject,
  { from, to }: { readonly from: string; readonly to: string },
): Statement {
  return sql(`ALTER TABLE ${tablePath({ ...subject, table: from })} RENAME TO ${identifier(to)}`);
}

export function alterColumn(subject: Subject, column: Field, action: string): Statement {
  return sql(`ALTER TABLE ${tablePath(subject)} ALTER COLUMN ${identifier(column.name)} ${action}`);
}

/**
 * Copies the table as it was beside itself. By itself `bq cp` offers to replace what has the other name:
 * https://docs.cloud.google.com/bigquery/docs/reference/bq-cli-reference#bq_cp
 */
export function savedCopy(subject: Subject): Statement {
  const source = inQuotes(`${bqText(subject)}@`).slice(0, -1);
  return bq(withBlanks`bq cp --no_clobber ${source}${MOMENT}' ${bqName(subject, '_restored')}`);
}

/**
 * The one statement that reaches nested fields and policy tags: it replaces the schema by that of a file, which is what `bq` prints
 * of it with one field changed by hand. Of another table it would replace this one's schema, so that each has a name of its own.
 */
export function updateSchema(
  { subject, field: declared, change }: FieldCase,
  how: 'changed' | 'added' = 'changed',
): Statement {
  const { dataset, table } = subject;
  const file = shellWord(`${dataset}.${table}.schema.json`);
  const field = `field ${JSON.stringify(change.path)}`;
  const what =
    how === 'added'
      ? `${field} added as the last of its record (${columnType(declared.expected)})`
      : `${field} as its file has it`;
  const printed = `bq show --schema --format=prettyjson ${bqName(subject)}`;
  return bq(`bq update ${bqName(subject)} ${file}`, {
    precondition: { type: 'write', file, content: `what ${printed} prints, with ${what}` },
  });
}
