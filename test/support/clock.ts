import type { Clock } from '../../src/model/ports.ts';

export interface PlayedClock extends Clock {
  /** Every wait that was asked for, in milliseconds. */
  readonly waits: readonly number[];
  advance(ms: number): void;
}

/** A clock whose sleep takes no time: it moves the clock instead. */
export function playedClock(start = '2026-03-02T08:00:00.000Z'): PlayedClock {
  let now = Date.parse(start);
  const waits: number[] = [];
  return {
    waits,
    now: () => new Date(now),
    async sleep(ms) {
      waits.push(ms);
      now += ms;
    },
    advance(ms) {
      now += ms;
    },
  };
}
