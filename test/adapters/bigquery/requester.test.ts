import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type PlayedClock, playedClock } from '../../../emulators/clock.ts';
import type { ApiFailure } from '../../../src/adapters/bigquery/api-answer.ts';
import { createRateLimiter, type Pacing } from '../../../src/adapters/bigquery/rate-limiter.ts';
import { createRequester, METHODS, type Method } from '../../../src/adapters/bigquery/requester.ts';
import { createDeadline } from '../../../src/app/deadline.ts';
import { MalformedError } from '../../../src/model/errors.ts';
import type { Read } from '../../../src/model/ports.ts';
import { RUNS } from '../../support/runs.ts';

afterEach(() => {
  vi.useRealTimers();
});

class Failed extends Error {
  readonly failure: ApiFailure;

  constructor(failure: ApiFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

function failureOf(error: unknown): ApiFailure {
  if (error instanceof Failed) return error.failure;
  throw error;
}

const TIMEOUT_MS = 30_000;

/** `ms`: of the whole run, of which the last quarter (at most a minute) is for publishing; null: no end. */
function setUp({
  ms = null,
  pacing = { requestsPerSecond: 1000, maxConcurrency: 40 },
  clock = playedClock(),
}: {
  readonly ms?: number | null;
  readonly pacing?: Pacing;
  readonly clock?: PlayedClock;
} = {}) {
  const deadline = createDeadline({ clock, ms });
  const slowedDown: Method[] = [];
  const limiters = new Map(
    METHODS.map((method) => {
      const { run } = createRateLimiter(pacing);
      return [method, { run, slowDown: () => void slowedDown.push(method) }] as const;
    }),
  );
  const newRun = () => createRequester({ limiters, clock, deadline, timeoutMs: TIMEOUT_MS, failureOf });
  const ask = newRun();
  let requests = 0;
  /** Asks for a table; `answer` is called for each attempt. */
  const askFor = (
    answer: (timeoutMs: number) => Promise<string>,
    { rank = 0, method = 'tables.get' as Method, asker = ask } = {},
  ): Promise<Read<string>> =>
    asker({
      method,
      rank,
      request: (timeoutMs) => {
        requests += 1;
        return answer(timeoutMs);
      },
    });
  return { askFor, clock, deadline, newRun, slowedDown, requests: () => requests };
}

function failing(failure: Partial<ApiFailure>): () => Promise<never> {
  return () => Promise.reject(new Failed({ status: null, reason: null, message: 'No', ...failure }));
}

const found = { status: 'found', value: 'yes' };

function unreadable(reason: string, detail: string) {
  return { status: 'unreadable', reason, detail: `tables.get: ${detail}` };
}

describe('what is done about an answer that is none', () => {
  const retried = { attempts: 6, slowDowns: 0 };
  const slowed = { attempts: 6, slowDowns: 6 };
  const final = { attempts: 1, slowDowns: 0 };

  test.each<{
    readonly name: string;
    readonly failure: Partial<ApiFailure>;
    readonly done: { readonly attempts: number; readonly slowDowns: number };
    readonly read: object;
  }>([
    {
      name: '403 rateLimitExceeded: asked again, and more slowly',
      failure: { status: 403, reason: 'rateLimitExceeded' },
      done: slowed,
      read: unreadable('throttled', 'HTTP 403 rateLimitExceeded: No'),
    },
    {
      name: '403 userRateLimitExceeded: likewise',
      failure: { status: 403, reason: 'userRateLimitExceeded' },
      done: slowed,
      read: unreadable('throttled', 'HTTP 403 userRateLimitExceeded: No'),
    },
    {
      name: '429 without a reason: likewise',
      failure: { status: 429 },
      done: slowed,
      read: unreadable('throttled', 'HTTP 429: No'),
    },
    {
      name: 'too many at once, which carries the reason of a spent quota: likewise',
      failure: {
        status: 403,
        reason: 'quotaExceeded',
        message: 'exceeded quota for concurrent api requests',
      },
      done: slowed,
      read: unreadable('throttled', 'HTTP 403 quotaExceeded: exceeded quota for concurrent api requests'),
    },
    {
      name: '503 backendError: asked again',
      failure: { status: 503, reason: 'backendError' },
      done: retried,
      read: unreadable('unavailable', 'HTTP 503 backendError: No'),
    },
    {
      name: '500 internalError: asked again',
      failure: { status: 500, reason: 'internalError' },
      done: retried,
      read: unreadable('unavailable', 'HTTP 500 internalError: No'),
    },
    {
      name: '408: asked again',
      failure: { status: 408 },
      done: retried,
      read: unreadable('unavailable', 'HTTP 408: No'),
    },
    {
      name: '502 of a proxy: asked again',
      failure: { status: 502 },
      done: retried,
      read: unreadable('unavailable', 'HTTP 502: No'),
    },
    {
      name: '504 with a reason nobody knows: asked again',
      failure: { status: 504, reason: 'constructor' },
      done: retried,
      read: unreadable('unavailable', 'HTTP 504 constructor: No'),
    },
    {
      name: 'a connection that is reset: asked again',
      failure: { message: 'read ECONNRESET' },
      done: retried,
      read: unreadable('unavailable', 'no answer: read ECONNRESET'),
    },
    {
      name: 'a name that cannot be resolved: asked again',
      failure: { message: 'getaddrinfo EAI_AGAIN bigquery.googleapis.com' },
      done: retried,
      read: unreadable('unavailable', 'no answer: getaddrinfo EAI_AGAIN bigquery.googleapis.com'),
    },
    {
      name: '403 quotaExceeded: not asked again',
      failure: { status: 403, reason: 'quotaExceeded' },
      done: final,
      read: unreadable('throttled', 'HTTP 403 quotaExceeded: No'),
    },
    {
      name: '403 accessDenied: unreadable at once',
      failure: { status: 403, reason: 'accessDenied' },
      done: final,
      read: unreadable('denied', 'HTTP 403 accessDenied: No'),
    },
    {
      name: '403 blocked: unreadable at once',
      failure: { status: 403, reason: 'blocked' },
      done: final,
      read: unreadable('denied', 'HTTP 403 blocked: No'),
    },
    {
      name: '403 billingNotEnabled: unreadable at once',
      failure: { status: 403, reason: 'billingNotEnabled' },
      done: final,
      read: unreadable('denied', 'HTTP 403 billingNotEnabled: No'),
    },
    {
      name: '401: asked once more',
      failure: { status: 401 },
      done: { attempts: 2, slowDowns: 0 },
      read: unreadable('unavailable', 'the credentials were not accepted: HTTP 401: No'),
    },
    {
      name: '400 invalid: unreadable at once',
      failure: { status: 400, reason: 'invalid' },
      done: final,
      read: unreadable('unavailable', 'HTTP 400 invalid: No'),
    },
    {
      name: '404 notFound of the project: nothing is known of the table',
      failure: { status: 404, reason: 'notFound', message: 'Not found: Project shop' },
      done: final,
      read: unreadable('unavailable', 'HTTP 404 notFound: Not found: Project shop'),
    },
    {
      name: '404 notFound: absent',
      failure: { status: 404, reason: 'notFound' },
      done: final,
      read: { status: 'absent', detail: 'tables.get: HTTP 404 notFound: No' },
    },
    {
      name: '404 of a proxy: unreadable, never absent',
      failure: { status: 404 },
      done: final,
      read: unreadable('unavailable', 'HTTP 404: No'),
    },
  ])('$name', async ({ failure, done, read }) => {
    const { askFor, requests, slowedDown } = setUp();

    const answer = await askFor(failing(failure));

    expect({ answer, attempts: requests(), slowDowns: slowedDown.length }).toEqual({ answer: read, ...done });
    expect(slowedDown.every((method) => method === 'tables.get')).toBe(true);
  });

  test('an answer that is no resource is malformed, and not asked for again', async () => {
    const { askFor, requests } = setUp();

    const answer = await askFor(() => Promise.reject(new MalformedError('the answer is no bigquery#table')));

    expect({ answer, attempts: requests() }).toEqual({
      answer: unreadable('malformed', 'the answer is no bigquery#table'),
      attempts: 1,
    });
  });

  test('a bug is no answer of BigQuery: it is thrown', async () => {
    const { askFor } = setUp();

    await expect(askFor(() => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
  });
});

describe('asking again', () => {
  test.each([1, 2, 3, 4, 5])('ends with the answer that comes after %i failures', async (failures) => {
    const { askFor, requests } = setUp();
    const fail = failing({ status: 503 });

    const answer = await askFor(() => (requests() <= failures ? fail() : Promise.resolve('yes')));

    expect({ answer, attempts: requests() }).toEqual({ answer: found, attempts: failures + 1 });
  });

  test('waits about twice as long each time, and never as long as another', async () => {
    const all: (readonly number[])[] = [];
    for (let count = 0; count < 20; count += 1) {
      const { askFor, clock } = setUp();
      await askFor(failing({ status: 503 }));
      all.push(clock.waits);
    }

    expect(
      all.flatMap((waits) => waits.map((ms, index) => ms >= 500 * 2 ** index && ms <= 1000 * 2 ** index)),
    ).toEqual(Array.from({ length: 20 * 5 }, () => true));
    expect(new Set(all.flat()).size).toBe(20 * 5);
  });

  test('goes on for a minute at most, however long each attempt takes', async () => {
    const durations = fc.array(fc.nat(TIMEOUT_MS), { minLength: 6, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(durations, async (tookMs) => {
        const { askFor, clock, requests } = setUp();
        const begin = clock.now().getTime();

        await askFor((timeoutMs) => {
          clock.advance(Math.min(timeoutMs, tookMs[requests() - 1] ?? 0));
          return failing({})();
        });

        expect(clock.now().getTime() - begin).toBeLessThanOrEqual(60_000);
      }),
      { ...RUNS, numRuns: Math.ceil(RUNS.numRuns / 10) },
    );
  });

  test('ends before a wait that the run has no time for', async () => {
    const { askFor, clock, requests } = setUp({ ms: 4000 });

    const answer = await askFor(failing({ status: 503, reason: 'backendError' }));

    expect({ answer, isInTime: clock.waits.reduce((sum, ms) => sum + ms, 0) < 3000 }).toEqual({
      answer: unreadable('unavailable', 'HTTP 503 backendError: No; no time was left to ask again'),
      isInTime: true,
    });
    expect(requests()).toBeLessThan(6);
  });
});

describe('a spent quota', () => {
  test('ends all asking of the run, also of what waits, and of other methods', async () => {
    const { askFor, requests } = setUp({ pacing: { requestsPerSecond: 1000, maxConcurrency: 1 } });
    const spent = failing({ status: 403, reason: 'quotaExceeded' });

    const [first, second] = await Promise.all([askFor(spent), askFor(async () => 'yes')]);
    const later = await askFor(async () => 'yes', { method: 'datasets.get' });

    const answer = unreadable('throttled', 'HTTP 403 quotaExceeded: No');
    expect({ answers: [first, second, later], requests: requests() }).toEqual({
      answers: [answer, answer, answer],
      requests: 1,
    });
  });

  test('of an earlier run is asked for anew by the next', async () => {
    const { askFor, newRun } = setUp();
    await askFor(failing({ status: 403, reason: 'quotaExceeded' }));

    const answer = await askFor(async () => 'yes', { asker: newRun() });

    expect(answer).toEqual(found);
  });

  test('does not take back what was under way', async () => {
    const { askFor } = setUp();
    let answer = (_: string) => {};
    const underWay = askFor(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    await askFor(failing({ status: 403, reason: 'quotaExceeded' }));

    answer('yes');

    expect(await underWay).toEqual(found);
  });
});

describe('the time of the run', () => {
  test('bounds each request', async () => {
    const clock = playedClock();
    const { askFor } = setUp({ ms: 100_000, clock });
    const given: number[] = [];
    const answer = (timeoutMs: number) => {
      given.push(timeoutMs);
      return Promise.resolve('yes');
    };

    await askFor(answer);
    clock.advance(60_000);
    await askFor(answer);

    expect(given).toEqual([TIMEOUT_MS, 15_000]);
  });

  test('once over leaves the rest unasked', async () => {
    const clock = playedClock();
    const { askFor, requests } = setUp({ ms: 100_000, clock });
    clock.advance(75_000);

    const answer = await askFor(async () => 'yes');

    expect({ answer, requests: requests() }).toEqual({
      answer: unreadable('out-of-time', "the run's time was over"),
      requests: 0,
    });
  });

  test('that ends while others wait for their turn leaves them unasked', async () => {
    const clock = playedClock();
    const { askFor, requests } = setUp({
      ms: 100_000,
      clock,
      pacing: { requestsPerSecond: 1000, maxConcurrency: 1 },
    });

    const answers = await Promise.all([
      askFor(async () => {
        clock.advance(75_000);
        return 'yes';
      }),
      askFor(async () => 'yes'),
      askFor(async () => 'yes'),
    ]);

    const unasked = unreadable('out-of-time', "the run's time was over");
    expect({ answers, requests: requests() }).toEqual({ answers: [found, unasked, unasked], requests: 1 });
  });

  test('that ends while a request is under way leaves it out of time: BigQuery is not to blame', async () => {
    const clock = playedClock();
    const { askFor } = setUp({ ms: 20_000, clock });

    const answer = await askFor((timeoutMs) => {
      clock.advance(timeoutMs);
      return failing({ message: `no answer within ${timeoutMs / 1000} s` })();
    });

    expect(answer).toMatchObject({ status: 'unreadable', reason: 'out-of-time' });
  });
});

describe('a run that is stopped', () => {
  test('does not wait for requests under way, nor for the time to ask again', async () => {
    const clock = playedClock();
    const neverWakes = { ...clock, sleep: () => new Promise<void>(() => {}) };
    const { askFor, deadline, requests } = setUp({ clock: neverWakes });

    const answers = Promise.all([
      askFor(() => new Promise(() => {})),
      askFor(failing({ status: 503 })),
      askFor(async () => 'yes'),
    ]);
    await vi.waitFor(() => expect(requests()).toBe(3));
    deadline.stop();

    expect((await answers).map((answer) => ('reason' in answer ? answer.reason : answer.status))).toEqual([
      'out-of-time',
      'out-of-time',
      'found',
    ]);
  });

  test('asks nothing more, and nobody waits for a turn', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    vi.advanceTimersByTime(60_000);
    const { askFor, deadline, requests } = setUp({ pacing: { requestsPerSecond: 1, maxConcurrency: 40 } });
    const ended: unknown[] = [];
    for (let count = 0; count < 100; count += 1)
      void askFor(async () => 'yes').then((answer) => ended.push(answer.status));
    await vi.advanceTimersByTimeAsync(100);

    deadline.stop();
    await vi.advanceTimersByTimeAsync(1);

    expect({ requests: requests(), found: ended.filter((status) => status === 'found').length }).toEqual({
      requests: 1,
      found: 1,
    });
    expect(ended).toHaveLength(100);
  });
});

test('who asks again comes before what was left out before, and that before all others', async () => {
  const { askFor } = setUp({
    pacing: { requestsPerSecond: 1000, maxConcurrency: 1 },
  });
  const order: string[] = [];
  let isRefused = false;
  const note = (table: string) => async () => {
    order.push(table);
    if (table === 'retried' && !isRefused) {
      isRefused = true;
      throw new Failed({ status: 503, reason: null, message: 'No' });
    }
    return 'yes';
  };

  const ranks = { retried: 0, a: 0, b: 0, 'left out': 1, 'left out twice': 2, c: 0 };
  await Promise.all(Object.entries(ranks).map(([table, rank]) => askFor(note(table), { rank })));

  expect(order.filter((table) => table !== 'retried')).toEqual(['left out twice', 'left out', 'a', 'b', 'c']);
  expect(order.slice(0, 3)).toContain('left out twice');
  expect(order.lastIndexOf('retried')).toBeLessThan(order.indexOf('b'));
});
