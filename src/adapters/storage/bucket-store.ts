import { isObject } from '../../metadata/parse.ts';
import type { Clock, ObjectStore, PageStore, StoredObject } from '../../model/ports.ts';
import { authLibrary } from '../google-libraries.ts';
import type { Bucket, BucketEntry } from './bucket-folder.ts';
import { errorReason, parsed, reasonOf, unavailable } from './bucket-refusal.ts';
import { type Answer, ask, multipart, type Objects } from './bucket-request.ts';

const ENDPOINT = 'https://storage.googleapis.com';
const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';
const TIMEOUT_MS = 10_000;
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
    auth:
      endpoint === null
        ? new (authLibrary().GoogleAuth)({ scopes: [SCOPE], projectId: '-' })
        : new (authLibrary().PassThroughClient)(),
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

function generationOf(text: string): string | null {
  const resource = parsed(text);
  const generation = isObject(resource) ? resource['generation'] : undefined;
  return typeof generation === 'string' ? generation : null;
}
