import { MalformedError } from '../../model/errors.ts';
import { INTERRUPTED } from '../../model/finding.ts';
import type { Clock, Deadline, Read, Unreadable } from '../../model/ports.ts';
import { unlessStopped } from '../../model/unless-stopped.ts';
import { type ApiFailure, actionOn, failedRead, namesProject } from './api-answer.ts';
import type { RateLimiter } from './rate-limiter.ts';

export const METHODS = ['datasets.list', 'datasets.get', 'tables.list', 'tables.get'] as const;
export type Method = (typeof METHODS)[number];

/** For one question, with all its attempts and the waits between them. */
const MAX_ATTEMPTS = 6;
const MAX_MS = 60_000;
/** Before the second attempt; doubled before each that follows, and jittered to between half and all of it. */
const FIRST_WAIT_MS = 1000;

interface Question<T> {
  readonly method: Method;
  /** The higher, the sooner. */
  readonly rank: number;
  /** One request, given up after so many milliseconds. */
  readonly request: (timeoutMs: number) => Promise<T>;
}

export type Requester = <T>(question: Question<T>) => Promise<Read<T>>;

/**
 * Asks until there is an answer, or until asking again is no use, all in one place: the client's own retries are off. Each
 * attempt takes its turn under the quota, and the run's time bounds them all.
 */
export function createRequester({
  limiters,
  clock,
  deadline,
  timeoutMs,
  failureOf,
}: {
  readonly limiters: ReadonlyMap<Method, RateLimiter>;
  readonly clock: Clock;
  readonly deadline: Deadline;
  /** For one request. */
  readonly timeoutMs: number;
  readonly failureOf: (error: unknown) => ApiFailure;
}): Requester {
  let spent: Unreadable | null = null;

  function check(): void {
    if (deadline.readingMs() <= 0) throw new OutOfTimeError();
    if (spent !== null) throw new SpentError(spent);
  }

  function orOver<T>(work: Promise<T>): Promise<T> {
    return unlessStopped(deadline, work, () => {
      throw new OutOfTimeError();
    });
  }

  async function attempt<T>({ method, rank, request }: Question<T>, attempts: Attempts): Promise<T> {
    const limiter = limiters.get(method);
    if (limiter === undefined) throw new Error(`no rate limiter for ${method}`);
    const answer = limiter.run({
      check,
      request: () => {
        attempts.startedAt ??= clock.elapsedMs();
        const leftMs = attempts.startedAt + MAX_MS - clock.elapsedMs();
        return orOver(request(Math.min(timeoutMs, deadline.readingMs(), Math.max(1, leftMs))));
      },
      // Who has waited for a turn already does not wait for all the others once more.
      priority: attempts.count > 1 ? Number.MAX_SAFE_INTEGER : rank,
    });
    // Also while it waits for its turn.
    return orOver(answer);
  }

  return async (question) => {
    const { method } = question;
    const attempts: Attempts = { count: 0, startedAt: null, signedInAgain: false };
    for (;;) {
      attempts.count += 1;
      try {
        check();
        return { status: 'found', value: await attempt(question, attempts) };
      } catch (error) {
        if (error instanceof OutOfTimeError) return outOfTime(method, deadline);
        if (error instanceof SpentError) return error.answer;
        if (error instanceof MalformedError) {
          return { status: 'unreadable', reason: 'malformed', detail: `${method}: ${error.message}` };
        }
        const failure = failureOf(error);
        // Cut short by the end of the run, which is no fault of BigQuery's.
        if (failure.status === null && deadline.readingMs() <= 0) return outOfTime(method, deadline);
        const final = finalRead(method, failure);
        const action = actionOn(failure);
        if (action === 'sign-in-again' && !attempts.signedInAgain) {
          attempts.signedInAgain = true;
          continue;
        }
        if (action === 'slow-down') limiters.get(method)?.slowDown();
        if (action === 'stop' && final.status === 'unreadable') spent = final;
        if (action !== 'retry' && action !== 'slow-down') return final;
        const waitMs = FIRST_WAIT_MS * 2 ** (attempts.count - 1) * (0.5 + Math.random() / 2);
        const now = clock.elapsedMs();
        const isLast = attempts.count === MAX_ATTEMPTS || now + waitMs > (attempts.startedAt ?? now) + MAX_MS;
        if (isLast) return final;
        if (waitMs >= deadline.readingMs()) {
          return { ...final, detail: `${final.detail}; no time was left to ask again` };
        }
        await unlessStopped(deadline, clock.sleep(waitMs), () => {});
      }
    }
  };
}

/** What is asked of a project that is not there says nothing of its datasets and tables. */
function finalRead(method: Method, failure: ApiFailure): Exclude<Read<never>, { status: 'found' }> {
  const read = failedRead(failure);
  const detail = `${method}: ${read.detail}`;
  return read.status === 'absent' && method !== 'datasets.list' && namesProject(failure)
    ? { status: 'unreadable', reason: 'unavailable', detail }
    : { ...read, detail };
}

interface Attempts {
  count: number;
  signedInAgain: boolean;
  /** When the first was made; waiting for its turn does not count. */
  startedAt: number | null;
}

/** Not an answer: the run's time is over. */
class OutOfTimeError extends Error {}
/** Not asked: the project's quota is spent. */
class SpentError extends Error {
  readonly answer: Unreadable;

  constructor(answer: Unreadable) {
    super(answer.detail);
    this.answer = answer;
  }
}

function outOfTime(method: Method, { endedBy }: Deadline): Unreadable {
  return {
    status: 'unreadable',
    reason: 'out-of-time',
    detail:
      endedBy === 'time'
        ? `${method}: the run's time was over`
        : `${INTERRUPTED} before ${method} was answered`,
  };
}
