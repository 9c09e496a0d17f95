import { type Fix, sql } from '../model/fix.ts';
import type { Setting, Settings } from '../model/table.ts';
import { valueText } from '../model/value.ts';
import {
  alterColumn,
  isOneExpression,
  isPrimaryKey,
  pairOf,
  replacedColumn,
  updateSchema,
} from './column.ts';
import { rebuildTable } from './rebuild.ts';
import { type FieldCase, inPlace, lastOf, noFix, rebuild } from './repair-case.ts';
import { identifier, literal, literalOrNull, settingText, tablePath } from './sql-words.ts';
import { whatHasOtherType, whatIsNoTable } from './view.ts';

/* The settings of a field. */

export function fieldDefault(fieldCase: FieldCase): Fix {
  const { stated, subject } = fieldCase;
  const other = whatIsNoTable(fieldCase);
  if (other !== null) return other;
  const [, actual] = pairOf(fieldCase);
  if (stated.length > 1) return noFix('only a top-level column can have a default: let the file state none');
  const note = 'only rows written from now on get it';
  const expression = settingText(lastOf(stated).settings, 'field-default')?.trim() ?? null;
  if (expression === null) return inPlace([sql(`${alterColumn(subject, actual)} DROP DEFAULT`)], note);
  if (isPrimaryKey(fieldCase))
    return noFix('a column of the primary key cannot have a default: drop one of the two');
  return isOneExpression(expression)
    ? inPlace([sql(`${alterColumn(subject, actual)} SET DEFAULT ${expression}`)], note)
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
  const setting: Setting = { values: new Map([['', valueText(change.expected)]]), othersAbsent: false };
  const settings: Settings = new Map([...(actual.settings ?? []), ['field-collation', setting]]);
  return rebuildTable(fieldCase, {
    columns: replacedColumn(fieldCase, { ...actual, settings }),
    converted: new Map([
      [actual.name, `COLLATE(${identifier(actual.name)}, ${literal(valueText(change.expected) ?? '')})`],
    ]),
    note,
  });
}

export function fieldRoundingMode(fieldCase: FieldCase): Fix {
  return (
    whatIsNoTable(fieldCase) ??
    columnOption(fieldCase, { name: 'rounding_mode', note: 'only values written from now on are rounded so' })
  );
}

export function fieldDescription(fieldCase: FieldCase): Fix {
  const { actual, stated } = fieldCase;
  const isViewColumn = actual.type === 'VIEW' && stated.length === 1;
  const other = isViewColumn ? whatHasOtherType(fieldCase) : whatIsNoTable(fieldCase);
  return other ?? columnOption(fieldCase, { name: 'description', note: null });
}

function columnOption(
  fieldCase: FieldCase,
  { name, note }: { readonly name: 'description' | 'rounding_mode'; readonly note: string | null },
): Fix {
  const { change, stated, subject, actual } = fieldCase;
  if (stated.length > 1) return updateSchema(fieldCase, note);
  const [, column] = pairOf(fieldCase);
  const path = tablePath(subject);
  const object = actual.type === 'VIEW' ? `VIEW ${path}` : `TABLE ${path}`;
  const value = literalOrNull(valueText(change.expected));
  return inPlace(
    [sql(`ALTER ${object} ALTER COLUMN ${identifier(column.name)} SET OPTIONS (${name} = ${value})`)],
    note,
  );
}

const OPEN_COLUMN = 'until then the column may be open to all who read the table';
const OPENS_COLUMN = 'it takes protection away: all who read the table can read the column then';

export function fieldPolicyTags(fieldCase: FieldCase): Fix {
  return (
    whatIsNoTable(fieldCase) ??
    updateSchema(fieldCase, fieldCase.change.expected === null ? OPENS_COLUMN : OPEN_COLUMN)
  );
}
