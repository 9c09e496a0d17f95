import { BigQuery, type GetTablesOptions, type GetTablesResponse } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type BigQueryEmulator,
  type BigQueryEmulatorOptions,
  denied,
  type EmulatedWarehouse,
  type Fault,
  startBigQueryEmulator,
} from '../../emulators/bigquery.ts';

const running: BigQueryEmulator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.close()));
});

async function start(options: Partial<BigQueryEmulatorOptions> = {}) {
  const emulator = await startBigQueryEmulator({
    projectId: 'shop',
    warehouse: smallWarehouse(),
    ...options,
  });
  running.push(emulator);
  const client = new BigQuery({
    projectId: 'shop',
    apiEndpoint: emulator.url,
    authClient: new PassThroughClient(),
    autoRetry: false,
  });
  return { emulator, client };
}

function smallWarehouse(): EmulatedWarehouse {
  const orders = {
    description: 'One row per order',
    schema: { fields: [{ name: 'id', type: 'STRING', mode: 'REQUIRED' }] },
    clustering: { fields: ['id'] },
    labels: { team: 'sales' },
    numRows: '7',
    numBytes: '70',
    numLongTermBytes: '0',
    lastModifiedTime: '1800000000000',
  };
  const recent = { type: 'VIEW', view: { query: 'SELECT 1', useLegacySql: false }, creationTime: '1' };
  return {
    datasets: new Map([
      [
        'sales',
        { resource: { location: 'EU', access: [] }, tables: new Map(Object.entries({ orders, recent })) },
      ],
      ['_hidden', { resource: { location: 'US' }, tables: new Map() }],
      ['web', { resource: { location: 'US', labels: { team: 'web' } }, tables: new Map() }],
    ]),
  };
}

async function fetchJson(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.json() };
}

function errorBody(code: number, reason: string, message: string) {
  return { error: { code, message, errors: [{ message, domain: 'global', reason }] } };
}

describe('datasets.list', () => {
  const web = {
    kind: 'bigquery#dataset',
    id: 'shop:web',
    datasetReference: { projectId: 'shop', datasetId: 'web' },
    type: 'DEFAULT',
    location: 'US',
    labels: { team: 'web' },
  };
  const sales = {
    kind: 'bigquery#dataset',
    id: 'shop:sales',
    datasetReference: { projectId: 'shop', datasetId: 'sales' },
    type: 'DEFAULT',
    location: 'EU',
  };

  test('gives entries without access, and no hidden dataset', async () => {
    const { client } = await start();

    const [datasets, nextQuery, answer] = await client.getDatasets({ autoPaginate: false });

    expect(datasets.map(({ id }) => id)).toEqual(['sales', 'web']);
    expect(nextQuery).toBeNull();
    expect(answer).toEqual({ kind: 'bigquery#datasetList', datasets: [sales, web] });
  });

  test('gives hidden datasets when all are asked for', async () => {
    const { client } = await start();

    const [datasets] = await client.getDatasets({ all: true });

    expect(datasets.map(({ id }) => id)).toEqual(['sales', '_hidden', 'web']);
  });

  test('leaves out the datasets of an unreachable location and says so on the first page', async () => {
    const { client, emulator } = await start({ pageSize: 1 });
    emulator.warehouse.datasets.set('logs', { resource: { location: 'US' }, tables: new Map() });
    emulator.unreachable.push('EU');

    const [, nextQuery, first] = await client.getDatasets({ autoPaginate: false });
    const [, none, second] = await client.getDatasets({ ...nextQuery, autoPaginate: false });

    expect(first).toEqual({
      kind: 'bigquery#datasetList',
      datasets: [web],
      nextPageToken: expect.any(String),
      unreachable: ['EU'],
    });
    expect(second).toEqual({
      kind: 'bigquery#datasetList',
      datasets: [expect.objectContaining({ id: 'shop:logs' })],
    });
    expect(none).toBeNull();
  });

  test('leaves out silently a dataset whose metadata the caller may not read', async () => {
    const { client, emulator } = await start();
    emulator.faults.push(denied({ method: 'datasets.get', dataset: 'sales' }));

    const [, , answer] = await client.getDatasets({ autoPaginate: false });

    expect(answer).toEqual({ kind: 'bigquery#datasetList', datasets: [web] });
  });

  test('keeps a dataset that is denied only for a while', async () => {
    const { client, emulator } = await start();
    emulator.faults.push({ ...denied({ method: 'datasets.get', dataset: 'sales' }), times: 1 });

    const [datasets] = await client.getDatasets();

    expect(datasets.map(({ id }) => id)).toEqual(['sales', 'web']);
  });

  test('gives no datasets key for an empty project', async () => {
    const { client } = await start({ warehouse: { datasets: new Map() } });

    const [, , answer] = await client.getDatasets({ autoPaginate: false });

    expect(answer).toEqual({ kind: 'bigquery#datasetList' });
  });
});

describe('datasets.get', () => {
  const metadata = {
    kind: 'bigquery#dataset',
    id: 'shop:sales',
    datasetReference: { projectId: 'shop', datasetId: 'sales' },
    type: 'DEFAULT',
    location: 'EU',
    creationTime: '1704067200000',
  };

  test.each([
    ['METADATA', metadata],
    ['FULL', { ...metadata, access: [] }],
    [undefined, { ...metadata, access: [] }],
  ])('gives with the view %s what it promises', async (datasetView, expected) => {
    const { client } = await start();

    const [answer] = await client.dataset('sales').getMetadata({ ...(datasetView && { datasetView }) });

    expect(answer).toEqual(expected);
  });

  test('gives the access list alone with the view ACL', async () => {
    const { emulator } = await start();

    const answer = await fetchJson(
      `${emulator.url}/bigquery/v2/projects/shop/datasets/sales?datasetView=ACL`,
    );

    const { kind, id, datasetReference } = metadata;
    expect(answer).toEqual({ status: 200, body: { kind, id, datasetReference, access: [] } });
  });
});

describe('tables.list', () => {
  test('gives entries without schema, description, query and statistics', async () => {
    const { client } = await start();

    const [, , answer] = await client.dataset('sales').getTables({ autoPaginate: false });

    expect(answer).toEqual({
      kind: 'bigquery#tableList',
      tables: [
        {
          kind: 'bigquery#table',
          id: 'shop:sales.orders',
          tableReference: { projectId: 'shop', datasetId: 'sales', tableId: 'orders' },
          type: 'TABLE',
          creationTime: '1704067200000',
          clustering: { fields: ['id'] },
          labels: { team: 'sales' },
        },
        {
          kind: 'bigquery#table',
          id: 'shop:sales.recent',
          tableReference: { projectId: 'shop', datasetId: 'sales', tableId: 'recent' },
          type: 'VIEW',
          creationTime: '1',
          view: { useLegacySql: false },
        },
      ],
      totalItems: 2,
    });
  });

  test.each([
    { maxResults: undefined, pageSize: 1000, sizes: [50, 50, 20] },
    { maxResults: 100, pageSize: 1000, sizes: [100, 20] },
    { maxResults: 1000, pageSize: 60, sizes: [60, 60] },
    { maxResults: 120, pageSize: 1000, sizes: [120] },
  ])('gives 120 tables in pages of $sizes (maxResults $maxResults, cap $pageSize)', async (sample) => {
    const ids = Array.from({ length: 120 }, (_, index) => `t${index}`);
    const tables = new Map(ids.map((id) => [id, {}]));
    const warehouse = { datasets: new Map([['many', { resource: {}, tables }]]) };
    const { client } = await start({ warehouse, pageSize: sample.pageSize });
    const many = client.dataset('many');

    const pages: string[][] = [];
    let query: GetTablesOptions | null =
      sample.maxResults === undefined ? {} : { maxResults: sample.maxResults };
    while (query !== null) {
      const answer: GetTablesResponse = await many.getTables({ ...query, autoPaginate: false });
      pages.push(answer[0].map(({ id = '' }) => id));
      query = answer[1] ?? null;
    }

    expect(pages.map(({ length }) => length)).toEqual(sample.sizes);
    expect(pages.flat()).toEqual(ids);
  });

  test('gives no tables key for an empty dataset', async () => {
    const { client } = await start();

    const [tables, , answer] = await client.dataset('web').getTables({ autoPaginate: false });

    expect(tables).toEqual([]);
    expect(answer).toEqual({ kind: 'bigquery#tableList', totalItems: 0 });
  });
});

describe('tables.get', () => {
  const basic = {
    kind: 'bigquery#table',
    id: 'shop:sales.orders',
    tableReference: { projectId: 'shop', datasetId: 'sales', tableId: 'orders' },
    type: 'TABLE',
    creationTime: '1704067200000',
    description: 'One row per order',
    schema: { fields: [{ name: 'id', type: 'STRING', mode: 'REQUIRED' }] },
    clustering: { fields: ['id'] },
    labels: { team: 'sales' },
  };
  const statistics = {
    numRows: '7',
    numBytes: '70',
    numLongTermBytes: '0',
    lastModifiedTime: '1800000000000',
  };

  test.each([
    ['BASIC', basic],
    ['STORAGE_STATS', { ...basic, ...statistics }],
    ['FULL', { ...basic, ...statistics }],
    [undefined, { ...basic, ...statistics }],
  ])('gives with the view %s what it promises', async (view, expected) => {
    const { client } = await start();

    const [answer] = await client
      .dataset('sales')
      .table('orders')
      .getMetadata({ ...(view && { view }) });

    expect(answer).toEqual(expected);
  });

  test.each([
    'daily orders',
    'été',
    'таблица',
    '表',
    'a-b',
    'a&b=c+d',
    "q'(x)*!",
    'a#b',
    '50%',
    'a?b',
    'a:b',
  ])('finds the table %j that the real client asks for', async (id) => {
    const { client, emulator } = await start();
    emulator.warehouse.datasets.get('sales')?.tables.set(id, { description: 'found' });

    const [answer] = await client.dataset('sales').table(id).getMetadata({ view: 'BASIC' });

    expect(answer.description).toBe('found');
    expect(emulator.requests.map(({ table }) => table)).toEqual([id]);
  });

  test.each(['a/b', 'a%41b'])('finds the table %j when the caller encodes the id itself', async (id) => {
    const { client, emulator } = await start();
    emulator.warehouse.datasets.get('sales')?.tables.set(id, { description: 'found' });

    const [answer] = await client.dataset('sales').table(encodeURIComponent(id)).getMetadata();

    expect(answer.description).toBe('found');
  });
});

describe('refusals', () => {
  test.each([
    ['an absent dataset', '/datasets/none', 404, 'notFound', 'Not found: Dataset shop:none'],
    [
      'the tables of an absent dataset',
      '/datasets/none/tables',
      404,
      'notFound',
      'Not found: Dataset shop:none',
    ],
    [
      'a table of an absent dataset',
      '/datasets/none/tables/t',
      404,
      'notFound',
      'Not found: Dataset shop:none',
    ],
    ['an absent table', '/datasets/sales/tables/t', 404, 'notFound', 'Not found: Table shop:sales.t'],
    [
      'a table in other case',
      '/datasets/sales/tables/Orders',
      404,
      'notFound',
      'Not found: Table shop:sales.Orders',
    ],
    [
      'an unknown view',
      '/datasets/sales/tables/orders?view=SMALL',
      400,
      'invalid',
      'Invalid value for: view is not valid',
    ],
    [
      'an unknown datasetView',
      '/datasets/sales?datasetView=ALL',
      400,
      'invalid',
      'Invalid value for: datasetView is not valid',
    ],
    [
      'a page token of its own',
      '/datasets?pageToken=2',
      400,
      'invalid',
      'Invalid value for: pageToken or maxResults is not valid',
    ],
    [
      'pages of no entries',
      '/datasets/sales/tables?maxResults=0',
      400,
      'invalid',
      'Invalid value for: pageToken or maxResults is not valid',
    ],
  ])('answers %s with the error of the service', async (_, path, status, reason, message) => {
    const { emulator } = await start();

    const answer = await fetchJson(`${emulator.url}/bigquery/v2/projects/shop${path}`);

    expect(answer).toEqual({ status, body: errorBody(status, reason, message) });
  });

  test('does not know another project', async () => {
    const { emulator } = await start();

    const answer = await fetchJson(`${emulator.url}/bigquery/v2/projects/other/datasets`);

    expect(answer).toEqual({ status: 404, body: errorBody(404, 'notFound', 'Not found: Project other') });
  });

  test.each(['/', '/projects/shop/datasets', '/bigquery/v2/projects/shop/datasets/%E0%A4%A'])(
    'answers the path %s with a page that is not JSON',
    async (path) => {
      const { emulator } = await start();

      const response = await fetch(`${emulator.url}${path}`);

      expect(response.status).toBe(404);
      expect(await response.text()).toContain('Error 404');
    },
  );

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('refuses %s and records it', async (method) => {
    const { emulator } = await start();

    const answer = await fetchJson(`${emulator.url}/bigquery/v2/projects/shop/datasets/sales?x=1`, {
      method,
    });

    const message = 'The method is not allowed: this service is read only.';
    expect(answer).toEqual({ status: 405, body: errorBody(405, 'httpMethodNotAllowed', message) });
    expect(emulator.requests).toEqual([
      {
        method,
        path: '/bigquery/v2/projects/shop/datasets/sales',
        query: { x: '1' },
        at: expect.any(Date),
        dataset: 'sales',
      },
    ]);
  });
});

test('records what each request asked for', async () => {
  const { client, emulator } = await start();

  await client.getDatasets({ maxResults: 5 });
  await client.dataset('sales').getMetadata({ datasetView: 'METADATA' });
  await client.dataset('sales').getTables();
  await client.dataset('sales').table('orders').getMetadata({ view: 'BASIC' });

  const datasets = '/bigquery/v2/projects/shop/datasets';
  const common = { method: 'GET', at: expect.any(Date) };
  expect(emulator.requests).toEqual([
    {
      ...common,
      operation: 'datasets.list',
      path: datasets,
      query: { maxResults: '5', prettyPrint: 'false' },
    },
    {
      ...common,
      operation: 'datasets.get',
      dataset: 'sales',
      path: `${datasets}/sales`,
      query: { datasetView: 'METADATA', prettyPrint: 'false' },
    },
    {
      ...common,
      operation: 'tables.list',
      dataset: 'sales',
      path: `${datasets}/sales/tables`,
      query: { prettyPrint: 'false' },
    },
    {
      ...common,
      operation: 'tables.get',
      dataset: 'sales',
      table: 'orders',
      path: `${datasets}/sales/tables/orders`,
      query: { view: 'BASIC', prettyPrint: 'false' },
    },
  ]);
});

describe('quota', () => {
  test('refuses the requests of a method beyond its rate until the second is over', async () => {
    let now = Date.UTC(2026, 0, 1);
    const { client, emulator } = await start({ requestsPerSecond: 2, now: () => new Date(now) });
    const getTable = () => client.dataset('sales').table('orders').getMetadata();

    await getTable();
    now += 600;
    await getTable();
    await expect(getTable()).rejects.toMatchObject({
      code: 403,
      message: 'Exceeded rate limits: too many api requests per user per method for this user_method',
      errors: [{ reason: 'rateLimitExceeded' }],
    });
    await client.getDatasets();
    now += 400;
    await getTable();
    await expect(getTable()).rejects.toMatchObject({ code: 403 });

    expect(emulator.requests).toHaveLength(6);
  });

  test('refuses the requests of a method beyond the number it runs at a time', async () => {
    const { client, emulator } = await start({ concurrentRequests: 2 });
    emulator.faults.push({ method: 'tables.get', answer: 'hang', times: 2 });
    const getTable = () => client.dataset('sales').table('orders').getMetadata();

    const hanging = Promise.allSettled([getTable(), getTable()]);
    await vi.waitFor(() => expect(emulator.requests).toHaveLength(2));
    await expect(getTable()).rejects.toMatchObject({
      code: 403,
      message:
        'Quota exceeded: Your user_method exceeded quota for concurrent api requests per user per method.',
      errors: [{ reason: 'rateLimitExceeded' }],
    });
    await client.getDatasets();
    await emulator.close();

    expect((await hanging).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  test('admits the next request when an earlier one is answered, late as that may be', async () => {
    const { client, emulator } = await start({ concurrentRequests: 1, latencyMs: 1 });

    await client.getDatasets();
    await client.getDatasets();

    expect(emulator.requests).toHaveLength(2);
  });
});

describe('faults', () => {
  async function failureOf(read: Promise<unknown>): Promise<unknown> {
    return read.then(
      () => 'no failure',
      (error: unknown) => error,
    );
  }

  test.each<[Fault, number, string, string]>([
    [
      denied({ method: 'tables.get', table: 'orders' }),
      403,
      'accessDenied',
      'Access Denied: Table shop:sales.orders: Permission bigquery.tables.get denied on table shop:sales.orders (or it may not exist).',
    ],
    [{ answer: { status: 403, reason: 'quotaExceeded', message: 'Enough' } }, 403, 'quotaExceeded', 'Enough'],
    [{ dataset: 'sales', answer: { status: 404 } }, 404, 'notFound', 'Not found: Table shop:sales.orders'],
    [
      { answer: { status: 503 } },
      503,
      'backendError',
      'Error encountered during execution. Retrying may solve the problem.',
    ],
  ])('answer with the error body of the service: %j', async (fault, code, reason, message) => {
    const { client, emulator } = await start();
    emulator.faults.push(fault);

    const failure = await failureOf(client.dataset('sales').table('orders').getMetadata());

    expect(failure).toMatchObject({ code, message, errors: [{ message, domain: 'global', reason }] });
  });

  test.each([
    [
      'datasets.list',
      '',
      'Access Denied: Project shop: Permission bigquery.datasets.list denied on project shop (or it may not exist).',
    ],
    [
      'datasets.get',
      '/sales',
      'Access Denied: Dataset shop:sales: Permission bigquery.datasets.get denied on dataset shop:sales (or it may not exist).',
    ],
    [
      'tables.list',
      '/sales/tables',
      'Access Denied: Dataset shop:sales: Permission bigquery.tables.list denied on dataset shop:sales (or it may not exist).',
    ],
  ] as const)('deny %s with the permission that is missing', async (method, path, message) => {
    const { emulator } = await start();
    emulator.faults.push(denied({ method }));

    const answer = await fetchJson(`${emulator.url}/bigquery/v2/projects/shop/datasets${path}`);

    expect(answer).toEqual({ status: 403, body: errorBody(403, 'accessDenied', message) });
  });

  test.each<[Fault]>([
    [{ method: 'tables.list', answer: 'reset' }],
    [{ dataset: 'web', answer: 'reset' }],
    [{ table: 'recent', answer: 'reset' }],
    [{ dataset: 'sales', table: 'recent', answer: 'reset' }],
  ])('leave alone what they do not match: %j', async (fault) => {
    const { client, emulator } = await start();
    emulator.faults.push(fault);

    const [answer] = await client.dataset('sales').table('orders').getMetadata();

    expect(answer.id).toBe('shop:sales.orders');
  });

  test('answer those requests after the skipped ones, as often as they say, and the next fault goes on', async () => {
    const { client, emulator } = await start();
    emulator.faults.push(
      { table: 'orders', skip: 1, times: 2, answer: { status: 503 } },
      { table: 'orders', skip: 1, answer: { status: 404 } },
    );

    const outcomes: unknown[] = [];
    for (let request = 0; request < 5; request += 1) {
      const read = client.dataset('sales').table('orders').getMetadata();
      outcomes.push(
        await read.then(
          () => 200,
          ({ code }) => code,
        ),
      );
    }

    expect(outcomes).toEqual([200, 503, 503, 404, 404]);
  });

  test('drop the connection for a reset', async () => {
    const { client, emulator } = await start();
    emulator.faults.push({ answer: 'reset', times: 1 });

    expect(await failureOf(client.getDatasets())).toMatchObject({ code: 'ECONNRESET' });
    expect(await client.getDatasets()).toHaveLength(3);
  });

  test('can send a body that is not JSON, which the client takes for an empty list', async () => {
    const { client, emulator } = await start();
    emulator.faults.push({ answer: { status: 200, body: '<html>', contentType: 'text/html' } });

    const [datasets, nextQuery, answer] = await client.getDatasets({ autoPaginate: false });

    expect({ datasets, nextQuery, answer }).toEqual({ datasets: [], nextQuery: null, answer: '<html>' });
  });

  test('can send JSON that is cut off, and a page of a proxy', async () => {
    const { client, emulator } = await start();
    emulator.faults.push(
      { answer: { status: 200, body: '{"datasets":' }, times: 1 },
      { answer: { status: 502, body: '<html>', contentType: 'text/html' } },
    );

    expect(await failureOf(client.getDatasets())).toBeInstanceOf(SyntaxError);
    expect(await failureOf(client.getDatasets())).toMatchObject({ code: 502, errors: [] });
  });
});
