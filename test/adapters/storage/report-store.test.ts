import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type StorageEmulator, startStorageEmulator } from '../../../emulators/storage.ts';
import { createBucketStore } from '../../../src/adapters/storage/bucket-store.ts';
import { createFolderStore } from '../../../src/adapters/storage/folder-store.ts';
import {
  createReportStore,
  type PagePlace,
  type ReportLink,
} from '../../../src/adapters/storage/report-store.ts';
import type { PageStore } from '../../../src/model/ports.ts';
import { writeFolder } from '../../support/folder.ts';

const NOW = new Date('2026-11-22T21:00:00.000Z');
const DAY_MS = 24 * 3_600_000;
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY_MS);

async function startBucket(): Promise<{ readonly storage: StorageEmulator; readonly store: PageStore }> {
  const storage = await startStorageEmulator({ bucket: 'drift' });
  onTestFinished(() => storage.close());
  const clock = { sleep: async () => {} };
  const store = createBucketStore({ bucket: 'drift', prefix: 'p/prod', endpoint: storage.url, clock });
  return { storage, store };
}

function reportsIn(
  store: PageStore,
  place: PagePlace,
  link: ReportLink = 'browser',
  partition: string | null = null,
) {
  return createReportStore({ store, place, link, partition });
}

const BUCKET = { in: 'bucket', bucket: 'drift', prefix: 'p/prod' } as const;

describe('in a bucket', () => {
  test('a report is the page of its run and the newest one, as HTML that is asked for anew each time', async () => {
    const { storage, store } = await startBucket();
    await reportsIn(store, BUCKET).publish('<p>é', NOW);
    const page = { text: '<p>é', contentType: 'text/html; charset=utf-8', cacheControl: 'no-cache' };
    expect(
      [...storage.objects].map(([name, { text, contentType, cacheControl }]) => [
        name,
        { text, contentType, cacheControl },
      ]),
    ).toEqual([
      ['drift/p/prod/report-2026-11-22T21-00-00-000Z.html', page],
      ['drift/p/prod/latest.html', page],
    ]);
  });

  test('it replaces what stands there, in one upload each', async () => {
    const { storage, store } = await startBucket();
    const reports = reportsIn(store, BUCKET);
    await reports.publish('before', daysAgo(1));
    await reports.publish('after', NOW);
    expect(storage.objects.get('drift/p/prod/latest.html')?.text).toBe('after');
    expect(storage.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'POST']);
  });

  test('what is older than thirty days goes, and nothing else', async () => {
    const { storage, store } = await startBucket();
    const reports = reportsIn(store, BUCKET);
    for (const days of [31, 30.1, 29.9, 0]) await reports.publish('page', daysAgo(days));
    await store.publish('report-2020.txt', 'somebody else’s');
    await reports.tidy(NOW);
    expect([...storage.objects.keys()].map((name) => name.replace('drift/p/prod/', '')).sort()).toEqual([
      'latest.html',
      'report-2020.txt',
      'report-2026-10-23T23-24-00-000Z.html',
      'report-2026-11-22T21-00-00-000Z.html',
    ]);
  });

  test('each shard has pages of its own, and removes no other', async () => {
    const { storage, store } = await startBucket();
    const shards = [null, 'shard-1-of-2', 'shard-2-of-2'].map((shard) =>
      reportsIn(store, BUCKET, 'browser', shard),
    );
    for (const reports of shards) {
      await reports.publish('old', daysAgo(31));
      await reports.publish('new', NOW);
    }
    await shards[1]?.tidy(NOW);
    await shards[0]?.tidy(NOW);
    expect([...storage.objects.keys()].map((name) => name.replace('drift/p/prod/', '')).sort()).toEqual([
      'latest-shard-1-of-2.html',
      'latest-shard-2-of-2.html',
      'latest.html',
      'report-2026-11-22T21-00-00-000Z.html',
      'report-shard-1-of-2-2026-11-22T21-00-00-000Z.html',
      'report-shard-2-of-2-2026-10-22T21-00-00-000Z.html',
      'report-shard-2-of-2-2026-11-22T21-00-00-000Z.html',
    ]);
    expect(shards[1]?.addressOf(NOW)).toMatchObject({
      page: 'https://storage.cloud.google.com/drift/p/prod/report-shard-1-of-2-2026-11-22T21-00-00-000Z.html',
      latest: 'https://storage.cloud.google.com/drift/p/prod/latest-shard-1-of-2.html',
      partition: 'shard-1-of-2',
    });
  });

  test('a list of more than one page is read to its end', async () => {
    const { store, storage } = await startBucket();
    const text = 'old';
    for (let index = 0; index < 1100; index += 1) {
      const name = `report-2020-01-01T00-00-00-${String(index).padStart(3, '0')}Z.html`;
      storage.objects.set(`drift/p/prod/${name}`, {
        text,
        contentType: 'text/html',
        generation: '1',
        updated: NOW,
      });
    }
    expect((await store.list('report-')).length).toBe(1100);
  });

  test('one run removes fifty at most', async () => {
    const { store, storage } = await startBucket();
    const reports = reportsIn(store, BUCKET);
    for (let index = 0; index < 60; index += 1) await reports.publish('old', daysAgo(40 + index));
    await reports.tidy(NOW);
    expect(storage.objects.size).toBe(60 + 1 - 50);
  });

  test('what another run has removed meanwhile is removed', async () => {
    const { store } = await startBucket();
    await expect(store.remove('report-2020-01-01T00-00-00-000Z.html')).resolves.toBeUndefined();
  });

  test.each([
    {
      operation: 'write',
      status: 403,
      said: 'publish',
      because: /HTTP 403: the monitor's account may not use the bucket/,
    },
    { operation: 'write', status: 503, said: 'publish', because: /HTTP 503/ },
    { operation: 'list', status: 403, said: 'list', because: /HTTP 403/ },
    { operation: 'delete', status: 403, said: 'remove', because: /HTTP 403/ },
  ] as const)(
    'HTTP $status to a $operation is a sink that does not accept',
    async ({ operation, status, said, because }) => {
      const { storage, store } = await startBucket();
      const reports = reportsIn(store, BUCKET);
      await reports.publish('old', daysAgo(31));
      storage.faults.push({ operation, answer: { status } });
      const failing = operation === 'write' ? reports.publish('new', NOW) : reports.tidy(NOW);
      await expect(failing).rejects.toMatchObject({
        code: 'SinkRejected',
        message: expect.stringMatching(
          new RegExp(`cannot ${said} the report pages in gs://drift/p/prod: ${because.source}`),
        ),
      });
    },
  );

  test('a passing failure is tried again', async () => {
    const { storage, store } = await startBucket();
    storage.faults.push({ operation: 'write', answer: { status: 503 }, times: 1 });
    await reportsIn(store, BUCKET).publish('page', NOW);
    expect(storage.objects.size).toBe(2);
  });
});

describe('in a folder', () => {
  test('a report is two plain files, and no draft is left', async () => {
    const folder = await writeFolder({});
    const reports = reportsIn(createFolderStore(join(folder, 'new')), {
      in: 'folder',
      path: join(folder, 'new'),
    });
    await reports.publish('before', NOW);
    await reports.publish('after', NOW);
    expect((await readdir(join(folder, 'new'))).sort()).toEqual([
      'latest.html',
      'report-2026-11-22T21-00-00-000Z.html',
    ]);
    expect(await readFile(join(folder, 'new', 'latest.html'), 'utf8')).toBe('after');
  });

  test('what is older than thirty days goes, and nothing else', async () => {
    const folder = await writeFolder({ 'state.json.7': '{}', 'report-2020.txt': 'somebody else’s' });
    const reports = reportsIn(createFolderStore(folder), { in: 'folder', path: folder });
    for (const days of [31, 29, 0]) await reports.publish('page', daysAgo(days));
    await reports.tidy(NOW);
    expect((await readdir(folder)).sort()).toEqual([
      'latest.html',
      'report-2020.txt',
      'report-2026-10-24T21-00-00-000Z.html',
      'report-2026-11-22T21-00-00-000Z.html',
      'state.json.7',
    ]);
  });

  test('a page is not a state, and a state is none', async () => {
    const folder = await writeFolder({});
    const store = createFolderStore(folder);
    await store.write('state.json', '{}', null);
    await store.publish('state.json', 'a page');
    expect(await store.read('state.json')).toEqual({ text: '{}', generation: '1' });
  });

  test('a folder that cannot be written is a sink that does not accept', async () => {
    const folder = await writeFolder({ file: 'in the way' });
    const path = join(folder, 'file');
    await expect(
      reportsIn(createFolderStore(path), { in: 'folder', path }).publish('page', NOW),
    ).rejects.toMatchObject({
      code: 'SinkRejected',
      message: `cannot publish the report pages in ${path}: EEXIST`,
    });
  });
});

describe('the addresses of a report', () => {
  const store: PageStore = { uri: '', publish: async () => {}, list: async () => [], remove: async () => {} };

  test.each<{
    name: string;
    place: PagePlace;
    link: ReportLink;
    page: string;
    latest: string;
    takesFilter: boolean;
  }>([
    {
      name: 'in a bucket, for a browser that is signed in',
      place: BUCKET,
      link: 'browser',
      page: 'https://storage.cloud.google.com/drift/p/prod/report-2026-11-22T21-00-00-000Z.html',
      latest: 'https://storage.cloud.google.com/drift/p/prod/latest.html',
      takesFilter: true,
    },
    {
      name: 'in a bucket that logs data access, in the Cloud console',
      place: BUCKET,
      link: 'console',
      page: 'https://console.cloud.google.com/storage/browser/_details/drift/p/prod/report-2026-11-22T21-00-00-000Z.html',
      latest: 'https://console.cloud.google.com/storage/browser/_details/drift/p/prod/latest.html',
      takesFilter: false,
    },
    {
      name: 'at the top of a bucket, with letters that an address cannot hold',
      place: { in: 'bucket', bucket: 'drift', prefix: 'état #1' },
      link: 'browser',
      page: 'https://storage.cloud.google.com/drift/%C3%A9tat%20%231/report-2026-11-22T21-00-00-000Z.html',
      latest: 'https://storage.cloud.google.com/drift/%C3%A9tat%20%231/latest.html',
      takesFilter: true,
    },
    {
      name: 'in a bucket, beneath a part of the prefix that is empty',
      place: { in: 'bucket', bucket: 'drift', prefix: 'p//prod' },
      link: 'browser',
      page: 'https://storage.cloud.google.com/drift/p//prod/report-2026-11-22T21-00-00-000Z.html',
      latest: 'https://storage.cloud.google.com/drift/p//prod/latest.html',
      takesFilter: true,
    },
    {
      name: 'in a folder',
      place: { in: 'folder', path: '/var/drift state' },
      link: 'console',
      page: 'file:///var/drift%20state/report-2026-11-22T21-00-00-000Z.html',
      latest: pathToFileURL('/var/drift state/latest.html').href,
      takesFilter: true,
    },
  ])('are those $name', ({ place, link, ...address }) => {
    const { name: _, ...expected } = address;
    expect(reportsIn(store, place, link).addressOf(NOW)).toEqual({ ...expected, partition: null });
  });
});
