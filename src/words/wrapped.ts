import { stripVTControlCharacters } from 'node:util';

/** Letters that take two columns in a terminal: https://www.unicode.org/reports/tr11/ */
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303F\uFF01-\uFF60\uFFE0-\uFFE6]/u;
const MARKS = /\p{M}/gu;

/** How many columns of a terminal a text takes, as near as can be told without its font. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const letter of text.replace(MARKS, '')) columns += WIDE.test(letter) ? 2 : 1;
  return columns;
}

/**
 * The lines of a text of words, none of more columns than there are, where its words allow that: one that is longer, such
 * as a path, stays whole. null columns: one line. What styles a text takes no column.
 */
export function wrapped(text: string, columns: number | null): readonly string[] {
  if (columns === null) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && columnsOf(stripVTControlCharacters(longer)) > columns) {
      lines.push(line.trimEnd());
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
