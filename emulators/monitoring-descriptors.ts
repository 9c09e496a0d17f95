import { z } from 'zod';

/** Index = number of the enum in the protocol; the client library sends numbers. */
const METRIC_KINDS = ['METRIC_KIND_UNSPECIFIED', 'GAUGE', 'DELTA', 'CUMULATIVE'];
const VALUE_TYPES = ['VALUE_TYPE_UNSPECIFIED', 'BOOL', 'INT64', 'DOUBLE', 'STRING', 'DISTRIBUTION', 'MONEY'];
const LABEL_VALUE_TYPES = ['STRING', 'BOOL', 'INT64'];

function enumOf(names: readonly string[]) {
  return z
    .union([z.int().transform((number) => names[number]), z.string()])
    .refine((name) => name !== undefined && names.includes(name));
}

/** What a create request must hold. Keys that are not checked here are stored and sent back as they came. */
export const descriptorSchema = z.looseObject({
  type: z.string().startsWith('custom.googleapis.com/'),
  metricKind: enumOf(METRIC_KINDS).refine((kind) => kind !== METRIC_KINDS[0]),
  valueType: enumOf(VALUE_TYPES).refine((type) => type !== VALUE_TYPES[0]),
  labels: z
    .array(z.looseObject({ key: z.string(), valueType: enumOf(LABEL_VALUE_TYPES).default('STRING') }))
    .default([]),
});
export type MetricDescriptor = z.infer<typeof descriptorSchema>;

/** What the service makes of the first point of a metric that nobody has described. */
export function describeMetric(metric: {
  type: string;
  valueType: string;
  labelKeys: readonly string[];
}): MetricDescriptor {
  return {
    type: metric.type,
    metricKind: 'GAUGE',
    valueType: metric.valueType,
    labels: metric.labelKeys.map((key) => ({ key, valueType: 'STRING' })),
  };
}

/** A descriptor that is created again is replaced, except that its labels are never removed. */
export function mergeLabels(
  known: MetricDescriptor | undefined,
  created: MetricDescriptor,
): MetricDescriptor {
  const keys = new Set(created.labels.map(({ key }) => key));
  const kept = (known?.labels ?? []).filter(({ key }) => !keys.has(key));
  return { ...created, labels: [...kept, ...created.labels] };
}
