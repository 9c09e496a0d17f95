import type { Finding, Fix } from '../model/finding.ts';

/** What would repair a finding, as it can be copied; nothing here executes it. */
export interface Repair {
  readonly how: Fix['how'];
  readonly statements: readonly string[];
  /** What to know before it is run, or why there is nothing to run; may be empty. */
  readonly note: string;
}

/** null: nothing certain can be said. `lastGoodAt`: when it was last read in order, which is the moment to restore from. */
export function repairOf({ fix }: Pick<Finding, 'fix'>, lastGoodAt: string | null): Repair | null {
  if (fix === null) return null;
  const filled = (text: string) =>
    lastGoodAt === null ? text : text.replaceAll('<ms>', String(Date.parse(lastGoodAt)));
  const statements = fix.statements.map((statement) => ended(filled(statement).trim()));
  const note = fix.note === null ? '' : filled(fix.note);
  return statements.length === 0 && note === '' ? null : { how: fix.how, statements, note };
}

/** A command of the shell has no semicolon, SQL has one. */
function ended(statement: string): string {
  return statement.startsWith('bq ') ? statement : statement.replace(/;?$/, ';');
}
