import { createHash } from 'node:crypto';
import type { ChannelIdentity } from '../../incidents/channel.ts';
import { emptyState, type State } from '../../incidents/state.ts';
import { parseState, printState } from '../../incidents/state-text.ts';
import { DriftError } from '../../model/errors.ts';
import type { Clock, Deadline, Log, ObjectStore } from '../../model/ports.ts';
import { within } from '../../model/within.ts';
import { partitionName, type WorkPartition } from '../work-partition.ts';
import { createEnding, type Ending } from './ending.ts';
import { takeLease } from './lease.ts';
import { withoutFuture } from './run-moment.ts';

/** Not to be saved means to be told again, so that there is always some time for it. */
const LEAST_SAVING_MS = 15_000;

/** The state between runs, held by one run at a time. */
export interface StateSession {
  /** false: nothing is kept, every run is a first run. */
  readonly isKept: boolean;
  /** As it was read, or last saved. */
  readonly state: State;
  /** @throws DriftError `StateMoved`, `StateUnavailable` */
  save(state: State): Promise<void>;
  /**
   * Before anything that cannot be undone.
   * @throws DriftError `StateMoved` when another run has taken over, `StateUnavailable` when one may have
   */
  assertHeld(): void;
  release(): Promise<void>;
}

/** What a run has of the state. */
export type OpenedState =
  | OpenSession
  /** It cannot be used, although there should be one. */
  | { readonly status: 'unavailable'; readonly error: DriftError };

interface OpenSession {
  readonly status: 'open';
  readonly session: StateSession;
}

/** Another run holds the lease. */
interface Busy {
  readonly status: 'busy';
}

interface StateOptions {
  readonly project: string;
  /** That is told what the state remembers. */
  readonly channel: ChannelIdentity;
  /** Each partition has a state and a lease of its own. */
  readonly partition: WorkPartition | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly ending: Ending;
}

/** Where it takes too long the run goes on without: all is read and charted the same. */
export async function openState({
  store,
  channel,
  project,
  partition,
  clock,
  log,
  deadline,
  ending: endOfRun,
}: StateOptions & {
  /** null: nothing is remembered. */
  readonly store: ObjectStore | null;
  readonly deadline: Deadline;
}): Promise<OpenedState | Busy> {
  if (store === null) {
    log({
      severity: 'WARNING',
      message: `STATE_URI is not set: every run is a first run, so ${channel.name} hears of open drift every hour`,
    });
    return { status: 'open', session: statelessSession(project) };
  }
  const mayTakeMs = deadline.readingMs() / 2;
  const ending = createEnding();
  endOfRun.atEnd(() => ending.end(new Error('the run has ended')));
  const holder = crypto.randomUUID();
  const open = () =>
    openStateSession({ store, project, channel, holder, partition, clock, log, deadline, mayTakeMs, ending });
  const late = () =>
    new DriftError('StateUnavailable', `cannot read the state in ${store.uri}: no answer in time`);
  try {
    return await within(open, { ms: mayTakeMs, late, after: clock.after });
  } catch (error) {
    if (!(error instanceof DriftError)) throw error;
    void ending.end(error);
    return { status: 'unavailable', error };
  }
}

/** Without a place for it. */
export function statelessSession(project: string): StateSession {
  return {
    isKept: false,
    state: emptyState(project),
    save: async () => {},
    assertHeld: () => {},
    release: async () => {},
  };
}

/**
 * Takes the lease and reads the state.
 * @throws DriftError `StateUnavailable`, and `InvalidConfig` where the state is another project's
 */
export async function openStateSession({
  store,
  project,
  channel,
  holder,
  partition,
  clock,
  log,
  deadline,
  mayTakeMs,
  ending,
}: StateOptions & {
  readonly store: ObjectStore;
  /** Tells one run from another. */
  readonly holder: string;
  readonly deadline: Pick<Deadline, 'allMs'>;
  /** For opening it. */
  readonly mayTakeMs: number;
}): Promise<OpenSession | Busy> {
  const { signal } = ending;
  const name = objectName('state', partition);
  const leaseName = objectName('lease', partition);
  const lease = await takeLease({ store, name: leaseName, holder, clock, log, mayTakeMs, ending });
  if (lease === null) return { status: 'busy' };
  try {
    signal.throwIfAborted();
    const { state, ...loaded } = await loadState(store, { name, project, channel, clock, signal });
    if (state.note !== null) log({ severity: 'ERROR', message: state.note });
    let { generation } = loaded;
    let current = state;
    const session: StateSession = {
      isKept: true,
      get state() {
        return current;
      },
      async save(next) {
        lease.assertHeld();
        const text = printState(next);
        const late = () =>
          new DriftError('StateUnavailable', `cannot write the state in ${store.uri}: no answer in time`);
        const ms = Math.max(deadline.allMs(), LEAST_SAVING_MS);
        const written = await within((signal) => store.write(name, text, generation, signal), {
          ms,
          late,
          after: clock.after,
          signal,
        });
        if (written === null) {
          throw new DriftError(
            'StateMoved',
            `the state in ${store.uri} was written, or removed, by somebody else meanwhile`,
          );
        }
        generation = written;
        current = next;
      },
      assertHeld: lease.assertHeld,
      release: lease.release,
    };
    return { status: 'open', session };
  } catch (error) {
    await lease.release();
    throw error;
  }
}

function objectName(what: 'state' | 'lease', partition: WorkPartition | null): string {
  return partition === null ? `${what}.json` : `${what}-${partitionName(partition)}.json`;
}

/** What cannot be read as a state is kept under another name, and the run goes on as a first one. */
async function loadState(
  store: ObjectStore,
  {
    name,
    project,
    channel,
    clock,
    signal,
  }: {
    readonly name: string;
    readonly project: string;
    readonly channel: ChannelIdentity;
    readonly clock: Pick<Clock, 'now'>;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly state: State; readonly generation: string | null }> {
  const stored = await store.read(name, signal);
  if (stored === null) return { state: emptyState(project), generation: null };
  const { generation } = stored;
  const parsed = parseState(stored.text, channel.id);
  if (parsed.status === 'invalid') {
    // The same text has the same name, however many attempts find it.
    const hash = createHash('sha256').update(stored.text, 'utf8').digest('hex').slice(0, 12);
    const aside = `${name.replace(/\.json$/, '')}-unreadable-${hash}.json`;
    await store.write(aside, stored.text, null, signal);
    const note = `What earlier runs told is not known: the state in ${store.uri} could not be understood (${parsed.problem}). It is kept there as ${aside}; what is open is told anew.`;
    return { state: { ...emptyState(project), note }, generation };
  }
  if (parsed.state.project !== project) {
    throw new DriftError(
      'InvalidConfig',
      `STATE_URI: the state in ${store.uri} is that of project ${parsed.state.project}, not of ${project}: give each project a place of its own`,
    );
  }
  return { state: withoutFuture(parsed.state, clock.now()), generation };
}
