import type { Change } from '../model/finding.ts';
import { kindRow } from './index.ts';
import type { Weakened } from './kind.ts';
import { sayValue } from './words.ts';

/**
 * What an expected file protects no longer once it says what is there: that data stays as long, that it is read by those who
 * may, that it is there at all; each in words. Costs, words and order are no protection; nor are keys, which BigQuery does not
 * enforce: https://docs.cloud.google.com/bigquery/docs/primary-foreign-keys
 */
export function weakenings(changes: readonly Change[], file: Omit<Weakened, 'fromTo'>): readonly string[] {
  return changes.flatMap(
    (change) => kindRow(change.kind).weakens?.(change, { ...file, fromTo: fromTo(change) }) ?? [],
  );
}

function fromTo({ kind, expected, actual }: Change): string {
  const from = sayValue(kind, expected, { side: 'expected', contract: null });
  return `${from} → ${sayValue(kind, actual, { side: 'actual', contract: null })}`;
}
