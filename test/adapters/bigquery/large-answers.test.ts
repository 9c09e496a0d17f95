import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { createAnswerReader } from '../../../src/adapters/bigquery/large-answers.ts';

const LARGE = 3 * 1024 * 1024;
const limit = <T>(part: () => Promise<T>) => part();

/** An answer of so many bytes; counts in `taken` what was read of it. */
function answer(bytes: number, taken: { bytes: number }): Readable {
  return Readable.from(
    (async function* chunks() {
      for (let left = bytes; left > 0; left -= 65_536) {
        const chunk = Buffer.alloc(Math.min(left, 65_536), 'a');
        taken.bytes += chunk.byteLength;
        yield chunk;
      }
    })(),
    { objectMode: false, highWaterMark: 65_536 },
  );
}

test('of many large answers one at a time is held, and small ones wait for none of them', async () => {
  const reader = createAnswerReader();
  const taken = { bytes: 0 };
  const most: number[] = [];
  let letGo = 0;
  const parse = (text: string) => {
    // What was taken and not yet let go: one whole answer, and of the others the beginning.
    most.push(taken.bytes - letGo);
    letGo += text.length;
    return text.length;
  };
  const reads = Array.from({ length: 12 }, () => reader.read(answer(LARGE, taken), { limit, parse }));
  const small = reader.read(answer(1000, { bytes: 0 }), { limit, parse: (text) => text.length });

  expect(await small).toBe(1000);
  expect(await Promise.all(reads)).toEqual(reads.map(() => LARGE));
  expect(Math.max(...most)).toBeLessThan(LARGE + 12 * 1.5 * 1024 * 1024);
});

test('an answer that breaks off, or is given up, lets the next one be read', async () => {
  const reader = createAnswerReader();
  const broken = Readable.from(
    (async function* chunks() {
      yield Buffer.alloc(2 * 1024 * 1024, 'a');
      throw new Error('reset');
    })(),
  );
  const parse = (text: string) => text.length;
  const first = reader.read(broken, { limit, parse });
  const second = reader.read(answer(LARGE, { bytes: 0 }), { limit, parse });

  await expect(first).rejects.toThrow('reset');
  expect(await second).toBe(LARGE);
});

test('an answer without an end is given up at 64 MB', async () => {
  const taken = { bytes: 0 };
  const read = createAnswerReader().read(answer(1024 * 1024 * 1024, taken), { limit, parse: () => null });

  await expect(read).rejects.toThrow('the answer is longer than 64 MB');
  expect(taken.bytes).toBeLessThan(66 * 1024 * 1024);
});
