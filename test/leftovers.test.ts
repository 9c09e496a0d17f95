import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { writeFolder } from './support/folder.ts';
import { startFunction } from './support/function.ts';
import { shopFiles, shopWarehouse } from './support/shop.ts';

test('a run removes what runs that were killed while they wrote a page left in the folder, and nothing else', async () => {
  const left = [
    '.report-2026-03-01T07-17-00-000Z.html.41.k3x',
    '.latest-shard-1-of-2.html.41.a',
    '.latest.html.7.z',
  ];
  const kept = ['.notes.html.41.k3x', '.report-draft.txt.41.a', '.latest.html', 'report-mine.html.1.a'];
  const young = '.report-2026-03-02T07-17-00-000Z.html.42.k3y';
  const folder = await writeFolder(Object.fromEntries([...left, ...kept, young].map((name) => [name, 'x'])));
  const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000);
  for (const name of [...left, ...kept]) await utimes(join(folder, name), twoHoursAgo, twoHoursAgo);
  const { callAt } = await startFunction({
    warehouse: shopWarehouse(),
    expected: await writeFolder(shopFiles),
    env: { STATE_URI: pathToFileURL(folder).href },
  });

  const { status } = await callAt('2026-03-02T08:17:00Z');

  const pages = ['latest.html', 'report-2026-03-02T08-17-00-000Z.html'];
  const files = (await readdir(folder)).filter((name) => !/^(state|lease)\.json\.\d+$/.test(name));
  expect({ status, files: files.sort() }).toEqual({ status: 200, files: [...kept, ...pages, young].sort() });
});
