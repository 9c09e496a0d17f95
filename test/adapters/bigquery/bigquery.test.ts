import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BigQuery } from '@google-cloud/bigquery';
import { OAuth2Client } from 'google-auth-library';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type BigQueryEmulatorOptions,
  denied,
  type EmulatedWarehouse,
  type Fault,
  startBigQueryEmulator,
} from '../../../emulators/bigquery.ts';
import { playedClock } from '../../../emulators/clock.ts';
import { createBigQueryClient, createWarehouses } from '../../../src/adapters/bigquery/bigquery.ts';
import type { Pacing } from '../../../src/adapters/bigquery/rate-limiter.ts';
import type { Read, Warehouse } from '../../../src/model/ports.ts';
import { endless } from '../../support/deadline.ts';

async function start({
  pacing = { requestsPerSecond: 1000, maxConcurrency: 40 },
  timeoutMs,
  ...options
}: Partial<BigQueryEmulatorOptions> & { pacing?: Pacing; timeoutMs?: number } = {}) {
  const emulator = await startBigQueryEmulator({
    projectId: 'shop',
    warehouse: smallWarehouse(),
    ...options,
  });
  onTestFinished(() => emulator.close());
  const clock = playedClock();
  const warehouse = createWarehouses({
    client: createBigQueryClient({ projectId: emulator.projectId, endpoint: emulator.url }),
    pacing,
    clock,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  })(endless);
  return { emulator, clock, warehouse };
}

const orders = { schema: { fields: [{ name: 'id', type: 'STRING', mode: 'REQUIRED' }] } };

function smallWarehouse(): EmulatedWarehouse {
  return {
    datasets: new Map([['sales', { resource: { location: 'EU' }, tables: new Map([['orders', orders]]) }]]),
  };
}

/** Datasets d0, d1 … in these locations, the first with tables t0, t1 … */
function manyDatasets(locations: readonly string[], tables = 0): EmulatedWarehouse {
  return {
    datasets: new Map(
      locations.map((location, index) => [
        `d${index}`,
        {
          resource: { location },
          tables: new Map(Array.from({ length: index === 0 ? tables : 0 }, (_, table) => [`t${table}`, {}])),
        },
      ]),
    ),
  };
}

const READS = [
  ['datasets.list', (warehouse) => warehouse.listDatasets()],
  ['datasets.get', (warehouse) => warehouse.getDataset('sales')],
  ['tables.list', (warehouse) => warehouse.listTables('sales')],
  ['tables.get', (warehouse) => warehouse.getTable({ dataset: 'sales', table: 'orders' }, 'BASIC')],
] as const satisfies readonly (readonly [string, (warehouse: Warehouse) => Promise<Read<unknown>>])[];

const getOrders = READS[3][1];

describe('each method', () => {
  test('is one GET, and asks for no more than it needs', async () => {
    const { emulator, warehouse } = await start();

    await warehouse.listDatasets();
    await warehouse.getDataset('sales');
    await warehouse.listTables('sales');
    await warehouse.getTable({ dataset: 'sales', table: 'orders' }, 'BASIC');
    await warehouse.getTable({ dataset: 'sales', table: 'orders' }, 'FULL');

    const datasets = '/bigquery/v2/projects/shop/datasets';
    expect(
      emulator.requests.map(({ method, path, query: { prettyPrint: _, ...query } }) => ({
        method,
        path,
        query,
      })),
    ).toEqual([
      { method: 'GET', path: datasets, query: { maxResults: '1000' } },
      { method: 'GET', path: `${datasets}/sales`, query: { datasetView: 'METADATA' } },
      { method: 'GET', path: `${datasets}/sales/tables`, query: { maxResults: '1000' } },
      { method: 'GET', path: `${datasets}/sales/tables/orders`, query: { view: 'BASIC' } },
      { method: 'GET', path: `${datasets}/sales/tables/orders`, query: { view: 'FULL' } },
    ]);
  });

  test('gives what BigQuery has', async () => {
    const { warehouse } = await start();

    expect(await Promise.all(READS.map(([, read]) => read(warehouse)))).toEqual([
      { status: 'found', value: { datasets: ['sales'], unreachable: [] } },
      {
        status: 'found',
        value: {
          kind: 'bigquery#dataset',
          id: 'shop:sales',
          datasetReference: { projectId: 'shop', datasetId: 'sales' },
          type: 'DEFAULT',
          location: 'EU',
          creationTime: '1704067200000',
        },
      },
      { status: 'found', value: [{ table: 'orders', type: 'TABLE' }] },
      {
        status: 'found',
        value: {
          kind: 'bigquery#table',
          id: 'shop:sales.orders',
          tableReference: { projectId: 'shop', datasetId: 'sales', tableId: 'orders' },
          type: 'TABLE',
          creationTime: '1704067200000',
          ...orders,
        },
      },
    ]);
  });

  test.each(READS)('%s of what is not there is absent after one request', async (method, read) => {
    const { emulator, warehouse } = await start({ warehouse: { datasets: new Map() } });
    if (method === 'datasets.list') emulator.faults.push({ answer: { status: 404 } });

    const subject = method === 'datasets.list' ? 'Project shop' : 'Dataset shop:sales';
    expect(await read(warehouse)).toEqual({
      status: 'absent',
      detail: `${method}: HTTP 404 notFound: Not found: ${subject}`,
    });
    expect(emulator.requests).toHaveLength(1);
  });

  test('gives an empty list where there is nothing', async () => {
    const { warehouse } = await start({ warehouse: manyDatasets(['EU']) });

    expect(await warehouse.listTables('d0')).toEqual({ status: 'found', value: [] });
  });
});

describe('an answer that is no table', () => {
  const html = { body: '<html><title>Error</title></html>', contentType: 'text/html' };
  const backend = 'Error encountered during execution. Retrying may solve the problem.';

  test.each<[string, Fault['answer'], object, number]>([
    [
      '403 accessDenied',
      { status: 403, reason: 'accessDenied', message: 'Denied' },
      { status: 'unreadable', reason: 'denied', detail: 'tables.get: HTTP 403 accessDenied: Denied' },
      1,
    ],
    [
      '403 rateLimitExceeded',
      { status: 403, reason: 'rateLimitExceeded', message: 'Slower' },
      { status: 'unreadable', reason: 'throttled', detail: 'tables.get: HTTP 403 rateLimitExceeded: Slower' },
      6,
    ],
    [
      '403 quotaExceeded',
      { status: 403, reason: 'quotaExceeded', message: 'Enough' },
      { status: 'unreadable', reason: 'throttled', detail: 'tables.get: HTTP 403 quotaExceeded: Enough' },
      1,
    ],
    [
      '429',
      { status: 429, message: 'Slower' },
      { status: 'unreadable', reason: 'throttled', detail: 'tables.get: HTTP 429 rateLimitExceeded: Slower' },
      6,
    ],
    [
      '503',
      { status: 503 },
      {
        status: 'unreadable',
        reason: 'unavailable',
        detail: `tables.get: HTTP 503 backendError: ${backend}`,
      },
      6,
    ],
    [
      '400 invalid',
      { status: 400, message: 'No' },
      { status: 'unreadable', reason: 'unavailable', detail: 'tables.get: HTTP 400 invalid: No' },
      1,
    ],
    [
      "404 of a proxy, which is not BigQuery's notFound",
      { status: 404, ...html },
      {
        status: 'unreadable',
        reason: 'unavailable',
        detail: expect.stringMatching(/^tables\.get: HTTP 404: /),
      },
      1,
    ],
    [
      '403 of a proxy',
      { status: 403, ...html },
      { status: 'unreadable', reason: 'denied', detail: expect.stringMatching(/^tables\.get: HTTP 403: /) },
      1,
    ],
    [
      '502 of a proxy',
      { status: 502, ...html },
      {
        status: 'unreadable',
        reason: 'unavailable',
        detail: expect.stringMatching(/^tables\.get: HTTP 502: /),
      },
      6,
    ],
    [
      'a connection that is reset',
      'reset',
      {
        status: 'unreadable',
        reason: 'unavailable',
        detail: expect.stringMatching(/^tables\.get: no answer: /),
      },
      6,
    ],
  ])('%s is said when it comes every time', async (_, answer, read, requests) => {
    const { emulator, warehouse } = await start();
    emulator.faults.push({ answer });

    expect(await getOrders(warehouse)).toEqual(read);
    expect(emulator.requests).toHaveLength(requests);
  });

  test.each<[string, Fault['answer']]>([
    ['403 rateLimitExceeded', { status: 403, reason: 'rateLimitExceeded' }],
    ['429', { status: 429 }],
    ['500', { status: 500 }],
    ['503', { status: 503 }],
    ['502 of a proxy', { status: 502, ...html }],
    ['a connection that is reset', 'reset'],
  ])('%s is asked again, up to five times', async (_, answer) => {
    const { emulator, clock, warehouse } = await start();
    emulator.faults.push({ answer, times: 5 });

    expect(await getOrders(warehouse)).toMatchObject({ status: 'found', value: orders });
    expect(emulator.requests).toHaveLength(6);
    expect(clock.waits.map((ms, index) => ms >= 500 * 2 ** index && ms <= 1000 * 2 ** index)).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
  });

  test.each(READS)('%s that is denied says so after one request', async (method, read) => {
    const { emulator, warehouse } = await start();
    emulator.faults.push(denied({ method }));

    expect(await read(warehouse)).toEqual({
      status: 'unreadable',
      reason: 'denied',
      detail: expect.stringMatching(new RegExp(`^${method}: HTTP 403 accessDenied: Access Denied: `)),
    });
    expect(emulator.requests).toHaveLength(1);
  });

  test('a hang ends when the time is up', async () => {
    const { emulator, clock, warehouse } = await start({ timeoutMs: 20 });
    emulator.faults.push({ answer: 'hang' });

    expect(await getOrders(warehouse)).toEqual({
      status: 'unreadable',
      reason: 'unavailable',
      detail: 'tables.get: no answer: no answer within 0.02 s',
    });
    // A busy machine may give up on a connection before it has taken the request: its own waits are what is sure.
    expect(clock.waits).toHaveLength(5);
  });

  test('no server at all is no answer', async () => {
    const { emulator, warehouse } = await start();
    await emulator.close();

    expect(await getOrders(warehouse)).toEqual({
      status: 'unreadable',
      reason: 'unavailable',
      detail: expect.stringMatching(/^tables\.get: no answer: .*ECONNREFUSED/),
    });
  });
});

describe.each(READS)('%s answered with HTTP 200', (method, read) => {
  test.each([
    ['a page of HTML', '<html></html>', 'text/html'],
    ['a page of HTML that claims to be JSON', '<html></html>', undefined],
    ['JSON that is cut off', '{"kind":"bigquery#', undefined],
    ['an empty body', '', undefined],
    ['a list', '[]', undefined],
    ['null', 'null', undefined],
    ['text', '"text"', undefined],
    ['an object without its kind', '{}', undefined],
    ['an object of another kind', '{"kind":"bigquery#job"}', undefined],
  ])('and %s is malformed', async (_, body, contentType) => {
    const { emulator, warehouse } = await start();
    emulator.faults.push({ answer: { status: 200, body, ...(contentType && { contentType }) } });

    expect(await read(warehouse)).toEqual({
      status: 'unreadable',
      reason: 'malformed',
      detail: expect.stringMatching(new RegExp(`^${method}: `)),
    });
    expect(emulator.requests).toHaveLength(1);
  });
});

describe('a list', () => {
  test.each([
    ['datasets.list', '{"kind":"bigquery#datasetList","datasets":{}}', 'datasets is no list of objects'],
    ['datasets.list', '{"kind":"bigquery#datasetList","datasets":[null]}', 'datasets is no list of objects'],
    ['datasets.list', '{"kind":"bigquery#datasetList","datasets":[{}]}', 'no datasetReference.datasetId'],
    ['datasets.list', '{"kind":"bigquery#datasetList","unreachable":"EU"}', 'unreachable is no list'],
    ['tables.list', '{"kind":"bigquery#tableList","tables":["orders"]}', 'tables is no list of objects'],
    [
      'tables.list',
      '{"kind":"bigquery#tableList","tables":[{"tableReference":{"tableId":7}}]}',
      'no tableReference.tableId',
    ],
  ])('of %s that is %s is malformed', async (method, body, detail) => {
    const { emulator, warehouse } = await start();
    emulator.faults.push({ answer: { status: 200, body } });

    const read = method === 'datasets.list' ? warehouse.listDatasets() : warehouse.listTables('sales');
    expect(await read).toEqual({ status: 'unreadable', reason: 'malformed', detail: `${method}: ${detail}` });
  });

  test('of datasets is read to its last page', async () => {
    const { emulator, warehouse } = await start({
      warehouse: manyDatasets(['US', 'US', 'US', 'US', 'US']),
      pageSize: 2,
    });

    expect(await warehouse.listDatasets()).toEqual({
      status: 'found',
      value: { datasets: ['d0', 'd1', 'd2', 'd3', 'd4'], unreachable: [] },
    });
    expect(emulator.requests).toHaveLength(3);
  });

  test('of tables is read to its last page', async () => {
    const { emulator, warehouse } = await start({ warehouse: manyDatasets(['US'], 5), pageSize: 2 });

    expect(await warehouse.listTables('d0')).toEqual({
      status: 'found',
      value: ['t0', 't1', 't2', 't3', 't4'].map((table) => ({ table, type: 'TABLE' })),
    });
    expect(emulator.requests).toHaveLength(3);
  });

  test('of datasets tells the locations that an early page could not reach', async () => {
    const { emulator, warehouse } = await start({
      warehouse: manyDatasets(['US', 'EU', 'US', 'US']),
      pageSize: 2,
    });
    emulator.unreachable.push('EU', 'asia-east1');

    expect(await warehouse.listDatasets()).toEqual({
      status: 'found',
      value: { datasets: ['d0', 'd2', 'd3'], unreachable: ['EU', 'asia-east1'] },
    });
    expect(emulator.requests).toHaveLength(2);
  });

  test.each([
    ['datasets', (warehouse: Warehouse) => warehouse.listDatasets()],
    ['tables', (warehouse: Warehouse) => warehouse.listTables('d0')],
  ])('of %s fails with a page in its middle', async (_, list) => {
    const { emulator, warehouse } = await start({
      warehouse: manyDatasets(['US', 'US', 'US', 'US', 'US'], 5),
      pageSize: 2,
    });
    emulator.faults.push({ skip: 1, times: 1, answer: { status: 403, message: 'Denied' } });

    expect(await list(warehouse)).toEqual({
      status: 'unreadable',
      reason: 'denied',
      detail: expect.stringContaining('HTTP 403 accessDenied: Denied'),
    });
    expect(emulator.requests).toHaveLength(2);
  });

  test('is complete when a page in its middle is answered later', async () => {
    const { emulator, warehouse } = await start({ warehouse: manyDatasets(['US'], 5), pageSize: 2 });
    emulator.faults.push({ skip: 1, times: 2, answer: { status: 503 } });

    expect(await warehouse.listTables('d0')).toEqual({
      status: 'found',
      value: ['t0', 't1', 't2', 't3', 't4'].map((table) => ({ table, type: 'TABLE' })),
    });
    expect(emulator.requests).toHaveLength(5);
  });
});

describe('a list of tables whose total disagrees', () => {
  const refused = (listed: number, total: number) => ({
    status: 'unreadable',
    reason: 'malformed',
    detail: `tables.list: it lists ${listed} of ${total} tables`,
  });
  const found = { status: 'found', value: [{ table: 'orders', type: 'TABLE' }] };

  test.each([
    { name: 'a total that is greater', totalItems: 2, read: refused(1, 2) },
    { name: 'a greater total as text', totalItems: '10000', read: refused(1, 10_000) },
    { name: 'a total that is less', totalItems: 0, read: found },
    { name: 'the same total as text', totalItems: '1', read: found },
    { name: 'no number', totalItems: 'many', read: found },
    { name: 'null', totalItems: null, read: found },
    { name: 'a list', totalItems: [], read: found },
  ])('is an answer only where nothing is left out: $name', async ({ totalItems, read }) => {
    const { emulator, warehouse } = await start();
    const tables = [{ tableReference: { datasetId: 'sales', tableId: 'orders' }, type: 'TABLE' }];
    emulator.faults.push({
      answer: { status: 200, body: JSON.stringify({ kind: 'bigquery#tableList', tables, totalItems }) },
    });

    expect(await warehouse.listTables('sales')).toEqual(read);
  });

  test('is refused where nothing is listed', async () => {
    const { emulator, warehouse } = await start();
    emulator.faults.push({ answer: { status: 200, body: '{"kind":"bigquery#tableList","totalItems":7}' } });

    expect(await warehouse.listTables('sales')).toEqual(refused(0, 7));
  });

  test.each<{
    readonly name: string;
    readonly totals: readonly unknown[];
    readonly refusedOf: number | null;
  }>([
    { name: 'a table was created between them', totals: [3, 4], refusedOf: null },
    { name: 'a table was dropped between them', totals: [4, 3], refusedOf: null },
    { name: 'only the first says how many', totals: [4, null], refusedOf: 4 },
    { name: 'only the last says how many', totals: [undefined, 4], refusedOf: 4 },
    { name: 'both say that there are more', totals: [5, 4], refusedOf: 4 },
  ])('over two pages: $name', async ({ totals, refusedOf }) => {
    const { emulator, warehouse } = await start();
    const pages = [{ names: ['t0', 't1'], nextPageToken: 'two' }, { names: ['t2'] }];
    for (const [index, { names, ...more }] of pages.entries()) {
      const tables = names.map((tableId) => ({
        tableReference: { datasetId: 'sales', tableId },
        type: 'TABLE',
      }));
      const body = { kind: 'bigquery#tableList', tables, totalItems: totals[index], ...more };
      emulator.faults.push({ times: 1, answer: { status: 200, body: JSON.stringify(body) } });
    }

    const listed = ['t0', 't1', 't2'].map((table) => ({ table, type: 'TABLE' }));
    expect(await warehouse.listTables('sales')).toEqual(
      refusedOf === null ? { status: 'found', value: listed } : refused(3, refusedOf),
    );
  });
});

describe('an answer of megabytes', () => {
  test.each([31, 63])('is read: %i MB', async (megabytes) => {
    const { emulator, warehouse } = await start();
    const description = 'd'.repeat(megabytes * 2 ** 20);
    emulator.faults.push({
      answer: {
        status: 200,
        body: JSON.stringify({
          kind: 'bigquery#table',
          tableReference: { datasetId: 'sales', tableId: 'orders' },
          description,
        }),
      },
    });

    const read = await getOrders(warehouse);

    // Not compared as a text: the difference of two long ones would take minutes to print.
    expect(read.status === 'found' && read.value['description'] === description).toBe(true);
  });

  test('that is cut off is malformed', async () => {
    const { emulator, warehouse } = await start();
    const body = `{"kind":"bigquery#table","description":"${'d'.repeat(31 * 2 ** 20)}`;
    emulator.faults.push({ answer: { status: 200, body } });

    expect(await getOrders(warehouse)).toEqual({
      status: 'unreadable',
      reason: 'malformed',
      detail: expect.stringMatching(/^tables\.get: .{1,400}$/),
    });
  });
});

test.each(['daily orders', 'été', 'таблица', '表', '50%', 'a%41b', 'a%20b', 'a-b', 'a#b', 'a?b=c&d'])(
  'the table %j is found by its name',
  async (table) => {
    const warehouse = smallWarehouse();
    warehouse.datasets.get('sales')?.tables.set(table, orders);
    const started = await start({ warehouse });

    expect(await started.warehouse.getTable({ dataset: 'sales', table }, 'BASIC')).toMatchObject({
      status: 'found',
      value: { tableReference: { tableId: table } },
    });
    expect(started.emulator.requests.map((request) => request.table)).toEqual([table]);
  },
);

describe('pacing', () => {
  test('never has more requests of a method in flight than it may', async () => {
    // The stand-in refuses a fourth request at the same time, which would be asked again.
    const { emulator, warehouse } = await start({
      warehouse: manyDatasets(['US'], 20),
      pacing: { requestsPerSecond: 1000, maxConcurrency: 3 },
      concurrentRequests: 3,
      latencyMs: 5,
    });
    const tables = Array.from({ length: 20 }, (_, index) => `t${index}`);

    const reads = await Promise.all(
      tables.map((table) => warehouse.getTable({ dataset: 'd0', table }, 'BASIC')),
    );

    expect(reads.map(({ status }) => status)).toEqual(tables.map(() => 'found'));
    expect(emulator.requests).toHaveLength(20);
  });

  test('counts each method by itself', async () => {
    const { emulator, warehouse } = await start({ pacing: { requestsPerSecond: 1000, maxConcurrency: 1 } });
    emulator.faults.push({ method: 'tables.get', answer: 'hang' });

    const hanging = getOrders(warehouse);
    const dataset = await warehouse.getDataset('sales');
    await emulator.close();

    expect([dataset.status, (await hanging).status]).toEqual(['found', 'unreadable']);
  });
});

describe('the project of a dataset', () => {
  test.each([
    { name: 'by its id', projectId: 'shop', answers: 'shop', is: 'found' },
    {
      name: 'by its id of a domain',
      projectId: 'example.com:shop',
      answers: 'example.com:shop',
      is: 'found',
    },
    { name: 'by its number', projectId: '4711', answers: 'shop', is: 'found' },
    { name: 'and another answers', projectId: 'shop', answers: 'example.com:shop', is: 'unreadable' },
  ])('is asked for $name', async ({ projectId, answers, is }) => {
    const datasetReference = { projectId: answers, datasetId: 'sales' };
    const { warehouse } = await start({
      projectId,
      warehouse: { datasets: new Map([['sales', { resource: { datasetReference }, tables: new Map() }]]) },
    });

    const reads = [await warehouse.getDataset('sales'), await warehouse.listDatasets()];

    expect(reads.map(({ status }) => status)).toEqual([is, is]);
  });
});

test('a token that is refused is asked for anew, once for all requests', async () => {
  let issued = 0;
  const accepted = 'Bearer token-2';
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url?.startsWith('/token')) {
      issued += 1;
      response.end(JSON.stringify({ access_token: `token-${issued}`, expires_in: 3600 }));
      return;
    }
    const { authorization } = request.headers;
    authorizations.push(authorization);
    const reason = { code: 401, errors: [{ reason: 'authError', message: 'Invalid Credentials' }] };
    response.statusCode = authorization === accepted ? 200 : 401;
    const resource = { kind: 'bigquery#dataset', datasetReference: { datasetId: 'sales' } };
    response.end(JSON.stringify(authorization === accepted ? resource : { error: reason }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const authClient = new OAuth2Client({ endpoints: { oauth2TokenUrl: `${url}/token` } });
  authClient.setCredentials({ refresh_token: 'kept' });
  const warehouse = createWarehouses({
    client: new BigQuery({ projectId: 'shop', apiEndpoint: url, authClient }),
    pacing: { requestsPerSecond: 1000, maxConcurrency: 40 },
    clock: playedClock(),
  })(endless);

  const first = await warehouse.getDataset('sales');
  const second = await warehouse.getDataset('sales');

  expect([first.status, second.status, issued]).toEqual(['found', 'found', 2]);
  expect(authorizations).toEqual(['Bearer token-1', accepted, accepted]);
});
