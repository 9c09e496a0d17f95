import { formatDuration } from '../model/duration.ts';
import type { Finding, Fix } from '../model/finding.ts';
import { RESTORED_FROM, USUAL_WINDOW } from '../model/restore.ts';
import type { FindingMemo } from '../model/state.ts';
import { restorableUntil } from './recovery.ts';

/** What would repair a finding, as it can be copied; nothing here executes it. */
export interface Repair {
  readonly how: Fix['how'];
  readonly statements: readonly string[];
  /** What to know before it is run, or why there is nothing to run; may be empty. */
  readonly note: string;
}

/**
 * null: nothing certain can be said. With what is remembered of it the moment to restore from stands in it, as long as time
 * travel is sure to reach back to it, and how far that reaches.
 */
export function repairOf(
  { fix }: Pick<Finding, 'fix'>,
  remembered: { readonly memo: Restorable; readonly now: Date } | null,
): Repair | null {
  if (fix === null) return null;
  const said = (text: string) => (remembered === null ? text : withMoment(text, remembered));
  const statements = fix.statements.map((statement) => ended(said(statement).trim()));
  const note = fix.note === null ? '' : said(fix.note);
  return statements.length === 0 && note === '' ? null : { how: fix.how, statements, note };
}

type Restorable = Pick<FindingMemo, 'lastGoodAt' | 'timeTravelHours'>;

function withMoment(text: string, { memo, now }: { readonly memo: Restorable; readonly now: Date }): string {
  const { lastGoodAt, timeTravelHours } = memo;
  const until = restorableUntil(memo);
  const isSure = lastGoodAt !== null && until !== null && until > now;
  const dated = isSure ? text.replaceAll(RESTORED_FROM, String(Date.parse(lastGoodAt))) : text;
  if (timeTravelHours === null) return dated;
  return dated.replaceAll(USUAL_WINDOW, formatDuration(timeTravelHours * HOUR_MS));
}

const HOUR_MS = 3_600_000;

/** A command of the shell has no semicolon, SQL has one. */
function ended(statement: string): string {
  return statement.startsWith('bq ') ? statement : statement.replace(/;?$/, ';');
}
