import type { Rechecked, UncheckedReason } from './finding.ts';
import type { DatasetOutcome, TableCounts, TableStatus } from './report.ts';
import type { DeclaredDataset, DeclaredTable } from './table.ts';

/** What a run came to know, for judging what is remembered from the runs before. */
export interface ScanResult {
  /** By real name; those that are declared. */
  readonly datasets: ReadonlyMap<string, DatasetScan>;
  readonly undeclaredDatasets: UndeclaredScan;
}

/** What became of findings of earlier runs, by fingerprint; of what is not in it nothing is known, or it is as it was. */
export type Rechecks = ReadonlyMap<string, Rechecked>;

export type ScanStatus = 'present' | 'missing' | 'unreadable';

export interface DatasetScan {
  readonly declared: DeclaredDataset;
  readonly status: ScanStatus;
  readonly rechecks: Rechecks;
  /** How far back its data can be restored, in hours; null: not known. */
  readonly timeTravelHours: number | null;
  readonly tables: ReadonlyMap<string, TableScan>;
  readonly undeclaredTables: UndeclaredScan;
  /** false: its own settings or its undeclared tables were not all seen. */
  readonly isWhollyRead: boolean;
}

export interface TableScan {
  readonly declared: DeclaredTable;
  readonly status: ScanStatus;
  /** Why it is unreadable; absent where it is not. */
  readonly reason?: UncheckedReason;
  /** Whether it, or its dataset, is missing or has a finding that counts as drift. */
  readonly isDrifted: boolean;
  /** What else was noticed where it was read. */
  readonly warnings?: readonly string[];
  readonly rechecks: Rechecks;
}

export interface UndeclaredScan {
  /** Whether they were listed at all. */
  readonly isListed: boolean;
  /** Whether all of them were looked at, so that what was not among them is gone. */
  readonly isComplete: boolean;
  /** Those that were listed and could not be confirmed. */
  readonly unreadable: ReadonlySet<string>;
}

/** What became of each declared dataset and table. */
export function outcomesOf({ datasets }: ScanResult): readonly DatasetOutcome[] {
  return [...datasets].map(([dataset, { isWhollyRead: read, tables }]) => ({
    dataset,
    read,
    tables: [...tables].map(([table, scan]) => ({ table, status: statusOfTable(scan) })),
  }));
}

function statusOfTable({ status, isDrifted }: TableScan): TableStatus {
  if (isDrifted) return 'drifted';
  return status === 'unreadable' ? 'unchecked' : 'in-sync';
}

export function countTables(outcomes: readonly DatasetOutcome[]): TableCounts {
  const statuses = outcomes.flatMap(({ tables }) => tables.map(({ status }) => status));
  const count = (status: TableStatus) => statuses.filter((candidate) => candidate === status).length;
  return { inSync: count('in-sync'), drifted: count('drifted'), unchecked: count('unchecked') };
}
