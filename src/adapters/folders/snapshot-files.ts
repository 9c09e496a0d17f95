import { join, posix } from 'node:path';
import { isObject } from '../../metadata/parse.ts';
import { DriftError } from '../../model/errors.ts';
import { isUnreadLookalike } from '../../model/file-names.ts';
import type { Subject } from '../../model/finding.ts';
import type { ListedTable, Read, Resource, Warehouse } from '../../model/ports.ts';
import { errorBody, failedRead } from '../bigquery/api-answer.ts';
import { type Folder, listFolder } from './folder.ts';
import { problemText, readJson } from './json-file.ts';
import { isTableResource, misplacedTable, whyNoDataset, whyNoTable } from './recorded-answer.ts';

/**
 * Recorded answers instead of BigQuery: `<dataset>.json` (Dataset resource, optional) and `<dataset>/<table>.json`
 * (Table resource), each of which may be a recorded error body. A dataset is there when its folder or file is.
 * @throws DriftError `NoSuchFolder`, or `InvalidSnapshot` for what has no place in that layout
 */
export async function openSnapshot(root: string): Promise<Warehouse> {
  const folder = await listFolder(root);
  const misplacedEntries = [
    ...folder.misplacedEntries.map(saidOfMisplaced),
    ...(await misplacedTables(root, folder)),
  ];
  // Passed over, it would look like a table that is missing.
  if (misplacedEntries.length > 0)
    throw new DriftError('InvalidSnapshot', misplacedText(root, misplacedEntries));
  const datasets = new Map(folder.datasets.map((entry) => [entry.dataset, entry]));

  const getDataset = async (dataset: string): Promise<Read<Resource | null>> => {
    const entry = datasets.get(dataset);
    if (entry === undefined) return { status: 'absent', detail: `no ${dataset}/ and no ${dataset}.json` };
    if (!entry.hasFile) return { status: 'found', value: null };
    const file = `${dataset}.json`;
    const answer = await readAnswer(root, file);
    if (answer.status !== 'found') return answer;
    // Written by hand for a dataset as BigQuery makes it.
    if (Object.keys(answer.value).length === 0) return answer;
    const why = whyNoDataset(answer.value, dataset);
    return why === null ? answer : malformed(`${file} ${why}`);
  };

  const tablesOf = new Map(folder.datasets.map(({ dataset, tables }) => [dataset, new Set(tables)]));
  const isCaseInsensitive = async (dataset: string) => {
    const own = await getDataset(dataset);
    return own.status === 'found' && own.value?.['isCaseInsensitive'] === true;
  };

  const getTable = async ({
    dataset,
    table,
  }: {
    dataset: string;
    table: string;
  }): Promise<Read<Resource>> => {
    const file = `${dataset}/${table}.json`;
    if (tablesOf.get(dataset)?.has(table) !== true) return { status: 'absent', detail: `no ${file}` };
    const answer = await readAnswer(root, file);
    if (answer.status !== 'found') return answer;
    const id = { dataset, table };
    const why = whyNoTable(answer.value, id, { isCaseInsensitive: false });
    // Seldom: then the dataset tells whether names in another letter case are the same.
    if (
      why === null ||
      whyNoTable(answer.value, id, { isCaseInsensitive: await isCaseInsensitive(dataset) }) === null
    )
      return answer;
    return malformed(`${file} ${why}`);
  };

  return {
    remedyOf,
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

/** Of a folder of something else there are very many. */
const MAX_MISPLACED = 20;

function misplacedText(root: string, misplacedEntries: readonly string[]): string {
  const more = misplacedEntries.length - MAX_MISPLACED;
  return [
    `the recorded answers in ${root} cannot be used: what is there is <dataset>.json and <dataset>/<table>.json`,
    ...misplacedEntries.slice(0, MAX_MISPLACED),
    ...(more > 0 ? [`and ${more.toLocaleString('en-US')} more`] : []),
  ].join('\n');
}

function saidOfMisplaced({ file, message }: Folder['misplacedEntries'][number]): string {
  return isUnreadLookalike(posix.basename(file))
    ? `${file}: is not read: record it as JSON, by bq show --format=prettyjson`
    : `${file}: ${message}`;
}

/** In the place of a dataset's file, a table's would be one that nobody recorded. */
async function misplacedTables(root: string, { datasets }: Folder): Promise<readonly string[]> {
  const files = datasets.filter(({ hasFile }) => hasFile).map(({ dataset }) => dataset);
  const found: string[] = [];
  for (const dataset of files) {
    const read = await readJson(join(root, `${dataset}.json`));
    if ('value' in read && isObject(read.value) && isTableResource(read.value))
      found.push(`${dataset}.json: ${misplacedTable(read.value, dataset)}`);
  }
  return found;
}

/** What helps where a recorded answer is none: nobody stands between the monitor and a folder. */
function remedyOf({ dataset, table }: Subject): string {
  const name = table === null ? dataset : `${dataset}.${table}`;
  const file = table === null ? dataset : `${dataset}/${table}`;
  const quoted = /^[\w.-]+$/.test(name) ? name : `'${name}'`;
  return `put into ${file}.json what this prints: bq show --format=prettyjson ${quoted}`;
}

async function readAnswer(root: string, file: string): Promise<Read<Resource>> {
  const read = await readJson(join(root, file));
  if ('problems' in read) return malformed(`${file} ${problemText(read)}`);
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
