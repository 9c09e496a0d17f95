import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startBigQueryEmulator } from '../../emulators/bigquery.ts';
import { startLocalServer, textReply } from '../../emulators/http.ts';
import { writeFolder } from '../support/folder.ts';
import { dropAmount, shopFiles, shopWarehouse } from '../support/shop.ts';

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Env = Readonly<Record<string, string>>;

function run(file: string, args: readonly string[], env: Env): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...env } };
    const child = execFile(file, args, options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

const drift = (args: readonly string[], env: Env = {}) =>
  run(process.execPath, ['src/cli/drift.ts', ...args], env);

/** The shop's files against its warehouse, from which a column was dropped. */
async function driftedShop(): Promise<{
  readonly args: readonly string[];
  readonly env: Env;
  requests(): number;
}> {
  const warehouse = shopWarehouse();
  dropAmount(warehouse);
  const bigquery = await startBigQueryEmulator({ projectId: 'shop', warehouse });
  onTestFinished(() => bigquery.close());
  return {
    args: ['check', '--expected', await writeFolder(shopFiles), '--project', 'shop'],
    env: { BIGQUERY_API_ENDPOINT: bigquery.url, CONFIRM_SECONDS: '0' },
    requests: () => bigquery.requests.length,
  };
}

const LOGIN = 'gcloud auth application-default login';

/** A machine that is none of Google's, on which nobody has signed in. */
async function nobody(): Promise<Env> {
  return { HOME: await writeFolder({}), GCE_METADATA_HOST: '127.0.0.1:9' };
}

test('without credentials every command says at once what to type, once', async () => {
  const env = await nobody();
  const files = await writeFolder(shopFiles);
  const out = await writeFolder({});
  const commands = [
    ['check', '--expected', files],
    ['accept', 'sales.orders', '--expected', files],
    ['pull', '--out', out],
    ['setup'],
    ['check', '--expected', 'gs://bucket/expected-schemas'],
  ];

  const outcomes: Outcome[] = [];
  for (const args of commands) outcomes.push(await drift([...args, '--project', 'p'], env));

  const said = { code: 64, stdout: '', stderr: `drift: no Google credentials: run  ${LOGIN}\n` };
  expect(outcomes).toEqual(commands.map(() => said));
  expect(await readdir(out)).toEqual([]);
});

test('a key file that is not there, or is none, is named, without what is in it', async () => {
  const folder = await writeFolder({ 'key.json': 'not a key: s3cret', 'empty.json': {} });
  const args = ['check', '--expected', await writeFolder(shopFiles), '--project', 'p'];
  const named = (name: string, why: string) => ({
    code: 64,
    stdout: '',
    stderr: `drift: GOOGLE_APPLICATION_CREDENTIALS names ${join(folder, name)}, which ${why}: correct it, or unset it and run  ${LOGIN}\n`,
  });
  const env = await nobody();
  const check = (name: string) => drift(args, { ...env, GOOGLE_APPLICATION_CREDENTIALS: join(folder, name) });

  expect(await check('nope.json')).toEqual(named('nope.json', 'is no file'));
  expect(await check('key.json')).toEqual(named('key.json', 'holds no Google credentials'));
  expect(await check('empty.json')).toEqual(named('empty.json', 'holds no Google credentials'));
});

test('a login that Google no longer takes is told once, before anything is read', async () => {
  const google = await startLocalServer(async () =>
    textReply(400, JSON.stringify({ error: 'invalid_grant', error_description: 'Bad Request' })),
  );
  onTestFinished(() => google.close());
  const folder = await writeFolder({ token: 'x' });
  const login = {
    type: 'external_account',
    audience: '//iam.googleapis.com/locations/global/workforcePools/p/providers/q',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    token_url: `${google.url}/token`,
    credential_source: { file: join(folder, 'token') },
  };
  const home = await writeFolder({ '.config/gcloud/application_default_credentials.json': login });
  const args = ['check', '--expected', await writeFolder(shopFiles), '--project', 'p'];

  expect(await drift(args, { HOME: home })).toEqual({
    code: 64,
    stdout: '',
    stderr: `drift: your Google login has expired or was taken back (invalid_grant): run  ${LOGIN}\n`,
  });
});

test('a token that BigQuery does not take: whoever typed the command is to sign in again', async () => {
  const bigquery = await startBigQueryEmulator({ projectId: 'shop', warehouse: shopWarehouse() });
  onTestFinished(() => bigquery.close());
  bigquery.faults.push({ answer: { status: 401, reason: 'authError', message: 'Invalid Credentials' } });
  const args = ['check', '--expected', await writeFolder(shopFiles), '--project', 'shop'];

  const { code, stdout } = await drift(args, { BIGQUERY_API_ENDPOINT: bigquery.url });

  expect(code).toBe(2);
  expect(stdout).toContain(`sign in again: ${LOGIN}`);
  expect(stdout).not.toContain('metadataViewer');
});

test('--output is proved before anything is read, and replaces no expected file', async () => {
  const { args, env, requests } = await driftedShop();
  const [, , expected = ''] = args;
  const other = await writeFolder({ 'sales/x.json': { type: 'TABLE' } });
  const check = (output: string) => drift([...args, '--format', 'json', '--output', output], env);
  const orders = join(expected, 'sales', 'orders.json');
  const before = await readFile(orders, 'utf8');

  for (const [output, says] of [
    [orders, `lies in ${expected}, which is read: name a file elsewhere`],
    [
      join(other, 'sales', 'x.json'),
      'is there already, and no report of drift: name another file, or remove it',
    ],
  ] as const)
    expect(await check(output)).toEqual({
      code: 64,
      stdout: '',
      stderr: `drift: --output: ${output} ${says}\n`,
    });
  expect(await check(join(other, 'sales', 'x.json', 'y.json'))).toMatchObject({
    code: 64,
    stdout: '',
    stderr: expect.stringMatching(/^drift: --output: ENOTDIR: [^\n]+\n$/),
  });
  expect(requests()).toBe(0);
  expect(await readFile(orders, 'utf8')).toBe(before);
  expect(await readFile(join(other, 'sales', 'x.json'), 'utf8')).toBe('{"type":"TABLE"}');

  const output = join(other, 'made', 'on', 'the way.json');
  for (const _ of ['new', 'again'])
    expect(await check(output)).toMatchObject({
      code: 1,
      stderr: '',
      stdout: expect.stringContaining('\ndrifted in shop: '),
    });
  expect(JSON.parse(await readFile(output, 'utf8'))).toMatchObject({ status: 'drifted' });
});

test('where the file can no longer be written, the report is printed all the same', async () => {
  const { args, env } = await driftedShop();
  // It takes nothing that is written: https://man7.org/linux/man-pages/man4/null.4.html
  const { code, stdout, stderr } = await drift([...args, '--output', '/dev/full'], env);

  expect({ code, stderr }).toEqual({
    code: 64,
    stderr: expect.stringMatching(/^drift: --output: ENOSPC: [^\n]+\n$/),
  });
  expect(stdout).toContain('\ndrifted in shop: ');
});

test('--no-confirm tells what the first read saw; --help says what a second read is for', async () => {
  const { args, env, requests } = await driftedShop();

  const { code, stdout, stderr } = await drift([...args, '--no-confirm'], { ...env, CONFIRM_SECONDS: '600' });
  const asked = requests();

  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(stdout).toContain('field amount is missing');
  await drift(args, env);
  expect(requests()).toBe(2 * asked + 1);
  const help = (await drift(['check', '--help'])).stdout;
  expect(help).toContain('--no-confirm');
  expect(help).toContain('(CONFIRM_SECONDS)');
});

test('a terminal shows how long it is until the second read', async () => {
  const { args, env } = await driftedShop();
  const command = [process.execPath, 'src/cli/drift.ts', ...args].join(' ');
  const { code, stdout } = await run('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    ...env,
    CONFIRM_SECONDS: '4',
  });
  expect(code).toBe(1);
  expect(stdout).toMatch(/reading 1 differing table again in [1-4] s \(--no-confirm skips this\)/);
});
