import { fieldFinder } from '../compare/fields.ts';
import { compareRetention } from '../compare/retention.ts';
import { isKind, kindRow } from '../kinds/index.ts';
import { CLUSTERING_TYPES, canonicalTypeName, FIELD_TYPES, statedFields } from '../metadata/canonical.ts';
import { expiration, int64, isObject } from '../metadata/parse.ts';
import { type Advise, didYouMean } from '../model/did-you-mean.ts';
import { formatDuration, parseDuration } from '../model/duration.ts';
import { MalformedError, type Problem } from '../model/errors.ts';
import type { Resource } from '../model/ports.ts';
import { jsonPath } from './shape-problems.ts';

/*
 * What BigQuery would refuse, or a file contradicts in itself. The rules read the file as it was written, so
 * that one run lists them beside problems of shape; a part of the wrong shape is passed over here.
 */

type PathProblem = Omit<Problem, 'file'>;
type Path = readonly (string | number)[];

export function tableRules(
  file: Resource,
  id: { readonly dataset: string; readonly table: string },
  advise: Advise = didYouMean,
): readonly PathProblem[] {
  return [
    ...tableNameRules(id.table),
    ...tableTypeRules(file['type'], advise),
    ...referenceRule(file['tableReference'], 'tableReference', { datasetId: id.dataset, tableId: id.table }),
    ...fieldRules(rawFields(file), { at: ['schema', 'fields'], depth: 1, advise }),
    ...partitioningRules(file, advise),
    ...clusteringRules(file, advise),
    ...contractRules(file, advise),
  ];
}

export function datasetRules(file: Resource, dataset: string): readonly PathProblem[] {
  return referenceRule(file['datasetReference'], 'datasetReference', { datasetId: dataset });
}

/** https://docs.cloud.google.com/bigquery/docs/tables ("Table naming") */
function tableNameRules(table: string): readonly PathProblem[] {
  if (/^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd}\p{Zs}]+$/u.test(table) && Buffer.byteLength(table) <= 1024) return [];
  return [
    problem(
      [],
      `${JSON.stringify(table)} is no table name: letters, digits, connectors, dashes and spaces only`,
    ),
  ];
}

const TABLE_TYPES = ['TABLE', 'VIEW', 'MATERIALIZED_VIEW', 'EXTERNAL', 'SNAPSHOT'];

/** A type that does not exist yet is let through; a misspelt one is not. */
function tableTypeRules(type: unknown, advise: Advise): readonly PathProblem[] {
  if (typeof type !== 'string' || TABLE_TYPES.includes(type.toUpperCase())) return [];
  const near = advise(type, TABLE_TYPES);
  return near === '' ? [] : [problem(['type'], `unknown type ${JSON.stringify(type)}${near}`)];
}

/** The project is not compared: one set of files serves several environments. */
function referenceRule(
  reference: unknown,
  key: string,
  ids: Readonly<Record<string, string>>,
): readonly PathProblem[] {
  if (!isObject(reference)) return [];
  return Object.entries(ids)
    .filter(([part, id]) => reference[part] !== undefined && reference[part] !== id)
    .map(([part, id]) =>
      problem(
        [key, part],
        `contradicts the file's path, which says ${JSON.stringify(id)}; correct one or leave it out`,
      ),
    );
}

/** https://docs.cloud.google.com/bigquery/docs/schemas ("Column names") */
const RESERVED_PREFIXES = [
  '_TABLE_',
  '_FILE_',
  '_PARTITION',
  '_ROW_TIMESTAMP',
  '__ROOT__',
  '_COLIDENTIFIER',
  '_CHANGE_SEQUENCE_NUMBER',
  '_CHANGE_TYPE',
  '_CHANGE_TIMESTAMP',
];
const MAX_DEPTH = 15;
const MAX_NAME_LENGTH = 300;

function fieldRules(
  fields: readonly unknown[],
  { at, depth, advise }: { readonly at: Path; readonly depth: number; readonly advise: Advise },
): readonly PathProblem[] {
  if (depth > MAX_DEPTH)
    return [problem(at, `nested deeper than the ${MAX_DEPTH} levels that BigQuery allows`)];
  const seen = new Map<string, number>();
  return fields.flatMap((field, index) => {
    if (!isObject(field)) return [];
    const { name, fields: nested } = field;
    const duplicate = typeof name === 'string' ? seen.get(name.toLowerCase()) : undefined;
    if (typeof name === 'string' && duplicate === undefined) seen.set(name.toLowerCase(), index);
    return [
      ...(duplicate === undefined
        ? []
        : [
            problem(
              [...at, index, 'name'],
              `duplicate field ${JSON.stringify(name)}: also ${jsonPath([...at, duplicate])}`,
            ),
          ]),
      ...nameRules(name, [...at, index, 'name']),
      ...typeRules(field, [...at, index], advise),
      ...(Array.isArray(nested)
        ? fieldRules(nested, { at: [...at, index, 'fields'], depth: depth + 1, advise })
        : []),
    ];
  });
}

function nameRules(name: unknown, at: Path): readonly PathProblem[] {
  if (typeof name !== 'string') return [];
  if (name.length > MAX_NAME_LENGTH)
    return [problem(at, `longer than the ${MAX_NAME_LENGTH} characters that BigQuery allows`)];
  if (name.includes('.'))
    return [problem(at, 'a column name holds no dot: a nested field goes into "fields" of its RECORD')];
  const prefix = RESERVED_PREFIXES.find((reserved) => name.toUpperCase().startsWith(reserved));
  if (prefix === undefined) return [];
  const advice =
    prefix === '_PARTITION'
      ? ': leave it out and state timePartitioning; a table by ingestion time has the pseudo column _PARTITIONTIME'
      : ': leave it out';
  return [
    problem(
      at,
      `a column ${JSON.stringify(name)} cannot exist, BigQuery reserves the prefix ${prefix}${advice}`,
    ),
  ];
}

function typeRules(field: Resource, at: Path, advise: Advise): readonly PathProblem[] {
  const { type, fields, precision, scale } = field;
  if (typeof type !== 'string' || type === '') return [];
  const typeAt = [...at, 'type'];
  const unknown = knownTypeRule(type, typeAt, advise);
  if (unknown.length > 0) return unknown;
  const name = canonicalTypeName(type);
  if (name !== 'STRUCT' && Array.isArray(fields) && fields.length > 0) {
    return [problem(typeAt, `a ${name} has no nested fields; did you mean "RECORD"?`)];
  }
  if (scale != null && precision == null)
    return [problem([...at, 'scale'], 'a scale needs a precision beside it')];
  return [];
}

function typeAdvice(type: string, advise: Advise): string {
  if (/^array\b/i.test(type)) return '; write the type of the elements and "mode": "REPEATED"';
  if (/^struct\b/i.test(type)) return '; write "RECORD" and its "fields"';
  if (/^range\b/i.test(type)) return '; write "RANGE" and "rangeElementType": {"type": "DATE"}';
  if (/\(/.test(type)) return '; write its parameters as "precision", "scale" or "maxLength"';
  return advise(type, [...FIELD_TYPES, 'INTEGER', 'FLOAT', 'BOOLEAN', 'RECORD']);
}

/** https://docs.cloud.google.com/bigquery/docs/partitioned-tables */
const TIME_TYPES = ['TIMESTAMP', 'DATE', 'DATETIME'];
/** A DATE has no hours. */
const HOUR_TYPES = ['TIMESTAMP', 'DATETIME'];
const RANGE_TYPES = ['INT64'];

function isHourly(time: Resource): boolean {
  return typeof time['type'] === 'string' && time['type'].toUpperCase() === 'HOUR';
}

function partitioningRules(file: Resource, advise: Advise): readonly PathProblem[] {
  const { timePartitioning: time, rangePartitioning: range } = file;
  const both =
    isObject(time) && isObject(range)
      ? [problem(['rangePartitioning'], 'a table is partitioned by time or by range, not both')]
      : [];
  return [
    ...both,
    ...(isObject(time)
      ? partitionFieldRules(file, {
          field: time['field'],
          by: 'timePartitioning',
          types: isHourly(time) ? HOUR_TYPES : TIME_TYPES,
          advise,
        })
      : []),
    ...(isObject(range) ? rangeRules(range['range']) : []),
    ...(isObject(range)
      ? partitionFieldRules(file, {
          field: range['field'],
          by: 'rangePartitioning',
          types: RANGE_TYPES,
          advise,
        })
      : []),
  ];
}

/** https://docs.cloud.google.com/bigquery/docs/partitioned-tables#integer_range */
function rangeRules(range: unknown): readonly PathProblem[] {
  if (!isObject(range)) return [];
  const [start, end, interval] = ['start', 'end', 'interval'].map((key) =>
    BigInt(statedInteger(range[key]) ?? 0),
  );
  const at = ['rangePartitioning', 'range'];
  return [
    ...((interval ?? 0n) > 0n ? [] : [problem([...at, 'interval'], 'expected an interval above 0')]),
    ...((start ?? 0n) < (end ?? 0n) ? [] : [problem([...at, 'end'], 'expected an end above the start')]),
  ];
}

function partitionFieldRules(
  file: Resource,
  {
    field,
    by,
    types,
    advise,
  }: {
    readonly field: unknown;
    readonly by: string;
    readonly types: readonly string[];
    readonly advise: Advise;
  },
): readonly PathProblem[] {
  if (typeof field !== 'string' || field === '') return [];
  if (by === 'timePartitioning' && field.toUpperCase() === '_PARTITIONTIME') return [];
  const at = [by, 'field'];
  if (field.includes('.'))
    return [problem(at, `${JSON.stringify(field)} is nested: only a top-level column can partition`)];
  if (!isObject(file['schema'])) return [];
  const columns = rawFields(file).filter(isObject);
  const column = columns.find(
    ({ name }) => typeof name === 'string' && name.toLowerCase() === field.toLowerCase(),
  );
  if (column === undefined) {
    const names = columns.flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
    return [problem(at, `${JSON.stringify(field)} is not declared in schema.fields${advise(field, names)}`)];
  }
  if (typeof column['mode'] === 'string' && column['mode'].toUpperCase() === 'REPEATED') {
    return [problem(at, `${JSON.stringify(field)} is REPEATED: it cannot partition`)];
  }
  const type = typeof column['type'] === 'string' ? canonicalTypeName(column['type']) : undefined;
  if (type === undefined || types.includes(type)) return [];
  return [problem(at, `${JSON.stringify(field)} is ${type}: only ${types.join(', ')} can partition here`)];
}

/** https://docs.cloud.google.com/bigquery/docs/creating-clustered-tables */
const MAX_CLUSTERING_FIELDS = 4;

function clusteringRules(file: Resource, advise: Advise): readonly PathProblem[] {
  const clustering = file['clustering'];
  const listed = isObject(clustering) && Array.isArray(clustering['fields']) ? clustering['fields'] : [];
  const names = listed.filter((name) => typeof name === 'string').map((name) => name.toLowerCase());
  const at = ['clustering', 'fields'];
  return [
    ...(listed.length > MAX_CLUSTERING_FIELDS
      ? [problem(at, `${listed.length} clustering fields, BigQuery allows ${MAX_CLUSTERING_FIELDS}`)]
      : []),
    ...(new Set(names).size < names.length ? [problem(at, 'a field is listed twice')] : []),
    // Of more than there can be, the first few are looked at: what they lack matters less than that they are so many.
    ...listed
      .slice(0, 2 * MAX_CLUSTERING_FIELDS)
      .flatMap((field, index) => clusteringFieldRules(file, field, { at: [...at, index], advise })),
  ];
}

function clusteringFieldRules(
  file: Resource,
  field: unknown,
  { at, advise }: { readonly at: Path; readonly advise: Advise },
): readonly PathProblem[] {
  if (typeof field !== 'string' || !isObject(file['schema'])) return [];
  const columns = rawFields(file).filter(isObject);
  const column = columns.find(
    ({ name }) => typeof name === 'string' && name.toLowerCase() === field.toLowerCase(),
  );
  const name = JSON.stringify(field);
  if (column === undefined) {
    const declared = columns.flatMap((candidate) =>
      typeof candidate['name'] === 'string' ? [candidate['name']] : [],
    );
    return [problem(at, `${name} is not declared in schema.fields${advise(field, declared)}`)];
  }
  const { mode, type } = column;
  if (typeof mode === 'string' && mode.toUpperCase() === 'REPEATED')
    return [problem(at, `${name} is REPEATED: it cannot cluster`)];
  const canonical = typeof type === 'string' ? canonicalTypeName(type) : undefined;
  if (canonical === undefined || CLUSTERING_TYPES.includes(canonical)) return [];
  return [problem(at, `${name} is ${canonical}: it cannot cluster`)];
}

function contractRules(file: Resource, advise: Advise): readonly PathProblem[] {
  const contract = file['contract'];
  if (!isObject(contract)) return [];
  return [...contractPathRules(file, contract, advise), ...retentionRules(file, contract)];
}

function contractPathRules(file: Resource, contract: Resource, advise: Advise): readonly PathProblem[] {
  const { criticalFields, consumers } = contract;
  const listed: (readonly [Path, unknown])[] = [
    ...(Array.isArray(criticalFields) ? criticalFields : []).map((path, index): [Path, unknown] => [
      ['contract', 'criticalFields', index],
      path,
    ]),
    ...Object.entries(isObject(consumers) ? consumers : {}).flatMap(([consumer, paths]) =>
      (Array.isArray(paths) ? paths : []).map((path, index): [Path, unknown] => [
        ['contract', 'consumers', consumer, index],
        path,
      ]),
    ),
  ];
  if (!isObject(file['schema'])) return [];
  const declared = declaredFields(file);
  if (declared === null) return [];
  const names = declared.map((field) => field.name);
  const isField = fieldFinder(declared);
  return listed.flatMap(([at, path]) =>
    typeof path !== 'string' || isField(path)
      ? []
      : [problem(at, `${JSON.stringify(path)} names no field of the schema${advise(path, names)}`)],
  );
}

function retentionRules(file: Resource, contract: Resource): readonly PathProblem[] {
  const { retention } = contract;
  const ms = typeof retention === 'string' ? parseDuration(retention) : null;
  if (ms === null) return [];
  const time = file['timePartitioning'];
  const broken = compareRetention(
    {
      partitionExpirationMs: isObject(time) ? statedExpiration(time['expirationMs']) : null,
      expirationTime: statedExpiration(file['expirationTime']),
      creationTime: statedInteger(file['creationTime']),
    },
    { retention: { text: String(retention), ms } },
  );
  if (broken === null) return [];
  const kept = formatDuration(Number(broken.change.actual));
  const at = broken.hides === 'table-expiration' ? ['expirationTime'] : ['timePartitioning', 'expirationMs'];
  return [problem(at, `data expires after ${kept}, before contract.retention ${retention} allows it`)];
}

/** Loss of data is neither waived nor played down. */
export function policyRules(file: Resource, advise: Advise = didYouMean): readonly PathProblem[] {
  const { severities, waivers } = file;
  const isAlwaysTold = (kind: string) => isKind(kind) && kindRow(kind).cannotBeWaived === true;
  const lowered = Object.entries(isObject(severities) ? severities : {})
    .filter(([kind, severity]) => (severity === 'info' || severity === 'off') && isAlwaysTold(kind))
    .map(([kind]) =>
      problem(['severities', kind], `${kind} cannot be set below warning: it means loss of data`),
    );
  const waived = (Array.isArray(waivers) ? waivers : []).flatMap((waiver, index) => {
    const kind = isObject(waiver) ? waiver['kind'] : undefined;
    if (typeof kind !== 'string' || !isAlwaysTold(kind)) return [];
    return [problem(['waivers', index, 'kind'], `${kind} cannot be waived: it means loss of data`)];
  });
  return [...lowered, ...waived, ...requiredTypeRules(file['requiredFields'], advise)];
}

function requiredTypeRules(requiredFields: unknown, advise: Advise): readonly PathProblem[] {
  return (Array.isArray(requiredFields) ? requiredFields : []).flatMap((required, index) =>
    isObject(required) && typeof required['type'] === 'string'
      ? knownTypeRule(required['type'], ['requiredFields', index, 'type'], advise)
      : [],
  );
}

function knownTypeRule(type: string, at: Path, advise: Advise): readonly PathProblem[] {
  const known: readonly string[] = FIELD_TYPES;
  if (known.includes(canonicalTypeName(type))) return [];
  return [problem(at, `unknown type ${JSON.stringify(type)}${typeAdvice(type, advise)}`)];
}

function rawFields(file: Resource): readonly unknown[] {
  const schema = file['schema'];
  const fields = isObject(schema) ? schema['fields'] : undefined;
  return Array.isArray(fields) ? fields : [];
}

function declaredFields(file: Resource): ReturnType<typeof statedFields> | null {
  try {
    return statedFields(rawFields(file));
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

function statedInteger(value: unknown): string | null {
  try {
    return int64(value, '') ?? null;
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

function statedExpiration(value: unknown): string | null {
  try {
    return expiration(value, '') ?? null;
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

function problem(path: Path, message: string): PathProblem {
  return { path: jsonPath(path), message };
}
