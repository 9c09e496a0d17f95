import { DATASET_SETTINGS, foundSettings } from '../metadata/settings.ts';
import { MalformedError } from '../model/errors.ts';
import type { Change, OpenFinding } from '../model/finding.ts';
import type { Resource } from '../model/ports.ts';
import type { Rechecks } from '../model/scan-result.ts';
import type { Settings } from '../model/table.ts';
import { recheckDataset } from './recheck.ts';
import { differences, rowsOf } from './rows.ts';

const ROWS = rowsOf('dataset');

/**
 * How a dataset that is there differs from its file, and what became of findings of earlier runs.
 * @throws MalformedError when `actual` has not the shape of a Dataset resource
 */
export function compareDataset(
  settings: Settings | undefined,
  actual: Resource,
  open: readonly OpenFinding[] = [],
): { readonly changes: readonly Change[]; readonly rechecks: Rechecks } {
  // BigQuery always says it; a recorded answer needs it only where it is compared.
  if (settings?.has('location') && typeof actual['location'] !== 'string') {
    throw new MalformedError('location: absent from a Dataset resource');
  }
  const expected = settings === undefined ? {} : { settings };
  const found = foundSettings(DATASET_SETTINGS, actual);
  const changes = differences(ROWS, { expected, actual: found, path: null });
  return { changes, rechecks: recheckDataset(open, settings, changes) };
}
