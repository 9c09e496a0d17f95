import type { Judgement } from '../../judge/judge.ts';
import { datasetUnexpected } from '../../kinds/dataset.ts';
import { tableUnexpected } from '../../kinds/table.ts';
import { parseShard, shardedName, shardedPrefix } from '../../metadata/date-shard.ts';
import type { Change, Subject, Unchecked, UncheckedReason } from '../../model/finding.ts';
import type { ListedTable, Read } from '../../model/ports.ts';
import type { DeclaredDataset } from '../../model/table.ts';
import { type CheckContext, type Identity, SECOND_ANSWER, weighed } from './check-context.ts';
import { judgementOf, NO_FINDINGS, type ReadResult, unreadable } from './read-result.ts';
import { readTwice } from './read-twice.ts';

/** What is there and undeclared, and what of it could not be seen. */
export interface Undeclared {
  readonly unexpected: Judgement;
  readonly unchecked: readonly Unchecked[];
  readonly warnings: readonly string[];
  readonly isListed: boolean;
  /** Whether all were looked at, so that what is not among them is not there. */
  readonly isComplete: boolean;
}

/** They were not asked for. */
export const UNSEEN: Undeclared = {
  unexpected: NO_FINDINGS,
  unchecked: [],
  warnings: [],
  isListed: false,
  isComplete: false,
};

/** More undeclared tables of one dataset than this are one finding. */
const MAX_LISTED = 1000;

export async function inspectUnexpected(
  context: CheckContext,
  declared: DeclaredDataset,
  list: Read<readonly ListedTable[]> | null,
): Promise<Undeclared> {
  const { dataset } = declared;
  if (list === null) return UNSEEN;
  if (list.status !== 'found') {
    const detail = `tables that no file declares could not be seen: ${list.detail}`;
    return { ...UNSEEN, unchecked: [{ dataset, table: null, reason: reasonOf(list), detail }] };
  }
  const undeclared = undeclaredOf(context, declared, list.value);
  if (undeclared.length > MAX_LISTED) return countUnexpected(context, declared, undeclared);
  const { warehouse } = context;
  const results = await Promise.all(
    undeclared.map((entry) =>
      confirmUnexpected(context, {
        ...unexpectedTable(declared, entry),
        read: () => warehouse.getTable({ dataset, table: entry.shard ?? entry.table }, 'FULL', SECOND_ANSWER),
      }),
    ),
  );
  return mergeUnexpected(results);
}

/** Too many for a finding each: one of the dataset stands for all that no waiver covers. */
async function countUnexpected(
  context: CheckContext,
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
    const { identity, change } = unexpectedTable(declared, entry);
    return judgementOf(context.keeper.keep(weighed(context, identity, { changes: [change] })));
  };
  const { waivers } = context.policy;
  const isTold = waivers.length === 0 || undeclared.some((entry) => judged(entry).open.length > 0);
  if (!isTold) {
    const waived = undeclared.slice(0, MAX_LISTED).flatMap((entry) => judged(entry).waived);
    return { ...counted, unexpected: { open: [], waived }, unchecked: [] };
  }
  const result = await confirmUnexpected(context, {
    identity: { subject: { dataset, table: null }, declaredAs, contracts: [] },
    // Without their number, which would be news of its own whenever it changes.
    change: {
      kind: tableUnexpected.id,
      path: null,
      expected: null,
      actual: { of: 'more-tables', than: MAX_LISTED },
    },
    read: async () => {
      const list = await context.warehouse.listTables(dataset, SECOND_ANSWER);
      if (list.status !== 'found') return list;
      const left = undeclaredOf(context, declared, list.value).length;
      if (left > MAX_LISTED) return list;
      return unreadable(
        'unavailable',
        `tables that no file declares were ${count}, and when they were listed again ${left}`,
      );
    },
  });
  return { ...mergeUnexpected([result]), ...counted };
}

/** Datasets that no file declares. */
export async function inspectUndeclaredDatasets(
  context: CheckContext,
  {
    declared,
    isMine,
  }: { readonly declared: readonly DeclaredDataset[]; readonly isMine: (dataset: string) => boolean },
): Promise<Undeclared> {
  const list = await context.datasetList;
  if (list.status !== 'found') {
    const detail = unseenDatasets(list.detail);
    return { ...UNSEEN, unchecked: [{ dataset: '*', table: null, reason: reasonOf(list), detail }] };
  }
  const { datasets, unreachable } = list.value;
  const known = new Set(declared.map(({ dataset }) => dataset));
  const undeclared = datasets.filter(
    // Hidden datasets hold anonymous query results: https://docs.cloud.google.com/bigquery/docs/datasets
    (dataset) =>
      isMine(dataset) &&
      !known.has(dataset) &&
      !dataset.startsWith('_') &&
      !context.ignoring.isIgnored({ dataset, table: null }),
  );
  const results = await Promise.all(
    undeclared.map((dataset) =>
      confirmUnexpected(context, {
        identity: { subject: { dataset, table: null }, declaredAs: dataset, contracts: [] },
        change: { kind: datasetUnexpected.id, path: null, expected: null, actual: 'DATASET' },
        read: () => context.warehouse.getDataset(dataset, SECOND_ANSWER),
      }),
    ),
  );
  const merged = mergeUnexpected(results);
  if (unreachable.length === 0) return merged;
  const detail = unseenDatasets(`datasets.list could not reach ${unreachable.join(', ')}`);
  return {
    ...merged,
    isListed: false,
    isComplete: false,
    unchecked: [...merged.unchecked, { dataset: '*', table: null, reason: 'unavailable', detail }],
  };
}

function reasonOf(list: Exclude<Read<unknown>, { readonly status: 'found' }>): UncheckedReason {
  return list.status === 'unreadable' ? list.reason : 'unavailable';
}

function unseenDatasets(detail: string): string {
  return `datasets that no file declares could not be seen: ${detail}`;
}

interface Unexpected {
  readonly identity: Identity;
  readonly change: Change;
}

function unexpectedTable({ dataset, declaredAs }: DeclaredDataset, { table, type }: ListedTable): Unexpected {
  return {
    identity: { subject: { dataset, table }, declaredAs, contracts: [] },
    change: { kind: tableUnexpected.id, path: null, expected: null, actual: type },
  };
}

/** A list names it; where policy makes that drift, the second answer is its own. */
async function confirmUnexpected(
  context: CheckContext,
  { identity, change, read }: Unexpected & { readonly read: () => Promise<Read<unknown>> },
): Promise<{ readonly subject: Subject; readonly result: ReadResult }> {
  const result = await readTwice(context, {
    read: async (attempt) => {
      if (attempt === 'first') return weighed(context, identity, { changes: [change] });
      const answer = await context.secondReads(read);
      return answer.status === 'unreadable'
        ? answer
        : weighed(context, identity, { changes: answer.status === 'found' ? [change] : [] });
    },
  });
  return { subject: identity.subject, result };
}

function mergeUnexpected(
  results: readonly { readonly subject: Subject; readonly result: ReadResult }[],
): Undeclared {
  const judgements = results.map(({ result }) => judgementOf(result));
  return {
    unexpected: {
      open: judgements.flatMap(({ open }) => open),
      waived: judgements.flatMap(({ waived }) => waived),
    },
    unchecked: results.flatMap(({ subject, result }) =>
      result.status === 'unreadable' ? [{ ...subject, reason: result.reason, detail: result.detail }] : [],
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
