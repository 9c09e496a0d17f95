import { compareFindings, isDrift, type Judgement } from '../../judge/judge.ts';
import type { Finding, Judged, Unchecked, WaivedFinding } from '../../model/finding.ts';
import type { Waiver } from '../../model/policy.ts';
import type { Unreadable, Warehouse } from '../../model/ports.ts';
import type { Report, Status } from '../../model/report.ts';
import type { InspectedDataset } from './dataset.ts';
import { isCompared, judgementOf } from './read-result.ts';
import type { Undeclared } from './unexpected.ts';

/** All that a run has read. */
export interface Inspected {
  readonly datasets: readonly InspectedDataset[];
  readonly undeclaredDatasets: Undeclared;
}

/** What a run has found, sorted. */
export interface Found extends Pick<Report, 'findings' | 'waived'> {
  /** Each waiver that covers something. */
  readonly waivers: ReadonlySet<Waiver>;
}

export function findingsOf(inspected: Inspected, inWords: (judged: Judged) => Finding): Found {
  const judgements = [...inspected.datasets.flatMap(judgementsOf), inspected.undeclaredDatasets.unexpected];
  const waived = judgements.flatMap((judgement) => judgement.waived);
  return {
    findings: judgements.flatMap(({ open }) => open.map(inWords)).sort(compareFindings),
    waived: waived
      .map(({ finding, waivers: [{ until, reason }] }): WaivedFinding => {
        return { ...inWords(finding), waiver: { until, reason } };
      })
      .sort(compareFindings),
    waivers: new Set(waived.flatMap(({ waivers }) => waivers)),
  };
}

/** A missing dataset hides everything in it. */
function judgementsOf({ result, tables, unexpected }: InspectedDataset): readonly Judgement[] {
  if (result.status === 'missing') return [result.judgement];
  return [judgementOf(result), ...tables.map((table) => judgementOf(table.result)), unexpected];
}

export function uncheckedIn(
  { datasets, undeclaredDatasets }: Inspected,
  warehouse: Warehouse,
): readonly Unchecked[] {
  return [...datasets.flatMap(uncheckedOf), ...undeclaredDatasets.unchecked].map(withRemedy(warehouse));
}

/**
 * An unreadable dataset of which nothing was read has one entry, which stands for its tables too. Where some of its
 * tables answered by name, the others are named.
 */
function uncheckedOf({
  declared: { dataset },
  isWhole,
  result,
  tables,
  unchecked,
}: InspectedDataset): readonly Unchecked[] {
  if (result.status === 'missing') return [];
  const ofTables = tables.flatMap((table): readonly Unchecked[] =>
    isCompared(table.result) ? [] : [{ dataset, table: table.declared.table, ...whyOf(table.result) }],
  );
  if (isCompared(result)) return [...ofTables, ...unchecked];
  const own = { dataset, table: null, ...whyOf(result) };
  const isAnyRead = ofTables.length < tables.length;
  if (!isAnyRead) return [own];
  // Of a dataset that was read for the sake of named tables, nothing more was asked.
  return isWhole ? [own, ...ofTables, ...unchecked] : ofTables;
}

function whyOf({ status: _, ...why }: Unreadable): Omit<Unreadable, 'status'> {
  return why;
}

/** No proxy stands between the monitor and recorded answers. */
function withRemedy({ remedyOf }: Warehouse): (entry: Unchecked) => Unchecked {
  return (entry) =>
    remedyOf === undefined || entry.reason !== 'malformed' || entry.remedy !== undefined
      ? entry
      : { ...entry, remedy: remedyOf(entry) };
}

export function warningsOf({ tables, warnings }: InspectedDataset): readonly string[] {
  return [...tables.flatMap(({ result }) => (isCompared(result) ? result.warnings : [])), ...warnings];
}

/** Drift seen is certain, whatever remains unseen. */
export function statusOf({ findings, unchecked }: Pick<Report, 'findings' | 'unchecked'>): Status {
  if (findings.some(isDrift)) return 'drifted';
  return unchecked.length > 0 ? 'incomplete' : 'in-sync';
}
