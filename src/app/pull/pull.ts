import { join } from 'node:path';
import { problemText, readJson } from '../../adapters/folders/json-file.ts';
import { compareDataset } from '../../compare/dataset.ts';
import { compareTable } from '../../compare/table.ts';
import { datasetContent, tableContent } from '../../files/expected-file.ts';
import { contractOf, expectedTable } from '../../files/expected-table.ts';
import { datasetRules, tableRules } from '../../files/file-rules.ts';
import { datasetFile, tableFile } from '../../files/file-schemas.ts';
import { fileText } from '../../files/file-text.ts';
import { shapeProblems } from '../../files/shape-problems.ts';
import { weakenings } from '../../kinds/weakening.ts';
import { canonicalTable, canonicalTypeName } from '../../metadata/canonical.ts';
import { isObject } from '../../metadata/parse.ts';
import { DATASET_SETTINGS, statedSettings } from '../../metadata/settings.ts';
import { MalformedError } from '../../model/errors.ts';
import type { Change, Subject } from '../../model/finding.ts';
import { matchesPattern } from '../../model/pattern.ts';
import type { RequiredField } from '../../model/policy.ts';
import type { Read, Resource, Warehouse } from '../../model/ports.ts';
import type { Contract, ExpectedTable, Field, Settings } from '../../model/table.ts';
import { typeName } from '../../model/value.ts';
import {
  type Break,
  missing,
  type Outcome,
  type PullResult,
  refused,
  resultOf,
  skipped,
  unreadable,
} from './pull-result.ts';
import {
  type Candidate,
  chooseDatasets,
  chooseTables,
  isLeftOut,
  type Target,
  type TargetOptions,
} from './pull-targets.ts';

export interface PullOptions extends TargetOptions {
  /** The folder of JSON Schemas as files directly in the writer's root would name it; null: none is reachable. */
  readonly schemas: string | null;
  readonly requiredFields: readonly RequiredField[];
  /** What becomes of a file that says something else; its contract is kept either way. */
  readonly existing: 'keep' | 'replace';
  /** Tables done, of those known so far. */
  readonly onProgress?: (done: number, all: number) => void;
}

/** Within the quota of a second at any latency worth waiting for, and few enough files open at once. */
const DATASETS_AT_ONCE = 8;
const TABLES_AT_ONCE = 32;

/** Writes the expected file of each dataset and table that is there. @throws DriftError `ProjectNotFound`, `NotWritable` */
export async function pull(options: PullOptions): Promise<PullResult> {
  const run: Run = { ...options, progress: countProgress(options.onProgress) };
  const { chosen, outcomes } = await chooseDatasets(run);
  const pulled = await inTurns(chosen, DATASETS_AT_ONCE, (target) => pullTarget(run, target));
  return resultOf([...outcomes, ...pulled.flat()], options.requiredFields);
}

interface Run extends PullOptions {
  readonly progress: { known(tables: number): void; done(): void };
}

async function pullTarget(run: Run, target: Target): Promise<readonly Outcome[]> {
  const own = target.isWhole ? await pullDataset(run, target) : [];
  if (own.some(({ status }) => status === 'absent' || status === 'skipped')) return own;
  // Of what cannot be read, only what was named is asked for.
  const isListed = target.isWhole && own.every(({ status }) => status !== 'unreadable');
  const { chosen, outcomes } = await chooseTables(run, target, isListed);
  run.progress.known(chosen.length);
  const pulled = await inTurns(chosen, TABLES_AT_ONCE, async (candidate) => {
    const outcome = await pullTable(run, target, candidate);
    run.progress.done();
    return outcome;
  });
  return [...own, ...outcomes, ...pulled];
}

async function pullDataset(run: Run, { dataset, declaredAs, isNamed }: Target): Promise<readonly Outcome[]> {
  const subject = { dataset, table: null };
  const read = await run.warehouse.getDataset(dataset);
  if (read.status === 'unreadable') return [unreadable(subject, read)];
  if (read.status === 'absent') return [missing(subject, isNamed)];
  const resource = read.value;
  // Nothing of it is recorded.
  if (resource === null) return [];
  return [
    await unlessMalformed(subject, () =>
      writeExpected(run, {
        subject,
        file: `${declaredAs}.json`,
        schema: 'dataset',
        content: datasetContent(resource),
        problemsOf: (file) => [...shapeProblems(datasetFile, file), ...datasetRules(file, declaredAs)],
        changesOf: (file) => compareDataset(statedSettings(DATASET_SETTINGS, file).settings, resource),
        saysAllOf: (file, content) =>
          statesSettings(
            statedSettings(DATASET_SETTINGS, file).settings,
            statedSettings(DATASET_SETTINGS, content).settings,
          ),
        weakenedBy: (existing) =>
          weakenings(compareDataset(statedSettings(DATASET_SETTINGS, existing).settings, resource), {
            expected: {},
            contract: NO_CONTRACT,
            actual: null,
          }),
        breaksOf: () => [],
      }),
    ),
  ];
}

async function pullTable(run: Run, target: Target, candidate: Candidate): Promise<Outcome> {
  const { dataset, declaredAs } = target;
  const { name, shards, isNamed } = candidate;
  const subject = { dataset, table: name };
  const declared = { dataset: declaredAs, table: name };
  const file = `${declaredAs}/${name}.json`;
  const isDeclared = (await run.writer.look(file)).status !== 'absent';
  const isAskedFor = isNamed || isDeclared;
  if (!isAskedFor && isLeftOut(run, target, candidate)) return skipped(subject, 'ignored');
  const read = await readNewest(run.warehouse, dataset, shards ?? [name]);
  if (read.status === 'unreadable') return unreadable(subject, read);
  if (read.status === 'absent') return missing(subject, isNamed);
  const resource = read.value;
  return unlessMalformed(subject, () => {
    const actual = canonicalTable(resource);
    // Of many shards each goes in its time; the table that they are stays.
    const isPassing = actual.expirationTime !== null && (shards === null || shards.length === 1);
    if (isPassing && !isAskedFor) return skipped(subject, 'expires');
    return writeExpected(run, {
      subject,
      file,
      schema: 'table',
      content: tableContent(resource),
      problemsOf: (content) => [...shapeProblems(tableFile, content), ...tableRules(content, declared)],
      changesOf: (content) => {
        const { extraFields } = contractOf(content);
        const contract = { ...NO_CONTRACT, extraFields };
        return compareTable({ expected: expectedTable(content), actual, contract });
      },
      weakenedBy: (existing) => {
        const { type, ...expected } = expectedTable(existing);
        const changes = compareTable({
          expected: type === undefined ? expected : { ...expected, type },
          actual,
          contract: NO_CONTRACT,
        });
        // Another type hides all else but the fields.
        const hidden = changes.some(({ kind }) => kind === 'table-type')
          ? compareTable({ expected, actual, contract: NO_CONTRACT }).filter(({ path }) => path === null)
          : [];
        return weakenings([...changes, ...hidden], {
          expected,
          contract: contractOf(existing),
          actual,
        });
      },
      saysAllOf: (existing, content) => statesTable(expectedTable(existing), expectedTable(content)),
      breaksOf: (content) => breaksOf(expectedTable(content), declared, run.requiredFields),
    });
  });
}

/** The first that is still there. */
async function readNewest(
  warehouse: Warehouse,
  dataset: string,
  tables: readonly string[],
): Promise<Read<Resource>> {
  for (const table of tables) {
    const read = await warehouse.getTable({ dataset, table }, 'FULL');
    if (read.status !== 'absent') return read;
  }
  return { status: 'absent', detail: 'gone' };
}

/** What a file is compared with when the question is what it says of the table, and not what was promised to people. */
const NO_CONTRACT: Contract = {
  owner: null,
  retention: null,
  criticalFields: [],
  consumers: new Map(),
  runbook: null,
  extraFields: 'report',
};

interface ExpectedFile {
  readonly subject: Subject;
  readonly file: string;
  readonly schema: 'dataset' | 'table';
  readonly content: Resource;
  /** Why a file's content would not be read. */
  readonly problemsOf: (content: Resource) => readonly { readonly path: string; readonly message: string }[];
  /** How a valid file's content differs from what is there. */
  readonly changesOf: (content: Resource) => readonly Change[];
  /** What an existing file protects that what is there does not. */
  readonly weakenedBy: (existing: Resource) => readonly string[];
  /** Whether one valid file states whatever another does, which both agree with what is there. */
  readonly saysAllOf: (existing: Resource, content: Resource) => boolean;
  readonly breaksOf: (content: Resource) => readonly Break[];
}

async function writeExpected(run: Run, expected: ExpectedFile): Promise<Outcome> {
  const { subject, file, schema, content, problemsOf, changesOf, weakenedBy, saysAllOf, breaksOf } = expected;
  const { writer, schemas } = run;
  const place = await writer.look(file);
  if (place.status === 'blocked') return refused(subject, place.why);
  const existing = place.status === 'absent' ? {} : await readExisting(join(writer.root, file));
  if (typeof existing === 'string') return { status: 'kept', file, why: existing, weakened: [] };
  // An invalid file has not the shape that comparing relies on.
  const isInvalid = place.status === 'file' && problemsOf(existing).length > 0;
  const weakened = isInvalid
    ? ['it is invalid, so that what it protects is not known']
    : ifReadable(existing, weakenedBy);
  const breaks = ifReadable(content, breaksOf);
  if (place.status === 'file') {
    const why = whyDifferent(existing, { content, problemsOf, changesOf, saysAllOf });
    if (why === null) return { status: 'unchanged', file, breaks };
    if (run.existing === 'keep') return { status: 'kept', file, why, weakened };
  }
  const { $schema: existingSchema, contract } = existing;
  const $schema = typeof existingSchema === 'string' ? existingSchema : schemaReference(schemas, schema);
  const complete = {
    ...($schema === null ? {} : { $schema }),
    ...content,
    ...(contract === undefined || schema === 'dataset' ? {} : { contract }),
  };
  const problems = problemsOf(complete);
  // With a contract that no longer fits, the file would stop every check: a person must decide.
  if (problems.length > 0 && problemsOf(content).length === 0)
    return {
      status: 'kept',
      file,
      why: `its contract does not fit what is there: ${inShort(problems)}`,
      weakened: [],
    };
  if (problems.length > 0) return refused(subject, `no file can say it: ${inShort(problems)}`);
  const changes = changesOf(complete);
  if (changes.length > 0) return refused(subject, `no file can say it: ${kindsOf(changes)}`);
  await writer.write(file, fileText(complete));
  return { status: 'written', file, breaks, weakened };
}

/** A text says why it cannot be read. */
async function readExisting(path: string): Promise<Resource | string> {
  const read = await readJson(path);
  if ('problems' in read) return `it ${problemText(read)}`;
  return isObject(read.value) ? read.value : 'it is no JSON object';
}

/** null: it says what is there, and all of it. */
function whyDifferent(
  existing: Resource,
  {
    content,
    problemsOf,
    changesOf,
    saysAllOf,
  }: Pick<ExpectedFile, 'content' | 'problemsOf' | 'changesOf' | 'saysAllOf'>,
): string | null {
  const problems = problemsOf(existing);
  if (problems.length > 0) return `it is invalid: ${inShort(problems)}`;
  const changes = changesOf(existing);
  if (changes.length > 0) return `differs: ${kindsOf(changes)}`;
  return problemsOf(content).length > 0 || saysAllOf(existing, content) ? null : 'in sync, but states less';
}

function ifReadable<Told>(content: Resource, told: (content: Resource) => readonly Told[]): readonly Told[] {
  try {
    return told(content);
  } catch (error) {
    if (error instanceof MalformedError) return [];
    throw error;
  }
}

function schemaReference(schemas: string | null, kind: 'dataset' | 'table'): string | null {
  if (schemas === null) return null;
  return `${kind === 'table' ? '../' : ''}${schemas}/${kind}.schema.json`;
}

/** Whether a file states whatever another does; what values both state is not asked. */
function statesTable(existing: ExpectedTable, content: ExpectedTable): boolean {
  const { settings, fields, ...others } = content;
  return (
    Object.keys(others).every((key) => key in existing) &&
    statesSettings(existing.settings, settings) &&
    statesFields(existing.fields, fields)
  );
}

function statesSettings(existing: Settings | undefined, content: Settings | undefined): boolean {
  return [...(content ?? [])].every(([kind, { values }]) => {
    const stated = existing?.get(kind);
    return (
      stated !== undefined &&
      (stated.othersAbsent || [...values.keys()].every((part) => stated.values.has(part)))
    );
  });
}

function statesFields(
  existing: readonly Field[] | undefined,
  content: readonly Field[] | undefined,
): boolean {
  if (content === undefined) return true;
  if (existing === undefined) return false;
  const byName = new Map(existing.map((field) => [field.name.toLowerCase(), field]));
  return content.every(({ name, settings, fields }) => {
    const field = byName.get(name.toLowerCase());
    return (
      field !== undefined && statesSettings(field.settings, settings) && statesFields(field.fields, fields)
    );
  });
}

/** The same question as at load: tables only, and a parameterised type is of its type. */
function breaksOf(
  { type = 'TABLE', fields = [] }: ExpectedTable,
  declared: { readonly dataset: string; readonly table: string },
  requiredFields: readonly RequiredField[],
): readonly Break[] {
  if (type !== 'TABLE') return [];
  return requiredFields
    .filter(({ except }) => !except.some((pattern) => matchesPattern(pattern, declared)))
    .filter(({ name, type: required }) => {
      const found = fields.find((field) => field.name.toLowerCase() === name.toLowerCase())?.type;
      return found === undefined || typeName(found) !== canonicalTypeName(required);
    })
    .map((field) => ({ field, table: `${declared.dataset}.${declared.table}` }));
}

function kindsOf(changes: readonly Change[]): string {
  return [...new Set(changes.map(({ kind }) => kind))].join(', ');
}

/** The first problem, and how many more there are. */
function inShort(problems: readonly { readonly path: string; readonly message: string }[]): string {
  const [first] = problems;
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
  return first === undefined ? '' : `${first.path}: ${first.message}${more}`;
}

async function unlessMalformed(subject: Subject, write: () => Promise<Outcome> | Outcome): Promise<Outcome> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return unreadable(subject, { status: 'unreadable', reason: 'malformed', detail: error.message });
  }
}

function countProgress(onProgress: PullOptions['onProgress']): Run['progress'] {
  let done = 0;
  let all = 0;
  return {
    known(tables) {
      all += tables;
      onProgress?.(done, all);
    },
    done() {
      done += 1;
      onProgress?.(done, all);
    },
  };
}

/** Results in the order of the items, `limit` of which are in hand at a time; the first failure ends it. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      try {
        results[index] = await work(items[index] as Item);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
