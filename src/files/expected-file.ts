import { isObject } from '../metadata/parse.ts';
import type { Resource } from '../model/ports.ts';
import { digits, list, orNever, part, text } from './parts.ts';

/*
 * What BigQuery has, as an expected file: the part of a resource that some kind compares, in REST's own spellings and
 * in one order of keys. Nothing that changes by itself is in it, and nothing that no kind compares, since stating
 * that is a warning.
 */

/**
 * Types with rows of their own, which can be partitioned and clustered; of all others (a view, an external table, a type
 * that does not exist yet) "not partitioned" says nothing.
 */
const STORING_TYPES = ['TABLE', 'MATERIALIZED_VIEW', 'SNAPSHOT'];

/**
 * The content of a table's expected file. `null` states what could begin later: partitioning, clustering, a
 * partition filter, and the expiration of partitions or of the table.
 */
export function tableContent(resource: Resource): Resource {
  const type = text(resource['type']) ?? 'TABLE';
  const none = STORING_TYPES.includes(type.toUpperCase()) ? null : undefined;
  return stated({
    type,
    description: text(resource['description']),
    labels: labelsOf(resource),
    schema: { fields: fieldsOf(part(resource['schema'], 'fields')) },
    ...partitioningOf(resource, none),
    requirePartitionFilter: filterOf(resource),
    clustering: block({ fields: names(part(resource['clustering'], 'fields')) }) ?? none,
    // Every type of table can expire: `expiration_timestamp` is an option of views and external tables too.
    expirationTime: orNever(resource['expirationTime']),
    encryptionConfiguration: kmsKeyOf(resource['encryptionConfiguration']),
    defaultCollation: text(resource['defaultCollation']),
    tableConstraints: constraintsOf(resource['tableConstraints']),
    view: block({ query: text(part(resource['view'], 'query')) }),
    materializedView: block({ query: text(part(resource['materializedView'], 'query')) }),
    externalDataConfiguration: externalSourceOf(resource['externalDataConfiguration']),
  });
}

/** The content of a dataset's expected file; `null` states that nothing expires by default. */
export function datasetContent(resource: Resource): Resource {
  return stated({
    description: text(resource['description']),
    labels: labelsOf(resource),
    location: text(resource['location']),
    defaultTableExpirationMs: orNever(resource['defaultTableExpirationMs']),
    defaultPartitionExpirationMs: orNever(resource['defaultPartitionExpirationMs']),
    maxTimeTravelHours: digits(resource['maxTimeTravelHours']),
    defaultEncryptionConfiguration: kmsKeyOf(resource['defaultEncryptionConfiguration']),
    defaultCollation: text(resource['defaultCollation']),
  });
}

function fieldsOf(raw: unknown): readonly Resource[] {
  return objects(raw).map(fieldOf);
}

function fieldOf(field: Resource): Resource {
  const mode = text(field['mode']);
  const roundingMode = text(field['roundingMode']);
  const precision = digits(field['precision']);
  return stated({
    name: field['name'],
    type: field['type'],
    // Absent means it.
    mode: mode?.toUpperCase() === 'NULLABLE' ? undefined : mode,
    maxLength: digits(field['maxLength']),
    precision,
    // Beside no precision it has no meaning.
    scale: precision === undefined ? undefined : digits(field['scale']),
    timestampPrecision: digits(field['timestampPrecision']),
    rangeElementType: block({ type: text(part(field['rangeElementType'], 'type')) }),
    defaultValueExpression: text(field['defaultValueExpression']),
    collation: text(field['collation']),
    roundingMode: roundingMode?.toUpperCase() === 'ROUNDING_MODE_UNSPECIFIED' ? undefined : roundingMode,
    description: text(field['description']),
    policyTags: block({ names: names(part(field['policyTags'], 'names')) }),
    dataPolicies: unlessEmpty(objects(field['dataPolicies']).map(({ name }) => ({ name }))),
    fields: Array.isArray(field['fields']) ? fieldsOf(field['fields']) : undefined,
  });
}

/** `none`: how "not partitioned" is stated; undefined: not at all. */
function partitioningOf(resource: Resource, none: null | undefined): Resource {
  const { timePartitioning: time, rangePartitioning: range } = resource;
  if (isObject(time)) {
    const { type, field, expirationMs } = time;
    return {
      timePartitioning: stated({ type, field: text(field), expirationMs: orNever(expirationMs) }),
    };
  }
  if (!isObject(range)) return { timePartitioning: none };
  // JSON leaves out a bound of zero.
  const bound = (key: string) => digits(part(range['range'], key)) ?? '0';
  return {
    rangePartitioning: {
      field: range['field'],
      range: { start: bound('start'), end: bound('end'), interval: bound('interval') },
    },
  };
}

/** Told by the table's own key, of which the one inside `timePartitioning` is the deprecated twin. */
function filterOf(resource: Resource): true | null | undefined {
  const { timePartitioning: time, rangePartitioning: range, externalDataConfiguration: source } = resource;
  const filter = resource['requirePartitionFilter'] ?? part(time, 'requirePartitionFilter');
  if (filter === true) return true;
  return [time, range, part(source, 'hivePartitioningOptions')].some(isObject) ? null : undefined;
}

function labelsOf({ labels }: Resource): Resource | undefined {
  const entries = Object.entries(isObject(labels) ? labels : {})
    .filter(([, value]) => typeof value === 'string')
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return block(Object.fromEntries(entries));
}

/** Without the version of the key in use, which is no setting. */
function kmsKeyOf(configuration: unknown): Resource | undefined {
  const name = text(part(configuration, 'kmsKeyName'));
  return block({ kmsKeyName: name?.replace(/\/cryptoKeyVersions\/[^/]+$/, '') });
}

/** A foreign key without its name, which may be BigQuery's own, and without its project, which no file compares. */
function constraintsOf(constraints: unknown): Resource | undefined {
  const foreignKeys = objects(part(constraints, 'foreignKeys')).map((key) => ({
    referencedTable: {
      datasetId: part(key['referencedTable'], 'datasetId'),
      tableId: part(key['referencedTable'], 'tableId'),
    },
    columnReferences: objects(key['columnReferences']).map(({ referencingColumn, referencedColumn }) => ({
      referencingColumn,
      referencedColumn,
    })),
  }));
  return block({
    primaryKey: block({ columns: names(part(part(constraints, 'primaryKey'), 'columns')) }),
    foreignKeys: unlessEmpty(foreignKeys),
  });
}

function externalSourceOf(source: unknown): Resource | undefined {
  const hive = part(source, 'hivePartitioningOptions');
  return block({
    sourceFormat: text(part(source, 'sourceFormat')),
    sourceUris: names(part(source, 'sourceUris')),
    hivePartitioningOptions: block({
      mode: text(part(hive, 'mode')),
      sourceUriPrefix: text(part(hive, 'sourceUriPrefix')),
    }),
  });
}

/** Without the keys that state nothing; `null` states something. */
function stated(content: Resource): Resource {
  return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
}

/** undefined: it would state nothing. */
function block(content: Resource): Resource | undefined {
  const keys = stated(content);
  return Object.keys(keys).length === 0 ? undefined : keys;
}

function unlessEmpty<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

function names(value: unknown): readonly string[] | undefined {
  return unlessEmpty(list(value).filter((item) => typeof item === 'string'));
}

function objects(value: unknown): readonly Resource[] {
  return list(value).filter(isObject);
}
