import type { Resource } from '../model/ports.ts';

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
  const storesRows = STORING_TYPES.includes(type.toUpperCase());
  return compact({
    type,
    description: text(resource['description']),
    labels: labelsOf(resource),
    schema: { fields: fieldsOf(part(resource, 'schema')['fields']) },
    ...partitioningOf(resource, storesRows ? null : undefined),
    requirePartitionFilter: filterOf(resource),
    clustering: clusteringOf(resource) ?? (storesRows ? null : undefined),
    // Every type of table can expire: `expiration_timestamp` is an option of views and external tables too.
    expirationTime: orNever(resource['expirationTime']),
    encryptionConfiguration: kmsKeyOf(resource, 'encryptionConfiguration'),
    defaultCollation: text(resource['defaultCollation']),
    tableConstraints: constraintsOf(resource),
    view: queryOf(resource, 'view'),
    materializedView: queryOf(resource, 'materializedView'),
    externalDataConfiguration: externalSourceOf(resource),
  });
}

/** The content of a dataset's expected file; `null` states that nothing expires by default. */
export function datasetContent(resource: Resource): Resource {
  return compact({
    description: text(resource['description']),
    labels: labelsOf(resource),
    location: text(resource['location']),
    defaultTableExpirationMs: orNever(resource['defaultTableExpirationMs']),
    defaultPartitionExpirationMs: orNever(resource['defaultPartitionExpirationMs']),
    maxTimeTravelHours: digits(resource['maxTimeTravelHours']),
    defaultEncryptionConfiguration: kmsKeyOf(resource, 'defaultEncryptionConfiguration'),
    defaultCollation: text(resource['defaultCollation']),
  });
}

function fieldsOf(raw: unknown): readonly Resource[] {
  return list(raw).filter(isObject).map(fieldOf);
}

function fieldOf(field: Resource): Resource {
  const mode = text(field['mode']);
  const precision = digits(field['precision']);
  const rangeElementType = text(part(field, 'rangeElementType')['type']);
  const tags = strings(part(field, 'policyTags')['names']);
  const policies = list(field['dataPolicies'])
    .filter(isObject)
    .map(({ name }) => ({ name }));
  const roundingMode = text(field['roundingMode']);
  return compact({
    name: field['name'],
    type: field['type'],
    // Absent means it.
    mode: mode?.toUpperCase() === 'NULLABLE' ? undefined : mode,
    maxLength: digits(field['maxLength']),
    precision,
    // Beside no precision it has no meaning.
    scale: precision === undefined ? undefined : digits(field['scale']),
    timestampPrecision: digits(field['timestampPrecision']),
    rangeElementType: rangeElementType === undefined ? undefined : { type: rangeElementType },
    defaultValueExpression: text(field['defaultValueExpression']),
    collation: text(field['collation']),
    roundingMode: roundingMode?.toUpperCase() === 'ROUNDING_MODE_UNSPECIFIED' ? undefined : roundingMode,
    description: text(field['description']),
    policyTags: tags.length === 0 ? undefined : { names: tags },
    dataPolicies: policies.length === 0 ? undefined : policies,
    fields: Array.isArray(field['fields']) ? fieldsOf(field['fields']) : undefined,
  });
}

/** `none`: how "not partitioned" is stated; undefined: not at all. */
function partitioningOf(resource: Resource, none: null | undefined): Resource {
  const { timePartitioning: time, rangePartitioning: range } = resource;
  if (isObject(time)) {
    return {
      timePartitioning: compact({
        type: time['type'],
        field: text(time['field']),
        expirationMs: orNever(time['expirationMs']),
      }),
    };
  }
  if (!isObject(range)) return { timePartitioning: none };
  const bounds = part(range, 'range');
  return {
    rangePartitioning: {
      field: range['field'],
      range: {
        // JSON leaves out a bound of zero.
        start: digits(bounds['start']) ?? '0',
        end: digits(bounds['end']) ?? '0',
        interval: digits(bounds['interval']) ?? '0',
      },
    },
  };
}

/** Told by the table's own key, of which the one inside `timePartitioning` is the deprecated twin. */
function filterOf(resource: Resource): true | null | undefined {
  const { timePartitioning: time, rangePartitioning: range } = resource;
  const twin = part(resource, 'timePartitioning')['requirePartitionFilter'];
  if ((resource['requirePartitionFilter'] ?? twin) === true) return true;
  const hive = part(resource, 'externalDataConfiguration')['hivePartitioningOptions'];
  return isObject(time) || isObject(range) || isObject(hive) ? null : undefined;
}

function clusteringOf(resource: Resource): Resource | undefined {
  const fields = strings(part(resource, 'clustering')['fields']);
  return fields.length === 0 ? undefined : { fields };
}

function labelsOf(resource: Resource): Resource | undefined {
  const labels = Object.entries(part(resource, 'labels'))
    .filter(([, value]) => typeof value === 'string')
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return labels.length === 0 ? undefined : Object.fromEntries(labels);
}

/** Without the version of the key in use, which is no setting. */
function kmsKeyOf(resource: Resource, key: string): Resource | undefined {
  const name = text(part(resource, key)['kmsKeyName']);
  return name === undefined ? undefined : { kmsKeyName: name.replace(/\/cryptoKeyVersions\/[^/]+$/, '') };
}

/** A foreign key without its name, which may be BigQuery's own, and without its project, which no file compares. */
function constraintsOf(resource: Resource): Resource | undefined {
  const constraints = part(resource, 'tableConstraints');
  const columns = strings(part(constraints, 'primaryKey')['columns']);
  const foreignKeys = list(constraints['foreignKeys'])
    .filter(isObject)
    .map((key) => {
      const { datasetId, tableId } = part(key, 'referencedTable');
      return {
        referencedTable: { datasetId, tableId },
        columnReferences: list(key['columnReferences'])
          .filter(isObject)
          .map(({ referencingColumn, referencedColumn }) => ({ referencingColumn, referencedColumn })),
      };
    });
  if (columns.length === 0 && foreignKeys.length === 0) return undefined;
  return compact({
    primaryKey: columns.length === 0 ? undefined : { columns },
    foreignKeys: foreignKeys.length === 0 ? undefined : foreignKeys,
  });
}

function queryOf(resource: Resource, key: 'view' | 'materializedView'): Resource | undefined {
  const query = text(part(resource, key)['query']);
  return query === undefined ? undefined : { query };
}

function externalSourceOf(resource: Resource): Resource | undefined {
  const external = part(resource, 'externalDataConfiguration');
  const hive = part(external, 'hivePartitioningOptions');
  const hivePartitioningOptions = compact({
    mode: text(hive['mode']),
    sourceUriPrefix: text(hive['sourceUriPrefix']),
  });
  const sourceUris = strings(external['sourceUris']);
  const source = compact({
    sourceFormat: text(external['sourceFormat']),
    sourceUris: sourceUris.length === 0 ? undefined : sourceUris,
    hivePartitioningOptions: isEmpty(hivePartitioningOptions) ? undefined : hivePartitioningOptions,
  });
  return isEmpty(source) ? undefined : source;
}

/** The width to which Biome and Prettier break lists here. */
const WIDTH = 110;

/** A file's text: two spaces a level, and a list of plain values on one line where it fits. */
export function fileText(content: Resource): string {
  return `${jsonText(content, { indent: '', taken: 0 })}\n`;
}

interface Column {
  readonly indent: string;
  /** Characters that stand on the line already, and the comma behind. */
  readonly taken: number;
}

function jsonText(value: unknown, { indent, taken }: Column): string {
  const inner = `${indent}  `;
  const wrap = (open: string, items: readonly string[], close: string) =>
    items.length === 0
      ? `${open}${close}`
      : `${open}\n${items.map((item) => inner + item).join(',\n')}\n${indent}${close}`;
  if (Array.isArray(value)) {
    const items = value.map((item) => jsonText(item, { indent: inner, taken: inner.length + 1 }));
    const line = `[${items.join(', ')}]`;
    const isPlain = value.every((item) => typeof item !== 'object' || item === null);
    return isPlain && taken + line.length <= WIDTH ? line : wrap('[', items, ']');
  }
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => {
    const name = `${JSON.stringify(key)}: `;
    return name + jsonText(item, { indent: inner, taken: inner.length + name.length + 1 });
  });
  return wrap('{', entries, '}');
}

/** Without the keys that state nothing; `null` states something. */
function compact(content: Resource): Resource {
  return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
}

function isEmpty(content: Resource): boolean {
  return Object.keys(content).length === 0;
}

/** undefined: absent, or empty, which is the same. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** int64 as REST spells it. */
function digits(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : undefined;
}

/** Of an expiration; an answer may write 0 for none. */
function orNever(value: unknown): string | null {
  const ms = digits(value);
  return ms === undefined || /^[+-]?0+$/.test(ms) ? null : ms;
}

function part(resource: Resource, key: string): Resource {
  const value = resource[key];
  return isObject(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function strings(value: unknown): readonly string[] {
  return list(value).filter((item) => typeof item === 'string');
}

function isObject(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
