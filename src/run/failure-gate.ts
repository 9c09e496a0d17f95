import type { Clock } from '../model/ports.ts';
import type { FailureMemo } from '../model/state.ts';

const REMIND_AFTER_MS = 4 * 3_600_000;
const JITTER_MS = 10 * 60_000;

/**
 * Where no state remembers what Slack was told of a failure, the process does as long as it lives: the Scheduler's
 * retries and the hours after them say nothing new.
 */
export function createFailureGate({ now }: Pick<Clock, 'now'>): (failure: FailureMemo) => boolean {
  let last: { readonly text: string; readonly at: number } | null = null;
  return ({ code, message }) => {
    const text = `${code}\n${message}`;
    const at = now().getTime();
    if (last !== null && last.text === text && at - last.at < REMIND_AFTER_MS - JITTER_MS) return false;
    last = { text, at };
    return true;
  };
}
