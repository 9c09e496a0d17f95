import { saysMissing } from '../kinds/index.ts';
import type { Unchecked } from '../model/finding.ts';
import { rememberedText } from '../model/remembered-text.ts';
import type { ScanResult, UndeclaredScan } from '../model/scan-result.ts';
import { isAtLeast } from '../model/severity.ts';
import { lastReadOf } from './last-seen.ts';
import { lastNotification } from './notifications.ts';
import type { RunResult } from './run-result.ts';
import type { Incident, IncidentResolution, State, UncheckedRecord } from './state.ts';
import { applyRun, type Observation } from './transitions.ts';

/** The identity of what was not checked. */
export function uncheckedKey({ dataset, table }: Pick<Unchecked, 'dataset' | 'table'>): string {
  return JSON.stringify([dataset, table]);
}

/** What was not read, and why. */
export function rememberUnchecked(
  state: State,
  { now, channel, report, scan, policy, alertImmediately }: RunResult,
): State['unchecked'] {
  const { uncheckedAfterRuns } = policy.alerts;
  const entries = new Map<string, Unchecked>();
  // The first of a key is what it is mostly about.
  for (const entry of report.unchecked) {
    const key = uncheckedKey(entry);
    if (!entries.has(key)) entries.set(key, entry);
  }
  const open = new Map(
    state.unchecked.filter(({ resolution }) => resolution === null).map((record) => [record.key, record]),
  );
  const seen = [...entries].map(([key, entry]): Observation<UncheckedRecord> => {
    const before = open.get(key);
    const isLostNow = isLost(entry, state, { scan, now });
    const wasReadable = (before?.subject.wasReadable === true || isLostNow) && mayBeGone(entry, scan);
    return {
      key,
      subject: {
        ...entry,
        detail: rememberedText(entry.detail),
        wasReadable,
        ...(wasReadable ? lastReadOf(entry, state, scan) : { lastReadAt: null, timeTravelHours: null }),
        // The window in force when it went counts.
        ...(before?.subject.wasReadable === true ? { timeTravelHours: before.subject.timeTravelHours } : {}),
        isListOnly: entry.table === null && scan.datasets.get(entry.dataset)?.status === 'present',
      },
      severity: 'warning',
      actual: entry.table === null ? extentOf(entry, scan, before?.actual ?? null) : null,
      actualWords: null,
      isAlertable: (runs) => alertImmediately || isLostNow || wasReadable || runs >= uncheckedAfterRuns,
    };
  });
  const isToldAsMissing = missingToTell(state, { channel, report, policy });
  return applyRun(state.unchecked, {
    now,
    channel,
    seen,
    resolutionOf: ({ subject }) => resolutionOfUnchecked(subject, { scan, isToldAsMissing }),
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

/** What is missing, which the channel has yet to be told, by the key of what could not be checked. */
function missingToTell(
  { findings }: State,
  { channel, report, policy }: Pick<RunResult, 'channel' | 'report' | 'policy'>,
): (entry: Pick<Unchecked, 'dataset' | 'table'>) => boolean {
  const isHeldForOpen = (record: Incident<unknown>) => lastNotification(record, channel)?.isOpen === true;
  const told = new Set(findings.filter(isHeldForOpen).map(({ key }) => key));
  const missing = report.findings.filter(
    ({ kind, severity, fingerprint }) =>
      saysMissing(kind) && isAtLeast(severity, policy.minimumSeverity) && !told.has(fingerprint),
  );
  const keys = new Set(missing.map(uncheckedKey));
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

/** The dataset's tables are denied with it; what hangs or is throttled may be read the next time. */
function isWhollyDenied({ dataset }: Pick<Unchecked, 'dataset'>, scan: ScanResult): boolean {
  const tables = [...(scan.datasets.get(dataset)?.tables.values() ?? [])];
  return (
    tables.length > 0 && tables.every(({ status, reason }) => status === 'unreadable' && reason === 'denied')
  );
}

/** What is now known to be missing is told as that; where that is known, or need not be, it is told that it can be checked again. */
function resolutionOfUnchecked(
  { dataset, table }: UncheckedRecord,
  {
    scan,
    isToldAsMissing,
  }: {
    readonly scan: ScanResult;
    readonly isToldAsMissing: (entry: Pick<Unchecked, 'dataset' | 'table'>) => boolean;
  },
): IncidentResolution | null {
  const missing: IncidentResolution = isToldAsMissing({ dataset, table })
    ? { reason: 'below-threshold' }
    : { reason: 'missing' };
  if (dataset === '*') return scan.undeclaredDatasets.isListed ? { reason: 'repaired' } : null;
  const datasetScan = scan.datasets.get(dataset);
  if (datasetScan === undefined) return isUndeclaredOver(dataset, scan.undeclaredDatasets);
  if (datasetScan.status === 'missing') return missing;
  if (table === null) {
    const isRead = datasetScan.status === 'present' && datasetScan.undeclaredTables.isListed;
    return isRead ? { reason: 'repaired' } : null;
  }
  const declared = datasetScan.tables.get(table);
  if (declared === undefined) return isUndeclaredOver(table, datasetScan.undeclaredTables);
  if (declared.status === 'missing') return missing;
  // Unreadable and not listed: its dataset's own entry stands for it.
  return declared.status === 'present' ? { reason: 'repaired' } : null;
}

/** No file declares it, or none does any more: where nothing could be listed it may still be there. */
function isUndeclaredOver(name: string, { isListed, unreadable }: UndeclaredScan): IncidentResolution | null {
  return isListed && !unreadable.has(name) ? { reason: 'not-expected' } : null;
}
