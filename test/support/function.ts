import { once } from 'node:events';
import { type HttpFunction, http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { onTestFinished } from 'vitest';
import {
  type BigQueryEmulator,
  type EmulatedWarehouse,
  startBigQueryEmulator,
} from '../../emulators/bigquery.ts';
import { type PlayedClock, playedClock } from '../../emulators/clock.ts';
import {
  type MonitoringEmulator,
  startMonitoringEmulator,
  type WrittenPoint,
} from '../../emulators/monitoring.ts';
import { type SlackEmulator, startSlackEmulator } from '../../emulators/slack.ts';
import type { Env } from '../../src/app/config.ts';
import type { Log } from '../../src/model/ports.ts';
import { createFunction } from '../../src/wiring.ts';

export interface PlayedFunction {
  readonly bigquery: BigQueryEmulator;
  readonly monitoring: MonitoringEmulator;
  readonly slack: SlackEmulator;
  readonly clock: PlayedClock;
  readonly logged: Parameters<Log>[0][];
  readonly url: string;
  /** One call of the function. */
  call(init?: RequestInit): Promise<{ readonly status: number; readonly body: unknown }>;
  /** The same as the Scheduler calls it, for a run that is due then, or was. */
  callAt(scheduled: string): Promise<{ readonly status: number; readonly body: unknown }>;
}

export const PROJECT = 'shop';

let functions = 0;

/** The function behind its real HTTP server, its three services played; all are closed after the test that runs. */
export async function startFunction({
  warehouse,
  expected,
  env = {},
  wrap = (checkDrift) => checkDrift,
  fetch: fetchOfSlack = globalThis.fetch,
}: {
  readonly warehouse: EmulatedWarehouse;
  /** The folder of expected files. */
  readonly expected: string;
  /** Beside, or instead of, the variables that name the played services. */
  readonly env?: Env;
  readonly wrap?: (checkDrift: HttpFunction) => HttpFunction;
  /** What Slack is reached by. */
  readonly fetch?: typeof globalThis.fetch;
}): Promise<PlayedFunction> {
  const clock = playedClock();
  const logged: Parameters<Log>[0][] = [];
  const bigquery = await startBigQueryEmulator({ projectId: PROJECT, warehouse });
  onTestFinished(() => bigquery.close());
  const monitoring = await startMonitoringEmulator({
    projectId: env['GCP_PROJECT_ID'] ?? PROJECT,
    now: clock.now,
  });
  onTestFinished(() => monitoring.close());
  const slack = await startSlackEmulator({ now: clock.now });
  onTestFinished(() => slack.close());
  const checkDrift = createFunction({
    env: {
      GCP_PROJECT_ID: PROJECT,
      EXPECTED_SCHEMAS: expected,
      SLACK_WEBHOOK_URL: slack.webhookUrl,
      BIGQUERY_API_ENDPOINT: bigquery.url,
      MONITORING_API_ENDPOINT: monitoring.url,
      REQUESTS_PER_SECOND: '1000',
      ...env,
    },
    clock,
    fetch: fetchOfSlack,
    log: (entry) => logged.push(entry),
  });
  const url = await serve(wrap(checkDrift));
  const call = async (init: RequestInit = { method: 'POST' }) => {
    const response = await fetch(url, init);
    return { status: response.status, body: await response.json() };
  };
  return {
    bigquery,
    monitoring,
    slack,
    clock,
    logged,
    url,
    call,
    callAt(scheduled) {
      clock.advance(Math.max(0, Date.parse(scheduled) - clock.now().getTime()));
      return call({ method: 'POST', headers: { 'X-CloudScheduler-ScheduleTime': scheduled } });
    },
  };
}

/** Starts the server of a function and tells its address. */
export async function serve(checkDrift: HttpFunction): Promise<string> {
  // The framework keeps one registry for the process.
  functions += 1;
  const name = `checkDrift${functions}`;
  http(name, checkDrift);
  return listen(name);
}

/** Starts the server of a registered function and tells its address. */
export async function listen(name: string): Promise<string> {
  const server = getTestServer(name).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the function does not listen');
  return `http://127.0.0.1:${address.port}/`;
}

/** `findings{dataset=sales,severity=critical,table=orders}` to its value, for each point that was accepted. */
export function valuesOf(points: readonly WrittenPoint[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    points.map(({ metric, metricLabels, value }) => {
      const labels = Object.entries(metricLabels)
        .map(([key, label]) => `${key}=${label}`)
        .sort();
      return [`${metric.replace('custom.googleapis.com/bigquery_drift/', '')}{${labels.join(',')}}`, value];
    }),
  );
}
