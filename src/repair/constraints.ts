import { type Fix, sql } from '../model/fix.ts';
import type { Setting, Table } from '../model/table.ts';
import { type ForeignKey, type PrimaryKey, sameValue, type Value, valueText } from '../model/value.ts';
import { identifier, identifiers, pathOf, tablePath } from './quoting.ts';
import { inPlace, noFix, type TableCase } from './repair-case.ts';
import { onTable } from './view.ts';

type Values = Setting['values'];

/** Keys are not enforced, so that changing them touches no row. */
export const tableConstraints = onTable((tableCase: TableCase): Fix => {
  const { expected, actual } = tableCase;
  const stated = expected.settings?.get('tableConstraints');
  const found: Values = actual.settings?.get('tableConstraints')?.values ?? new Map();
  if (stated === undefined) return noFix('the file states no keys');
  // A file's null for the whole block states both as absent.
  const wanted: Values = stated.othersAbsent
    ? new Map([...found.keys()].map((key) => [key, null]))
    : stated.values;
  const table = `ALTER TABLE ${tablePath(tableCase.subject)}`;
  const foreign = foreignKeys(tableCase, wanted, found);
  const clauses = [...primaryKey(wanted, found), ...foreign.dropped, ...foreign.added];
  const named =
    foreign.dropped.length > 0 ? '; <name of …> is the name of that key, which bq show prints' : '';
  return inPlace(
    clauses.map((clause) => sql(`${table} ${clause}`)),
    `keys are not enforced: the rows there are not checked${named}`,
  );
});

function primaryKey(wanted: Values, found: Values): readonly string[] {
  const expected = wanted.get('primaryKey');
  const actual = found.get('primaryKey') ?? null;
  if (expected === undefined || sameValue(expected, actual)) return [];
  const added = keysIn(expected).map(
    ({ columns }) => `ADD PRIMARY KEY (${identifiers(columns)}) NOT ENFORCED`,
  );
  return [...(actual === null ? [] : ['DROP PRIMARY KEY']), ...added];
}

/** A foreign key's name is not compared, so that one to be dropped is named by what it says. */
function foreignKeys(
  { subject }: TableCase,
  wanted: Values,
  found: Values,
): { readonly dropped: readonly string[]; readonly added: readonly string[] } {
  const stated = wanted.get('foreignKeys');
  const expected = keysIn(stated).filter((key) => key.of === 'foreign-key');
  const actual =
    stated === undefined ? [] : keysIn(found.get('foreignKeys')).filter((key) => key.of === 'foreign-key');
  const isIn = (keys: readonly ForeignKey[], key: ForeignKey) => keys.some((each) => sameValue(each, key));
  return {
    dropped: actual
      .filter((key) => !isIn(expected, key))
      .map((key) => `DROP CONSTRAINT ${identifier(`<name of ${valueText(key)}>`)}`),
    added: expected
      .filter((key) => !isIn(actual, key))
      .map(
        ({ columns, dataset, table, referencedColumns }) =>
          `ADD FOREIGN KEY (${identifiers(columns)}) REFERENCES ${pathOf(subject.project, dataset, table)} (${identifiers(referencedColumns)}) NOT ENFORCED`,
      ),
  };
}

/** What the primary key consists of, in lower case. */
export function primaryKeyColumns({ settings }: Table): readonly string[] {
  const key = settings?.get('tableConstraints')?.values.get('primaryKey');
  return keysIn(key).flatMap(({ columns }) => columns);
}

/** All columns that keys name, in lower case; on both sides, since a foreign key may reference its own table. */
export function keyColumns({ settings }: Table): readonly string[] {
  const values = settings?.get('tableConstraints')?.values.values() ?? [];
  return [...values]
    .flatMap(keysIn)
    .flatMap((key) => (key.of === 'primary-key' ? key.columns : [...key.columns, ...key.referencedColumns]));
}

function keysIn(value: Value | null | undefined): readonly (PrimaryKey | ForeignKey)[] {
  if (value === null || value === undefined || typeof value === 'string') return [];
  if (value.of === 'list') return value.items.flatMap(keysIn);
  return value.of === 'primary-key' || value.of === 'foreign-key' ? [value] : [];
}
