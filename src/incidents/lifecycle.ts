import { KINDS, kindRow, saysMissing } from '../kinds/index.ts';
import type { Finding, Unchecked } from '../model/finding.ts';
import type { Policy } from '../model/policy.ts';
import type { Report } from '../model/report.ts';
import type { DatasetScan, ScanResult, UndeclaredScan } from '../model/scan-result.ts';
import { isAtLeast, SEVERITIES, type Severity } from '../model/severity.ts';
import type { DeclaredTable } from '../model/table.ts';
import { valueText } from '../model/value.ts';
import { rememberedText } from './remembered-text.ts';
import { resolutions } from './resolution.ts';
import { unlessOther } from './sharing.ts';
import type {
  Closing,
  FailureRecord,
  FindingRecord,
  Incident,
  SeenDataset,
  SeenTable,
  SentMessages,
  State,
  UncheckedRecord,
} from './state.ts';
import { applyRun, type Observation } from './transitions.ts';

const HOUR_MS = 3_600_000;
const HISTORY_MS = 30 * 24 * HOUR_MS;
const MAX_FAILURE = 4000;

export interface RunResult {
  /** The run's moment: the same for every attempt at it, and never before that of the run before. */
  readonly now: Date;
  readonly report: Report;
  readonly scan: ScanResult;
  readonly policy: Policy;
  /** What could not be checked is told at once: nothing at all could be read, or nothing is remembered. */
  readonly isUrgent: boolean;
  /** Nothing at all could be read, which is no result either. */
  readonly isBlind: boolean;
}

/** What is remembered after a run with a result, before anybody is told of it. */
export function rememberRun(state: State, result: RunResult): State {
  const { now, report, isBlind } = result;
  const at = now.toISOString();
  return {
    ...state,
    lastRunAt: at,
    messages: messagesOf(state, at),
    findings: rememberFindings(state, result),
    unchecked: rememberUnchecked(state, result),
    failures: applyRun(state.failures, {
      now,
      seen: [],
      closingOf: () => (isBlind ? null : { how: 'repaired' }),
    }),
    seen: seenNow(state.seen, result),
    quiet: rememberQuiet(state, result),
    history: [
      ...state.history.filter(
        (point) => point.at !== at && now.getTime() - Date.parse(point.at) < HISTORY_MS,
      ),
      { at, findings: countBySeverity(report.findings), tables: report.tables },
    ],
  };
}

/** What is remembered after a run without a result: of all else nothing new is known. */
export function rememberFailure(
  state: State,
  { now, failure }: { readonly now: Date; readonly failure: FailureRecord },
): State {
  const at = now.toISOString();
  const message = rememberedText(failure.message);
  const sighting: Observation<FailureRecord> = {
    key: 'failure',
    // Slack shows no more of it.
    about: { code: failure.code, message: failure.message.slice(0, MAX_FAILURE) },
    severity: 'critical',
    actual: message,
    said: null,
    isRipe: () => true,
  };
  return {
    ...state,
    messages: messagesOf(state, at),
    failures: applyRun(state.failures, {
      now,
      seen: [sighting],
      closingOf: () => null,
    }),
  };
}

/** A retry goes on where the attempt before it stopped. */
function messagesOf({ messages }: State, runAt: string): SentMessages {
  return messages.runAt === runAt ? messages : { runAt, list: [] };
}

function rememberFindings(state: State, { now, report, scan, policy }: RunResult): State['findings'] {
  const found = new Map(report.findings.map((finding) => [finding.fingerprint, finding]));
  const waived = new Map(report.waived.map((finding) => [finding.fingerprint, finding]));
  const resolutionOf = resolutions(scan, policy);
  const closingOf = ({ key, about, actual }: Incident<FindingRecord>): Closing | null => {
    const waiver = waived.get(key)?.waiver;
    if (waiver !== undefined) return { how: 'waived', ...waiver };
    if (found.has(key)) return { how: 'silent' };
    const standing = resolutionOf({ ...about, actual });
    if (standing === 'equal') return { how: 'repaired' };
    return standing === 'not-expected' ? { how: 'not-expected' } : null;
  };
  const told = report.findings.filter(({ severity }) => isAtLeast(severity, policy.minimumSeverity));
  const recoveryOf = recoveries(state, { scan, policy });
  const before = new Map(state.findings.map(({ key, about }) => [key, about]));
  const seen = told.map((finding): Observation<FindingRecord> => {
    const { fingerprint: key, severity } = finding;
    const about = { ...memoOf(finding), ...recoveryOf(finding) };
    const former = before.get(key);
    return {
      key,
      about: former === undefined ? about : unlessOther(former, about),
      severity,
      actual: comparedActual(finding),
      said: finding.words.actual,
      isRipe: ALWAYS,
    };
  });
  return applyRun(state.findings, { now, seen, closingOf });
}

const ALWAYS = () => true;

/**
 * What another value of is a change. When a shard expires differs from shard to shard, by as much as it takes to make one:
 * that is none.
 */
function comparedActual({ kind, actual, shard }: Finding): string | null {
  if (actual === null) return null;
  const { acrossShards } = kindRow(kind);
  const text = valueText(actual);
  return shard === undefined || acrossShards === undefined ? rememberedText(text) : acrossShards(text);
}

type Recovery = Pick<FindingRecord, 'lastGoodAt' | 'timeTravelHours'>;

function memoOf({
  kind,
  dataset,
  table,
  path,
  expected,
  words,
}: Finding): Omit<FindingRecord, keyof Recovery> {
  return {
    kind,
    dataset,
    table,
    path,
    expected: expected === null ? null : rememberedText(valueText(expected)),
    what: words.what,
  };
}

/** Where something can be lost by it, when it was last in order must not be forgotten while nobody is told. */
function rememberQuiet(state: State, { report, scan, policy }: RunResult): State['quiet'] {
  const untold = [
    ...report.waived,
    ...report.findings.filter(({ severity }) => !isAtLeast(severity, policy.minimumSeverity)),
  ];
  const recoveryOf = recoveries(state, { scan, policy });
  const quiet = untold
    .filter(({ kind }) => LOSSES.includes(kind))
    .map((finding) => ({
      key: finding.fingerprint,
      about: { ...memoOf(finding), ...recoveryOf(finding) },
      actual: finding.actual === null ? null : rememberedText(valueText(finding.actual)),
    }));
  if (state.quiet.length === 0) return quiet;
  const known = new Set([...untold, ...report.findings].map(({ fingerprint }) => fingerprint));
  const resolutionOf = resolutions(scan, policy);
  const unseen = state.quiet.filter(({ key, about, actual }) => {
    const standing = resolutionOf({ ...about, actual });
    return !known.has(key) && (standing === 'hidden' || standing === 'unseen');
  });
  return [...quiet, ...unseen];
}

/** The ids of those by which data may go. */
const LOSSES = KINDS.filter(({ loses }) => loses !== undefined).map(({ id }) => id);

/** When what a finding is about was last read without it, and the window in force when it went. */
function recoveries(
  { seen, quiet, findings }: State,
  { scan, policy }: Pick<RunResult, 'scan' | 'policy'>,
): (finding: Finding) => Recovery {
  const open = findings.filter(({ closing }) => closing === null);
  const before = new Map([...open, ...quiet].map(({ key, about }) => [key, about]));
  return ({ kind, dataset, table, fingerprint }) => {
    const remembered = before.get(fingerprint);
    const windowNow = scan.datasets.get(dataset)?.timeTravelHours;
    if (remembered !== undefined) {
      const { lastGoodAt, timeTravelHours } = remembered;
      // What was deleted keeps the window in force when it went; the rows of a table that is there have the one of now:
      // https://docs.cloud.google.com/bigquery/docs/time-travel ("How the time travel window affects table and dataset recovery")
      return {
        lastGoodAt,
        timeTravelHours:
          kindRow(kind).loses?.what === 'everything'
            ? timeTravelHours
            : lesserWindow(timeTravelHours, windowNow),
      };
    }
    const known = seen.get(dataset);
    const declared = table === null ? undefined : scan.datasets.get(dataset)?.tables.get(table)?.declared;
    const lastRead = table === null ? undefined : known?.tables.get(table);
    const digest = comparedDigest(declared, policy);
    const goodAt = digest !== null && lastRead?.digest === digest ? lastRead.at : null;
    return {
      lastGoodAt: table === null ? (known?.at ?? null) : goodAt,
      timeTravelHours: lesserWindow(known?.timeTravelHours, windowNow),
    };
  };
}

/** Another one whenever something else of the table is compared: what was not, nobody knows to have been in order. */
function comparedDigest(declared: DeclaredTable | undefined, { severities }: Policy): string | null {
  if (declared?.digest === undefined) return null;
  return [declared.digest, ...LOSSES.filter((kind) => severities.get(kind) === 'off')].join(' ');
}

/** The identity of what was not checked. */
export function uncheckedKey({ dataset, table }: Pick<Unchecked, 'dataset' | 'table'>): string {
  return JSON.stringify([dataset, table]);
}

function rememberUnchecked(
  state: State,
  { now, report, scan, policy, isUrgent }: RunResult,
): State['unchecked'] {
  const { uncheckedAfterRuns } = policy.alerts;
  const entries = new Map<string, Unchecked>();
  // The first of a key is what it is mostly about.
  for (const entry of report.unchecked) {
    const key = uncheckedKey(entry);
    if (!entries.has(key)) entries.set(key, entry);
  }
  const open = new Map(
    state.unchecked.filter(({ closing }) => closing === null).map((record) => [record.key, record]),
  );
  const seen = [...entries].map(([key, entry]): Observation<UncheckedRecord> => {
    const before = open.get(key);
    const isLostNow = isLost(entry, state, { scan, now });
    const wasReadable = (before?.about.wasReadable === true || isLostNow) && mayBeGone(entry, scan);
    return {
      key,
      about: {
        ...entry,
        detail: rememberedText(entry.detail),
        wasReadable,
        ...(wasReadable ? lastReadOf(entry, state, scan) : { lastReadAt: null, timeTravelHours: null }),
        // The window in force when it went counts.
        ...(before?.about.wasReadable === true ? { timeTravelHours: before.about.timeTravelHours } : {}),
        isListOnly: entry.table === null && scan.datasets.get(entry.dataset)?.status === 'present',
      },
      severity: 'warning',
      actual: entry.table === null ? extentOf(entry, scan, before?.actual ?? null) : null,
      said: null,
      isRipe: (runs) => isUrgent || isLostNow || wasReadable || runs >= uncheckedAfterRuns,
    };
  });
  const isNews = missingNews(state, { report, policy });
  return applyRun(state.unchecked, {
    now,
    seen,
    closingOf: ({ about }) => closingOfUnchecked(about, { scan, isNews }),
    isLess: (actual, told) => rankOfExtent(actual) < rankOfExtent(told),
  });
}

/** A list that may not be read is one thing, the dataset itself another, and its tables with it a third. */
const EXTENTS = ['list of tables', 'dataset', 'dataset and tables'] as const;
const RANKS: readonly (string | null)[] = EXTENTS;

function extentOf(
  entry: Unchecked,
  scan: ScanResult,
  before: string | null,
): (typeof EXTENTS)[number] | null {
  const datasetScan = scan.datasets.get(entry.dataset);
  if (datasetScan === undefined) return null;
  if (datasetScan.status === 'present') return 'list of tables';
  if (isWhollyDenied(entry, scan)) return 'dataset and tables';
  // What hangs or is throttled is not known to be readable again.
  const isAnyKnown = [...datasetScan.tables.values()].some(({ status }) => status !== 'unreadable');
  return before === 'dataset and tables' && !isAnyKnown ? before : 'dataset';
}

/** What is no dataset has none. */
function rankOfExtent(extent: string | null): number {
  return RANKS.indexOf(extent);
}

/** What is missing and Slack has yet to hear so, by the key of what could not be checked. */
function missingNews(
  { findings }: State,
  { report, policy }: Pick<RunResult, 'report' | 'policy'>,
): (entry: Pick<Unchecked, 'dataset' | 'table'>) => boolean {
  const held = new Set(findings.flatMap(({ key, told }) => (told?.isOpen === true ? [key] : [])));
  const news = report.findings.filter(
    ({ kind, severity, fingerprint }) =>
      saysMissing(kind) && isAtLeast(severity, policy.minimumSeverity) && !held.has(fingerprint),
  );
  const keys = new Set(news.map(uncheckedKey));
  return ({ dataset, table }) =>
    keys.has(uncheckedKey({ dataset, table })) || keys.has(uncheckedKey({ dataset, table: null }));
}

/** Readable in the run before and now denied: BigQuery hides what is gone from those without permission. */
function isLost(
  { dataset, table, reason }: Unchecked,
  state: State,
  { scan, now }: Pick<RunResult, 'scan' | 'now'>,
): boolean {
  const datasetScan = scan.datasets.get(dataset);
  if (reason !== 'denied' || datasetScan === undefined) return false;
  const before = state.seen.get(dataset);
  // By an attempt before this one, or by the run before.
  const moments = [now.toISOString(), runBefore(state, now)];
  const wasRead = (at: string | null | undefined) => at != null && moments.includes(at);
  if (table !== null) {
    return datasetScan.tables.get(table)?.status === 'unreadable' && wasRead(before?.tables.get(table)?.at);
  }
  if (datasetScan.status !== 'unreadable') return false;
  const wasTableRead = [...datasetScan.tables.keys()].some((name) => wasRead(before?.tables.get(name)?.at));
  return wasRead(before?.at) || (wasTableRead && isWhollyDenied({ dataset }, scan));
}

/** A dataset of which anything answers is there. */
function mayBeGone({ dataset, table }: Unchecked, scan: ScanResult): boolean {
  if (table !== null) return true;
  const datasetScan = scan.datasets.get(dataset);
  if (datasetScan?.status !== 'unreadable') return false;
  return [...datasetScan.tables.values()].every(({ status }) => status === 'unreadable');
}

/** When the run before this one was, whatever attempts there were at this one. */
function runBefore({ history, lastRunAt }: State, now: Date): string | null {
  const at = now.toISOString();
  if (lastRunAt !== at) return lastRunAt;
  return history.findLast((point) => point.at !== at)?.at ?? null;
}

/** When it was last there, of a dataset or of the table that was read last in it. */
function lastReadOf(
  { dataset, table }: Unchecked,
  { seen }: State,
  scan: ScanResult,
): Pick<UncheckedRecord, 'lastReadAt' | 'timeTravelHours'> {
  const before = seen.get(dataset);
  const tables = [...(before?.tables.entries() ?? [])].filter(([name]) => table === null || name === table);
  const moments = [...(table === null ? [before?.at ?? null] : []), ...tables.map(([, { at }]) => at)];
  return {
    lastReadAt:
      moments
        .filter((at) => at !== null)
        .toSorted()
        .at(-1) ?? null,
    timeTravelHours: lesserWindow(before?.timeTravelHours, scan.datasets.get(dataset)?.timeTravelHours),
  };
}

/** In hours; null: neither is known. The one in force when something went counts, which may be either. */
function lesserWindow(...windows: readonly (number | null | undefined)[]): number | null {
  const known = windows.filter((hours) => hours !== null && hours !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}

/** The dataset's tables are denied with it; what hangs or is throttled may be read the next time. */
function isWhollyDenied({ dataset }: Pick<Unchecked, 'dataset'>, scan: ScanResult): boolean {
  const tables = [...(scan.datasets.get(dataset)?.tables.values() ?? [])];
  return (
    tables.length > 0 && tables.every(({ status, reason }) => status === 'unreadable' && reason === 'denied')
  );
}

/** What is now known to be missing is told as that; where Slack knows that, or need not, it is told that it can be checked again. */
function closingOfUnchecked(
  { dataset, table }: UncheckedRecord,
  {
    scan,
    isNews,
  }: {
    readonly scan: ScanResult;
    readonly isNews: (entry: Pick<Unchecked, 'dataset' | 'table'>) => boolean;
  },
): Closing | null {
  const missing: Closing = isNews({ dataset, table }) ? { how: 'silent' } : { how: 'missing' };
  if (dataset === '*') return scan.undeclaredDatasets.isListed ? { how: 'repaired' } : null;
  const datasetScan = scan.datasets.get(dataset);
  if (datasetScan === undefined) return isUndeclaredOver(dataset, scan.undeclaredDatasets);
  if (datasetScan.status === 'missing') return missing;
  if (table === null) {
    const isRead = datasetScan.status === 'present' && datasetScan.undeclaredTables.isListed;
    return isRead ? { how: 'repaired' } : null;
  }
  const declared = datasetScan.tables.get(table);
  if (declared === undefined) return isUndeclaredOver(table, datasetScan.undeclaredTables);
  if (declared.status === 'missing') return missing;
  // Unreadable and not listed: its dataset's own entry stands for it.
  return declared.status === 'present' ? { how: 'repaired' } : null;
}

/** No file declares it, or none does any more: where nothing could be listed it may still be there. */
function isUndeclaredOver(name: string, { isListed, unreadable }: UndeclaredScan): Closing | null {
  return isListed && !unreadable.has(name) ? { how: 'not-expected' } : null;
}

function seenNow(before: State['seen'], { now, scan, policy }: RunResult): State['seen'] {
  const at = now.toISOString();
  return new Map(
    [...scan.datasets].map(([dataset, datasetScan]) => [
      dataset,
      seenDataset(before.get(dataset), datasetScan, { at, policy }),
    ]),
  );
}

function seenDataset(
  before: SeenDataset | undefined,
  scan: DatasetScan,
  { at, policy }: { readonly at: string; readonly policy: Policy },
): SeenDataset {
  const tables = [...scan.tables].flatMap(([table, { status, declared }]): [string, SeenTable][] => {
    const digest = comparedDigest(declared, policy);
    if (status === 'present') return [[table, { at, digest }]];
    const seen = before?.tables.get(table);
    // A file that went back to what it said may have hidden a difference in between.
    return seen === undefined ? [] : [[table, seen.digest === digest ? seen : { ...seen, digest: null }]];
  });
  return {
    at: scan.status === 'present' ? at : (before?.at ?? null),
    timeTravelHours: scan.timeTravelHours ?? before?.timeTravelHours ?? null,
    tables: new Map(tables),
  };
}

export function countBySeverity(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  return Object.fromEntries(SEVERITIES.map((severity) => [severity, count(severity)])) as Record<
    Severity,
    number
  >;
}
