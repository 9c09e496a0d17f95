/** One table of many that are named by day: `events_20260301`. */
export interface Shard {
  /** All before the date, its underscore included: `events_`. */
  readonly prefix: string;
  /** `20260301`; the greatest text is the newest shard. */
  readonly date: string;
}

/** As BigQuery's own documentation writes the date of a sharded table. */
const ANY_DATE = 'YYYYMMDD';
const FIRST_YEAR = 1970;
const LAST_YEAR = 2199;

/**
 * The shard that a table's name tells, or null: without an underscore before it, or with one that is no day of the
 * calendar, the number at the end is only a number.
 * https://docs.cloud.google.com/bigquery/docs/partitioned-tables#dt_partition_shard
 */
export function parseShard(table: string): Shard | null {
  const [, prefix = '', date = ''] = /^(.+_)(\d{8})$/su.exec(table) ?? [];
  return prefix !== '' && isDay(date) ? { prefix, date } : null;
}

/** The one name of all shards of a prefix: `events_YYYYMMDD`. */
export function shardedName(prefix: string): string {
  return `${prefix}${ANY_DATE}`;
}

/** The prefix of the shards that such a name stands for, or null: it is the name of one table. */
export function shardedPrefix(name: string): string | null {
  const prefix = name.slice(0, -ANY_DATE.length);
  return name.endsWith(ANY_DATE) && /._$/su.test(prefix) ? prefix : null;
}

export interface ShardsInOrder {
  /** By date; those later than tomorrow come last. */
  readonly newestFirst: readonly string[];
  /** Named for a day later than tomorrow, among them the newest first. */
  readonly later: readonly string[];
}

const DAY_MS = 86_400_000;

/**
 * Shards of one prefix. No day but tomorrow's has begun anywhere while today goes on at UTC: one that is named for a later day is a
 * slip or a placeholder, and would hide each that comes after it.
 */
export function inOrder(shards: readonly string[], now: Date): ShardsInOrder {
  const tomorrow = new Date(now.getTime() + DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
  const sorted = [...shards].sort().reverse();
  const later = sorted.filter((table) => (parseShard(table)?.date ?? '') > tomorrow);
  return { newestFirst: [...sorted.slice(later.length), ...later], later };
}

function isDay(date: string): boolean {
  const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)].map(Number) as [
    number,
    number,
    number,
  ];
  if (year < FIRST_YEAR || year > LAST_YEAR) return false;
  const time = new Date(Date.UTC(year, month - 1, day));
  return time.getUTCMonth() === month - 1 && time.getUTCDate() === day;
}
