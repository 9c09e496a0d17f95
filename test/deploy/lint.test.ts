import { execFile, spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { writeFolder } from '../support/folder.ts';
import { type Sandbox, SECRET, startSandbox } from './sandbox.ts';

const hasGcloud = spawnSync('gcloud', ['--version']).status === 0;

/** What gcloud's own linter has against each command; nothing: it knows every word and flag. */
async function lint(commands: readonly string[]): Promise<readonly string[]> {
  const content = [...new Set(commands)].map((command) => ({ command_string: command }));
  const folder = await writeFolder({ 'commands.json': content });
  const { stdout } = await promisify(execFile)(
    'gcloud',
    ['meta', 'lint-gcloud-commands', `--commands-file=${join(folder, 'commands.json')}`],
    // With each command comes all that its flags may be.
    { encoding: 'utf8', maxBuffer: 512 * 1024 * 1024 },
  );
  const results = JSON.parse(stdout) as {
    readonly command_string: string;
    readonly success: boolean;
    readonly error_message: string | null;
  }[];
  expect(results).toHaveLength(content.length);
  return results
    .filter(({ success }) => !success)
    .map((result) => `${result.command_string}: ${result.error_message}`);
}

const EVERYTHING = ['--notify', 'on-call@example.com', '--readers', 'data@example.com'];

/** All that the dry runs print for gcloud. */
async function printed(): Promise<readonly string[]> {
  const runs = [EVERYTHING, ['--destroy', '--with-data'], ['--files-only']].map(async (args) => {
    const { stdout } = await promisify(execFile)(
      'bash',
      ['deploy.sh', '--project', 'test-project', '--dry-run', ...args],
      { env: { ...process.env, DRIFT_POLICY: 'staging-policy.json' } },
    );
    return stdout.split('\n').filter((line) => line.startsWith('+ gcloud '));
  });
  return (await Promise.all(runs)).flat().map((line) => line.slice(2));
}

/** As deploy.sh prints it. */
function quoted(word: string): string {
  const [, flag = '', value = word] = /^(--[^=]+=)(.*)$/s.exec(word) ?? [];
  return flag + (/^[\w./:=@,+-]+$/.test(value) ? value : `'${value}'`);
}

async function gcloudCalls(sandbox: Sandbox): Promise<readonly string[]> {
  const calls = await sandbox.calls();
  return calls.filter(([tool]) => tool === 'gcloud').map((words) => words.map(quoted).join(' '));
}

let runs: Promise<readonly string[]> | undefined;

/** All that real runs ask and change, from nothing to nothing and back; run once. */
function ran(): Promise<readonly string[]> {
  runs ??= play();
  return runs;
}

async function play(): Promise<readonly string[]> {
  const sandbox = await startSandbox();
  const env = { SLACK_WEBHOOK_URL: SECRET };
  await sandbox.deploy(EVERYTHING, { env });
  // A secret without a version, as an interrupted run leaves it.
  await sandbox.type(': >"$CLOUD/secrets/drift-slack-webhook"');
  for (const args of [EVERYTHING, ['--destroy', '--yes'], []]) await sandbox.deploy(args, { env });
  // A bucket and a secret by names of their own are looked at before they are touched.
  const named = ['--bucket', 'own-bucket', '--slack-secret', 'own-secret'];
  for (const args of [named, [...named, '--destroy', '--with-data', '--yes']])
    await sandbox.deploy(args, { env });
  return gcloudCalls(sandbox);
}

/** All that the alerts and README tell people to type. */
async function told(): Promise<readonly string[]> {
  const alerts = (await readdir('ops/alerts')).map((file) => join('ops/alerts', file));
  const texts = await Promise.all([...alerts, 'README.md'].map((file) => readFile(file, 'utf8')));
  const contents = texts.map((text) =>
    text.startsWith('{') ? JSON.parse(text).documentation.content : text,
  );
  return contents
    .join('\n')
    .split('\n')
    .flatMap((line) => [
      ...(/^ {4,}(?:.* \| )?(gcloud .*?)(?: +# .*)?$/.exec(line)?.slice(1) ?? []),
      ...[...line.matchAll(/`(gcloud [^`]*)`/g)].map(([, command = '']) => command),
    ])
    .map((command) =>
      command.replaceAll('__PROJECT__', 'test-project').replaceAll('__REGION__', 'us-central1'),
    );
}

const UNKNOWN = 'gcloud functions deploy f --nonsense';

test.runIf(hasGcloud)(
  'gcloud knows every command and flag that is printed, run and told, and says so where it does not',
  async () => {
    const commands = [...(await printed()), ...(await ran()), ...(await told())];
    expect(await lint([...commands, UNKNOWN])).toEqual([expect.stringContaining(UNKNOWN)]);
  },
  300_000,
);

test('what is linted is all that there is', async () => {
  const verbs = (commands: readonly string[]) =>
    new Set(commands.map((command) => command.replace(/ -.*/, '').split(' ').slice(0, 4).join(' ')));
  const [inPrint, inRuns] = [verbs(await printed()), verbs(await ran())];
  expect([...inPrint].filter((verb) => !inRuns.has(verb)).sort()).toEqual([
    // Only with --with-data and with another policy.
    'gcloud secrets delete drift-slack-webhook',
    'gcloud storage buckets delete',
    'gcloud storage cp staging-policy.json',
    'gcloud storage rm gs://test-project-bigquery-drift/expected-schemas/',
    'gcloud storage rm gs://test-project-bigquery-drift/state/',
  ]);
  expect(await told()).toContainEqual(expect.stringContaining('gcloud scheduler jobs describe'));
  expect(await told()).toContainEqual(
    expect.stringContaining('workload-identity-pools providers create-oidc'),
  );
});
