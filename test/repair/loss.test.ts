import { describe, expect, test } from 'vitest';
import { compareDataset } from '../../src/compare/dataset.ts';
import { compareTable } from '../../src/compare/table.ts';
import { contractOf, expectedTable } from '../../src/files/expected-table.ts';
import { canonicalTable } from '../../src/metadata/canonical.ts';
import { DATASET_SETTINGS, statedSettings } from '../../src/metadata/settings.ts';
import type { Kind } from '../../src/model/finding.ts';
import type { Resource } from '../../src/model/ports.ts';
import { publicFix } from '../../src/repair/format.ts';
import { fixFor as madeFor } from '../../src/repair/repair.ts';
import type { FixCase } from '../../src/repair/repair-case.ts';

/** As it is shown where nothing is remembered. */
function fixFor(fixCase: FixCase) {
  return publicFix({ fix: madeFor(fixCase) });
}

const NOW = new Date('2026-11-28T03:50:00Z');
const DAY = 86_400_000;
const SUBJECT = { project: 'my-project', dataset: 'shop', table: 'orders' };

function fixOf(kind: Kind, file: Resource, answer: Resource, subject = SUBJECT) {
  const expected = expectedTable(file);
  const actual = canonicalTable(answer);
  const changes = compareTable({ expected, actual, contract: contractOf(file) }).changes;
  const change = changes.find((candidate) => candidate.kind === kind);
  if (change === undefined) throw new Error(`no ${kind}`);
  return fixFor({ change, subject, expected, actual, now: NOW });
}

const byTime = (type: string, expirationMs: string | null): Resource => ({
  timePartitioning: { type, field: 'at', expirationMs },
});

describe('a shorter expiration of partitions', () => {
  // What ended before now less the period: rest/v2/tables#timepartitioning, docs/managing-partitioned-tables
  test.each([
    { type: 'HOUR', days: 90, start: '2026-08-30 03:00 UTC', id: '2026083003' },
    { type: 'DAY', days: 90, start: '2026-08-30', id: '20260830' },
    { type: 'DAY', days: 0.25, start: '2026-11-27', id: '20261127' },
    { type: 'MONTH', days: 90, start: '2026-08-01', id: '202608' },
    { type: 'YEAR', days: 400, start: '2025-01-01', id: '2025' },
    { type: 'DAY', days: 4_000_000, start: '0001-01-01', id: '00010101' },
  ])('$type, $days days: what began before $start goes', ({ type, days, start, id }) => {
    const fix = fixOf('partition-expiration', byTime(type, String(days * DAY)), byTime(type, null));
    expect(fix?.statements).toEqual([
      `-- deletes partitions before ${start}: this query counts them\nSELECT COUNT(*) AS partitions, SUM(total_rows) AS total_rows FROM \`my-project.shop.INFORMATION_SCHEMA.PARTITIONS\` WHERE table_name = 'orders' AND partition_id < '${id}' AND partition_id NOT IN ('__NULL__', '__UNPARTITIONED__')`,
      `-- deletes partitions before ${start}\nALTER TABLE \`my-project.shop.orders\` SET OPTIONS (partition_expiration_days = ${days})`,
    ]);
  });

  test('is counted under the table’s own name, whatever it is', () => {
    const table = "it's a shard_20261127";
    const fix = fixOf('partition-expiration', byTime('DAY', String(DAY)), byTime('DAY', null), {
      ...SUBJECT,
      table,
    });
    expect(fix?.statements[0]).toContain("WHERE table_name = 'it\\'s a shard_20261127' AND");
  });

  test('of a unit that is not known is no statement', () => {
    const actual = canonicalTable(byTime('WEEK', null));
    const change = { kind: 'partition-expiration', path: null, expected: String(DAY), actual: null } as const;
    expect(fixFor({ change, subject: SUBJECT, expected: {}, actual, now: NOW })).toEqual({
      how: 'none',
      statements: [],
      note: 'what a shorter expiration deletes is not known for WEEK',
    });
  });
});

describe('an expiration of the table that begins', () => {
  test('is no statement where it is past, or now', () => {
    for (const moment of [1, NOW.getTime() - 1, NOW.getTime()]) {
      expect(fixOf('table-expiration', { expirationTime: moment }, {})).toMatchObject({
        how: 'none',
        statements: [],
      });
    }
  });

  test('of a view says that the view goes, which has no rows to count', () => {
    const fix = fixOf('table-expiration', { expirationTime: '1800000000000' }, { type: 'VIEW' });
    expect(fix?.statements).toEqual([
      '-- deletes the view at 2027-01-15T08:00:00.000Z\nALTER VIEW `my-project.shop.orders` SET OPTIONS (expiration_timestamp = TIMESTAMP_MILLIS(1800000000000))',
    ]);
  });
});

describe('a table that is built anew', () => {
  const columns = { schema: { fields: [{ name: 'at', type: 'TIMESTAMP' }] } };
  const partitioned = { ...columns, timePartitioning: { type: 'DAY', field: 'at' } };

  test('keeps its own expiration, and is not offered where that is past', () => {
    const rebuilt = (expirationTime: string) =>
      fixOf('partitioning-missing', partitioned, { ...columns, expirationTime });
    expect(rebuilt('1800000000000')?.statements.join('\n')).toContain(
      'expiration_timestamp = TIMESTAMP_MILLIS(1800000000000)',
    );
    expect(rebuilt('1700000000000')).toMatchObject({ how: 'rebuild', statements: [] });
  });

  test('begins no expiration', () => {
    const file = {
      ...columns,
      timePartitioning: { type: 'DAY', field: 'at', expirationMs: String(DAY) },
      expirationTime: '1800000000000',
    };
    const statements = fixOf('partitioning-missing', file, columns)?.statements.join('\n');
    expect(statements).toContain('CREATE TABLE');
    expect(statements).not.toMatch(/expiration/);
  });
});

test.each([
  {
    expected: '48',
    actual: '168',
    first: '-- deletes history: what was changed or deleted before 2026-11-26 03:50 UTC',
  },
  { expected: '48', actual: '1000000000000000000', first: '-- deletes history: ' },
  { expected: '168', actual: '48', first: 'ALTER SCHEMA ' },
])('time travel of $expected hours instead of $actual', ({ expected, actual, first }) => {
  const { settings } = statedSettings(DATASET_SETTINGS, { maxTimeTravelHours: expected });
  const [change] = compareDataset(settings, { maxTimeTravelHours: actual }).changes;
  if (change === undefined) throw new Error('no change');
  const subject = { ...SUBJECT, table: null };
  const fix = fixFor({ change, subject, expected: null, actual: null, now: NOW });
  expect(String(fix?.statements[0]).startsWith(first)).toBe(true);
});
