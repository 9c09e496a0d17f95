import type { Finding } from '../model/finding.ts';
import type { FindingMemo, SeenDataset } from '../model/state.ts';
import { lasting, moment } from './moment.ts';

const HOUR_MS = 3_600_000;
/** The least window a dataset can have, where its own is not known: https://docs.cloud.google.com/bigquery/docs/time-travel */
const LEAST_HOURS = 48;

/**
 * How long what is gone, or is being deleted, can still be restored; null: nothing is lost by it, or it is not known
 * since when. It was in order when it was last read, so it went after that, and the window reaches at least as far.
 */
export function recoveryClock(
  finding: Finding,
  {
    memo: { lastGoodAt },
    seen,
    now,
  }: { readonly memo: FindingMemo; readonly seen: SeenDataset | undefined; readonly now: Date },
): string | null {
  const lost = lossOf(finding);
  if (lost === null || lastGoodAt === null) return null;
  const hours = seen?.timeTravelHours ?? LEAST_HOURS;
  const until = new Date(Date.parse(lastGoodAt) + hours * HOUR_MS);
  const inOrder = `In order at ${moment(lastGoodAt)}`;
  if (until <= now) {
    return `${inOrder}: time travel may no longer reach back to it; for 7 days after that Cloud Customer Care can help.`;
  }
  return `${inOrder}: ${lost} since can be restored by time travel until at least ${moment(until.toISOString())} (${lasting(now.toISOString(), until)} from now).`;
}

/** What a finding of this kind loses. */
function lossOf({ kind, expected, actual, context }: Finding): string | null {
  switch (kind) {
    case 'dataset-missing':
    case 'field-missing':
      return 'what was dropped';
    case 'table-missing':
      return expected === 'TABLE' ? 'what was dropped' : null;
    case 'retention':
      return context?.type === 'caused-by' && context.kind === 'table-expiration'
        ? null
        : 'partitions deleted';
    case 'partition-expiration':
      return isShorter(actual, expected) ? 'partitions deleted' : null;
    default:
      return null;
  }
}

function isShorter(actual: string | null, expected: string | null): boolean {
  return actual !== null && (expected === null || BigInt(actual) < BigInt(expected));
}
