import type { DeliveryStatus, FailureRecord } from '../../incidents/state.ts';
import type { Clock } from '../../model/ports.ts';

const REMIND_AFTER_MS = 4 * 3_600_000;
/** Beyond the Scheduler's retries of this run, before the next one. */
const IN_DOUBT_MS = 50 * 60_000;
const JITTER_MS = 10 * 60_000;

/** Where no state remembers what Slack was told of a failure, the process does as long as it lives. */
export interface FailureThrottle {
  /** Whether Slack is to hear of it now. */
  isNews(failure: FailureRecord): boolean;
  /** What became of the message about it. */
  told(failure: FailureRecord, fate: DeliveryStatus): void;
  /** A run had a result: whatever fails next is news. */
  worked(): void;
}

export function createFailureThrottle({ elapsedMs }: Pick<Clock, 'elapsedMs'>): FailureThrottle {
  /** By what was told: until when it is not told again. */
  const quiet = new Map<string, number>();
  const textOf = ({ code, message }: FailureRecord) => `${code}\n${message}`;
  return {
    isNews: (failure) => elapsedMs() >= (quiet.get(textOf(failure)) ?? 0),
    told(failure, fate) {
      for (const [text, until] of quiet) if (elapsedMs() >= until) quiet.delete(text);
      if (fate === 'refused') return;
      const ms = fate === 'sent' ? REMIND_AFTER_MS - JITTER_MS : IN_DOUBT_MS;
      quiet.set(textOf(failure), elapsedMs() + ms);
    },
    worked: () => quiet.clear(),
  };
}
