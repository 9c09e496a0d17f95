import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';

/** Folders of src; `.` is its top, where all is put together. */
const TOP = '.';
const PURE = [
  'model',
  'metadata',
  'kinds',
  'compare',
  'judge',
  'repair',
  'incidents',
  'files',
  'words',
  'slack',
  'page',
  'output',
];
const FOLDERS = [...PURE, 'adapters', 'app', 'cli', TOP];

interface Ban {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly note: string;
}

const BANS: readonly Ban[] = [
  { from: ['model'], to: others('model'), note: 'Everything speaks of the model, so it knows nothing else.' },
  {
    from: ['metadata'],
    to: others('metadata', 'model'),
    note: 'A BigQuery resource in one spelling is the same for whoever compares, repairs or shows it.',
  },
  {
    from: PURE,
    to: ['adapters', 'app', 'cli', TOP],
    note: 'Pure folders turn values into values: no clock, no network, no file, and no order of events.',
  },
  {
    from: ['adapters'],
    to: ['app', 'cli', TOP],
    note: 'An adapter serves a port; who uses it, and when, is not its business.',
  },
  { from: ['app'], to: ['cli', TOP], note: 'A use case is the same for the function and the command line.' },
  { from: FOLDERS.filter((folder) => folder !== 'cli'), to: ['cli'], note: 'Nobody imports a command.' },
  ...['slack', 'page', 'output'].map((from) => ({
    from: [from],
    to: ['slack', 'page', 'output'].filter((to) => to !== from),
    note: 'Each can be changed or deleted alone; what they share is in words, kinds or repair.',
  })),
];

function others(...own: readonly string[]): readonly string[] {
  return FOLDERS.filter((folder) => !own.includes(folder));
}

const SDKS_ONLY_IN = 'adapters';
/** What the entrypoints are made for. */
const FRAMEWORKS = ['@google-cloud/functions-framework', 'commander'];
const ENTRYPOINTS = ['cli', TOP];
/** The outside world: what the pure folders and the use cases must not touch. `@slack/types` has no code. */
const OUTSIDE =
  /^(@google-cloud\/|@slack\/(?!types$)|google-auth-library|node:(fs|http|net|child_process|process)|commander|p-queue)/;

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
      return targets.map((target) => ({ file, folder: folderOf(file), target }));
    }),
  );
  return imports.flat();
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : TOP;
}

function targetFolder({ file, target }: Import): string {
  return folderOf(relative('src', join('src', file, '..', target)));
}

test('every folder of src is known here', async () => {
  const folders = new Set((await readImports()).map(({ folder }) => folder));
  expect([...folders].filter((folder) => !FOLDERS.includes(folder))).toEqual([]);
});

test.each(BANS)('no import from $from to $to: $note', async ({ from, to }) => {
  const violations = (await readImports())
    .filter((each) => each.target.startsWith('.') && from.includes(each.folder))
    .filter((each) => to.includes(targetFolder(each)))
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(violations).toEqual([]);
});

test('only adapters touch SDKs, files and the network; the entrypoints import their frameworks', async () => {
  const violations = (await readImports())
    .filter(({ folder, target }) => OUTSIDE.test(target) && folder !== SDKS_ONLY_IN)
    .filter(({ folder, target }) => !(ENTRYPOINTS.includes(folder) && FRAMEWORKS.includes(target)))
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(violations).toEqual([]);
});

test('the import scan sees what it judges', async () => {
  const imports = await readImports();
  const targets = imports.map(({ file, target }) => `${file} ${target}`);
  expect(targets).toContain('adapters/bigquery/bigquery.ts @google-cloud/bigquery');
  expect(targets).toContain('adapters/monitoring/monitoring.ts @google-cloud/monitoring');
  expect(targets).toContain('compare/fields.ts ./pair.ts');
  const folders = imports.map((each) => `${each.folder} ${targetFolder(each)}`);
  expect(folders).toContain('app adapters');
  expect(folders).toContain('cli .');
});
