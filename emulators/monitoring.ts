import { z } from 'zod';
import { createFaultFinder } from './faults.ts';
import { jsonReply, type RecordedRequest, type Reply, startLocalServer } from './http.ts';
import {
  failure,
  faultReply,
  forbidden,
  invalid,
  type MonitoringFault,
  type MonitoringMethod,
  partialFailure,
} from './monitoring-answers.ts';
import {
  describeMetric,
  descriptorSchema,
  type MetricDescriptor,
  mergeLabels,
} from './monitoring-descriptors.ts';
import { findRefusal, readValue, type TimeSeries, timeSeriesSchema } from './monitoring-rules.ts';

export type { MonitoringFault };

export interface WrittenPoint {
  metric: string;
  metricLabels: Record<string, string>;
  resourceType: string;
  resourceLabels: Record<string, string>;
  /** BOOL is 0 or 1. */
  value: number;
  /** As sent, RFC 3339. */
  endTime: string;
}

export interface MonitoringEmulator {
  url: string;
  /** Every point that was accepted, in the order of arrival. */
  points: WrittenPoint[];
  /** By metric type. The first point of a new metric creates its descriptor. */
  descriptors: Map<string, MetricDescriptor>;
  requests: RecordedRequest[];
  /** May be changed between requests. */
  faults: MonitoringFault[];
  close(): Promise<void>;
}

const MOST_SERIES = 200;
const writeSchema = z.object({ timeSeries: z.array(timeSeriesSchema).default([]) });

/** Starts a stand-in for the parts of Cloud Monitoring's v3 API that write custom metrics. */
export async function startMonitoringEmulator(options: {
  projectId: string;
  now?: () => Date;
}): Promise<MonitoringEmulator> {
  const { projectId, now = () => new Date() } = options;
  const points: WrittenPoint[] = [];
  const descriptors = new Map<string, MetricDescriptor>();
  const youngest = new Map<string, Date>();
  const faults: MonitoringFault[] = [];
  const findFault = createFaultFinder();

  const server = await startLocalServer((request, body) => {
    const route = routeOf(request);
    if (route === undefined) return failure(404, 'NOT_FOUND', 'The requested URL was not found.');
    const { method } = route;
    const fault = findFault(faults, (candidate) => (candidate.method ?? method) === method);
    if (fault !== undefined && fault.answer !== 'accept-then-reset') return faultReply(fault.answer);
    const reply = route.projectId === projectId ? perform(method, body) : forbidden(method);
    return fault === undefined ? reply : 'reset';
  });

  function perform(method: MonitoringMethod, body: string): Reply {
    if (method === 'metricDescriptors.list') {
      return jsonReply(200, { metricDescriptors: [...descriptors.values()] });
    }
    const content = parseJson(body);
    return method === 'timeSeries.create' ? write(content) : createDescriptor(content);
  }

  function createDescriptor(content: unknown): Reply {
    const parsed = descriptorSchema.safeParse(content);
    if (!parsed.success) return invalid(`Invalid metric descriptor: ${z.prettifyError(parsed.error)}`);
    const { type } = parsed.data;
    const named = { ...parsed.data, name: `projects/${projectId}/metricDescriptors/${type}` };
    const descriptor = mergeLabels(descriptors.get(type), named);
    descriptors.set(type, descriptor);
    return jsonReply(200, descriptor);
  }

  /** Good series are written even when others of the same request are refused. */
  function write(content: unknown): Reply {
    const parsed = writeSchema.safeParse(content);
    if (!parsed.success) return invalid(`Invalid JSON payload received. ${z.prettifyError(parsed.error)}`);
    const { timeSeries } = parsed.data;
    if (timeSeries.length > MOST_SERIES) {
      const most = `A maximum of ${MOST_SERIES} TimeSeries can be written in a single request.`;
      return invalid(`Field timeSeries had an invalid value: ${most}`);
    }

    const arrivedAt = now();
    const inThisRequest = new Set<string>();
    const refused = new Map<string, number[]>();
    for (const [index, series] of timeSeries.entries()) {
      const key = identify(series);
      const refusal = findRefusal(series, {
        index,
        now: arrivedAt,
        youngest: youngest.get(key),
        knownValueType: descriptors.get(series.metric.type)?.valueType,
        duplicate: inThisRequest.has(key),
      });
      inThisRequest.add(key);
      if (refusal === undefined) store(series, key);
      else refused.set(refusal, [...(refused.get(refusal) ?? []), index]);
    }
    return refused.size === 0 ? jsonReply(200, {}) : partialFailure(refused, timeSeries.length);
  }

  function store({ metric, resource, points: [point] }: TimeSeries, key: string): void {
    const read = point && readValue(point);
    if (point === undefined || read === undefined) return;
    const { endTime } = point.interval;
    youngest.set(key, new Date(endTime));
    points.push({
      metric: metric.type,
      metricLabels: metric.labels,
      resourceType: resource.type,
      resourceLabels: resource.labels,
      value: read.value,
      endTime,
    });
    if (descriptors.has(metric.type)) return;
    const described = { type: metric.type, valueType: read.valueType, labelKeys: Object.keys(metric.labels) };
    descriptors.set(metric.type, describeMetric(described));
  }

  return { url: server.url, points, descriptors, requests: server.requests, faults, close: server.close };
}

function routeOf(request: RecordedRequest): { projectId: string; method: MonitoringMethod } | undefined {
  const [, project, collection] = /^\/v3\/projects\/([^/]+)\/([^/]+)$/.exec(request.path) ?? [];
  if (project === undefined) return undefined;
  const projectId = decodeURIComponent(project);
  switch (`${request.method} ${collection}`) {
    case 'POST timeSeries':
      return { projectId, method: 'timeSeries.create' };
    case 'POST metricDescriptors':
      return { projectId, method: 'metricDescriptors.create' };
    case 'GET metricDescriptors':
      return { projectId, method: 'metricDescriptors.list' };
    default:
      return undefined;
  }
}

/** Series are the same when metric type, resource type and all labels are, in whatever order. */
function identify({ metric, resource }: TimeSeries): string {
  const sorted = (labels: Record<string, string>) =>
    Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([metric.type, sorted(metric.labels), resource.type, sorted(resource.labels)]);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
