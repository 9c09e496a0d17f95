import type { Fix } from '../model/finding.ts';
import { RESTORED_FROM, USUAL_WINDOW } from '../model/restore.ts';
import type { Field } from '../model/table.ts';
import { fieldKey } from './fields.ts';
import { type FieldCase, inPlace, lastOf, noFix, rebuild } from './fix-case.ts';
import {
  alterColumn,
  isOneExpression,
  isPrimaryKey,
  pairOf,
  replacedColumn,
  updateSchema,
} from './fix-column.ts';
import { rebuildTable } from './fix-rebuild.ts';
import {
  bqName,
  columnDefinition,
  columnType,
  identifier,
  isWritable,
  settingText,
  tablePath,
} from './fix-sql.ts';
import { whatIsNoTable } from './fix-view.ts';
import { canWiden } from './fix-widening.ts';

/*
 * Which changes of a schema BigQuery makes in place:
 * https://docs.cloud.google.com/bigquery/docs/managing-table-schemas and, for the statements,
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language
 */

export function fieldMissing(fieldCase: FieldCase): Fix {
  const { stated } = fieldCase;
  const field = lastOf(stated);
  const other = whatIsNoTable(fieldCase);
  if (other !== null) return other;
  if (field.mode === 'REQUIRED') {
    return rebuild(
      [],
      'a REQUIRED field cannot be added to a table: build the table anew with a value for it in each row, or let the file say NULLABLE',
    );
  }
  if (stated.length > 1) return updateSchema(fieldCase, `${missingNote(fieldCase)} and last in its record`);
  if (layoutColumns(fieldCase).includes(fieldKey(field))) {
    return rebuild(
      [],
      `a column that the table is to be partitioned or clustered by cannot be added: build the table anew with it; ${lostData(fieldCase)}`,
    );
  }
  if (!isWritable(field)) return noFix('the file does not say enough of its type to add it');
  return inPlace(
    [
      `ALTER TABLE ${tablePath(fieldCase.subject)} ADD COLUMN IF NOT EXISTS ${columnDefinition(field)}`,
      ...addedDefault(fieldCase, field),
    ],
    `${missingNote(fieldCase)} and last${hasPolicies(field) ? '; its policy tags have to be set again with bq update' : ''}`,
  );
}

function missingNote(fieldCase: FieldCase): string {
  return `${lostData(fieldCase)}; the field comes back empty`;
}

/** Time travel reaches back seven days unless the dataset says less: docs/time-travel */
function lostData({ subject }: FieldCase): string {
  return `if it was dropped within the time travel window (${USUAL_WINDOW}), save its data first, in a copy: bq cp ${bqName(subject, `@${RESTORED_FROM}`)} ${bqName(subject, '_restored')} (${RESTORED_FROM}: milliseconds since 1970 of a moment before)`;
}

/** A new column takes its default in a statement of its own. */
function addedDefault(fieldCase: FieldCase, field: Field): readonly string[] {
  const expression = settingText(field.settings, 'field-default');
  if (expression === null || !isOneExpression(expression) || isPrimaryKey(fieldCase)) return [];
  return [`${alterColumn(fieldCase.subject, field)} SET DEFAULT ${expression}`];
}

function hasPolicies({ settings, fields = [] }: Field): boolean {
  const own = [...(settings?.get('field-policy-tags')?.values.values() ?? [])].some(
    (value) => value !== null,
  );
  return own || fields.some(hasPolicies);
}

/** What the table is to be partitioned and clustered by, in lower case. */
function layoutColumns({ expected }: FieldCase): readonly string[] {
  const column = expected.partitioning?.field ?? null;
  return [...(column === null ? [] : [column]), ...(expected.clustering ?? [])].map((name) =>
    name.toLowerCase(),
  );
}

/** What the table is partitioned and clustered by now, in lower case. */
function foundLayoutColumns({ actual }: FieldCase): readonly string[] {
  const column = actual.partitioning?.field ?? null;
  return [...(column === null ? [] : [column]), ...actual.clustering].map((name) => name.toLowerCase());
}

export function fieldMode(fieldCase: FieldCase): Fix {
  const { stated, subject } = fieldCase;
  const [expected, actual] = pairOf(fieldCase);
  const other = whatIsNoTable(fieldCase);
  if (other !== null) return other;
  if (expected.mode === 'NULLABLE' && actual.mode === 'REQUIRED') {
    const note = 'a field once NULLABLE never becomes REQUIRED again';
    return stated.length > 1
      ? updateSchema(fieldCase, note)
      : inPlace([`${alterColumn(subject, actual)} DROP NOT NULL`], note);
  }
  const note = `BigQuery cannot turn ${actual.mode} into ${expected.mode}`;
  const expression = modeConversion(identifier(actual.name), {
    expected: expected.mode,
    actual: actual.mode,
  });
  if (stated.length > 1 || expression === null) return rebuild([], `${note}: build the table anew`);
  return rebuildTable(fieldCase, {
    columns: replacedColumn(fieldCase, { ...actual, mode: expected.mode }),
    definitions: expected.mode === 'REQUIRED' ? 'listed' : 'inferred',
    converted: expression === '' ? new Map() : new Map([[actual.name, expression]]),
    note: note + lossOf(expected.mode, actual.mode),
  });
}

/** null: no such mode; empty: the values stay as they are. */
function modeConversion(
  column: string,
  { expected, actual }: { readonly expected: string; readonly actual: string },
): string | null {
  if (actual === 'REPEATED') {
    return ['NULLABLE', 'REQUIRED'].includes(expected) ? `${column}[SAFE_OFFSET(0)]` : null;
  }
  if (expected === 'REPEATED') return `IF(${column} IS NULL, [], [${column}])`;
  return expected === 'REQUIRED' ? '' : null;
}

function lossOf(expected: string, actual: string): string {
  if (actual === 'REPEATED') return '; only the first value of each list is kept';
  return expected === 'REQUIRED' ? '; the statement fails as long as any row has NULL' : '';
}

export function fieldType(fieldCase: FieldCase): Fix {
  const [expected, actual] = pairOf(fieldCase);
  const other = whatIsNoTable(fieldCase);
  if (other !== null) return other;
  const widened = widenedColumn(fieldCase);
  if (widened !== null) {
    return inPlace(
      [`${alterColumn(fieldCase.subject, widened)} SET DATA TYPE ${columnType(widened)}`],
      'a wider type cannot be narrowed again; stop streaming into the table first',
    );
  }
  const note = `BigQuery cannot turn ${actual.type} into ${expected.type} in place`;
  const expression = typeConversion(fieldCase);
  if (expression === null) return rebuild([], `${note}: build the table anew`);
  return rebuildTable(fieldCase, {
    columns: replacedColumn(fieldCase, { ...actual, type: expected.type }),
    // What SELECT infers has no parameters.
    definitions: expected.type.includes('(') ? 'listed' : 'inferred',
    converted: new Map([[actual.name, expression]]),
    note: `${note}; the statement fails on a value that does not fit`,
  });
}

/** The whole column with the one field widened; null: not in place. */
function widenedColumn(fieldCase: FieldCase): Field | null {
  const { found } = fieldCase;
  const [expected, actual] = pairOf(fieldCase);
  const [column] = found;
  if (column === undefined || found.length < fieldCase.stated.length) return null;
  // The documentation lists no conversion of arrays, nor of what a table is partitioned or clustered by.
  if (found.some(({ mode }) => mode === 'REPEATED')) return null;
  if (foundLayoutColumns(fieldCase).includes(fieldKey(column))) return null;
  if (!canWiden({ from: actual.type, to: expected.type })) return null;
  const widened = withType(found, expected.type);
  return widened !== null && isWritable(widened) ? widened : null;
}

/** The first field of a chain with another type at its end. */
function withType([field, ...nested]: readonly Field[], type: string): Field | null {
  const [child] = nested;
  if (field === undefined) return null;
  if (child === undefined) return { ...field, type };
  const replaced = withType(nested, type);
  if (replaced === null) return null;
  return { ...field, fields: (field.fields ?? []).map((each) => (each === child ? replaced : each)) };
}

/** null: no cast reaches into a record. */
function typeConversion(fieldCase: FieldCase): string | null {
  const [expected, actual] = pairOf(fieldCase);
  const isPlain =
    fieldCase.stated.length === 1 && actual.fields === undefined && expected.fields === undefined;
  if (!isPlain || !isWritable(expected) || !isWritable(actual)) return null;
  const column = identifier(actual.name);
  if (actual.mode !== 'REPEATED') return `CAST(${column} AS ${expected.type})`;
  return `ARRAY(SELECT CAST(item AS ${expected.type}) FROM UNNEST(${column}) AS item)`;
}
