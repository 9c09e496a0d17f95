import { describe, expect, test } from 'vitest';
import { compareRetention } from '../../src/kinds/partitioning.ts';

const DAY = 86_400_000;
const retention = { text: 'P90D', ms: 90 * DAY };
const CREATED = 1_700_000_000_000;
const days = (count: number) => String(count * DAY);
const expiresAfter = (count: number) => String(CREATED + count * DAY);

const keptForEver = { partitionExpirationMs: null, expirationTime: null, creationTime: String(CREATED) };

function finding(actual: string, of: 'partitions' | 'table', expirationTime?: string) {
  const context = { type: 'caused-by', of, ...(expirationTime && { expirationTime }) };
  return { expected: days(90), actual, context };
}

describe('compareRetention', () => {
  test.each([
    {
      name: 'partitions that expire too early',
      actual: { ...keptForEver, partitionExpirationMs: days(89) },
      found: finding(days(89), 'partitions'),
    },
    {
      name: 'a table that expires too early',
      actual: { ...keptForEver, expirationTime: expiresAfter(60) },
      found: finding(days(60), 'table', expiresAfter(60)),
    },
    {
      name: 'one millisecond too few',
      actual: { ...keptForEver, partitionExpirationMs: String(90 * DAY - 1) },
      found: finding(String(90 * DAY - 1), 'partitions'),
    },
    {
      name: 'the table where it goes before its partitions',
      actual: { ...keptForEver, partitionExpirationMs: days(60), expirationTime: expiresAfter(30) },
      found: finding(days(30), 'table', expiresAfter(30)),
    },
    {
      name: 'the partitions where they go before the table',
      actual: { ...keptForEver, partitionExpirationMs: days(30), expirationTime: expiresAfter(60) },
      found: finding(days(30), 'partitions'),
    },
    {
      name: 'the partitions where only they go too early',
      actual: { ...keptForEver, partitionExpirationMs: days(30), expirationTime: expiresAfter(91) },
      found: finding(days(30), 'partitions'),
    },
    {
      name: 'the partitions alone where nothing says when the table was created',
      actual: { partitionExpirationMs: days(60), expirationTime: expiresAfter(30), creationTime: null },
      found: finding(days(60), 'partitions'),
    },
    {
      name: 'a table that has expired before it was created',
      actual: { ...keptForEver, expirationTime: expiresAfter(-1) },
      found: finding(days(-1), 'table', expiresAfter(-1)),
    },
  ])('names $name', ({ actual, found }) => {
    expect(compareRetention(actual, { retention })).toEqual(found);
  });

  test.each([
    { name: 'never expires', actual: keptForEver },
    { name: 'is kept exactly as long', actual: { ...keptForEver, partitionExpirationMs: days(90) } },
    { name: 'expires exactly then', actual: { ...keptForEver, expirationTime: expiresAfter(90) } },
    { name: 'is kept longer', actual: { ...keptForEver, partitionExpirationMs: days(91) } },
    {
      name: 'expires, nobody knows how long after its creation',
      actual: { ...keptForEver, creationTime: null, expirationTime: expiresAfter(30) },
    },
    {
      name: 'is kept for longer than a double can count',
      actual: { ...keptForEver, partitionExpirationMs: '9223372036854775807' },
    },
  ])('finds nothing where data $name', ({ actual }) => {
    expect(compareRetention(actual, { retention })).toBeNull();
  });

  test('finds nothing where no retention is declared', () => {
    expect(compareRetention({ ...keptForEver, partitionExpirationMs: '1' }, { retention: null })).toBeNull();
  });
});
