import { recheckDataset, recheckUnread } from '../../compare/recheck.ts';
import { isDrift } from '../../judge/judge.ts';
import type {
  DatasetScan,
  Rechecks,
  ScanResult,
  TableScan,
  UndeclaredScan,
} from '../../model/scan-result.ts';
import type { CheckContext } from './check-context.ts';
import type { InspectedDataset, InspectedTable } from './dataset.ts';
import { isCompared, type ReadResult } from './read-result.ts';
import type { Inspected } from './report.ts';
import type { Undeclared } from './unexpected.ts';

type OpenOf = CheckContext['openOf'];

/** What a run came to know, once its findings are in words and what was compared is let go. */
export function scanOf({ datasets, undeclaredDatasets }: Inspected, openOf: OpenOf): ScanResult {
  return {
    datasets: new Map(datasets.map((dataset) => [dataset.declared.dataset, datasetScan(dataset, openOf)])),
    undeclaredDatasets: undeclaredScan(undeclaredDatasets),
  };
}

function datasetScan(inspected: InspectedDataset, openOf: OpenOf): DatasetScan {
  const { declared, result, tables } = inspected;
  const { dataset } = declared;
  const isMissing = result.status === 'missing';
  const open = openOf({ dataset, table: null });
  return {
    declared,
    status: result.status,
    rechecks: rechecksIn(result) ?? recheckDataset(open, declared.settings, null),
    timeTravelHours: (isCompared(result) ? result.timeTravelHours : undefined) ?? null,
    isWhollyRead: isCompared(result) && inspected.unchecked.length === 0,
    tables: new Map(
      tables.map((table): [string, TableScan] => [
        table.declared.table,
        tableScan(dataset, table, { isMissing, openOf }),
      ]),
    ),
    undeclaredTables: undeclaredScan(inspected),
  };
}

function tableScan(
  dataset: string,
  { declared, result }: InspectedTable,
  { isMissing, openOf }: { /** With its dataset. */ readonly isMissing: boolean; readonly openOf: OpenOf },
): TableScan {
  const { status } = result;
  const rechecks = rechecksIn(result) ?? recheckUnread(openOf({ dataset, table: declared.table }), declared);
  if (!isCompared(result)) return { declared, status, reason: result.reason, isDrifted: false, rechecks };
  const { judgement, warnings } = result;
  return { declared, status, isDrifted: isMissing || judgement.open.some(isDrift), rechecks, warnings };
}

function rechecksIn(result: ReadResult): Rechecks | undefined {
  return isCompared(result) ? result.rechecks : undefined;
}

function undeclaredScan({ unchecked, isListed, isComplete }: Undeclared): UndeclaredScan {
  return {
    isListed,
    isComplete,
    unreadable: new Set(unchecked.map(({ dataset, table }) => table ?? dataset)),
  };
}
