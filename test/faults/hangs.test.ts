import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gcpMetadata } from 'google-auth-library';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { jsonReply, type LocalServer, type Reply, startLocalServer } from '../../emulators/http.ts';
import { type StorageFault, startStorageEmulator } from '../../emulators/storage.ts';
import type { SlackPayload } from '../../src/slack/payload.ts';
import { gistOf } from '../simulation/gist.ts';
import { BUCKET } from '../simulation/state-place.ts';
import { placesIn, startBucket } from '../support/deployed.ts';
import { writeFolder } from '../support/folder.ts';
import { type PlayedFunction, PROJECT, startFunction, valuesOf } from '../support/function.ts';
import { dropAmount, shopFiles, shopWarehouse } from '../support/shop.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Of a run by default, and of its reading. */
const DEADLINE = 540 * SECOND;
const READING = 480 * SECOND;

const DRIFT = 'Drift | sales.orders: field amount is missing | (first check)';

async function startShop(options: Partial<Parameters<typeof startFunction>[0]> = {}) {
  const [expected, folder] = await Promise.all([writeFolder(shopFiles), writeFolder({})]);
  const env = { STATE_URI: `file://${folder}`, CONFIRM_SECONDS: '0', ...options.env };
  const warehouse = shopWarehouse();
  dropAmount(warehouse);
  return { ...(await startFunction({ warehouse, expected, ...options, env })), folder };
}

function toldIn({ slack }: PlayedFunction): readonly string[] {
  return slack.messages.map(({ payload }) => gistOf(payload as SlackPayload));
}

const soon = { timeout: 60_000, interval: 5 };

/** Waits until what is to hang does; nothing but that is then under way. */
async function reached(isReached: () => boolean): Promise<void> {
  await expect.poll(isReached, soon).toBe(true);
}

async function leaseIn(folder: string): Promise<unknown> {
  const name = (await readdir(folder)).find((file) => file.startsWith('lease.json.'));
  return JSON.parse(await readFile(join(folder, name ?? 'none'), 'utf8'));
}

async function statesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((file) => file.startsWith('state.json.'));
}

/** As on a machine of Google's, whose client waits for the metadata server without a limit of its own. */
async function startHangingMetadata(): Promise<LocalServer> {
  const server = await startLocalServer(() => 'hang');
  onTestFinished(() => server.close());
  vi.stubEnv('GCE_METADATA_HOST', server.url.replace('http://', ''));
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined);
  vi.stubEnv('CLOUDSDK_CONFIG', await writeFolder({}));
  gcpMetadata.setGCPResidency(true);
  onTestFinished(() => {
    gcpMetadata.setGCPResidency(null);
    vi.unstubAllEnvs();
  });
  return server;
}

describe('a metadata server that hangs', () => {
  test('when metrics are to be written, keeps neither Slack nor the lease', async () => {
    const metadata = await startHangingMetadata();
    const played = await startShop({ env: { MONITORING_API_ENDPOINT: '' } });
    const { call, clock, folder, logged } = played;

    const answer = call();
    await expect.poll(() => toldIn(played), soon).toEqual([DRIFT]);
    await reached(() => metadata.requests.length > 0);
    await clock.pass(DEADLINE);
    await reached(() => logged.some(({ code }) => code === 'SinkRejected'));
    await clock.pass(10 * SECOND);

    expect(await answer).toEqual({
      status: 500,
      body: expect.objectContaining({
        status: 'failed',
        error: {
          code: 'SinkRejected',
          message: expect.stringMatching(/^Cloud Monitoring did not accept /),
        },
        alerts: { opened: 1, changed: 0, reminded: 0, resolved: 0 },
      }),
    });
    expect(await leaseIn(folder)).toMatchObject({ holder: null });
    expect(clock.elapsedMs()).toBe(DEADLINE + 10 * SECOND);
  });

  test('when the project is to be found, fails the run, which Slack hears', async () => {
    const metadata = await startHangingMetadata();
    const played = await startShop({ env: { GCP_PROJECT_ID: '', BIGQUERY_API_ENDPOINT: '' } });

    const answer = played.call();
    await reached(() => metadata.requests.length > 0);
    await played.clock.pass(MINUTE);

    expect(await answer).toMatchObject({ status: 500, body: { error: { code: 'NoProject' } } });
    expect(toldIn(played)).toEqual([
      'Drift | no project, and the credentials name none | (nothing compared)',
    ]);
  });
});

/** A service whose answers to some requests are others. */
async function startFront(
  target: string,
  answer: (path: string, query: Readonly<Record<string, string>>) => Reply | null,
): Promise<LocalServer> {
  const front = await startLocalServer(async ({ method, path, query }, body) => {
    const own = answer(path, query);
    if (own !== null) return own;
    const url = `${target}${path}?${new URLSearchParams(query)}`;
    const response = await fetch(url, { method, ...(method === 'GET' ? {} : { body }) });
    const headers = Object.fromEntries(response.headers);
    delete headers['content-length'];
    return { status: response.status, body: await response.text(), headers };
  });
  onTestFinished(() => front.close());
  return front;
}

const LONG_PAGE = 20_000;

function longPage(thing: 'dataset' | 'table') {
  const entries = Array.from({ length: LONG_PAGE }, (_, index) => ({
    [`${thing}Reference`]: {
      projectId: PROJECT,
      datasetId: thing === 'dataset' ? `d_${index}` : 'sales',
      tableId: `t_${index}`,
    },
  }));
  const page = { kind: `bigquery#${thing}List`, nextPageToken: 'TOKEN', [`${thing}s`]: entries };
  return { status: 200, body: JSON.stringify(page), headers: { 'content-type': 'application/json' } };
}

const LONG_PAGES = { dataset: longPage('dataset'), table: longPage('table') };

describe('a list that has no end', () => {
  test('of tables, and of datasets, is given up before it fills the memory; what was asked by name is told', async () => {
    const { bigquery } = await startShop();
    let pages = 0;
    const pageOf = (thing: 'dataset' | 'table') => {
      pages += 1;
      return { ...LONG_PAGES[thing], body: LONG_PAGES[thing].body.replace('TOKEN', `page-${pages}`) };
    };
    const front = await startFront(bigquery.url, (path) => {
      if (path.endsWith('/datasets/sales/tables')) return pageOf('table');
      return path.endsWith('/datasets') ? pageOf('dataset') : null;
    });
    const played = await startShop({ env: { BIGQUERY_API_ENDPOINT: front.url } });

    const { status, body } = await played.call();

    expect({ status, body, told: toldIn(played) }).toMatchObject({
      status: 200,
      body: { status: 'drifted', tables: { inSync: 1, drifted: 1, unchecked: 0 } },
      told: [expect.stringMatching(/^Drift \| sales.orders: field amount is missing/)],
    });
    // One more page of the other list may be under way.
    expect(pages).toBeLessThanOrEqual(500_000 / LONG_PAGE + 1);
    const line = JSON.stringify(played.logged.find((entry) => 'run' in entry));
    expect(line.match(/this run's lists have more than 500,000 entries, and no end/g)?.length).toBe(2);
  });

  test.each([
    ['names the same page again', () => ({ items: [], nextPageToken: 'again' })],
    [
      'always names another one',
      (page: number) => ({
        items: Array.from({ length: LONG_PAGE }, (_, index) => ({ name: `x/${page}-${index}`, size: '1' })),
        nextPageToken: `page-${page}`,
      }),
    ],
  ])('of expected files, which %s, fails the run', async (_, pageOf) => {
    let pages = 0;
    const storage = await startStorageEmulator({ bucket: BUCKET });
    onTestFinished(() => storage.close());
    const front = await startFront(storage.url, (path) => {
      if (!path.endsWith('/o')) return null;
      pages += 1;
      return jsonReply(200, { kind: 'storage#objects', ...pageOf(pages) });
    });
    const env = { EXPECTED_SCHEMAS: `gs://${BUCKET}/expected`, STORAGE_EMULATOR_HOST: front.url };
    const played = await startShop({ env });

    const { status, body } = await played.call();

    expect({ status, body }).toMatchObject({
      status: 500,
      body: {
        error: {
          code: 'NoSuchFolder',
          message: expect.stringMatching(/the list has no end|names one before it/),
        },
      },
    });
    expect(pages).toBeLessThan(20);
    expect(await leaseIn(played.folder)).toMatchObject({ holder: null });
  });

  test('of expected files is over where the next page has no name', async () => {
    const storage = await startBucket(await writeFolder(shopFiles));
    const front = await startFront(storage.url, (path) => {
      if (!path.endsWith('/o')) return null;
      const items = Object.keys(shopFiles).map((name) => ({ name: `expected-schemas/${name}`, size: '100' }));
      return jsonReply(200, { kind: 'storage#objects', items, nextPageToken: '' });
    });
    const env = { EXPECTED_SCHEMAS: placesIn(storage).EXPECTED_SCHEMAS, STORAGE_EMULATOR_HOST: front.url };

    expect(await (await startShop({ env })).call()).toMatchObject({
      status: 200,
      body: { status: 'drifted' },
    });
  });
});

describe('a bucket that hangs', () => {
  async function startWith(fault: StorageFault, env: Readonly<Record<string, string>>) {
    const storage = await startStorageEmulator({ bucket: BUCKET });
    onTestFinished(() => storage.close());
    const played = await startShop({ env: { STORAGE_EMULATOR_HOST: storage.url, ...env } });
    storage.faults.push(fault);
    return { storage, ...played };
  }

  test('when the state is read, leaves time to read the tables and to tell', async () => {
    const { storage, call, clock, ...played } = await startWith(
      { operation: 'read', name: /state/, answer: 'hang' },
      { STATE_URI: `gs://${BUCKET}/monitor` },
    );

    const answer = call();
    await reached(() => storage.requests.some(({ path }) => path.includes('state.json')));
    await clock.pass(READING / 2);

    expect(await answer).toMatchObject({
      status: 500,
      body: { error: { code: 'StateUnavailable' }, tables: { inSync: 1, drifted: 1, unchecked: 0 } },
    });
    expect(played.slack.messages.length).toBe(1);
    await expect
      .poll(() => storage.objects.get(`${BUCKET}/monitor/lease.json`)?.text, soon)
      .toContain('"holder":null');
  });

  test('when the page is published, keeps Slack for a part of the time only', async () => {
    const { storage, call, clock, ...played } = await startWith(
      { operation: 'write', name: /html/, answer: 'hang' },
      { STATE_URI: `gs://${BUCKET}/monitor` },
    );

    const answer = call();
    await reached(() => storage.requests.some(({ query }) => query['name']?.endsWith('.html') === true));
    await clock.pass((DEADLINE - 20 * SECOND) / 2);

    expect(await answer).toMatchObject({
      status: 500,
      body: {
        error: { message: 'the report pages were given no answer in time' },
        alerts: { opened: 1 },
      },
    });
    expect(played.slack.messages.length).toBe(1);
  });

  test('when the expected files are listed, fails the run in its time', async () => {
    const { storage, call, clock, folder, ...played } = await startWith(
      { operation: 'list', answer: 'hang' },
      { EXPECTED_SCHEMAS: `gs://${BUCKET}/expected` },
    );

    const answer = call();
    await reached(() => storage.requests.length > 0);
    await clock.pass(READING);

    const message = 'cannot read the expected files: no answer in time';
    expect(await answer).toMatchObject({ status: 500, body: { error: { code: 'NoSuchFolder', message } } });
    expect(played.slack.messages.length).toBe(1);
    expect(await leaseIn(folder)).toMatchObject({ holder: null });
  });
});

test('Slack does not wait for metrics that are written slowly', async () => {
  const played = await startShop();
  const slow = await startLocalServer(() => 'hang');
  onTestFinished(() => slow.close());
  const other = await startShop({ env: { MONITORING_API_ENDPOINT: slow.url } });

  const answer = other.call();
  await expect.poll(() => toldIn(other), soon).toEqual([DRIFT]);
  await reached(() => slow.requests.length > 0);
  await other.clock.pass(DEADLINE);
  await reached(() => other.logged.some(({ code }) => code === 'SinkRejected'));
  await other.clock.pass(10 * SECOND);

  expect(await answer).toMatchObject({ status: 500, body: { alerts: { opened: 1 } } });
  expect(played.slack.messages).toEqual([]);
});

test('a run of which something never ends is given up: its lease is free, it is told, and what comes late changes nothing', async () => {
  const never = Promise.withResolvers<Response>();
  let posts = 0;
  const played = await startShop({
    fetch: (input, init) => {
      posts += 1;
      return posts === 1 ? never.promise : fetch(input, init);
    },
  });
  const { call, clock, folder, logged, monitoring } = played;

  const answer = call();
  await reached(
    () => posts === 1 && valuesOf(monitoring.points)['tables{dataset=sales,status=drifted}'] === 1,
  );
  await clock.pass(DEADLINE + MINUTE);

  const message =
    'the run did not end: it was given up a minute after DEADLINE_SECONDS; what it has not told, the next run tells';
  expect(await answer).toEqual({
    status: 500,
    body: { status: 'failed', error: { code: 'RunDidNotEnd', message } },
  });
  expect(logged).toContainEqual({
    severity: 'ERROR',
    message: `the run failed: ${message}`,
    code: 'RunDidNotEnd',
  });
  expect(toldIn(played)).toEqual(['Drift | the run did not end | (nothing compared)']);
  expect(valuesOf(monitoring.points)['run_success{}']).toBe(0);
  expect(await leaseIn(folder)).toMatchObject({ holder: null });

  // What nobody waited for any more.
  const before = await statesIn(folder);
  never.resolve(new Response('ok'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await statesIn(folder)).toEqual(before);
  expect(await leaseIn(folder)).toMatchObject({ holder: null });

  clock.advance(60 * MINUTE);
  expect(await call()).toMatchObject({ status: 200, body: { alerts: { opened: 1 } } });
  expect(toldIn(played).slice(1)).toEqual([
    expect.stringMatching(/^Drift \| sales.orders: field amount is missing/),
  ]);
});
