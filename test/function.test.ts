import { describe, expect, test } from 'vitest';
import { dropColumn, sampleWarehouse, tableOf } from '../demo/warehouse.ts';
import { denied, type Fault } from '../emulators/bigquery.ts';
import { playedClock } from '../emulators/clock.ts';
import type { MonitoringFault } from '../emulators/monitoring.ts';
import type { SlackFault } from '../emulators/slack.ts';
import { createFunction } from '../src/wiring.ts';
import { writeFolder } from './support/folder.ts';
import { listen, serve, startFunction, valuesOf } from './support/function.ts';
import { dropAmount, shopFiles, shopWarehouse } from './support/shop.ts';

async function startShop(options: Partial<Parameters<typeof startFunction>[0]> = {}) {
  const expected = await writeFolder(shopFiles);
  return startFunction({ warehouse: shopWarehouse(), expected, ...options });
}

const noAlerts = { opened: 0, changed: 0, reminded: 0, resolved: 0 };
const inSyncSummary = {
  status: 'in-sync',
  tables: { inSync: 2, drifted: 0, unchecked: 0 },
  findings: { critical: 0, warning: 0, info: 0 },
  alerts: noAlerts,
  report: null,
};
const driftedCounts = {
  tables: { inSync: 1, drifted: 1, unchecked: 0 },
  findings: { critical: 1, warning: 0, info: 0 },
};

describe('the sample files', () => {
  async function startSample() {
    const warehouse = await sampleWarehouse('expected-schemas');
    return startFunction({ warehouse, expected: 'expected-schemas' });
  }

  test('are in sync with the sample warehouse: 200, zeros, and Slack hears nothing', async () => {
    const { call, monitoring, slack } = await startSample();

    const answer = await call();

    expect(answer).toEqual({
      status: 200,
      body: { ...inSyncSummary, tables: { inSync: 13, drifted: 0, unchecked: 0 } },
    });
    expect(slack.messages).toEqual([]);
    const findings = monitoring.points.filter(({ metric }) => metric.endsWith('/findings'));
    expect(findings.map(({ value }) => value)).toEqual(Array.from({ length: 2 * (13 + 3) }, () => 0));
  });

  test('tell in one message what was dropped, from which table, and who breaks', async () => {
    const { bigquery, call, monitoring, slack } = await startSample();
    dropColumn(tableOf(bigquery.warehouse, 'commerce', 'square_payments'), 'amount');
    delete tableOf(bigquery.warehouse, 'commerce', 'raffle_tickets')['timePartitioning'];

    const answer = await call();

    expect(answer).toEqual({
      status: 200,
      body: {
        status: 'drifted',
        tables: { inSync: 11, drifted: 2, unchecked: 0 },
        findings: { critical: 2, warning: 0, info: 0 },
        alerts: { ...noAlerts, opened: 2 },
        report: null,
      },
    });
    const told = JSON.stringify(slack.messages.map(({ payload }) => payload.blocks));
    expect({
      messages: slack.messages.length,
      saysField: told.includes('`amount`'),
      saysTable: told.includes('commerce.square_payments'),
      saysConsumer: told.includes('*integration-service*'),
      saysPartitioning: told.includes('`DAY(purchase_date)`'),
    }).toEqual({
      messages: 1,
      saysField: true,
      saysTable: true,
      saysConsumer: true,
      saysPartitioning: true,
    });
    expect(
      Object.entries(valuesOf(monitoring.points)).filter(
        ([name, value]) => /^findings{/.test(name) && value > 0,
      ),
    ).toEqual([
      ['findings{dataset=commerce,severity=critical,table=raffle_tickets}', 1],
      ['findings{dataset=commerce,severity=critical,table=square_payments}', 1],
    ]);
  });

  test('are compared with nothing but GETs', async () => {
    const { bigquery, call } = await startSample();
    dropColumn(tableOf(bigquery.warehouse, 'commerce', 'square_payments'), 'amount');

    await call();

    expect([...new Set(bigquery.requests.map(({ method }) => method))]).toEqual(['GET']);
  });
});

describe('a request', () => {
  test.each(['GET', 'PUT', 'PATCH', 'DELETE'])('by %s runs nothing: 405', async (method) => {
    const { bigquery, monitoring, slack, url } = await startShop();

    const response = await fetch(url, { method });

    expect({
      status: response.status,
      allow: response.headers.get('allow'),
      body: await response.json(),
    }).toEqual({
      status: 405,
      allow: 'POST',
      body: { status: 'failed', error: { code: 'MethodNotAllowed', message: 'POST runs a check' } },
    });
    expect([bigquery.requests, monitoring.requests, slack.messages]).toEqual([[], [], []]);
  });

  test.each(['/x', '/checkDrift', '//', '/health?x=1'])('to %s runs nothing: 404', async (path) => {
    const { bigquery, monitoring, slack, url } = await startShop();

    const response = await fetch(`${url.replace(/\/$/, '')}${path}`, { method: 'POST' });

    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 404,
      body: {
        status: 'failed',
        error: { code: 'NotFound', message: 'POST / runs a check; there is nothing at any other path' },
      },
    });
    expect([bigquery.requests, monitoring.requests, slack.messages]).toEqual([[], [], []]);
  });

  test('to / may have a query', async () => {
    const { url } = await startShop();

    expect((await fetch(`${url}?x=1`, { method: 'POST' })).status).toBe(200);
  });

  test('that ends in a mistake of the program is answered without its words', async () => {
    const secret = new Error('secret words');
    const expected = await writeFolder(shopFiles);
    const env = new Proxy<Record<string, string>>(
      {},
      {
        get(_, name) {
          if (name === 'SHARD') throw secret;
          return name === 'EXPECTED_SCHEMAS' ? expected : undefined;
        },
      },
    );
    const logged: unknown[] = [];
    const url = await serve(
      createFunction({ env, clock: playedClock(), fetch, log: (entry) => logged.push(entry) }),
    );

    const response = await fetch(url, { method: 'POST' });

    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 500,
      body: {
        status: 'failed',
        error: { code: 'Internal', message: 'an internal error; the log has its stack' },
      },
    });
    expect(logged).toEqual([
      expect.objectContaining({
        code: 'Internal',
        stack_trace: expect.stringMatching(/^Error: secret words/),
      }),
    ]);
  });

  test('is answered without a look at its body', async () => {
    const { call } = await startShop({
      wrap: (checkDrift) => (request, response) => {
        for (const key of ['body', 'rawBody']) {
          Object.defineProperty(request, key, {
            get() {
              throw new Error(`the function has read ${key}`);
            },
          });
        }
        return checkDrift(request, response);
      },
    });

    const answer = await call({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ EXPECTED_SCHEMAS: '/etc', GCP_PROJECT_ID: 'other' }),
    });

    expect(answer).toEqual({ status: 200, body: inSyncSummary });
  });

  test.each([
    ['2026-03-05T23:00:00Z', '2026-03-06T00:00:00Z', 'in-sync'],
    ['2026-03-06T00:00:00Z', '2026-03-06T00:00:00Z', 'drifted'],
    // The Scheduler's clock may differ by some minutes, and not by a year.
    ['2026-03-06T00:00:00Z', '2026-03-05T23:55:00Z', 'drifted'],
    ['2027-03-06T00:00:00Z', '2026-03-05T23:55:00Z', 'in-sync'],
    // A retry of a run comes within three hours.
    ['2026-03-05T22:00:00Z', '2026-03-06T01:00:00Z', 'in-sync'],
    ['2026-03-05T21:59:59Z', '2026-03-06T01:00:00Z', 'drifted'],
    ['2024-03-05T00:00:00Z', '2026-03-06T01:00:00Z', 'drifted'],
    ['no time at all', '2026-03-05T23:55:00Z', 'in-sync'],
  ])('scheduled for %j is judged at that moment, at %j: %s', async (scheduled, now, status) => {
    const waivers = [{ table: 'sales.orders', until: '2026-03-05', reason: 'migration 4711' }];
    const expected = await writeFolder({ ...shopFiles, 'drift-policy.json': { waivers } });
    const { bigquery, call, clock } = await startShop({ expected });
    dropAmount(bigquery.warehouse);
    clock.advance(Date.parse(now) - clock.now().getTime());

    const { body } = await call({ method: 'POST', headers: { 'X-CloudScheduler-ScheduleTime': scheduled } });

    expect(body).toMatchObject({ status });
  });

  test('finds the target of the deployment registered', async () => {
    await import('../src/function.ts');

    const response = await fetch(await listen('checkDrift'));

    expect(response.status).toBe(405);
  });
});

describe('a dataset alias', () => {
  test('is read, told and charted by its real name', async () => {
    const warehouse = shopWarehouse();
    const sales = warehouse.datasets.get('sales');
    if (sales !== undefined) warehouse.datasets.set('sales_staging', sales);
    warehouse.datasets.delete('sales');
    const { bigquery, call, monitoring } = await startShop({
      warehouse,
      env: { DATASET_ALIASES: 'sales=sales_staging' },
    });

    const answer = await call();

    expect(answer).toEqual({ status: 200, body: inSyncSummary });
    expect([...new Set(bigquery.requests.map(({ dataset }) => dataset))].sort()).toEqual([
      'sales_staging',
      undefined,
    ]);
    expect(valuesOf(monitoring.points)).toMatchObject({ 'tables{dataset=sales_staging,status=in_sync}': 2 });
  });
});

describe('the webhook address stays secret', () => {
  const secret = /XXXX|services\/T000/;

  test.each<[string, SlackFault['answer']]>([
    ['answers 500 with a body', { status: 500, body: 'rollup_error' }],
    ['answers 404 no_service', { status: 404, body: 'no_service' }],
    ['answers 403 invalid_token', { status: 403, body: 'invalid_token' }],
    ['answers 429', { status: 429, body: 'rate_limited', retryAfter: 1 }],
    [
      'is behind a proxy that repeats the address',
      { status: 502, body: 'POST /services/T000/B000/XXXX: bad gateway' },
    ],
    ['resets the connection', 'reset'],
  ])('where Slack %s', async (_, answer) => {
    const { bigquery, call, logged, slack } = await startShop();
    dropAmount(bigquery.warehouse);
    slack.faults.push({ answer });

    const { status, body } = await call();

    expect({ status, body, logged: logged.length > 0 }).toMatchObject({
      status: 500,
      body: { status: 'failed', error: { code: 'SinkRejected' }, ...driftedCounts, alerts: noAlerts },
      logged: true,
    });
    expect(JSON.stringify(body)).not.toMatch(secret);
    expect(JSON.stringify(logged)).not.toMatch(secret);
  });

  test.each(['http://hooks.slack.com/services/T000/B000/XXXX', 'hooks.slack.com/services/T000/B000/XXXX'])(
    'where it is no address that may be used: %s',
    async (address) => {
      const { call, logged } = await startShop({ env: { SLACK_WEBHOOK_URL: address } });

      const answer = await call();

      const message =
        'SLACK_WEBHOOK_URL: expected an address that begins with https:// (its value is not shown)';
      expect(answer).toEqual({
        status: 500,
        body: { status: 'failed', error: { code: 'InvalidConfig', message } },
      });
      expect(logged).toEqual([
        { severity: 'ERROR', message: `the run failed: ${message}`, code: 'InvalidConfig' },
      ]);
    },
  );
});

describe('a service that is down', () => {
  test('Slack: the run fails, but its metrics are written and run_success is 0', async () => {
    const { bigquery, call, logged, monitoring, slack } = await startShop();
    dropAmount(bigquery.warehouse);
    slack.faults.push({ answer: { status: 500, body: 'rollup_error' } });

    const answer = await call();

    const message = 'Slack may not have the message: rollup_error (HTTP 500)';
    expect(answer).toEqual({
      status: 500,
      body: {
        status: 'failed',
        error: { code: 'SinkRejected', message },
        ...driftedCounts,
        alerts: noAlerts,
      },
    });
    expect(valuesOf(monitoring.points)).toMatchObject({
      'findings{dataset=sales,severity=critical,table=orders}': 1,
      'tables{dataset=sales,status=drifted}': 1,
      'run_success{}': 0,
    });
    expect(logged.at(-1)).toEqual({
      severity: 'ERROR',
      message: `the run failed: ${message}`,
      code: 'SinkRejected',
    });
  });

  test('Slack: what it did not accept is told by the next run', async () => {
    const { bigquery, call, clock, slack } = await startShop();
    dropAmount(bigquery.warehouse);
    slack.faults.push({ times: 1, answer: 'reset' });

    const first = await call();
    clock.advance(60_000);
    const second = await call();

    expect([first.status, second.status, slack.messages.length]).toEqual([500, 200, 1]);
  });

  test('Slack: a run with nothing to tell does not need it', async () => {
    const { call, slack } = await startShop();
    slack.faults.push({ answer: 'reset' });

    expect(await call()).toEqual({ status: 200, body: inSyncSummary });
  });

  test.each<[string, MonitoringFault['answer']]>([
    ['answers 500', { status: 500, code: 'INTERNAL' }],
    ['denies', { status: 403, code: 'PERMISSION_DENIED' }],
    ['answers a page of HTML', { status: 502, body: '<html></html>', contentType: 'text/html' }],
    ['resets the connection', 'reset'],
  ])('Cloud Monitoring %s: Slack is told, and the run fails', async (_, answer) => {
    const { bigquery, call, monitoring, slack } = await startShop();
    dropAmount(bigquery.warehouse);
    monitoring.faults.push({ answer });

    const { status, body } = await call();

    expect({ status, body }).toEqual({
      status: 500,
      body: {
        status: 'failed',
        error: {
          code: 'SinkRejected',
          message: expect.stringMatching(/^Cloud Monitoring did not accept 1 of the writes: /),
        },
        ...driftedCounts,
        alerts: { ...noAlerts, opened: 1 },
      },
    });
    expect([slack.messages.length, monitoring.points]).toEqual([1, []]);
  });

  test('Cloud Monitoring, for the heartbeat alone: the run fails', async () => {
    const { call, logged, monitoring } = await startShop();
    monitoring.faults.push({ skip: 1, answer: { status: 403, code: 'PERMISSION_DENIED' } });

    const { status, body } = await call();

    const { report: _, ...counts } = inSyncSummary;
    expect({ status, body }).toEqual({
      status: 500,
      body: { ...counts, status: 'failed', error: { code: 'SinkRejected', message: expect.any(String) } },
    });
    expect(logged.at(-1)).toMatchObject({
      severity: 'ERROR',
      message: expect.stringMatching(/^the heartbeat was not written: /),
    });
  });

  test('both: both are said', async () => {
    const { bigquery, call, monitoring, slack } = await startShop();
    dropAmount(bigquery.warehouse);
    monitoring.faults.push({ answer: { status: 500, code: 'INTERNAL' } });
    slack.faults.push({ answer: { status: 500, body: 'rollup_error' } });

    const { body } = await call();

    expect(body).toMatchObject({
      error: {
        message: expect.stringMatching(/^Cloud Monitoring did not accept .*; Slack may not have /s),
      },
    });
  });
});

describe('a run without a result', () => {
  function headersOf(messages: readonly { readonly payload: { readonly blocks?: unknown } }[]): unknown {
    return messages.map(({ payload }) => (Array.isArray(payload.blocks) ? payload.blocks[0] : undefined));
  }

  function header(text: string) {
    return { type: 'header', text: { type: 'plain_text', text } };
  }

  const heartbeat = { 'run_success{}': 0, 'run_seconds{}': expect.any(Number) };
  const nothingRead = {
    tables: { inSync: 0, drifted: 0, unchecked: 2 },
    findings: { critical: 0, warning: 0, info: 0 },
    alerts: noAlerts,
  };
  const uncheckedOnly = {
    'tables{dataset=sales,status=in_sync}': 0,
    'tables{dataset=sales,status=drifted}': 0,
    'tables{dataset=sales,status=unchecked}': 2,
    ...heartbeat,
  };

  test('for invalid files says all of them, in Slack too, and reads nothing', async () => {
    const expected = await writeFolder({
      ...shopFiles,
      'sales/orders.json': { schemma: {} },
      'sales/items.json': { schema: { fields: [{ name: 'id', type: 'STRNG' }] } },
    });
    const { bigquery, call, logged, monitoring, slack } = await startShop({ expected });

    const answer = await call();

    const message = [
      '2 problems in the expected files',
      'sales/items.json: $.schema.fields[0].type: unknown type "STRNG"; did you mean "STRING"?',
      'sales/orders.json: $.schemma: unknown key "schemma"; did you mean "schema"?',
    ].join('\n');
    expect(answer).toEqual({
      status: 500,
      body: { status: 'failed', error: { code: 'InvalidFiles', message } },
    });
    expect(headersOf(slack.messages)).toEqual([header('Drift check of shop failed')]);
    expect(JSON.stringify(slack.messages)).toContain('sales/orders.json: $.schemma');
    expect(bigquery.requests).toEqual([]);
    expect(valuesOf(monitoring.points)).toEqual(heartbeat);
    expect(logged).toEqual([
      { severity: 'WARNING', message: expect.stringMatching(/^STATE_URI is not set: /) },
      { severity: 'ERROR', message: `the run failed: ${message}`, code: 'InvalidFiles' },
    ]);
  });

  test('for a folder that is not there says so, in Slack too', async () => {
    const expected = `${await writeFolder({})}/none`;
    const { call, monitoring, slack } = await startShop({ expected });

    const answer = await call();

    const message = `no such folder: ${expected}`;
    expect(answer).toEqual({
      status: 500,
      body: { status: 'failed', error: { code: 'NoSuchFolder', message } },
    });
    expect(headersOf(slack.messages)).toEqual([header('Drift check of shop failed')]);
    expect(valuesOf(monitoring.points)).toEqual(heartbeat);
  });

  test.each<[string, Fault['answer']]>([
    ['denied', { status: 403, reason: 'accessDenied' }],
    ['unavailable', { status: 503 }],
    ['malformed', { status: 200, body: '<html></html>', contentType: 'text/html' }],
  ])('where everything is %s says so, in Slack too, and charts no finding as zero', async (_, answer) => {
    const { bigquery, call, monitoring, slack } = await startShop();
    bigquery.faults.push({ answer });

    const { status, body } = await call();

    expect({ status, body }).toEqual({
      status: 500,
      body: {
        status: 'failed',
        error: {
          code: 'NothingRead',
          message: expect.stringMatching(/^no declared table could be read\ndataset sales: /),
        },
        ...nothingRead,
      },
    });
    expect(headersOf(slack.messages)).toEqual([header('Unchecked: nothing could be read in shop')]);
    expect(valuesOf(monitoring.points)).toEqual(uncheckedOnly);
  });

  test('for a project that is not found says so, and of no table that it is missing', async () => {
    const { call, monitoring, slack } = await startShop({ env: { GCP_PROJECT_ID: 'other' } });

    const answer = await call();

    const message = 'project other was not found: datasets.list: HTTP 404 notFound: Not found: Project other';
    expect(answer).toEqual({
      status: 500,
      body: { status: 'failed', error: { code: 'ProjectNotFound', message }, ...nothingRead },
    });
    expect(headersOf(slack.messages)).toEqual([header('Unchecked: nothing could be read in other')]);
    expect(JSON.stringify(slack.messages)).toContain(message);
    expect(JSON.stringify(slack.messages)).not.toContain('missing');
    expect(valuesOf(monitoring.points)).toEqual(uncheckedOnly);
  });

  test('for an environment that is invalid says all that is wrong with it', async () => {
    const { bigquery, call } = await startShop({
      env: { MAX_CONCURRENCY: '0', CONFIRM_SECONDS: 'soon', DATASET_ALIASES: 'sales' },
    });

    const answer = await call();

    expect(answer).toEqual({
      status: 500,
      body: {
        status: 'failed',
        error: {
          code: 'InvalidConfig',
          message: [
            'DATASET_ALIASES: expected declared=real, found "sales"',
            'MAX_CONCURRENCY: expected a whole number from 1 to 300, found "0"',
            'CONFIRM_SECONDS: expected a whole number from 0 to 600, found "soon"',
          ].join('\n'),
        },
      },
    });
    expect(bigquery.requests).toEqual([]);
  });

  test('for want of a project says how to name one', async () => {
    const { call } = await startShop({ env: { GCP_PROJECT_ID: '' } });

    expect(await call()).toEqual({
      status: 500,
      body: {
        status: 'failed',
        error: {
          code: 'NoProject',
          message: 'no project: set GCP_PROJECT_ID (or --project on the command line)',
        },
      },
    });
  });

  test('is followed by one with a result once its cause is gone', async () => {
    const { bigquery, call, clock } = await startShop();
    bigquery.faults.push(denied({}));

    const first = await call();
    bigquery.faults.length = 0;
    clock.advance(3_600_000);

    expect([first.status, await call()]).toEqual([500, { status: 200, body: inSyncSummary }]);
  });
});
