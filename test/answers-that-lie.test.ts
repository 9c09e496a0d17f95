import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EmulatedWarehouse, Fault } from '../emulators/bigquery.ts';
import { writeFolder } from './support/folder.ts';
import { type PlayedFunction, startFunction } from './support/function.ts';
import { run, type Seen } from './support/seen.ts';

const fields = [{ name: 'id', type: 'STRING' }];
const table: Readonly<Record<string, unknown>> = { schema: { fields } };
/** What no file expects. */
const other = { schema: { fields: [{ name: 'id', type: 'INT64' }] } };

function asDeclared(): EmulatedWarehouse {
  return {
    datasets: new Map([
      [
        'sales',
        {
          resource: { location: 'EU' },
          tables: new Map([
            ['orders', table],
            ['items', table],
          ]),
        },
      ],
      ['web', { resource: { location: 'EU' }, tables: new Map([['visits', table]]) }],
    ]),
  };
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<PlayedFunction> {
  return startFunction({
    warehouse: asDeclared(),
    expected: await writeFolder({
      'sales.json': { location: 'EU' },
      'sales/orders.json': { type: 'TABLE', schema: { fields } },
      'sales/items.json': { type: 'TABLE', schema: { fields } },
      'web/visits.json': { type: 'TABLE', schema: { fields } },
    }),
    env: { STATE_URI: pathToFileURL(await writeFolder({})).href, CONFIRM_SECONDS: '0', ...env },
  });
}

const inSync: Seen = {
  status: 200,
  findings: [],
  unchecked: [],
  tables: { inSync: 3, drifted: 0, unchecked: 0 },
};

const uncheckedOrders = (reason: string): Seen => ({
  ...inSync,
  unchecked: [`sales.orders: ${reason}`],
  tables: { inSync: 2, drifted: 0, unchecked: 1 },
});

const orders = { method: 'tables.get', dataset: 'sales', table: 'orders' } as const;
const reference = (datasetId: string, tableId?: string) => ({ projectId: 'shop', datasetId, tableId });

function answered(body: object, status = 200): Fault['answer'] {
  return { status, body: JSON.stringify(body) };
}

function tableAnswer(datasetId: string, tableId: string, more: object = other): Fault['answer'] {
  const tableReference = reference(datasetId, tableId);
  return answered({ kind: 'bigquery#table', tableReference, type: 'TABLE', ...more });
}

describe('an answer is held against the question:', () => {
  test.each<{ readonly name: string; readonly answer: Fault['answer'] }>([
    { name: 'another table', answer: tableAnswer('sales', 'items') },
    { name: 'a table of another dataset', answer: tableAnswer('web', 'orders') },
    { name: 'a table in other letter case, which is another one', answer: tableAnswer('sales', 'Orders') },
    { name: 'a table that does not say which', answer: answered({ kind: 'bigquery#table' }) },
  ])('$name is no answer', async ({ answer }) => {
    const played = await start();
    played.bigquery.faults.push({ ...orders, answer });

    expect(await run(played)).toEqual(uncheckedOrders('malformed'));
  });

  test('another table resolves nothing that is open', async () => {
    const played = await start();
    played.bigquery.warehouse.datasets.get('sales')?.tables.set('orders', other);
    await played.callAt('2026-03-02T08:00:00Z');
    played.bigquery.faults.push({ ...orders, answer: tableAnswer('sales', 'items', table) });

    const { body } = await played.callAt('2026-03-02T09:00:00Z');

    expect(body).toMatchObject({ status: 'incomplete', alerts: { resolved: 0 } });
    expect(played.slack.messages).toHaveLength(1);
  });

  test('a table in other letter case is the one asked for where its dataset is not sensitive to it', async () => {
    const played = await start();
    played.bigquery.warehouse.datasets.set('sales', {
      resource: { location: 'EU', isCaseInsensitive: true },
      tables: new Map([
        ['orders', { ...table, tableReference: reference('sales', 'ORDERS') }],
        ['items', table],
      ]),
    });
    played.bigquery.faults.push({
      method: 'tables.list',
      answer: answered({ kind: 'bigquery#tableList', totalItems: 0 }),
    });

    expect(await run(played)).toEqual(inSync);
  });

  test('another dataset is no answer, and neither is one of another project', async () => {
    const played = await start();
    const dataset = (datasetReference: object) =>
      answered({ kind: 'bigquery#dataset', datasetReference, location: 'US' });
    played.bigquery.faults.push(
      { method: 'datasets.get', dataset: 'sales', answer: dataset(reference('web')) },
      {
        method: 'datasets.get',
        dataset: 'web',
        answer: dataset({ projectId: 'elsewhere', datasetId: 'web' }),
      },
    );

    expect(await run(played)).toEqual({ ...inSync, unchecked: ['sales: malformed', 'web: malformed'] });
  });

  test('a list of another project is no second answer for a dataset that is missing', async () => {
    const played = await start();
    played.bigquery.warehouse.datasets.delete('web');
    const datasetReference = { projectId: 'elsewhere', datasetId: 'sales' };
    played.bigquery.faults.push({
      method: 'datasets.list',
      answer: answered({ kind: 'bigquery#datasetList', datasets: [{ datasetReference }] }),
    });

    expect(await run(played)).toMatchObject({
      findings: [],
      unchecked: ['*: malformed', 'web: malformed'],
    });
  });

  test('a list of another dataset is no list, and an entry that comes twice is one', async () => {
    const played = await start();
    const entry = (datasetId: string, tableId: string) => ({ tableReference: reference(datasetId, tableId) });
    const extra = { datasetReference: reference('extra') };
    played.bigquery.warehouse.datasets.set('extra', { resource: {}, tables: new Map() });
    played.bigquery.warehouse.datasets.get('web')?.tables.set('extra', table);
    played.bigquery.faults.push(
      {
        method: 'tables.list',
        dataset: 'sales',
        answer: answered({ kind: 'bigquery#tableList', tables: [entry('web', 'extra')] }),
      },
      {
        method: 'tables.list',
        dataset: 'web',
        answer: answered({
          kind: 'bigquery#tableList',
          tables: [entry('web', 'visits'), entry('web', 'extra'), entry('web', 'extra')],
        }),
      },
      {
        method: 'datasets.list',
        answer: answered({ kind: 'bigquery#datasetList', datasets: [extra, extra, extra] }),
      },
    );

    const { logged } = played;
    expect(await run(played)).toMatchObject({ unchecked: ['sales: malformed'] });
    expect(logged.flatMap((entry) => (entry['run'] as { others?: object })?.others ?? [])).toEqual([
      { 'table-unexpected': 1, 'dataset-unexpected': 1 },
    ]);
  });
});

describe('only BigQuery’s 404 with its own reason makes a table missing:', () => {
  test.each([
    [302, 'unavailable'],
    [400, 'unavailable'],
    [401, 'unavailable'],
    [403, 'denied'],
    [429, 'throttled'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ])('notFound with HTTP %i is %s', async (status, reason) => {
    const played = await start();
    played.bigquery.faults.push({ ...orders, answer: { status, reason: 'notFound' } });

    expect(await run(played)).toEqual(uncheckedOrders(reason));
    expect(JSON.stringify(played.slack.messages)).not.toContain('missing');
  });

  test('a 404 that names the project says nothing of a table', async () => {
    const played = await start();
    const answer = { status: 404, message: 'Not found: Project shop' };
    played.bigquery.faults.push({ ...orders, answer }, { method: 'datasets.get', dataset: 'web', answer });

    expect(await run(played)).toMatchObject({
      findings: [],
      unchecked: ['sales.orders: unavailable', 'web: unavailable'],
    });
  });

  test('a dataset that is dropped while the run reads is missing, and not each of its tables', async () => {
    const played = await start({ CONFIRM_SECONDS: '30' });
    const { datasets } = played.bigquery.warehouse;
    // Both tables are gone at the first reads already, and the dataset with them when they are read again.
    datasets.get('sales')?.tables.clear();
    played.bigquery.faults.push({
      method: 'datasets.get',
      dataset: 'sales',
      skip: 1,
      answer: { status: 404 },
    });

    expect(await run(played)).toEqual({
      ...inSync,
      findings: ['sales: dataset-missing'],
      tables: { inSync: 1, drifted: 2, unchecked: 0 },
    });
  });

  test('a table of a dataset that was gone for a moment is not missing', async () => {
    const played = await start();
    played.bigquery.warehouse.datasets.get('sales')?.tables.delete('orders');
    const gone = { method: 'datasets.get', dataset: 'sales', answer: { status: 404 } } as const;
    played.bigquery.faults.push({ ...gone, skip: 1, times: 1 });

    expect(await run(played)).toEqual(uncheckedOrders('unavailable'));
  });
});

describe('credentials that are not accepted', () => {
  test('are asked for anew once', async () => {
    const played = await start();
    played.bigquery.faults.push({ ...orders, times: 1, answer: { status: 401, reason: 'authError' } });

    expect(await run(played)).toEqual(inSync);
  });

  test('say nothing of a table: it is not denied, and not perhaps deleted', async () => {
    const played = await start();
    await played.callAt('2026-03-02T08:00:00Z');
    played.bigquery.faults.push({ dataset: 'sales', answer: { status: 401, reason: 'authError' } });
    await played.callAt('2026-03-02T09:00:00Z');
    await played.callAt('2026-03-02T10:00:00Z');

    const [message] = played.slack.messages;
    expect(JSON.stringify(message)).toContain('the credentials were not accepted');
    expect(JSON.stringify(message)).not.toMatch(/deleted|metadataViewer|time travel/);
  });
});

describe('only HTTP 200 of BigQuery’s own address is an answer:', () => {
  test.each<{ readonly name: string; readonly answer: Fault['answer']; readonly reason: string }>([
    {
      name: 'a redirect to a table that answers',
      answer: {
        status: 302,
        body: '',
        location: '/bigquery/v2/projects/shop/datasets/web/tables/visits?view=BASIC',
      },
      reason: 'unavailable',
    },
    ...[203, 204, 206].map((status) => ({
      name: `HTTP ${status}`,
      answer: { ...(tableAnswer('sales', 'orders') as { status: number; body: string }), status },
      reason: 'malformed',
    })),
  ])('$name is none', async ({ answer, reason }) => {
    const played = await start();
    played.bigquery.faults.push({ ...orders, answer });

    expect(await run(played)).toEqual(uncheckedOrders(reason));
  });
});

describe('numbers that BigQuery never has', () => {
  const ABSURD = [
    '1e300',
    1e300,
    '99999999999999999999999999',
    '-9223372036854775808',
    -1,
    0.5,
    'NaN',
    'Infinity',
    8.64e15 + 1,
    '',
    null,
    true,
    [],
    {},
  ];
  const number = fc.oneof(
    fc.constantFrom(...ABSURD),
    fc.double(),
    fc.bigInt().map(String),
    fc.integer({ min: -1000, max: 1000 }).map(String),
    fc.string(),
  );
  const dataset = fc.record(
    {
      maxTimeTravelHours: number,
      defaultTableExpirationMs: number,
      defaultPartitionExpirationMs: number,
      creationTime: number,
    },
    { requiredKeys: [] },
  );
  const field = fc.record(
    {
      name: fc.constant('id'),
      type: fc.constantFrom('STRING', 'NUMERIC', 'TIMESTAMP'),
      maxLength: number,
      precision: number,
      scale: number,
      timestampPrecision: number,
    },
    { requiredKeys: ['name', 'type'] },
  );
  const anyTable = fc.record(
    {
      schema: fc.record({ fields: fc.array(field, { minLength: 1, maxLength: 1 }) }),
      expirationTime: number,
      creationTime: number,
      lastModifiedTime: number,
      timePartitioning: fc.record(
        { type: fc.constant('DAY'), expirationMs: number },
        { requiredKeys: ['type'] },
      ),
      rangePartitioning: fc.record({
        field: fc.constant('id'),
        range: fc.record({ start: number, end: number, interval: number }, { requiredKeys: [] }),
      }),
    },
    { requiredKeys: ['schema'] },
  );

  test('a window of time travel beyond all dates ends no run, and the least window is counted on', async () => {
    const played = await start();
    const tables = new Map([
      ['orders', table],
      ['items', table],
    ]);
    const resource = { location: 'EU', maxTimeTravelHours: '1e300' };
    played.bigquery.warehouse.datasets.set('sales', { resource, tables });
    await played.callAt('2026-03-02T08:00:00Z');
    tables.delete('orders');

    const { body } = await played.callAt('2026-03-02T09:00:00Z');

    expect(body).toMatchObject({ status: 'drifted', alerts: { opened: 1 } });
    expect(JSON.stringify(played.slack.messages)).toContain(
      'can be restored by time travel until at least 2026-03-04 08:00',
    );
  });

  test('never end as an internal error', { timeout: 120_000 }, async () => {
    const declared = {
      type: 'TABLE',
      schema: { fields: [{ name: 'id', type: 'STRING' }] },
      expirationTime: null,
      timePartitioning: { type: 'DAY', expirationMs: '86400000' },
      retention: 'P7Y',
    };
    const names = Array.from({ length: 8 }, (_, index) => `t${index}`);
    const played = await startFunction({
      warehouse: { datasets: new Map() },
      expected: await writeFolder({
        'sales.json': { maxTimeTravelHours: '96', defaultTableExpirationMs: null },
        ...Object.fromEntries(names.map((name) => [`sales/${name}.json`, declared])),
      }),
      env: { STATE_URI: pathToFileURL(await writeFolder({})).href, CONFIRM_SECONDS: '0' },
    });
    const healthy = {
      schema: declared.schema,
      timePartitioning: declared.timePartitioning,
    };
    const call = async (resource: object, tables: readonly (object | null)[]) => {
      const there = names.flatMap((name, index) =>
        tables[index] ? [[name, { ...tables[index] }] as const] : [],
      );
      played.bigquery.warehouse.datasets.set('sales', { resource: { ...resource }, tables: new Map(there) });
      played.clock.advance(3_600_000);
      const { body } = await played.call();
      return (body as { error?: { code: string } }).error?.code;
    };
    const tables = fc.array(fc.option(anyTable, { freq: 4 }), { minLength: 8, maxLength: 8 });
    const total = fc.tuple(dataset, tables, number);
    await fc.assert(
      fc.asyncProperty(total, async ([resource, anyTables, totalItems]) => {
        const codes = [
          await call(
            {},
            names.map(() => healthy),
          ),
        ];
        const body = { kind: 'bigquery#tableList', totalItems };
        played.bigquery.faults.push({ method: 'tables.list', answer: answered(body) });
        codes.push(await call(resource, anyTables));
        played.bigquery.faults.splice(0);
        return !codes.includes('Internal');
      }),
      { numRuns: 30 },
    );
  });
});
