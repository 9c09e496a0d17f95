import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createRateLimiter,
  type Pacing,
  type RateLimiter,
} from '../../../src/adapters/bigquery/rate-limiter.ts';
import { RUNS } from '../../support/runs.ts';

/** Minutes of pacing take no time, and nothing depends on the machine. */
function playTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  // A process is not brand-new when it makes its first request.
  vi.advanceTimersByTime(60_000);
}

afterEach(() => {
  vi.useRealTimers();
});

interface Watched {
  readonly limiter: RateLimiter;
  /** When each request started, in milliseconds. */
  readonly starts: number[];
  /** Asks for so many requests, each of which takes so long. */
  ask(count: number, options?: { readonly tookMs?: number }): Promise<unknown>;
}

const SLOW: Pacing = { requestsPerSecond: 10, maxConcurrency: 40 };
const DEFAULT: Pacing = { requestsPerSecond: 95, maxConcurrency: 40 };

function watch(pacing: Pacing): Watched {
  const limiter = createRateLimiter(pacing);
  const starts: number[] = [];
  const begin = performance.now();
  const ask: Watched['ask'] = (count, { tookMs = 0 } = {}) =>
    Promise.all(
      Array.from({ length: count }, () =>
        limiter.run({
          check: () => {},
          request: async () => {
            starts.push(performance.now() - begin);
            if (tookMs > 0) await new Promise((resolve) => setTimeout(resolve, tookMs));
          },
          priority: 0,
        }),
      ),
    );
  return { limiter, starts, ask };
}

/** The most starts in any second, borders wherever. */
function mostInOneSecond(starts: readonly number[]): number {
  return Math.max(
    ...starts.map((from) => starts.filter((start) => start >= from && start < from + 1000).length),
  );
}

function startedBetween(starts: readonly number[], from: number, to: number): number {
  return starts.filter((start) => start >= from && start < to).length;
}

describe('requests', () => {
  test('start evenly at what was asked for, after a first second at half of it', async () => {
    playTime();
    const { ask, starts } = watch(SLOW);

    void ask(30);
    await vi.advanceTimersByTimeAsync(3000);

    // Of what came before the first, 20 ms may be made up for.
    expect(starts).toEqual([
      ...[0, 180, 380, 580, 780, 980],
      ...[1180, 1280, 1380, 1480, 1580, 1680, 1780, 1880, 1980],
      ...[2080, 2180, 2280, 2380, 2480, 2580, 2680, 2780, 2880, 2980],
    ]);
  });

  test('are never more in any second than the quota of 100 at the default of 95, however many wait', async () => {
    playTime();
    const { ask, starts } = watch(DEFAULT);

    void ask(600, { tookMs: 50 });
    await vi.advanceTimersByTimeAsync(10_000);

    expect({ all: starts.length, most: mostInOneSecond(starts) <= 97 }).toEqual({ all: 600, most: true });
  });

  test('are never more in any second than the quota where a busy process wakes up late', async () => {
    const stalls = fc.array(fc.record({ afterMs: fc.nat(1500), stallMs: fc.nat(900) }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(stalls, async (late) => {
        playTime();
        const { ask, starts } = watch(DEFAULT);
        void ask(250, { tookMs: 30 });
        for (const { afterMs, stallMs } of late) {
          await vi.advanceTimersByTimeAsync(afterMs);
          // All at once, without a promise in between.
          vi.advanceTimersByTime(stallMs);
        }
        await vi.advanceTimersByTimeAsync(10_000);
        vi.useRealTimers();
        expect({ all: starts.length, isWithin: mostInOneSecond(starts) <= 100 }).toEqual({
          all: 250,
          isWithin: true,
        });
      }),
      { ...RUNS, numRuns: Math.ceil(RUNS.numRuns / 20) },
    );
  });

  test('take on a real clock at least the time that their number needs', async () => {
    const { ask } = watch({ requestsPerSecond: 200, maxConcurrency: 40 });
    const begin = performance.now();

    await ask(60);

    // In the first second one starts each 10 ms; the first at once, and what is late may make up for 20 ms.
    expect(performance.now() - begin).toBeGreaterThan(59 * 10 - 20 - 10);
  });

  test('that nobody made for a while leave no burst behind', async () => {
    playTime();
    const { ask, starts } = watch(SLOW);
    void ask(10);
    await vi.advanceTimersByTimeAsync(60_000);
    const idle = starts.length;

    void ask(20);
    await vi.advanceTimersByTimeAsync(10_000);

    expect(idle).toBe(10);
    expect(mostInOneSecond(starts.slice(idle))).toBeLessThanOrEqual(11);
  });

  test('are never more in flight than they may be, and each that ends makes room', async () => {
    playTime();
    const limiter = createRateLimiter({ requestsPerSecond: 1000, maxConcurrency: 3 });
    let inFlight = 0;
    const seen: number[] = [];
    const request = async () => {
      inFlight += 1;
      seen.push(inFlight);
      await new Promise((resolve) => setTimeout(resolve, 100));
      inFlight -= 1;
    };

    for (let count = 0; count < 12; count += 1) void limiter.run({ check: () => {}, request, priority: 0 });
    await vi.advanceTimersByTimeAsync(5000);

    expect({ asked: seen.length, most: Math.max(...seen), left: inFlight }).toEqual({
      asked: 12,
      most: 3,
      left: 0,
    });
  });

  test('with a higher priority start before the others that wait', async () => {
    playTime();
    const limiter = createRateLimiter({ requestsPerSecond: 1000, maxConcurrency: 1 });
    const order: string[] = [];
    const run = (name: string, priority: number) =>
      void limiter.run({ check: () => {}, request: async () => order.push(name), priority });

    run('begun', 0);
    // It takes its turn; what asks at the same moment would be weighed with it.
    await vi.advanceTimersByTimeAsync(0);
    run('first of its kind', 0);
    run('second of its kind', 0);
    run('left out before', 1);
    run('retry', 2);
    await vi.advanceTimersByTimeAsync(1000);

    expect(order).toEqual(['begun', 'retry', 'left out before', 'first of its kind', 'second of its kind']);
  });

  test('give back what they came to, and one that fails keeps no other from its turn', async () => {
    playTime();
    const limiter = createRateLimiter({ requestsPerSecond: 1000, maxConcurrency: 1 });
    const run = (request: () => Promise<string>) => limiter.run({ check: () => {}, request, priority: 0 });

    const results = Promise.allSettled([
      run(async () => 'first'),
      run(() => Promise.reject(new Error('reset'))),
      run(async () => 'third'),
    ]);
    await vi.advanceTimersByTimeAsync(1000);

    expect(await results).toEqual([
      { status: 'fulfilled', value: 'first' },
      { status: 'rejected', reason: new Error('reset') },
      { status: 'fulfilled', value: 'third' },
    ]);
  });
});

describe('a refusal', () => {
  /** How many start in each of the seconds after `slowDown` was called so often, one call each so many ms. */
  async function startsAfter(refusals: readonly number[], seconds: number): Promise<readonly number[]> {
    playTime();
    const { ask, limiter, starts } = watch({ requestsPerSecond: 64, maxConcurrency: 300 });
    void ask(3000);
    await vi.advanceTimersByTimeAsync(4000);
    let now = 0;
    for (const at of refusals) {
      await vi.advanceTimersByTimeAsync(at - now);
      now = at;
      limiter.slowDown();
    }
    await vi.advanceTimersByTimeAsync(seconds * 1000 - now);
    return Array.from({ length: seconds }, (_, second) =>
      startedBetween(starts, 4000 + second * 1000, 5000 + second * 1000),
    );
  }

  /** One start may fall on either side of a border. */
  function isAbout(counts: readonly number[], wanted: readonly number[]): boolean {
    return (
      counts.length === wanted.length &&
      counts.every((count, index) => Math.abs(count - (wanted[index] ?? 0)) <= 2)
    );
  }

  test.each([
    { name: 'halves the rate for two seconds', refusals: [0], seconds: [32, 32, 64, 64] },
    {
      name: 'of the same moment as others is one with them',
      refusals: [0, 0, 1, 50, 200, 999],
      seconds: [32, 32, 64, 64],
    },
    {
      name: 'while it is slow halves the rate once more, and each half comes back by itself',
      refusals: [0, 1000],
      seconds: [32, 16, 16, 32, 32, 64],
    },
    {
      name: 'of a later time starts anew',
      refusals: [0, 4000],
      seconds: [32, 32, 64, 64, 32, 32, 64],
    },
    {
      name: 'again and again never ends the asking: a thirty-second part is left',
      refusals: [0, 1000, 2000, 3000, 4000, 5000, 6000],
      seconds: [32, 16, 8, 4, 2, 2, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 64],
    },
  ])('$name', async ({ refusals, seconds }) => {
    const counts = await startsAfter(refusals, seconds.length);

    expect({ counts, isAbout: isAbout(counts, seconds) }).toEqual({ counts, isAbout: true });
  });
});

describe('a request that is moot', () => {
  function isMootWhen(isOver: () => boolean): () => void {
    return () => {
      if (isOver()) throw new Error('moot');
    };
  }

  test('is not made, and takes no turn from those behind it', async () => {
    playTime();
    const { ask, limiter, starts } = watch({ requestsPerSecond: 10, maxConcurrency: 1 });
    const made: number[] = [];
    const moot = Array.from({ length: 100 }, (_, index) =>
      limiter.run({ check: isMootWhen(() => true), request: async () => made.push(index), priority: 1 }),
    );
    const settled = Promise.allSettled(moot);

    void ask(3);
    await vi.advanceTimersByTimeAsync(1000);

    expect({ starts, made }).toEqual({ starts: [0, 180, 380], made: [] });
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
  });

  test('by the time of its turn is not made either', async () => {
    playTime();
    const limiter = createRateLimiter(SLOW);
    let isOver = false;
    const made: number[] = [];
    const settled = Promise.allSettled(
      [0, 1, 2].map((index) =>
        limiter.run({ check: isMootWhen(() => isOver), request: async () => made.push(index), priority: 0 }),
      ),
    );

    await vi.advanceTimersByTimeAsync(100);
    isOver = true;
    await vi.advanceTimersByTimeAsync(10_000);

    expect({ made, results: (await settled).map(({ status }) => status) }).toEqual({
      made: [0],
      results: ['fulfilled', 'rejected', 'rejected'],
    });
  });

  test('while many wait for their turns ends them all with the turn that is awaited', async () => {
    playTime();
    const limiter = createRateLimiter({ requestsPerSecond: 1, maxConcurrency: 40 });
    let isOver = false;
    let ended = 0;
    for (let count = 0; count < 40; count += 1) {
      const end = () => {
        ended += 1;
      };
      void limiter
        .run({ check: isMootWhen(() => isOver), request: async () => {}, priority: 0 })
        .then(end, end);
    }
    await vi.advanceTimersByTimeAsync(100);

    isOver = true;
    // One turn of the slow first second.
    await vi.advanceTimersByTimeAsync(2000);

    expect(ended).toBe(40);
  });
});
