import { uncarriedWord } from '../metadata/uncarried.ts';
import { type Fix, type Statement, sql } from '../model/fix.ts';
import type { Settings, Table } from '../model/table.ts';
import { objectOf, whatHasOtherType } from './options.ts';
import { optionsClause, settingText } from './quoting.ts';
import { describingOptions, MAX_STATEMENT_CHARS, wantedTable } from './rebuild.ts';
import { allFields, type FixCase, noFix, rebuild, type TableCase } from './repair-case.ts';

/** DDL on columns is for tables: what to do instead where this is another thing; null: it is a table. */
export function whatIsNoTable(tableCase: TableCase): Fix | null {
  const { type } = tableCase.actual;
  const wrongType = whatHasOtherType(tableCase);
  if (wrongType !== null || type === 'TABLE') return wrongType;
  if (isView(type)) return recreatedView(tableCase, 'the columns follow from its query');
  if (type === 'EXTERNAL')
    return recreatedExternal('its schema is stated when it is created, or read from its files');
  return noFix(`a ${type} cannot be changed: make it anew from its base table`);
}

/** What repairs a table; anything else is told what to do instead. */
export function onTable<Case extends TableCase>(make: (tableCase: Case) => Fix): (tableCase: Case) => Fix {
  return (tableCase) => whatIsNoTable(tableCase) ?? make(tableCase);
}

export function viewQuery(tableCase: TableCase): Fix {
  return recreatedView(tableCase, 'its fields follow from the query');
}

/** A view that has nothing but its query, a description and labels can be made again whole. */
function recreatedView(tableCase: TableCase, note: string): Fix {
  const { expected, actual } = tableCase;
  // Of a linked dataset, whose views nobody changes here: docs/analytics-hub-introduction.
  if (settingText(actual.settings, 'view') === null) {
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
    : rebuild([statement], `${note}; ${UNSEEN}`);
}

const UNSEEN =
  'the grants of the view and its authorization on other datasets cannot be seen by the monitor: look at them before and after';

function withoutStatement(lost: readonly string[]): string {
  return `CREATE OR REPLACE would not carry ${lost.join(', ')}: change the view in the console, or by what made it`;
}

/** What is more than its query, by its file or by BigQuery's answer; empty: nothing. */
export function lostByRecreation(...sides: readonly Partial<Table>[]): readonly string[] {
  const words = sides.flatMap((side) => [
    ...(side.uncarried ?? []).map(uncarriedWord),
    ...(side.partitioning == null ? [] : ['the partitioning']),
    ...(side.clustering === undefined || side.clustering.length === 0 ? [] : ['the clustering']),
    ...(side.expirationTime == null ? [] : ['the expiration']),
    ...(settingText(side.settings, 'encryptionConfiguration') === null ? [] : ['the encryption key']),
    ...allFields(side.fields ?? []).flatMap(({ path, field: { settings, uncarried = [] } }) => [
      ...(settingText(settings, 'description') === null ? [] : [`the description of ${path}`]),
      ...uncarried.map((key) => `${uncarriedWord(key)} of ${path}`),
    ]),
  ]);
  return [...new Set(words)];
}

export function isView(type: string | undefined): type is string {
  return type === 'VIEW' || type === 'MATERIALIZED_VIEW';
}

export function recreatedExternal(note: string): Fix {
  return rebuild(
    [],
    `make it anew with the schema, the sources and the options of its file (CREATE OR REPLACE EXTERNAL TABLE); no data is touched; ${note}`,
  );
}

/** null: no query is stated, or it does not fit into an alert. */
export function createView(
  fixCase: FixCase,
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
): Statement | null {
  const text = withoutEnd(settingText(query, 'view') ?? '');
  // A view is one query: a semicolon inside ends it, or hides in a literal that is not looked into here.
  if (text === '' || text.includes(';')) return null;
  const clause = optionsClause(describingOptions(options));
  const create = replaces ? 'CREATE OR REPLACE' : 'CREATE';
  const object = objectOf(fixCase, { type: type === 'MATERIALIZED_VIEW' ? type : 'VIEW' });
  const statement = `${create} ${object}${clause} AS ${text}`;
  return statement.length > MAX_STATEMENT_CHARS ? null : sql(statement);
}

/** Without the semicolons and white space at its end. A pattern for them would try each run of white space from each of its places. */
function withoutEnd(query: string): string {
  let text = query.trimEnd();
  while (text.endsWith(';')) text = text.slice(0, -1).trimEnd();
  return text;
}
