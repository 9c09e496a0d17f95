import { expect, test } from 'vitest';
import { printableJson } from '../src/words/printable.ts';
import { writeFolder } from './support/folder.ts';
import { startFunction } from './support/function.ts';
import { shopFiles, shopWarehouse } from './support/shop.ts';

/** Cloud Logging refuses more than 256 KB: https://docs.cloud.google.com/logging/quotas#log-limits */
const MOST = 250_000;

const bytesOf = (entry: unknown) => Buffer.byteLength(printableJson(entry));

test('every line of the log has at most 250 KB, and says what was cut', async () => {
  const query = (letter: string) => `SELECT '${letter.repeat(70_000)}' AS v`;
  const consumers = Object.fromEntries(
    Array.from({ length: 5000 }, (_, index) => [`reader-${index}-${'x'.repeat(40)}`, ['amount']]),
  );
  const warehouse = shopWarehouse();
  warehouse.datasets
    .get('sales')
    ?.tables.set('v', { type: 'VIEW', view: { query: query('é'), useLegacySql: false } });
  const lapsed = { kind: 'table-description', until: '2026-01-31', reason: `a migration ${'x'.repeat(180)}` };
  const { call, logged } = await startFunction({
    warehouse,
    expected: await writeFolder({
      ...shopFiles,
      'sales/v.json': { type: 'VIEW', view: { query: query('ü') } },
      'sales/orders.json': {
        type: 'TABLE',
        schema: { fields: [{ name: 'amount', type: 'STRING' }] },
        contract: { consumers },
      },
      'drift-policy.json': {
        waivers: Array.from({ length: 1200 }, (_, index) => ({ table: `sales.t${index}`, ...lapsed })),
      },
    }),
  });

  const { status } = await call();
  const isCut = (entry: unknown) => /… \([^)]*cut\)/.test(printableJson(entry));
  const findings = logged.filter(({ finding }) => finding !== undefined);
  expect({
    status,
    tooLong: logged.map(bytesOf).filter((bytes) => bytes > MOST),
    cut: findings.filter(isCut).map(({ message }) => message.split(':')[0]),
  }).toEqual({ status: 200, tooLong: [], cut: ['sales.orders', 'sales.v'] });
});
