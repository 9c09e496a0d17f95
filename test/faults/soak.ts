import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { type Fault, startBigQueryEmulator } from '../../emulators/bigquery.ts';
import { playedClock } from '../../emulators/clock.ts';
import { type MonitoringFault, startMonitoringEmulator } from '../../emulators/monitoring.ts';
import { type SlackFault, startSlackEmulator } from '../../emulators/slack.ts';
import { type StorageFault, startStorageEmulator } from '../../emulators/storage.ts';
import type { SlackPayload } from '../../src/slack/payload.ts';
import { createFunction } from '../../src/wiring.ts';
import { gistOf } from '../simulation/gist.ts';
import { declareTables } from '../simulation/world.ts';

/*
 * Hour after hour in one process, with drift and faults by chance. What Slack shows is read as on-call reads it, into what they
 * take for open; that is compared with the warehouse, of which the monitor's own state and answers say nothing here.
 */

export interface SoakResult {
  readonly seed: number;
  readonly runs: number;
  /** What must not be, an entry each, with its hour. */
  readonly problems: readonly string[];
  /** How often what happened, so that a soak in which nothing happens is seen. */
  readonly counts: Readonly<Record<string, number>>;
  /** Of the heap, after each hour; empty where memory is not measured. */
  readonly heapBytes: readonly number[];
}

const PROJECT = 'shop';
const BUCKET = 'drift-state';
const START = Date.parse('2026-03-02T00:17:00.000Z');
const HOUR_MS = 3_600_000;
const RETRIES = 2;
/** What opens three times within a day is told in reminders only, which is not what this is about. */
const MIN_HOURS_BETWEEN_CHANGES = 13;
/** Of one run; what does not fit waits for the next. */
const MAX_MESSAGES = 3;

const TABLES = ['sales', 'crm', 'ops'].flatMap((dataset) =>
  ['one', 'two', 'three', 'four'].map((table) => `${dataset}.${table}`),
);

/** What may be wrong with a table, in Slack's words. */
const DRIFTS = [
  'field amount is missing',
  'field amount is of another type',
  'the table is missing',
] as const;
type Drift = (typeof DRIFTS)[number];

type Random = () => number;

/** Mulberry32: the same numbers for the same seed, wherever it runs. */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T;
}

const PAGE = { body: '<html></html>', contentType: 'text/html' };

/** A lying `notFound` is left out: it is what a dropped table looks like. */
const BIGQUERY_ANSWERS: readonly Fault['answer'][] = [
  { status: 403, reason: 'accessDenied' },
  { status: 403, reason: 'rateLimitExceeded' },
  { status: 403, reason: 'quotaExceeded' },
  { status: 429 },
  { status: 500 },
  { status: 503 },
  { status: 200, ...PAGE },
  { status: 404, ...PAGE },
  { status: 502, ...PAGE },
  { status: 200, body: 'null' },
  { status: 200, body: '{"kind":"bigquery#table","sch' },
  { status: 200, body: '{"kind":"bigquery#tableList","tables":{}}' },
  'reset',
];
const METHODS = ['datasets.list', 'datasets.get', 'tables.list', 'tables.get'] as const;

const SLACK_ANSWERS: readonly SlackFault['answer'][] = [
  { status: 400, body: 'invalid_blocks' },
  { status: 429, body: 'rate_limited', retryAfter: 7 },
  { status: 429, body: 'rate_limited', retryAfter: 120 },
  { status: 500, body: 'rollup_error' },
  { status: 503, body: 'service_unavailable' },
  { status: 200, body: '<html></html>' },
  'reset',
  'accept-then-reset',
];
const MONITORING_ANSWERS: readonly MonitoringFault['answer'][] = [
  { status: 403, code: 'PERMISSION_DENIED' },
  { status: 503, code: 'UNAVAILABLE' },
  { status: 400, code: 'INVALID_ARGUMENT' },
  { status: 200, ...PAGE },
  'reset',
  'accept-then-reset',
];
const STORAGE_ANSWERS: readonly StorageFault['answer'][] = [
  { status: 403 },
  { status: 429 },
  { status: 503 },
  { status: 200, ...PAGE },
  'reset',
  'accept-then-reset',
];

/** For one request, a few of them, or until the hour is over. */
function momentOf(random: Random): { readonly skip: number; readonly times: number } {
  return {
    skip: pick(random, [0, 0, 1, 2, 5]),
    times: pick(random, [1, 1, 2, 3, Number.POSITIVE_INFINITY]),
  };
}

/** What on-call takes for open, by table, and in which attempt they last heard of it. */
interface Belief {
  readonly drift: string;
  /** Whether the attempt that told it said that all had gone well. */
  isSure: boolean;
}

export async function soak({
  runs,
  seed,
  measureHeap = null,
}: {
  readonly runs: number;
  readonly seed: number;
  /** Bytes in use once the garbage is gone; null: not measured. */
  readonly measureHeap?: (() => number) | null;
}): Promise<SoakResult> {
  const random = randomOf(seed);
  const clock = playedClock(new Date(START).toISOString());
  const world = declareTables(TABLES);
  const folder = await mkdtemp(join(tmpdir(), 'drift-soak-'));
  for (const [path, content] of Object.entries(world.files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), JSON.stringify(content));
  }
  const bigquery = await startBigQueryEmulator({ projectId: PROJECT, warehouse: world.warehouse });
  const monitoring = await startMonitoringEmulator({ projectId: PROJECT, now: clock.now });
  const slack = await startSlackEmulator({ now: clock.now, enforceRate: true });
  const storage = await startStorageEmulator({ bucket: BUCKET, now: clock.now, enforceRate: true });
  let posts = 0;
  const checkDrift = createFunction({
    env: {
      GCP_PROJECT_ID: PROJECT,
      EXPECTED_SCHEMAS: folder,
      SLACK_WEBHOOK_URL: slack.webhookUrl,
      BIGQUERY_API_ENDPOINT: bigquery.url,
      MONITORING_API_ENDPOINT: monitoring.url,
      STORAGE_EMULATOR_HOST: storage.url,
      STATE_URI: `gs://${BUCKET}/monitor`,
      REQUESTS_PER_SECOND: '1000',
      CONFIRM_SECONDS: '0',
    },
    clock,
    fetch: (input, init) => {
      posts += 1;
      return fetch(input, init);
    },
    log: () => {},
  });
  const name = `soak${seed}`;
  http(name, checkDrift);
  const server = getTestServer(name).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the function does not listen');
  const url = `http://127.0.0.1:${address.port}/`;

  const truth = new Map<string, Drift>();
  const changedAt = new Map<string, number>();
  /** Tables that were repaired at least once. */
  const wellOnce = new Set<string>();
  const beliefs = new Map<string, Belief>();
  const problems: string[] = [];
  const counts: Record<string, number> = {};
  const heapBytes: number[] = [];
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };

  function change(hour: number): void {
    const table = pick(random, TABLES);
    if (hour - (changedAt.get(table) ?? Number.NEGATIVE_INFINITY) < MIN_HOURS_BETWEEN_CHANGES) return;
    changedAt.set(table, hour);
    if (truth.delete(table)) {
      world.restore(table);
      wellOnce.add(table);
      count('repairs');
      return;
    }
    const drift = pick(random, DRIFTS);
    truth.set(table, drift);
    if (drift === 'the table is missing') world.drop(table);
    else world.retype(table, drift === 'field amount is missing' ? null : 'FLOAT64');
    count('drifts');
  }

  function breakSomething(): void {
    const moment = momentOf(random);
    const place = pick(random, ['bigquery', 'bigquery', 'slack', 'monitoring', 'storage'] as const);
    count(`faults of ${place}`);
    if (place === 'bigquery') {
      const [dataset = '', table = ''] = pick(random, TABLES).split('.');
      const method = pick(random, [...METHODS, null]);
      const isWide = random() < 0.3 || method === 'datasets.list';
      bigquery.faults.push({
        ...moment,
        ...(method === null ? {} : { method }),
        ...(isWide ? {} : { dataset }),
        ...(method === 'tables.get' && !isWide && random() < 0.5 ? { table } : {}),
        answer: pick(random, BIGQUERY_ANSWERS),
      });
    } else if (place === 'slack') slack.faults.push({ ...moment, answer: pick(random, SLACK_ANSWERS) });
    else if (place === 'monitoring') {
      monitoring.faults.push({ ...moment, answer: pick(random, MONITORING_ANSWERS) });
    } else {
      const object = pick(random, [/state/, /lease/]);
      const operation = pick(random, ['read', 'write'] as const);
      storage.faults.push({ ...moment, name: object, operation, answer: pick(random, STORAGE_ANSWERS) });
    }
  }

  /** Reads what Slack shows since the last call, as on-call does. */
  function hear(hour: number, isSure: boolean): void {
    for (const { payload } of slack.messages.splice(0)) {
      const [topic = '', ...facts] = gistOf(payload as SlackPayload)
        .split(' | ')
        .map((fact) => fact.replace(/ \(.*\)$/, ''));
      count(`messages: ${topic.split(' ')[0]}`);
      for (const fact of facts) hearFact(fact, { topic, hour, isSure });
    }
  }

  function hearFact(
    fact: string,
    { topic, hour, isSure }: { readonly topic: string; readonly hour: number; readonly isSure: boolean },
  ): void {
    const [, repaired, subject = '', drift = ''] =
      /^(repaired )?(\S+\.\S+|dataset \S+): (.+)$/.exec(fact) ?? [];
    if (!DRIFTS.some((known) => known === drift) && !drift.includes('missing')) return;
    const belief = beliefs.get(subject);
    const isSo = truth.get(subject) === drift;
    if (repaired !== undefined) {
      // It may drift again unseen before its repair is told, but well it must have been.
      if (isSo && !wellOnce.has(subject)) problem(hour, `never repaired: ${fact}`);
      if (belief === undefined) count('repairs told of what was not told');
      beliefs.delete(subject);
    } else if (!isSo) problem(hour, `told and not so: ${topic}: ${fact}`);
    else {
      if (topic === 'Drift' && belief?.drift === drift && belief.isSure) problem(hour, `told twice: ${fact}`);
      beliefs.set(subject, { drift, isSure: (topic !== 'Drift' && belief?.isSure === true) || isSure });
    }
  }

  function problem(hour: number, text: string): void {
    problems.push(`hour ${hour}: ${text}`);
  }

  /** Tables that have a point are tables that were read. */
  function tablesRead(): readonly string[] {
    return monitoring.points.flatMap(({ metric, metricLabels: { dataset, table } }) =>
      metric.endsWith('/findings') && table !== '' ? [`${dataset}.${table}`] : [],
    );
  }

  async function run(hour: number): Promise<number> {
    const due = new Date(START + hour * HOUR_MS);
    clock.advance(due.getTime() + 20_000 - clock.now().getTime());
    const headers = { 'X-CloudScheduler-ScheduleTime': due.toISOString() };
    posts = 0;
    for (let attempt = 0; ; attempt += 1) {
      monitoring.points.splice(0);
      const response = await fetch(url, { method: 'POST', headers });
      await response.json();
      const { status } = response;
      count(`answers: ${status}`);
      hear(hour, status === 200);
      if (status === 200 && posts < MAX_MESSAGES) {
        for (const table of new Set(tablesRead())) {
          const [known, is] = [beliefs.get(table)?.drift, truth.get(table)];
          if (known !== is)
            problem(hour, `${table} is ${is ?? 'well'}, and Slack has: ${known ?? 'nothing'}`);
        }
      }
      if (status === 200 || attempt === RETRIES) return status;
      clock.advance(60_000 * 2 ** attempt);
    }
  }

  try {
    for (let hour = 0; hour < runs; hour += 1) {
      for (let changes = Math.floor(random() * 3); changes > 0; changes -= 1) change(hour);
      for (let faults = Math.floor(random() * 4); faults > 0; faults -= 1) breakSomething();
      await run(hour);
      for (const { faults, requests } of [bigquery, monitoring, storage]) {
        faults.splice(0);
        requests.splice(0);
      }
      slack.faults.splice(0);
      slack.refused.splice(0);
      if (measureHeap !== null) heapBytes.push(measureHeap());
    }
    for (const hour of [runs, runs + 1]) {
      const status = await run(hour);
      if (status !== 200) problem(hour, `without a fault the answer is ${status}`);
    }
    for (const table of TABLES) {
      const [known, is] = [beliefs.get(table)?.drift, truth.get(table)];
      if (known !== is)
        problem(runs + 1, `at the end ${table} is ${is ?? 'well'}, Slack has ${known ?? 'nothing'}`);
    }
    return { seed, runs, problems, counts, heapBytes };
  } finally {
    server.close();
    server.closeAllConnections();
    await Promise.all([bigquery, monitoring, slack, storage].map((service) => service.close()));
    await rm(folder, { recursive: true, force: true });
  }
}
