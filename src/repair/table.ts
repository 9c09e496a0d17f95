import { bq, type Fix, MEANING, sql, type Text, UNTIL, withBlanks } from '../model/fix.ts';
import type { Table } from '../model/table.ts';
import { valueText } from '../model/value.ts';
import { isPast, isShorter, type Loss, lostPartitions, lostTable, moment } from './loss.ts';
import { canCluster, rebuildTable } from './rebuild.ts';
import { type FixCase, inPlace, noFix, rebuild, restore, type TableCase } from './repair-case.ts';
import {
  bqName,
  days,
  identifier,
  literal,
  literalOrNull,
  savedCopy,
  shellWord,
  tablePath,
} from './sql-words.ts';
import { createView, lostByRecreation, recreatedExternal, whatHasOtherType, whatIsNoTable } from './view.ts';

/*
 * ALTER TABLE, table_set_options_list:
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#table_set_options_list
 */

export function tableMissing(fixCase: FixCase): Fix | null {
  const { change, subject, expected } = fixCase;
  if (subject.table === null) return null;
  const type = expected?.type ?? valueText(change.expected) ?? 'TABLE';
  if (type === 'TABLE') {
    return restore(
      [
        bq(savedCopy(subject)),
        sql(`ALTER TABLE ${tablePath(subject, '_restored')} RENAME TO ${identifier(subject.table)}`),
      ],
      withBlanks`time travel can restore it ${UNTIL}, then Cloud Customer Care for 7 days more; ${MEANING}; the restored table has lost its partitioning and its tags: look at its policy tags, row access policies and grants before you give it its name back`,
    );
  }
  if (type === 'EXTERNAL') return recreatedExternal('its files are where they were');
  if (type === 'SNAPSHOT')
    return noFix('take the snapshot again from its base table, within its time travel window');
  const settings = expected?.settings;
  const note = 'a view has no data to restore: create it with the query of its file';
  const lost = expected === null ? [] : lostByRecreation(expected);
  if (lost.length > 0) return rebuild([], `${note}; a CREATE VIEW would not carry ${lost.join(', ')}`);
  const statement = createView(fixCase, { type, query: settings, options: settings });
  return rebuild(
    statement === null ? [] : [sql(statement)],
    `${note}; its grants and its authorization on other datasets went with it`,
  );
}

/** A copy under the old name would be a second, older table beside the one that writers have gone on with. */
export function renamedTable(subject: FixCase['subject'], found: string): Fix {
  const { table } = subject;
  const other = withBlanks`where ${found} is a table of its own, declare it, and restore ${table ?? ''} instead: ${savedCopy(subject)} (${MEANING}), which time travel can do ${UNTIL}`;
  return inPlace(
    [sql(`ALTER TABLE ${tablePath({ ...subject, table: found })} RENAME TO ${identifier(table ?? '')}`)],
    withBlanks`probably ${table ?? ''} was renamed to ${found}; whoever reads ${found} by that name breaks; ${other}`,
  );
}

export function tableType(tableCase: TableCase): Fix {
  const { expected, actual, subject } = tableCase;
  const statement =
    isView(expected.type) && lostByRecreation(expected).length === 0
      ? createView(tableCase, { type: expected.type, query: expected.settings, options: expected.settings })
      : null;
  const note = `what is there is ${actual.type} and has to make room by hand`;
  if (statement === null || actual.type !== 'TABLE') {
    return rebuild([], `${note}; then create ${expected.type} as its file has it`);
  }
  return rebuild(
    [
      sql(`ALTER TABLE ${tablePath(subject)} RENAME TO ${identifier(`${subject.table}_old`)}`),
      sql(statement),
    ],
    'the table and its rows stay as …_old, with its grants: the view has none',
  );
}

function isView(type: string | undefined): type is string {
  return type === 'VIEW' || type === 'MATERIALIZED_VIEW';
}

export function tableExpiration(tableCase: TableCase): Fix {
  const { change, subject, actual, now } = tableCase;
  const expected = valueText(change.expected);
  if (expected === null) {
    const note = `unless it is run before, the table is deleted at ${moment(actual.expirationTime)}`;
    return isAlterable(actual)
      ? setOption(tableCase, 'expiration_timestamp', { value: 'NULL', note })
      : inPlace([bq(`bq update --expiration=0 ${bqName(subject)}`)], `${note}; 0 is how bq says never`);
  }
  const at = moment(expected);
  if (isPast(expected, now)) {
    return noFix(
      `the expirationTime that its file states, ${at}, is past, so that the table would be deleted at once: state a later one, or null for never`,
    );
  }
  const note = `the table is deleted at ${at}`;
  if (!isAlterable(actual)) return noFix(`set the expiration when it is made anew; ${note}`);
  return setOption(tableCase, 'expiration_timestamp', {
    value: `TIMESTAMP_MILLIS(${expected})`,
    note,
    loss: lostTable(tableCase, { type: actual.type, at }),
  });
}

export function tableEncryption(tableCase: TableCase): Fix {
  const { change, actual } = tableCase;
  if (actual.type !== 'TABLE' && actual.type !== 'MATERIALIZED_VIEW')
    return noFix(`no key encrypts ${actual.type}`);
  return setOption(tableCase, 'kms_key_name', {
    value: literalOrNull(valueText(change.expected)),
    note: 'BigQuery must be allowed to use the key',
  });
}

export function tableCollation(tableCase: TableCase): Fix {
  const { change, subject } = tableCase;
  const collation = literal(valueText(change.expected) ?? '');
  return (
    whatIsNoTable(tableCase) ??
    inPlace(
      [sql(`ALTER TABLE ${tablePath(subject)} SET DEFAULT COLLATE ${collation}`)],
      'holds for columns added from now on; those that are there keep theirs',
    )
  );
}

export function tableDescription(tableCase: TableCase): Fix {
  const { change, subject, actual } = tableCase;
  if (isAlterable(actual)) {
    return setOption(tableCase, 'description', {
      value: literalOrNull(valueText(change.expected)),
      note: null,
    });
  }
  const flag = shellWord(`--description=${valueText(change.expected) ?? ''}`);
  return inPlace([bq(`bq update ${flag} ${bqName(subject)}`)]);
}

export function partitionExpiration(tableCase: TableCase): Fix {
  const { change, actual } = tableCase;
  const other = whatIsNoTable(tableCase);
  if (other !== null) return other;
  if (actual.partitioning?.by !== 'time')
    return noFix('only partitions by time expire: repair the partitioning first');
  const expected = valueText(change.expected);
  const loss =
    expected !== null && isShorter(expected, valueText(change.actual))
      ? lostPartitions(tableCase, { partitioning: actual.partitioning, expirationMs: expected })
      : undefined;
  if (loss === null)
    return noFix(`what a shorter expiration deletes is not known for ${actual.partitioning.granularity}`);
  return setOption(tableCase, 'partition_expiration_days', {
    value: days(expected),
    ...(loss === undefined ? {} : { loss }),
    note: loss
      ? 'deletes at once every partition that is older than that'
      : withBlanks`what has expired can be restored by time travel alone, ${UNTIL}`,
  });
}

export function partitionFilter(tableCase: TableCase): Fix {
  const { change, actual } = tableCase;
  const other = whatIsNoTable(tableCase);
  if (other !== null) return other;
  if (actual.partitioning === null)
    return noFix('only a partitioned table can require a filter: repair the partitioning first');
  return setOption(tableCase, 'require_partition_filter', {
    value: valueText(change.expected) === 'true' ? 'TRUE' : 'FALSE',
    note:
      valueText(change.expected) === 'true'
        ? 'queries without a filter on the partitions fail from then on'
        : null,
  });
}

/** Whatever ends the data too early is put off to the end of the contract's retention. */
export function retention(tableCase: TableCase): Fix {
  const { change, subject, actual } = tableCase;
  const least = BigInt(valueText(change.expected) ?? '0');
  const partitions = partitionsKept(tableCase, least);
  const options = [...partitions, ...tableKept(tableCase, least)];
  // The partitions of a materialized view end with those of its base table.
  const isOutOfReach = !isAlterable(actual) || (actual.type !== 'TABLE' && partitions.length > 0);
  if (options.length === 0 || isOutOfReach) {
    return noFix(`a ${actual.type} is given no later end: make it anew, or repair what it is made of`);
  }
  return inPlace(
    [sql(`ALTER ${objectOf(actual)} ${tablePath(subject)} SET OPTIONS (${options.join(', ')})`)],
    partitions.length > 0
      ? withBlanks`what has expired can be restored by time travel alone, ${UNTIL}`
      : `unless it is run before, the table is deleted at ${moment(actual.expirationTime)}`,
  );
}

function partitionsKept({ expected, actual }: TableCase, least: bigint): readonly string[] {
  const { partitionExpirationMs: found, partitioning } = actual;
  if (partitioning?.by !== 'time' || found === null || BigInt(found) >= least) return [];
  const stated = expected.partitionExpirationMs;
  const isEnough = stated === null || (stated !== undefined && BigInt(stated) >= least);
  return [`partition_expiration_days = ${days(isEnough ? stated : String(least))}`];
}

function tableKept({ expected, actual, now }: TableCase, least: bigint): readonly string[] {
  const { expirationTime, creationTime } = actual;
  if (expirationTime === null || creationTime === null) return [];
  const end = BigInt(creationTime) + least;
  if (BigInt(expirationTime) >= end) return [];
  const isStated = expected.expirationTime !== undefined && expected.expirationTime !== null;
  // Of an end that is past nothing is left but to let it stay.
  if (isPast(String(end), now)) return ['expiration_timestamp = NULL'];
  return [`expiration_timestamp = ${isStated ? `TIMESTAMP_MILLIS(${end})` : 'NULL'}`];
}

/** There is no DDL for it: docs/manage-clustered-tables */
export function clustering(tableCase: TableCase): Fix {
  const { expected, actual, subject } = tableCase;
  const other = whatIsNoTable(tableCase);
  if (other !== null) return other;
  const columns = expected.clustering ?? [];
  const missing = columns.filter((name) => name.includes(',') || !canCluster(actual.fields, name));
  if (missing.length > 0) {
    return rebuild(
      [],
      `the table cannot be clustered by ${missing.join(', ')} yet: repair that column first`,
    );
  }
  const [first] = columns;
  const flag = shellWord(`--clustering_fields=${columns.join(',')}`);
  return inPlace(
    [bq(`bq update ${flag} ${bqName(subject)}`)],
    first === undefined
      ? null
      : `rows that are there are clustered anew only by UPDATE ${tablePath(subject)} SET ${identifier(first)} = ${identifier(first)} WHERE TRUE, which reads and writes them all`,
  );
}

export function partitioning(tableCase: TableCase): Fix {
  return (
    whatIsNoTable(tableCase) ??
    rebuildTable(tableCase, {
      columns: tableCase.actual.fields,
      converted: new Map(),
      note: 'how a table is partitioned is decided when it is created',
    })
  );
}

/** What ALTER … SET OPTIONS reaches. */
function isAlterable({ type }: Table): boolean {
  return type === 'TABLE' || isView(type);
}

function objectOf({ type }: Table): string {
  return type.replace('_', ' ');
}

function setOption(
  tableCase: TableCase,
  name: string,
  { value, note, loss }: { readonly value: string; readonly note: Text | null; readonly loss?: Loss },
): Fix {
  const { actual, subject } = tableCase;
  const statement = `ALTER ${objectOf(actual)} ${tablePath(subject)} SET OPTIONS (${name} = ${value})`;
  return whatHasOtherType(tableCase) ?? inPlace([sql(statement, loss)], note);
}
