import { describe, expect, test } from 'vitest';
import { pairByKey } from '../../src/compare/pair.ts';

const key = (name: string) => name.toLowerCase();

describe('pairByKey', () => {
  test('keeps the order of each side in each of the three groups', () => {
    expect(pairByKey({ expected: ['d', 'b', 'a', 'c'], actual: ['x', 'A', 'w', 'B'], key })).toEqual({
      missing: ['d', 'c'],
      unexpected: ['x', 'w'],
      matched: [
        ['b', 'B'],
        ['a', 'A'],
      ],
    });
  });

  test('pairs the first of several with one key and leaves the others alone', () => {
    expect(pairByKey({ expected: ['a', 'A'], actual: ['b', 'B', 'a'], key })).toEqual({
      missing: ['A'],
      unexpected: ['b', 'B'],
      matched: [['a', 'a']],
    });
  });

  test.each([
    { side: 'expected', expected: [], actual: ['a'], missing: [], unexpected: ['a'] },
    { side: 'actual', expected: ['a'], actual: [], missing: ['a'], unexpected: [] },
    { side: 'either side', expected: [], actual: [], missing: [], unexpected: [] },
  ])('pairs nothing when $side is empty', ({ expected, actual, missing, unexpected }) => {
    expect(pairByKey<string>({ expected, actual, key })).toEqual({ missing, unexpected, matched: [] });
  });

  test('takes names of object members for names like any other', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    expect(pairByKey({ expected: names, actual: ['tostring'], key })).toEqual({
      missing: ['__proto__', 'constructor'],
      unexpected: [],
      matched: [['toString', 'tostring']],
    });
  });
});
