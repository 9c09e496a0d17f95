import type { TableDetails } from '../../model/details.ts';
import type { OpenFinding, Subject } from '../../model/finding.ts';
import type { Policy, RequiredField } from '../../model/policy.ts';
import type { Clock, Deadline, Warehouse } from '../../model/ports.ts';
import type { Report } from '../../model/report.ts';
import { countTables, outcomesOf, type ScanResult } from '../../model/scan-result.ts';
import type { DeclaredDataset } from '../../model/table.ts';
import type { Selection } from '../config.ts';
import type { CheckContext } from './check-context.ts';
import { explainer } from './finding-words.ts';
import { createIgnoring } from './ignoring.ts';
import { type NothingRead, whyNothingRead } from './nothing-read.ts';
import { policyWarningsOfCheck } from './policy-warnings.ts';
import { createPool } from './pool.ts';
import { readAll } from './read-all.ts';
import { findingsOf, statusOf, uncheckedIn, warningsOf } from './report.ts';
import { scanOf } from './scan.ts';
import { type SelectedDataset, select } from './selection.ts';
import type { StarvedRuns } from './starvation.ts';
import { inspectUndeclaredDatasets, UNSEEN } from './unexpected.ts';
import { createKeeper } from './worst-tables.ts';

export interface CheckResult {
  readonly report: Report;
  readonly scan: ScanResult;
  /** Of the worst tables with findings, worst first. */
  readonly details: readonly TableDetails[];
  /** null: something was read. */
  readonly nothingRead: NothingRead | null;
}

export interface CheckOptions {
  readonly warehouse: Warehouse;
  readonly datasets: readonly DeclaredDataset[];
  readonly policy: Policy;
  /** What the policy demands of the files themselves. */
  readonly requiredFields?: readonly RequiredField[];
  /** Of the expected files. */
  readonly warnings: readonly string[];
  readonly project: string | null;
  readonly clock: Clock;
  readonly confirmMs: number;
  readonly deadline: Deadline;
  /** The lifecycle's moment: when the run was scheduled. */
  readonly now: Date;
  /** Whether a finding, told by its fingerprint, is open since an earlier run: it needs no second read. */
  readonly isKnown?: (fingerprint: string) => boolean;
  /** What is remembered from earlier runs, to be compared again. */
  readonly open?: readonly OpenFinding[];
  /** How many there are of these. */
  readonly openBefore?: number;
  readonly starvedRuns?: StarvedRuns;
  /** Of which tables the findings say what would repair them; absent: of all. */
  readonly repairs?: 'all' | 'worst';
  /** Whether a dataset, by its real name, is looked at; absent: all are. */
  readonly isMine?: (dataset: string) => boolean;
  /** Empty: everything. */
  readonly selection?: Selection;
  readonly onProgress?: (done: number, all: number) => void;
  /** Of what differs, and is read again after so many milliseconds. */
  readonly onDiffering?: (what: 'table' | 'dataset', ms: number) => void;
}

/** One run: read what is declared, compare it, judge it, and say what could not be checked. */
export async function check(options: CheckOptions): Promise<CheckResult> {
  const { warehouse, datasets: declared, policy, requiredFields = [], project, clock, now } = options;
  const { isMine = () => true, selection = [] } = options;
  const startedAt = clock.now().toISOString();
  const selected = select(declared, selection).filter((each) => isMine(each.declared.dataset));
  const context = contextOf(options, selected);
  const { keeper } = context;

  const [datasets, undeclaredDatasets] = await Promise.all([
    readAll(context, selected),
    selection.length > 0 ? UNSEEN : inspectUndeclaredDatasets(context, { declared, isMine }),
  ]);
  const inspected = { datasets, undeclaredDatasets };

  const found = findingsOf(inspected, explainer(datasets, { keeper, now }));
  const { findings, waived } = found;
  const unchecked = uncheckedIn(inspected, warehouse);
  const scan = scanOf(inspected, context.openOf);
  const report: Report = {
    version: 1,
    project,
    status: statusOf({ findings, unchecked }),
    startedAt,
    finishedAt: clock.now().toISOString(),
    tables: countTables(outcomesOf(scan)),
    findings,
    waived,
    unchecked,
    warnings: [
      ...options.warnings,
      ...datasets.flatMap(warningsOf),
      ...policyWarningsOfCheck(
        { policy, requiredFields, declared, now },
        {
          inspected,
          waivers: found.waivers,
          patterns: context.ignoring.used(),
          isPart: selection.length > 0 ? 'selection' : options.isMine !== undefined ? 'partition' : null,
        },
      ),
    ],
  };
  const nothingRead = whyNothingRead(await context.datasetList, datasets, report);
  return { report, scan, details: keeper.details(), nothingRead };
}

function contextOf(options: CheckOptions, selected: readonly SelectedDataset[]): CheckContext {
  const { warehouse, policy, project, clock, confirmMs, deadline, now } = options;
  const { isKnown = () => false, openBefore = 0, repairs = 'all' } = options;
  return {
    warehouse,
    policy,
    project,
    clock,
    confirmMs,
    deadline,
    isKnown,
    openOf: bySubject(options.open ?? []),
    now,
    datasetList: warehouse.listDatasets(),
    onTableDone: countProgress(selected, options.onProgress),
    onDiffering: options.onDiffering ?? (() => {}),
    secondReads: createPool(),
    starvedRuns: options.starvedRuns ?? (() => 0),
    keeper: createKeeper({ repairs, isKnown, openBefore }),
    ignoring: createIgnoring(policy.ignoreUnexpected),
  };
}

function bySubject(open: readonly OpenFinding[]): CheckContext['openOf'] {
  const keyOf = ({ dataset, table }: Subject) => JSON.stringify([dataset, table]);
  const groups = Map.groupBy(open, ({ subject }) => keyOf(subject));
  return (subject) => groups.get(keyOf(subject)) ?? [];
}

function countProgress(
  selected: readonly SelectedDataset[],
  onProgress: CheckOptions['onProgress'],
): () => void {
  const all = selected.reduce((sum, { declared }) => sum + declared.tables.length, 0);
  let done = 0;
  return () => {
    done += 1;
    onProgress?.(done, all);
  };
}
