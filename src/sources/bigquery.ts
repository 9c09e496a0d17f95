import { BigQuery } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
import { isObject } from '../diff/parse.ts';
import { MalformedError } from '../model/errors.ts';
import type { Subject } from '../model/finding.ts';
import type { Clock, DatasetList, ListedTable, Read, Reading, Resource, Warehouse } from '../model/ports.ts';
import { type ApiFailure, errorBody } from './api-answer.ts';
import { createAsker, METHODS, type Method } from './ask.ts';
import { createPacer, type Pacing } from './pacer.ts';

/** A stand-in is reached without credentials; else they are the environment's. */
export function createBigQueryClient({
  projectId,
  endpoint,
}: {
  readonly projectId: string | null;
  readonly endpoint: string | null;
}): BigQuery {
  return new BigQuery({
    // The client retries what must not be and misses 403 rateLimitExceeded, so retries are ours.
    autoRetry: false,
    ...(projectId === null ? {} : { projectId }),
    ...(endpoint === null ? {} : { apiEndpoint: endpoint, authClient: new PassThroughClient() }),
  });
}

/** Who asks, for the advice whom to grant access; null: the credentials do not say. */
export async function accountOf(client: BigQuery): Promise<string | null> {
  const credentials = await client.authClient.getCredentials().catch(() => null);
  return credentials?.client_email ?? null;
}

const PAGE_SIZE = 1000;
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
}): (reading: Reading) => Warehouse {
  const pacers = new Map(METHODS.map((method) => [method, createPacer(pacing)]));
  return (reading) => openWarehouse(client, createAsker({ pacers, clock, reading, timeoutMs, failureOf }));
}

function openWarehouse(client: BigQuery, ask: ReturnType<typeof createAsker>): Warehouse {
  /** Asks page by page; a page that fails fails the list, since half a list looks like a dropped rest. */
  async function askPages<Item>(
    { method, subject }: { readonly method: Method; readonly subject: Subject },
    request: (query: Query, timeoutMs: number) => Promise<Resource>,
    parse: (answer: Resource) => Page<Item>,
  ): Promise<Read<readonly Page<Item>[]>> {
    const pages: Page<Item>[] = [];
    const tokens = new Set<string>();
    let query: Query = { maxResults: String(PAGE_SIZE) };
    for (;;) {
      const asked = query;
      const read = await ask({
        method,
        subject,
        request: async (timeoutMs) => parse(await request(asked, timeoutMs)),
      });
      if (read.status !== 'found') return read;
      pages.push(read.value);
      const { nextPageToken } = read.value;
      if (nextPageToken === undefined) return { status: 'found', value: pages };
      if (tokens.has(nextPageToken)) {
        return {
          status: 'unreadable',
          reason: 'malformed',
          detail: `${method}: a page names one before it as the next`,
        };
      }
      tokens.add(nextPageToken);
      query = { ...query, pageToken: nextPageToken };
    }
  }

  /**
   * One GET. The client's own list methods end the process when an answer is the JSON `null`, so every request
   * takes its lower road; it still signs, encodes and parses.
   */
  function get(uri: string, { query, timeoutMs, kind }: Get): Promise<Resource> {
    const answer = new Promise<unknown>((resolve, reject) => {
      client.request({ uri, qs: query }, (error, body) => (error ? reject(error) : resolve(body)));
    });
    return withTimeout(answer, timeoutMs).then((body) => resourceOf(body, kind));
  }

  return {
    async listDatasets(): Promise<Read<DatasetList>> {
      const read = await askPages(
        { method: 'datasets.list', subject: { dataset: '*', table: null } },
        (query, timeoutMs) => get('datasets', { query, timeoutMs, kind: 'bigquery#datasetList' }),
        datasetPage,
      );
      if (read.status !== 'found') return read;
      return {
        status: 'found',
        value: {
          datasets: read.value.flatMap((page) => page.items),
          unreachable: [...new Set(read.value.flatMap((page) => page.unreachable))],
        },
      };
    },

    getDataset: (dataset) =>
      ask({
        method: 'datasets.get',
        subject: { dataset, table: null },
        // METADATA needs bigquery.datasets.get alone; the default view may need getIamPolicy too.
        request: (timeoutMs) =>
          get(path('datasets', dataset), {
            query: { datasetView: 'METADATA' },
            timeoutMs,
            kind: 'bigquery#dataset',
          }),
      }),

    async listTables(dataset): Promise<Read<readonly ListedTable[]>> {
      const uri = path('datasets', dataset, 'tables');
      const read = await askPages(
        { method: 'tables.list', subject: { dataset, table: null } },
        (query, timeoutMs) => get(uri, { query, timeoutMs, kind: 'bigquery#tableList' }),
        tablePage,
      );
      if (read.status !== 'found') return read;
      const tables = read.value.flatMap((page) => page.items);
      const total = read.value.at(-1)?.totalItems ?? 0;
      if (tables.length >= total) return { status: 'found', value: tables };
      // A list that leaves tables out would make the newest shard, or all of them, look gone.
      const detail = `tables.list: it lists ${tables.length} of ${total} tables`;
      return { status: 'unreadable', reason: 'malformed', detail };
    },

    getTable: ({ dataset, table }, view) =>
      ask({
        method: 'tables.get',
        subject: { dataset, table },
        request: (timeoutMs) =>
          get(path('datasets', dataset, 'tables', table), {
            query: { view },
            timeoutMs,
            kind: 'bigquery#table',
          }),
      }),
  };
}

interface Get {
  readonly query: Query;
  readonly timeoutMs: number;
  /** Which BigQuery names in the answer. */
  readonly kind: string;
}

/** The client decodes each path segment before it encodes it, so a `%` in a name must not reach it bare. */
function path(...segments: readonly string[]): string {
  return segments.map(encodeURIComponent).join('/');
}

async function withTimeout<T>(answer: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  return Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
}

type Query = Readonly<Record<string, string>>;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly unreachable: readonly string[];
  /** How many there are over all pages, as the answer says; 0: it does not. */
  readonly totalItems: number;
  readonly nextPageToken: string | undefined;
}

function datasetPage(answer: Resource): Page<string> {
  return page(answer, 'datasets', (entry) => referenceId(entry, 'datasetReference', 'datasetId'));
}

function tablePage(answer: Resource): Page<ListedTable> {
  return page(answer, 'tables', (entry) => ({
    table: referenceId(entry, 'tableReference', 'tableId'),
    type: typeof entry['type'] === 'string' ? entry['type'].toUpperCase() : 'TABLE',
  }));
}

/** An empty list leaves its key out; anything but a list under it is no answer. */
function page<Item>(answer: Resource, key: string, itemOf: (entry: Resource) => Item): Page<Item> {
  const { [key]: entries = [], nextPageToken, unreachable = [], totalItems } = answer;
  if (!Array.isArray(entries) || !entries.every(isObject))
    throw new MalformedError(`${key} is no list of objects`);
  if (!Array.isArray(unreachable)) throw new MalformedError('unreachable is no list');
  return {
    items: entries.map(itemOf),
    unreachable: unreachable.map(String),
    totalItems: Number(totalItems) || 0,
    nextPageToken: typeof nextPageToken === 'string' && nextPageToken !== '' ? nextPageToken : undefined,
  };
}

function referenceId(entry: Resource, reference: string, key: string): string {
  const value = entry[reference];
  const id = isObject(value) ? value[key] : undefined;
  if (typeof id !== 'string') throw new MalformedError(`an entry without ${reference}.${key}`);
  return id;
}

/** BigQuery names the kind of each answer; without it, a proxy's `{}` would be a table without fields. */
function resourceOf(body: unknown, kind: string): Resource {
  if (isObject(body) && body['kind'] === kind) return body;
  throw new MalformedError(`the answer is no ${kind}`);
}

/** The client's ApiError carries the answer's body; anything else means that there was no answer. */
function failureOf(error: unknown): ApiFailure {
  if (!(error instanceof Error)) return { status: null, reason: null, message: String(error) };
  // 200 with a body that is announced as JSON and is none.
  if (error instanceof SyntaxError) return { status: 200, reason: null, message: error.message };
  const { code, errors } = error as Error & { readonly code?: unknown; readonly errors?: unknown };
  const status = typeof code === 'number' ? code : null;
  return (
    errorBody({ error: { code: status, errors, message: error.message } }) ?? {
      status,
      reason: null,
      message: error.message,
    }
  );
}
