import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeFolder } from './support/folder.ts';

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function script(file: string, ...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], BIGQUERY_API_ENDPOINT: 'http://127.0.0.1:9' } };
    const child = execFile(process.execPath, [file, ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** Every file with its text; of a link its name alone. */
async function contentOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  return Object.fromEntries(paths.map((path, index) => [path, texts[index] ?? '']).sort());
}

const DEPLOYMENT = ['--project', 'test-project', '--region', 'us-central1', '--bucket', 'drift'] as const;
const MAKERS = [
  { name: 'demo', start: (out: string) => script('demo/demo.ts', '--out', out) },
  { name: 'build', start: (out: string) => script('scripts/build.ts', '--out', out) },
  {
    name: 'deployment',
    start: (out: string) => script('scripts/deployment.ts', ...DEPLOYMENT, '--out', out),
  },
] as const;

type Case = [name: string, prepare: (root: string) => Promise<string>, says: RegExp];

describe.each(MAKERS)('npm run $name -- --out', ({ name, start }) => {
  const REFUSED = 'nothing was changed; name a new or empty folder with --out\n';

  const full: Case = [
    'a folder that somebody works in',
    async (root) => root,
    /^\w+: .* is not empty, and npm run /,
  ];
  const shared: Case = [
    'a folder of its own in which somebody keeps something',
    async (root) => {
      const own = join(root, 'own');
      await mkdir(own);
      for (const file of [`.made-by-npm-run-${name}`, 'latest.html', 'package.json', 'env.yaml', 'notes.txt'])
        await writeFile(join(own, file), 'mine');
      return own;
    },
    / has what npm run \w+ did not make \(.*notes\.txt.*\): /,
  ];
  // One hand does this for all of them: what else may be named is tried with one.
  const others: readonly Case[] = [
    [
      'a link to such a folder',
      async (root) => {
        const link = join(await writeFolder({}), 'link');
        await symlink(root, link);
        return link;
      },
      / is not empty, and npm run /,
    ],
    ['a file', async (root) => join(root, 'thesis', 'chapter1.txt'), / is, or lies in, a file: /],
  ];

  test.each<Case>([full, shared, ...(name === 'demo' ? others : [])])(
    'leaves %s as it is, and says what to do',
    async (_, prepare, says) => {
      const root = await writeFolder({
        'thesis/chapter1.txt': 'years of work',
        'package.json': { name: 'x' },
      });
      const out = await prepare(root);
      const before = await contentOf(root);

      const { code, stderr } = await start(out);

      expect(stderr).toMatch(says);
      expect({ code, ends: stderr.endsWith(REFUSED), lines: stderr.split('\n').length }).toEqual({
        code: 64,
        ends: true,
        lines: 2,
      });
      expect(await contentOf(root)).toEqual(before);
    },
  );
});

test('deployment writes its folder anew: one of an earlier version, its own, one that is new', async () => {
  const [, , { start }] = MAKERS;
  const root = await writeFolder({ 'earlier/env.yaml': 'x', 'earlier/dashboard.json': 'x' });
  await mkdir(join(root, 'earlier', 'alerts'));
  await writeFile(join(root, 'earlier', 'alerts', 'gone.json'), '{}');
  for (const out of ['earlier', 'earlier', 'new/and/deep']) {
    expect(await start(join(root, out))).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await readdir(join(root, out))).toEqual([
      '.made-by-npm-run-deployment',
      'alerts',
      'dashboard.json',
      'env.yaml',
    ]);
    expect(await readdir(join(root, out, 'alerts'))).not.toContain('gone.json');
  }
});

test('build does not take away the expected files that it is to copy', async () => {
  const root = await writeFolder({ 'shop/orders.json': { type: 'TABLE' } });
  const inside = await script('scripts/build.ts', '--expected', root, '--out', join(root, 'build'));
  expect(inside).toMatchObject({ code: 64, stderr: expect.stringContaining('lie in one another') });
  expect(await readdir(root)).toEqual(['shop']);
});

const SCRIPTS = [
  ['demo/demo.ts', 'demo -- [--open] [--out FOLDER]'],
  ['scripts/build.ts', 'build -- [--out FOLDER] [--expected FOLDER]'],
  ['scripts/deployment.ts', 'deployment -- --project ID'],
  ['bench/bench.ts', 'bench -- [compare | hourly | load | page]…'],
  ['scripts/soak.ts', 'soak -- [RUNS [SEED]]'],
  ['scripts/screenshots.ts', 'screenshots'],
  ['scripts/write-page.ts', 'page'],
  ['scripts/write-schemas.ts', 'schemas'],
  ['scripts/variables.ts', 'variables'],
] as const;

test('each script of package.json that is ours is one of these', async () => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const own = Object.values(scripts).flatMap(
    (command) => /^node (?:--\S+ )?(\S+\.ts)$/.exec(command)?.[1] ?? [],
  );
  expect(own.filter((file) => file !== 'src/cli/drift.ts').sort()).toEqual(
    SCRIPTS.map(([file]) => file).sort(),
  );
});

test.each(SCRIPTS)(
  '%s refuses an option that it has not, in one line with the usage',
  async (file, usage) => {
    const name = usage.split(' ')[0];
    const { code, stdout, stderr } = await script(file, '--nonsense');
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    const [says, how, ...rest] = stderr.split('\n');
    expect({ says, rest }).toEqual({ says: `${name}: unknown option '--nonsense'`, rest: [''] });
    expect(how?.startsWith(`usage: npm run ${usage}`)).toBe(true);
  },
);

test('--help prints the usage', async () => {
  expect(await script('scripts/build.ts', '--help')).toEqual({
    code: 0,
    stdout: 'usage: npm run build -- [--out FOLDER] [--expected FOLDER]\n',
    stderr: '',
  });
});

test('two demos at once are in nobody’s way: each has a folder of its own', async () => {
  const outcomes = await Promise.all([script('demo/demo.ts'), script('demo/demo.ts')]);
  const pages = outcomes.map(({ stdout }) => stdout.trimEnd().split('\n').at(-1) ?? '');
  const folders = pages.map((page) => page.replace(/\/[^/]*$/, ''));
  try {
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    expect(folders[0]).not.toBe(folders[1]);
    for (const folder of folders)
      expect(await readdir(folder)).toEqual(expect.arrayContaining(['.made-by-npm-run-demo', 'latest.html']));
    expect(await script('demo/demo.ts', '--out', folders[0] ?? '')).toMatchObject({ code: 0, stderr: '' });
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  }
});
