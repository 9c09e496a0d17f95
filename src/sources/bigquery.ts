import { BigQuery } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
import { isObject } from '../diff/parse.ts';
import { MalformedError } from '../model/errors.ts';
import type { Clock, DatasetList, Deadline, ListedTable, Read, Resource, Warehouse } from '../model/ports.ts';
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
/** Many times what 10,000 described fields take: more of it is no table, and would fill the memory. */
const MAX_BYTES = 64 * 1024 * 1024;

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
  const pacers = new Map(METHODS.map((method) => [method, createPacer(pacing)]));
  return (deadline) => openWarehouse(client, createAsker({ pacers, clock, deadline, timeoutMs, failureOf }));
}

function openWarehouse(client: BigQuery, ask: ReturnType<typeof createAsker>): Warehouse {
  /** Asks page by page; a page that fails fails the list, since half a list looks like a dropped rest. */
  async function askPages<Item>(
    { method, rank }: { readonly method: Method; readonly rank: number },
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
        rank,
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
   * One GET, by the client's own address and sign-in. Its request method cannot be given up, takes over an answer of any
   * depth outside of any promise, and its list methods end the process when an answer is the JSON `null`.
   */
  async function get(uri: string, { query, timeoutMs, kind }: Get): Promise<Resource> {
    const given = new AbortController();
    const url = `${client.baseUrl}/projects/${await client.getProjectId()}/${uri}`;
    const answer = client.authClient.request<string>({
      url,
      params: query,
      responseType: 'text',
      signal: given.signal,
      retry: false,
      maxContentLength: MAX_BYTES,
      validateStatus: () => true,
    });
    try {
      const { status, data } = await withTimeout(answer, timeoutMs);
      if (status < 200 || status > 299) throw new ApiError(status, String(data));
      return resourceOf(JSON.parse(String(data)), kind);
    } catch (error) {
      throw isTooLong(error) ? new MalformedError('the answer is longer than 64 MB') : error;
    } finally {
      // A request that is no longer waited for would keep its connection, and the process.
      given.abort();
    }
  }

  return {
    async listDatasets(): Promise<Read<DatasetList>> {
      const read = await askPages(
        { method: 'datasets.list', rank: 0 },
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

    getDataset: (dataset, rank = 0) =>
      ask({
        method: 'datasets.get',
        rank,
        // METADATA needs bigquery.datasets.get alone; the default view may need getIamPolicy too.
        request: (timeoutMs) =>
          get(path('datasets', dataset), {
            query: { datasetView: 'METADATA' },
            timeoutMs,
            kind: 'bigquery#dataset',
          }),
      }),

    async listTables(dataset, rank = 0): Promise<Read<readonly ListedTable[]>> {
      const uri = path('datasets', dataset, 'tables');
      const read = await askPages(
        { method: 'tables.list', rank },
        (query, timeoutMs) => get(uri, { query, timeoutMs, kind: 'bigquery#tableList' }),
        tablePage,
      );
      if (read.status !== 'found') return read;
      const tables = read.value.flatMap((page) => page.items);
      // The least: a table may be created, or dropped, while the pages are read.
      const totals = read.value.flatMap(({ totalItems }) => (totalItems > 0 ? [totalItems] : []));
      const total = totals.length === 0 ? 0 : Math.min(...totals);
      if (tables.length >= total) return { status: 'found', value: tables };
      // A list that leaves tables out would make the newest shard, or all of them, look gone.
      const detail = `tables.list: it lists ${tables.length} of ${total} tables`;
      return { status: 'unreadable', reason: 'malformed', detail };
    },

    getTable: ({ dataset, table }, view, rank = 0) =>
      ask({
        method: 'tables.get',
        rank,
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

/** Announced as its length, or noticed while it arrives: gaxios has no name for either. */
function isTooLong(error: unknown): boolean {
  return error instanceof Error && /over (?:the )?limit/.test(error.message) && !(error instanceof ApiError);
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

/** An answer that is none: its status, and what its body says. */
class ApiError extends Error {
  readonly failure: ApiFailure;

  constructor(status: number, body: string) {
    super(`HTTP ${status}`);
    const said = errorBody(parsed(body));
    this.failure = said === null ? { status, reason: null, message: body } : { ...said, status };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function failureOf(error: unknown): ApiFailure {
  if (error instanceof ApiError) return error.failure;
  // 200 with a body that is no JSON.
  if (error instanceof SyntaxError) return { status: 200, reason: null, message: error.message };
  if (!(error instanceof Error)) return { status: null, reason: null, message: String(error) };
  const { code } = error as Error & { readonly code?: unknown };
  const message =
    typeof code === 'string' && !error.message.includes(code) ? `${code}: ${error.message}` : error.message;
  return { status: null, reason: null, message };
}
