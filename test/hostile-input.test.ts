import { execFile, execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type EmulatedWarehouse, type Fault, startBigQueryEmulator } from '../emulators/bigquery.ts';
import { loadExpectation } from '../src/adapters/folders/expected-files.ts';
import { InvalidFilesError } from '../src/model/errors.ts';
import { writeLogLine } from '../src/wiring.ts';
import { type Files, writeFolder } from './support/folder.ts';
import { type PlayedFunction, startFunction } from './support/function.ts';
import { dropAmount, shopFiles, shopWarehouse } from './support/shop.ts';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a process of its own. */
function drift(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = {
      env: { PATH: process.env['PATH'] ?? '', CONFIRM_SECONDS: '0', ...env },
      maxBuffer: 2 ** 28,
    };
    const child = execFile(process.execPath, ['src/cli/drift.ts', ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

async function problemsOf(folder: string): Promise<readonly string[]> {
  try {
    await loadExpectation({ folder });
    return [];
  } catch (error) {
    if (!(error instanceof InvalidFilesError)) throw error;
    return error.problems.map(({ file, path, message }) => `${file}: ${path}: ${message}`);
  }
}

const table = { type: 'TABLE', schema: { fields: [{ name: 'id', type: 'STRING' }] } };

/** A valid file of so many megabytes. */
function largeFile(megabytes: number): string {
  const text = JSON.stringify(table);
  return text + ' '.repeat(megabytes * 2 ** 20 - text.length);
}

function nested(levels: number, [open, close]: readonly [string, string]): string {
  return `{"schema":${open.repeat(levels)}1${close.repeat(levels)}}`;
}

describe('an expected file', () => {
  test.each([
    {
      name: 'of 17 MB',
      content: () => largeFile(17),
      problem: 'has 17 MB: an expected file holds one table, in at most 16 MB',
    },
    {
      name: 'of 50 MB',
      content: () => largeFile(50),
      problem: 'has 50 MB: an expected file holds one table, in at most 16 MB',
    },
    {
      name: 'of 100,000 lists in each other',
      content: () => nested(100_000, ['[', ']']),
      problem: 'is nested deeper than 300 levels',
    },
    {
      name: 'of 100,000 objects in each other',
      content: () => nested(100_000, ['{"a":', '}']),
      problem: 'is nested deeper than 300 levels',
    },
    { name: 'that holds null', content: () => 'null', problem: 'expected one JSON object' },
    { name: 'that holds a list', content: () => '[]', problem: 'expected one JSON object' },
  ])(
    '$name is refused with a reason, for a table, a dataset and the policy alike',
    async ({ content, problem }) => {
      const folder = await writeFolder({
        'sales/orders.json': content(),
        'sales.json': content(),
        'drift-policy.json': content(),
      });

      expect(await problemsOf(folder)).toEqual([
        `drift-policy.json: $: ${problem}`,
        `sales.json: $: ${problem}`,
        `sales/orders.json: $: ${problem}`,
      ]);
    },
  );

  test('of 16 MB is read', async () => {
    expect(await problemsOf(await writeFolder({ 'sales/orders.json': largeFile(16) }))).toEqual([]);
  });

  test.each([
    { name: 'a table', link: 'sales/orders.json', target: 'orders.json' },
    { name: 'a dataset', link: 'web.json', target: 'orders.json' },
    { name: 'a folder', link: 'web', target: '.' },
    { name: 'nothing', link: 'sales/gone.json', target: 'nowhere.json' },
  ])('that is a link out of the folder to $name is refused, and not read', async ({ link, target }) => {
    const outside = await writeFolder({ 'orders.json': table });
    const folder = await writeFolder({ 'sales/items.json': table });
    await symlink(join(outside, target), join(folder, link));

    expect(await problemsOf(folder)).toEqual([
      `${link}: $: a symbolic link is not followed: put the file itself here`,
    ]);
  });

  test('that is changed after it was checked is not compared', async () => {
    const folder = await writeFolder({ 'sales/orders.json': table });
    const { datasets } = await loadExpectation({ folder });

    await writeFile(join(folder, 'sales/orders.json'), JSON.stringify({ ...table, description: 'other' }));

    expect(datasets[0]?.tables[0]?.readExpected()).toEqual({
      status: 'unreadable',
      reason: 'malformed',
      detail: 'the expected file sales/orders.json has changed since it was checked',
      remedy: 'check again once nobody changes the expected files',
    });
  });

  test.each([
    { name: 'removed', becomes: async () => {}, why: 'ENOENT' },
    {
      name: 'made a folder',
      becomes: async (path: string) => void (await mkdir(path)),
      why: 'no regular file',
    },
    {
      name: 'made a pipe',
      becomes: async (path: string) => void execFileSync('mkfifo', [path]),
      why: 'no regular file',
    },
  ])('that is $name after it was checked is not compared', async ({ becomes, why }) => {
    const folder = await writeFolder({ 'sales/orders.json': table });
    const { datasets } = await loadExpectation({ folder });
    await rm(join(folder, 'sales/orders.json'));
    await becomes(join(folder, 'sales/orders.json'));

    expect(datasets[0]?.tables[0]?.readExpected()).toEqual({
      status: 'unreadable',
      reason: 'malformed',
      detail: `the expected file sales/orders.json cannot be read any more: ${why}`,
      remedy: 'check again once nobody changes the expected files',
    });
  });
});

test('5,000 tables of one dataset are valid', async () => {
  const folder = await writeFolder({ sales: null });
  const text = JSON.stringify(table);
  for (let start = 0; start < 5_000; start += 500) {
    await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        writeFile(join(folder, `sales/t_${start + index}.json`), text),
      ),
    );
  }

  expect(await drift(['validate', '--expected', folder])).toEqual({
    code: 0,
    stdout: 'valid: 5,000 tables in 1 dataset\n',
    stderr: '',
  });
}, 60_000);

/** Names that objects have members of. */
const MEMBERS = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'];

function memberFields(names: readonly string[] = MEMBERS): readonly object[] {
  const fields = names.map((name) => ({ name, type: 'STRING' }));
  return [...fields, { name: 'nested', type: 'RECORD', fields }];
}

describe('names that objects have members of', () => {
  const resource = { schema: { fields: memberFields() } };
  // BigQuery takes a label's key as it is; written by hand, since a literal would set the prototype.
  const labels = JSON.parse('{"constructor":"a","tostring":"b","__proto__":"c"}');
  const files: Files = Object.fromEntries(
    MEMBERS.flatMap((dataset) =>
      MEMBERS.map((name) => [`${dataset}/${name}.json`, { type: 'TABLE', ...resource }]),
    ),
  );

  async function start(): Promise<PlayedFunction> {
    const warehouse: EmulatedWarehouse = {
      datasets: new Map(
        MEMBERS.map((dataset) => [
          dataset,
          { resource: { labels }, tables: new Map(MEMBERS.map((name) => [name, { ...resource, labels }])) },
        ]),
      ),
    };
    return startFunction({
      warehouse,
      expected: await writeFolder(files),
      env: { STATE_URI: pathToFileURL(await writeFolder({})).href, CONFIRM_SECONDS: '0' },
    });
  }

  test('are in sync as datasets, tables, fields and labels', async () => {
    const { call } = await start();

    expect(await call()).toMatchObject({
      status: 200,
      body: { status: 'in-sync', tables: { inSync: 25, drifted: 0, unchecked: 0 } },
    });
  });

  test.each(MEMBERS)('drift, are remembered and are resolved like any other: %s', async (name) => {
    const { bigquery, callAt, clock, slack } = await start();
    const tables = bigquery.warehouse.datasets.get(name)?.tables;
    tables?.set(name, { schema: { fields: memberFields(MEMBERS.filter((member) => member !== name)) } });

    const first = await callAt('2026-03-02T08:00:00Z');
    clock.advance(3_600_000);
    const second = await callAt('2026-03-02T09:00:00Z');
    tables?.set(name, resource);
    clock.advance(3_600_000);
    const third = await callAt('2026-03-02T10:00:00Z');

    const told = JSON.stringify(slack.messages[0]?.payload.blocks);
    expect([first.body, second.body, third.body]).toMatchObject([
      { status: 'drifted', tables: { inSync: 24, drifted: 1 }, alerts: { opened: 2, resolved: 0 } },
      { status: 'drifted', tables: { inSync: 24, drifted: 1 }, alerts: { opened: 0, resolved: 0 } },
      { status: 'in-sync', tables: { inSync: 25, drifted: 0 }, alerts: { opened: 0, resolved: 2 } },
    ]);
    expect(
      [`\`${name}\``, `\`nested.${name}\``, `${name}.${name}`].map((part) => told.includes(part)),
    ).toEqual([true, true, true]);
  });

  test('are no keys of an expected file, and change nothing of any object', async () => {
    const hostile =
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"type":"TABLE"}';
    const folder = await writeFolder({
      'sales/orders.json': hostile,
      'sales.json': '{"__proto__":{"polluted":true}}',
    });

    expect(await problemsOf(folder)).toEqual([
      'sales.json: $.__proto__: unknown key "__proto__"',
      'sales/orders.json: $.__proto__: unknown key "__proto__"',
      'sales/orders.json: $.constructor: unknown key "constructor"',
    ]);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test.each([
    {
      name: 'a severity of no kind',
      policy: '{"severities":{"__proto__":"off"}}',
      at: '$.severities.__proto__',
    },
    { name: 'another one', policy: '{"severities":{"constructor":"off"}}', at: '$.severities.constructor' },
    { name: 'a part that there is not', policy: '{"__proto__":{"severities":{}}}', at: '$.__proto__' },
  ])('are no keys of a policy: $name', async ({ policy, at }) => {
    const folder = await writeFolder({ 'sales/orders.json': table, 'drift-policy.json': policy });

    const problems = await problemsOf(folder);

    expect(problems.map((problem) => problem.split(': ').slice(0, 2).join(': '))).toEqual([
      `drift-policy.json: ${at}`,
    ]);
  });

  test.each([
    { name: 'as kinds', text: '{"version":1,"__proto__":{"findings":[]}}' },
    { name: 'in place of all', text: '{"__proto__":{"version":1,"project":"shop"}}' },
  ])('are no state $name: it is set aside, and the run goes on', async ({ text }) => {
    const state = await writeFolder({});
    const { call, slack } = await startFunction({
      warehouse: shopWarehouse(),
      expected: await writeFolder(shopFiles),
      env: { STATE_URI: pathToFileURL(state).href, CONFIRM_SECONDS: '0' },
    });
    await writeFile(join(state, 'state.json.1'), text);

    expect(await call()).toMatchObject({ status: 200, body: { status: 'in-sync' } });
    expect(slack.messages).toHaveLength(1);
    expect((await readdir(state)).filter((file) => file.includes('unreadable'))).toHaveLength(1);
  });
});

describe('an answer', () => {
  async function answered(answer: Fault['answer']) {
    const played = await startFunction({
      warehouse: shopWarehouse(),
      expected: await writeFolder(shopFiles),
      env: { CONFIRM_SECONDS: '0' },
    });
    played.bigquery.faults.push({ method: 'tables.get', table: 'orders', answer });
    const { status, body } = await played.call();
    const { unchecked } = played.logged.map((entry) => entry['run']).find((entry) => entry !== undefined) as {
      unchecked: readonly { readonly table: string; readonly reason: string; readonly detail: string }[];
    };
    const findings = played.logged.flatMap(({ finding }) => (finding === undefined ? [] : [finding]));
    const kinds = findings.map((finding) => {
      const { kind, path } = finding as { kind: string; path: string };
      return `${kind} ${path}`;
    });
    return {
      status,
      report: (body as { status: string }).status,
      kinds,
      unchecked: unchecked.map(({ table: name, reason, detail }) => `${name}: ${reason}: ${detail}`),
    };
  }

  function json(content: object): Fault['answer'] {
    const tableReference = { projectId: 'shop', datasetId: 'sales', tableId: 'orders' };
    const resource = { kind: 'bigquery#table', type: 'TABLE', tableReference, ...content };
    return { status: 200, body: JSON.stringify(resource) };
  }

  const id = { name: 'id', type: 'STRING', mode: 'REQUIRED' };
  const amount = { name: 'amount', type: 'NUMERIC' };

  test.each<{ readonly name: string; readonly answer: Fault['answer']; readonly detail: RegExp }>([
    {
      name: 'a page of HTML',
      answer: { status: 200, body: '<html></html>', contentType: 'text/html' },
      detail: /^tables\.get: HTTP 200: /,
    },
    {
      name: 'JSON that is cut off',
      answer: { status: 200, body: '{"kind":"bigquery#table","schema":{"fie' },
      detail: /^tables\.get: HTTP 200: .*JSON/,
    },
    {
      name: 'more than 64 MB',
      answer: {
        status: 200,
        body: `{"kind":"bigquery#table","description":"${'d'.repeat(65 * 1024 * 1024)}"}`,
      },
      detail: /^tables\.get: .*64 MB/,
    },
    { name: 'fields that are an object', answer: json({ schema: { fields: {} } }), detail: /fields/ },
    { name: 'fields that are text', answer: json({ schema: { fields: 'id' } }), detail: /fields/ },
    { name: 'a schema that is a list', answer: json({ schema: [id, amount] }), detail: /schema/ },
    { name: 'a field that is null', answer: json({ schema: { fields: [id, null] } }), detail: /field/ },
    {
      name: 'a field without a name',
      answer: json({ schema: { fields: [id, { type: 'STRING' }] } }),
      detail: /name/,
    },
    {
      name: 'a field whose name is a number',
      answer: json({ schema: { fields: [id, { name: 7, type: 'STRING' }] } }),
      detail: /name/,
    },
    {
      name: 'a field without a type',
      answer: json({ schema: { fields: [id, { name: 'amount' }] } }),
      detail: /type/,
    },
    {
      name: 'a nested field without a type',
      answer: json({ schema: { fields: [id, { name: 'a', type: 'RECORD', fields: [{ name: 'b' }] }] } }),
      detail: /type/,
    },
    {
      name: 'partitioning that is text',
      answer: json({ schema: { fields: [id, amount] }, timePartitioning: 'DAY' }),
      detail: /timePartitioning/,
    },
  ])('of $name makes the table unchecked, with the reason', async ({ answer, detail }) => {
    const { unchecked, ...rest } = await answered(answer);

    expect(rest).toEqual({ status: 200, report: 'incomplete', kinds: [] });
    expect(unchecked).toEqual([expect.stringMatching(/^orders: malformed: /)]);
    expect(unchecked[0]?.replace('orders: malformed: ', '')).toMatch(detail);
  });

  test('with keys of the future, and of objects, is compared as if they were not there', async () => {
    const future = JSON.parse('{"futureKey":{"a":[1]},"__proto__":{"fields":[]},"constructor":null}');
    const fields = [
      { ...id, ...future, futureRounding: 'UP' },
      { ...amount, measure: {} },
    ];

    expect(await answered(json({ schema: { fields, ...future }, ...future }))).toEqual({
      status: 200,
      report: 'in-sync',
      kinds: [],
      unchecked: [],
    });
  });

  test.each([
    { name: 'a type', fields: [id, { name: 'amount', type: 'DECFLOAT128' }], kinds: ['field-type amount'] },
    { name: 'a mode', fields: [{ ...id, mode: 'UNIQUE' }, amount], kinds: ['field-mode id'] },
  ])('with $name of the future is compared by its text', async ({ fields, kinds }) => {
    expect(await answered(json({ schema: { fields } }))).toEqual({
      status: 200,
      report: 'drifted',
      kinds,
      unchecked: [],
    });
  });

  test.each([
    { name: 'without a schema', content: {} },
    { name: 'with an empty schema', content: { schema: {} } },
    { name: 'with no fields', content: { schema: { fields: [] } } },
  ])('$name is of a table that was recreated empty: every field is missing', async ({ content }) => {
    expect(await answered(json(content))).toEqual({
      status: 200,
      report: 'drifted',
      kinds: ['field-missing amount', 'field-missing id'],
      unchecked: [],
    });
  });

  test('of 31 MB is compared', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => ({
      name: `extra_${index}`,
      type: 'STRING',
      description: 'd'.repeat(3200),
    }));

    expect(await answered(json({ schema: { fields: [id, ...many] } }))).toEqual({
      status: 200,
      report: 'drifted',
      kinds: ['field-missing amount'],
      unchecked: [],
    });
  });

  test('of fields nested without an end is no crash, and nothing is missing', async () => {
    const levels = 100_000;
    const body = `{"kind":"bigquery#table","schema":{"fields":[${'{"name":"a","type":"RECORD","fields":['.repeat(levels)}${']}'.repeat(levels)}]}}`;

    const { status, kinds, unchecked } = await answered({ status: 200, body });

    expect({ status, kinds, unchecked }).toEqual({
      status: 200,
      kinds: [],
      unchecked: [expect.stringMatching(/^orders: malformed: /)],
    });
  });
});

describe('a hostile name or text', () => {
  // A terminal's escape, its one-character form, a bell, a backspace, DEL, line ends, a mark that turns text around.
  const HOSTILE = 'x\u001B[2J\u001B]0;title\u0007\u009B31m\b\u007F\r\nforged\u0085\u2028\u202Egnp';
  /** What a terminal or a reader of lines would act upon; the line ends are ours. */
  const CONTROL = /[^\n\P{Cc}]/u;

  const fields = [{ name: 'id', type: 'STRING', description: 'd' }];

  function hostileWarehouse(): EmulatedWarehouse {
    const hostile = {
      description: HOSTILE,
      labels: { [HOSTILE]: HOSTILE },
      schema: {
        fields: [
          { name: 'id', type: HOSTILE, description: HOSTILE },
          { name: HOSTILE, type: 'STRING' },
        ],
      },
    };
    return {
      datasets: new Map([
        [
          'sales',
          {
            resource: { description: HOSTILE },
            tables: new Map<string, Record<string, unknown>>([
              ['orders', hostile],
              [HOSTILE, hostile],
              ['lost', {}],
            ]),
          },
        ],
        [HOSTILE, { resource: {}, tables: new Map() }],
      ]),
    };
  }

  const files: Files = {
    'sales.json': { description: 'ours' },
    'sales/orders.json': { type: 'TABLE', description: 'ours', labels: { team: 'a' }, schema: { fields } },
    'sales/lost.json': table,
  };
  const denial: Fault = {
    table: 'lost',
    answer: { status: 403, reason: 'accessDenied', message: HOSTILE },
  };

  test.each(['text', 'json', 'slack'])(
    'reaches neither stdout nor stderr as it is: --format %s',
    async (format) => {
      const bigquery = await startBigQueryEmulator({ projectId: 'shop', warehouse: hostileWarehouse() });
      onTestFinished(() => bigquery.close());
      bigquery.faults.push(denial);
      const args = ['check', '--expected', await writeFolder(files), '--format', format];

      const { code, stdout, stderr } = await drift(args, {
        GCP_PROJECT_ID: 'shop',
        BIGQUERY_API_ENDPOINT: bigquery.url,
      });

      expect({
        code,
        saysSo: stdout.includes('sales.orders') || stdout.includes('"orders"'),
        raw: CONTROL.exec(stdout)?.[0],
        stderr,
      }).toEqual({
        code: 1,
        saysSo: true,
        raw: undefined,
        stderr: '',
      });
      if (format === 'text')
        expect(stdout.split('\n').filter((line) => line.startsWith('forged'))).toEqual([]);
    },
  );

  test.each(['DATASET_ALIASES', 'SHARD', 'STATE_URI'])('in %s reaches no terminal', async (variable) => {
    const { code, stderr } = await drift(['validate'], { [variable]: HOSTILE });

    expect({ code, raw: CONTROL.exec(stderr)?.[0] }).toEqual({ code: 64, raw: undefined });
  });

  test('in a file reaches no terminal', async () => {
    const file = { [HOSTILE]: 1, schema: { fields: [{ name: 'id', type: HOSTILE, [HOSTILE]: 1 }] } };
    const folder = await writeFolder({ 'sales/orders.json': file });
    await mkdir(join(folder, HOSTILE.replaceAll('/', '')));

    const { code, stderr } = await drift(['validate', '--expected', folder]);

    expect({ code, raw: CONTROL.exec(stderr)?.[0] }).toEqual({ code: 65, raw: undefined });
  });

  test('reaches no line of the log as it is', async () => {
    const { bigquery, call, logged } = await startFunction({
      warehouse: hostileWarehouse(),
      expected: await writeFolder(files),
      env: { CONFIRM_SECONDS: '0' },
    });
    bigquery.faults.push(denial);
    await call();

    const lines: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((line) => {
      lines.push(String(line));
      return true;
    });
    for (const entry of logged) writeLogLine(entry);
    write.mockRestore();

    expect(lines.map((line) => line.split('\n').length)).toEqual(lines.map(() => 2));
    expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(logged)));
    expect(lines.flatMap((line) => CONTROL.exec(line)?.[0] ?? [])).toEqual([]);
  });
});

describe('the webhook address', () => {
  const SECRET = /XXXX|services\/T000/;

  test.each([
    { name: 'where Slack takes the message', fault: null },
    { name: 'where Slack refuses it', fault: { answer: { status: 403, body: 'invalid_token' } } },
    { name: 'where Slack breaks off', fault: { answer: 'reset' as const } },
    {
      name: 'where a proxy repeats it',
      fault: { answer: { status: 502, body: 'POST /services/T000/B000/XXXX: bad gateway' } },
    },
  ])('is in no log, no answer and no state: $name', async ({ fault }) => {
    const state = await writeFolder({});
    const { bigquery, call, logged, slack } = await startFunction({
      warehouse: shopWarehouse(),
      expected: await writeFolder(shopFiles),
      env: { STATE_URI: pathToFileURL(state).href, CONFIRM_SECONDS: '0' },
    });
    dropAmount(bigquery.warehouse);
    if (fault !== null) slack.faults.push(fault);

    const answer = await call();

    const kept = await Promise.all((await readdir(state)).map((file) => readFile(join(state, file), 'utf8')));
    expect(kept.length).toBeGreaterThan(0);
    expect(JSON.stringify([answer, logged, kept])).not.toMatch(SECRET);
  });

  test('is of no concern to the command line', async () => {
    const { code, stdout, stderr } = await drift(['validate', '--expected', await writeFolder(shopFiles)], {
      SLACK_WEBHOOK_URL: 'hooks.slack.com/services/T000/B000/XXXX',
    });

    expect({ code, said: `${stdout}${stderr}`.match(SECRET) }).toEqual({ code: 0, said: null });
  });
});
