import { isObject } from '../../metadata/parse.ts';
import type { UncheckedReason } from '../../model/finding.ts';
import type { Read } from '../../model/ports.ts';

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
  /** Ask once more, with a new token. */
  | 'sign-in-again'
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

/** Known before the table is looked at: who asks was not recognized, which says nothing of what is asked for. */
const NOT_SIGNED_IN: Meaning = { outcome: 'unavailable', action: 'sign-in-again' };

/** For answers without a reason that is known. Only BigQuery's own `notFound` makes anything absent. */
function byStatus(status: number | null): Meaning {
  if (status === null || status === 408 || status >= 500) return { outcome: 'unavailable', action: 'retry' };
  if (status === 429) return { outcome: 'throttled', action: 'slow-down' };
  if (status === 403) return { outcome: 'denied', action: 'give-up' };
  // 2xx here: no JSON, or part of an answer (206), nothing (204) or what a proxy has made of it (203).
  if (status < 300) return { outcome: 'malformed', action: 'give-up' };
  return { outcome: 'unavailable', action: 'give-up' };
}

function meaningOf({ status, reason, message }: ApiFailure): Meaning {
  // The limit of concurrent requests carries the reason of a spent quota, and is over in a moment.
  if (/concurrent api requests/i.test(message)) return { outcome: 'throttled', action: 'slow-down' };
  if (status === 401) return NOT_SIGNED_IN;
  const known = reason !== null && Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined;
  // Absent is said with 404 alone: with any other status the reason is somebody else's, or of something else.
  if (known === undefined || (known.outcome === 'absent' && status !== 404)) return byStatus(status);
  return known;
}

export function actionOn(failure: ApiFailure): Action {
  return meaningOf(failure).action;
}

/** The outcome of a read that failed. */
export function failedRead(failure: ApiFailure): Exclude<Read<never>, { status: 'found' }> {
  const { outcome, action } = meaningOf(failure);
  const where = failure.status === null ? 'no answer' : `HTTP ${failure.status}`;
  const said = `${where}${failure.reason === null ? '' : ` ${failure.reason}`}: ${firstLine(failure.message)}`;
  const detail = action === 'sign-in-again' ? `the credentials were not accepted: ${said}` : said;
  return outcome === 'absent'
    ? { status: 'absent', detail }
    : { status: 'unreadable', reason: outcome, detail };
}

/** Whether a 404 says that the whole project is not there, which no question about one dataset or table can find out. */
export function namesProject({ message }: ApiFailure): boolean {
  return /^not found: project\b/i.test(message);
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
