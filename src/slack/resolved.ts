import type { Alert, AlertItem } from '../incidents/alert.ts';
import type { MessageContext } from '../incidents/channel.ts';
import { isKnown } from '../incidents/notifications.ts';
import type { FailureRecord, FindingRecord, Incident, UncheckedRecord } from '../incidents/state.ts';
import { tableMissing } from '../kinds/table.ts';
import { lasting, moment } from '../words/moment.ts';
import { counted, shortened } from '../words/printable.ts';
import { subjectTitle } from '../words/subject.ts';
import { whatOf } from './findings.ts';
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
import { openings } from './time-before.ts';
import { thingsOf } from './unchecked.ts';

/** What is over: repaired, no longer expected, readable again. */
export function renderResolved(alert: Alert, scene: MessageContext): SlackPayload {
  const { project, report } = scene;
  const repaired = alert.findings.filter(({ record }) => record.resolution?.reason === 'repaired').length;
  const readable = alert.unchecked
    .filter(({ record }) => record.resolution?.reason !== 'not-expected')
    .map(({ record }) => record.subject);
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

export function worksAgainLine(item: AlertItem<FailureRecord>): string {
  return `✅ the check works again, after ${durationOf(item)}`;
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
    readonly leftOf: (fits: number) => readonly AlertItem<FindingRecord>[];
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
  const memos = leftOf(fits).map(({ record }) => record.subject);
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
  items: readonly AlertItem<UncheckedRecord>[],
  project: string | null,
): readonly string[] {
  const groups = Map.groupBy(items, ({ record }) => record.resolution?.reason);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (group.length <= MAX_READABLE || first === undefined) {
      return group.map((item) => readableLine(item, project));
    }
    const subjects = group.map(({ record }) => record.subject);
    const { sign, how } = readableWords(first.record, group.length);
    return [`${sign} ${thingsOf(subjects)} ${how}: ${namedFirst(subjects.map(subjectTitle), 25)}`];
  });
}

/** Fewer tables of a dataset than this are told one by one, as when they went. */
const LEAST_TABLES = 5;

function tablesThereAgain(items: readonly AlertItem<FindingRecord>[]): {
  readonly many: readonly (readonly AlertItem<FindingRecord>[])[];
  readonly alone: readonly AlertItem<FindingRecord>[];
} {
  const groups = new Map<string, AlertItem<FindingRecord>[]>();
  for (const item of items) {
    const { subject, resolution } = item.record;
    const isThereAgain = subject.kind === tableMissing.id && resolution?.reason === 'repaired';
    if (!isThereAgain || item.lastNotification?.isOpen !== true) continue;
    const key = JSON.stringify([
      subject.dataset,
      openedAt(item.record),
      item.record.episodes.at(-1)?.closedAt,
    ]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  const many = [...groups.values()].filter((group) => group.length >= LEAST_TABLES);
  const inGroups = new Set(many.flat());
  return { many, alone: items.filter((item) => !inGroups.has(item)) };
}

function manyLine(items: readonly AlertItem<FindingRecord>[], project: string | null): string {
  const [first] = items;
  if (first === undefined) return '';
  const { dataset } = first.record.subject;
  const names = items.map(({ record }) => record.subject.table ?? '');
  return `✅ repaired, after ${durationOf(first)}: ${subjectLink({ dataset, table: null }, project)}: ${counted(items.length, 'table')} are there again: ${namedFirst(names, 25)}`;
}

/** One finding that is over, or that was. */
export function overLine(item: AlertItem<FindingRecord>, { project, now }: MessageContext): string {
  const { subject, resolution, episodes } = item.record;
  const quoted = `${subjectLink(subject, project)}: “${whatOf(subject)}”`;
  const last = episodes.at(-1);
  const flapping = last?.isFlapping === true ? `, opened ${openings(episodes, now)} times within a day` : '';
  const untold = episodes.filter((episode) => !isKnown(episode, item.lastNotification));
  const periods = untold
    .slice(-3)
    .map(({ openedAt: from, closedAt }) => `from ${moment(from)} to ${moment(closedAt ?? '')}`);
  const lasted =
    item.lastNotification?.isOpen === true
      ? `after ${durationOf(item)}`
      : `was open ${periods.join(', and ')}`;
  switch (resolution?.reason) {
    case 'waived':
      return `⏸ waived until ${escaped(resolution.until)} (${escaped(shortened(resolution.waiverReason, 200))}): ${quoted}`;
    case 'not-expected':
      return `☑️ no longer expected: ${quoted}; the files or the policy changed, ${lasted}`;
    default:
      return `✅ repaired, ${lasted}${flapping}: ${quoted}`;
  }
}

function readableLine(item: AlertItem<UncheckedRecord>, project: string | null): string {
  const { sign, how } = readableWords(item.record, 1);
  return `${sign} ${subjectLink(item.record.subject, project)} ${how}, after ${durationOf(item)}`;
}

function readableWords(
  { resolution }: Incident<UncheckedRecord>,
  count: number,
): { readonly sign: string; readonly how: string } {
  if (resolution?.reason === 'missing') {
    return { sign: '☑️', how: `can be checked again, and ${count === 1 ? 'is' : 'are'} missing` };
  }
  if (resolution?.reason !== 'not-expected') return { sign: '✅', how: 'can be checked again' };
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
function durationOf({ record, lastNotification: told }: AlertItem<unknown>): string {
  const { episodes, lastSeenAt } = record;
  const first = episodes.find(({ closedAt }) => closedAt === null || told === null || closedAt > told.at);
  const last = episodes.at(-1);
  return lasting((first ?? last)?.openedAt ?? lastSeenAt, last?.closedAt ?? lastSeenAt);
}
