import type { HttpFunction } from '@google-cloud/functions-framework';
import { DriftError } from './model/errors.ts';
import type { Clock, Log, ObjectStore, PageStore } from './model/ports.ts';
import { loggable } from './render/log-entry.ts';
import { printableJson } from './render/printable.ts';
import { type Config, type Env, parseBucketPlace, parseConfig, usableWebhookUrl } from './run/config.ts';
import { createFailureGate } from './run/failure-gate.ts';
import { isAhead, logFailure, runHourly, tellFailure } from './run/hourly.ts';
import { shardName } from './run/work-shard.ts';
import { copyToFolder } from './sinks/bucket-folder.ts';
import { createBucketStore } from './sinks/bucket-store.ts';
import { createFolderStore } from './sinks/folder-store.ts';
import { createMonitoringSink } from './sinks/monitoring.ts';
import { createReportStore } from './sinks/report-store.ts';
import { createSlackSink } from './sinks/slack.ts';
import { accountOf, createBigQueryClient, createWarehouses } from './sources/bigquery.ts';
import { loadExpectation } from './sources/expected-files.ts';
import { refuseSample } from './sources/sample-folder.ts';

export const systemClock: Clock = {
  now: () => new Date(),
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
 * The HTTP function `checkDrift`: POST runs one check; the body of the request is never read.
 * 200 the run's summary; 409 another run is at it; 500 the run failed, and the Scheduler tries again; 405 any other method.
 */
export function createFunction(surroundings: Surroundings): HttpFunction {
  const { env, clock } = surroundings;
  const log: Log = (entry) => surroundings.log(loggable(entry));
  let connect: (() => Promise<Connection>) | undefined;
  const gate = createFailureGate(clock);
  return async (request, response) => {
    if (request.method !== 'POST') {
      response
        .set('Allow', 'POST')
        .status(405)
        .json({ status: 'failed', error: { code: 'MethodNotAllowed', message: 'POST runs a check' } });
      return;
    }
    let removeCopy = () => {};
    try {
      const config = parseConfig(env);
      // One client for all runs: a new one each time would leave its sockets behind.
      connect ??= connection(config, surroundings);
      const now = scheduleTime(request.get('X-CloudScheduler-ScheduleTime'), clock) ?? clock.now();
      const connected = await connect();
      const summary = await runHourly({
        ...connected,
        loadExpectation: async () => {
          const { folder, remove } = await openExpectedFolder(config.expectedSchemas, config, clock);
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
        deadlineMs: config.deadlineSeconds * 1000,
        shard: config.shard,
        gate,
        now,
      });
      if (summary === null) {
        const error = { code: 'LeaseHeld', message: 'another run is at it' };
        response.status(409).json({ status: 'failed', error });
        return;
      }
      response.status(summary.status === 'failed' ? 500 : 200).json(summary);
    } catch (error) {
      if (!(error instanceof DriftError)) throw error;
      // The run has not begun: without a project there is no metric, but Slack may still hear of it.
      const slackUrl = usableWebhookUrl(env);
      const { fetch } = surroundings;
      const alerts = slackUrl === null ? null : createSlackSink({ url: slackUrl, fetch, clock });
      const failure = logFailure({ log }, error);
      await tellFailure({ alerts, project: null, log, gate }, failure);
      response.status(500).json({ status: 'failed', error: failure });
    } finally {
      removeCopy();
    }
  };
}

type Connection = Pick<
  Parameters<typeof runHourly>[0],
  'openWarehouse' | 'metrics' | 'alerts' | 'store' | 'reports' | 'account' | 'project'
>;

function connection(config: Config, { clock, fetch }: Surroundings): () => Promise<Connection> {
  const { projectId, bigqueryEndpoint, slackWebhookUrl, metricLocation, monitoringEndpoint } = config;
  const client = createBigQueryClient({ projectId, endpoint: bigqueryEndpoint });
  const openWarehouse = createWarehouses({ client, pacing: config, clock });
  const alerts = slackWebhookUrl === null ? null : createSlackSink({ url: slackWebhookUrl, fetch, clock });
  const store = openStore(config, clock);
  const reports =
    store === null || config.state === null
      ? null
      : createReportStore({
          store,
          place: config.state,
          link: config.reportLink,
          shard: config.shard === null ? null : shardName(config.shard),
        });
  const account = () => (bigqueryEndpoint === null ? accountOf(client) : Promise.resolve(null));
  let metrics: Connection['metrics'] | undefined;
  return async () => {
    const project = await detectProject(client, config);
    metrics ??= createMonitoringSink({
      projectId: project,
      location: metricLocation,
      taskId: shardName(config.shard),
      endpoint: monitoringEndpoint,
      clock,
    });
    return { openWarehouse, metrics, alerts, store, reports, account, project };
  };
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
): Promise<{ readonly folder: string; readonly remove: () => void }> {
  if (!place.startsWith('gs://')) return { folder: place, remove: () => {} };
  const bucket = parseBucketPlace(place);
  if (bucket === null) throw new DriftError('NoSuchFolder', `${place}: expected gs://bucket/prefix`);
  return copyToFolder(
    createBucketStore({ ...bucket, endpoint: storageEndpoint, holds: 'expected files', clock }),
  );
}

/** @throws DriftError `NoProject` */
export async function detectProject(
  client: ReturnType<typeof createBigQueryClient>,
  { projectId, bigqueryEndpoint }: Pick<Config, 'projectId' | 'bigqueryEndpoint'>,
): Promise<string> {
  if (projectId !== null) return projectId;
  const advice = 'set GCP_PROJECT_ID (or --project on the command line)';
  if (bigqueryEndpoint !== null) throw new DriftError('NoProject', `no project: ${advice}`);
  return client.getProjectId().catch((cause: unknown) => {
    throw new DriftError('NoProject', `no project, and the credentials name none: ${advice}`, { cause });
  });
}

/** The same for every attempt at one run; null: there is none to be believed, since no run comes before it is due. */
function scheduleTime(header: string | undefined, clock: Clock): Date | null {
  const time = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(time) || isAhead(time, clock) ? null : new Date(time);
}
