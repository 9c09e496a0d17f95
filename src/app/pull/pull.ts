import { compareDataset } from '../../compare/dataset.ts';
import { compareTable } from '../../compare/table.ts';
import { datasetContent, tableContent } from '../../files/expected-file.ts';
import { contractOf, expectedTable } from '../../files/expected-table.ts';
import { datasetFileProblems, lackedFields, tableFileProblems } from '../../files/file-problems.ts';
import { weakenings } from '../../kinds/weakening.ts';
import { canonicalTable } from '../../metadata/canonical.ts';
import { DATASET_SETTINGS, statedSettings } from '../../metadata/settings.ts';
import { MalformedError } from '../../model/errors.ts';
import type { Change, Subject } from '../../model/finding.ts';
import type { RequiredField } from '../../model/policy.ts';
import type { Read, Resource, Warehouse } from '../../model/ports.ts';
import type { ExpectedTable, Table } from '../../model/table.ts';
import { missing, type Outcome, type PullResult, resultOf, skipped, unreadable } from './pull-result.ts';
import {
  type Candidate,
  chooseDatasets,
  chooseTables,
  isLeftOut,
  type Target,
  type TargetOptions,
} from './pull-targets.ts';
import { type ExpectedFile, type WriteOptions, writeFile } from './write-file.ts';

export interface PullOptions extends TargetOptions, WriteOptions {
  readonly requiredFields: readonly RequiredField[];
  /** Tables done, of those known so far. */
  readonly onProgress?: (done: number, all: number) => void;
}

/** Within the quota of a second at any latency worth waiting for, and few enough files open at once. */
const DATASETS_AT_ONCE = 8;
const TABLES_AT_ONCE = 32;

/** Writes the expected file of each dataset and table that is there. @throws DriftError `ProjectNotFound`, `NotWritable` */
export async function pull(options: PullOptions): Promise<PullResult> {
  const { chosen, outcomes } = await chooseDatasets(options);
  const progress = { done: 0, all: 0 };
  const advance = ({ done = 0, all = 0 }) => {
    progress.done += done;
    progress.all += all;
    options.onProgress?.(progress.done, progress.all);
  };
  const run: Run = { ...options, advance };
  const pulled = await inTurns(chosen, DATASETS_AT_ONCE, (target) => pullTarget(run, target));
  return resultOf([...outcomes, ...pulled.flat()], options.requiredFields);
}

interface Run extends PullOptions {
  /** More tables are done, or known. */
  readonly advance: (more: { readonly done?: number; readonly all?: number }) => void;
}

async function pullTarget(run: Run, target: Target): Promise<readonly Outcome[]> {
  const own = target.isWhole ? await pullDataset(run, target) : [];
  if (own.some(({ status }) => status === 'absent' || status === 'skipped')) return own;
  // Of what cannot be read, only what was named is asked for.
  const isListed = target.isWhole && own.every(({ status }) => status !== 'unreadable');
  const { chosen, outcomes } = await chooseTables(run, target, isListed);
  run.advance({ all: chosen.length });
  const pulled = await inTurns(chosen, TABLES_AT_ONCE, async (candidate) => {
    const outcome = await pullTable(run, target, candidate);
    run.advance({ done: 1 });
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
  const statedBy = (file: Resource) => statedSettings(DATASET_SETTINGS, file);
  const changesOf = (file: Resource) => compareDataset(statedBy(file).settings, resource).changes;
  const expected: ExpectedFile = {
    subject,
    file: `${declaredAs}.json`,
    schema: 'dataset',
    content: datasetContent(resource),
    problemsOf: (file) => datasetFileProblems(file, declaredAs),
    statedBy,
    changesOf,
    weakenedBy: (before) =>
      weakenings(changesOf(before), { expected: {}, contract: NO_CONTRACT, actual: null }),
    breaksOf: () => [],
  };
  return [await unlessMalformed(subject, () => writeFile(run, expected))];
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
    return writeFile(run, {
      subject,
      file,
      schema: 'table',
      content: tableContent(resource),
      problemsOf: (content) => tableFileProblems(content, declared),
      statedBy: expectedTable,
      changesOf: (content) => {
        const { extraFields } = contractOf(content);
        return compareTable({
          expected: expectedTable(content),
          actual,
          contract: { ...NO_CONTRACT, extraFields },
        }).changes;
      },
      weakenedBy: (before) => {
        const expected = expectedTable(before);
        return weakenings(hiddenToo(expected, actual), { expected, contract: contractOf(before), actual });
      },
      breaksOf: (content) =>
        lackedFields(content, declared, run.requiredFields).map(({ required }) => ({
          field: required,
          table: `${declaredAs}.${name}`,
        })),
    });
  });
}

/** How a file differs, with what another type of table hides: all else but the fields. */
function hiddenToo({ type, ...expected }: ExpectedTable, actual: Table): readonly Change[] {
  const contract = NO_CONTRACT;
  const changes = compareTable({
    expected: type === undefined ? expected : { ...expected, type },
    actual,
    contract,
  }).changes;
  if (type === undefined || type === actual.type) return changes;
  return [
    ...changes,
    ...compareTable({ expected, actual, contract }).changes.filter(({ path }) => path === null),
  ];
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
const NO_CONTRACT = contractOf({});

async function unlessMalformed(subject: Subject, write: () => Promise<Outcome> | Outcome): Promise<Outcome> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return unreadable(subject, { reason: 'malformed', detail: error.message });
  }
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
