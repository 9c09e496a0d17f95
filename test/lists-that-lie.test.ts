import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { denied, type EmulatedWarehouse } from '../emulators/bigquery.ts';
import { type Files, writeFolder } from './support/folder.ts';
import { type PlayedFunction, startFunction } from './support/function.ts';
import { run, type Seen } from './support/seen.ts';

const fields = [{ name: 'id', type: 'STRING' }];
const table = { schema: { fields } };

/** Two datasets, one of them with a table that is sharded by day. */
const files: Files = {
  'sales/orders.json': { type: 'TABLE', schema: { fields } },
  'sales/items.json': { type: 'TABLE', schema: { fields } },
  'sales/events_YYYYMMDD.json': { type: 'TABLE', schema: { fields } },
  'web/visits.json': { type: 'TABLE', schema: { fields } },
};

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
            ['events_20260301', table],
            ['events_20260302', table],
          ]),
        },
      ],
      ['web', { resource: { location: 'US' }, tables: new Map([['visits', table]]) }],
    ]),
  };
}

async function start(): Promise<PlayedFunction> {
  return startFunction({
    warehouse: asDeclared(),
    expected: await writeFolder(files),
    env: { STATE_URI: pathToFileURL(await writeFolder({})).href, CONFIRM_SECONDS: '0' },
  });
}

function tablesOf({ bigquery }: PlayedFunction, dataset: string): Map<string, Record<string, unknown>> {
  const tables = bigquery.warehouse.datasets.get(dataset)?.tables;
  if (tables === undefined) throw new Error(`no dataset ${dataset}`);
  return tables;
}

/** A list of tables as BigQuery would print it. */
function tableList(tables: readonly string[], more: object = {}, datasetId = 'sales') {
  const entries = tables.map((tableId) => ({
    tableReference: { projectId: 'shop', datasetId, tableId },
    type: 'TABLE',
  }));
  return { status: 200, body: JSON.stringify({ kind: 'bigquery#tableList', tables: entries, ...more }) };
}

function datasetList(datasets: readonly string[], more: object = {}) {
  const entries = datasets.map((datasetId) => ({ datasetReference: { projectId: 'shop', datasetId } }));
  return { status: 200, body: JSON.stringify({ kind: 'bigquery#datasetList', datasets: entries, ...more }) };
}

const inSync: Seen = {
  status: 200,
  findings: [],
  unchecked: [],
  tables: { inSync: 4, drifted: 0, unchecked: 0 },
};

const ALL = ['orders', 'items', 'events_20260301', 'events_20260302'];

describe('nothing false is told where', () => {
  test.each<{
    readonly name: string;
    readonly lie: (played: PlayedFunction) => void;
    readonly seen: Partial<Seen>;
  }>([
    {
      name: 'the project hides a dataset from its list: it is read by name',
      lie: ({ bigquery }) => bigquery.faults.push({ method: 'datasets.list', answer: datasetList(['web']) }),
      seen: {},
    },
    {
      name: 'the project lists no dataset at all',
      lie: ({ bigquery }) => bigquery.faults.push({ method: 'datasets.list', answer: datasetList([]) }),
      seen: {},
    },
    {
      name: 'a dataset is hidden and denied: it is unchecked with one entry',
      lie: ({ bigquery }) => bigquery.faults.push(denied({ dataset: 'sales' })),
      seen: { unchecked: ['sales: denied'], tables: { inSync: 1, drifted: 0, unchecked: 3 } },
    },
    {
      name: 'a location cannot be reached, but its dataset answers by name: what else is there is not known',
      lie: ({ bigquery }) => bigquery.unreachable.push('EU'),
      seen: { unchecked: ['*: unavailable'] },
    },
    {
      name: 'a location cannot be reached, and its dataset is not found there: unchecked, never missing',
      lie: ({ bigquery }) => {
        bigquery.unreachable.push('EU');
        bigquery.faults.push({ dataset: 'sales', answer: { status: 404 } });
      },
      seen: {
        unchecked: ['*: unavailable', 'sales: unavailable'],
        tables: { inSync: 1, drifted: 0, unchecked: 3 },
      },
    },
    {
      name: 'the list of tables omits one that is there: it is read by name',
      lie: ({ bigquery }) =>
        bigquery.faults.push({
          method: 'tables.list',
          dataset: 'sales',
          answer: tableList(['items', 'events_20260302']),
        }),
      seen: {},
    },
    {
      name: 'the list of tables is empty and says that there are four: sharded tables are unchecked, others read by name',
      lie: ({ bigquery }) =>
        bigquery.faults.push({
          method: 'tables.list',
          dataset: 'sales',
          answer: tableList([], { totalItems: 4 }),
        }),
      seen: {
        unchecked: ['sales.events_YYYYMMDD: malformed', 'sales: malformed'],
        tables: { inSync: 3, drifted: 0, unchecked: 1 },
      },
    },
    {
      name: 'the list of tables has one less than it says, which may be the newest shard',
      lie: ({ bigquery }) =>
        bigquery.faults.push({
          method: 'tables.list',
          dataset: 'sales',
          answer: tableList(['orders', 'items', 'events_20260301'], { totalItems: '4' }),
        }),
      seen: {
        unchecked: ['sales.events_YYYYMMDD: malformed', 'sales: malformed'],
        tables: { inSync: 3, drifted: 0, unchecked: 1 },
      },
    },
    {
      name: 'the list of tables has more than it says',
      lie: ({ bigquery }) =>
        bigquery.faults.push({
          method: 'tables.list',
          dataset: 'sales',
          answer: tableList(ALL, { totalItems: 1 }),
        }),
      seen: {},
    },
    {
      name: 'the list of tables does not say how many there are, or in words',
      lie: ({ bigquery }) =>
        bigquery.faults.push(
          { method: 'tables.list', dataset: 'sales', answer: tableList(ALL) },
          {
            method: 'tables.list',
            dataset: 'web',
            answer: tableList(['visits'], { totalItems: 'many' }, 'web'),
          },
        ),
      seen: {},
    },
    {
      name: 'the list of tables is denied: what is declared is read by name, and the shards are unchecked',
      lie: ({ bigquery }) => bigquery.faults.push(denied({ method: 'tables.list', dataset: 'sales' })),
      seen: {
        unchecked: ['sales.events_YYYYMMDD: denied', 'sales: denied'],
        tables: { inSync: 3, drifted: 0, unchecked: 1 },
      },
    },
    {
      name: 'the newest shard is listed and gone when it is read: the one before counts',
      lie: ({ bigquery }) =>
        bigquery.faults.push({
          method: 'tables.get',
          dataset: 'sales',
          table: 'events_20260302',
          answer: { status: 404 },
        }),
      seen: {},
    },
    {
      name: 'a table that no file declares is listed and gone when it is read',
      lie: ({ bigquery }) =>
        bigquery.faults.push(
          { method: 'tables.list', dataset: 'web', answer: tableList(['visits', 'dropped'], {}, 'web') },
          { method: 'tables.get', dataset: 'web', table: 'dropped', answer: { status: 404 } },
        ),
      seen: {},
    },
    {
      name: 'a declared table is gone at the first read only, as where a pipeline drops and loads it',
      lie: ({ bigquery }) =>
        bigquery.faults.push({
          method: 'tables.get',
          dataset: 'sales',
          table: 'orders',
          times: 1,
          answer: { status: 404 },
        }),
      seen: {},
    },
    {
      name: 'a table is not found by a proxy, which is no notFound of BigQuery',
      lie: ({ bigquery }) =>
        bigquery.faults.push({
          method: 'tables.get',
          table: 'orders',
          answer: { status: 404, body: '<html></html>', contentType: 'text/html' },
        }),
      seen: { unchecked: ['sales.orders: unavailable'], tables: { inSync: 3, drifted: 0, unchecked: 1 } },
    },
    {
      name: 'a table is not found in a dataset that answers neither by itself nor with its list',
      lie: ({ bigquery }) =>
        bigquery.faults.push(
          { method: 'tables.get', table: 'orders', answer: { status: 404 } },
          { method: 'datasets.get', dataset: 'sales', answer: { status: 503 } },
          { method: 'tables.list', dataset: 'sales', answer: { status: 503 } },
        ),
      seen: {
        unchecked: [
          'sales.events_YYYYMMDD: unavailable',
          'sales.orders: unavailable',
          'sales: unavailable',
          'sales: unavailable',
        ],
        tables: { inSync: 2, drifted: 0, unchecked: 2 },
      },
    },
    {
      name: 'nothing of a dataset is found, and the list of datasets is denied',
      lie: ({ bigquery }) =>
        bigquery.faults.push(
          { dataset: 'sales', answer: { status: 404 } },
          { method: 'datasets.list', answer: { status: 403 } },
        ),
      seen: { unchecked: ['*: denied', 'sales: denied'], tables: { inSync: 1, drifted: 0, unchecked: 3 } },
    },
    {
      name: 'the second page of the tables is no answer',
      lie: ({ bigquery }) =>
        bigquery.faults.push(
          {
            method: 'tables.list',
            dataset: 'sales',
            times: 1,
            answer: tableList(['orders'], { nextPageToken: 'two' }),
          },
          { method: 'tables.list', dataset: 'sales', answer: { status: 200, body: '{}' } },
        ),
      seen: {
        unchecked: ['sales.events_YYYYMMDD: malformed', 'sales: malformed'],
        tables: { inSync: 3, drifted: 0, unchecked: 1 },
      },
    },
    {
      name: 'a page of tables names itself as the next',
      lie: ({ bigquery }) =>
        bigquery.faults.push({
          method: 'tables.list',
          dataset: 'sales',
          answer: tableList(['orders'], { nextPageToken: 'two' }),
        }),
      seen: {
        unchecked: ['sales.events_YYYYMMDD: malformed', 'sales: malformed'],
        tables: { inSync: 3, drifted: 0, unchecked: 1 },
      },
    },
  ])('$name', async ({ lie, seen }) => {
    const played = await start();
    lie(played);

    expect({ seen: await run(played), told: played.slack.messages }).toEqual({
      seen: { ...inSync, ...seen },
      told: [],
    });
  });

  test('two pages name each other as the next: the list ends, and is no answer', async () => {
    const played = await start();
    for (let page = 0; page < 50; page += 1) {
      played.bigquery.faults.push({
        method: 'tables.list',
        dataset: 'sales',
        times: 1,
        answer: tableList(['orders'], { nextPageToken: page % 2 === 0 ? 'one' : 'two' }),
      });
    }

    const { unchecked } = await run(played);

    expect(unchecked).toEqual(['sales.events_YYYYMMDD: malformed', 'sales: malformed']);
  });
});

describe('what is true is still told where', () => {
  test('a list omits a table that is gone: its dataset answered', async () => {
    const played = await start();
    tablesOf(played, 'sales').delete('orders');

    expect(await run(played)).toMatchObject({
      findings: ['sales.orders: table-missing'],
      tables: { inSync: 3, drifted: 1, unchecked: 0 },
    });
  });

  test('a list still has a table that is gone', async () => {
    const played = await start();
    tablesOf(played, 'sales').delete('orders');
    played.bigquery.faults.push({ method: 'tables.list', dataset: 'sales', answer: tableList(ALL) });

    expect(await run(played)).toMatchObject({ findings: ['sales.orders: table-missing'] });
  });

  test('the list of tables is short, and a table by name has drifted', async () => {
    const played = await start();
    tablesOf(played, 'sales').set('orders', { schema: { fields: [{ name: 'id', type: 'INT64' }] } });
    played.bigquery.faults.push({
      method: 'tables.list',
      dataset: 'sales',
      answer: tableList([], { totalItems: 4 }),
    });

    expect(await run(played)).toMatchObject({
      findings: ['sales.orders: field-type'],
      unchecked: ['sales.events_YYYYMMDD: malformed', 'sales: malformed'],
      tables: { inSync: 2, drifted: 1, unchecked: 1 },
    });
  });
});

test('a lie in the hour after resolves nothing that is open', async () => {
  const played = await start();
  tablesOf(played, 'sales').delete('orders');
  for (const name of ['events_20260301', 'events_20260302']) tablesOf(played, 'sales').delete(name);
  const first = await played.callAt('2026-03-02T08:00:00Z');
  played.clock.advance(3_600_000);
  played.bigquery.faults.push(
    { dataset: 'sales', answer: { status: 404 } },
    { method: 'datasets.list', answer: datasetList(['web'], { unreachable: ['EU'] }) },
  );

  const second = await played.callAt('2026-03-02T09:00:00Z');

  expect([first.body, second.body]).toMatchObject([
    { alerts: { opened: 2 } },
    { alerts: { opened: 0, changed: 0, resolved: 0 }, tables: { inSync: 1, drifted: 0, unchecked: 3 } },
  ]);
});
