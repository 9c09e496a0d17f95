import { styleText } from 'node:util';
import { printable } from '../words/printable.ts';
import { wrapped } from '../words/wrapped.ts';
import type { SlackBlock, SlackPayload } from './payload.ts';

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

interface Screen {
  readonly color: boolean;
  /** null, or absent: as wide as it likes. */
  readonly width?: number | null;
}

interface Sheet {
  readonly paint: Paint;
  readonly width: number | null;
}

/** The bar at the side, with a space. */
const MARGIN = 2;
/** Narrower, nothing would be read of it. */
const LEAST_WIDTH = 40;

/** A message as its reader sees it in Slack, for a terminal. */
export function previewSlack(payload: SlackPayload, { color, width = null }: Screen): string {
  const paint: Paint = (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
  const sheet = { paint, width: width === null ? null : Math.max(width, LEAST_WIDTH) - MARGIN };
  const lines = payload.blocks.flatMap((block) => ['', ...blockLines(block, sheet)]).slice(1);
  return `${lines.map((line) => `${paint('dim', '┃')} ${line}`.trimEnd()).join('\n')}\n`;
}

function blockLines(block: SlackBlock, sheet: Sheet): readonly string[] {
  const { paint, width } = sheet;
  switch (block.type) {
    case 'header':
      return wrapped(shown(block.text.text), width).map((line) => paint('bold', line));
    case 'section':
      return mrkdwnLines(block.text.text, sheet);
    case 'context':
      return block.elements
        .flatMap((element) => mrkdwnLines(element.text, sheet))
        .map((line) => paint('dim', line));
    case 'divider':
      return [paint('dim', '─'.repeat(40))];
  }
}

function mrkdwnLines(text: string, { paint, width }: Sheet): readonly string[] {
  let isCode = false;
  return text.split('\n').flatMap((line) => {
    if (line === FENCE) {
      isCode = !isCode;
      return [];
    }
    // A statement stays whole, so that it can be copied.
    if (isCode) return [`    ${paint('cyan', shown(line))}`];
    const quoted = /^> (.*)$/.exec(line)?.[1];
    if (quoted === undefined) {
      const [indent = ''] = /^ */.exec(line) ?? [];
      const columns = width === null ? null : width - indent.length;
      return wrapped(mrkdwnLine(line.trimStart(), paint), columns).map((part) => indent + part);
    }
    const columns = width === null ? null : width - QUOTED.length;
    return wrapped(mrkdwnLine(quoted, paint), columns).map((part) => paint('dim', `${QUOTED}${part}`));
  });
}

const QUOTED = '│ ';

/** Before and after lines of code. */
export const FENCE = '```';

/** Where a line of mrkdwn is more than text: named groups `code`, `target` with `label`, `bold`, `italic`. */
export const MARKS =
  /`(?<code>[^`]+)`|<(?<target>[^|>]+)(?:\|(?<label>[^>]*))?>|\*(?<bold>[^*]+)\*|(?<=^|\s)_(?<italic>[^_]+)_(?=$|\s)/g;

function mrkdwnLine(line: string, paint: Paint): string {
  let shownLine = '';
  let end = 0;
  for (const match of line.matchAll(MARKS)) {
    shownLine += shown(line.slice(end, match.index)) + markText(match.groups ?? {}, paint);
    end = match.index + match[0].length;
  }
  return shownLine + shown(line.slice(end));
}

function markText(mark: Readonly<Record<string, string | undefined>>, paint: Paint): string {
  const { code, target, label, bold, italic } = mark;
  if (code !== undefined) return paint('cyan', shown(code));
  if (bold !== undefined) return paint('bold', mrkdwnLine(bold, paint));
  if (italic !== undefined) return paint('italic', shown(italic));
  if (target === undefined) return '';
  if (target.startsWith('@')) return paint('blue', target);
  if (target.startsWith('!')) return paint('blue', `@${target.replace(/^!(subteam\^)?/, '')}`);
  return paint('underline', shown(label ?? target));
}

/** Escaped text as its reader sees it. */
export function shown(text: string): string {
  return printable(text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
}
