import type { UncheckedMemo } from '../model/state.ts';
import { escaped } from './mrkdwn.ts';
import { counted, shortened } from './printable.ts';
import { namedFirst } from './slack-parts.ts';
import { REASONS } from './unchecked-words.ts';

const MAX_NAMED = 8;
const MAX_GROUPS = 12;

/** `• analytics: access denied, 2 tables: …; grant roles/bigquery.metadataViewer to …`, one line for each cause. */
export function uncheckedLines(entries: readonly UncheckedMemo[], account: string | null): readonly string[] {
  const groups = new Map<string, UncheckedMemo[]>();
  for (const entry of entries) {
    const { dataset, reason, wasReadable } = entry;
    const key = JSON.stringify([dataset, reason, wasReadable]);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  const lines = [...groups.values()].map((group) => groupLine(group, account));
  const left = lines.slice(MAX_GROUPS);
  return [
    ...lines.slice(0, MAX_GROUPS),
    ...(left.length === 0 ? [] : [`+${counted(left.length, 'more cause')}`]),
  ];
}

function groupLine(group: readonly UncheckedMemo[], account: string | null): string {
  const [first] = group;
  if (first === undefined) return '';
  const { dataset, reason, detail, wasReadable } = first;
  const { cause, remedy } = REASONS[reason];
  const tables = group.flatMap(({ table }) => table ?? []);
  const isWhole = tables.length < group.length;
  const where = dataset === '*' ? 'the list of datasets' : escaped(shortened(dataset, 120));
  const what = [
    ...(isWhole && dataset !== '*' ? ['the dataset itself'] : []),
    ...(tables.length === 0 ? [] : [`${counted(tables.length, 'table')}: ${namedFirst(tables, MAX_NAMED)}`]),
  ].join(' and ');
  const why = wasReadable ? `${cause}, or deleted` : cause;
  const todo = remedy(account);
  const parts = [
    `• *${where}*: ${why}${what === '' ? '' : `, ${what}`}`,
    ...(todo === null ? [] : [escaped(todo)]),
  ].join('; ');
  return `${parts}\n   ${escaped(shortened(detail, 200))}`;
}
