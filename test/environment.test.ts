import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { writeFolder } from './support/folder.ts';
import { startFunction } from './support/function.ts';
import { shopFiles, shopWarehouse } from './support/shop.ts';

test.each([
  {
    env: { GCP_PROJECT_ID: 'shop\nx' },
    problem: 'GCP_PROJECT_ID: expected a project\'s id such as my-project, found "shop\\nx"',
  },
  {
    env: { GCP_PROJECT_ID: '', GOOGLE_CLOUD_PROJECT: 'shop?x=' },
    problem: 'GOOGLE_CLOUD_PROJECT: expected a project\'s id such as my-project, found "shop?x="',
  },
  {
    env: { METRIC_LOCATION: 'europe west1' },
    problem: 'METRIC_LOCATION: expected a location such as europe-west1, or global, found "europe west1"',
  },
])('the function says which variable is wrong, and asks nothing: $env', async ({ env, problem }) => {
  const { bigquery, call, monitoring, slack } = await startFunction({
    warehouse: shopWarehouse(),
    expected: await writeFolder(shopFiles),
    env,
  });

  const { status, body } = await call();

  expect({ status, body }).toMatchObject({
    status: 500,
    body: { status: 'failed', error: { code: 'InvalidConfig', message: problem } },
  });
  expect([bigquery.requests, monitoring.requests, slack.messages.length]).toEqual([[], [], 1]);
});

test('the command line says so of --project, and leaves with 64', () => {
  const args = ['src/cli/drift.ts', 'check', '--project', '123456789012', '--actual', 'nowhere'];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect({ status, says: stderr.trim() }).toEqual({
    status: 64,
    says: "drift: --project: expected a project's id, found the number \"123456789012\": gcloud projects describe 123456789012 --format='value(projectId)'",
  });
});
