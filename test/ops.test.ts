import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { protos as monitoringProtos } from '@google-cloud/monitoring';
import { protos as dashboardProtos } from '@google-cloud/monitoring-dashboards';
import { describe, expect, test } from 'vitest';
import { dropColumn, sampleWarehouse, tableOf } from '../demo/warehouse.ts';
import { denied } from '../emulators/bigquery.ts';
import { filledIn, functionEnv, named, withCondition } from '../scripts/deployed-ops.ts';
import { parseConfig } from '../src/app/config.ts';
import { METRIC_RESOURCE, METRICS, type MetricName, metricType } from '../src/model/metrics.ts';
import { startDeployed } from './support/deployed.ts';
import { PROJECT, startFunction } from './support/function.ts';
import { evaluate, type Selector, type Series, selectorsOf } from './support/promql.ts';
import { type ProtoNamespace, readProtoJson } from './support/proto-json.ts';

interface Policy {
  readonly userLabels: Readonly<Record<string, string>>;
  readonly conditions: readonly [
    {
      readonly conditionPrometheusQueryLanguage: {
        readonly query: string;
        readonly duration: string;
        readonly evaluationInterval: string;
      };
    },
  ];
  readonly documentation: {
    readonly content: string;
    readonly subject: string;
    readonly links?: readonly unknown[];
  };
}

interface Tile {
  readonly xPos?: number;
  readonly yPos?: number;
  readonly width: number;
  readonly height: number;
}

interface Dashboard {
  readonly mosaicLayout: { readonly columns: number; readonly tiles: readonly Tile[] };
}

async function readOps<Content>(file: string): Promise<Content> {
  const text = await readFile(join('ops', file), 'utf8');
  return JSON.parse(filledIn(text, { project: PROJECT, region: 'us-central1', bucket: 'drift' }));
}

const ALERTS = (await readdir('ops/alerts')).map((file) => file.replace('.json', ''));
const policyOf = (alert: string) => readOps<Policy>(`alerts/${alert}.json`);
const dashboard = () => readOps<Dashboard>('dashboard.json');

function conditionOf(policy: Policy) {
  return policy.conditions[0].conditionPrometheusQueryLanguage;
}

/** Every string under a key, at any depth. */
function stringsUnder(key: string, value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, content]) =>
    name === key && typeof content === 'string' ? [content] : stringsUnder(key, content),
  );
}

async function allQueries(): Promise<readonly string[]> {
  const policies = await Promise.all(ALERTS.map(policyOf));
  return [
    ...stringsUnder('prometheusQuery', await dashboard()),
    ...policies.map((policy) => conditionOf(policy).query),
  ];
}

describe('what is sent to Google', () => {
  async function rootOf(client: string): Promise<ProtoNamespace> {
    return JSON.parse(
      await readFile(`node_modules/@google-cloud/${client}/build/protos/protos.json`, 'utf8'),
    );
  }

  /** What the published protos have against it; the classes that are made from them must read all of it. */
  async function problemsOf(
    {
      client,
      type,
      read,
    }: { client: string; type: string; read: (message: object) => { verify: string | null; back: unknown } },
    content: unknown,
  ): Promise<readonly string[]> {
    const { message, problems } = readProtoJson(await rootOf(client), type, content);
    if (problems.length > 0) return problems;
    const { verify, back } = read(message as object);
    expect(back).toEqual(message);
    return verify === null ? [] : [verify];
  }

  const toPlain = { enums: String, longs: Number } as const;
  const { Dashboard: DashboardClass } = dashboardProtos.google.monitoring.dashboard.v1;
  const { AlertPolicy } = monitoringProtos.google.monitoring.v3;
  const DASHBOARD = {
    client: 'monitoring-dashboards',
    type: 'google.monitoring.dashboard.v1.Dashboard',
    read: (message: object) => {
      const instance = DashboardClass.fromObject(message);
      return { verify: DashboardClass.verify(instance), back: DashboardClass.toObject(instance, toPlain) };
    },
  };
  const POLICY = {
    client: 'monitoring',
    type: 'google.monitoring.v3.AlertPolicy',
    read: (message: object) => {
      const instance = AlertPolicy.fromObject(message);
      return { verify: AlertPolicy.verify(instance), back: AlertPolicy.toObject(instance, toPlain) };
    },
  };

  test('is a dashboard, under a name of its own', async () => {
    const sent = named(await dashboard(), { project: PROJECT, etag: 'v1' });
    expect(await problemsOf(DASHBOARD, sent)).toEqual([]);
    expect(sent).toMatchObject({ name: `projects/${PROJECT}/dashboards/bigquery-drift`, etag: 'v1' });
  });

  test.each(ALERTS)('is an alert policy: %s', async (alert) => {
    const policy = await policyOf(alert);
    // One: deploy.sh hands the name of one condition on.
    expect(policy.conditions).toHaveLength(1);
    expect(await problemsOf(POLICY, policy)).toEqual([]);
    expect(
      await problemsOf(POLICY, withCondition(policy, 'projects/p/alertPolicies/1/conditions/2')),
    ).toEqual([]);
  });

  test('would be refused with a key, a value or a kind of value that the protos do not have', async () => {
    const [alert = ''] = ALERTS;
    const policy = { ...(await policyOf(alert)), severity: 'BAD', combinre: 'OR', displayName: 7 };
    expect((await problemsOf(POLICY, policy)).map((problem) => problem.split(':')[0])).toEqual([
      '$.displayName',
      '$.severity',
      '$.combinre',
    ]);
  });

  test('has tiles that fit beside each other', async () => {
    const { columns, tiles } = (await dashboard()).mosaicLayout;
    const cells = tiles.flatMap(({ xPos = 0, yPos = 0, width, height }) =>
      Array.from({ length: width * height }, (_, cell) => [
        xPos + (cell % width),
        yPos + Math.floor(cell / width),
      ]),
    );
    // dashboard.proto, MosaicLayout: 1 to 12 columns.
    expect({ columns, outside: cells.filter(([x = 0]) => x >= columns) }).toEqual({
      columns: 12,
      outside: [],
    });
    expect(new Set(cells.map(String)).size).toBe(cells.length);
  });

  test.each(ALERTS)('has words for whoever is woken, within the limits: %s', async (alert) => {
    const policy = await policyOf(alert);
    const { content, subject, links = [] } = policy.documentation;
    const { duration, evaluationInterval } = conditionOf(policy);
    // alert.proto: 8,192 characters and 10,240 bytes, a subject of 255 bytes, 3 links; intervals of 30 s.
    expect({
      fits:
        content.length <= 8192 && Buffer.byteLength(content) <= 10_240 && Buffer.byteLength(subject) <= 255,
      links: links.length <= 3,
      interval: Number.parseInt(evaluationInterval, 10) % 30,
      duration: Number.parseInt(duration, 10) % 60,
      meaning: content.includes('**What it means.**'),
      action: content.includes('**What to do**'),
      placeholder: /__[A-Z]+__/.test(JSON.stringify(policy)),
    }).toEqual({
      fits: true,
      links: true,
      interval: 0,
      duration: 0,
      meaning: true,
      action: true,
      placeholder: false,
    });
  });

  test('is what deploy.sh sends: every alert, found again by its label', async () => {
    const [, listed = ''] = /^readonly alerts='([^']*)'$/m.exec(await readFile('deploy.sh', 'utf8')) ?? [];
    expect(listed.split(' ').sort()).toEqual([...ALERTS].sort());
    const labels = await Promise.all(ALERTS.map(async (alert) => (await policyOf(alert)).userLabels));
    expect(labels).toEqual(ALERTS.map((alert) => ({ monitor: 'bigquery-drift', alert })));
  });

  test('deletes nothing of the bucket but what was replaced, and only of its own objects', async () => {
    const { rule } = JSON.parse(await readFile('ops/bucket-lifecycle.json', 'utf8')) as {
      readonly rule: readonly {
        readonly condition: { readonly isLive?: boolean; readonly matchesPrefix?: readonly string[] };
      }[];
    };
    expect(rule.map(({ condition }) => condition.isLive)).toEqual([false, false]);
    // What names no prefix is for all that others keep in the bucket.
    const prefixes = rule.flatMap(({ condition }) => condition.matchesPrefix ?? ['']);
    expect(prefixes.filter((prefix) => !/^(state|expected-schemas)\//.test(prefix))).toEqual([]);
  });

  test.each(['', '1/1'])('keeps for a day only what every run writes anew; SHARD=%s', async (SHARD) => {
    const { rule } = JSON.parse(await readFile('ops/bucket-lifecycle.json', 'utf8')) as {
      readonly rule: readonly {
        readonly condition: {
          readonly daysSinceNoncurrentTime: number;
          readonly matchesPrefix?: readonly string[];
        };
      }[];
    };
    const { call, storage } = await startDeployed({
      warehouse: await sampleWarehouse('expected-schemas'),
      expected: 'expected-schemas',
      env: { SHARD },
    });
    await call();
    const daysOf = (name: string) =>
      rule
        .map(({ condition }) => condition)
        .filter(({ matchesPrefix }) => matchesPrefix?.some((prefix) => name.startsWith(prefix)) ?? true)
        .map(({ daysSinceNoncurrentTime }) => daysSinceNoncurrentTime);
    const names = [...storage.objects.keys()].map((key) => key.replace('drift/', ''));
    const kept = names.map((name) => [
      name.replace(/^(state\/[a-z]+|[a-z-]+).*/, '$1'),
      Math.min(...daysOf(name)),
    ]);
    expect(Object.fromEntries(kept)).toEqual({
      'expected-schemas': 30,
      'state/latest': 1,
      'state/lease': 1,
      'state/report': 1,
      'state/state': 30,
    });
  });
});

/** A run with drift, a run that could not read, and one with invalid files: what they write and log. */
async function play() {
  const warehouse = await sampleWarehouse('expected-schemas');
  const { bigquery, call, monitoring, logged } = await startFunction({
    warehouse,
    expected: 'expected-schemas',
  });
  dropColumn(tableOf(bigquery.warehouse, 'commerce', 'square_payments'), 'amount');
  bigquery.faults.push(denied({ method: 'tables.get', dataset: 'commerce', table: 'square_items' }));
  await call();
  const failed = await startFunction({ warehouse, expected: 'no-such-folder' });
  await failed.call();
  return { points: monitoring.points, logged: [...logged, ...failed.logged] };
}

/** custom.googleapis.com/bigquery_drift/x: https://cloud.google.com/monitoring/promql/promql-mapping */
function promqlName(name: MetricName): string {
  return metricType(name)
    .replace('/', ':')
    .replaceAll(/[^\w:]/g, '_');
}

describe('the queries name', () => {
  const names = new Map((Object.keys(METRICS) as MetricName[]).map((name) => [promqlName(name), name]));
  const selectors = async (): Promise<readonly Selector[]> => (await allQueries()).flatMap(selectorsOf);

  test('metrics that are written, all of them', async () => {
    const named = new Set((await selectors()).map(({ metric }) => metric));
    expect([...named].sort()).toEqual([...names.keys()].sort());
  });

  test('a last success that is a week old: the scorecard turns red and not blank', async () => {
    const query = stringsUnder('prometheusQuery', await dashboard()).find((each) => each.includes('time()'));
    expect(query).toContain('[7d:5m]');
  });

  test('labels that these metrics have, with values that occur', async () => {
    const { points } = await play();
    const unknown = (await selectors()).flatMap(({ metric, matchers, grouping }) => {
      const written = points.filter((point) => point.metric === metricType(names.get(metric) ?? 'tables'));
      const labelled = written.map(({ metricLabels, resourceLabels, resourceType }) => ({
        ...resourceLabels,
        ...metricLabels,
        monitored_resource: resourceType,
      }));
      const matched = Object.entries(matchers).filter(
        ([label, value]) =>
          !labelled.some((labels) =>
            Object.entries(labels).some(([key, content]) => key === label && content === value),
          ),
      );
      const grouped = grouping.filter((label) => !labelled.some((labels) => Object.hasOwn(labels, label)));
      return [...matched, ...grouped].map((what) => `${metric}: ${what}`);
    });
    expect(unknown).toEqual([]);
  });

  test('one resource and one project, so that no other adds to it or hides its silence', async () => {
    for (const { matchers } of await selectors()) {
      expect(matchers).toMatchObject({ monitored_resource: METRIC_RESOURCE, namespace: PROJECT });
    }
  });

  test('ranges that reach the last hourly point, and do not add up two of them', async () => {
    for (const { rangeMinutes, stepMinutes } of await selectors()) {
      // 60 minutes, and what a run and its retries may take; within a subquery each point is seen at 5-minute steps.
      expect(rangeMinutes ?? (stepMinutes === 5 ? 90 : 0)).toBeGreaterThanOrEqual(90);
    }
    const overSums = (await allQueries()).filter((query) =>
      /sum_over_time|count_over_time|rate\(|increase\(/.test(query),
    );
    expect(overSums).toEqual([]);
  });
});

describe('the alert', () => {
  const DAY = 24 * 60;
  /** Minutes after the full hour at which a run ends: on time, late, and after the Scheduler's retries. */
  const ENDS = [18, 19, 26, 18, 39, 18, 24, 18];

  function hourly(
    name: MetricName,
    labels: Readonly<Record<string, string>>,
    valueAt: (hour: number) => number | null,
  ): Series {
    const points = Array.from(
      { length: 48 },
      (_, hour) => [hour * 60 + (ENDS[hour % ENDS.length] ?? 18), valueAt(hour)] as const,
    );
    return {
      metric: promqlName(name),
      labels: { monitored_resource: METRIC_RESOURCE, namespace: PROJECT, task_id: 'all', ...labels },
      points: points.filter((point): point is readonly [number, number] => point[1] !== null),
    };
  }

  /** The minutes at which incidents open, looking every minute from a day after the first point. */
  async function opensAt(
    alert: string,
    series: readonly Series[],
    { from = DAY }: { from?: number } = {},
  ): Promise<readonly number[]> {
    const { query, duration } = conditionOf(await policyOf(alert));
    const wait = Number.parseInt(duration, 10) / 60;
    const opened: number[] = [];
    let since = new Map<string, number>();
    for (let minute = from; minute < 47 * 60; minute += 1) {
      // Each element of what a query gives is an incident of its own.
      const keys = evaluate(query, series, minute).map(({ labels }) => JSON.stringify(labels));
      since = new Map(keys.map((key) => [key, since.get(key) ?? minute]));
      for (const begun of since.values()) if (minute - begun === wait) opened.push(minute);
    }
    return opened;
  }

  const healthy = [
    hourly('run_success', {}, () => 1),
    hourly('findings', { dataset: 'd', table: 't', severity: 'critical' }, () => 0),
    hourly('findings', { dataset: 'd', table: 't', severity: 'warning' }, () => 2),
    hourly('tables', { dataset: 'd', status: 'unchecked' }, () => 0),
  ];

  test.each(ALERTS)('%s is quiet while all is well, however late a run ends', async (alert) => {
    expect(await opensAt(alert, healthy)).toEqual([]);
  });

  const findings = (table: string, valueAt: (hour: number) => number | null) =>
    hourly('findings', { dataset: 'd', table, severity: 'critical' }, valueAt);

  test('critical-findings opens with the run that found them, one incident for all tables', async () => {
    const series = [
      findings('t', (hour) => (hour >= 30 ? 1 : 0)),
      findings('u', (hour) => (hour >= 33 ? 4 : 0)),
    ];
    expect(await opensAt('critical-findings', series)).toEqual([30 * 60 + 24]);
  });

  test('critical-findings stays open where the table cannot be checked for two hours', async () => {
    const series = [findings('t', (hour) => (hour === 32 || hour === 33 ? null : Number(hour >= 30)))];
    expect(await opensAt('critical-findings', series)).toEqual([30 * 60 + 24]);
  });

  const unchecked = (valueAt: (hour: number) => number) => [
    hourly('tables', { dataset: 'd', status: 'unchecked' }, valueAt),
  ];

  test('unchecked-tables opens after three hours', async () => {
    expect(
      await opensAt(
        'unchecked-tables',
        unchecked((hour) => (hour >= 30 ? 1 : 0)),
      ),
    ).toEqual([33 * 60 + 24]);
  });

  test('unchecked-tables is quiet where they were checked in between', async () => {
    expect(
      await opensAt(
        'unchecked-tables',
        unchecked((hour) => (hour % 3 === 0 ? 0 : 1)),
      ),
    ).toEqual([]);
  });

  test('failing-runs opens two hours and a quarter after the last success', async () => {
    const lastSuccess = 29 * 60 + 18;
    const opened = await opensAt('failing-runs', [hourly('run_success', {}, (hour) => (hour >= 30 ? 0 : 1))]);
    expect(opened).toEqual([lastSuccess + 135]);
  });

  test('failing-runs is quiet where every second run fails', async () => {
    expect(await opensAt('failing-runs', [hourly('run_success', {}, (hour) => hour % 2)])).toEqual([]);
  });

  test('silent-monitor opens three hours after the last point, also of a failed run', async () => {
    const lastPoint = 29 * 60 + 18;
    const opened = await opensAt('silent-monitor', [
      hourly('run_success', {}, (hour) => (hour >= 30 ? null : 0)),
    ]);
    expect(opened).toEqual([lastPoint + 180]);
  });

  const shard = (index: number, valueAt: (hour: number) => number | null) =>
    hourly('run_success', { task_id: `shard-${index}-of-2` }, valueAt);

  test('failing-runs opens for a shard that fails, though the other succeeds', async () => {
    const series = [shard(1, () => 1), shard(2, (hour) => (hour >= 30 ? 0 : 1))];
    expect(await opensAt('failing-runs', series)).toEqual([29 * 60 + 18 + 135]);
  });

  test('silent-monitor opens once for a shard that is silent, though the other speaks', async () => {
    const series = [shard(1, () => 1), shard(2, (hour) => (hour >= 30 ? null : 1))];
    expect(await opensAt('silent-monitor', series)).toEqual([29 * 60 + 18 + 180]);
  });

  test('silent-monitor stays open for as long as nobody speaks', async () => {
    const { query } = conditionOf(await policyOf('silent-monitor'));
    const series = [hourly('run_success', {}, (hour) => (hour >= 10 ? null : 1))];
    const from = 9 * 60 + 19 + 180;
    const quiet = Array.from({ length: 47 * 60 - from }, (_, minute) => from + minute).filter(
      (minute) => evaluate(query, series, minute).length === 0,
    );
    expect(quiet).toEqual([]);
    // The rule for what never spoke takes over before the other one ends.
    expect(await opensAt('silent-monitor', series, { from: 0 })).toEqual([from, 9 * 60 + 19 + 22 * 60 + 90]);
  });

  test('silent-monitor opens 90 minutes after the deployment where there never was a point: the first run comes within an hour', async () => {
    expect(await opensAt('silent-monitor', [], { from: 0 })).toEqual([90]);
  });

  test("silent-monitor is not quiet because another project's monitor speaks", async () => {
    const [other] = healthy;
    const elsewhere =
      other === undefined ? [] : [{ ...other, labels: { ...other.labels, namespace: 'other' } }];
    expect(await opensAt('silent-monitor', elsewhere, { from: 0 })).toEqual([90]);
  });
});

test('failing-runs says what to do about every code that the function can answer with', async () => {
  // Only the command line asks for a kind or a table, reads recorded answers, writes expected files, and looks for a login.
  const others = ['InvalidSnapshot', 'NoCredentials', 'NotWritable', 'UnknownKind', 'UnknownSelection'];
  const source = await readFile('src/model/errors.ts', 'utf8');
  const [, union = ''] = /export type ErrorCode =([^;]*);/.exec(source) ?? [];
  const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code = '']) => code);
  const { content } = (await policyOf('failing-runs')).documentation;
  const [, told = ''] = /By code:\n([\s\S]*?)\n\n/.exec(content) ?? [];
  // Not an ErrorCode: what is no DriftError.
  expect([...told.matchAll(/`([A-Z]\w+)`/g)].map(([, code]) => code).sort()).toEqual(
    [...codes.filter((code) => !others.includes(code)), 'Internal'].sort(),
  );
});

test('what the alerts and the dashboard look for in the log is there', async () => {
  const texts = await Promise.all(
    [...ALERTS.map((alert) => `alerts/${alert}.json`), 'dashboard.json'].map(readOps),
  );
  const paths = new Set(
    [...JSON.stringify(texts).matchAll(/jsonPayload\.([a-zA-Z.]*\w)/g)].map(([, path = '']) => path),
  );
  const { logged } = await play();
  const has = (value: unknown, [key, ...rest]: readonly string[]): boolean => {
    if (key === undefined) return value !== undefined;
    if (Array.isArray(value)) return value.some((item) => has(item, [key, ...rest]));
    return typeof value === 'object' && value !== null && has((value as Record<string, unknown>)[key], rest);
  };
  expect([...paths].filter((path) => !logged.some((entry) => has(entry, path.split('.'))))).toEqual([]);
  expect(paths.size).toBeGreaterThan(3);
});

describe('the variables of the deployed function', () => {
  test('are all that it reads, but for what is no business of the cloud', async () => {
    const read = new Set<string>();
    parseConfig(new Proxy({}, { get: (_, name) => void read.add(String(name)) }));
    const set = Object.keys(functionEnv({ project: 'my-project', bucket: 'my-bucket', set: [] }));
    const script = await readFile('deploy.sh', 'utf8');
    const [, passedOn = ''] = /^readonly passed_on='([^']*)'$/m.exec(script) ?? [];
    const [, secret = ''] = /--set-secrets="(\w+)=/.exec(script) ?? [];
    const elsewhere = [
      'GOOGLE_CLOUD_PROJECT',
      // Its policy is uploaded with the expected files.
      'DRIFT_POLICY',
      'BIGQUERY_API_ENDPOINT',
      'MONITORING_API_ENDPOINT',
      'STORAGE_EMULATOR_HOST',
    ];
    const known = [...set, ...passedOn.split(' '), secret, ...elsewhere];
    expect([...read].filter((name) => !known.includes(name))).toEqual([]);
    expect(script.replaceAll(/\s+/g, ' ')).toContain(`where they are set: ${passedOn}`);
  });

  test('are refused where the function would refuse them', () => {
    const set = ['DATASET_ALIASES=a=b,nonsense'];
    expect(() => functionEnv({ project: 'my-project', bucket: 'my-bucket', set })).toThrow('DATASET_ALIASES');
  });
});
