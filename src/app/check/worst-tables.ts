import { compareFindings } from '../../judge/judge.ts';
import type { TableDetails } from '../../model/details.ts';
import { type Judged, TOO_MANY } from '../../model/finding.ts';
import type { Fix } from '../../model/fix.ts';
import { type InFull, isCompared, type ReadResult, unreadable } from './read-result.ts';

/** Of how many tables a run keeps all there is to say, so that what it holds grows with findings, and only so far. */
const MOST = 200;

/**
 * Findings of one run, those that are open since earlier runs among them: what the memory of the deployed function is measured to
 * hold (bench/README.md). Beyond it the process would end, and nobody would be told.
 */
const MOST_FINDINGS = 120_000;

/** Keeps what can be said only while a table's metadata is at hand: of the worst tables, and of the worst that are new. */
export interface Keeper {
  /** Takes it out of the result. */
  keep(result: ReadResult): ReadResult;
  /** Of the worst tables, worst first. */
  details(): readonly TableDetails[];
  /** What would repair a finding; undefined: it was not kept. */
  fixOf(fingerprint: string): Fix | null | undefined;
}

type Fixes = InFull['fixes'];

interface Entry {
  readonly worst: Judged;
  readonly isNew: boolean;
  readonly fixes: Fixes;
  readonly details: TableDetails;
}

export function createKeeper({
  repairs,
  isKnown = () => false,
  openBefore = 0,
  most = MOST,
  mostFindings = MOST_FINDINGS,
}: {
  /** Of all tables, or of the worst. */
  readonly repairs: 'all' | 'worst';
  /** Whether a finding, told by its fingerprint, is open since an earlier run. */
  readonly isKnown?: (fingerprint: string) => boolean;
  /** How many findings are open since earlier runs. */
  readonly openBefore?: number;
  readonly most?: number;
  readonly mostFindings?: number;
}): Keeper {
  let held = openBefore;
  let entries: Entry[] = [];
  /** The last that is among the worst, and among the worst that are new; undefined: there is room. */
  let last: { readonly worst: Judged | undefined; readonly isNew: Judged | undefined } = {
    worst: undefined,
    isNew: undefined,
  };
  /** Of datasets, and of what no file declares: there is little to say of each. */
  const others = new Map<string, Fix | null>();

  function cut(): void {
    const sorted = entries.sort((one, other) => compareFindings(one.worst, other.worst));
    const fresh = sorted.filter(({ isNew }) => isNew);
    const kept = new Set([...sorted.slice(0, most), ...fresh.slice(0, most)]);
    last = { worst: sorted[most - 1]?.worst, isNew: fresh[most - 1]?.worst };
    entries = sorted.filter((entry) => kept.has(entry));
  }

  function isWanted(worst: Judged, isNew: boolean): boolean {
    const isBefore = (other: Judged | undefined) => other === undefined || compareFindings(worst, other) < 0;
    return repairs === 'all' || isBefore(last.worst) || (isNew && isBefore(last.isNew));
  }

  function remember(fixes: Fixes): void {
    for (const [fingerprint, fix] of fixes) others.set(fingerprint, fix);
  }

  let shown: Fixes | null = null;
  return {
    keep(result) {
      if (!isCompared(result) || result.inFull === undefined) return result;
      const { inFull, ...rest } = result;
      const { open } = result.judgement;
      const [worst] = open.toSorted(compareFindings);
      const fresh = open.filter(({ fingerprint }) => !isKnown(fingerprint)).length;
      const isNew = fresh > 0;
      // One finding is no more than an entry of what is unchecked would be, and may be that all of it is gone.
      if (repairs === 'worst' && fresh > 1 && held + fresh > mostFindings) {
        return unreadable(
          'out-of-time',
          `${TOO_MANY}: this run holds ${held} findings, and no more of what differs`,
        );
      }
      held += fresh;
      if (worst !== undefined && !isWanted(worst, isNew)) return rest;
      const { fixes, details } = inFull();
      if (repairs === 'all' || (worst !== undefined && details === null)) remember(fixes);
      if (worst === undefined || details === null) return rest;
      entries.push({ worst, isNew, details, fixes: repairs === 'all' ? new Map() : fixes });
      // Now and then, so that a table costs no sorting of all of them.
      if (entries.length >= most * 4) cut();
      return rest;
    },
    details() {
      cut();
      return entries.slice(0, most).map(({ details }) => details);
    },
    fixOf(fingerprint) {
      if (shown === null) {
        cut();
        shown = new Map(entries.flatMap(({ fixes }) => [...fixes]));
      }
      return shown.get(fingerprint) ?? others.get(fingerprint);
    },
  };
}
