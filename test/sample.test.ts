import { execFile } from 'node:child_process';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startBigQueryEmulator } from '../emulators/bigquery.ts';
import { startStorageEmulator } from '../emulators/storage.ts';
import { startSandbox } from './deploy/sandbox.ts';
import { writeFolder } from './support/folder.ts';
import { startFunction } from './support/function.ts';
import { shopFiles, shopWarehouse } from './support/shop.ts';

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Without a stand-in for BigQuery, and without credentials: what is refused is refused before they are looked for. */
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], GOOGLE_APPLICATION_CREDENTIALS: '/nope', ...env } };
    const child = execFile(process.execPath, args, options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

const drift = (...args: readonly string[]) => run(['src/cli/drift.ts', ...args]);
const advice = (place: string, project: string) =>
  `${place} is the sample of this repository, not what you expect of your project: write your own files with  drift pull --project ${project} --out my-schemas  and name them with --expected my-schemas, or EXPECTED_SCHEMAS (if the files there are yours by now, remove THIS-IS-A-SAMPLE.md from them)`;
const refused = (place: string) => ({ code: 64, stdout: '', stderr: `drift: ${advice(place, 'p')}\n` });

test('every command that looks at a project refuses the sample, and changes nothing in it', async () => {
  const sample = join(await writeFolder({}), 'sample');
  await cp('expected-schemas', sample, { recursive: true });
  const before = await readdir(sample, { recursive: true });

  expect(await Promise.all([drift('check', '--project', 'p'), drift('pull', '--project', 'p')])).toEqual([
    refused('expected-schemas'),
    refused('expected-schemas'),
  ]);
  expect(
    await Promise.all([
      drift('pull', '--project', 'p', '--force', '--out', sample),
      drift('accept', 'commerce.raffles', '--project', 'p', '--expected', sample),
    ]),
  ).toEqual([refused(sample), refused(sample)]);
  expect(await readdir(sample, { recursive: true })).toEqual(before);
});

test('the mark holds in a bucket too, on the command line', async () => {
  const storage = await startStorageEmulator({ bucket: 'samples' });
  onTestFinished(() => storage.close());
  for (const [name, text] of [
    ['THIS-IS-A-SAMPLE.md', '# A sample'],
    ['sales/orders.json', '{ "type": "TABLE" }'],
  ] as const)
    storage.objects.set(`samples/files/${name}`, {
      text,
      contentType: 'text/plain',
      generation: '1',
      updated: new Date(0),
    });

  expect(
    await run(['src/cli/drift.ts', 'check', '--project', 'p', '--expected', 'gs://samples/files'], {
      STORAGE_EMULATOR_HOST: storage.url,
    }),
  ).toEqual(refused('gs://samples/files'));
});

test('the function refuses it, and tells on-call', async () => {
  const { call, slack, bigquery } = await startFunction({
    warehouse: shopWarehouse(),
    expected: 'expected-schemas',
    env: { BIGQUERY_API_ENDPOINT: '' },
  });

  expect(await call()).toMatchObject({
    status: 500,
    body: {
      status: 'failed',
      error: { code: 'SampleFiles', message: advice('expected-schemas', 'shop') },
    },
  });
  expect(JSON.stringify(slack.messages)).toContain('is the sample of this repository');
  expect(bigquery.requests).toEqual([]);
});

test('build refuses it for what is to look at a project', async () => {
  const out = join(await writeFolder({}), 'build');
  expect(await run(['scripts/build.ts', '--out', out], { GCP_PROJECT_ID: 'p' })).toEqual({
    ...refused('expected-schemas'),
    stderr: `build: ${advice('expected-schemas', 'p')}\n`,
  });
});

test('recorded answers are compared with it, and its files alone are read, which says what they are', async () => {
  const actual = await writeFolder({ 'commerce/raffles.json': { type: 'TABLE' } });
  expect(await drift('check', 'commerce.raffles', '--actual', actual)).toMatchObject({ code: 1 });
  expect(await drift('validate')).toEqual({
    code: 0,
    stdout: `valid: 13 tables in 3 datasets\nwarning: ${advice('expected-schemas', 'PROJECT')}\n`,
    stderr: '',
  });
});

test('what README says to type, from the top, ends with one’s own files deployed', async () => {
  const readme = await readFile('README.md', 'utf8');
  const typed = (heading: string) =>
    readme
      .slice(readme.indexOf(`\n## ${heading}`))
      .split('\n')
      .filter((line) => /^ {4}(?:npm|[A-Z_]+=\S+ \.\/deploy)/.test(line))
      .map((line) => line.trim());
  const [pull = '', check = ''] = typed('Check a project of your own');
  const [deploy = ''] = typed('In production');
  const bigquery = await startBigQueryEmulator({ projectId: 'my-project', warehouse: shopWarehouse() });
  onTestFinished(() => bigquery.close());
  const sandbox = await startSandbox();
  await sandbox.write('expected-schemas/THIS-IS-A-SAMPLE.md', '# A sample');
  const env = { BIGQUERY_API_ENDPOINT: bigquery.url, CONFIRM_SECONDS: '0' };

  expect(await sandbox.type(pull, { env })).toMatchObject({ status: 0 });
  expect(await sandbox.type(check, { env })).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(`in-sync in my-project: ${Object.keys(shopFiles).length - 1} tables`),
  });
  // Nothing is played any more.
  const { status, stdout, stderr } = await sandbox.type(`${deploy} --dry-run`);

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  for (const command of [
    '+ npm run --silent drift -- validate --expected my-schemas',
    '+ npm run --silent build -- --expected my-schemas',
    '+ gcloud storage rsync my-schemas gs://my-project-bigquery-drift/expected-schemas',
  ])
    expect(stdout).toContain(command);
  expect(stdout).not.toMatch(/(?:rsync|--expected) expected-schemas/);
});

test('README names a folder wherever expected files are asked for', async () => {
  const readme = await readFile('README.md', 'utf8');
  const ci = await readFile('ops/ci/github-workflow.yml', 'utf8');
  const commands = `${readme}\n${ci}`
    .split('\n')
    .filter((line) => /(?:\.\/deploy\.sh --project|drift -- (?:check|validate|accept|pull))/.test(line))
    .filter((line) => !/--destroy/.test(line));
  expect(commands.length).toBeGreaterThan(9);
  expect(commands.filter((line) => !/--(?:expected|out) my-schemas/.test(line))).toEqual([]);
});
