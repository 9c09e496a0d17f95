import { compareTable } from '../../compare/table.ts';
import { tableMissing } from '../../kinds/table.ts';
import { canonicalTable } from '../../metadata/canonical.ts';
import { shardedPrefix } from '../../metadata/date-shard.ts';
import type { Read } from '../../model/ports.ts';
import type { DeclaredTable } from '../../model/table.ts';
import { type CheckContext, missing, rankOf, unlessMalformed, weighed } from './check-context.ts';
import type { OpenDataset } from './dataset.ts';
import { compareShards, readNewestShards } from './date-shards.ts';
import { MISSING_WITH_DATASET, type ReadResult, unreadable } from './read-result.ts';
import { type Attempt, readTwice } from './read-twice.ts';

interface TableInDataset {
  readonly dataset: OpenDataset;
  readonly table: DeclaredTable;
}

/** Reads one declared table and compares it. */
export function inspectTable(
  context: CheckContext,
  { dataset, table, onWait }: TableInDataset & { readonly onWait: () => void },
): Promise<ReadResult> {
  const read = (attempt: Attempt) =>
    shardedPrefix(table.table) === null
      ? readTable(context, { dataset, table, attempt })
      : readShards(context, { dataset, table, attempt });
  return readTwice(context, {
    read: (attempt) => (attempt === 'first' ? read(attempt) : context.secondReads(() => read(attempt))),
    onWait,
    onSecondRead: (ms) => context.onDiffering('table', ms),
  });
}

async function readTable(
  context: CheckContext,
  { dataset, table, attempt }: TableInDataset & { readonly attempt: Attempt },
): Promise<ReadResult> {
  const identity = identityOf(dataset, table);
  const rank = rankOf(context, { subject: identity.subject, attempt });
  const answer = await context.warehouse.getTable(identity.subject, viewOf(attempt), rank);
  switch (answer.status) {
    case 'unreadable':
      return answer;
    case 'absent': {
      // A table is missing only when its dataset answered too: by itself, or with the list of its tables.
      const isListed = async () => (await dataset.listTables()).status === 'found';
      return missingTable(context, { dataset, table, attempt, detail: answer.detail, isListed });
    }
    case 'found':
      return unlessMalformed(() => {
        const stated = table.readExpected();
        if (stated.status === 'unreadable') return stated;
        const { contract } = table;
        const { value: expected } = stated;
        const actual = canonicalTable(answer.value);
        const open = context.openOf(identity.subject);
        const compared = compareTable({ expected, actual, contract, open });
        return weighed(context, identity, { ...compared, expected, actual });
      });
  }
}

async function readShards(
  context: CheckContext,
  { dataset, table, attempt }: TableInDataset & { readonly attempt: Attempt },
): Promise<ReadResult> {
  const { warehouse, now } = context;
  const identity = identityOf(dataset, table);
  const id = identity.subject;
  const prefix = shardedPrefix(table.table) ?? '';
  const rank = rankOf(context, { subject: id, attempt });
  const list = await (attempt === 'first' ? dataset.listTables() : warehouse.listTables(id.dataset, rank));
  const shards = await readNewestShards(warehouse, {
    dataset: id.dataset,
    prefix,
    list,
    view: viewOf(attempt),
    now,
    rank,
  });
  switch (shards.status) {
    case 'unreadable':
      return shards;
    case 'absent': {
      // No name can be asked for where the list has no shard, so a dataset that answered by itself is the second answer.
      const detail = `tables.list has no shard ${prefix}YYYYMMDD`;
      const isListed = async () => false;
      return missingTable(context, { dataset, table, attempt, detail, isListed });
    }
    case 'found':
      return compareShards(context, { identity, table, shards: shards.value });
  }
}

/** Its dataset answers for it: a table of a dataset that is missing, or gone meanwhile, is not missing by itself. */
async function missingTable(
  context: CheckContext,
  {
    dataset,
    table,
    attempt,
    detail,
    isListed,
  }: TableInDataset & {
    readonly attempt: Attempt;
    readonly detail: string;
    readonly isListed: () => Promise<boolean>;
  },
): Promise<ReadResult> {
  const parent = await dataset.itself;
  if (parent.status === 'missing') return MISSING_WITH_DATASET;
  // Dropped while the run reads, a dataset takes its tables with it: they are not missing one by one.
  const again: ReadResult | Read<unknown> = attempt === 'second' ? await dataset.askAgain() : parent;
  if (again.status === 'absent') {
    return unreadable('unavailable', `${detail}; and its dataset: ${again.detail}`);
  }
  if (again.status === 'unreadable' && !(await isListed())) {
    return unreadable(again.reason, `${detail}; but its dataset could not be read: ${again.detail}`);
  }
  const stated = table.readExpected();
  if (stated.status === 'unreadable') return stated;
  const { value: expected } = stated;
  const changes = [missing(tableMissing, expected.type ?? 'TABLE')];
  return weighed(context, identityOf(dataset, table), { changes, expected });
}

function viewOf(attempt: Attempt): 'BASIC' | 'FULL' {
  return attempt === 'first' ? 'BASIC' : 'FULL';
}

function identityOf({ declared: { dataset, declaredAs } }: OpenDataset, { table, contract }: DeclaredTable) {
  return { subject: { dataset, table }, declaredAs, contracts: [contract] };
}
