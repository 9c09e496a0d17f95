import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startBigQueryEmulator } from '../../emulators/bigquery.ts';
import { type Files, writeFolder } from '../support/folder.ts';
import { shopFiles, shopWarehouse } from '../support/shop.ts';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a process of its own, with nothing of this one's environment that could steer it. */
function drift(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'] ?? '', CONFIRM_SECONDS: '0', ...env } };
    const child = execFile(process.execPath, ['src/cli/drift.ts', ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** `check` of expected files against recorded answers. */
async function check(
  expected: Files,
  actual: Files,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const folders = ['--expected', await writeFolder(expected), '--actual', await writeFolder(actual)];
  return drift(['check', ...folders, ...args], env);
}

function struct(name: string, ...fields: readonly object[]) {
  return { name, type: 'RECORD', fields };
}

/** Until when something can be restored depends on when it is asked. */
function withoutMoments(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, 'MOMENT');
}

const string = (name: string) => ({ name, type: 'STRING' });
const tableWith = (...fields: readonly object[]) => ({ type: 'TABLE', schema: { fields } });

const expected: Files = { 'sales/orders.json': tableWith(string('id'), string('note')) };
const inSync: Files = expected;
const missingField: Files = { 'sales/orders.json': tableWith(string('id')) };
const unexpectedField: Files = {
  'sales/orders.json': tableWith(string('id'), string('note'), string('extra')),
};
const denied: Files = {
  'sales/orders.json': { error: { code: 403, message: 'No', errors: [{ reason: 'accessDenied' }] } },
};

describe('check', () => {
  test('exits with 0 where all is in sync', async () => {
    expect(await check(expected, inSync)).toEqual({
      code: 0,
      stdout: 'in-sync: 1 table in sync, 0 drifted, 0 unchecked\n',
      stderr: '',
    });
  });

  test('exits with 0 where only the spelling differs', async () => {
    const files: Files = {
      'sales.json': { location: 'europe-west1', defaultTableExpirationMs: 3600000 },
      'sales/orders.json': {
        schema: {
          fields: [
            { name: 'id', type: 'INT64', mode: 'required' },
            { name: 'paid', type: 'bool' },
            { name: 'weight', type: 'FLOAT64' },
            { name: 'price', type: 'DECIMAL', precision: 10, scale: 2 },
            {
              name: 'Lines',
              type: 'STRUCT',
              mode: 'repeated',
              fields: [{ name: 'SKU', type: 'string', maxLength: 20 }],
            },
            { name: 'created_at', type: 'Timestamp' },
          ],
        },
        timePartitioning: { type: 'day', field: 'CREATED_AT', expirationMs: 86400000 },
        requirePartitionFilter: true,
        clustering: { fields: ['ID'] },
      },
    };
    const twin: Files = {
      'sales.json': { location: 'EUROPE-WEST1', defaultTableExpirationMs: '3600000' },
      'sales/orders.json': {
        type: 'TABLE',
        schema: {
          fields: [
            { name: 'created_at', type: 'TIMESTAMP', mode: 'NULLABLE' },
            {
              name: 'lines',
              type: 'RECORD',
              mode: 'REPEATED',
              fields: [{ name: 'sku', type: 'STRING', mode: 'NULLABLE', maxLength: '20' }],
            },
            { name: 'price', type: 'NUMERIC', precision: '10', scale: '2' },
            { name: 'weight', type: 'FLOAT' },
            { name: 'paid', type: 'BOOLEAN' },
            { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
          ],
        },
        timePartitioning: {
          type: 'DAY',
          field: 'created_at',
          expirationMs: '86400000',
          requirePartitionFilter: true,
        },
        clustering: { fields: ['id'] },
      },
    };

    expect(await check(files, twin)).toEqual({
      code: 0,
      stdout: 'in-sync: 1 table in sync, 0 drifted, 0 unchecked\n',
      stderr: '',
    });
  });

  test('exits with 1 for a field that is missing three levels down, and names its path', async () => {
    const files = (...leaves: readonly object[]): Files => ({
      'sales/orders.json': tableWith(struct('customer', struct('address', ...leaves))),
    });

    const outcome = await check(files(string('city'), string('zip')), files(string('city')));
    expect({ ...outcome, stdout: withoutMoments(outcome.stdout) }).toEqual({
      code: 1,
      stdout: [
        'sales.orders',
        '  critical  field customer.address.zip is missing: expected STRING, found nothing  field-missing',
        "            before the fix: the field comes back empty; if it was dropped, save its data first, in a copy: bq cp --no_clobber 'sales.orders@<ms>' sales.orders_restored (<ms> is a moment before it went, in milliseconds since 1970); time travel can restore it for 7 days at most after it went: until MOMENT at the latest",
        '            fix:',
        '              # sales.orders.schema.json: what bq show --schema --format=prettyjson sales.orders prints, with field "customer.address.zip" added as the last of its record (STRING)',
        '              bq update sales.orders sales.orders.schema.json',
        '',
        'drifted: 0 tables in sync, 1 drifted, 0 unchecked, 1 finding',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  test('exits with 2 for a recorded 403, which is neither in sync nor drifted', async () => {
    expect(await check(expected, denied)).toEqual({
      code: 2,
      stdout: [
        'Not checked',
        '  sales.orders: denied (HTTP 403 accessDenied: No): grant roles/bigquery.metadataViewer to the account that this runs as',
        '',
        'incomplete: 0 tables in sync, 0 drifted, 1 unchecked',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  test.each<[string, string, Files, number]>([
    ['info', 'information', unexpectedField, 1],
    ['warning', 'information', unexpectedField, 0],
    [
      'critical',
      'a warning',
      { 'sales/orders.json': tableWith(string('id'), { name: 'note', type: 'JSON' }) },
      0,
    ],
  ])('with --fail-on %s and %s exits by it', async (severity, _, actual, code) => {
    const outcome = await check(expected, actual, ['--fail-on', severity]);

    expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code, stderr: '' });
  });

  test('does not take tables for dropped whose dataset was denied when it was recorded', async () => {
    const { 'sales/orders.json': error } = denied;

    const outcome = await check(expected, { 'sales.json': error });

    expect(outcome).toMatchObject({ code: 2, stdout: expect.not.stringContaining('missing') });
  });
});

describe('check --format json', () => {
  const files: Files = {
    'sales/orders.json': {
      ...tableWith(string('id'), string('note')),
      contract: { owner: 'Sales', consumers: { 'integration-service': ['note'] } },
    },
    'sales/items.json': tableWith(string('id')),
    'sales/secret.json': tableWith(string('id')),
    'drift-policy.json': {
      waivers: [{ table: 'sales.items', until: '9999-12-31', reason: 'migration 4711' }],
    },
  };
  const actual: Files = {
    ...missingField,
    'sales/items.json': tableWith(),
    'sales/secret.json': denied['sales/orders.json'],
  };

  test('prints the public report, its keys in their order', async () => {
    const { code, stdout, stderr } = await check(files, actual, ['--format', 'json', '--project', 'shop']);

    const fixOf = (table: string, column: string) => ({
      how: 'in-place',
      statements: [`ALTER TABLE \`shop.sales.${table}\` ADD COLUMN IF NOT EXISTS \`${column}\` STRING`],
      note: `the field comes back empty; if it was dropped, save its data first, in a copy: bq cp --no_clobber 'shop:sales.${table}@<ms>' shop:sales.${table}_restored (<ms> is a moment before it went, in milliseconds since 1970); time travel can restore it for 7 days at most after it went: until MOMENT at the latest`,
    });
    const finding = {
      kind: 'field-missing',
      severity: 'critical',
      dataset: 'sales',
      table: 'orders',
      path: 'note',
      expected: 'STRING',
      actual: null,
      message: 'field note is missing: expected STRING, found nothing',
      fingerprint: '<fingerprint>',
      consumers: ['integration-service'],
      owner: 'Sales',
      hint: null,
      fix: fixOf('orders', 'note'),
    };
    const report = {
      version: 1,
      project: 'shop',
      status: 'drifted',
      startedAt: '<time>',
      finishedAt: '<time>',
      tables: { inSync: 1, drifted: 1, unchecked: 1 },
      findings: [finding],
      waived: [
        {
          ...finding,
          table: 'items',
          path: 'id',
          message: 'field id is missing: expected STRING, found nothing',
          consumers: [],
          owner: null,
          fix: fixOf('items', 'id'),
          waiver: { until: '9999-12-31', reason: 'migration 4711' },
        },
      ],
      unchecked: [
        { dataset: 'sales', table: 'secret', reason: 'denied', detail: 'HTTP 403 accessDenied: No' },
      ],
      warnings: [],
    };
    const masked = withoutMoments(stdout)
      .replace(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/g, '"<time>"')
      .replace(/"fingerprint": "[0-9a-f]{12}"/g, '"fingerprint": "<fingerprint>"');
    expect({ code, stdout: masked, stderr }).toEqual({
      code: 1,
      stdout: `${JSON.stringify(report, null, 2)}\n`,
      stderr: '',
    });
  });

  test('with --output writes it to the file, and the text to the terminal', async () => {
    const output = `${await writeFolder({})}/report.json`;

    const { code, stdout } = await check(files, actual, ['--format', 'json', '--output', output]);

    const report = JSON.parse(await readFile(output, 'utf8'));
    expect({ code, project: report.project, status: report.status, stdout }).toEqual({
      code: 1,
      project: null,
      status: 'drifted',
      stdout: expect.stringMatching(/\ndrifted: 1 table in sync, 1 drifted, 1 unchecked, 1 finding\n$/),
    });
  });
});

test.each(['json', 'html', 'junit'])(
  'check --preview takes no other format but into a file: %s',
  async (format) => {
    const { code, stdout, stderr } = await check(expected, missingField, ['--preview', '--format', format]);
    expect({ code, stdout, says: stderr.split('\n')[0] }).toEqual({
      code: 64,
      stdout: '',
      says: 'error: --preview is shown in the place of --format: leave one out, or add --output <file>',
    });
  },
);

test('check --format slack prints the message, --preview as its reader would see it', async () => {
  const [message, preview] = await Promise.all([
    check(expected, missingField, ['--format', 'slack']),
    check(expected, missingField, ['--format', 'slack', '--preview']),
  ]);

  expect(JSON.parse(message.stdout)).toMatchObject({
    text: 'Drift in BigQuery: 1 critical. sales.orders: field note is missing: expected STRING, found nothing',
  });
  expect(preview.stdout).toContain('Drift in BigQuery: 1 critical');
});

test('what is piped has no escape sequences and no progress', async () => {
  const { stdout, stderr } = await check(expected, missingField, [], { FORCE_COLOR: '1' });

  expect({ escapes: stdout.includes('\u001B'), stderr }).toEqual({ escapes: false, stderr: '' });
});

describe('wrong usage exits with 64', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['an unknown option', ['--actul', 'x'], /^error: unknown option '--actul'\n\(Did you mean --actual\?\)/],
    [
      'an unknown format',
      ['--format', 'html5'],
      /^error: option '--format <format>' argument 'html5' is invalid/,
    ],
    [
      'an unknown dataset',
      ['sale'],
      /^drift: no file declares the dataset "sale"; did you mean "sales"\?\n$/,
    ],
    ['an output that cannot be written', ['--output', '/dev/null/x'], /^drift: --output: ENOTDIR: /],
  ])('for %s', async (_, args, stderr) => {
    expect(await check(expected, inSync, args)).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(stderr),
    });
  });

  test('for a folder that is not there', async () => {
    const missing = `${await writeFolder({})}/none`;

    expect(await check(expected, inSync, ['--actual', missing])).toEqual({
      code: 64,
      stdout: '',
      stderr: `drift: no such folder: ${missing}\n`,
    });
  });

  test('for want of a project', async () => {
    const folder = await writeFolder(expected);

    const outcome = await drift(['check', '--expected', folder], {
      BIGQUERY_API_ENDPOINT: 'http://127.0.0.1:9',
    });

    expect(outcome).toEqual({
      code: 64,
      stdout: '',
      stderr: 'drift: no project: set GCP_PROJECT_ID (or --project on the command line)\n',
    });
  });

  test('for a project that BigQuery does not know, and 0 for the one it knows', async () => {
    const emulator = await startBigQueryEmulator({ projectId: 'shop', warehouse: shopWarehouse() });
    onTestFinished(() => emulator.close());
    const args = ['check', '--expected', await writeFolder(shopFiles), '--project'];
    const env = { BIGQUERY_API_ENDPOINT: emulator.url };

    const outcomes = await Promise.all([drift([...args, 'other'], env), drift([...args, 'shop'], env)]);

    expect(outcomes).toEqual([
      {
        code: 64,
        stdout: '',
        stderr:
          'drift: project other was not found: datasets.list: HTTP 404 notFound: Not found: Project other\n',
      },
      { code: 0, stdout: 'in-sync in shop: 2 tables in sync, 0 drifted, 0 unchecked\n', stderr: '' },
    ]);
  });
});

describe('invalid files', () => {
  const invalid: Files = {
    'sales/a.json': { ...tableWith(string('id')), descripton: 'x' },
    'sales/b.json': tableWith(string('id'), string('ID')),
    'sales/c.json': tableWith({ name: '_partition_date', type: 'DATE' }),
    'sales/d.json': { ...tableWith(string('id')), timePartitioning: { type: 'DAY', field: 'created_at' } },
    'sales/e.json': {
      ...tableWith(...['a', 'b', 'c', 'd', 'e'].map(string)),
      clustering: { fields: ['a', 'b', 'c', 'd', 'e'] },
    },
    'sales/f.json': { ...tableWith(string('id')), contract: { criticalFields: ['amount'] } },
  };
  const problems = [
    'drift: 6 problems in the expected files',
    '  sales/a.json: $.descripton: unknown key "descripton"; did you mean "description"?',
    '  sales/b.json: $.schema.fields[1].name: duplicate field "ID": also $.schema.fields[0]',
    '  sales/c.json: $.schema.fields[0].name: a column "_partition_date" cannot exist, BigQuery reserves the prefix _PARTITION: leave it out and state timePartitioning; a table by ingestion time has the pseudo column _PARTITIONTIME',
    '  sales/d.json: $.timePartitioning.field: "created_at" is not declared in schema.fields',
    '  sales/e.json: $.clustering.fields: 5 clustering fields, BigQuery allows 4',
    '  sales/f.json: $.contract.criticalFields[0]: "amount" names no field of the schema',
    '',
  ].join('\n');

  test('end check and validate with 65 and every problem of every file', async () => {
    const folder = await writeFolder(invalid);

    const outcomes = await Promise.all([
      drift(['check', '--expected', folder, '--actual', folder]),
      drift(['validate', '--expected', folder]),
    ]);

    const outcome = { code: 65, stdout: '', stderr: problems };
    expect(outcomes).toEqual([outcome, outcome]);
  });

  test('of a policy end check with 65', async () => {
    const policy = `${await writeFolder({ 'policy.json': { severities: { 'field-mising': 'off' } } })}/policy.json`;

    const { code, stderr } = await check(expected, inSync, ['--policy', policy]);

    expect({ code, stderr }).toEqual({
      code: 65,
      stderr: `drift: 1 problem in the expected files\n  ${policy}: $.severities["field-mising"]: unknown key "field-mising"; did you mean "field-missing"?\n`,
    });
  });
});

test('validate says what is valid, and what is stated without being compared', async () => {
  const folder = await writeFolder({
    'web.json': { location: 'EU' },
    'sales/orders.json': { ...tableWith(string('id')), labels: { team: 'sales' }, friendlyName: 'Orders' },
  });

  expect(await drift(['validate', '--expected', folder])).toEqual({
    code: 0,
    stdout: 'valid: 1 table in 2 datasets\nwarning: stated, not compared: friendlyName, 1 file\n',
    stderr: '',
  });
});

describe('pull, check and accept', () => {
  const fixtures = 'test/fixtures/bigquery';

  test('what is pulled has no finding, and pulling again changes nothing', async () => {
    const out = await writeFolder({});
    expect(await drift(['pull', '--actual', fixtures, '--out', out])).toEqual({
      code: 0,
      stdout: `wrote 18 files to ${out}, 0 unchanged\n`,
      stderr: '',
    });
    expect(
      await drift(['check', '--expected', out, '--actual', fixtures, '--fail-on', 'info']),
    ).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await drift(['pull', '--actual', fixtures, '--out', out])).toEqual({
      code: 0,
      stdout: `wrote 0 files to ${out}, 18 unchanged\n`,
      stderr: '',
    });
  });

  test('pull exits with 64 for what is named and not there, and with 2 for what cannot be read', async () => {
    const actual = await writeFolder({
      'sales/secret.json': { error: { code: 403, errors: [{ reason: 'accessDenied' }] } },
    });
    const out = await writeFolder({});
    expect(await drift(['pull', 'sales.nosuch', '--actual', actual, '--out', out])).toMatchObject({
      code: 64,
    });
    expect(await drift(['pull', '--actual', actual, '--out', out])).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('sales.secret: denied'),
    });
  });

  test('accept needs --force for what weakens the file, names it, and then check finds nothing', async () => {
    const id = { name: 'id', type: 'STRING' };
    const amount = { name: 'amount', type: 'NUMERIC' };
    const expected = await writeFolder({
      'sales/orders.json': { schema: { fields: [id, amount] }, contract: { criticalFields: ['amount'] } },
    });
    const actual = await writeFolder({ 'sales/orders.json': { schema: { fields: [id] } } });
    const args = ['sales.orders', '--expected', expected, '--actual', actual];
    expect(await drift(['accept', ...args])).toMatchObject({
      code: 66,
      stderr: expect.stringContaining('weakened: field amount is no longer expected: it is critical'),
    });
    expect(await drift(['check', ...args])).toMatchObject({ code: 1 });
    expect(await drift(['accept', ...args, '--force'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('sales/orders.json now says what is there:'),
    });
    expect(await drift(['check', ...args])).toMatchObject({ code: 0 });
    expect(await drift(['accept', ...args])).toMatchObject({
      code: 0,
      stdout: 'nothing to accept in sales.orders\n',
    });
  });

  test('explain exits with 64 for a kind that does not exist', async () => {
    expect(await drift(['explain', 'clustring'])).toEqual({
      code: 64,
      stdout: '',
      stderr: 'drift: no kind "clustring"; did you mean "clustering"? (drift explain lists them)\n',
    });
  });
});
