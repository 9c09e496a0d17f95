import { expect, test } from 'vitest';
import { restate } from '../../src/files/restate.ts';
import type { Change } from '../../src/model/finding.ts';

test('a label may be named like a block of a resource', () => {
  const only: readonly Change[] = [{ kind: 'table-labels', path: null, expected: null, actual: null }];
  const file = { labels: { labels: 'a', gone: 'b' } };
  expect(restate({ file, actual: { labels: { labels: 'c' } }, only })).toEqual({
    labels: { labels: 'c', gone: null },
  });
});
