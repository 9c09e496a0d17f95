import type { Alert } from '../incidents/alert.ts';
import type { MessageContext } from '../incidents/channel.ts';
import type { Incident, UncheckedRecord } from '../incidents/state.ts';
import type { UncheckedReason } from '../model/finding.ts';
import { moment } from '../words/moment.ts';
import { counted, shortened } from '../words/printable.ts';
import { causeOf, isPerhapsGone, lossNotes, remedyOf } from '../words/unchecked.ts';
import { code, escaped, quote } from './mrkdwn.ts';
import {
  context,
  header,
  joined,
  namedFirst,
  notification,
  reportLink,
  section,
  tableCounts,
} from './parts.ts';
import type { SlackPayload } from './payload.ts';

/** What could not be checked for long enough, with the cause and what to do about it. */
export function renderUnchecked(alert: Alert, scene: MessageContext): SlackPayload {
  const { project, report, account, cause, now } = scene;
  const where = project ?? 'BigQuery';
  const entries = alert.unchecked.map(({ record }) => toldOf(record));
  const isBlind = report !== null && report.tables.inSync + report.tables.drifted === 0;
  const title = isBlind
    ? `Unchecked: nothing could be read in ${where}`
    : `Unchecked in ${where}: ${thingsOf(entries)}`;
  const [since = ''] = alert.unchecked.map(({ record }) => record.episodes.at(-1)?.openedAt ?? '').sort();
  const heading = '*Could not be checked*';
  // Where one cause explains all, each read would only repeat it.
  const sections =
    cause === null
      ? uncheckedSections(heading, entries, { account, now, most: MAX_CAUSES_ALONE })
      : [joined(heading, [escaped(shortened(cause, 500))])];
  const phone = cause === null ? causes(entries).map(causeOnPhone) : [escaped(shortened(cause, 500))];
  return {
    text: notification(title, phone),
    blocks: [
      header(title),
      context(
        [
          ...(report === null ? [] : [tableCounts(report.tables)]),
          `since ${moment(since)}`,
          'not checked is neither in sync nor drifted',
          ...reportLink(scene),
        ].join(' · '),
      ),
      ...sections.map(section),
    ],
  };
}

/** What is told of one thing. */
export interface UncheckedTold extends UncheckedRecord {
  /** Of a dataset: none of its tables can be read either. */
  readonly isWithTables: boolean;
}

export function toldOf({ subject, actual }: Incident<UncheckedRecord>): UncheckedTold {
  return { ...subject, isWithTables: actual === 'dataset and tables' };
}

/** `1 dataset, 2 tables` */
export function thingsOf(entries: readonly UncheckedRecord[]): string {
  const tables = entries.filter(({ table }) => table !== null).length;
  const whole = new Set(
    entries.flatMap(({ dataset, table, isListOnly }) => (table === null && !isListOnly ? [dataset] : [])),
  );
  const lists = new Set(entries.flatMap(({ dataset, isListOnly }) => (isListOnly ? [dataset] : [])));
  const isListUnread = whole.delete('*');
  return [
    ...(isListUnread ? ['the list of datasets'] : []),
    ...(whole.size === 0 ? [] : [counted(whole.size, 'dataset')]),
    ...(lists.size === 0 ? [] : [counted(lists.size, 'table list')]),
    ...(tables === 0 ? [] : [counted(tables, 'table')]),
  ].join(', ');
}

/** Of all causes, in a message that tells of findings as well. */
const MAX_CAUSES = 4000;
const MAX_CAUSES_ALONE = 10_000;
/** Of one dataset; of several datasets fewer of each, so that what follows has room. */
const MAX_NAMED = 20;
const MAX_NAMED_OF_EACH = 2;
const MAX_DATASETS = 8;

/**
 * A section for each cause: what it is, of what, and what helps; then the names, what may be lost, and the first of the
 * service's own words.
 * `• analytics: access denied, 2 tables; grant roles/bigquery.metadataViewer to …`
 */
export function uncheckedSections(
  heading: string,
  entries: readonly UncheckedTold[],
  {
    account,
    now,
    most = MAX_CAUSES,
  }: { readonly account: string | null; readonly now: Date; readonly most?: number },
): readonly string[] {
  const texts = causes(entries).map((cause, index) => {
    const [first, ...lines] = [
      ...(index === 0 ? [heading] : []),
      `• ${causeLine(cause, account)}`,
      ...placeLines(cause).map((line) => `   ${line}`),
      ...(cause.isGone ? lossNotes(cause.group, now).map(quote) : []),
      ...cause.group.slice(0, 1).map(({ detail }) => quote(shortened(detail, 200))),
    ];
    return joined(first ?? '', lines);
  });
  let total = 0;
  const shown = texts.filter((text, index) => {
    total += text.length;
    return index === 0 || total <= most;
  });
  const left = texts.length - shown.length;
  return left === 0 ? shown : [...shown, `+${counted(left, 'more cause')}`];
}

interface Cause {
  /** What is alike in all of the group. */
  readonly first: UncheckedTold;
  readonly group: readonly UncheckedTold[];
  readonly reason: UncheckedReason;
  /** It was readable before, and may be deleted. */
  readonly isGone: boolean;
  readonly why: string;
  readonly datasets: readonly string[];
}

function causes(entries: readonly UncheckedTold[]): readonly Cause[] {
  const groups = Map.groupBy(entries, (entry) => JSON.stringify([entry.reason, isPerhapsGone(entry)]));
  return [...groups.values()].flatMap((group): readonly Cause[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { reason } = first;
    const cause = causeOf(first);
    const datasets = [...new Set(group.map(({ dataset }) => dataset))];
    const isGone = isPerhapsGone(first);
    return [{ group, first, reason, isGone, why: isGone ? `${cause}, or deleted` : cause, datasets }];
  });
}

function causeLine({ group, first, why, datasets }: Cause, account: string | null): string {
  const remedy = remedyOf(first, account);
  const [only] = datasets;
  const isOne = datasets.length === 1 && only !== undefined;
  const what = isOne ? `*${nameOf(only)}*: ${why}` : `*${why}*`;
  const of = isOne ? (only === '*' ? '' : parts(group)) : thingsOf(group);
  return [`${what}${of === '' ? '' : `, ${of}`}`, ...(remedy === null ? [] : [escaped(remedy)])].join('; ');
}

function causeOnPhone({ group, why, datasets }: Cause): string {
  const [only = ''] = datasets;
  if (datasets.length > 1) return `${why}: ${thingsOf(group)}`;
  if (only === '*') return `${nameOf(only)}: ${why}`;
  const tables = group.flatMap(({ table }) => table ?? []);
  const names = tables.slice(0, MAX_NAMED_OF_EACH).map((table) => escaped(shortened(table, 60)));
  return `${nameOf(only)}: ${why}, ${parts(group)}${names.length === 0 ? '' : ` (${names.join(', ')}${tables.length > names.length ? ', …' : ''})`}`;
}

/** The names, under what they belong to. */
function placeLines({ group, datasets }: Cause): readonly string[] {
  const [only] = datasets;
  const tablesOf = (entries: readonly UncheckedRecord[]) => entries.flatMap(({ table }) => table ?? []);
  if (datasets.length === 1 && only !== undefined) {
    const tables = tablesOf(group);
    return tables.length === 0 ? [] : [namedFirst(tables, MAX_NAMED)];
  }
  const more = datasets.length - MAX_DATASETS;
  return [
    ...datasets.slice(0, MAX_DATASETS).map((dataset) => {
      const entries = group.filter((entry) => entry.dataset === dataset);
      if (dataset === '*') return nameOf(dataset);
      const tables = tablesOf(entries);
      const names = tables.length === 0 ? '' : `: ${namedFirst(tables, MAX_NAMED_OF_EACH)}`;
      return `${code(dataset, 60)}: ${parts(entries)}${names}`;
    }),
    ...(more > 0 ? [`+${counted(more, 'more dataset')}`] : []),
  ];
}

function nameOf(dataset: string): string {
  return dataset === '*' ? 'the list of datasets' : escaped(shortened(dataset, 120));
}

/** What of one dataset: `the dataset itself and 2 tables`. */
function parts(entries: readonly UncheckedTold[]): string {
  const tables = entries.filter(({ table }) => table !== null).length;
  const own = entries.find(({ table }) => table === null);
  return [
    ...(own === undefined ? [] : [ownPart(own)]),
    ...(tables === 0 ? [] : [counted(tables, 'table')]),
  ].join(' and ');
}

function ownPart({ isListOnly, isWithTables }: UncheckedTold): string {
  if (isListOnly) return 'the list of its tables';
  return isWithTables ? 'the dataset with all its tables' : 'the dataset itself';
}
