import { compareFields } from '../../compare/fields.ts';
import { compareTable } from '../../compare/table.ts';
import { fieldType } from '../../kinds/field.ts';
import { canonicalTable } from '../../metadata/canonical.ts';
import { inOrder, parseShard } from '../../metadata/date-shard.ts';
import type { Change } from '../../model/finding.ts';
import type { ListedTable, Read, Resource, Warehouse } from '../../model/ports.ts';
import type { DeclaredTable, Field } from '../../model/table.ts';
import { valueText } from '../../model/value.ts';
import { counted } from '../../words/printable.ts';
import { subjectName } from '../../words/subject.ts';
import { type CheckContext, type Identity, unlessMalformed, weighed } from './check-context.ts';
import type { ReadResult } from './read-result.ts';

interface Shard {
  readonly table: string;
  readonly resource: Resource;
}

export interface NewestShards {
  readonly newest: Shard;
  /** null: there is no other, or it could not be read. */
  readonly previous: Shard | null;
  /** Named for a day later than tomorrow, so that they are looked at only where there is no other. */
  readonly later: readonly string[];
}

/** Shards expire while a list is read; more than a few gone at once is no answer. */
const MAX_GONE = 10;

/** The newest two shards of a prefix, by calendar date, and not later than tomorrow where there is one: two reads, however many there are. */
export async function readNewestShards(
  warehouse: Warehouse,
  {
    dataset,
    prefix,
    list,
    view,
    now,
    rank = 0,
  }: {
    readonly dataset: string;
    readonly prefix: string;
    readonly list: Read<readonly ListedTable[]>;
    readonly view: 'BASIC' | 'FULL';
    readonly now: Date;
    readonly rank?: number;
  },
): Promise<Read<NewestShards>> {
  if (list.status !== 'found') return list;
  const shards = list.value.map(({ table }) => table).filter((table) => parseShard(table)?.prefix === prefix);
  const { newestFirst: names, later } = inOrder(shards, now);
  for (const [index, table] of names.slice(0, MAX_GONE).entries()) {
    const read = await warehouse.getTable({ dataset, table }, view, rank);
    if (read.status === 'unreadable') return read;
    if (read.status === 'absent') continue;
    const next = names[index + 1];
    // A shard of the future is not the one before.
    const before = next !== undefined && later.includes(next) === later.includes(table) ? next : undefined;
    const previous =
      before === undefined ? null : await warehouse.getTable({ dataset, table: before }, 'BASIC', rank);
    return {
      status: 'found',
      value: {
        newest: { table, resource: read.value },
        previous:
          before !== undefined && previous?.status === 'found'
            ? { table: before, resource: previous.value }
            : null,
        later,
      },
    };
  }
  if (names.length === 0) return { status: 'absent', detail: `no shard of ${prefix}` };
  return {
    status: 'unreadable',
    reason: 'unavailable',
    detail: `the newest shards of ${prefix} were gone when they were read`,
  };
}

/** The newest shard is compared; a type that the shard before it had otherwise is said. */
export function compareShards(
  context: CheckContext,
  {
    identity,
    table,
    shards,
  }: { readonly identity: Identity; readonly table: DeclaredTable; readonly shards: NewestShards },
): ReadResult {
  const { contract } = table;
  const { newest, previous, later } = shards;
  return unlessMalformed(() => {
    const stated = table.readExpected();
    if (stated.status === 'unreadable') return stated;
    const { value: expected } = stated;
    const actual = canonicalTable(newest.resource);
    const unlike =
      previous === null ? [] : typesThatDiffer(actual.fields, canonicalTable(previous.resource).fields);
    const open = context.openOf(identity.subject);
    const compared = compareTable({ expected, actual, contract, open });
    const changes = compared.changes.map((change): Change => {
      const before =
        change.kind === fieldType.id ? unlike.find(({ path }) => path === change.path) : undefined;
      if (before === undefined || previous === null) return change;
      return {
        ...change,
        context: { type: 'other-shard', shard: previous.table, actual: before.actual ?? '' },
      };
    });
    const told = new Set(
      changes.flatMap(({ context, path }) => (context?.type === 'other-shard' ? [path] : [])),
    );
    const differing = unlike
      .filter(({ path }) => !told.has(path))
      .map(
        ({ path, expected: type, actual: before }) =>
          `${subjectName(identity.subject)}: field ${path} is ${valueText(type)} in ${newest.table} and ${valueText(before)} in ${previous?.table}`,
      );
    return {
      ...weighed(context, identity, { ...compared, changes, expected, actual, shard: newest.table }),
      warnings: [...laterWarnings(identity, { later, newest: newest.table }), ...differing],
    };
  });
}

function laterWarnings(
  { subject }: Identity,
  { later, newest }: { readonly later: readonly string[]; readonly newest: string },
): readonly string[] {
  const [first] = later;
  if (first === undefined) return [];
  const which =
    later.length === 1 ? `${first} is` : `${first} and ${counted(later.length - 1, 'more shard')} are`;
  const then = later.includes(newest) ? 'there is no other' : `${newest} is taken for the newest`;
  return [`${subjectName(subject)}: ${which} named for a day later than tomorrow; ${then}`];
}

function typesThatDiffer(fields: readonly Field[], previous: readonly Field[]): readonly Change[] {
  return compareFields(fields, previous).filter(({ kind }) => kind === fieldType.id);
}
