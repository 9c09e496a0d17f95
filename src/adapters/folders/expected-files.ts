import { hash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { contractOf, expectedTable, inNamesOf } from '../../files/expected-table.ts';
import { datasetRules, tableRules } from '../../files/file-rules.ts';
import { datasetFile, tableFile, UNCOMPARED } from '../../files/file-schemas.ts';
import { shapeProblems } from '../../files/shape-problems.ts';
import { canonicalTypeName } from '../../metadata/canonical.ts';
import { isObject } from '../../metadata/parse.ts';
import { DATASET_SETTINGS, statedSettings } from '../../metadata/settings.ts';
import { type Advise, adviser, didYouMean } from '../../model/did-you-mean.ts';
import {
  cappedProblems,
  DriftError,
  InvalidFilesError,
  MalformedError,
  type Problem,
} from '../../model/errors.ts';
import type { Expectation } from '../../model/expectation.ts';
import { matchesPattern } from '../../model/pattern.ts';
import type { RequiredField } from '../../model/policy.ts';
import type { Resource } from '../../model/ports.ts';
import type { DeclaredDataset, DeclaredTable, ExpectedTable } from '../../model/table.ts';
import { type DatasetFolder, listFolder, POLICY_FILE } from './folder.ts';
import { readJson } from './json-file.ts';
import { defaultPolicy, type LoadedPolicy, loadPolicy } from './policy-file.ts';
import { isTableResource, misplacedTable } from './recorded-answer.ts';
import { NotRegularError, readRegularFileSync } from './regular-file.ts';

/**
 * Reads and checks a folder of expected files.
 * @throws DriftError `NoSuchFolder`, or `NothingDeclared`
 * @throws InvalidFilesError with every problem of every file
 */
export async function loadExpectation({
  folder,
  place = folder,
  policyFile,
  aliases = new Map(),
  project = null,
}: {
  readonly folder: string;
  /** What people call the folder, where it is the copy of a bucket. */
  readonly place?: string | undefined;
  /** Instead of the folder's own `drift-policy.json`. */
  readonly policyFile?: string | undefined;
  /** Declared dataset name to its name in BigQuery. */
  readonly aliases?: ReadonlyMap<string, string>;
  /** The project that is checked, in whose names view text and foreign keys are to be read. */
  readonly project?: string | null;
}): Promise<Expectation> {
  const { datasets: folders, misplacedEntries, projectMark } = await listFolder(folder);
  const policy = await readPolicy(folder, policyFile);
  const loaded: LoadedDataset[] = [];
  const advice = adviser(MAX_ADVICE);
  for (const entry of folders) {
    const { requiredFields } = policy;
    loaded.push(await loadDataset(folder, entry, { requiredFields, aliases, project, advice }));
  }
  const problems = [
    ...policy.problems,
    ...misplacedEntries.map(({ file, message }) => ({
      file: file === folder ? place : file,
      path: '$',
      message,
    })),
    ...aliasProblems(
      aliases,
      folders.map(({ dataset }) => dataset),
    ),
    ...loaded.flatMap((dataset) => dataset.problems),
  ];
  if (problems.length > 0)
    throw new InvalidFilesError(problems, wrongFolder({ place, folders, loaded, projectMark }));
  const empty = folders.filter(({ hasFile, tables }) => !hasFile && tables.length === 0);
  if (empty.length === folders.length) throw new DriftError('NothingDeclared', nothingDeclared(place));
  return {
    datasets: loaded.map(({ declared }) => ({
      ...declared,
      dataset: aliases.get(declared.declaredAs) ?? declared.declaredAs,
    })),
    policy: policy.policy,
    requiredFields: policy.requiredFields,
    warnings: [
      ...empty.map(
        ({ dataset }) =>
          `the folder ${dataset}/ has no expected file: of this dataset it is only compared whether it is there`,
      ),
      ...uncomparedWarnings(loaded.flatMap((dataset) => dataset.uncompared)),
      ...zeroWarnings(loaded.flatMap((dataset) => dataset.zeros)),
    ],
  };
}

function nothingDeclared(place: string): string {
  return `nothing to compare: ${place} declares no dataset and no table. Write <dataset>/<table>.json there, or let drift pull write what BigQuery has`;
}

/** Where the folder that was named is plainly another one: which, in a sentence. */
function wrongFolder({
  place,
  folders,
  loaded,
  projectMark,
}: {
  readonly place: string;
  readonly folders: readonly DatasetFolder[];
  readonly loaded: readonly LoadedDataset[];
  readonly projectMark: string | null;
}): string | null {
  if (projectMark !== null)
    return `${place} has ${projectMark}, so that it looks like a whole project: name the folder of the expected files in it`;
  const isOneDataset =
    folders.length > 1 &&
    folders.every(({ dataset, tables }) => !dataset.includes('.') && tables.length === 0);
  return isOneDataset && loaded.every(({ isTable }) => isTable)
    ? `${place} looks like the folder of one dataset: name the folder above it`
    : null;
}

/** The policy of a folder, or the default where it has none; its problems are in the result. */
export async function readPolicy(folder: string, policyFile?: string): Promise<LoadedPolicy> {
  const path = policyFile ?? join(folder, POLICY_FILE);
  if (policyFile === undefined && !(await exists(path)))
    return { policy: defaultPolicy, requiredFields: [], problems: [] };
  return loadPolicy(path, policyFile ?? POLICY_FILE);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

interface Surroundings {
  readonly requiredFields: readonly RequiredField[];
  readonly aliases: ReadonlyMap<string, string>;
  readonly project: string | null;
  /** For all files together. */
  readonly advice: Advise;
}

/** In all, beside that of each file: nobody reads more of it. */
const MAX_ADVICE = 1000;
/** In one file. */
const MAX_FILE_ADVICE = 20;

interface LoadedDataset {
  readonly declared: DeclaredDataset;
  /** Whether its file is a table's, in the wrong place. */
  readonly isTable: boolean;
  readonly problems: readonly Problem[];
  /** Stated keys that no kind compares, one entry for each file that has it. */
  readonly uncompared: readonly string[];
  /** Expirations that are stated as 0, likewise. */
  readonly zeros: readonly string[];
}

async function loadDataset(
  root: string,
  { dataset, hasFile, tables: ids }: DatasetFolder,
  surroundings: Surroundings,
): Promise<LoadedDataset> {
  const file = `${dataset}.json`;
  const content = hasFile ? await readObject(root, file) : { value: {}, text: '', problems: [] };
  const tables: LoadedTable[] = [];
  for (let start = 0; start < ids.length; start += FILES_AT_ONCE) {
    const batch = ids.slice(start, start + FILES_AT_ONCE);
    tables.push(
      ...(await Promise.all(batch.map((table) => loadTable(root, { dataset, table }, surroundings)))),
    );
  }
  const isTable = isTableResource(content.value);
  const advice = adviser(MAX_FILE_ADVICE, surroundings.advice);
  const ofFile = isTable
    ? [{ path: '$', message: misplacedTable(content.value, dataset) }]
    : [...shapeProblems(datasetFile, content.value, advice), ...datasetRules(content.value, dataset)];
  const problems: readonly Problem[] = [
    ...(isTable ? [] : nameProblems(dataset, hasFile ? file : dataset)),
    ...content.problems,
    ...cappedProblems(ofFile.map((problem) => ({ file, ...problem }))),
    ...tables.flatMap((table) => table.problems),
  ];
  const declared = {
    dataset,
    declaredAs: dataset,
    ...(problems.length === 0 ? statedSettings(DATASET_SETTINGS, content.value) : {}),
    tables: tables.flatMap((table) => (table.declared === null ? [] : [table.declared])),
  };
  const uncompared = UNCOMPARED.dataset.filter((key) => content.value[key] !== undefined);
  return {
    declared,
    isTable,
    problems,
    uncompared: [
      ...uncompared.map((key) => `dataset ${key}`),
      ...tables.flatMap((table) => table.uncompared),
    ],
    zeros: [
      ...zeroKeys(content.value, DATASET_EXPIRATIONS).map((key) => `dataset ${key}`),
      ...tables.flatMap((table) => table.zeros),
    ],
  };
}

/** https://docs.cloud.google.com/bigquery/docs/datasets ("Name datasets") */
function nameProblems(dataset: string, file: string): readonly Problem[] {
  if (/^\w+$/.test(dataset) && dataset.length <= 1024) return [];
  return [
    {
      file,
      path: '$',
      message: `${JSON.stringify(dataset)} is no dataset name: letters, digits and underscores only`,
    },
  ];
}

/** More would not be faster. */
const FILES_AT_ONCE = 32;

interface LoadedTable {
  /** null: the file has problems. */
  readonly declared: DeclaredTable | null;
  readonly problems: readonly Problem[];
  readonly uncompared: readonly string[];
  readonly zeros: readonly string[];
}

async function loadTable(
  root: string,
  id: { readonly dataset: string; readonly table: string },
  { requiredFields, aliases, project, advice }: Surroundings,
): Promise<LoadedTable> {
  const file = `${id.dataset}/${id.table}.json`;
  const content = await readObject(root, file);
  if (content.problems.length > 0)
    return { declared: null, problems: content.problems, uncompared: [], zeros: [] };
  const raw = content.value;
  const ofFile = tableFileProblems(raw, id, requiredFields, adviser(MAX_FILE_ADVICE, advice));
  const problems = cappedProblems(ofFile.map((problem) => ({ file, ...problem })));
  const stated = { uncompared: uncomparedKeys(raw), zeros: zeroKeys(raw, TABLE_EXPIRATIONS) };
  if (problems.length > 0) return { declared: null, problems, ...stated };
  const digest = digestOf(content.text);
  const declared: DeclaredTable = {
    table: id.table,
    contract: contractOf(raw),
    digest,
    // Ten thousand parsed files take hundreds of megabytes: each is read again when its table's answer is there.
    get expected() {
      return expectedTable(inNamesOf(rereadFile(root, file, digest), { aliases, project }));
    },
  };
  return { declared, problems, ...stated };
}

function digestOf(text: string): string {
  return hash('sha1', text, 'base64');
}

/** @throws MalformedError when it is no longer there, or no longer the file that was checked */
function rereadFile(root: string, file: string, digest: string): Resource {
  const text = readAgain(root, file);
  if (digestOf(text) !== digest)
    throw new MalformedError(`the expected file ${file} has changed since it was checked`, CHECK_AGAIN);
  return JSON.parse(text.replace(/^\uFEFF/, ''));
}

const CHECK_AGAIN = { remedy: 'check again once nobody changes the expected files' };

function readAgain(root: string, file: string): string {
  try {
    return readRegularFileSync(join(root, file)).toString('utf8');
  } catch (error) {
    const why = error instanceof NotRegularError ? error.message : (error as NodeJS.ErrnoException).code;
    throw new MalformedError(`the expected file ${file} cannot be read any more: ${why}`, CHECK_AGAIN);
  }
}

/** Everything wrong in one table's file; empty: it is valid. */
export function tableFileProblems(
  file: Resource,
  id: { readonly dataset: string; readonly table: string },
  requiredFields: readonly RequiredField[],
  advice = adviser(MAX_FILE_ADVICE),
): readonly Omit<Problem, 'file'>[] {
  const expected = requiredFields.length === 0 ? null : expectedTableIfReadable(file);
  return [
    ...shapeProblems(tableFile, file, advice),
    ...tableRules(file, id, advice),
    ...(expected === null ? [] : requiredFieldProblems(expected, id, requiredFields)),
  ];
}

/** null: the file has problems of shape, which are told on their own. */
function expectedTableIfReadable(file: Resource): ExpectedTable | null {
  try {
    return expectedTable(file);
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

async function readObject(
  root: string,
  file: string,
): Promise<{ readonly value: Resource; readonly text: string; readonly problems: readonly Problem[] }> {
  const read = await readJson(join(root, file));
  if ('problems' in read) {
    const problems = cappedProblems(read.problems.map((problem) => ({ file, ...problem })));
    return { value: {}, text: '', problems };
  }
  const { value, text } = read;
  if (isObject(value)) return { value, text, problems: [] };
  return {
    value: {},
    text,
    problems: [{ file, path: '$', message: `expected one JSON object${seen(value)}` }],
  };
}

/** The commonest file of all: what `bq show --schema` prints and `bq mk --schema` takes. */
function seen(value: unknown): string {
  const isColumns =
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => isObject(item) && 'name' in item && 'type' in item);
  return isColumns ? ', found a list of columns: write {"schema": {"fields": …}} around it' : '';
}

function requiredFieldProblems(
  expected: ExpectedTable,
  { dataset, table }: { readonly dataset: string; readonly table: string },
  requiredFields: readonly RequiredField[],
): readonly Omit<Problem, 'file'>[] {
  const { fields, type = 'TABLE' } = expected;
  if (fields === undefined || type !== 'TABLE') return [];
  return requiredFields
    .filter(({ except }) => !except.some((pattern) => matchesPattern(pattern, { dataset, table })))
    .flatMap(({ name, type: requiredType }) => {
      const field = fields.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
      if (field !== undefined && isOfType(field.type, canonicalTypeName(requiredType))) return [];
      const found = field === undefined ? 'is absent' : `is ${field.type}`;
      return [
        {
          path: '$.schema.fields',
          message: `the policy requires a field ${name} ${requiredType}, which ${found}`,
        },
      ];
    });
}

/** `NUMERIC(10, 2)` is a NUMERIC, `RANGE<DATE>` a RANGE. */
function isOfType(type: string, required: string): boolean {
  return type === required || type.startsWith(`${required}(`) || type.startsWith(`${required}<`);
}

function uncomparedKeys(file: Resource): readonly string[] {
  const schema = file['schema'];
  const ofFields = new Set(isObject(schema) ? uncomparedFieldKeys(schema['fields']) : []);
  return [
    ...UNCOMPARED.table.filter((key) => file[key] !== undefined),
    ...(isObject(schema) && schema['foreignTypeInfo'] !== undefined ? ['schema.foreignTypeInfo'] : []),
    ...(['view', 'materializedView', 'externalDataConfiguration'] as const).flatMap((block) =>
      uncomparedInBlock(file, block),
    ),
    ...[...ofFields].map((key) => `field ${key}`),
  ];
}

function uncomparedInBlock(
  file: Resource,
  block: 'view' | 'materializedView' | 'externalDataConfiguration',
): readonly string[] {
  const value = file[block];
  if (!isObject(value)) return [];
  return UNCOMPARED[block].filter((key) => value[key] !== undefined).map((key) => `${block}.${key}`);
}

function uncomparedFieldKeys(fields: unknown): readonly string[] {
  if (!Array.isArray(fields)) return [];
  return fields
    .filter(isObject)
    .flatMap((field) => [
      ...UNCOMPARED.field.filter((key) => field[key] !== undefined),
      ...uncomparedFieldKeys(field['fields']),
    ]);
}

const DATASET_EXPIRATIONS = [['defaultTableExpirationMs'], ['defaultPartitionExpirationMs']];
const TABLE_EXPIRATIONS = [['expirationTime'], ['timePartitioning', 'expirationMs']];

function zeroKeys(file: Resource, keys: readonly (readonly string[])[]): readonly string[] {
  return keys.filter((path) => isZero(valueAt(file, path))).map((path) => path.join('.'));
}

function valueAt(file: Resource, path: readonly string[]): unknown {
  return path.reduce((value: unknown, key) => (isObject(value) ? value[key] : undefined), file);
}

function isZero(value: unknown): boolean {
  return value === 0 || (typeof value === 'string' && /^[+-]?0+$/.test(value));
}

/** `stated, not compared: maxStaleness, 12 files` */
function uncomparedWarnings(uncompared: readonly string[]): readonly string[] {
  return filesByKey(uncompared).map(([key, files]) => `stated, not compared: ${key}, ${files}`);
}

/** `stated as 0, which is never: expirationTime, 2 files (null says it better)` */
function zeroWarnings(zeros: readonly string[]): readonly string[] {
  return filesByKey(zeros).map(
    ([key, files]) => `stated as 0, which is never: ${key}, ${files} (null says it better)`,
  );
}

/** Each key with in how many files it is: `12 files`. */
function filesByKey(keys: readonly string[]): readonly (readonly [string, string])[] {
  return [...Map.groupBy(keys, (key) => key)]
    .sort(([key], [other]) => (key < other ? -1 : 1))
    .map(([key, { length }]) => [key, length === 1 ? '1 file' : `${length} files`]);
}

function aliasProblems(
  aliases: ReadonlyMap<string, string>,
  declared: readonly string[],
): readonly Problem[] {
  const file = 'DATASET_ALIASES';
  const unknown = [...aliases.keys()]
    .filter((name) => !declared.includes(name))
    .map((name) => ({
      file,
      path: name,
      message: `no file declares the dataset ${JSON.stringify(name)}${didYouMean(name, declared)}`,
    }));
  const real = declared.map((name) => aliases.get(name) ?? name);
  const twice = new Set(real.filter((name, index) => real.indexOf(name) !== index));
  return [
    ...unknown,
    ...[...twice].map((name) => ({
      file,
      path: name,
      message: `two declared datasets are ${JSON.stringify(name)} in BigQuery`,
    })),
  ];
}
