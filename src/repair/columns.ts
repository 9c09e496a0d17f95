import { fieldKey } from '../metadata/fields.ts';
import type { Field, Partitioning } from '../model/table.ts';
import { typeName, valueText } from '../model/value.ts';
import { identifier, literal, option, optionsClause, settingText } from './quoting.ts';

/* How statements write columns, and which they can write. */

const UNWRITABLE_TYPES: readonly string[] = ['FOREIGN', 'RANGE'];

/** Whether a statement can name the whole type: a file may leave open what is in a STRUCT. */
export function isWritable({ type, mode, fields }: Field): boolean {
  if (!['NULLABLE', 'REQUIRED', 'REPEATED'].includes(mode)) return false;
  if (type === 'STRUCT') return fields !== undefined && fields.length > 0 && fields.every(isWritable);
  if (fields !== undefined) return false;
  const words = typeof type === 'string' ? [type] : [type.name, ...type.parameters];
  return words.every((word) => /^[A-Z0-9]+$/.test(word)) && !UNWRITABLE_TYPES.includes(valueText(type));
}

/** An expression stands in the statement as the file has it, so it must not end the statement. */
export function isOneExpression(text: string): boolean {
  return !/[;]|--|#|\/\*/.test(text);
}

/** What the file or BigQuery gives as the default of a column; null: none. */
export function defaultOf({ settings }: Field): string | null {
  return settingText(settings, 'defaultValueExpression');
}

/** Name and schema of a column or nested field, with all that its settings say and DDL can. */
export function columnDefinition(field: Field, defaultExpression?: string): string {
  const { name, mode, settings } = field;
  const options = [
    ...option('description', settingText(settings, 'description')),
    ...option('rounding_mode', settingText(settings, 'roundingMode')),
  ];
  const words = [
    identifier(name),
    columnType(field),
    ...(defaultExpression === undefined ? [] : [`DEFAULT ${defaultExpression}`]),
    ...(mode === 'REQUIRED' ? ['NOT NULL'] : []),
  ];
  return words.join(' ') + optionsClause(options);
}

/** Unlike the canonical type: every name quoted, and of nested fields all that their settings say. */
export function columnType({ type, mode, fields, settings }: Field): string {
  const collation = settingText(settings, 'collation');
  const one =
    fields === undefined
      ? valueText(type)
      : `STRUCT<${fields.map((each) => columnDefinition(each)).join(', ')}>`;
  const collated = collation === null ? one : `${one} COLLATE ${literal(collation)}`;
  return mode === 'REPEATED' ? `ARRAY<${collated}>` : collated;
}

/** Fields that can lay out a table are top-level and not repeated; null: there is none of this name. */
export function layoutColumn(columns: readonly Field[], name: string): Field | null {
  const column = columns.find((candidate) => fieldKey(candidate) === name.toLowerCase());
  return column === undefined || column.mode === 'REPEATED' ? null : column;
}

/** `PARTITION BY …` without the words; null: such columns cannot carry the partitioning. */
export function partitionExpression(partitioning: Partitioning, columns: readonly Field[]): string | null {
  if (partitioning.by === 'time' && !GRANULARITIES.includes(partitioning.granularity)) return null;
  if (partitioning.by === 'time' && partitioning.field === null) {
    return partitioning.granularity === 'DAY'
      ? '_PARTITIONDATE'
      : `TIMESTAMP_TRUNC(_PARTITIONTIME, ${partitioning.granularity})`;
  }
  const column = layoutColumn(columns, partitioning.field ?? '');
  if (column === null) return null;
  if (partitioning.by === 'time') return timeExpression(column, partitioning.granularity);
  const { start, end, interval } = partitioning;
  return column.type === 'INT64'
    ? `RANGE_BUCKET(${identifier(column.name)}, GENERATE_ARRAY(${start}, ${end}, ${interval}))`
    : null;
}

const GRANULARITIES: readonly string[] = ['HOUR', 'DAY', 'MONTH', 'YEAR'];

function timeExpression({ name, type }: Field, granularity: string): string | null {
  const column = identifier(name);
  if (type === 'DATE') {
    if (granularity === 'HOUR') return null;
    return granularity === 'DAY' ? column : `DATE_TRUNC(${column}, ${granularity})`;
  }
  const base = typeName(type);
  if (base !== 'TIMESTAMP' && base !== 'DATETIME') return null;
  return granularity === 'DAY' ? `DATE(${column})` : `${base}_TRUNC(${column}, ${granularity})`;
}
