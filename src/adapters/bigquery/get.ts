import { Readable } from 'node:stream';
import type { BigQuery } from '@google-cloud/bigquery';
import { isObject } from '../../metadata/parse.ts';
import { MalformedError } from '../../model/errors.ts';
import type { Deadline, Resource } from '../../model/ports.ts';
import { realTimer, within } from '../../model/within.ts';
import { type ApiFailure, errorBody } from './api-answer.ts';
import type { AnswerReader, Limit } from './large-answers.ts';

export type Query = Readonly<Record<string, string>>;

export interface Get {
  /** Under `projects/…/`. */
  readonly uri: string;
  readonly query: Query;
  readonly timeoutMs: number;
  /** Which BigQuery names in the answer. */
  readonly kind: string;
}

/** The BigQuery client for its sign-in and address, and what its answers are read with. */
export interface Connection {
  readonly client: BigQuery;
  readonly answers: AnswerReader;
  readonly deadline: Pick<Deadline, 'readingMs'>;
}

/**
 * One GET, by the client's own address and sign-in. Its request method cannot be given up, takes over an answer of any
 * depth outside of any promise, and its list methods end the process when an answer is the JSON `null`.
 */
export async function get(
  { client, answers, deadline }: Connection,
  { uri, query, timeoutMs, kind }: Get,
): Promise<Resource> {
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

/**
 * A token is kept until it expires, though it may have been revoked: the next request is to ask for another. The client does this
 * only for tokens without a date: OAuth2Client.requestAsync of google-auth-library.
 */
async function forgetToken({ authClient }: BigQuery): Promise<void> {
  const signedIn = await authClient.getClient();
  signedIn.setCredentials({ ...signedIn.credentials, expiry_date: 1 });
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

export function failureOf(error: unknown): ApiFailure {
  if (error instanceof ApiError) return error.failure;
  // 200 with a body that is no JSON.
  if (error instanceof SyntaxError) return { status: 200, reason: null, message: error.message };
  if (!(error instanceof Error)) return { status: null, reason: null, message: String(error) };
  const { code } = error as Error & { readonly code?: unknown };
  const message =
    typeof code === 'string' && !error.message.includes(code) ? `${code}: ${error.message}` : error.message;
  return { status: null, reason: null, message };
}
