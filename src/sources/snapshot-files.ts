import { join } from 'node:path';
import { isObject } from '../diff/parse.ts';
import { DriftError } from '../model/errors.ts';
import type { ListedTable, Read, Resource, Warehouse } from '../model/ports.ts';
import { errorBody, failedRead } from './api-answer.ts';
import { listFolder } from './folder.ts';
import { readJson } from './json-file.ts';

/**
 * Recorded answers instead of BigQuery: `<dataset>.json` (Dataset resource, optional) and `<dataset>/<table>.json`
 * (Table resource), each of which may be a recorded error body. A dataset is there when its folder or file is.
 * @throws DriftError `NoSuchFolder`, or `InvalidSnapshot` for what has no place in that layout
 */
export async function openSnapshot(root: string): Promise<Warehouse> {
  const folder = await listFolder(root);
  const [stranger] = folder.strangers;
  // Passed over, it would look like a table that is missing.
  if (stranger !== undefined)
    throw new DriftError('InvalidSnapshot', `${stranger.file}: ${stranger.message}`);
  const datasets = new Map(folder.datasets.map((entry) => [entry.dataset, entry]));

  const getDataset = async (dataset: string): Promise<Read<Resource | null>> => {
    const entry = datasets.get(dataset);
    if (entry === undefined) return { status: 'absent', detail: `no ${dataset}/ and no ${dataset}.json` };
    return entry.hasFile ? readAnswer(root, `${dataset}.json`) : { status: 'found', value: null };
  };

  const getTable = async ({
    dataset,
    table,
  }: {
    dataset: string;
    table: string;
  }): Promise<Read<Resource>> => {
    if (datasets.get(dataset)?.tables.includes(table)) return readAnswer(root, `${dataset}/${table}.json`);
    return { status: 'absent', detail: `no ${dataset}/${table}.json` };
  };

  return {
    getDataset,
    getTable,
    async listDatasets() {
      return { status: 'found', value: { datasets: [...datasets.keys()], unreachable: [] } };
    },
    async listTables(dataset) {
      // A dataset that was not there, or not readable, when it was recorded has no list either.
      const own = await getDataset(dataset);
      if (own.status !== 'found') return own;
      const listed = (datasets.get(dataset)?.tables ?? []).map(async (table): Promise<ListedTable[]> => {
        const read = await getTable({ dataset, table });
        if (read.status === 'absent') return [];
        const type = read.status === 'found' ? read.value['type'] : undefined;
        return [{ table, type: typeof type === 'string' ? type : 'TABLE' }];
      });
      return { status: 'found', value: (await Promise.all(listed)).flat() };
    },
  };
}

async function readAnswer(root: string, file: string): Promise<Read<Resource>> {
  const read = await readJson(join(root, file));
  if ('error' in read) return malformed(`${file} ${read.error}`);
  const failure = errorBody(read.value);
  if (failure !== null) return failedRead(failure);
  if (isObject(read.value) && 'error' in read.value) {
    return malformed(`${file} holds an error that is none of BigQuery's`);
  }
  return isObject(read.value)
    ? { status: 'found', value: read.value }
    : malformed(`${file} holds no JSON object`);
}

function malformed(detail: string): Read<never> {
  return { status: 'unreadable', reason: 'malformed', detail };
}
