import { CLUSTERING_TYPES, canonicalTypeName } from '../metadata/canonical.ts';
import { int64, isObject } from '../metadata/parse.ts';
import type { Advise } from '../model/did-you-mean.ts';
import type { Resource } from '../model/ports.ts';
import { type Path, type PathProblem, problem, rawFields, unlessMalformed } from './raw-file.ts';

/** https://docs.cloud.google.com/bigquery/docs/partitioned-tables */
const TIME_TYPES = ['TIMESTAMP', 'DATE', 'DATETIME'];
/** A DATE has no hours. */
const HOUR_TYPES = ['TIMESTAMP', 'DATETIME'];
const RANGE_TYPES = ['INT64'];

export function partitioningRules(file: Resource, advise: Advise): readonly PathProblem[] {
  const { timePartitioning: time, rangePartitioning: range } = file;
  return [
    ...(isObject(time) && isObject(range)
      ? [problem(['rangePartitioning'], 'a table is partitioned by time or by range, not both')]
      : []),
    ...(isObject(time) ? timeRules(file, time, advise) : []),
    ...(isObject(range) ? rangeRules(file, range, advise) : []),
  ];
}

function timeRules(file: Resource, { type, field }: Resource, advise: Advise): readonly PathProblem[] {
  // So named, it is the pseudo column of a table that is partitioned by ingestion time.
  if (typeof field === 'string' && field.toUpperCase() === '_PARTITIONTIME') return [];
  const types = typeof type === 'string' && type.toUpperCase() === 'HOUR' ? HOUR_TYPES : TIME_TYPES;
  return partitionColumnRules(file, field, { at: ['timePartitioning', 'field'], types, advise });
}

/** https://docs.cloud.google.com/bigquery/docs/partitioned-tables#integer_range */
function rangeRules(file: Resource, { range, field }: Resource, advise: Advise): readonly PathProblem[] {
  const at = ['rangePartitioning', 'field'];
  return [
    ...(isObject(range) ? boundRules(range) : []),
    ...partitionColumnRules(file, field, { at, types: RANGE_TYPES, advise }),
  ];
}

function boundRules(range: Resource): readonly PathProblem[] {
  const bound = (key: string) => BigInt(unlessMalformed(() => int64(range[key], key)) ?? 0);
  const at = ['rangePartitioning', 'range'];
  return [
    ...(bound('interval') > 0n ? [] : [problem([...at, 'interval'], 'expected an interval above 0')]),
    ...(bound('start') < bound('end') ? [] : [problem([...at, 'end'], 'expected an end above the start')]),
  ];
}

interface Use {
  /** Where the column is named. */
  readonly at: Path;
  readonly types: readonly string[];
  readonly advise: Advise;
}

function partitionColumnRules(file: Resource, name: unknown, use: Use): readonly PathProblem[] {
  if (typeof name !== 'string' || name === '') return [];
  if (name.includes('.'))
    return [problem(use.at, `${JSON.stringify(name)} is nested: only a top-level column can partition`)];
  return columnRules(file, name, {
    ...use,
    verb: 'partition',
    unfit: `only ${use.types.join(', ')} can partition here`,
  });
}

/** https://docs.cloud.google.com/bigquery/docs/creating-clustered-tables */
const MAX_CLUSTERING_FIELDS = 4;

export function clusteringRules(file: Resource, advise: Advise): readonly PathProblem[] {
  const clustering = file['clustering'];
  const listed = isObject(clustering) && Array.isArray(clustering['fields']) ? clustering['fields'] : [];
  const names = listed.filter((name) => typeof name === 'string').map((name) => name.toLowerCase());
  const at = ['clustering', 'fields'];
  const use = { types: CLUSTERING_TYPES, verb: 'cluster', unfit: 'it cannot cluster', advise } as const;
  return [
    ...(listed.length > MAX_CLUSTERING_FIELDS
      ? [problem(at, `${listed.length} clustering fields, BigQuery allows ${MAX_CLUSTERING_FIELDS}`)]
      : []),
    ...(new Set(names).size < names.length ? [problem(at, 'a field is listed twice')] : []),
    // Of more than there can be, the first few are looked at: what they lack matters less than that they are so many.
    ...listed
      .slice(0, 2 * MAX_CLUSTERING_FIELDS)
      .flatMap((name, index) =>
        typeof name === 'string' ? columnRules(file, name, { ...use, at: [...at, index] }) : [],
      ),
  ];
}

/** Of a column that lays out its table: that it is declared, where columns are, and can do so. */
function columnRules(
  file: Resource,
  name: string,
  { at, types, verb, unfit, advise }: Use & { readonly verb: string; readonly unfit: string },
): readonly PathProblem[] {
  if (!isObject(file['schema'])) return [];
  const columns = rawFields(file).filter(isObject);
  const isNamed = ({ name: own }: Resource) =>
    typeof own === 'string' && own.toLowerCase() === name.toLowerCase();
  const column = columns.find(isNamed);
  const shown = JSON.stringify(name);
  if (column === undefined) {
    const declared = columns.flatMap(({ name: own }) => (typeof own === 'string' ? [own] : []));
    return [problem(at, `${shown} is not declared in schema.fields${advise(name, declared)}`)];
  }
  const { mode, type } = column;
  if (typeof mode === 'string' && mode.toUpperCase() === 'REPEATED')
    return [problem(at, `${shown} is REPEATED: it cannot ${verb}`)];
  const canonical = typeof type === 'string' ? canonicalTypeName(type) : undefined;
  if (canonical === undefined || types.includes(canonical)) return [];
  return [problem(at, `${shown} is ${canonical}: ${unfit}`)];
}
