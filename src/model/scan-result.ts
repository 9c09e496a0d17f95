import type { Change, UncheckedReason } from './finding.ts';
import type { DeclaredDataset, DeclaredTable } from './table.ts';

/** What a run came to know, for judging what is remembered from the runs before. */
export interface ScanResult {
  /** By real name; those that are declared. */
  readonly datasets: ReadonlyMap<string, DatasetScan>;
  readonly undeclaredDatasets: UndeclaredScan;
}

export type ScanStatus = 'present' | 'missing' | 'unreadable';

export interface DatasetScan {
  readonly declared: DeclaredDataset;
  readonly status: ScanStatus;
  /** How it differs, before policy weighs it. */
  readonly changes: readonly Change[];
  /** How far back its data can be restored, in hours; null: not known. */
  readonly timeTravelHours: number | null;
  readonly tables: ReadonlyMap<string, TableScan>;
  readonly undeclaredTables: UndeclaredScan;
}

export interface TableScan {
  readonly declared: DeclaredTable;
  readonly status: ScanStatus;
  /** Why it is unreadable; absent where it is not. */
  readonly reason?: UncheckedReason;
  /** What else was noticed where it was read. */
  readonly warnings?: readonly string[];
  readonly changes: readonly Change[];
}

export interface UndeclaredScan {
  /** Whether they were listed at all. */
  readonly isListed: boolean;
  /** Whether all of them were looked at, so that what was not among them is gone. */
  readonly isComplete: boolean;
  /** Those that were listed and could not be confirmed. */
  readonly unreadable: ReadonlySet<string>;
}
