import { execFile, spawnSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { writeFolder } from '../support/folder.ts';
import { SECRET, startSandbox } from './sandbox.ts';

/** The commands that a dry run prints, as they can be typed. */
async function dryRun(...args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(
    'bash',
    ['deploy.sh', '--project', 'test-project', '--dry-run', ...args],
    { env: { ...process.env, SLACK_WEBHOOK_URL: SECRET } },
  );
  expect(stdout).not.toContain(SECRET);
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('+ '))
    .map((line) => line.slice(2));
}

/** What a command does, and to what: its words before the first flag. */
function verb(command: string): string {
  return command.replace(/^npm run --silent /, 'npm ').replace(/ -.*/, '');
}

const STEPS = [
  'npm ci',
  'npm drift',
  'npm build',
  'gcloud services enable artifactregistry.googleapis.com bigquery.googleapis.com cloudbuild.googleapis.com cloudfunctions.googleapis.com cloudscheduler.googleapis.com iam.googleapis.com logging.googleapis.com monitoring.googleapis.com run.googleapis.com secretmanager.googleapis.com storage.googleapis.com',
  'npm deployment',
  'gcloud secrets create drift-slack-webhook',
  'gcloud iam service-accounts create drift-runtime',
  'gcloud iam service-accounts create drift-scheduler',
  'gcloud iam service-accounts create drift-build',
  'gcloud iam roles create bigqueryDriftReader',
  'gcloud iam roles create bigqueryDriftState',
  'gcloud projects add-iam-policy-binding test-project',
  'gcloud projects add-iam-policy-binding test-project',
  'gcloud secrets add-iam-policy-binding drift-slack-webhook',
  'gcloud projects add-iam-policy-binding test-project',
  'gcloud projects add-iam-policy-binding test-project',
  'gcloud projects add-iam-policy-binding test-project',
  'gcloud storage buckets create gs://test-project-bigquery-drift',
  'gcloud storage buckets update gs://test-project-bigquery-drift',
  'gcloud storage buckets add-iam-policy-binding gs://test-project-bigquery-drift',
  'gcloud storage rsync expected-schemas gs://test-project-bigquery-drift/expected-schemas',
  'gcloud functions deploy bigquery-drift',
  'gcloud run services add-iam-policy-binding bigquery-drift',
  'gcloud scheduler jobs create http bigquery-drift',
  'npm drift',
  'gcloud monitoring dashboards create',
  'gcloud alpha monitoring policies create',
  'gcloud alpha monitoring policies create',
  'gcloud alpha monitoring policies create',
  'gcloud alpha monitoring policies create',
];

test('a dry run prints every step in order, and no secret', async () => {
  expect((await dryRun()).map(verb)).toEqual(STEPS);
});

test('it needs neither gcloud nor npm nor a login', async () => {
  const bin = join(await writeFolder({ bin: null }), 'bin');
  await mkdir(bin, { recursive: true });
  for (const tool of ['dirname', 'mktemp', 'rm']) {
    const { stdout } = spawnSync('bash', ['--norc', '-c', `command -v ${tool}`], { encoding: 'utf8' });
    await symlink(stdout.trim(), join(bin, tool));
  }

  const { status, stderr } = spawnSync(
    '/bin/bash',
    ['deploy.sh', '--project', 'test-project', '--dry-run', '--notify', 'on-call@example.com'],
    { encoding: 'utf8', env: { PATH: bin } },
  );

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('its lines, typed in one after the other, make what a real run makes', async () => {
  const deployed = await startSandbox();
  await deployed.deploy(['--notify', 'on-call@example.com'], { env: { SLACK_WEBHOOK_URL: SECRET } });
  const typed = await startSandbox();

  for (const line of await dryRun('--notify', 'on-call@example.com')) {
    const { status, stderr } = await typed.type(line, {
      input: line.includes('--data-file=-') ? SECRET : '',
    });
    expect({ line, status, stderr }).toEqual({ line, status: 0, stderr: '' });
  }

  expect(await typed.cloud()).toEqual(await deployed.cloud());
});

function flagsOf(command: string): readonly string[] {
  return (command.match(/--[a-z0-9-]+(=('[^']*'|"[^"]*"|\S+))?/g) ?? []).filter(
    (flag) => !/^--(project|region|location)=/.test(flag),
  );
}

test('the function is private, alone and bounded', async () => {
  const command = (await dryRun()).find((line) => line.startsWith('gcloud functions deploy')) ?? '';
  expect(flagsOf(command)).toEqual([
    '--gen2',
    '--runtime=nodejs24',
    '--source=build',
    '--entry-point=checkDrift',
    '--trigger-http',
    '--no-allow-unauthenticated',
    '--service-account=drift-runtime@test-project.iam.gserviceaccount.com',
    '--build-service-account=projects/test-project/serviceAccounts/drift-build@test-project.iam.gserviceaccount.com',
    '--env-vars-file=deployment/env.yaml',
    '--set-secrets=SLACK_WEBHOOK_URL=drift-slack-webhook:latest',
    '--memory=512Mi',
    '--cpu=1',
    '--timeout=1800s',
    '--max-instances=1',
    '--concurrency=1',
  ]);
});

test('the job calls it at 17 past every hour, as itself, and three times more where it fails', async () => {
  const command = (await dryRun()).find((line) => line.startsWith('gcloud scheduler jobs create')) ?? '';
  const url = `"https://$(gcloud functions describe bigquery-drift --gen2 --region=us-central1 --project=test-project --format='value(serviceConfig.uri.basename())')"`;
  expect(flagsOf(command)).toEqual([
    "--schedule='17 * * * *'",
    '--time-zone=Etc/UTC',
    `--uri=${url}`,
    '--http-method=POST',
    '--oidc-service-account-email=drift-scheduler@test-project.iam.gserviceaccount.com',
    `--oidc-token-audience=${url}`,
    '--attempt-deadline=30m',
    '--max-retry-attempts=3',
    '--min-backoff=60s',
  ]);
});

test('the bucket is private, versioned, and cleared of what was replaced', async () => {
  const flags = (await dryRun()).filter((line) => /buckets (create|update)/.test(line)).map(flagsOf);
  const isPrivate = ['--uniform-bucket-level-access', '--public-access-prevention'];
  expect(flags).toEqual([
    isPrivate,
    [
      ...isPrivate,
      '--versioning',
      '--lifecycle-file=ops/bucket-lifecycle.json',
      '--update-labels=bigquery-drift=managed',
    ],
  ]);
});

test('the reports are opened to the readers, the rest of the bucket is not', async () => {
  const lines = (await dryRun('--readers', 'data@example.com')).filter((line) => line.includes('group:'));
  expect(lines).toEqual([
    `gcloud storage buckets add-iam-policy-binding gs://test-project-bigquery-drift --member=group:data@example.com --role=roles/storage.objectViewer --condition='expression=resource.name.startsWith("projects/_/buckets/test-project-bigquery-drift/objects/state/"),title=drift-report-pages' --project=test-project`,
  ]);
});

test.each([
  { args: [], says: 'usage' },
  { args: ['--project'], says: '--project needs a value' },
  { args: ['--project', ''], says: '--project needs a value' },
  { args: ['--project', 'test-project', '--nonsense'], says: 'unknown option --nonsense' },
  { args: ['--project', 'example.com:p'], says: "--project: expected a project id, found 'example.com:p'" },
  { args: ['--project', 'test-project', '--region', 'us'], says: '--region: expected a region' },
  { args: ['--project', 'test-project', '--notify', '$(id)'], says: '--notify: expected a mail address' },
  { args: ['--project', 'test-project', '--expected', 'gs://b/x'], says: '--expected: expected a folder' },
  {
    args: ['--project', 'test-project', '--expected', 'nowhere'],
    says: '--expected: no such folder: nowhere',
  },
  {
    args: ['--project', 'test-project', '--schedule', 'nonsense'],
    says: `--schedule: expected five fields such as "17 * * * *", found 'nonsense'`,
  },
  {
    args: ['--project', 'test-project', '--destroy', '--files-only', '--dry-run'],
    says: '--files-only and --destroy exclude each other',
  },
  { args: ['--project', 'test-project', '--with-data'], says: '--with-data belongs to --destroy' },
  {
    args: ['--project', 'test-project', '--files-only', '--change', 'SHARD'],
    says: '--change belongs to a deployment',
  },
])('wrong arguments $args are refused', ({ args, says }) => {
  const { status, stderr } = spawnSync('bash', ['deploy.sh', ...args], { encoding: 'utf8' });
  expect({ status, says: stderr.includes(says) }).toEqual({ status: 64, says: true });
});

test('the usage names, for each mode, every option that changes what it looks at', () => {
  const { stdout } = spawnSync('bash', ['deploy.sh', '--help'], { encoding: 'utf8' });
  const [, destroy = ''] =
    /\n {7}(\.\/deploy\.sh --project PROJECT --destroy[\s\S]*?)\n\n/.exec(stdout) ?? [];
  expect(destroy.match(/--[a-z-]+/g)?.sort()).toEqual([
    '--bucket',
    '--destroy',
    '--dry-run',
    '--project',
    '--region',
    '--role-suffix',
    '--slack-secret',
    '--with-data',
    '--yes',
  ]);
});

test.each(['0/4', '5/4', '1', '1/100', '2 of 4'])('SHARD=%s is refused', (SHARD) => {
  const { status, stderr } = spawnSync('bash', ['deploy.sh', '--project', 'test-project', '--dry-run'], {
    encoding: 'utf8',
    env: { ...process.env, SHARD },
  });
  expect({ status, says: stderr.includes('SHARD: expected 1/4 for the first of four') }).toEqual({
    status: 64,
    says: true,
  });
});

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;

test.runIf(hasShellcheck)('shellcheck has nothing against the scripts', () => {
  const scripts = ['deploy.sh', ...['gcloud', 'npm', 'sleep'].map((name) => `test/deploy/${name}`)];
  expect(spawnSync('shellcheck', scripts, { encoding: 'utf8' }).stdout).toBe('');
});
