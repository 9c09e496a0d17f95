import { createHash } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type PlayedClock, playedClock } from '../../../emulators/clock.ts';
import { type StorageEmulator, startStorageEmulator } from '../../../emulators/storage.ts';
import { createBucketStore } from '../../../src/adapters/storage/bucket-store.ts';
import { createFolderStore } from '../../../src/adapters/storage/folder-store.ts';
import { createDeadline } from '../../../src/app/deadline.ts';
import { createEnding } from '../../../src/app/hourly/ending.ts';
import {
  openStateSession,
  type StateSession,
  statelessSession,
} from '../../../src/app/hourly/state-session.ts';
import { emptyState, type State } from '../../../src/incidents/state.ts';
import { printState } from '../../../src/incidents/state-text.ts';
import { DriftError } from '../../../src/model/errors.ts';
import type { Log, ObjectStore } from '../../../src/model/ports.ts';
import { writeFolder } from '../../support/folder.ts';

const START = '2026-03-02T08:00:00.000Z';
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** So long after the start. */
function later(ms: number): string {
  return new Date(Date.parse(START) + ms).toISOString();
}

/** A state that differs from others by its moment. */
function stateOf(lastRunAt: string): State {
  return { ...emptyState('shop'), lastRunAt };
}

async function startBucket({ enforceRate = false } = {}): Promise<{
  readonly storage: StorageEmulator;
  readonly clock: PlayedClock;
  readonly store: ObjectStore;
}> {
  const clock = playedClock(START);
  const storage = await startStorageEmulator({ bucket: 'drift-state', now: clock.now, enforceRate });
  onTestFinished(() => storage.close());
  const place = { bucket: 'drift-state', prefix: 'prod', endpoint: storage.url };
  return { storage, clock, store: createBucketStore({ ...place, clock }) };
}

/** One run, by its own clock. */
const CHANNEL = { id: 'slack', name: 'Slack', setting: 'SLACK_WEBHOOK_URL' };

function runOf(
  store: ObjectStore,
  {
    holder = 'one',
    project = 'shop',
    clock = playedClock(START),
  }: { readonly holder?: string; readonly project?: string; readonly clock?: PlayedClock } = {},
) {
  const logged: Parameters<Log>[0][] = [];
  const log: Log = (entry) => logged.push(entry);
  const deadline = createDeadline({ clock, ms: null });
  const common = {
    store,
    project,
    channel: CHANNEL,
    holder,
    partition: null,
    clock,
    log,
    deadline,
    mayTakeMs: 240_000,
  };
  return { clock, logged, tryToOpen: () => openStateSession({ ...common, ending: createEnding() }) };
}

/** The run has the lease. */
async function open(...run: Parameters<typeof runOf>) {
  const { tryToOpen, ...others } = runOf(...run);
  return { ...others, memory: heldBy(await tryToOpen()) };
}

function heldBy(opened: Awaited<ReturnType<typeof openStateSession>>): StateSession {
  if (opened.status === 'busy') throw new Error('another run holds the lease');
  return opened.session;
}

async function leaseIn(store: ObjectStore): Promise<unknown> {
  const stored = await store.read('lease.json');
  return stored === null ? null : JSON.parse(stored.text);
}

/** The store, whose reads or writes of some object fail while it is said to be broken. */
function breakable(store: ObjectStore) {
  const broken: { read?: string; write?: string } = {};
  const check = (verb: 'read' | 'write', name: string) => {
    if (name.startsWith(broken[verb] ?? 'none'))
      throw new DriftError('StateUnavailable', `cannot ${verb} ${name}`);
  };
  const breaking: ObjectStore = {
    uri: store.uri,
    async read(name) {
      check('read', name);
      return store.read(name);
    },
    async write(name, text, generation) {
      check('write', name);
      return store.write(name, text, generation);
    },
  };
  return { broken, store: breaking };
}

/** The store for two runs, both of which look at the lease before either of them takes it. */
function inStep(store: ObjectStore): ObjectStore {
  const { promise, resolve } = Promise.withResolvers<void>();
  let looked = 0;
  return {
    ...store,
    async read(name) {
      const found = await store.read(name);
      if (name !== 'lease.json') return found;
      looked += 1;
      if (looked === 2) resolve();
      await promise;
      return found;
    },
  };
}

/** The store, in which something happens to the next write of the lease, and to that one only. */
function withLeaseWrite(store: ObjectStore) {
  const next: { act?: (write: () => Promise<string | null>) => Promise<string | null> } = {};
  const changed: ObjectStore = {
    ...store,
    async write(name, text, generation) {
      const { act } = next;
      if (act === undefined || name !== 'lease.json') return store.write(name, text, generation);
      delete next.act;
      return act(() => store.write(name, text, generation));
    },
  };
  return { next, store: changed };
}

const lost = (store: ObjectStore) =>
  new DriftError('StateMoved', `the lease in ${store.uri} is lost: another run has taken over`);
const doubtful = (store: ObjectStore) =>
  new DriftError(
    'StateUnavailable',
    `the lease in ${store.uri} could not be renewed, so another run may have taken over`,
  );
const moved = (store: ObjectStore) =>
  new DriftError(
    'StateMoved',
    `the state in ${store.uri} was written, or removed, by somebody else meanwhile`,
  );

const PLACES: readonly { readonly place: string; readonly start: () => Promise<ObjectStore> }[] = [
  { place: 'a folder', start: async () => createFolderStore(await writeFolder({})) },
  { place: 'a bucket', start: async () => (await startBucket()).store },
];

describe.each(PLACES)('the lease in $place', ({ start }) => {
  test('is held by one run: the other one gets nothing, and changes nothing', async () => {
    const store = await start();
    await open(store, { holder: 'one' });
    const { tryToOpen, logged } = runOf(store, { holder: 'other' });
    expect(await tryToOpen()).toEqual({ status: 'busy' });
    expect(await leaseIn(store)).toEqual({ holder: 'one', renewedAt: START });
    expect(logged).toEqual([]);
  });

  test('is free as soon as it is released', async () => {
    const store = await start();
    const { memory } = await open(store, { holder: 'one' });
    await memory.release();
    await open(store, { holder: 'other' });
    expect(await leaseIn(store)).toEqual({ holder: 'other', renewedAt: START });
  });

  test.each([
    { name: 'at once', ms: 0, holder: 'killed' },
    { name: 'just before a minute has passed', ms: MINUTE - 1, holder: 'killed' },
    { name: 'when a minute has passed', ms: MINUTE, holder: 'next' },
    { name: 'hours later', ms: 5 * HOUR, holder: 'next' },
    { name: 'by a clock that is slow', ms: 1 - MINUTE, holder: 'killed' },
    { name: 'by a clock that is a minute slow', ms: -MINUTE, holder: 'next' },
  ])('of a run that was killed is tried $name: it belongs to the $holder one', async ({ ms, holder }) => {
    const store = await start();
    await open(store, { holder: 'killed' });
    await runOf(store, { holder: 'next', clock: playedClock(later(ms)) }).tryToOpen();
    expect(await leaseIn(store)).toMatchObject({ holder });
  });

  test.each<{ readonly name: string; readonly prepare: (store: ObjectStore) => Promise<unknown> }>([
    { name: 'where there is none', prepare: async () => {} },
    { name: 'where it was released', prepare: async (store) => (await open(store)).memory.release() },
    { name: 'where it is stale', prepare: (store) => open(store) },
  ])('goes to one of two runs that take it at once $name', async ({ prepare }) => {
    const store = await start();
    await prepare(store);
    const shared = inStep(store);
    const clock = playedClock(later(2 * MINUTE));
    const holders = ['one', 'other'];
    const opened = await Promise.all(holders.map((holder) => runOf(shared, { holder, clock }).tryToOpen()));
    const winners = holders.filter((_, index) => opened[index]?.status === 'open');
    expect(winners).toEqual([((await leaseIn(store)) as { holder: string }).holder]);
  });

  test('is renewed every fifteen seconds', async () => {
    const store = await start();
    const { clock } = await open(store, { holder: 'one' });
    const renewals: unknown[] = [];
    for (let second = 0; second < 50; second += 10) {
      await clock.sleep(10 * SECOND);
      renewals.push(await leaseIn(store));
    }
    expect(renewals).toEqual(
      [0, 15, 30, 30, 45].map((second) => ({ holder: 'one', renewedAt: later(second * SECOND) })),
    );
  });

  test('is held as long as the run lasts', async () => {
    const store = await start();
    const { clock, memory } = await open(store, { holder: 'one' });
    await clock.sleep(HOUR);
    expect(await runOf(store, { holder: 'other', clock: playedClock(later(HOUR)) }).tryToOpen()).toEqual({
      status: 'busy',
    });
    memory.assertHeld();
    await memory.save(stateOf(START));
    expect(memory.state).toEqual(stateOf(START));
  });

  test('is renewed no more once it is released', async () => {
    const store = await start();
    const { clock, memory } = await open(store);
    await memory.release();
    await clock.sleep(HOUR);
    expect(await leaseIn(store)).toEqual({ holder: null, renewedAt: START });
  });

  test('is in doubt when it was not renewed for three quarters of a minute: nothing is saved', async () => {
    const store = await start();
    const { clock, memory } = await open(store);
    clock.advance(45 * SECOND - 1);
    memory.assertHeld();
    clock.advance(1);
    expect(() => memory.assertHeld()).toThrow(doubtful(store));
    await expect(memory.save(stateOf(START))).rejects.toEqual(doubtful(store));
    expect(await store.read('state.json')).toBeNull();
  });

  test('is held again where nobody has taken it in that time', async () => {
    const store = await start();
    const { clock, memory } = await open(store);
    clock.advance(5 * MINUTE);
    await clock.sleep(0);
    memory.assertHeld();
    expect(await leaseIn(store)).toEqual({ holder: 'one', renewedAt: later(5 * MINUTE) });
  });

  test('is lost for good where another run has taken it over', async () => {
    const store = await start();
    const late = await open(store, { holder: 'late' });
    const next = await open(store, { holder: 'next', clock: playedClock(later(MINUTE)) });
    await late.clock.sleep(15 * SECOND);

    expect(() => late.memory.assertHeld()).toThrow(lost(store));
    await expect(late.memory.save(stateOf(START))).rejects.toEqual(lost(store));
    await late.clock.sleep(HOUR);
    await late.memory.release();
    // Watched for a minute before it was taken.
    expect(await leaseIn(store)).toEqual({ holder: 'next', renewedAt: later(2 * MINUTE) });
    next.memory.assertHeld();
    await next.memory.save(stateOf(START));
    expect(late.logged).toEqual([]);
  });

  test('is still its own where a renewal was stored and its answer lost', async () => {
    const { next, store } = withLeaseWrite(await start());
    const { clock, logged, memory } = await open(store, { holder: 'one' });
    next.act = async (write) => {
      await write();
      throw new DriftError('StateUnavailable', 'no answer');
    };
    await clock.sleep(30 * SECOND);
    memory.assertHeld();
    expect({ lease: await leaseIn(store), logged }).toEqual({
      lease: { holder: 'one', renewedAt: later(30 * SECOND) },
      logged: [{ severity: 'WARNING', message: 'the lease was not renewed: DriftError: no answer' }],
    });
  });

  test('is lost where its renewal was stored, its answer lost, and another run has taken it over', async () => {
    const { next, store } = withLeaseWrite(await start());
    const { clock, memory } = await open(store, { holder: 'one' });
    next.act = async (write) => {
      await write();
      throw new DriftError('StateUnavailable', 'no answer');
    };
    await clock.sleep(15 * SECOND);
    await open(store, { holder: 'next', clock: playedClock(later(2 * MINUTE)) });
    await clock.sleep(15 * SECOND);
    expect(() => memory.assertHeld()).toThrow(lost(store));
    expect(await leaseIn(store)).toEqual({ holder: 'next', renewedAt: later(3 * MINUTE) });
  });

  test.each([
    { name: 'before it is stored', isStoredFirst: false },
    { name: 'after it is stored', isStoredFirst: true },
  ])('is free where it is released while a renewal hangs $name', async ({ isStoredFirst }) => {
    const { next, store } = withLeaseWrite(await start());
    const { clock, memory } = await open(store, { holder: 'one' });
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    next.act = async (write) => {
      const early = isStoredFirst ? await write() : null;
      begun.resolve();
      await goOn.promise;
      return isStoredFirst ? early : write();
    };
    const renewing = clock.sleep(15 * SECOND);
    await begun.promise;
    const releasing = memory.release();
    goOn.resolve();
    await Promise.all([renewing, releasing]);
    expect(await leaseIn(store)).toEqual({ holder: null, renewedAt: later(15 * SECOND) });
  });

  test('counts from when it was asked for, not from the answer', async () => {
    const { next, store } = withLeaseWrite(await start());
    const run = runOf(store, { holder: 'one' });
    const { clock } = run;
    const takes = (seconds: number) => async (write: () => Promise<string | null>) => {
      clock.advance(seconds * SECOND);
      return write();
    };
    next.act = takes(44);
    const memory = heldBy(await run.tryToOpen());
    memory.assertHeld();
    clock.advance(15 * SECOND);
    expect(() => memory.assertHeld()).toThrow(doubtful(store));
    next.act = takes(40);
    await clock.sleep(0);
    memory.assertHeld();
    clock.advance(5 * SECOND - 1);
    memory.assertHeld();
    clock.advance(1);
    expect(() => memory.assertHeld()).toThrow(doubtful(store));
    expect(await leaseIn(store)).toEqual({ holder: 'one', renewedAt: later(59 * SECOND) });
  });

  test.each([
    '',
    '{',
    'null',
    '[]',
    '"one"',
    '{}',
    '{"holder":"one"}',
    `{"holder":1,"renewedAt":"${START}"}`,
    '{"holder":"one","renewedAt":1772438400000}',
    '{"holder":"one","renewedAt":"now"}',
  ])('binds nobody where it says %j', async (text) => {
    const store = await start();
    await store.write('lease.json', text, null);
    await open(store, { holder: 'next' });
    expect(await leaseIn(store)).toEqual({ holder: 'next', renewedAt: START });
  });

  test('that cannot be read or taken fails the run', async () => {
    const { broken, store } = breakable(await start());
    broken.read = 'lease.json';
    await expect(runOf(store).tryToOpen()).rejects.toMatchObject({ code: 'StateUnavailable' });
    delete broken.read;
    broken.write = 'lease.json';
    await expect(runOf(store).tryToOpen()).rejects.toMatchObject({ code: 'StateUnavailable' });
  });

  test('that cannot be renewed is in doubt before it is stale, and the log says why', async () => {
    const { broken, store } = breakable(await start());
    const { clock, logged, memory } = await open(store);
    broken.write = 'lease.json';
    await clock.sleep(30 * SECOND);
    memory.assertHeld();
    await clock.sleep(15 * SECOND);
    expect(() => memory.assertHeld()).toThrow(doubtful(store));
    const message = 'the lease was not renewed: DriftError: cannot write lease.json';
    expect(logged).toEqual(Array(3).fill({ severity: 'WARNING', message }));
    delete broken.write;
    await clock.sleep(15 * SECOND);
    memory.assertHeld();
  });

  test('that cannot be released does not fail the run, and is stale a minute later', async () => {
    const { broken, store } = breakable(await start());
    const { logged, memory } = await open(store);
    broken.write = 'lease.json';
    await memory.release();
    delete broken.write;
    const message = 'the lease was not released: DriftError: cannot write lease.json';
    expect(logged).toEqual([{ severity: 'WARNING', message }]);
    expect(await runOf(store, { clock: playedClock(later(MINUTE - 1)) }).tryToOpen()).toEqual({
      status: 'busy',
    });
    await open(store, { clock: playedClock(later(MINUTE)) });
  });
});

/** The name of what is kept of a text that is no state. */
function asideOf(text: string): string {
  return `state-unreadable-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.json`;
}

describe.each(PLACES)('the state in $place', ({ start }) => {
  /** The next run, of which nothing is left to see but what it was given. */
  async function nextRun(store: ObjectStore): Promise<Pick<StateSession, 'state'>> {
    const { memory } = await open(store, { holder: 'next', clock: playedClock(later(HOUR)) });
    await memory.release();
    return { state: memory.state };
  }

  test('is empty in the first run', async () => {
    const store = await start();
    const { logged, memory } = await open(store);
    expect({ isKept: memory.isKept, state: memory.state, logged }).toEqual({
      isKept: true,
      state: emptyState('shop'),
      logged: [],
    });
    expect(await store.read('state.json')).toBeNull();
  });

  test('is what the run before has saved last', async () => {
    const store = await start();
    const { memory } = await open(store);
    await memory.save(stateOf(later(1)));
    await memory.save(stateOf(later(2)));
    expect(memory.state).toEqual(stateOf(later(2)));
    await memory.release();
    expect(await nextRun(store)).toEqual({ state: stateOf(later(2)) });
  });

  test('is that of the run before where this one saves nothing', async () => {
    const store = await start();
    const { memory } = await open(store);
    await memory.save(stateOf(START));
    await memory.release();
    await nextRun(store);
    expect(await nextRun(store)).toEqual({ state: stateOf(START) });
  });

  test.each([
    { name: 'made', before: null },
    { name: 'written', before: stateOf(later(1)) },
  ])('is not saved where another run has $name it meanwhile', async ({ before }) => {
    const store = await start();
    const generation = before === null ? null : await store.write('state.json', printState(before), null);
    const { memory } = await open(store);
    const others = printState(stateOf(later(2)));
    await store.write('state.json', others, generation);
    await expect(memory.save(stateOf(later(3)))).rejects.toEqual(moved(store));
    expect(memory.state).toEqual(before ?? emptyState('shop'));
    expect((await store.read('state.json'))?.text).toBe(others);
  });

  test('that could not be saved is saved by the next try', async () => {
    const { broken, store } = breakable(await start());
    const { memory } = await open(store);
    broken.write = 'state.json';
    await expect(memory.save(stateOf(later(1)))).rejects.toMatchObject({ code: 'StateUnavailable' });
    expect(memory.state).toEqual(emptyState('shop'));
    delete broken.write;
    await memory.save(stateOf(later(2)));
    expect(memory.state).toEqual(stateOf(later(2)));
  });

  const whole = printState(stateOf(START));
  test.each([
    { name: 'is empty', text: '', problem: 'it is no JSON' },
    { name: 'is no JSON', text: 'gibberish', problem: 'it is no JSON' },
    { name: 'is cut off', text: whole.slice(0, -20), problem: 'it is no JSON' },
    {
      name: 'is of another version',
      text: whole.replace('"version":2', '"version":3'),
      problem: 'version: Invalid input: expected 2',
    },
    {
      name: 'lacks a part',
      text: whole.replace('"history":[],', '').replace(',"history":[]', ''),
      problem: 'history: Invalid input: expected array, received undefined',
    },
    {
      name: 'has a moment that is none',
      text: whole.replace(START, 'yesterday'),
      problem: 'lastRunAt: Invalid ISO datetime',
    },
  ])('that $name is set aside, and the run is a first one that says so', async ({ text, problem }) => {
    const store = await start();
    const unreadable = await store.write('state.json', text, null);
    const { logged, memory } = await open(store);
    const note = `What earlier runs told is not known: the state in ${store.uri} could not be understood (${problem}). It is kept there as ${asideOf(text)}; what is open is told anew.`;
    expect({ isKept: memory.isKept, state: memory.state, logged }).toEqual({
      isKept: true,
      state: { ...emptyState('shop'), note },
      logged: [{ severity: 'ERROR', message: note }],
    });
    expect((await store.read(asideOf(text)))?.text).toBe(text);
    // Until something is saved it stays where it is: a run that is killed now loses nothing.
    expect(await store.read('state.json')).toEqual({ text, generation: unreadable });

    await memory.save(stateOf(later(1)));
    await memory.release();
    expect(await nextRun(store)).toEqual({ state: stateOf(later(1)) });
    expect((await store.read(asideOf(text)))?.text).toBe(text);
  });

  test('that is found unreadable by one attempt after the other is set aside once', async () => {
    const store = await start();
    await store.write('state.json', 'gibberish', null);
    const asides: unknown[] = [];
    const notes: unknown[] = [];
    for (const _ of [1, 2, 3]) {
      const { memory } = await open(store);
      notes.push(memory.state.note);
      asides.push(await store.read(asideOf('gibberish')));
      await memory.release();
    }
    expect(new Set(notes).size).toBe(1);
    expect(asides).toEqual(Array(3).fill({ text: 'gibberish', generation: expect.any(String) }));
    expect(asides).toEqual(Array(3).fill(asides[0]));
  });

  test('that is destroyed twice is set aside twice', async () => {
    const store = await start();
    const first = await store.write('state.json', 'gibberish', null);
    await (await open(store)).memory.release();
    await store.write('state.json', 'more of it', first);
    await nextRun(store);
    const names = ['gibberish', 'more of it'].map(asideOf);
    const texts = await Promise.all(names.map(async (name) => (await store.read(name))?.text));
    expect(texts).toEqual(['gibberish', 'more of it']);
  });

  test('of another project is refused and left as it is, and the lease is free again', async () => {
    const store = await start();
    const others = printState(emptyState('shop-staging'));
    const generation = await store.write('state.json', others, null);
    await expect(runOf(store).tryToOpen()).rejects.toEqual(
      new DriftError(
        'InvalidConfig',
        `STATE_URI: the state in ${store.uri} is that of project shop-staging, not of shop: give each project a place of its own`,
      ),
    );
    expect(await store.read('state.json')).toEqual({ text: others, generation });
    const { memory } = await open(store, { project: 'shop-staging' });
    expect(memory.state).toEqual(emptyState('shop-staging'));
  });

  test.each<{ readonly name: string; readonly failing: { read?: string; write?: string } }>([
    { name: 'cannot be read', failing: { read: 'state.json' } },
    { name: 'cannot be set aside', failing: { write: 'state-unreadable' } },
  ])('that $name fails the run, and the lease is free again', async ({ failing }) => {
    const { broken, store } = breakable(await start());
    await store.write('state.json', 'gibberish', null);
    Object.assign(broken, failing);
    await expect(runOf(store).tryToOpen()).rejects.toMatchObject({ code: 'StateUnavailable' });
    expect(await leaseIn(store)).toEqual({ holder: null, renewedAt: START });
  });
});

describe('a bucket', () => {
  test('is written once a second, however often the run saves', async () => {
    const { clock, storage, store } = await startBucket({ enforceRate: true });
    const { memory } = await open(store, { clock });
    const moments = [1, 2, 3, 4].map(later);
    for (const moment of moments) await memory.save(stateOf(moment));
    await memory.release();
    expect(storage.objects.get('drift-state/prod/state.json')?.text).toBe(printState(stateOf(later(4))));
    // Each save but the first came too soon.
    expect(clock.waits).toHaveLength(3);
  });

  test('that is not there is said with what to do', async () => {
    const { clock, storage } = await startBucket();
    const store = createBucketStore({ bucket: 'elsewhere', prefix: '', endpoint: storage.url, clock });
    await expect(runOf(store).tryToOpen()).rejects.toEqual(
      new DriftError(
        'StateUnavailable',
        'cannot write the state in gs://elsewhere: HTTP 404: there is no such bucket; Cloud Storage says: The specified bucket does not exist. (notFound)',
      ),
    );
  });

  test('that fails for a minute leaves the lease in doubt, and then held again', async () => {
    const { clock, storage, store } = await startBucket();
    const { memory } = await open(store, { clock });
    storage.faults.push({ operation: 'write', answer: { status: 503 } });
    await clock.sleep(MINUTE);
    expect(() => memory.assertHeld()).toThrow(doubtful(store));
    storage.faults.pop();
    await clock.sleep(MINUTE);
    memory.assertHeld();
  });

  test('whose lease somebody deletes gets no new one from a run that has lost it', async () => {
    const { clock, storage, store } = await startBucket();
    const { memory } = await open(store, { clock });
    storage.objects.delete('drift-state/prod/lease.json');
    await clock.sleep(MINUTE);
    expect(() => memory.assertHeld()).toThrow(lost(store));
    await memory.release();
    expect([...storage.objects.keys()]).toEqual([]);
  });

  test('whose answers are lost loses neither the lease nor the state', async () => {
    const { clock, storage, store } = await startBucket();
    storage.faults.push({ operation: 'write', times: 1, answer: 'accept-then-reset' });
    const { memory } = await open(store, { clock });
    storage.faults.push({ operation: 'write', times: 1, answer: 'accept-then-reset' });
    await clock.sleep(15 * SECOND);
    storage.faults.push({ operation: 'write', times: 1, answer: 'accept-then-reset' });
    await memory.save(stateOf(later(1)));
    await memory.save(stateOf(later(2)));
    memory.assertHeld();
    expect(storage.objects.get('drift-state/prod/state.json')?.text).toBe(printState(stateOf(later(2))));
  });
});

test('without a place for the state every run is a first run, and saving does nothing', async () => {
  const memory = statelessSession('shop');
  memory.assertHeld();
  await memory.save(stateOf(START));
  await memory.release();
  expect({ isKept: memory.isKept, state: memory.state }).toEqual({
    isKept: false,
    state: emptyState('shop'),
  });
});
