import { fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { startBigQueryEmulator } from '../../emulators/bigquery.ts';
import { startMonitoringEmulator } from '../../emulators/monitoring.ts';
import { startSlackEmulator } from '../../emulators/slack.ts';
import { functionEnv } from '../../scripts/deployed-ops.ts';
import { writeFolder } from '../support/folder.ts';
import { PROJECT } from '../support/function.ts';
import { type Listening, NOW_HEADER } from './child-protocol.ts';

const TABLES = 1000;
const FIELDS = 60;

const fields = Array.from({ length: FIELDS }, (_, index) => ({ name: `field_${index}`, type: 'STRING' }));
const names = Array.from({ length: TABLES }, (_, index) => `table_${index}`);

test('a thousand tables emptied at once are told, charted and remembered in the memory of the deployed function', async () => {
  const file = JSON.stringify({ type: 'TABLE', schema: { fields } });
  const [expected, state] = await Promise.all([
    writeFolder(Object.fromEntries(names.map((name) => [`sales/${name}.json`, file]))),
    writeFolder({}),
  ]);
  const tables = new Map(names.map((name) => [name, { type: 'TABLE', schema: { fields: [] } }]));
  const warehouse = { datasets: new Map([['sales', { resource: { location: 'US' }, tables }]]) };
  let now = new Date('2026-03-02T08:00:00Z');
  const [bigquery, monitoring, slack] = await Promise.all([
    startBigQueryEmulator({ projectId: PROJECT, warehouse }),
    startMonitoringEmulator({ projectId: PROJECT, now: () => now }),
    startSlackEmulator(),
  ]);
  for (const server of [bigquery, monitoring, slack]) onTestFinished(() => server.close());

  const { NODE_OPTIONS = '' } = functionEnv({ project: PROJECT, bucket: 'shop-drift', set: [] });
  const child = fork(new URL('server.ts', import.meta.url), {
    execArgv: NODE_OPTIONS.split(' ').filter((option) => option.includes('-size=')),
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
    env: {
      ...process.env,
      GCP_PROJECT_ID: PROJECT,
      EXPECTED_SCHEMAS: expected,
      STATE_URI: `file://${state}`,
      SLACK_WEBHOOK_URL: slack.webhookUrl,
      BIGQUERY_API_ENDPOINT: bigquery.url,
      MONITORING_API_ENDPOINT: monitoring.url,
      REQUESTS_PER_SECOND: '1000',
      CONFIRM_SECONDS: '0',
    },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [{ port }] = (await once(child, 'message')) as [Listening];

  const answers: unknown[] = [];
  for (const time of ['2026-03-02T08:00:00Z', '2026-03-02T09:00:00Z']) {
    now = new Date(time);
    answers.push(
      await fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        headers: { 'X-CloudScheduler-ScheduleTime': time, [NOW_HEADER]: time },
      }).then(
        (response) => response.json(),
        () => 'the process ended',
      ),
    );
  }

  const findings = { critical: TABLES * FIELDS, warning: 0, info: 0 };
  const alerts = { opened: 0, changed: 0, reminded: 0, resolved: 0 };
  const drifted = { status: 'drifted', findings };
  expect(answers).toMatchObject([
    { ...drifted, alerts: { ...alerts, opened: TABLES * FIELDS } },
    { ...drifted, alerts },
  ]);
  expect(slack.messages.length).toBe(1);
  expect(JSON.stringify(slack.messages)).toContain('60,000 findings in 1,000 tables');
  const charted = monitoring.points.filter(
    ({ metric, metricLabels }) =>
      metric.endsWith('/findings_by_kind') && metricLabels['kind'] === 'field-missing',
  );
  expect(charted.map(({ value }) => value)).toEqual([60_000, 60_000]);
});
