import { expect, test } from 'vitest';
import { starvedBefore } from '../../../src/app/check/starvation.ts';
import { rememberRun } from '../../../src/incidents/lifecycle.ts';
import { emptyState, type State } from '../../../src/incidents/state.ts';
import { hour, PROJECT, policy, report, scanOf, unchecked } from '../../incidents/story.ts';

/** What is remembered of runs with these entries, one after the other. */
function after(...runs: readonly (readonly ReturnType<typeof unchecked>[])[]): State['unchecked'] {
  return runs.reduce(
    (state, entries, number) =>
      rememberRun(state, {
        now: hour(number),
        report: report({ unchecked: entries }),
        scan: scanOf([]),
        policy,
        channel: 'slack',
        alertImmediately: false,
        nothingRead: false,
      }),
    emptyState(PROJECT),
  ).unchecked;
}

const late = (table: string | null, dataset = 'sales') =>
  unchecked({ dataset, table, reason: 'out-of-time', detail: 'late' });

test('the runs in a row that had no time for a table are counted', () => {
  const leftOut = starvedBefore(after([late('orders'), late('items')], [late('orders')]));

  expect(['orders', 'items', 'others'].map((table) => leftOut({ dataset: 'sales', table }))).toEqual([
    2, 0, 0,
  ]);
});

test('a dataset of which nothing was read counts for its tables, and for no others', () => {
  const leftOut = starvedBefore(after([late(null)]));

  expect([
    leftOut({ dataset: 'sales', table: 'orders' }),
    leftOut({ dataset: 'sales', table: null }),
    leftOut({ dataset: 'crm', table: 'orders' }),
  ]).toEqual([1, 1, 0]);
});

test('what could not be read for another reason is not left out', () => {
  const leftOut = starvedBefore(after([unchecked({ table: 'orders', reason: 'denied' })]));

  expect(leftOut({ dataset: 'sales', table: 'orders' })).toBe(0);
});
