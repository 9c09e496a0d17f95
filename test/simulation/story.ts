import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type HttpFunction, http } from '@google-cloud/functions-framework';
import { onTestFinished } from 'vitest';
import { type BigQueryEmulator, startBigQueryEmulator } from '../../emulators/bigquery.ts';
import { type PlayedClock, playedClock } from '../../emulators/clock.ts';
import { startMonitoringEmulator } from '../../emulators/monitoring.ts';
import { type SlackEmulator, startSlackEmulator } from '../../emulators/slack.ts';
import { type StorageEmulator, startStorageEmulator } from '../../emulators/storage.ts';
import type { RunSummary } from '../../src/app/hourly/run-summary.ts';
import type { Clock, Log } from '../../src/model/ports.ts';
import type { SlackPayload } from '../../src/slack/payload.ts';
import { createFunction } from '../../src/wiring.ts';
import { type Files, writeFolder } from '../support/folder.ts';
import { listen, PROJECT } from '../support/function.ts';
import { countsOf, type FindingCounts, gistOf } from './gist.ts';
import { BUCKET, bucketPlace, folderPlace, type StatePlace } from './state-place.ts';

/** A story is told the same wherever the state is kept. */
export const STORES = ['file://', 'gs://'] as const;

/** A Monday; hours are counted from here. */
const START = Date.parse('2026-03-02T00:17:00.000Z');
const HOUR_MS = 3_600_000;
/** From the moment that a run is scheduled for to the call. */
const LATE_MS = 20_000;
/** As deploy.sh asks of the Scheduler; each wait is twice the one before. */
const RETRIES = 3;
const MIN_BACKOFF_MS = 60_000;
/** The wait for the second read is the only one that is as long. */
const CONFIRMING_MS = 10_000;

export type Answer = { readonly hour: number; readonly status: number; readonly body: RunSummary };

/** When a run is held up, so that something else can happen meanwhile. */
export type Pause = 'before the second read' | 'before Slack has the message';

export interface Story {
  readonly bigquery: BigQueryEmulator;
  readonly slack: SlackEmulator;
  readonly storage: StorageEmulator;
  readonly clock: PlayedClock;
  readonly state: StatePlace;
  readonly logged: Parameters<Log>[0][];
  /** Beside, or instead of, the variables of the story; read at the next cold start. */
  readonly env: Record<string, string>;
  /** Writes expected files, or removes those that are null. */
  declare(files: Files): Promise<void>;
  /** Goes on for so many hours; what a script has for an hour happens before its run. */
  play(hours: number, script?: Script): Promise<void>;
  /** Calls the function of an instance that has just begun, once, for the run of that hour. */
  callAnew(hour: number): Promise<Answer>;
  /** Happens once, in the middle of the next run. */
  meanwhile(pause: Pause, act: () => Promise<unknown>): void;
  /** The same, while the run that is held up is frozen as a whole: it does not renew its lease. */
  whileFrozen(pause: Pause, act: () => Promise<unknown>): void;
  /** What Slack accepted, a line each: `hour 3: Drift in shop: 1 critical | …`. */
  told(): readonly string[];
  /** What the function answered, for hours in which it was not 200 at once. */
  troubles(): readonly string[];
  /** What holds in every story. */
  audit(): Audit;
}

/** Of the function, from a cold start on. */
interface Instance {
  isFrozen: boolean;
}

export type Script = Readonly<Record<number, () => unknown>>;

export interface Audit {
  /** The methods of all requests that BigQuery saw. */
  readonly bigquery: readonly string[];
  /** How often Slack answered what instead of `ok`. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Findings that Slack heard of beyond those that the function answered it told. */
  readonly uncounted: FindingCounts;
}

export const SOUND: Audit = {
  bigquery: ['GET'],
  refusals: {},
  uncounted: { alerted: 0, reminded: 0, resolved: 0 },
};

/** Stands for the address of the state, which no two stories share. */
const PLACE = 'PLACE';

/** When the run of that hour is due. */
export function dueAt(hour: number): Date {
  return new Date(START + hour * HOUR_MS);
}

let stories = 0;

/** The real function, hour after hour, each time a new instance, against played services and a played clock. */
export async function startStory({
  store,
  world,
  storageRate = 'any',
  from = 0,
}: {
  /** null: no state is kept. */
  readonly store: (typeof STORES)[number] | null;
  readonly world: { readonly files: Files; readonly warehouse: BigQueryEmulator['warehouse'] };
  /** Whether more than one write a second of one object is refused, as Cloud Storage does; it takes its time to play. */
  readonly storageRate?: 'any' | 'enforced';
  /** The hour of its first run. */
  readonly from?: number;
}): Promise<Story> {
  const clock = playedClock(dueAt(from).toISOString());
  const [expected, home] = await Promise.all([writeFolder(world.files), writeFolder({})]);
  const bigquery = await startBigQueryEmulator({ projectId: PROJECT, warehouse: world.warehouse });
  onTestFinished(() => bigquery.close());
  const monitoring = await startMonitoringEmulator({ projectId: PROJECT, now: clock.now });
  onTestFinished(() => monitoring.close());
  const slack = await startSlackEmulator({ now: clock.now, enforceRate: true });
  onTestFinished(() => slack.close());
  const enforceRate = storageRate === 'enforced';
  const storage = await startStorageEmulator({ bucket: BUCKET, now: clock.now, enforceRate });
  onTestFinished(() => storage.close());

  const state = store === 'gs://' ? bucketPlace(storage) : folderPlace(home);
  const env: Record<string, string> = {
    GCP_PROJECT_ID: PROJECT,
    EXPECTED_SCHEMAS: expected,
    SLACK_WEBHOOK_URL: slack.webhookUrl,
    BIGQUERY_API_ENDPOINT: bigquery.url,
    MONITORING_API_ENDPOINT: monitoring.url,
    STORAGE_EMULATOR_HOST: storage.url,
    REQUESTS_PER_SECOND: '1000',
    ...(store === null ? {} : { STATE_URI: state.uri }),
  };
  const logged: Parameters<Log>[0][] = [];
  const answers: Answer[] = [];
  const pauses = new Map<Pause, () => Promise<unknown>>();

  async function pause(at: Pause): Promise<void> {
    const act = pauses.get(at);
    pauses.delete(at);
    await act?.();
  }
  const pausingClock = (instance: Instance): Clock => ({
    ...clock,
    every: (ms, act) => clock.every(ms, async () => (instance.isFrozen ? undefined : act())),
    async sleep(ms) {
      if (ms >= CONFIRMING_MS) await pause('before the second read');
      await clock.sleep(ms);
    },
  });
  const pausingFetch: typeof fetch = async (input, init) => {
    await pause('before Slack has the message');
    return fetch(input, init);
  };

  let current: HttpFunction;
  let latest: Instance = { isFrozen: false };
  stories += 1;
  const name = `story${stories}`;
  http(name, (request, response) => current(request, response));
  const url = await listen(name);

  function startAnew(): void {
    latest = { isFrozen: false };
    current = createFunction({
      env: { ...env },
      clock: pausingClock(latest),
      fetch: pausingFetch,
      log: (entry) => logged.push(entry),
    });
  }
  async function call(hour: number): Promise<Answer> {
    const headers = { 'X-CloudScheduler-ScheduleTime': dueAt(hour).toISOString() };
    const response = await fetch(url, { method: 'POST', headers });
    const answer = { hour, status: response.status, body: (await response.json()) as RunSummary };
    answers.push(answer);
    return answer;
  }
  let next = from;

  return {
    bigquery,
    slack,
    storage,
    clock,
    state,
    logged,
    env,
    async declare(files) {
      for (const [path, content] of Object.entries(files)) {
        const file = join(expected, path);
        await mkdir(dirname(file), { recursive: true });
        await (content === null ? rm(file) : writeFile(file, JSON.stringify(content)));
      }
    },
    async play(hours, script = {}) {
      const end = next + hours;
      for (; next < end; next += 1) {
        clock.advance(dueAt(next).getTime() + LATE_MS - clock.now().getTime());
        await script[next]?.();
        startAnew();
        let { status } = await call(next);
        for (let retry = 0; status !== 200 && retry < RETRIES; retry += 1) {
          clock.advance(MIN_BACKOFF_MS * 2 ** retry);
          ({ status } = await call(next));
        }
      }
    },
    callAnew(hour) {
      startAnew();
      return call(hour);
    },
    meanwhile: (at, act) => pauses.set(at, act),
    whileFrozen: (at, act) =>
      pauses.set(at, async () => {
        const frozen = latest;
        frozen.isFrozen = true;
        await act();
        frozen.isFrozen = false;
      }),
    told: () =>
      slack.messages.map(({ at, payload }) => {
        const gist = gistOf(payload as SlackPayload);
        return `${hourOf(at)}: ${gist.replaceAll(state.uri, PLACE).replaceAll(state.path, PLACE)}`;
      }),
    troubles: () => {
      const byHour = Map.groupBy(answers, ({ hour }) => hour);
      return [...byHour]
        .filter(([, calls]) => calls.some(({ status }) => status !== 200))
        .map(([hour, calls]) => `hour ${hour}: ${calls.map(outcomeOf).join(', ')}`);
    },
    audit: () => ({
      bigquery: [...new Set(bigquery.requests.map(({ method }) => method))],
      refusals: countBy(slack.refused.map(({ status, word }) => `${status} ${word}`)),
      uncounted: difference(
        slack.messages.map(({ payload }) => countsOf(payload as SlackPayload)),
        answers.map(({ body }) => countedBy(body)),
      ),
    }),
  };
}

function countBy(words: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...Map.groupBy(words, (word) => word)].map(([word, { length }]) => [word, length]),
  );
}

function hourOf(at: Date): string {
  return `hour ${Math.floor((at.getTime() - START) / HOUR_MS)}`;
}

function outcomeOf({ status, body }: Answer): string {
  return body.status === 'failed' ? `${status} ${body.error.code}` : String(status);
}

function countedBy({ alerts }: RunSummary): FindingCounts {
  const { opened = 0, changed = 0, reminded = 0, resolved = 0 } = alerts ?? {};
  return { alerted: opened + changed, reminded, resolved };
}

function difference(
  markNotified: readonly FindingCounts[],
  counted: readonly FindingCounts[],
): FindingCounts {
  const sum = (all: readonly FindingCounts[], key: keyof FindingCounts) =>
    all.reduce((total, counts) => total + counts[key], 0);
  const more = (key: keyof FindingCounts) => sum(markNotified, key) - sum(counted, key);
  return { alerted: more('alerted'), reminded: more('reminded'), resolved: more('resolved') };
}
