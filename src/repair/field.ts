import { fieldKey } from '../metadata/fields.ts';
import { type Fix, MEANING, type Statement, sql, type Text, UNTIL, withBlanks } from '../model/fix.ts';
import type { ExpectedTable, Field, Table } from '../model/table.ts';
import { type FieldType, valueText } from '../model/value.ts';
import { columnDefinition, columnType, defaultOf, isOneExpression, isWritable } from './columns.ts';
import { keyColumns, primaryKeyColumns } from './constraints.ts';
import { canCast, canWiden, lostByCast } from './conversions.ts';
import { identifier, tablePath } from './quoting.ts';
import { rebuildTable } from './rebuild.ts';
import { type FieldCase, inPlace, noFix, rebuild, replacedColumn } from './repair-case.ts';
import { alterColumn, savedCopy, updateSchema } from './statements.ts';
import { onTable } from './view.ts';

/*
 * Which changes of a schema BigQuery makes in place:
 * https://docs.cloud.google.com/bigquery/docs/managing-table-schemas and, for the statements,
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language
 */

export const fieldMissing = onTable((fieldCase: FieldCase): Fix => {
  const { isNested, subject, expected, change } = fieldCase;
  const { expected: field } = fieldCase.field;
  const { context } = change;
  if (context?.type === 'perhaps-renamed') return renamedBack(fieldCase, context.to);
  if (field.mode === 'REQUIRED') {
    return rebuild(
      [],
      'a REQUIRED field cannot be added to a table: build the table anew with a value for it in each row, or let the file say NULLABLE',
    );
  }
  const note = withBlanks`the field comes back empty; ${lostData(fieldCase)}`;
  if (isNested) return inPlace([updateSchema(fieldCase, 'added')], note);
  if (layoutColumns(expected).includes(fieldKey(field))) {
    return rebuild(
      [],
      withBlanks`a column that the table is to be partitioned or clustered by cannot be added: build the table anew with it; ${lostData(fieldCase)}`,
    );
  }
  if (!isWritable(field)) return noFix('the file does not say enough of its type to add it');
  return inPlace(
    [
      sql(`ADD COLUMN IF NOT EXISTS ${columnDefinition(field)}`, {
        head: `ALTER TABLE ${tablePath(subject)}`,
      }),
      ...addedDefault(fieldCase, field),
    ],
    hasPolicies(field) ? withBlanks`${OPEN_UNTIL_TAGGED}; ${note}` : note,
  );
});

/** An empty column beside the renamed one would be one too many. */
function renamedBack(fieldCase: FieldCase, found: string): Fix {
  const { subject, isNested, actual } = fieldCase;
  const { name } = fieldCase.field.expected;
  const other = `where ${found} is a column of its own, declare it, and add ${name} as an empty column instead`;
  const probably = `probably ${name} was renamed to ${found}`;
  // DDL, ALTER TABLE RENAME COLUMN: top-level columns alone, and none that the table is laid out by or that a key names.
  const fixed = [...layoutColumns(actual), ...keyColumns(actual)];
  if (isNested || fixed.includes(found.toLowerCase())) {
    return noFix(`${probably}, and such a column cannot be renamed back in place; ${other}`);
  }
  return inPlace(
    [sql(`ALTER TABLE ${tablePath(subject)} RENAME COLUMN ${identifier(found)} TO ${identifier(name)}`)],
    `${probably}; whoever reads ${found} by that name breaks; ${other}; a table with row access policies refuses it`,
  );
}

const OPEN_UNTIL_TAGGED =
  'until its policy tags are set again with bq update, the column is open to all who read the table';

function lostData({ subject }: FieldCase): Text {
  return withBlanks`if it was dropped, save its data first, in a copy: ${savedCopy(subject).text} (${MEANING}); time travel can restore it ${UNTIL}`;
}

/** A new column takes its default in a statement of its own, and one of the primary key can have none: DDL, ALTER COLUMN SET DEFAULT. */
function addedDefault({ subject, actual }: FieldCase, field: Field): readonly Statement[] {
  const expression = defaultOf(field);
  if (expression === null || !isOneExpression(expression)) return [];
  if (primaryKeyColumns(actual).includes(fieldKey(field))) return [];
  return [alterColumn(subject, field, `SET DEFAULT ${expression}`)];
}

function hasPolicies({ settings, fields = [] }: Field): boolean {
  const own = [...(settings?.get('policyTags')?.values.values() ?? [])].some((value) => value !== null);
  return own || fields.some(hasPolicies);
}

/** What a table is partitioned and clustered by, in lower case. */
function layoutColumns({ partitioning, clustering = [] }: Table | ExpectedTable): readonly string[] {
  const column = partitioning?.field ?? null;
  return [...(column === null ? [] : [column]), ...clustering].map((name) => name.toLowerCase());
}

export const fieldMode = onTable((fieldCase: FieldCase): Fix => {
  const { isNested, subject } = fieldCase;
  const { expected, actual } = fieldCase.field;
  if (expected.mode === 'NULLABLE' && actual.mode === 'REQUIRED') {
    const note = 'a field once NULLABLE never becomes REQUIRED again';
    const statement = isNested ? updateSchema(fieldCase) : alterColumn(subject, actual, 'DROP NOT NULL');
    return inPlace([statement], note);
  }
  const note = `BigQuery cannot turn ${actual.mode} into ${expected.mode}`;
  const expression = modeConversion({ expected, actual });
  if (isNested || expression === null) return rebuild([], `${note}: build the table anew`);
  return rebuildTable(fieldCase, {
    columns: replacedColumn(fieldCase, { ...actual, mode: expected.mode }),
    converted: expression === '' ? new Map() : new Map([[actual.name, expression]]),
    note: note + lostByMode({ expected, actual }),
  });
});

/** null: no such mode; empty: the values stay as they are. */
function modeConversion({ expected, actual }: FieldCase['field']): string | null {
  const column = identifier(actual.name);
  if (actual.mode === 'REPEATED') {
    return ['NULLABLE', 'REQUIRED'].includes(expected.mode) ? `${column}[SAFE_OFFSET(0)]` : null;
  }
  if (expected.mode === 'REPEATED') return `IF(${column} IS NULL, [], [${column}])`;
  return expected.mode === 'REQUIRED' ? '' : null;
}

function lostByMode({ expected, actual }: FieldCase['field']): string {
  if (actual.mode === 'REPEATED') return '; only the first value of each list is kept';
  return expected.mode === 'REQUIRED' ? '; the statement fails as long as any row has NULL' : '';
}

export const fieldType = onTable((fieldCase: FieldCase): Fix => {
  const { expected, actual } = fieldCase.field;
  const widened = widenedColumn(fieldCase);
  if (widened !== null) {
    return inPlace(
      [alterColumn(fieldCase.subject, widened, `SET DATA TYPE ${columnType(widened)}`)],
      `a wider type cannot be narrowed again${expected.type === 'FLOAT64' ? '; digits after the 15th are rounded' : ''}; stop streaming into the table first`,
    );
  }
  const note = `BigQuery cannot turn ${valueText(actual.type)} into ${valueText(expected.type)} in place`;
  const expression = typeConversion(fieldCase);
  if (expression === null && !isPlain(fieldCase)) return rebuild([], `${note}: build the table anew`);
  if (expression === null)
    return rebuild([], `${note}, and no CAST converts its values: a person has to choose how`);
  const lost = lostByCast({ from: actual.type, to: expected.type });
  return rebuildTable(fieldCase, {
    columns: replacedColumn(fieldCase, { ...actual, type: expected.type }),
    converted: new Map([[actual.name, expression]]),
    note: `${note}; the statement fails on a value that does not fit${lost === null ? '' : `; ${lost}`}`,
  });
});

/** The whole column with the one field widened; null: not in place. */
function widenedColumn({ field, chain, actual: table }: FieldCase): Field | null {
  const { expected, actual } = field;
  const [column] = chain;
  if (column === undefined || chain.at(-1) !== actual) return null;
  // The documentation lists no conversion of arrays, nor of what a table is partitioned or clustered by.
  if (chain.some(({ mode }) => mode === 'REPEATED')) return null;
  if (layoutColumns(table).includes(fieldKey(column))) return null;
  if (!canWiden({ from: actual.type, to: expected.type })) return null;
  const widened = withType(chain, expected.type);
  return widened !== null && isWritable(widened) ? widened : null;
}

/** The first field of a chain with another type at its end. */
function withType([field, ...nested]: readonly Field[], type: FieldType): Field | null {
  const [child] = nested;
  if (field === undefined) return null;
  if (child === undefined) return { ...field, type };
  const replaced = withType(nested, type);
  if (replaced === null) return null;
  return { ...field, fields: (field.fields ?? []).map((each) => (each === child ? replaced : each)) };
}

/** A column that is no record. */
function isPlain({ isNested, field }: FieldCase): boolean {
  return !isNested && field.expected.fields === undefined && field.actual.fields === undefined;
}

/** null: no cast reaches into a record, and GoogleSQL has not one for any two types. */
function typeConversion(fieldCase: FieldCase): string | null {
  const { expected, actual } = fieldCase.field;
  if (!isPlain(fieldCase) || !isWritable(expected) || !isWritable(actual)) return null;
  if (!canCast({ from: actual.type, to: expected.type })) return null;
  const column = identifier(actual.name);
  const type = valueText(expected.type);
  if (actual.mode !== 'REPEATED') return `CAST(${column} AS ${type})`;
  return `ARRAY(SELECT CAST(item AS ${type}) FROM UNNEST(${column}) AS item)`;
}
