import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { styleText } from 'node:util';
import { http as registerFunction } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { denied, startBigQueryEmulator } from '../emulators/bigquery.ts';
import { playedClock } from '../emulators/clock.ts';
import { startMonitoringEmulator } from '../emulators/monitoring.ts';
import { startSlackEmulator } from '../emulators/slack.ts';
import { readCommandLine, unlessRefused } from '../scripts/command-line.ts';
import { type OwnFolder, takeFolder } from '../scripts/own-folder.ts';
import type { SlackPayload } from '../src/slack/payload.ts';
import { previewSlack } from '../src/slack/preview.ts';
import { createFunction } from '../src/wiring.ts';
import { madeUpState } from './history.ts';
import { type Hour, serveStory } from './viewer.ts';
import { dropColumn, sampleWarehouse, tableOf } from './warehouse.ts';

/*
 * Plays some hours of the real function against local stand-ins for BigQuery, Cloud Monitoring and Slack. The clock is
 * played too: an hour passes at once. `--open` shows it in a browser afterwards, `--out FOLDER` says where the reports go.
 */

const PROJECT = 'demo-project';
const HOUR_MS = 3_600_000;
const USAGE = { script: 'demo', usage: '[--open] [--out FOLDER]' } as const;
const { values: options } = readCommandLine(USAGE, {
  options: { open: { type: 'boolean' }, out: { type: 'string' } },
});
const color = process.stdout.isTTY === true && !process.env['NO_COLOR'];

// Each run is asked for at its full hour, as the Scheduler does, and takes what time it takes.
let scheduled = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS);
const clock = playedClock(scheduled.toISOString());
let lastMetrics = '';
/** The state, the lease and the report pages of the runs. */
const OWN: OwnFolder = {
  script: USAGE.script,
  makes: (name) => /^(?:state|lease)\.json\.\d+$|^latest\.html$|^report-[\dTZ-]+\.html$/.test(name),
};
// Without --out a folder of its own for each run: two at once, or of two people on one host, are in nobody's way.
const place = options.out ?? (await mkdtemp(join(tmpdir(), 'bigquery-drift-demo-')));
const folder = await unlessRefused(USAGE, takeFolder(place, OWN));
await writeFile(join(folder, 'state.json.1'), madeUpState(PROJECT, scheduled));
const hours: Hour[] = [];
let title = '';
let steps: string[] = [];

const warehouse = await sampleWarehouse('expected-schemas');
const intact = structuredClone(warehouse.datasets);
const bigquery = await startBigQueryEmulator({ projectId: PROJECT, warehouse });
const monitoring = await startMonitoringEmulator({ projectId: PROJECT, now: clock.now });
const slack = await startSlackEmulator({ now: clock.now });
const checkDrift = createFunction({
  env: {
    GCP_PROJECT_ID: PROJECT,
    EXPECTED_SCHEMAS: 'expected-schemas',
    SLACK_WEBHOOK_URL: slack.webhookUrl,
    STATE_URI: pathToFileURL(folder).href,
    BIGQUERY_API_ENDPOINT: bigquery.url,
    MONITORING_API_ENDPOINT: monitoring.url,
  },
  clock,
  fetch: globalThis.fetch,
  // The function's log would drown the story; the run line below says the same.
  log: () => {},
});
registerFunction('checkDrift', checkDrift);
const server = getTestServer('checkDrift').listen(0, '127.0.0.1');
await once(server, 'listening');

try {
  say('A warehouse of three datasets and thirteen tables, and the files that say what it must look like:');
  say(
    'expected-schemas/. BigQuery, Cloud Monitoring and Slack are stand-ins on this machine; the function,',
    'continued',
  );
  say('its client libraries and its HTTP server are the real ones.', 'continued');

  begin('The first check.', 'All is as the files say.');
  await runCheck('in-sync', 0);

  hour(0, 'Somebody was busy:');
  step('dropped the column commerce.square_payments.amount');
  dropColumn(tableOf(warehouse, 'commerce', 'square_payments'), 'amount');
  step('recreated commerce.raffle_tickets without its partitioning');
  delete tableOf(warehouse, 'commerce', 'raffle_tickets')['timePartitioning'];
  step('set a partition expiration of 30 days on customer_memory.customer_profiles');
  const profiles = tableOf(warehouse, 'customer_memory', 'customer_profiles');
  profiles['timePartitioning'] = { type: 'DAY', field: 'timestamp', expirationMs: String(30 * 24 * HOUR_MS) };
  step('took away read access to analytics.lightspeed_products');
  bigquery.faults.push(denied({ method: 'tables.get', dataset: 'analytics', table: 'lightspeed_products' }));
  await runCheck('drifted', 2);

  for (const count of [1, 2, 3]) {
    hour(count, 'Nothing has changed, so nothing is said.');
    await runCheck('drifted', 0);
  }

  hour(4, 'It is still open: a reminder.');
  await runCheck('drifted', 1);

  hour(5, 'Everything is repaired, and access is back.');
  warehouse.datasets = structuredClone(intact);
  bigquery.faults.length = 0;
  await runCheck('in-sync', 1);

  hour(6, 'All is well.');
  await runCheck('in-sync', 0);

  const reads = bigquery.requests.filter(({ method }) => method === 'GET').length;
  say(
    `BigQuery saw ${reads} requests in eight runs, all of them GET: ${reads === bigquery.requests.length}.`,
  );
  print(`
${paint('bold', 'For a project of your own')}
  1. write down what is there:  npm run --silent drift -- pull --project PROJECT --out my-schemas
  2. compare, whenever:         npm run --silent drift -- check --project PROJECT --expected my-schemas
  3. say who relies on it:      add a "contract" to my-schemas/DATASET/TABLE.json (README)
  4. every hour, with Slack and a metric: README, "In production"`);
} finally {
  server.close();
  server.closeAllConnections();
  await Promise.all([bigquery.close(), monitoring.close(), slack.close()]);
}

const worst = hours.findLast(({ status }) => status === 'drifted');
if (worst === undefined) throw new Error('the story has drift in it');
if (options.open === true) await open(worst);
print(`
Its report, while the drift was open (the month before is made up):
${join(folder, worst.page)}`);

/** Until it is interrupted. */
async function open(start: Hour): Promise<void> {
  const { url } = await serveStory(hours, { folder, start });
  print(`\nThe reports with the Slack messages beside them: ${paint('bold', url)} (Ctrl+C ends it)`);
  const isDesktop = process.platform !== 'linux' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'];
  if (!isDesktop) return;
  const command = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
  // Where there is none, the address is on the screen.
  spawn(command, [url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}

async function runCheck(expectedStatus: string, expectedMessages: number): Promise<void> {
  const messagesBefore = slack.messages.length;
  const pointsBefore = monitoring.points.length;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the function does not listen');
  const response = await fetch(`http://127.0.0.1:${address.port}/`, {
    method: 'POST',
    headers: { 'X-CloudScheduler-ScheduleTime': scheduled.toISOString() },
  });
  const summary = (await response.json()) as Record<string, unknown>;
  print(
    `  ${paint('dim', 'POST /')}  HTTP ${response.status}  ${paint('bold', String(summary['status']))}  tables ${JSON.stringify(summary['tables'])}`,
  );

  if (summary['status'] !== expectedStatus) throw new Error(`expected the status ${expectedStatus}`);

  const messages = slack.messages.slice(messagesBefore);
  hours.push({
    title,
    steps,
    at: scheduled,
    status: expectedStatus,
    // The stand-in has checked them against Slack's rules.
    messages: messages.map(({ payload }) => payload as SlackPayload),
    page: basename(fileURLToPath(String(summary['report']))),
  });
  if (messages.length !== expectedMessages) throw new Error(`expected ${expectedMessages} messages`);
  if (messages.length === 0) print('  Slack: nothing to tell, nothing sent.');
  for (const payload of hours.at(-1)?.messages ?? []) {
    print('  Slack:');
    const width = process.stdout.isTTY === true ? process.stdout.columns - 2 : null;
    print(previewSlack(payload, { color, width }).replace(/^/gm, '  ').trimEnd());
  }
  const metrics = metricLines(pointsBefore).join('\n');
  print(metrics === lastMetrics ? '  Metric: as in the hour before' : metrics);
  lastMetrics = metrics;
}

function metricLines(from: number): readonly string[] {
  const points = monitoring.points.slice(from);
  const short = (metric: string) => metric.replace('custom.googleapis.com/bigquery_drift/', '');
  const findings = points.filter(({ metric }) => short(metric) === 'findings');
  const above = (name: string) =>
    points
      .filter(({ metric, value }) => short(metric) === name && value > 0)
      .map((point) => `    ${name}{${Object.values(point.metricLabels).join(', ')}} = ${point.value}`);
  return [
    `  Metric: findings, ${findings.length} series, ${above('findings').length} above zero`,
    ...above('findings'),
    ...above('tables'),
    ...above('run_success'),
  ];
}

function hour(count: number, what: string): void {
  scheduled = new Date(scheduled.getTime() + HOUR_MS);
  clock.advance(scheduled.getTime() - clock.now().getTime());
  begin(`Hour ${count}.`, what);
}

function begin(name: string, what: string): void {
  title = `${name} ${what}`;
  steps = [];
  print(`\n${paint('bold', name)} ${what}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function say(line: string, place: 'first' | 'continued' = 'first'): void {
  print(place === 'first' ? `\n${line}` : line);
}

function step(line: string): void {
  steps.push(line);
  print(`  – ${line}`);
}

function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return color ? styleText(style, text, { validateStream: false }) : text;
}
