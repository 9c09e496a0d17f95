import { fieldKey } from '../compare/fields.ts';
import type { Fix } from '../model/fix.ts';
import type { Setting, Settings } from '../model/table.ts';
import { defaultOf, isOneExpression } from './columns.ts';
import { primaryKeyColumns } from './constraints.ts';
import { objectOf, setOptions, whatHasOtherType } from './options.ts';
import { identifier, literal, literalOrNull } from './quoting.ts';
import { rebuildTable } from './rebuild.ts';
import {
  type FieldCase,
  inPlace,
  lastOf,
  noFix,
  pairOf,
  rebuild,
  replacedColumn,
  statedText,
} from './repair-case.ts';
import { alterColumn, updateSchema } from './statements.ts';
import { whatIsNoTable } from './view.ts';

export function fieldDefault(fieldCase: FieldCase): Fix {
  const { stated, subject, actual } = fieldCase;
  const other = whatIsNoTable(fieldCase);
  if (other !== null) return other;
  const [, column] = pairOf(fieldCase);
  if (stated.length > 1) return noFix('only a top-level column can have a default: let the file state none');
  const note = 'only rows written from now on get it';
  const expression = defaultOf(lastOf(stated))?.trim();
  if (expression === undefined) return inPlace([alterColumn(subject, column, 'DROP DEFAULT')], note);
  // DDL, ALTER COLUMN SET DEFAULT
  if (primaryKeyColumns(actual).includes(fieldKey(column)))
    return noFix('a column of the primary key cannot have a default: drop one of the two');
  return isOneExpression(expression)
    ? inPlace([alterColumn(subject, column, `SET DEFAULT ${expression}`)], note)
    : noFix('the default in the file is not one expression');
}

/** A column's collation cannot be changed: DDL, ALTER TABLE SET DEFAULT COLLATE. */
export function fieldCollation(fieldCase: FieldCase): Fix {
  const { change, stated } = fieldCase;
  const other = whatIsNoTable(fieldCase);
  if (other !== null) return other;
  const [, actual] = pairOf(fieldCase);
  const note = 'the collation of a column that is there cannot be changed';
  if (stated.length > 1 || actual.mode === 'REPEATED') return rebuild([], `${note}: build the table anew`);
  const setting: Setting = { values: new Map([['', change.expected]]), othersAbsent: false };
  const settings: Settings = new Map([...(actual.settings ?? []), ['field-collation', setting]]);
  const collated = `COLLATE(${identifier(actual.name)}, ${literal(statedText(fieldCase) ?? '')})`;
  return rebuildTable(fieldCase, {
    columns: replacedColumn(fieldCase, { ...actual, settings }),
    converted: new Map([[actual.name, collated]]),
    note,
  });
}

export function fieldRoundingMode(fieldCase: FieldCase): Fix {
  const note = 'only values written from now on are rounded so';
  return whatIsNoTable(fieldCase) ?? setColumnOption(fieldCase, { name: 'rounding_mode', note });
}

export function fieldDescription(fieldCase: FieldCase): Fix {
  const { actual, stated } = fieldCase;
  const isViewColumn = actual.type === 'VIEW' && stated.length === 1;
  const other = isViewColumn ? whatHasOtherType(fieldCase) : whatIsNoTable(fieldCase);
  return other ?? setColumnOption(fieldCase, { name: 'description', note: null });
}

function setColumnOption(
  fieldCase: FieldCase,
  { name, note }: { readonly name: 'description' | 'rounding_mode'; readonly note: string | null },
): Fix {
  const { stated, actual } = fieldCase;
  if (stated.length > 1) return inPlace([updateSchema(fieldCase)], note);
  const [, column] = pairOf(fieldCase);
  return setOptions({
    of: `${objectOf(fieldCase, actual)} ALTER COLUMN ${identifier(column.name)}`,
    options: { [name]: literalOrNull(statedText(fieldCase)) },
    note,
  });
}

export function fieldPolicyTags(fieldCase: FieldCase): Fix {
  const note =
    fieldCase.change.expected === null
      ? 'it takes protection away: all who read the table can read the column then'
      : 'until then the column may be open to all who read the table';
  return whatIsNoTable(fieldCase) ?? inPlace([updateSchema(fieldCase)], note);
}
