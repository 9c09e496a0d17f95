import { isObject } from '../metadata/parse.ts';
import type { Resource } from '../model/ports.ts';
import { UNCOMPARED } from './file-schemas.ts';

/** What a valid file states in vain, or could say better; once for each file. */
export interface FileNote {
  readonly about: 'uncompared' | 'zero';
  readonly key: string;
}

export function datasetNotes(file: Resource): readonly FileNote[] {
  return [
    ...notes('uncompared', statedOf(UNCOMPARED.dataset, file, 'dataset ')),
    ...notes('zero', zerosOf(DATASET_EXPIRATIONS, file, 'dataset ')),
  ];
}

export function tableNotes(file: Resource): readonly FileNote[] {
  const schema = isObject(file['schema']) ? file['schema'] : {};
  return [
    ...notes('uncompared', [
      ...statedOf(UNCOMPARED.table, file),
      ...statedOf(['foreignTypeInfo'], schema, 'schema.'),
      ...BLOCKS.flatMap((block) => {
        const value = file[block];
        return isObject(value) ? statedOf(UNCOMPARED[block], value, `${block}.`) : [];
      }),
      ...new Set(uncomparedOfFields(schema['fields'])),
    ]),
    ...notes('zero', zerosOf([['expirationTime'], ['timePartitioning', 'expirationMs']], file)),
  ];
}

const BLOCKS = ['view', 'materializedView', 'externalDataConfiguration'] as const;
const DATASET_EXPIRATIONS = [['defaultTableExpirationMs'], ['defaultPartitionExpirationMs']];

function notes(about: FileNote['about'], keys: readonly string[]): readonly FileNote[] {
  return keys.map((key) => ({ about, key }));
}

function statedOf(keys: readonly string[], within: Resource, prefix = ''): readonly string[] {
  return keys.filter((key) => within[key] !== undefined).map((key) => `${prefix}${key}`);
}

function uncomparedOfFields(fields: unknown): readonly string[] {
  if (!Array.isArray(fields)) return [];
  return fields
    .filter(isObject)
    .flatMap((field) => [
      ...statedOf(UNCOMPARED.field, field, 'field '),
      ...uncomparedOfFields(field['fields']),
    ]);
}

function zerosOf(paths: readonly (readonly string[])[], file: Resource, prefix = ''): readonly string[] {
  return paths.filter((path) => isZero(valueAt(file, path))).map((path) => `${prefix}${path.join('.')}`);
}

function valueAt(file: Resource, path: readonly string[]): unknown {
  return path.reduce((value: unknown, key) => (isObject(value) ? value[key] : undefined), file);
}

function isZero(value: unknown): boolean {
  return value === 0 || (typeof value === 'string' && /^[+-]?0+$/.test(value));
}

/** `stated, not compared: maxStaleness, 12 files`: each key with in how many files it is. */
export function noteWarnings(ofFiles: readonly FileNote[]): readonly string[] {
  const warnings = (about: FileNote['about'], before: string, after: string) =>
    [
      ...Map.groupBy(
        ofFiles.filter((note) => note.about === about),
        ({ key }) => key,
      ),
    ]
      .sort(([key], [other]) => (key < other ? -1 : 1))
      .map(
        ([key, { length }]) => `${before}: ${key}, ${length === 1 ? '1 file' : `${length} files`}${after}`,
      );
  return [
    ...warnings('uncompared', 'stated, not compared', ''),
    ...warnings('zero', 'stated as 0, which is never', ' (null says it better)'),
  ];
}
