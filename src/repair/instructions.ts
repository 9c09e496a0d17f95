import type { Finding, Fix } from '../model/finding.ts';
import type { Blank, TimeTravel, Told } from '../model/restore.ts';
import { moment } from '../words/moment.ts';
import { RESTORABLE_AT_MOST, type Restorable, restorable, restorableUntil } from './recovery.ts';

/** What would repair a finding, as it can be copied; nothing here executes it. */
export interface Repair {
  readonly how: Fix['how'];
  readonly statements: readonly string[];
  /** What to know before it is run, or why there is nothing to run; may be empty. */
  readonly note: string;
}

/** What is remembered of a finding, at a moment. */
export interface Incident {
  readonly memo: Restorable;
  readonly now: Date;
}

/**
 * null: nothing certain can be said. With what is remembered of it the moment to restore from stands in it, as long as time
 * travel is sure to reach back to it.
 */
export function repairOf(
  finding: Pick<Finding, 'fix' | 'timeTravel'>,
  remembered: Incident | null,
): Repair | null {
  const fix = filledIn(finding, remembered);
  if (fix === null) return null;
  const statements = fix.statements.map((statement) => ended(statement.trim()));
  const note = fix.note ?? '';
  return statements.length === 0 && note === '' ? null : { how: fix.how, statements, note };
}

/** The fix with nothing left open that is known. */
export function filledIn(
  { fix, timeTravel }: Pick<Finding, 'fix' | 'timeTravel'>,
  remembered: Incident | null,
): { readonly how: Fix['how']; readonly statements: readonly string[]; readonly note: string | null } | null {
  if (fix === null) return null;
  const words = blanks(timeTravel, remembered);
  const say = (text: Told) =>
    typeof text === 'string'
      ? text
      : text.map((part) => (typeof part === 'string' ? part : words[part.blank])).join('');
  return {
    how: fix.how,
    statements: fix.statements.map(say),
    note: fix.note === null ? null : say(fix.note),
  };
}

/** A moment that is not known, for a person to fill in. */
const UNKNOWN = '<ms>';

function blanks(
  timeTravel: TimeTravel | undefined,
  remembered: Incident | null,
): Readonly<Record<Blank['blank'], string>> {
  const memo = remembered?.memo ?? null;
  const now = remembered?.now ?? timeTravel?.now;
  const until =
    now === undefined ? RESTORABLE_AT_MOST : restorable({ hours: timeTravel?.hours ?? null, now }, memo);
  const sureUntil = memo === null ? null : restorableUntil(memo);
  const isSure = now !== undefined && sureUntil !== null && sureUntil > now;
  if (!isSure || memo === null || memo.lastGoodAt === null) {
    const meaning = `${UNKNOWN} is a moment before it went, in milliseconds since 1970`;
    return { moment: UNKNOWN, meaning, until };
  }
  const ms = String(Date.parse(memo.lastGoodAt));
  return {
    moment: ms,
    meaning: `${ms} is ${moment(memo.lastGoodAt)}, when it was last seen in order`,
    until,
  };
}

/**
 * A command of the shell has no semicolon, SQL has one: on a line of its own where a comment may end the last. Comments before
 * it have none.
 */
function ended(statement: string): string {
  const lines = statement.split('\n');
  const command = lines.find((line) => !/^(?:#|--)/.test(line)) ?? '';
  if (/^bq /.test(command) || statement.endsWith(';')) return statement;
  return /--|#/.test(lines.at(-1) ?? '') ? `${statement}\n;` : `${statement};`;
}
