import { bq, type Fix, sql, type Text } from '../model/fix.ts';
import type { Table } from '../model/table.ts';
import type { Label, Value } from '../model/value.ts';
import type { Loss } from './loss.ts';
import { bqName, literal, shellWord, tablePath } from './quoting.ts';
import { type FixCase, inPlace, noFix, statedText, type TableCase } from './repair-case.ts';

/*
 * Options of datasets, tables and columns: schema_set_options_list, table_set_options_list, column_option_list of
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language
 */

interface Options {
  /** What ALTER alters: TABLE `p.d.t` */
  readonly of: string;
  /** Their values as SQL. */
  readonly options: Readonly<Record<string, string>>;
  readonly note?: Text | null;
  readonly loss?: Loss | undefined;
}

export function setOptions({ of, options, note = null, loss }: Options): Fix {
  const list = Object.entries(options).map(([name, value]) => `${name} = ${value}`);
  return inPlace([sql(`ALTER ${of} SET OPTIONS (${list.join(', ')})`, loss)], note);
}

export function setTableOptions(tableCase: TableCase, options: Omit<Options, 'of'>): Fix {
  return whatHasOtherType(tableCase) ?? setOptions({ of: objectOf(tableCase, tableCase.actual), ...options });
}

/** Nothing about a thing of the wrong type can be repaired before its type; null: the type is right. */
export function whatHasOtherType({ expected, actual }: TableCase): Fix | null {
  return expected.type === undefined || expected.type === actual.type
    ? null
    : noFix(`repair its type first: this should be ${expected.type} and is ${actual.type}`);
}

/** What ALTER … SET OPTIONS reaches, as DDL calls it. */
const OBJECTS: Readonly<Record<string, string>> = {
  TABLE: 'TABLE',
  VIEW: 'VIEW',
  MATERIALIZED_VIEW: 'MATERIALIZED VIEW',
};

export function isAlterable({ type }: Pick<Table, 'type'>): boolean {
  return Object.hasOwn(OBJECTS, type);
}

/** VIEW `p.d.t` */
export function objectOf({ subject }: FixCase, { type }: Pick<Table, 'type'>): string {
  return `${OBJECTS[type] ?? type} ${tablePath(subject)}`;
}

/** Of a dataset or a table; what is there keeps its own. */
export function setDefaultCollation(
  fixCase: FixCase,
  { of, note }: Pick<Options, 'of'> & { readonly note: string },
): Fix {
  return inPlace([sql(`ALTER ${of} SET DEFAULT COLLATE ${literal(statedText(fixCase) ?? '')}`)], note);
}

/** Of a dataset or a table. `SET OPTIONS (labels = …)` would replace the labels that no file states. */
export function changeLabels({ change, subject }: FixCase): Fix {
  const expected = labelsIn(change.expected);
  const stated = new Set(expected.map(({ key }) => key));
  const cleared = labelsIn(change.actual).filter(({ key }) => !stated.has(key));
  const flags = [
    ...expected.map(({ key, value }) => shellWord(`--set_label=${key}:${value}`)),
    ...cleared.map(({ key }) => shellWord(`--clear_label=${key}`)),
  ];
  return inPlace([bq(`bq update ${flags.join(' ')} ${bqName(subject)}`)]);
}

function labelsIn(value: Value | null): readonly Label[] {
  if (value === null || typeof value === 'string' || value.of !== 'parts') return [];
  return [...value.parts.values()]
    .filter((part) => typeof part !== 'string')
    .filter((part) => part.of === 'label');
}
