import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { type AuthClient, GoogleAuth, PassThroughClient } from 'google-auth-library';
import { isObject } from '../../metadata/parse.ts';
import { DriftError } from '../../model/errors.ts';
import type { Clock, ObjectStore, PageStore, StoredObject } from '../../model/ports.ts';
import { realTimer, within } from '../../model/within.ts';
import { printable, shortened } from '../../words/printable.ts';
import type { Bucket, BucketEntry } from './bucket-folder.ts';

const ENDPOINT = 'https://storage.googleapis.com';
const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';
const TIMEOUT_MS = 10_000;
/** Cloud Storage takes one write a second of one object: https://docs.cloud.google.com/storage/quotas#objects */
const FIRST_WAIT_MS = 1000;
const MAX_ATTEMPTS = 5;
/** Slack waits for a page, and the next run has another. */
const MAX_PAGE_ATTEMPTS = 2;
/** Ten times what one function is meant for; a page has up to 1,000 objects, and may have none. */
const MAX_ENTRIES = 200_000;
const MAX_PAGES = 2000;

/**
 * Objects of a Cloud Storage bucket, beneath a prefix, by the JSON API and Google's own sign-in. Its client library has no
 * working time-out, and deletes what it has uploaded, without a precondition, when the answer looks wrong.
 * https://docs.cloud.google.com/storage/docs/request-preconditions
 */
export function createBucketStore(options: {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** `http://host:port` of a stand-in. */
  readonly endpoint: string | null;
  /** What an error names. */
  readonly holds?: 'state' | 'expected files';
  readonly clock: Pick<Clock, 'sleep'>;
  readonly timeoutMs?: number;
}): ObjectStore & PageStore & Bucket {
  const { bucket, prefix, endpoint } = options;
  const uri = `gs://${[bucket, ...(prefix === '' ? [] : [prefix])].join('/')}`;
  const objects: Objects = {
    ...options,
    uri,
    origin: endpoint ?? ENDPOINT,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    // Without a project the library starts gcloud to look for one, and does not wait for its end.
    auth: endpoint === null ? new GoogleAuth({ scopes: [SCOPE], projectId: '-' }) : new PassThroughClient(),
    pathOf: (name) => (prefix === '' ? name : `${prefix}/${name}`),
  };
  return {
    uri,
    read: (name, signal) => readObject({ ...objects, signal }, name),
    write: (name, text, generation, signal) =>
      writeObject({ ...objects, signal }, name, { text, generation }),
    publish: (name, page, signal) => publishPage({ ...objects, signal }, name, page),
    list: async (prefix, signal) =>
      (await listObjects({ ...objects, signal }, prefix)).map(({ name }) => name),
    listSizes: (prefix, signal) => listObjects({ ...objects, signal }, prefix),
    remove: (name, signal) => removeObject({ ...objects, signal }, name),
  };
}

interface Objects {
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

async function readObject(
  objects: Objects,
  name: string,
  { isFirst } = { isFirst: true },
): Promise<StoredObject | null> {
  const url = `${objects.origin}/storage/v1/b/${objects.bucket}/o/${encodeURIComponent(objects.pathOf(name))}`;
  const answer = await ask(objects, { verb: 'read', url, params: { alt: 'media' } });
  const generation = answer.headers.get('x-goog-generation');
  if (answer.status === 200 && generation !== null) {
    const { text, raw } = answer;
    if (isWhole(answer)) return { text, ...(raw === null ? {} : { bytes: raw }), generation };
    throw unavailable(objects, 'read', 'the answer is cut off');
  }
  // Content comes with errors in plain text, and a proxy says 404 as well: the metadata have Cloud Storage's own word for it.
  const isUnclear = answer.status === 404 || (answer.status === 403 && errorReason(answer.text) === null);
  if (!isUnclear) throw unavailable(objects, 'read', reasonOf(answer, objects));
  const metadata = await ask(objects, { verb: 'read', url, params: {} });
  if (metadata.status === 404 && errorReason(metadata.text) === 'notFound') return null;
  // It came into being between the two, or may be read by now.
  const isThere = metadata.status === 200 && generationOf(metadata.text) !== null;
  if (isThere && isFirst) return readObject(objects, name, { isFirst: false });
  throw unavailable(objects, 'read', reasonOf(isThere ? answer : metadata, objects));
}

/**
 * A proxy that closes the connection early leaves a part. What is stored compressed arrives longer than it is stored:
 * https://docs.cloud.google.com/storage/docs/xml-api/reference-headers#xgoogstoredcontentlength
 */
function isWhole({ bytes, headers }: Answer): boolean {
  const length = headers.get('x-goog-stored-content-length');
  const isAsStored = (headers.get('x-goog-stored-content-encoding') ?? 'identity') === 'identity';
  return length === null || !isAsStored || Number(length) === bytes;
}

async function writeObject(
  objects: Objects,
  name: string,
  { text, generation }: { readonly text: string; readonly generation: string | null },
): Promise<string | null> {
  const answer = await ask(objects, {
    verb: 'write',
    url: `${objects.origin}/upload/storage/v1/b/${objects.bucket}/o`,
    params: { uploadType: 'multipart', name: objects.pathOf(name), ifGenerationMatch: generation ?? '0' },
    ...multipart({ metadata: { cacheControl: 'no-store' }, type: 'application/json; charset=utf-8', text }),
  });
  if (answer.status === 200) {
    const written = generationOf(answer.text);
    if (written !== null) return written;
    throw unavailable(objects, 'write', 'an answer that names no generation');
  }
  if (!isLostCondition(answer)) throw unavailable(objects, 'write', reasonOf(answer, objects));
  // An answer that was lost on its way: what stands there is then what was to be written.
  const found = await readObject(objects, name);
  return found?.text === text ? found.generation : null;
}

/**
 * An organization policy refuses with 412 as well: https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes. Taken
 * for somebody else's lease it would stop every run, and nobody would hear why.
 */
function isLostCondition({ status, text }: Answer): boolean {
  return status === 412 && errorReason(text) === 'conditionNotMet';
}

/** One upload, which replaces what is there, or does not. */
async function publishPage(objects: Objects, name: string, page: string): Promise<void> {
  const answer = await ask(objects, {
    verb: 'publish',
    url: `${objects.origin}/upload/storage/v1/b/${objects.bucket}/o`,
    params: { uploadType: 'multipart', name: objects.pathOf(name) },
    // Asked for anew each time: the newest page keeps its name.
    ...multipart({ metadata: { cacheControl: 'no-cache' }, type: 'text/html; charset=utf-8', text: page }),
  });
  if (answer.status !== 200) throw unavailable(objects, 'publish', reasonOf(answer, objects));
}

async function listObjects(objects: Objects, prefix: string): Promise<readonly BucketEntry[]> {
  const entries: BucketEntry[] = [];
  const tokens = new Set<string>();
  let pageToken: string | null = null;
  do {
    const answer = await ask(objects, {
      verb: 'list',
      url: `${objects.origin}/storage/v1/b/${objects.bucket}/o`,
      params: {
        prefix: objects.pathOf(prefix),
        fields: 'items(name,size),nextPageToken',
        ...(pageToken === null ? {} : { pageToken }),
      },
    });
    const page = answer.status === 200 ? parseList(answer.text) : null;
    if (page === null) throw unavailable(objects, 'list', reasonOf(answer, objects));
    entries.push(...page.entries);
    pageToken = page.nextPageToken;
    if (pageToken === null) break;
    if (tokens.has(pageToken)) {
      throw unavailable(objects, 'list', 'a page of the list names one before it as the next');
    }
    tokens.add(pageToken);
    if (tokens.size >= MAX_PAGES || entries.length > MAX_ENTRIES) {
      const counted = `${entries.length.toLocaleString('en-US')} objects on ${tokens.size} pages`;
      throw unavailable(objects, 'list', `the list has no end: after ${counted} there is another page`);
    }
  } while (pageToken !== null);
  return entries.map(({ name, bytes }) => ({ name: name.slice(objects.pathOf('').length), bytes }));
}

/** null: no list. */
function parseList(
  text: string,
): { readonly entries: readonly BucketEntry[]; readonly nextPageToken: string | null } | null {
  try {
    const { items = [], nextPageToken } = JSON.parse(text) as {
      readonly items?: readonly { readonly name: string; readonly size: string }[];
      readonly nextPageToken?: string;
    };
    return {
      entries: items.map(({ name, size }) => ({ name, bytes: Number(size) })),
      nextPageToken: nextPageToken === undefined || nextPageToken === '' ? null : String(nextPageToken),
    };
  } catch {
    return null;
  }
}

async function removeObject(objects: Objects, name: string): Promise<void> {
  const path = encodeURIComponent(objects.pathOf(name));
  const answer = await ask(objects, {
    verb: 'remove',
    method: 'DELETE',
    url: `${objects.origin}/storage/v1/b/${objects.bucket}/o/${path}`,
    params: {},
  });
  const isGone = answer.status === 204 || answer.status === 200 || answer.status === 404;
  if (!isGone) throw unavailable(objects, 'remove', reasonOf(answer, objects));
}

/** https://docs.cloud.google.com/storage/docs/uploading-objects: the metadata, then the content. */
function multipart({
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

type Verb = 'read' | 'write' | 'publish' | 'list' | 'remove';

interface Question {
  readonly verb: Verb;
  readonly method?: 'DELETE';
  readonly url: string;
  readonly params: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly contentType?: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  /** As they came: a text has replaced what is no UTF-8. */
  readonly bytes: number;
  /** null: the text says the same. */
  readonly raw: Buffer | null;
  readonly headers: Headers;
}

/** Asks again where that may help: a precondition makes it safe for a write as well. */
async function ask(objects: Objects, question: Question): Promise<Answer> {
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

/** `errors[0].reason` of an error's body; null where it has none. */
function errorReason(text: string): string | null {
  const errors = errorOf(text)?.['errors'];
  const first = Array.isArray(errors) ? errors[0] : undefined;
  return isObject(first) && typeof first['reason'] === 'string' ? first['reason'] : null;
}

function errorOf(text: string): Readonly<Record<string, unknown>> | null {
  const body = parsed(text);
  const error = isObject(body) ? body['error'] : undefined;
  return isObject(error) ? error : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
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

function generationOf(text: string): string | null {
  const resource = parsed(text);
  const generation = isObject(resource) ? resource['generation'] : undefined;
  return typeof generation === 'string' ? generation : null;
}

function unavailable({ uri, holds }: Objects, verb: Verb, reason: string): DriftError {
  if (holds === 'expected files') return new DriftError('StateUnavailable', `cannot ${verb} them: ${reason}`);
  return verb === 'read' || verb === 'write'
    ? new DriftError('StateUnavailable', `cannot ${verb} the state in ${uri}: ${reason}`)
    : new DriftError('SinkRejected', `cannot ${verb} the report pages in ${uri}: ${reason}`);
}

const READING = 'storage.objects.get and storage.objects.list';
const KEEPING =
  'storage.objects.get, storage.objects.list, storage.objects.create and storage.objects.delete';

interface Refusal {
  readonly status: number;
  readonly reason: string | null;
  readonly sentence: string | null;
}

/** What to do, where it is known; Google's own sentence says the rest. */
function remedyFor(refusal: Refusal, { holds }: Pick<Objects, 'holds'>): string | undefined {
  const needed = holds === 'expected files' ? READING : KEEPING;
  switch (refusal.status) {
    case 401:
      return "the credentials are not accepted; see the service account's key or identity";
    case 403:
      // What is granted already would be granted again for the other refusals: a retention policy, a perimeter, an unpaid bill.
      return isMissingGrant(refusal)
        ? `the monitor's account may not use the bucket: grant it ${needed} there`
        : REMEDY_OF_REASON[refusal.reason ?? ''];
    case 404:
      // A proxy says 404 as well.
      return refusal.reason === null ? undefined : 'there is no such bucket';
    default:
      return undefined;
  }
}

/** https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes#403-forbidden */
const REMEDY_OF_REASON: Readonly<Record<string, string>> = {
  retentionPolicyNotMet:
    'the bucket keeps objects from being replaced; the monitor needs one without a retention policy',
  objectUnderActiveHold: 'a hold keeps the object from being replaced: release it',
};

function isMissingGrant({ reason, sentence }: Refusal): boolean {
  return reason === 'forbidden' && /does not have storage\./.test(sentence ?? '');
}

function reasonOf({ status, text }: Answer, objects: Pick<Objects, 'holds'>): string {
  if (status < 300) return `HTTP ${status}, but an answer that is not Cloud Storage's`;
  const refusal = { status, reason: errorReason(text), sentence: sentenceOf(text) };
  const remedy = remedyFor(refusal, objects);
  const known = `HTTP ${status}${remedy === undefined ? '' : `: ${remedy}`}`;
  if (refusal.sentence === null) return known;
  return refusal.reason === null
    ? `${known}; the answer was: ${refusal.sentence}`
    : `${known}; Cloud Storage says: ${refusal.sentence} (${refusal.reason})`;
}

const MAX_SENTENCE = 200;

/** Google's own words, which come with content in plain text; null where there are none, as on a proxy's page. */
function sentenceOf(text: string): string | null {
  const message = errorOf(text)?.['message'] ?? (/[<{]/.test(text) ? null : text);
  if (typeof message !== 'string' || message.trim() === '') return null;
  return shortened(printable(message.trim()), MAX_SENTENCE);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code !== undefined ? String(error.code) : error.message.slice(0, 200);
}
