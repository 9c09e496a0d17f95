import { expect, onTestFinished, test } from 'vitest';
import { playedClock } from '../../../emulators/clock.ts';
import { startSlackEmulator } from '../../../emulators/slack.ts';
import { createSlackWebhook } from '../../../src/adapters/slack-webhook/slack-webhook.ts';
import { failureNotifier } from '../../../src/app/hourly/failure.ts';
import { createFailureThrottle } from '../../../src/app/hourly/failure-throttle.ts';
import { createSlackChannel } from '../../../src/slack/channel.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const files = { code: 'InvalidFiles', message: '1 problem in the expected files' };
const config = { code: 'InvalidConfig', message: 'STATE_URI: expected gs://bucket/prefix' };

test.each([
  { name: 'the first one', ms: [0], failures: [files], isNews: [true] },
  { name: 'the same at once', ms: [0, 0], failures: [files, files], isNews: [true, false] },
  {
    name: 'the same in each hour: after four, less ten minutes of jitter',
    ms: [0, HOUR, HOUR, HOUR, HOUR - 10 * MINUTE, HOUR],
    failures: [files, files, files, files, files, files],
    isNews: [true, false, false, false, true, false],
  },
  {
    name: 'the same a moment too early',
    ms: [0, 4 * HOUR - 10 * MINUTE - 1, 1],
    failures: [files, files, files],
    isNews: [true, false, true],
  },
  {
    name: 'another one, but not the two in turns',
    ms: [0, MINUTE, MINUTE, MINUTE, MINUTE],
    failures: [files, config, config, files, config],
    isNews: [true, true, false, false, false],
  },
  {
    name: 'another message of the same code',
    ms: [0, MINUTE],
    failures: [files, { ...files, message: '2 problems in the expected files' }],
    isNews: [true, true],
  },
  {
    name: 'another code with the same message',
    ms: [0, MINUTE],
    failures: [files, { ...files, code: 'Internal' }],
    isNews: [true, true],
  },
])('is news: $name', ({ ms, failures, isNews }) => {
  const clock = playedClock();
  const gate = createFailureThrottle(clock);
  const answers = failures.map((failure, index) => {
    clock.advance(ms[index] ?? 0);
    const isNewsNow = gate.shouldNotify(failure);
    if (isNewsNow) gate.recordDelivery(failure, 'sent');
    return isNewsNow;
  });
  expect(answers).toEqual(isNews);
});

test('whatever fails after a run that worked is news', () => {
  const gate = createFailureThrottle(playedClock());
  gate.recordDelivery(files, 'sent');
  const before = gate.shouldNotify(files);
  gate.reset();
  expect([before, gate.shouldNotify(files)]).toEqual([false, true]);
});

test('each process has its own memory', () => {
  const clock = playedClock();
  const one = createFailureThrottle(clock);
  one.recordDelivery(files, 'sent');
  expect([one.shouldNotify(files), createFailureThrottle(clock).shouldNotify(files)]).toEqual([false, true]);
});

test.each([
  { status: 'refused', after: 0 },
  { status: 'unknown', after: 50 * MINUTE },
  { status: 'sent', after: 4 * HOUR - 10 * MINUTE },
] as const)('what was $status is news again after $after ms', ({ status, after }) => {
  const clock = playedClock();
  const gate = createFailureThrottle(clock);
  gate.recordDelivery(files, status);
  if (after > 0) {
    clock.advance(after - 1);
    expect(gate.shouldNotify(files)).toBe(false);
    clock.advance(1);
  }
  expect(gate.shouldNotify(files)).toBe(true);
});

test('a failure that Slack did not accept is told by the next run', async () => {
  const slack = await startSlackEmulator();
  onTestFinished(() => slack.close());
  slack.faults.push({ times: 1, answer: { status: 410, body: 'channel_is_archived' } });
  const clock = playedClock();
  const run = {
    channel: createSlackChannel(createSlackWebhook({ url: slack.webhookUrl, fetch, clock, log: () => {} })),
    project: 'shop',
    log: () => {},
    throttle: createFailureThrottle(clock),
  };
  const messages: number[] = [];
  for (const _ of [0, 1, 2]) {
    await failureNotifier(run)(files);
    clock.advance(HOUR);
    messages.push(slack.messages.length);
  }
  expect(messages).toEqual([0, 1, 1]);
});

test.each([
  {
    name: 'what the run has left, less twenty seconds',
    deadline: { deadline: { allMs: () => 21_234 } },
    limits: { maxMs: 1234 },
  },
  { name: "the sink's own where the run has not begun", deadline: {}, limits: {} },
])('the time for the message about a failure is $name', async ({ deadline, limits }) => {
  const given: unknown[] = [];
  const channel = createSlackChannel({
    async send(_, sendLimits) {
      given.push(sendLimits);
      return { status: 'sent' };
    },
  });
  const throttle = createFailureThrottle(playedClock());

  await failureNotifier({ channel, project: 'shop', log: () => {}, throttle, ...deadline })(files);

  expect(given).toStrictEqual([limits]);
});
