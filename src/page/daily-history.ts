import type { HistoryPoint } from '../incidents/state.ts';
import { SEVERITIES, type Severity } from '../model/severity.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LONGEST_MS = 30 * DAY_MS;
const MAX_TICKS = 6;
/** Of the width: the newest run would have none, and the first drift be a hairline. */
const LEAST_LAST = 0.01;

/** Open findings over time, laid out from left (0) to right (1). */
export interface Chart {
  readonly from: Date;
  readonly to: Date;
  /** Midnights in UTC, within two days full hours as well. */
  readonly ticks: readonly Tick[];
  readonly lanes: readonly Lane[];
  /** Where no run was. */
  readonly gaps: readonly Stretch[];
}

export interface Tick {
  readonly at: Date;
  readonly place: number;
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface Lane {
  readonly severity: Severity;
  readonly now: number;
  readonly most: number;
  /** One after the other, and where they touch without a gap between. */
  readonly steps: readonly Step[];
}

export interface Step extends Stretch {
  readonly count: number;
}

/**
 * The last thirty days, or as much of them as is remembered, but at least a day. A run stands for the time until the next
 * one, and the last of a row for as long as runs are apart usually: what follows is a gap. The newest has a least width.
 * null: one run is no history.
 */
export function chartOf(history: readonly HistoryPoint[], now: Date): Chart | null {
  const to = now.getTime();
  const points = history
    .map(({ at, findings }) => ({ at: Date.parse(at), findings }))
    .filter(({ at }) => at > to - LONGEST_MS && at <= to);
  const [first, second] = points;
  const last = points.at(-1);
  if (first === undefined || second === undefined || last === undefined) return null;
  const from = Math.min(first.at, to - DAY_MS);
  const least = last.at + (to - from) * LEAST_LAST;
  const edge = Math.max(to, least);
  const place = (at: number) => (at - from) / (edge - from);
  const usual = usualDistance(points.map(({ at }) => at));
  const spans = points.map((point, index) => {
    const next = points[index + 1]?.at ?? to;
    const isFollowed = next - point.at <= usual * 1.5;
    const end = isFollowed ? next : Math.min(next, point.at + usual);
    return { ...point, end: point === last ? Math.max(end, least) : end };
  });
  const ends = [from, ...spans.map(({ end }) => end)];
  const starts = [...spans.map(({ at }) => at), edge];
  return {
    from: new Date(from),
    to: now,
    ticks: ticksOf(from, to).map((at) => ({ at: new Date(at), place: place(at) })),
    gaps: ends.flatMap((end, index) => {
      const start = starts[index] ?? edge;
      return start > end ? [{ from: place(end), to: place(start) }] : [];
    }),
    lanes: SEVERITIES.map((severity) => ({
      severity,
      now: last.findings[severity],
      most: Math.max(...points.map(({ findings }) => findings[severity])),
      steps: merged(
        spans.map(({ at, end, findings }) => ({
          from: place(at),
          to: place(end),
          count: findings[severity],
        })),
      ),
    })),
  };
}

/** As many days apart as leaves room for their names, the newest midnight among them; within two days every four or eight hours. */
function ticksOf(from: number, to: number): readonly number[] {
  const span = to - from;
  const days = Math.ceil(span / DAY_MS / MAX_TICKS);
  const distance = span > 2 * DAY_MS ? days * DAY_MS : span > DAY_MS ? 8 * HOUR_MS : 4 * HOUR_MS;
  const unit = Math.min(distance, DAY_MS);
  const newest = Math.floor(to / unit) * unit;
  const count = Math.floor((newest - from) / distance) + 1;
  return Array.from({ length: count }, (_, index) => newest - (count - 1 - index) * distance);
}

/** The middle one of all distances: a run that was left out, or one by hand, does not change it. */
function usualDistance(moments: readonly number[]): number {
  const distances = moments.slice(1).map((at, index) => at - (moments[index] ?? at));
  const middle = distances.sort((one, other) => one - other)[Math.floor(distances.length / 2)];
  return middle ?? HOUR_MS;
}

/** Neighbours of the same height as one. */
function merged(steps: readonly Step[]): readonly Step[] {
  const result: Step[] = [];
  for (const step of steps) {
    const before = result.at(-1);
    if (before !== undefined && before.to === step.from && before.count === step.count) {
      result[result.length - 1] = { ...before, to: step.to };
    } else result.push(step);
  }
  return result;
}

/** The most that was open on each day, newest first; null: no run was on it. */
export function daysOf(
  history: readonly HistoryPoint[],
  { from, to }: Pick<Chart, 'from' | 'to'>,
): readonly { readonly day: string; readonly most: Readonly<Record<Severity, number>> | null }[] {
  const days = new Map<string, Record<Severity, number> | null>();
  for (let at = to.getTime(); dayOf(at) >= dayOf(from.getTime()); at -= DAY_MS) days.set(dayOf(at), null);
  for (const { at, findings } of history) {
    const day = dayOf(Date.parse(at));
    const before = days.get(day);
    if (before === undefined) continue;
    const { critical, warning, info } = before ?? { critical: 0, warning: 0, info: 0 };
    days.set(day, {
      critical: Math.max(critical, findings.critical),
      warning: Math.max(warning, findings.warning),
      info: Math.max(info, findings.info),
    });
  }
  return [...days].map(([day, most]) => ({ day, most }));
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
