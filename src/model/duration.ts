const DAY = 86_400_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;
const SECOND = 1000;

const ISO_8601 =
  /^P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const UNITS_MS = [365 * DAY, 30 * DAY, 7 * DAY, DAY, HOUR, MINUTE, SECOND];

/**
 * Milliseconds of an ISO 8601 duration, with a year of 365 days and a month of 30: `P7Y`, `P1Y6M`, `PT4H`.
 * null: not one, or longer than can be counted exactly.
 */
export function parseDuration(text: string): number | null {
  const counts = ISO_8601.exec(text)?.slice(1);
  if (counts === undefined) return null;
  const ms = UNITS_MS.reduce((sum, unit, index) => sum + unit * Number(counts[index] ?? 0), 0);
  return Number.isSafeInteger(ms) ? ms : null;
}

/** As people say it, exactly: `7 years`, `30 days`, `1 day 12 hours`, `0 seconds`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `minus ${formatDuration(-ms)}`;
  if (ms > 0 && ms % (365 * DAY) === 0) return counted(ms / (365 * DAY), 'year');
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, name] of [
    [DAY, 'day'],
    [HOUR, 'hour'],
    [MINUTE, 'minute'],
    [SECOND, 'second'],
    [1, 'millisecond'],
  ] as const) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) parts.push(counted(count, name));
  }
  return parts.length === 0 ? '0 seconds' : parts.join(' ');
}

function counted(count: number, name: string): string {
  return `${count.toLocaleString('en-US')} ${name}${count === 1 ? '' : 's'}`;
}

/** A retention in whole days that keeps no more than `ms`; null: that is less than a day. */
export function loweredRetention(ms: string): string | null {
  const days = BigInt(ms) / BigInt(DAY);
  return days < 1n ? null : `P${days}D`;
}
