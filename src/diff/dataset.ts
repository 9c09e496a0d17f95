import type { Change } from '../model/finding.ts';
import type { Kind } from '../model/kinds.ts';
import type { Dataset, ExpectedDataset } from '../model/table.ts';

/** The settings of a dataset that are compared, each by the kind that names it. */
const SETTINGS = [
  ['dataset-location', 'location'],
  ['dataset-table-expiration', 'defaultTableExpirationMs'],
  ['dataset-partition-expiration', 'defaultPartitionExpirationMs'],
] as const satisfies readonly (readonly [Kind, keyof Dataset])[];

/** How a dataset that is there differs from its file; empty: in sync. */
export function compareDataset(expected: ExpectedDataset, actual: Dataset): readonly Change[] {
  return SETTINGS.flatMap(([kind, setting]): readonly Change[] => {
    const expectedValue = expected[setting];
    if (expectedValue === undefined || expectedValue === actual[setting]) return [];
    return [{ kind, path: null, expected: expectedValue, actual: actual[setting] }];
  });
}
