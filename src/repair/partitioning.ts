import { bq, type Fix, UNTIL, withBlanks } from '../model/fix.ts';
import { isoMoment, isPast, isShorter, lostPartitions } from './loss.ts';
import { isAlterable, objectOf, setOptions, setTableOptions } from './options.ts';
import { bqName, days, identifier, shellWord, tablePath } from './quoting.ts';
import { canCluster, notClusteredYet, rebuildTable } from './rebuild.ts';
import { foundText, inPlace, noFix, rebuild, statedText, type TableCase } from './repair-case.ts';
import { onTable } from './view.ts';

export const partitioning = onTable((tableCase: TableCase): Fix => {
  const note = 'how a table is partitioned is decided when it is created';
  return rebuildTable(tableCase, { columns: tableCase.actual.fields, converted: new Map(), note });
});

const EXPIRED = withBlanks`what has expired can be restored by time travel alone, ${UNTIL}`;

export const partitionExpiration = onTable((tableCase: TableCase): Fix => {
  const { partitioning: found } = tableCase.actual;
  if (found?.by !== 'time') return noFix('only partitions by time expire: repair the partitioning first');
  const expected = statedText(tableCase);
  const options = { partition_expiration_days: days(expected) };
  if (expected === null || !isShorter(expected, foundText(tableCase)))
    return setTableOptions(tableCase, { options, note: EXPIRED });
  const loss = lostPartitions(tableCase, { granularity: found.granularity, expirationMs: expected });
  if (loss === null) return noFix(`what a shorter expiration deletes is not known for ${found.granularity}`);
  const note = 'deletes at once every partition that is older than that';
  return setTableOptions(tableCase, { options, note, loss });
});

export const partitionFilter = onTable((tableCase: TableCase): Fix => {
  const { expected, actual } = tableCase;
  if (actual.partitioning === null)
    return noFix('only a partitioned table can require a filter: repair the partitioning first');
  const isRequired = expected.requirePartitionFilter === true;
  return setTableOptions(tableCase, {
    options: { require_partition_filter: isRequired ? 'TRUE' : 'FALSE' },
    note: isRequired ? 'queries without a filter on the partitions fail from then on' : null,
  });
});

/** Whatever ends the data too early is put off to the end of the contract's retention. */
export function retention(tableCase: TableCase): Fix {
  const { actual } = tableCase;
  const least = BigInt(statedText(tableCase) ?? '0');
  const partitions = partitionsKept(tableCase, least);
  const options = { ...partitions, ...tableKept(tableCase, least) };
  // The partitions of a materialized view end with those of its base table.
  const isOutOfReach = !isAlterable(actual) || (actual.type !== 'TABLE' && partitions !== null);
  if (Object.keys(options).length === 0 || isOutOfReach) {
    return noFix(`a ${actual.type} is given no later end: make it anew, or repair what it is made of`);
  }
  const note =
    partitions === null
      ? `unless it is run before, the table is deleted at ${isoMoment(actual.expirationTime)}`
      : EXPIRED;
  return setOptions({ of: objectOf(tableCase, actual), options, note });
}

/** null: they do not end too early, as `tableKept`. */
function partitionsKept({ expected, actual }: TableCase, least: bigint) {
  const { partitionExpirationMs: found, partitioning: by } = actual;
  if (by?.by !== 'time' || found === null || BigInt(found) >= least) return null;
  const stated = expected.partitionExpirationMs;
  const isEnough = stated === null || (stated !== undefined && BigInt(stated) >= least);
  return { partition_expiration_days: days(isEnough ? stated : String(least)) };
}

function tableKept({ expected, actual, now }: TableCase, least: bigint) {
  const { expirationTime, creationTime } = actual;
  if (expirationTime === null || creationTime === null) return null;
  const end = BigInt(creationTime) + least;
  if (BigInt(expirationTime) >= end) return null;
  const isStated = expected.expirationTime !== undefined && expected.expirationTime !== null;
  // Of an end that is past nothing is left but to let it stay.
  const isLater = isStated && !isPast(String(end), now);
  return { expiration_timestamp: isLater ? `TIMESTAMP_MILLIS(${end})` : 'NULL' };
}

/** There is no DDL for it: docs/manage-clustered-tables */
export const clustering = onTable(({ expected, actual, subject }: TableCase): Fix => {
  const columns = expected.clustering ?? [];
  const missing = columns.filter((name) => name.includes(',') || !canCluster(actual.fields, name));
  if (missing.length > 0) return rebuild([], notClusteredYet(missing));
  const [first] = columns;
  const flag = shellWord(`--clustering_fields=${columns.join(',')}`);
  return inPlace(
    [bq(`bq update ${flag} ${bqName(subject)}`)],
    first === undefined
      ? null
      : `rows that are there are clustered anew only by UPDATE ${tablePath(subject)} SET ${identifier(first)} = ${identifier(first)} WHERE TRUE, which reads and writes them all`,
  );
});
