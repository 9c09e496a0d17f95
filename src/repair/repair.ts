import { kindRow } from '../kinds/index.ts';
import type { Fix } from '../model/fix.ts';
import { type FixCase, noFix } from './repair-case.ts';

/**
 * What would make BigQuery be what the file expects again: statements in words, which nothing here executes. null: the
 * change is of a table or field that `expected` and `actual` do not hold, so that nothing certain can be said.
 */
export function fixFor(fixCase: FixCase): Fix | null {
  const { repair } = kindRow(fixCase.change.kind);
  return 'none' in repair ? noFix(repair.none) : repair(fixCase);
}
