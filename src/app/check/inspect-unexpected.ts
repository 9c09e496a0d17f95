import type { Judgement } from '../../judge/judge.ts';
import { datasetUnexpected } from '../../kinds/dataset.ts';
import { tableUnexpected } from '../../kinds/table.ts';
import { parseShard, shardedName, shardedPrefix } from '../../metadata/date-shard.ts';
import type { Change, Subject, Unchecked } from '../../model/finding.ts';
import type { ListedTable, Read } from '../../model/ports.ts';
import type { DeclaredDataset } from '../../model/table.ts';
import {
  type About,
  type CheckContext,
  compared,
  nothing,
  SECOND_ANSWER,
  unreadable,
} from './check-context.ts';
import { readConfirmed, type TableResult } from './confirm.ts';

/** What is there and undeclared, and what of it could not be seen. */
export interface Undeclared {
  readonly unexpected: Judgement;
  readonly unchecked: readonly Unchecked[];
  readonly warnings: readonly string[];
  readonly isListed: boolean;
  /** Whether all were looked at, so that what is not among them is not there. */
  readonly isComplete: boolean;
}

/** More undeclared tables of one dataset than this are one finding. */
const MAX_LISTED = 1000;

export async function inspectUnexpected(
  inspection: CheckContext,
  declared: DeclaredDataset,
  list: Read<readonly ListedTable[]> | null,
): Promise<Undeclared> {
  const { dataset } = declared;
  if (list === null) {
    return { unexpected: nothing, unchecked: [], warnings: [], isListed: false, isComplete: false };
  }
  if (list.status !== 'found') {
    const reason = list.status === 'unreadable' ? list.reason : 'unavailable';
    const detail = `tables that no file declares could not be seen: ${list.detail}`;
    return {
      unexpected: nothing,
      unchecked: [{ dataset, table: null, reason, detail }],
      warnings: [],
      isListed: false,
      isComplete: false,
    };
  }
  const undeclared = undeclaredOf(inspection, declared, list.value);
  if (undeclared.length > MAX_LISTED) return countUnexpected(inspection, declared, undeclared);
  const { warehouse } = inspection;
  const verdicts = await Promise.all(
    undeclared.map((entry) =>
      confirmUnexpected(inspection, {
        ...unexpectedTable(declared, entry),
        read: () => warehouse.getTable({ dataset, table: entry.shard ?? entry.table }, 'FULL', SECOND_ANSWER),
      }),
    ),
  );
  return mergeUnexpected(verdicts);
}

/** Too many for a finding each: one of the dataset stands for all that no waiver covers. */
async function countUnexpected(
  inspection: CheckContext,
  declared: DeclaredDataset,
  undeclared: readonly ListedTable[],
): Promise<Undeclared> {
  const { dataset, declaredAs } = declared;
  const count = undeclared.length.toLocaleString('en-US');
  const counted = {
    isListed: true,
    isComplete: false,
    warnings: [`${dataset}: ${count} tables that no file declares, too many to list`],
  };
  const judged = (entry: ListedTable) => {
    const { about, change } = unexpectedTable(declared, entry);
    const verdict = inspection.keeper.keep(compared(inspection, about, { changes: [change] }));
    return verdict.status === 'compared' ? verdict.judgement : nothing;
  };
  const { waivers } = inspection.policy;
  const isTold = waivers.length === 0 || undeclared.some((entry) => judged(entry).open.length > 0);
  if (!isTold) {
    const waived = undeclared.slice(0, MAX_LISTED).flatMap((entry) => judged(entry).waived);
    return { ...counted, unexpected: { open: [], waived }, unchecked: [] };
  }
  const verdict = await confirmUnexpected(inspection, {
    about: { subject: { dataset, table: null }, declaredAs, contracts: [] },
    // Without their number, which would be news of its own whenever it changes.
    change: {
      kind: tableUnexpected.id,
      path: null,
      expected: null,
      actual: `more than ${MAX_LISTED.toLocaleString('en-US')} tables`,
    },
    read: async () => {
      const list = await inspection.warehouse.listTables(dataset, SECOND_ANSWER);
      if (list.status !== 'found') return list;
      const left = undeclaredOf(inspection, declared, list.value).length;
      if (left > MAX_LISTED) return list;
      return unreadable(
        'unavailable',
        `tables that no file declares were ${count}, and when they were listed again ${left}`,
      );
    },
  });
  return { ...mergeUnexpected([verdict]), ...counted };
}

/** Datasets that no file declares; `declared` are real names. */
export async function inspectUndeclaredDatasets(
  inspection: CheckContext,
  {
    declared,
    isMine,
  }: { readonly declared: ReadonlySet<string>; readonly isMine: (dataset: string) => boolean },
): Promise<Undeclared> {
  const list = await inspection.datasetList;
  if (list.status !== 'found') {
    const reason = list.status === 'unreadable' ? list.reason : 'unavailable';
    return {
      unexpected: nothing,
      unchecked: [{ dataset: '*', table: null, reason, detail: unseenDatasets(list.detail) }],
      warnings: [],
      isListed: false,
      isComplete: false,
    };
  }
  const { datasets, unreachable } = list.value;
  const undeclared = datasets.filter(
    // Hidden datasets hold anonymous query results: https://docs.cloud.google.com/bigquery/docs/datasets
    (dataset) =>
      isMine(dataset) &&
      !declared.has(dataset) &&
      !dataset.startsWith('_') &&
      !inspection.ignoring.isIgnored({ dataset, table: null }),
  );
  const verdicts = await Promise.all(
    undeclared.map((dataset) =>
      confirmUnexpected(inspection, {
        about: { subject: { dataset, table: null }, declaredAs: dataset, contracts: [] },
        change: { kind: datasetUnexpected.id, path: null, expected: null, actual: 'DATASET' },
        read: () => inspection.warehouse.getDataset(dataset, SECOND_ANSWER),
      }),
    ),
  );
  const merged = mergeUnexpected(verdicts);
  if (unreachable.length === 0) return merged;
  const detail = unseenDatasets(`datasets.list could not reach ${unreachable.join(', ')}`);
  return {
    ...merged,
    isListed: false,
    isComplete: false,
    unchecked: [...merged.unchecked, { dataset: '*', table: null, reason: 'unavailable', detail }],
  };
}

function unseenDatasets(detail: string): string {
  return `datasets that no file declares could not be seen: ${detail}`;
}

interface Unexpected {
  readonly about: About;
  readonly change: Change;
}

function unexpectedTable({ dataset, declaredAs }: DeclaredDataset, { table, type }: ListedTable): Unexpected {
  return {
    about: { subject: { dataset, table }, declaredAs, contracts: [] },
    change: { kind: tableUnexpected.id, path: null, expected: null, actual: type },
  };
}

/** A list names it; where policy makes that drift, the second answer is its own. */
async function confirmUnexpected(
  inspection: CheckContext,
  { about, change, read }: Unexpected & { readonly read: () => Promise<Read<unknown>> },
): Promise<{ readonly subject: Subject; readonly verdict: TableResult }> {
  const verdict = await readConfirmed({
    ...inspection,
    read: async (attempt) => {
      if (attempt === 'first') return compared(inspection, about, { changes: [change] });
      const answer = await inspection.turns.next(read);
      return answer.status === 'unreadable'
        ? answer
        : compared(inspection, about, { changes: answer.status === 'found' ? [change] : [] });
    },
  });
  return { subject: about.subject, verdict };
}

function mergeUnexpected(
  verdicts: readonly { readonly subject: Subject; readonly verdict: TableResult }[],
): Undeclared {
  return {
    unexpected: {
      open: verdicts.flatMap(({ verdict }) => (verdict.status === 'compared' ? verdict.judgement.open : [])),
      waived: verdicts.flatMap(({ verdict }) =>
        verdict.status === 'compared' ? verdict.judgement.waived : [],
      ),
    },
    unchecked: verdicts.flatMap(({ subject, verdict }) =>
      verdict.status === 'unreadable' ? [{ ...subject, reason: verdict.reason, detail: verdict.detail }] : [],
    ),
    warnings: [],
    isListed: true,
    isComplete: true,
  };
}

/** What of a list neither a file nor the policy knows; a shard is declared by the file of its prefix. */
function undeclaredOf(
  { ignoring }: CheckContext,
  { declaredAs, tables }: DeclaredDataset,
  listed: readonly ListedTable[],
): readonly (ListedTable & { readonly shard?: string })[] {
  const names = new Set(tables.map(({ table }) => table));
  const prefixes = new Set(tables.map(({ table }) => shardedPrefix(table)));
  const isDeclared = (table: string) => names.has(table) || prefixes.has(parseShard(table)?.prefix ?? '');
  return foldShards(
    listed.filter(({ table }) => !isDeclared(table) && !ignoring.isIgnored({ dataset: declaredAs, table })),
  );
}

/** All shards of one prefix are one table, told by the newest of them. */
function foldShards(listed: readonly ListedTable[]): readonly (ListedTable & { readonly shard?: string })[] {
  const folded = new Map<string, ListedTable & { readonly shard?: string }>();
  for (const entry of listed) {
    const parsed = parseShard(entry.table);
    const table = parsed === null ? entry.table : shardedName(parsed.prefix);
    const known = folded.get(table)?.shard;
    if (parsed === null) folded.set(table, entry);
    else if (known === undefined || known < entry.table)
      folded.set(table, { ...entry, table, shard: entry.table });
  }
  return [...folded.values()];
}
