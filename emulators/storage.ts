import { createFaultFinder } from './faults.ts';
import { jsonReply, type RecordedRequest, type Reply, startLocalServer } from './http.ts';
import {
  errorReply,
  faultReply,
  NO_SUCH_BUCKET,
  type StorageError,
  type StorageFault,
  type StorageTarget,
} from './storage-errors.ts';
import { pageOfObjects } from './storage-list.ts';
import { contentReply, objectResource, resourceReply, type StoredObject } from './storage-objects.ts';
import { findFailure, findMalformed, isOfGeneration } from './storage-preconditions.ts';
import { isObjectName, targetOf } from './storage-route.ts';
import { nameInUpload, readUpload } from './storage-upload.ts';

export type { StorageFault, StoredObject };

export interface StorageEmulator {
  url: string;
  /** By "bucket/name". May be changed between requests. */
  objects: Map<string, StoredObject>;
  requests: RecordedRequest[];
  /** May be changed between requests. */
  faults: StorageFault[];
  close(): Promise<void>;
}

/** https://docs.cloud.google.com/storage/docs/objects#immutability */
const MUTATION_INTERVAL_MS = 1000;

/** Comes from Google's front end, before the API, hence not JSON. */
const NO_SUCH_URL: Reply = {
  status: 404,
  body: 'Not Found',
  headers: { 'content-type': 'text/html; charset=UTF-8' },
};

/**
 * Starts a stand-in for one bucket of Cloud Storage's JSON API: objects are written by multipart upload, read, deleted
 * and listed. Text only, and always whole.
 */
export async function startStorageEmulator(options: {
  bucket: string;
  /** The clock that generations are taken from and that writes are paced with. */
  now?: () => Date;
  enforceRate?: boolean;
}): Promise<StorageEmulator> {
  const { bucket, now = () => new Date(), enforceRate = false } = options;
  const objects = new Map<string, StoredObject>();
  const mutatedAt = new Map<string, Date>();
  let latestGeneration = 0n;
  const faults: StorageFault[] = [];
  const findFault = createFaultFinder();

  const server = await startLocalServer((request, body) => {
    const asked = targetOf(request);
    if (asked === undefined) return NO_SUCH_URL;
    const target = asked.name === '' ? { ...asked, name: nameInUpload(body) ?? '' } : asked;
    const fault = findFault(faults, (candidate) => matches(candidate, target))?.answer;
    if (fault !== undefined && fault !== 'accept-then-reset') return faultReply(fault, target);
    const reply = perform(target, request.query, body);
    return fault === undefined ? reply : 'reset';
  });

  function perform(target: StorageTarget, query: Record<string, string>, body: string): Reply {
    const refusal = findRefusal(target, query);
    if (refusal !== undefined) return errorReply(refusal, target);
    const { operation, name } = target;
    if (name === undefined) return list(target, query);
    if (operation === 'write') return write(target, name, body);

    const live = objects.get(keyOf(name));
    if (live === undefined) return errorReply({ status: 404 }, target);
    if (operation === 'read') return target.media ? contentReply(live) : resourceReply(bucket, name, live);
    objects.delete(keyOf(name));
    mutatedAt.set(keyOf(name), now());
    return { status: 204, body: '' };
  }

  /** What the service has against a request before it looks at the body. */
  function findRefusal(target: StorageTarget, query: Record<string, string>): StorageError | undefined {
    const malformed = findMalformed(query);
    if (malformed !== undefined) return { status: 400, message: `Invalid value for ${malformed}.` };
    if (target.bucket !== bucket) return { status: 404, message: NO_SUCH_BUCKET };
    const { operation, name } = target;
    if (name === undefined) return undefined;

    const live = objects.get(keyOf(name));
    if (operation !== 'write' && !isOfGeneration(live, query)) return { status: 404 };
    // Before the conditions: of writers that race for one name, some are seen to get 429 where 412 was due.
    // https://github.com/delta-io/delta-rs/issues/2451
    if (operation !== 'read' && isTooSoon(name)) return { status: 429 };
    const status = findFailure(live, query);
    return status && { status };
  }

  function write(target: StorageTarget, name: string, body: string): Reply {
    const upload = isObjectName(name) ? readUpload(body) : { invalid: `Invalid object name: '${name}'.` };
    if ('invalid' in upload) return errorReply({ status: 400, message: upload.invalid }, target);
    const generation = nextGeneration(objects.get(keyOf(name)));
    const object = { ...upload, generation, updated: now() };
    objects.set(keyOf(name), object);
    mutatedAt.set(keyOf(name), object.updated);
    return resourceReply(bucket, name, object);
  }

  function list(target: StorageTarget, query: Record<string, string>): Reply {
    const listed = new Map(
      [...objects]
        .filter(([key]) => key.startsWith(keyOf('')))
        .map(([key, object]) => [key.slice(keyOf('').length), object]),
    );
    const page = pageOfObjects(listed, query);
    if (page === undefined) return errorReply({ status: 400 }, target);
    const { objects: items, prefixes, nextPageToken } = page;
    return jsonReply(200, {
      kind: 'storage#objects',
      ...(nextPageToken !== undefined && { nextPageToken }),
      ...(prefixes.length > 0 && { prefixes }),
      ...(items.length > 0 && {
        items: items.map(([name, object]) => objectResource(bucket, name, object)),
      }),
    });
  }

  function keyOf(name: string): string {
    return `${bucket}/${name}`;
  }

  function isTooSoon(name: string): boolean {
    const latest = mutatedAt.get(keyOf(name));
    return enforceRate && latest !== undefined && now().getTime() - latest.getTime() < MUTATION_INTERVAL_MS;
  }

  /** Above every generation before, also where the clock stands still and where a test has set one. */
  function nextGeneration(live: StoredObject | undefined): string {
    const micros = BigInt(now().getTime()) * 1000n;
    const above = [latestGeneration, BigInt(live?.generation ?? 0)].map((before) => before + 1n);
    latestGeneration = above.reduce((most, each) => (each > most ? each : most), micros);
    return String(latestGeneration);
  }

  return { url: server.url, objects, requests: server.requests, faults, close: server.close };
}

function matches(fault: StorageFault, { operation, name }: StorageTarget): boolean {
  if (fault.operation !== undefined && fault.operation !== operation) return false;
  if (fault.name === undefined) return true;
  if (name === undefined) return false;
  return typeof fault.name === 'string' ? fault.name === name : fault.name.test(name);
}
