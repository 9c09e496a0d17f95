import { MalformedError } from '../model/errors.ts';
import type { Resource } from '../model/ports.ts';
import type { Setting, Settings } from '../model/table.ts';
import { type ForeignKey, listOf, type Value, valueText } from '../model/value.ts';
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
import { canonicalSql } from './sql.ts';

/** One setting of a resource, under its key there. */
interface SettingRow {
  readonly key: string;
  /** undefined: the resource does not speak of it. @throws MalformedError for another shape. */
  readonly read: (resource: Resource) => Setting | undefined;
}

/** What a file states, BigQuery's defaults included; nothing where it states none. `at` is the resource's own place. */
export function statedSettings(
  rows: readonly SettingRow[],
  resource: Resource,
  at = '',
): { readonly settings?: Settings } {
  return settingsOf(rows, { resource, at, keep: (setting) => setting });
}

/** What BigQuery has that is not its default; nothing where all is. */
export function foundSettings(
  rows: readonly SettingRow[],
  resource: Resource,
  at = '',
): { readonly settings?: Settings } {
  return settingsOf(rows, { resource, at, keep: withoutDefaults });
}

function withoutDefaults(setting: Setting): Setting | null {
  const { values } = setting;
  // Most settings have one part, which is no default.
  if (!setting.othersAbsent && values.size > 0 && !hasDefault(values)) return setting;
  const present = new Map([...values].filter(([, value]) => value !== null));
  return present.size === 0 ? null : { values: present, othersAbsent: false };
}

function hasDefault(values: Setting['values']): boolean {
  for (const value of values.values()) if (value === null) return true;
  return false;
}

function settingsOf(
  rows: readonly SettingRow[],
  { resource, at, keep }: Source,
): { readonly settings?: Settings } {
  let settings: Map<string, Setting> | undefined;
  try {
    for (const { key, read } of rows) {
      const setting = read(resource);
      const kept = setting === undefined ? null : keep(setting);
      if (kept === null) continue;
      settings ??= new Map();
      settings.set(key, kept);
    }
  } catch (error) {
    // A setting knows its own key only; which field it is of is known here.
    if (error instanceof MalformedError && at !== '') throw new MalformedError(`${at}.${error.message}`);
    throw error;
  }
  return settings === undefined ? {} : { settings };
}

interface Source {
  readonly resource: Resource;
  readonly at: string;
  readonly keep: (setting: Setting) => Setting | null;
}

/** A setting with one value under one key. */
function simple(key: string, text: (value: unknown, key: string) => string | null): SettingRow {
  return {
    key,
    read: (resource) => {
      const value = resource[key];
      return value === undefined ? undefined : one(value === null ? null : text(value, key));
    },
  };
}

/** A setting that has but one value. */
export function one(value: Value | null): Setting {
  return { values: new Map([['', value]]), othersAbsent: false };
}

function sql(text: string | undefined, empty: string | null): Setting {
  if (text === undefined) return one(null);
  const canonical = canonicalSql(text);
  return one(canonical === '' ? empty : { of: 'sql', canonical, written: text });
}

function someText(value: unknown, key: string): string | null {
  return optionalString(value, key) || null;
}

function orNever(value: unknown, key: string): string | null {
  return expiration(value, key) ?? null;
}

/** BigQuery may name the version of the key in use; which one it is, is no setting. */
function kmsKey(value: unknown, key: string): string | null {
  const name = optionalString(object(value, key)['kmsKeyName'], `${key}.kmsKeyName`);
  return name?.replace(/\/cryptoKeyVersions\/[^/]+$/, '') || null;
}

/** Each label is a part: a file may state some and leave others alone. */
function labels({ labels: value }: Resource): Setting | undefined {
  if (value === undefined) return undefined;
  const entries = Object.entries(optionalObject(value, 'labels') ?? {});
  // In an order of their own: that of an answer may differ from one to the next.
  const values = entries.sort(byName).map(([key, label]): [string, Value | null] => {
    const text = optionalString(label, `labels.${key}`);
    return [key, text === undefined ? null : { of: 'label', key, value: text }];
  });
  return { values: new Map(values), othersAbsent: value === null };
}

/** Settings of a dataset: https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets */
export const DATASET_SETTINGS: readonly SettingRow[] = [
  // Answered as `US` and `europe-west1`, and accepted in any letter case.
  simple('location', (value, key) => optionalString(value, key)?.toUpperCase() ?? null),
  simple('defaultTableExpirationMs', orNever),
  simple('defaultPartitionExpirationMs', orNever),
  simple('maxTimeTravelHours', (value, key) => {
    const hours = int64(value, key) ?? null;
    // The default is seven days.
    return hours === '168' ? null : hours;
  }),
  simple('defaultEncryptionConfiguration', kmsKey),
  simple('defaultCollation', someText),
  { key: 'labels', read: labels },
  simple('description', someText),
];

/** Settings of a table as a whole: https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables */
export const TABLE_SETTINGS: readonly SettingRow[] = [
  simple('encryptionConfiguration', kmsKey),
  simple('defaultCollation', someText),
  { key: 'tableConstraints', read: constraints },
  { key: 'labels', read: labels },
  simple('description', someText),
  { key: 'view', read: viewQuery },
  { key: 'externalDataConfiguration', read: externalSource },
];

/** Settings of a field, nested ones included. */
export const FIELD_SETTINGS: readonly SettingRow[] = [
  {
    key: 'defaultValueExpression',
    read: ({ defaultValueExpression: value }) =>
      value === undefined ? undefined : sql(optionalString(value, 'defaultValueExpression'), null),
  },
  simple('collation', someText),
  simple('roundingMode', (value, key) => {
    const mode = optionalString(value, key)?.toUpperCase() ?? '';
    return mode === '' || mode === 'ROUNDING_MODE_UNSPECIFIED' ? null : mode;
  }),
  { key: 'policyTags', read: policyTags },
  simple('description', someText),
];

/** An object without names, as BigQuery answers where tags were taken away, is no tag. */
function policyTags({ policyTags: tags, dataPolicies: policies }: Resource): Setting | undefined {
  if (tags === undefined && policies === undefined) return undefined;
  const values = new Map<string, Value | null>();
  if (tags !== undefined) {
    const names = stringList(optionalObject(tags, 'policyTags')?.['names'] ?? [], 'policyTags.names');
    values.set('policyTags', listOf([...names].sort()));
  }
  if (policies !== undefined) {
    const names = objects(policies ?? [], 'dataPolicies').map(
      (policy) => optionalString(policy['name'], 'dataPolicies.name') ?? '',
    );
    values.set('dataPolicies', listOf(names.sort()));
  }
  return { values, othersAbsent: false };
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

/** A foreign key's name is BigQuery's own where nobody gave one, so it is told by its columns. */
function constraints({ tableConstraints: value }: Resource): Setting | undefined {
  if (value === undefined) return undefined;
  const block = optionalObject(value, 'tableConstraints');
  const primaryKey = optionalObject(block?.['primaryKey'], 'tableConstraints.primaryKey');
  const foreignKeys = objects(block?.['foreignKeys'] ?? [], 'tableConstraints.foreignKeys')
    .map(foreignKey)
    .sort(byText);
  const values = new Map<string, Value | null>();
  if (block === undefined || block['primaryKey'] !== undefined) {
    const columns = stringList(primaryKey?.['columns'] ?? [], 'tableConstraints.primaryKey.columns');
    values.set(
      'primaryKey',
      columns.length === 0 ? null : { of: 'primary-key', columns: columns.map(inLowerCase) },
    );
  }
  if (block === undefined || block['foreignKeys'] !== undefined)
    values.set('foreignKeys', listOf(foreignKeys));
  return { values, othersAbsent: value === null };
}

function foreignKey(key: Resource): ForeignKey {
  const at = 'tableConstraints.foreignKeys';
  const referenced = object(key['referencedTable'], `${at}.referencedTable`);
  const part = (id: string) => requiredString(referenced[id], `${at}.referencedTable.${id}`);
  const references = objects(key['columnReferences'] ?? [], `${at}.columnReferences`);
  const columns = (side: string) =>
    references.map((reference) => inLowerCase(optionalString(reference[side], `${at}.${side}`) ?? ''));
  return {
    of: 'foreign-key',
    columns: columns('referencingColumn'),
    dataset: part('datasetId'),
    table: part('tableId'),
    referencedColumns: columns('referencedColumn'),
  };
}

function byText(one: ForeignKey, other: ForeignKey): number {
  return valueText(one) < valueText(other) ? -1 : 1;
}

function inLowerCase(name: string): string {
  return name.toLowerCase();
}

/** Of a view or a materialized view. */
function viewQuery({ view, materializedView }: Resource): Setting | undefined {
  if (view === undefined && materializedView === undefined) return undefined;
  const key = view === undefined ? 'materializedView' : 'view';
  const block = optionalObject(view ?? materializedView, key);
  if (block !== undefined && block['query'] === undefined) return undefined;
  const query = optionalString(block?.['query'], `${key}.query`);
  return sql(query, '');
}

/** Each stated part of where an external table's data lies. */
function externalSource({ externalDataConfiguration: value }: Resource): Setting | undefined {
  if (value === undefined) return undefined;
  const at = 'externalDataConfiguration';
  const block = optionalObject(value, at) ?? {};
  const format = optionalString(block['sourceFormat'], `${at}.sourceFormat`)?.toUpperCase();
  const values = new Map<string, Value | null>();
  if (block['sourceFormat'] !== undefined) values.set('sourceFormat', format || null);
  if (block['sourceUris'] !== undefined) {
    const uris = stringList(block['sourceUris'] ?? [], `${at}.sourceUris`);
    // Each commit of an Iceberg table writes a new metadata file beside the old one.
    const isIceberg = (uri: string) => format === 'ICEBERG' || uri.endsWith('.metadata.json');
    const places = uris.map((uri) => (isIceberg(uri) ? uri.slice(0, uri.lastIndexOf('/') + 1) : uri));
    values.set('sourceUris', listOf([...places].sort()));
  }
  const hive = block['hivePartitioningOptions'];
  if (hive !== undefined) {
    const options = optionalObject(hive, `${at}.hivePartitioningOptions`) ?? {};
    for (const key of ['mode', 'sourceUriPrefix']) {
      if (hive !== null && options[key] === undefined) continue;
      const text = optionalString(options[key], `${at}.hivePartitioningOptions.${key}`) ?? '';
      const value = key === 'mode' ? text.toUpperCase() : text;
      values.set(key, value === '' ? null : { of: 'hive-option', name: key, value });
    }
  }
  return { values, othersAbsent: value === null };
}

function requiredString(value: unknown, at: string): string {
  const text = optionalString(value, at);
  if (text === undefined) throw new MalformedError(`${at}: absent`);
  return text;
}

function objects(value: unknown, at: string): readonly Resource[] {
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw new MalformedError(`${at}: expected a list of objects, found ${nameOf(value)}`);
}
