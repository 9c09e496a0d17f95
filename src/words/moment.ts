import { formatDuration } from '../model/duration.ts';

/** BigQuery's last moment is in the year 9999. */
export const LAST_MS = Date.UTC(9999, 11, 31);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** `2026-11-22 03:17 UTC` */
export function moment(rfc3339: string): string {
  return `${rfc3339.slice(0, 16).replace('T', ' ')} UTC`;
}

/** How long something lasted, as people say it: to the minute, to the hour after two days. */
export function lasting(from: string, to: string | Date): string {
  const ms = new Date(to).getTime() - Date.parse(from);
  const unit = ms < 48 * HOUR_MS ? MINUTE_MS : HOUR_MS;
  const rounded = Math.round(ms / unit) * unit;
  return rounded <= 0 ? 'less than a minute' : formatDuration(rounded);
}
