/** Control characters (terminal escapes among them), line breaks, and marks that reorder or hide text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u3164]/gu;

/**
 * A name or message of somebody else on one line, with what could forge other text made visible. Names of
 * BigQuery may hold any letter: https://docs.cloud.google.com/bigquery/docs/tables
 */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, '\uFFFD');
}

/** JSON that is safe to print: its writer leaves C1 control characters raw, among them one that begins a terminal's escapes. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007F-\u009F]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** At most `length` characters, the last of them an ellipsis where something was cut. */
export function shortened(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

/** `1 table`, `13 tables` */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
