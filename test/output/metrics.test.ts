import { describe, expect, test } from 'vitest';
import { KINDS } from '../../src/kinds/index.ts';
import type { Finding, Kind } from '../../src/model/finding.ts';
import type { Measurement } from '../../src/model/ports.ts';
import type { DatasetOutcome } from '../../src/model/report.ts';
import type { Severity } from '../../src/model/severity.ts';
import { measureFindings, measureRun } from '../../src/output/metrics.ts';

const PREFIX = 'custom.googleapis.com/bigquery_drift/';

function finding(kind: Kind, severity: Severity, dataset: string, table: string | null): Finding {
  return {
    kind,
    severity,
    dataset,
    table,
    path: null,
    expected: null,
    actual: null,
    fingerprint: '0123456789ab',
    consumers: [],
    owner: null,
    runbook: null,
    words: { what: '', expected: '', actual: '' },
    message: '',
    hint: null,
    fix: null,
  };
}

const OUTCOMES: readonly DatasetOutcome[] = [
  {
    dataset: 'commerce',
    read: true,
    tables: [
      { table: 'payments', status: 'drifted' },
      { table: 'raffles', status: 'in-sync' },
      { table: 'locked', status: 'unchecked' },
    ],
  },
  { dataset: 'secret', read: false, tables: [{ table: 'vault', status: 'unchecked' }] },
  { dataset: 'empty', read: true, tables: [] },
];

const FINDINGS: readonly Finding[] = [
  finding('field-missing', 'critical', 'commerce', 'payments'),
  finding('field-type', 'critical', 'commerce', 'payments'),
  finding('clustering', 'warning', 'commerce', 'payments'),
  finding('field-unexpected', 'info', 'commerce', 'raffles'),
  finding('dataset-location', 'critical', 'commerce', null),
  finding('table-unexpected', 'warning', 'commerce', 'stray'),
  finding('table-unexpected', 'info', 'commerce', 'other_stray'),
  finding('dataset-unexpected', 'info', 'scratch', null),
];

/** One line a measurement, so that a whole list is read at a glance. */
function lines(measurements: readonly Measurement[], metric: string): readonly string[] {
  return measurements
    .filter((measurement) => measurement.metric === PREFIX + metric)
    .map(({ labels, value, unit }) => `${JSON.stringify(labels)} = ${value} ${unit}`);
}

describe('measureFindings', () => {
  const complete = measureFindings(FINDINGS, OUTCOMES, { isComplete: true });
  const incomplete = measureFindings(FINDINGS, OUTCOMES, { isComplete: false });

  test('counts by table and severity, zeros too, with unexpected tables under table "" and nothing of what is unchecked', () => {
    expect(lines(complete, 'findings')).toEqual([
      '{"dataset":"commerce","table":"","severity":"critical"} = 1 int64',
      '{"dataset":"commerce","table":"","severity":"warning"} = 1 int64',
      '{"dataset":"commerce","table":"payments","severity":"critical"} = 2 int64',
      '{"dataset":"commerce","table":"payments","severity":"warning"} = 1 int64',
      '{"dataset":"commerce","table":"raffles","severity":"critical"} = 0 int64',
      '{"dataset":"commerce","table":"raffles","severity":"warning"} = 0 int64',
      '{"dataset":"empty","table":"","severity":"critical"} = 0 int64',
      '{"dataset":"empty","table":"","severity":"warning"} = 0 int64',
    ]);
  });

  test('counts the declared tables of every dataset by status, zeros and unread datasets too', () => {
    expect(lines(complete, 'tables')).toEqual([
      '{"dataset":"commerce","status":"in_sync"} = 1 int64',
      '{"dataset":"commerce","status":"drifted"} = 1 int64',
      '{"dataset":"commerce","status":"unchecked"} = 1 int64',
      '{"dataset":"secret","status":"in_sync"} = 0 int64',
      '{"dataset":"secret","status":"drifted"} = 0 int64',
      '{"dataset":"secret","status":"unchecked"} = 1 int64',
      '{"dataset":"empty","status":"in_sync"} = 0 int64',
      '{"dataset":"empty","status":"drifted"} = 0 int64',
      '{"dataset":"empty","status":"unchecked"} = 0 int64',
    ]);
  });

  const found = [
    '{"kind":"dataset-unexpected"} = 1 int64',
    '{"kind":"dataset-location"} = 1 int64',
    '{"kind":"table-unexpected"} = 2 int64',
    '{"kind":"field-missing"} = 1 int64',
    '{"kind":"field-unexpected"} = 1 int64',
    '{"kind":"field-type"} = 1 int64',
    '{"kind":"clustering"} = 1 int64',
  ];

  test('says only the kinds it found, info included, when something was not checked', () => {
    expect(lines(incomplete, 'findings_by_kind')).toEqual(found);
  });

  test('says zero of every other kind when all was checked', () => {
    const zeros = KINDS.map(({ id }) => `{"kind":"${id}"} = 0 int64`);
    const isFound = (line: string) => found.some((other) => other.split(' ')[0] === line.split(' ')[0]);
    expect(lines(complete, 'findings_by_kind').toSorted()).toEqual(
      [...found, ...zeros.filter((line) => !isFound(line))].toSorted(),
    );
  });

  test('says the same of tables whether or not all was checked', () => {
    expect(incomplete.filter(({ metric }) => !metric.endsWith('by_kind'))).toEqual(
      complete.filter(({ metric }) => !metric.endsWith('by_kind')),
    );
  });

  test('writes no other metric', () => {
    expect([...new Set(complete.map(({ metric }) => metric))]).toEqual([
      `${PREFIX}findings`,
      `${PREFIX}tables`,
      `${PREFIX}findings_by_kind`,
    ]);
  });

  test('keeps apart tables whose names would run together', () => {
    const outcomes: readonly DatasetOutcome[] = [
      {
        dataset: 'd',
        read: false,
        tables: [
          { table: '__proto__', status: 'in-sync' },
          { table: 'a","critical', status: 'drifted' },
        ],
      },
    ];
    const findings = [finding('clustering', 'warning', 'd', 'a","critical')];
    expect(lines(measureFindings(findings, outcomes, { isComplete: false }), 'findings')).toEqual([
      '{"dataset":"d","table":"__proto__","severity":"critical"} = 0 int64',
      '{"dataset":"d","table":"__proto__","severity":"warning"} = 0 int64',
      '{"dataset":"d","table":"a\\",\\"critical","severity":"critical"} = 0 int64',
      '{"dataset":"d","table":"a\\",\\"critical","severity":"warning"} = 1 int64',
    ]);
  });

  test('says nothing of tables where nothing is declared', () => {
    expect(measureFindings([], [], { isComplete: false })).toEqual([]);
  });
});

describe('measureRun', () => {
  test.each([
    { succeeded: true, value: 1 },
    { succeeded: false, value: 0 },
  ])('says $value where $succeeded, and the seconds', ({ succeeded, value }) => {
    expect(measureRun({ succeeded, seconds: 12.5 })).toEqual([
      { metric: `${PREFIX}run_success`, unit: 'int64', value, labels: {} },
      { metric: `${PREFIX}run_seconds`, unit: 'double', value: 12.5, labels: {} },
    ]);
  });
});
