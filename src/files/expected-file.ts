import { isObject } from '../metadata/parse.ts';
import type { Resource } from '../model/ports.ts';
import { digits, list, orNever, part, text } from './parts.ts';

/*
 * What BigQuery has, as an expected file: the keys of a resource that some kind compares, in one order, and how each is
 * stated. Nothing that changes by itself is among them, and nothing that no kind compares, since stating that is a warning.
 */

/** What a file states of a key's value; undefined: nothing, while `null` states something. */
type State = (value: unknown, resource: Resource) => unknown;
type Keys = Readonly<Record<string, State>>;

/**
 * The content of a table's expected file. `null` states what could begin later: partitioning, clustering, a
 * partition filter, and the expiration of partitions or of the table.
 */
export function tableContent(resource: Resource): Resource {
  return stated(TABLE, resource);
}

/** The content of a dataset's expected file; `null` states that nothing expires by default. */
export function datasetContent(resource: Resource): Resource {
  return stated(DATASET, resource);
}

function stated(keys: Keys, resource: Resource): Resource {
  const entries = Object.entries(keys).map(([key, state]) => [key, state(resource[key], resource)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

const asItIs: State = (value) => value;
/** The default is stated by saying nothing. */
const unless =
  (usual: string): State =>
  (value) =>
    text(value)?.toUpperCase() === usual ? undefined : text(value);

/** A block of keys, unless none of them states anything. */
const block =
  (keys: Keys): State =>
  (value) => {
    const content = stated(keys, isObject(value) ? value : {});
    return Object.keys(content).length === 0 ? undefined : content;
  };

const each =
  (keys: Keys): State =>
  (value) =>
    list(value)
      .filter(isObject)
      .map((item) => stated(keys, item));

const some =
  (state: State): State =>
  (value, resource) => {
    const items = list(state(value, resource));
    return items.length === 0 ? undefined : items;
  };

const names = some((value) => list(value).filter((item) => typeof item === 'string'));

const labels: State = (value) => {
  const entries = Object.entries(isObject(value) ? value : {})
    .filter(([, label]) => typeof label === 'string')
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
};

/** Without the version of the key in use, which is no setting. */
const kmsKey = block({ kmsKeyName: (name) => text(name)?.replace(/\/cryptoKeyVersions\/[^/]+$/, '') });

const FIELD: Keys = {
  name: asItIs,
  type: asItIs,
  mode: unless('NULLABLE'),
  maxLength: digits,
  precision: digits,
  // Beside no precision it has no meaning.
  scale: (scale, { precision }) => (digits(precision) === undefined ? undefined : digits(scale)),
  timestampPrecision: digits,
  rangeElementType: block({ type: text }),
  defaultValueExpression: text,
  collation: text,
  roundingMode: unless('ROUNDING_MODE_UNSPECIFIED'),
  description: text,
  policyTags: block({ names }),
  dataPolicies: some(each({ name: asItIs })),
  fields: (fields, field) => (Array.isArray(fields) ? each(FIELD)(fields, field) : undefined),
};

/**
 * Types with rows of their own, which can be partitioned and clustered; of all others (a view, an external table, a type
 * that does not exist yet) "not partitioned" says nothing.
 */
const STORING_TYPES = ['TABLE', 'MATERIALIZED_VIEW', 'SNAPSHOT'];

function noneOf({ type }: Resource): null | undefined {
  return STORING_TYPES.includes((text(type) ?? 'TABLE').toUpperCase()) ? null : undefined;
}

/** JSON leaves out a bound of zero. */
const bound: State = (value) => digits(value) ?? '0';
const clustering = block({ fields: names });
const time = block({ type: asItIs, field: text, expirationMs: orNever });
const range = block({
  field: asItIs,
  range: block({ start: bound, end: bound, interval: bound }),
});

const TABLE: Keys = {
  type: (type) => text(type) ?? 'TABLE',
  description: text,
  labels,
  schema: (schema, table) => ({ fields: each(FIELD)(part(schema, 'fields'), table) }),
  timePartitioning: (value, table) => {
    if (isObject(value)) return time(value, table);
    return isObject(table['rangePartitioning']) ? undefined : noneOf(table);
  },
  rangePartitioning: (value, table) =>
    isObject(value) && !isObject(table['timePartitioning']) ? range(value, table) : undefined,
  // Of the table's own key, that in `timePartitioning` is the deprecated twin.
  requirePartitionFilter: (filter, { timePartitioning, rangePartitioning, externalDataConfiguration }) => {
    if ((filter ?? part(timePartitioning, 'requirePartitionFilter')) === true) return true;
    const hive = part(externalDataConfiguration, 'hivePartitioningOptions');
    return [timePartitioning, rangePartitioning, hive].some(isObject) ? null : undefined;
  },
  clustering: (value, table) => clustering(value, table) ?? noneOf(table),
  // Every type of table can expire: `expiration_timestamp` is an option of views and external tables too.
  expirationTime: orNever,
  encryptionConfiguration: kmsKey,
  defaultCollation: text,
  tableConstraints: block({
    primaryKey: block({ columns: names }),
    // Without its name, which may be BigQuery's own, and without its project, which no file compares.
    foreignKeys: some(
      each({
        referencedTable: block({ datasetId: asItIs, tableId: asItIs }),
        columnReferences: each({ referencingColumn: asItIs, referencedColumn: asItIs }),
      }),
    ),
  }),
  view: block({ query: text }),
  materializedView: block({ query: text }),
  externalDataConfiguration: block({
    sourceFormat: text,
    sourceUris: names,
    hivePartitioningOptions: block({ mode: text, sourceUriPrefix: text }),
  }),
};

const DATASET: Keys = {
  description: text,
  labels,
  location: text,
  defaultTableExpirationMs: orNever,
  defaultPartitionExpirationMs: orNever,
  maxTimeTravelHours: digits,
  defaultEncryptionConfiguration: kmsKey,
  defaultCollation: text,
};
