import { formatDuration } from '../model/duration.ts';
import type { Finding } from '../model/finding.ts';
import type { FindingMemo } from '../model/state.ts';
import { lasting, moment } from './moment.ts';

const HOUR_MS = 3_600_000;
/** The least window a dataset can have, where its own is not known: https://docs.cloud.google.com/bigquery/docs/time-travel */
const LEAST_HOURS = 48;
/** https://docs.cloud.google.com/bigquery/docs/time-travel ("Fail-safe") */
const FAIL_SAFE_HOURS = 7 * 24;

/**
 * How long what is gone, or is being deleted, can still be restored, or when it will be; null: nothing is lost by it, or it is
 * not known since when. It was in order when it was last read, so it went after that, and the window reaches at least as far.
 */
export function recoveryClock(
  finding: Finding,
  { memo, now }: { readonly memo: FindingMemo; readonly now: Date },
): string | null {
  const deletedAt = deletionOf(finding);
  if (deletedAt !== null) return untilDeleted(deletedAt, { memo, now });
  const { lastGoodAt, timeTravelHours } = memo;
  const lost = lossOf(finding);
  if (lost === null || lastGoodAt === null) return null;
  const hours = timeTravelHours ?? LEAST_HOURS;
  const until = after(lastGoodAt, hours);
  const inOrder = `In order at ${moment(lastGoodAt)}`;
  if (until > now) {
    return `${inOrder}: ${lost.what} since can be restored by time travel until at least ${moment(until.toISOString())} (${lasting(now.toISOString(), until)} from now).`;
  }
  if (lost.goesOn) {
    return `${inOrder}: of the ${lost.what} since, time travel restores what went in the last ${hours} hours.`;
  }
  const careUntil = after(lastGoodAt, hours + FAIL_SAFE_HOURS);
  const care = `Cloud Customer Care may still have it until ${moment(careUntil.toISOString())}`;
  return `${inOrder}: time travel was sure to reach back to it until ${moment(until.toISOString())}${careUntil > now ? `; ${care}` : ''}.`;
}

function after(from: string, hours: number): Date {
  return new Date(Date.parse(from) + hours * HOUR_MS);
}

/**
 * An expired table can be restored as a dropped one can, within the window in force when it goes:
 * https://docs.cloud.google.com/bigquery/docs/restore-deleted-tables
 */
function untilDeleted(
  deletedAt: Date,
  { memo, now }: { readonly memo: FindingMemo; readonly now: Date },
): string {
  const at = moment(deletedAt.toISOString());
  const hours = memo.timeTravelHours ?? LEAST_HOURS;
  const after = `time travel can restore a table for ${formatDuration(hours * HOUR_MS)} after that`;
  return deletedAt > now
    ? `BigQuery deletes it at ${at} (${lasting(now.toISOString(), deletedAt)} from now); ${after}.`
    : `It expired at ${at}: BigQuery deletes it at any moment; ${after}.`;
}

/** BigQuery's last moment is in the year 9999. */
const LAST_MS = Date.UTC(9999, 11, 31);

/** When the whole table goes; null: it stays, or goes at no moment that BigQuery has. */
function deletionOf({ kind, actual, context }: Finding): Date | null {
  const isCause = context?.type === 'caused-by' && context.kind === 'table-expiration';
  const milliseconds = kind === 'table-expiration' ? actual : isCause ? context.expirationTime : null;
  const ms = milliseconds === null ? Number.NaN : Number(milliseconds);
  return ms >= 0 && ms <= LAST_MS ? new Date(ms) : null;
}

interface Loss {
  readonly what: string;
  /** Whether more is lost every day, not all at once. */
  readonly goesOn: boolean;
}

const DROPPED: Loss = { what: 'what was dropped', goesOn: false };
const EXPIRING: Loss = { what: 'partitions deleted', goesOn: true };

/** What a finding of this kind loses. */
function lossOf({ kind, expected, actual }: Finding): Loss | null {
  switch (kind) {
    case 'dataset-missing':
    case 'field-missing':
      return DROPPED;
    case 'table-missing':
    // What is there instead has taken its name.
    case 'table-type':
      return expected === 'TABLE' ? DROPPED : null;
    case 'retention':
      return EXPIRING;
    case 'partition-expiration':
      return isShorter(actual, expected) ? EXPIRING : null;
    default:
      return null;
  }
}

function isShorter(actual: string | null, expected: string | null): boolean {
  return actual !== null && (expected === null || BigInt(actual) < BigInt(expected));
}
