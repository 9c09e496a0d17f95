import type { Change } from '../model/finding.ts';
import type { Contract, Table } from '../model/table.ts';

type Cause =
  | { readonly kind: 'partition-expiration' }
  | { readonly kind: 'table-expiration'; readonly expirationTime: string };
type Lifetimes = Pick<Table, 'partitionExpirationMs' | 'expirationTime' | 'creationTime'>;

/**
 * Whether data goes before the contract allows it, and which setting does it (the shorter one, whose own
 * finding this hides). null: kept long enough, or no retention is declared.
 */
export function compareRetention(
  actual: Lifetimes,
  contract: Pick<Contract, 'retention'>,
): { readonly change: Change; readonly hides: Cause['kind'] } | null {
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
      context: { type: 'caused-by', ...shortest.cause },
    },
    hides: shortest.cause.kind,
  };
}

/** The setting by which data goes first; null: it stays. */
export function shortestLifetime(actual: Lifetimes): { readonly cause: Cause; readonly ms: bigint } | null {
  const { partitionExpirationMs, expirationTime, creationTime } = actual;
  const partition =
    partitionExpirationMs === null
      ? null
      : { cause: { kind: 'partition-expiration' as const }, ms: BigInt(partitionExpirationMs) };
  const table =
    expirationTime === null || creationTime === null
      ? null
      : {
          cause: { kind: 'table-expiration' as const, expirationTime },
          ms: BigInt(expirationTime) - BigInt(creationTime),
        };
  if (partition === null || table === null) return partition ?? table;
  return table.ms < partition.ms ? table : partition;
}
