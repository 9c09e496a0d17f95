import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmulatedDataset, EmulatedWarehouse } from '../emulators/bigquery.ts';

type Json = Record<string, unknown>;

/**
 * The warehouse that the sample files describe, as BigQuery would answer of it: modes spelled out, volatile keys, and
 * columns that the files do not name.
 */
export async function sampleWarehouse(folder: string): Promise<EmulatedWarehouse> {
  const entries = await readdir(folder, { withFileTypes: true });
  const datasets = new Map<string, EmulatedDataset>();
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const tables = new Map<string, Json>();
    for (const file of await readdir(join(folder, name))) {
      tables.set(file.replace(/\.json$/, ''), tableResource(await readJson(join(folder, name, file))));
    }
    datasets.set(name, { resource: datasetResource(await readJson(join(folder, `${name}.json`))), tables });
  }
  return { datasets };
}

async function readJson(path: string): Promise<Json> {
  return JSON.parse(await readFile(path, 'utf8'));
}

function datasetResource(file: Json): Json {
  return { location: file['location'], maxTimeTravelHours: '168', creationTime: '1704067200000' };
}

function tableResource(file: Json): Json {
  const { type, schema, timePartitioning } = file as {
    type: string;
    schema: { fields: Json[] };
    timePartitioning: Json | null;
  };
  const declared = schema.fields.map((field) => ({ mode: 'NULLABLE', ...field }));
  const ingested = { name: 'ingested_at', type: 'TIMESTAMP', mode: 'NULLABLE' };
  return {
    type,
    schema: { fields: [...declared, ingested] },
    ...(timePartitioning === null
      ? {}
      : { timePartitioning: { type: timePartitioning['type'], field: timePartitioning['field'] } }),
    etag: 'Zm9yIHRoZSBkZW1v',
    creationTime: '1704067200000',
    lastModifiedTime: '1763829000000',
    numBytes: '734003200',
    numRows: '1250000',
  };
}

/** The table's resource, to be changed as somebody would change the table. */
export function tableOf(warehouse: EmulatedWarehouse, dataset: string, table: string): Json {
  const resource = warehouse.datasets.get(dataset)?.tables.get(table);
  if (resource === undefined) throw new Error(`the sample has no table ${dataset}.${table}`);
  return resource;
}

/** ALTER TABLE … DROP COLUMN */
export function dropColumn(resource: Json, column: string): void {
  const schema = resource['schema'] as { fields: Json[] };
  resource['schema'] = { ...schema, fields: schema.fields.filter((field) => field['name'] !== column) };
}
