import { isDrift, type Judgement } from '../diff/judge.ts';
import type { TableDetails } from '../model/details.ts';
import type { Change } from '../model/finding.ts';
import type { Clock, Deadline, Unreadable } from '../model/ports.ts';
import { unlessStopped } from '../model/unless-stopped.ts';

/** What one read of a dataset or table came to. */
export type Verdict =
  | {
      readonly status: 'compared';
      readonly isMissing: boolean;
      readonly changes: readonly Change[];
      readonly judgement: Judgement;
      readonly warnings: readonly string[];
      /** Of a dataset that states it, in hours. */
      readonly timeTravelHours?: number;
      /** Of a table with findings, until they are kept or let go. */
      readonly details?: TableDetails;
    }
  | Unreadable;

/**
 * Reads and, where that finds drift that is not known yet, reads once more after a while: a pipeline that drops and loads
 * a table makes it look missing for seconds. The second answer decides.
 */
export async function readConfirmed({
  read,
  clock,
  confirmMs,
  deadline,
  isKnown,
  onWait = () => {},
}: {
  readonly read: (attempt: 'first' | 'second') => Promise<Verdict>;
  readonly clock: Clock;
  readonly confirmMs: number;
  readonly deadline: Deadline;
  /** Whether a finding, told by its fingerprint, is open since an earlier run. */
  readonly isKnown: (fingerprint: string) => boolean;
  /** Nothing is asked for until the second read. */
  readonly onWait?: () => void;
}): Promise<Verdict> {
  const startedAt = clock.elapsedMs();
  const settled = await readFirst(read, isKnown);
  if (settled !== null) return settled;
  onWait();
  const waitMs = startedAt + confirmMs - clock.elapsedMs();
  // Where no time is left for it, the second read says so.
  const ms = Math.min(waitMs, deadline.readingMs());
  if (ms > 0) await unlessStopped(deadline, clock.sleep(ms), () => {});
  return read('second');
}

/** null: what it found is to be confirmed. Apart, so that nothing of the first answer is held for as long as that takes. */
async function readFirst(
  read: (attempt: 'first') => Promise<Verdict>,
  isKnown: (fingerprint: string) => boolean,
): Promise<Verdict | null> {
  const first = await read('first');
  if (first.status === 'unreadable') return first;
  const isNew = first.judgement.open.some((finding) => isDrift(finding) && !isKnown(finding.fingerprint));
  return isNew ? null : first;
}
