import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
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
    const child = execFile(process.execPath, ['src/cli/drift.ts', ...args], options, (_, stdout, stderr) =>
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

describe('a recorded answer', () => {
  test('in another format is named, and no table is missing for it', async () => {
    const expected = await writeFolder({ 'commerce/orders.json': orders });
    const yaml = await writeFolder({
      'commerce/orders.yaml': 'kind: bigquery#table',
      'commerce/README.md': '',
    });
    const misplaced = await writeFolder({ 'orders.json': orders, 'web/visits.json': orders });

    const outcomes = await Promise.all(
      [yaml, misplaced].map((actual) => drift(['check', '--expected', expected, '--actual', actual])),
    );

    const head = (actual: string) =>
      `drift: the recorded answers in ${actual} cannot be used: what is there is <dataset>.json and <dataset>/<table>.json`;
    expect(outcomes).toEqual([
      {
        code: 64,
        stdout: '',
        stderr: `${head(yaml)}\n  commerce/orders.yaml: is not read: record it as JSON, by bq show --format=prettyjson\n`,
      },
      {
        code: 64,
        stdout: '',
        stderr: `${head(misplaced)}\n  orders.json: this is a table's file: it belongs at <dataset>/orders.json\n`,
      },
    ]);
  });

  const reference = { projectId: 'p', datasetId: 'commerce', tableId: 'whole' };
  const kind = 'bigquery#table';
  const { schema } = orders;
  // By table: what is recorded of it, and what that is told as; null: it is a table.
  const records: Readonly<Record<string, readonly [unknown, string | null]>> = {
    array: [schema.fields, 'holds no JSON object'],
    dataset: [
      { kind: 'bigquery#dataset', datasetReference: { datasetId: 'commerce' } },
      'says kind "bigquery#dataset", where a table has "bigquery#table"',
    ],
    empty: [{}, 'is no Table resource'],
    fields: [{ fields: schema.fields }, 'is no Table resource'],
    latin: [latin1('{"type": "TABLE", "schema": {}, "description": "Beträge"}'), 'is not UTF-8'],
    list: [{ kind: 'bigquery#tableList', tables: [] }, 'says kind "bigquery#tableList"'],
    listed: [
      { kind, type: 'TABLE', tableReference: { ...reference, tableId: 'listed' } },
      'is an entry of a list, which names no columns',
    ],
    nowhere: [{ kind }, 'is no Table resource'],
    other: [
      { kind, schema, tableReference: { ...reference, tableId: 'refunds' } },
      'is of another table: its tableReference names commerce.refunds',
    ],
    part: [{ schema }, null],
    tool: [{ status: 'ERROR', error_details: 'Not found' }, 'is no Table resource'],
    twice: [twice, 'says $.timePartitioning more than once'],
    whole: [{ kind, schema, type: 'TABLE', etag: 'x', tableReference: reference }, null],
  };

  test("that is no table's, or another's, is unchecked, with what to record instead", async () => {
    const files = (content: (name: string) => unknown) =>
      Object.fromEntries(Object.keys(records).map((name) => [`commerce/${name}.json`, content(name)]));
    const expected = await writeFolder({
      ...files(() => orders),
      'web.json': { location: 'EU' },
      'shop.json': { location: 'EU' },
    });
    const actual = await writeFolder({
      ...files((name) => records[name]?.[0]),
      'web.json': { status: 'ERROR' },
      'shop.json': { location: 'EU', datasetReference: { datasetId: 'store' } },
    });
    const output = join(await writeFolder({}), 'report.json');

    const args = ['--expected', expected, '--actual', actual, '--format', 'json', '--output', output];
    const { code, stdout } = await drift(['check', ...args, '--project', 'another']);

    const { findings, unchecked, tables } = JSON.parse(await readFile(output, 'utf8'));
    const detailOf = new Map<string, string>(
      unchecked.map((entry: { dataset: string; table: string; detail: string }) => [
        entry.table ?? entry.dataset,
        entry.detail,
      ]),
    );
    const bad = Object.entries(records).filter(([, [, why]]) => why !== null);
    expect({ code, findings, tables }).toEqual({
      code: 2,
      findings: [],
      tables: { inSync: 2, drifted: 0, unchecked: bad.length },
    });
    for (const [name, [, why]] of bad) expect(detailOf.get(name)).toContain(`commerce/${name}.json ${why}`);
    expect([detailOf.get('web'), detailOf.get('shop')]).toEqual([
      'web.json is no Dataset resource: that has a "location" such as "EU"',
      'shop.json is of another dataset: its datasetReference names store',
    ]);
    expect(unchecked.map(Object.keys)).toEqual(unchecked.map(() => ['dataset', 'table', 'reason', 'detail']));
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'commerce.empty: malformed (commerce/empty.json is no Table resource: that has "schema": {"fields": […]} or a "type" such as "TABLE"): put into commerce/empty.json what this prints: bq show --format=prettyjson commerce.empty',
    );
    expect(stdout).not.toContain('proxy');
  });

  test('of nothing is nothing to pull', async () => {
    const [actual, out] = await Promise.all([writeFolder({}), writeFolder({})]);

    expect(await drift(['pull', '--actual', actual, '--out', out])).toEqual({
      code: 64,
      stdout: `wrote 0 files to ${out}, 0 unchanged\n`,
      stderr: `drift: nothing to pull: ${actual} has no recorded answer to write a file from\n`,
    });
  });
});

test('what in a policy covers nothing is a warning of check and of validate, with what was perhaps meant', async () => {
  const soon = new Date(Date.now() + 100 * 86_400_000).toISOString().slice(0, 10);
  const waiver = (table: string, more: object = {}) => ({ table, until: soon, reason: 'r', ...more });
  const expected = await writeFolder({
    'drift-policy.json': {
      ignoreUnexpected: [
        'marts',
        'acme-data.marts.tmp_*',
        'mrats.tmp_*',
        'marts.tpm_*',
        'gone.*',
        '*.tmp_*',
        'marts.old_*',
        'scratch.*',
      ],
      requiredFields: [{ name: 'id', type: 'STRING', except: ['marts.ordesr'] }],
      waivers: [
        waiver('marts.ordesr'),
        waiver('acme-data:marts.orders'),
        waiver('marts.orders', { path: 'ib', kind: 'field-type' }),
        waiver('marts.items', { until: '2020-01-31', reason: 'migration' }),
        waiver('marts', { kind: 'table-labels' }),
        waiver('marts.new', { kind: 'table-unexpected' }),
        waiver('marts.new', { until: '2999-12-31', kind: 'table-unexpected' }),
      ],
    },
    'marts/orders.json': orders,
    'marts/items.json': orders,
  });
  const actual = await writeFolder({
    'marts/orders.json': orders,
    'marts/items.json': orders,
    'marts/new.json': orders,
    'marts/old_1.json': orders,
    'scratch/x.json': orders,
  });
  const lines = ({ stdout }: Outcome) =>
    stdout
      .replace(/\n {4}/g, ' ')
      .split('\n')
      .filter((line) => /waiver|ignoreUnexpected|requiredFields/.test(line))
      .map((line) => line.replace(/^(?:warning:)?\s*/, ''));

  const [validated, checked, selected] = await Promise.all([
    drift(['validate', '--expected', expected]),
    drift(['check', '--expected', expected, '--actual', actual]),
    drift(['check', 'marts.orders', '--expected', expected, '--actual', actual]),
  ]);

  const everywhere = [
    'ignoreUnexpected "marts" covers a dataset alone, none of its tables: say marts.*',
    'ignoreUnexpected "acme-data.marts.tmp_*" covers nothing; leave the project out: "marts.tmp_*"',
  ];
  const except =
    'requiredFields id: except "marts.ordesr" covers no declared table; did you mean "marts.orders"?';
  expect(
    [validated, checked, selected].map((outcome) => ({ code: outcome.code, lines: lines(outcome) })),
  ).toEqual([
    {
      code: 0,
      lines: [
        'the waiver for marts.ordesr covers nothing that is declared; did you mean "marts.orders"?',
        'the waiver for acme-data:marts.orders covers nothing that is declared; leave the project out: "marts.orders"',
        'the waiver for marts.orders ib field-type names a field that no such file declares; did you mean "id"?',
        'the waiver for marts.items lapsed on 2020-01-31: migration',
        'the waiver for marts table-labels covers nothing: say marts.* for the tables of marts',
        'the waiver for marts.new table-unexpected holds until 2999-12-31, for more than a year: what is meant for good belongs into the expected file, or into severities',
        ...everywhere,
        'ignoreUnexpected "mrats.tmp_*" covers nothing: no file declares a dataset mrats, and only tables of declared datasets are looked at; did you mean "marts.tmp_*"?',
        except,
      ],
    },
    {
      code: 0,
      lines: [
        'the waiver for marts.orders ib field-type matches nothing: remove it',
        'the waiver for marts.items lapsed on 2020-01-31: migration',
        'the waiver for marts table-labels matches nothing: remove it',
        'the waiver for marts.ordesr covers nothing that is declared or was found; did you mean "marts.orders"?',
        'the waiver for acme-data:marts.orders covers nothing that is declared or was found; leave the project out: "marts.orders"',
        ...everywhere,
        'ignoreUnexpected "mrats.tmp_*" covers nothing that is declared or was found; did you mean "marts.tmp_*"?',
        'ignoreUnexpected "marts.tpm_*" covers nothing that is declared or was found',
        'ignoreUnexpected "gone.*" covers nothing that is declared or was found',
        except,
      ],
    },
    // Of a part, what is about that part alone.
    {
      code: 0,
      lines: [
        'the waiver for marts.orders ib field-type matches nothing: remove it',
        'the waiver for marts.items lapsed on 2020-01-31: migration',
      ],
    },
  ]);
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
