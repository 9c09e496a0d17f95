import { formatDuration } from '../model/duration.ts';
import type { Statement } from '../model/fix.ts';
import { moment } from '../words/moment.ts';
import { literal, pathOf } from './quoting.ts';
import type { FixCase } from './repair-case.ts';

/* What a statement makes BigQuery delete that it would else keep. */

/** What goes, and how to count it where something that is there goes. */
export type Loss = Pick<Statement, 'danger' | 'precondition'>;

function countedLoss(danger: string, query: string): Loss {
  return { danger, precondition: { type: 'count', query } };
}

/** The years 1 to 9999, which BigQuery has: https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types */
const FIRST_MOMENT = -62_135_596_800_000n;
const LAST_MOMENT = 253_402_300_799_999n;

function momentBefore(now: Date, ms: bigint): Date {
  const at = BigInt(now.getTime()) - ms;
  const known = at < FIRST_MOMENT ? FIRST_MOMENT : at > LAST_MOMENT ? LAST_MOMENT : at;
  return new Date(Number(known));
}

/** How many parts of a moment the id of a partition has: year, month, day, hour. */
const PARTS_OF_ID: Readonly<Record<string, number>> = { YEAR: 1, MONTH: 2, DAY: 3, HOUR: 4 };

/**
 * The partitions that such an expiration deletes at once; null: not known for this partitioning. A partition expires that
 * long after its end: "with daily partitioning, … if the table's partition expiration is 6 hours, then each partition
 * expires at 06:00:00 UTC the following day", https://docs.cloud.google.com/bigquery/docs/managing-partitioned-tables
 */
export function lostPartitions(
  { subject, now }: Pick<FixCase, 'subject' | 'now'>,
  { granularity, expirationMs }: { readonly granularity: string; readonly expirationMs: string },
): Loss | null {
  const count = PARTS_OF_ID[granularity];
  if (count === undefined) return null;
  const at = momentBefore(now, BigInt(expirationMs));
  const padded = (number: number) => String(number).padStart(2, '0');
  const year = String(at.getUTCFullYear()).padStart(4, '0');
  const [month, day, hour] = [at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours()].map(padded);
  const id = [year, month, day, hour].slice(0, count).join('');
  const date = [year, count > 1 ? month : '01', count > 2 ? day : '01'].join('-');
  const start = count > 3 ? `${date} ${hour}:00 UTC` : date;
  const these = `table_name = ${literal(subject.table ?? '')} AND partition_id < ${literal(id)}`;
  return countedLoss(
    `deletes partitions before ${start}`,
    // Those two have no date and do not expire by one.
    `SELECT COUNT(*) AS partitions, SUM(total_rows) AS total_rows FROM ${partitionsOf(subject)} WHERE ${these} AND partition_id NOT IN ('__NULL__', '__UNPARTITIONED__')`,
  );
}

/** The whole table with all its rows. A view has none of its own. */
export function lostTable(
  { subject }: Pick<FixCase, 'subject'>,
  { type, at }: { readonly type: string; readonly at: string },
): Loss {
  if (type !== 'TABLE') return { danger: `deletes the view at ${at}` };
  return countedLoss(
    `deletes the table with all its rows at ${at}`,
    // A table without partitions has one row there: …/information-schema-partitions
    `SELECT SUM(total_rows) AS total_rows FROM ${partitionsOf(subject)} WHERE table_name = ${literal(subject.table ?? '')}`,
  );
}

/** https://docs.cloud.google.com/bigquery/docs/information-schema-partitions */
function partitionsOf({ project, dataset }: FixCase['subject']): string {
  return pathOf(project, dataset, 'INFORMATION_SCHEMA', 'PARTITIONS');
}

/**
 * A default of a dataset: "changing the value will only affect new tables, not existing ones",
 * https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets
 */
export function lostOfNewTables(what: 'tables' | 'partitions', expirationMs: string): Loss {
  const period = formatDuration(Number(expirationMs));
  const later =
    what === 'tables'
      ? `each table created from now on, ${period} after it was created`
      : `in tables created from now on each partition, ${period} after it ended`;
  return { danger: `deletes nothing that is there, but ${later}` };
}

/** What was changed or deleted before can no longer be restored: https://docs.cloud.google.com/bigquery/docs/time-travel */
export function lostHistory({ now }: Pick<FixCase, 'now'>, hours: string): Loss {
  const before = moment(momentBefore(now, BigInt(hours) * 3_600_000n).toISOString());
  return {
    danger: `deletes history: what was changed or deleted before ${before} can no longer be restored`,
  };
}

/** Whether data goes sooner than it would; null: never. */
export function isShorter(expected: string | null, actual: string | null): boolean {
  return expected !== null && (actual === null || BigInt(expected) < BigInt(actual));
}

/** Also where it is now: BigQuery deletes what has expired. */
export function isPast(milliseconds: string, now: Date): boolean {
  return BigInt(milliseconds) <= BigInt(now.getTime());
}

export function isoMoment(milliseconds: string | null): string {
  const date = new Date(Number(milliseconds));
  return Number.isNaN(date.getTime()) ? `${milliseconds} ms` : date.toISOString();
}
