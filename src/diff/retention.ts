import type { Change } from '../model/finding.ts';
import type { Kind } from '../model/kinds.ts';
import type { Contract, Table } from '../model/table.ts';

type Lifetimes = Pick<Table, 'partitionExpirationMs' | 'expirationTime' | 'creationTime'>;

/**
 * Whether data goes before the contract allows it, and which setting does it (the shorter one, whose own
 * finding this hides). null: kept long enough, or no retention is declared.
 */
export function compareRetention(
  actual: Lifetimes,
  contract: Pick<Contract, 'retention'>,
): { readonly change: Change; readonly hides: Kind } | null {
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
    },
    hides: shortest.kind,
  };
}

function shortestLifetime(actual: Lifetimes): { readonly kind: Kind; readonly ms: bigint } | null {
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
