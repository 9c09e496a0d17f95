import type { Timer } from './ports.ts';

/** In real time: what is asked over the network takes that, also where a clock is played. */
export const realTimer: Timer = (ms, act) => {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
};

/**
 * What the work comes to, or else what `late` says once it has taken so long. Its signal is aborted then: whatever the work
 * still does, nobody waits for it any more.
 */
export function within<T>(
  work: (signal: AbortSignal) => Promise<T>,
  {
    ms,
    late,
    after,
    signal,
  }: {
    /** May be infinite. */
    readonly ms: number;
    readonly late: () => Error;
    readonly after: Timer;
    /** Of what the work is a part of. */
    readonly signal?: AbortSignal;
  },
): Promise<T> {
  if (signal?.aborted === true) return Promise.reject(signal.reason);
  const given = new AbortController();
  const all = signal === undefined ? given.signal : AbortSignal.any([signal, given.signal]);
  return new Promise<T>((resolve, reject) => {
    const giveUp = () => {
      const reason = late();
      given.abort(reason);
      reject(reason);
    };
    const forget = Number.isFinite(ms) ? after(ms, giveUp) : () => {};
    work(all).finally(forget).then(resolve, reject);
  });
}
