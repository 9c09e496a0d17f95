import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { datasetContent, tableContent } from '../../src/files/expected-file.ts';
import { fileText } from '../../src/files/file-text.ts';
import type { Resource } from '../../src/model/ports.ts';
import { RUNS } from '../support/runs.ts';

async function fixture(file: string): Promise<Resource> {
  return JSON.parse(await readFile(join(import.meta.dirname, '../fixtures/bigquery', file), 'utf8'));
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) frozen(part);
    Object.freeze(value);
  }
  return value;
}

describe('tableContent', () => {
  test('states what is compared of a partitioned table, and null for what could begin later', async () => {
    expect(tableContent(frozen(await fixture('crm/public_orders.json')))).toEqual({
      type: 'TABLE',
      description: 'public.orders',
      schema: {
        fields: [
          { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
          { name: 'customer_id', type: 'INTEGER' },
          { name: 'total', type: 'NUMERIC', precision: '12', scale: '2' },
          { name: 'ordered_at', type: 'TIMESTAMP' },
          {
            name: 'datastream_metadata',
            type: 'RECORD',
            fields: [
              { name: 'uuid', type: 'STRING' },
              { name: 'source_timestamp', type: 'INTEGER' },
            ],
          },
        ],
      },
      timePartitioning: { type: 'MONTH', field: 'ordered_at', expirationMs: '94608000000' },
      requirePartitionFilter: true,
      clustering: { fields: ['id'] },
      expirationTime: null,
      encryptionConfiguration: {
        kmsKeyName: 'projects/acme-prod/locations/europe-west1/keyRings/data/cryptoKeys/crm',
      },
      tableConstraints: {
        primaryKey: { columns: ['id'] },
        foreignKeys: [
          {
            referencedTable: { datasetId: 'crm', tableId: 'public_customers' },
            columnReferences: [{ referencingColumn: 'customer_id', referencedColumn: 'id' }],
          },
        ],
      },
    });
  });

  test.each([
    {
      name: 'a table that is neither partitioned nor clustered',
      resource: { type: 'TABLE' },
      stated: { timePartitioning: null, clustering: null, expirationTime: null },
    },
    {
      name: 'a table by ingestion time',
      resource: { type: 'TABLE', timePartitioning: { type: 'DAY', requirePartitionFilter: false } },
      stated: {
        timePartitioning: { type: 'DAY', expirationMs: null },
        requirePartitionFilter: null,
        clustering: null,
        expirationTime: null,
      },
    },
    {
      name: 'a filter that only the deprecated key requires',
      resource: { type: 'TABLE', timePartitioning: { type: 'DAY', requirePartitionFilter: true } },
      stated: {
        timePartitioning: { type: 'DAY', expirationMs: null },
        requirePartitionFilter: true,
        clustering: null,
        expirationTime: null,
      },
    },
    {
      name: 'an integer range whose bound of zero JSON leaves out',
      resource: { type: 'TABLE', rangePartitioning: { field: 'id', range: { end: '100', interval: '10' } } },
      stated: {
        rangePartitioning: { field: 'id', range: { start: '0', end: '100', interval: '10' } },
        requirePartitionFilter: null,
        clustering: null,
        expirationTime: null,
      },
    },
    {
      name: 'a materialized view, which can be partitioned',
      resource: { type: 'MATERIALIZED_VIEW' },
      stated: { timePartitioning: null, clustering: null, expirationTime: null },
    },
    {
      name: 'a snapshot that expires',
      resource: { type: 'SNAPSHOT', expirationTime: '1803772800000' },
      stated: { timePartitioning: null, clustering: null, expirationTime: '1803772800000' },
    },
    { name: 'a view, which cannot', resource: { type: 'VIEW' }, stated: { expirationTime: null } },
    { name: 'an external table', resource: { type: 'EXTERNAL' }, stated: { expirationTime: null } },
    {
      name: 'a type that does not exist yet',
      resource: { type: 'STREAM' },
      stated: { expirationTime: null },
    },
  ])('states of $name only what applies to it', ({ resource, stated }) => {
    expect(tableContent(resource)).toEqual({ type: resource.type, schema: { fields: [] }, ...stated });
  });

  test('keeps what is set on a field, and leaves out what means nothing', () => {
    const fields = [
      {
        name: 'a',
        type: 'STRING',
        mode: 'NULLABLE',
        description: '',
        collation: '',
        policyTags: {},
        dataPolicies: [],
        roundingMode: 'ROUNDING_MODE_UNSPECIFIED',
        categories: { names: ['x'] },
      },
      {
        name: 'b',
        type: 'STRING',
        mode: 'REPEATED',
        maxLength: 10,
        description: 'B',
        collation: 'und:ci',
        policyTags: { names: ['t'] },
        dataPolicies: [{ name: 'p', extra: 1 }],
        defaultValueExpression: "'x'",
      },
      { name: 'c', type: 'NUMERIC', precision: '5', scale: '2', roundingMode: 'ROUND_HALF_EVEN' },
      { name: 'd', type: 'NUMERIC', scale: '2' },
    ];
    expect(tableContent({ type: 'VIEW', schema: { fields } })['schema']).toEqual({
      fields: [
        { name: 'a', type: 'STRING' },
        {
          name: 'b',
          type: 'STRING',
          mode: 'REPEATED',
          maxLength: '10',
          defaultValueExpression: "'x'",
          collation: 'und:ci',
          description: 'B',
          policyTags: { names: ['t'] },
          dataPolicies: [{ name: 'p' }],
        },
        { name: 'c', type: 'NUMERIC', precision: '5', scale: '2', roundingMode: 'ROUND_HALF_EVEN' },
        { name: 'd', type: 'NUMERIC' },
      ],
    });
  });

  test('is the same text whatever order BigQuery answers the keys in', async () => {
    const resource = await fixture('crm/public_customers.json');
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== 'object' || value === null) return value;
      const entries = Object.entries(value).map(([key, item]) => [key, reversed(item)]);
      return Object.fromEntries(entries.reverse());
    };
    expect(fileText(tableContent(reversed(resource) as Resource))).toBe(fileText(tableContent(resource)));
  });

  test('makes something of whatever comes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (resource) => {
        const content = tableContent(frozen(resource) as Resource);
        expect(JSON.parse(fileText(content))).toEqual(content);
      }),
      RUNS,
    );
  });
});

describe('datasetContent', () => {
  test('states what is compared, and null for default expirations that are not there', async () => {
    expect(datasetContent(frozen(await fixture('crm.json')))).toEqual({
      description: "Replica of the CRM's PostgreSQL database, by Datastream",
      labels: { 'cost-centre': '4711', env: 'prod', source: 'datastream' },
      location: 'europe-west1',
      defaultTableExpirationMs: null,
      defaultPartitionExpirationMs: '94608000000',
      maxTimeTravelHours: '96',
      defaultEncryptionConfiguration: {
        kmsKeyName: 'projects/acme-prod/locations/europe-west1/keyRings/data/cryptoKeys/crm',
      },
      defaultCollation: 'und:ci',
    });
  });
});
