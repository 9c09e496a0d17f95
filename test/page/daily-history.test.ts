import { describe, expect, test } from 'vitest';
import type { HistoryPoint } from '../../src/incidents/state.ts';
import { chartOf, daysOf } from '../../src/page/daily-history.ts';

const NOW = new Date('2026-11-22T12:00:00.000Z');
const HOUR_MS = 3_600_000;

/** A run so many hours ago, with so many critical findings. */
function point(hoursAgo: number, critical = 0): HistoryPoint {
  return {
    at: new Date(NOW.getTime() - hoursAgo * HOUR_MS).toISOString(),
    findings: { critical, warning: 0, info: 0 },
    tables: { inSync: 1, drifted: 0, unchecked: 0 },
  };
}

/** Hours ago, which are easier to read than shares of the width; the newest run has a hundredth of the span to itself. */
function hoursAgo(share: number, spanHours: number): number {
  return Math.round((1 - share * 1.01) * spanHours * 100) / 100;
}

function criticalSteps(history: readonly HistoryPoint[], spanHours: number) {
  const chart = chartOf(history, NOW);
  const ago = (share: number) => hoursAgo(share, spanHours);
  return {
    steps: chart?.lanes[0]?.steps.map(({ from, to, count }) => [ago(from), ago(to), count]),
    gaps: chart?.gaps.map(({ from, to }) => [ago(from), ago(to)]),
  };
}

const hourly = (from: number, to: number, critical = 0) =>
  Array.from({ length: from - to + 1 }, (_, index) => point(from - index, critical));

describe('chartOf', () => {
  test('holds a count until the next run, and neighbours of one height as one', () => {
    expect(criticalSteps([...hourly(48, 11, 2), ...hourly(10, 0, 1)], 48)).toEqual({
      steps: [
        [48, 10, 2],
        [10, -0.48, 1],
      ],
      gaps: [],
    });
  });

  test('leaves a gap where no run was, and holds the run before it for one distance', () => {
    expect(criticalSteps([...hourly(48, 20, 2), ...hourly(10, 0)], 48)).toEqual({
      steps: [
        [48, 19, 2],
        [10, -0.48, 0],
      ],
      gaps: [[19, 10]],
    });
  });

  test('takes what is usual for the distance: a daily check has no gap at night', () => {
    const daily = Array.from({ length: 10 }, (_, index) => point((9 - index) * 24, 1));
    expect(criticalSteps(daily, 9 * 24)).toEqual({ steps: [[216, -2.16, 1]], gaps: [] });
  });

  test('shows a day at least, and that there was nothing before', () => {
    expect(criticalSteps([point(2, 1), point(1, 1), point(0, 1)], 24)).toEqual({
      steps: [[2, -0.24, 1]],
      gaps: [[24, 2]],
    });
  });

  test('shows thirty days at most', () => {
    const chart = chartOf([point(800, 9), ...hourly(700, 0)], NOW);
    expect([chart?.from.toISOString(), chart?.lanes[0]?.most]).toEqual(['2026-10-24T08:00:00.000Z', 0]);
  });

  test('says what is open now, and the most there was', () => {
    const [critical] = chartOf([point(3, 1), point(2, 5), point(1, 0), point(0, 2)], NOW)?.lanes ?? [];
    expect([critical?.severity, critical?.now, critical?.most]).toEqual(['critical', 2, 5]);
  });

  test('draws nothing of a single run', () => {
    expect([chartOf([], NOW), chartOf([point(0)], NOW)]).toEqual([null, null]);
  });

  test('gives the newest run a width that can be seen, and none that was followed by a gap', () => {
    expect(criticalSteps([...hourly(720, 1), point(0, 3)].slice(1), 719).steps?.at(-1)).toEqual([
      0, -7.19, 3,
    ]);
    const late = chartOf([...hourly(719, 48), point(47, 3)], NOW);
    expect([late?.lanes[0]?.steps.at(-1)?.count, late?.gaps.at(-1)?.to]).toEqual([3, 1]);
  });

  test.each([
    {
      hours: 3,
      ticks: ['21 12', '21 16', '21 20', '22 00', '22 04', '22 08', '22 12'],
      name: 'four hours of a day',
    },
    { hours: 40, ticks: ['21 00', '21 08', '21 16', '22 00', '22 08'], name: 'eight hours of two days' },
    { hours: 60, ticks: ['20 00', '21 00', '22 00'], name: 'every midnight of three days' },
    {
      hours: 144,
      ticks: ['17 00', '18 00', '19 00', '20 00', '21 00', '22 00'],
      name: 'every midnight of six days',
    },
    { hours: 336, ticks: ['10 00', '13 00', '16 00', '19 00', '22 00'], name: 'every third of two weeks' },
    {
      hours: 719,
      ticks: ['28 00', '02 00', '07 00', '12 00', '17 00', '22 00'],
      name: 'every fifth of a month',
    },
  ])('marks $name', ({ hours, ticks }) => {
    const chart = chartOf(hourly(hours, 0), NOW);
    expect(chart?.ticks.map(({ at }) => at.toISOString().slice(8, 13).replace('T', ' '))).toEqual(ticks);
    const span = Math.max(hours, 24);
    for (const { at, place } of chart?.ticks ?? []) {
      expect(hoursAgo(place, span)).toBeCloseTo((NOW.getTime() - at.getTime()) / HOUR_MS, 1);
    }
  });
});

test('daysOf tells the most of each day, newest first, and the days without a run', () => {
  const history = [point(60, 1), point(13, 2), point(12, 4), point(0, 3)];
  const from = new Date(NOW.getTime() - 60 * HOUR_MS);
  expect(daysOf(history, { from, to: NOW })).toEqual([
    { day: '2026-11-22', most: { critical: 4, warning: 0, info: 0 } },
    { day: '2026-11-21', most: { critical: 2, warning: 0, info: 0 } },
    { day: '2026-11-20', most: { critical: 1, warning: 0, info: 0 } },
  ]);
  expect(daysOf([point(60, 1), point(0)], { from, to: NOW })[1]).toEqual({ day: '2026-11-21', most: null });
});
