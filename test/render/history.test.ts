import { describe, expect, test } from 'vitest';
import type { HistoryPoint } from '../../src/model/state.ts';
import { chartOf, daysOf } from '../../src/render/history.ts';

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

/** Hours ago, which are easier to read than shares of the width. */
function hoursAgo(share: number, spanHours: number): number {
  return Math.round((1 - share) * spanHours * 100) / 100;
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
        [10, 0, 1],
      ],
      gaps: [],
    });
  });

  test('leaves a gap where no run was, and holds the run before it for one distance', () => {
    expect(criticalSteps([...hourly(48, 20, 2), ...hourly(10, 0)], 48)).toEqual({
      steps: [
        [48, 19, 2],
        [10, 0, 0],
      ],
      gaps: [[19, 10]],
    });
  });

  test('takes what is usual for the distance: a daily check has no gap at night', () => {
    const daily = Array.from({ length: 10 }, (_, index) => point((9 - index) * 24, 1));
    expect(criticalSteps(daily, 9 * 24)).toEqual({ steps: [[216, 0, 1]], gaps: [] });
  });

  test('shows a day at least, and that there was nothing before', () => {
    expect(criticalSteps([point(2, 1), point(1, 1), point(0, 1)], 24)).toEqual({
      steps: [[2, 0, 1]],
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

  test('has moments at equal distances', () => {
    expect(chartOf(hourly(60, 0), NOW)?.ticks.map((tick) => tick.toISOString().slice(5, 13))).toEqual([
      '11-20T00',
      '11-20T10',
      '11-20T20',
      '11-21T06',
      '11-21T16',
      '11-22T02',
      '11-22T12',
    ]);
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
