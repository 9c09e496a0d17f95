import type { DeclaredTable } from '../../model/table.ts';
import type { CheckContext } from './check-context.ts';
import {
  closeDataset,
  type InspectedDataset,
  type InspectedTable,
  inspectTableOf,
  type OpenDataset,
  openDataset,
} from './dataset.ts';
import { forEachInTurn } from './pool.ts';
import type { SelectedDataset } from './selection.ts';

/** Reads all datasets at once, and of all their tables some at a time: who was left out longest comes first. */
export async function readAll(
  context: CheckContext,
  selected: readonly SelectedDataset[],
): Promise<readonly InspectedDataset[]> {
  const reading = selected.map((each) => ({
    dataset: openDataset(context, each),
    tables: collector<InspectedTable>(each.declared.tables.length),
  }));
  const inTurn = reading
    .flatMap(({ dataset, tables }) =>
      dataset.declared.tables.map((table, index) => ({
        starved: starvedRunsOf(context, dataset, table),
        dataset,
        table,
        put: (inspected: InspectedTable) => tables.put(index, inspected),
      })),
    )
    .sort((one, other) => other.starved - one.starved);
  const [datasets] = await Promise.all([
    Promise.all(reading.map(async ({ dataset, tables }) => closeDataset(context, dataset, await tables.all))),
    forEachInTurn(inTurn, async ({ dataset, table, put }, onWait) => {
      put(await inspectTableOf(context, dataset, { table, onWait }));
    }),
  ]);
  return datasets;
}

function starvedRunsOf(
  { starvedRuns }: CheckContext,
  { declared: { dataset } }: OpenDataset,
  { table }: DeclaredTable,
): number {
  return starvedRuns({ dataset, table });
}

/** So many items, which come in any order. */
function collector<Item>(count: number): {
  readonly all: Promise<readonly Item[]>;
  put(index: number, item: Item): void;
} {
  const { promise: all, resolve } = Promise.withResolvers<readonly Item[]>();
  const items: Item[] = [];
  let left = count;
  if (left === 0) resolve(items);
  return {
    all,
    put(index, item) {
      items[index] = item;
      left -= 1;
      if (left === 0) resolve(items);
    },
  };
}
