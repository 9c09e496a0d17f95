import type { Alert, Item } from '../incidents/alert.ts';
import type { MessageContext } from '../incidents/channel.ts';
import type { FailureRecord, FindingRecord, Incident, UncheckedRecord } from '../incidents/state.ts';
import { tableMissing } from '../kinds/table.ts';
import { lasting, moment } from '../words/moment.ts';
import { counted, shortened } from '../words/printable.ts';
import { subjectTitle } from '../words/subject.ts';
import { openings, whatOf } from './findings.ts';
import { escaped } from './mrkdwn.ts';
import {
  context,
  countsBy,
  header,
  MAX_SECTION,
  namedFirst,
  notification,
  reportLink,
  section,
  subjectLink,
  tableCounts,
} from './parts.ts';
import type { SlackBlock, SlackPayload } from './payload.ts';
import { thingsOf } from './unchecked.ts';

/** What is over: repaired, no longer expected, readable again. */
export function renderResolved(alert: Alert, scene: MessageContext): SlackPayload {
  const { project, report } = scene;
  const repaired = alert.findings.filter(({ record }) => record.closing?.how === 'repaired').length;
  const readable = alert.unchecked
    .filter(({ record }) => record.closing?.how !== 'not-expected')
    .map(({ record }) => record.about);
  const undeclared = alert.unchecked.length - readable.length;
  const dropped = alert.findings.length - repaired + undeclared;
  const counts = [
    ...alert.failures.map(() => 'the check works again'),
    ...(repaired === 0 ? [] : [`${repaired} repaired`]),
    ...(dropped === 0 ? [] : [`${dropped} no longer expected`]),
    ...(readable.length === 0 ? [] : [`${thingsOf(readable)} can be checked again`]),
  ];
  const title = `Resolved in ${project ?? 'BigQuery'}: ${counts.join(', ')}`;
  const { many, alone } = tablesThereAgain(alert.findings);
  const first = [
    ...alert.failures.map(worksAgainLine),
    ...readableLines(alert.unchecked, project),
    ...many.map((items) => manyLine(items, project)),
  ];
  const lines = [...first, ...alone.slice(0, MAX_WRITTEN).map((item) => overLine(item, scene))];
  return {
    text: notification(title, lines.map(shownLinks)),
    blocks: [
      header(title),
      ...(report === null
        ? []
        : [
            context(
              [tableCounts(report.tables), `checked ${moment(report.finishedAt)}`, ...reportLink(scene)].join(
                ' · ',
              ),
            ),
          ]),
      ...lineBlocks(lines, {
        all: first.length + alone.length,
        leftOf: (fits) => alone.slice(Math.max(0, fits - first.length)),
      }),
    ],
  };
}

export function worksAgainLine({ record }: Item<FailureRecord>): string {
  return `✅ the check works again, after ${durationOf(record)}`;
}

/** Of the lines; the rest of the message needs room as well. */
const MAX_LINES = 9000;

/** More lines than this no message has room for, so no more are written. */
export const MAX_WRITTEN = 500;

/** Lines in as few sections as hold them; what is left is counted. */
export function lineBlocks(
  lines: readonly string[],
  {
    all = lines.length,
    leftOf,
    most = MAX_LINES,
  }: {
    /** How many lines there would be. */
    readonly all?: number;
    readonly leftOf: (fits: number) => readonly Item<FindingRecord>[];
    readonly most?: number;
  },
): readonly SlackBlock[] {
  const texts: string[] = [];
  let fits = 0;
  let total = 0;
  for (const line of lines) {
    total += line.length + 1;
    if (total > most && fits > 0) break;
    fits += 1;
    const last = texts.at(-1);
    if (last === undefined || last.length + line.length + 1 > MAX_SECTION) texts.push(line);
    else texts[texts.length - 1] = `${last}\n${line}`;
  }
  const left = all - fits;
  if (left <= 0) return texts.map(section);
  const memos = leftOf(fits).map(({ record }) => record.about);
  const more = [
    `+${left.toLocaleString('en-US')} more`,
    ...(memos.length === 0
      ? []
      : [
          `by kind: ${countsBy(memos.map(({ kind }) => kind))}`,
          `by dataset: ${countsBy(memos.map(({ dataset }) => dataset))}`,
        ]),
  ].join('\n');
  return [...texts, more].map(section);
}

/** More than this of what can be checked again are told in one line. */
const MAX_READABLE = 5;

export function readableLines(
  items: readonly Item<UncheckedRecord>[],
  project: string | null,
): readonly string[] {
  const groups = Map.groupBy(items, ({ record }) => record.closing?.how);
  return [...groups.values()].flatMap((group) => {
    const records = group.map(({ record }) => record);
    const [first] = records;
    if (records.length <= MAX_READABLE || first === undefined) {
      return records.map((record) => readableLine(record, project));
    }
    const names = records.map(({ about }) => subjectTitle(about));
    const { sign, how } = readableWords(first, records.length);
    return [`${sign} ${thingsOf(records.map(({ about }) => about))} ${how}: ${namedFirst(names, 25)}`];
  });
}

/** Fewer tables of a dataset than this are told one by one, as when they went. */
const LEAST_TABLES = 5;

function tablesThereAgain(items: readonly Item<FindingRecord>[]): {
  readonly many: readonly (readonly Item<FindingRecord>[])[];
  readonly alone: readonly Item<FindingRecord>[];
} {
  const groups = new Map<string, Item<FindingRecord>[]>();
  for (const item of items) {
    const { about, closing, told } = item.record;
    if (about.kind !== tableMissing.id || closing?.how !== 'repaired' || told?.isOpen !== true) continue;
    const key = JSON.stringify([about.dataset, openedAt(item.record), item.record.episodes.at(-1)?.closedAt]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  const many = [...groups.values()].filter((group) => group.length >= LEAST_TABLES);
  const inGroups = new Set(many.flat());
  return { many, alone: items.filter((item) => !inGroups.has(item)) };
}

function manyLine(items: readonly Item<FindingRecord>[], project: string | null): string {
  const [first] = items;
  if (first === undefined) return '';
  const { dataset } = first.record.about;
  const names = items.map(({ record }) => record.about.table ?? '');
  return `✅ repaired, after ${durationOf(first.record)}: ${subjectLink({ dataset, table: null }, project)}: ${counted(items.length, 'table')} are there again: ${namedFirst(names, 25)}`;
}

/** One finding that is over, or that was. */
export function overLine({ record }: Item<FindingRecord>, { project, now }: MessageContext): string {
  const { about, closing, episodes, told } = record;
  const quoted = `${subjectLink(about, project)}: “${whatOf(about)}”`;
  const last = episodes.at(-1);
  const flapping = last?.isFlapping === true ? `, opened ${openings(episodes, now)} times within a day` : '';
  const untold = episodes.filter(({ isHeard }) => !isHeard).slice(-3);
  const periods = untold.map(
    ({ openedAt: from, closedAt }) => `from ${moment(from)} to ${moment(closedAt ?? '')}`,
  );
  const lasted = told?.isOpen === true ? `after ${durationOf(record)}` : `was open ${periods.join(', and ')}`;
  switch (closing?.how) {
    case 'waived':
      return `⏸ waived until ${escaped(closing.until)} (${escaped(shortened(closing.reason, 200))}): ${quoted}`;
    case 'not-expected':
      return `☑️ no longer expected: ${quoted}; the files or the policy changed, ${lasted}`;
    default:
      return `✅ repaired, ${lasted}${flapping}: ${quoted}`;
  }
}

function readableLine(record: Incident<UncheckedRecord>, project: string | null): string {
  const { sign, how } = readableWords(record, 1);
  return `${sign} ${subjectLink(record.about, project)} ${how}, after ${durationOf(record)}`;
}

function readableWords(
  { closing }: Incident<UncheckedRecord>,
  count: number,
): { readonly sign: string; readonly how: string } {
  if (closing?.how === 'missing') {
    return { sign: '☑️', how: `can be checked again, and ${count === 1 ? 'is' : 'are'} missing` };
  }
  if (closing?.how !== 'not-expected') return { sign: '✅', how: 'can be checked again' };
  return { sign: '☑️', how: count === 1 ? 'is no longer declared' : 'are no longer declared' };
}

/** A notification shows no links. */
export function shownLinks(line: string): string {
  return line.replace(/<[^|>]*\|([^>]*)>/g, '$1');
}

export function openedAt({ episodes }: Incident<unknown>): string {
  return episodes.at(-1)?.openedAt ?? '';
}

/** Since it was told as open: where Slack did not hear that it closed in between, that is all one to its readers. */
function durationOf({ episodes, told, lastSeenAt }: Incident<unknown>): string {
  const first = episodes.find(({ closedAt }) => closedAt === null || told === null || closedAt > told.at);
  const last = episodes.at(-1);
  return lasting((first ?? last)?.openedAt ?? lastSeenAt, last?.closedAt ?? lastSeenAt);
}
