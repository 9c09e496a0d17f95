import { createHash } from 'node:crypto';
import { emptyState, type State } from '../../incidents/state.ts';
import { parseState, printState } from '../../incidents/state-text.ts';
import { DriftError } from '../../model/errors.ts';
import type { Clock, Deadline, Log, ObjectStore, StoredObject } from '../../model/ports.ts';
import { within } from '../../model/within.ts';
import { shardName, type WorkShard } from '../work-partition.ts';
import type { Ending } from './ending.ts';
import { MAX_CLOCKS_APART_MS, withoutFuture } from './run-moment.ts';

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
 * Takes the lease and reads the state; null: another run holds the lease.
 * @throws DriftError `StateUnavailable`, and `InvalidConfig` where the state is another project's
 */
export async function openStateSession(options: {
  readonly store: ObjectStore;
  readonly project: string;
  /** Tells one run from another. */
  readonly holder: string;
  /** Each shard has a state and a lease of its own. */
  readonly shard: WorkShard | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadline: Pick<Deadline, 'allMs'>;
  /** For opening it. */
  readonly mayTakeMs: number;
  readonly ending: Ending;
}): Promise<StateSession | null> {
  const { store, project, log, shard, clock, deadline, ending } = options;
  const { signal } = ending;
  const name = objectName('state', shard);
  const lease = await takeLease(options);
  if (lease === null) return null;
  try {
    signal.throwIfAborted();
    const { state, ...loaded } = await loadState(store, { name, project, clock, signal });
    if (state.note !== null) log({ severity: 'ERROR', message: state.note });
    let { generation } = loaded;
    let current = state;
    return {
      isKept: true,
      get state() {
        return current;
      },
      async save(next) {
        lease.assertHeld();
        const text = printState(next);
        const late = () =>
          new DriftError('StateUnavailable', `cannot write the state in ${store.uri}: no answer in time`);
        // Not to be saved means to be told again, so that there is always some time for it.
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
  } catch (error) {
    await lease.release();
    throw error;
  }
}

function objectName(what: 'state' | 'lease', shard: WorkShard | null): string {
  return shard === null ? `${what}.json` : `${what}-${shardName(shard)}.json`;
}

/** What cannot be read as a state is kept under another name, and the run goes on as a first one. */
async function loadState(
  store: ObjectStore,
  {
    name,
    project,
    clock,
    signal,
  }: {
    readonly name: string;
    readonly project: string;
    readonly clock: Pick<Clock, 'now'>;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly state: State; readonly generation: string | null }> {
  const stored = await store.read(name, signal);
  if (stored === null) return { state: emptyState(project), generation: null };
  const { generation } = stored;
  const parsed = parseState(stored.text);
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

const RENEW_MS = 15_000;
const STALE_MS = 60_000;
/** Less than that, so that what is begun in time is over before another run may take over. */
const SURE_MS = 45_000;
const RELEASE_MS = 15_000;
const LEAST_SAVING_MS = 15_000;

interface Lease {
  assertHeld(): void;
  release(): Promise<void>;
}

/** null: another run holds it. One that was not renewed for a minute is nobody's: its run was killed. */
async function takeLease(options: Parameters<typeof openStateSession>[0]): Promise<Lease | null> {
  const { store, holder, shard, clock, log, ending } = options;
  const name = objectName('lease', shard);
  const found = await store.read(name, ending.signal);
  if (found !== null && (await isHeld(found, { ...options, name }))) return null;
  ending.signal.throwIfAborted();
  let renewedMs = clock.elapsedMs();
  let generation = await store.write(name, leaseText(holder, clock.now()), found?.generation ?? null);
  if (generation === null) return null;
  let isLost = false;

  async function write(by: string | null): Promise<void> {
    if (isLost) return;
    const [at, ms] = [clock.now(), clock.elapsedMs()];
    const written = (await store.write(name, leaseText(by, at), generation)) ?? (await writeAfterOwn(by, at));
    if (written === null) isLost = true;
    else {
      generation = written;
      renewedMs = ms;
    }
  }

  /** A renewal whose answer was lost stands there under a generation that this run does not know. */
  async function writeAfterOwn(by: string | null, at: Date): Promise<string | null> {
    const found = await store.read(name);
    if (found === null || parseLease(found.text).holder !== holder) return null;
    return store.write(name, leaseText(by, at), found.generation);
  }
  // One after the other, each with the generation of the one before.
  let latest: Promise<void> = Promise.resolve();
  const renew = () => {
    latest = latest
      .then(() => write(holder))
      .catch((error: unknown) => {
        log({ severity: 'WARNING', message: `the lease was not renewed: ${String(error)}` });
      });
    return latest;
  };
  const stopRenewing = clock.every(RENEW_MS, renew);
  const giveBack = async () => {
    stopRenewing();
    const given = async () => {
      await latest;
      await write(null);
    };
    const late = () => new DriftError('StateUnavailable', 'no answer in time');
    // At worst the next run waits until it is stale.
    await within(given, { ms: RELEASE_MS, late, after: clock.after }).catch((error: unknown) => {
      log({ severity: 'WARNING', message: `the lease was not released: ${String(error)}` });
    });
  };
  let givenBack: Promise<void> | null = null;
  const release = () => {
    givenBack ??= giveBack();
    return givenBack;
  };
  ending.atEnd(release);
  return {
    assertHeld() {
      ending.signal.throwIfAborted();
      if (isLost) {
        throw new DriftError('StateMoved', `the lease in ${store.uri} is lost: another run has taken over`);
      }
      if (clock.elapsedMs() - renewedMs < SURE_MS) return;
      throw new DriftError(
        'StateUnavailable',
        `the lease in ${store.uri} could not be renewed, so another run may have taken over`,
      );
    },
    release,
  };
}

function leaseText(holder: string | null, at: Date): string {
  return `${JSON.stringify({ holder, renewedAt: at.toISOString() })}\n`;
}

/**
 * Two clocks may differ by minutes, and then a lease that is renewed looks stale: it is nobody's when it stays as it is for as
 * long as a run that lives would not leave it so.
 */
async function isHeld(
  { text, generation }: StoredObject,
  {
    name,
    store,
    clock,
    mayTakeMs,
    ending,
  }: Parameters<typeof openStateSession>[0] & { readonly name: string },
): Promise<boolean> {
  const { holder, renewedAt } = parseLease(text);
  const ageMs = Math.abs(clock.now().getTime() - Date.parse(renewedAt));
  if (holder === null || Number.isNaN(ageMs) || ageMs >= MAX_CLOCKS_APART_MS) return false;
  if (ageMs < STALE_MS || mayTakeMs < 2 * STALE_MS) return true;
  await clock.sleep(STALE_MS);
  const later = await store.read(name, ending.signal);
  return later !== null && later.generation !== generation;
}

/** What is no lease binds nobody. */
function parseLease(text: string): { readonly holder: string | null; readonly renewedAt: string } {
  const none = { holder: null, renewedAt: '' };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return none;
    const { holder, renewedAt } = value as Record<string, unknown>;
    return typeof holder === 'string' && typeof renewedAt === 'string' ? { holder, renewedAt } : none;
  } catch {
    return none;
  }
}
