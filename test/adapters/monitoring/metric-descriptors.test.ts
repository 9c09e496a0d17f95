import { JWT, UserRefreshClient } from 'google-auth-library';
import { expect, onTestFinished, test } from 'vitest';
import { startMonitoringEmulator } from '../../../emulators/monitoring.ts';
import { chargeTo, describeMetrics } from '../../../src/adapters/monitoring/metric-descriptors.ts';
import { createMonitoringSink } from '../../../src/adapters/monitoring/monitoring.ts';
import { METRICS, metricType } from '../../../src/model/metrics.ts';

async function startMonitoring() {
  const monitoring = await startMonitoringEmulator({ projectId: 'p' });
  onTestFinished(() => monitoring.close());
  const describeAll = async () => {
    const described = await describeMetrics({ projectId: 'p', endpoint: monitoring.url });
    return Object.fromEntries(
      described.map(({ metric, fate }) => [metric.slice(metric.lastIndexOf('/') + 1), fate]),
    );
  };
  return { monitoring, describeAll };
}

const all = (fate: string) => Object.fromEntries(Object.keys(METRICS).map((name) => [name, fate]));

test('every metric is described: its type, unit, words and labels', async () => {
  const { monitoring, describeAll } = await startMonitoring();

  expect(await describeAll()).toEqual(all('created'));

  expect([...monitoring.descriptors.keys()]).toEqual(
    (Object.keys(METRICS) as (keyof typeof METRICS)[]).map(metricType),
  );
  expect(monitoring.descriptors.get(metricType('tables'))).toEqual({
    name: 'projects/p/metricDescriptors/custom.googleapis.com/bigquery_drift/tables',
    type: 'custom.googleapis.com/bigquery_drift/tables',
    metricKind: 'GAUGE',
    valueType: 'INT64',
    unit: '{tables}',
    displayName: METRICS.tables.displayName,
    description: METRICS.tables.description,
    labels: [
      { key: 'dataset', valueType: 'STRING', description: METRICS.tables.labels.dataset },
      { key: 'status', valueType: 'STRING', description: METRICS.tables.labels.status },
    ],
  });
});

test('a second time nothing is written', async () => {
  const { monitoring, describeAll } = await startMonitoring();
  await describeAll();
  monitoring.requests.length = 0;

  expect(await describeAll()).toEqual(all('unchanged'));
  expect(monitoring.requests.map(({ method }) => method)).toEqual(['GET']);
});

test('what the first point has described is given its words', async () => {
  const { monitoring, describeAll } = await startMonitoring();
  const clock = { now: () => new Date() };
  const sink = createMonitoringSink({
    projectId: 'p',
    location: 'global',
    taskId: 'all',
    endpoint: monitoring.url,
    clock,
  });
  await sink.write([{ metric: metricType('run_seconds'), unit: 'double', value: 1.5, labels: {} }]);

  expect(await describeAll()).toEqual({ ...all('created'), run_seconds: 'updated' });
  expect(monitoring.descriptors.get(metricType('run_seconds'))).toMatchObject({ unit: 's' });
});

test('labels that are there beside ours are no difference: they cannot be taken away', async () => {
  const { monitoring, describeAll } = await startMonitoring();
  await describeAll();
  const tables = monitoring.descriptors.get(metricType('tables'));
  tables?.labels.push({ key: 'older', valueType: 'STRING' });

  expect(await describeAll()).toEqual(all('unchanged'));
});

test('numbers of enums, which the service sends to this client, are understood', async () => {
  const { monitoring, describeAll } = await startMonitoring();
  await describeAll();
  for (const [type, descriptor] of monitoring.descriptors) {
    const valueType = descriptor.valueType === 'INT64' ? 2 : 3;
    monitoring.descriptors.set(type, {
      ...descriptor,
      metricKind: 1,
      valueType,
    } as unknown as typeof descriptor);
  }

  expect(await describeAll()).toEqual(all('unchanged'));
});

test('a descriptor of another type is not replaced: its points would be lost', async () => {
  const { monitoring, describeAll } = await startMonitoring();
  await describeAll();
  const described = monitoring.descriptors.get(metricType('run_success'));
  if (described !== undefined)
    monitoring.descriptors.set(metricType('run_success'), { ...described, valueType: 'BOOL' });

  await expect(describeAll()).rejects.toThrow('run_success is described as GAUGE BOOL, expected GAUGE INT64');
  expect(monitoring.descriptors.get(metricType('run_success'))?.valueType).toBe('BOOL');
});

test('what Cloud Monitoring refuses is told with the metric', async () => {
  const { monitoring, describeAll } = await startMonitoring();
  monitoring.faults.push({
    method: 'metricDescriptors.create',
    answer: { status: 403, code: 'PERMISSION_DENIED', message: 'no such right' },
  });

  await expect(describeAll()).rejects.toThrow(
    /^Cloud Monitoring did not accept the descriptor of custom\.googleapis\.com\/bigquery_drift\/findings: .*no such right/,
  );
});

test("a person's requests count to the project, unless their credentials name another", () => {
  const credentials = [new UserRefreshClient(), new UserRefreshClient(), new JWT()];
  const [, named] = credentials;
  if (named !== undefined) named.quotaProjectId = 'theirs';

  for (const each of credentials) chargeTo('p', each);

  expect(credentials.map(({ quotaProjectId }) => quotaProjectId)).toEqual(['p', 'theirs', undefined]);
});
