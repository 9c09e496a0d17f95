import { explain } from '../../kinds/words.ts';
import type { Finding, Judged } from '../../model/finding.ts';
import type { TimeTravel } from '../../model/time-travel.ts';
import type { InspectedDataset } from './dataset.ts';
import { isCompared } from './read-result.ts';
import type { Keeper } from './worst-tables.ts';

/** Puts findings into words, with the contract of their table and the time travel of their dataset. */
export function explainer(
  datasets: readonly InspectedDataset[],
  { keeper, now }: { readonly keeper: Keeper; readonly now: Date },
): (judged: Judged) => Finding {
  const known = new Map(datasets.map((dataset) => [dataset.declared.dataset, aboutOf(dataset, now)]));
  const unknown: TimeTravel = { hours: null, now };
  return (judged) => {
    const about = known.get(judged.dataset);
    const contract = about?.contracts.get(judged.table ?? '') ?? null;
    const fix = keeper.fixOf(judged.fingerprint);
    const repair = fix === undefined ? ({ isFixLeft: true } as const) : { fix };
    return explain({ ...judged, ...repair }, contract, about?.timeTravel ?? unknown);
  };
}

function aboutOf({ declared, result }: InspectedDataset, now: Date) {
  const timeTravel: TimeTravel = {
    hours: (isCompared(result) ? result.timeTravelHours : undefined) ?? null,
    now,
  };
  return { timeTravel, contracts: new Map(declared.tables.map(({ table, contract }) => [table, contract])) };
}
