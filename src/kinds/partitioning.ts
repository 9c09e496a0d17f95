import { type Expiring, shortestLifetime } from '../metadata/lifetime.ts';
import { one } from '../metadata/settings.ts';
import { formatDuration, loweredRetention } from '../model/duration.ts';
import type { Change, Difference } from '../model/finding.ts';
import type { Contract, Partitioning } from '../model/table.ts';
import { listOf, partitioningValue, samePartitioning, type Value, valueText } from '../model/value.ts';
import { isShorter } from '../repair/loss.ts';
import * as partitioningRepair from '../repair/partitioning.ts';
import { ofTable } from '../repair/repair-case.ts';
import {
  type Comparison,
  holdsRows,
  type KindRow,
  type Place,
  saidAsDuration,
  saidOfRetention,
  sooner,
  value,
  type Weakened,
} from './kind.ts';
import { tableExpiration } from './table.ts';

const HOUR_MS = 3_600_000;
/** https://docs.cloud.google.com/bigquery/docs/managing-partitioned-tables */
const EXPIRES_SILENTLY = 'BigQuery deletes expired partitions without a log entry.';
/** https://docs.cloud.google.com/bigquery/docs/partitioned-tables */
const SET_AT_CREATION = 'Partitioning is set when a table is created: repairing it takes a new table.';

/** `isThis`: whether it is this kind by which the two differ. */
function comparesPartitioning(
  isThis: (expected: Partitioning | null, actual: Partitioning | null) => boolean,
): Comparison<'table'> {
  return {
    listed: 'layout',
    stated: ({ partitioning }) =>
      partitioning === undefined ? undefined : one(partitioningValue(partitioning)),
    difference: ({ partitioning: expected }, { partitioning: actual }) =>
      expected !== undefined && isThis(expected, actual)
        ? { expected: partitioningValue(expected), actual: partitioningValue(actual) }
        : null,
  };
}

/** What hangs on the partitioning cannot be right or wrong with another kind of it. */
function hidesOfPartitioning({ expected, actual }: Change, { kind }: Place): boolean {
  if (PARTITIONING.includes(kind)) return true;
  return DEPENDENT.includes(kind) && strategyOf(expected) !== strategyOf(actual);
}

function strategyOf(value: Value | null): Partitioning['by'] | null {
  return typeof value === 'object' && value?.of === 'partitioning' ? value.partitioning.by : null;
}

export const partitioningMissing: KindRow<'table'> = {
  id: 'partitioning-missing',
  scope: 'table',
  severity: 'critical',
  finds: 'partitioning expected, table has none',
  purpose: 'Checks that a table declared as partitioned is partitioned.',
  why: 'Every query scans the whole table and costs accordingly, and nothing expires any more.',
  act: 'Partitioning is set when a table is created: build a new table and swap the names.',
  location: ['timePartitioning', 'rangePartitioning'],
  compares: comparesPartitioning((expected, actual) => expected !== null && actual === null),
  hides: hidesOfPartitioning,
  weakens: ({ expected }) => [`the partitioning ${valueText(expected)} is no longer expected`],
  label: 'Partitioning',
  words: { what: 'the partitioning is missing', say: 'none', hint: SET_AT_CREATION },
  repair: ofTable(partitioningRepair.partitioning),
};

export const partitioningUnexpected: KindRow<'table'> = {
  id: 'partitioning-unexpected',
  scope: 'table',
  severity: 'warning',
  finds: '`null` expected, table is partitioned',
  purpose: 'Checks that a table declared as not partitioned is not partitioned.',
  why: 'Queries may be refused for lack of a partition filter, and partitions may expire.',
  act: 'Partitioning is set when a table is created: build a new table, or accept it.',
  location: ['timePartitioning', 'rangePartitioning'],
  compares: comparesPartitioning((expected, actual) => expected === null && actual !== null),
  hides: hidesOfPartitioning,
  weakens: otherPartitions,
  label: 'Partitioning',
  words: { what: 'the table is partitioned', say: 'none', hint: SET_AT_CREATION },
  repair: ofTable(partitioningRepair.partitioning),
};

export const partitioningDifferent: KindRow<'table'> = {
  id: 'partitioning-different',
  scope: 'table',
  severity: 'critical',
  finds: 'granularity, column, range, or time versus range differ; ingestion time versus column',
  purpose:
    'Checks that the table is partitioned by the declared column or ingestion time, in the declared units or ranges.',
  why: 'Queries by the old column scan everything, and partitions expire by another date.',
  act: 'Partitioning is set when a table is created: build a new table and swap the names.',
  location: ['timePartitioning', 'rangePartitioning'],
  compares: comparesPartitioning(
    (expected, actual) => expected !== null && actual !== null && !samePartitioning(expected, actual),
  ),
  hides: hidesOfPartitioning,
  weakens: otherPartitions,
  label: 'Partitioning',
  words: { what: 'the partitioning differs', say: 'none', hint: SET_AT_CREATION },
  repair: ofTable(partitioningRepair.partitioning),
};

export const partitionExpiration: KindRow<'table'> = {
  id: 'partition-expiration',
  scope: 'table',
  severity: 'critical',
  finds: '`timePartitioning.expirationMs` differs',
  purpose: 'Checks that partitions of the table expire after the stated time, or never.',
  why: 'Partitions older than that are deleted, without a log entry; or data is kept that should go.',
  act: 'ALTER TABLE SET OPTIONS (partition_expiration_days = …). Shortening it deletes at once.',
  location: ['timePartitioning.expirationMs'],
  compares: value({
    expected: ({ partitionExpirationMs }) => partitionExpirationMs,
    actual: ({ partitionExpirationMs }) => partitionExpirationMs,
  }),
  loses: {
    what: 'expiring',
    where: (change) => holdsRows(change) && isShorter(valueText(change.actual), valueText(change.expected)),
  },
  weakens: sooner('partitions are deleted sooner'),
  label: 'Partitions expire',
  words: {
    what: 'the expiration of partitions differs',
    say: saidAsDuration('never'),
    hint: ({ actual }) => (actual === null ? null : EXPIRES_SILENTLY),
  },
  repair: ofTable(partitioningRepair.partitionExpiration),
};

export const partitionFilter: KindRow<'table'> = {
  id: 'partition-filter',
  scope: 'table',
  severity: 'warning',
  finds: '`requirePartitionFilter` differs',
  purpose: 'Checks that queries of the table must filter by partition where that is stated, and only there.',
  why: 'Without it one careless query scans everything; with it, queries that do not filter fail.',
  act: 'ALTER TABLE SET OPTIONS (require_partition_filter = …).',
  location: ['requirePartitionFilter'],
  compares: value({
    expected: ({ requirePartitionFilter }) => requirePartitionFilter?.toString(),
    actual: ({ requirePartitionFilter }) => String(requirePartitionFilter),
  }),
  weakens: ({ actual }) => (actual === 'false' ? ['queries need no partition filter any more'] : []),
  label: 'Partition filter',
  words: {
    what: 'whether a query must filter by partition differs',
    say: 'false',
    sayBeside: (value) => (value === 'true' ? 'required' : 'not required'),
  },
  repair: ofTable(partitioningRepair.partitionFilter),
};

const PARTITIONING = [partitioningMissing, partitioningUnexpected, partitioningDifferent].map(({ id }) => id);
const DEPENDENT = [partitionExpiration, partitionFilter].map(({ id }) => id);

export const clustering: KindRow<'table'> = {
  id: 'clustering',
  scope: 'table',
  severity: 'warning',
  finds: 'clustering fields or their order differ',
  purpose: 'Checks that the table is clustered by the stated fields in the stated order.',
  why: 'Queries that filter by these fields scan and cost more.',
  act: 'bq update --clustering_fields; existing rows are clustered again only when they are rewritten.',
  location: ['clustering.fields'],
  label: 'Clustering',
  // Their order matters: https://docs.cloud.google.com/bigquery/docs/clustered-tables
  compares: {
    listed: 'layout',
    stated: (side) => (side.clustering === undefined ? undefined : one(listOf(side.clustering))),
    difference: ({ clustering: expected }, { clustering: actual }) =>
      expected === undefined || areSameNames(expected, actual)
        ? null
        : { expected: listOf(expected), actual: listOf(actual) },
  },
  words: { what: 'the clustering differs', say: 'none' },
  repair: ofTable(partitioningRepair.clustering),
};

export const retention: KindRow<'table'> = {
  id: 'retention',
  scope: 'table',
  severity: 'critical',
  cannotBeWaived: true,
  finds:
    'partition expiration, or `expirationTime` minus `creationTime`, is shorter than `contract.retention`; one per table, naming the shorter',
  purpose: 'Checks that no expiration deletes data of the table before its contract allows it.',
  why: 'Data goes before the contract, and often the law, allows it.',
  act: 'Lift the expiration at once; what has expired can be brought back by time travel for a limited time.',
  location: ['timePartitioning.expirationMs', 'expirationTime'],
  compares: {
    listed: 'contract',
    stated: (side) =>
      side.contract.retention === null ? undefined : one(String(side.contract.retention.ms)),
    difference: (side, actual) => compareRetention(actual, side.contract),
  },
  // The setting that does it.
  hides: (change, { kind }) => kind === (isOfTable(change) ? tableExpiration.id : partitionExpiration.id),
  loses: { what: 'expiring', where: holdsRows },
  deletesTableAt: ({ context }) =>
    context?.type === 'caused-by' && context.of === 'table' ? context.expirationTime : null,
  acrossShards: (ms) => `${Math.round(Number(ms) / HOUR_MS)} hours`,
  weakens: ({ actual }, { contract }) => {
    const ms = valueText(actual) ?? '0';
    return [
      `contract.retention ${contract.retention?.text} is lowered to ${loweredRetention(ms) ?? 'less than a day'}: data may be gone after ${formatDuration(Number(ms))}`,
    ];
  },
  label: 'Data is kept',
  words: {
    what: (change) =>
      isOfTable(change)
        ? 'the whole table expires before the contract allows it'
        : 'partitions expire before the contract allows it',
    say: (value, side, contract) => {
      const duration = formatDuration(Number(value));
      if (side === 'actual') return duration;
      const text = contract?.retention?.text;
      return `at least ${duration}${text === undefined ? '' : ` (${text})`}`;
    },
    sayBeside: (value) => (value === null ? 'for ever' : null),
    hint: (change) => (isOfTable(change) ? null : EXPIRES_SILENTLY),
  },
  repair: ofTable(partitioningRepair.retention),
};

/** Whether data goes before the contract allows it, and by which setting. null: kept long enough, or no retention is declared. */
export function compareRetention(
  actual: Expiring,
  { retention: least }: Pick<Contract, 'retention'>,
): Difference | null {
  const shortest = least === null ? null : shortestLifetime(actual);
  if (least === null || shortest === null || shortest.ms >= BigInt(least.ms)) return null;
  return {
    expected: String(least.ms),
    actual: String(shortest.ms),
    context:
      shortest.of === 'partitions'
        ? { type: 'caused-by', of: 'partitions' }
        : { type: 'caused-by', of: 'table', expirationTime: shortest.expirationTime },
  };
}

function isOfTable({ context }: Change): boolean {
  return context?.type === 'caused-by' && context.of === 'table';
}

/** What differs so hides the difference of the expiration. By another column or unit rows are of another age. */
function otherPartitions(change: Change, { expected, actual, contract }: Weakened): readonly string[] {
  const period = actual?.partitioning?.by === 'time' ? actual.partitionExpirationMs : null;
  if (period === null) return [];
  const after = `${formatDuration(Number(period))}${saidOfRetention(contract)}`;
  return expected.partitioning?.by === 'time'
    ? [
        `rows may be deleted sooner: partitions of ${valueText(change.actual)} instead of ${valueText(change.expected)} expire after ${after}`,
      ]
    : [`partitions are deleted sooner: never → ${after}`];
}

function areSameNames(expected: readonly string[], actual: readonly string[]): boolean {
  return (
    expected.length === actual.length &&
    expected.every((name, index) => name.toLowerCase() === actual[index]?.toLowerCase())
  );
}
