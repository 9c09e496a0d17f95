import { describe, expect, test } from 'vitest';
import { bq, type Fix, MEANING, MOMENT, sql, UNTIL, withBlanks } from '../../src/model/fix.ts';
import { copyable, repairOf as repairAsDataOf } from '../../src/repair/format.ts';
import { LAST_GOOD_AT, NOW } from '../support/records.ts';

/** As it can be copied. */
function repairOf(...args: Parameters<typeof repairAsDataOf>) {
  const repair = repairAsDataOf(...args);
  if (repair === null) return null;
  const statements = copyable(repair.statements).map((lines) => lines.join('\n'));
  return { ...repair, statements };
}

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
      statements: [sql('ALTER TABLE `p.d.t` RENAME TO `u`'), sql('\nSELECT 1;\n'), bq('bq cp a b')],
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
      repairOf({ fix: fixOf({ statements: [sql('SELECT 1')] }) }, null),
    ]).toEqual([
      { how: 'none', statements: [], note: 'copy its tables' },
      { how: 'in-place', statements: ['SELECT 1;'], note: null },
    ]);
  });
});

describe('a repair that restores', () => {
  const fix = fixOf({
    how: 'restore',
    statements: [bq(withBlanks`bq cp d.t@${MOMENT} d.t_at_${MOMENT}`)],
    note: withBlanks`${MEANING}; it can be restored ${UNTIL}`,
  });
  const LAST_GOOD_MS = String(Date.parse(LAST_GOOD_AT));
  const restoring = (moment: string, until: string) => ({
    how: 'restore',
    statements: [`bq cp d.t@${moment} d.t_at_${moment}`],
    note: `${moment === LAST_GOOD_MS ? `${moment} is 2026-11-22 03:17 UTC, when it was last seen in order` : '<ms> is a moment before it went, in milliseconds since 1970'}; it can be restored ${until}`,
  });

  test.each<{
    readonly name: string;
    readonly lastGoodAt?: string | null;
    readonly timeTravelHours?: number | null;
    readonly now?: Date;
    readonly moment: string;
    readonly until: string;
  }>([
    {
      name: 'time travel is sure to reach back to it',
      moment: LAST_GOOD_MS,
      until: 'until at least 2026-11-29 03:17 UTC',
    },
    {
      name: 'time travel is sure to reach back to it for a minute more',
      now: new Date('2026-11-29T03:16:00.000Z'),
      moment: LAST_GOOD_MS,
      until: 'until at least 2026-11-29 03:17 UTC',
    },
    {
      name: 'time travel may not reach back to it any more',
      now: new Date('2026-11-29T03:17:00.000Z'),
      moment: '<ms>',
      until: 'for 7 days after it went, which may be over',
    },
    {
      name: 'the dataset keeps less, and that is over',
      timeTravelHours: 48,
      now: new Date('2026-11-24T03:17:00.000Z'),
      moment: '<ms>',
      until: 'for 2 days after it went, which may be over',
    },
    {
      name: 'it was never seen in order',
      lastGoodAt: null,
      moment: '<ms>',
      until: 'for 7 days after it went: until 2026-11-29 08:17 UTC at the latest',
    },
    {
      name: 'nothing is known of the dataset, and the least window reaches back to it',
      timeTravelHours: null,
      moment: LAST_GOOD_MS,
      until: 'until at least 2026-11-24 03:17 UTC',
    },
    {
      name: 'nothing is known of the dataset, and the least window reaches back to it no more',
      timeTravelHours: null,
      now: new Date('2026-11-24T03:17:00.000Z'),
      moment: '<ms>',
      until: 'for 7 days at most after it went, which may be over',
    },
  ])(
    'says the moment it was last in order, and until when it can be restored, as far as they are known: $name',
    ({ lastGoodAt = LAST_GOOD_AT, timeTravelHours = 168, now = NOW, moment, until }) => {
      expect(repairOf({ fix }, { memo: { lastGoodAt, timeTravelHours }, now })).toEqual(
        restoring(moment, until),
      );
    },
  );

  test('leaves the moment open where nothing is remembered, and says the window of the dataset that was read', () => {
    const saysOf = (hours: number | null) =>
      repairOf({ fix, timeTravel: { hours, now: new Date('2026-11-22T03:17:00.000Z') } }, null);
    expect([saysOf(48), saysOf(null), repairOf({ fix }, null)]).toEqual([
      restoring('<ms>', 'for 2 days after it went: until 2026-11-24 03:17 UTC at the latest'),
      restoring('<ms>', 'for 7 days at most after it went: until 2026-11-29 03:17 UTC at the latest'),
      restoring('<ms>', 'for 7 days at most after it went'),
    ]);
  });

  test('fills nothing into a name', () => {
    const named = fixOf({
      statements: [
        sql(`ALTER TABLE t ADD COLUMN ${'`amount <ms>`'} INT64`),
        bq(withBlanks`bq show ${'amount <ms>'}`),
      ],
    });
    const memo = { lastGoodAt: LAST_GOOD_AT, timeTravelHours: 168 };
    expect(repairOf({ fix: named }, { memo, now: NOW })?.statements).toEqual([
      'ALTER TABLE t ADD COLUMN `amount <ms>` INT64;',
      'bq show amount <ms>',
    ]);
  });

  test('ends SQL on a line of its own where a comment would hide the end', () => {
    const commented = fixOf({
      statements: [sql('CREATE VIEW v AS SELECT 1 -- one'), bq('# see\nbq show v')],
    });
    expect(repairOf({ fix: commented }, null)?.statements).toEqual([
      'CREATE VIEW v AS SELECT 1 -- one\n;',
      '# see\nbq show v',
    ]);
  });
});
