import { hash } from 'node:crypto';
import { join } from 'node:path';
import { contractOf, expectedTable, inNamesOf, type WarehouseNames } from '../../files/expected-table.ts';
import { datasetNotes, type FileNote, noteWarnings, tableNotes } from '../../files/file-notes.ts';
import { datasetFileProblems, tableFileProblems } from '../../files/file-problems.ts';
import type { PathProblem } from '../../files/raw-file.ts';
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
import type { RequiredField } from '../../model/policy.ts';
import type { Resource, TableId } from '../../model/ports.ts';
import type { DeclaredDataset, DeclaredTable, ExpectedRead } from '../../model/table.ts';
import { type DatasetFolder, listFolder } from './folder.ts';
import { readJson } from './json-file.ts';
import { readPolicy } from './policy-file.ts';
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
  const { policy, requiredFields, problems: ofPolicy } = await readPolicy(folder, policyFile);
  const run: Run = { root: folder, requiredFields, aliases, project, advise: adviser(MAX_ADVICE) };
  const loaded: LoadedDataset[] = [];
  for (const entry of folders) loaded.push(await loadDataset(run, entry));
  const problems = [
    ...ofPolicy,
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
    datasets: loaded.map(({ declared }) => declared),
    policy,
    requiredFields,
    warnings: [
      ...empty.map(
        ({ dataset }) =>
          `the folder ${dataset}/ has no expected file: of this dataset it is only compared whether it is there`,
      ),
      ...noteWarnings(loaded.flatMap(({ notes }) => notes)),
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

/** What the files of one folder are read with. */
interface Run extends WarehouseNames {
  readonly root: string;
  readonly requiredFields: readonly RequiredField[];
  /** For all files together. */
  readonly advise: Advise;
}

/** In all, beside that of each file: nobody reads more of it. */
const MAX_ADVICE = 1000;
/** More would not be faster. */
const FILES_AT_ONCE = 32;

interface LoadedDataset {
  readonly declared: DeclaredDataset;
  /** Whether its file is a table's, in the wrong place. */
  readonly isTable: boolean;
  readonly problems: readonly Problem[];
  readonly notes: readonly FileNote[];
}

async function loadDataset(
  run: Run,
  { dataset, hasFile, tables: ids }: DatasetFolder,
): Promise<LoadedDataset> {
  const file = `${dataset}.json`;
  const content: FileContent = hasFile
    ? await readObject(run.root, file)
    : { value: {}, text: '', problems: [] };
  const tables: LoadedTable[] = [];
  for (let start = 0; start < ids.length; start += FILES_AT_ONCE) {
    const batch = ids.slice(start, start + FILES_AT_ONCE);
    tables.push(...(await Promise.all(batch.map((table) => loadTable(run, { dataset, table })))));
  }
  const isTable = isTableResource(content.value);
  const problems = [
    ...(isTable ? [] : nameProblems(dataset, hasFile ? file : dataset)),
    ...content.problems,
    ...problemsOf(
      file,
      isTable
        ? [{ path: '$', message: misplacedTable(content.value, dataset) }]
        : datasetFileProblems(content.value, dataset, run.advise),
    ),
    ...tables.flatMap((table) => table.problems),
  ];
  return {
    declared: {
      dataset: run.aliases.get(dataset) ?? dataset,
      declaredAs: dataset,
      ...(problems.length === 0 ? statedSettings(DATASET_SETTINGS, content.value) : {}),
      tables: tables.flatMap((table) => table.declared ?? []),
    },
    isTable,
    problems,
    notes: [...datasetNotes(content.value), ...tables.flatMap((table) => table.notes)],
  };
}

/** https://docs.cloud.google.com/bigquery/docs/datasets ("Name datasets") */
function nameProblems(dataset: string, file: string): readonly Problem[] {
  if (/^\w+$/.test(dataset) && dataset.length <= 1024) return [];
  const message = `${JSON.stringify(dataset)} is no dataset name: letters, digits and underscores only`;
  return [{ file, path: '$', message }];
}

interface LoadedTable {
  /** null: the file has problems. */
  readonly declared: DeclaredTable | null;
  readonly problems: readonly Problem[];
  readonly notes: readonly FileNote[];
}

async function loadTable(run: Run, id: TableId): Promise<LoadedTable> {
  const file = `${id.dataset}/${id.table}.json`;
  const { value, text, problems: unusable } = await readObject(run.root, file);
  const problems = unusable.length > 0 ? unusable : problemsOf(file, tableFileProblems(value, id, run));
  if (problems.length > 0) return { declared: null, problems, notes: [] };
  const digest = digestOf(text);
  const declared: DeclaredTable = {
    table: id.table,
    contract: contractOf(value),
    digest,
    // Ten thousand parsed files take hundreds of megabytes: each is read again when its table's answer is there.
    readExpected: () => readExpected(run, file, digest),
  };
  return { declared, problems, notes: tableNotes(value) };
}

function problemsOf(file: string, problems: readonly PathProblem[]): readonly Problem[] {
  return cappedProblems(problems.map((problem) => ({ file, ...problem })));
}

function digestOf(text: string): string {
  return hash('sha1', text, 'base64');
}

/** What the file states, unless it is no longer there, or no longer the one that was checked. */
function readExpected(run: Run, file: string, digest: string): ExpectedRead {
  const text = readAgain(join(run.root, file));
  if ('why' in text)
    return { ...CHANGED, detail: `the expected file ${file} cannot be read any more: ${text.why}` };
  if (digestOf(text.now) !== digest)
    return { ...CHANGED, detail: `the expected file ${file} has changed since it was checked` };
  try {
    const value = expectedTable(inNamesOf(JSON.parse(text.now.replace(/^\uFEFF/, '')), run));
    return { status: 'found', value };
  } catch (error) {
    // Its shape was checked; what the check let pass is no reason for the whole run to end.
    if (!(error instanceof MalformedError)) throw error;
    const { message: detail, remedy } = error;
    return { status: 'unreadable', reason: 'malformed', detail, ...(remedy === null ? {} : { remedy }) };
  }
}

const CHANGED = {
  status: 'unreadable',
  reason: 'malformed',
  remedy: 'check again once nobody changes the expected files',
} as const;

function readAgain(path: string): { readonly now: string } | { readonly why: string } {
  try {
    return { now: readRegularFileSync(path).toString('utf8') };
  } catch (error) {
    return {
      why: error instanceof NotRegularError ? error.message : String((error as NodeJS.ErrnoException).code),
    };
  }
}

interface FileContent {
  /** Empty where there are problems. */
  readonly value: Resource;
  readonly text: string;
  readonly problems: readonly Problem[];
}

async function readObject(root: string, file: string): Promise<FileContent> {
  const read = await readJson(join(root, file));
  if (!('problems' in read) && isObject(read.value))
    return { value: read.value, text: read.text, problems: [] };
  const problems =
    'problems' in read
      ? read.problems
      : [{ path: '$', message: `expected one JSON object${seen(read.value)}` }];
  return { value: {}, text: '', problems: problemsOf(file, problems) };
}

/** The commonest file of all: what `bq show --schema` prints and `bq mk --schema` takes. */
function seen(value: unknown): string {
  const isColumns =
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => isObject(item) && 'name' in item && 'type' in item);
  return isColumns ? ', found a list of columns: write {"schema": {"fields": …}} around it' : '';
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
