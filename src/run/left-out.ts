import { uncheckedKey } from '../diff/remember.ts';
import type { Reading } from '../model/ports.ts';
import type { State } from '../model/state.ts';

/** For how many runs there was no time, by what is remembered. A dataset of which nothing was read has one entry for all its tables. */
export function leftOutBefore(unchecked: State['unchecked']): Reading['leftOutRuns'] {
  const runs = new Map(
    unchecked
      .filter(({ about, closing }) => closing === null && about.reason === 'out-of-time')
      .map((entry) => [entry.key, entry.runs]),
  );
  return ({ dataset, table }) =>
    Math.max(
      runs.get(uncheckedKey({ dataset, table })) ?? 0,
      runs.get(uncheckedKey({ dataset, table: null })) ?? 0,
    );
}
