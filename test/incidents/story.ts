import { recheckDataset, recheckTable, recheckUnread } from '../../src/compare/recheck.ts';
import type { Alert, AlertItem } from '../../src/incidents/alert.ts';
import { afterSending, alertsDue } from '../../src/incidents/batching.ts';
import { rememberFailure, rememberRun } from '../../src/incidents/lifecycle.ts';
import type { DeliveryStatus, FailureRecord, State } from '../../src/incidents/state.ts';
import { uncheckedKey } from '../../src/incidents/unchecked-incidents.ts';
import { fingerprintOf } from '../../src/judge/judge.ts';
import { kindRow } from '../../src/kinds/index.ts';
import type {
  Change,
  Finding,
  Kind,
  OpenFinding,
  Unchecked,
  WaivedFinding,
} from '../../src/model/finding.ts';
import type { Policy } from '../../src/model/policy.ts';
import type { Report } from '../../src/model/report.ts';
import type { DatasetScan, ScanResult, TableScan, UndeclaredScan } from '../../src/model/scan-result.ts';
import type { Contract, DeclaredTable, ExpectedTable } from '../../src/model/table.ts';
import { expectedOf, stating } from '../support/declared.ts';

export const PROJECT = 'shop';

/** The Scheduler's first hour, and the hours after it. */
export function hour(hours: number): Date {
  return new Date(Date.parse('2026-11-02T00:00:00Z') + hours * 3_600_000);
}

/** As `hour`, as it is remembered. */
export function stamp(hours: number): string {
  return hour(hours).toISOString();
}

/** The defaults of a policy file. */
export const policy: Policy = {
  severities: new Map(),
  ignoreUnexpected: [],
  waivers: [],
  minimumSeverity: 'warning',
  alerts: {
    remindAfterMs: { critical: 4 * 3_600_000, warning: 24 * 3_600_000, info: null },
    uncheckedAfterRuns: 2,
  },
};

const contract: Contract = {
  owner: null,
  retention: null,
  criticalFields: [],
  consumers: new Map(),
  runbook: null,
  extraFields: 'report',
};

/** What a file states of a table, its contract beside it. */
export function declaredTable(
  table: string,
  expected: ExpectedTable = {},
  stated: Partial<Contract> = {},
): DeclaredTable {
  const digest = JSON.stringify([expected, stated]);
  return { table, readExpected: stating(expected), contract: { ...contract, ...stated }, digest };
}

export const NONE_UNDECLARED: UndeclaredScan = { isListed: true, isComplete: true, unreadable: new Set() };

/** A table, and how it differs where it was read: what became of a finding follows from that. */
export interface TableSight extends TableScan {
  readonly changes?: readonly Change[];
}

export interface DatasetSight extends Omit<DatasetScan, 'tables'> {
  readonly changes?: readonly Change[];
  readonly tables: ReadonlyMap<string, TableSight>;
}

export interface Sight extends Omit<ScanResult, 'datasets'> {
  readonly datasets: ReadonlyMap<string, DatasetSight>;
}

/** What a check is told of these findings, as far as each dataset and table was read. */
export function rechecked(sight: Sight, findings: readonly OpenFinding[]): ScanResult {
  const openOf = (dataset: string, table: string | null) =>
    findings.filter(({ subject }) => subject.dataset === dataset && subject.table === table);
  const changesOf = ({ status, changes = [] }: TableSight | DatasetSight) =>
    status === 'present' ? changes : null;
  const datasets = [...sight.datasets].map(([id, dataset]): [string, DatasetScan] => [
    id,
    {
      ...dataset,
      rechecks: recheckDataset(openOf(id, null), dataset.declared.settings, changesOf(dataset)),
      tables: new Map(
        [...dataset.tables].map(([name, table]): [string, TableScan] => {
          const { declared } = table;
          const open = openOf(id, name);
          const changes = changesOf(table);
          const rechecks =
            changes === null || open.length === 0
              ? recheckUnread(open, declared)
              : recheckTable(open, { ...expectedOf(declared), contract: declared.contract }, changes);
          return [name, { ...table, rechecks }];
        }),
      ),
    },
  ]);
  return { ...sight, datasets: new Map(datasets) };
}

/** A table that was read and is as its file says, but for what is named. */
export function tableSight(declared: DeclaredTable, about: Partial<TableSight> = {}): TableSight {
  return { declared, status: 'present', isDrifted: false, rechecks: new Map(), changes: [], ...about };
}

/** The same of a dataset with these tables. */
export function datasetSight(
  dataset: string,
  tables: readonly TableSight[],
  about: Partial<DatasetSight> = {},
): DatasetSight {
  return {
    declared: { dataset, declaredAs: dataset, tables: tables.map(({ declared }) => declared) },
    status: 'present',
    rechecks: new Map(),
    changes: [],
    timeTravelHours: 168,
    isWhollyRead: true,
    tables: new Map(tables.map((table) => [table.declared.table, table])),
    undeclaredTables: NONE_UNDECLARED,
    ...about,
  };
}

export function scanOf(datasets: readonly DatasetSight[], about: Partial<Sight> = {}): Sight {
  return {
    datasets: new Map(datasets.map((dataset) => [dataset.declared.dataset, dataset])),
    undeclaredDatasets: NONE_UNDECLARED,
    ...about,
  };
}

/** A judged difference; by default of its kind's own severity, in `sales.orders` or in `sales`. */
export function finding(kind: Kind, about: Partial<Finding> = {}): Finding {
  const { scope: of, severity } = kindRow(kind);
  const identity = {
    kind,
    dataset: 'sales',
    table: of === 'dataset' ? null : 'orders',
    path: of === 'field' ? 'amount' : null,
    ...about,
  };
  return {
    severity,
    expected: 'this',
    actual: 'that',
    consumers: [],
    owner: null,
    runbook: null,
    words: { what: 'it differs', expected: 'this', actual: 'that' },
    message: 'it differs: expected this, found that',
    hint: null,
    fix: null,
    ...identity,
    fingerprint: fingerprintOf({ project: PROJECT, ...identity }),
  };
}

export function waived(
  about: Finding,
  waiver: WaivedFinding['waiver'] = { until: '2026-12-31', reason: 'migration 4711' },
): WaivedFinding {
  return { ...about, waiver };
}

export function unchecked(about: Partial<Unchecked> = {}): Unchecked {
  return { dataset: 'sales', table: 'orders', reason: 'denied', detail: 'Access Denied', ...about };
}

export function report(about: Partial<Report> = {}): Report {
  return {
    version: 1,
    project: PROJECT,
    status: 'in-sync',
    startedAt: stamp(0),
    finishedAt: stamp(0),
    tables: { inSync: 0, drifted: 0, unchecked: 0 },
    findings: [],
    waived: [],
    unchecked: [],
    warnings: [],
    ...about,
  };
}

/** What one attempt at a run came to. */
export interface Attempt {
  /** When the run was scheduled: attempts at the same moment are one run. */
  readonly at: Date;
  readonly report: Report;
  readonly scan: Sight;
  readonly policy?: Policy;
  /** Whether what could not be checked is told at once. */
  readonly alertImmediately?: boolean;
  readonly nothingRead?: boolean;
  /** Instead of all the above: why there was no result. */
  readonly failure?: FailureRecord;
  /** What becomes of its messages, one after the other; of those beyond, the last. */
  readonly slack?: readonly DeliveryStatus[];
}

export interface Sent {
  readonly alert: Alert;
  readonly status: DeliveryStatus;
}

/** How a run remembers: advanced, then after each message. */
export interface Attempted {
  readonly state: State;
  readonly sent: readonly Sent[];
}

/** The timing of a run without a result, which has no policy. */
const FAILURE_TIMING = {
  remindAfterMs: { critical: 4 * 3_600_000, warning: null, info: null },
  uncheckedAfterRuns: 1,
};

const channel = 'slack';

/** What a check is asked about. */
export function rememberedBy({ findings, suppressed }: State): readonly OpenFinding[] {
  return [...findings.filter(({ resolution }) => resolution === null), ...suppressed];
}

/** One attempt as the function makes it. `keep` stands for saving the state and reading it again. */
export function attempt(
  before: State,
  step: Attempt,
  keep: (state: State) => State = (state) => state,
): Attempted {
  const { at: now, slack = [], failure } = step;
  const advanced = keep(
    failure === undefined
      ? rememberRun(before, {
          now,
          channel,
          alertImmediately: false,
          nothingRead: false,
          policy,
          ...step,
          scan: rechecked(step.scan, rememberedBy(before)),
        })
      : rememberFailure(before, { now, channel, failure }),
  );
  const seen = new Set(
    failure === undefined
      ? [
          ...step.report.findings.map(({ fingerprint }) => fingerprint),
          ...step.report.unchecked.map(uncheckedKey),
        ]
      : advanced.failures.map(({ key }) => key),
  );
  const timing = failure === undefined ? (step.policy ?? policy).alerts : FAILURE_TIMING;
  const due = alertsDue(advanced, { channel, now, isSeen: (key) => seen.has(key), timing });
  let state = advanced;
  const sent: Sent[] = [];
  for (const [index, alert] of due.entries()) {
    const status = slack[index] ?? slack.at(-1) ?? 'sent';
    state = keep(afterSending(state, { alert, channel, status, now }));
    sent.push({ alert, status });
  }
  return { state, sent };
}

/** What all of a message tells, a line for each thing: `drift: opened critical field-missing sales.orders.amount`. */
export function linesOf({ alert, status }: Sent): readonly string[] {
  const { topic, findings, unchecked: tables, failures } = alert;
  const heading = status === 'sent' ? topic : `${topic} (${status})`;
  return [
    ...failures.map((item) => `${eventOf(item)} ${item.record.subject.code}`),
    ...findings.map((item) => {
      const { kind, dataset, table, path } = item.record.subject;
      return `${eventOf(item)} ${item.record.severity} ${kind} ${nameOf(dataset, table, path)}`;
    }),
    ...tables.map((item) => {
      const { dataset, table, reason, wasReadable } = item.record.subject;
      return `${eventOf(item)} ${reason}${wasReadable ? ', or deleted' : ''} ${nameOf(dataset, table)}`;
    }),
  ].map((line) => `${heading}: ${line}`);
}

function eventOf({ event, record }: AlertItem<unknown>): string {
  return record.resolution === null ? event : `${event} (${record.resolution.reason})`;
}

function nameOf(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join('.');
}
