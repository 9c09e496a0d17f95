import { readdir } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { playedClock } from '../../../emulators/clock.ts';
import { startStorageEmulator } from '../../../emulators/storage.ts';
import { loadExpectation } from '../../../src/adapters/folders/expected-files.ts';
import { copyToFolder } from '../../../src/adapters/storage/bucket-folder.ts';
import { createBucketStore } from '../../../src/adapters/storage/bucket-store.ts';
import { writeFolder } from '../../support/folder.ts';
import { startFunction } from '../../support/function.ts';
import { dropAmount, shopFiles, shopWarehouse } from '../../support/shop.ts';

async function startBucket(files: Readonly<Record<string, unknown>>) {
  const storage = await startStorageEmulator({ bucket: 'drift' });
  onTestFinished(() => storage.close());
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    storage.objects.set(`drift/expected/${name}`, {
      text,
      contentType: 'application/json',
      generation: '1',
      updated: new Date(0),
    });
  }
  const bucket = createBucketStore({
    bucket: 'drift',
    prefix: 'expected',
    endpoint: storage.url,
    clock: playedClock(),
  });
  return { storage, bucket };
}

test('the expected files of a bucket are those of a folder with the same names', async () => {
  const { bucket } = await startBucket({ ...shopFiles, 'README.md': 'not for the monitor' });

  const parent = await writeFolder({});
  const { folder, remove } = await copyToFolder(bucket, { parent });
  const { datasets } = await loadExpectation({ folder });
  remove();

  expect(datasets.map(({ dataset, tables }) => [dataset, tables.map(({ table }) => table)])).toEqual([
    ['sales', ['items', 'orders']],
  ]);
  expect(await readdir(parent)).toEqual([]);
});

test('the function reads them at the start of each run', async () => {
  const { storage } = await startBucket(shopFiles);
  const { bigquery, call } = await startFunction({
    warehouse: shopWarehouse(),
    expected: 'gs://drift/expected',
    env: { STORAGE_EMULATOR_HOST: storage.url },
  });
  dropAmount(bigquery.warehouse);

  const drifted = await call();
  storage.objects.delete('drift/expected/sales/orders.json');
  const undeclared = await call();

  expect([drifted.body, undeclared.body]).toMatchObject([
    { status: 'drifted', tables: { inSync: 1, drifted: 1, unchecked: 0 } },
    { status: 'in-sync', tables: { inSync: 1, drifted: 0, unchecked: 0 } },
  ]);
});

test('a file that is too large is not read, and is refused with all other problems as in a folder', async () => {
  const { storage, bucket } = await startBucket({
    ...shopFiles,
    'sales/huge.json': ' '.repeat(17 * 2 ** 20),
    'sales/wrong.json': { tpye: 'TABLE' },
  });

  const { folder, remove } = await copyToFolder(bucket, { parent: await writeFolder({}) });
  onTestFinished(remove);

  await expect(loadExpectation({ folder })).rejects.toMatchObject({
    problems: [
      {
        file: 'sales/huge.json',
        message: 'has 17 MB: an expected file holds one table, in at most 16 MB',
      },
      { file: 'sales/wrong.json', message: 'unknown key "tpye"' },
    ],
  });
  expect(storage.requests.filter(({ path }) => path.includes('huge'))).toEqual([]);
});

test('no more is read at once than one file may hold', async () => {
  const sizes = [9, 8, 8, 1, 16, 1].map((megabytes) => megabytes * 2 ** 20);
  let held = 0;
  let most = 0;
  const { remove } = await copyToFolder({
    uri: 'gs://drift/expected',
    listSizes: async () => sizes.map((bytes, index) => ({ name: `sales/t${index}.json`, bytes })),
    read: async (name) => {
      const bytes = sizes[Number(/\d/.exec(name)?.[0])] ?? 0;
      held += bytes;
      most = Math.max(most, held);
      await new Promise((resolve) => setImmediate(resolve));
      held -= bytes;
      return { text: '{}', generation: '1' };
    },
  });
  remove();

  expect(most).toBe(16 * 2 ** 20);
});

test.each(['../../../etc/passwd.json', 'sales/../../x.json', '/x.json', 'a\\..\\x.json', 'sales//x.json'])(
  'an object named %j is refused, and nothing is left behind',
  async (name) => {
    const { bucket } = await startBucket({ ...shopFiles, [name]: {} });
    const parent = await writeFolder({});

    await expect(copyToFolder(bucket)).rejects.toMatchObject({
      code: 'NoSuchFolder',
      message: `gs://drift/expected: ${JSON.stringify(name)} is no name of an expected file`,
    });
    expect(await readdir(parent)).toEqual([]);
  },
);

const LONG = `sales/${'x'.repeat(300)}.json`;
const WIDE = `sales/${'é'.repeat(130)}.json`;

test('the function names every object that can be no file, and reads none', async () => {
  const odd = [
    LONG,
    WIDE,
    'sales/a\0b.json',
    'sales/a\nb.json',
    'sales/half\ud83d.json',
    'sales/items.json/x.json',
  ];
  const { storage } = await startBucket({
    ...shopFiles,
    ...Object.fromEntries(odd.map((name) => [name, {}])),
  });
  const { call } = await startFunction({
    warehouse: shopWarehouse(),
    expected: 'gs://drift/expected',
    env: { STORAGE_EMULATOR_HOST: storage.url },
  });

  const { status, body } = await call();

  const named = (name: string, problem: string) => `gs://drift/expected: ${JSON.stringify(name)} ${problem}`;
  const control = 'is no name of an expected file: it has a control character';
  const long = "is too long: a file's name has at most 255 bytes";
  const problems = [
    named('sales/a\0b.json', control),
    named('sales/a\nb.json', control),
    named('sales/half\ud83d.json', 'is no name of an expected file: half of a character is missing'),
    named('sales/items.json/x.json', 'lies beneath "sales/items.json", which is a file'),
    named(LONG, long),
    named(WIDE, long),
  ];
  expect({ status, body }).toEqual({
    status: 500,
    body: expect.objectContaining({
      status: 'failed',
      error: { code: 'NoSuchFolder', message: problems.join('\n') },
    }),
  });
  expect(storage.requests.filter(({ path }) => path.includes('/o/'))).toEqual([]);
});

test('of many objects that can be no file the first ten are named, and the rest counted', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `sales//t${10 + index}.json`);
  const { bucket } = await startBucket(Object.fromEntries(names.map((name) => [name, {}])));
  const { message } = await copyToFolder(bucket).then(
    () => new Error('copied'),
    (error: Error) => error,
  );
  expect([message.split('\n').length, message.split('\n').at(-1)]).toEqual([11, 'and 2 more']);
});

test('a disk that is full is said with the file that it is too small for', async () => {
  const failure = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  const copying = copyToFolder({
    uri: 'gs://drift/expected',
    listSizes: async () => [{ name: 'sales/orders.json', bytes: 2 }],
    read: () => Promise.reject(failure),
  });
  await expect(copying).rejects.toMatchObject({
    code: 'NoSuchFolder',
    message: 'gs://drift/expected: "sales/orders.json" cannot be copied to this machine: ENOSPC',
  });
});

test('a bucket that may not be read says what to do', async () => {
  const { bucket, storage } = await startBucket(shopFiles);
  storage.faults.push({ answer: { status: 403 } });

  await expect(copyToFolder(bucket)).rejects.toMatchObject({
    code: 'NoSuchFolder',
    message: expect.stringMatching(
      /^cannot read the expected files in gs:\/\/drift\/expected: .*grant it storage/,
    ),
  });
});
