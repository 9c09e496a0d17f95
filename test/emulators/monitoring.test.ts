import { MetricServiceClient, type protos } from '@google-cloud/monitoring';
import { PassThroughClient } from 'google-auth-library';
import { afterEach, describe, expect, test } from 'vitest';
import { type MonitoringEmulator, startMonitoringEmulator } from '../../emulators/monitoring.ts';

type TimeSeries = protos.google.monitoring.v3.ITimeSeries;

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const METRIC = 'custom.googleapis.com/drift/findings';
const TASK = { project_id: 'shop', location: 'europe-west1', namespace: 'n', job: 'j', task_id: 'hourly' };

const running: MonitoringEmulator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.close()));
});

async function start() {
  const clock = { now: NOW };
  const emulator = await startMonitoringEmulator({ projectId: 'shop', now: () => new Date(clock.now) });
  running.push(emulator);
  const { hostname, port } = new URL(emulator.url);
  const client = new MetricServiceClient({
    fallback: true,
    apiEndpoint: hostname,
    port: Number(port),
    protocol: 'http',
    projectId: 'shop',
    authClient: new PassThroughClient(),
  });
  const write = (...timeSeries: TimeSeries[]) =>
    client.createTimeSeries({ name: 'projects/shop', timeSeries });
  return { emulator, client, clock, write };
}

function seriesOf(changes: {
  type?: string;
  labels?: Record<string, string>;
  resource?: TimeSeries['resource'];
  value?: protos.google.monitoring.v3.ITypedValue;
  at?: number;
}): TimeSeries {
  const { type = METRIC, labels = { table: 'a' }, value = { int64Value: 3 }, at = NOW } = changes;
  return {
    metric: { type, labels },
    resource: changes.resource ?? { type: 'generic_task', labels: TASK },
    metricKind: 'GAUGE',
    valueType: 'INT64',
    points: [{ interval: { endTime: timestamp(at) }, value }],
  };
}

function timestamp(ms: number) {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
}

/** The code and the text of a failed call, or "accepted". */
async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'accepted',
    ({ code, message }) => ({ code, message }),
  );
}

function refusal(reason: string) {
  return { code: 3, message: `One or more TimeSeries could not be written: ${reason}` };
}

describe('writing points', () => {
  test('keeps every point with its labels, whatever the type of its value', async () => {
    const { emulator, write } = await start();

    const [answer] = await write(
      seriesOf({}),
      seriesOf({ labels: { table: 'b' }, value: { int64Value: 0 } }),
      seriesOf({ type: 'custom.googleapis.com/ratio', value: { doubleValue: 0.5 } }),
      seriesOf({ type: 'custom.googleapis.com/ok', labels: {}, value: { boolValue: true } }),
    );

    const point = {
      metricLabels: { table: 'a' },
      resourceType: 'generic_task',
      resourceLabels: TASK,
      endTime: '2026-01-02T03:04:05.678Z',
    };
    expect(answer).toEqual({});
    expect(emulator.points).toEqual([
      { ...point, metric: METRIC, value: 3 },
      { ...point, metric: METRIC, value: 0, metricLabels: { table: 'b' } },
      { ...point, metric: 'custom.googleapis.com/ratio', value: 0.5 },
      { ...point, metric: 'custom.googleapis.com/ok', value: 1, metricLabels: {} },
    ]);
    expect(emulator.requests).toMatchObject([{ method: 'POST', path: '/v3/projects/shop/timeSeries' }]);
  });

  test.each([
    ['25 hours old', NOW - 25 * 3_600_000],
    ['5 minutes ahead', NOW + 300_000],
  ])('accepts a point that is %s', async (_, at) => {
    const { write } = await start();

    expect(await outcomeOf(write(seriesOf({ at })))).toBe('accepted');
  });

  test.each([
    ['global', { project_id: 'shop' }],
    ['generic_node', { project_id: 'shop', location: 'eu', namespace: 'n', node_id: '1' }],
    ['gce_instance', {}],
  ])('accepts points on the resource %s', async (type, labels) => {
    const { write } = await start();

    expect(await outcomeOf(write(seriesOf({ resource: { type, labels } })))).toBe('accepted');
  });

  test('writes 200 series in a request, and nothing of 201', async () => {
    const { emulator, write } = await start();
    const many = Array.from({ length: 201 }, (_, index) => seriesOf({ labels: { table: `t${index}` } }));

    expect(await outcomeOf(write(...many))).toEqual({
      code: 3,
      message:
        'Field timeSeries had an invalid value: A maximum of 200 TimeSeries can be written in a single request.',
    });
    expect(emulator.points).toEqual([]);
    expect(await outcomeOf(write(...many.slice(1)))).toBe('accepted');
    expect(emulator.points).toHaveLength(200);
  });
});

describe('refusals', () => {
  const interval = { endTime: timestamp(NOW) };
  const point = { interval, value: { int64Value: 1 } };
  const { task_id: _task, namespace: _namespace, ...incomplete } = TASK;

  test.each<[string, TimeSeries, string]>([
    [
      'no point',
      { ...seriesOf({}), points: [] },
      'Field timeSeries[0].points had an invalid value: Exactly one point must be written per TimeSeries per request.',
    ],
    [
      'two points',
      { ...seriesOf({}), points: [point, point] },
      'Field timeSeries[0].points had an invalid value: Exactly one point must be written per TimeSeries per request.',
    ],
    [
      'a resource that custom metrics cannot use',
      seriesOf({ resource: { type: 'cloud_run_revision', labels: {} } }),
      'Metrics cannot be written to cloud_run_revision. See https://cloud.google.com/monitoring/custom-metrics/creating-metrics#which-resource',
    ],
    [
      'resource labels that are missing',
      seriesOf({ resource: { type: 'generic_task', labels: incomplete } }),
      'The set of resource labels is incomplete. Missing labels: (namespace task_id)',
    ],
    [
      'resource labels that are too many',
      seriesOf({ resource: { type: 'global', labels: TASK } }),
      'Unrecognized resource labels for global: (location namespace job task_id)',
    ],
    [
      'a resource label that is too long',
      seriesOf({ resource: { type: 'global', labels: { project_id: 'x'.repeat(1025) } } }),
      'The value of the resource label project_id is longer than 1024 characters.',
    ],
    [
      'a point that is too old',
      seriesOf({ at: NOW - 25 * 3_600_000 - 1 }),
      'Field timeSeries[0].points[0].interval had an invalid value: The end time is more than 25 hours in the past.',
    ],
    [
      'a point from the future',
      seriesOf({ at: NOW + 300_001 }),
      'Field timeSeries[0].points[0].interval had an invalid value: The end time is more than 5 minutes in the future.',
    ],
    [
      'a gauge over a time',
      {
        ...seriesOf({}),
        points: [{ ...point, interval: { ...interval, startTime: timestamp(NOW - 1000) } }],
      },
      'Field timeSeries[0].points[0].interval had an invalid value: The start time of a gauge must be absent or equal to the end time.',
    ],
    [
      'a label value that is too long',
      seriesOf({ labels: { table: 'x'.repeat(1025) } }),
      'Field timeSeries[0].metric.labels had an invalid value: The value of table is longer than 1024 characters.',
    ],
    ...['1st', 'a-b', 'a b', '', '_a', 'é', 'x'.repeat(101)].map((key): [string, TimeSeries, string] => [
      `the label key ${JSON.stringify(key)}`,
      seriesOf({ labels: { [key]: 'v' } }),
      `Field timeSeries[0].metric.labels had an invalid value: The label key "${key}" is not valid.`,
    ]),
    [
      'more than 30 labels',
      seriesOf({ labels: Object.fromEntries(Array.from({ length: 31 }, (_, index) => [`l${index}`, 'v'])) }),
      `The new labels would cause the metric ${METRIC} to have over 30 labels.`,
    ],
    [
      'a metric that is not a custom one',
      seriesOf({ type: 'bigquery.googleapis.com/x' }),
      'Field timeSeries[0].metric.type had an invalid value of "bigquery.googleapis.com/x": The metric type must start with custom.googleapis.com/.',
    ],
    [
      'a value this stand-in does not take',
      seriesOf({ value: { stringValue: 'x' } }),
      `The point of ${METRIC} must have one BOOL, INT64 or DOUBLE value.`,
    ],
  ])('answers %s with INVALID_ARGUMENT', async (_, series, reason) => {
    const { emulator, write } = await start();

    expect(await outcomeOf(write(series))).toEqual(refusal(`${reason}: timeSeries[0]`));
    expect(emulator.points).toEqual([]);
  });

  test('answers a value of another type than the metric has', async () => {
    const { write } = await start();
    await write(seriesOf({}));

    expect(await outcomeOf(write(seriesOf({ labels: { table: 'b' }, value: { doubleValue: 1 } })))).toEqual(
      refusal(`Value type for metric ${METRIC} must be INT64, but is DOUBLE.: timeSeries[0]`),
    );
  });

  test.each([
    [0, '2026/01/02-03:04:05.678'],
    [4999, '2026/01/02-03:04:10.677'],
  ])('answers a point %i ms after the youngest of its series', async (later, stamp) => {
    const { write } = await start();
    await write(seriesOf({}));

    expect(await outcomeOf(write(seriesOf({ at: NOW + later })))).toEqual(
      refusal(
        `One or more points were written more frequently than the maximum sampling period configured for the metric. {Metric: ${METRIC}, Timestamps: {Youngest Existing: '2026/01/02-03:04:05.678', New: '${stamp}'}}: timeSeries[0]`,
      ),
    );
  });

  test('answers a point that is older than the youngest of its series', async () => {
    const { write } = await start();
    await write(seriesOf({}));

    expect(await outcomeOf(write(seriesOf({ at: NOW - 1 })))).toEqual(
      refusal(
        'Points must be written in order. One or more of the points specified had an older end time than the most recent point.: timeSeries[0]',
      ),
    );
  });

  test('accepts the next point of a series after five seconds, and another series at once', async () => {
    const { emulator, write } = await start();

    await write(seriesOf({}));
    await write(seriesOf({ labels: { table: 'b' } }));
    await write(seriesOf({ at: NOW + 5000 }));

    expect(emulator.points).toHaveLength(3);
  });

  test('answers a series that comes twice, in whatever order its labels are', async () => {
    const { emulator, write } = await start();

    const outcome = await outcomeOf(
      write(seriesOf({ labels: { a: '1', b: '2' } }), seriesOf({ labels: { b: '2', a: '1' } })),
    );

    expect(outcome).toEqual(
      refusal(
        'Field timeSeries[1] had an invalid value: Duplicate TimeSeries encountered. Only one point can be written per TimeSeries per request.: timeSeries[1]',
      ),
    );
    expect(emulator.points).toHaveLength(1);
  });

  test('writes the good points of a request and lists the others by reason', async () => {
    const { emulator, write } = await start();
    const onRun = { type: 'cloud_run_job', labels: {} };
    const request = [
      ...['a', 'b'].map((table) => seriesOf({ labels: { table }, resource: onRun })),
      seriesOf({ labels: { table: 'good' } }),
      seriesOf({ labels: { table: 'c' }, resource: onRun }),
      seriesOf({ labels: { table: 'd' }, resource: { type: 'global', labels: {} } }),
    ];

    const error: unknown = await write(...request).catch((reason: unknown) => reason);

    const onRunMessage =
      'Metrics cannot be written to cloud_run_job. See https://cloud.google.com/monitoring/custom-metrics/creating-metrics#which-resource';
    const missing = 'The set of resource labels is incomplete. Missing labels: (project_id)';
    const summary = {
      '@type': 'type.googleapis.com/google.monitoring.v3.CreateTimeSeriesSummary',
      totalPointCount: 5,
      successPointCount: 1,
      errors: [
        { status: { code: 3, message: onRunMessage }, pointCount: 3 },
        { status: { code: 3, message: missing }, pointCount: 1 },
      ],
    };
    expect(emulator.points.map(({ metricLabels }) => metricLabels)).toEqual([{ table: 'good' }]);
    expect(error).toMatchObject({
      ...refusal(`${onRunMessage}: timeSeries[0-1,3]; ${missing}: timeSeries[4]`),
      httpStatusCode: 400,
      // The client library does not know the type of the summary and hands it over as text.
      statusDetails: [{ description: JSON.stringify(summary) }],
    });
  });

  test('answers another project with PERMISSION_DENIED', async () => {
    const { client } = await start();

    expect(
      await outcomeOf(client.createTimeSeries({ name: 'projects/other', timeSeries: [seriesOf({})] })),
    ).toEqual({
      code: 7,
      message: 'Permission monitoring.timeSeries.create denied (or the resource may not exist).',
    });
  });

  test.each([
    ['GET', '/v3/projects/shop/timeSeries', 404],
    ['POST', '/v3/projects/shop/alertPolicies', 404],
    ['DELETE', '/v3/projects/shop/metricDescriptors', 404],
    ['POST', '/v3/projects/shop/timeSeries', 400],
    ['POST', '/v3/projects/shop/metricDescriptors', 400],
  ])('answers %s %s without a proper body with %i', async (method, path, status) => {
    const { emulator } = await start();

    const response = await fetch(`${emulator.url}${path}`, { method });

    expect(response.status).toBe(status);
  });

  test('reads enums and numbers as other clients than the library write them', async () => {
    const { emulator } = await start();
    const series = {
      metric: { type: METRIC },
      resource: { type: 'global', labels: { project_id: 'shop' } },
      metricKind: 'GAUGE',
      points: [{ interval: { endTime: '2026-01-02T03:04:05Z' }, value: { int64Value: '12' } }],
    };

    const response = await fetch(`${emulator.url}/v3/projects/shop/timeSeries`, {
      method: 'POST',
      body: JSON.stringify({ timeSeries: [series] }),
    });

    expect(await response.json()).toEqual({});
    expect(emulator.points.map(({ value }) => value)).toEqual([12]);
  });
});

describe('metric descriptors', () => {
  const descriptor: protos.google.api.IMetricDescriptor = {
    type: METRIC,
    metricKind: 'GAUGE',
    valueType: 'INT64',
    unit: '{columns}',
    description: 'Findings',
    displayName: 'Findings',
    labels: [{ key: 'table', valueType: 'STRING', description: 'The table' }],
    metadata: { samplePeriod: { seconds: 3600 } },
  };

  test('are created, kept and listed', async () => {
    const { client, emulator } = await start();

    const [created] = await client.createMetricDescriptor({
      name: 'projects/shop',
      metricDescriptor: descriptor,
    });
    const [listed] = await client.listMetricDescriptors({ name: 'projects/shop' });

    expect(created).toMatchObject({
      ...descriptor,
      name: `projects/shop/metricDescriptors/${METRIC}`,
      metadata: { samplePeriod: { seconds: '3600' } },
    });
    expect(listed).toEqual([created]);
    expect([...emulator.descriptors.keys()]).toEqual([METRIC]);
  });

  test('never lose a label', async () => {
    const { client, emulator } = await start();
    const name = 'projects/shop';

    await client.createMetricDescriptor({ name, metricDescriptor: descriptor });
    await client.createMetricDescriptor({
      name,
      metricDescriptor: { ...descriptor, labels: [{ key: 'rule', valueType: 'STRING' }] },
    });

    expect(emulator.descriptors.get(METRIC)?.labels.map(({ key }) => key)).toEqual(['table', 'rule']);
  });

  test('come with the first point of a metric', async () => {
    const { emulator, write } = await start();

    await write(seriesOf({}));

    expect([...emulator.descriptors.values()]).toEqual([
      {
        type: METRIC,
        metricKind: 'GAUGE',
        valueType: 'INT64',
        labels: [{ key: 'table', valueType: 'STRING' }],
      },
    ]);
  });

  test.each<[string, protos.google.api.IMetricDescriptor]>([
    ['a type that is not a custom one', { type: 'x/y' }],
    ['no kind', { metricKind: 'METRIC_KIND_UNSPECIFIED' }],
    ['no value type', { valueType: 'VALUE_TYPE_UNSPECIFIED' }],
  ])('are refused with %s', async (_, change) => {
    const { client, emulator } = await start();
    const metricDescriptor = { ...descriptor, ...change };

    expect(
      await outcomeOf(client.createMetricDescriptor({ name: 'projects/shop', metricDescriptor })),
    ).toMatchObject({ code: 3 });
    expect(emulator.descriptors.size).toBe(0);
  });
});

describe('faults', () => {
  test('answer in place of the service, after the skipped requests and as often as they say', async () => {
    const { emulator, write } = await start();
    emulator.faults.push(
      { method: 'metricDescriptors.create', answer: 'reset' },
      { skip: 1, times: 1, answer: { status: 503, code: 'UNAVAILABLE', message: 'Try again' } },
    );

    const outcomes: unknown[] = [];
    for (const table of ['a', 'b', 'c'])
      outcomes.push(await outcomeOf(write(seriesOf({ labels: { table } }))));

    expect(outcomes).toEqual(['accepted', { code: 14, message: 'Try again' }, 'accepted']);
    expect(emulator.points.map(({ metricLabels }) => metricLabels)).toEqual([{ table: 'a' }, { table: 'c' }]);
  });

  test('can lose the answer to a write that was done', async () => {
    const { emulator, write } = await start();
    emulator.faults.push({ answer: 'accept-then-reset', times: 1 }, { answer: 'reset' });

    expect(await outcomeOf(write(seriesOf({})))).toMatchObject({ code: 14 });
    expect(emulator.points).toHaveLength(1);
    expect(await outcomeOf(write(seriesOf({ labels: { table: 'b' } })))).toMatchObject({ code: 14 });
    expect(emulator.points).toHaveLength(1);
  });

  test('can be a page of a proxy', async () => {
    const { emulator, write } = await start();
    emulator.faults.push({ answer: { status: 502, body: '<html>', contentType: 'text/html' } });

    expect(await outcomeOf(write(seriesOf({})))).toEqual({
      // Not UNAVAILABLE: the library translates a 502 to INTERNAL.
      code: 13,
      message: expect.stringContaining('could not be decoded'),
    });
  });
});
