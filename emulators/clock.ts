import type { Clock } from '../src/model/ports.ts';

export interface PlayedClock extends Clock {
  /** Every wait that was asked for, in milliseconds. */
  readonly waits: readonly number[];
  /** Moves on, without anything that is due in between. */
  advance(ms: number): void;
}

/** A clock whose sleep takes no time: it moves the clock instead, and lets what is due in between happen. */
export function playedClock(start = '2026-03-02T08:00:00.000Z'): PlayedClock {
  let now = Date.parse(start);
  const waits: number[] = [];
  const repeated = new Set<{
    readonly ms: number;
    next: number;
    readonly act: () => Promise<void>;
    isUnderWay: boolean;
  }>();
  return {
    waits,
    now: () => new Date(now),
    async sleep(ms) {
      waits.push(ms);
      const end = now + ms;
      for (;;) {
        const due = [...repeated].sort((one, other) => one.next - other.next)[0];
        if (due === undefined || due.next > end) break;
        now = Math.max(now, due.next);
        due.next += due.ms;
        // It may be what sleeps here: to wait for it would be to wait for oneself.
        if (due.isUnderWay) continue;
        due.isUnderWay = true;
        await due.act().finally(() => {
          due.isUnderWay = false;
        });
      }
      now = Math.max(now, end);
    },
    every(ms, act) {
      const entry = { ms, next: now + ms, act, isUnderWay: false };
      repeated.add(entry);
      return () => repeated.delete(entry);
    },
    advance(ms) {
      now += ms;
    },
  };
}
