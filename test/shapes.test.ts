import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { compareTable } from '../src/compare/table.ts';
import { contractOf, expectedTable } from '../src/files/expected-table.ts';
import { canonicalTable } from '../src/metadata/canonical.ts';
import type { Resource } from '../src/model/ports.ts';

/* Tables as BigQuery answers of them, each against itself and against one drift that happens. */

type Json = Record<string, unknown>;

/** Columns at any depth, without the one that a dotted path names. */
function without(fields: readonly Json[], path: string): readonly Json[] {
  const [name, ...rest] = path.split('.');
  if (rest.length === 0) return fields.filter((field) => field['name'] !== name);
  return fields.map((field) =>
    field['name'] === name ? { ...field, fields: without(field['fields'] as Json[], rest.join('.')) } : field,
  );
}

function dropColumn(path: string): (resource: Json) => Json {
  return (resource) => ({
    ...resource,
    schema: { fields: without((resource['schema'] as { fields: Json[] }).fields, path) },
  });
}

const set =
  (changed: Json) =>
  (resource: Json): Json => ({ ...resource, ...changed });

const unset =
  (key: string) =>
  (resource: Json): Json =>
    Object.fromEntries(Object.entries(resource).filter(([name]) => name !== key));

test.each<{ shape: string; file: string; drift: (resource: Json) => Json; found: readonly string[] }>([
  {
    shape: 'a GA4 export loses a nested parameter',
    file: 'analytics_284716390/events_20260303',
    drift: dropColumn('event_params.value'),
    found: ['field-missing event_params.value'],
  },
  {
    shape: 'a CDC table loses its primary key',
    file: 'crm/public_customers',
    drift: unset('tableConstraints'),
    found: ['table-constraints'],
  },
  {
    shape: 'a view reads other rows',
    file: 'warehouse/active_customers',
    drift: set({ view: { query: 'SELECT customer_id, last_order_at FROM warehouse.everybody' } }),
    found: ['view-query'],
  },
  {
    shape: 'a materialized view became a table',
    file: 'warehouse/daily_revenue',
    drift: set({ type: 'TABLE', materializedView: undefined, clustering: undefined }),
    found: ['table-type'],
  },
  {
    shape: 'a hive-partitioned external table reads another folder',
    file: 'lake/clickstream',
    drift: set({
      externalDataConfiguration: {
        sourceFormat: 'PARQUET',
        sourceUris: ['gs://acme-lake/clickstream_v2/*'],
        hivePartitioningOptions: {
          mode: 'AUTO',
          sourceUriPrefix: 'gs://acme-lake/clickstream_v2/',
          fields: ['dt', 'country'],
        },
      },
    }),
    found: ['external-source'],
  },
  {
    shape: 'an ingestion-time table is recreated by day, without its settings',
    file: 'warehouse/raw_requests',
    drift: set({ timePartitioning: { type: 'DAY' }, requirePartitionFilter: false }),
    found: ['partition-expiration', 'partition-filter', 'partitioning-different'],
  },
  {
    shape: 'an integer-range table has another interval',
    file: 'warehouse/order_lines',
    drift: set({
      rangePartitioning: { field: 'customer_id', range: { start: '0', end: '1000000', interval: '10000' } },
    }),
    found: ['partitioning-different'],
  },
  {
    shape: 'a clone loses its clustering',
    file: 'warehouse/orders_clone',
    drift: unset('clustering'),
    found: ['clustering'],
  },
  {
    shape: 'a snapshot is set to expire',
    file: 'warehouse/orders_snapshot',
    drift: set({ expirationTime: '1893456000000' }),
    found: ['table-expiration'],
  },
  {
    shape: 'an Iceberg managed table loses a column',
    file: 'lake/events_iceberg',
    drift: dropColumn('attributes'),
    found: ['field-missing attributes'],
  },
  {
    shape: 'an Iceberg table points to another folder; another commit in the same one would be none',
    file: 'lake/inventory_iceberg',
    drift: set({
      externalDataConfiguration: {
        sourceFormat: 'ICEBERG',
        sourceUris: ['gs://acme-lake/iceberg/stock/metadata/v1.metadata.json'],
      },
    }),
    found: ['external-source'],
  },
])('$shape', async ({ file, drift, found }) => {
  const resource: Json = JSON.parse(await readFile(`test/fixtures/bigquery/${file}.json`, 'utf8'));
  // What the file leaves out is stated as BigQuery's default, as drift pull would.
  const stated: Resource = { expirationTime: null, ...resource };
  const expected = expectedTable(stated);
  const against = (actual: Json) =>
    compareTable({ expected, actual: canonicalTable(actual), contract: contractOf({}) })
      .changes.map(({ kind, path }) => (path === null ? kind : `${kind} ${path}`))
      .sort();
  expect(against(resource)).toEqual([]);
  expect(against(drift(resource))).toEqual(found);
});
