import type { State } from '../incidents/state.ts';
import type { TableDetails } from '../model/details.ts';
import type { Waiver } from '../model/policy.ts';
import type { PageAddress } from '../model/ports.ts';
import type { Report } from '../model/report.ts';
import type { ScanResult } from '../model/scan-result.ts';

/** All that the report page shows. */
export interface Page {
  readonly report: Report;
  readonly scan: ScanResult;
  /** Of the worst tables. */
  readonly details: readonly TableDetails[];
  /** Of the policy, in declared names. */
  readonly waivers: readonly Waiver[];
  /** After this run; null: nothing is remembered, so since when and how it was before are not known. */
  readonly state: State | null;
  /** The run's moment. */
  readonly now: Date;
  /** Whom to grant access; null: not known. */
  readonly account: string | null;
  /** null: the page is a file of somebody's own. */
  readonly address: PageAddress | null;
}
