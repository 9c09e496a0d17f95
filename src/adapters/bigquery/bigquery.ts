import type { BigQuery } from '@google-cloud/bigquery';
import type {
  Clock,
  DatasetList,
  Deadline,
  ListedTable,
  Read,
  Resource,
  TableId,
  Warehouse,
} from '../../model/ports.ts';
import { authLibrary, bigqueryLibrary } from '../google-libraries.ts';
import { datasetPage, tablePage } from './answer-pages.ts';
import { anotherTable, assertDataset, matchTable } from './asked-for.ts';
import { type Connection, failureOf, get } from './get.ts';
import { createAnswerReader } from './large-answers.ts';
import { createListReader } from './lists.ts';
import { createRateLimiter, type Pacing } from './rate-limiter.ts';
import { createRequester, METHODS, type Requester } from './requester.ts';

/** A stand-in is reached without credentials; else they are the environment's. */
export function createBigQueryClient({
  projectId,
  endpoint,
}: {
  readonly projectId: string | null;
  readonly endpoint: string | null;
}): BigQuery {
  const { BigQuery: Client } = bigqueryLibrary();
  return new Client({
    // The client retries what must not be and misses 403 rateLimitExceeded, so retries are ours.
    autoRetry: false,
    ...(projectId === null ? {} : { projectId }),
    ...(endpoint === null
      ? {}
      : { apiEndpoint: endpoint, authClient: new (authLibrary().PassThroughClient)() }),
  });
}

/** Who asks, for the advice whom to grant access; null: the credentials do not say. */
export async function accountOf(client: BigQuery): Promise<string | null> {
  const credentials = await client.authClient.getCredentials().catch(() => null);
  return credentials?.client_email ?? null;
}

/** The process remembers the question whether there is a metadata server, also while it gets no answer. */
export function forgetSignIn(): void {
  authLibrary().gcpMetadata.resetIsAvailableCache();
}

/** The client's own limit does not hold where an answer begins and then hangs. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * BigQuery's metadata, one GET each, for one run: https://docs.cloud.google.com/bigquery/docs/reference/rest. The pace is
 * kept over all runs of the process.
 */
export function createWarehouses({
  client,
  pacing,
  clock,
  timeoutMs = REQUEST_TIMEOUT_MS,
}: {
  readonly client: BigQuery;
  readonly pacing: Pacing;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}): (deadline: Deadline) => Warehouse {
  const limiters = new Map(METHODS.map((method) => [method, createRateLimiter(pacing)]));
  const answers = createAnswerReader();
  return (deadline) => {
    const ask = createRequester({ limiters, clock, deadline, timeoutMs, failureOf });
    return openWarehouse({ client, ask, connection: { client, answers, deadline } });
  };
}

function openWarehouse({
  client,
  ask,
  connection,
}: {
  readonly client: BigQuery;
  readonly ask: Requester;
  readonly connection: Connection;
}): Warehouse {
  const askPages = createListReader(ask);

  const getDataset = (dataset: string, rank = 0): Promise<Read<Resource>> =>
    ask({
      method: 'datasets.get',
      rank,
      request: async (timeoutMs) => {
        const resource = await get(connection, {
          uri: path('datasets', dataset),
          // METADATA needs bigquery.datasets.get alone; the default view may need getIamPolicy too.
          query: { datasetView: 'METADATA' },
          timeoutMs,
          kind: 'bigquery#dataset',
        });
        assertDataset(resource, { project: await client.getProjectId(), dataset });
        return resource;
      },
    });

  /** A table under another spelling of its name is the one asked for only where its dataset says so. */
  async function unlessAnother(
    read: Found<MatchedTable>,
    id: TableId,
    rank: number,
  ): Promise<Read<Resource>> {
    const { resource, match } = read.value;
    if (match === 'same') return { status: 'found', value: resource };
    const dataset = await getDataset(id.dataset, rank);
    if (dataset.status === 'unreadable') return dataset;
    const isCaseInsensitive = dataset.status === 'found' && dataset.value['isCaseInsensitive'] === true;
    if (isCaseInsensitive) return { status: 'found', value: resource };
    const { message } = anotherTable('of the same name in other letter case', id);
    return { status: 'unreadable', reason: 'malformed', detail: `tables.get: ${message}` };
  }

  return {
    async listDatasets(): Promise<Read<DatasetList>> {
      const read = await askPages({
        method: 'datasets.list',
        rank: 0,
        request: (query, timeoutMs) =>
          get(connection, { uri: 'datasets', query, timeoutMs, kind: 'bigquery#datasetList' }),
        parse: async (answer) => datasetPage(answer, await client.getProjectId()),
      });
      if (read.status !== 'found') return read;
      return {
        status: 'found',
        value: {
          // An entry may come twice, on two pages.
          datasets: [...new Set(read.value.flatMap((page) => page.items))],
          unreachable: [...new Set(read.value.flatMap((page) => page.unreachable))],
        },
      };
    },

    getDataset,

    async listTables(dataset, rank = 0): Promise<Read<readonly ListedTable[]>> {
      const uri = path('datasets', dataset, 'tables');
      const read = await askPages({
        method: 'tables.list',
        rank,
        request: (query, timeoutMs) => get(connection, { uri, query, timeoutMs, kind: 'bigquery#tableList' }),
        parse: (answer) => tablePage(answer, dataset),
      });
      if (read.status !== 'found') return read;
      const entries = read.value.flatMap((page) => page.items);
      // An entry may come twice, on two pages.
      const tables = [...new Map(entries.map((entry) => [entry.table, entry])).values()];
      // The least: a table may be created, or dropped, while the pages are read.
      const totals = read.value.flatMap(({ totalItems }) => (totalItems > 0 ? [totalItems] : []));
      const total = totals.length === 0 ? 0 : Math.min(...totals);
      if (tables.length >= total) return { status: 'found', value: tables };
      // A list that leaves tables out would make the newest shard, or all of them, look gone.
      const detail = `tables.list: it lists ${tables.length} of ${total} tables`;
      return { status: 'unreadable', reason: 'malformed', detail };
    },

    async getTable(id, view, rank = 0) {
      const read = await ask({
        method: 'tables.get',
        rank,
        request: async (timeoutMs): Promise<MatchedTable> => {
          const resource = await get(connection, {
            uri: path('datasets', id.dataset, 'tables', id.table),
            query: { view },
            timeoutMs,
            kind: 'bigquery#table',
          });
          return { resource, match: matchTable(resource, id) };
        },
      });
      return read.status === 'found' ? unlessAnother(read, id, rank) : read;
    },
  };
}

interface MatchedTable {
  readonly resource: Resource;
  readonly match: ReturnType<typeof matchTable>;
}

type Found<T> = Extract<Read<T>, { readonly status: 'found' }>;

/** The client decodes each path segment before it encodes it, so a `%` in a name must not reach it bare. */
function path(...segments: readonly string[]): string {
  return segments.map(encodeURIComponent).join('/');
}
