import { contractOf, expectedTable } from '../../src/files/expected-table.ts';
import type { Resource, Warehouse } from '../../src/model/ports.ts';
import type { DeclaredDataset, DeclaredTable } from '../../src/model/table.ts';
import { stating } from './declared.ts';

const DATASETS = [
  'billing',
  'catalog',
  'crm',
  'events',
  'finance',
  'logistics',
  'marketing',
  'ml_features',
  'orders',
  'support',
];
const NOUNS = [
  'accounts',
  'carts',
  'contacts',
  'invoices',
  'items',
  'ledger_entries',
  'payments',
  'sessions',
  'shipments',
  'subscriptions',
];
const CONSUMERS = [
  'checkout-service',
  'reporting',
  'fraud-model',
  'data-warehouse-export',
  'customer-portal',
];
const OWNERS = [
  '<!subteam^S0PAYMENTS>',
  '<!subteam^S0CATALOG>',
  'data-platform@example.com',
  '<!subteam^S0GROWTH>',
];

type Json = Record<string, unknown>;

/** How the tables that are broken are broken, in turns; each entry gives that many findings. */
const DAMAGES: readonly { readonly findings: number; readonly act: (resource: Json) => Json | null }[] = [
  { findings: 1, act: (resource) => withFields(resource, (fields) => without(fields, 'amount')) },
  {
    findings: 3,
    act: (resource) =>
      withFields(resource, (fields) => [
        ...changed(without(fields, 'customer_id'), 'quantity', { type: 'STRING' }),
        { name: 'customer', type: 'STRING', mode: 'NULLABLE' },
      ]),
  },
  { findings: 1, act: ({ timePartitioning: _, ...resource }) => resource },
  {
    findings: 2,
    act: (resource) => ({
      ...withFields(resource, (fields) =>
        changed(fields, 'address', {
          fields: [
            { name: 'street', type: 'STRING', mode: 'NULLABLE' },
            {
              name: 'country',
              type: 'RECORD',
              mode: 'NULLABLE',
              fields: [{ name: 'code', type: 'INTEGER', mode: 'NULLABLE' }],
            },
          ],
        }),
      ),
      clustering: { fields: ['country'] },
    }),
  },
  {
    findings: 1,
    act: (resource) => ({
      ...resource,
      timePartitioning: { type: 'DAY', field: 'created_at', expirationMs: '2592000000' },
    }),
  },
  { findings: 1, act: () => null },
];

function withFields(resource: Json, change: (fields: readonly Json[]) => readonly Json[]): Json {
  const { fields } = resource['schema'] as { fields: Json[] };
  return { ...resource, schema: { fields: change(fields) } };
}

function without(fields: readonly Json[], name: string): readonly Json[] {
  return fields.filter((field) => field['name'] !== name);
}

function changed(fields: readonly Json[], name: string, by: Json): readonly Json[] {
  return fields.map((field) => (field['name'] === name ? { ...field, ...by } : field));
}

function intactTable(): Json {
  const column = (name: string, type: string) => ({ name, type, mode: 'NULLABLE' });
  return {
    type: 'TABLE',
    schema: {
      fields: [
        { name: 'id', type: 'STRING', mode: 'REQUIRED' },
        column('customer_id', 'STRING'),
        column('amount', 'NUMERIC'),
        column('quantity', 'INTEGER'),
        column('status', 'STRING'),
        {
          name: 'address',
          type: 'RECORD',
          mode: 'NULLABLE',
          fields: [
            column('street', 'STRING'),
            { name: 'country', type: 'RECORD', mode: 'NULLABLE', fields: [column('code', 'STRING')] },
          ],
        },
        ...Array.from({ length: 20 }, (_, index) => column(`attribute_${index}`, 'STRING')),
        { name: 'created_at', type: 'TIMESTAMP', mode: 'REQUIRED' },
      ],
    },
    timePartitioning: { type: 'DAY', field: 'created_at', expirationMs: null },
    clustering: { fields: ['customer_id'] },
  };
}

/** Ten datasets of many tables, the first of which are broken until there are that many findings. */
export function largeWarehouse({
  tables,
  findings,
}: {
  readonly tables: number;
  readonly findings: number;
}): {
  readonly datasets: readonly DeclaredDataset[];
  readonly warehouse: Warehouse;
} {
  const intact: Resource = intactTable();
  const resources = new Map<string, Resource | null>();
  let found = 0;
  let turn = 0;
  const names = Array.from({ length: tables }, (_, index) => ({
    dataset: DATASETS[index % DATASETS.length] ?? '',
    table: `${NOUNS[Math.floor(index / 10) % NOUNS.length]}_${String(index).padStart(4, '0')}`,
    index,
  }));
  for (const { dataset, table } of names) {
    const damage = DAMAGES[turn % DAMAGES.length];
    turn += 1;
    const isBroken = damage !== undefined && found + damage.findings <= findings;
    if (isBroken) found += damage.findings;
    resources.set(`${dataset}.${table}`, isBroken ? damage.act(structuredClone(intact)) : intact);
  }
  const declared = (dataset: string): readonly DeclaredTable[] =>
    names
      .filter((name) => name.dataset === dataset)
      .map(({ table, index }) => ({
        table,
        readExpected: stating(expectedTable(intact)),
        contract: contractOf({
          contract: {
            owner: OWNERS[index % OWNERS.length],
            retention: 'P7Y',
            criticalFields: ['id', 'amount'],
            consumers: { [CONSUMERS[index % CONSUMERS.length] ?? '']: ['id', 'amount', 'quantity'] },
            runbook: 'https://wiki.example.com/runbooks/data',
          },
        }),
      }));
  const found200 = <T>(value: T) => Promise.resolve({ status: 'found', value } as const);
  return {
    datasets: DATASETS.map((dataset) => ({ dataset, declaredAs: dataset, tables: declared(dataset) })),
    warehouse: {
      listDatasets: () => found200({ datasets: DATASETS, unreachable: [] }),
      getDataset: () => found200({ location: 'EU' }),
      listTables: (dataset) =>
        found200(
          names.filter((name) => name.dataset === dataset).map(({ table }) => ({ table, type: 'TABLE' })),
        ),
      getTable: async ({ dataset, table }) => {
        const resource = resources.get(`${dataset}.${table}`) ?? null;
        return resource === null
          ? { status: 'absent', detail: 'tables.get: HTTP 404 notFound' }
          : { status: 'found', value: resource };
      },
    },
  };
}
