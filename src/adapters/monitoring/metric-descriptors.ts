import type { MetricServiceClient, protos } from '@google-cloud/monitoring';
import type { AuthClient } from 'google-auth-library';
import { DriftError } from '../../model/errors.ts';
import {
  METRIC_PREFIX,
  METRICS,
  type MetricDefinition,
  type MetricName,
  metricType,
} from '../../model/metrics.ts';
import { realTimer, within } from '../../model/within.ts';
import { authLibrary } from '../google-libraries.ts';
import { createMetricClient } from './monitoring.ts';

/** A dozen answers. */
const MAX_MS = 120_000;
/** The tool has a dozen descriptors. */
const MAX_PAGES = 100;

/** What became of the descriptor of one metric. */
export interface DescribedMetric {
  readonly metric: string;
  readonly fate: 'created' | 'updated' | 'unchanged';
}

/**
 * Describes every metric to Cloud Monitoring, so that it has a unit, a description and all its labels before its first
 * point. Only what differs is written.
 * @throws DriftError `SinkRejected`, also where a descriptor is there whose values are of another type
 */
export function describeMetrics(options: {
  readonly projectId: string;
  /** `http://host:port` of a stand-in. */
  readonly endpoint: string | null;
}): Promise<readonly DescribedMetric[]> {
  const late = () =>
    new DriftError('SinkRejected', 'Cloud Monitoring, or the sign-in, gave no answer in time');
  return within((signal) => describeAll({ ...options, signal }), { ms: MAX_MS, late, after: realTimer });
}

async function describeAll({
  projectId,
  endpoint,
  signal,
}: Parameters<typeof describeMetrics>[0] & { readonly signal: AbortSignal }): Promise<
  readonly DescribedMetric[]
> {
  const client = await createMetricClient({ projectId, endpoint }).catch(refuse('the credentials'));
  try {
    if (endpoint === null) {
      chargeTo(projectId, await client.auth.getClient().catch(refuse('the credentials')));
    }
    const known = await listDescriptors(client, projectId);
    const described: DescribedMetric[] = [];
    for (const name of Object.keys(METRICS) as MetricName[]) {
      signal.throwIfAborted();
      described.push(await describeMetric(client, { projectId, name, found: known.get(metricType(name)) }));
    }
    return described;
  } finally {
    await client.close();
  }
}

/** A person's own credentials may name no project that their requests count to; the API refuses such requests. */
export function chargeTo(projectId: string, credentials: AuthClient): void {
  if (credentials instanceof authLibrary().UserRefreshClient) credentials.quotaProjectId ??= projectId;
}

type Descriptor = protos.google.api.IMetricDescriptor;

async function listDescriptors(
  client: MetricServiceClient,
  projectId: string,
): Promise<ReadonlyMap<string, Descriptor>> {
  const filter = `metric.type = starts_with("${METRIC_PREFIX}")`;
  const found = new Map<string, Descriptor>();
  const tokens = new Set<string>();
  // Page by page: the client would follow a list that has no end for ever.
  for (let pageToken = ''; !tokens.has(pageToken) && tokens.size < MAX_PAGES; ) {
    tokens.add(pageToken);
    const [descriptors, , { nextPageToken = '' } = {}] = await client
      .listMetricDescriptors({ name: `projects/${projectId}`, filter, pageToken }, { autoPaginate: false })
      .catch(refuse('the list of descriptors'));
    for (const descriptor of descriptors) found.set(String(descriptor.type), descriptor);
    if (!nextPageToken) return found;
    pageToken = nextPageToken;
  }
  throw new DriftError('SinkRejected', 'Cloud Monitoring: the list of descriptors has no end');
}

async function describeMetric(
  client: MetricServiceClient,
  {
    projectId,
    name,
    found,
  }: { readonly projectId: string; readonly name: MetricName; readonly found: Descriptor | undefined },
): Promise<DescribedMetric> {
  const metric = metricType(name);
  const descriptor = descriptorOf(name);
  if (found !== undefined) {
    const { metricKind, valueType } = found;
    if (metricKind !== descriptor.metricKind || valueType !== descriptor.valueType) {
      throw new DriftError(
        'SinkRejected',
        `${metric} is described as ${metricKind} ${valueType}, expected ${descriptor.metricKind} ${descriptor.valueType}: Cloud Monitoring can only change that by deleting the descriptor, and all its points with it`,
      );
    }
    if (saysTheSame(descriptor, found)) return { metric, fate: 'unchanged' };
  }
  // Created again, a descriptor is updated; its labels are never removed (metric_service.proto, CreateMetricDescriptor).
  await client
    .createMetricDescriptor({ name: `projects/${projectId}`, metricDescriptor: descriptor })
    .catch(refuse(`the descriptor of ${metric}`));
  return { metric, fate: found === undefined ? 'created' : 'updated' };
}

function descriptorOf(name: MetricName) {
  const { value, unit, displayName, description, labels }: MetricDefinition = METRICS[name];
  return {
    type: metricType(name),
    metricKind: 'GAUGE',
    valueType: value === 'int64' ? 'INT64' : 'DOUBLE',
    unit,
    displayName,
    description,
    labels: Object.entries(labels).map(([key, label]) => ({
      key,
      valueType: 'STRING' as const,
      description: label,
    })),
  } as const;
}

/** Labels that are there beside ours stay there whatever is written. */
function saysTheSame(expected: ReturnType<typeof descriptorOf>, found: Descriptor): boolean {
  const { unit, displayName, description, labels } = expected;
  const described = new Map((found.labels ?? []).map((label) => [label.key, label.description]));
  return (
    unit === found.unit &&
    displayName === found.displayName &&
    description === found.description &&
    labels.every((label) => described.get(label.key) === label.description)
  );
}

function refuse(what: string): (cause: unknown) => never {
  return (cause) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DriftError('SinkRejected', `Cloud Monitoring did not accept ${what}: ${reason.slice(0, 500)}`, {
      cause,
    });
  };
}
