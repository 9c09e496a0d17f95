import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOfPartition, partitionName, type WorkPartition } from '../../src/app/work-partition.ts';
import { RUNS } from '../support/runs.ts';

function shardsOf(count: number): readonly WorkPartition[] {
  return Array.from({ length: count }, (_, index) => ({ index: index + 1, count }));
}

function shardsWith(dataset: string, count: number): readonly number[] {
  return shardsOf(count)
    .filter((shard) => isOfPartition(shard, dataset))
    .map(({ index }) => index);
}

test("every dataset is exactly one shard's, however many there are", () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 99 }), (dataset, count) => {
      expect(shardsWith(dataset, count)).toHaveLength(1);
    }),
    RUNS,
  );
});

test.each(['commerce', '__proto__', 'constructor', ''])(
  'where there is one shard or none, %j is its own',
  (name) => {
    expect([isOfPartition(null, name), isOfPartition({ index: 1, count: 1 }, name)]).toEqual([true, true]);
  },
);

// Were this another one day, each shard's state would be about the datasets of another.
test.each([
  { dataset: 'commerce', shard: 4 },
  { dataset: 'analytics', shard: 2 },
  { dataset: 'Commerce', shard: 3 },
  { dataset: '__proto__', shard: 1 },
])('$dataset stays with shard $shard of 4', ({ dataset, shard }) => {
  expect(shardsWith(dataset, 4)).toEqual([shard]);
});

test('no shard of four is left without work by a thousand datasets, nor has half of it', () => {
  const counts = shardsOf(4).map(
    (shard) =>
      Array.from({ length: 1000 }, (_, index) => `dataset_${index}`).filter((name) =>
        isOfPartition(shard, name),
      ).length,
  );

  expect(counts.map((count) => count > 200 && count < 300)).toEqual([true, true, true, true]);
});

test.each<{ readonly shard: WorkPartition | null; readonly name: string }>([
  { shard: null, name: 'all' },
  { shard: { index: 1, count: 4 }, name: 'shard-1-of-4' },
  { shard: { index: 12, count: 12 }, name: 'shard-12-of-12' },
])('is called $name', ({ shard, name }) => {
  expect(partitionName(shard)).toBe(name);
});
