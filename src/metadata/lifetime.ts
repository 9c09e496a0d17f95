import type { Table } from '../model/table.ts';

export type Expiring = Pick<Table, 'partitionExpirationMs' | 'expirationTime' | 'creationTime'>;

export type Lifetime =
  | { readonly of: 'partitions'; readonly ms: bigint }
  | { readonly of: 'table'; readonly ms: bigint; readonly expirationTime: string };

/** How long data is kept by the setting by which it goes first; null: it stays. */
export function shortestLifetime({
  partitionExpirationMs,
  expirationTime,
  creationTime,
}: Expiring): Lifetime | null {
  const partitions: Lifetime | null =
    partitionExpirationMs === null ? null : { of: 'partitions', ms: BigInt(partitionExpirationMs) };
  if (expirationTime === null || creationTime === null) return partitions;
  const ms = BigInt(expirationTime) - BigInt(creationTime);
  return partitions !== null && partitions.ms <= ms ? partitions : { of: 'table', ms, expirationTime };
}
