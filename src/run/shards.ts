import type { ListedTable, Read, Resource, Warehouse } from '../model/ports.ts';
import { parseShard } from '../model/shard.ts';

interface Shard {
  readonly table: string;
  readonly resource: Resource;
}

export interface NewestShards {
  readonly newest: Shard;
  /** null: there is no other, or it could not be read. */
  readonly previous: Shard | null;
}

/** Shards expire while a list is read; more than a few gone at once is no answer. */
const MAX_GONE = 10;

/** The newest two shards of a prefix, by calendar date: two reads, however many shards there are. */
export async function readNewestShards(
  warehouse: Warehouse,
  {
    dataset,
    prefix,
    list,
    view,
    rank = 0,
  }: {
    readonly dataset: string;
    readonly prefix: string;
    readonly list: Read<readonly ListedTable[]>;
    readonly view: 'BASIC' | 'FULL';
    readonly rank?: number;
  },
): Promise<Read<NewestShards>> {
  if (list.status !== 'found') return list;
  const names = list.value
    .map(({ table }) => table)
    .filter((table) => parseShard(table)?.prefix === prefix)
    .sort()
    .reverse();
  for (const [index, table] of names.slice(0, MAX_GONE).entries()) {
    const read = await warehouse.getTable({ dataset, table }, view, rank);
    if (read.status === 'unreadable') return read;
    if (read.status === 'absent') continue;
    const before = names[index + 1];
    const previous =
      before === undefined ? null : await warehouse.getTable({ dataset, table: before }, 'BASIC', rank);
    return {
      status: 'found',
      value: {
        newest: { table, resource: read.value },
        previous:
          before !== undefined && previous?.status === 'found'
            ? { table: before, resource: previous.value }
            : null,
      },
    };
  }
  if (names.length === 0) return { status: 'absent', detail: `no shard of ${prefix}` };
  return {
    status: 'unreadable',
    reason: 'unavailable',
    detail: `the newest shards of ${prefix} were gone when they were read`,
  };
}
