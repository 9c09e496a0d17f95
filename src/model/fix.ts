/**
 * What a text leaves open, since it is known only where it is shown: the moment to restore from in milliseconds since 1970,
 * what that moment is, and until when time travel can restore.
 */
export type Blank = { readonly blank: 'moment' | 'meaning' | 'until' };

/** A text, or the parts of one. Names are parts of their own, so that nothing inside of a name is ever filled in. */
export type Text = string | readonly (string | Blank)[];

export const MOMENT: Blank = { blank: 'moment' };
export const MEANING: Blank = { blank: 'meaning' };
export const UNTIL: Blank = { blank: 'until' };

/** One thing to run by hand. `Content` is `Text`, or `string` where nothing is left open any more. */
export interface Statement<Content extends Text = Text> {
  /** `bq` is a command of the shell. */
  readonly language: 'sql' | 'bq';
  readonly text: Content;
  /** `ALTER TABLE …`, which stands before the text and may be followed by those of several statements, separated by commas. */
  readonly head?: string;
  /** What it makes BigQuery delete that it would else keep. */
  readonly danger?: string;
  readonly precondition?: Precondition;
}

/** What to do before a statement is run. */
export type Precondition =
  /** Count what the danger is about. */
  | { readonly type: 'count'; readonly query: string }
  /** Look at what these print, and go on only `where` it shows nothing that would be lost. */
  | { readonly type: 'look'; readonly where: string; readonly commands: readonly string[] }
  /** Write the file that the statement reads. */
  | { readonly type: 'write'; readonly file: string; readonly content: string };

/** How a finding would be repaired by a person; nothing here executes it. */
export interface Fix<Content extends Text = Text> {
  readonly how: 'in-place' | 'rebuild' | 'restore' | 'none';
  /** In the order in which they are run. */
  readonly statements: readonly Statement<Content>[];
  /** What to know before, or why there is no statement. */
  readonly note: Content | null;
}

type Details = Pick<Statement, 'head' | 'danger' | 'precondition'>;

export function sql(text: string, details: Details = {}): Statement {
  return { language: 'sql', text, ...details };
}

export function bq(text: Text, details: Details = {}): Statement {
  return { language: 'bq', text, ...details };
}

/** A text with blanks as data: withBlanks`bq cp ${name}@${MOMENT}`. */
export function withBlanks(texts: TemplateStringsArray, ...values: readonly (Text | Blank)[]): Text {
  const parts = texts.flatMap((text, index) => {
    const value = values[index] ?? '';
    return [text, ...(typeof value === 'string' || 'blank' in value ? [value] : value)];
  });
  return parts.filter((part) => part !== '');
}
