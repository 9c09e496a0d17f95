import { compareFindings } from '../diff/judge.ts';
import type { TableDetails } from '../model/details.ts';
import type { Judged } from '../model/finding.ts';
import type { Verdict } from './confirm.ts';

/** How many tables a run remembers in full, so that what it holds grows with findings, and only so far. */
const MOST = 200;

/** Keeps the details of the worst tables, however many there are. */
export interface DetailsKeeper {
  /** Takes them out of the verdict. */
  keep(verdict: Verdict): Verdict;
  /** Worst first. */
  kept(): readonly TableDetails[];
}

export function createDetailsKeeper(most: number = MOST): DetailsKeeper {
  let entries: { readonly worst: Judged; readonly details: TableDetails }[] = [];
  const cut = () => {
    entries = entries.sort((one, other) => compareFindings(one.worst, other.worst)).slice(0, most);
  };
  return {
    keep(verdict) {
      if (verdict.status !== 'compared' || verdict.details === undefined) return verdict;
      const { details, ...rest } = verdict;
      const [worst] = [...verdict.judgement.open].sort(compareFindings);
      if (worst !== undefined) entries.push({ worst, details });
      // Now and then, so that a table costs no sorting of all of them.
      if (entries.length >= most * 2) cut();
      return rest;
    },
    kept() {
      cut();
      return entries.map(({ details }) => details);
    },
  };
}
