import { once } from 'node:events';
import { access, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type PlayedClock, playedClock } from '../../../emulators/clock.ts';
import { type StorageFault, startStorageEmulator } from '../../../emulators/storage.ts';
import { createBucketStore } from '../../../src/adapters/storage/bucket-store.ts';
import { DriftError } from '../../../src/model/errors.ts';
import type { ObjectStore } from '../../../src/model/ports.ts';
import { openExpectedFolder } from '../../../src/wiring.ts';
import { writeFolder } from '../../support/folder.ts';
import { behavesAsObjectStore } from '../../support/object-store.ts';

const START = '2026-03-02T08:00:00.000Z';
/** The generations of the first two writes at that moment. */
const FIRST = '1772438400000000';
const SECOND = '1772438400000001';

type Options = Partial<Parameters<typeof createBucketStore>[0]> &
  Omit<Parameters<typeof startStorageEmulator>[0], 'bucket'>;

/** A bucket of its own for the test that runs. */
async function start({ enforceRate = false, now, ...options }: Options = {}) {
  const clock = playedClock(START);
  const storage = await startStorageEmulator({ bucket: 'state', now: now ?? clock.now, enforceRate });
  onTestFinished(() => storage.close());
  const open = (others: Options = {}): ObjectStore =>
    createBucketStore({
      bucket: 'state',
      prefix: 'prod',
      endpoint: storage.url,
      clock,
      ...options,
      ...others,
    });
  return { clock, storage, open, store: open() };
}

/** Each wait is up to half as long again as the one it is named by, so that two who are refused at once part. */
function expectWaits({ waits }: PlayedClock, seconds: readonly number[]): void {
  const longer = waits.map((ms, index) => ms / 1000 / (seconds[index] ?? Number.NaN));
  expect({
    count: waits.length,
    wrong: longer.filter((factor) => !(factor >= 1 && factor <= 1.5)),
  }).toEqual({ count: seconds.length, wrong: [] });
}

const INTERNAL = 'We encountered an internal error. Please try again.';
const NO_BUCKET =
  'HTTP 404: there is no such bucket; Cloud Storage says: The specified bucket does not exist. (notFound)';

function lacking(permission: string): string {
  return `The caller does not have ${permission} access to the Google Cloud Storage object. Permission '${permission}' denied on resource (or it may not exist).`;
}

/** Beside a missing grant: https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes */
const OTHER_REFUSALS = [
  {
    status: 403,
    reason: 'retentionPolicyNotMet',
    message: `Object 'state/prod/state.json' is subject to bucket's retention policy or object retention and cannot be deleted or overwritten until 2026-03-09T08:17:00Z`,
    remedy:
      ': the bucket keeps objects from being replaced; the monitor needs one without a retention policy',
  },
  {
    status: 403,
    reason: 'objectUnderActiveHold',
    message: `Object 'state/prod/state.json' is under active Temporary hold and cannot be deleted, overwritten or archived until hold is removed.`,
    remedy: ': a hold keeps the object from being replaced: release it',
  },
  {
    status: 403,
    reason: 'vpcServiceControls',
    message: `Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: 4ZKd9`,
    remedy: '',
  },
  {
    status: 403,
    reason: 'accountDisabled',
    message: 'The billing account for the owning project is disabled in state closed',
    remedy: '',
  },
  {
    status: 400,
    reason: 'cloudKmsDisabledKey',
    message: 'The Cloud KMS key is disabled: projects/p/locations/eu/keyRings/r/cryptoKeys/k',
    remedy: '',
  },
  {
    status: 412,
    reason: 'orgPolicyConstraintFailed',
    message: `Request violates constraint 'constraints/gcp.resourceLocations'`,
    remedy: '',
  },
] as const;

const unavailable = (message: string) => new DriftError('StateUnavailable', message);

describe('a bucket', () => {
  behavesAsObjectStore(async () => (await start()).store);

  test.each([
    { bucket: 'state', prefix: '', uri: 'gs://state' },
    { bucket: 'state', prefix: 'prod/eu', uri: 'gs://state/prod/eu' },
  ])('is named $uri', async ({ bucket, prefix, uri }) => {
    const { open } = await start();
    expect(open({ bucket, prefix }).uri).toBe(uri);
  });

  test.each([
    { prefix: '', name: 'state.json', key: 'state/state.json' },
    { prefix: 'prod', name: 'state.json', key: 'state/prod/state.json' },
    { prefix: 'prod/eu', name: 'state.json', key: 'state/prod/eu/state.json' },
    { prefix: 'a b+c', name: '100%.json', key: 'state/a b+c/100%.json' },
    { prefix: '?x=1&alt=json#y', name: 'a;b@c:d.json', key: 'state/?x=1&alt=json#y/a;b@c:d.json' },
    { prefix: '%2e%2E/..', name: 'état 😀.json', key: 'state/%2e%2E/../état 😀.json' },
    { prefix: `"'\\<>`, name: '[*].json', key: `state/"'\\<>/[*].json` },
  ])('keeps $name beneath the prefix "$prefix"', async ({ prefix, name, key }) => {
    const { open, storage } = await start();
    const store = open({ prefix });
    const generation = await store.write(name, 'text', null);
    expect([...storage.objects.keys()]).toEqual([key]);
    expect(await store.read(name)).toEqual({ text: 'text', generation });
  });

  test('keeps JSON that no cache may hold on to', async () => {
    const { storage, store } = await start();
    await store.write('state.json', '{"name":"é"}\n', null);
    expect(Object.fromEntries(storage.objects)).toEqual({
      'state/prod/state.json': {
        text: '{"name":"é"}\n',
        contentType: 'application/json; charset=utf-8',
        cacheControl: 'no-store',
        generation: FIRST,
        updated: new Date(START),
      },
    });
  });

  test('takes one write a second of one object: the next one waits for it', async () => {
    const { clock, storage, store } = await start({ enforceRate: true });
    const first = await store.write('state.json', 'first', null);
    const second = await store.write('state.json', 'second', first);
    const third = await store.write('state.json', 'third', second);
    expect(await store.read('state.json')).toEqual({ text: 'third', generation: third });
    expectWaits(clock, [1, 1]);
    expect(storage.requests.map(({ method }) => method)).toEqual([
      'POST',
      'POST',
      'POST',
      'POST',
      'POST',
      'GET',
    ]);
  });
});

/** How too many requests may be refused: https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes */
function limitOf(reason: string) {
  return { status: 403, body: JSON.stringify({ error: { code: 403, errors: [{ reason }] } }) };
}

const page = { status: 200, body: '<html>Sign in</html>', contentType: 'text/html' };
const PASSING: readonly { readonly name: string; readonly answer: StorageFault['answer'] }[] = [
  { name: 'HTTP 403 for the rate', answer: limitOf('rateLimitExceeded') },
  { name: "HTTP 403 for one user's rate", answer: limitOf('userRateLimitExceeded') },
  { name: 'HTTP 408', answer: { status: 408 } },
  { name: 'HTTP 429', answer: { status: 429 } },
  { name: 'HTTP 500', answer: { status: 500 } },
  { name: 'HTTP 502', answer: { status: 502, body: '<html>', contentType: 'text/html' } },
  { name: 'HTTP 503', answer: { status: 503 } },
  { name: 'HTTP 504', answer: { status: 504 } },
  { name: 'a connection that is reset', answer: 'reset' },
];

describe('what passes', () => {
  test.each(PASSING)('is outlasted by a write: $name', async ({ answer }) => {
    const { clock, storage, store } = await start();
    storage.faults.push({ times: 4, answer });
    expect(await store.write('state.json', 'text', null)).toBe(
      storage.objects.get('state/prod/state.json')?.generation,
    );
    expect(storage.requests).toHaveLength(5);
    expectWaits(clock, [1, 2, 4, 8]);
  });

  test.each(PASSING)('is outlasted by a read: $name', async ({ answer }) => {
    const { clock, storage, store } = await start();
    await store.write('state.json', 'text', null);
    storage.faults.push({ operation: 'read', times: 4, answer });
    expect(await store.read('state.json')).toEqual({ text: 'text', generation: FIRST });
    expect(storage.requests).toHaveLength(6);
    expectWaits(clock, [1, 2, 4, 8]);
  });

  // A slow machine may need more attempts than one: each that is cut off changes nothing.
  test('is outlasted where no answer comes in time', async () => {
    const { clock, storage, store } = await start({ timeoutMs: 200 });
    storage.faults.push(
      { operation: 'write', times: 1, answer: 'hang' },
      { operation: 'read', times: 1, answer: 'hang' },
    );
    const generation = await store.write('state.json', 'text', null);
    const waitsOfWrite = clock.waits.length;
    expect(await store.read('state.json')).toEqual({ text: 'text', generation });
    expect([waitsOfWrite > 0, clock.waits.length > waitsOfWrite]).toEqual([true, true]);
  });

  test('is outlasted where an answer begins in time and does not end', async () => {
    const { clock, open } = await start();
    const url = await serve((_, response) => {
      response.writeHead(200, { 'x-goog-generation': '7', 'content-length': '4' });
      // What was waited for once is the whole text the second time.
      if (clock.waits.length > 0) response.end('text');
      else response.write('te');
    });
    const store = open({ endpoint: url, timeoutMs: 200 });
    expect(await store.read('state.json')).toEqual({ text: 'text', generation: '7' });
  });

  test('is outlasted where the object comes into being between the two looks at it', async () => {
    const { storage, store } = await start();
    await store.write('state.json', 'text', null);
    storage.faults.push({ operation: 'read', times: 1, answer: { status: 404 } });
    expect(await store.read('state.json')).toEqual({ text: 'text', generation: FIRST });
  });
});

/** A server of its own for the test that runs. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
}

describe('what lasts', () => {
  test.each<{
    readonly name: string;
    readonly answer: StorageFault['answer'];
    readonly reason: string;
    readonly writing?: string;
    readonly timeoutMs?: number;
  }>([
    {
      name: 'HTTP 429',
      answer: { status: 429, message: 'Slow down.' },
      // The content's error is plain text.
      reason: 'HTTP 429; the answer was: Slow down.',
      writing: 'HTTP 429; Cloud Storage says: Slow down. (rateLimitExceeded)',
    },
    {
      name: 'HTTP 503',
      answer: { status: 503 },
      reason: `HTTP 503; the answer was: ${INTERNAL}`,
      writing: `HTTP 503; Cloud Storage says: ${INTERNAL} (backendError)`,
    },
    { name: 'a connection that is reset', answer: 'reset', reason: 'ECONNRESET' },
    { name: 'that no answer comes', answer: 'hang', reason: 'TimeoutError', timeoutMs: 20 },
  ])('is told after five attempts: $name', async ({ answer, reason, writing = reason, ...options }) => {
    const { clock, storage, store } = await start(options);
    storage.faults.push({ answer });
    await expect(store.read('state.json')).rejects.toEqual(
      unavailable(`cannot read the state in gs://state/prod: ${reason}`),
    );
    await expect(store.write('state.json', 'text', null)).rejects.toEqual(
      unavailable(`cannot write the state in gs://state/prod: ${writing}`),
    );
    expectWaits(clock, [1, 2, 4, 8, 1, 2, 4, 8]);
  });

  test('is told after five attempts: that nobody listens', async () => {
    const { clock, storage, store } = await start();
    await storage.close();
    await expect(store.read('state.json')).rejects.toEqual(
      unavailable('cannot read the state in gs://state/prod: ECONNREFUSED'),
    );
    expectWaits(clock, [1, 2, 4, 8]);
  });

  test.each([
    {
      status: 401,
      remedy: "the credentials are not accepted; see the service account's key or identity",
      reading: 'the answer was: Invalid Credentials',
      writing: 'Cloud Storage says: Invalid Credentials (authError)',
      requests: 2,
    },
    {
      status: 403,
      remedy:
        "the monitor's account may not use the bucket: grant it storage.objects.get, storage.objects.list, storage.objects.create and storage.objects.delete there",
      reading: `Cloud Storage says: ${lacking('storage.objects.get')} (forbidden)`,
      writing: `Cloud Storage says: ${lacking('storage.objects.create')} (forbidden)`,
      // The content's error is plain text: the metadata say why.
      requests: 3,
    },
  ])('is told at once, with what to do: HTTP $status', async (row) => {
    const { status, remedy, reading, writing, requests } = row;
    const { clock, storage, store } = await start();
    storage.faults.push({ answer: { status } });
    await expect(store.read('state.json')).rejects.toEqual(
      unavailable(`cannot read the state in gs://state/prod: HTTP ${status}: ${remedy}; ${reading}`),
    );
    await expect(store.write('state.json', 'text', null)).rejects.toEqual(
      unavailable(`cannot write the state in gs://state/prod: HTTP ${status}: ${remedy}; ${writing}`),
    );
    expect({ requests: storage.requests.length, waits: clock.waits }).toEqual({ requests, waits: [] });
  });

  test('is told at once by a write, with what to do: no such bucket', async () => {
    const { clock, open } = await start();
    const store = open({ bucket: 'elsewhere' });
    await expect(store.write('state.json', 'text', null)).rejects.toEqual(
      unavailable(`cannot write the state in gs://elsewhere/prod: ${NO_BUCKET}`),
    );
    expect(clock.waits).toEqual([]);
  });

  test.each(OTHER_REFUSALS)(
    'is told in the words of Cloud Storage, without a grant that is there: $reason',
    async (row) => {
      const { status, reason, message, remedy } = row;
      const { clock, storage, store } = await start();
      storage.faults.push({ answer: { status, reason, message } });
      await expect(store.write('state.json', 'text', null)).rejects.toEqual(
        unavailable(
          `cannot write the state in gs://state/prod: HTTP ${status}${remedy}; Cloud Storage says: ${message} (${reason})`,
        ),
      );
      // Of content it comes without the reason, in plain text.
      await expect(store.read('state.json')).rejects.toMatchObject({
        message: expect.stringContaining(message),
      });
      expect(clock.waits).toEqual([]);
    },
  );

  test('is told in 200 printable characters of the sentence', async () => {
    const { storage, store } = await start();
    storage.faults.push({ answer: { status: 403, message: `\u001b[2J${'x'.repeat(300)}` } });
    await expect(store.write('state.json', 'text', null)).rejects.toEqual(
      unavailable(
        `cannot write the state in gs://state/prod: HTTP 403; Cloud Storage says: \uFFFD[2J${'x'.repeat(195)}… (forbidden)`,
      ),
    );
  });

  test('is told without what a proxy wrote on its page', async () => {
    const { storage, store } = await start();
    const secret = 'ya29.tokentokentoken';
    storage.faults.push({
      answer: { status: 403, body: `<html>${secret}</html>`, contentType: 'text/html' },
    });
    const errors = await Promise.all(
      [store.read('state.json'), store.write('state.json', 'text', null)].map((call) =>
        call.catch((error: unknown) => inspect(error, { depth: 10, showHidden: true })),
      ),
    );
    expect(errors).toEqual([expect.stringContaining('HTTP 403'), expect.stringContaining('HTTP 403')]);
    expect(errors.join('\n')).not.toContain(secret);
  });
});

describe('an answer that is not of Cloud Storage', () => {
  test('does not say that there is none, nor that there is no bucket: a page with HTTP 404', async () => {
    const { storage, store } = await start();
    storage.faults.push({ answer: { ...page, status: 404 } });
    await expect(store.read('state.json')).rejects.toEqual(
      unavailable('cannot read the state in gs://state/prod: HTTP 404'),
    );
    await expect(store.write('state.json', 'text', null)).rejects.toEqual(
      unavailable('cannot write the state in gs://state/prod: HTTP 404'),
    );
  });

  test('is not believed that finds nothing where its metadata are, time after time', async () => {
    const { storage, store } = await start();
    await store.write('state.json', 'text', null);
    storage.faults.push(
      { operation: 'read', times: 1, answer: { status: 404 } },
      { operation: 'read', skip: 1, times: 1, answer: { status: 404 } },
    );
    await expect(store.read('state.json')).rejects.toMatchObject({ code: 'StateUnavailable' });
  });

  test.each([
    { name: 'the half', body: '{"version":1,"na', bytes: 32 },
    { name: 'nothing', body: '', bytes: 32 },
    { name: 'as many letters, but not as many bytes', body: '{"a":"e"}', bytes: 10 },
  ])('is no text where $name of what is stored arrived', async ({ body, bytes }) => {
    const { open } = await start();
    const endpoint = await serve((_, response) => {
      response.writeHead(200, { 'x-goog-generation': '7', 'x-goog-stored-content-length': String(bytes) });
      response.end(body);
    });
    await expect(open({ endpoint }).read('state.json')).rejects.toEqual(
      unavailable('cannot read the state in gs://state/prod: the answer is cut off'),
    );
  });

  test.each([
    {
      name: 'that is no UTF-8',
      stored: Buffer.from([0x7b, 0xff, 0xfe, 0x80, 0x7d]),
      text: '{\uFFFD\uFFFD\uFFFD}',
    },
    { name: 'that begins with a mark of its byte order', stored: Buffer.from('\uFEFF{}'), text: '\uFEFF{}' },
    { name: 'that is stored compressed', stored: gzipSync('{"version":1}'), text: '{"version":1}' },
  ])('has all of what is stored, also of what $name', async ({ name, stored, text }) => {
    const { open } = await start();
    const isCompressed = name === 'that is stored compressed';
    const endpoint = await serve((_, response) => {
      response.writeHead(200, {
        'x-goog-generation': '7',
        'x-goog-stored-content-length': String(stored.length),
        'x-goog-stored-content-encoding': isCompressed ? 'gzip' : 'identity',
        ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
      });
      response.end(stored);
    });
    expect(await open({ endpoint }).read('state.json')).toEqual({
      text,
      // What the text does not say.
      ...(name === 'that is no UTF-8' ? { bytes: stored } : {}),
      generation: '7',
    });
  });

  test.each([
    { name: 'a page', answer: page },
    { name: 'nothing', answer: { status: 200, body: '' } },
    { name: 'JSON without a generation', answer: { status: 200, body: '{}' } },
    { name: 'null', answer: { status: 200, body: 'null' } },
  ])('is neither a text nor a write that was done: $name', async ({ answer }) => {
    const { storage, store } = await start();
    await store.write('state.json', 'text', null);
    storage.faults.push({ answer });
    await expect(store.read('state.json')).rejects.toMatchObject({ code: 'StateUnavailable' });
    await expect(store.write('state.json', 'next', FIRST)).rejects.toMatchObject({
      code: 'StateUnavailable',
    });
    expect(storage.objects.get('state/prod/state.json')?.text).toBe('text');
    expect(storage.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST']);
  });
});

describe('an answer that is lost after the text was stored', () => {
  test('counts as written, and nothing is written twice', async () => {
    const { storage, store } = await start({ now: () => new Date(START) });
    storage.faults.push({ operation: 'write', times: 1, answer: 'accept-then-reset' });
    expect(await store.write('state.json', 'first', null)).toBe(FIRST);
    storage.faults.push({ operation: 'write', times: 1, answer: 'accept-then-reset' });
    expect(await store.write('state.json', 'second', FIRST)).toBe(SECOND);
    // The generation says how often it was stored.
    expect(storage.objects.get('state/prod/state.json')).toMatchObject({
      text: 'second',
      generation: SECOND,
    });
  });

  test('counts as written where attempt after attempt is lost', async () => {
    const { storage, store } = await start();
    storage.faults.push({ operation: 'write', times: 4, answer: 'accept-then-reset' });
    expect(await store.write('state.json', 'text', null)).toBe(FIRST);
  });

  test('is not known where it cannot be read either', async () => {
    const { storage, store } = await start();
    storage.faults.push(
      { operation: 'write', times: 1, answer: 'accept-then-reset' },
      { operation: 'read', answer: { status: 403 } },
    );
    await expect(store.write('state.json', 'text', null)).rejects.toMatchObject({ code: 'StateUnavailable' });
  });

  test('is that of another writer where he has written since', async () => {
    const { open, storage } = await start();
    const other = open();
    const store = open({
      clock: {
        sleep: async () => {
          await other.write('state.json', 'of the other', FIRST);
        },
      },
    });
    storage.faults.push({ operation: 'write', times: 1, answer: 'accept-then-reset' });
    expect(await store.write('state.json', 'mine', null)).toBeNull();
    expect(await store.read('state.json')).toEqual({ text: 'of the other', generation: SECOND });
  });

  test('is that of another writer where nothing of the first was stored', async () => {
    const { open, storage } = await start();
    const other = open();
    const store = open({
      clock: {
        sleep: async () => {
          await other.write('state.json', 'of the other', null);
        },
      },
    });
    storage.faults.push({ operation: 'write', times: 1, answer: 'reset' });
    expect(await store.write('state.json', 'mine', null)).toBeNull();
    expect(await store.read('state.json')).toEqual({ text: 'of the other', generation: FIRST });
  });
});

describe('a sign-in', () => {
  test('that never answers is given up', async () => {
    const { clock, open } = await start();
    const metadata = await serve(() => {});
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined);
    // Where gcloud keeps credentials of its own.
    const home = await writeFolder({});
    vi.stubEnv('HOME', home);
    const started = join(home, 'started');
    await writeFile(join(home, 'gcloud'), `#!/bin/sh\n: > ${started}\n`, { mode: 0o755 });
    vi.stubEnv('PATH', `${home}:${process.env['PATH']}`);
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
    vi.stubEnv('GCE_METADATA_HOST', new URL(metadata).host);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const store = open({ endpoint: null, timeoutMs: 20 });
    await expect(store.read('state.json')).rejects.toEqual(
      unavailable('cannot read the state in gs://state/prod: no answer in time'),
    );
    expectWaits(clock, [1, 2, 4, 8]);
    await expect(access(started)).rejects.toThrow('ENOENT');
  });
});

describe('content that is refused without a reason', () => {
  const plain = { status: 403, body: 'too fast', contentType: 'text/plain' };

  test('is refused for the reason that the metadata have: a rate is waited out', async () => {
    const { clock, storage, store } = await start();
    await store.write('state.json', 'text', null);
    storage.faults.push({ times: 1, answer: plain }, { times: 2, answer: limitOf('rateLimitExceeded') });
    expect(await store.read('state.json')).toEqual({ text: 'text', generation: FIRST });
    expectWaits(clock, [1, 2]);
  });

  test('once more, while the metadata may be read, is what is told', async () => {
    const { storage, store } = await start();
    await store.write('state.json', 'text', null);
    storage.faults.push({ times: 1, answer: plain }, { skip: 1, times: 1, answer: plain });
    await expect(store.read('state.json')).rejects.toMatchObject({
      code: 'StateUnavailable',
      message: expect.stringMatching(/: HTTP 403; the answer was: too fast$/),
    });
  });
});

describe('expected files', () => {
  test.each<{
    readonly name: string;
    readonly place?: string;
    readonly faults?: readonly StorageFault[];
    readonly problem: string;
  }>([
    {
      name: 'that cannot be listed',
      faults: [{ operation: 'list', answer: { status: 503 } }],
      problem: `cannot list them: HTTP 503; Cloud Storage says: ${INTERNAL} (backendError)`,
    },
    {
      name: 'that cannot be read',
      faults: [{ operation: 'read', answer: { status: 503 } }],
      problem: `cannot read them: HTTP 503; the answer was: ${INTERNAL}`,
    },
    {
      name: 'that may not be read',
      faults: [{ operation: 'read', answer: { status: 403 } }],
      problem: `cannot read them: HTTP 403: the monitor's account may not use the bucket: grant it storage.objects.get and storage.objects.list there; Cloud Storage says: ${lacking('storage.objects.get')} (forbidden)`,
    },
    {
      name: 'in no bucket',
      place: 'gs://elsewhere/prod',
      problem: `cannot list them: ${NO_BUCKET}`,
    },
  ])('$name are named as that, and as nothing else', async (row) => {
    const { place = 'gs://state/prod', faults = [], problem } = row;
    const { clock, storage, store } = await start();
    await store.write('sales.json', '{}', null);
    storage.faults.push(...faults);
    await expect(openExpectedFolder(place, { storageEndpoint: storage.url }, clock)).rejects.toEqual(
      new DriftError('NoSuchFolder', `cannot read the expected files in ${place}: ${problem}`),
    );
  });
});
