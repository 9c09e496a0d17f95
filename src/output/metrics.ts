import { KINDS } from '../kinds/index.ts';
import type { Finding, Subject } from '../model/finding.ts';
import { measure } from '../model/metrics.ts';
import type { Measurement } from '../model/ports.ts';
import type { DatasetOutcome, TableStatus } from '../model/report.ts';

const CHARTED = ['critical', 'warning'] as const;
const STATUSES = {
  'in-sync': 'in_sync',
  drifted: 'drifted',
  unchecked: 'unchecked',
} as const satisfies Record<TableStatus, string>;

/**
 * What the run found as measurements. Zeros are said, or a chart shows the last drift for ever; of what is unchecked
 * nothing is said, since unknown is not zero.
 */
export function measureFindings(
  findings: readonly Finding[],
  outcomes: readonly DatasetOutcome[],
  { isComplete }: { readonly isComplete: boolean },
): readonly Measurement[] {
  const ofDataset = Map.groupBy(findings, ({ dataset }) => dataset);
  return [
    ...outcomes.flatMap((outcome) => findingsOf(outcome, ofDataset.get(outcome.dataset) ?? [])),
    ...outcomes.flatMap(tablesOf),
    ...findingsByKind(findings, isComplete),
  ];
}

/** One last zero for what is no longer declared: its last finding would else stand on the chart until it ages out. */
export function measureGone(
  before: readonly Subject[],
  outcomes: readonly DatasetOutcome[],
): readonly Measurement[] {
  const keyOf = ({ dataset, table }: Subject) => JSON.stringify([dataset, table]);
  const declared = new Set(
    outcomes.flatMap(({ dataset, tables }) => [
      keyOf({ dataset, table: null }),
      ...tables.map(({ table }) => keyOf({ dataset, table })),
    ]),
  );
  const gone = new Map(before.map((subject) => [keyOf(subject), subject]));
  return [...gone]
    .filter(([key]) => !declared.has(key))
    .flatMap(([, { dataset, table }]) =>
      CHARTED.map((severity) => measure('findings', 0, { dataset, table: table ?? '', severity })),
    );
}

/** Whether the run is to be believed, and how long it took; written last. */
export function measureRun({
  succeeded,
  seconds,
}: {
  readonly succeeded: boolean;
  readonly seconds: number;
}): readonly Measurement[] {
  return [measure('run_success', succeeded ? 1 : 0, {}), measure('run_seconds', seconds, {})];
}

/** One point per table and severity; table "" is the dataset itself with its unexpected tables. */
function findingsOf(
  { dataset, read, tables }: DatasetOutcome,
  ofDataset: readonly Finding[],
): readonly Measurement[] {
  const counts = new Map<string, number>();
  const declared = new Set(tables.map(({ table }) => table));
  const seriesKey = (table: string, severity: string) => JSON.stringify([table, severity]);
  for (const finding of ofDataset) {
    const table = finding.table !== null && declared.has(finding.table) ? finding.table : '';
    const key = seriesKey(table, finding.severity);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const known = tables.filter(({ status }) => status !== 'unchecked').map(({ table }) => table);
  return ['', ...known].flatMap((table) =>
    CHARTED.flatMap((severity): readonly Measurement[] => {
      const value = counts.get(seriesKey(table, severity)) ?? 0;
      // Of a dataset that was not wholly seen, what was seen is certain and a zero is not.
      if (table === '' && !read && value === 0) return [];
      return [measure('findings', value, { dataset, table, severity })];
    }),
  );
}

function tablesOf({ dataset, tables }: DatasetOutcome): readonly Measurement[] {
  return Object.entries(STATUSES).map(([status, label]) =>
    measure('tables', tables.filter((table) => table.status === status).length, { dataset, status: label }),
  );
}

function findingsByKind(findings: readonly Finding[], isComplete: boolean): readonly Measurement[] {
  const counts = new Map<string, number>();
  for (const { kind } of findings) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return KINDS.flatMap(({ id }): readonly Measurement[] => {
    const value = counts.get(id) ?? 0;
    if (value === 0 && !isComplete) return [];
    return [measure('findings_by_kind', value, { kind: id })];
  });
}
