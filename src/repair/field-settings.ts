import { fieldKey } from '../metadata/fields.ts';
import type { Fix } from '../model/fix.ts';
import type { Setting, Settings } from '../model/table.ts';
import { defaultOf, isOneExpression } from './columns.ts';
import { primaryKeyColumns } from './constraints.ts';
import { objectOf, setOptions, whatHasOtherType } from './options.ts';
import { identifier, literal, literalOrNull } from './quoting.ts';
import { rebuildTable } from './rebuild.ts';
import { type FieldCase, inPlace, noFix, rebuild, replacedColumn, statedText } from './repair-case.ts';
import { alterColumn, updateSchema } from './statements.ts';
import { onTable, whatIsNoTable } from './view.ts';

export const fieldDefault = onTable(({ isNested, field, subject, actual }: FieldCase): Fix => {
  if (isNested) return noFix('only a top-level column can have a default: let the file state none');
  const note = 'only rows written from now on get it';
  const expression = defaultOf(field.expected)?.trim();
  if (expression === undefined) return inPlace([alterColumn(subject, field.actual, 'DROP DEFAULT')], note);
  // DDL, ALTER COLUMN SET DEFAULT
  if (primaryKeyColumns(actual).includes(fieldKey(field.actual)))
    return noFix('a column of the primary key cannot have a default: drop one of the two');
  return isOneExpression(expression)
    ? inPlace([alterColumn(subject, field.actual, `SET DEFAULT ${expression}`)], note)
    : noFix('the default in the file is not one expression');
});

/** A column's collation cannot be changed: DDL, ALTER TABLE SET DEFAULT COLLATE. */
export const fieldCollation = onTable((fieldCase: FieldCase): Fix => {
  const { change, isNested } = fieldCase;
  const { actual } = fieldCase.field;
  const note = 'the collation of a column that is there cannot be changed';
  if (isNested || actual.mode === 'REPEATED') return rebuild([], `${note}: build the table anew`);
  const setting: Setting = { values: new Map([['', change.expected]]), othersAbsent: false };
  const settings: Settings = new Map([...(actual.settings ?? []), ['collation', setting]]);
  const collated = `COLLATE(${identifier(actual.name)}, ${literal(statedText(fieldCase) ?? '')})`;
  return rebuildTable(fieldCase, {
    columns: replacedColumn(fieldCase, { ...actual, settings }),
    converted: new Map([[actual.name, collated]]),
    note,
  });
});

export const fieldRoundingMode = onTable((fieldCase: FieldCase): Fix => {
  const note = 'only values written from now on are rounded so';
  return setColumnOption(fieldCase, { name: 'rounding_mode', note });
});

export function fieldDescription(fieldCase: FieldCase): Fix {
  const { actual, isNested } = fieldCase;
  const isViewColumn = actual.type === 'VIEW' && !isNested;
  const other = isViewColumn ? whatHasOtherType(fieldCase) : whatIsNoTable(fieldCase);
  return other ?? setColumnOption(fieldCase, { name: 'description', note: null });
}

function setColumnOption(
  fieldCase: FieldCase,
  { name, note }: { readonly name: 'description' | 'rounding_mode'; readonly note: string | null },
): Fix {
  const { isNested, actual, field } = fieldCase;
  if (isNested) return inPlace([updateSchema(fieldCase)], note);
  return setOptions({
    of: `${objectOf(fieldCase, actual)} ALTER COLUMN ${identifier(field.actual.name)}`,
    options: { [name]: literalOrNull(statedText(fieldCase)) },
    note,
  });
}

export const fieldPolicyTags = onTable((fieldCase: FieldCase): Fix => {
  const note =
    fieldCase.change.expected === null
      ? 'it takes protection away: all who read the table can read the column then'
      : 'until then the column may be open to all who read the table';
  return inPlace([updateSchema(fieldCase)], note);
});
