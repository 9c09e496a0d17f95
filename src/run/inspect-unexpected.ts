import type { Judgement } from '../diff/judge.ts';
import type { Change, Subject, Unchecked } from '../model/finding.ts';
import type { ListedTable, Read } from '../model/ports.ts';
import { parseShard, shardedName, shardedPrefix } from '../model/shard.ts';
import type { DeclaredDataset, DeclaredTable } from '../model/table.ts';
import { readConfirmed, type Verdict } from './confirm.ts';
import { type About, compared, type Inspection, isIgnored, nothing, SECOND_ANSWER } from './inspection.ts';

/** What is there and undeclared, and what of it could not be seen. */
export interface Undeclared {
  readonly unexpected: Judgement;
  readonly unchecked: readonly Unchecked[];
  readonly warnings: readonly string[];
  readonly isListed: boolean;
  /** Whether all were looked at, so that what is not among them is not there. */
  readonly isComplete: boolean;
}

/** More undeclared tables of one dataset than this are a count. */
const MAX_LISTED = 1000;

export async function inspectUnexpected(
  inspection: Inspection,
  { dataset, declaredAs, tables }: DeclaredDataset,
  list: Read<readonly ListedTable[]> | null,
): Promise<Undeclared> {
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
  const undeclared = foldShards(
    list.value.filter(
      ({ table }) =>
        !isDeclared(table, tables) && !isIgnored(inspection.policy, { dataset: declaredAs, table }),
    ),
  );
  if (undeclared.length > MAX_LISTED) {
    const count = undeclared.length.toLocaleString('en-US');
    return {
      unexpected: nothing,
      unchecked: [],
      warnings: [`${dataset}: ${count} tables that no file declares, too many to list`],
      isListed: true,
      isComplete: false,
    };
  }
  const { warehouse } = inspection;
  const verdicts = await Promise.all(
    undeclared.map(({ table, type, shard }) =>
      confirmUnexpected(inspection, {
        about: { subject: { dataset, table }, declaredAs, contracts: [] },
        change: { kind: 'table-unexpected', path: null, expected: null, actual: type },
        read: () => warehouse.getTable({ dataset, table: shard ?? table }, 'FULL', SECOND_ANSWER),
      }),
    ),
  );
  return mergeUnexpected(verdicts);
}

/** Datasets that no file declares; `declared` are real names. */
export async function inspectUndeclaredDatasets(
  inspection: Inspection,
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
      !isIgnored(inspection.policy, { dataset, table: null }),
  );
  const verdicts = await Promise.all(
    undeclared.map((dataset) =>
      confirmUnexpected(inspection, {
        about: { subject: { dataset, table: null }, declaredAs: dataset, contracts: [] },
        change: { kind: 'dataset-unexpected', path: null, expected: null, actual: 'DATASET' },
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

/** A list names it; where policy makes that drift, the second answer is its own. */
async function confirmUnexpected(
  inspection: Inspection,
  {
    about,
    change,
    read,
  }: { readonly about: About; readonly change: Change; readonly read: () => Promise<Read<unknown>> },
): Promise<{ readonly subject: Subject; readonly verdict: Verdict }> {
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
  verdicts: readonly { readonly subject: Subject; readonly verdict: Verdict }[],
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

/** A shard is declared by the file of its prefix. */
function isDeclared(table: string, declared: readonly DeclaredTable[]): boolean {
  const prefix = parseShard(table)?.prefix;
  return declared.some(
    (candidate) =>
      candidate.table === table || (prefix !== undefined && shardedPrefix(candidate.table) === prefix),
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
