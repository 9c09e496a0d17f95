import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { denied } from '../../../emulators/bigquery.ts';
import { playedClock } from '../../../emulators/clock.ts';
import type { SlackMessage } from '../../../emulators/slack.ts';
import { createBigQueryClient, createWarehouses } from '../../../src/adapters/bigquery/bigquery.ts';
import { loadExpectation } from '../../../src/adapters/folders/expected-files.ts';
import { createFolderStore } from '../../../src/adapters/storage/folder-store.ts';
import { createDeadline } from '../../../src/app/deadline.ts';
import { createFailureThrottle } from '../../../src/app/hourly/failure-throttle.ts';
import { runHourly } from '../../../src/app/hourly/hourly.ts';
import type { Delivery } from '../../../src/incidents/channel.ts';
import { emptyState, type State } from '../../../src/incidents/state.ts';
import { printState } from '../../../src/incidents/state-text.ts';
import { KINDS } from '../../../src/kinds/index.ts';
import { DriftError } from '../../../src/model/errors.ts';
import type { Log } from '../../../src/model/ports.ts';
import { createSlackChannel } from '../../../src/slack/channel.ts';
import type { SlackPayload } from '../../../src/slack/payload.ts';
import { gistOf } from '../../simulation/gist.ts';
import { writeFolder } from '../../support/folder.ts';
import { PROJECT, startFunction, valuesOf } from '../../support/function.ts';
import { dropAmount, shopFiles, shopWarehouse } from '../../support/shop.ts';

async function startShop(options: Partial<Parameters<typeof startFunction>[0]> = {}) {
  const expected = await writeFolder(shopFiles);
  return startFunction({ warehouse: shopWarehouse(), expected, ...options });
}

function byKind(values: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(KINDS.map(({ id }) => [`findings_by_kind{kind=${id}}`, values[id] ?? 0]));
}

describe('the metrics of a run', () => {
  test('are zeros for all that is in sync', async () => {
    const { call, monitoring } = await startShop();

    await call();

    expect(valuesOf(monitoring.points)).toEqual({
      'findings{dataset=sales,severity=critical,table=}': 0,
      'findings{dataset=sales,severity=warning,table=}': 0,
      'findings{dataset=sales,severity=critical,table=orders}': 0,
      'findings{dataset=sales,severity=warning,table=orders}': 0,
      'findings{dataset=sales,severity=critical,table=items}': 0,
      'findings{dataset=sales,severity=warning,table=items}': 0,
      'tables{dataset=sales,status=in_sync}': 2,
      'tables{dataset=sales,status=drifted}': 0,
      'tables{dataset=sales,status=unchecked}': 0,
      ...byKind({}),
      'run_success{}': 1,
      'run_seconds{}': 0,
    });
  });

  test('count what differs, information by its kind alone', async () => {
    const { call, bigquery, monitoring } = await startShop();
    dropAmount(bigquery.warehouse);
    const sales = bigquery.warehouse.datasets.get('sales');
    sales?.tables.set('extra', {});
    if (sales !== undefined) sales.resource = { location: 'US' };

    await call();

    expect(valuesOf(monitoring.points)).toMatchObject({
      'findings{dataset=sales,severity=critical,table=}': 1,
      'findings{dataset=sales,severity=warning,table=}': 0,
      'findings{dataset=sales,severity=critical,table=orders}': 1,
      'findings{dataset=sales,severity=warning,table=orders}': 0,
      'findings{dataset=sales,severity=critical,table=items}': 0,
      'tables{dataset=sales,status=in_sync}': 1,
      'tables{dataset=sales,status=drifted}': 1,
      'tables{dataset=sales,status=unchecked}': 0,
      ...byKind({ 'field-missing': 1, 'dataset-location': 1, 'table-unexpected': 1 }),
      'run_success{}': 1,
    });
  });

  test('say nothing of what is unchecked, and no zero of a kind', async () => {
    const { call, bigquery, monitoring } = await startShop();
    dropAmount(bigquery.warehouse);
    bigquery.faults.push(denied({ table: 'items' }));

    await call();

    expect(valuesOf(monitoring.points)).toEqual({
      'findings{dataset=sales,severity=critical,table=}': 0,
      'findings{dataset=sales,severity=warning,table=}': 0,
      'findings{dataset=sales,severity=critical,table=orders}': 1,
      'findings{dataset=sales,severity=warning,table=orders}': 0,
      'tables{dataset=sales,status=in_sync}': 0,
      'tables{dataset=sales,status=drifted}': 1,
      'tables{dataset=sales,status=unchecked}': 1,
      'findings_by_kind{kind=field-missing}': 1,
      'run_success{}': 1,
      // The drift was confirmed half a minute later, and there were two messages.
      'run_seconds{}': 31,
    });
  });

  test('say nothing of a dataset that is unchecked, but of its tables', async () => {
    const { call, bigquery, monitoring } = await startShop();
    bigquery.faults.push(denied({ method: 'datasets.get' }));

    await call();

    expect(valuesOf(monitoring.points)).toEqual({
      'findings{dataset=sales,severity=critical,table=orders}': 0,
      'findings{dataset=sales,severity=warning,table=orders}': 0,
      'findings{dataset=sales,severity=critical,table=items}': 0,
      'findings{dataset=sales,severity=warning,table=items}': 0,
      'tables{dataset=sales,status=in_sync}': 2,
      'tables{dataset=sales,status=drifted}': 0,
      'tables{dataset=sales,status=unchecked}': 0,
      'run_success{}': 1,
      'run_seconds{}': 0,
    });
  });

  test('leave waived findings out', async () => {
    const waivers = [{ table: 'sales.orders', until: '2026-12-31', reason: 'migration 4711' }];
    const expected = await writeFolder({ ...shopFiles, 'drift-policy.json': { waivers } });
    const { call, bigquery, monitoring } = await startShop({ expected });
    dropAmount(bigquery.warehouse);

    await call();

    expect(valuesOf(monitoring.points)).toMatchObject({
      'findings{dataset=sales,severity=critical,table=orders}': 0,
      'tables{dataset=sales,status=in_sync}': 2,
      ...byKind({}),
    });
  });

  test('are written on one generic task, whose labels never change', async () => {
    const { call, monitoring } = await startShop({ env: { METRIC_LOCATION: 'europe-west1' } });

    await call();

    const resources = monitoring.points.map(({ resourceType, resourceLabels }) =>
      JSON.stringify({ resourceType, resourceLabels }),
    );
    expect([...new Set(resources)].map((resource) => JSON.parse(resource))).toEqual([
      {
        resourceType: 'generic_task',
        resourceLabels: {
          project_id: PROJECT,
          location: 'europe-west1',
          namespace: PROJECT,
          job: 'bigquery-drift',
          task_id: 'all',
        },
      },
    ]);
  });

  test('are global where no location is set, and have one type for each metric', async () => {
    const { call, monitoring } = await startShop();

    await call();

    const prefix = 'custom.googleapis.com/bigquery_drift/';
    expect({
      locations: [...new Set(monitoring.points.map(({ resourceLabels }) => resourceLabels['location']))],
      metrics: [...monitoring.descriptors.values()]
        .map(({ type, metricKind, valueType }) => `${type.replace(prefix, '')} ${metricKind} ${valueType}`)
        .sort(),
    }).toEqual({
      locations: ['global'],
      metrics: [
        'findings GAUGE INT64',
        'findings_by_kind GAUGE INT64',
        'run_seconds GAUGE DOUBLE',
        'run_success GAUGE INT64',
        'tables GAUGE INT64',
      ],
    });
  });

  test('end with the heartbeat', async () => {
    const { call, monitoring } = await startShop();

    await call();

    expect(Object.keys(valuesOf(monitoring.points.slice(-2)))).toEqual(['run_success{}', 'run_seconds{}']);
  });

  test('are written in requests of at most 200 series', async () => {
    // The stand-in refuses more, as the service does.
    const ids = Array.from({ length: 120 }, (_, index) => `t${index}`);
    const expected = await writeFolder({
      'many.json': {},
      ...Object.fromEntries(ids.map((id) => [`many/${id}.json`, {}])),
    });
    const warehouse = {
      datasets: new Map([['many', { resource: {}, tables: new Map(ids.map((id) => [id, {}])) }]]),
    };
    const { call, monitoring } = await startShop({ warehouse, expected });

    const { status } = await call();

    const series = 2 * (120 + 1) + 3 + KINDS.length;
    expect({ status, points: monitoring.points.length, requests: monitoring.requests.length }).toEqual({
      status: 200,
      points: series + 2,
      requests: Math.ceil(series / 200) + 1,
    });
  });

  test('end with one zero of what is no longer declared, read or missing, and say no more of it', async () => {
    const expected = await writeFolder({ ...shopFiles, 'sales/lost.json': { type: 'TABLE' } });
    const state = await writeFolder({});
    const env = { STATE_URI: pathToFileURL(state).href, CONFIRM_SECONDS: '0' };
    const { call, clock, monitoring, bigquery } = await startShop({ expected, env });
    dropAmount(bigquery.warehouse);
    const hours: Readonly<Record<string, number>>[] = [];
    for (const hour of [0, 1, 2]) {
      const before = monitoring.points.length;
      await call();
      const values = Object.entries(valuesOf(monitoring.points.slice(before)));
      const critical = values.filter(([name]) => name.startsWith('findings{') && name.includes('critical'));
      hours.push(Object.fromEntries(critical.map(([name, value]) => [name.replace(/.*table=/, ''), value])));
      if (hour === 0) for (const table of ['orders', 'lost']) await rm(join(expected, `sales/${table}.json`));
      clock.advance(3_600_000);
    }

    expect(hours).toEqual([
      { '}': 0, 'items}': 0, 'lost}': 1, 'orders}': 1 },
      { '}': 0, 'items}': 0, 'lost}': 0, 'orders}': 0 },
      { '}': 0, 'items}': 0 },
    ]);
  });

  test('are written hour after hour', async () => {
    const { call, bigquery, clock, monitoring } = await startShop();

    await call();
    clock.advance(3_600_000);
    dropAmount(bigquery.warehouse);
    await call();
    clock.advance(3_600_000);
    bigquery.warehouse.datasets = shopWarehouse().datasets;
    await call();

    const orders = monitoring.points.filter(
      ({ metric, metricLabels: { table, severity } }) =>
        metric.endsWith('/findings') && table === 'orders' && severity === 'critical',
    );
    expect(orders.map(({ endTime, value }) => [endTime, value])).toEqual([
      ['2026-03-02T08:00:00.000Z', 0],
      ['2026-03-02T09:00:30.000Z', 1],
      ['2026-03-02T10:00:30.000Z', 0],
    ]);
  });
});

describe('the log of a run', () => {
  const withoutState = {
    severity: 'WARNING',
    message: 'STATE_URI is not set: every run is a first run, so Slack hears of open drift every hour',
  };

  test('is one line where all is in sync', async () => {
    const { call, logged } = await startShop();

    await call();

    expect(logged).toEqual([
      withoutState,
      {
        severity: 'INFO',
        message: 'in-sync in shop: 2 tables in sync, 0 drifted, 0 unchecked',
        run: {
          status: 'in-sync',
          tables: { inSync: 2, drifted: 0, unchecked: 0 },
          findings: { critical: 0, warning: 0, info: 0 },
          others: {},
          waived: 0,
          unchecked: [],
          warnings: [],
        },
      },
    ]);
  });

  test('has a line for each finding that is told, and one that counts the rest by kind', async () => {
    const { call, bigquery, logged } = await startShop();
    dropAmount(bigquery.warehouse);
    bigquery.warehouse.datasets.get('sales')?.tables.set('extra', {});
    bigquery.warehouse.datasets.set('attic', { resource: {}, tables: new Map() });
    bigquery.faults.push(denied({ table: 'items' }));

    await call();

    expect(logged).toEqual([
      withoutState,
      {
        severity: 'CRITICAL',
        message: 'sales.orders: field amount is missing: expected NUMERIC, found nothing',
        finding: {
          kind: 'field-missing',
          findingSeverity: 'critical',
          dataset: 'sales',
          table: 'orders',
          path: 'amount',
          expected: 'NUMERIC',
          actual: null,
          fingerprint: expect.stringMatching(/^[0-9a-f]{12}$/),
          consumers: ['integration-service'],
          owner: '<@U0SALES>',
        },
      },
      {
        severity: 'WARNING',
        message: 'drifted in shop: 0 tables in sync, 1 drifted, 1 unchecked',
        run: {
          status: 'drifted',
          tables: { inSync: 0, drifted: 1, unchecked: 1 },
          findings: { critical: 1, warning: 0, info: 2 },
          others: { 'table-unexpected': 1, 'dataset-unexpected': 1 },
          waived: 0,
          unchecked: [
            {
              dataset: 'sales',
              table: 'items',
              reason: 'denied',
              detail: expect.stringMatching(/^tables\.get: HTTP 403 accessDenied: /),
            },
          ],
          warnings: [],
        },
      },
    ]);
  });

  test('says that nobody is told where there is no Slack', async () => {
    const { call, bigquery, logged, slack } = await startShop({ env: { SLACK_WEBHOOK_URL: '' } });
    dropAmount(bigquery.warehouse);

    const answer = await call();

    expect(answer).toEqual({
      status: 200,
      body: {
        status: 'drifted',
        tables: { inSync: 1, drifted: 1, unchecked: 0 },
        findings: { critical: 1, warning: 0, info: 0 },
        alerts: { opened: 0, changed: 0, reminded: 0, resolved: 0 },
        report: null,
      },
    });
    expect(slack.messages).toEqual([]);
    expect(logged.at(-1)?.message).toBe(
      'drifted in shop: 1 table in sync, 1 drifted, 0 unchecked (SLACK_WEBHOOK_URL is not set: nobody is told)',
    );
  });
});

describe('Slack', () => {
  test('hears of drift once a run, and of what could not be checked', async () => {
    const { call, bigquery, slack } = await startShop();
    dropAmount(bigquery.warehouse);
    bigquery.faults.push(denied({ table: 'items' }));

    await call();

    expect(slack.messages.map(({ payload }) => payload)).toEqual([
      {
        text: 'Drift in shop: 1 critical. sales.orders: field amount is missing: expected NUMERIC, found nothing',
        blocks: [
          { type: 'header', text: { type: 'plain_text', text: 'Drift in shop: 1 critical' } },
          {
            type: 'context',
            elements: [
              {
                type: 'mrkdwn',
                verbatim: true,
                text: '2 tables: 0 in sync, 1 drifted, 1 not checked · checked 2026-03-02 08:00 UTC',
              },
            ],
          },
          {
            type: 'section',
            text: {
              type: 'mrkdwn',
              verbatim: true,
              text: expect.stringMatching(
                /^\*<https:\/\/console\.cloud\.google\.com\/bigquery\?project=shop&amp;p=shop&amp;d=sales&amp;t=orders&amp;page=table\|sales\.orders>\* · <@U0SALES>\n🔴 field `amount` is missing: expected `NUMERIC`, found nothing — breaks \*integration-service\*\nWould repair it:\n> Before you run it: the field comes back empty; if it was dropped, .*\n```\nALTER TABLE `shop\.sales\.orders` ADD COLUMN IF NOT EXISTS `amount` NUMERIC;\n```$/,
              ),
            },
          },
          {
            type: 'context',
            elements: [
              {
                type: 'mrkdwn',
                verbatim: true,
                text: 'No state: this repeats every run (set STATE_URI).',
              },
            ],
          },
        ],
        link_names: false,
      },
      expect.objectContaining({
        text: 'Unchecked in shop: 1 table. sales: access denied, 1 table (items)',
      }),
    ]);
  });

  test.each([
    ['that is information', { severities: { 'field-missing': 'info' } }],
    ['that is waived', { waivers: [{ table: 'sales.*', until: '2026-12-31', reason: 'migration 4711' }] }],
    [
      'below the least severity',
      { severities: { 'field-missing': 'warning' }, alerts: { minimumSeverity: 'critical' } },
    ],
    ['that policy turns off', { severities: { 'field-missing': 'off' } }],
  ])('hears nothing of a finding %s', async (_, policy) => {
    const expected = await writeFolder({ ...shopFiles, 'drift-policy.json': policy });
    const { call, bigquery, slack } = await startShop({ expected });
    dropAmount(bigquery.warehouse);

    const { status } = await call();

    expect({ status, messages: slack.messages, refused: slack.refused }).toEqual({
      status: 200,
      messages: [],
      refused: [],
    });
  });
});

/** What Slack accepted, a line each. */
function gistsOf(messages: readonly SlackMessage[]): readonly string[] {
  return messages.map(({ payload }) => gistOf(payload as SlackPayload));
}

const AMOUNT_GIST = 'Drift | sales.orders: field amount is missing';
const FIRST_GIST = `${AMOUNT_GIST} | (first check)`;

describe('a run that remembers', () => {
  async function startRemembering(state: State | null = null, files = shopFiles) {
    const folder = await writeFolder(state === null ? {} : { 'state.json.1': printState(state) });
    const env = { STATE_URI: pathToFileURL(folder).href, CONFIRM_SECONDS: '0' };
    return startShop({ expected: await writeFolder(files), env });
  }

  test.each([
    { name: '9 minutes', ms: 9 * 60_000, told: [] },
    { name: '10 minutes', ms: 10 * 60_000, told: [] },
    { name: '11 minutes', ms: 11 * 60_000, told: [FIRST_GIST] },
    { name: 'a day', ms: 24 * 3_600_000, told: [FIRST_GIST] },
  ])('that finds its state $name ahead of the clock tells of new drift: $told', async ({ ms, told }) => {
    const lastRunAt = new Date(Date.parse('2026-03-02T08:00:00.000Z') + ms).toISOString();
    const full = { topic: 'drift', status: 'sent', keys: [] } as const;
    const messages = { runAt: lastRunAt, channels: { slack: [full, full, full] } };
    const { bigquery, call, slack } = await startRemembering({ ...emptyState('shop'), lastRunAt, messages });
    dropAmount(bigquery.warehouse);

    await call();

    expect(gistsOf(slack.messages)).toEqual(told);
  });

  test('is the first check until Slack has heard of it, and no longer', async () => {
    const { bigquery, callAt, slack } = await startRemembering();
    dropAmount(bigquery.warehouse);
    slack.faults.push({ times: 1, answer: { status: 410, body: 'channel_is_archived' } });

    const refused = await callAt('2026-03-02T08:00:00Z');
    const accepted = await callAt('2026-03-02T08:00:00Z');
    bigquery.warehouse.datasets.get('sales')?.tables.delete('items');
    const next = await callAt('2026-03-02T09:00:00Z');

    expect({
      statuses: [refused, accepted, next].map(({ status }) => status),
      told: gistsOf(slack.messages),
    }).toEqual({
      statuses: [500, 200, 200],
      told: [FIRST_GIST, 'Drift | sales.items: the table is missing'],
    });
  });

  test('is the first check after one in which nothing could be read', async () => {
    const { bigquery, callAt, slack } = await startRemembering();
    bigquery.faults.push(denied({}));
    await callAt('2026-03-02T08:00:00Z');
    bigquery.faults.splice(0);
    dropAmount(bigquery.warehouse);
    await callAt('2026-03-02T09:00:00Z');
    expect(gistsOf(slack.messages).filter((gist) => gist.startsWith('Drift'))).toEqual([FIRST_GIST]);
  });

  test('judges waivers by the moment of the run after it, where it comes later than that one', async () => {
    const waivers = [{ table: 'sales.orders', until: '2026-03-02', reason: 'migration 4711' }];
    const { bigquery, callAt, slack } = await startRemembering(null, {
      ...shopFiles,
      'drift-policy.json': { waivers },
    });
    dropAmount(bigquery.warehouse);

    const waived = await callAt('2026-03-02T23:00:00Z');
    const lapsed = await callAt('2026-03-03T00:00:00Z');
    const late = await callAt('2026-03-02T23:00:00Z');

    expect({
      answers: [waived, lapsed, late].map(({ body }) => body),
      told: gistsOf(slack.messages),
    }).toMatchObject({
      answers: [
        { status: 'in-sync', alerts: { opened: 0 } },
        { status: 'drifted', alerts: { opened: 1 } },
        { status: 'drifted', alerts: { opened: 0, resolved: 0 } },
      ],
      told: [`${AMOUNT_GIST} (2026-03-02)`],
    });
  });
});

describe('a failure that no state remembers', () => {
  /** What Slack has heard by then, hour after hour; the file is then as that hour has it. */
  async function play(files: readonly unknown[]): Promise<readonly number[]> {
    const expected = await writeFolder(shopFiles);
    const { call, clock, slack } = await startShop({ expected });
    const told: number[] = [];
    for (const file of files) {
      await writeFile(join(expected, 'sales/items.json'), JSON.stringify(file));
      await call();
      told.push(slack.messages.length);
      clock.advance(3_600_000);
    }
    return told;
  }

  const valid = shopFiles['sales/items.json'];
  const invalid = { tpye: 'TABLE' };

  test('is told every four hours, as long as the process lives', async () => {
    expect(await play(Array(6).fill(invalid))).toEqual([1, 1, 1, 1, 2, 2]);
  });

  test('is told again after a run that worked', async () => {
    expect(await play([invalid, valid, invalid, invalid])).toEqual([1, 1, 2, 2]);
  });
});

test('a state of another project is told once in four hours, and not in each', async () => {
  const folder = await writeFolder({ 'state.json.1': printState(emptyState('shop-staging')) });
  const { call, clock, slack } = await startShop({ env: { STATE_URI: pathToFileURL(folder).href } });
  const answers: number[] = [];
  for (let hour = 0; hour < 5; hour += 1) {
    answers.push((await call()).status);
    clock.advance(3_600_000);
  }
  expect({ answers, told: slack.messages.length }).toEqual({ answers: [500, 500, 500, 500, 500], told: 2 });
});

test('whom to grant access is looked up once, and not waited for longer than it is worth', async () => {
  const expected = await writeFolder(shopFiles);
  const { bigquery } = await startShop();
  bigquery.faults.push(denied({ table: 'items' }));
  const clock = playedClock();
  const told: SlackPayload[] = [];
  let asked = 0;
  const client = createBigQueryClient({ projectId: PROJECT, endpoint: bigquery.url });
  const running = runHourly({
    loadExpectation: () => loadExpectation({ folder: expected }),
    openWarehouse: createWarehouses({
      client,
      pacing: { requestsPerSecond: 1000, maxConcurrency: 40 },
      clock,
    }),
    metrics: { write: async () => {} },
    channel: createSlackChannel({
      async send(payload) {
        told.push(payload);
        return { status: 'sent' };
      },
    }),
    store: null,
    reports: null,
    account() {
      asked += 1;
      return new Promise(() => {});
    },
    throttle: createFailureThrottle(clock),
    project: PROJECT,
    clock,
    log: () => {},
    confirmMs: 0,
    partition: null,
    deadline: createDeadline({ clock, ms: 540_000 }),
    now: clock.now(),
  });

  await expect.poll(() => asked).toBe(1);
  await clock.pass(10_000);

  expect(await running).toMatchObject({ status: 'incomplete' });
  expect([told.length, asked]).toEqual([1, 1]);
});

describe.each([
  { where: 'without a state', isKept: false },
  { where: 'with a state', isKept: true },
])('a run that fails by a mistake in the program, $where', ({ isKept }) => {
  async function fail(delivery: Delivery = { status: 'sent' }) {
    const clock = playedClock();
    const logged: Parameters<Log>[0][] = [];
    const told: SlackPayload[] = [];
    const folder = await writeFolder(shopFiles);
    const answer = await runHourly({
      loadExpectation: () => loadExpectation({ folder }),
      openWarehouse() {
        throw new Error('secret words');
      },
      metrics: { write: async () => {} },
      channel: createSlackChannel({
        async send(payload) {
          told.push(payload);
          return delivery;
        },
      }),
      store: isKept ? createFolderStore(await writeFolder({})) : null,
      reports: null,
      account: async () => null,
      throttle: createFailureThrottle(clock),
      project: PROJECT,
      clock,
      log: (entry) => logged.push(entry),
      confirmMs: 0,
      partition: null,
      deadline: createDeadline({ clock, ms: 540_000 }),
      now: clock.now(),
    });
    return { answer, told, logged: logged.filter(({ severity }) => severity === 'ERROR') };
  }

  const message = 'an internal error; the log has its stack';
  const failed = {
    severity: 'ERROR',
    message: `the run failed: ${message}`,
    code: 'Internal',
    stack_trace: expect.stringMatching(/^Error: secret words\n +at /),
  };

  test('says so, but its inner words are in the log alone', async () => {
    const { answer, told, logged } = await fail();

    expect({ answer, logged }).toEqual({
      answer: { status: 'failed', error: { code: 'Internal', message } },
      logged: [failed],
    });
    expect(JSON.stringify(told)).toContain(message);
    expect(JSON.stringify(told)).not.toContain('secret words');
  });

  test('logs as well that Slack did not accept the message about it', async () => {
    const error = new DriftError('SinkRejected', 'Slack did not accept the message: no_team (HTTP 404)');

    const { logged } = await fail({ status: 'refused', error });

    expect(logged).toEqual([failed, { severity: 'ERROR', message: error.message, code: 'SinkRejected' }]);
  });
});
