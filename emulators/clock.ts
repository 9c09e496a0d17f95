import type { Clock } from '../src/model/ports.ts';

export interface PlayedClock extends Clock {
  /** Every wait that was asked for, in milliseconds. */
  readonly waits: readonly number[];
  /** Moves on, without anything that is due in between. */
  advance(ms: number): void;
  /** Time goes by for whoever waits: what is due in between happens, also what is to act once. */
  pass(ms: number): Promise<void>;
  /** The clock on the wall is set, forth or back; no time goes by. */
  set(ms: number): void;
}

/**
 * A clock whose sleep takes no time: it moves the clock instead, and lets what is repeated happen in between. What is to act
 * once does so only when a test lets time pass: it bounds what takes real time, which no sleep can outlast.
 */
export function playedClock(start = '2026-03-02T08:00:00.000Z'): PlayedClock {
  let elapsed = 0;
  let begun = Date.parse(start);
  const waits: number[] = [];
  const repeated = new Set<{
    readonly ms: number;
    next: number;
    readonly act: () => Promise<void>;
    isUnderWay: boolean;
  }>();
  const once = new Set<{ readonly at: number; readonly act: () => void }>();

  function actOnce(end: number): void {
    for (const entry of [...once].sort((one, other) => one.at - other.at)) {
      if (entry.at > end || !once.delete(entry)) continue;
      elapsed = Math.max(elapsed, entry.at);
      entry.act();
    }
  }

  async function moveTo(end: number, { isPassing = false } = {}): Promise<void> {
    for (;;) {
      const due = [...repeated].sort((one, other) => one.next - other.next)[0];
      if (isPassing) actOnce(Math.min(end, due?.next ?? end));
      if (due === undefined || due.next > end) break;
      if (!repeated.has(due)) continue;
      elapsed = Math.max(elapsed, due.next);
      due.next += due.ms;
      // It may be what sleeps here: to wait for it would be to wait for oneself.
      if (due.isUnderWay) continue;
      due.isUnderWay = true;
      await due.act().finally(() => {
        due.isUnderWay = false;
      });
    }
    elapsed = Math.max(elapsed, end);
  }

  return {
    waits,
    now: () => new Date(begun + elapsed),
    elapsedMs: () => elapsed,
    async sleep(ms) {
      waits.push(ms);
      await moveTo(elapsed + ms);
    },
    after(ms, act) {
      const entry = { at: elapsed + ms, act };
      once.add(entry);
      return () => once.delete(entry);
    },
    every(ms, act) {
      const entry = { ms, next: elapsed + ms, act, isUnderWay: false };
      repeated.add(entry);
      return () => repeated.delete(entry);
    },
    advance(ms) {
      elapsed += ms;
    },
    pass: (ms) => moveTo(elapsed + ms, { isPassing: true }),
    set(ms) {
      begun += ms;
    },
  };
}

/** A clock that stands still, for what is not about time. */
export function stoppedClock(now: Date): Clock {
  return {
    now: () => now,
    elapsedMs: () => 0,
    sleep: async () => {},
    every: () => () => {},
    after: () => () => {},
  };
}
