import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chmod, cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startStorageEmulator } from '../emulators/storage.ts';
import { writeFolder } from './support/folder.ts';
import { startFunction } from './support/function.ts';
import { shopFiles, shopWarehouse } from './support/shop.ts';

/* What a user may put where files are read, given to the command line and the function as a user gives it. */

interface Outcome {
  /** null: it had not ended after a minute, and was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function drift(
  args: readonly string[],
  { env = {}, uid, cwd = '.' }: { env?: Record<string, string>; uid?: number; cwd?: string } = {},
): Promise<Outcome> {
  return new Promise((done) => {
    const options = {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', CONFIRM_SECONDS: '0', ...env },
      timeout: 60_000,
      killSignal: 'SIGKILL' as const,
      maxBuffer: 2 ** 28,
      ...(uid === undefined ? {} : { uid, gid: uid }),
    };
    const child = execFile(process.execPath, ['src/cli.ts', ...args], options, (_, stdout, stderr) =>
      done({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** Bytes as a text for `writeFolder` would be encoded anew. */
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');

const orders = { type: 'TABLE', schema: { fields: [{ name: 'id', type: 'STRING' }] } };
const twice = '{\n"type": "TABLE",\n"timePartitioning": {"type": "DAY"},\n"timePartitioning": null }';

describe('in a folder of expected files', () => {
  test('what looks like one and is not read is an error that names it, and where a table belongs is said', async () => {
    const folder = await writeFolder({
      'commerce/orders.yaml': 'a: 1',
      'commerce/items.1.bq': '[]',
      'commerce/refunds.JSON': orders,
      'commerce/a.jsonc': '',
      'commerce/b.JSON5': '',
      'commerce/c.yml': '',
      'commerce/d.avsc': '',
      'commerce/e.TF': '',
      'commerce/f.sql': '',
      'main.tf': '',
      'drift-policy.yaml': '',
      'orders.json': orders,
      'web.visits.json': orders,
      // All these pass.
      'README.md': '',
      'Readme.yaml': '',
      'notes.txt': '',
      'commerce/README.sql': '',
      'commerce/notes.md': '',
      'commerce/.gitkeep': '',
      'commerce/.hidden.yaml': '',
      'commerce/ok.json': orders,
    });
    const elsewhere =
      'is not read: only .json files are. State the table in <dataset>/<table>.json (drift pull writes it), and keep this file elsewhere';

    const { code, stdout, stderr } = await drift(['validate', '--expected', folder]);

    expect({ code, stdout, stderr: stderr.trimEnd().split('\n') }).toEqual({
      code: 65,
      stdout: '',
      stderr: [
        'drift: 13 problems in the expected files',
        '  drift-policy.yaml: $: is not read: the policy is drift-policy.json',
        `  main.tf: $: ${elsewhere}`,
        ...['a.jsonc', 'b.JSON5', 'c.yml', 'd.avsc', 'e.TF', 'f.sql', 'items.1.bq', 'orders.yaml'].map(
          (name) => `  commerce/${name}: $: ${elsewhere}`,
        ),
        '  commerce/refunds.JSON: $: is not read: rename it to refunds.json',
        "  orders.json: $: this is a table's file: it belongs at <dataset>/orders.json",
        "  web.visits.json: $: this is a table's file: it belongs at web/visits.json",
      ],
    });
  });

  test('a key that is there twice, and a text that is not UTF-8, are errors in each file', async () => {
    const folder = await writeFolder({
      'drift-policy.json': '{"ignoreUnexpected": ["a.*"],\n"ignoreUnexpected": []}',
      'sales.json': '{"location": "EU", "location": "US"}',
      'sales/empty.json': '\n',
      'sales/conflict.json': '{\n<<<<<<< HEAD\n"type": "TABLE"\n=======\n>>>>>>> other\n}',
      'sales/comment.json': '{\n  "type": "TABLE",\n  # a comment\n  "schema": {} }',
      'sales/columns.json': orders.schema.fields,
      'sales/latin.json': latin1('{"description": "Beträge"}'),
      'sales/nested.json': '{"schema": {"fields": [{"name": "a", "type": "STRING",\n\n"type": "INT64"}]}}',
      'sales/orders.json': twice,
      'sales/quoting.json': '{"description": ": \\"a\\": b", "type": "TABLE"}',
      'sales/powershell.json': utf16(JSON.stringify(orders)),
    });
    const again = (first: number, second: number) =>
      `the key is there twice (lines ${first} and ${second}), and only the last would count: keep one`;

    const { code, stderr } = await drift(['validate', '--expected', folder]);

    expect({ code, stderr: stderr.trimEnd().split('\n') }).toEqual({
      code: 65,
      stderr: [
        'drift: 10 problems in the expected files',
        `  drift-policy.json: $.ignoreUnexpected: ${again(1, 2)}`,
        `  sales.json: $.location: ${again(1, 1)}`,
        '  sales/columns.json: $: expected one JSON object, found a list of columns: write {"schema": {"fields": …}} around it',
        expect.stringMatching(/^ {2}sales\/comment\.json: \$: is not JSON: .*line 3 column 3/),
        '  sales/conflict.json: $: is not JSON: it has conflict markers (line 2): resolve the merge',
        '  sales/empty.json: $: is empty',
        '  sales/latin.json: $: is not UTF-8: save it as UTF-8',
        `  sales/nested.json: $.schema.fields[0].type: ${again(1, 3)}`,
        `  sales/orders.json: $.timePartitioning: ${again(3, 4)}`,
        expect.stringMatching(/^ {2}sales\/powershell\.json: \$: is not UTF-8 but UTF-16, as > writes it/),
      ],
    });
  });

  test('very many problems are counted, and as many listed as somebody would read', async () => {
    const fields = Array.from({ length: 3_000 }, (_, index) => ({
      name: `column_${index}`,
      type: 'STRING',
    }));
    const criticalFields = fields.map(({ name }) => name.replace('column', 'colunm'));
    const unknown = Object.fromEntries(
      Array.from({ length: 50_000 }, (_, index) => [`descripton_${index}`, 1]),
    );
    const folder = await writeFolder({
      'sales/keys.json': { type: 'TABLE', ...unknown },
      'sales/paths.json': { schema: { fields }, contract: { criticalFields } },
    });

    const { code, stderr } = await drift(['validate', '--expected', folder]);
    const lines = stderr.trimEnd().split('\n');

    expect({
      code,
      first: lines[0],
      lines: lines.length,
      advice: lines.filter((line) => line.includes('did you mean')).length,
      counted: lines.filter((line) => line.includes(' more')),
    }).toEqual({
      code: 65,
      first: 'drift: 53000 problems in the expected files',
      lines: 1 + 201 + 201,
      advice: 40,
      counted: ['  sales/keys.json: and 49,800 more', '  sales/paths.json: and 2,800 more'],
    });
  });

  test('another folder than the one that was meant is told as that', async () => {
    const project = await writeFolder({
      'package.json': { name: 'shop' },
      ...Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`src/${index}.yaml`, ''])),
    });
    const dataset = await writeFolder({ 'orders.json': orders, 'items.json': orders });

    const [whole, one] = await Promise.all(
      [project, dataset].map((folder) => drift(['validate', '--expected', folder])),
    );

    expect(whole?.code).toBe(65);
    expect(whole?.stderr.split('\n').slice(0, 2)).toEqual([
      'drift: 31 problems in the expected files',
      `  ${project} has package.json, so that it looks like a whole project: name the folder of the expected files in it`,
    ]);
    expect(whole?.stderr.split('\n').at(-2)).toBe('  and 21 more');
    expect(one?.stderr.split('\n')[1]).toBe(
      `  ${dataset} looks like the folder of one dataset: name the folder above it`,
    );
  });

  test('nothing at all is nothing to compare', async () => {
    const nothing = await writeFolder({ commerce: null, 'web/.gitkeep': '', 'README.md': 'Schemas' });
    const stderr = `drift: nothing to compare: ${nothing} declares no dataset and no table. Write <dataset>/<table>.json there, or let drift pull write what BigQuery has\n`;
    const partly = await writeFolder({ commerce: null, 'web.json': { location: 'EU' } });

    expect(
      await Promise.all([
        drift(['validate', '--expected', nothing]),
        drift(['check', '--expected', nothing, '--actual', await writeFolder({})]),
        drift(['validate', '--expected', partly]),
      ]),
    ).toEqual([
      { code: 64, stdout: '', stderr },
      { code: 64, stdout: '', stderr },
      {
        code: 0,
        stdout:
          'valid: 0 tables in 2 datasets\nwarning: the folder commerce/ has no expected file: of this dataset it is only compared whether it is there\n',
        stderr: '',
      },
    ]);
  });
});

describe('what is no regular file', () => {
  const pipe = (path: string) => execFileSync('mkfifo', [path]);

  test('is an error that names it, and nothing waits for it', async () => {
    const good = await writeFolder({ 'sales/orders.json': orders });
    const expected = await writeFolder({ 'sales/orders.json': orders });
    pipe(join(expected, 'sales/pipe.json'));
    pipe(join(expected, 'drift-policy.json'));
    const actual = await writeFolder({ 'sales/orders.json': orders });
    pipe(join(actual, 'sales.json'));
    const why = 'is no regular file (a pipe, a device or a socket): put a file in its place, or remove it';

    const outcomes = await Promise.all([
      drift(['validate', '--expected', expected]),
      drift(['check', '--expected', good, '--actual', actual]),
      drift(['validate', '--expected', good, '--policy', '/dev/zero']),
    ]);

    expect(
      outcomes.map(({ code, stderr }) => ({ code, stderr: stderr.trimEnd().split('\n').slice(1) })),
    ).toEqual([
      {
        code: 65,
        stderr: [
          '  drift-policy.json: $: is no regular file (a pipe, a device or a folder): put a file in its place',
          `  sales/pipe.json: $: ${why}`,
        ],
      },
      { code: 64, stderr: [`  sales.json: ${why}`] },
      {
        code: 65,
        stderr: [
          '  /dev/zero: $: is no regular file (a pipe, a device or a folder): put a file in its place',
        ],
      },
    ]);
  });

  test('is an error where the state of the function should be', async () => {
    const state = await writeFolder({});
    pipe(join(state, 'state.json.1'));
    const { call } = await startFunction({
      warehouse: shopWarehouse(),
      expected: await writeFolder(shopFiles),
      env: { STATE_URI: pathToFileURL(state).href },
    });

    expect(await call()).toMatchObject({
      status: 500,
      body: {
        status: 'failed',
        error: {
          code: 'StateUnavailable',
          message: expect.stringContaining('state.json.1 is no regular file'),
        },
      },
    });
  });
});

const NOBODY = 65_534;

/** Whether the user nobody may start Node and read what the program needs; an administrator may read everything. */
function isNobodyAble(): boolean {
  if (process.getuid?.() !== 0) return false;
  const mayUse = (flag: string, path: string) =>
    spawnSync('test', [flag, path], { uid: NOBODY, gid: NOBODY }).status === 0;
  return mayUse('-x', process.execPath) && mayUse('-r', resolve('node_modules/commander/package.json'));
}

test.skipIf(!isNobodyAble())(
  'a folder that may not be read is named, and is no bug of the program',
  async () => {
    const program = await mkdtemp(join(tmpdir(), 'drift-program-'));
    onTestFinished(() => rm(program, { recursive: true, force: true }));
    await chmod(program, 0o755);
    await cp('src', join(program, 'src'), { recursive: true });
    await cp('package.json', join(program, 'package.json'));
    await symlink(resolve('node_modules'), join(program, 'node_modules'));
    const folder = await writeFolder({ 'sales/orders.json': orders, 'secret/orders.json': orders });
    await chmod(folder, 0o755);
    await chmod(join(folder, 'secret'), 0o000);
    const closed = await writeFolder({ 'sales/orders.json': orders });
    await chmod(closed, 0o000);
    const open = await writeFolder({ 'sales/orders.json': orders });
    await chmod(open, 0o755);
    const as = { uid: NOBODY, cwd: program };

    const outcomes = await Promise.all([
      drift(['validate', '--expected', folder], as),
      drift(['validate', '--expected', closed], as),
      drift(['check', '--expected', open, '--actual', folder], as),
    ]);

    const why = 'the folder cannot be read (EACCES): give this user the right to read it';
    expect(outcomes.map(({ code, stderr }) => ({ code, stderr: stderr.split('\n').slice(1) }))).toEqual([
      { code: 65, stderr: [`  secret/: $: ${why}`, ''] },
      { code: 65, stderr: [`  ${closed}: $: ${why}`, ''] },
      { code: 64, stderr: [`  secret/: ${why}`, ''] },
    ]);
  },
);

test('what is not read of a bucket is named as in a folder, and the bucket by its own name', async () => {
  const storage = await startStorageEmulator({ bucket: 'drift' });
  onTestFinished(() => storage.close());
  const put = (name: string, bytes: Buffer) =>
    storage.objects.set(`drift/expected/${name}`, {
      text: '',
      bytes,
      contentType: 'application/json',
      generation: '1',
      updated: new Date(0),
    });
  const env = { STORAGE_EMULATOR_HOST: storage.url };
  put('README.md', Buffer.from('Schemas'));
  const { call } = await startFunction({ warehouse: shopWarehouse(), expected: 'gs://drift/expected', env });

  const nothing = await call();
  put('sales/orders.json', latin1('{"description": "Beträge"}'));
  put('sales/items.yaml', Buffer.from('a: 1'));
  const stranger = await call();

  expect([nothing, stranger].map(({ status, body }) => [status, body])).toMatchObject([
    [
      500,
      {
        error: {
          code: 'NothingDeclared',
          message: expect.stringMatching(/^nothing to compare: gs:\/\/drift\/expected declares no dataset/),
        },
      },
    ],
    [
      500,
      {
        error: {
          code: 'InvalidFiles',
          message: expect.stringMatching(
            /^2 problems in the expected files\nsales\/items\.yaml: \$: is not read: .*\nsales\/orders\.json: \$: is not UTF-8: save it as UTF-8$/,
          ),
        },
      },
    ],
  ]);
});
