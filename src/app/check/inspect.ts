import { compareDataset } from '../../compare/dataset.ts';
import { compareFields } from '../../compare/fields.ts';
import { compareTable } from '../../compare/table.ts';
import { datasetMissing } from '../../kinds/dataset.ts';
import { fieldType } from '../../kinds/field.ts';
import { tableMissing } from '../../kinds/table.ts';
import { canonicalTable } from '../../metadata/canonical.ts';
import { shardedPrefix } from '../../metadata/date-shard.ts';
import { MalformedError } from '../../model/errors.ts';
import type { Change, Judged } from '../../model/finding.ts';
import type { ListedTable, Read, Resource, Unreadable } from '../../model/ports.ts';
import type { DeclaredDataset, DeclaredTable, ExpectedTable, Field } from '../../model/table.ts';
import { LEAST_WINDOW_HOURS, MOST_WINDOW_HOURS } from '../../model/time-travel.ts';
import { renamedTable } from '../../repair/table.ts';
import { counted } from '../../words/printable.ts';
import { subjectName } from '../../words/subject.ts';
import {
  type About,
  type CheckContext,
  compared,
  missing,
  once,
  rankOf,
  SECOND_ANSWER,
  shared,
  unlessMalformed,
  unreadable,
} from './check-context.ts';
import { readConfirmed, type TableResult } from './confirm.ts';
import { type NewestShards, readNewestShards } from './date-shards.ts';
import { inspectUnexpected, type Undeclared } from './inspect-unexpected.ts';

export interface InspectedTable {
  readonly declared: DeclaredTable;
  /** null: not asked about, since its dataset is missing. */
  readonly verdict: TableResult | null;
}

export interface InspectedDataset extends Undeclared {
  readonly declared: DeclaredDataset;
  /** false: only some of its tables were asked for. */
  readonly isWhole: boolean;
  readonly verdict: TableResult;
  readonly tables: readonly InspectedTable[];
}

/** Reads and compares one declared dataset with its tables, all at once. */
export async function inspectDataset(
  inspection: CheckContext,
  { declared, isWhole }: Pick<InspectedDataset, 'declared' | 'isWhole'>,
): Promise<InspectedDataset> {
  const { warehouse } = inspection;
  const tableList = once(() => warehouse.listTables(declared.dataset));
  const listed = isWhole ? tableList() : null;
  const datasetVerdict = inspectDatasetItself(inspection, declared);
  const askAgain = shared(() => warehouse.getDataset(declared.dataset, SECOND_ANSWER));
  let isGoneSince = false;
  const onDatasetGone = () => {
    isGoneSince = true;
  };
  const tables = inspection.turns.map(
    declared.tables,
    ({ table }) => inspection.starvedRuns({ dataset: declared.dataset, table }),
    async (table, onWait): Promise<InspectedTable> => {
      const verdict = await inspectTable(inspection, {
        dataset: declared,
        table,
        datasetVerdict,
        askAgain,
        onDatasetGone,
        tableList,
        onWait,
      });
      inspection.onTableDone();
      return { declared: table, verdict };
    },
  );
  const read = await tables;
  const verdict = isGoneSince ? await inspectDatasetItself(inspection, declared) : await datasetVerdict;
  const isMissing = verdict.status === 'compared' && verdict.isMissing;
  const undeclared = await inspectUnexpected(inspection, declared, isMissing ? null : await listed);
  if (isMissing) {
    const missingWithIt = read.map((table): InspectedTable => ({ ...table, verdict: null }));
    return { declared, isWhole, verdict, tables: missingWithIt, ...undeclared };
  }
  const named = await nameRenamed(inspection, { dataset: declared.dataset, tables: read, undeclared });
  return { declared, isWhole, verdict, tables: named, ...undeclared };
}

function inspectDatasetItself(inspection: CheckContext, declared: DeclaredDataset): Promise<TableResult> {
  const { warehouse } = inspection;
  const about = {
    subject: { dataset: declared.dataset, table: null },
    declaredAs: declared.declaredAs,
    contracts: declared.tables.map((table) => table.contract),
  };
  const read = async (attempt: 'first' | 'second'): Promise<TableResult> => {
    const rank = rankOf(inspection, { subject: about.subject, attempt });
    const answer = await warehouse.getDataset(declared.dataset, rank);
    if (answer.status === 'unreadable') return answer;
    if (answer.status === 'absent') {
      const doubt = await doubtOfMissing(inspection, answer.detail);
      return doubt ?? compared(inspection, about, { changes: [missing(datasetMissing, 'DATASET')] });
    }
    const resource = answer.value;
    if (resource === null) return compared(inspection, about, { changes: [] });
    return unlessMalformed(() => ({
      ...compared(inspection, about, { changes: compareDataset(declared.settings, resource) }),
      timeTravelHours: timeTravelHoursOf(resource),
    }));
  };
  const onSecondRead = (ms: number) => inspection.onDiffering('dataset', ms);
  return readConfirmed({ ...inspection, read, onSecondRead });
}

/** Seven days unless it says less, and never less than two: https://docs.cloud.google.com/bigquery/docs/time-travel */
function timeTravelHoursOf({ maxTimeTravelHours }: Resource): number {
  const hours = Number(maxTimeTravelHours ?? MOST_WINDOW_HOURS);
  if (!Number.isFinite(hours) || hours <= 0) return MOST_WINDOW_HOURS;
  return Math.min(MOST_WINDOW_HOURS, Math.max(LEAST_WINDOW_HOURS, hours));
}

/** A dataset is missing only when the project's list answered too, and left no location out. */
async function doubtOfMissing({ datasetList }: CheckContext, detail: string): Promise<Unreadable | null> {
  const list = await datasetList;
  if (list.status === 'found' && list.value.unreachable.length === 0) return null;
  if (list.status === 'found') {
    const locations = list.value.unreachable.join(', ');
    return unreadable('unavailable', `${detail}; but datasets.list could not reach ${locations}`);
  }
  const reason = list.status === 'unreadable' ? list.reason : 'unavailable';
  return unreadable(reason, `${detail}; but the list of datasets is no second answer: ${list.detail}`);
}

async function inspectTable(
  inspection: CheckContext,
  {
    dataset: declared,
    table,
    datasetVerdict,
    askAgain,
    onDatasetGone,
    tableList,
    onWait,
  }: {
    readonly dataset: DeclaredDataset;
    readonly table: DeclaredTable;
    readonly datasetVerdict: Promise<TableResult>;
    /** For the dataset itself. */
    readonly askAgain: () => Promise<Read<unknown>>;
    readonly onDatasetGone: () => void;
    readonly tableList: () => Promise<Read<readonly ListedTable[]>>;
    readonly onWait: () => void;
  },
): Promise<TableResult | null> {
  const { warehouse } = inspection;
  const id = { dataset: declared.dataset, table: table.table };
  const { contract } = table;
  const about = { subject: id, declaredAs: declared.declaredAs, contracts: [contract] };
  const prefix = shardedPrefix(table.table);
  let datasetIsMissing = false;
  const read = async (attempt: 'first' | 'second'): Promise<TableResult> => {
    const view = attempt === 'first' ? 'BASIC' : 'FULL';
    const rank = rankOf(inspection, { subject: id, attempt });
    if (prefix !== null) {
      const list = await (attempt === 'first' ? tableList() : warehouse.listTables(id.dataset, rank));
      const shards = await readNewestShards(warehouse, {
        dataset: id.dataset,
        prefix,
        list,
        view,
        now: inspection.now,
        rank,
      });
      if (shards.status === 'unreadable') return shards;
      if (shards.status === 'found') return compareShards(inspection, { about, table, shards: shards.value });
    }
    const answer = prefix === null ? await warehouse.getTable(id, view, rank) : noShard(prefix);
    if (answer.status === 'unreadable') return answer;
    if (answer.status === 'found') {
      const resource = answer.value;
      return unlessMalformed(() => {
        const { expected } = table;
        const actual = canonicalTable(resource);
        return compared(inspection, about, {
          changes: compareTable({ expected, actual, contract }),
          expected,
          actual,
        });
      });
    }
    const parent = await datasetVerdict;
    if (parent.status === 'compared' && parent.isMissing) {
      datasetIsMissing = true;
      return compared(inspection, about, { changes: [] });
    }
    // Dropped while the run reads, a dataset takes its tables with it: they are not missing one by one.
    const dataset = attempt === 'second' ? await askAgain() : parent;
    if (dataset.status === 'absent') {
      onDatasetGone();
      return unreadable('unavailable', `${answer.detail}; and its dataset: ${dataset.detail}`);
    }
    // A table is missing only when its dataset answered too: by itself, or with the list of its tables.
    const isHeldBy = prefix === null && (await tableList()).status === 'found';
    if (dataset.status === 'unreadable' && !isHeldBy) {
      return unreadable(
        dataset.reason,
        `${answer.detail}; but its dataset could not be read: ${dataset.detail}`,
      );
    }
    return unlessMalformed(() => {
      const { expected } = table;
      return compared(inspection, about, {
        changes: [missing(tableMissing, expected.type ?? 'TABLE')],
        expected,
      });
    });
  };
  const verdict = await readConfirmed({
    ...inspection,
    read: (attempt) => {
      if (attempt === 'first') return read(attempt);
      return inspection.turns.next(() => read(attempt));
    },
    onWait,
    onSecondRead: (ms) => inspection.onDiffering('table', ms),
  });
  return datasetIsMissing ? null : verdict;
}

/** No name can be asked for where the list has no shard, so a dataset that answered by itself is the second answer. */
function noShard(prefix: string): Read<never> {
  return { status: 'absent', detail: `tables.list has no shard ${prefix}YYYYMMDD` };
}

function compareShards(
  inspection: CheckContext,
  {
    about,
    table,
    shards,
  }: { readonly about: About; readonly table: DeclaredTable; readonly shards: NewestShards },
): TableResult {
  const { contract } = table;
  const { newest, previous, later } = shards;
  return unlessMalformed(() => {
    const { expected } = table;
    const actual = canonicalTable(newest.resource);
    const unlike =
      previous === null ? [] : typesThatDiffer(actual.fields, canonicalTable(previous.resource).fields);
    const changes = compareTable({ expected, actual, contract }).map((change): Change => {
      const before =
        change.kind === fieldType.id ? unlike.find(({ path }) => path === change.path) : undefined;
      if (before === undefined || previous === null) return change;
      return {
        ...change,
        context: { type: 'other-shard', shard: previous.table, actual: before.actual ?? '' },
      };
    });
    const told = new Set(
      changes.flatMap(({ context, path }) => (context?.type === 'other-shard' ? [path] : [])),
    );
    const differing = unlike
      .filter(({ path }) => !told.has(path))
      .map(
        ({ path, expected: type, actual: before }) =>
          `${subjectName(about.subject)}: field ${path} is ${type} in ${newest.table} and ${before} in ${previous?.table}`,
      );
    const verdict = compared(inspection, about, { changes, expected, actual, shard: newest.table });
    const warnings = [...laterWarnings(about, { later, newest: newest.table }), ...differing];
    return verdict.status === 'compared' ? { ...verdict, warnings } : verdict;
  });
}

function laterWarnings(
  { subject }: About,
  { later, newest }: { readonly later: readonly string[]; readonly newest: string },
): readonly string[] {
  const [first] = later;
  if (first === undefined) return [];
  const which =
    later.length === 1 ? `${first} is` : `${first} and ${counted(later.length - 1, 'more shard')} are`;
  const then = later.includes(newest) ? 'there is no other' : `${newest} is taken for the newest`;
  return [`${subjectName(subject)}: ${which} named for a day later than tomorrow; ${then}`];
}

function typesThatDiffer(fields: readonly Field[], previous: readonly Field[]): readonly Change[] {
  return compareFields(fields, previous).filter(({ kind }) => kind === fieldType.id);
}

type Compared = Extract<TableResult, { status: 'compared' }>;

/** Reading every undeclared table for the sake of a hint would cost more than it tells. */
const MAX_RENAME_CANDIDATES = 20;
/** As would every lost table's file; and where dozens are lost at once, they were not renamed one by one. */
const MAX_LOST = 50;

/** "Perhaps renamed to x", where exactly one undeclared table has exactly the fields of one that is missing. */
async function nameRenamed(
  { warehouse, project }: CheckContext,
  {
    dataset,
    tables,
    undeclared,
  }: {
    readonly dataset: string;
    readonly tables: readonly InspectedTable[];
    readonly undeclared: Undeclared;
  },
): Promise<readonly InspectedTable[]> {
  const candidates = undeclared.unexpected.open.flatMap(({ table }) => table ?? []);
  const lost = tables.filter(({ verdict }) => isMissingTable(verdict));
  const isTooMuch = lost.length > MAX_LOST || candidates.length > MAX_RENAME_CANDIDATES;
  if (lost.length === 0 || candidates.length === 0 || isTooMuch) return tables;
  const there = await Promise.all(
    candidates.map(async (table) => {
      const read = await warehouse.getTable({ dataset, table }, 'BASIC');
      return { table, fields: read.status === 'found' ? fieldsOf(() => canonicalTable(read.value)) : [] };
    }),
  );
  const pairs = lost.flatMap(({ declared }) => {
    const fields = fieldsOf(() => declared.expected);
    return there
      .filter((candidate) => isAlike(fields, candidate.fields))
      .map((candidate) => ({ from: declared.table, to: candidate.table }));
  });
  const isOnly = (pair: (typeof pairs)[number]) =>
    pairs.every((other) => other === pair || (other.from !== pair.from && other.to !== pair.to));
  const renamed = new Map(pairs.filter(isOnly).map(({ from, to }) => [from, to]));
  return tables.map((table) => {
    const to = renamed.get(table.declared.table);
    return to === undefined || table.verdict?.status !== 'compared'
      ? table
      : { ...table, verdict: renamedTo(table.verdict, to, project) };
  });
}

function isMissingTable(verdict: TableResult | null): boolean {
  return verdict?.status === 'compared' && verdict.isMissing;
}

/** Empty where they are not stated, or not to be read. */
function fieldsOf(read: () => ExpectedTable): readonly Field[] {
  try {
    return read().fields ?? [];
  } catch (error) {
    if (error instanceof MalformedError) return [];
    throw error;
  }
}

function isAlike(expected: readonly Field[], actual: readonly Field[]): boolean {
  return expected.length > 0 && compareFields(expected, actual).length === 0;
}

function renamedTo(verdict: Compared, to: string, project: string | null): Compared {
  const named = (finding: Judged): Judged => ({
    ...finding,
    context: { type: 'perhaps-renamed', to },
    ...(finding.expected === 'TABLE'
      ? { fix: renamedTable({ project, dataset: finding.dataset, table: finding.table }, to) }
      : {}),
  });
  const { open, waived } = verdict.judgement;
  return { ...verdict, judgement: { open: open.map(named), waived } };
}
