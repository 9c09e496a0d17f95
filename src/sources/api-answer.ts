import { isObject } from '../diff/parse.ts';
import type { UncheckedReason } from '../model/finding.ts';
import type { Read } from '../model/ports.ts';

/** What BigQuery's API answered instead of a resource, or that it did not answer. */
export interface ApiFailure {
  /** HTTP status; null: no answer came. */
  readonly status: number | null;
  /** `errors[0].reason`; null where the body carries none, as a proxy's does not. */
  readonly reason: string | null;
  readonly message: string;
}

type Outcome = UncheckedReason | 'absent';

/** What to do about an answer that is none. */
export type Action =
  | 'retry'
  /** Ask again, and more slowly. */
  | 'slow-down'
  /** Ask this project nothing more in this run. */
  | 'stop'
  | 'give-up';

interface Meaning {
  readonly outcome: Outcome;
  readonly action: Action;
}

/**
 * What a reason means. A status alone does not tell: 403 is a lost permission, a rate limit and a quota.
 * https://docs.cloud.google.com/bigquery/docs/error-messages
 */
const REASONS: Readonly<Record<string, Meaning>> = {
  notFound: { outcome: 'absent', action: 'give-up' },
  accessDenied: { outcome: 'denied', action: 'give-up' },
  billingNotEnabled: { outcome: 'denied', action: 'give-up' },
  blocked: { outcome: 'denied', action: 'give-up' },
  quotaExceeded: { outcome: 'throttled', action: 'stop' },
  rateLimitExceeded: { outcome: 'throttled', action: 'slow-down' },
  userRateLimitExceeded: { outcome: 'throttled', action: 'slow-down' },
  backendError: { outcome: 'unavailable', action: 'retry' },
  internalError: { outcome: 'unavailable', action: 'retry' },
};

/** For answers without a reason that is known. Only BigQuery's own `notFound` makes anything absent. */
function byStatus(status: number | null): Meaning {
  if (status === null || status === 408 || status >= 500) return { outcome: 'unavailable', action: 'retry' };
  if (status === 429) return { outcome: 'throttled', action: 'slow-down' };
  if (status === 401 || status === 403) return { outcome: 'denied', action: 'give-up' };
  // 2xx here: the answer was there, but no JSON.
  if (status < 300) return { outcome: 'malformed', action: 'give-up' };
  return { outcome: 'unavailable', action: 'give-up' };
}

function meaningOf({ status, reason, message }: ApiFailure): Meaning {
  // The limit of concurrent requests carries the reason of a spent quota, and is over in a moment.
  if (/concurrent api requests/i.test(message)) return { outcome: 'throttled', action: 'slow-down' };
  const known = reason !== null && Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined;
  return known ?? byStatus(status);
}

export function actionOn(failure: ApiFailure): Action {
  return meaningOf(failure).action;
}

/** The outcome of a read that failed. */
export function failedRead(failure: ApiFailure): Exclude<Read<never>, { status: 'found' }> {
  const { outcome } = meaningOf(failure);
  const where = failure.status === null ? 'no answer' : `HTTP ${failure.status}`;
  const detail = `${where}${failure.reason === null ? '' : ` ${failure.reason}`}: ${firstLine(failure.message)}`;
  return outcome === 'absent'
    ? { status: 'absent', detail }
    : { status: 'unreadable', reason: outcome, detail };
}

/** A proxy's HTML page or the client's list of errors must not flood a message. */
function firstLine(message: string): string {
  const line = message.trim().split('\n', 1)[0] ?? '';
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/**
 * The error body of an answer, `{"error":{"code":403,"errors":[{"reason":"accessDenied"}]}}`; null where
 * `value` is none.
 */
export function errorBody(value: unknown): ApiFailure | null {
  const error = isObject(value) ? value['error'] : undefined;
  if (!isObject(error)) return null;
  const first = Array.isArray(error['errors']) ? error['errors'][0] : undefined;
  const reason = isObject(first) && typeof first['reason'] === 'string' ? first['reason'] : null;
  const message = [isObject(first) ? first['message'] : undefined, error['message']].find(
    (text) => typeof text === 'string',
  );
  const status = typeof error['code'] === 'number' ? error['code'] : null;
  return { status, reason, message: typeof message === 'string' ? message : 'no message' };
}
