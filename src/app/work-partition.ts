import { createHash } from 'node:crypto';

/** One of several functions that share the datasets of a project, each with an account and so a quota of its own. */
export interface WorkPartition {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** Whether a dataset, by its real name, is this partition's; null: all are. Every dataset is exactly one partition's. */
export function isOfPartition(partition: WorkPartition | null, dataset: string): boolean {
  if (partition === null) return true;
  const hash = createHash('sha256').update(dataset, 'utf8').digest();
  return hash.readUInt32BE(0) % partition.count === partition.index - 1;
}

/** `all`, or `shard-1-of-4`: what its metrics, its lease and its state are told apart by. */
export function partitionName(partition: WorkPartition | null): string {
  return partition === null ? 'all' : `shard-${partition.index}-of-${partition.count}`;
}
