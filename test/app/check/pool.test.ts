import { describe, expect, test } from 'vitest';
import { createPool, forEachInTurn } from '../../../src/app/check/pool.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Looks that end when they are told to. */
function setUp() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const frees = new Map<string, () => void>();
  const look = async (name: string, release: () => void = () => {}) => {
    begun.push(name);
    frees.set(name, release);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    return `${name}!`;
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    await settled();
  };
  const free = async (name: string) => {
    frees.get(name)?.();
    await settled();
  };
  const each = (names: readonly string[]) =>
    forEachInTurn(names, async (name, release) => {
      await look(name, release);
    });
  return { begun, look, each, end, free };
}

describe('items in turn', () => {
  test('begin in their order, and are over when all are, whichever ends first', async () => {
    const { begun, each, end } = setUp();
    let isOver = false;
    const all = each(['a', 'b', 'c']).then(() => {
      isOver = true;
    });
    const over: boolean[] = [];
    for (const name of ['c', 'a', 'b']) {
      await end(name);
      over.push(isOver);
    }
    await all;

    expect({ begun, over }).toEqual({ begun: ['a', 'b', 'c'], over: [false, false, true] });
  });

  test('are 500 at once; one that ends or is released early lets another begin, and only one', async () => {
    const { begun, each, end, free } = setUp();
    void each(numbers(510).map(String));
    const counts = [begun.length];
    await end('3');
    counts.push(begun.length);
    await free('7');
    counts.push(begun.length);
    await end('7');
    counts.push(begun.length);

    expect(counts).toEqual([500, 501, 502, 502]);
  });

  test('are not over before one that was released early', async () => {
    const { each, end, free } = setUp();
    let isOver = false;
    const all = each(['a']).then(() => {
      isOver = true;
    });
    await free('a');
    const before = isOver;
    await end('a');
    await all;

    expect([before, isOver]).toEqual([false, true]);
  });

  test('of nothing are over at once', async () => {
    await setUp().each([]);
  });

  test('pass a failure on, also one that comes after the release, and their place to the next', async () => {
    const { begun, look } = setUp();
    const failing = forEachInTurn(['bad', ...numbers(500).map(String)], async (name, release) => {
      if (name !== 'bad') return void (await look(name));
      release();
      throw new Error('why');
    });

    await expect(failing).rejects.toThrow('why');
    expect(begun).toHaveLength(500);
  });
});

describe('a pool', () => {
  test('does 500 at once, the others as they came, and passes results and failures on', async () => {
    const { begun, look, end } = setUp();
    const pool = createPool();
    const failed = pool(async () => Promise.reject(new Error('why')));
    const results = numbers(502).map((number) => pool(() => look(String(number))));
    await expect(failed).rejects.toThrow('why');
    await settled();
    const before = begun.length;
    await end('1');
    await end('500');

    expect({ before, last: begun.slice(500) }).toEqual({ before: 500, last: ['500', '501'] });
    expect(await results[1]).toBe('1!');
    expect(await results[500]).toBe('500!');
  });
});
