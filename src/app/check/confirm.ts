import { isDrift, type Judgement } from '../../judge/judge.ts';
import { explain } from '../../kinds/words.ts';
import type { TableDetails } from '../../model/details.ts';
import { type Change, INTERRUPTED, isInterrupted, type Judged } from '../../model/finding.ts';
import type { Fix } from '../../model/fix.ts';
import type { Clock, Deadline, Unreadable } from '../../model/ports.ts';
import { unlessStopped } from '../../model/unless-stopped.ts';
import type { Keeper } from './worst-tables.ts';

/** What one read of a dataset or table came to. */
export type TableResult =
  | {
      readonly status: 'compared';
      readonly isMissing: boolean;
      /** Changes that the policy turns off; all others are findings. */
      readonly off: readonly Change[];
      readonly judgement: Judgement;
      readonly warnings: readonly string[];
      /** Of a dataset that states it, in hours. */
      readonly timeTravelHours?: number;
      /** Where there are findings, until it is kept or let go: it holds what was compared. */
      readonly inFull?: () => InFull;
    }
  | Unreadable;

/** What can be said of a dataset or table only while what was compared is at hand. */
export interface InFull {
  /** What would repair it, by fingerprint. */
  readonly fixes: ReadonlyMap<string, Fix | null>;
  /** null: of a dataset, or of what no file declares. */
  readonly details: TableDetails | null;
}

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
  keeper,
  onWait = () => {},
  onSecondRead = () => {},
}: {
  readonly read: (attempt: 'first' | 'second') => Promise<TableResult>;
  readonly clock: Clock;
  readonly confirmMs: number;
  readonly deadline: Deadline;
  /** Whether a finding, told by its fingerprint, is open since an earlier run. */
  readonly isKnown: (fingerprint: string) => boolean;
  readonly keeper: Keeper;
  /** Nothing is asked for until the second read. */
  readonly onWait?: () => void;
  /** How long it is until then. */
  readonly onSecondRead?: (ms: number) => void;
}): Promise<TableResult> {
  const startedAt = clock.elapsedMs();
  const { settled, seen } = await readFirst(read, { isKnown, deadline });
  if (settled !== null) return keeper.keep(settled);
  onWait();
  const waitMs = startedAt + confirmMs - clock.elapsedMs();
  // Where no time is left for it, the second read says so.
  const ms = Math.min(waitMs, deadline.readingMs());
  onSecondRead(ms);
  if (ms > 0) await unlessStopped(deadline, clock.sleep(ms), () => {});
  const second = await read('second');
  if (second.status !== 'unreadable' || !isInterrupted(second)) return keeper.keep(second);
  return { ...second, detail: `${INTERRUPTED}; unconfirmed: ${seen}` };
}

/** `settled` is null where what it found is to be confirmed. Apart, so that nothing of the first answer is held for as long as that takes. */
async function readFirst(
  read: (attempt: 'first') => Promise<TableResult>,
  { isKnown, deadline }: Pick<Parameters<typeof readConfirmed>[0], 'isKnown' | 'deadline'>,
): Promise<{
  readonly settled: TableResult | null /** In words, for who may interrupt. */;
  readonly seen: string;
}> {
  const first = await read('first');
  if (first.status === 'unreadable') return { settled: first, seen: '' };
  const isNew = first.judgement.open.some((finding) => isDrift(finding) && !isKnown(finding.fingerprint));
  if (!isNew) return { settled: first, seen: '' };
  return { settled: null, seen: deadline.endedBy === 'interruption' ? inWords(first.judgement.open) : '' };
}

const MAX_IN_WORDS = 3;

function inWords(open: readonly Judged[]): string {
  const drift = open.filter(isDrift);
  const told = drift.slice(0, MAX_IN_WORDS).map((finding) => explain(finding, null).message);
  const more = drift.length - told.length;
  return [...told, ...(more > 0 ? [`${more} more`] : [])].join('; ');
}
