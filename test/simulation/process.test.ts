import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { type BigQueryEmulator, denied, startBigQueryEmulator } from '../../emulators/bigquery.ts';
import { jsonReply, startLocalServer } from '../../emulators/http.ts';
import { startMonitoringEmulator } from '../../emulators/monitoring.ts';
import { startSlackEmulator } from '../../emulators/slack.ts';
import { startStorageEmulator } from '../../emulators/storage.ts';
import type { SlackPayload } from '../../src/slack/payload.ts';
import { writeFolder } from '../support/folder.ts';
import { PROJECT } from '../support/function.ts';
import { type Listening, NOW_HEADER } from './child-protocol.ts';
import { gistOf } from './gist.ts';
import { BUCKET, bucketPlace, folderPlace } from './state-place.ts';
import { dueAt, STORES } from './story.ts';
import { declareTables, type World } from './world.ts';

interface Surroundings {
  readonly bigquery: BigQueryEmulator;
  /** In the order in which things happened: what Slack accepted, and what the function answered. */
  readonly events: string[];
  /** Ends this process as soon as Slack has accepted so many more messages, before it can hear of it. */
  killAfter(accepted: number, child: ChildProcess): void;
  /** Ends this process when it is about to say that its run is to be believed, which comes last of all. */
  killAtHeartbeat(child: ChildProcess): void;
  /** A new process, which finds what those before it left. */
  start(): Promise<Instance>;
}

interface Instance {
  readonly child: ChildProcess;
  /** Calls the function for the run of that hour, so many seconds after it is due. */
  call(hour: number, seconds?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Everything around the function but the function, which runs in processes of its own. */
async function startSurroundings(
  { files, warehouse }: World,
  store: (typeof STORES)[number] = 'file://',
): Promise<Surroundings> {
  const [expected, home] = await Promise.all([writeFolder(files), writeFolder({})]);
  const bigquery = await startBigQueryEmulator({ projectId: PROJECT, warehouse });
  onTestFinished(() => bigquery.close());
  let now = dueAt(0);
  const monitoring = await startMonitoringEmulator({ projectId: PROJECT, now: () => now });
  onTestFinished(() => monitoring.close());
  const storage = await startStorageEmulator({ bucket: BUCKET, now: () => now });
  onTestFinished(() => storage.close());
  const slack = await startSlackEmulator();
  onTestFinished(() => slack.close());
  const events: string[] = [];
  let victim: { readonly child: ChildProcess; left: number } | null = null;

  const { origin, pathname } = new URL(slack.webhookUrl);
  const frontOfSlack = await startLocalServer(async ({ path }, body) => {
    const response = await fetch(`${origin}${path}`, { method: 'POST', body });
    const reply = { status: response.status, body: await response.text() };
    if (response.ok) events.push(gistOf(JSON.parse(body) as SlackPayload));
    if (victim === null || !response.ok) return reply;
    victim.left -= 1;
    if (victim.left > 0) return reply;
    await kill(victim.child);
    victim = null;
    return 'reset';
  });
  onTestFinished(() => frontOfSlack.close());

  let heartless: ChildProcess | null = null;
  const frontOfMonitoring = await startLocalServer(async ({ method, path, query }, body) => {
    if (heartless !== null && body.includes('run_success')) {
      await kill(heartless);
      heartless = null;
      return 'reset';
    }
    const url = `${monitoring.url}${path}?${new URLSearchParams(query)}`;
    const response = await fetch(url, { method, ...(method === 'GET' ? {} : { body }) });
    return jsonReply(response.status, await response.json());
  });
  onTestFinished(() => frontOfMonitoring.close());

  const env = {
    GCP_PROJECT_ID: PROJECT,
    EXPECTED_SCHEMAS: expected,
    SLACK_WEBHOOK_URL: `${frontOfSlack.url}${pathname}`,
    STATE_URI: (store === 'gs://' ? bucketPlace(storage) : folderPlace(home)).uri,
    STORAGE_EMULATOR_HOST: storage.url,
    BIGQUERY_API_ENDPOINT: bigquery.url,
    MONITORING_API_ENDPOINT: frontOfMonitoring.url,
    REQUESTS_PER_SECOND: '1000',
  };
  return {
    bigquery,
    events,
    killAfter(accepted, child) {
      victim = { child, left: accepted };
    },
    killAtHeartbeat(child) {
      heartless = child;
    },
    async start() {
      const script = new URL('server.ts', import.meta.url);
      const child = fork(script, { env: { ...process.env, ...env }, execArgv: [] });
      onTestFinished(() => kill(child));
      const [{ port }] = (await once(child, 'message')) as [Listening];
      return {
        child,
        async call(hour, seconds = 20) {
          now = new Date(dueAt(hour).getTime() + seconds * 1000);
          const headers = {
            'X-CloudScheduler-ScheduleTime': dueAt(hour).toISOString(),
            [NOW_HEADER]: now.toISOString(),
          };
          const status = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers }).then(
            (response) => String(response.status),
            () => 'no answer',
          );
          events.push(`hour ${hour}: ${status}`);
        },
        async stop() {
          child.kill('SIGTERM');
          await ended(child);
        },
      };
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended(child);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

test('a process that is killed before it can save what Slack accepted repeats that one message', async () => {
  const world = declareTables(['sales.orders', 'sales.items', 'sales.payments', 'sales.refunds']);
  const { bigquery, events, killAfter, start } = await startSurroundings(world);
  const [first, second, third, fourth] = await Promise.all([start(), start(), start(), start()]);

  world.drop('sales.orders');
  await first.call(0);
  world.restore('sales.orders');
  world.drop('sales.items');
  bigquery.faults.push(denied({ table: 'payments' }));
  killAfter(1, first.child);
  await first.call(1);

  // The Scheduler tries again, at first too early for the lease that the dead left behind.
  await second.call(1, 80);
  await second.call(1, 140);
  world.drop('sales.orders');
  world.restore('sales.items');
  bigquery.faults.splice(0, 1, denied({ table: 'refunds' }));
  killAfter(2, second.child);
  await second.call(2);

  await third.call(3);
  world.restore('sales.orders');
  world.drop('sales.items');
  bigquery.faults.splice(0, 1, denied({ table: 'payments' }));
  killAfter(3, third.child);
  await third.call(4);

  await fourth.call(5);
  await fourth.call(6);

  const itemsMissing = 'Drift | sales.items: the table is missing';
  const lost = (table: string) => `Unchecked | access denied, or deleted: sales ${table}`;
  const ordersRepaired =
    'Resolved | can be checked again sales.refunds (2 hours) | repaired sales.orders: the table is missing (2 hours)';
  expect({ events, methods: methodsOf(bigquery) }).toEqual({
    events: [
      'Drift | sales.orders: the table is missing | (first check)',
      'hour 0: 200',
      itemsMissing,
      'hour 1: no answer',
      'hour 1: 409',
      itemsMissing,
      lost('payments'),
      'Resolved | repaired sales.orders: the table is missing (1 hour)',
      'hour 1: 200',
      'Drift | sales.orders: the table is missing',
      lost('refunds'),
      'hour 2: no answer',
      lost('refunds'),
      'Resolved | can be checked again sales.payments (1 hour) | repaired sales.items: the table is missing (1 hour)',
      'hour 3: 200',
      itemsMissing,
      lost('payments'),
      ordersRepaired,
      'hour 4: no answer',
      ordersRepaired,
      'hour 5: 200',
      'hour 6: 200',
    ],
    methods: ['GET'],
  });
});

test.each(STORES)(
  'a process that is killed once all is told and saved repeats nothing, with state in %s',
  async (store) => {
    const world = declareTables(['sales.orders', 'sales.items', 'sales.payments']);
    const { bigquery, events, killAtHeartbeat, start } = await startSurroundings(world, store);
    const [first, second] = await Promise.all([start(), start()]);

    world.drop('sales.orders');
    await first.call(0);
    world.restore('sales.orders');
    world.drop('sales.items');
    bigquery.faults.push(denied({ table: 'payments' }));
    killAtHeartbeat(first.child);
    await first.call(1);
    await second.call(1, 140);
    await second.call(2);

    expect({ events, methods: methodsOf(bigquery) }).toEqual({
      events: [
        'Drift | sales.orders: the table is missing | (first check)',
        'hour 0: 200',
        'Drift | sales.items: the table is missing',
        'Unchecked | access denied, or deleted: sales payments',
        'Resolved | repaired sales.orders: the table is missing (1 hour)',
        'hour 1: no answer',
        'hour 1: 200',
        'hour 2: 200',
      ],
      methods: ['GET'],
    });
  },
);

test('a process that ends between two runs is followed by one that knows what was told', async () => {
  const world = declareTables(['sales.orders', 'sales.items']);
  const { bigquery, events, start } = await startSurroundings(world);

  const before = await start();
  await before.call(0);
  world.drop('sales.orders');
  await before.call(1);
  await before.stop();
  const after = await start();
  await after.call(2);
  await after.call(5);
  world.restore('sales.orders');
  await after.call(6);

  expect({ events, methods: methodsOf(bigquery) }).toEqual({
    events: [
      'hour 0: 200',
      'Drift | sales.orders: the table is missing',
      'hour 1: 200',
      'hour 2: 200',
      'Still open | sales.orders: the table is missing (4 hours)',
      'hour 5: 200',
      'Resolved | repaired sales.orders: the table is missing (5 hours)',
      'hour 6: 200',
    ],
    methods: ['GET'],
  });
});

function methodsOf({ requests }: BigQueryEmulator): readonly string[] {
  return [...new Set(requests.map(({ method }) => method))];
}
