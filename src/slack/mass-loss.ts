import type { AlertEvent } from '../incidents/alert.ts';
import { tableMissing } from '../kinds/table.ts';
import type { ScanResult } from '../model/scan-result.ts';
import { recoveryClock, restorableUntil } from '../repair/recovery.ts';
import { lasting, moment } from '../words/moment.ts';
import { type OpenItem, ownersOf, readers, type Telling } from './findings.ts';
import { quote } from './mrkdwn.ts';
import { elsewhere, joined, namedFirst, SIGN, subjectLink } from './parts.ts';

/** Fewer tables than this are told one by one. */
const LEAST_TABLES = 5;
const TOGETHER: readonly AlertEvent[] = ['opened', 'reminded'];
const MAX_NAMED = 25;

/** Half or more of a dataset's declared tables, missing since one run. */
export interface MassLoss {
  readonly dataset: string;
  readonly declared: number;
  readonly openedAt: string;
  readonly items: readonly OpenItem[];
}

/** So many tables seldom go one by one: what they have in common is the news. */
export function findMassLosses(items: readonly OpenItem[], scan: ScanResult | null): readonly MassLoss[] {
  const losses = new Map<string, { dataset: string; openedAt: string; items: OpenItem[] }>();
  for (const open of items) {
    if (open.finding.kind !== tableMissing.id || !TOGETHER.includes(open.item.event)) continue;
    const { dataset } = open.finding;
    const openedAt = open.item.record.episodes.at(-1)?.openedAt ?? '';
    const key = JSON.stringify([dataset, openedAt]);
    const loss = losses.get(key) ?? { dataset, openedAt, items: [] };
    loss.items.push(open);
    losses.set(key, loss);
  }
  return [...losses.values()].flatMap((loss): readonly MassLoss[] => {
    const declared = scan?.datasets.get(loss.dataset)?.tables.size ?? 0;
    const isMost = loss.items.length >= LEAST_TABLES && loss.items.length * 2 >= declared;
    return isMost && declared > 0 ? [{ ...loss, declared }] : [];
  });
}

export function massLossSection(
  { dataset, declared, openedAt, items }: MassLoss,
  { project, now, mentionsOwner, reportUrl }: Telling,
): string {
  const findings = items.map(({ finding }) => finding);
  const consumers = [...new Set(findings.flatMap((finding) => finding.consumers))];
  const clock = firstClock(items, now);
  const isOld = Date.parse(openedAt) < now.getTime();
  const since = isOld ? `, open for ${lasting(openedAt, now)}, since ${moment(openedAt)}` : '';
  const heading = [
    subjectLink({ dataset, table: null }, project),
    ...(mentionsOwner ? ownersOf(findings) : []),
  ].join(' · ');
  return joined(heading, [
    `${SIGN.critical} *${items.length} of ${declared} declared tables are missing*, all found so in one run${since}${readers(tableMissing.id, consumers)}`,
    'Likely: the dataset was dropped and created anew, the monitor looks at the wrong project, or its account sees only some of the tables.',
    ...(clock === null ? [] : [quote(clock)]),
    quote(`How to restore each: ${elsewhere({ reportUrl })}.`),
    `Missing: ${namedFirst(
      findings.map(({ table }) => table ?? ''),
      MAX_NAMED,
    )}`,
  ]);
}

/** Of several the one that is over first: until then all can be restored. */
function firstClock(items: readonly OpenItem[], now: Date): string | null {
  const [first] = items
    .flatMap(({ finding, item: { record } }) => {
      const clock = recoveryClock(finding, { memo: record.subject, now });
      const until = restorableUntil(record.subject);
      return clock === null || until === null ? [] : [{ clock, until: until.getTime() }];
    })
    .sort((one, other) => one.until - other.until);
  return first?.clock ?? null;
}
