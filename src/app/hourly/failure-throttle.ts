import type { DeliveryStatus, FailureRecord } from '../../incidents/state.ts';
import type { Clock } from '../../model/ports.ts';

const REMIND_AFTER_MS = 4 * 3_600_000;
/** Beyond the Scheduler's retries of this run, before the next one. */
const IN_DOUBT_MS = 50 * 60_000;
const JITTER_MS = 10 * 60_000;

/** Where no state remembers what was told of a failure, the process does as long as it lives. */
export interface FailureThrottle {
  /** Whether it is to be told now. */
  shouldNotify(failure: FailureRecord): boolean;
  /** What became of the message about it. */
  recordDelivery(failure: FailureRecord, status: DeliveryStatus): void;
  /** A run had a result: whatever fails next is told. */
  reset(): void;
}

export function createFailureThrottle({ elapsedMs }: Pick<Clock, 'elapsedMs'>): FailureThrottle {
  /** By what was told: until when it is not told again. */
  const silentUntil = new Map<string, number>();
  const textOf = ({ code, message }: FailureRecord) => `${code}\n${message}`;
  return {
    shouldNotify: (failure) => elapsedMs() >= (silentUntil.get(textOf(failure)) ?? 0),
    recordDelivery(failure, status) {
      for (const [text, until] of silentUntil) if (elapsedMs() >= until) silentUntil.delete(text);
      if (status === 'refused') return;
      const ms = status === 'sent' ? REMIND_AFTER_MS - JITTER_MS : IN_DOUBT_MS;
      silentUntil.set(textOf(failure), elapsedMs() + ms);
    },
    reset: () => silentUntil.clear(),
  };
}
