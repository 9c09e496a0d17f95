import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmulatedWarehouse } from '../emulators/bigquery.ts';

export interface Size {
  /** Declared tables of 50 fields each. */
  readonly declared: number;
  /** Tables that are there, the declared ones among them. */
  readonly present: number;
  readonly datasets: number;
  /** Whether all tables that are there were recreated without a column. */
  readonly isEmptied?: boolean;
}

const FIELDS = 50;

const table = {
  type: 'TABLE',
  schema: {
    fields: Array.from({ length: FIELDS }, (_, index) => ({
      name: index === 0 ? 'created_at' : `field_${index}`,
      type: index === 0 ? 'TIMESTAMP' : index % 2 === 0 ? 'STRING' : 'NUMERIC',
      mode: 'NULLABLE',
      description: `The ${index}th thing that is known of an order, as it was when the order was placed`,
    })),
  },
  timePartitioning: { type: 'DAY', field: 'created_at' },
};

/** All tables share one resource, so that the server of a vast warehouse stays small. */
export function bigWarehouse({ present, datasets, isEmptied = false }: Size): EmulatedWarehouse {
  const resource = isEmptied ? { ...table, schema: { fields: [] } } : table;
  return {
    datasets: new Map(
      Array.from({ length: datasets }, (_, index) => [
        datasetName(index),
        {
          resource: { location: 'US' },
          tables: new Map(
            Array.from({ length: Math.ceil(present / datasets) }, (_row, number) => [
              tableName(number),
              resource,
            ]),
          ),
        },
      ]),
    ),
  };
}

/** One file for each declared table, as `bq show` would print it. */
export async function writeExpectedFiles(folder: string, { declared, datasets }: Size): Promise<void> {
  const text = JSON.stringify(table);
  for (let index = 0; index < datasets; index += 1) {
    await mkdir(join(folder, datasetName(index)), { recursive: true });
    for (let number = 0; number < Math.ceil(declared / datasets); number += 1) {
      await writeFile(join(folder, datasetName(index), `${tableName(number)}.json`), text);
    }
  }
}

function datasetName(index: number): string {
  return `dataset_${index}`;
}

function tableName(number: number): string {
  return `table_${number}`;
}
