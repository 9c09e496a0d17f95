import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { AuthClient, GoogleAuth } from 'google-auth-library';
import type { Clock } from '../../model/ports.ts';
import { realTimer, within } from '../../model/within.ts';
import { errorReason, reasonOf, unavailable, type Verb } from './bucket-refusal.ts';

/** Cloud Storage takes one write a second of one object: https://docs.cloud.google.com/storage/quotas#objects */
const FIRST_WAIT_MS = 1000;
const MAX_ATTEMPTS = 5;
/** An alert waits for a page, and the next run has another. */
const MAX_PAGE_ATTEMPTS = 2;

/** A bucket, and how it is asked. */
export interface Objects {
  readonly auth: GoogleAuth | AuthClient;
  readonly origin: string;
  readonly bucket: string;
  readonly uri: string;
  readonly holds?: 'state' | 'expected files';
  readonly pathOf: (name: string) => string;
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Once it is aborted nothing more is asked. */
  readonly signal?: AbortSignal | undefined;
}

export interface Question {
  readonly verb: Verb;
  readonly method?: 'DELETE';
  readonly url: string;
  readonly params: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly contentType?: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** As they came: a text has replaced what is no UTF-8. */
  readonly bytes: number;
  /** null: the text says the same. */
  readonly raw: Buffer | null;
  readonly headers: Headers;
}

/** Asks again where that may help: a precondition makes it safe for a write as well. */
export async function ask(objects: Objects, question: Question): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    objects.signal?.throwIfAborted();
    const answer = await askOnce(objects, question).catch((error: unknown) => codeOf(error));
    const isPassing = typeof answer === 'string' || isPassingRefusal(answer);
    if (!isPassing) return answer;
    objects.signal?.throwIfAborted();
    if (attempt === (question.verb === 'publish' ? MAX_PAGE_ATTEMPTS : MAX_ATTEMPTS)) {
      throw unavailable(
        objects,
        question.verb,
        typeof answer === 'string' ? answer : reasonOf(answer, objects),
      );
    }
    await objects.clock.sleep(FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + Math.random() / 2));
  }
}

/** https://docs.cloud.google.com/storage/docs/retry-strategy */
function isPassingRefusal({ status, text }: Answer): boolean {
  if (status === 403) return /^(userR|r)ateLimitExceeded$/.test(errorReason(text) ?? '');
  return status === 408 || status === 429 || status >= 500;
}

async function askOnce(
  objects: Objects,
  { url, params, method, body, contentType }: Question,
): Promise<Answer> {
  const asked = objects.auth.request<ArrayBuffer>({
    url,
    params,
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    ...(body === undefined ? {} : { data: body }),
    headers: contentType === undefined ? {} : { 'content-type': contentType },
    responseType: 'arraybuffer',
    ...(objects.signal === undefined ? {} : { signal: objects.signal }),
    // Also where an answer begins and then hangs.
    timeout: objects.timeoutMs,
    retry: false,
    validateStatus: () => true,
  });
  // Its own time-out does not hold for the sign-in, which may ask a metadata server that never answers.
  const { status, data, headers } = await within(() => asked, {
    ms: 2 * objects.timeoutMs,
    late: () => new Error('no answer in time'),
    after: realTimer,
  });
  const content = Buffer.from(data);
  return {
    status,
    text: content.toString('utf8'),
    bytes: content.length,
    raw: isUtf8(content) ? null : content,
    headers: new Headers(headers),
  };
}

/** https://docs.cloud.google.com/storage/docs/uploading-objects: the metadata, then the content. */
export function multipart({
  metadata,
  type,
  text,
}: {
  readonly metadata: Readonly<Record<string, string>>;
  readonly type: string;
  readonly text: string;
}): Pick<Question, 'body' | 'contentType'> {
  const boundary = randomUUID();
  const part = (partType: string, content: string) =>
    `--${boundary}\r\nContent-Type: ${partType}\r\n\r\n${content}\r\n`;
  const described = part('application/json; charset=utf-8', JSON.stringify(metadata));
  return {
    body: `${described}${part(type, text)}--${boundary}--`,
    contentType: `multipart/related; boundary=${boundary}`,
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code !== undefined ? String(error.code) : error.message.slice(0, 200);
}
