import { isDeepStrictEqual } from 'node:util';
import type { Partitioning } from './table.ts';

/**
 * A value as a file or BigQuery has it: data until `valueText` writes it. What is one text anyway is a plain string, since a
 * disaster keeps a hundred thousand of them.
 */
export type Value =
  | string
  | ParameterisedType
  | PartitioningValue
  | ValueList
  | ValueParts
  | Sql
  | Label
  | PrimaryKey
  | ForeignKey
  | HiveOption
  | MoreTables;

/** A GoogleSQL type without mode and nested fields; a plain string is a type without parameters. */
export type FieldType = string | ParameterisedType;

/** `NUMERIC(10, 2)`, `RANGE<DATE>` */
export interface ParameterisedType {
  readonly of: 'type';
  readonly name: string;
  /** int64 in digits; of a RANGE the name of its elements' type. */
  readonly parameters: readonly string[];
}

export interface PartitioningValue {
  readonly of: 'partitioning';
  readonly partitioning: Partitioning;
}

/** One after the other, in the order that counts, or sorted where none does: columns, URIs, tags, foreign keys. */
export interface ValueList {
  readonly of: 'list';
  readonly items: readonly Value[];
}

/** Those parts of a setting that differ, by name: labels by their keys. */
export interface ValueParts {
  readonly of: 'parts';
  readonly parts: ReadonlyMap<string, Value>;
}

/** Two queries are equal where their canonical texts are; what is shown or offered is what was written. */
export interface Sql {
  readonly of: 'sql';
  readonly canonical: string;
  readonly written: string;
}

export interface Label {
  readonly of: 'label';
  readonly key: string;
  readonly value: string;
}

export interface PrimaryKey {
  readonly of: 'primary-key';
  /** In lower case, as in a foreign key. */
  readonly columns: readonly string[];
}

export interface ForeignKey {
  readonly of: 'foreign-key';
  readonly columns: readonly string[];
  readonly dataset: string;
  readonly table: string;
  readonly referencedColumns: readonly string[];
}

/** Of an external table whose files lie in folders named after values. */
export interface HiveOption {
  readonly of: 'hive-option';
  readonly name: string;
  readonly value: string;
}

/** So many undeclared tables that not each is named. */
export interface MoreTables {
  readonly of: 'more-tables';
  readonly than: number;
}

/** null: nothing is in it. */
export function listOf(items: readonly Value[]): ValueList | null {
  // An empty name names nothing.
  const named = items.filter((item) => item !== '');
  return named.length === 0 ? null : { of: 'list', items: named };
}

export function partitioningValue(partitioning: Partitioning | null): PartitioningValue | null {
  return partitioning === null ? null : { of: 'partitioning', partitioning };
}

/** The one canonical text of a value, which reports, logs and the state have. */
export function valueText(value: Value): string;
export function valueText(value: Value | null): string | null;
export function valueText(value: Value | null): string | null {
  if (value === null || typeof value === 'string') return value;
  switch (value.of) {
    case 'type':
      return typeText(value);
    case 'partitioning':
      return partitioningText(value.partitioning);
    case 'list':
      return joined(value.items.map((item) => valueText(item)));
    case 'parts':
      return joined([...value.parts.values()].map((part) => valueText(part)));
    case 'sql':
      return value.canonical;
    case 'label':
      return `${value.key}=${value.value}`;
    case 'primary-key':
      return `PRIMARY KEY (${joined(value.columns)})`;
    case 'foreign-key':
      return `FOREIGN KEY (${joined(value.columns)}) REFERENCES ${value.dataset}.${value.table} (${joined(value.referencedColumns)})`;
    case 'hive-option':
      return `hive ${value.name} ${value.value}`;
    case 'more-tables':
      return `more than ${value.than.toLocaleString('en-US')} tables`;
  }
}

/** The same text but for SQL, which is as it was written. */
export function writtenText(value: Value | null): string | null {
  return typeof value === 'object' && value?.of === 'sql' ? value.written : valueText(value);
}

function joined(texts: readonly string[]): string {
  return texts.join(', ');
}

/** `DAY(created_at)`, `HOUR(_PARTITIONTIME)`, `RANGE(id, 0, 100, 10)` */
export function partitioningText(partitioning: Partitioning): string {
  if (partitioning.by === 'time') {
    return `${partitioning.granularity}(${partitioning.field ?? '_PARTITIONTIME'})`;
  }
  const { field, start, end, interval } = partitioning;
  return `RANGE(${joined([field, start, end, interval])})`;
}

/** Names of columns are told apart in no letter case. */
export function samePartitioning(expected: Partitioning, actual: Partitioning): boolean {
  return partitioningText(expected).toLowerCase() === partitioningText(actual).toLowerCase();
}

function typeText({ name, parameters }: ParameterisedType): string {
  return name === 'RANGE' ? `${name}<${joined(parameters)}>` : `${name}(${joined(parameters)})`;
}

/** The name of a type without its parameters: `NUMERIC`. */
export function typeName(type: FieldType): string {
  return typeof type === 'string' ? type : type.name;
}

/** null: absent. */
export function sameValue(one: Value | null, other: Value | null): boolean {
  if (one === other) return true;
  if (one === null || other === null || typeof one === 'string' || typeof other === 'string') return false;
  if (one.of === 'sql' && other.of === 'sql') return one.canonical === other.canonical;
  return isDeepStrictEqual(one, other);
}
