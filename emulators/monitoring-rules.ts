import { z } from 'zod';

/** One TimeSeries as it arrives. Enums are numbers from the client library and names from other callers. */
export const timeSeriesSchema = z.object({
  metric: z.object({ type: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  resource: z.object({ type: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  points: z
    .array(
      z.object({
        interval: z.object({ startTime: z.iso.datetime().optional(), endTime: z.iso.datetime() }),
        value: z.record(z.string(), z.unknown()),
      }),
    )
    .default([]),
});
export type TimeSeries = z.infer<typeof timeSeriesSchema>;
export type Point = TimeSeries['points'][number];

/** What the service knows when it judges one series of a request. */
export interface Circumstances {
  index: number;
  now: Date;
  /** The end time of the youngest point this series has; undefined for a new series. */
  youngest: Date | undefined;
  /** The value type of the metric's descriptor; undefined for a new metric. */
  knownValueType: string | undefined;
  /** The same series has come before in this request. */
  duplicate: boolean;
}

/** The resources custom metrics may be written to, and the labels of those this project checks in full. */
const RESOURCE_LABELS: Readonly<Record<string, readonly string[] | undefined>> = {
  aws_ec2_instance: undefined,
  dataflow_job: undefined,
  gae_instance: undefined,
  gce_instance: undefined,
  generic_node: ['project_id', 'location', 'namespace', 'node_id'],
  generic_task: ['project_id', 'location', 'namespace', 'job', 'task_id'],
  gke_container: undefined,
  global: ['project_id'],
  k8s_cluster: undefined,
  k8s_container: undefined,
  k8s_node: undefined,
  k8s_pod: undefined,
};

const OLDEST_POINT_MS = 25 * 60 * 60 * 1000;
const FARTHEST_AHEAD_MS = 5 * 60 * 1000;
/** A series takes one point every five seconds. */
const SAMPLING_PERIOD_MS = 5000;
const MOST_LABELS = 30;
const LONGEST_LABEL_KEY = 100;
const LONGEST_LABEL_VALUE = 1024;
const LABEL_KEY = /^[A-Za-z][A-Za-z0-9_]*$/;
const VALUE_TYPES: Readonly<Record<string, string>> = {
  boolValue: 'BOOL',
  int64Value: 'INT64',
  doubleValue: 'DOUBLE',
};

/** Why the series is refused, in the service's words where they are known; undefined when it is accepted. */
export function findRefusal(series: TimeSeries, circumstances: Circumstances): string | undefined {
  const field = `Field timeSeries[${circumstances.index}]`;
  const [point, ...more] = series.points;
  if (circumstances.duplicate) {
    return `${field} had an invalid value: Duplicate TimeSeries encountered. Only one point can be written per TimeSeries per request.`;
  }
  if (point === undefined || more.length > 0) {
    return `${field}.points had an invalid value: Exactly one point must be written per TimeSeries per request.`;
  }
  return (
    refuseMetric(series.metric, field) ??
    refuseResource(series.resource) ??
    refuseValue(series.metric.type, point, circumstances.knownValueType) ??
    refuseTime(series.metric.type, point, field, circumstances)
  );
}

/** The value type and the value of a point; undefined for a kind of value that this stand-in does not take. */
export function readValue(point: Point): { valueType: string; value: number } | undefined {
  const [[key, value] = ['', undefined], ...more] = Object.entries(point.value);
  const valueType = VALUE_TYPES[key];
  if (valueType === undefined || more.length > 0 || Number.isNaN(Number(value))) return undefined;
  return { valueType, value: Number(value) };
}

function refuseMetric({ type, labels }: TimeSeries['metric'], field: string): string | undefined {
  if (!type.startsWith('custom.googleapis.com/')) {
    return `${field}.metric.type had an invalid value of "${type}": The metric type must start with custom.googleapis.com/.`;
  }
  if (Object.keys(labels).length > MOST_LABELS) {
    return `The new labels would cause the metric ${type} to have over ${MOST_LABELS} labels.`;
  }
  for (const [key, value] of Object.entries(labels)) {
    if (!LABEL_KEY.test(key) || key.length > LONGEST_LABEL_KEY) {
      return `${field}.metric.labels had an invalid value: The label key "${key}" is not valid.`;
    }
    if (value.length > LONGEST_LABEL_VALUE) {
      return `${field}.metric.labels had an invalid value: The value of ${key} is longer than ${LONGEST_LABEL_VALUE} characters.`;
    }
  }
  return undefined;
}

function refuseResource({ type, labels }: TimeSeries['resource']): string | undefined {
  if (!Object.hasOwn(RESOURCE_LABELS, type)) {
    return `Metrics cannot be written to ${type}. See https://cloud.google.com/monitoring/custom-metrics/creating-metrics#which-resource`;
  }
  const expected = RESOURCE_LABELS[type];
  if (expected === undefined) return undefined;
  const missing = expected.filter((label) => !Object.hasOwn(labels, label));
  if (missing.length > 0) {
    return `The set of resource labels is incomplete. Missing labels: (${missing.join(' ')})`;
  }
  const extra = Object.keys(labels).filter((label) => !expected.includes(label));
  if (extra.length > 0) return `Unrecognized resource labels for ${type}: (${extra.join(' ')})`;
  const [long] = Object.entries(labels).find(([, value]) => value.length > LONGEST_LABEL_VALUE) ?? [];
  return long && `The value of the resource label ${long} is longer than ${LONGEST_LABEL_VALUE} characters.`;
}

function refuseValue(type: string, point: Point, knownValueType: string | undefined): string | undefined {
  const value = readValue(point);
  if (value === undefined) return `The point of ${type} must have one BOOL, INT64 or DOUBLE value.`;
  if (knownValueType === undefined || knownValueType === value.valueType) return undefined;
  return `Value type for metric ${type} must be ${knownValueType}, but is ${value.valueType}.`;
}

function refuseTime(
  type: string,
  { interval }: Point,
  field: string,
  { now, youngest }: Circumstances,
): string | undefined {
  const end = new Date(interval.endTime);
  const wrong = `${field}.points[0].interval had an invalid value:`;
  if (interval.startTime !== undefined && interval.startTime !== interval.endTime) {
    return `${wrong} The start time of a gauge must be absent or equal to the end time.`;
  }
  if (now.getTime() - end.getTime() > OLDEST_POINT_MS) {
    return `${wrong} The end time is more than 25 hours in the past.`;
  }
  if (end.getTime() - now.getTime() > FARTHEST_AHEAD_MS) {
    return `${wrong} The end time is more than 5 minutes in the future.`;
  }
  if (youngest === undefined) return undefined;
  if (end < youngest) {
    return 'Points must be written in order. One or more of the points specified had an older end time than the most recent point.';
  }
  if (end.getTime() - youngest.getTime() >= SAMPLING_PERIOD_MS) return undefined;
  const timestamps = `Youngest Existing: '${stamp(youngest)}', New: '${stamp(end)}'`;
  return `One or more points were written more frequently than the maximum sampling period configured for the metric. {Metric: ${type}, Timestamps: {${timestamps}}}`;
}

/** 2026-11-22T07:00:00.000Z as 2026/11/22-07:00:00.000 */
function stamp(time: Date): string {
  return time.toISOString().replaceAll('-', '/').replace('T', '-').replace('Z', '');
}
