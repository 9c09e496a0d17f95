/** How far time travel can reach: https://docs.cloud.google.com/bigquery/docs/time-travel */
export const LEAST_WINDOW_HOURS = 48;
export const MOST_WINDOW_HOURS = 168;

/** What is known of how far back the data of a dataset can be restored. */
export interface TimeTravel {
  /** The dataset's own window; null: the dataset could not be read. */
  readonly hours: number | null;
  /** When it was seen to be gone. */
  readonly now: Date;
}

/**
 * What a statement or a note leaves open, since it is known only where it is shown: the moment to restore from in milliseconds
 * since 1970, what that moment is, and until when time travel can restore.
 */
export type Blank = { readonly blank: 'moment' | 'meaning' | 'until' };

/** A text, or the parts of one. Names are parts of their own, so that nothing inside of a name is ever filled in. */
export type Told = string | readonly (string | Blank)[];

export const MOMENT: Blank = { blank: 'moment' };
export const MEANING: Blank = { blank: 'meaning' };
export const UNTIL: Blank = { blank: 'until' };

/** A text with blanks as data: told`bq cp ${name}@${MOMENT}`. */
export function told(texts: TemplateStringsArray, ...values: readonly (Told | Blank)[]): Told {
  const parts: (string | Blank)[] = [];
  const add = (part: string | Blank) => {
    const last = parts.at(-1);
    if (part === '') return;
    if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part;
    else parts.push(part);
  };
  for (const [index, text] of texts.entries()) {
    add(text);
    const value = values[index];
    if (value === undefined) continue;
    if (typeof value === 'string' || 'blank' in value) add(value);
    else value.forEach(add);
  }
  return parts;
}
