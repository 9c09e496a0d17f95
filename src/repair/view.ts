import { type Fix, sql } from '../model/fix.ts';
import type { Field, Settings, Table } from '../model/table.ts';
import { describingOptions, MAX_STATEMENT_CHARS, wantedTable } from './rebuild.ts';
import { type FixCase, noFix, rebuild, type TableCase } from './repair-case.ts';
import { settingText, tablePath } from './sql-words.ts';

/** DDL on columns is for tables: what to do instead where this is another thing; null: it is a table. */
export function whatIsNoTable(tableCase: TableCase): Fix | null {
  const { type } = tableCase.actual;
  const wrongType = whatHasOtherType(tableCase);
  if (wrongType !== null || type === 'TABLE') return wrongType;
  if (type === 'VIEW' || type === 'MATERIALIZED_VIEW')
    return recreatedView(tableCase, 'the columns follow from its query');
  if (type === 'EXTERNAL')
    return recreatedExternal('its schema is stated when it is created, or read from its files');
  return noFix(`a ${type} cannot be changed: make it anew from its base table`);
}

/** Nothing about a thing of the wrong type can be repaired before its type; null: the type is right. */
export function whatHasOtherType({ expected, actual }: TableCase): Fix | null {
  return expected.type === undefined || expected.type === actual.type
    ? null
    : noFix(`repair its type first: this should be ${expected.type} and is ${actual.type}`);
}

export function viewQuery(tableCase: TableCase): Fix {
  return recreatedView(tableCase, 'its fields follow from the query');
}

/** A view that has nothing but its query, a description and labels can be made again whole. */
function recreatedView(tableCase: TableCase, note: string): Fix {
  const { expected, actual } = tableCase;
  // Of a linked dataset, whose views nobody changes here: docs/analytics-hub-introduction.
  if (settingText(actual.settings, 'view-query') === null) {
    return noFix(
      'what BigQuery answers of this view holds no query: it may be of a linked dataset, which cannot be changed',
    );
  }
  const lost = lostByRecreation(expected, actual);
  if (lost.length > 0) return rebuild([], `${withoutStatement(lost)}; ${note}`);
  const { settings } = wantedTable(expected, actual);
  const statement = createView(tableCase, {
    type: actual.type,
    query: expected.settings,
    options: settings,
    replaces: true,
  });
  return statement === null
    ? rebuild([], `CREATE OR REPLACE the view with the query of its file; ${note}`)
    : rebuild([sql(statement)], `${note}; ${UNSEEN}`);
}

const UNSEEN =
  'the grants of the view and its authorization on other datasets cannot be seen by the monitor: look at them before and after';

function withoutStatement(lost: readonly string[]): string {
  return `CREATE OR REPLACE would not carry ${lost.join(', ')}: change the view in the console, or by what made it`;
}

/** What is more than its query, by its file or by BigQuery's answer; empty: nothing. */
export function lostByRecreation(...sides: readonly Partial<Table>[]): readonly string[] {
  const words = sides.flatMap((side) => [
    ...(side.uncarried ?? []),
    ...(side.partitioning == null ? [] : ['the partitioning']),
    ...(side.clustering === undefined || side.clustering.length === 0 ? [] : ['the clustering']),
    ...(side.expirationTime == null ? [] : ['the expiration']),
    ...(settingText(side.settings, 'table-encryption') === null ? [] : ['the encryption key']),
    ...(side.fields ?? []).flatMap((field) => lostOfColumn(field, '')),
  ]);
  return [...new Set(words)];
}

function lostOfColumn(
  { name, fields = [], settings, uncarried = [] }: Field,
  parent: string,
): readonly string[] {
  const path = parent + name;
  return [
    ...(settingText(settings, 'field-description') === null ? [] : [`the description of ${path}`]),
    ...uncarried.map((word) => `${word} of ${path}`),
    ...fields.flatMap((field) => lostOfColumn(field, `${path}.`)),
  ];
}

export function recreatedExternal(note: string): Fix {
  return rebuild(
    [],
    `make it anew with the schema, the sources and the options of its file (CREATE OR REPLACE EXTERNAL TABLE); no data is touched; ${note}`,
  );
}

/** null: no query is stated, or it does not fit into an alert. */
export function createView(
  { subject }: FixCase,
  {
    type,
    query,
    options,
    replaces = false,
  }: {
    readonly type: string;
    readonly query: Settings | undefined;
    readonly options: Settings | undefined;
    /** What is there by that name; where nothing should be, it may be somebody's who was faster. */
    readonly replaces?: boolean;
  },
): string | null {
  const text = withoutEnd(settingText(query, 'view-query') ?? '');
  // A view is one query: a semicolon inside ends it, or hides in a literal that is not looked into here.
  if (text === '' || text.includes(';')) return null;
  const object = type === 'MATERIALIZED_VIEW' ? 'MATERIALIZED VIEW' : 'VIEW';
  const described = describingOptions(options);
  const clause = described.length === 0 ? '' : ` OPTIONS (${described.join(', ')})`;
  const statement = `CREATE ${replaces ? 'OR REPLACE ' : ''}${object} ${tablePath(subject)}${clause} AS ${text}`;
  return statement.length > MAX_STATEMENT_CHARS ? null : statement;
}

/** Without the semicolons and white space at its end. A pattern for them would try each run of white space from each of its places. */
function withoutEnd(query: string): string {
  let text = query.trimEnd();
  while (text.endsWith(';')) text = text.slice(0, -1).trimEnd();
  return text;
}
