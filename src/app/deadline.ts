import type { Clock, Deadline } from '../model/ports.ts';

/** Kept for the metrics, the alerts and the state, whatever was read by then. */
const MAX_RESERVE_MS = 60_000;

/** When reading has to end so that there is time to publish; `ms`: null for a run that may take its time. */
export function createDeadline({
  clock,
  ms,
}: {
  readonly clock: Pick<Clock, 'elapsedMs'>;
  readonly ms: number | null;
}): Deadline & {
  /** Reading ends now. */
  stop(): void;
} {
  const end = ms === null ? Number.POSITIVE_INFINITY : clock.elapsedMs() + ms;
  const readingEnd = ms === null ? end : end - Math.min(MAX_RESERVE_MS, ms / 4);
  let isStopped = false;
  const acts = new Set<() => void>();
  return {
    // What may take its time has no end of its own.
    endedBy: ms === null ? 'interruption' : 'time',
    readingMs: () => (isStopped ? 0 : Math.max(0, readingEnd - clock.elapsedMs())),
    allMs: () => Math.max(0, end - clock.elapsedMs()),
    onStop(act) {
      if (isStopped) act();
      else acts.add(act);
      return () => acts.delete(act);
    },
    stop() {
      isStopped = true;
      for (const act of acts) act();
    },
  };
}
