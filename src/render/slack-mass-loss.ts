import type { Sight } from '../model/sight.ts';
import type { State } from '../model/state.ts';
import { owner, quote } from './mrkdwn.ts';
import { recoveryClock } from './recovery.ts';
import { type OpenItem, readers } from './slack-findings.ts';
import { namedFirst, SIGN, subjectLink } from './slack-parts.ts';

/** Fewer tables than this are told one by one. */
const LEAST_TABLES = 5;
const MAX_NAMED = 25;
const MAX_OWNERS = 5;

/** Half or more of a dataset's declared tables, missing all at once. */
export interface MassLoss {
  readonly dataset: string;
  readonly declared: number;
  readonly items: readonly OpenItem[];
}

/** So many tables seldom go one by one: what they have in common is the news. */
export function findMassLosses(items: readonly OpenItem[], sight: Sight | null): readonly MassLoss[] {
  const missing = items.filter(
    ({ finding, item }) => finding.kind === 'table-missing' && item.news === 'opened',
  );
  const datasets = [...new Set(missing.map(({ finding }) => finding.dataset))];
  return datasets
    .map((dataset): MassLoss => {
      const members = missing.filter(({ finding }) => finding.dataset === dataset);
      return {
        dataset,
        declared: sight?.datasets.get(dataset)?.tables.size ?? members.length,
        items: members,
      };
    })
    .filter(
      ({ declared, items: members }) => members.length >= LEAST_TABLES && members.length * 2 >= declared,
    );
}

export function massLossSection(
  { dataset, declared, items }: MassLoss,
  {
    project,
    now,
    seen,
  }: { readonly project: string | null; readonly now: Date; readonly seen: State['seen'] },
): string {
  const owners = [...new Set(items.flatMap(({ finding }) => finding.owner ?? []))];
  const consumers = [...new Set(items.flatMap(({ finding }) => finding.consumers))];
  const clocks = items.map(({ finding, item }) =>
    recoveryClock(finding, { memo: item.record.about, seen: seen.get(dataset), now }),
  );
  const [clock] = new Set(clocks.filter((text) => text !== null));
  return [
    [subjectLink({ dataset, table: null }, project), ...owners.slice(0, MAX_OWNERS).map(owner)].join(' · '),
    `${SIGN.critical} *${items.length} of ${declared} declared tables are missing*, all since the run before${readers('table-missing', consumers)}`,
    'Likely: the dataset was dropped and created anew, the monitor looks at the wrong project, or its account sees a part of the tables only.',
    `Missing: ${namedFirst(
      items.map(({ finding }) => finding.table ?? ''),
      MAX_NAMED,
    )}`,
    ...(clock === undefined ? [] : [quote(clock)]),
  ].join('\n');
}
