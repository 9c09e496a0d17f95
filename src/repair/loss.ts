import { formatDuration } from '../model/duration.ts';
import type { Statement } from '../model/fix.ts';
import type { Partitioning } from '../model/table.ts';
import type { FixCase } from './repair-case.ts';
import { literal, pathOf } from './sql-words.ts';

/*
 * What a statement makes BigQuery delete that it would else keep.
 */

/** What goes, and how to count it where something that is there goes. */
export type Loss = Pick<Statement, 'danger' | 'precondition'>;

function countedLoss(danger: string, query: string): Loss {
  return { danger, precondition: { type: 'count', query } };
}

/** The years 1 to 9999, which BigQuery has: https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types */
const FIRST_MOMENT = -62_135_596_800_000n;
const LAST_MOMENT = 253_402_300_799_999n;

function momentBefore(now: Date, ms: bigint): string {
  const moment = BigInt(now.getTime()) - ms;
  const known = moment < FIRST_MOMENT ? FIRST_MOMENT : moment > LAST_MOMENT ? LAST_MOMENT : moment;
  return new Date(Number(known)).toISOString();
}

/** Of an ISO 8601 moment: the id of the partition that it lies in, and when that begins, both in UTC. */
const PARTITIONS: Readonly<Record<string, (iso: string) => { readonly id: string; readonly start: string }>> =
  {
    HOUR: (iso) => ({
      id: iso.slice(0, 13).replace(/[-T]/g, ''),
      start: `${iso.slice(0, 13).replace('T', ' ')}:00 UTC`,
    }),
    DAY: (iso) => ({ id: iso.slice(0, 10).replaceAll('-', ''), start: iso.slice(0, 10) }),
    MONTH: (iso) => ({ id: iso.slice(0, 7).replace('-', ''), start: `${iso.slice(0, 7)}-01` }),
    YEAR: (iso) => ({ id: iso.slice(0, 4), start: `${iso.slice(0, 4)}-01-01` }),
  };

/**
 * The partitions that such an expiration deletes at once; null: not known for this partitioning. A partition expires that
 * long after its end: "with daily partitioning, … if the table's partition expiration is 6 hours, then each partition
 * expires at 06:00:00 UTC the following day", https://docs.cloud.google.com/bigquery/docs/managing-partitioned-tables
 */
export function lostPartitions(
  { subject, now }: Pick<FixCase, 'subject' | 'now'>,
  { partitioning, expirationMs }: { readonly partitioning: Partitioning; readonly expirationMs: string },
): Loss | null {
  const partitionOf = partitioning.by === 'time' ? PARTITIONS[partitioning.granularity] : undefined;
  if (partitionOf === undefined) return null;
  const { id, start } = partitionOf(momentBefore(now, BigInt(expirationMs)));
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
  const moment = momentBefore(now, BigInt(hours) * 3_600_000n);
  const said = `${moment.slice(0, 16).replace('T', ' ')} UTC`;
  return { danger: `deletes history: what was changed or deleted before ${said} can no longer be restored` };
}

/** Whether data goes sooner than it would; null: never. */
export function isShorter(expected: string | null, actual: string | null): boolean {
  return expected !== null && (actual === null || BigInt(expected) < BigInt(actual));
}

/** Also where it is now: BigQuery deletes what has expired. */
export function isPast(milliseconds: string, now: Date): boolean {
  return BigInt(milliseconds) <= BigInt(now.getTime());
}

export function moment(milliseconds: string | null): string {
  const date = new Date(Number(milliseconds));
  return Number.isNaN(date.getTime()) ? `${milliseconds} ms` : date.toISOString();
}
