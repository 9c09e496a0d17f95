import type { State } from '../../incidents/state.ts';
import { uncheckedKey } from '../../incidents/unchecked-incidents.ts';
import type { Subject } from '../../model/finding.ts';

/** For how many runs in a row there was no time for a dataset or table: who was left out longest comes first. */
export type StarvedRuns = (subject: Subject) => number;

/** For how many there was none, by what is remembered. A dataset of which nothing was read has one entry for all its tables. */
export function starvedBefore(unchecked: State['unchecked']): StarvedRuns {
  const runs = new Map(
    unchecked
      .filter(({ subject, resolution }) => resolution === null && subject.reason === 'out-of-time')
      .map((entry) => [entry.key, entry.runs]),
  );
  return ({ dataset, table }) =>
    Math.max(
      runs.get(uncheckedKey({ dataset, table })) ?? 0,
      runs.get(uncheckedKey({ dataset, table: null })) ?? 0,
    );
}
