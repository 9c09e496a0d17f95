import type { Measurement } from './ports.ts';

/** What a metric is: what its points hold, and what its descriptor says of it. */
export interface MetricDefinition {
  readonly value: Measurement['unit'];
  /** UCUM: https://ucum.org/ucum */
  readonly unit: string;
  readonly displayName: string;
  readonly description: string;
  /** Each label, and what it holds. */
  readonly labels: Readonly<Record<string, string>>;
}

export const METRIC_PREFIX = 'custom.googleapis.com/bigquery_drift/';

/**
 * Every metric there is, by name. Public: charts and alerts of others name them, so changing one is a breaking change. The
 * points, the descriptors, the dashboard and the alert policies are all made from, or tested against, this table.
 */
export const METRICS = {
  findings: {
    value: 'int64',
    unit: '{findings}',
    displayName: 'Drift: open findings of a table',
    description:
      'Unwaived warning and critical findings of each declared table, zeros too. No point for what could not be checked.',
    labels: {
      dataset: 'The real name of the dataset.',
      table: 'The table; empty for the dataset itself and what is unexpected in it.',
      severity: 'critical or warning.',
    },
  },
  findings_by_kind: {
    value: 'int64',
    unit: '{findings}',
    displayName: 'Drift: open findings of a kind',
    description: 'Unwaived findings of each kind, info included. Zeros only when nothing is unchecked.',
    labels: { kind: 'The id of the kind, as README lists them.' },
  },
  tables: {
    value: 'int64',
    unit: '{tables}',
    displayName: 'Drift: declared tables by outcome',
    description: 'How many declared tables of a dataset are in sync, drifted or unchecked.',
    labels: { dataset: 'The real name of the dataset.', status: 'in_sync, drifted or unchecked.' },
  },
  run_success: {
    value: 'int64',
    unit: '1',
    displayName: 'Drift: the run is to be believed',
    description:
      '1: the files are valid, a declared table was read, and every alert and metric was accepted.',
    labels: {},
  },
  run_seconds: {
    value: 'double',
    unit: 's',
    displayName: 'Drift: how long the run took',
    description: 'From the start of the run until its last write.',
    labels: {},
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;

/** The resource that every point is written on; what its labels hold is constant (sinks/monitoring). */
export const METRIC_RESOURCE = 'generic_task';

export function metricType(name: MetricName): string {
  return `${METRIC_PREFIX}${name}`;
}

/** One value of a metric, with all of its labels and no others. */
export function measure<Name extends MetricName>(
  name: Name,
  value: number,
  labels: Readonly<Record<keyof (typeof METRICS)[Name]['labels'], string>>,
): Measurement {
  return { metric: metricType(name), unit: METRICS[name].value, value, labels };
}
