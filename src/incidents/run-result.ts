import type { Policy } from '../model/policy.ts';
import type { Report } from '../model/report.ts';
import type { ScanResult } from '../model/scan-result.ts';

/** What a run came to, as far as it is remembered. */
export interface RunResult {
  /** The run's moment: the same for every attempt at it, and never before that of the run before. */
  readonly now: Date;
  readonly report: Report;
  readonly scan: ScanResult;
  readonly policy: Policy;
  /** Which is told of it. */
  readonly channel: string;
  /** What could not be checked is told at once: nothing at all could be read, or nothing is remembered. */
  readonly alertImmediately: boolean;
  /** Nothing at all could be read, which is no result either. */
  readonly nothingRead: boolean;
}
