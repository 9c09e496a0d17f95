import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesPattern } from '../../src/model/pattern.ts';

describe('matchesPattern', () => {
  test.each([
    { pattern: 'commerce.raffles', dataset: 'commerce', table: 'raffles' },
    { pattern: 'commerce.*', dataset: 'commerce', table: 'raffles' },
    { pattern: '*.tmp_*', dataset: 'commerce', table: 'tmp_load' },
    { pattern: '*.tmp_*', dataset: 'commerce', table: 'tmp_' },
    { pattern: '*', dataset: 'commerce', table: 'raffles' },
    { pattern: '*.*', dataset: 'commerce', table: 'raffles' },
    { pattern: '**.raffles', dataset: 'commerce', table: 'raffles' },
    { pattern: 'analytics_*.*', dataset: 'analytics_eu', table: 'events_YYYYMMDD' },
    { pattern: 'd.a|b', dataset: 'd', table: 'a|b' },
    { pattern: 'd.sum (net)', dataset: 'd', table: 'sum (net)' },
    { pattern: 'd.[x]', dataset: 'd', table: '[x]' },
    { pattern: 'd.a\\b', dataset: 'd', table: 'a\\b' },
    { pattern: 'd.*', dataset: 'd', table: 'two\nlines' },
    { pattern: 'd.заказы-*', dataset: 'd', table: 'заказы-2026' },
  ])('lets $pattern cover the table $dataset.$table', ({ pattern, dataset, table }) => {
    expect(matchesPattern(pattern, { dataset, table })).toBe(true);
  });

  test.each([
    { pattern: 'commerce.raffle', dataset: 'commerce', table: 'raffles' },
    { pattern: 'raffles', dataset: 'commerce', table: 'raffles' },
    { pattern: 'commerce', dataset: 'commerce', table: 'raffles' },
    { pattern: 'Commerce.raffles', dataset: 'commerce', table: 'raffles' },
    { pattern: 'commerce.Raffles', dataset: 'commerce', table: 'raffles' },
    { pattern: '*.tmp_*', dataset: 'commerce', table: 'x_tmp_load' },
    { pattern: 'commerce.raffle.', dataset: 'commerce', table: 'raffles' },
    { pattern: 'd.[x]', dataset: 'd', table: 'x' },
    { pattern: 'd.a|b', dataset: 'd', table: 'a' },
    { pattern: 'd?t', dataset: 'd', table: 't' },
    { pattern: '', dataset: 'd', table: 't' },
  ])('does not let $pattern cover the table $dataset.$table', ({ pattern, dataset, table }) => {
    expect(matchesPattern(pattern, { dataset, table })).toBe(false);
  });

  test.each([
    { pattern: 'scratch.*', dataset: 'scratch', covers: true },
    { pattern: 'scratch', dataset: 'scratch', covers: true },
    { pattern: 'scratch_*.*', dataset: 'scratch_anna', covers: true },
    { pattern: '*', dataset: 'scratch', covers: true },
    { pattern: '*.*', dataset: 'scratch', covers: true },
    { pattern: 'scratch.*', dataset: 'scratch2', covers: false },
    { pattern: 'scratch.tmp_*', dataset: 'scratch', covers: false },
    { pattern: '*.tmp_*', dataset: 'scratch', covers: false },
    { pattern: 'scratch.raffles', dataset: 'scratch', covers: false },
  ])('says $covers to whether $pattern covers the dataset $dataset', ({ pattern, dataset, covers }) => {
    expect(matchesPattern(pattern, { dataset, table: null })).toBe(covers);
  });
});

test('a pattern means what a regular expression with `.*` for its stars means', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '_', '.'), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '_', '.', '*'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, text, (glob, dataset, table) => {
      const meaning = new RegExp(`^${glob.replaceAll('.', '\\.').replace(/\*+/g, '.*')}$`, 's');
      return matchesPattern(glob, { dataset, table }) === meaning.test(`${dataset}.${table}`);
    }),
    { numRuns: 5000 },
  );
});
