import { MalformedError } from '../model/errors.ts';
import type { Change, Kind } from '../model/finding.ts';
import type { Resource } from '../model/ports.ts';
import type { Setting, Settings } from '../model/table.ts';
import { type ForeignKey, listOf, sameValue, type Value, valueText } from '../model/value.ts';
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

/** One kind that compares one setting of a resource. */
interface SettingRow {
  readonly kind: Kind;
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
  let settings: Map<Kind, Setting> | undefined;
  try {
    for (const { kind, read } of rows) {
      const setting = read(resource);
      const kept = setting === undefined ? null : keep(setting);
      if (kept === null) continue;
      settings ??= new Map();
      settings.set(kind, kept);
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

/** How stated settings differ; what `expected` does not state is not checked. */
export function compareSettings(
  expected: Settings | undefined,
  actual: Settings | undefined,
  path: string | null,
): readonly Change[] {
  if (expected === undefined) return [];
  const changes: Change[] = [];
  for (const [kind, stated] of expected) {
    const found = actual?.get(kind)?.values ?? NOTHING;
    const different = differentParts(stated, found);
    if (different.length === 0) continue;
    changes.push({
      kind,
      path,
      expected: partsIn(stated.values, different),
      actual: partsIn(found, different),
    });
  }
  return changes;
}

const NOTHING: Setting['values'] = new Map();

function differentParts({ values, othersAbsent }: Setting, found: Setting['values']): readonly string[] {
  const different: string[] = [];
  for (const [part, value] of values) if (!sameValue(value, found.get(part) ?? null)) different.push(part);
  if (!othersAbsent) return different;
  for (const part of found.keys()) if (!values.has(part)) different.push(part);
  return different;
}

/** Those of the named parts that are there; a simple setting has but its one value. */
function partsIn(values: Setting['values'], names: readonly string[]): Value | null {
  const parts = new Map<string, Value>();
  for (const name of names) {
    const value = values.get(name) ?? null;
    if (value !== null) parts.set(name, value);
  }
  return parts.get('') ?? (parts.size === 0 ? null : { of: 'parts', parts });
}

/** A setting with one value under one key. */
function simple(kind: Kind, key: string, text: (value: unknown) => string | null): SettingRow {
  return {
    kind,
    read: (resource) => {
      const value = resource[key];
      return value === undefined ? undefined : one(value === null ? null : text(value));
    },
  };
}

function one(value: Value | null): Setting {
  return { values: new Map([['', value]]), othersAbsent: false };
}

function sql(text: string | undefined, empty: string | null): Setting {
  if (text === undefined) return one(null);
  const canonical = canonicalSql(text);
  return one(canonical === '' ? empty : { of: 'sql', canonical, written: text });
}

function someText(key: string): (value: unknown) => string | null {
  return (value) => optionalString(value, key) || null;
}

function orNever(key: string): (value: unknown) => string | null {
  return (value) => expiration(value, key) ?? null;
}

function digits(key: string, fallback: string): (value: unknown) => string | null {
  return (value) => {
    const number = int64(value, key) ?? null;
    return number === fallback ? null : number;
  };
}

/** BigQuery may name the version of the key in use; which one it is, is no setting. */
function kmsKey(key: string): (value: unknown) => string | null {
  return (value) => {
    const name = optionalString(object(value, key)['kmsKeyName'], `${key}.kmsKeyName`);
    return name?.replace(/\/cryptoKeyVersions\/[^/]+$/, '') || null;
  };
}

/** Each label is a part: a file may state some and leave others alone. */
function labels(kind: Kind): SettingRow {
  return {
    kind,
    read: ({ labels: value }) => {
      if (value === undefined) return undefined;
      const entries = Object.entries(optionalObject(value, 'labels') ?? {});
      // In an order of their own: that of an answer may differ from one to the next.
      const values = entries.sort(byName).map(([key, label]): [string, Value | null] => {
        const value = optionalString(label, `labels.${key}`);
        return [key, value === undefined ? null : { of: 'label', key, value }];
      });
      return { values: new Map(values), othersAbsent: value === null };
    },
  };
}

/** Settings of a dataset: https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets */
export const DATASET_SETTINGS: readonly SettingRow[] = [
  // Answered as `US` and `europe-west1`, and accepted in any letter case.
  simple('dataset-location', 'location', (value) => optionalString(value, 'location')?.toUpperCase() ?? null),
  simple('dataset-table-expiration', 'defaultTableExpirationMs', orNever('defaultTableExpirationMs')),
  simple(
    'dataset-partition-expiration',
    'defaultPartitionExpirationMs',
    orNever('defaultPartitionExpirationMs'),
  ),
  // The default is seven days.
  simple('dataset-time-travel', 'maxTimeTravelHours', digits('maxTimeTravelHours', '168')),
  simple('dataset-encryption', 'defaultEncryptionConfiguration', kmsKey('defaultEncryptionConfiguration')),
  simple('dataset-collation', 'defaultCollation', someText('defaultCollation')),
  labels('dataset-labels'),
  simple('dataset-description', 'description', someText('description')),
];

/** Settings of a table as a whole: https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables */
export const TABLE_SETTINGS: readonly SettingRow[] = [
  simple('table-encryption', 'encryptionConfiguration', kmsKey('encryptionConfiguration')),
  simple('table-collation', 'defaultCollation', someText('defaultCollation')),
  { kind: 'table-constraints', read: constraints },
  labels('table-labels'),
  simple('table-description', 'description', someText('description')),
  { kind: 'view-query', read: viewQuery },
  { kind: 'external-source', read: externalSource },
];

/** Settings of a field, nested ones included. */
export const FIELD_SETTINGS: readonly SettingRow[] = [
  {
    kind: 'field-default',
    read: ({ defaultValueExpression: value }) =>
      value === undefined ? undefined : sql(optionalString(value, 'defaultValueExpression'), null),
  },
  simple('field-collation', 'collation', someText('collation')),
  simple('field-rounding-mode', 'roundingMode', (value) => {
    const mode = optionalString(value, 'roundingMode')?.toUpperCase() ?? '';
    return mode === '' || mode === 'ROUNDING_MODE_UNSPECIFIED' ? null : mode;
  }),
  { kind: 'field-policy-tags', read: policyTags },
  simple('field-description', 'description', someText('description')),
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
