import { isDeepStrictEqual } from 'node:util';
import { applyEdits, type Edit, type Node, parseTree } from 'jsonc-parser';
import { loweredRetention } from '../model/duration.ts';
import type { Change, Kind } from '../model/finding.ts';
import type { Resource } from '../model/ports.ts';

/*
 * An expected file after an intended change. First half: what it then says, as values, one row for each kind. Second
 * half: the file's text with those values in it and every other byte where it was. jsonc-parser's `modify` is not
 * used, since it formats the whole line that it inserts into, or nothing at all.
 */

/** What the file says once the changes are accepted; keys and fields keep their order. */
export function acceptedFile({
  file,
  changes,
  actual,
}: {
  /** Of a valid expected file. */
  readonly file: Resource;
  readonly changes: readonly Change[];
  /** The table's resource, whose shape has been checked. */
  readonly actual: Resource;
}): Resource {
  return changes.reduce(
    (accepted, change) => (ACCEPT[change.kind] ?? notOfAFile)(accepted, change, actual),
    file,
  );
}

/** The file without those paths in its contract. A consumer stays, also of nothing. */
export function withoutContractPaths(file: Resource, isGone: (path: string) => boolean): Resource {
  const contract = file['contract'];
  if (!isObject(contract)) return file;
  const { criticalFields, consumers } = contract;
  const left = (paths: unknown) => list(paths).filter((path) => typeof path !== 'string' || !isGone(path));
  return set(
    file,
    'contract',
    merged(contract, {
      ...(Array.isArray(criticalFields) ? { criticalFields: left(criticalFields) } : {}),
      ...(isObject(consumers)
        ? {
            consumers: Object.fromEntries(
              Object.entries(consumers).map(([name, paths]) => [name, left(paths)]),
            ),
          }
        : {}),
    }),
  );
}

type Accept = (file: Resource, change: Change, actual: Resource) => Resource;

/** A dataset's file and whether a table's file exists at all are no matter of what is in it. */
const notOfAFile: Accept = (_file, { kind }) => {
  throw new Error(`${kind} is not accepted by editing a table's file`);
};

const ACCEPT: Readonly<Record<Kind, Accept>> = {
  'dataset-missing': notOfAFile,
  'dataset-unexpected': notOfAFile,
  'dataset-location': notOfAFile,
  'dataset-table-expiration': notOfAFile,
  'dataset-partition-expiration': notOfAFile,
  'dataset-time-travel': notOfAFile,
  'dataset-encryption': notOfAFile,
  'dataset-collation': notOfAFile,
  'dataset-labels': notOfAFile,
  'dataset-description': notOfAFile,
  'table-missing': notOfAFile,
  'table-unexpected': notOfAFile,
  'table-type': (file, change) => merged(file, { type: change.actual }),
  'table-expiration': acceptTableExpiration,
  'table-encryption': (file, { actual }) => {
    const block = file['encryptionConfiguration'];
    const value = actual === null ? null : merged(isObject(block) ? block : {}, { kmsKeyName: actual });
    return merged(file, { encryptionConfiguration: value });
  },
  'table-collation': acceptText('defaultCollation'),
  'table-constraints': acceptConstraints,
  'table-labels': acceptLabels,
  'table-description': acceptText('description'),
  'view-query': acceptViewQuery,
  'external-source': acceptExternalSource,
  'field-missing': (file, { path }) => editField(file, path, () => []),
  'field-unexpected': acceptUnexpectedField,
  'field-type': (file, change, actual) =>
    editBesideActual({ file, actual, path: change.path }, (field, found) => withType(field, found, change)),
  'field-mode': (file, { path, actual }) =>
    editField(file, path, (field) => [merged(field, { mode: actual })]),
  'field-default': acceptFieldText('defaultValueExpression'),
  'field-collation': acceptFieldText('collation'),
  'field-rounding-mode': acceptFieldText('roundingMode'),
  'field-policy-tags': (file, { path }, actual) => editBesideActual({ file, actual, path }, withPolicyTags),
  'field-description': acceptFieldText('description'),
  'partitioning-missing': acceptPartitioning,
  'partitioning-unexpected': acceptPartitioning,
  'partitioning-different': acceptPartitioning,
  'partition-expiration': acceptPartitionExpiration,
  'partition-filter': acceptPartitionFilter,
  clustering: (file, _change, actual) => {
    const names = list(part(actual['clustering'], 'fields'));
    return merged(file, { clustering: names.length === 0 ? null : { fields: names } });
  },
  retention: acceptRetention,
};

/** A text that BigQuery has not is stated as null, so that a later one is noticed. */
function acceptText(key: string): Accept {
  return (file, _change, actual) => merged(file, { [key]: textOrNull(actual[key]) });
}

function acceptFieldText(key: string): Accept {
  return (file, { path }, actual) =>
    editBesideActual({ file, actual, path }, (field, found) =>
      merged(field, { [key]: textOrNull(found[key]) }),
    );
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Of the labels that the file states; all, where it states that there are none. */
function acceptLabels(file: Resource, _change: Change, { labels }: Resource): Resource {
  const found = new Map(Object.entries(isObject(labels) ? labels : {}));
  const stated = file['labels'];
  const accepted = isObject(stated)
    ? Object.keys(stated).map((key) => [key, found.get(key) ?? null] as const)
    : [...found].filter(([, label]) => label !== null);
  return merged(file, { labels: accepted.length === 0 ? null : Object.fromEntries(accepted) });
}

function acceptConstraints(file: Resource, _change: Change, actual: Resource): Resource {
  const stated = file['tableConstraints'];
  const found = actual['tableConstraints'];
  const block = isObject(stated) ? stated : { primaryKey: null, foreignKeys: null };
  const columns = list(part(part(found, 'primaryKey'), 'columns'));
  const isSameKey = sameWords(list(part(block['primaryKey'], 'columns')), columns);
  // One that stays is kept as the file spells it.
  const known = new Map(list(block['foreignKeys']).map((key) => [foreignKeyId(key), key]));
  const foreignKeys = list(part(found, 'foreignKeys')).map(
    (key) => known.get(foreignKeyId(key)) ?? foreignKey(key),
  );
  const isSameList = sameWords(
    list(block['foreignKeys']).map(foreignKeyId).sort(),
    foreignKeys.map(foreignKeyId).sort(),
  );
  const accepted = merged(block, {
    ...(block['primaryKey'] === undefined || isSameKey
      ? {}
      : { primaryKey: columns.length === 0 ? null : { columns } }),
    ...(block['foreignKeys'] === undefined || isSameList
      ? {}
      : { foreignKeys: foreignKeys.length === 0 ? null : foreignKeys }),
  });
  return merged(file, { tableConstraints: accepted });
}

function foreignKeyId(key: unknown): string {
  const references = list(part(key, 'columnReferences')).map((reference) => [
    String(part(reference, 'referencingColumn') ?? '').toLowerCase(),
    String(part(reference, 'referencedColumn') ?? '').toLowerCase(),
  ]);
  const table = part(key, 'referencedTable');
  return JSON.stringify([part(table, 'datasetId'), part(table, 'tableId'), references]);
}

/** Its name and its project are not compared: one file serves several environments. */
function foreignKey(key: unknown): Resource {
  const table = part(key, 'referencedTable');
  return {
    referencedTable: { datasetId: part(table, 'datasetId'), tableId: part(table, 'tableId') },
    columnReferences: list(part(key, 'columnReferences')).map((reference) => ({
      referencingColumn: part(reference, 'referencingColumn'),
      referencedColumn: part(reference, 'referencedColumn'),
    })),
  };
}

function acceptViewQuery(file: Resource, _change: Change, actual: Resource): Resource {
  const query = part(actual['view'] ?? actual['materializedView'], 'query') ?? null;
  // A view that became a materialized one is stated as one.
  const found = (actual['view'] ?? null) !== null ? 'view' : 'materializedView';
  const stated =
    (file['view'] ?? null) !== null || file['materializedView'] === undefined ? 'view' : 'materializedView';
  if (query === null) return merged(file, { [stated]: null });
  const block = file[stated];
  const isOther = stated !== found && file[found] === undefined;
  if (isOther && (!isObject(block) || Object.keys(block).length <= 1)) {
    return renamed(file, { key: stated, to: found, value: { query } });
  }
  return merged(file, { [stated]: merged(isObject(block) ? block : {}, { query }) });
}

function acceptExternalSource(file: Resource, _change: Change, actual: Resource): Resource {
  const key = 'externalDataConfiguration';
  const stated = file[key];
  const found = actual[key];
  if (!isObject(found)) return merged(file, { [key]: null });
  const foundHive = found['hivePartitioningOptions'];
  const options = {
    mode: part(foundHive, 'mode') ?? null,
    sourceUriPrefix: part(foundHive, 'sourceUriPrefix') ?? null,
  };
  const sourceFormat = found['sourceFormat'] ?? null;
  const sourceUris = list(found['sourceUris']);
  if (!isObject(stated)) {
    const hive = isObject(foundHive) ? { hivePartitioningOptions: options } : {};
    return merged(file, { [key]: { sourceFormat, sourceUris, ...hive } });
  }
  const hive = stated['hivePartitioningOptions'];
  const accepted = {
    sourceFormat: sameWord(stated['sourceFormat'], sourceFormat) ? stated['sourceFormat'] : sourceFormat,
    sourceUris: acceptedUris({ stated, found }),
    hivePartitioningOptions: isObject(hive)
      ? merged(hive, {
          ...(hive['mode'] === undefined || sameWord(hive['mode'], options.mode)
            ? {}
            : { mode: options.mode }),
          ...(hive['sourceUriPrefix'] === undefined ? {} : { sourceUriPrefix: options.sourceUriPrefix }),
        })
      : isObject(foundHive)
        ? options
        : null,
  };
  const parts = Object.entries(accepted).filter(([name]) => stated[name] !== undefined);
  return merged(file, { [key]: merged(stated, Object.fromEntries(parts)) });
}

function acceptedUris({ stated, found }: { readonly stated: Resource; readonly found: Resource }): unknown {
  const saysFormat = stated['sourceFormat'] !== undefined;
  const isFormatIceberg = sameWord(found['sourceFormat'], 'ICEBERG');
  // Each commit of an Iceberg table writes another metadata file; its folder is what is compared.
  const placeOf = (isIceberg: boolean) => (uri: unknown) => {
    const text = String(uri);
    return isIceberg || text.endsWith('.metadata.json') ? text.slice(0, text.lastIndexOf('/') + 1) : text;
  };
  const places = list(found['sourceUris']).map(placeOf(isFormatIceberg)).sort();
  const isPlaced = (uris: readonly unknown[]) =>
    isDeepStrictEqual(uris.map(placeOf(saysFormat && isFormatIceberg)).sort(), places);
  const [uris, statedUris] = [list(found['sourceUris']), list(stated['sourceUris'])];
  if (isPlaced(statedUris)) return stated['sourceUris'];
  if (uris.length === 0) return null;
  // A file that does not say ICEBERG states the folder itself.
  return isPlaced(uris) ? uris : places;
}

function acceptPartitioning(file: Resource, _change: Change, actual: Resource): Resource {
  const { timePartitioning: time, rangePartitioning: range } = actual;
  if (isObject(time)) {
    const value = acceptedTime(file, time);
    return withPartitioning(file, { key: 'timePartitioning', other: 'rangePartitioning', value });
  }
  if (isObject(range)) {
    const value = acceptedRange(file['rangePartitioning'], range);
    return withPartitioning(keptFilter(file), { key: 'rangePartitioning', other: 'timePartitioning', value });
  }
  const key = isObject(file['timePartitioning']) ? 'timePartitioning' : 'rangePartitioning';
  return merged(file, { [key]: null });
}

function withPartitioning(
  file: Resource,
  { key, other, value }: { readonly key: string; readonly other: string; readonly value: Resource },
): Resource {
  if (!isObject(file[other])) return merged(file, { [key]: value });
  if (file[key] === undefined) return renamed(file, { key: other, to: key, value });
  return merged(file, { [key]: value, [other]: null });
}

/** Its own keys stay: an expiration that was stated is stated still. */
function acceptedTime(file: Resource, found: Resource): Resource {
  const stated = file['timePartitioning'];
  const column = textOrNull(found['field']);
  const field = column === null || sameWord(column, '_PARTITIONTIME') ? undefined : column;
  if (isObject(stated)) {
    return merged(stated, {
      ...(sameWord(stated['type'], found['type']) ? {} : { type: found['type'] }),
      ...(sameWord(stated['field'], field) ? {} : { field }),
    });
  }
  const expirationMs = orNever(found['expirationMs']);
  // Where a retention is declared, that is what watches the expiration.
  const isWatched = part(file['contract'], 'retention') !== undefined && expirationMs !== null;
  return {
    type: found['type'],
    ...(field === undefined ? {} : { field }),
    ...(isWatched ? {} : { expirationMs }),
  };
}

function acceptedRange(stated: unknown, found: Resource): Resource {
  // JSON may leave out a bound of zero.
  const bounds = ['start', 'end', 'interval'].map(
    (key) => [key, digits(part(found['range'], key)) ?? '0'] as const,
  );
  if (!isObject(stated)) return { field: found['field'], range: Object.fromEntries(bounds) };
  const range = stated['range'];
  const different = bounds.filter(([key, bound]) => (digits(part(range, key)) ?? '0') !== bound);
  return merged(stated, {
    ...(sameWord(stated['field'], found['field']) ? {} : { field: found['field'] }),
    range: merged(isObject(range) ? range : {}, Object.fromEntries(different)),
  });
}

/** The filter is a setting of the table too, and stays stated when the partitioning by time goes. */
function keptFilter(file: Resource): Resource {
  const twin = part(file['timePartitioning'], 'requirePartitionFilter');
  if (typeof twin !== 'boolean' || typeof file['requirePartitionFilter'] === 'boolean') return file;
  return set(file, 'requirePartitionFilter', twin);
}

function acceptPartitionExpiration(file: Resource, _change: Change, actual: Resource): Resource {
  const stated = file['timePartitioning'];
  if (!isObject(stated) || stated['expirationMs'] === undefined) return file;
  const expirationMs = orNever(part(actual['timePartitioning'], 'expirationMs'));
  return set(file, 'timePartitioning', merged(stated, { expirationMs }));
}

/** Wherever the file states it: on the table, in `timePartitioning`, or in both. */
function acceptPartitionFilter(file: Resource, { actual }: Change): Resource {
  const isRequired = actual === 'true';
  const time = file['timePartitioning'];
  const twin = part(time, 'requirePartitionFilter');
  const onTable = file['requirePartitionFilter'];
  const isTwinUsed = typeof twin === 'boolean' || onTable === undefined;
  return merged(file, {
    ...(isObject(time) && twin !== undefined && isTwinUsed
      ? { timePartitioning: merged(time, { requirePartitionFilter: isRequired }) }
      : {}),
    ...(onTable === undefined || (onTable === null && typeof twin === 'boolean')
      ? {}
      : { requirePartitionFilter: isRequired }),
  });
}

function acceptTableExpiration(file: Resource, _change: Change, actual: Resource): Resource {
  const expirationTime = orNever(actual['expirationTime']);
  return merged(file, {
    expirationTime,
    // A recorded one would make the file contradict its own retention.
    ...(file['creationTime'] === undefined || expirationTime === null
      ? {}
      : { creationTime: digits(actual['creationTime']) }),
  });
}

/** The contract is lowered to what is there, and so is the stated expiration that breaks it. */
function acceptRetention(file: Resource, change: Change, actual: Resource): Resource {
  const kept = change.actual ?? '0';
  const contract = file['contract'];
  const lowered = set(
    file,
    'contract',
    merged(isObject(contract) ? contract : {}, { retention: loweredRetention(kept) }),
  );
  if (digits(part(actual['timePartitioning'], 'expirationMs')) === kept) {
    return acceptPartitionExpiration(lowered, change, actual);
  }
  return file['expirationTime'] === undefined ? lowered : acceptTableExpiration(lowered, change, actual);
}

/** Appended to its parent, as BigQuery does. */
function acceptUnexpectedField(file: Resource, { path }: Change, actual: Resource): Resource {
  const found = fieldAt(fieldsOf(actual), path ?? '');
  if (found === null) throw new Error(`no field ${path} in the table's resource`);
  const added = fileField(found.field);
  const appended = (fields: unknown) => [...list(fields), added];
  if (found.parent === null) {
    const schema = file['schema'];
    return set(file, 'schema', set(isObject(schema) ? schema : {}, 'fields', appended(fieldsOf(file))));
  }
  return editField(file, found.parent, (field) => [set(field, 'fields', appended(field['fields']))]);
}

/** What belongs to a type, by its name in REST or in GoogleSQL. */
const TYPE_DETAILS: ReadonlyMap<string, readonly string[]> = new Map([
  ['STRING', ['maxLength']],
  ['BYTES', ['maxLength']],
  ['NUMERIC', ['precision', 'scale']],
  ['DECIMAL', ['precision', 'scale']],
  ['BIGNUMERIC', ['precision', 'scale']],
  ['BIGDECIMAL', ['precision', 'scale']],
  ['TIMESTAMP', ['timestampPrecision']],
  ['RANGE', ['rangeElementType']],
  ['RECORD', ['fields']],
  ['STRUCT', ['fields']],
]);
const DETAILS = [...new Set([...TYPE_DETAILS.values()].flat())];

/** A field of BigQuery's answer as a file states it. */
function fileField(found: Resource): Resource {
  const mode = String(found['mode'] ?? '').toUpperCase();
  const texts = ['defaultValueExpression', 'collation', 'roundingMode', 'description'].flatMap((key) => {
    const text = textOrNull(found[key]);
    return text === null ? [] : [[key, text] as const];
  });
  const tags = tagNames(found);
  const policies = policyNames(found);
  const { fields, ...details } = typeDetails(found);
  return {
    name: found['name'],
    type: typeName(found),
    ...(mode === '' || mode === 'NULLABLE' ? {} : { mode }),
    ...details,
    ...Object.fromEntries(texts),
    ...(tags.length === 0 ? {} : { policyTags: { names: tags } }),
    ...(policies.length === 0 ? {} : { dataPolicies: policies.map((name) => ({ name })) }),
    ...(fields === undefined ? {} : { fields }),
  };
}

function typeName(field: Resource): string {
  return String(field['type']).trim();
}

function typeDetails(found: Resource): Resource {
  const keys = TYPE_DETAILS.get(typeName(found).toUpperCase()) ?? [];
  const details = keys.flatMap((key): (readonly [string, unknown])[] => {
    const value = found[key];
    if (value === undefined || value === null) return [];
    if (key === 'fields') return [[key, list(value).filter(isObject).map(fileField)]];
    if (key === 'rangeElementType') return [[key, { type: part(value, 'type') }]];
    // A scale without a precision means nothing.
    return key === 'scale' && digits(found['precision']) === null ? [] : [[key, digits(value)]];
  });
  return Object.fromEntries(details);
}

/** The type's own spelling stays where only its parameters differ. */
function withType(field: Resource, found: Resource, change: Change): Resource {
  const withoutParameters = (type: string | null) => type?.split(/[(<]/, 1)[0];
  const isSameName = withoutParameters(change.expected) === withoutParameters(change.actual);
  const details = typeDetails(found);
  return merged(field, {
    ...(isSameName ? {} : { type: typeName(found) }),
    ...Object.fromEntries(
      DETAILS.map((key) => [
        key,
        digits(details[key]) !== null && digits(details[key]) === digits(field[key])
          ? field[key]
          : details[key],
      ]),
    ),
  });
}

/** Only of what the file states, and only what differs. */
function withPolicyTags(field: Resource, found: Resource): Resource {
  const tags = tagNames(found);
  const policies = policyNames(found);
  const isSameTags = isDeepStrictEqual([...tagNames(field)].sort(), [...tags].sort());
  const isSamePolicies = isDeepStrictEqual([...policyNames(field)].sort(), [...policies].sort());
  return merged(field, {
    ...(field['policyTags'] === undefined || isSameTags
      ? {}
      : { policyTags: tags.length === 0 ? null : { names: tags } }),
    ...(field['dataPolicies'] === undefined || isSamePolicies
      ? {}
      : { dataPolicies: policies.length === 0 ? null : policies.map((name) => ({ name })) }),
  });
}

function tagNames(field: Resource): readonly string[] {
  return list(part(field['policyTags'], 'names')).map(String);
}

function policyNames(field: Resource): readonly string[] {
  return list(field['dataPolicies']).map((policy) => String(part(policy, 'name') ?? ''));
}

type FieldEdit = (field: Resource) => readonly Resource[];

function editBesideActual(
  {
    file,
    actual,
    path,
  }: { readonly file: Resource; readonly actual: Resource; readonly path: string | null },
  edit: (field: Resource, found: Resource) => Resource,
): Resource {
  const found = fieldAt(fieldsOf(actual), path ?? '');
  if (found === null) throw new Error(`no field ${path} in the table's resource`);
  return editField(file, path, (field) => [edit(field, found.field)]);
}

function editField(file: Resource, path: string | null, edit: FieldEdit): Resource {
  const schema = file['schema'];
  const fields = editedFields(fieldsOf(file), (path ?? '').toLowerCase(), edit);
  if (fields === null || !isObject(schema)) throw new Error(`no field ${path} in the expected file`);
  return set(file, 'schema', set(schema, 'fields', fields));
}

/** null: no field has that path. */
function editedFields(fields: readonly unknown[], path: string, edit: FieldEdit): readonly unknown[] | null {
  for (const [index, field] of fields.entries()) {
    if (!isObject(field)) continue;
    const name = String(field['name']).toLowerCase();
    const replace = (...replaced: readonly Resource[]) => [
      ...fields.slice(0, index),
      ...replaced,
      ...fields.slice(index + 1),
    ];
    if (path === name) return replace(...edit(field));
    if (!path.startsWith(`${name}.`)) continue;
    const nested = editedFields(list(field['fields']), path.slice(name.length + 1), edit);
    if (nested !== null) return replace(set(field, 'fields', nested));
  }
  return null;
}

/** The field of that path with its parent's path (null: it is a column), in any letter case. */
function fieldAt(
  fields: readonly unknown[],
  path: string,
): { readonly field: Resource; readonly parent: string | null } | null {
  for (const field of fields) {
    if (!isObject(field)) continue;
    const name = String(field['name']);
    if (path.toLowerCase() === name.toLowerCase()) return { field, parent: null };
    if (!path.toLowerCase().startsWith(`${name.toLowerCase()}.`)) continue;
    const nested = fieldAt(list(field['fields']), path.slice(name.length + 1));
    if (nested !== null) {
      return { field: nested.field, parent: nested.parent === null ? name : `${name}.${nested.parent}` };
    }
  }
  return null;
}

function fieldsOf(resource: Resource): readonly unknown[] {
  return list(part(resource['schema'], 'fields'));
}

/** int64 in digits; null: there is none. */
function digits(value: unknown): string | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value.toString();
  if (typeof value !== 'string' || !/^\s*[+-]?\d+\s*$/.test(value)) return null;
  return BigInt(value.trim().replace(/^\+/, '')).toString();
}

/** Of an expiration; an answer may write 0 for none. */
function orNever(value: unknown): string | null {
  const ms = digits(value);
  return ms === '0' ? null : ms;
}

function sameWord(text: unknown, other: unknown): boolean {
  return String(text ?? '').toUpperCase() === String(other ?? '').toUpperCase();
}

function sameWords(texts: readonly unknown[], others: readonly unknown[]): boolean {
  return texts.length === others.length && texts.every((text, index) => sameWord(text, others[index]));
}

function isObject(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A key of what may be no object; never one that every object inherits. */
function part(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function set(object: Resource, key: string, value: unknown): Resource {
  return { ...object, [key]: value };
}

/** Values replaced where they stand; undefined: the key goes. What is equal stays the very value. */
function merged(object: Resource, values: Resource): Resource {
  const wanted = new Map(Object.entries(values));
  const kept = Object.entries(object).map(
    ([key, value]) => [key, wanted.has(key) ? wanted.get(key) : value] as const,
  );
  const added = [...wanted].filter(([key]) => !Object.hasOwn(object, key));
  return Object.fromEntries([...kept, ...added].filter(([, value]) => value !== undefined));
}

/** Another key with another value in the same place. */
function renamed(
  object: Resource,
  { key, to, value }: { readonly key: string; readonly to: string; readonly value: unknown },
): Resource {
  return Object.fromEntries(
    Object.entries(object).map((entry) => (entry[0] === key ? ([to, value] as const) : entry)),
  );
}

/** The text of a file with other values in it; every byte outside of them stays. */
export function rewrittenText(text: string, file: Resource): string {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const body = text.slice(mark.length);
  const root = parseTree(body);
  if (root === undefined) throw new Error('the text is no JSON');
  const edits = editsOf(
    root,
    { before: JSON.parse(body), after: file },
    { text: body, style: styleOf(body, root) },
  );
  return mark + applyEdits(body, [...edits]);
}

interface Style {
  readonly lineEnd: string;
  readonly indent: string;
  /** After a colon, and after a comma within a line. */
  readonly space: string;
  /** Inside the braces of an object within a line. */
  readonly padding: string;
  readonly isOneLine: boolean;
}

interface Page {
  readonly text: string;
  readonly style: Style;
}

const LINE_END = /\r\n|\n|\r/;

function styleOf(text: string, root: Node): Style {
  const first = root.children?.[0];
  const [name, value] = first?.children ?? [];
  const lead = first === undefined ? '' : text.slice(root.offset + 1, first.offset);
  const compact = objectsOf(root).find((node) => hasItems(node) && !LINE_END.test(textOf(text, node)));
  const afterColon = name === undefined || value === undefined ? ': ' : text.slice(endOf(name), value.offset);
  const space = /:\s+$/.test(afterColon) ? ' ' : '';
  return {
    lineEnd: LINE_END.exec(text)?.[0] ?? '\n',
    indent: LINE_END.test(lead) ? indentAt(text, first?.offset ?? 0) || '  ' : '  ',
    space,
    padding: compact === undefined ? space : (/^\{([ \t]*)/.exec(textOf(text, compact))?.[1] ?? ''),
    isOneLine: !LINE_END.test(textOf(text, root)),
  };
}

function objectsOf(node: Node): readonly Node[] {
  const nested = (node.children ?? []).flatMap(objectsOf);
  return node.type === 'object' ? [node, ...nested] : nested;
}

function hasItems(node: Node): boolean {
  return (node.children ?? []).length > 0;
}

interface Values {
  readonly before: unknown;
  readonly after: unknown;
}

function editsOf(node: Node, { before, after }: Values, page: Page): readonly Edit[] {
  if (before === after || isDeepStrictEqual(before, after)) return [];
  if (isObject(before) && isObject(after) && !hasRepeatedKeys(node)) {
    return objectEdits(node, { before, after }, page);
  }
  if (Array.isArray(before) && Array.isArray(after)) return arrayEdits(node, { before, after }, page);
  return [{ offset: node.offset, length: node.length, content: replacement(node, after, page) }];
}

/** Of a key that stands twice the last one counts: such an object is written anew. */
function hasRepeatedKeys(node: Node): boolean {
  const keys = (node.children ?? []).map(keyOf);
  return new Set(keys).size < keys.length;
}

function keyOf(property: Node): string {
  return String(property.children?.[0]?.value);
}

function objectEdits(
  node: Node,
  { before, after }: { readonly before: Resource; readonly after: Resource },
  page: Page,
): readonly Edit[] {
  const present = (node.children ?? []).map(keyOf);
  const write = (key: string) =>
    `${JSON.stringify(key)}:${page.style.space}${written(node, after[key], page)}`;
  const inside = (node.children ?? []).flatMap((property) => {
    const key = keyOf(property);
    const value = property.children?.[1];
    if (value === undefined || !Object.hasOwn(after, key)) return [];
    return editsOf(value, { before: part(before, key), after: after[key] }, page);
  });
  // Text order, since an object in memory moves keys that look like numbers to its front.
  const slots: Slot[] = present.map((key, index) =>
    Object.hasOwn(after, key) ? { kept: index } : { removed: index },
  );
  const keys = [...present];
  for (const [index, key] of Object.keys(after).entries()) {
    if (present.includes(key)) continue;
    const previous = keys.indexOf(Object.keys(after)[index - 1] ?? '');
    const at = previous === -1 && index > 0 ? keys.length : previous + 1;
    keys.splice(at, 0, key);
    slots.splice(at, 0, { added: write(key) });
  }
  return [...inside, ...itemEdits(node, slots, page)];
}

function arrayEdits(
  node: Node,
  { before, after }: { readonly before: readonly unknown[]; readonly after: readonly unknown[] },
  page: Page,
): readonly Edit[] {
  const slots: Slot[] = [];
  const inside: Edit[] = [];
  let next = 0;
  for (const item of after) {
    const index = before.findIndex((candidate, at) => at >= next && isSameItem(candidate, item));
    if (index === -1) {
      slots.push({ added: written(node, item, page) });
      continue;
    }
    for (; next < index; next += 1) slots.push({ removed: next });
    slots.push({ kept: index });
    next = index + 1;
    const child = node.children?.[index];
    if (child !== undefined) inside.push(...editsOf(child, { before: before[index], after: item }, page));
  }
  for (; next < before.length; next += 1) slots.push({ removed: next });
  return [...inside, ...itemEdits(node, slots, page)];
}

/** A field stays the same field whatever is said of it. */
function isSameItem(item: unknown, other: unknown): boolean {
  const name = part(item, 'name');
  if (typeof name === 'string' && isObject(other)) return name === part(other, 'name');
  return isDeepStrictEqual(item, other);
}

/** What becomes of each item of an object or array, in order; numbers are places in the text. */
type Slot = { readonly kept: number } | { readonly removed: number } | { readonly added: string };

function itemEdits(node: Node, slots: readonly Slot[], page: Page): readonly Edit[] {
  const items = node.children ?? [];
  const separator = separatorOf(node, page);
  const joint = `,${separator}`;
  const edits: Edit[] = [];
  let gap: { readonly removed: number[]; readonly added: string[] } = { removed: [], added: [] };
  let previous: Node | undefined;
  const close = (following: Node | undefined) => {
    const { removed, added } = gap;
    gap = { removed: [], added: [] };
    const first = items[removed[0] ?? -1];
    const last = items[removed.at(-1) ?? -1];
    if (first === undefined || last === undefined) {
      if (added.length === 0) return;
      if (previous !== undefined) {
        edits.push({
          offset: endOf(previous),
          length: 0,
          content: added.map((item) => joint + item).join(''),
        });
      } else if (following !== undefined) {
        edits.push({
          offset: following.offset,
          length: 0,
          content: added.map((item) => item + joint).join(''),
        });
      } else {
        edits.push({ offset: node.offset + 1, length: node.length - 2, content: filled(node, added, page) });
      }
    } else if (added.length > 0) {
      edits.push(between(first.offset, endOf(last), added.join(joint)));
    } else if (following !== undefined) {
      edits.push(between(first.offset, following.offset, ''));
    } else if (previous !== undefined) {
      edits.push(between(endOf(previous), endOf(last), ''));
    } else {
      edits.push(between(node.offset + 1, endOf(node) - 1, ''));
    }
  };
  for (const slot of slots) {
    if ('added' in slot) gap.added.push(slot.added);
    else if ('removed' in slot) gap.removed.push(slot.removed);
    else {
      close(items[slot.kept]);
      previous = items[slot.kept];
    }
  }
  close(undefined);
  return edits;
}

function between(offset: number, end: number, content: string): Edit {
  return { offset, length: end - offset, content };
}

/** The white space before an item, as its siblings have it. */
function separatorOf(node: Node, { text, style }: Page): string {
  const items = node.children ?? [];
  const last = items.at(-1);
  if (last === undefined)
    return style.isOneLine ? style.space : style.lineEnd + indentAt(text, node.offset) + style.indent;
  const beforeLast = items.at(-2);
  const start = beforeLast === undefined ? node.offset + 1 : endOf(beforeLast);
  const white = text.slice(start, last.offset).replace(',', '');
  const line = /(\r\n|\n|\r)[ \t]*$/.exec(white)?.[0];
  if (line !== undefined) return line;
  return beforeLast === undefined ? style.space : white;
}

function filled(node: Node, added: readonly string[], page: Page): string {
  const { text, style } = page;
  const separator = separatorOf(node, page);
  if (style.isOneLine) return style.padding + added.join(`,${separator}`) + style.padding;
  return separator + added.join(`,${separator}`) + style.lineEnd + indentAt(text, node.offset);
}

/** A new item of an object or array: on one line where its siblings are, or where it stands among others on one. */
function written(node: Node, value: unknown, page: Page): string {
  const { text, style } = page;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const values = (node.children ?? []).map((item) => (item.type === 'property' ? item.children?.[1] : item));
  const siblings = values.filter(
    (item) => item !== undefined && item.children !== undefined && hasItems(item),
  );
  const separator = separatorOf(node, page);
  const isExpanded =
    LINE_END.test(separator) &&
    (siblings.length === 0 ||
      siblings.some((item) => item !== undefined && LINE_END.test(textOf(text, item))));
  return isExpanded
    ? expanded(value, { style, indent: separator.replace(/^[\r\n]+/, '') })
    : onOneLine(value, style);
}

/** Another value in the place of one. */
function replacement(node: Node, value: unknown, page: Page): string {
  const { text, style } = page;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (node.children !== undefined && hasItems(node) && LINE_END.test(textOf(text, node))) {
    return expanded(value, { style, indent: indentAt(text, node.offset) });
  }
  const parent = node.parent?.type === 'property' ? node.parent.parent : node.parent;
  return parent === undefined ? onOneLine(value, style) : written(parent, value, page);
}

function expanded(
  value: unknown,
  { style, indent }: { readonly style: Style; readonly indent: string },
): string {
  return JSON.stringify(value, null, style.indent).replaceAll('\n', style.lineEnd + indent);
}

function onOneLine(value: unknown, style: Style): string {
  const joint = `,${style.space}`;
  if (Array.isArray(value)) return `[${value.map((item) => onOneLine(item, style)).join(joint)}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}:${style.space}${onOneLine(item, style)}`,
  );
  return entries.length === 0 ? '{}' : `{${style.padding}${entries.join(joint)}${style.padding}}`;
}

function endOf(node: Node): number {
  return node.offset + node.length;
}

function textOf(text: string, node: Node): string {
  return text.slice(node.offset, endOf(node));
}

/** The white space that the line of this place begins with. */
function indentAt(text: string, offset: number): string {
  const start = Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? '';
}
