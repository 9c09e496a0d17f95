import { KINDS, kindRow } from '../kinds/index.ts';
import type { Finding, Unchecked } from '../model/finding.ts';
import type { Policy } from '../model/policy.ts';
import type { DatasetScan, ScanResult } from '../model/scan-result.ts';
import type { DeclaredTable } from '../model/table.ts';
import type { RunResult } from './run-result.ts';
import type { FindingRecord, SeenDataset, SeenTable, State, UncheckedRecord } from './state.ts';

/* When things were last there and in order, and how far back they can be restored: for whoever has to, once they are gone. */

/** When each dataset and table was last there, after this run. */
export function seenNow(before: State['seen'], { now, scan, policy }: RunResult): State['seen'] {
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
    const seen = before?.tables.get(table);
    if (status === 'present') return [[table, { ...seen, at, digest }]];
    // A file that went back to what it said may have hidden a difference in between.
    return seen === undefined ? [] : [[table, seen.digest === digest ? seen : { ...seen, digest: null }]];
  });
  return {
    ...before,
    at: scan.status === 'present' ? at : (before?.at ?? null),
    timeTravelHours: scan.timeTravelHours ?? before?.timeTravelHours ?? null,
    tables: new Map(tables),
  };
}

/** The ids of those by which data may go. */
export const LOSSES = KINDS.filter(({ loses }) => loses !== undefined).map(({ id }) => id);

export type Recovery = Pick<FindingRecord, 'lastGoodAt' | 'timeTravelHours'>;

/** When what a finding is about was last read without it, and the window in force when it went. */
export function recoveries(
  { seen, suppressed, findings }: State,
  { scan, policy }: Pick<RunResult, 'scan' | 'policy'>,
): (finding: Finding) => Recovery {
  const open = findings.filter(({ resolution }) => resolution === null);
  const before = new Map([...open, ...suppressed].map(({ key, subject }) => [key, subject]));
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

/** When it was last there, of a dataset or of the table that was read last in it. */
export function lastReadOf(
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
