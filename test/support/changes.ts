import type { Change } from '../../src/model/finding.ts';
import { valueText } from '../../src/model/value.ts';

/** Changes with the texts of their values, as reports have them. */
export function asTexts<C extends Change>(changes: readonly C[]) {
  return changes.map((change) => ({
    ...change,
    expected: valueText(change.expected),
    actual: valueText(change.actual),
  }));
}
