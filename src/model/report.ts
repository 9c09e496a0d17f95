import type { Finding, Unchecked, WaivedFinding } from './finding.ts';

export type Status = 'drifted' | 'incomplete' | 'in-sync';

/** Declared tables only. */
export interface TableCounts {
  readonly inSync: number;
  readonly drifted: number;
  readonly unchecked: number;
}

/** The outcome of one run. Its JSON form is public: README, "JSON report". */
export interface Report {
  readonly version: 1;
  readonly project: string | null;
  readonly status: Status;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly tables: TableCounts;
  /** By severity, dataset, table, path, kind. */
  readonly findings: readonly Finding[];
  readonly waived: readonly WaivedFinding[];
  readonly unchecked: readonly Unchecked[];
  readonly warnings: readonly string[];
}

export type TableStatus = 'in-sync' | 'drifted' | 'unchecked';

/** What became of each declared dataset and table: the metrics need the zeros too. */
export interface DatasetOutcome {
  readonly dataset: string;
  /** false: its own settings or its undeclared tables were not all seen. */
  readonly read: boolean;
  readonly tables: readonly { readonly table: string; readonly status: TableStatus }[];
}
