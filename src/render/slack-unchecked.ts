import type { Alert } from '../model/alert.ts';
import type { SlackPayload } from '../model/ports.ts';
import type { UncheckedMemo } from '../model/state.ts';
import { moment } from './moment.ts';
import { code, escaped } from './mrkdwn.ts';
import { counted, shortened } from './printable.ts';
import type { Scene } from './scene.ts';
import {
  context,
  header,
  joined,
  namedFirst,
  notification,
  reportLink,
  section,
  tableCounts,
} from './slack-parts.ts';
import { HIDDEN_OR_GONE, REASONS } from './unchecked-words.ts';

/** What could not be checked for long enough, with the cause and what to do about it. */
export function renderUnchecked(alert: Alert, scene: Scene): SlackPayload {
  const { project, report, account, cause } = scene;
  const where = project ?? 'BigQuery';
  const entries = alert.unchecked.map(({ record }) => record.about);
  const isBlind = report !== null && report.tables.inSync + report.tables.drifted === 0;
  const title = isBlind
    ? `Unchecked: nothing could be read in ${where}`
    : `Unchecked in ${where}: ${thingsOf(entries)}`;
  const [since = ''] = alert.unchecked.map(({ record }) => record.episodes.at(-1)?.openedAt ?? '').sort();
  // Where one cause explains all, each read would only repeat it.
  const lines = cause === null ? uncheckedLines(entries, account) : [escaped(shortened(cause, 500))];
  return {
    text: notification(
      title,
      lines.map((line) => line.split('\n', 1)[0] ?? ''),
    ),
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
      section(joined('*Could not be checked*', lines)),
      ...(entries.some(({ wasReadable }) => wasReadable) ? [context(HIDDEN_OR_GONE)] : []),
    ],
  };
}

/** `1 dataset, 2 tables` */
export function thingsOf(entries: readonly UncheckedMemo[]): string {
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

const MAX_NAMED = 8;
const MAX_DATASETS = 8;

/**
 * `• analytics: access denied, 2 tables: …; grant roles/bigquery.metadataViewer to …`: one line for each cause, with the
 * first of the service's own words.
 */
export function uncheckedLines(entries: readonly UncheckedMemo[], account: string | null): readonly string[] {
  const groups = new Map<string, UncheckedMemo[]>();
  for (const entry of entries) {
    const key = JSON.stringify([entry.reason, entry.wasReadable]);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups.values()].map((group) => causeLine(group, account));
}

function causeLine(group: readonly UncheckedMemo[], account: string | null): string {
  const [first] = group;
  if (first === undefined) return '';
  const { cause, remedy } = REASONS[first.reason];
  const why = first.wasReadable ? `${cause}, or deleted` : cause;
  const todo = remedy(account);
  const advice = todo === null ? '' : `; ${escaped(todo)}`;
  const datasets = [...new Set(group.map(({ dataset }) => dataset))];
  const partsOf = (dataset: string) => parts(group.filter((entry) => entry.dataset === dataset));
  const [only] = datasets;
  const what =
    datasets.length === 1 && only !== undefined
      ? `*${nameOf(only)}*: ${why}${only === '*' ? '' : `, ${partsOf(only)}`}`
      : `*${why}*: ${datasets
          .slice(0, MAX_DATASETS)
          .map((dataset) =>
            dataset === '*' ? nameOf(dataset) : `${code(dataset, 60)} (${partsOf(dataset)})`,
          )
          .join(
            ', ',
          )}${datasets.length > MAX_DATASETS ? ` +${counted(datasets.length - MAX_DATASETS, 'more dataset')}` : ''}`;
  return `• ${what}${advice}\n   ${escaped(shortened(first.detail, 200))}`;
}

function nameOf(dataset: string): string {
  return dataset === '*' ? 'the list of datasets' : escaped(shortened(dataset, 120));
}

/** What of one dataset. */
function parts(entries: readonly UncheckedMemo[]): string {
  const tables = entries.flatMap(({ table }) => table ?? []);
  const own = entries.find(({ table }) => table === null);
  return [
    ...(own === undefined ? [] : [own.isListOnly ? 'the list of its tables' : 'the dataset itself']),
    ...(tables.length === 0 ? [] : [`${counted(tables.length, 'table')}: ${namedFirst(tables, MAX_NAMED)}`]),
  ].join(' and ');
}
