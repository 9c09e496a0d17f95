import type { HttpFunction } from '@google-cloud/functions-framework';
import {
  accountOf,
  createBigQueryClient,
  createWarehouses,
  forgetSignIn,
} from './adapters/bigquery/bigquery.ts';
import { loadExpectation } from './adapters/folders/expected-files.ts';
import { refuseSample } from './adapters/folders/sample-folder.ts';
import { createMonitoringSink } from './adapters/monitoring/monitoring.ts';
import { createSlackWebhook } from './adapters/slack-webhook/slack-webhook.ts';
import { copyToFolder } from './adapters/storage/bucket-folder.ts';
import { createBucketStore } from './adapters/storage/bucket-store.ts';
import { createFolderStore } from './adapters/storage/folder-store.ts';
import { createReportStore } from './adapters/storage/report-store.ts';
import { type Config, type Env, parseBucketPlace, parseConfig, usableWebhookUrl } from './app/config.ts';
import { createDeadline } from './app/deadline.ts';
import { failureNotifier } from './app/hourly/failure.ts';
import { createFailureThrottle } from './app/hourly/failure-throttle.ts';
import { runHourly } from './app/hourly/hourly.ts';
import { logFailure } from './app/hourly/run-log.ts';
import { momentOfCall } from './app/hourly/run-moment.ts';
import type { RunSummary } from './app/hourly/run-summary.ts';
import { partitionName } from './app/work-partition.ts';
import type { Channel } from './incidents/channel.ts';
import { DriftError } from './model/errors.ts';
import type { Clock, Log, ObjectStore, PageStore, Timer } from './model/ports.ts';
import { realTimer, within } from './model/within.ts';
import { loggable } from './output/log-entry.ts';
import { createSlackChannel } from './slack/channel.ts';
import { printableJson } from './words/printable.ts';

export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  after: realTimer,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  every: (ms, act) => {
    let isUnderWay = false;
    const timer = setInterval(() => {
      if (isUnderWay) return;
      isUnderWay = true;
      const done = () => {
        isUnderWay = false;
      };
      void act().then(done, done);
    }, ms);
    return () => clearInterval(timer);
  },
};

/** One JSON object a line, as Cloud Logging takes it. */
export function writeLogLine(entry: Parameters<Log>[0]): void {
  process.stdout.write(`${printableJson(entry)}\n`);
}

/** Everything the function takes from its surroundings, so that the demo and the tests can play hours of it. */
export interface Surroundings {
  readonly env: Env;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
  readonly log: Log;
}

/**
 * The HTTP function `checkDrift`: POST / runs one check; it looks at no body. 200 the run's summary; 409 another run is at it;
 * 500 the run failed, and the Scheduler tries again; 405 any other method, 404 any other path.
 */
export function createFunction(surroundings: Surroundings): HttpFunction {
  const { env, clock } = surroundings;
  const log: Log = (entry) => surroundings.log(loggable(entry));
  let connect: (() => Promise<Connection>) | undefined;
  const throttle = createFailureThrottle(clock);
  return async (request, response) => {
    const refuse = (status: number, code: string, message: string) =>
      response.status(status).json({ status: 'failed', error: { code, message } });
    if (request.method !== 'POST') {
      response.set('Allow', 'POST');
      refuse(405, 'MethodNotAllowed', 'POST runs a check');
      return;
    }
    if (request.path !== '/') {
      refuse(404, 'NotFound', 'POST / runs a check; there is nothing at any other path');
      return;
    }
    let removeCopy = () => {};
    let summary: RunSummary | null;
    try {
      const now = momentOfCall(request.get('X-CloudScheduler-ScheduleTime'), clock);
      const config = parseConfig(env);
      const deadline = createDeadline({ clock, ms: config.deadlineSeconds * 1000 });
      // One client for all runs: a new one each time would leave its sockets behind.
      connect ??= connection(config, surroundings);
      const connected = await connect();
      summary = await runHourly({
        ...connected,
        loadExpectation: async (signal) => {
          const { folder, remove } = await openExpectedFolder(config.expectedSchemas, config, clock, signal);
          removeCopy = remove;
          const { expectedSchemas: place, bigqueryEndpoint } = config;
          const { project } = connected;
          await refuseSample({ folder, place, project, isPlayed: bigqueryEndpoint !== null });
          return loadExpectation({
            folder,
            place: config.expectedSchemas,
            policyFile: config.policyFile ?? undefined,
            aliases: config.aliases,
            project: connected.project,
          });
        },
        clock,
        log,
        confirmMs: config.confirmSeconds * 1000,
        deadline,
        partition: config.partition,
        throttle,
        now,
      });
    } catch (error) {
      // The run has not begun: without a project there is no metric, but Slack may still hear of it.
      const slackUrl = usableWebhookUrl(env);
      const { fetch } = surroundings;
      const channel = slackChannel(slackUrl, { fetch, clock, log });
      const failure = logFailure(log, error);
      await failureNotifier({ channel, project: null, log, throttle })(failure);
      summary = { status: 'failed', error: failure };
    } finally {
      removeCopy();
    }
    if (summary?.status === 'failed') {
      // Its clients may wait for a sign-in that never ends, in which all who sign in after it join.
      connect = undefined;
      forgetSignIn();
    }
    if (summary === null) {
      refuse(409, 'LeaseHeld', 'another run is at it');
      return;
    }
    response.status(summary.status === 'failed' ? 500 : 200).json(summary);
  };
}

type Connection = Pick<
  Parameters<typeof runHourly>[0],
  'openWarehouse' | 'metrics' | 'channel' | 'store' | 'reports' | 'account' | 'project'
>;

function connection(config: Config, { clock, fetch, log }: Surroundings): () => Promise<Connection> {
  const { projectId, bigqueryEndpoint, slackWebhookUrl, metricLocation, monitoringEndpoint } = config;
  const client = createBigQueryClient({ projectId, endpoint: bigqueryEndpoint });
  const openWarehouse = createWarehouses({ client, pacing: config, clock });
  const channel = slackChannel(slackWebhookUrl, { fetch, clock, log });
  const store = openStore(config, clock);
  const reports =
    store === null || config.state === null
      ? null
      : createReportStore({
          store,
          place: config.state,
          link: config.reportLink,
          partition: config.partition === null ? null : partitionName(config.partition),
        });
  const account = () => (bigqueryEndpoint === null ? accountOf(client) : Promise.resolve(null));
  let metrics: Connection['metrics'] | undefined;
  return async () => {
    const project = await detectProject(client, config, clock.after);
    metrics ??= createMonitoringSink({
      projectId: project,
      location: metricLocation,
      taskId: partitionName(config.partition),
      endpoint: monitoringEndpoint,
      clock,
    });
    return { openWarehouse, metrics, channel, store, reports, account, project };
  };
}

function slackChannel(
  url: string | null,
  surroundings: Pick<Surroundings, 'fetch' | 'clock' | 'log'>,
): Channel {
  return createSlackChannel(url === null ? null : createSlackWebhook({ url, ...surroundings }));
}

function openStore({ state, storageEndpoint }: Config, clock: Clock): (ObjectStore & PageStore) | null {
  if (state === null) return null;
  return state.in === 'folder'
    ? createFolderStore(state.path)
    : createBucketStore({ ...state, endpoint: storageEndpoint, clock });
}

/**
 * The expected files as a folder of this machine; `remove` is to be called when they have been used.
 * @throws DriftError `NoSuchFolder`
 */
export async function openExpectedFolder(
  place: string,
  { storageEndpoint }: Pick<Config, 'storageEndpoint'>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<{ readonly folder: string; readonly remove: () => void }> {
  if (!place.startsWith('gs://')) return { folder: place, remove: () => {} };
  const bucket = parseBucketPlace(place);
  if (bucket === null) throw new DriftError('NoSuchFolder', `${place}: expected gs://bucket/prefix`);
  return copyToFolder(
    createBucketStore({ ...bucket, endpoint: storageEndpoint, holds: 'expected files', clock }),
    { signal },
  );
}

/** A metadata server answers in milliseconds, or has a trouble that no waiting ends. */
const PROJECT_MS = 30_000;

/** @throws DriftError `NoProject` */
export async function detectProject(
  client: ReturnType<typeof createBigQueryClient>,
  { projectId, bigqueryEndpoint }: Pick<Config, 'projectId' | 'bigqueryEndpoint'>,
  after: Timer = realTimer,
): Promise<string> {
  if (projectId !== null) return projectId;
  const advice = 'set GCP_PROJECT_ID (or --project on the command line)';
  if (bigqueryEndpoint !== null) throw new DriftError('NoProject', `no project: ${advice}`);
  const late = () => new Error('no answer in time');
  // On Google's machines the client waits for the metadata server without a limit of its own.
  return within(() => client.getProjectId(), { ms: PROJECT_MS, late, after }).catch((cause: unknown) => {
    throw new DriftError('NoProject', `no project, and the credentials name none: ${advice}`, { cause });
  });
}
