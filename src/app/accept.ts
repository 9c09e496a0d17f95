import { isDeepStrictEqual } from 'node:util';
import { compareTable } from '../compare/table.ts';
import { goneFrom, lostPaths, withoutContractPaths } from '../files/contract-paths.ts';
import { contractOf, expectedTable } from '../files/expected-table.ts';
import { rewrittenText } from '../files/file-text.ts';
import { restate } from '../files/restate.ts';
import { datasetMissing } from '../kinds/dataset.ts';
import { kindRow } from '../kinds/index.ts';
import { tableMissing, tableUnexpected } from '../kinds/table.ts';
import { weakenings } from '../kinds/weakening.ts';
import { canonicalTable } from '../metadata/canonical.ts';
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
  if (kind !== null && kindRow(kind).scope === 'dataset') {
    return refused(
      `${kind} is about the dataset, and drift accept changes a table's file: edit ${target.dataset}.json`,
    );
  }
  const dataset = declaredDataset(datasets, target.dataset);
  const isDeclared = dataset.tables.some(({ table }) => table === target.table);
  const answer = await readTable(options, { dataset: dataset.dataset, table: target.table });
  switch (answer.status) {
    case 'unreadable':
      return unchecked(target, `${answer.reason} (${answer.detail})`);
    case 'absent':
      if (!isDeclared) throw new DriftError('UnknownSelection', unknownTable(dataset, target.table));
      return acceptMissing(options, dataset.dataset);
    case 'found':
      try {
        return await (isDeclared ? acceptChanges : acceptUnexpected)(options, answer.value);
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

function declaredDataset(datasets: readonly DeclaredDataset[], name: string): DeclaredDataset {
  const dataset = datasets.find(({ declaredAs }) => declaredAs === name);
  if (dataset !== undefined) return dataset;
  const declared = datasets.map(({ declaredAs }) => declaredAs);
  const advice = didYouMean(name, declared) || '; drift pull writes its files';
  throw new DriftError('UnknownSelection', `no file declares the dataset ${JSON.stringify(name)}${advice}`);
}

function unknownTable({ declaredAs, tables }: DeclaredDataset, name: string): string {
  const declared = tables.map(({ table }) => table);
  return `no file declares the table ${JSON.stringify(`${declaredAs}.${name}`)}, and BigQuery has none${didYouMean(name, declared)}`;
}

/** Declared and absent: missing once its dataset answered too, as in a check. */
async function acceptMissing(options: AcceptOptions, dataset: string): Promise<AcceptResult> {
  const { warehouse, target, force } = options;
  const own = await warehouse.getDataset(dataset);
  if (own.status === 'absent') {
    return refused(
      `the dataset ${target.dataset} is not there (${own.detail}): ${datasetMissing.id} is not accepted; restore it, or remove its files by hand`,
    );
  }
  if (own.status === 'unreadable' && (await warehouse.listTables(dataset)).status !== 'found') {
    return unchecked(target, `${own.reason} (its dataset could not be read: ${own.detail})`);
  }
  const removed = fileOf(target);
  const content = parsed(await options.readText(removed));
  const expected = expectedTable(content).type ?? 'TABLE';
  const change: Change = { kind: tableMissing.id, path: null, expected, actual: null };
  if (!isPicked(options, change)) return nothing([change]);
  const weakened = [`${removed} is removed${content['contract'] === undefined ? '' : ', with its contract'}`];
  if (!force) return needsForce(weakened, [change]);
  await options.removeFile(removed);
  return { ...unchanged, status: 'accepted', removed, accepted: [change], weakened };
}

async function acceptUnexpected(options: AcceptOptions, resource: Resource): Promise<AcceptResult> {
  const { target } = options;
  const actual = canonicalTable(resource).type;
  const change: Change = { kind: tableUnexpected.id, path: null, expected: null, actual };
  if (!isPicked(options, change)) return nothing([change]);
  if (/^\.|[/\\\0]/.test(target.table)) return refused(`${JSON.stringify(target.table)} cannot name a file`);
  const written = fileOf(target);
  const text = options.newFile(resource);
  const problems = options.problemsOf(parsed(text), target);
  if (problems.length > 0) return refused(invalid(written, problems));
  await options.writeText(written, text);
  return { ...unchanged, status: 'accepted', written, accepted: [change] };
}

async function acceptChanges(options: AcceptOptions, resource: Resource): Promise<AcceptResult> {
  const { target, force } = options;
  const actual = canonicalTable(resource);
  const differences = (file: Resource) =>
    compareTable({ expected: expectedTable(file), actual, contract: contractOf(file) }).changes;
  const written = fileOf(target);
  const text = await options.readText(written);
  const before = parsed(text);
  const seen = differences(before);
  const { content, accepted, tooShort } = applied(options, { before, resource, differences });
  if (tooShort !== null) return { ...refused(tooShort), left: seen };
  if (accepted.length === 0) return nothing(seen);
  const isGone = goneFrom(content);
  const after = withoutContractPaths(content, isGone);
  const afterText = rewrittenText(text, after);
  const reread = parsed(afterText);
  const problems = options.problemsOf(reread, target);
  if (problems.length > 0) return { ...refused(invalid(written, problems)), left: seen };
  const left = differences(reread);
  if (!isDeepStrictEqual(reread, after) || left.some((change) => isOneOf(accepted, change))) {
    return { ...refused(`${written} cannot be made to say it: edit it by hand`), left: seen };
  }
  const [expected, contract] = [expectedTable(before), contractOf(before)];
  const weakened = [...weakenings(accepted, { expected, contract, actual }), ...lostPaths(contract, isGone)];
  if (weakened.length > 0 && !force) return needsForce(weakened, seen);
  await options.writeText(written, afterText);
  return { ...unchanged, status: 'accepted', written, accepted, weakened, left };
}

/** More rounds than there are levels of one change that hides another: type, partitioning, expiration. */
const MAX_ROUNDS = 5;

interface Applied {
  readonly content: Resource;
  readonly accepted: readonly Change[];
  /** Why it cannot be accepted. */
  readonly tooShort: string | null;
}

/** Round by round: what one change has hidden is accepted with it, but a shorter retention is a decision of its own. */
function applied(
  options: AcceptOptions,
  {
    before,
    resource,
    differences,
  }: {
    readonly before: Resource;
    readonly resource: Resource;
    readonly differences: (file: Resource) => readonly Change[];
  },
): Applied {
  let content = before;
  let accepted: readonly Change[] = [];
  const seen = differences(before);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const wasHidden = (change: Change) =>
      accepted.length > 0 && !isOneOf(seen, change) && change.context?.type !== 'caused-by';
    const only = differences(content).filter(
      (change) => !isOneOf(accepted, change) && (isPicked(options, change) || wasHidden(change)),
    );
    if (only.length === 0) break;
    const retention = valueText(only.find(({ context }) => context?.type === 'caused-by')?.actual ?? null);
    if (retention !== null && loweredRetention(retention) === null) {
      const tooShort = `data is kept for ${formatDuration(Number(retention))}: contract.retention cannot be lowered to less than a day; lengthen the expiration, or take the retention out of the contract`;
      return { content: before, accepted: [], tooShort };
    }
    content = restate({ file: content, actual: resource, only });
    accepted = [...accepted, ...only];
  }
  return { content, accepted, tooShort: null };
}

function isOneOf(changes: readonly Change[], { kind, path }: Change): boolean {
  return changes.some((change) => change.kind === kind && change.path === path);
}

function isPicked({ path, kind, policy }: AcceptOptions, change: Change): boolean {
  if (path !== null && (change.path === null || !covers(path, change.path))) return false;
  return kind === null ? policy.severities.get(change.kind) !== 'off' : change.kind === kind;
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

function invalid(file: string, problems: ReturnType<AcceptOptions['problemsOf']>): string {
  const lines = problems.map(({ path, message }) => `${file}: ${path}: ${message}`);
  const advice = 'the expected file would be invalid; accept what belongs together, or edit it by hand';
  return [advice, ...lines].join('\n');
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
  const why = 'nothing is changed: this weakens what the file protects, and --force accepts it';
  return { ...refused(why), status: 'needs-force', weakened, left };
}

function unchecked({ dataset, table }: TableId, why: string): AcceptResult {
  return { ...refused(`${dataset}.${table} could not be read: ${why}`), status: 'unchecked' };
}
