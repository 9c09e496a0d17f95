import { type File, type GetFilesResponse, type SaveOptions, Storage } from '@google-cloud/storage';
import { PassThroughClient } from 'google-auth-library';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type StorageEmulator, type StorageFault, startStorageEmulator } from '../../emulators/storage.ts';

type Conditions = NonNullable<SaveOptions['preconditionOpts']>;

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
/** What the clock above comes to in microseconds. */
const FIRST = '1767323045678000';
const SECOND = '1767323045678001';

const running: StorageEmulator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.close()));
});

async function start(options: { enforceRate?: boolean } = {}) {
  const clock = { now: NOW };
  const emulator = await startStorageEmulator({
    bucket: 'state',
    now: () => new Date(clock.now),
    ...options,
  });
  running.push(emulator);
  const client = new Storage({
    projectId: 'shop',
    apiEndpoint: emulator.url,
    authClient: new PassThroughClient(),
    retryOptions: { autoRetry: false },
  });
  const bucket = client.bucket('state');
  const save = (name: string, text: string, preconditionOpts: Conditions = {}) =>
    bucket.file(name).save(text, { resumable: false, preconditionOpts });
  const textOf = async (file: File) => String(await file.download());
  return { emulator, clock, client, bucket, save, textOf };
}

/** How a call ended: what it came to is left out, since no two are alike. */
async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'done',
    ({ code, message }) => ({ code, message }),
  );
}

const stored = (text: string) => ({
  text,
  contentType: 'text/plain',
  generation: '7',
  updated: new Date(NOW),
});
const missing = (name: string) => ({ code: 404, message: `No such object: state/${name}` });
const NO_BUCKET = { code: 404, message: 'The specified bucket does not exist.' };
const UNMET = { code: 412, message: 'At least one of the pre-conditions you specified did not hold.' };
const UNCHANGED = { code: 304, message: 'Not Modified' };
const TOO_SOON = {
  code: 429,
  message:
    'The object state/a exceeded the rate limit for object mutation operations (create, update, and delete). Please reduce your request rate. See https://cloud.google.com/storage/docs/gcs429.',
};
const LOST = { code: 'ECONNRESET', message: expect.stringMatching(/socket hang up$/) };

describe('writing', () => {
  test('keeps the text with what was said of it, and answers with the resource', async () => {
    const { bucket, emulator } = await start();
    const file = bucket.file('runs/letzte für 1%.json');

    await file.save('{"open":[]}', {
      resumable: false,
      preconditionOpts: { ifGenerationMatch: 0 },
      metadata: { contentType: 'application/json', cacheControl: 'no-store' },
    });

    expect([...emulator.objects]).toEqual([
      [
        'state/runs/letzte für 1%.json',
        {
          text: '{"open":[]}',
          contentType: 'application/json',
          cacheControl: 'no-store',
          generation: FIRST,
          updated: new Date(NOW),
        },
      ],
    ]);
    expect(file.metadata).toEqual({
      kind: 'storage#object',
      id: `state/runs/letzte für 1%.json/${FIRST}`,
      selfLink: 'https://www.googleapis.com/storage/v1/b/state/o/runs%2Fletzte%20f%C3%BCr%201%25.json',
      mediaLink: `https://storage.googleapis.com/download/storage/v1/b/state/o/runs%2Fletzte%20f%C3%BCr%201%25.json?generation=${FIRST}&alt=media`,
      name: 'runs/letzte für 1%.json',
      bucket: 'state',
      generation: FIRST,
      metageneration: '1',
      contentType: 'application/json',
      cacheControl: 'no-store',
      storageClass: 'STANDARD',
      size: '11',
      md5Hash: '7ZROp0n218KMK2Xr2wr1fA==',
      crc32c: 'yncR2w==',
      etag: 'MTc2NzMyMzA0NTY3ODAwMC8x',
      timeCreated: '2026-01-02T03:04:05.678Z',
      updated: '2026-01-02T03:04:05.678Z',
    });
    expect(emulator.requests).toMatchObject([
      {
        method: 'POST',
        path: '/upload/storage/v1/b/state/o',
        query: { uploadType: 'multipart', name: 'runs/letzte für 1%.json', ifGenerationMatch: '0' },
      },
    ]);
  });

  test.each([
    ['nothing', ''],
    ['characters of every length', 'aäé€😀'],
    ['line ends and what looks like a boundary', '\r\n\r\n--a\r\n--\n\r\n'],
    ['a mark of the byte order', '\uFEFFa'],
    // From 64 KiB on, each download makes Node warn of the listeners that the client puts on its streams.
    ['60,000 bytes', 'drift '.repeat(10_000)],
  ])('keeps %s byte for byte', async (_, text) => {
    const { bucket, save, textOf } = await start();

    await save('a', text);

    expect(await textOf(bucket.file('a'))).toBe(text);
  });

  test('takes what is not said to be of another type for bytes, and says nothing of caches', async () => {
    const { emulator, save } = await start();

    await save('a', 'text');

    expect(emulator.objects.get('state/a')).toEqual({
      text: 'text',
      contentType: 'application/octet-stream',
      generation: FIRST,
      updated: new Date(NOW),
    });
  });

  test('gives every write a higher generation, also by a clock that stands still or goes back', async () => {
    const { bucket, clock, emulator, save } = await start();
    const generations: unknown[] = [];
    const write = async (name: string) => {
      await save(name, 'text');
      generations.push(emulator.objects.get(`state/${name}`)?.generation);
    };

    await write('a');
    await write('b');
    await bucket.file('a').delete();
    await write('a');
    clock.now -= 1000;
    await write('a');
    emulator.objects.set('state/a', { ...stored('set by a test'), generation: '9007199254740993' });
    await write('a');
    emulator.objects.clear();
    await write('a');

    expect(generations).toEqual([
      FIRST,
      SECOND,
      '1767323045678002',
      '1767323045678003',
      '9007199254740994',
      '9007199254740995',
    ]);
  });

  test.each([
    ['MD5', { md5Hash: 'AAAAAAAAAAAAAAAAAAAAAA==' }, 'MD5 hash "AAAAAAAAAAAAAAAAAAAAAA=="'],
    ['CRC32C', { crc32c: 'AAAAAA==' }, 'CRC32C "AAAAAA=="'],
  ])('refuses content that has not the %s that was said', async (_, metadata, provided) => {
    const { bucket, emulator } = await start();

    expect(await outcomeOf(bucket.file('a').save('text', { resumable: false, metadata }))).toEqual({
      code: 400,
      message: expect.stringContaining(`Provided ${provided} doesn't match calculated `),
    });
    expect(emulator.objects.size).toBe(0);
  });

  test.each(['.', '..', 'a\nb', 'a\rb', '.well-known/acme-challenge/a', 'x'.repeat(1025)])(
    'refuses the name %j',
    async (name) => {
      const { emulator, save } = await start();

      expect(await outcomeOf(save(name, 'text'))).toEqual({
        code: 400,
        message: `Invalid object name: '${name}'.`,
      });
      expect(emulator.objects.size).toBe(0);
    },
  );
});

describe('preconditions', () => {
  test.each([
    [{ ifGenerationMatch: 0 }, 'done'],
    [{ ifGenerationMatch: '7' }, UNMET],
    [{ ifMetagenerationMatch: 1 }, UNMET],
    [{ ifGenerationNotMatch: 0 }, UNCHANGED],
    [{ ifGenerationNotMatch: 7 }, UNCHANGED],
  ])('let a write of what does not exist with %j come to %j', async (conditions, outcome) => {
    const { save } = await start();

    expect(await outcomeOf(save('a', 'text', conditions))).toEqual(outcome);
  });

  test.each([
    [{ ifGenerationMatch: 0 }, UNMET],
    [{ ifGenerationMatch: 6 }, UNMET],
    [{ ifGenerationMatch: 7 }, 'done'],
    [{ ifMetagenerationMatch: 1 }, 'done'],
    [{ ifMetagenerationMatch: 2 }, UNMET],
    [{ ifGenerationNotMatch: 0 }, 'done'],
    [{ ifGenerationNotMatch: 7 }, UNCHANGED],
    [{ ifMetagenerationNotMatch: 1 }, UNCHANGED],
    [{ ifGenerationMatch: 7, ifMetagenerationMatch: 2 }, UNMET],
  ])('let a write, a read and a delete of generation 7 with %j come to %j', async (conditions, outcome) => {
    const { bucket, emulator, save } = await start();
    const file = bucket.file('a', { preconditionOpts: conditions });
    const set = () => emulator.objects.set('state/a', stored('text'));

    set();
    expect(await outcomeOf(file.getMetadata())).toEqual(outcome);
    expect(await outcomeOf(save('a', 'changed', conditions))).toEqual(outcome);
    expect(emulator.objects.get('state/a')?.text).toBe(outcome === 'done' ? 'changed' : 'text');
    set();
    expect(await outcomeOf(file.delete())).toEqual(outcome);
    expect(emulator.objects.has('state/a')).toBe(outcome !== 'done');
  });

  test.each([0, 7])('let exactly one of many writers of generation %i win', async (ifGenerationMatch) => {
    const { emulator, save } = await start();
    if (ifGenerationMatch > 0) emulator.objects.set('state/a', stored('text'));
    const writers = Array.from({ length: 20 }, (_, index) => `writer ${index}`);

    const outcomes = await Promise.all(
      writers.map((text) => outcomeOf(save('a', text, { ifGenerationMatch }))),
    );

    const winner = writers[outcomes.indexOf('done')];
    expect(outcomes.filter((outcome) => outcome !== 'done')).toEqual(Array(19).fill(UNMET));
    expect(emulator.objects.get('state/a')?.text).toBe(winner);
  });

  test('refuse a condition that is empty', async () => {
    const { emulator, save } = await start();

    expect(await outcomeOf(save('a', 'text', { ifGenerationMatch: '' }))).toEqual({
      code: 400,
      message: 'Invalid value for ifGenerationMatch.',
    });
    expect(emulator.objects.size).toBe(0);
  });
});

describe('reading', () => {
  test('answers with the resource of the last write', async () => {
    const { bucket, save } = await start();
    await save('a', 'first');
    await save('a', 'second');

    const [metadata] = await bucket.file('a').getMetadata();

    expect(metadata).toMatchObject({ name: 'a', generation: SECOND, metageneration: '1', size: '6' });
  });

  test('gives the generation beside the content', async () => {
    const { bucket, save } = await start();
    await save('a', '123456789');
    const headers: Record<string, string>[] = [];

    const content = bucket
      .file('a')
      .createReadStream()
      .on('response', (response) => headers.push(response.headers));

    expect(String(Buffer.concat(await content.toArray()))).toBe('123456789');
    // The hashes are the check values that are published for both algorithms.
    expect(headers).toMatchObject([
      {
        'x-goog-generation': FIRST,
        'x-goog-metageneration': '1',
        'x-goog-hash': 'crc32c=4waSgw==,md5=JfnnlDI7RTiF9RgfG2JNCw==',
        'x-goog-stored-content-encoding': 'identity',
        'x-goog-stored-content-length': '9',
      },
    ]);
  });

  test.each(['crc32c', 'md5'] as const)(
    'gives content that the client finds right by its %s',
    async (validation) => {
      const { bucket, save } = await start();
      await save('a', 'aäé€😀');

      expect(String(await bucket.file('a').download({ validation }))).toBe('aäé€😀');
    },
  );

  test('is of the text as a test has left it', async () => {
    const { bucket, emulator, textOf } = await start();
    const object = stored('whole');
    emulator.objects.set('state/a', object);

    object.text = '{"brok';

    expect(await textOf(bucket.file('a'))).toBe('{"brok');
  });

  test('can be of one generation while it is the live one', async () => {
    const { bucket, save, textOf } = await start();
    await save('a', 'first');
    const first = bucket.file('a', { generation: FIRST });

    expect(await textOf(first)).toBe('first');
    expect(await outcomeOf(first.getMetadata())).toBe('done');

    await save('a', 'second');

    expect(await outcomeOf(first.download())).toEqual(missing('a'));
    expect(await outcomeOf(first.getMetadata())).toEqual(missing('a'));
    expect(await outcomeOf(first.delete())).toEqual(missing('a'));
    expect(await textOf(bucket.file('a', { generation: SECOND }))).toBe('second');
  });

  test('tells a missing object from a missing bucket', async () => {
    const { bucket, client, save } = await start();
    await save('a', 'text');
    const elsewhere = client.bucket('other');

    expect(await outcomeOf(bucket.file('A').getMetadata())).toEqual(missing('A'));
    expect(await outcomeOf(bucket.file('A').download())).toEqual(missing('A'));
    expect(await outcomeOf(elsewhere.file('a').getMetadata())).toEqual(NO_BUCKET);
    expect(await outcomeOf(elsewhere.file('a').download())).toEqual(NO_BUCKET);
    expect(await outcomeOf(elsewhere.file('a').save('text', { resumable: false }))).toEqual(NO_BUCKET);
    expect(await outcomeOf(elsewhere.file('a').delete())).toEqual(NO_BUCKET);
    expect(await outcomeOf(elsewhere.getFiles())).toEqual(NO_BUCKET);
  });
});

describe('deleting', () => {
  test('removes the object, and then finds none', async () => {
    const { bucket, emulator, save } = await start();
    await save('a', 'text');
    await save('b', 'text');

    const [response] = await bucket.file('a').delete({ ifGenerationMatch: FIRST });

    expect(response.statusCode).toBe(204);
    expect([...emulator.objects.keys()]).toEqual(['state/b']);
    expect(await outcomeOf(bucket.file('a').delete())).toEqual(missing('a'));
    expect(await outcomeOf(save('a', 'text', { ifGenerationMatch: 0 }))).toBe('done');
  });
});

describe('lists', () => {
  const NAMES = ['b', 'a/2', 'a/1', 'a/deep/1', 'a/deep/2', 'a', 'z/1', 'é', '😀', 'ﬀ'];

  async function startWith(names: string[]) {
    const started = await start();
    for (const name of names) started.emulator.objects.set(`state/${name}`, stored('text'));
    return started;
  }

  test.each([
    [
      'everything, by its bytes',
      {},
      ['a', 'a/1', 'a/2', 'a/deep/1', 'a/deep/2', 'b', 'z/1', 'é', 'ﬀ', '😀'],
      undefined,
    ],
    ['what has a prefix', { prefix: 'a/d' }, ['a/deep/1', 'a/deep/2'], undefined],
    ['one level', { delimiter: '/' }, ['a', 'b', 'é', 'ﬀ', '😀'], ['a/', 'z/']],
    ['one level below a prefix', { prefix: 'a/', delimiter: '/' }, ['a/1', 'a/2'], ['a/deep/']],
    ['nothing', { prefix: 'c' }, [], undefined],
  ])('show %s', async (_, query, names, prefixes) => {
    const { bucket } = await startWith(NAMES);

    const [files, next, answer] = await bucket.getFiles({ ...query, autoPaginate: false });

    expect(files.map(({ name }) => name)).toEqual(names);
    expect((answer as { prefixes?: string[] }).prefixes).toEqual(prefixes);
    expect(next).toBeNull();
  });

  test('have the whole resource of every object', async () => {
    const { bucket, save } = await start();
    await save('a', 'text');

    const [[file]] = await bucket.getFiles();

    expect(file?.metadata).toEqual((await bucket.file('a').getMetadata())[0]);
  });

  test('come in pages of items and prefixes, while objects come and go', async () => {
    const { bucket, emulator } = await startWith(NAMES);
    const query = { delimiter: '/', maxResults: 2, autoPaginate: false };
    const pages: unknown[] = [];

    for (let next: object | null = query; next !== null; ) {
      const [files, following, answer]: GetFilesResponse = await bucket.getFiles(next);
      pages.push([files.map(({ name }) => name), (answer as { prefixes?: string[] }).prefixes]);
      emulator.objects.delete('state/a');
      next = following;
    }

    expect(pages).toEqual([
      [['a'], ['a/']],
      [['b'], ['z/']],
      [['é', 'ﬀ'], undefined],
      [['😀'], undefined],
    ]);
  });

  test('have at most a thousand entries on a page, which the client puts together', async () => {
    const names = Array.from({ length: 2001 }, (_, index) => `n${String(index).padStart(4, '0')}`);
    const { bucket, emulator } = await startWith(names);

    const [files] = await bucket.getFiles();

    expect(files.map(({ name }) => name)).toEqual(names);
    expect(emulator.requests).toHaveLength(3);
  });

  test.each([{ maxResults: 0 }, { maxResults: 1.5 }, { pageToken: 'YWJj' }])(
    'are refused for %j',
    async (query) => {
      const { bucket } = await startWith(NAMES);

      expect(await outcomeOf(bucket.getFiles({ ...query, autoPaginate: false }))).toEqual({
        code: 400,
        message: 'Invalid argument.',
      });
    },
  );
});

describe('the pace', () => {
  test('is one change a second and object, whoever makes it and whatever its condition', async () => {
    const { bucket, clock, emulator, save } = await start({ enforceRate: true });
    await save('a', 'first');

    clock.now += 999;
    expect(await outcomeOf(save('a', 'second'))).toEqual(TOO_SOON);
    expect(await outcomeOf(save('a', 'second', { ifGenerationMatch: 0 }))).toEqual(TOO_SOON);
    expect(await outcomeOf(bucket.file('a').delete())).toEqual(TOO_SOON);
    expect(await outcomeOf(save('b', 'other'))).toBe('done');
    expect(await outcomeOf(bucket.file('a').download())).toBe('done');
    expect(emulator.objects.get('state/a')?.text).toBe('first');

    clock.now += 1;
    expect(await outcomeOf(bucket.file('a').delete())).toBe('done');
    expect(await outcomeOf(save('a', 'second'))).toEqual(TOO_SOON);

    clock.now += 1000;
    expect(await outcomeOf(save('a', 'second'))).toBe('done');
  });

  test('does not count what was refused', async () => {
    const { save } = await start({ enforceRate: true });

    expect(await outcomeOf(save('a', 'text', { ifGenerationMatch: 7 }))).toEqual(UNMET);
    expect(await outcomeOf(save('a', 'text', { ifGenerationMatch: 0 }))).toBe('done');
  });

  test('is not enforced unless it is asked for', async () => {
    const { save } = await start();
    await save('a', 'first');

    expect(await outcomeOf(save('a', 'second'))).toBe('done');
  });
});

describe('refusals', () => {
  const OBJECT = '/storage/v1/b/state/o/a';
  const UPLOAD = '/upload/storage/v1/b/state/o?uploadType=multipart&name=a';

  test('may carry the name in its metadata, and is held to the conditions of that name', async () => {
    const { emulator } = await start();
    const body = '--x\r\n\r\n{"name":"runs/a"}\r\n--x\r\n\r\ntext\r\n--x--';
    const url = `${emulator.url}/upload/storage/v1/b/state/o?uploadType=multipart&ifGenerationMatch=0`;
    const [first, second] = [
      await fetch(url, { method: 'POST', body }),
      await fetch(url, { method: 'POST', body }),
    ];
    expect([first.status, second.status]).toEqual([200, 412]);
    expect([...emulator.objects.keys()]).toEqual(['state/runs/a']);
  });
  const refusal = (code: number, reason: string, message: string, place: object = {}) => ({
    error: { code, message, errors: [{ message, domain: 'global', reason, ...place }] },
  });

  test.each([
    [404, '/storage/v1/b/state/o/b', refusal(404, 'notFound', 'No such object: state/b')],
    [404, '/storage/v1/b/other/o', refusal(404, 'notFound', NO_BUCKET.message)],
    [
      412,
      `${OBJECT}?ifGenerationMatch=1`,
      refusal(412, 'conditionNotMet', UNMET.message, { locationType: 'header', location: 'If-Match' }),
    ],
    [400, `${OBJECT}?generation=latest`, refusal(400, 'invalid', 'Invalid value for generation.')],
    [400, '/storage/v1/b/state/o?maxResults=x', refusal(400, 'invalid', 'Invalid argument.')],
  ])('have the form of the service: %i for %s', async (status, path, body) => {
    const { emulator } = await start();
    emulator.objects.set('state/a', stored('text'));

    const response = await fetch(`${emulator.url}${path}`);

    expect([response.status, await response.json()]).toEqual([status, body]);
  });

  test('of a request for content are plain text', async () => {
    const { emulator } = await start();

    const response = await fetch(`${emulator.url}${OBJECT}?alt=media`);

    expect([response.status, await response.text()]).toEqual([404, 'No such object: state/a']);
  });

  test.each([
    ['no parts', '', 'Invalid multipart request with 0 mime parts.'],
    ['no end', '--x\r\n\r\n{}\r\n--x\r\n\r\ntext', 'Invalid multipart request with 0 mime parts.'],
    ['one part', '--x\r\n\r\n{}\r\n--x--', 'Invalid multipart request with 1 mime parts.'],
    ['metadata that is no JSON', '--x\r\n\r\n{\r\n--x\r\n\r\ntext\r\n--x--', 'Parse Error'],
    ['metadata that is no object', '--x\r\n\r\n[]\r\n--x\r\n\r\ntext\r\n--x--', 'Parse Error'],
  ])('meet an upload with %s', async (_, body, message) => {
    const { emulator } = await start();

    const response = await fetch(`${emulator.url}${UPLOAD}`, { method: 'POST', body });

    expect(await response.json()).toEqual(refusal(400, 'invalid', message));
    expect(emulator.objects.size).toBe(0);
  });

  test.each([
    ['POST', '/upload/storage/v1/b/state/o?uploadType=resumable&name=a'],
    ['PATCH', OBJECT],
    ['DELETE', '/storage/v1/b/state/o'],
    ['GET', '/storage/v1/b/state'],
    ['GET', '/storage/v1/b/state/o/%ff'],
  ])('meet %s %s, which is not here, with 404', async (method, path) => {
    const { emulator } = await start();

    const response = await fetch(`${emulator.url}${path}`, { method });

    expect([response.status, await response.text()]).toEqual([404, 'Not Found']);
  });
});

describe('faults', () => {
  const callsOf = ({ bucket, save }: Awaited<ReturnType<typeof start>>) => ({
    write: () => save('a', 'changed'),
    metadata: () => bucket.file('a').getMetadata(),
    content: () => bucket.file('a').download(),
    delete: () => bucket.file('a').delete(),
    list: () => bucket.getFiles(),
  });

  async function outcomesWith(answer: StorageFault['answer']) {
    const started = await start();
    started.emulator.objects.set('state/a', stored('text'));
    started.emulator.faults.push({ answer });
    const outcomes: Record<string, unknown> = {};
    for (const [name, call] of Object.entries(callsOf(started))) outcomes[name] = await outcomeOf(call());
    return { outcomes, emulator: started.emulator };
  }

  test.each<[string, StorageFault['answer'], unknown]>([
    ['401', { status: 401 }, { code: 401, message: 'Invalid Credentials' }],
    ['403', { status: 403, message: 'No.' }, { code: 403, message: 'No.' }],
    ['429', { status: 429, message: 'Slow down.' }, { code: 429, message: 'Slow down.' }],
    ['503', { status: 503 }, { code: 503, message: 'We encountered an internal error. Please try again.' }],
    ['a connection that is dropped', 'reset', LOST],
  ])('answer everything with %s, which the client asks for once', async (_, answer, outcome) => {
    const { outcomes, emulator } = await outcomesWith(answer);

    expect(outcomes).toEqual({
      write: outcome,
      metadata: outcome,
      content: outcome,
      delete: outcome,
      list: outcome,
    });
    expect(emulator.requests).toHaveLength(5);
    expect([...emulator.objects]).toEqual([['state/a', stored('text')]]);
  });

  test('name the permission that a denied request lacks', async () => {
    const { outcomes } = await outcomesWith({ status: 403 });
    const denial = (permission: string, subject: string) => ({
      code: 403,
      message: `The caller does not have ${permission} access to the Google Cloud Storage ${subject}. Permission '${permission}' denied on resource (or it may not exist).`,
    });

    expect(outcomes).toEqual({
      write: denial('storage.objects.create', 'object'),
      metadata: denial('storage.objects.get', 'object'),
      content: denial('storage.objects.get', 'object'),
      delete: denial('storage.objects.delete', 'object'),
      list: denial('storage.objects.list', 'bucket'),
    });
  });

  test.each([
    [
      { status: 401 },
      { domain: 'global', reason: 'authError', locationType: 'header', location: 'Authorization' },
    ],
    [{ status: 403 }, { domain: 'global', reason: 'forbidden' }],
    [
      { status: 403, reason: 'rateLimitExceeded' },
      { domain: 'usageLimits', reason: 'rateLimitExceeded' },
    ],
    [{ status: 429 }, { domain: 'usageLimits', reason: 'rateLimitExceeded' }],
    [{ status: 500 }, { domain: 'global', reason: 'backendError' }],
  ])('with %j have the reason %j', async (answer, reason) => {
    const { bucket, emulator } = await start();
    emulator.faults.push({ answer: { ...answer, message: 'No.' } });

    await expect(bucket.file('a').getMetadata()).rejects.toMatchObject({
      code: answer.status,
      errors: [{ message: 'No.', ...reason }],
    });
  });

  test.each<[string, Omit<StorageFault, 'answer'>, string[]]>([
    ['writes', { operation: 'write' }, ['write']],
    ['reads of both sorts', { operation: 'read' }, ['metadata', 'content']],
    ['deletes', { operation: 'delete' }, ['delete']],
    ['lists', { operation: 'list' }, ['list']],
    ['an object', { name: 'a' }, ['write', 'metadata', 'content', 'delete']],
    ['objects by pattern', { name: /^[a-c]$/, operation: 'write' }, ['write']],
    ['another object', { name: 'b' }, []],
    ['the second and third request', { skip: 1, times: 2 }, ['metadata', 'content']],
  ])('can be for %s only', async (_, part, failing) => {
    const started = await start();
    started.emulator.objects.set('state/a', stored('text'));
    started.emulator.faults.push({ ...part, answer: { status: 500 } });
    const failed: string[] = [];

    for (const [name, call] of Object.entries(callsOf(started))) {
      if ((await outcomeOf(call())) !== 'done') failed.push(name);
    }

    expect(failed).toEqual(failing);
  });

  test('can leave a request without an answer, for which the client waits as long as the connection is open', async () => {
    const started = await start();
    started.emulator.faults.push({ answer: 'hang' });

    const calls = Object.values(callsOf(started)).map((call) => outcomeOf(call()));
    await vi.waitFor(() => expect(started.emulator.requests).toHaveLength(5));
    await started.emulator.close();

    expect(await Promise.all(calls)).toEqual(Array(5).fill(LOST));
  });

  test('can lose the answer to a write or a delete that was done', async () => {
    const { bucket, emulator, save } = await start();
    emulator.faults.push({ answer: 'accept-then-reset' });

    expect(await outcomeOf(save('a', 'text', { ifGenerationMatch: 0 }))).toEqual(LOST);
    expect(emulator.objects.get('state/a')).toMatchObject({ text: 'text', generation: FIRST });
    expect(await outcomeOf(save('a', 'again', { ifGenerationMatch: 0 }))).toEqual(LOST);
    expect(emulator.objects.get('state/a')).toMatchObject({ text: 'text', generation: FIRST });
    expect(await outcomeOf(bucket.file('a').delete())).toEqual(LOST);
    expect(emulator.objects.size).toBe(0);
  });

  test('can be a page of a proxy, for which the client deletes what it believes damaged, whatever its generation', async () => {
    const { emulator, save } = await start();
    emulator.objects.set('state/a', stored('text of another writer'));
    const page = { status: 200, body: '<html>', contentType: 'text/html' };
    emulator.faults.push({ operation: 'write', answer: page });

    expect(await outcomeOf(save('a', 'text', { ifGenerationMatch: 0 }))).toMatchObject({
      code: 'FILE_NO_UPLOAD',
    });
    expect(emulator.requests).toMatchObject([{ method: 'POST' }, { method: 'DELETE', query: {} }]);
    expect(emulator.objects.size).toBe(0);
  });
});
