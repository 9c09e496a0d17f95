import type { SlackPayload } from '../../src/slack/payload.ts';

/*
 * A message in one line: what it is, what it tells of, and the facts of each. Its words are the goldens' concern; a story of
 * three days must be readable, and hold when a sentence is put better.
 */

interface Told {
  readonly gist: string;
  /** Findings, where a line may stand for several. */
  readonly findings: number;
  /** Whether they are over. */
  readonly isOver?: true;
}

/** What on-call must know beside what is told. */
const NOTES: readonly (readonly [said: RegExp, note: string])[] = [
  [/^First check/, 'first check'],
  [/\bNo state\b/, 'no state'],
  [/state-unreadable-/, 'state set aside'],
  [/Nothing was compared/, 'nothing compared'],
];

/** `Still open | sales.orders: field amount is missing (4 hours)` */
export function gistOf(payload: SlackPayload): string {
  const texts = textsOf(payload);
  const notes = NOTES.filter(([said]) => texts.some((text) => said.test(text)));
  const told = texts.flatMap(toldIn).map(({ gist }) => gist);
  return [topicOf(payload), ...told, ...notes.map(([, note]) => `(${note})`)].join(' | ');
}

/** How the text of every message begins. */
function topicOf({ text }: SlackPayload): string {
  return /^(?:Drift|Still open|Resolved|Unchecked)\b/.exec(text)?.[0] ?? text;
}

function textsOf({ blocks }: SlackPayload): readonly string[] {
  return blocks.flatMap((block) => {
    if (block.type === 'divider') return [];
    return block.type === 'context' ? block.elements.map(({ text }) => text) : [block.text.text];
  });
}

function toldIn(text: string): readonly Told[] {
  if (text.startsWith('```')) return [{ gist: failureGist(text), findings: 0 }];
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    if (/^(?:🔴|🟡|🔵) /u.test(line)) return [openFinding(line, lines[0] ?? '')];
    const [, names] = /^✅ .* can be checked again: (.*)$/u.exec(line) ?? [];
    if (names !== undefined) return [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => readable(name));
    if (/^(?:✅|☑️|⏸) /u.test(line)) return [whatIsOver(line)];
    if (line.startsWith('• ')) return [{ gist: causeGist(line, namesAfter(lines, index)), findings: 0 }];
    return [];
  });
}

/** `sales.orders: field amount is missing (4 hours)` */
function openFinding(line: string, heading: string): Told {
  const [what = '', ...life] = line.replace(/^\S+ /, '').split(' — ');
  const said = plain(what.replace(/[:,] .*/, ''));
  const [, several] = /^(\d+) of \d+ /.exec(said) ?? [];
  return {
    gist: `${subjectOf(heading)}: ${said}${factsOf(life.join(' '))}`,
    findings: Number(several ?? 1),
  };
}

function readable(name: string): Told {
  return { gist: `can be checked again ${name}`, findings: 0, isOver: true };
}

/** `repaired sales.orders: the table is missing (4 hours)` */
function whatIsOver(line: string): Told {
  const [how = line] = /repaired|no longer \w+|waived|can be checked again|works again/.exec(line) ?? [];
  const [quoted, what] = /“(.*)”/.exec(line) ?? [];
  const about = [subjectOf(line), plain(what ?? '')].filter((part) => part !== '');
  const facts = quoted === undefined ? line : line.replace(quoted, '');
  const isFinding = how === 'repaired' || how === 'no longer expected';
  return {
    gist: `${[how, about.join(': ')].join(' ').trim()}${factsOf(facts)}`,
    findings: isFinding ? Math.max(1, [...facts.matchAll(/`[^`]+`/g)].length) : 0,
    isOver: true,
  };
}

/** The lines that are set in under a cause. */
function namesAfter(lines: readonly string[], index: number): string {
  const end = lines.findIndex((line, other) => other > index && line.startsWith('• '));
  const below = lines.slice(index + 1, end === -1 ? undefined : end);
  return below.filter((line) => line.startsWith('   ')).join('\n');
}

/** `access denied, or deleted: crm people` */
function causeGist(line: string, below: string): string {
  const [what = ''] = line.split(';', 1);
  const [cause = what] = /access denied(?:, or deleted)?|over BigQuery's quota/.exec(what) ?? [];
  const names = [...`${what}\n${below}`.matchAll(/[*`]([^*`]+)[*`]/g)].flatMap(([, name = '']) => name);
  return `${cause}: ${names.filter((name) => !name.startsWith(cause)).join(' ')}`;
}

/** What failed; of several problems the first, by its place. */
function failureGist(text: string): string {
  const [what = '', problem = ''] = text.replaceAll('```', '').trim().split('\n');
  const place = /^\S+: \$\S*(?=:)/.exec(problem);
  return `${what.split(': ', 1)[0]}${place === null ? '' : ` (${place[0]})`}`;
}

/** The first link or name of a line. */
function subjectOf(line: string): string {
  return /<[^|>]+\|([^>]+)>/.exec(line)?.[1] ?? /\*([^*]+)\*/.exec(line)?.[1] ?? '';
}

/** Durations, moments, values, and the words that say which case it is. */
const FACT =
  /flapping|now (?:critical|warning)|\d+ times|\d+ days?(?: \d+ hours?)?|\d+ hours?|\d{4}-\d\d-\d\d(?: \d\d:\d\d)?|`[^`]+`/g;

function factsOf(text: string): string {
  const facts = [...text.matchAll(FACT)].map(([fact]) => plain(fact));
  return facts.length === 0 ? '' : ` (${facts.join(', ')})`;
}

function plain(text: string): string {
  return text.replace(/[*`]/g, '');
}

/** How many findings a message tells, as the function's answer counts them. */
export function countsOf(payload: SlackPayload): FindingCounts {
  const topic = topicOf(payload);
  const told = textsOf(payload).flatMap(toldIn);
  const count = (isOver: boolean) =>
    told.reduce((sum, each) => sum + ((each.isOver ?? false) === isOver ? each.findings : 0), 0);
  return {
    alerted: topic === 'Drift' ? count(false) : 0,
    reminded: topic === 'Still open' ? count(false) : 0,
    resolved: count(true),
  };
}

export interface FindingCounts {
  /** Opened, escalated and changed. */
  readonly alerted: number;
  readonly reminded: number;
  readonly resolved: number;
}
