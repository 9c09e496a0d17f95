import { isDeepStrictEqual } from 'node:util';
import { kindRow } from '../kinds/index.ts';
import { canonicalPartitioning, canonicalTable, statedFields } from '../metadata/canonical.ts';
import { shortestLifetime } from '../metadata/lifetime.ts';
import { isObject } from '../metadata/parse.ts';
import { statedSettings, TABLE_SETTINGS } from '../metadata/settings.ts';
import { loweredRetention } from '../model/duration.ts';
import type { Change } from '../model/finding.ts';
import type { Resource } from '../model/ports.ts';
import { tableContent } from './expected-file.ts';
import { digits, list, type Path, part, setAt, valueAt } from './parts.ts';

/**
 * What a valid file says once the changes `only` are accepted. A file is a subset of the table's resource, so that this is a
 * projection: of what BigQuery answered, what the file states already, and what a change needs beside it. Keys and
 * fields keep their order, and what means the same keeps the file's own spelling.
 */
export function restate({
  file,
  actual,
  only,
}: {
  readonly file: Resource;
  /** Its shape has been checked. */
  readonly actual: Resource;
  readonly only: readonly Change[];
}): Resource {
  const found = { ...tableContent(actual), creationTime: digits(actual['creationTime']) ?? null };
  return only.reduce((stated, { kind, path, context }) => {
    const { location } = kindRow(kind);
    const keys = 'none' in location ? [] : location;
    if (path !== null) return restatedField(stated, found, { path: path.split('.'), keys });
    if (context?.type === 'caused-by') return loweredContract(stated, found, actual);
    return keys.reduce((each, key) => settingAt(key)(each, found), stated);
  }, file);
}

/** The file after one setting is accepted; `found`: what is there, as a file states it. */
type Restate = (file: Resource, found: Resource) => Resource;

/** By REST key: what is stated under more than this one, or brings something with it. */
const SETTINGS: Readonly<Record<string, Restate>> = {
  timePartitioning: partitioning,
  rangePartitioning: partitioning,
  'timePartitioning.expirationMs': partitionExpiration,
  requirePartitionFilter: partitionFilter,
  expirationTime: tableExpiration,
  view: viewQuery,
  materializedView: viewQuery,
  externalDataConfiguration: externalSource,
};

function settingAt(location: string): Restate {
  const [key = ''] = location.split('.');
  return SETTINGS[location] ?? SETTINGS[key] ?? ((file, found) => restatedKey(file, key, found[key]));
}

function restatedKey(file: Resource, key: string, found: unknown): Resource {
  return file[key] === undefined ? file : restatedAt(file, [key], found, settingsOf);
}

/**
 * Blocks of which each key is a statement of its own, with what null for the whole of one states; of other blocks a file
 * states all or nothing.
 */
const IN_PARTS: Readonly<Record<string, Resource>> = {
  labels: {},
  tableConstraints: { primaryKey: null, foreignKeys: null },
  externalDataConfiguration: { sourceFormat: null, sourceUris: null },
  'externalDataConfiguration.hivePartitioningOptions': { mode: null, sourceUriPrefix: null },
};

/** Two resources mean the same where this is equal. */
type Meaning = (resource: Resource) => unknown;

function restatedAt(resource: Resource, path: Path, found: unknown, meaning: Meaning): Resource {
  const key = path.join('.');
  const stated = valueAt(resource, path);
  const isInParts = Object.hasOwn(IN_PARTS, key);
  // A table that is no external one has no part of a source.
  if (isInParts && (isObject(found) || key !== 'externalDataConfiguration')) {
    const parts: Resource = { ...IN_PARTS[key], ...(isObject(found) ? found : {}) };
    if (!isObject(stated)) return put(resource, path, parts, meaning);
    return Object.keys(stated).reduce(
      (each, name) => restatedAt(each, [...path, name], part(parts, name), meaning),
      resource,
    );
  }
  if (!isObject(stated) || !isObject(found)) return put(resource, path, found ?? null, meaning);
  return Object.entries(found).reduce(
    (each, [name, value]) => restatedAt(each, [...path, name], value, meaning),
    resource,
  );
}

/** The resource with this value there, unless it means the same with the one it has. undefined: the key goes. */
function put(resource: Resource, path: Path, value: unknown, meaning: Meaning): Resource {
  const isSame = (one: Resource, other: Resource) => isDeepStrictEqual(meaning(one), meaning(other));
  const items = list(valueAt(resource, path));
  const ownSpelling = (item: unknown) =>
    isObject(item)
      ? (items.find((own) => isSame(setAt(resource, path, [own]), setAt(resource, path, [item]))) ?? item)
      : item;
  const restated = setAt(resource, path, Array.isArray(value) ? value.map(ownSpelling) : value);
  return isSame(restated, resource) ? resource : restated;
}

/** Names of columns are compared in no letter case. */
function settingsOf(file: Resource): unknown {
  const { type, clustering } = file;
  const strategy = canonicalPartitioning(file);
  return [statedSettings(TABLE_SETTINGS, file), type, clustering, JSON.stringify(strategy)?.toLowerCase()];
}

function fieldMeaning(field: Resource): unknown {
  return statedFields([field]);
}

/** The file's own keys stay where the strategy stays: an expiration that was stated is stated still. */
function partitioning(file: Resource, found: Resource): Resource {
  const { timePartitioning: time, rangePartitioning: range } = found;
  if (isObject(time)) {
    if (isObject(file['timePartitioning'])) {
      return ['type', 'field'].reduce(
        (each, key) => put(each, ['timePartitioning', key], time[key], settingsOf),
        file,
      );
    }
    // Where a retention is declared, that is what watches the expiration.
    const isWatched = part(file['contract'], 'retention') !== undefined && time['expirationMs'] !== null;
    const value = isWatched ? setAt(time, ['expirationMs'], undefined) : time;
    return instead(file, { of: 'rangePartitioning', key: 'timePartitioning', value });
  }
  if (isObject(range)) {
    if (isObject(file['rangePartitioning']))
      return restatedAt(file, ['rangePartitioning'], range, settingsOf);
    return instead(keptFilter(file), { of: 'timePartitioning', key: 'rangePartitioning', value: range });
  }
  const stated = ['timePartitioning', 'rangePartitioning'].filter((key) => isObject(file[key]));
  return stated.reduce((each, key) => setAt(each, [key], null), file);
}

/** The other way of partitioning in the place of the stated one. */
function instead(
  file: Resource,
  { of, key, value }: { readonly of: string; readonly key: string; readonly value: Resource },
): Resource {
  if (!isObject(file[of])) return { ...file, [key]: value };
  return file[key] === undefined ? renamed(file, { of, key, value }) : { ...file, [key]: value, [of]: null };
}

const TWIN: Path = ['timePartitioning', 'requirePartitionFilter'];

/** The filter is a setting of the table too, and stays stated when the partitioning by time goes. */
function keptFilter(file: Resource): Resource {
  const twin = valueAt(file, TWIN);
  if (typeof twin !== 'boolean' || typeof file['requirePartitionFilter'] === 'boolean') return file;
  return { ...file, requirePartitionFilter: twin };
}

/** Wherever the file states it: on the table, in `timePartitioning`, or in both; null states nothing beside a value. */
function partitionFilter(file: Resource, found: Resource): Resource {
  const places = [['requirePartitionFilter'], TWIN].filter((path) => valueAt(file, path) !== undefined);
  const values = places.filter((path) => valueAt(file, path) !== null);
  return (values.length > 0 ? values : places.slice(0, 1)).reduce(
    (each, path) => setAt(each, path, found['requirePartitionFilter'] === true),
    file,
  );
}

function partitionExpiration(file: Resource, found: Resource): Resource {
  const path = ['timePartitioning', 'expirationMs'];
  if (valueAt(file, path) === undefined) return file;
  return setAt(file, path, valueAt(found, path) ?? null);
}

function tableExpiration(file: Resource, { expirationTime, creationTime }: Resource): Resource {
  if (file['expirationTime'] === undefined) return file;
  const isRecorded = file['creationTime'] !== undefined && expirationTime !== null;
  // A recorded moment of another table would make the file contradict its own retention.
  return { ...file, expirationTime, ...(isRecorded ? { creationTime } : {}) };
}

/** The contract is lowered to what is there, and so is the stated expiration that breaks it. */
function loweredContract(file: Resource, found: Resource, actual: Resource): Resource {
  const shortest = shortestLifetime(canonicalTable(actual));
  if (shortest === null) return file;
  const lowered = setAt(file, ['contract', 'retention'], loweredRetention(String(shortest.ms)));
  return shortest.of === 'table' ? tableExpiration(lowered, found) : partitionExpiration(lowered, found);
}

/** A file that does not say that a table is one of Iceberg, which has another metadata file after each commit, states their folder. */
function externalSource(file: Resource, found: Resource): Resource {
  const key = 'externalDataConfiguration';
  const source = found[key];
  const isIceberg = String(part(source, 'sourceFormat')).toUpperCase() === 'ICEBERG';
  const isSaid = part(file[key], 'sourceFormat') !== undefined;
  if (!isObject(source) || !isObject(file[key]) || isSaid || !isIceberg)
    return restatedKey(file, key, source);
  const sourceUris = list(source['sourceUris']).map((uri) =>
    String(uri).replace(/[^/]*(?<!\.metadata\.json)$/, ''),
  );
  return restatedKey(file, key, { ...source, sourceUris });
}

/** A view that became a materialized one is stated as one. */
function viewQuery(file: Resource, found: Resource): Resource {
  const key = isObject(found['view']) ? 'view' : 'materializedView';
  const stated =
    isObject(file['view']) || file['materializedView'] === undefined ? 'view' : 'materializedView';
  const query = part(found[key], 'query');
  if (query === undefined) return { ...file, [stated]: null };
  const block = isObject(file[stated]) ? file[stated] : {};
  const isOther = stated !== key && file[key] === undefined && Object.keys(block).length <= 1;
  const value = { ...block, query };
  return isOther ? renamed(file, { of: stated, key, value: { query } }) : { ...file, [stated]: value };
}

interface FieldChange {
  readonly path: Path;
  /** Of the field; empty: it is there on one side alone. */
  readonly keys: readonly string[];
}

function restatedField(file: Resource, found: Resource, { path, keys }: FieldChange): Resource {
  const theirs = fieldAt(fieldsOf(found), path);
  const [fields, schema] = [fieldsOf(file), isObject(file['schema']) ? file['schema'] : {}];
  const edited = (at: Path, edit: FieldEdit) => {
    const value = at.length === 0 ? edit({ fields })[0]?.['fields'] : editedFields(fields, at, edit);
    return { ...file, schema: { ...schema, fields: value } };
  };
  if (theirs === undefined) return edited(path, () => []);
  if (keys.length > 0) return edited(path, (field) => [restatedKeys(field, theirs, keys)]);
  // BigQuery appends: https://docs.cloud.google.com/bigquery/docs/managing-table-schemas
  return edited(path.slice(0, -1), (parent) => [{ ...parent, fields: [...list(parent['fields']), theirs] }]);
}

function restatedKeys(field: Resource, found: Resource, locations: readonly string[]): Resource {
  const keys = locations.map((location) => location.split('.')[0] ?? '');
  return keys.reduce((each, key) => {
    // The parameters of a type come and go with it.
    if (keys.includes('type') && found[key] === undefined) return setAt(each, [key], undefined);
    if (key === 'mode') return setAt(each, [key], found[key] ?? 'NULLABLE');
    if (each[key] === undefined && !keys.includes('type')) return each;
    return restatedAt(each, [key], found[key], fieldMeaning);
  }, field);
}

type FieldEdit = (field: Resource) => readonly Resource[];

function editedFields(
  fields: readonly unknown[],
  [name, ...beneath]: Path,
  edit: FieldEdit,
): readonly unknown[] {
  return fields.flatMap((field): readonly unknown[] => {
    if (!isNamed(field, name)) return [field];
    if (beneath.length === 0) return edit(field);
    return [{ ...field, fields: editedFields(list(field['fields']), beneath, edit) }];
  });
}

function fieldAt(fields: readonly unknown[], [name, ...beneath]: Path): Resource | undefined {
  const field = fields.filter((each) => isNamed(each, name))[0];
  return beneath.length === 0 || field === undefined ? field : fieldAt(list(field['fields']), beneath);
}

function isNamed(field: unknown, name = ''): field is Resource {
  return isObject(field) && String(field['name']).toLowerCase() === name.toLowerCase();
}

function fieldsOf(resource: Resource): readonly unknown[] {
  return list(part(resource['schema'], 'fields'));
}

/** Another key with another value in the same place. */
function renamed(
  resource: Resource,
  { of, key, value }: { readonly of: string; readonly key: string; readonly value: unknown },
): Resource {
  return Object.fromEntries(
    Object.entries(resource).map((entry) => (entry[0] === of ? [key, value] : entry)),
  );
}
