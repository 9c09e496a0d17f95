import { readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { EmulatedWarehouse } from '../emulators/bigquery.ts';
import { startLocalServer } from '../emulators/http.ts';
import { isOfPartition } from '../src/app/work-partition.ts';
import { type Files, writeFolder } from './support/folder.ts';
import { type PlayedFunction, startFunction } from './support/function.ts';

const SHARDS = 4;
const DATASETS = Array.from({ length: 12 }, (_, index) => `dataset_${index}`);
const TABLES = ['orders', 'items'];
const fields = [
  { name: 'id', type: 'STRING' },
  { name: 'amount', type: 'NUMERIC' },
];

const files: Files = Object.fromEntries(
  DATASETS.flatMap((dataset) =>
    TABLES.map((table) => [`${dataset}/${table}.json`, { type: 'TABLE', schema: { fields } }]),
  ),
);

function warehouse(): EmulatedWarehouse {
  return {
    datasets: new Map(
      DATASETS.map((dataset) => [
        dataset,
        { resource: {}, tables: new Map(TABLES.map((table) => [table, { schema: { fields } }])) },
      ]),
    ),
  };
}

interface Fleet {
  /** One function a shard; the services are those of the first. */
  readonly shards: readonly PlayedFunction[];
  readonly services: PlayedFunction;
  /** The folder of the state. */
  readonly state: string;
  /** The run of that hour, of all shards at once. */
  callAll(scheduled: string): Promise<readonly { readonly status: number; readonly body: unknown }[]>;
}

/** Four functions over one warehouse, one channel of Slack and one place for the state. */
async function startFleet(): Promise<Fleet> {
  const expected = await writeFolder(files);
  const state = await writeFolder({});
  const env = { STATE_URI: pathToFileURL(state).href, CONFIRM_SECONDS: '0' };
  const services = await startFunction({
    warehouse: warehouse(),
    expected,
    env: { ...env, SHARD: `1/${SHARDS}` },
  });
  const shards = [services];
  for (let index = 2; index <= SHARDS; index += 1) {
    shards.push(
      await startFunction({
        warehouse: warehouse(),
        expected,
        env: {
          ...env,
          SHARD: `${index}/${SHARDS}`,
          BIGQUERY_API_ENDPOINT: services.bigquery.url,
          MONITORING_API_ENDPOINT: services.monitoring.url,
          SLACK_WEBHOOK_URL: services.slack.webhookUrl,
        },
      }),
    );
  }
  return {
    shards,
    services,
    state,
    callAll: (scheduled) => Promise.all(shards.map((shard) => shard.callAt(scheduled))),
  };
}

function shardOf(dataset: string): number {
  return Array.from({ length: SHARDS }, (_, index) => index + 1).filter((index) =>
    isOfPartition({ index, count: SHARDS }, dataset),
  )[0] as number;
}

function dropAmount({ services }: Fleet, dataset: string): void {
  services.bigquery.warehouse.datasets.get(dataset)?.tables.set('orders', {
    schema: { fields: fields.slice(0, 1) },
  });
}

const DUE = '2026-03-02T08:00:00Z';
const NEXT = '2026-03-02T09:00:00Z';

describe('four shards of one warehouse', () => {
  test('read each table exactly once between them, all at the same time', async () => {
    const fleet = await startFleet();

    const answers = await fleet.callAll(DUE);

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const counts = answers.map(({ body }) => (body as { tables: { inSync: number } }).tables.inSync);
    expect({
      perShard: counts,
      read: fleet.services.bigquery.requests
        .filter(({ operation }) => operation === 'tables.get')
        .map(({ dataset, table }) => `${dataset}.${table}`)
        .sort(),
    }).toEqual({
      perShard: [1, 2, 3, 4].map(
        (index) => DATASETS.filter((dataset) => shardOf(dataset) === index).length * TABLES.length,
      ),
      read: DATASETS.flatMap((dataset) => TABLES.map((table) => `${dataset}.${table}`)).sort(),
    });
  });

  test('have a state, a lease and a metric task each', async () => {
    const fleet = await startFleet();

    await fleet.callAll(DUE);

    const names = new Set(
      (await readdir(fleet.state))
        .filter((name) => name.includes('.json'))
        .map((name) => name.replace(/\.json.*$/, '')),
    );
    const tasks = new Set(
      fleet.services.monitoring.points.map(({ resourceLabels }) => resourceLabels['task_id']),
    );
    expect({ names: [...names].sort(), tasks: [...tasks].sort() }).toEqual({
      names: ['lease', 'state'].flatMap((what) => [1, 2, 3, 4].map((index) => `${what}-shard-${index}-of-4`)),
      tasks: [1, 2, 3, 4].map((index) => `shard-${index}-of-4`),
    });
  });

  test('chart each dataset under the task of one shard alone', async () => {
    const fleet = await startFleet();

    await fleet.callAll(DUE);

    const tasks = new Map<string, Set<string | undefined>>();
    for (const { metricLabels, resourceLabels } of fleet.services.monitoring.points) {
      const dataset = metricLabels['dataset'];
      if (dataset === undefined) continue;
      tasks.set(dataset, (tasks.get(dataset) ?? new Set()).add(resourceLabels['task_id']));
    }
    expect(Object.fromEntries([...tasks].map(([dataset, its]) => [dataset, [...its]]))).toEqual(
      Object.fromEntries(DATASETS.map((dataset) => [dataset, [`shard-${shardOf(dataset)}-of-4`]])),
    );
  });

  test('tell each finding once between them, and no hour later again', async () => {
    const fleet = await startFleet();
    const drifted = DATASETS.slice(0, 6);
    for (const dataset of drifted) dropAmount(fleet, dataset);

    const first = await fleet.callAll(DUE);
    const messages = fleet.services.slack.messages.map(({ payload }) => JSON.stringify(payload.blocks));
    for (const { clock } of fleet.shards) clock.advance(3_600_000);
    const second = await fleet.callAll(NEXT);

    const opened = (answers: typeof first) =>
      answers.reduce((sum, { body }) => sum + (body as { alerts: { opened: number } }).alerts.opened, 0);
    expect({
      opened: [opened(first), opened(second)],
      messagesOf: drifted.map(
        (dataset) => messages.filter((message) => message.includes(`${dataset}.orders`)).length,
      ),
      later: fleet.services.slack.messages.length - messages.length,
    }).toEqual({ opened: [6, 0], messagesOf: drifted.map(() => 1), later: 0 });
  });

  test('find a dataset that no file declares once between them', async () => {
    const fleet = await startFleet();
    const datasets = fleet.services.bigquery.warehouse.datasets;
    const stranger = ['stray_1', 'stray_2', 'stray_3'];
    for (const name of stranger) datasets.set(name, { resource: {}, tables: new Map() });

    const answers = await fleet.callAll(DUE);

    const infos = answers.map(({ body }) => (body as { findings: { info: number } }).findings.info);
    expect(infos).toEqual(
      [1, 2, 3, 4].map((index) => stranger.filter((name) => shardOf(name) === index).length),
    );
  });

  test('leave each other alone: one that cannot read its datasets fails by itself', async () => {
    const fleet = await startFleet();
    const lost = DATASETS.filter((dataset) => shardOf(dataset) === shardOf('dataset_0'));
    fleet.services.bigquery.faults.push(
      ...lost.map((dataset) => ({ dataset, answer: { status: 403 } }) as const),
    );

    const answers = await fleet.callAll(DUE);

    expect(answers.map(({ status }) => status)).toEqual(
      [1, 2, 3, 4].map((index) => (index === shardOf('dataset_0') ? 500 : 200)),
    );
  });

  test('are in sync where no dataset is theirs', async () => {
    const expected = await writeFolder({ 'dataset_0/orders.json': files['dataset_0/orders.json'] });
    const idle = (shardOf('dataset_0') % SHARDS) + 1;
    const { callAt } = await startFunction({
      warehouse: { datasets: new Map([...warehouse().datasets].slice(0, 1)) },
      expected,
      env: { SHARD: `${idle}/${SHARDS}` },
    });

    expect(await callAt(DUE)).toMatchObject({
      status: 200,
      body: { status: 'in-sync', tables: { inSync: 0, drifted: 0, unchecked: 0 } },
    });
  });

  test('hold their leases apart: a second run of one is refused while the others are free', async () => {
    const expected = await writeFolder(files);
    const state = pathToFileURL(await writeFolder({})).href;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const road = await startLocalServer(async ({ path, query }) => {
      await held;
      const response = await fetch(`${first.bigquery.url}${path}?${new URLSearchParams(query)}`);
      const headers = { 'content-type': response.headers.get('content-type') ?? '' };
      return { status: response.status, headers, body: await response.text() };
    });
    const env = { STATE_URI: state };
    const first = await startFunction({
      warehouse: warehouse(),
      expected,
      env: { ...env, SHARD: '1/2', BIGQUERY_API_ENDPOINT: road.url },
    });
    const again = await startFunction({ warehouse: warehouse(), expected, env: { ...env, SHARD: '1/2' } });
    const other = await startFunction({ warehouse: warehouse(), expected, env: { ...env, SHARD: '2/2' } });

    const running = first.callAt(DUE);
    while (!(await hasLease(fileURLToPath(state)))) await new Promise((resolve) => setImmediate(resolve));
    const [refused, free] = await Promise.all([again.callAt(DUE), other.callAt(DUE)]);
    release();

    expect([(await running).status, refused.status, free.status]).toEqual([200, 409, 200]);
    await road.close();
  });
});

async function hasLease(folder: string): Promise<boolean> {
  return (await readdir(folder)).some((name) => name.startsWith('lease-shard-1-of-2'));
}
