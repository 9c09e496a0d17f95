import { describe, expect, test } from 'vitest';
import { openSnapshot } from '../../../src/adapters/folders/snapshot-files.ts';
import { writeFolder } from '../../support/folder.ts';

const orders = { type: 'TABLE', schema: { fields: [{ name: 'id', type: 'STRING' }] } };
const sales = { location: 'EU' };

function recordedError(code: number, reason: string) {
  return { error: { code, message: 'Recorded', errors: [{ reason, message: 'Recorded' }] } };
}

describe('a dataset is there', () => {
  test('with nothing known of it when only its folder is', async () => {
    const snapshot = await openSnapshot(await writeFolder({ 'sales/orders.json': orders }));

    expect(await snapshot.getDataset('sales')).toEqual({ status: 'found', value: null });
  });

  test('without tables when only its file is', async () => {
    const snapshot = await openSnapshot(await writeFolder({ 'sales.json': sales }));

    expect([await snapshot.getDataset('sales'), await snapshot.listTables('sales')]).toEqual([
      { status: 'found', value: sales },
      { status: 'found', value: [] },
    ]);
  });

  test('with its tables when both are', async () => {
    const view = { type: 'VIEW' };
    const snapshot = await openSnapshot(
      await writeFolder({ 'sales.json': sales, 'sales/orders.json': orders, 'sales/recent.json': view }),
    );

    expect([
      await snapshot.listDatasets(),
      await snapshot.getDataset('sales'),
      await snapshot.listTables('sales'),
      await snapshot.getTable({ dataset: 'sales', table: 'orders' }, 'BASIC'),
    ]).toEqual([
      { status: 'found', value: { datasets: ['sales'], unreachable: [] } },
      { status: 'found', value: sales },
      {
        status: 'found',
        value: [
          { table: 'orders', type: 'TABLE' },
          { table: 'recent', type: 'VIEW' },
        ],
      },
      { status: 'found', value: orders },
    ]);
  });

  test('when its folder is empty', async () => {
    const snapshot = await openSnapshot(await writeFolder({ sales: null }));

    expect([await snapshot.listDatasets(), await snapshot.getDataset('sales')]).toEqual([
      { status: 'found', value: { datasets: ['sales'], unreachable: [] } },
      { status: 'found', value: null },
    ]);
  });

  test('not when neither is', async () => {
    const snapshot = await openSnapshot(await writeFolder({ 'web/visits.json': orders }));

    expect([
      await snapshot.getDataset('sales'),
      await snapshot.getTable({ dataset: 'sales', table: 'orders' }, 'BASIC'),
    ]).toEqual([
      { status: 'absent', detail: 'no sales/ and no sales.json' },
      { status: 'absent', detail: 'no sales/orders.json' },
    ]);
  });
});

test('a table that has no file is absent', async () => {
  const snapshot = await openSnapshot(await writeFolder({ 'sales/orders.json': orders }));

  expect(await snapshot.getTable({ dataset: 'sales', table: 'items' }, 'FULL')).toEqual({
    status: 'absent',
    detail: 'no sales/items.json',
  });
});

test('a table is not looked for outside of the folder', async () => {
  const snapshot = await openSnapshot(
    await writeFolder({ 'sales/orders.json': orders, 'web/visits.json': orders }),
  );

  expect(await snapshot.getTable({ dataset: 'sales', table: '../web/visits' }, 'BASIC')).toEqual({
    status: 'absent',
    detail: 'no sales/../web/visits.json',
  });
});

describe('a recorded error', () => {
  test.each([
    [
      403,
      'accessDenied',
      { status: 'unreadable', reason: 'denied', detail: 'HTTP 403 accessDenied: Recorded' },
    ],
    [404, 'notFound', { status: 'absent', detail: 'HTTP 404 notFound: Recorded' }],
    [
      429,
      'rateLimitExceeded',
      { status: 'unreadable', reason: 'throttled', detail: 'HTTP 429 rateLimitExceeded: Recorded' },
    ],
  ])('%i %s is the answer for a table and for a dataset', async (code, reason, read) => {
    const error = recordedError(code, reason);
    const snapshot = await openSnapshot(
      await writeFolder({ 'sales.json': error, 'sales/orders.json': error }),
    );

    expect([
      await snapshot.getDataset('sales'),
      await snapshot.getTable({ dataset: 'sales', table: 'orders' }, 'BASIC'),
    ]).toEqual([read, read]);
  });

  test('404 of a table leaves it out of the list, 403 does not', async () => {
    const snapshot = await openSnapshot(
      await writeFolder({
        'sales/dropped.json': recordedError(404, 'notFound'),
        'sales/secret.json': recordedError(403, 'accessDenied'),
      }),
    );

    expect(await snapshot.listTables('sales')).toEqual({
      status: 'found',
      value: [{ table: 'secret', type: 'TABLE' }],
    });
  });
});

test.each([
  ['{"schema":', /^sales(\/orders)?\.json is not JSON: /],
  ['', /^sales(\/orders)?\.json is empty$/],
  ['[]', /^sales(\/orders)?\.json holds no JSON object$/],
  ['null', /^sales(\/orders)?\.json holds no JSON object$/],
])('a file that holds %j is malformed', async (content, detail) => {
  const snapshot = await openSnapshot(
    await writeFolder({ 'sales.json': content, 'sales/orders.json': content }),
  );
  const malformed = { status: 'unreadable', reason: 'malformed', detail: expect.stringMatching(detail) };

  expect([
    await snapshot.getDataset('sales'),
    await snapshot.getTable({ dataset: 'sales', table: 'orders' }, 'BASIC'),
  ]).toEqual([malformed, malformed]);
});

test('a folder that is not there is said', async () => {
  const root = await writeFolder({});

  await expect(openSnapshot(`${root}/none`)).rejects.toMatchObject({
    name: 'DriftError',
    code: 'NoSuchFolder',
    message: `no such folder: ${root}/none`,
  });
});
