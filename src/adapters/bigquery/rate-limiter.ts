import PQueue from 'p-queue';

export interface Pacing {
  /** Starts in one second, for each API method; Google's quota is 100. */
  readonly requestsPerSecond: number;
  /** In flight, for each API method; Google's quota is 300 over all. */
  readonly maxConcurrency: number;
}

export interface RateLimiter {
  /**
   * Starts a request in its turn, one with a higher priority before the others that wait. `check` throws where it is not to be
   * made any more, so that nobody waits for the turn of a request that is moot.
   */
  run<T>(task: {
    readonly check: () => void;
    readonly request: () => Promise<T>;
    readonly priority: number;
  }): Promise<T>;
  /** BigQuery said that there were too many. */
  slowDown(): void;
}

/** One refusal halves the rate; each such while without another doubles it again, up to what was asked for. */
const RECOVERY_MS = 2000;
/** The refusals of one moment are one. */
const SAME_MOMENT_MS = 1000;
const MAX_HALVINGS = 5;
/** At 95 a second this lets at most 97 start in any second. */
const MAX_BEHIND_MS = 20;
/** The first requests of a process load code and connect: what starts evenly then arrives at once. */
const SLOW_START_MS = 1000;

/**
 * Spreads the requests of one API method evenly, since the quota counts any second and not the full ones. A quota runs in
 * real time, so this does not go by a played clock.
 * https://docs.cloud.google.com/bigquery/quotas#api_request_quotas
 */
export function createRateLimiter({ requestsPerSecond, maxConcurrency }: Pacing): RateLimiter {
  // Beyond it, p-queue's own rate is counted from fixed borders and cannot be changed later.
  const queue = new PQueue({ concurrency: maxConcurrency });
  let firstAt = Number.POSITIVE_INFINITY;
  let nextAt = 0;
  let turns: Promise<void> = Promise.resolve();
  let halvings = 0;
  let refusedAt = Number.NEGATIVE_INFINITY;

  function gapMs(now: number): number {
    const recovered = Math.floor((now - refusedAt) / RECOVERY_MS);
    const slowdown = Math.max(now - firstAt < SLOW_START_MS ? 1 : 0, halvings - recovered);
    return (1000 / requestsPerSecond) * 2 ** slowdown;
  }

  async function turn(check: () => void): Promise<void> {
    check();
    const now = performance.now();
    firstAt = Math.min(firstAt, now);
    // What a busy process has missed it may make up for, but not as a burst.
    nextAt = Math.max(nextAt + gapMs(now), now - MAX_BEHIND_MS);
    const waitMs = nextAt - now;
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  /** One after the other, so that late timers do not let many start at once. */
  function inTurn(check: () => void): Promise<void> {
    const mine = turns.then(() => turn(check));
    turns = mine.catch(() => {});
    return mine;
  }

  /** What comes first is known only when all who ask at once have asked. */
  function startWithAll(): void {
    if (queue.size + queue.pending > 0) return;
    queue.pause();
    setImmediate(() => queue.start());
  }

  return {
    run: ({ check, request, priority }) => {
      startWithAll();
      return queue.add(
        async () => {
          await inTurn(check);
          check();
          return request();
        },
        { priority },
      );
    },
    slowDown() {
      const now = performance.now();
      if (now - refusedAt < SAME_MOMENT_MS) return;
      const recovered = Math.floor((now - refusedAt) / RECOVERY_MS);
      halvings = Math.min(MAX_HALVINGS, Math.max(0, halvings - recovered) + 1);
      refusedAt = now;
    },
  };
}
