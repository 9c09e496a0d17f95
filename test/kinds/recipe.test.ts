import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KINDS } from '../../src/kinds/index.ts';
import { writeFolder } from '../support/folder.ts';

const ADDED = 'table-friendly-name';
const DELETED = 'table-collation';

interface Edit {
  readonly file: string;
  /** Without indentation, as CONTRIBUTING shows them. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The edits of CONTRIBUTING's recipe, in their order. */
async function recipe(): Promise<readonly Edit[]> {
  const text = await readFile('CONTRIBUTING.md', 'utf8');
  const section = text.slice(text.indexOf('## Add a kind')).split('\n## ')[0] ?? '';
  const blocks = [...section.matchAll(/^ *```diff\n([\s\S]*?)^ *```$/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^ *--- /m)
      .slice(1)
      .map((hunk): Edit => {
        const [file = '', ...lines] = hunk.trimEnd().split('\n');
        const without = (mark: string) =>
          lines
            .map((line) => line.trim())
            .filter((line) => !line.startsWith(mark))
            .map((line) => line.replace(/^[+-] ?/, ''));
        return { file, before: without('+'), after: without('-') };
      }),
  );
}

/** The lines once each, whatever their indentation, replaced by others. */
function edited(text: string, { file, before, after }: Edit): string {
  const lines = text.split('\n');
  const starts = lines.flatMap((_, index) =>
    before.every((line, offset) => lines[index + offset]?.trim() === line.trim()) ? [index] : [],
  );
  const [start, ...others] = starts;
  if (start === undefined || others.length > 0)
    throw new Error(`${file} has ${starts.length} places for\n${before.join('\n')}`);
  return [...lines.slice(0, start), ...after, ...lines.slice(start + before.length)].join('\n');
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(folder: string, args: readonly string[]): Promise<Ended> {
  return new Promise((done) => {
    const options = { cwd: folder, env: { PATH: process.env['PATH'] ?? '', CONFIRM_SECONDS: '0' } };
    const child = execFile(process.execPath, args, options, (_, stdout, stderr) =>
      done({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

const drift = (...args: readonly string[]) => run(copy, ['src/cli/drift.ts', ...args]);

/** The ids of what a check of these two folders finds. */
async function kindsFound(expected: string, actual: string): Promise<unknown> {
  const { code, stdout, stderr } = await drift(
    'check',
    '--expected',
    expected,
    '--actual',
    actual,
    '--format',
    'json',
  );
  if (code !== 0 && code !== 1) return stderr;
  return JSON.parse(stdout).findings.map(({ kind }: { kind: string }) => kind);
}

/** The source as it is after the recipe, and after one kind is taken away again. */
let copy = '';
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'drift-recipe-'));
  for (const path of ['src', 'package.json', 'tsconfig.json'])
    await cp(path, join(copy, path), { recursive: true });
  await symlink(resolve('node_modules'), join(copy, 'node_modules'));
  for (const edit of await recipe()) {
    const path = join(copy, edit.file);
    await writeFile(path, edited(await readFile(path, 'utf8'), edit));
  }
  await withoutKind(DELETED);
});
afterAll(() => rm(copy, { recursive: true, force: true }));

async function withoutKind(id: string): Promise<void> {
  const name = id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const deletions: readonly (readonly [string, RegExp])[] = [
    ['src/kinds/table.ts', new RegExp(`^export const ${name}: [\\s\\S]*?^\\};\\n\\n`, 'm')],
    ['src/kinds/index.ts', new RegExp(`^ *table\\.${name},\\n`, 'm')],
  ];
  for (const [file, pattern] of deletions) {
    const path = join(copy, file);
    const text = await readFile(path, 'utf8');
    expect(text).toMatch(pattern);
    await writeFile(path, text.replace(pattern, ''));
  }
}

const stating = (friendlyName: string, defaultCollation: string) => ({
  'shop.json': { location: 'EU' },
  'shop/orders.json': {
    type: 'TABLE',
    schema: { fields: [{ name: 'id', type: 'STRING' }] },
    defaultCollation,
    friendlyName,
  },
});

test('the recipe is complete for the compiler, and nothing else knows the kind that is taken away', async () => {
  const config = { extends: './tsconfig.json', include: [], files: ['src/kinds/index.ts'] };
  await writeFile(join(copy, 'tsconfig.kinds.json'), JSON.stringify(config));
  const tsc = resolve('node_modules/typescript/bin/tsc');
  expect(await run(copy, [tsc, '--project', 'tsconfig.kinds.json'])).toMatchObject({ code: 0, stdout: '' });
});

test('explain knows the new kind, and the one that is taken away no more', async () => {
  const { stdout } = await drift('explain');
  const known = stdout.match(/^[a-z-]+/gm);
  expect(known).toContain(ADDED);
  expect(known).not.toContain(DELETED);
});

test('check finds the new kind alone, accept takes it over, and pull writes it', async () => {
  const expected = await writeFolder(stating('Orders', ''));
  const actual = await writeFolder(stating('Old orders', 'und:ci'));
  expect(await kindsFound(expected, actual)).toEqual([ADDED]);
  const accepted = await drift('accept', 'shop.orders', '--expected', expected, '--actual', actual);
  expect(accepted).toMatchObject({ code: 0 });
  expect(await kindsFound(expected, actual)).toEqual([]);
  const pulled = await writeFolder({});
  expect(await drift('pull', '--actual', actual, '--out', pulled)).toMatchObject({ code: 0 });
  const written = JSON.parse(await readFile(join(pulled, 'shop/orders.json'), 'utf8'));
  expect(written).toMatchObject({ friendlyName: 'Old orders' });
});

/** Ids that are the keys of a resource, or of a contract, as well. */
const ALSO_KEYS = ['clustering', 'retention'];

test('the id of a kind stands in its row alone', async () => {
  const files = (await readdir('src', { recursive: true })).filter((file) => file.endsWith('.ts'));
  const texts = await Promise.all(files.map((file) => readFile(join('src', file), 'utf8')));
  const places = KINDS.filter(({ id }) => !ALSO_KEYS.includes(id)).map(({ id }) => ({
    id,
    in: files.flatMap((file, index) => {
      const count = texts[index]?.match(new RegExp(`(?<![\\w-])${id}(?![\\w-])`, 'g'))?.length ?? 0;
      return Array.from({ length: count }, () => file);
    }),
  }));
  expect(places.filter((each) => each.in.length !== 1 || !each.in[0]?.startsWith('kinds/'))).toEqual([]);
  expect(ALSO_KEYS.filter((id) => !KINDS.some((row) => row.id === id))).toEqual([]);
});
