import { compareFields } from '../../compare/fields.ts';
import { canonicalTable } from '../../metadata/canonical.ts';
import { MalformedError } from '../../model/errors.ts';
import type { Judged } from '../../model/finding.ts';
import type { Resource } from '../../model/ports.ts';
import type { Field } from '../../model/table.ts';
import { renamedTable } from '../../repair/table.ts';
import type { CheckContext } from './check-context.ts';
import type { InspectedTable } from './dataset.ts';
import { type Compared, isCompared } from './read-result.ts';
import type { Undeclared } from './unexpected.ts';

/** Reading every undeclared table for the sake of a hint would cost more than it tells. */
const MAX_RENAME_CANDIDATES = 20;
/** As would every lost table's file; and where dozens are lost at once, they were not renamed one by one. */
const MAX_LOST = 50;

/** "Perhaps renamed to x", where exactly one undeclared table has exactly the fields of one that is missing. */
export async function nameRenamed(
  { warehouse, project }: CheckContext,
  {
    dataset,
    tables,
    undeclared,
  }: {
    readonly dataset: string;
    readonly tables: readonly InspectedTable[];
    readonly undeclared: Undeclared;
  },
): Promise<readonly InspectedTable[]> {
  const candidates = undeclared.unexpected.open.flatMap(({ table }) => table ?? []);
  const lost = tables.filter(({ result }) => result.status === 'missing');
  const isTooMuch = lost.length > MAX_LOST || candidates.length > MAX_RENAME_CANDIDATES;
  if (lost.length === 0 || candidates.length === 0 || isTooMuch) return tables;
  const there = await Promise.all(
    candidates.map(async (table) => {
      const read = await warehouse.getTable({ dataset, table }, 'BASIC');
      return { table, fields: read.status === 'found' ? fieldsOf(read.value) : [] };
    }),
  );
  const pairs = lost.flatMap(({ declared }) => {
    const stated = declared.readExpected();
    const fields = stated.status === 'found' ? (stated.value.fields ?? []) : [];
    return there
      .filter((candidate) => isAlike(fields, candidate.fields))
      .map((candidate) => ({ from: declared.table, to: candidate.table }));
  });
  const isOnly = (pair: (typeof pairs)[number]) =>
    pairs.every((other) => other === pair || (other.from !== pair.from && other.to !== pair.to));
  const renamed = new Map(pairs.filter(isOnly).map(({ from, to }) => [from, to]));
  return tables.map((table) => {
    const to = renamed.get(table.declared.table);
    return to === undefined || !isCompared(table.result)
      ? table
      : { ...table, result: renamedTo(table.result, to, project) };
  });
}

/** Empty where the answer is no table. */
function fieldsOf(answer: Resource): readonly Field[] {
  try {
    return canonicalTable(answer).fields;
  } catch (error) {
    if (error instanceof MalformedError) return [];
    throw error;
  }
}

function isAlike(expected: readonly Field[], actual: readonly Field[]): boolean {
  return expected.length > 0 && compareFields(expected, actual).length === 0;
}

function renamedTo(result: Compared, to: string, project: string | null): Compared {
  const named = (finding: Judged): Judged => ({
    ...finding,
    context: { type: 'perhaps-renamed', to },
    ...(finding.expected === 'TABLE'
      ? { fix: renamedTable({ project, dataset: finding.dataset, table: finding.table }, to) }
      : {}),
  });
  const { open, waived } = result.judgement;
  return { ...result, judgement: { open: open.map(named), waived } };
}
