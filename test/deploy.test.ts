import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const SECRET = 'https://hooks.slack.com/services/T0/B0/secret';

async function dryRun(): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(
    'bash',
    ['deploy.sh', '--project', 'test-project', '--dry-run'],
    {
      encoding: 'utf8',
      env: { ...process.env, SLACK_WEBHOOK_URL: SECRET },
    },
  );
  expect(stdout).not.toContain(SECRET);
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('+ '))
    .map((line) => line.slice(2));
}

/** The first words of a command: what it does. */
function verb(command: string): string {
  return command
    .split(' ')
    .filter((word) => /^[a-z-]+$/.test(word) && !word.startsWith('-'))
    .slice(0, 4)
    .join(' ');
}

test('a dry run prints every step in order, and no secret', async () => {
  expect((await dryRun()).map(verb)).toEqual([
    'gcloud services enable',
    'gcloud iam service-accounts create',
    'gcloud iam service-accounts create',
    'gcloud iam roles create',
    'gcloud projects add-iam-policy-binding test-project',
    'gcloud projects add-iam-policy-binding test-project',
    'gcloud secrets create drift-slack-webhook',
    'gcloud secrets add-iam-policy-binding drift-slack-webhook',
    'gcloud functions deploy bigquery-drift',
    'gcloud run services add-iam-policy-binding',
    'gcloud scheduler jobs create',
  ]);
});

test('the role grants exactly what the four reads need', async () => {
  const role = (await dryRun()).find((command) => command.startsWith('gcloud iam roles create'));
  expect(
    /--permissions=(\S+)/
      .exec(role ?? '')?.[1]
      ?.replaceAll('\\', '')
      .split(','),
  ).toEqual(['bigquery.datasets.get', 'bigquery.tables.get', 'bigquery.tables.list']);
});

const hasGcloud = spawnSync('gcloud', ['--version']).status === 0;

/** What gcloud's own linter has against a command; null: nothing. */
async function lint(command: string): Promise<string | null> {
  const { stdout } = await promisify(execFile)(
    'gcloud',
    ['meta', 'lint-gcloud-commands', `--command-string=${command}`],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  const [result] = JSON.parse(stdout) as { success: boolean; error_message: string | null }[];
  return result?.success === true ? null : `${command}: ${result?.error_message}`;
}

test.runIf(hasGcloud)('gcloud knows every command and flag of the dry run', async () => {
  const problems = await Promise.all((await dryRun()).map(lint));
  expect(problems.filter((problem) => problem !== null)).toEqual([]);
  expect(await lint('gcloud functions deploy f --nonsense')).toContain('--nonsense');
});

test.each([
  { args: [], status: 64, says: 'usage' },
  { args: ['--project'], status: 64, says: '--project needs a value' },
  { args: ['--project', 'p', '--nonsense'], status: 64, says: 'unknown option --nonsense' },
])('wrong arguments $args are refused', ({ args, status, says }) => {
  const result = spawnSync('bash', ['deploy.sh', ...args], { encoding: 'utf8' });
  expect({ status: result.status, says: result.stderr.includes(says) }).toEqual({ status, says: true });
});
