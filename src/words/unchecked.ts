import type { UncheckedRecord } from '../incidents/state.ts';
import {
  INTERRUPTED,
  isBeyondRoom,
  isInterrupted,
  type Unchecked,
  type UncheckedReason,
} from '../model/finding.ts';
import { restorableUntil } from '../repair/recovery.ts';
import { lasting, moment } from './moment.ts';

interface ReasonWords {
  readonly cause: string;
  /** What to do; null: nothing but wait. */
  readonly remedy: (account: string | null) => string | null;
}

const REASONS: Readonly<Record<UncheckedReason, ReasonWords>> = {
  denied: {
    cause: 'access denied',
    remedy: (account) =>
      `grant roles/bigquery.metadataViewer to ${account ?? "the monitor's service account"}`,
  },
  throttled: {
    cause: "over BigQuery's quota",
    remedy: () => 'lower REQUESTS_PER_SECOND, or give the monitor an account that nothing else uses',
  },
  unavailable: { cause: 'no usable answer from BigQuery', remedy: () => null },
  'out-of-time': { cause: 'the run had no time left', remedy: () => 'raise DEADLINE_SECONDS, or use SHARD' },
  malformed: {
    cause: 'an answer that is no BigQuery resource',
    remedy: () => 'look for a proxy between the monitor and BigQuery',
  },
};

/** Why something could not be checked. */
export function causeOf(unchecked: Pick<Unchecked, 'reason' | 'detail'>): string {
  if (isBeyondRoom(unchecked)) return 'more differs than one run can hold';
  return isInterrupted(unchecked) ? INTERRUPTED : REASONS[unchecked.reason].cause;
}

/** What to do about one of them; null: nothing but wait, or check again. */
export function remedyOf(
  unchecked: Pick<Unchecked, 'reason' | 'detail' | 'remedy'>,
  account: string | null,
): string | null {
  if (isInterrupted(unchecked)) return null;
  if (isBeyondRoom(unchecked)) return 'repair what is told; then they are compared again';
  return unchecked.remedy ?? REASONS[unchecked.reason].remedy(account);
}

/** The same for whoever typed a command, who is the one that is signed in. */
export function remedyByHand(unchecked: Pick<Unchecked, 'reason' | 'detail' | 'remedy'>): string | null {
  if (/credentials were not accepted|invalid_grant|invalid_rapt/.test(unchecked.detail))
    return 'sign in again: gcloud auth application-default login';
  return remedyOf(unchecked, 'the account that this runs as');
}

/** Only a denied read may stand for something deleted. */
export function isPerhapsGone({
  reason,
  wasReadable,
}: Pick<UncheckedRecord, 'reason' | 'wasReadable'>): boolean {
  return wasReadable && reason === 'denied';
}

const HIDDEN_OR_GONE =
  'It was readable before: BigQuery hides what is deleted from those without permission.';

/** What the reader of `access denied, or deleted` must know; of several, until when the one that is over first could be had back. */
export function lossNotes(
  lost: readonly Pick<UncheckedRecord, 'lastReadAt' | 'timeTravelHours'>[],
  now: Date,
): readonly string[] {
  const clocks = lost.flatMap(({ lastReadAt, timeTravelHours }) => {
    const until = restorableUntil({ lastGoodAt: lastReadAt, timeTravelHours });
    return lastReadAt === null || until === null ? [] : [{ lastReadAt, until }];
  });
  const [first] = clocks.toSorted((one, other) => one.until.getTime() - other.until.getTime());
  if (first === undefined) return [HIDDEN_OR_GONE];
  const lastRead = `Last read at ${moment(first.lastReadAt)}: should it be deleted`;
  const end = moment(first.until.toISOString());
  return [
    HIDDEN_OR_GONE,
    first.until > now
      ? `${lastRead}, time travel can restore its data until at least ${end} (${lasting(now.toISOString(), first.until)} from now).`
      : `${lastRead}, it may be too late for time travel, since ${end}.`,
  ];
}
