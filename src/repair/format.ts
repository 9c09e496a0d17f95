import type { Finding } from '../model/finding.ts';
import type { Blank, Fix, Statement, Text } from '../model/fix.ts';
import type { TimeTravel } from '../model/time-travel.ts';
import { moment } from '../words/moment.ts';
import { RESTORABLE_AT_MOST, type Restorable, restorable, restorableUntil } from './recovery.ts';

/** What would repair a finding, with nothing left open. */
export type Repair = Fix<string>;

/** What is remembered of a finding, at a moment. */
export interface Incident {
  readonly memo: Restorable;
  readonly now: Date;
}

type Fixed = Pick<Finding, 'fix' | 'timeTravel'>;

/**
 * null: nothing certain can be said. With what is remembered of it the moment to restore from stands in it, as long as time
 * travel is sure to reach back to it.
 */
export function repairOf(finding: Fixed, remembered: Incident | null): Repair | null {
  const repair = filledIn(finding, remembered);
  return repair === null || (repair.statements.length === 0 && repair.note === null) ? null : repair;
}

/** As the JSON report has it: each statement without what would end it. */
export function publicFix(
  finding: Fixed,
): { readonly how: Fix['how']; readonly statements: readonly string[]; readonly note: string | null } | null {
  const repair = filledIn(finding, null);
  if (repair === null) return null;
  const { how, statements, note } = repair;
  const texts = statements.flatMap(steps).map(({ comments, text }) => [...comments, text].join('\n'));
  return { how, statements: texts, note };
}

/** The lines of each, as they can be copied. */
export function copyable(statements: readonly Statement<string>[]): readonly (readonly string[])[] {
  return statements
    .flatMap(steps)
    .map(({ comments, language, text }) => [
      ...comments,
      ...(language === 'sql' ? ended(text.trim()) : text.trim()).split('\n'),
    ]);
}

/**
 * Statements with the same head as one, before all others: BigQuery takes five changes of a table in ten seconds (quotas, "Standard
 * tables").
 */
export function joined(statements: readonly Statement<string>[]): readonly Statement<string>[] {
  const withHead = statements.filter(({ head }) => head !== undefined);
  const others = statements.filter(({ head }) => head === undefined);
  const byHead = [...Map.groupBy(withHead, ({ head }) => head)];
  return [
    ...byHead.map(([head = '', members]): Statement<string> => {
      const texts = members.map(({ text }) => (mayHideEnd(text) ? `${text}\n` : text));
      return { language: 'sql', head, text: texts.join(',\n  ') };
    }),
    ...others,
  ];
}

function filledIn({ fix, timeTravel }: Fixed, remembered: Incident | null): Repair | null {
  if (fix === null) return null;
  const words = blanks(timeTravel, remembered);
  const fill = (text: Text) =>
    typeof text === 'string'
      ? text
      : text.map((part) => (typeof part === 'string' ? part : words[part.blank])).join('');
  return {
    how: fix.how,
    statements: fix.statements.map((statement) => ({ ...statement, text: fill(statement.text) })),
    note: fix.note === null ? null : fill(fix.note),
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

/** What is run at once, with the lines that are said before it. */
interface Step {
  readonly comments: readonly string[];
  readonly language: Statement['language'];
  readonly text: string;
}

function steps(statement: Statement<string>): readonly Step[] {
  const { language, text, head, danger, precondition } = statement;
  const whole = head === undefined ? text : `${head} ${text}`;
  const itself: Step = {
    comments: danger === undefined ? [] : [comment(language, danger)],
    language,
    text: whole,
  };
  switch (precondition?.type) {
    case undefined:
      return [itself];
    case 'count': {
      const counts = comment('sql', `${danger}: this query counts them`);
      return [{ comments: [counts], language: 'sql', text: precondition.query }, itself];
    }
    case 'look': {
      const [first = '', ...others] = precondition.commands;
      const why = comment('bq', `First: go on only where ${precondition.where}`);
      return [
        { comments: [why], language: 'bq', text: first },
        ...others.map((command): Step => ({ comments: [], language: 'bq', text: command })),
        itself,
      ];
    }
    case 'write':
      return [{ ...itself, comments: [comment('bq', `${precondition.file}: ${precondition.content}`)] }];
  }
}

/** It ends with its line, so that nothing in it may end the line. */
function comment(language: Statement['language'], text: string): string {
  return `${language === 'sql' ? '--' : '#'} ${text.replace(/[\p{Cc}\u2028\u2029]/gu, '\uFFFD')}`;
}

function ended(sql: string): string {
  if (sql.endsWith(';')) return sql;
  return mayHideEnd(sql) ? `${sql}\n;` : `${sql};`;
}

/** Whether what follows on the last line may belong to a comment of somebody else's query. */
function mayHideEnd(sql: string): boolean {
  return /--|#/.test(sql.slice(sql.lastIndexOf('\n') + 1));
}
