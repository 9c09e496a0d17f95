import { isDrift } from '../../judge/judge.ts';
import type { Change, Subject } from '../../model/finding.ts';
import type { DatasetScan, ScanResult, TableScan, UndeclaredScan } from '../../model/scan-result.ts';
import type { InspectedDataset, InspectedTable } from './dataset.ts';
import { isCompared, type ReadResult } from './read-result.ts';
import type { Found, Inspected } from './report.ts';
import type { Undeclared } from './unexpected.ts';

/** What a run came to know, once its findings are in words and what was compared is let go. */
export function scanOf({ datasets, undeclaredDatasets }: Inspected, found: Found): ScanResult {
  const findingsOf = bySubject([...found.findings, ...found.waived]);
  return {
    datasets: new Map(
      datasets.map((dataset) => [dataset.declared.dataset, datasetScan(dataset, findingsOf)]),
    ),
    undeclaredDatasets: undeclaredScan(undeclaredDatasets),
  };
}

type ChangesOf = (subject: Subject) => readonly Change[];

function bySubject(findings: readonly (Change & Subject)[]): ChangesOf {
  const groups = Map.groupBy(findings, ({ dataset, table }) => JSON.stringify([dataset, table]));
  return ({ dataset, table }) => groups.get(JSON.stringify([dataset, table])) ?? [];
}

function datasetScan(inspected: InspectedDataset, findingsOf: ChangesOf): DatasetScan {
  const { declared, result, tables } = inspected;
  const { dataset } = declared;
  const isMissing = result.status === 'missing';
  return {
    declared,
    status: result.status,
    changes: changesOf(result, findingsOf({ dataset, table: null })),
    timeTravelHours: (isCompared(result) ? result.timeTravelHours : undefined) ?? null,
    isWhollyRead: isCompared(result) && inspected.unchecked.length === 0,
    tables: new Map(
      tables.map((table): [string, TableScan] => [
        table.declared.table,
        tableScan(table, { isMissing, found: findingsOf({ dataset, table: table.declared.table }) }),
      ]),
    ),
    undeclaredTables: undeclaredScan(inspected),
  };
}

function tableScan(
  { declared, result }: InspectedTable,
  {
    isMissing,
    found,
  }: { /** With its dataset. */ readonly isMissing: boolean; readonly found: readonly Change[] },
): TableScan {
  const { status } = result;
  const changes = changesOf(result, found);
  if (!isCompared(result)) return { declared, status, reason: result.reason, isDrifted: false, changes };
  const { judgement, warnings } = result;
  return { declared, status, isDrifted: isMissing || judgement.open.some(isDrift), changes, warnings };
}

/** What is told of it, and what the policy turns off. */
function changesOf(result: ReadResult, findings: readonly Change[]): readonly Change[] {
  if (!isCompared(result)) return [];
  return result.off.length === 0 ? findings : [...findings, ...result.off];
}

function undeclaredScan({ unchecked, isListed, isComplete }: Undeclared): UndeclaredScan {
  return {
    isListed,
    isComplete,
    unreadable: new Set(unchecked.map(({ dataset, table }) => table ?? dataset)),
  };
}
