import { DriftError } from '../../model/errors.ts';
import type { Clock, Log, ObjectStore, StoredObject } from '../../model/ports.ts';
import { within } from '../../model/within.ts';
import type { Ending } from './ending.ts';
import { MAX_CLOCKS_APART_MS } from './run-moment.ts';

const RENEW_MS = 15_000;
const STALE_MS = 60_000;
/** Less than that, so that what is begun in time is over before another run may take over. */
const SURE_MS = 45_000;
const RELEASE_MS = 15_000;

/** That one run at a time is at it. */
export interface Lease {
  assertHeld(): void;
  release(): Promise<void>;
}

interface LeaseOptions {
  readonly store: ObjectStore;
  readonly name: string;
  /** Tells one run from another. */
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** For taking it. */
  readonly mayTakeMs: number;
  readonly ending: Ending;
}

/** null: another run holds it. One that was not renewed for a minute is nobody's: its run was killed. */
export async function takeLease(options: LeaseOptions): Promise<Lease | null> {
  const { store, name, holder, clock, log, ending } = options;
  const found = await store.read(name, ending.signal);
  if (found !== null && (await isHeld(found, options))) return null;
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
  { name, store, clock, mayTakeMs, ending }: LeaseOptions,
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
