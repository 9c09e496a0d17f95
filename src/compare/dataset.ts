import { compareSettings, DATASET_SETTINGS, foundSettings } from '../metadata/settings.ts';
import { MalformedError } from '../model/errors.ts';
import type { Change } from '../model/finding.ts';
import type { Resource } from '../model/ports.ts';
import type { Settings } from '../model/table.ts';

/**
 * How a dataset that is there differs from its file; empty: in sync.
 * @throws MalformedError when `actual` has not the shape of a Dataset resource
 */
export function compareDataset(expected: Settings | undefined, actual: Resource): readonly Change[] {
  // BigQuery always says it; a recorded answer needs it only where it is compared.
  if (expected?.has('dataset-location') && typeof actual['location'] !== 'string') {
    throw new MalformedError('location: absent from a Dataset resource');
  }
  return compareSettings(expected, foundSettings(DATASET_SETTINGS, actual).settings, null);
}
