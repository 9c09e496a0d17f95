import { expect, test } from 'vitest';
import { restate, withoutContractPaths } from '../../src/files/restate.ts';
import type { Change } from '../../src/model/finding.ts';

test('paths that are gone leave the contract, consumers stay', () => {
  const file = JSON.parse(
    '{"contract":{"owner":"o","criticalFields":["a","b"],"consumers":{"web":["b"],"__proto__":["a","b"]}}}',
  );
  expect(JSON.stringify(withoutContractPaths(file, (path) => path === 'b'))).toBe(
    '{"contract":{"owner":"o","criticalFields":["a"],"consumers":{"web":[],"__proto__":["a"]}}}',
  );
  expect(withoutContractPaths({}, () => true)).toEqual({});
});

test('a label may be named like a block of a resource', () => {
  const only: readonly Change[] = [{ kind: 'table-labels', path: null, expected: null, actual: null }];
  const file = { labels: { labels: 'a', gone: 'b' } };
  expect(restate({ file, actual: { labels: { labels: 'c' } }, only })).toEqual({
    labels: { labels: 'c', gone: null },
  });
});
