import type { EmulatedWarehouse } from '../../emulators/bigquery.ts';
import type { Files } from '../support/folder.ts';

type Table = Record<string, unknown>;

/** A warehouse, the files that describe it, and what may happen to it. Tables are named `sales.orders`. */
export interface World {
  readonly files: Files;
  readonly warehouse: EmulatedWarehouse;
  drop(...names: readonly string[]): void;
  dropDataset(dataset: string): void;
  /** As the files say. */
  restore(...names: readonly string[]): void;
  /** `amount` is then of that type; null: it is dropped. */
  retype(name: string, type: string | null): void;
  /** `id` is then NULLABLE. */
  loosen(name: string): void;
}

const ID = { name: 'id', type: 'STRING', mode: 'REQUIRED' };

/** What a table's file says where `amount` is of that type. */
export function tableFile(type = 'NUMERIC') {
  return { type: 'TABLE', schema: { fields: [ID, { name: 'amount', type }] } };
}

export function declareTables(names: readonly string[]): World {
  const warehouse: EmulatedWarehouse = { datasets: new Map() };
  const split = (name: string) => {
    const [dataset = '', table = ''] = name.split('.');
    return { dataset, table };
  };
  const put = (name: string, resource: Table) => {
    const { dataset, table } = split(name);
    const { tables } = warehouse.datasets.get(dataset) ?? { tables: new Map<string, Table>() };
    warehouse.datasets.set(dataset, { resource: { location: 'EU' }, tables: tables.set(table, resource) });
  };
  const fields = (...all: readonly unknown[]) => ({ schema: { fields: all } });
  const world: World = {
    files: Object.fromEntries(
      names.flatMap((name): [string, unknown][] => {
        const { dataset, table } = split(name);
        return [
          [`${dataset}.json`, { location: 'EU' }],
          [`${dataset}/${table}.json`, tableFile()],
        ];
      }),
    ),
    warehouse,
    drop(...dropped) {
      for (const name of dropped) {
        const { dataset, table } = split(name);
        warehouse.datasets.get(dataset)?.tables.delete(table);
      }
    },
    dropDataset: (dataset) => warehouse.datasets.delete(dataset),
    restore(...restored) {
      for (const name of restored) put(name, tableFile());
    },
    retype: (name, type) => put(name, type === null ? fields(ID) : tableFile(type)),
    loosen: (name) => put(name, fields({ ...ID, mode: 'NULLABLE' }, { name: 'amount', type: 'NUMERIC' })),
  };
  world.restore(...names);
  return world;
}
