import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

/** From the ground up; a folder imports from itself and from the floors beneath its own. */
const FLOORS: readonly (readonly string[])[] = [
  ['model'],
  ['diff', 'render'],
  ['sources', 'sinks'],
  ['run'],
  ['.'],
];
const SERVICES_ONLY_IN = ['sources', 'sinks'];
/** What the entrypoints are made for. */
const FRAMEWORKS = ['@google-cloud/functions-framework', 'commander'];
/** The outside world: what the pure floors and the use cases must not touch. */
const OUTSIDE =
  /^(@google-cloud\/|@slack\/|google-auth-library|node:(fs|http|net|child_process|process)|commander|p-queue)/;

interface Import {
  readonly file: string;
  readonly folder: string;
  readonly target: string;
}

async function readImports(): Promise<readonly Import[]> {
  const files = (await readdir('src', { recursive: true })).filter((file) => file.endsWith('.ts'));
  const imports = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join('src', file), 'utf8');
      const targets = [...text.matchAll(/(?:\bfrom|\bimport\()\s*'([^']+)'/g)].map(
        ([, target = '']) => target,
      );
      return targets.map((target) => ({ file, folder: dirname(file), target }));
    }),
  );
  return imports.flat();
}

function floorOf(folder: string): number {
  return FLOORS.findIndex((folders) => folders.includes(folder));
}

test('every folder of src stands on a floor', async () => {
  const folders = new Set((await readImports()).map(({ folder }) => folder));
  expect([...folders].filter((folder) => floorOf(folder) === -1)).toEqual([]);
});

test('a file imports from its own folder or from a lower floor, never sideways or up', async () => {
  const violations = (await readImports())
    .filter(({ target }) => target.startsWith('.'))
    .map(({ file, folder, target }) => ({
      file,
      folder,
      target: relative('src', dirname(join('src', folder, target))) || '.',
    }))
    .filter(({ folder, target }) => folder !== target && floorOf(target) >= floorOf(folder))
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(violations).toEqual([]);
});

test('only sources and sinks touch SDKs, files and the network; the entrypoints import their frameworks', async () => {
  const violations = (await readImports())
    .filter(({ folder, target }) => OUTSIDE.test(target) && !SERVICES_ONLY_IN.includes(folder))
    .filter(({ folder, target }) => !(folder === '.' && FRAMEWORKS.includes(target)))
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(violations).toEqual([]);
});

test('the import scan sees what it judges', async () => {
  const targets = (await readImports()).map(({ file, target }) => `${file} ${target}`);
  expect(targets).toContain('sources/bigquery.ts @google-cloud/bigquery');
  expect(targets).toContain('sinks/monitoring.ts @google-cloud/monitoring');
  expect(targets).toContain('diff/fields.ts ./pair.ts');
});
