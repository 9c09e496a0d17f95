import { compareSettings } from '../metadata/settings.ts';
import type { Change } from '../model/finding.ts';
import type { Field } from '../model/table.ts';
import { sameValue, valueText } from '../model/value.ts';
import { pairByKey } from './pair.ts';

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
        kind: 'field-missing',
        path: expectedParent + field.name,
        expected: columnType(field),
        actual: null,
        ...renameOf(field, { missing, unexpected }),
      }),
    ),
    ...unexpected.map(
      (field): Change => ({
        kind: 'field-unexpected',
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

function compareField(
  expected: Field,
  actual: Field,
  { expectedPath, actualPath }: { readonly expectedPath: string; readonly actualPath: string },
): readonly Change[] {
  const changes: Change[] = [];
  if (expected.mode !== actual.mode) {
    changes.push({ kind: 'field-mode', path: expectedPath, expected: expected.mode, actual: actual.mode });
  }
  changes.push(...compareSettings(expected.settings, actual.settings, expectedPath));
  if (!sameValue(expected.type, actual.type)) {
    changes.push({ kind: 'field-type', path: expectedPath, expected: expected.type, actual: actual.type });
    return changes;
  }
  if (expected.fields === undefined) return changes;
  const nested = compareLevel({
    expected: expected.fields,
    actual: actual.fields ?? [],
    expectedParent: `${expectedPath}.`,
    actualParent: `${actualPath}.`,
  });
  return [...changes, ...nested];
}

/** Column names are case-insensitive: https://docs.cloud.google.com/bigquery/docs/schemas */
export function fieldKey(field: { readonly name: string }): string {
  return field.name.toLowerCase();
}

/** Tells of a path whether it names one of the fields, nested ones included, in any letter case. */
export function fieldFinder(fields: readonly Field[]): (path: string) => boolean {
  const byName = new Map(fields.map((field) => [fieldKey(field), field]));
  const inside = new Map<Field, (path: string) => boolean>();
  return (path) => {
    const [name = '', ...rest] = path.split('.');
    const field = byName.get(name.toLowerCase());
    if (field === undefined) return false;
    if (rest.length === 0) return true;
    // A STRUCT whose file does not say what is in it may hold any path.
    if (field.fields === undefined) return field.type === 'STRUCT';
    const find = inside.get(field) ?? fieldFinder(field.fields);
    inside.set(field, find);
    return find(rest.join('.'));
  };
}

/** A field's whole type in GoogleSQL: `ARRAY<STRUCT<a INT64, b STRING(10)>>`. */
export function columnType(field: Field): string {
  const nested = field.fields?.map((child) => `${quoted(child.name)} ${columnType(child)}`);
  const own = valueText(field.type);
  const type = nested === undefined || nested.length === 0 ? own : `${own}<${nested.join(', ')}>`;
  return field.mode === 'REPEATED' ? `ARRAY<${type}>` : type;
}

function quoted(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name}\``;
}
