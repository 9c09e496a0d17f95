import { describe, expect, test } from 'vitest';
import { playedClock } from '../../../emulators/clock.ts';
import { sendAlerts } from '../../../src/app/hourly/send-alerts.ts';
import type { StateSession } from '../../../src/app/hourly/state-session.ts';
import type { Delivery, SendLimits } from '../../../src/incidents/channel.ts';
import { rememberRun } from '../../../src/incidents/lifecycle.ts';
import { type DeliveryStatus, emptyState, type State } from '../../../src/incidents/state.ts';
import { uncheckedKey } from '../../../src/incidents/unchecked-incidents.ts';
import { DriftError } from '../../../src/model/errors.ts';
import type { Finding } from '../../../src/model/finding.ts';
import type { Deadline } from '../../../src/model/ports.ts';
import type { Report } from '../../../src/model/report.ts';
import { createSlackChannel } from '../../../src/slack/channel.ts';
import {
  attempt,
  datasetSight,
  declaredTable,
  finding,
  hour,
  PROJECT,
  policy,
  rechecked,
  rememberedBy,
  report,
  scanOf,
  stamp,
  tableSight,
  unchecked,
  waived,
} from '../../incidents/story.ts';
import { gistOf } from '../../simulation/gist.ts';

const scan = scanOf([
  datasetSight('sales', [
    tableSight(declaredTable('orders')),
    tableSight(declaredTable('items'), { status: 'unreadable', reason: 'denied' }),
  ]),
]);

const missing = finding('field-missing');
const denied = unchecked({ table: 'items' });
const drifted = report({ status: 'drifted', findings: [missing] });
/** Two messages, of which the second says whom to grant access. */
const driftedAndDenied = report({ status: 'drifted', findings: [missing], unchecked: [denied] });
const inSync = report();

const NOTE = 'The state is kept there as state-unreadable-0123456789ab.json.';
const NOTE_GIST = 'Unchecked | (state set aside)';
const DRIFT_GIST = 'Drift | sales.orders: it differs';
const ACCESS_GIST = 'Unchecked | access denied: sales items';

const lost = new DriftError('StateMoved', 'the lease is lost: another run has taken over');
const unsaved = new DriftError('StateUnavailable', 'cannot write the state');
const notSent = (status: DeliveryStatus) => new DriftError('SinkRejected', `the message was ${status}`);

const NOTHING = { opened: 0, changed: 0, reminded: 0, resolved: 0 };

interface Run {
  readonly report?: Report;
  readonly hours?: number;
  /** What becomes of the messages, one after the other; of those beyond, the last. */
  readonly statuses?: readonly DeliveryStatus[];
  /** When the lease is lost. */
  readonly losesLease?: 'before all' | 'in a pause' | 'asking for the account' | 'once Slack is asked';
  /** Which save fails, counted from 1. */
  readonly failingSave?: number;
  readonly deadline?: Pick<Deadline, 'allMs'>;
}

/** What a run tells of the state that it has advanced, and in what order it tells and saves. */
async function tellOf(
  advanced: State,
  { report: seen = inSync, hours = 0, statuses = ['sent'], losesLease, failingSave, deadline }: Run = {},
) {
  const clock = playedClock(stamp(hours));
  const events: string[] = [];
  const limits: (SendLimits | undefined)[] = [];
  let isLost = losesLease === 'before all';
  let state = advanced;
  let saves = 0;
  const assertHeld = () => {
    if (isLost) throw lost;
  };
  const session: StateSession = {
    isKept: true,
    get state() {
      return state;
    },
    async save(next) {
      saves += 1;
      if (saves === failingSave) throw unsaved;
      events.push('save');
      state = next;
    },
    assertHeld,
    release: async () => {},
  };
  const channel = createSlackChannel({
    async send(payload, given) {
      if (losesLease === 'once Slack is asked') {
        isLost = true;
        given?.mayPost?.();
      }
      const status = statuses[limits.length] ?? statuses.at(-1) ?? 'sent';
      limits.push(given);
      events.push(gistOf(payload));
      return status === 'sent' ? { status } : ({ status, error: notSent(status) } satisfies Delivery);
    },
  });
  const keys = [...seen.findings.map(({ fingerprint }) => fingerprint), ...seen.unchecked.map(uncheckedKey)];
  const told = await sendAlerts(advanced, {
    session,
    channel,
    clock: {
      ...clock,
      async sleep(ms) {
        events.push(`wait ${ms} ms`);
        if (losesLease === 'in a pause') isLost = true;
        await clock.sleep(ms);
      },
    },
    now: hour(hours),
    isSeen: (key) => keys.includes(key),
    timing: policy.alerts,
    context: {
      project: PROJECT,
      now: hour(hours),
      report: seen,
      scan,
      minimumSeverity: policy.minimumSeverity,
      cause: null,
      memory: 'kept',
      reportUrl: null,
      reportProblem: null,
    },
    async account() {
      if (losesLease === 'asking for the account') isLost = true;
      return null;
    },
    ...(deadline === undefined ? {} : { deadline }),
  });
  return { told, events, limits, state };
}

/** What a run remembers before anybody is told; what cannot be read is told at once. */
function advancedBy(before: State, seen: Report, hours = 0): State {
  const now = hour(hours);
  return rememberRun(before, {
    now,
    report: seen,
    scan: rechecked(scan, rememberedBy(before)),
    policy,
    channel: 'slack',
    alertImmediately: true,
    nothingRead: false,
  });
}

const first = (seen: Report) => advancedBy(emptyState(PROJECT), seen);
/** A run that has nothing to tell but what on-call must know of the state. */
const noted: State = { ...first(inSync), note: NOTE };

describe('each message', () => {
  test('is saved before the next one, and all that is due before the first', async () => {
    const { told, events } = await tellOf(first(driftedAndDenied), { report: driftedAndDenied });

    expect({ told, events }).toEqual({
      told: { counts: { ...NOTHING, opened: 1 }, error: null, isSilent: false },
      events: ['save', DRIFT_GIST, 'save', 'wait 1000 ms', ACCESS_GIST, 'save'],
    });
  });

  test.each([
    { name: 'before the first message: none is sent', failingSave: 1, events: [], isSilent: true },
    {
      name: 'after the first message: no other follows',
      failingSave: 2,
      events: ['save', DRIFT_GIST],
      isSilent: false,
    },
  ])('is the last where the state cannot be saved $name', async ({ failingSave, events, isSilent }) => {
    const run = await tellOf(first(driftedAndDenied), { report: driftedAndDenied, failingSave });

    expect({ events: run.events, error: run.told.error, isSilent: run.told.isSilent }).toEqual({
      events,
      error: unsaved,
      isSilent,
    });
  });

  test.each<Pick<Run, 'losesLease'> & { readonly events: readonly string[]; readonly isSilent: boolean }>([
    { losesLease: 'before all', events: ['save'], isSilent: true },
    {
      losesLease: 'in a pause',
      events: ['save', DRIFT_GIST, 'save', 'wait 1000 ms'],
      isSilent: false,
    },
    {
      losesLease: 'asking for the account',
      events: ['save', DRIFT_GIST, 'save', 'wait 1000 ms'],
      isSilent: false,
    },
    // Slack has posted nothing by then.
    { losesLease: 'once Slack is asked', events: ['save'], isSilent: true },
  ])('is not sent where the lease is lost $losesLease', async ({ losesLease, events, isSilent }) => {
    const run = await tellOf(first(driftedAndDenied), {
      report: driftedAndDenied,
      ...(losesLease === undefined ? {} : { losesLease }),
    });

    expect({ events: run.events, error: run.told.error, isSilent: run.told.isSilent }).toEqual({
      events,
      error: lost,
      isSilent,
    });
  });

  test.each<Pick<Run, 'losesLease'> & { readonly isSilent: boolean }>([
    { losesLease: 'before all', isSilent: true },
    { losesLease: 'once Slack is asked', isSilent: true },
  ])('that is a note alone is not sent where the lease is lost $losesLease', async (row) => {
    const { losesLease, isSilent } = row;
    const run = await tellOf(noted, losesLease === undefined ? {} : { losesLease });

    expect({ told: run.told, events: run.events }).toEqual({
      told: { counts: NOTHING, error: lost, isSilent },
      events: ['save'],
    });
  });
});

describe('the time for a message', () => {
  const mayPost = expect.any(Function);

  test.each([
    { left: 100_000, maxMs: 80_000 },
    { left: 20_001, maxMs: 1 },
    { left: 20_000, maxMs: 0 },
    { left: 0, maxMs: 0 },
  ])('is $maxMs ms where the deadline leaves $left ms', async ({ left, maxMs }) => {
    const deadline = { allMs: () => left };

    const alert = await tellOf(first(drifted), { report: drifted, deadline });
    const note = await tellOf(noted, { deadline });

    expect([...alert.limits, ...note.limits]).toStrictEqual([
      { mayPost, maxMs },
      { mayPost, maxMs },
    ]);
  });

  test('is what is left when its turn comes', async () => {
    let left = 100_000;
    const deadline = {
      allMs: () => {
        left -= 30_000;
        return left;
      },
    };

    const { limits } = await tellOf(first(driftedAndDenied), { report: driftedAndDenied, deadline });

    expect(limits).toStrictEqual([
      { mayPost, maxMs: 50_000 },
      { mayPost, maxMs: 20_000 },
    ]);
  });

  test('is not bounded here where there is no deadline', async () => {
    const alert = await tellOf(first(drifted), { report: drifted });
    const note = await tellOf(noted);

    expect([...alert.limits, ...note.limits]).toStrictEqual([{ mayPost }, { mayPost }]);
  });
});

describe('a note on the state', () => {
  test('goes with the first message of the run, where there is one', async () => {
    const { events, state } = await tellOf(
      { ...first(driftedAndDenied), note: NOTE },
      { report: driftedAndDenied },
    );

    expect({ events, note: state.note }).toEqual({
      events: ['save', `${DRIFT_GIST} | (state set aside)`, 'save', 'wait 1000 ms', ACCESS_GIST, 'save'],
      note: null,
    });
  });

  test('is sent alone where there is none: saved before, and then one of the messages of the run', async () => {
    const { told, events, state } = await tellOf(noted);

    expect({ told, events, state }).toEqual({
      told: { counts: NOTHING, error: null, isSilent: false },
      events: ['save', NOTE_GIST, 'save'],
      state: {
        ...noted,
        note: null,
        messages: {
          runAt: stamp(0),
          channels: { slack: [{ topic: 'unchecked', status: 'sent', keys: [] }] },
        },
      },
    });
  });

  test('is not sent where it cannot be saved before', async () => {
    const { told, events } = await tellOf(noted, { failingSave: 1 });

    expect({ told, events }).toEqual({
      told: { counts: NOTHING, error: unsaved, isSilent: true },
      events: [],
    });
  });

  const doubt = new DriftError(
    'SinkRejected',
    'Slack may not have the message of an earlier attempt; the next run tells it again',
  );
  test.each<{
    readonly status: DeliveryStatus;
    readonly events: readonly string[];
    readonly errors: readonly unknown[];
  }>([
    { status: 'sent', events: [NOTE_GIST], errors: [null, null, null] },
    { status: 'unknown', events: [NOTE_GIST, NOTE_GIST], errors: [notSent('unknown'), doubt, null] },
    { status: 'refused', events: [NOTE_GIST, NOTE_GIST], errors: [notSent('refused'), null, null] },
  ])('that was $status at first is told until Slack may have it', async ({ status, events, errors }) => {
    const attempt1 = await tellOf(noted, { statuses: [status] });
    const attempt2 = await tellOf(advancedBy(attempt1.state, inSync));
    const nextRun = await tellOf(advancedBy(attempt2.state, inSync, 1), { hours: 1 });

    const runs = [attempt1, attempt2, nextRun];
    expect({
      events: runs.flatMap((run) => run.events.filter((event) => event !== 'save')),
      errors: runs.map(({ told }) => told.error),
      note: nextRun.state.note,
    }).toEqual({ events, errors, note: null });
  });

  test('is not sent again by the attempt after one that left it in doubt, but by the next run', async () => {
    const doubtful = await tellOf(noted, { statuses: ['unknown'] });
    const again = await tellOf(advancedBy(doubtful.state, inSync));
    const nextRun = await tellOf(advancedBy(again.state, inSync, 1), { hours: 1 });

    expect([again, nextRun].map((run) => [run.events, run.told.isSilent])).toEqual([
      [['save'], true],
      [['save', NOTE_GIST, 'save'], false],
    ]);
  });

  test.each<{ readonly status: DeliveryStatus; readonly events: readonly string[] }>([
    { status: 'sent', events: ['save'] },
    { status: 'unknown', events: ['save'] },
    { status: 'refused', events: ['save', NOTE_GIST, 'save'] },
  ])(
    'follows a message of the same run only where that one was refused: $status',
    async ({ status, events }) => {
      const messages = {
        runAt: stamp(0),
        channels: { slack: [{ topic: 'drift', status, keys: ['other'] }] },
      } as const;

      const run = await tellOf({ ...noted, messages });

      expect(run.events).toEqual(events);
    },
  );
});

describe('what Slack heard of is counted', () => {
  const as = (about: Partial<Finding>) => report({ findings: [finding('field-missing', about)] });
  const open = as({});
  const byWaiver = report({ waived: [waived(missing)] });

  test.each<{
    readonly name: string;
    /** An hour each; the last run is the one that counts. */
    readonly hours: readonly Report[];
    readonly counts: Partial<typeof NOTHING>;
  }>([
    { name: 'what opens', hours: [open], counts: { opened: 1 } },
    { name: 'what escalates, as opened', hours: [as({ severity: 'warning' }), open], counts: { opened: 1 } },
    { name: 'what changes', hours: [open, as({ actual: 'another' })], counts: { changed: 1 } },
    { name: 'what is still open', hours: [open, open, open, open, open], counts: { reminded: 1 } },
    { name: 'what is over', hours: [open, inSync], counts: { resolved: 1 } },
    {
      name: 'what opened for the third time, as reminded',
      hours: [open, inSync, open, inSync, open, open, open, open],
      counts: { reminded: 1 },
    },
    {
      name: 'what opened for the third time and is over, as resolved',
      hours: [open, inSync, open, inSync, open, inSync, inSync, inSync],
      counts: { resolved: 1 },
    },
    { name: 'a waiver that begins, as nothing', hours: [open, byWaiver], counts: {} },
    { name: 'what could not be checked, as nothing', hours: [report({ unchecked: [denied] })], counts: {} },
  ])('$name', async ({ hours, counts }) => {
    const earlier = hours.slice(0, -1);
    const before = earlier.reduce(
      (state, seen, index) =>
        attempt(state, { at: hour(index), report: seen, scan, alertImmediately: true }).state,
      emptyState(PROJECT),
    );
    const seen = hours.at(-1) ?? inSync;

    const run = await tellOf(advancedBy(before, seen, earlier.length), {
      report: seen,
      hours: earlier.length,
    });

    expect({ counts: run.told.counts, messages: run.limits.length }).toEqual({
      counts: { ...NOTHING, ...counts },
      messages: 1,
    });
  });

  test.each<DeliveryStatus>(['unknown', 'refused'])('only where it was sent: not %s', async (status) => {
    const { told } = await tellOf(first(drifted), { report: drifted, statuses: [status] });

    expect(told).toEqual({ counts: NOTHING, error: notSent(status), isSilent: false });
  });
});
