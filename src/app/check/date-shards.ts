import { inOrder, parseShard } from '../../metadata/date-shard.ts';
import type { ListedTable, Read, Resource, Warehouse } from '../../model/ports.ts';

interface Shard {
  readonly table: string;
  readonly resource: Resource;
}

export interface NewestShards {
  readonly newest: Shard;
  /** null: there is no other, or it could not be read. */
  readonly previous: Shard | null;
  /** Named for a day later than tomorrow, so that they are looked at only where there is no other. */
  readonly later: readonly string[];
}

/** Shards expire while a list is read; more than a few gone at once is no answer. */
const MAX_GONE = 10;

/** The newest two shards of a prefix, by calendar date, and not later than tomorrow where there is one: two reads, however many there are. */
export async function readNewestShards(
  warehouse: Warehouse,
  {
    dataset,
    prefix,
    list,
    view,
    now,
    rank = 0,
  }: {
    readonly dataset: string;
    readonly prefix: string;
    readonly list: Read<readonly ListedTable[]>;
    readonly view: 'BASIC' | 'FULL';
    readonly now: Date;
    readonly rank?: number;
  },
): Promise<Read<NewestShards>> {
  if (list.status !== 'found') return list;
  const shards = list.value.map(({ table }) => table).filter((table) => parseShard(table)?.prefix === prefix);
  const { newestFirst: names, later } = inOrder(shards, now);
  for (const [index, table] of names.slice(0, MAX_GONE).entries()) {
    const read = await warehouse.getTable({ dataset, table }, view, rank);
    if (read.status === 'unreadable') return read;
    if (read.status === 'absent') continue;
    const next = names[index + 1];
    // A shard of the future is not the one before.
    const before = next !== undefined && later.includes(next) === later.includes(table) ? next : undefined;
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
        later,
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
