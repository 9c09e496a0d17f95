import { fieldMissing, fieldUnexpected } from '../kinds/field.ts';
import { columnType, fieldKey } from '../metadata/fields.ts';
import { isAsStated } from '../metadata/setting-difference.ts';
import type { Change } from '../model/finding.ts';
import type { Field } from '../model/table.ts';
import { sameValue } from '../model/value.ts';
import { pairByKey } from './pair.ts';
import { differences, rowsOf } from './rows.ts';

/** The type last: where it differs, nothing beneath the field is compared. */
const ROWS = rowsOf('field').toSorted(
  (row, other) => Number(row.hides !== undefined) - Number(other.hides !== undefined),
);

interface Level {
  readonly expected: readonly Field[];
  readonly actual: readonly Field[];
  /** Dotted path of the parent, with a trailing dot, as the file spells it; empty at the top. */
  readonly expectedParent: string;
  /** The same as BigQuery spells it. */
  readonly actualParent: string;
}

/**
 * How the fields differ, nested ones included. Only the topmost path of what is missing or unexpected is
 * named, and a field of another type hides what lies beneath it. The order of fields is no drift: BigQuery
 * appends new columns and cannot reorder
 * (https://docs.cloud.google.com/bigquery/docs/managing-table-schemas).
 */
export function compareFields(expected: readonly Field[], actual: readonly Field[]): readonly Change[] {
  return compareLevel({ expected, actual, expectedParent: '', actualParent: '' });
}

function compareLevel({ expected, actual, expectedParent, actualParent }: Level): readonly Change[] {
  const { missing, unexpected, matched } = pairByKey({ expected, actual, key: fieldKey });
  const inBoth: Change[] = [];
  for (const [expectedField, actualField] of matched) {
    const paths = {
      expectedPath: expectedParent + expectedField.name,
      actualPath: actualParent + actualField.name,
    };
    inBoth.push(...compareField(expectedField, actualField, paths));
  }
  if (missing.length + unexpected.length === 0) return inBoth;
  return [
    ...missing.map(
      (field): Change => ({
        kind: fieldMissing.id,
        path: expectedParent + field.name,
        expected: columnType(field),
        actual: null,
        ...renameOf(field, { missing, unexpected }),
      }),
    ),
    ...unexpected.map(
      (field): Change => ({
        kind: fieldUnexpected.id,
        path: actualParent + field.name,
        expected: null,
        actual: columnType(field),
      }),
    ),
    ...inBoth,
  ];
}

/** Exactly one missing and one undeclared field of the same parent, alike in type and mode. */
function renameOf(
  field: Field,
  { missing, unexpected }: { readonly missing: readonly Field[]; readonly unexpected: readonly Field[] },
): Pick<Change, 'context'> {
  const isAlike = (other: Field) => other.mode === field.mode && columnType(other) === columnType(field);
  const [candidate, ...others] = unexpected.filter(isAlike);
  if (candidate === undefined || others.length > 0 || missing.filter(isAlike).length > 1) return {};
  return { context: { type: 'perhaps-renamed', to: candidate.name } };
}

/** Most are equal, so that nothing is made for them. */
function compareField(
  expected: Field,
  actual: Field,
  { expectedPath, actualPath }: { readonly expectedPath: string; readonly actualPath: string },
): readonly Change[] {
  const isOfSameType = sameValue(expected.type, actual.type);
  const isEqual =
    isOfSameType && expected.mode === actual.mode && isAsStated(expected.settings, actual.settings);
  const changes = isEqual ? [] : differences(ROWS, { expected, actual, path: expectedPath });
  if (!isOfSameType || expected.fields === undefined) return changes;
  const nested = compareLevel({
    expected: expected.fields,
    actual: actual.fields ?? [],
    expectedParent: `${expectedPath}.`,
    actualParent: `${actualPath}.`,
  });
  return changes.length === 0 ? nested : [...changes, ...nested];
}
