import type { Judgement } from '../diff/judge.ts';
import { isDrift } from '../diff/judge.ts';
import type { Clock, Unreadable } from '../model/ports.ts';

/** What one read of a dataset or table came to. */
export type Verdict =
  | {
      readonly status: 'compared';
      readonly isMissing: boolean;
      readonly judgement: Judgement;
      readonly warnings: readonly string[];
    }
  | Unreadable;

/**
 * Reads and, where that finds drift, reads once more after a while: a pipeline that drops and loads a table makes
 * it look missing for seconds. The second answer decides.
 */
export async function readConfirmed({
  read,
  clock,
  confirmMs,
}: {
  readonly read: (attempt: 'first' | 'second') => Promise<Verdict>;
  readonly clock: Clock;
  readonly confirmMs: number;
}): Promise<Verdict> {
  const startedAt = clock.now().getTime();
  const first = await read('first');
  if (first.status === 'unreadable' || !first.judgement.open.some(isDrift)) return first;
  const waitMs = startedAt + confirmMs - clock.now().getTime();
  if (waitMs > 0) await clock.sleep(waitMs);
  return read('second');
}
