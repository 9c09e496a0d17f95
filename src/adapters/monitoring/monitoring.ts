import type { MetricServiceClient, protos } from '@google-cloud/monitoring';
import { DriftError } from '../../model/errors.ts';
import { METRIC_RESOURCE } from '../../model/metrics.ts';
import type { Clock, Measurement, MetricSink } from '../../model/ports.ts';
import { realTimer, within } from '../../model/within.ts';
import { authLibrary } from '../google-libraries.ts';

/** metric_service.proto, CreateTimeSeriesRequest: at most 200 series a request. */
const MAX_SERIES = 200;
const TIMEOUT_MS = 12_000;

/**
 * Writes gauges to Cloud Monitoring, on `generic_task` with constant labels: an instance id there would
 * begin new series with every cold start, and `cloud_run_revision` is refused.
 */
export function createMonitoringSink({
  projectId,
  location,
  taskId,
  endpoint,
  clock,
  timeoutMs = TIMEOUT_MS,
}: {
  readonly projectId: string;
  readonly location: string;
  /** `all`, or which shard. */
  readonly taskId: string;
  /** `http://host:port` of a stand-in. */
  readonly endpoint: string | null;
  readonly clock: Pick<Clock, 'now'>;
  /** For one write. */
  readonly timeoutMs?: number;
}): MetricSink {
  const resource = {
    type: METRIC_RESOURCE,
    labels: { project_id: projectId, location, namespace: projectId, job: 'bigquery-drift', task_id: taskId },
  };
  let client: Promise<MetricServiceClient> | undefined;

  /** The client's own time-out begins after the sign-in, which may ask a metadata server that never answers. */
  function inTime<T>(work: () => Promise<T>): Promise<T> {
    const late = () => Object.assign(new Error('no answer in time'), { code: DEADLINE_EXCEEDED });
    return within(work, { ms: 2 * timeoutMs, late, after: realTimer });
  }

  async function connect(): Promise<MetricServiceClient> {
    const signingIn = client ?? createMetricClient({ projectId, endpoint });
    client = signingIn;
    try {
      return await inTime(() => signingIn);
    } catch (error) {
      // The next write signs in anew.
      client = undefined;
      throw rejected(`any of the writes: ${textOf(error)}`, error);
    }
  }

  return {
    async write(measurements, signal) {
      const connected = await connect();
      const endTime = timestamp(clock.now());
      const all = batches(measurements, MAX_SERIES);
      let failed = 0;
      let why: string | null = null;
      for (const [index, batch] of all.entries()) {
        if (signal?.aborted === true) return;
        const timeSeries = batch.map((measurement) => ({ ...series(measurement, endTime), resource }));
        const failure = await tryTwice(() =>
          inTime(() =>
            connected.createTimeSeries({ name: `projects/${projectId}`, timeSeries }, { timeout: timeoutMs }),
          ),
        );
        if (failure === null) continue;
        why ??= failure.reason;
        // Where no answer comes there is no use in a hundred batches that wait for one each.
        failed += failure.isSilence ? all.length - index : 1;
        if (failure.isSilence) break;
      }
      if (why === null) return;
      throw rejected(`${failed} of the writes: ${why}`);
    },
  };
}

function rejected(what: string, cause?: unknown): DriftError {
  const message = `Cloud Monitoring did not accept ${what.slice(0, 550)}`;
  return new DriftError('SinkRejected', message, { cause });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;
/** Written once more with the same time, which does no harm to what is there. */
const PASSING: readonly number[] = [DEADLINE_EXCEEDED, UNAVAILABLE];
/** What Cloud Monitoring says of a point that it has already, or that is older than the one it has. */
const ALREADY_WRITTEN =
  /written more frequently|must be written in order|older (start|end) time than the most recent/i;

interface Failure {
  readonly reason: string;
  /** Twice no usable answer. */
  readonly isSilence: boolean;
}

/** Why points were not accepted; null: they are there. */
async function tryTwice(write: () => Promise<unknown>): Promise<Failure | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await write();
      return null;
    } catch (error) {
      const refused = refusals(error).find((reason) => !ALREADY_WRITTEN.test(reason));
      if (refused === undefined) return null;
      const isPassing = PASSING.includes(codeOf(error));
      if (attempt === 2 || !isPassing) return { reason: refused, isSilence: isPassing };
    }
  }
}

function codeOf(error: unknown): number {
  return error instanceof Error && 'code' in error ? Number(error.code) : 0;
}

/**
 * The reasons of a write that failed, in part or whole: metric_service.proto, CreateTimeSeriesSummary, which the client
 * leaves as JSON text.
 */
function refusals(error: unknown): readonly string[] {
  const message = textOf(error);
  const details = error instanceof Error && 'statusDetails' in error ? error.statusDetails : undefined;
  const [detail] = Array.isArray(details) ? details : [];
  const summary = typeof detail?.description === 'string' ? detail.description : '';
  const reasons = [...summary.matchAll(/"message":\s*"((?:[^"\\]|\\.)*)"/g)].map(([, reason = '']) => reason);
  return reasons.length === 0 ? [message] : reasons;
}

/**
 * Loaded when first used: the client is the slowest part of a cold start. REST, since gRPC costs memory and an import. Signed
 * in before it is used: each of its calls would else leave a sign-in that fails as a rejection that nobody handles, which
 * the functions framework takes for the end of the function. Without a project the sign-in starts gcloud to look for one.
 */
export async function createMetricClient({
  projectId,
  endpoint,
}: {
  readonly projectId: string;
  /** `http://host:port` of a stand-in. */
  readonly endpoint: string | null;
}): Promise<MetricServiceClient> {
  const { MetricServiceClient } = await import('@google-cloud/monitoring');
  const client = new MetricServiceClient({
    fallback: true,
    projectId,
    ...(endpoint === null ? {} : standIn(endpoint)),
  });
  await client.initialize();
  return client;
}

function standIn(endpoint: string) {
  const { hostname, port, protocol } = new URL(endpoint);
  return {
    apiEndpoint: hostname,
    port: Number(port),
    protocol: protocol.replace(':', ''),
    authClient: new (authLibrary().PassThroughClient)(),
  };
}

type TimeSeries = protos.google.monitoring.v3.ITimeSeries;
type Timestamp = protos.google.protobuf.ITimestamp;

function series({ metric, unit, value, labels }: Measurement, endTime: Timestamp): TimeSeries {
  return {
    metric: { type: metric, labels: { ...labels } },
    metricKind: 'GAUGE',
    valueType: unit === 'int64' ? 'INT64' : 'DOUBLE',
    points: [
      { interval: { endTime }, value: unit === 'int64' ? { int64Value: value } : { doubleValue: value } },
    ],
  };
}

function timestamp(date: Date): Timestamp {
  const ms = date.getTime();
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

function batches<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
