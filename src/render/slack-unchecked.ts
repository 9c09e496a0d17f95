import type { UncheckedReason } from '../model/finding.ts';
import type { UncheckedMemo } from '../model/state.ts';
import { escaped } from './mrkdwn.ts';
import { counted, shortened } from './printable.ts';
import { namedFirst } from './slack-parts.ts';

const MAX_NAMED = 8;
const MAX_GROUPS = 12;

interface ReasonWords {
  readonly cause: string;
  /** What to do; null: nothing but wait. */
  readonly remedy: (account: string | null) => string | null;
}

const REASONS: Readonly<Record<UncheckedReason, ReasonWords>> = {
  denied: {
    cause: 'access denied',
    remedy: (account) =>
      `grant roles/bigquery.metadataViewer to ${account ?? "the monitor's service account"}`,
  },
  throttled: {
    cause: "over BigQuery's quota",
    remedy: () => 'lower REQUESTS_PER_SECOND, or give the monitor an account that nothing else uses',
  },
  unavailable: { cause: 'no usable answer from BigQuery', remedy: () => null },
  'out-of-time': { cause: 'the run had no time left', remedy: () => null },
  malformed: {
    cause: 'an answer that is no BigQuery resource',
    remedy: () => 'look for a proxy between the monitor and BigQuery',
  },
};

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

/** What the reader of `access denied, or deleted` must know. */
export const HIDDEN_OR_GONE =
  'Readable in the run before: BigQuery hides what is deleted from those without permission.';
