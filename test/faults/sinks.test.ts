import { expect, onTestFinished, test } from 'vitest';
import type { MonitoringFault } from '../../emulators/monitoring.ts';
import type { SlackFault } from '../../emulators/slack.ts';
import { type StorageEmulator, type StorageFault, startStorageEmulator } from '../../emulators/storage.ts';
import { BUCKET } from '../simulation/state-place.ts';
import { type Hour, type Played, type StateFiles, startHours, TABLES } from './hours.ts';
import type { Moment } from './model.ts';

const ALERT = 'Drift | crm.people: field amount is missing';
const REPAIR = 'Resolved | repaired sales.items: field amount is missing';
const LOST_STATE = 'Unchecked | the state';

/** BigQuery is well in all of these, so every table is read, whatever fails beside it. */
const ALL_READ = {
  tables: Object.fromEntries(TABLES.map((name) => [name, name === 'crm.people' ? 'drifted' : 'in sync'])),
  counts: [3, 1, 0],
};
const SOUND = { http: 200, said: 'drifted', ...ALL_READ, success: 1 };
const failed = (code: string) => ({ http: 500, said: code, ...ALL_READ, success: 0 });

const MOMENTS: Readonly<Record<string, Moment>> = {
  first: { skip: 0, times: 1 },
  middle: { skip: 1, times: 1 },
  last: { skip: 2, times: Number.POSITIVE_INFINITY },
  always: { skip: 0, times: Number.POSITIVE_INFINITY },
};

const isHit = ({ skip, times }: Moment, request: number) => request >= skip && request < skip + times;

/** The hour of the fault and the healthy one that follows. */
async function playBoth(
  played: Played,
  faults: { push(fault: unknown): void; splice(from: number): void },
  fault: unknown,
): Promise<{ readonly faulty: Hour; readonly healthy: Hour }> {
  await played.rewind();
  played.world.retype('crm.people', null);
  faults.push(fault);
  const faulty = await played.hour();
  faults.splice(0);
  return { faulty, healthy: await played.hour() };
}

/**
 * `unheard`: Slack may have it, so the next run tells it again. `accepted`: it has. `wait`: it is sent again at once. `plain`: it is
 * sent at once as plain text.
 */
type SlackClass = 'refused' | 'plain' | 'unheard' | 'accepted' | 'wait';

const SLACK_FAULTS: readonly (readonly [name: string, fault: SlackClass, answer: SlackFault['answer']])[] = [
  ['400 invalid_blocks', 'plain', { status: 400, body: 'invalid_blocks' }],
  ['400 no_service_id', 'refused', { status: 400, body: 'no_service_id' }],
  ['403 action_prohibited', 'refused', { status: 403, body: 'action_prohibited' }],
  ['404 with HTML', 'refused', { status: 404, body: '<html></html>' }],
  ['410 channel_is_archived', 'refused', { status: 410, body: 'channel_is_archived' }],
  ['429', 'wait', { status: 429, body: 'rate_limited', retryAfter: 5 }],
  ['500', 'unheard', { status: 500, body: 'rollup_error' }],
  ['503', 'unheard', { status: 503, body: 'service_unavailable' }],
  ['200 with HTML', 'unheard', { status: 200, body: '<html></html>' }],
  ['a reset', 'unheard', 'reset'],
  ['a reset after it was posted', 'accepted', 'accept-then-reset'],
];

/** Of five seconds each, in nine minutes. */
const MAX_WAITS = 108;

function afterSlack(fault: SlackClass, moment: Moment) {
  let request = 0;
  const deliveries = [ALERT, REPAIR].map((fact) => {
    for (let waits = 0; ; waits += 1) {
      const hit = isHit(moment, request);
      request += 1;
      if (!hit) return { fact, isPosted: true, isDue: false };
      if (fault === 'plain') {
        const isRefusedAgain = isHit(moment, request);
        request += 1;
        // Its first words are all that is told of it here.
        return {
          fact: isRefusedAgain ? fact : (fact.split(' ', 1)[0] ?? ''),
          isPosted: !isRefusedAgain,
          isDue: isRefusedAgain,
        };
      }
      // Slack asks for five seconds each time, and a message waits as long as the run has time.
      if (fault !== 'wait' || waits === MAX_WAITS)
        return { fact, isPosted: fault === 'accepted', isDue: true };
    }
  });
  const facts = (which: 'isPosted' | 'isDue') =>
    deliveries.filter((delivery) => delivery[which]).map(({ fact }) => fact);
  const isSound = facts('isDue').length === 0;
  return {
    faulty: { ...(isSound ? SOUND : failed('SinkRejected')), told: facts('isPosted') },
    healthy: { ...SOUND, told: facts('isDue') },
  };
}

test.each(SLACK_FAULTS)(
  '%s from Slack delays a message, and neither loses nor adds one',
  async (_, fault, answer) => {
    const played = await startHours();
    const seen: Record<string, unknown> = {};
    for (const [when, moment] of Object.entries(MOMENTS)) {
      seen[when] = await playBoth(played, played.slack.faults as never, { ...moment, answer });
    }

    expect(seen).toEqual(
      Object.fromEntries(Object.entries(MOMENTS).map(([when, moment]) => [when, afterSlack(fault, moment)])),
    );
  },
);

/** `passing`: written once more, which harms nothing where it was written already. */
type MetricClass = 'refused' | 'passing' | 'accepted';

const METRIC_FAULTS: readonly (readonly [
  name: string,
  fault: MetricClass,
  answer: MonitoringFault['answer'],
])[] = [
  ['403 PERMISSION_DENIED', 'refused', { status: 403, code: 'PERMISSION_DENIED' }],
  ['400 INVALID_ARGUMENT', 'refused', { status: 400, code: 'INVALID_ARGUMENT' }],
  ['404 NOT_FOUND', 'refused', { status: 404, code: 'NOT_FOUND' }],
  ['429 RESOURCE_EXHAUSTED', 'refused', { status: 429, code: 'RESOURCE_EXHAUSTED' }],
  ['503 UNAVAILABLE', 'passing', { status: 503, code: 'UNAVAILABLE' }],
  ['504 DEADLINE_EXCEEDED', 'passing', { status: 504, code: 'DEADLINE_EXCEEDED' }],
];

function afterMetrics(fault: MetricClass, moment: Moment) {
  let request = 0;
  const isWritten = () => {
    for (let attempt = 1; ; attempt += 1) {
      const hit = isHit(moment, request);
      request += 1;
      if (!hit) return true;
      if (fault !== 'passing' || attempt === 2) return false;
    }
  };
  const [findings, heartbeat] = [isWritten(), isWritten()];
  const outcome = findings && heartbeat ? SOUND : failed('SinkRejected');
  return {
    faulty: {
      ...outcome,
      tables: findings ? ALL_READ.tables : 'no metrics',
      success: heartbeat ? Number(findings) : null,
      told: [ALERT, REPAIR],
    },
    healthy: { ...SOUND, told: [] },
  };
}

test.each(METRIC_FAULTS)(
  '%s from Cloud Monitoring fails the run and stops no alert',
  async (_, fault, answer) => {
    const played = await startHours();
    const seen: Record<string, unknown> = {};
    for (const [when, moment] of Object.entries(MOMENTS)) {
      seen[when] = await playBoth(played, played.monitoring.faults as never, { ...moment, answer });
    }

    expect(seen).toEqual(
      Object.fromEntries(
        Object.entries(MOMENTS).map(([when, moment]) => [when, afterMetrics(fault, moment)]),
      ),
    );
  },
);

/** `unclear`: the content is refused in plain text, so the metadata are asked for the reason, and then the content once more. */
type StoreClass = 'passing' | 'refused' | 'accepted' | 'unclear';

type StoreFault = readonly [name: string, fault: StoreClass, answer: StorageFault['answer']];

const STORE_FAULTS: readonly StoreFault[] = [
  ['403', 'refused', { status: 403 }],
  ['200 with HTML', 'refused', { status: 200, body: '<html></html>', contentType: 'text/html' }],
  ['503', 'passing', { status: 503 }],
  ['a reset after the work', 'accepted', 'accept-then-reset'],
];

/** What is met like one of the others; at one place each. */
const MORE_STORE_FAULTS: readonly StoreFault[] = [
  ['401', 'refused', { status: 401 }],
  ['404 with HTML', 'refused', { status: 404, body: '<html></html>', contentType: 'text/html' }],
  ['429', 'passing', { status: 429 }],
  ['a reset', 'passing', 'reset'],
];

/** What the run does there, in this order; each is one request. */
const STORE_PLACES = [
  { where: 'reading the lease', operation: 'read', name: /lease/, acts: ['begin'] },
  { where: 'writing the lease', operation: 'write', name: /lease/, acts: ['begin', 'end'] },
  { where: 'reading the state', operation: 'read', name: /state/, acts: ['begin'] },
  {
    where: 'writing the state',
    operation: 'write',
    name: /state/,
    acts: ['save', 'after alert', 'after repair'],
  },
] as const;
type StoreAct = (typeof STORE_PLACES)[number]['acts'][number];

const ATTEMPTS = 5;

/** The first act that could not be done; null: all were. */
function failedAct(acts: readonly StoreAct[], fault: StoreClass, moment: Moment): StoreAct | null {
  let request = 0;
  const isDone = () => {
    for (let attempt = 1; ; attempt += 1) {
      const hit = isHit(moment, request);
      request += 1;
      if (!hit) return true;
      if (fault === 'unclear') {
        const isAnsweredThen = !isHit(moment, request) && !isHit(moment, request + 1);
        request += 2;
        return isAnsweredThen;
      }
      if (fault === 'refused' || attempt === ATTEMPTS) return false;
    }
  };
  return acts.find(() => !isDone()) ?? null;
}

function afterStore(act: StoreAct | null, fault: StoreClass) {
  const lost = failed('StateUnavailable');
  switch (act) {
    // At worst the lease is stale by the next run.
    case 'end':
    case null:
      return { faulty: { ...SOUND, told: [ALERT, REPAIR] }, healthy: { ...SOUND, told: [] } };
    case 'begin':
    case 'save':
      return { faulty: { ...lost, told: [LOST_STATE] }, healthy: { ...SOUND, told: [ALERT, REPAIR] } };
    // What is not remembered is told again: once too often rather than never.
    case 'after alert':
      return { faulty: { ...lost, told: [ALERT] }, healthy: { ...SOUND, told: [ALERT, REPAIR] } };
    case 'after repair': {
      // What was written although no answer came is remembered.
      const told = fault === 'accepted' ? [] : [REPAIR];
      return { faulty: { ...lost, told: [ALERT, REPAIR] }, healthy: { ...SOUND, told } };
    }
  }
}

const STORE_ROWS = STORE_PLACES.flatMap((place) =>
  [...STORE_FAULTS, ...(place.where === 'writing the state' ? MORE_STORE_FAULTS : [])].map(
    ([what, fault, answer]) => ({
      ...place,
      what,
      fault: what === '403' && place.operation === 'read' ? ('unclear' as const) : fault,
      answer,
    }),
  ),
);

test.each(STORE_ROWS)('$what at $where loses no alert', async ({ operation, name, acts, fault, answer }) => {
  const seen: Record<string, unknown> = {};
  for (const [when, moment] of Object.entries(MOMENTS)) {
    const storage = await startStorageEmulator({ bucket: BUCKET });
    onTestFinished(() => storage.close());
    const env = { STATE_URI: `gs://${BUCKET}/monitor`, STORAGE_EMULATOR_HOST: storage.url };
    // A process that has said once that the state is lost does not say it every hour.
    const played = await startHours(env, () => objectsIn(storage));
    seen[when] = await playBoth(played, storage.faults as never, { ...moment, operation, name, answer });
  }

  expect(seen).toEqual(
    Object.fromEntries(
      Object.entries(MOMENTS).map(([when, moment]) => [
        when,
        afterStore(failedAct(acts, fault, moment), fault),
      ]),
    ),
  );
});

function objectsIn({ objects }: StorageEmulator): StateFiles {
  const state = () => {
    const object = objects.get(`${BUCKET}/monitor/state.json`);
    if (object === undefined) throw new Error('no state was saved');
    return object;
  };
  return {
    read: async () => state().text,
    replace: async (text) => {
      state().text = text;
    },
  };
}
