import { fieldKey } from '../compare/fields.ts';
import type { Kind } from '../model/finding.ts';
import { MOMENT, type Text, withBlanks } from '../model/fix.ts';
import type { Field, Partitioning, Settings } from '../model/table.ts';
import { typeName, valueText, writtenText } from '../model/value.ts';
import type { FixCase } from './repair-case.ts';

/*
 * The words that statements are made of. Names come from files and from BigQuery, so each is quoted as
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/lexical asks: backslash escapes are the same in
 * quoted identifiers and in strings.
 */

type Subject = FixCase['subject'];

export function identifier(name: string): string {
  return `\`${escaped(name, '`')}\``;
}

export function identifiers(names: readonly string[]): string {
  return names.map(identifier).join(', ');
}

export function literal(text: string): string {
  return `'${escaped(text, "'")}'`;
}

export function literalOrNull(text: string | null): string {
  return text === null ? 'NULL' : literal(text);
}

function escaped(text: string, quote: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll(quote, `\\${quote}`)
    .replaceAll('\n', '\\n')
    .replace(/[\p{Cc}\u2028\u2029]/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `p.d.t`, or another table of the same dataset. */
export function tablePath({ project, dataset, table }: Subject, suffix = ''): string {
  return pathOf(project, dataset, `${table}${suffix}`);
}

export function datasetPath({ project, dataset }: Subject): string {
  return pathOf(project, dataset);
}

export function pathOf(project: string | null, ...names: readonly string[]): string {
  return identifier([...(project === null ? [] : [project]), ...names].join('.'));
}

/** One word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w.:/@%+=,-]+$/.test(text) ? text : inQuotes(text);
}

function inQuotes(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** What `bq` calls the table or dataset. */
export function bqName(subject: Subject, suffix = ''): string {
  return shellWord(bqText(subject, suffix));
}

function bqText({ project, dataset, table }: Subject, suffix: string): string {
  const name = table === null ? dataset : `${dataset}.${table}${suffix}`;
  return project === null ? name : `${project}:${name}`;
}

/**
 * Copies the table as it was beside itself. By itself `bq cp` offers to replace what has the other name:
 * https://docs.cloud.google.com/bigquery/docs/reference/bq-cli-reference#bq_cp
 */
export function savedCopy(subject: Subject): Text {
  const source = inQuotes(`${bqText(subject, '')}@`).slice(0, -1);
  return withBlanks`bq cp --no_clobber ${source}${MOMENT}' ${bqName(subject, '_restored')}`;
}

/** The one statement that reaches nested fields and policy tags: it replaces the schema by that of the table's own file. */
export function bqUpdateSchema(subject: Subject): string {
  return `bq update ${bqName(subject)} ${schemaFile(subject)}`;
}

/** Of another table it would replace this one's schema, so that each has a name of its own. */
export function schemaFile({ dataset, table }: Subject): string {
  return shellWord(`${dataset}.${table}.schema.json`);
}

const MS_PER_DAY = 86_400_000n;

/** Options count in days what the API counts in milliseconds. */
export function days(milliseconds: string | null): string {
  if (milliseconds === null) return 'NULL';
  const ms = BigInt(milliseconds);
  return ms % MS_PER_DAY === 0n ? String(ms / MS_PER_DAY) : String(Number(ms) / Number(MS_PER_DAY));
}

/** The text of a setting with one value, to the letter; null: BigQuery's default, or not stated. */
export function settingText(settings: Settings | undefined, kind: Kind): string | null {
  return writtenText(settings?.get(kind)?.values.get('') ?? null);
}

const TYPE_TEXT = /^(?:[A-Z0-9]+(?:\([0-9]+(?:, [0-9]+)?\))?|RANGE<[A-Z]+>)$/;
const UNWRITABLE_TYPES: readonly string[] = ['FOREIGN', 'RANGE'];

/** Whether a statement can name the whole type: a file may leave open what is in a STRUCT. */
export function isWritable({ type, mode, fields }: Field): boolean {
  if (!['NULLABLE', 'REQUIRED', 'REPEATED'].includes(mode) || UNWRITABLE_TYPES.includes(valueText(type)))
    return false;
  if (type === 'STRUCT') return fields !== undefined && fields.length > 0 && fields.every(isWritable);
  return TYPE_TEXT.test(valueText(type)) && fields === undefined;
}

/** Name and schema of a column or nested field, with all that its settings say and DDL can. */
export function columnDefinition(field: Field, defaultExpression: string | null = null): string {
  const { name, mode, settings } = field;
  const options = [
    ...option('description', settingText(settings, 'field-description')),
    ...option('rounding_mode', settingText(settings, 'field-rounding-mode')),
  ];
  return [
    identifier(name),
    columnType(field),
    ...(defaultExpression === null ? [] : [`DEFAULT ${defaultExpression}`]),
    ...(mode === 'REQUIRED' ? ['NOT NULL'] : []),
    ...(options.length === 0 ? [] : [`OPTIONS (${options.join(', ')})`]),
  ].join(' ');
}

/** Unlike the canonical type: every name quoted, and of nested fields all that their settings say. */
export function columnType({ type, mode, fields, settings }: Field): string {
  const collation = settingText(settings, 'field-collation');
  const one =
    fields === undefined
      ? valueText(type)
      : `STRUCT<${fields.map((each) => columnDefinition(each)).join(', ')}>`;
  const collated = collation === null ? one : `${one} COLLATE ${literal(collation)}`;
  return mode === 'REPEATED' ? `ARRAY<${collated}>` : collated;
}

export function option(name: string, value: string | null): readonly string[] {
  return value === null ? [] : [`${name} = ${literal(value)}`];
}

/** `PARTITION BY …` without the words; null: such columns cannot carry the partitioning. */
export function partitionExpression(partitioning: Partitioning, columns: readonly Field[]): string | null {
  if (partitioning.by === 'time' && partitioning.field === null) {
    if (!isGranularity(partitioning.granularity)) return null;
    return partitioning.granularity === 'DAY'
      ? '_PARTITIONDATE'
      : `TIMESTAMP_TRUNC(_PARTITIONTIME, ${partitioning.granularity})`;
  }
  const name = partitioning.field ?? '';
  const column = columns.find((candidate) => fieldKey(candidate) === name.toLowerCase());
  if (column === undefined || column.mode === 'REPEATED') return null;
  if (partitioning.by === 'time') return timeExpression(column, partitioning.granularity);
  const { start, end, interval } = partitioning;
  return column.type === 'INT64'
    ? `RANGE_BUCKET(${identifier(column.name)}, GENERATE_ARRAY(${start}, ${end}, ${interval}))`
    : null;
}

function isGranularity(text: string): boolean {
  return ['HOUR', 'DAY', 'MONTH', 'YEAR'].includes(text);
}

function timeExpression({ name, type }: Field, granularity: string): string | null {
  if (!isGranularity(granularity)) return null;
  const column = identifier(name);
  if (type === 'DATE') {
    if (granularity === 'HOUR') return null;
    return granularity === 'DAY' ? column : `DATE_TRUNC(${column}, ${granularity})`;
  }
  const base = typeName(type);
  if (base !== 'TIMESTAMP' && base !== 'DATETIME') return null;
  return granularity === 'DAY' ? `DATE(${column})` : `${base}_TRUNC(${column}, ${granularity})`;
}
