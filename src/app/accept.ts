import { isDeepStrictEqual } from 'node:util';
import { fieldFinder } from '../compare/fields.ts';
import { compareTable } from '../compare/table.ts';
import { contractOf, expectedTable } from '../files/expected-table.ts';
import { rewrittenText } from '../files/file-text.ts';
import { restate, withoutContractPaths } from '../files/restate.ts';
import { kindRow } from '../kinds/index.ts';
import { tableMissing, tableUnexpected } from '../kinds/table.ts';
import { weakenings } from '../kinds/weakening.ts';
import { canonicalTable, statedFields } from '../metadata/canonical.ts';
import { shardedPrefix } from '../metadata/date-shard.ts';
import { isObject } from '../metadata/parse.ts';
import { didYouMean } from '../model/did-you-mean.ts';
import { formatDuration, loweredRetention } from '../model/duration.ts';
import { DriftError, MalformedError, type Problem } from '../model/errors.ts';
import { covers } from '../model/field-path.ts';
import type { Change, Kind } from '../model/finding.ts';
import type { Policy } from '../model/policy.ts';
import type { Read, Resource, TableId, Warehouse } from '../model/ports.ts';
import type { DeclaredDataset } from '../model/table.ts';
import { valueText } from '../model/value.ts';
import { readNewestShards } from './check/date-shards.ts';

export interface AcceptOptions {
  readonly warehouse: Warehouse;
  readonly datasets: readonly DeclaredDataset[];
  readonly policy: Policy;
  /** In declared names. */
  readonly target: TableId;
  /** With all that lies beneath it; null: every path. */
  readonly path: string | null;
  /** null: every kind that policy has not turned off. */
  readonly kind: Kind | null;
  readonly force: boolean;
  readonly now: Date;
  /** What would be wrong with a table's file: the rules by which expected files are loaded. */
  readonly problemsOf: (file: Resource, id: TableId) => readonly Omit<Problem, 'file'>[];
  /** Files are named relative to the folder of expected files: `sales/orders.json`. */
  readonly readText: (file: string) => Promise<string>;
  readonly writeText: (file: string, text: string) => Promise<void>;
  readonly removeFile: (file: string) => Promise<void>;
  /** The text of an expected file for a table that has none. */
  readonly newFile: (resource: Resource) => string;
}

export interface AcceptResult {
  /** `nothing`: no such difference. `unchecked`: the table could not be read. Only `accepted` changes a file. */
  readonly status: 'accepted' | 'nothing' | 'needs-force' | 'refused' | 'unchecked';
  /** The file written or removed, relative to the folder. */
  readonly written: string | null;
  readonly removed: string | null;
  readonly accepted: readonly Change[];
  /** What the file demands no longer, each in words; `needs-force` where it was not forced. */
  readonly weakened: readonly string[];
  /** Why nothing was changed, and what to do. */
  readonly refused: string | null;
  /** The differences that are left in the table. */
  readonly left: readonly Change[];
}

/**
 * `DATASET.TABLE`, in declared names.
 * @throws DriftError `UnknownSelection` for anything else
 */
export function parseTarget(argument: string): TableId {
  const dot = argument.indexOf('.');
  const table = argument.slice(dot + 1);
  if (dot > 0 && table !== '') return { dataset: argument.slice(0, dot), table };
  throw new DriftError(
    'UnknownSelection',
    `expected DATASET.TABLE, found ${JSON.stringify(argument)}: a dataset's own file is edited by hand`,
  );
}

/**
 * After an intended change: makes the expected file of one table say what is there, touching nothing else.
 * @throws DriftError `UnknownSelection` for a table that is neither declared nor there
 */
export async function accept(options: AcceptOptions): Promise<AcceptResult> {
  const { datasets, target, kind } = options;
  if (kind !== null && kindRow(kind).scope === 'dataset') return refused(datasetKindRefusal(kind, target));
  const dataset = declaredDataset(datasets, target.dataset);
  const isDeclared = dataset.tables.some(({ table }) => table === target.table);
  const answer = await readTable(options, { dataset: dataset.dataset, table: target.table });
  switch (answer.status) {
    case 'unreadable':
      return unchecked(target, `${answer.reason} (${answer.detail})`);
    case 'absent':
      if (!isDeclared) throw new DriftError('UnknownSelection', unknownTable(dataset, target.table));
      return acceptMissing(options, dataset);
    case 'found':
      try {
        return await (isDeclared
          ? acceptChanges(options, answer.value)
          : acceptUnexpected(options, answer.value));
      } catch (error) {
        if (error instanceof MalformedError) return unchecked(target, `malformed (${error.message})`);
        throw error;
      }
  }
}

/** A sharded table is what its newest shard is. */
async function readTable({ warehouse, now }: AcceptOptions, id: TableId): Promise<Read<Resource>> {
  const prefix = shardedPrefix(id.table);
  if (prefix === null) return warehouse.getTable(id, 'FULL');
  const list = await warehouse.listTables(id.dataset);
  const read = await readNewestShards(warehouse, { dataset: id.dataset, prefix, list, view: 'FULL', now });
  return read.status === 'found' ? { status: 'found', value: read.value.newest.resource } : read;
}

function datasetKindRefusal(kind: Kind, { dataset }: TableId): string {
  return `${kind} is about the dataset, and drift accept changes a table's file: edit ${dataset}.json`;
}

function declaredDataset(datasets: readonly DeclaredDataset[], name: string): DeclaredDataset {
  const dataset = datasets.find(({ declaredAs }) => declaredAs === name);
  if (dataset !== undefined) return dataset;
  const near = didYouMean(
    name,
    datasets.map(({ declaredAs }) => declaredAs),
  );
  throw new DriftError(
    'UnknownSelection',
    `no file declares the dataset ${JSON.stringify(name)}${near || '; drift pull writes its files'}`,
  );
}

function unknownTable({ declaredAs, tables }: DeclaredDataset, table: string): string {
  const near = didYouMean(
    table,
    tables.map((declared) => declared.table),
  );
  return `no file declares the table ${JSON.stringify(`${declaredAs}.${table}`)}, and BigQuery has none${near}`;
}

/** Declared and absent: missing once its dataset answered too, as in a check. */
async function acceptMissing(options: AcceptOptions, { dataset }: DeclaredDataset): Promise<AcceptResult> {
  const { warehouse, target, force, removeFile } = options;
  const own = await warehouse.getDataset(dataset);
  if (own.status === 'absent') {
    return refused(
      `the dataset ${target.dataset} is not there (${own.detail}): dataset-missing is not accepted; restore it, or remove its files by hand`,
    );
  }
  if (own.status === 'unreadable' && (await warehouse.listTables(dataset)).status !== 'found') {
    return unchecked(target, `${own.reason} (its dataset could not be read: ${own.detail})`);
  }
  const file = fileOf(target);
  const text = await options.readText(file);
  const content = parsed(text);
  const change: Change = {
    kind: tableMissing.id,
    path: null,
    expected: expectedTable(content).type ?? 'TABLE',
    actual: null,
  };
  if (!isPicked(options, change)) return nothing([change]);
  const weakened = [`${file} is removed${content['contract'] === undefined ? '' : ', with its contract'}`];
  if (!force) return needsForce(weakened, [change]);
  await removeFile(file);
  return {
    status: 'accepted',
    written: null,
    removed: file,
    accepted: [change],
    weakened,
    refused: null,
    left: [],
  };
}

async function acceptUnexpected(options: AcceptOptions, resource: Resource): Promise<AcceptResult> {
  const { target, problemsOf, newFile, writeText } = options;
  const change: Change = {
    kind: tableUnexpected.id,
    path: null,
    expected: null,
    actual: canonicalTable(resource).type,
  };
  if (!isPicked(options, change)) return nothing([change]);
  if (/^\.|[/\\\0]/.test(target.table)) return refused(`${JSON.stringify(target.table)} cannot name a file`);
  const file = fileOf(target);
  const text = newFile(resource);
  const problems = problemsOf(parsed(text), target);
  if (problems.length > 0) return refused(invalid(file, problems));
  await writeText(file, text);
  return { ...unchanged, status: 'accepted', written: file, accepted: [change] };
}

async function acceptChanges(options: AcceptOptions, resource: Resource): Promise<AcceptResult> {
  const { target, force, problemsOf } = options;
  const file = fileOf(target);
  const text = await options.readText(file);
  const before = parsed(text);
  const differences = compare(before, resource);
  const { content, accepted, unexpressed } = applied(options, { before, resource });
  if (unexpressed !== null) return { ...refused(unexpressed), left: differences };
  if (accepted.length === 0) return nothing(differences);
  const isGone = isGoneIn(content);
  const after = withoutContractPaths(content, isGone);
  const written = rewrittenText(text, after);
  const reread = parsed(written);
  const problems = problemsOf(reread, target);
  if (problems.length > 0) return { ...refused(invalid(file, problems)), left: differences };
  const left = compare(reread, resource);
  if (!isDeepStrictEqual(reread, after) || left.some((change) => isSame(change, accepted))) {
    return { ...refused(`${file} cannot be made to say it: edit it by hand`), left: differences };
  }
  const weakened = [
    ...weakenings(accepted, {
      expected: expectedTable(before),
      contract: contractOf(before),
      actual: canonicalTable(resource),
    }),
    ...lostEntries(before, isGone),
  ];
  if (weakened.length > 0 && !force) return needsForce(weakened, differences);
  await options.writeText(file, written);
  return { ...unchanged, status: 'accepted', written: file, accepted, weakened, left };
}

/** As in a check. */
function compare(file: Resource, resource: Resource): readonly Change[] {
  return compareTable({
    expected: expectedTable(file),
    actual: canonicalTable(resource),
    contract: contractOf(file),
  });
}

/** More rounds than there are levels of one change that hides another: type, partitioning, expiration. */
const MAX_ROUNDS = 5;

/** Round by round, since one change hides what follows from it. */
function applied(
  options: AcceptOptions,
  { before, resource }: { readonly before: Resource; readonly resource: Resource },
): { readonly content: Resource; readonly accepted: readonly Change[]; readonly unexpressed: string | null } {
  let content = before;
  let accepted: readonly Change[] = [];
  const seen = compare(before, resource);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const follows = (change: Change) =>
      !isSame(change, seen) && accepted.some(({ kind }) => isHiddenBy(change.kind, kind));
    const changes = compare(content, resource).filter(
      (change) => !isSame(change, accepted) && (isPicked(options, change) || follows(change)),
    );
    if (changes.length === 0) break;
    const retention = changes.find(({ kind }) => kind === 'retention');
    if (retention !== undefined && loweredRetention(valueText(retention.actual) ?? '0') === null) {
      const kept = formatDuration(Number(retention.actual));
      const unexpressed = `data is kept for ${kept}: contract.retention cannot be lowered to less than a day; lengthen the expiration, or take the retention out of the contract`;
      return { content: before, accepted: [], unexpressed };
    }
    content = restate({ file: content, actual: resource, only: changes });
    accepted = [...accepted, ...changes];
  }
  return { content, accepted, unexpressed: null };
}

function isSame(change: Change, changes: readonly Change[]): boolean {
  return changes.some(({ kind, path }) => kind === change.kind && path === change.path);
}

/** What follows from a change is accepted with it; a shorter retention is a decision of its own. */
function isHiddenBy(kind: Kind, hiding: Kind): boolean {
  switch (hiding) {
    case 'table-type':
      return kindRow(kind).scope === 'table' && kind !== 'retention';
    case 'partitioning-missing':
    case 'partitioning-unexpected':
    case 'partitioning-different':
      return kind === 'partition-expiration' || kind === 'partition-filter';
    default:
      return false;
  }
}

function isPicked({ path, kind, policy }: AcceptOptions, change: Change): boolean {
  if (path !== null && (change.path === null || !covers(path, change.path))) return false;
  return kind === null ? policy.severities.get(change.kind) !== 'off' : change.kind === kind;
}

/** Whether a path of the contract names no field of the file any more. */
function isGoneIn(file: Resource): (path: string) => boolean {
  const schema = file['schema'];
  if (!isObject(schema)) return () => false;
  const fields = statedFields(schema['fields'] ?? []);
  const isField = fieldFinder(fields);
  return (path) => !isField(path);
}

function lostEntries(file: Resource, isGone: (path: string) => boolean): readonly string[] {
  const { criticalFields, consumers } = contractOf(file);
  return [
    ...criticalFields.filter(isGone).map((path) => `contract.criticalFields lists ${path} no longer`),
    ...[...consumers].flatMap(([name, paths]) =>
      paths.filter(isGone).map((path) => `contract.consumers: ${name} lists ${path} no longer`),
    ),
  ];
}

/** Of a file that was loaded before, or written here. */
function parsed(text: string): Resource {
  const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
  if (isObject(value)) return value;
  throw new DriftError('InvalidFiles', 'expected one JSON object in the expected file');
}

function fileOf({ dataset, table }: TableId): string {
  return `${dataset}/${table}.json`;
}

function invalid(file: string, problems: readonly Omit<Problem, 'file'>[]): string {
  const lines = problems.map(({ path, message }) => `${file}: ${path}: ${message}`);
  return [
    'the expected file would be invalid; accept what belongs together, or edit it by hand',
    ...lines,
  ].join('\n');
}

const unchanged = {
  written: null,
  removed: null,
  accepted: [],
  weakened: [],
  refused: null,
  left: [],
} as const satisfies Omit<AcceptResult, 'status'>;

function nothing(left: readonly Change[]): AcceptResult {
  return { ...unchanged, status: 'nothing', left };
}

function refused(why: string): AcceptResult {
  return { ...unchanged, status: 'refused', refused: why };
}

function needsForce(weakened: readonly string[], left: readonly Change[]): AcceptResult {
  return {
    ...unchanged,
    status: 'needs-force',
    weakened,
    refused: 'nothing is changed: this weakens what the file protects, and --force accepts it',
    left,
  };
}

function unchecked({ dataset, table }: TableId, why: string): AcceptResult {
  return { ...unchanged, status: 'unchecked', refused: `${dataset}.${table} could not be read: ${why}` };
}
