import { isDrift } from '../../judge/judge.ts';
import { explain } from '../../kinds/words.ts';
import { INTERRUPTED, isInterrupted, type Judged } from '../../model/finding.ts';
import { unlessStopped } from '../../model/unless-stopped.ts';
import type { CheckContext } from './check-context.ts';
import type { ReadResult } from './read-result.ts';

export type Attempt = 'first' | 'second';

/**
 * Reads and, where that finds drift that is not known yet, reads once more after a while: a pipeline that drops and loads
 * a table makes it look missing for seconds. The second answer decides.
 */
export async function readTwice(
  { clock, confirmMs, deadline, isKnown, keeper }: CheckContext,
  {
    read,
    onWait = () => {},
    onSecondRead = () => {},
  }: {
    readonly read: (attempt: Attempt) => Promise<ReadResult>;
    /** Nothing is asked for until the second read. */
    readonly onWait?: () => void;
    /** How long it is until then. */
    readonly onSecondRead?: (ms: number) => void;
  },
): Promise<ReadResult> {
  const startedAt = clock.elapsedMs();
  const first = await readFirst(read, { isKnown, deadline });
  if (first.status === 'settled') return keeper.keep(first.result);
  onWait();
  const waitMs = startedAt + confirmMs - clock.elapsedMs();
  // Where no time is left for it, the second read says so.
  const ms = Math.min(waitMs, deadline.readingMs());
  onSecondRead(ms);
  if (ms > 0) await unlessStopped(deadline, clock.sleep(ms), () => {});
  const second = await read('second');
  if (second.status !== 'unreadable' || !isInterrupted(second)) return keeper.keep(second);
  return { ...second, detail: `${INTERRUPTED}; unconfirmed: ${first.seen}` };
}

/** Apart, so that nothing of a first answer that is to be confirmed is held for as long as that takes. */
async function readFirst(
  read: (attempt: 'first') => Promise<ReadResult>,
  { isKnown, deadline }: Pick<CheckContext, 'isKnown' | 'deadline'>,
): Promise<
  | { readonly status: 'settled'; readonly result: ReadResult }
  | {
      readonly status: 'to-be-confirmed';
      /** In words, for who may interrupt. */
      readonly seen: string;
    }
> {
  const result = await read('first');
  if (result.status === 'unreadable') return { status: 'settled', result };
  const { open } = result.judgement;
  const isNew = open.some((finding) => isDrift(finding) && !isKnown(finding.fingerprint));
  if (!isNew) return { status: 'settled', result };
  return { status: 'to-be-confirmed', seen: deadline.endedBy === 'interruption' ? inWords(open) : '' };
}

const MAX_IN_WORDS = 3;

function inWords(open: readonly Judged[]): string {
  const drift = open.filter(isDrift);
  const told = drift.slice(0, MAX_IN_WORDS).map((finding) => explain(finding, null).message);
  const more = drift.length - told.length;
  return [...told, ...(more > 0 ? [`${more} more`] : [])].join('; ');
}
