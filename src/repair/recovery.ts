import type { FindingRecord } from '../incidents/state.ts';
import { kindRow, lossOf } from '../kinds/index.ts';
import { holdsRows } from '../kinds/kind.ts';
import { formatDuration } from '../model/duration.ts';
import type { Finding } from '../model/finding.ts';
import { LEAST_WINDOW_HOURS, MOST_WINDOW_HOURS, type TimeTravel } from '../model/time-travel.ts';
import { LAST_MS, lasting, moment } from '../words/moment.ts';

const HOUR_MS = 3_600_000;
/** https://docs.cloud.google.com/bigquery/docs/time-travel ("Fail-safe") */
const FAIL_SAFE_HOURS = 7 * 24;

/**
 * How long what is gone, or is being deleted, can still be restored, or when it will be deleted; null: nothing is lost by it, or
 * it is not known since when. It was in order when it was last read, so it went after that, and the window reaches at least as far.
 */
export function recoveryClock(
  finding: Finding,
  { memo, now }: { readonly memo: FindingRecord; readonly now: Date },
): string | null {
  const deletedAt = deletionOf(finding);
  if (deletedAt !== null) return untilDeleted(finding, { deletedAt, memo, now });
  const { lastGoodAt, timeTravelHours } = memo;
  const lost = lossOf(finding);
  if (lost === null || lastGoodAt === null) return null;
  const until = restorableUntil(memo) ?? now;
  const lostData = lost === 'expiring' ? 'partitions deleted' : 'what was dropped';
  const inOrder = `Last seen in order at ${moment(lastGoodAt)}`;
  if (until > now) {
    return `${inOrder}: ${lostData} since can be restored by time travel until at least ${moment(until.toISOString())} (${lasting(now.toISOString(), until)} from now).`;
  }
  if (lost === 'expiring') {
    const window = formatDuration((timeTravelHours ?? LEAST_WINDOW_HOURS) * HOUR_MS);
    return `${inOrder}: of the ${lostData} since, time travel restores what went in the last ${window}.`;
  }
  const careUntil = after(until.toISOString(), FAIL_SAFE_HOURS);
  const care = `; Cloud Customer Care may still have it until ${moment(careUntil.toISOString())}`;
  return `${inOrder}: it may be too late for time travel, since ${moment(until.toISOString())}${careUntil > now ? care : ''}.`;
}

/**
 * Until when time travel restores what is gone, after "can be restored": where it is not known when it went, not before this run
 * saw it, so that it cannot be later than that.
 */
export function restorable({ hours, now }: TimeTravel, memo: Restorable | null): string {
  const known = memo === null ? hours : memo.timeTravelHours;
  if (memo !== null && memo.lastGoodAt !== null) {
    const until = restorableUntil({ lastGoodAt: memo.lastGoodAt, timeTravelHours: known });
    if (until !== null && until > now) return `until at least ${moment(until.toISOString())}`;
    return `for ${said(known)} after it went, which may be over`;
  }
  const latest = after(now.toISOString(), known ?? MOST_WINDOW_HOURS);
  return `for ${said(known)} after it went: until ${moment(latest.toISOString())} at the latest`;
}

/** Where nobody knows the dataset or the moment. */
export const RESTORABLE_AT_MOST = `for ${said(null)} after it went`;

function said(hours: number | null): string {
  return hours === null
    ? `${formatDuration(MOST_WINDOW_HOURS * HOUR_MS)} at most`
    : formatDuration(hours * HOUR_MS);
}

export type Restorable = Pick<FindingRecord, 'lastGoodAt' | 'timeTravelHours'>;

/** Until when time travel is sure to reach back to the moment when it was last in order; null: there was none. */
export function restorableUntil({
  lastGoodAt,
  timeTravelHours,
}: Pick<FindingRecord, 'lastGoodAt' | 'timeTravelHours'>): Date | null {
  return lastGoodAt === null ? null : after(lastGoodAt, timeTravelHours ?? LEAST_WINDOW_HOURS);
}

function after(from: string, hours: number): Date {
  return new Date(Date.parse(from) + hours * HOUR_MS);
}

/**
 * An expired table can be restored as a dropped one can, within the window in force when it goes; a view has no rows:
 * https://docs.cloud.google.com/bigquery/docs/restore-deleted-tables
 */
function untilDeleted(
  finding: Finding,
  { deletedAt, memo, now }: { readonly deletedAt: Date; readonly memo: FindingRecord; readonly now: Date },
): string {
  const at = moment(deletedAt.toISOString());
  const window = formatDuration((memo.timeTravelHours ?? LEAST_WINDOW_HOURS) * HOUR_MS);
  const least = memo.timeTravelHours === null ? 'at least ' : '';
  const then = holdsRows(finding) ? `; time travel can restore it for ${least}${window} after that` : '';
  return deletedAt > now
    ? `BigQuery deletes it at ${at} (${lasting(now.toISOString(), deletedAt)} from now)${then}.`
    : `It expired at ${at}, so BigQuery deletes it at any moment${then}.`;
}

/** When the whole table goes; null: it stays, or goes at no moment that BigQuery has. */
function deletionOf(finding: Finding): Date | null {
  const milliseconds = kindRow(finding.kind).deletesTableAt?.(finding) ?? null;
  const ms = milliseconds === null ? Number.NaN : Number(milliseconds);
  return ms >= 0 && ms <= LAST_MS ? new Date(ms) : null;
}
