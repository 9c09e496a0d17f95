import { kindRow } from '../kinds/index.ts';
import { LISTED, type StatedTable } from '../kinds/kind.ts';
import type { Change, OpenFinding } from '../model/finding.ts';
import type { Rechecks } from '../model/scan-result.ts';
import type { Contract, ExpectedTable, Table } from '../model/table.ts';
import { compareFields } from './fields.ts';
import { recheckTable } from './recheck.ts';
import { differences, rowsOf, withoutHidden } from './rows.ts';

const ROWS = rowsOf('table').toSorted(
  (row, other) => LISTED.indexOf(row.compares.listed) - LISTED.indexOf(other.compares.listed),
);

/** How a table that is there differs from its file, one change for one cause, and what became of findings of earlier runs. */
export function compareTable({
  expected,
  actual,
  contract,
  open = [],
}: {
  readonly expected: ExpectedTable;
  readonly actual: Table;
  readonly contract: Contract;
  readonly open?: readonly OpenFinding[];
}): { readonly changes: readonly Change[]; readonly rechecks: Rechecks } {
  const stated = { ...expected, contract };
  const own = withoutHidden(differences(ROWS, { expected: stated, actual, path: null }));
  const fields = compareSchema(stated, actual);
  // Of another type, that comes first.
  const isOther = expected.type !== undefined && expected.type !== actual.type;
  const changes = isOther ? [...own, ...fields] : [...fields, ...own];
  return { changes, rechecks: recheckTable(open, stated, changes) };
}

function compareSchema({ fields, contract }: StatedTable, actual: Table): readonly Change[] {
  if (fields === undefined) return [];
  const changes = compareFields(fields, actual.fields);
  if (changes.length === 0) return changes;
  const isEmpty = actual.fields.length === 0;
  const fromFilePaths = new Set(actual.hivePartitionFields.map((name) => name.toLowerCase()));
  return changes.flatMap((change): readonly Change[] => {
    const isUndeclared = kindRow(change.kind).means === 'undeclared';
    if (
      isUndeclared &&
      (contract.extraFields === 'allow' || fromFilePaths.has(change.path?.toLowerCase() ?? ''))
    )
      return [];
    return [isEmpty ? { ...change, context: { type: 'no-fields-left' } } : change];
  });
}
