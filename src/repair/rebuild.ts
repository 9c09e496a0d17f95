import { CLUSTERING_TYPES } from '../metadata/canonical.ts';
import { uncarriedWord } from '../metadata/uncarried.ts';
import type { Kind } from '../model/finding.ts';
import { type Fix, type Precondition, type Statement, sql } from '../model/fix.ts';
import type { ExpectedTable, Field, Partitioning, Setting, Table } from '../model/table.ts';
import { partitioningText, samePartitioning, typeName, valueText } from '../model/value.ts';
import {
  columnDefinition,
  defaultOf,
  isOneExpression,
  isWritable,
  layoutColumn,
  partitionExpression,
} from './columns.ts';
import { isoMoment, isPast, isShorter } from './loss.ts';
import {
  bqName,
  days,
  identifier,
  identifiers,
  literal,
  option,
  optionsClause,
  settingText,
  tablePath,
} from './quoting.ts';
import { allFields, rebuild, type TableCase } from './repair-case.ts';
import { renameTable } from './statements.ts';

/** Characters: a chat shows no more, and what is longer is nothing to type at night. */
export const MAX_STATEMENT_CHARS = 1_500;

/** How the table's rows come into its new columns. */
interface Plan {
  /** The new columns, in the order of the old ones. */
  readonly columns: readonly Field[];
  /** Expressions by column name, for those that are not copied as they are. */
  readonly converted: ReadonlyMap<string, string>;
  /** What is lost on the way. */
  readonly note: string;
}

/**
 * A sketch of the statements that build the table anew, with the partitioning, clustering and options that the file
 * states or, where it states none, the table has.
 */
export function rebuildTable(tableCase: TableCase, plan: Plan): Fix {
  const lost = lostByRebuild(tableCase.actual);
  if (lost.length > 0) {
    return rebuild([], `a new table would lose ${lost.join(', ')}; ${plan.note}`);
  }
  const want = withoutLoss(wantedTable(tableCase.expected, tableCase.actual), tableCase.actual);
  const obstacle = obstacleTo(want, plan) ?? pastExpiration(want, tableCase);
  if (obstacle !== null) return rebuild([], `${obstacle}; ${plan.note}`);
  const created = creation(tableCase, want, plan);
  if (created.some((text) => text.length > MAX_STATEMENT_CHARS)) {
    return rebuild(
      [],
      `build the table anew with the columns, partitioning and options of its file; ${plan.note}`,
    );
  }
  const [first = '', ...others] = [...liftedFilter(tableCase), ...created];
  return rebuild(
    [
      sql(first, { precondition: unseenFirst(tableCase) }),
      ...others.map((text) => sql(text)),
      ...(swaps(want, tableCase.actual) ? swap(tableCase.subject) : []),
    ],
    `look first at what the two commands print: ${UNSEEN}; ${plan.note}; ${notesOf(tableCase, want).join('; ')}`,
  );
}

const UNSEEN =
  'row access policies and grants of the table are lost by this, and the monitor cannot see them';

/**
 * No answer holds row access policies and grants: docs/managing-row-level-security#list-policy and
 * docs/control-access-to-resources-iam#view-access. Whether CREATE OR REPLACE keeps them is documented nowhere, and a new table
 * has none.
 */
function unseenFirst({ subject }: TableCase): Precondition {
  const name = bqName(subject);
  return {
    type: 'look',
    where: 'these two show no policy and no binding',
    commands: [`bq ls --row_access_policies ${name}`, `bq get-iam-policy --table=true ${name}`],
  };
}

/** What protects or makes the table, and stands in no statement; empty: nothing that can be seen. */
function lostByRebuild({ fields, settings, uncarried = [] }: Table): readonly string[] {
  const keys = [...(settings?.get('tableConstraints')?.values.values() ?? [])];
  return [
    ...allFields(fields).flatMap(({ path, field }) =>
      [...new Set(field.uncarried?.map(uncarriedWord))].map((word) => `${word} of ${path}`),
    ),
    ...keys.flatMap((key) => (key === null ? [] : valueText(key))),
    ...uncarried.filter((key) => key !== FRIENDLY_NAME).map(uncarriedWord),
  ];
}

/** A name for people, which protects nothing. */
const FRIENDLY_NAME = 'friendlyName';

/** What the table shall be: all it is, but for what the file states. */
export function wantedTable(expected: ExpectedTable, actual: Table): Table {
  const { type: _, fields: __, expirationTime, ...stated } = expected;
  return {
    ...actual,
    ...stated,
    // Only whether it expires is stated, not when; that it begins to expire is a repair of its own.
    expirationTime: expirationTime === null ? null : actual.expirationTime,
    settings: mergedSettings(expected, actual),
  };
}

/**
 * That partitions begin to expire, or do so sooner, is a repair of its own, which says what it deletes. By another column a
 * row is of another age, so that the same period would delete others.
 */
function withoutLoss(want: Table, actual: Table): Table {
  const { partitioning, partitionExpirationMs: wanted } = want;
  const found = isSame(partitioning, actual.partitioning) ? actual.partitionExpirationMs : null;
  return { ...want, partitionExpirationMs: isShorter(wanted, found) ? found : wanted };
}

function pastExpiration({ expirationTime }: Table, { now }: TableCase): string | null {
  if (expirationTime === null || !isPast(expirationTime, now)) return null;
  return `the table expired at ${isoMoment(expirationTime)}, so that the new one would be deleted at once: repair that first`;
}

function mergedSettings(expected: ExpectedTable, actual: Table): ReadonlyMap<Kind, Setting> {
  const merged = new Map(actual.settings);
  for (const [kind, stated] of expected.settings ?? []) {
    const kept = stated.othersAbsent ? [] : (actual.settings?.get(kind)?.values ?? []);
    merged.set(kind, { values: new Map([...kept, ...stated.values]), othersAbsent: false });
  }
  return merged;
}

function obstacleTo(want: Table, plan: Plan): string | null {
  const { partitioning, clustering } = want;
  const { columns } = plan;
  if (partitioning !== null && partitionExpression(partitioning, columns) === null) {
    return `no column of the table can carry ${partitioningText(partitioning)} yet: repair that column first`;
  }
  const missing = clustering.filter((name) => !canCluster(columns, name));
  if (missing.length > 0) return notClusteredYet(missing);
  if (!listsColumns(want, plan)) return null;
  const unwritable = columns.filter(
    (column) => !isWritable(column) || !isOneExpression(defaultOf(column) ?? ''),
  );
  return unwritable.length === 0
    ? null
    : `no statement can state all of ${unwritable.map(({ name }) => name).join(', ')}`;
}

export function notClusteredYet(columns: readonly string[]): string {
  return `the table cannot be clustered by ${columns.join(', ')} yet: repair that column first`;
}

/** A table partitioned by ingestion time cannot be created from a query: DDL, CREATE TABLE. */
function listsColumns(want: Table, { columns }: Plan): boolean {
  return columns.some(saysMore) || isByIngestion(want.partitioning);
}

/** SELECT infers neither NOT NULL nor parameters of types, nor settings of columns, so that whoever has those is listed. */
function saysMore({ type, mode, fields = [], settings }: Field): boolean {
  const hasParameters = typeof type !== 'string' && type.name !== 'RANGE';
  return mode === 'REQUIRED' || hasParameters || settings !== undefined || fields.some(saysMore);
}

/** Clustering columns are top-level, not repeated, and without collation: DDL, clustering_column_list. */
export function canCluster(columns: readonly Field[], name: string): boolean {
  const column = layoutColumn(columns, name);
  if (column === null || settingText(column.settings, 'collation') !== null) return false;
  return CLUSTERING_TYPES.includes(typeName(column.type));
}

function creation(tableCase: TableCase, want: Table, plan: Plan): readonly string[] {
  const { subject, actual } = tableCase;
  // A column of a table alone has a default.
  const columns = plan.columns.map((column) => columnDefinition(column, defaultOf(column)?.trim()));
  const shape = `${listsColumns(want, plan) ? ` (${columns.join(', ')})` : ''}${clauses(want, plan.columns)}`;
  const rows = `SELECT ${selection(plan)} FROM ${tablePath(subject)}`;
  // OR REPLACE cannot change the kind of partitioning: DDL, CREATE TABLE.
  if (!swaps(want, actual)) return [`CREATE OR REPLACE TABLE ${tablePath(subject)}${shape} AS ${rows}`];
  const created = `CREATE TABLE ${tablePath(subject, '_new')}${shape}`;
  return isByIngestion(want.partitioning)
    ? [created, ingestion(tableCase, want, plan)]
    : [`${created} AS ${rows}`];
}

function swaps(want: Table, actual: Table): boolean {
  return isByIngestion(want.partitioning) || !isSame(want.partitioning, actual.partitioning);
}

function isByIngestion(partitioning: Partitioning | null): boolean {
  return partitioning?.by === 'time' && partitioning.field === null;
}

function isSame(expected: Partitioning | null, actual: Partitioning | null): boolean {
  return expected === null || actual === null ? expected === actual : samePartitioning(expected, actual);
}

/** A column list is required here, and the time of a row is that of its new partition. */
function ingestion({ subject, actual }: TableCase, want: Table, plan: Plan): string {
  const granularity = want.partitioning?.by === 'time' ? want.partitioning.granularity : '';
  const isKept = isByIngestion(actual.partitioning);
  const columns = plan.columns.map(({ name }) => identifier(name));
  const names = [...(isKept ? ['_PARTITIONTIME'] : []), ...columns].join(', ');
  const values = plan.columns.map(({ name }) => plan.converted.get(name) ?? identifier(name));
  const times = isKept ? [`TIMESTAMP_TRUNC(_PARTITIONTIME, ${granularity})`] : [];
  return `INSERT INTO ${tablePath(subject, '_new')} (${names}) SELECT ${[...times, ...values].join(', ')} FROM ${tablePath(subject)}`;
}

function selection({ converted }: Plan): string {
  const replaced = [...converted].map(([name, expression]) => `${expression} AS ${identifier(name)}`);
  return replaced.length === 0 ? '*' : `* REPLACE (${replaced.join(', ')})`;
}

/** The new table takes the place of the old one, which stays. */
function swap(subject: TableCase['subject']): readonly Statement[] {
  const table = subject.table ?? '';
  return [
    renameTable(subject, { from: table, to: `${table}_old` }),
    renameTable(subject, { from: `${table}_new`, to: table }),
  ];
}

/** A query of the whole table is refused as long as a filter is required. */
function liftedFilter({ subject, actual }: TableCase): readonly string[] {
  return actual.requirePartitionFilter && actual.partitioning !== null
    ? [`ALTER TABLE ${tablePath(subject)} SET OPTIONS (require_partition_filter = FALSE)`]
    : [];
}

function clauses(want: Table, columns: readonly Field[]): string {
  const { partitioning, clustering, settings } = want;
  const expression = partitioning === null ? null : partitionExpression(partitioning, columns);
  const collation = settingText(settings, 'defaultCollation');
  return [
    ...(collation === null ? [] : [` DEFAULT COLLATE ${literal(collation)}`]),
    ...(expression === null ? [] : [` PARTITION BY ${expression}`]),
    ...(clustering.length === 0 ? [] : [` CLUSTER BY ${identifiers(clustering)}`]),
    optionsClause(tableOptions(want)),
  ].join('');
}

function tableOptions(want: Table): readonly string[] {
  const { partitioning, partitionExpirationMs, requirePartitionFilter, expirationTime, settings } = want;
  const expires = partitioning?.by === 'time' && partitionExpirationMs !== null;
  return [
    ...(expirationTime === null ? [] : [`expiration_timestamp = TIMESTAMP_MILLIS(${expirationTime})`]),
    ...(expires ? [`partition_expiration_days = ${days(partitionExpirationMs)}`] : []),
    ...(partitioning !== null && requirePartitionFilter ? ['require_partition_filter = TRUE'] : []),
    ...option('kms_key_name', settingText(settings, 'encryptionConfiguration')),
    ...describingOptions(settings),
  ];
}

/** Description and labels, which views have as well. */
export function describingOptions(settings: Table['settings']): readonly string[] {
  const labels = [...(settings?.get('labels')?.values ?? [])].flatMap(([key, label]) =>
    typeof label === 'object' && label?.of === 'label' ? [`(${literal(key)}, ${literal(label.value)})`] : [],
  );
  return [
    ...option('description', settingText(settings, 'description')),
    ...(labels.length === 0 ? [] : [`labels = [${labels.join(', ')}]`]),
  ];
}

function notesOf(tableCase: TableCase, want: Table): readonly string[] {
  const { expected, actual } = tableCase;
  const byIngestion = isByIngestion(want.partitioning);
  return [
    ...(actual.uncarried?.includes(FRIENDLY_NAME) ? [`${uncarriedWord(FRIENDLY_NAME)} is not copied`] : []),
    ...(byIngestion && !isByIngestion(actual.partitioning)
      ? ['all rows land in the partition of the moment']
      : []),
    ...(isByIngestion(actual.partitioning) && !byIngestion ? ['the times of ingestion are lost'] : []),
    ...(isShorter(wantedTable(expected, actual).partitionExpirationMs, want.partitionExpirationMs)
      ? ['it sets no shorter partition expiration: the check after it says what that deletes']
      : []),
    ...(want.expirationTime === null ||
    (want.partitioning?.by === 'time' && want.partitionExpirationMs === null)
      ? ['a default expiration of the dataset holds for the new table: clear it first']
      : []),
    ...(liftedFilter(tableCase).length > 0
      ? [
          'the old table needs no partition filter from then on: where a statement after that fails, set require_partition_filter to TRUE again',
        ]
      : []),
    swaps(want, actual)
      ? 'stop writers first; the old table stays as …_old until you drop it'
      : 'stop writers first; what the table was stays in time travel alone',
  ];
}
