import { describe, expect, test } from 'vitest';
import { KINDS } from '../../src/kinds/index.ts';
import type { Finding } from '../../src/model/finding.ts';
import { recoveryClock } from '../../src/repair/recovery.ts';
import { findingOf, LAST_GOOD_AT, lostField, lostTable, memoOf, NOW } from '../support/records.ts';

const DAY_MS = 24 * 3_600_000;
const days = (count: number) => String(count * DAY_MS);

function clockOf(
  finding: Finding,
  {
    timeTravelHours = 168,
    now = NOW,
    lastGoodAt = LAST_GOOD_AT,
  }: {
    readonly timeTravelHours?: number | null;
    readonly now?: Date;
    readonly lastGoodAt?: string | null;
  } = {},
): string | null {
  return recoveryClock(finding, { memo: memoOf(finding, lastGoodAt, timeTravelHours), now });
}

describe('the recovery clock', () => {
  test.each([
    { name: 'a week, the default', timeTravelHours: 168, until: '2026-11-29 03:17 UTC' },
    { name: 'two days, the least', timeTravelHours: 48, until: '2026-11-24 03:17 UTC' },
    { name: 'not known, so at least two days', timeTravelHours: null, until: '2026-11-24 03:17 UTC' },
  ])(
    'runs from the last good run for as long as time travel reaches: $name',
    ({ timeTravelHours, until }) => {
      const clock = clockOf(lostTable(), { timeTravelHours });
      expect(clock?.match(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g)).toEqual(['2026-11-22 03:17 UTC', until]);
    },
  );

  test('says how long that is from now', () => {
    expect(clockOf(lostTable())).toContain('(6 days 19 hours from now)');
  });

  test('of a dataset that nothing is known of runs for the least time, too', () => {
    const finding = lostTable();
    const clock = recoveryClock(finding, { memo: memoOf(finding, LAST_GOOD_AT, null), now: NOW });
    expect(clock).toContain('2026-11-24 03:17 UTC');
  });

  test.each([
    { name: 'at its very end', now: '2026-11-29T03:17:00.000Z' },
    { name: 'long ago', now: '2026-12-02T03:17:00.000Z' },
  ])('promises nothing of time travel when it has run out $name', ({ now }) => {
    const clock = clockOf(lostTable(), { now: new Date(now) }) ?? '';
    expect({ promises: /until at least|from now/.test(clock), isSaid: clock !== '' }).toEqual({
      promises: false,
      isSaid: true,
    });
  });

  test.each([
    { name: 'a minute before they delete it, too', now: '2026-12-06T03:16:00.000Z', isNamed: true },
    { name: 'from then on', now: '2026-12-06T03:17:00.000Z', isNamed: false },
  ])('names those who may still have it, for a week after time travel: $name', ({ now, isNamed }) => {
    const care = '; Cloud Customer Care may still have it until 2026-12-06 03:17 UTC';
    expect(clockOf(lostTable(), { now: new Date(now) })).toBe(
      `Last seen in order at 2026-11-22 03:17 UTC: it may be too late for time travel, since 2026-11-29 03:17 UTC${isNamed ? care : ''}.`,
    );
  });

  test('is still running a minute before its end', () => {
    expect(clockOf(lostTable(), { now: new Date('2026-11-29T03:16:00.000Z') })).toContain(
      'until at least 2026-11-29 03:17 UTC (1 minute from now)',
    );
  });

  test.each([
    { name: 'a table that was never seen', finding: lostTable() },
    { name: 'a column of a table that was never seen without the finding', finding: lostField() },
  ])('is not known of $name', ({ finding }) => {
    expect(clockOf(finding, { lastGoodAt: null })).toBeNull();
  });

  const EXPIRES_AT = Date.parse('2026-12-22T03:17:00.000Z');
  const byPartitions = { type: 'caused-by', of: 'partitions' } as const;
  const byTable = {
    type: 'caused-by',
    of: 'table',
    expirationTime: String(EXPIRES_AT),
  } as const;

  test.each([
    { name: 'a dataset', finding: findingOf({ kind: 'dataset-missing', expected: 'DATASET', table: null }) },
    { name: 'a table', finding: lostTable() },
    { name: 'a column', finding: lostField() },
    {
      name: 'a table whose place a view has taken',
      finding: findingOf({ kind: 'table-type', expected: 'TABLE', actual: 'VIEW' }),
    },
    {
      name: 'partitions that should never expire',
      finding: findingOf({ kind: 'partition-expiration', expected: null, actual: days(30) }),
    },
    {
      name: 'partitions that expire sooner',
      finding: findingOf({ kind: 'partition-expiration', expected: days(60), actual: days(7) }),
    },
    {
      name: 'partitions that the contract keeps longer',
      finding: findingOf({
        kind: 'retention',
        expected: days(730),
        actual: days(30),
        context: byPartitions,
      }),
    },
  ])('runs for $name', ({ finding }) => {
    expect(clockOf(finding)).toContain('2026-11-29 03:17 UTC');
  });

  test.each([
    { name: 'a view, which has no data', finding: lostTable({ expected: 'VIEW' }) },
    { name: 'an external table, whose files stay', finding: lostTable({ expected: 'EXTERNAL' }) },
    { name: 'a snapshot', finding: lostTable({ expected: 'SNAPSHOT' }) },
    {
      name: 'partitions that expire later',
      finding: findingOf({ kind: 'partition-expiration', expected: days(7), actual: days(60) }),
    },
    {
      name: 'partitions that never expire',
      finding: findingOf({ kind: 'partition-expiration', expected: days(7), actual: null }),
    },
    {
      name: 'a view in the place of another view',
      finding: findingOf({ kind: 'table-type', expected: 'VIEW' }),
    },
    {
      name: 'a table that is kept longer than it should be',
      finding: findingOf({ kind: 'table-expiration', expected: String(EXPIRES_AT), actual: null }),
    },
    {
      name: 'a table that expires at no moment that BigQuery has',
      finding: findingOf({ kind: 'table-expiration', actual: '9223372036854775807' }),
    },
  ])('does not run for $name', ({ finding }) => {
    expect(clockOf(finding)).toBeNull();
  });

  /** All that can be lost of what is there. */
  const lossesOf = (actualType: string) => [
    lostField({ actualType }),
    findingOf({
      kind: 'retention',
      expected: days(730),
      actual: days(30),
      context: byPartitions,
      actualType,
    }),
    findingOf({ kind: 'partition-expiration', expected: null, actual: days(30), actualType }),
  ];

  test.each(['VIEW', 'MATERIALIZED_VIEW', 'EXTERNAL'])(
    'does not run for what holds no rows of its own: %s',
    (actualType) => {
      expect(lossesOf(actualType).map((finding) => clockOf(finding))).toEqual([null, null, null]);
    },
  );

  test('runs for what holds rows, as it says itself', () => {
    expect(lossesOf('TABLE').map((finding) => clockOf(finding))).toEqual([
      expect.stringContaining('what was dropped since can be restored'),
      expect.stringContaining('partitions deleted since can be restored'),
      expect.stringContaining('partitions deleted since can be restored'),
    ]);
  });

  describe('of a table that will be deleted', () => {
    const expiring = [
      {
        name: 'though it should stay',
        finding: findingOf({ kind: 'table-expiration', expected: null, actual: String(EXPIRES_AT) }),
      },
      {
        name: 'before its contract allows it',
        finding: findingOf({ kind: 'retention', expected: days(730), actual: days(30), context: byTable }),
      },
    ];

    test.each(expiring)('says when, and for how long it can be restored then: $name', ({ finding }) => {
      const clock =
        'BigQuery deletes it at 2026-12-22 03:17 UTC (29 days 19 hours from now); time travel can restore it for 4 days after that.';
      expect({
        known: clockOf(finding, { timeTravelHours: 96 }),
        neverRead: clockOf(finding, { timeTravelHours: 96, lastGoodAt: null }),
      }).toEqual({ known: clock, neverRead: clock });
    });

    test.each(expiring)('says no more than that of a view, which has no rows: $name', ({ finding }) => {
      const view = { ...finding, actualType: 'VIEW' };
      expect([clockOf(view), clockOf(view, { now: new Date(EXPIRES_AT) })]).toEqual([
        'BigQuery deletes it at 2026-12-22 03:17 UTC (29 days 19 hours from now).',
        'It expired at 2026-12-22 03:17 UTC, so BigQuery deletes it at any moment.',
      ]);
    });

    test.each(expiring)('promises the least window where its own is not known: $name', ({ finding }) => {
      expect(clockOf(finding, { timeTravelHours: null })).toContain(
        'restore it for at least 2 days after that',
      );
    });

    test.each(expiring)('says that it is due from the moment on: $name', ({ finding }) => {
      expect(clockOf(finding, { now: new Date(EXPIRES_AT) })).toBe(
        'It expired at 2026-12-22 03:17 UTC, so BigQuery deletes it at any moment; time travel can restore it for 7 days after that.',
      );
    });
  });

  test('runs for no kind by which nothing is lost', () => {
    const running = KINDS.filter(({ id }) => {
      const expected = id === 'table-missing' || id === 'table-type' ? 'TABLE' : days(60);
      return clockOf(findingOf({ kind: id, path: 'a', expected, actual: days(7) })) !== null;
    });
    expect(running.map(({ id }) => id)).toEqual([
      'dataset-missing',
      'table-missing',
      'table-type',
      'table-expiration',
      'field-missing',
      'partition-expiration',
      'retention',
    ]);
  });
});
