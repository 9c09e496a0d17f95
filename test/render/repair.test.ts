import { describe, expect, test } from 'vitest';
import type { Fix } from '../../src/model/finding.ts';
import { RESTORED_FROM, USUAL_WINDOW } from '../../src/model/restore.ts';
import { repairOf } from '../../src/render/repair.ts';
import { LAST_GOOD_AT, NOW } from './records.ts';

function fixOf(changes: Partial<Fix>): Fix {
  return { how: 'in-place', statements: [], note: null, ...changes };
}

describe('a repair', () => {
  test.each([
    { name: 'nothing certain can be said', fix: null },
    { name: 'there is nothing to say', fix: fixOf({ how: 'none' }) },
  ])('is none where $name', ({ fix }) => {
    expect(repairOf({ fix }, null)).toBeNull();
  });

  test('is its statements as they can be copied: SQL ends with a semicolon, a command of the shell does not', () => {
    const fix = fixOf({
      statements: ['ALTER TABLE `p.d.t` RENAME TO `u`', '\nSELECT 1;\n', 'bq cp a b'],
      note: 'stop writers',
    });
    expect(repairOf({ fix }, null)).toEqual({
      how: 'in-place',
      statements: ['ALTER TABLE `p.d.t` RENAME TO `u`;', 'SELECT 1;', 'bq cp a b'],
      note: 'stop writers',
    });
  });

  test('is a note where there is nothing to run, and may have none where there is', () => {
    expect([
      repairOf({ fix: fixOf({ how: 'none', note: 'copy its tables' }) }, null),
      repairOf({ fix: fixOf({ statements: ['SELECT 1'] }) }, null),
    ]).toEqual([
      { how: 'none', statements: [], note: 'copy its tables' },
      { how: 'in-place', statements: ['SELECT 1;'], note: '' },
    ]);
  });
});

describe('a repair that restores', () => {
  const fix = fixOf({
    how: 'restore',
    statements: [`bq cp d.t@${RESTORED_FROM} d.t_at_${RESTORED_FROM}`],
    note: `${RESTORED_FROM} is a moment before it went; time travel reaches back ${USUAL_WINDOW}`,
  });
  const restoring = (moment: string, window: string) => ({
    how: 'restore',
    statements: [`bq cp d.t@${moment} d.t_at_${moment}`],
    note: `${moment} is a moment before it went; time travel reaches back ${window}`,
  });
  const LAST_GOOD_MS = String(Date.parse(LAST_GOOD_AT));

  test.each<{
    readonly name: string;
    readonly lastGoodAt?: string | null;
    readonly timeTravelHours?: number | null;
    readonly now?: Date;
    readonly moment: string;
    readonly window: string;
  }>([
    { name: 'time travel is sure to reach back to it', moment: LAST_GOOD_MS, window: '7 days' },
    {
      name: 'time travel is sure to reach back to it for a minute more',
      now: new Date('2026-11-29T03:16:00.000Z'),
      moment: LAST_GOOD_MS,
      window: '7 days',
    },
    {
      name: 'time travel may not reach back to it any more',
      now: new Date('2026-11-29T03:17:00.000Z'),
      moment: RESTORED_FROM,
      window: '7 days',
    },
    {
      name: 'the dataset keeps less, and that is over',
      timeTravelHours: 48,
      now: new Date('2026-11-24T03:17:00.000Z'),
      moment: RESTORED_FROM,
      window: '2 days',
    },
    { name: 'it was never seen in order', lastGoodAt: null, moment: RESTORED_FROM, window: '7 days' },
    {
      name: 'nothing is known of the dataset, and the least window reaches back to it',
      timeTravelHours: null,
      moment: LAST_GOOD_MS,
      window: USUAL_WINDOW,
    },
    {
      name: 'nothing is known of the dataset, and the least window reaches back to it no more',
      timeTravelHours: null,
      now: new Date('2026-11-24T03:17:00.000Z'),
      moment: RESTORED_FROM,
      window: USUAL_WINDOW,
    },
  ])(
    'says the moment it was last in order, and the window of the dataset, as far as they are known: $name',
    ({ lastGoodAt = LAST_GOOD_AT, timeTravelHours = 168, now = NOW, moment, window }) => {
      expect(repairOf({ fix }, { memo: { lastGoodAt, timeTravelHours }, now })).toEqual(
        restoring(moment, window),
      );
    },
  );

  test('leaves both open where nothing is remembered', () => {
    expect(repairOf({ fix }, null)).toEqual(restoring(RESTORED_FROM, USUAL_WINDOW));
  });
});
