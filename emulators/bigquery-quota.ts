import { TOO_MANY_AT_ONCE, TOO_MANY_PER_SECOND } from './bigquery-errors.ts';

/** The service counts requests in a sliding second. */
const WINDOW_MS = 1000;

/** Either the reason why a request is refused, or how to say that an admitted one is over. */
export type Admission = { refused: string } | { release: () => void };

/** Admits requests per method, as the service does: so many in a second, so many at the same time. */
export function createQuota(limits: {
  requestsPerSecond: number;
  concurrentRequests: number;
  now: () => Date;
}): (method: string) => Admission {
  const admitted = new Map<string, number[]>();
  const running = new Map<string, number>();

  return (method) => {
    const now = limits.now().getTime();
    const recent = (admitted.get(method) ?? []).filter((at) => now - at < WINDOW_MS);
    const before = running.get(method) ?? 0;
    if (before >= limits.concurrentRequests) return { refused: TOO_MANY_AT_ONCE };
    if (recent.length >= limits.requestsPerSecond) return { refused: TOO_MANY_PER_SECOND };

    admitted.set(method, [...recent, now]);
    running.set(method, before + 1);
    return { release: () => running.set(method, (running.get(method) ?? 1) - 1) };
  };
}
