import type { EmulatedWarehouse } from '../../emulators/bigquery.ts';
import type { Files } from './folder.ts';

const fields = [
  { name: 'id', type: 'STRING', mode: 'REQUIRED' },
  { name: 'amount', type: 'NUMERIC' },
];

/** Expected files of one dataset with two tables. */
export const shopFiles: Files = {
  'sales.json': { location: 'EU' },
  'sales/orders.json': {
    type: 'TABLE',
    schema: { fields },
    contract: { owner: '<@U0SALES>', consumers: { 'integration-service': ['amount'] } },
  },
  'sales/items.json': { type: 'TABLE', schema: { fields } },
};

/** The warehouse that `shopFiles` describes; changing it changes no other. */
export function shopWarehouse(): EmulatedWarehouse {
  const table = () => ({ schema: { fields: structuredClone(fields) } });
  const tables = new Map<string, Record<string, unknown>>([
    ['orders', table()],
    ['items', table()],
  ]);
  return { datasets: new Map([['sales', { resource: { location: 'EU' }, tables }]]) };
}

/** Takes `amount` away from sales.orders. */
export function dropAmount({ datasets }: EmulatedWarehouse): void {
  datasets.get('sales')?.tables.set('orders', { schema: { fields: fields.slice(0, 1) } });
}
