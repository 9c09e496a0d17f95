import { describe, expect, test } from 'vitest';
import { changesOf, type Sandbox, SECRET, startSandbox } from './sandbox.ts';

const env = { SLACK_WEBHOOK_URL: SECRET };
const BUCKET = 'buckets/test-project-bigquery-drift';
const MARK_BUCKET = 'gcloud storage buckets update gs://shared --update-labels=bigquery-drift=managed';
const MARK_SECRET =
  'gcloud secrets update central --update-labels=bigquery-drift=managed --project=test-project';
const NAMED = ['--bucket', 'shared', '--slack-secret', 'central'];

/** A bucket and a secret that somebody else has in the project. */
const THEIRS = {
  'buckets/shared/location': 'EU',
  'buckets/shared/settings': '--lifecycle-file=archive-after-a-year.json\n',
  'buckets/shared/backups/keep.txt': 'years of work',
  'secrets/central': 'https://hooks.slack.com/services/T9/B9/theirs',
};

const without = (cloud: Readonly<Record<string, string>>, folder: RegExp) =>
  Object.keys(cloud).filter((path) => !folder.test(path));

const waits = (calls: Awaited<ReturnType<Sandbox['calls']>>) =>
  calls.filter(([tool]) => tool === 'sleep').length;

describe('a bucket and a secret that deploy.sh did not make', () => {
  test('are refused before anything is changed, with the commands that make them its own', async () => {
    const sandbox = await startSandbox(THEIRS);
    const refused = await sandbox.deploy(NAMED, { env });
    expect({ status: refused.status, changes: changesOf(await sandbox.calls()) }).toEqual({
      status: 1,
      changes: [],
    });
    expect(await sandbox.cloud()).toEqual(THEIRS);
    for (const says of ['gs://shared (--bucket) central (--slack-secret)', MARK_BUCKET, MARK_SECRET])
      expect(refused.stderr).toContain(says);

    await sandbox.type(`${MARK_BUCKET} && ${MARK_SECRET}`);

    expect((await sandbox.deploy(NAMED, { env })).status).toBe(0);
    expect((await sandbox.cloud())['secrets/central']).toBe(THEIRS['secrets/central']);
  });

  test('are neither deleted nor emptied by --destroy --with-data: it stops before it begins', async () => {
    const sandbox = await startSandbox(THEIRS);
    const { status, stderr } = await sandbox.deploy([...NAMED, '--destroy', '--with-data', '--yes']);
    expect({ status, says: stderr.includes('Leave --with-data out') }).toEqual({ status: 1, says: true });
    expect(await sandbox.cloud()).toEqual(THEIRS);
  });

  test('are seen where their API is off at first: it is asked again once it is on, and not waited for before', async () => {
    const sandbox = await startSandbox(THEIRS);
    await sandbox.refuse([
      'secrets describe*',
      1,
      'PERMISSION_DENIED: Secret Manager API has not been used or is disabled. If you enabled this API recently, wait',
    ]);
    const { status } = await sandbox.deploy(['--slack-secret', 'central'], { env });
    const calls = await sandbox.calls();
    expect({ status, waits: waits(calls) }).toEqual({ status: 1, waits: 0 });
    expect(changesOf(calls).map((change) => change.split(' ').slice(0, 2).join(' '))).toEqual([
      'services enable',
    ]);
  });

  test('get no files by --files-only, unless the account may see no labels, as the one of CI', async () => {
    const sandbox = await startSandbox(THEIRS);
    const refused = await sandbox.deploy(['--files-only', '--bucket', 'shared']);
    expect({ status: refused.status, says: refused.stderr.includes(MARK_BUCKET) }).toEqual({
      status: 1,
      says: true,
    });
    expect(await sandbox.cloud()).toEqual(THEIRS);

    const denied = 'PERMISSION_DENIED: does not have storage.buckets.get access';
    await sandbox.refuse(['storage buckets describe*', 9, denied]);
    expect((await sandbox.deploy(['--files-only', '--bucket', 'shared'])).status).toBe(0);
  });
});

test('what an earlier version made under its own names has no label, and is taken on', async () => {
  const sandbox = await startSandbox({
    [`${BUCKET}/location`]: 'us-central1',
    [`${BUCKET}/settings`]: '--versioning\n',
    'secrets/drift-slack-webhook': SECRET,
  });
  expect((await sandbox.deploy()).status).toBe(0);
  expect((await sandbox.cloud())[`${BUCKET}/settings`]).toContain('--update-labels=bigquery-drift=managed');
});

test('a bucket that was made and could not be marked any more is named with the command that does', async () => {
  const sandbox = await startSandbox();
  await sandbox.refuse(['storage buckets update*', 1, 'INTERNAL: something broke']);
  const { status, stderr } = await sandbox.deploy(['--bucket', 'shared'], { env });
  expect({ status, says: stderr.includes(`is not marked yet; mark it: ${MARK_BUCKET}`) }).toEqual({
    status: 1,
    says: true,
  });
});

describe('--destroy', () => {
  test('--with-data leaves what others keep in the bucket, and with it the bucket', async () => {
    const sandbox = await startSandbox();
    await sandbox.deploy([], { env });
    await sandbox.type(
      `mkdir -p $CLOUD/${BUCKET}/state $CLOUD/${BUCKET}/backups && echo {} >$CLOUD/${BUCKET}/state/state.json && echo x >$CLOUD/${BUCKET}/backups/keep.txt`,
    );
    const { status, stdout } = await sandbox.deploy(['--destroy', '--with-data', '--yes']);
    const left = without(await sandbox.cloud(), /^(grants|roles|services)\//);
    expect({ status, left, says: stdout.includes('objects that are not of this monitor') }).toEqual({
      status: 0,
      left: [`${BUCKET}/backups/keep.txt`, `${BUCKET}/location`, `${BUCKET}/settings`],
      says: true,
    });
  });

  test('leaves an account, a role, a function and a job of the same name that are not its own', async () => {
    const theirs = {
      'accounts/drift-build@test-project.iam.gserviceaccount.com': 'Data drift: builds\n',
      'roles/bigqueryDriftReader': 'bigquery.tables.get\n',
      'titles/bigqueryDriftReader': 'Reader of the data drift team\n',
      'entry-points/bigquery-drift': 'main\n',
      'functions/us-central1/bigquery-drift': 'MODEL: "drift"\n',
      'function-secrets/bigquery-drift': 'drift-slack-webhook\n',
      'jobs/us-central1/bigquery-drift':
        '--schedule=0 5 * * *\n--oidc-service-account-email=cron@test-project.iam.gserviceaccount.com\n',
    };
    const sandbox = await startSandbox(theirs);
    const { status, stdout } = await sandbox.deploy(['--destroy', '--yes']);
    expect({ status, stays: stdout.match(/stays: deploy.sh did not make it/g)?.length }).toEqual({
      status: 0,
      stays: 4,
    });
    expect(await sandbox.cloud()).toEqual(theirs);
  });
});

test('a function of the same name that is not its own is not replaced', async () => {
  const theirs = {
    'entry-points/bigquery-drift': 'main\n',
    'functions/us-central1/bigquery-drift': '',
    'function-secrets/bigquery-drift': 'drift-slack-webhook\n',
  };
  const sandbox = await startSandbox(theirs);
  const { status, stderr } = await sandbox.deploy([], { env });
  expect({ status, says: stderr.includes('is not of this monitor: its entry point is main') }).toEqual({
    status: 1,
    says: true,
  });
  expect(await sandbox.cloud()).toEqual(theirs);
});
