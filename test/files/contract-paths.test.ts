import { expect, test } from 'vitest';
import { withoutContractPaths } from '../../src/files/contract-paths.ts';

test('paths that are gone leave the contract, consumers stay', () => {
  const file = JSON.parse(
    '{"contract":{"owner":"o","criticalFields":["a","b"],"consumers":{"web":["b"],"__proto__":["a","b"]}}}',
  );
  expect(JSON.stringify(withoutContractPaths(file, (path) => path === 'b'))).toBe(
    '{"contract":{"owner":"o","criticalFields":["a"],"consumers":{"web":[],"__proto__":["a"]}}}',
  );
  expect(withoutContractPaths({}, () => true)).toEqual({});
});
