import type { Judgement } from '../../judge/judge.ts';
import type { TableDetails } from '../../model/details.ts';
import type { Fix } from '../../model/fix.ts';
import type { Unreadable } from '../../model/ports.ts';
import type { Rechecks } from '../../model/scan-result.ts';

/** What reading one dataset or table came to. */
export type ReadResult = Compared | Unreadable;

export interface Compared {
  readonly status: 'present' | 'missing';
  readonly judgement: Judgement;
  /** Absent: nothing was there to be compared. */
  readonly rechecks?: Rechecks;
  readonly warnings: readonly string[];
  /** Of a dataset that states it, in hours. */
  readonly timeTravelHours?: number;
  /** Where there are findings, until it is kept or let go: it holds what was compared. */
  readonly inFull?: () => InFull;
}

/** What can be said of a dataset or table only while what was compared is at hand. */
export interface InFull {
  /** What would repair it, by fingerprint. */
  readonly fixes: ReadonlyMap<string, Fix | null>;
  /** null: of a dataset, or of what no file declares. */
  readonly details: TableDetails | null;
}

export const NO_FINDINGS: Judgement = { open: [], waived: [] };

/** Of a table that was not asked about, since its dataset is missing; one finding of the dataset tells of both. */
export const MISSING_WITH_DATASET: Compared = {
  status: 'missing',
  judgement: NO_FINDINGS,
  warnings: [],
};

export function isCompared(result: ReadResult): result is Compared {
  return result.status !== 'unreadable';
}

/** None of what could not be read. */
export function judgementOf(result: ReadResult): Judgement {
  return isCompared(result) ? result.judgement : NO_FINDINGS;
}

export function unreadable(reason: Unreadable['reason'], detail: string): Unreadable {
  return { status: 'unreadable', reason, detail };
}
