import { Readable } from 'node:stream';
import { BigQuery } from '@google-cloud/bigquery';
import { gcpMetadata, PassThroughClient } from 'google-auth-library';
import { isObject } from '../../metadata/parse.ts';
import { MalformedError } from '../../model/errors.ts';
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
import { realTimer, within } from '../../model/within.ts';
import { datasetPage, type Page, tablePage } from './answer-pages.ts';
import { type ApiFailure, errorBody } from './api-answer.ts';
import { anotherTable, assertDataset, matchTable } from './asked-for.ts';
import { type AnswerReader, createAnswerReader, type Limit } from './large-answers.ts';
import { createRateLimiter, type Pacing } from './rate-limiter.ts';
import { createRequester, METHODS, type Method } from './requester.ts';

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

/** The process remembers the question whether there is a metadata server, also while it gets no answer. */
export function forgetSignIn(): void {
  gcpMetadata.resetIsAvailableCache();
}

const PAGE_SIZE = 1000;
/** Of all lists of a run together, five times what one function is meant for: they lie in memory. */
const MAX_LISTED = 500_000;
/** Of one list; where the quota is short BigQuery has been seen to give 50 a page. */
const MAX_PAGES = 10_000;
/** A token stands in the address of the next request, which may have 16 KB: https://docs.cloud.google.com/bigquery/quotas */
const MAX_TOKEN = 16_384;
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
  const pacers = new Map(METHODS.map((method) => [method, createRateLimiter(pacing)]));
  const answers = createAnswerReader();
  return (deadline) => {
    const ask = createRequester({ pacers, clock, deadline, timeoutMs, failureOf });
    return openWarehouse({ client, ask, answers, deadline });
  };
}

function openWarehouse({
  client,
  ask,
  answers,
  deadline,
}: {
  readonly client: BigQuery;
  readonly ask: ReturnType<typeof createRequester>;
  readonly answers: AnswerReader;
  readonly deadline: Pick<Deadline, 'readingMs'>;
}): Warehouse {
  let listed = 0;

  /** Asks page by page; a page that fails fails the list, since half a list looks like a dropped rest. */
  async function askPages<Item>(
    { method, rank }: { readonly method: Method; readonly rank: number },
    request: (query: Query, timeoutMs: number) => Promise<Resource>,
    parse: (answer: Resource) => Page<Item> | Promise<Page<Item>>,
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
      listed += read.value.items.length;
      const problem = tokens.has(nextPageToken)
        ? 'a page names one before it as the next'
        : endlessness({ listed, pages: pages.length, token: nextPageToken });
      if (problem !== null) {
        return { status: 'unreadable', reason: 'malformed', detail: `${method}: ${problem}` };
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
    const request = async () =>
      client.authClient.request<Readable | string | null>({
        url: `${client.baseUrl}/projects/${await client.getProjectId()}/${uri}`,
        params: query,
        responseType: 'stream',
        signal: given.signal,
        retry: false,
        // What another address answers is not BigQuery's.
        redirect: 'manual',
        validateStatus: () => true,
      });
    const inTime: Limit = (part) =>
      within(part, {
        ms: timeoutMs,
        late: () => new Error(`no answer within ${timeoutMs / 1000} s`),
        after: realTimer,
      });
    const answer = async () => {
      const { status, data } = await inTime(request);
      if (status === 401) await forgetToken(client);
      // Where there is no body gaxios has no stream either.
      return answers.read(data instanceof Readable ? data : Readable.from([]), {
        limit: inTime,
        parse(text) {
          if (status !== 200) throw new ApiError(status, text);
          return resourceOf(JSON.parse(text), kind);
        },
      });
    };
    try {
      // An answer that is large waits for others to be read.
      return await within(answer, {
        ms: deadline.readingMs(),
        late: () => new Error('no answer in the time of the run'),
        after: realTimer,
      });
    } finally {
      // A request that is no longer waited for would keep its connection, and the process.
      given.abort();
    }
  }

  const getDataset = (dataset: string, rank = 0): Promise<Read<Resource>> =>
    ask({
      method: 'datasets.get',
      rank,
      request: async (timeoutMs) => {
        const resource = await get(path('datasets', dataset), {
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
      const read = await askPages(
        { method: 'datasets.list', rank: 0 },
        (query, timeoutMs) => get('datasets', { query, timeoutMs, kind: 'bigquery#datasetList' }),
        async (answer) => datasetPage(answer, await client.getProjectId()),
      );
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
      const read = await askPages(
        { method: 'tables.list', rank },
        (query, timeoutMs) => get(uri, { query, timeoutMs, kind: 'bigquery#tableList' }),
        (answer) => tablePage(answer, dataset),
      );
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
          const resource = await get(path('datasets', id.dataset, 'tables', id.table), {
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

/**
 * A token is kept until it expires, though it may have been revoked: the next request is to ask for another. The client does this
 * only for tokens without a date: OAuth2Client.requestAsync of google-auth-library.
 */
async function forgetToken({ authClient }: BigQuery): Promise<void> {
  const signedIn = await authClient.getClient();
  signedIn.setCredentials({ ...signedIn.credentials, expiry_date: 1 });
}

/** Why a list is given up, although it has another page; null: it goes on. */
function endlessness({
  listed,
  pages,
  token,
}: {
  readonly listed: number;
  readonly pages: number;
  readonly token: string;
}): string | null {
  if (listed >= MAX_LISTED) {
    return `this run's lists have more than ${MAX_LISTED.toLocaleString('en-US')} entries, and no end`;
  }
  if (pages >= MAX_PAGES) return `the list has no end: page ${pages} names another one`;
  return token.length > MAX_TOKEN ? 'a page names the next one by a text of more than 16 KB' : null;
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

type Query = Readonly<Record<string, string>>;

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
