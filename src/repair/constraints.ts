import { type Fix, sql } from '../model/fix.ts';
import type { Setting } from '../model/table.ts';
import { sameValue, valueText } from '../model/value.ts';
import { inPlace, noFix, type TableCase } from './repair-case.ts';
import { identifier, identifiers, pathOf, tablePath } from './sql-words.ts';
import { whatIsNoTable } from './view.ts';

const PRIMARY_KEY = /^PRIMARY KEY \(([^()]+)\)$/;
const FOREIGN_KEY = /FOREIGN KEY \(([^()]+)\) REFERENCES ([^().]+)\.([^()]+) \(([^()]+)\)/y;

type Values = Setting['values'];

/** Keys are not enforced, so that changing them touches no row. */
export function tableConstraints(tableCase: TableCase): Fix {
  const other = whatIsNoTable(tableCase);
  if (other !== null) return other;
  const { expected, actual } = tableCase;
  const stated = expected.settings?.get('table-constraints');
  const found: Values = actual.settings?.get('table-constraints')?.values ?? new Map();
  if (stated === undefined) return noFix('the file states no keys');
  // A file's null for the whole block states both as absent.
  const wanted: Values = stated.othersAbsent
    ? new Map([...found.keys()].map((key) => [key, null]))
    : stated.values;
  const primary = primaryKey(tableCase, wanted, found);
  const foreign = foreignKeys(tableCase, wanted, found);
  if (primary === null || foreign === null)
    return noFix('the names in its keys cannot be told apart: use bq show');
  const named =
    foreign.dropped.length > 0 ? '; <name of …> is the name of that key, which bq show prints' : '';
  const statements = [...primary, ...foreign.dropped, ...foreign.added];
  return inPlace(
    statements.map((statement) => sql(statement)),
    `keys are not enforced: the rows there are not checked${named}`,
  );
}

function primaryKey({ subject }: TableCase, wanted: Values, found: Values): readonly string[] | null {
  const expected = wanted.get('primaryKey');
  const actual = found.get('primaryKey') ?? null;
  if (expected === undefined || sameValue(expected, actual)) return [];
  const dropped = actual === null ? [] : [`ALTER TABLE ${tablePath(subject)} DROP PRIMARY KEY`];
  if (expected === null) return dropped;
  const columns = PRIMARY_KEY.exec(valueText(expected))?.[1];
  if (columns === undefined) return null;
  return [
    ...dropped,
    `ALTER TABLE ${tablePath(subject)} ADD PRIMARY KEY (${identifiers(columns.split(', '))}) NOT ENFORCED`,
  ];
}

/** A foreign key's name is not compared, so that one to be dropped is named by what it says. */
function foreignKeys(
  { subject }: TableCase,
  wanted: Values,
  found: Values,
): { readonly dropped: readonly string[]; readonly added: readonly string[] } | null {
  const stated = wanted.get('foreignKeys');
  if (stated === undefined) return { dropped: [], added: [] };
  const expected = foreignKeysOf(valueText(stated));
  const actual = foreignKeysOf(valueText(found.get('foreignKeys') ?? null));
  if (expected === null || actual === null) return null;
  const texts = (keys: readonly ForeignKey[]) => new Set(keys.map(({ text }) => text));
  const table = tablePath(subject);
  return {
    dropped: actual
      .filter(({ text }) => !texts(expected).has(text))
      .map(({ text }) => `ALTER TABLE ${table} DROP CONSTRAINT ${identifier(`<name of ${text}>`)}`),
    added: expected
      .filter(({ text }) => !texts(actual).has(text))
      .map(
        ({ columns, dataset, references, referenced }) =>
          `ALTER TABLE ${table} ADD FOREIGN KEY (${identifiers(columns)}) REFERENCES ${pathOf(subject.project, dataset, references)} (${identifiers(referenced)}) NOT ENFORCED`,
      ),
  };
}

interface ForeignKey {
  readonly text: string;
  readonly columns: readonly string[];
  readonly dataset: string;
  readonly references: string;
  readonly referenced: readonly string[];
}

/** null: a name holds what separates names. */
function foreignKeysOf(text: string | null): readonly ForeignKey[] | null {
  const keys: ForeignKey[] = [];
  const pattern = new RegExp(FOREIGN_KEY);
  let rest = text ?? '';
  while (rest !== '') {
    pattern.lastIndex = 0;
    const match = pattern.exec(rest);
    if (match === null) return null;
    const [key, columns = '', dataset = '', references = '', referenced = ''] = match;
    keys.push({
      text: key,
      columns: columns.split(', '),
      dataset,
      references,
      referenced: referenced.split(', '),
    });
    rest = rest.slice(key.length).replace(/^, /, '');
  }
  return keys;
}
