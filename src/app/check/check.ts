import { compareFindings, isDrift, type Judgement } from '../../judge/judge.ts';
import { explain } from '../../kinds/words.ts';
import type { TableDetails } from '../../model/details.ts';
import type { Change, Finding, Judged, Subject, Unchecked, WaivedFinding } from '../../model/finding.ts';
import { matchesPattern } from '../../model/pattern.ts';
import type { Policy, RequiredField } from '../../model/policy.ts';
import type { Clock, Deadline, Unreadable, Warehouse } from '../../model/ports.ts';
import type { DatasetOutcome, Report, Status, TableCounts, TableStatus } from '../../model/report.ts';
import type {
  DatasetScan,
  ScanResult,
  ScanStatus,
  TableScan,
  UndeclaredScan,
} from '../../model/scan-result.ts';
import type { Contract, DeclaredDataset } from '../../model/table.ts';
import type { TimeTravel } from '../../model/time-travel.ts';
import { subjectName, subjectTitle } from '../../words/subject.ts';
import type { Selection } from '../config.ts';
import type { CheckContext } from './check-context.ts';
import type { TableResult } from './confirm.ts';
import { createIgnoring } from './ignoring.ts';
import { type InspectedDataset, type InspectedTable, inspectDataset } from './inspect.ts';
import { inspectUndeclaredDatasets, type Undeclared } from './inspect-unexpected.ts';
import { lapsedWarning, policyWarningsOfCheck, waiverName } from './policy-warnings.ts';
import type { StarvedRuns } from './starvation.ts';
import { createWorkQueue } from './work-queue.ts';
import { createKeeper, type Keeper } from './worst-tables.ts';

export interface CheckResult {
  readonly report: Report;
  readonly outcomes: readonly DatasetOutcome[];
  readonly scan: ScanResult;
  /** Of the worst tables with findings, worst first. */
  readonly details: readonly TableDetails[];
  /** Why nothing at all could be read; null: something was. */
  readonly nothingRead: { readonly code: 'NothingRead' | 'ProjectNotFound'; readonly message: string } | null;
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
  const { warehouse, policy, project, clock, confirmMs, deadline, now, selection = [] } = options;
  const startedAt = clock.now();
  const { isMine = () => true } = options;
  const selected = select(options.datasets, selection).filter(({ declared }) => isMine(declared.dataset));
  const { isKnown = () => false, openBefore = 0, repairs = 'all' } = options;
  const keeper = createKeeper({ repairs, isKnown, openBefore });
  const inspection: CheckContext = {
    warehouse,
    policy,
    project,
    clock,
    confirmMs,
    deadline,
    isKnown,
    now,
    datasetList: warehouse.listDatasets(),
    onTableDone: countProgress(selected, options.onProgress),
    onDiffering: options.onDiffering ?? (() => {}),
    keeper,
    ignoring: createIgnoring(policy.ignoreUnexpected),
    turns: createWorkQueue(),
    starvedRuns: options.starvedRuns ?? (() => 0),
  };

  const inspecting = Promise.all([
    Promise.all(selected.map(({ declared, isWhole }) => inspectDataset(inspection, { declared, isWhole }))),
    selection.length > 0
      ? null
      : inspectUndeclaredDatasets(inspection, {
          declared: new Set(options.datasets.map(({ dataset }) => dataset)),
          isMine,
        }),
  ]);
  inspection.turns.start();
  const [inspected, undeclared] = await inspecting;

  const judgements = [
    ...inspected.flatMap(judgementsOf),
    ...(undeclared === null ? [] : [undeclared.unexpected]),
  ];
  const inWords = wordsOf(keeper, contractsOf(inspected), timeTravelOf(inspected, now));
  const findings = judgements
    .flatMap(({ open }) => open)
    .map(inWords)
    .sort(compareFindings);
  const waived = judgements
    .flatMap((judgement) => judgement.waived)
    .map(({ finding, waivers: [{ until, reason }] }): WaivedFinding => {
      return { ...inWords(finding), waiver: { until, reason } };
    })
    .sort(compareFindings);
  const unchecked = [...inspected.flatMap(uncheckedOf), ...(undeclared?.unchecked ?? [])].map(
    withRemedy(warehouse),
  );
  const outcomes = inspected.map(outcomeOf);
  const tables = countTables(outcomes);
  const report: Report = {
    version: 1,
    project,
    status: statusOf(findings, unchecked),
    startedAt: startedAt.toISOString(),
    finishedAt: clock.now().toISOString(),
    tables,
    findings,
    waived,
    unchecked,
    warnings: [
      ...options.warnings,
      ...inspected.flatMap(warningsOf),
      ...waiverWarnings({
        policy,
        now,
        declared: options.datasets,
        inspected,
        waived: judgements.flatMap((judgement) => judgement.waived),
      }),
      ...(selection.length > 0
        ? []
        : policyWarningsOfCheck(
            { policy, requiredFields: options.requiredFields ?? [], declared: options.datasets, now },
            isAllSeen({ inspected, undeclared, isSharded: options.isMine !== undefined })
              ? {
                  patterns: inspection.ignoring.used(),
                  waivers: new Set(
                    judgements.flatMap((judgement) => judgement.waived.flatMap(({ waivers }) => waivers)),
                  ),
                }
              : null,
          )),
    ],
  };
  const findingsOf = bySubject([...findings, ...waived]);
  const scan: ScanResult = {
    datasets: new Map(inspected.map((dataset) => [dataset.declared.dataset, scanOf(dataset, findingsOf)])),
    undeclaredDatasets: undeclared === null ? unseenUndeclared : undeclaredScan(undeclared),
  };
  const nothingRead = await whyNothingRead(inspection, inspected, report);
  return { report, outcomes, scan, details: keeper.details(), nothingRead };
}

/** A dataset named alone is whole; with tables named, only those are looked at. */
function select(
  datasets: readonly DeclaredDataset[],
  selection: Selection,
): readonly { readonly declared: DeclaredDataset; readonly isWhole: boolean }[] {
  if (selection.length === 0) return datasets.map((declared) => ({ declared, isWhole: true }));
  return datasets.flatMap((declared): { declared: DeclaredDataset; isWhole: boolean }[] => {
    const named = selection.filter(({ dataset }) => dataset === declared.declaredAs);
    if (named.length === 0) return [];
    if (named.some(({ table }) => table === null)) return [{ declared, isWhole: true }];
    const tables = declared.tables.filter(({ table }) =>
      named.some((candidate) => candidate.table === table),
    );
    const { dataset, declaredAs } = declared;
    return [{ declared: { dataset, declaredAs, tables }, isWhole: false }];
  });
}

function countProgress(
  selected: readonly { readonly declared: DeclaredDataset }[],
  onProgress: CheckOptions['onProgress'],
): () => void {
  const all = selected.reduce((sum, { declared }) => sum + declared.tables.length, 0);
  let done = 0;
  return () => {
    done += 1;
    onProgress?.(done, all);
  };
}

function isMissing({ verdict }: InspectedDataset): boolean {
  return verdict.status === 'compared' && verdict.isMissing;
}

/** A missing dataset hides everything in it. */
function judgementsOf(dataset: InspectedDataset): readonly Judgement[] {
  const { verdict, tables, unexpected } = dataset;
  const own = verdict.status === 'compared' ? [verdict.judgement] : [];
  if (isMissing(dataset)) return own;
  const ofTables = tables.flatMap((table) =>
    table.verdict?.status === 'compared' ? [table.verdict.judgement] : [],
  );
  return [...own, ...ofTables, unexpected];
}

/**
 * An unreadable dataset of which nothing was read has one entry, which stands for its tables too. Where some of its
 * tables answered by name, the others are named.
 */
function uncheckedOf(dataset: InspectedDataset): readonly Unchecked[] {
  const { declared, isWhole, verdict, tables, unchecked } = dataset;
  if (isMissing(dataset)) return [];
  const ofTables = tables.flatMap((table): readonly Unchecked[] =>
    table.verdict?.status === 'unreadable'
      ? [uncheckedEntry(declared, table.declared.table, table.verdict)]
      : [],
  );
  if (verdict.status === 'compared') return [...ofTables, ...unchecked];
  const own = uncheckedEntry(declared, null, verdict);
  const isAnyRead = ofTables.length < tables.length;
  if (!isAnyRead) return [own];
  // Of a dataset that was read for the sake of named tables, nothing more was asked.
  return isWhole ? [own, ...ofTables, ...unchecked] : ofTables;
}

function uncheckedEntry(
  declared: DeclaredDataset,
  table: string | null,
  { status: _, ...why }: Unreadable,
): Unchecked {
  return { dataset: declared.dataset, table, ...why };
}

/** No proxy stands between the monitor and recorded answers. */
function withRemedy({ remedyOf }: Warehouse): (entry: Unchecked) => Unchecked {
  return (entry) =>
    remedyOf === undefined || entry.reason !== 'malformed' || entry.remedy !== undefined
      ? entry
      : { ...entry, remedy: remedyOf(entry) };
}

function warningsOf({ tables, warnings }: InspectedDataset): readonly string[] {
  return [
    ...tables.flatMap(({ verdict }) => (verdict?.status === 'compared' ? verdict.warnings : [])),
    ...warnings,
  ];
}

function outcomeOf(dataset: InspectedDataset): DatasetOutcome {
  return {
    dataset: dataset.declared.dataset,
    read: dataset.verdict.status === 'compared' && dataset.unchecked.length === 0,
    tables: dataset.tables.map((table) => ({
      table: table.declared.table,
      status: isMissing(dataset) ? 'drifted' : tableStatus(table),
    })),
  };
}

function tableStatus({ verdict }: InspectedTable): TableStatus {
  if (verdict === null) return 'drifted';
  if (verdict.status === 'unreadable') return 'unchecked';
  return verdict.judgement.open.some(isDrift) ? 'drifted' : 'in-sync';
}

function countTables(outcomes: readonly DatasetOutcome[]): TableCounts {
  const statuses = outcomes.flatMap(({ tables }) => tables.map(({ status }) => status));
  const count = (status: TableStatus) => statuses.filter((candidate) => candidate === status).length;
  return { inSync: count('in-sync'), drifted: count('drifted'), unchecked: count('unchecked') };
}

type ChangesOf = (subject: Subject) => readonly Change[];

function bySubject(findings: readonly Finding[]): ChangesOf {
  const groups = Map.groupBy(findings, ({ dataset, table }) => JSON.stringify([dataset, table]));
  return ({ dataset, table }) => groups.get(JSON.stringify([dataset, table])) ?? [];
}

/** What is told of it, and what the policy turns off. */
function changesOf(verdict: TableResult | null, findings: readonly Change[]): readonly Change[] {
  if (verdict?.status !== 'compared') return [];
  return verdict.off.length === 0 ? findings : [...findings, ...verdict.off];
}

function scanOf(
  { declared, verdict, tables, ...undeclared }: InspectedDataset,
  findingsOf: ChangesOf,
): DatasetScan {
  const { dataset } = declared;
  return {
    declared,
    status: scanStatus(verdict),
    changes: changesOf(verdict, findingsOf({ dataset, table: null })),
    timeTravelHours: (verdict.status === 'compared' ? verdict.timeTravelHours : undefined) ?? null,
    tables: new Map(
      tables.map((table): [string, TableScan] => [
        table.declared.table,
        {
          declared: table.declared,
          status: scanStatus(table.verdict),
          ...(table.verdict?.status === 'unreadable' ? { reason: table.verdict.reason } : {}),
          changes: changesOf(table.verdict, findingsOf({ dataset, table: table.declared.table })),
          ...(table.verdict?.status === 'compared' ? { warnings: table.verdict.warnings } : {}),
        },
      ]),
    ),
    undeclaredTables: undeclaredScan(undeclared),
  };
}

/** A table that was not asked about is missing with its dataset. */
function scanStatus(verdict: TableResult | null): ScanStatus {
  if (verdict === null) return 'missing';
  if (verdict.status === 'unreadable') return 'unreadable';
  return verdict.isMissing ? 'missing' : 'present';
}

const unseenUndeclared: UndeclaredScan = { isListed: false, isComplete: false, unreadable: new Set() };

function undeclaredScan({
  unchecked,
  isListed,
  isComplete,
}: Pick<Undeclared, 'unchecked' | 'isListed' | 'isComplete'>): UndeclaredScan {
  const unreadable = new Set(unchecked.map(({ dataset, table }) => table ?? dataset));
  return { isListed, isComplete, unreadable };
}

/** Drift seen is certain, whatever remains unseen. */
function statusOf(findings: readonly Finding[], unchecked: readonly Unchecked[]): Status {
  if (findings.some(isDrift)) return 'drifted';
  return unchecked.length > 0 ? 'incomplete' : 'in-sync';
}

type ContractOf = (finding: Judged) => Contract | null;

function contractsOf(inspected: readonly InspectedDataset[]): ContractOf {
  const contracts = new Map(
    inspected.flatMap(({ declared }) =>
      declared.tables.map(
        ({ table, contract }) => [JSON.stringify([declared.dataset, table]), contract] as const,
      ),
    ),
  );
  return ({ dataset, table }) => contracts.get(JSON.stringify([dataset, table])) ?? null;
}

type TimeTravelOf = (finding: Judged) => TimeTravel;

/** The window that each dataset answered. */
function timeTravelOf(inspected: readonly InspectedDataset[], now: Date): TimeTravelOf {
  const unknown: TimeTravel = { hours: null, now };
  const windows = new Map(
    inspected.map(({ declared, verdict }): [string, TimeTravel] => [
      declared.dataset,
      { hours: verdict.status === 'compared' ? (verdict.timeTravelHours ?? null) : null, now },
    ]),
  );
  return ({ dataset }) => windows.get(dataset) ?? unknown;
}

function wordsOf(
  keeper: Keeper,
  contractOf: ContractOf,
  timeTravel: TimeTravelOf,
): (judged: Judged) => Finding {
  return (judged) => {
    const fix = keeper.fixOf(judged.fingerprint);
    const repair = fix === undefined ? ({ isFixLeft: true } as const) : { fix };
    return explain({ ...judged, ...repair }, contractOf(judged), timeTravel(judged));
  };
}

/** A waiver is a promise: one that is over, or that matches nothing where all it could match was read, is said. */
function waiverWarnings({
  policy,
  now,
  declared,
  inspected,
  waived,
}: {
  readonly policy: Policy;
  readonly now: Date;
  readonly declared: readonly DeclaredDataset[];
  readonly inspected: readonly InspectedDataset[];
  readonly waived: Judgement['waived'];
}): readonly string[] {
  const matched = new Set(waived.flatMap(({ waivers }) => waivers));
  const read = new Set(inspected.flatMap(readSubjects).map(subjectName));
  const all = declared.flatMap(({ declaredAs: dataset, tables }): readonly Subject[] => [
    { dataset, table: null },
    ...tables.map(({ table }) => ({ dataset, table })),
  ]);
  return policy.waivers.flatMap((waiver) => {
    const lapsed = lapsedWarning(waiver, now);
    if (lapsed !== null) return [lapsed];
    const covered = all.filter((subject) => matchesPattern(waiver.table, subject));
    const isAllRead = covered.length > 0 && covered.every((subject) => read.has(subjectName(subject)));
    return matched.has(waiver) || !isAllRead
      ? []
      : [`the waiver for ${waiverName(waiver)} matches nothing: remove it`];
  });
}

/** Whether there is nothing, declared or not, that was not looked at. */
function isAllSeen({
  inspected,
  undeclared,
  isSharded,
}: {
  readonly inspected: readonly InspectedDataset[];
  readonly undeclared: Undeclared | null;
  readonly isSharded: boolean;
}): boolean {
  const isComplete = inspected.every((dataset) => dataset.isComplete || isMissing(dataset));
  return !isSharded && undeclared?.isComplete === true && isComplete;
}

function readSubjects({ declared, isWhole, verdict, tables }: InspectedDataset): readonly Subject[] {
  const readTables = tables.filter((table) => table.verdict?.status === 'compared');
  const dataset = declared.declaredAs;
  return [
    ...(verdict.status === 'compared' && isWhole ? [{ dataset, table: null }] : []),
    ...readTables.map((table) => ({ dataset, table: table.declared.table })),
  ];
}

/** A run that read nothing must not pass for one that found nothing. Drift that was seen is certain all the same. */
async function whyNothingRead(
  { datasetList, project }: CheckContext,
  inspected: readonly InspectedDataset[],
  { status, tables, unchecked }: Report,
): Promise<CheckResult['nothingRead']> {
  const isRead =
    tables.inSync + tables.drifted + tables.unchecked === 0
      ? inspected.length === 0 || inspected.some(({ verdict }) => verdict.status === 'compared')
      : tables.inSync + tables.drifted > 0;
  const list = await datasetList;
  // A shard may have no dataset of its own: then the list is all there is to read.
  const isAnythingRead = isRead && (inspected.length > 0 || list.status === 'found');
  if (isAnythingRead || status === 'drifted') return null;
  if (list.status === 'absent') {
    return {
      code: 'ProjectNotFound',
      message: `project ${project ?? '(none)'} was not found: ${list.detail}`,
    };
  }
  const causes = unchecked
    .slice(0, 10)
    .map((entry) => `${subjectTitle(entry)}: ${entry.reason}: ${entry.detail}`);
  return { code: 'NothingRead', message: ['no declared table could be read', ...causes].join('\n') };
}
