import { MalformedError } from '../model/errors.ts';
import type { Resource } from '../model/ports.ts';
import type { Field, Partitioning, Table } from '../model/table.ts';
import type { FieldType, ParameterisedType } from '../model/value.ts';
import {
  expiration,
  int64,
  isObject,
  nameOf,
  object,
  optionalObject,
  optionalString,
  stringList,
} from './parse.ts';
import { FIELD_SETTINGS, foundSettings, statedSettings, TABLE_SETTINGS } from './settings.ts';
import { uncarriedInField, uncarriedInTable } from './uncarried.ts';

/*
 * One meaning, one spelling. Everything here reads REST v2 resources by hand rather than by schema: an answer
 * of BigQuery may carry keys that did not exist when this was written, and a schema library costs
 * about twice the JSON.parse of the answer.
 *
 * Resources: https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables and …/datasets
 */

/**
 * What BigQuery answered of a table.
 * @throws MalformedError when a part that is compared has not the shape of a Table resource.
 */
export function canonicalTable(resource: Resource): Table {
  const schema = optionalObject(resource['schema'], 'schema');
  const clustering = optionalObject(resource['clustering'], 'clustering');
  return {
    // A resource without a type does not come from the API, but recorded ones are typed by hand.
    type: (optionalString(resource['type'], 'type') ?? 'TABLE').toUpperCase(),
    fields: schema === undefined ? [] : foundFields(schema['fields'] ?? []),
    partitioning: canonicalPartitioning(resource) ?? null,
    partitionExpirationMs: canonicalPartitionExpiration(resource) ?? null,
    requirePartitionFilter: canonicalPartitionFilter(resource) ?? false,
    clustering: clustering === undefined ? [] : stringList(clustering['fields'] ?? [], 'clustering.fields'),
    expirationTime: expiration(resource['expirationTime'], 'expirationTime') ?? null,
    creationTime: int64(resource['creationTime'], 'creationTime') ?? null,
    hivePartitionFields: hivePartitionFields(resource),
    ...foundSettings(TABLE_SETTINGS, resource),
    ...uncarriedInTable(resource),
  };
}

/** Far above BigQuery's 15 levels, and far below what a stack holds. */
const MAX_DEPTH = 100;

/** What BigQuery has: settings that are BigQuery's default are left out. @throws MalformedError as above. */
export function foundFields(raw: unknown): readonly Field[] {
  return fieldsWith(raw, foundSettings);
}

/** What a file states: settings that state BigQuery's default are kept. @throws MalformedError as above. */
export function statedFields(raw: unknown): readonly Field[] {
  return fieldsWith(raw, statedSettings);
}

/** Naming the place of each field costs as much as reading it, so places are named only when something is wrong. */
function fieldsWith(raw: unknown, settingsOf: typeof foundSettings): readonly Field[] {
  try {
    return canonicalFields(raw, { at: null, depth: 1, settingsOf });
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return canonicalFields(raw, { at: 'schema.fields', depth: 1, settingsOf });
  }
}

interface Place {
  /** null: nobody asks. */
  readonly at: string | null;
  readonly depth: number;
  readonly settingsOf: typeof foundSettings;
}

function canonicalFields(raw: unknown, { at, depth, settingsOf }: Place): readonly Field[] {
  if (depth > MAX_DEPTH) throw new MalformedError(`schema.fields: nested deeper than ${MAX_DEPTH} levels`);
  if (!Array.isArray(raw)) throw new MalformedError(`${at}: expected a list, found ${nameOf(raw)}`);
  return raw.map((field, index) =>
    canonicalField(field, { at: at === null ? null : `${at}[${index}]`, depth, settingsOf }),
  );
}

function canonicalField(raw: unknown, { at, depth, settingsOf }: Place): Field {
  if (!isObject(raw)) throw new MalformedError(`${at}: expected a field, found ${nameOf(raw)}`);
  const { name, type, mode, fields: nested } = raw;
  if (typeof name !== 'string' || name === '') throw new MalformedError(`${at}.name: absent or no text`);
  if (typeof type !== 'string' || type === '') throw new MalformedError(`${at}.type: absent or no text`);
  const { settings } = settingsOf(FIELD_SETTINGS, raw, at ?? '');
  const field = {
    name,
    type: canonicalType(type, raw, at),
    mode: mode === 'NULLABLE' ? mode : canonicalMode(optionalString(mode, `${at}.mode`)),
  };
  const uncarried = uncarriedInField(raw);
  const plain = uncarried === undefined ? field : { ...field, uncarried };
  const withSettings = settings === undefined ? plain : { ...plain, settings };
  if (nested === undefined || nested === null) return withSettings;
  const place = { at: at === null ? null : `${at}.fields`, depth: depth + 1, settingsOf };
  return { ...withSettings, fields: canonicalFields(nested, place) };
}

/** Absent is NULLABLE: rest/v2/tables#TableFieldSchema. */
function canonicalMode(mode: string | undefined): string {
  return mode === undefined || mode === '' ? 'NULLABLE' : mode.toUpperCase();
}

/**
 * REST answers with the legacy names, DDL and INFORMATION_SCHEMA with GoogleSQL's:
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types
 */
const TYPE_SYNONYMS: Readonly<Record<string, string>> = {
  INTEGER: 'INT64',
  INT: 'INT64',
  SMALLINT: 'INT64',
  BIGINT: 'INT64',
  TINYINT: 'INT64',
  BYTEINT: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  RECORD: 'STRUCT',
  DECIMAL: 'NUMERIC',
  BIGDECIMAL: 'BIGNUMERIC',
};

/** Types a column can have today; an unknown one in an answer is compared by its text. */
export const FIELD_TYPES = [
  'STRING',
  'BYTES',
  'INT64',
  'FLOAT64',
  'NUMERIC',
  'BIGNUMERIC',
  'BOOL',
  'TIMESTAMP',
  'DATE',
  'TIME',
  'DATETIME',
  'GEOGRAPHY',
  'JSON',
  'INTERVAL',
  'RANGE',
  'STRUCT',
  'FOREIGN',
] as const;

/** Types a column can cluster by: https://docs.cloud.google.com/bigquery/docs/creating-clustered-tables */
export const CLUSTERING_TYPES: readonly string[] = [
  'BIGNUMERIC',
  'BOOL',
  'DATE',
  'DATETIME',
  'GEOGRAPHY',
  'INT64',
  'NUMERIC',
  'RANGE',
  'STRING',
  'TIMESTAMP',
];

/** Nearly every type of an answer is spelled like one of these. */
const USUAL_SPELLINGS: ReadonlyMap<string, string> = new Map([
  ...FIELD_TYPES.map((type) => [type, type] as const),
  ...Object.entries(TYPE_SYNONYMS),
]);

/** The GoogleSQL name of a type, without parameters. */
export function canonicalTypeName(type: string): string {
  const usual = USUAL_SPELLINGS.get(type);
  if (usual !== undefined) return usual;
  const upper = type.trim().toUpperCase();
  return Object.hasOwn(TYPE_SYNONYMS, upper) ? (TYPE_SYNONYMS[upper] ?? upper) : upper;
}

function canonicalType(type: string, raw: Resource, at: string | null): FieldType {
  const name = canonicalTypeName(type);
  switch (name) {
    case 'STRING':
    case 'BYTES': {
      const maxLength = parameter(raw, 'maxLength', at);
      return maxLength === undefined ? name : withParameters(name, maxLength);
    }
    case 'NUMERIC':
    case 'BIGNUMERIC': {
      const precision = parameter(raw, 'precision', at);
      const scale = parameter(raw, 'scale', at) ?? '0';
      if (precision === undefined) return name;
      // NUMERIC without parameters holds exactly precision 38 and scale 9.
      if (name === 'NUMERIC' && precision === '38' && scale === '9') return name;
      return scale === '0' ? withParameters(name, precision) : withParameters(name, precision, scale);
    }
    case 'TIMESTAMP': {
      // 6 (microseconds) is the default, 12 is picoseconds.
      const precision = parameter(raw, 'timestampPrecision', at) ?? '6';
      return precision === '6' ? name : withParameters(name, precision);
    }
    case 'RANGE': {
      const element = optionalObject(raw['rangeElementType'], `${at}.rangeElementType`);
      const elementType = optionalString(element?.['type'], `${at}.rangeElementType.type`);
      return elementType === undefined ? name : withParameters(name, canonicalTypeName(elementType));
    }
    default:
      return name;
  }
}

function withParameters(name: string, ...parameters: readonly string[]): ParameterisedType {
  return { of: 'type', name, parameters };
}

function parameter(raw: Resource, key: string, at: string | null): string | undefined {
  const value = raw[key];
  return value === undefined ? undefined : int64(value, `${at}.${key}`);
}

/** undefined: neither key is there; null: the file says null, which states "not partitioned". */
export function canonicalPartitioning(resource: Resource): Partitioning | null | undefined {
  const time = resource['timePartitioning'];
  const range = resource['rangePartitioning'];
  if (time !== undefined && time !== null) return timePartitioning(object(time, 'timePartitioning'));
  if (range !== undefined && range !== null) return rangePartitioning(object(range, 'rangePartitioning'));
  return time === undefined && range === undefined ? undefined : null;
}

function timePartitioning(time: Resource): Partitioning {
  const granularity = optionalString(time['type'], 'timePartitioning.type');
  if (granularity === undefined) throw new MalformedError('timePartitioning.type: absent');
  const field = optionalString(time['field'], 'timePartitioning.field');
  // Ingestion time is told by the absence of a field, and its pseudo column is named _PARTITIONTIME.
  const byIngestion = field === undefined || field === '' || field.toUpperCase() === '_PARTITIONTIME';
  return { by: 'time', granularity: granularity.toUpperCase(), field: byIngestion ? null : field };
}

function rangePartitioning(partitioning: Resource): Partitioning {
  const field = optionalString(partitioning['field'], 'rangePartitioning.field');
  const range = object(partitioning['range'], 'rangePartitioning.range');
  const bound = (key: string) => {
    // proto3 JSON leaves out a zero.
    return int64(range[key], `rangePartitioning.range.${key}`) ?? '0';
  };
  if (field === undefined) throw new MalformedError('rangePartitioning.field: absent');
  return { by: 'range', field, start: bound('start'), end: bound('end'), interval: bound('interval') };
}

/** undefined: not stated; null: never. */
export function canonicalPartitionExpiration(resource: Resource): string | null | undefined {
  const time = resource['timePartitioning'];
  if (!isObject(time)) return undefined;
  return expiration(time['expirationMs'], 'timePartitioning.expirationMs');
}

/** The key inside `timePartitioning` is the deprecated twin of the table's own. undefined: not stated. */
export function canonicalPartitionFilter(resource: Resource): boolean | undefined {
  const time = resource['timePartitioning'];
  const stated = resource['requirePartitionFilter'];
  const twin = isObject(time) ? time['requirePartitionFilter'] : undefined;
  if (stated === undefined && twin === undefined) return undefined;
  const value = stated ?? twin ?? false;
  if (typeof value !== 'boolean') {
    throw new MalformedError(`requirePartitionFilter: expected true or false, found ${nameOf(value)}`);
  }
  return value;
}

function hivePartitionFields(resource: Resource): readonly string[] {
  const external = optionalObject(resource['externalDataConfiguration'], 'externalDataConfiguration');
  const hive = optionalObject(
    external?.['hivePartitioningOptions'] ?? resource['hivePartitioningOptions'],
    'hivePartitioningOptions',
  );
  return hive === undefined ? [] : stringList(hive['fields'] ?? [], 'hivePartitioningOptions.fields');
}
