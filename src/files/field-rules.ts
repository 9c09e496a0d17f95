import { canonicalTypeName, FIELD_TYPES } from '../metadata/canonical.ts';
import { isObject } from '../metadata/parse.ts';
import type { Advise } from '../model/did-you-mean.ts';
import type { Resource } from '../model/ports.ts';
import { type Path, type PathProblem, problem } from './raw-file.ts';
import { jsonPath } from './shape-problems.ts';

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

/** Under which key of a field, and what is wrong; null: nothing. Its path is made only then: of most fields nobody asks. */
type Wrong = readonly [key: string, message: string] | null;

export function fieldRules(
  fields: readonly unknown[],
  { at, depth, advise }: { readonly at: Path; readonly depth: number; readonly advise: Advise },
): readonly PathProblem[] {
  if (depth > MAX_DEPTH)
    return [problem(at, `nested deeper than the ${MAX_DEPTH} levels that BigQuery allows`)];
  const indexes = new Map<string, number>();
  return fields.flatMap((field, index) => {
    if (!isObject(field)) return [];
    const { name, fields: nested } = field;
    const wrong = [
      duplicateRule(name, { at, index, indexes }),
      nameRule(name),
      typeRule(field, advise),
    ].flatMap((each) => (each === null ? [] : [problem([...at, index, each[0]], each[1])]));
    if (!Array.isArray(nested)) return wrong;
    return [...wrong, ...fieldRules(nested, { at: [...at, index, 'fields'], depth: depth + 1, advise })];
  });
}

function duplicateRule(
  name: unknown,
  {
    at,
    index,
    indexes,
  }: { readonly at: Path; readonly index: number; readonly indexes: Map<string, number> },
): Wrong {
  if (typeof name !== 'string') return null;
  const key = name.toLowerCase();
  const first = indexes.get(key);
  if (first !== undefined)
    return ['name', `duplicate field ${JSON.stringify(name)}: also ${jsonPath([...at, first])}`];
  indexes.set(key, index);
  return null;
}

function nameRule(name: unknown): Wrong {
  if (typeof name !== 'string') return null;
  if (name.length > MAX_NAME_LENGTH)
    return ['name', `longer than the ${MAX_NAME_LENGTH} characters that BigQuery allows`];
  if (name.includes('.'))
    return ['name', 'a column name holds no dot: a nested field goes into "fields" of its RECORD'];
  const upper = name.toUpperCase();
  const prefix = RESERVED_PREFIXES.find((reserved) => upper.startsWith(reserved));
  if (prefix === undefined) return null;
  const advice =
    prefix === '_PARTITION'
      ? ': leave it out and state timePartitioning; a table by ingestion time has the pseudo column _PARTITIONTIME'
      : ': leave it out';
  return [
    'name',
    `a column ${JSON.stringify(name)} cannot exist, BigQuery reserves the prefix ${prefix}${advice}`,
  ];
}

function typeRule({ type, fields, precision, scale }: Resource, advise: Advise): Wrong {
  if (typeof type !== 'string' || type === '') return null;
  const unknown = unknownType(type, advise);
  if (unknown !== null) return ['type', unknown];
  const name = canonicalTypeName(type);
  if (name !== 'STRUCT' && Array.isArray(fields) && fields.length > 0)
    return ['type', `a ${name} has no nested fields; did you mean "RECORD"?`];
  return scale != null && precision == null ? ['scale', 'a scale needs a precision beside it'] : null;
}

/** What is wrong with the name of a type; null: nothing. */
export function unknownType(type: string, advise: Advise): string | null {
  const known: readonly string[] = FIELD_TYPES;
  if (known.includes(canonicalTypeName(type))) return null;
  return `unknown type ${JSON.stringify(type)}${typeAdvice(type, advise)}`;
}

function typeAdvice(type: string, advise: Advise): string {
  if (/^array\b/i.test(type)) return '; write the type of the elements and "mode": "REPEATED"';
  if (/^struct\b/i.test(type)) return '; write "RECORD" and its "fields"';
  if (/^range\b/i.test(type)) return '; write "RANGE" and "rangeElementType": {"type": "DATE"}';
  if (/\(/.test(type)) return '; write its parameters as "precision", "scale" or "maxLength"';
  return advise(type, [...FIELD_TYPES, 'INTEGER', 'FLOAT', 'BOOLEAN', 'RECORD']);
}
