import type { TableCounts } from '../model/report.ts';
import { SEVERITIES, type Severity } from '../model/severity.ts';
import { consoleUrl, type Linked } from '../words/console-url.ts';
import { counted, printable, shortened } from '../words/printable.ts';
import { subjectTitle } from '../words/subject.ts';
import { code, escaped, fitted, link } from './mrkdwn.ts';
import type { SlackBlock, SlackText } from './payload.ts';

/*
 * Slack's limits, https://docs.slack.dev/reference/block-kit/blocks: 50 blocks, 150 characters in a header, 3,000 in a section. The
 * sum over all blocks has an undocumented limit of about 13,200 (github.com/slackapi/bolt-js/issues/2509).
 */
const MAX_HEADER = 150;
export const MAX_SECTION = 2900;
const MAX_SECTIONS = 40;
/** Of the findings; the rest of a message needs room as well. */
const MAX_FINDINGS = 9000;
const MAX_TOTAL = 12_000;
const MAX_BLOCKS = 50;
/** A longer address is not shown: a link that is cut is none. */
export const MAX_LINK = 1000;
const MAX_NOTIFICATION = 600;

export const SIGN: Readonly<Record<Severity, string>> = { critical: '🔴', warning: '🟡', info: '🔵' };

export function header(text: string): SlackBlock {
  return { type: 'header', text: { type: 'plain_text', text: shortened(printable(text), MAX_HEADER) } };
}

export function section(text: string): SlackBlock {
  return { type: 'section', text: mrkdwn(text) };
}

export function context(text: string): SlackBlock {
  return { type: 'context', elements: [mrkdwn(text)] };
}

function mrkdwn(text: string): SlackText {
  return { type: 'mrkdwn', text: fitted(text, MAX_SECTION), verbatim: true };
}

/** As many blocks, from the first on, as Slack takes; that others were left out is said. */
export function bounded(blocks: readonly SlackBlock[]): readonly SlackBlock[] {
  let total = 0;
  for (const [index, block] of blocks.entries()) {
    total += textOf(block).length;
    const isLast = index === blocks.length - 1;
    const fits = total <= MAX_TOTAL && (isLast || index < MAX_BLOCKS - 1);
    if (fits) continue;
    const left = counted(blocks.length - index, 'more part');
    return [...blocks.slice(0, index), context(`+${left} of this message did not fit`)];
  }
  return blocks;
}

function textOf(block: SlackBlock): string {
  if (block.type === 'divider') return '';
  return block.type === 'context' ? block.elements.map(({ text }) => text).join('') : block.text.text;
}

/** What a phone shows before the message is opened: its title and its first lines. Escaped text. */
export function notification(title: string, lines: readonly string[]): string {
  const shown = lines.slice(0, 5).join('; ');
  return fitted(`${escaped(title)}${shown === '' ? '' : `. ${shown}`}`, MAX_NOTIFICATION);
}

/** A heading with the lines beneath it, as many as a section holds; of the first at least its beginning. */
export function joined(heading: string, lines: readonly string[]): string {
  let text = heading;
  for (const [index, line] of lines.entries()) {
    const room = MAX_SECTION - 30 - text.length;
    if (line.length > room && index > 0) return `${text}\n+${counted(lines.length - index, 'more line')}`;
    text += `\n${fitted(line, Math.max(0, room))}`;
  }
  return text;
}

/** As many texts, from the first on, as one message takes beside what its other parts need. */
export function fitting(texts: readonly string[], taken = 0): number {
  let total = taken;
  for (const [index, text] of texts.entries()) {
    total += text.length;
    if (index >= MAX_SECTIONS || total > MAX_FINDINGS) return index;
  }
  return texts.length;
}

/** As Slack counts it. */
export function lengthOf(blocks: readonly SlackBlock[]): number {
  return blocks.reduce((sum, block) => sum + textOf(block).length, 0);
}

/** Everything at a glance. Slack makes no link of a file's address. */
export function reportLink({ reportUrl }: { readonly reportUrl: string | null }): readonly string[] {
  if (reportUrl === null || reportUrl.length > MAX_LINK) return [];
  return [/^https?:/.test(reportUrl) ? link(reportUrl, 'report') : `report: ${escaped(reportUrl)}`];
}

/** Where stands what a message has no room for. */
export function elsewhere({ reportUrl }: { readonly reportUrl: string | null }): string {
  return reportUrl === null ? 'drift check --format json' : 'the report, or drift check --format json';
}

/** The name of a dataset or table, linked to its page in the Cloud console. */
export function subjectLink(subject: Linked, project: string | null): string {
  const title = shortened(subjectTitle(subject), 200);
  const url = project === null || subject.dataset === '*' ? null : consoleUrl(subject, project);
  // A name of other letters is many times as long in an address.
  return `*${url === null || url.length > MAX_LINK ? escaped(title) : link(url, title)}*`;
}

/** `2 critical, 1 warning` */
export function severityCounts(items: readonly { readonly severity: Severity }[]): string {
  return SEVERITIES.map((severity) => ({
    severity,
    count: items.filter((item) => item.severity === severity).length,
  }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => `${count} ${severity}`)
    .join(', ');
}

export function tableCounts(tables: TableCounts): string {
  const all = tables.inSync + tables.drifted + tables.unchecked;
  return `${counted(all, 'table')}: ${tables.inSync} in sync, ${tables.drifted} drifted, ${tables.unchecked} not checked`;
}

/** `60 <kind>, 2 <kind>` of the most frequent names. */
export function countsBy(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const sorted = [...counts].sort(([, count], [, other]) => other - count);
  const shown = sorted.slice(0, 8).map(([name, count]) => `${count} ${escaped(shortened(name, 60))}`);
  return [...shown, ...(sorted.length > shown.length ? [`${sorted.length - shown.length} more`] : [])].join(
    ', ',
  );
}

/** Names in code, the first of them. */
export function namedFirst(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).map((name) => code(name, 60));
  return `${shown.join(', ')}${names.length > shown.length ? ` +${names.length - shown.length} more` : ''}`;
}
