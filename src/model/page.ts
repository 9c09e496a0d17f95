import type { TableDetails } from './details.ts';
import type { Waiver } from './policy.ts';
import type { DatasetOutcome, Report } from './report.ts';
import type { Sight } from './sight.ts';
import type { State } from './state.ts';

/** All that the report page shows. */
export interface Page {
  readonly report: Report;
  readonly outcomes: readonly DatasetOutcome[];
  readonly sight: Sight;
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

/** Where a browser finds it. */
export interface PageAddress {
  /** The page of this run. */
  readonly page: string;
  /** The page of the newest run. */
  readonly latest: string;
  /** `shard-1-of-4`, where other pages tell of the other datasets; null: it tells of all. */
  readonly shard: string | null;
  /** Whether what follows a `#` reaches the page. */
  readonly takesFilter: boolean;
}
