import type { Report } from '../model/report.ts';
import type { ScanResult } from '../model/scan-result.ts';
import type { Severity } from '../model/severity.ts';

/** What a message needs beside what it tells. */
export interface MessageContext {
  readonly project: string | null;
  /** The run's moment. */
  readonly now: Date;
  /** null: the run has no result. */
  readonly report: Report | null;
  /** null: the run has no result. */
  readonly scan: ScanResult | null;
  /** Whether there was a run before, as far as is known; `none`: nothing is remembered, `asked`: somebody asks for it. */
  readonly memory: 'kept' | 'first' | 'none' | 'asked';
  readonly minimumSeverity: Severity;
  /** Why nothing could be read, where one cause is known. */
  readonly cause: string | null;
  /** What on-call must know of the monitor itself. */
  readonly note: string | null;
  /** Whom to grant access; null: not known. */
  readonly account: string | null;
  /** The report page of this run; null: there is none. */
  readonly reportUrl: string | null;
  /** Why there is none, although there should be. */
  readonly reportProblem: string | null;
}
