import { describe, expect, test } from 'vitest';
import { createWorkQueue } from '../../../src/app/check/work-queue.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Looks that end when they are told to. */
function setUp() {
  const turns = createWorkQueue();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const frees = new Map<string, () => void>();
  const look = (name: string, free: () => void = () => {}) => {
    begun.push(name);
    frees.set(name, free);
    return new Promise<string>((resolve) => ends.set(name, () => resolve(`${name}!`)));
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    await settled();
  };
  return { turns, begun, look, end, free: (name: string) => frees.get(name)?.() };
}

describe('turns', () => {
  test('give the results in the order of the items, whichever came first', async () => {
    const { turns, look, end } = setUp();
    const results = turns.map(['a', 'b', 'c'], () => 0, look);
    turns.start();
    for (const name of ['c', 'a', 'b']) await end(name);

    expect(await results).toEqual(['a!', 'b!', 'c!']);
  });

  test('are given to nobody before the start, and then to the highest rank over all, else as they came', async () => {
    const { turns, begun, look } = setUp();
    const rank = (name: string) => Number(name.slice(1));
    void turns.map(['a0', 'b0', 'c1'], rank, look);
    void turns.map(['d0', 'e2', 'f1'], rank, look);
    expect(begun).toEqual([]);
    turns.start();

    expect(begun).toEqual(['e2', 'c1', 'f1', 'a0', 'b0', 'd0']);
  });

  test('are 500 at once; one that ends or is freed early lets another begin, and only one', async () => {
    const { turns, begun, look, end, free } = setUp();
    void turns.map(numbers(510).map(String), () => 0, look);
    turns.start();
    const counts = [begun.length];
    await end('3');
    counts.push(begun.length);
    free('7');
    counts.push(begun.length);
    await end('7');
    counts.push(begun.length);

    expect(counts).toEqual([500, 501, 502, 502]);
  });

  test('come next for who has no rank, ahead of all that wait', async () => {
    const { turns, begun, look, end } = setUp();
    void turns.map(numbers(501).map(String), () => 9, look);
    turns.start();
    const next = turns.next(() => look('second answer'));
    await end('0');
    await end('second answer');

    expect(begun.slice(500)).toEqual(['second answer', '500']);
    expect(await next).toBe('second answer!');
  });

  test('of nothing are over at once', async () => {
    expect(await setUp().turns.map([], () => 0, setUp().look)).toEqual([]);
  });

  test('pass a failure on, and their place to the next', async () => {
    const { turns, begun, look } = setUp();
    const failed = turns.map(
      ['bad'],
      () => 1,
      async () => Promise.reject(new Error('why')),
    );
    void turns.map(numbers(500).map(String), () => 0, look);
    turns.start();

    await expect(failed).rejects.toThrow('why');
    expect(begun).toHaveLength(500);
  });
});
