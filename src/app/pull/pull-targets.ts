import type { ExpectedWriter } from '../../adapters/folders/expected-writer.ts';
import { inOrder, parseShard, shardedName, shardedPrefix } from '../../metadata/date-shard.ts';
import { DriftError } from '../../model/errors.ts';
import type { Subject } from '../../model/finding.ts';
import { matchesPattern } from '../../model/pattern.ts';
import type { Policy } from '../../model/policy.ts';
import type { ListedTable, Read, Warehouse } from '../../model/ports.ts';
import type { Selection } from '../config.ts';
import { type Outcome, order, refused, skipped, unreadable } from './pull-result.ts';

/** What decides which datasets and tables are looked at. */
export interface TargetOptions {
  readonly warehouse: Warehouse;
  /** Where the files go, and stand already. */
  readonly writer: ExpectedWriter;
  readonly policy: Pick<Policy, 'ignoreUnexpected'>;
  /** In declared names; empty: everything. */
  readonly selection: Selection;
  /** Declared dataset name to its name in BigQuery. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly now: Date;
}

/** A dataset to look at. */
export interface Target {
  /** Its name in BigQuery. */
  readonly dataset: string;
  /** Its name in the files. */
  readonly declaredAs: string;
  /** false: for the sake of its named tables only. */
  readonly isWhole: boolean;
  /** Whether the command line names the whole of it. */
  readonly isNamed: boolean;
  readonly namedTables: readonly string[];
}

/** A table, or the shards of one prefix, that becomes one file. */
export interface Candidate {
  /** Its name in the files. */
  readonly name: string;
  /** Newest first; null: it is one table. */
  readonly shards: readonly string[] | null;
  readonly isNamed: boolean;
}

interface Chosen<T> {
  readonly chosen: readonly T[];
  /** What became of those that were not. */
  readonly outcomes: readonly Outcome[];
}

/** The datasets to look at. @throws DriftError `ProjectNotFound` */
export async function chooseDatasets(options: TargetOptions): Promise<Chosen<Target>> {
  return options.selection.length > 0 ? namedDatasets(options) : listedDatasets(options);
}

async function namedDatasets({ selection, aliases }: TargetOptions): Promise<Chosen<Target>> {
  const byDataset = [...Map.groupBy(selection, ({ dataset }) => dataset)];
  const targets = byDataset.map(([declaredAs, named]): Target => {
    const dataset = aliases.get(declaredAs) ?? declaredAs;
    const isWhole = named.some(({ table }) => table === null);
    const namedTables = [...new Set(named.flatMap(({ table }) => table ?? []))];
    return { dataset, declaredAs, isWhole, isNamed: isWhole, namedTables };
  });
  return sift(targets, (target) =>
    refusedIf({ dataset: target.dataset, table: null }, datasetNameProblem(target)),
  );
}

async function listedDatasets(options: TargetOptions): Promise<Chosen<Target>> {
  const { warehouse, policy, aliases, writer } = options;
  const project = { dataset: '*', table: null };
  const list = await warehouse.listDatasets();
  if (list.status === 'absent')
    throw new DriftError('ProjectNotFound', `the project was not found: ${list.detail}`);
  if (list.status === 'unreadable') return { chosen: [], outcomes: [unreadable(project, list)] };
  const declaredNames = new Map([...aliases].map(([declared, real]) => [real, declared]));
  const targets = list.value.datasets
    // Hidden datasets hold anonymous query results: https://docs.cloud.google.com/bigquery/docs/datasets
    .filter((dataset) => !dataset.startsWith('_'))
    .sort()
    .map((dataset): Target => {
      const declaredAs = declaredNames.get(dataset) ?? dataset;
      return { dataset, declaredAs, isWhole: true, isNamed: false, namedTables: [] };
    });
  const { chosen, outcomes } = await sift(targets, async (target) => {
    const subject = { dataset: target.dataset, table: null };
    const refusal = refusedIf(subject, aliasProblem(target, aliases) ?? datasetNameProblem(target));
    if (refusal !== null) return refusal;
    const isLeftOut =
      isIgnored(policy.ignoreUnexpected, { dataset: target.declaredAs, table: null }) &&
      (await writer.look(`${target.declaredAs}.json`)).status === 'absent';
    return isLeftOut ? skipped(subject, 'ignored') : null;
  });
  const { unreachable } = list.value;
  const detail = `datasets.list could not reach ${unreachable.join(', ')}`;
  return unreachable.length === 0
    ? { chosen, outcomes }
    : { chosen, outcomes: [...outcomes, unreadable(project, { reason: 'unavailable', detail })] };
}

function aliasProblem({ dataset, declaredAs }: Target, aliases: TargetOptions['aliases']): string | null {
  const owner = aliases.get(declaredAs);
  if (owner === undefined || owner === dataset) return null;
  return `its name in the files is that of ${owner} (DATASET_ALIASES)`;
}

/** https://docs.cloud.google.com/bigquery/docs/datasets ("Name datasets") */
function datasetNameProblem({ dataset, declaredAs }: Target): string | null {
  if (dataset.startsWith('_')) return 'a hidden dataset is never declared';
  if (!/^\w+$/.test(declaredAs)) return 'no dataset name: letters, digits and underscores only';
  return fileNameProblem(declaredAs);
}

/** https://docs.cloud.google.com/bigquery/docs/tables ("Table naming"); no such name can leave its folder. */
function tableNameProblem(table: string): string | null {
  if (!/^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd}\p{Zs}]+$/u.test(table))
    return 'no table name: letters, digits, connectors, dashes and spaces only';
  return fileNameProblem(table);
}

/** Bytes that a file's name may have on every file system in use. */
const MAX_FILE_NAME = 255;

function fileNameProblem(name: string): string | null {
  const bytes = Buffer.byteLength(`${name}.json`);
  if (bytes <= MAX_FILE_NAME) return null;
  return `its file name would have ${bytes} bytes, of which file systems hold ${MAX_FILE_NAME}`;
}

/** The tables of a dataset to look at; `isListed`: all of them, beside those that are named. */
export async function chooseTables(
  options: TargetOptions,
  target: Target,
  isListed: boolean,
): Promise<Chosen<Candidate>> {
  const { dataset, namedTables } = target;
  const needsList = isListed || namedTables.some((name) => shardedPrefix(name) !== null);
  const list: Read<readonly ListedTable[]> = needsList
    ? await options.warehouse.listTables(dataset)
    : { status: 'found', value: [] };
  const tables = list.status === 'found' ? list.value.map(({ table }) => table) : [];
  const shards = shardsByName(tables, options.now);
  const named = namedTables
    // Without the list it is not known whether there are shards, which is said once of the list.
    .filter((name) => list.status !== 'unreadable' || shardedPrefix(name) === null)
    .map((name): Candidate => {
      const own = shardedPrefix(name) === null ? null : (shards.get(name) ?? []);
      return { name, shards: own, isNamed: true };
    });
  const alone = tables
    .filter((table) => parseShard(table) === null)
    .map((name): Candidate => ({ name, shards: null, isNamed: false }));
  const sharded = [...shards].map(([name, ids]): Candidate => ({ name, shards: ids, isNamed: false }));
  const others = isListed ? [...alone, ...sharded].filter(({ name }) => !namedTables.includes(name)) : [];
  const candidates = [...named, ...others.sort((one, other) => order(one.name, other.name))];
  const owners = new Map<string, string>();
  const { chosen, outcomes } = await sift(candidates, (candidate) =>
    refusedIf(
      { dataset, table: candidate.name },
      tableNameProblem(candidate.name) ?? meaningProblem(candidate) ?? claim(owners, candidate.name),
    ),
  );
  if (list.status !== 'unreadable') return { chosen, outcomes };
  const detail = `its tables could not be listed: ${list.detail}`;
  return { chosen, outcomes: [...outcomes, unreadable({ dataset, table: null }, { ...list, detail })] };
}

/** `events_YYYYMMDD` to its shards, newest first, those later than tomorrow last. */
function shardsByName(tables: readonly string[], now: Date): ReadonlyMap<string, readonly string[]> {
  const byName = Map.groupBy(tables, (table) => {
    const shard = parseShard(table);
    return shard === null ? null : shardedName(shard.prefix);
  });
  return new Map(
    [...byName].flatMap(([name, ids]) => (name === null ? [] : [[name, inOrder(ids, now).newestFirst]])),
  );
}

function meaningProblem({ name, shards }: Candidate): string | null {
  if (shards !== null || shardedPrefix(name) === null) return null;
  return 'in a file its name would mean the shards of a date-sharded table';
}

/** Two files whose names differ in letter case alone are one on many file systems. */
function claim(owners: Map<string, string>, name: string): string | null {
  const key = name.normalize('NFC').toLowerCase();
  const owner = owners.get(key);
  if (owner !== undefined)
    return `its name differs from ${owner} in letter case alone, which many file systems cannot hold`;
  owners.set(key, name);
  return null;
}

/** Whether the policy leaves an undeclared table, or all shards of one, out. */
export function isLeftOut(options: TargetOptions, target: Target, { name, shards }: Candidate): boolean {
  if (isIgnoredTable(options, target, name)) return true;
  return shards?.every((shard) => isIgnoredTable(options, target, shard)) ?? false;
}

function isIgnoredTable({ policy }: TargetOptions, { declaredAs, isNamed }: Target, table: string): boolean {
  const patterns = policy.ignoreUnexpected.filter(
    // Whoever names a dataset that is ignored as a whole wants it all the same.
    (pattern) => !isNamed || !matchesPattern(pattern, { dataset: declaredAs, table: null }),
  );
  return isIgnored(patterns, { dataset: declaredAs, table });
}

function isIgnored(patterns: readonly string[], subject: Subject): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, subject));
}

/** Those that nothing stands in the way of; of the others, what became of them. */
async function sift<T>(
  items: readonly T[],
  judge: (item: T) => Promise<Outcome | null> | Outcome | null,
): Promise<Chosen<T>> {
  const judged = await Promise.all(items.map(async (item) => ({ item, outcome: await judge(item) })));
  return {
    chosen: judged.flatMap(({ item, outcome }) => (outcome === null ? [item] : [])),
    outcomes: judged.flatMap(({ outcome }) => outcome ?? []),
  };
}

function refusedIf(subject: Subject, why: string | null): Outcome | null {
  return why === null ? null : refused(subject, why);
}
