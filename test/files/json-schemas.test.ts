import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jsonSchemas } from '../../scripts/json-schemas.ts';
import { loadExpectation } from '../../src/adapters/folders/expected-files.ts';
import { partitioningText } from '../../src/model/value.ts';
import { expectedOf } from '../support/declared.ts';

const root = join(import.meta.dirname, '../..');

describe('schemas/', () => {
  test('holds the JSON Schemas that the code states, and nothing else', async () => {
    const files = await readdir(join(root, 'schemas'));
    const published = await Promise.all(
      files.map(async (file) => [file, JSON.parse(await readFile(join(root, 'schemas', file), 'utf8'))]),
    );
    expect(Object.fromEntries(published)).toEqual(jsonSchemas());
  });
});

describe('expected-schemas/', () => {
  test('declares the warehouse: each table, how it is partitioned and how long its data is kept', async () => {
    const { datasets, warnings } = await loadExpectation({ folder: join(root, 'expected-schemas') });
    const declared = datasets.flatMap(({ dataset, tables }) =>
      tables.map((declaredTable) => {
        const { table, contract } = declaredTable;
        const { partitioning } = expectedOf(declaredTable);
        const partitioned = partitioning == null ? partitioning : partitioningText(partitioning);
        return [`${dataset}.${table}`, partitioned, contract.retention?.text ?? null];
      }),
    );
    expect({ declared, warnings }).toEqual({
      declared: [
        ['analytics.lightspeed_products', null, null],
        ['analytics.lightspeed_transactions', 'DAY(created_at)', 'P7Y'],
        ['commerce.memberships', 'DAY(created_at)', 'P7Y'],
        ['commerce.raffle_tickets', 'DAY(purchase_date)', 'P7Y'],
        ['commerce.raffle_transactions', 'DAY(created_at)', 'P7Y'],
        ['commerce.raffles', 'DAY(created_at)', 'P7Y'],
        ['commerce.square_items', null, null],
        ['commerce.square_payments', 'DAY(created_at)', 'P7Y'],
        ['customer_memory.audit_logs', 'DAY(created_at)', 'P7Y'],
        ['customer_memory.customer_profiles', 'DAY(timestamp)', 'P2Y'],
        ['customer_memory.interactions', 'DAY(timestamp)', 'P2Y'],
        ['customer_memory.predictions', 'DAY(created_at)', 'P7Y'],
        ['customer_memory.purchases', 'DAY(created_at)', 'P7Y'],
      ],
      warnings: [],
    });
  });
});
