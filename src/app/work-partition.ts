import { createHash } from 'node:crypto';

/** One of several functions that share the datasets of a project, each with an account and so a quota of its own. */
export interface WorkShard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** Whether a dataset, by its real name, is this shard's; null: all are. Every dataset is exactly one shard's. */
export function isOfShard(shard: WorkShard | null, dataset: string): boolean {
  if (shard === null) return true;
  const hash = createHash('sha256').update(dataset, 'utf8').digest();
  return hash.readUInt32BE(0) % shard.count === shard.index - 1;
}

/** `all`, or `shard-1-of-4`: what its metrics, its lease and its state are told apart by. */
export function shardName(shard: WorkShard | null): string {
  return shard === null ? 'all' : `shard-${shard.index}-of-${shard.count}`;
}
