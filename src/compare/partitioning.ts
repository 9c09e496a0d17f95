import type { Change } from '../model/finding.ts';
import type { ExpectedTable, Partitioning, Table } from '../model/table.ts';
import { partitioningText, partitioningValue } from '../model/value.ts';

/**
 * How partitioning and what hangs on it differ: one change of the strategy hides the expiration and
 * the filter, which cannot be right or wrong without it.
 */
export function comparePartitioning(expected: ExpectedTable, actual: Table): readonly Change[] {
  const strategy = compareStrategy(expected.partitioning, actual.partitioning);
  const hidesSettings =
    strategy !== null &&
    (strategy.kind !== 'partitioning-different' || expected.partitioning?.by !== actual.partitioning?.by);
  if (hidesSettings) return [strategy];
  return [
    ...(strategy === null ? [] : [strategy]),
    ...compareExpiration(expected, actual),
    ...compareFilter(expected, actual),
  ];
}

function compareStrategy(
  expected: Partitioning | null | undefined,
  actual: Partitioning | null,
): Change | null {
  if (expected === undefined) return null;
  const change = { path: null, expected: partitioningValue(expected), actual: partitioningValue(actual) };
  if (expected === null) return actual === null ? null : { kind: 'partitioning-unexpected', ...change };
  if (actual === null) return { kind: 'partitioning-missing', ...change };
  return samePartitioning(expected, actual) ? null : { kind: 'partitioning-different', ...change };
}

/** Names of columns are told apart in no letter case. */
export function samePartitioning(expected: Partitioning, actual: Partitioning): boolean {
  return partitioningText(expected).toLowerCase() === partitioningText(actual).toLowerCase();
}

function compareExpiration(expected: ExpectedTable, actual: Table): readonly Change[] {
  const { partitionExpirationMs } = expected;
  if (partitionExpirationMs === undefined || partitionExpirationMs === actual.partitionExpirationMs)
    return [];
  return [
    {
      kind: 'partition-expiration',
      path: null,
      expected: partitionExpirationMs,
      actual: actual.partitionExpirationMs,
    },
  ];
}

function compareFilter(expected: ExpectedTable, actual: Table): readonly Change[] {
  const { requirePartitionFilter } = expected;
  if (requirePartitionFilter === undefined || requirePartitionFilter === actual.requirePartitionFilter)
    return [];
  return [
    {
      kind: 'partition-filter',
      path: null,
      expected: String(requirePartitionFilter),
      actual: String(actual.requirePartitionFilter),
    },
  ];
}
