import { expect, test } from 'vitest';
import { changesOf, SECRET, startSandbox } from './sandbox.ts';

const env = { SLACK_WEBHOOK_URL: SECRET };
const SAMPLE = 'expected-schemas/THIS-IS-A-SAMPLE.md';
const SAYS =
  'expected-schemas is the sample: npm run --silent drift -- pull --project test-project --out my-schemas, then --expected my-schemas';

test('the sample is not deployed: one sentence says what to do, and nothing is changed', async () => {
  const sandbox = await startSandbox();
  await sandbox.write(SAMPLE, 'a sample');

  const deployed = await sandbox.deploy([], { env });
  const uploaded = await sandbox.deploy(['--files-only']);

  expect([deployed, uploaded].map(({ status, stderr }) => [status, stderr])).toEqual([
    [64, `deploy.sh: ${SAYS}\n`],
    [64, `deploy.sh: ${SAYS}\n`],
  ]);
  expect({ changes: changesOf(await sandbox.calls()), cloud: await sandbox.cloud() }).toEqual({
    changes: [],
    cloud: {},
  });
  const dryRun = await sandbox.deploy(['--dry-run']);
  expect({ status: dryRun.status, says: dryRun.stdout.includes(SAYS) }).toEqual({ status: 0, says: true });
});

test('a folder of their own is deployed beside it, and afterwards the sample is in nobody’s way', async () => {
  const sandbox = await startSandbox();
  await sandbox.write(SAMPLE, 'a sample');
  await sandbox.write('my-schemas/mine/orders.json', '{ "type": "TABLE" }');

  const first = await sandbox.deploy(['--expected', 'my-schemas'], { env });
  await sandbox.calls();
  const again = await sandbox.deploy();

  const builds = (await sandbox.calls()).filter((words) => words.includes('build'));
  expect(builds.map((words) => words.at(-1))).toEqual(['gs://test-project-bigquery-drift/expected-schemas']);
  expect(again.stdout).toContain(
    'kept; ./deploy.sh --project test-project --files-only --expected FOLDER uploads',
  );
  expect([first.status, again.status]).toEqual([0, 0]);
  const uploaded = Object.keys(await sandbox.cloud()).filter((path) => path.includes('/expected-schemas/'));
  expect(uploaded).toEqual(['buckets/test-project-bigquery-drift/expected-schemas/mine/orders.json']);
});
