import type { Change } from '../model/finding.ts';
import type { Contract, Table } from '../model/table.ts';

type Cause = 'partition-expiration' | 'table-expiration';
type Lifetimes = Pick<Table, 'partitionExpirationMs' | 'expirationTime' | 'creationTime'>;

/**
 * Whether data goes before the contract allows it, and which setting does it (the shorter one, whose own
 * finding this hides). null: kept long enough, or no retention is declared.
 */
export function compareRetention(
  actual: Lifetimes,
  contract: Pick<Contract, 'retention'>,
): { readonly change: Change; readonly hides: Cause } | null {
  const { retention } = contract;
  if (retention === null) return null;
  const shortest = shortestLifetime(actual);
  if (shortest === null || shortest.ms >= BigInt(retention.ms)) return null;
  return {
    change: {
      kind: 'retention',
      path: null,
      expected: String(retention.ms),
      actual: String(shortest.ms),
      context: { type: 'caused-by', kind: shortest.kind },
    },
    hides: shortest.kind,
  };
}

/** The setting by which data goes first; null: it stays. */
export function shortestLifetime(actual: Lifetimes): { readonly kind: Cause; readonly ms: bigint } | null {
  const { partitionExpirationMs, expirationTime, creationTime } = actual;
  const partition =
    partitionExpirationMs === null
      ? null
      : { kind: 'partition-expiration' as const, ms: BigInt(partitionExpirationMs) };
  const table =
    expirationTime === null || creationTime === null
      ? null
      : { kind: 'table-expiration' as const, ms: BigInt(expirationTime) - BigInt(creationTime) };
  if (partition === null || table === null) return partition ?? table;
  return table.ms < partition.ms ? table : partition;
}
