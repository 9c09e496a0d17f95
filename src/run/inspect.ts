import { canonicalTable } from '../diff/canonical.ts';
import { compareDataset } from '../diff/dataset.ts';
import { type Judgement, judge } from '../diff/judge.ts';
import { compareTable } from '../diff/table.ts';
import { MalformedError } from '../model/errors.ts';
import type { Change, Subject, Unchecked } from '../model/finding.ts';
import { matchesPattern } from '../model/pattern.ts';
import type { Policy } from '../model/policy.ts';
import type { Clock, DatasetList, ListedTable, Read, Unreadable, Warehouse } from '../model/ports.ts';
import type { Contract, DeclaredDataset, DeclaredTable } from '../model/table.ts';
import { readConfirmed, type Verdict } from './confirm.ts';

/** What every step of one run needs. */
export interface Inspection {
  readonly warehouse: Warehouse;
  readonly policy: Policy;
  readonly project: string | null;
  readonly clock: Clock;
  readonly confirmMs: number;
  /** The run's moment, by which waivers lapse. */
  readonly now: Date;
  /** The project's datasets, asked for once. */
  readonly datasetList: Promise<Read<DatasetList>>;
  readonly onTableDone: () => void;
}

export interface InspectedTable {
  readonly declared: DeclaredTable;
  /** null: not asked about, since its dataset is missing. */
  readonly verdict: Verdict | null;
}

export interface InspectedDataset {
  readonly declared: DeclaredDataset;
  /** false: only some of its tables were asked for. */
  readonly isWhole: boolean;
  readonly verdict: Verdict;
  readonly tables: readonly InspectedTable[];
  /** What is there and undeclared. */
  readonly unexpected: Judgement;
  /** What could not be seen of it, the dataset's own verdict and its tables' aside. */
  readonly unchecked: readonly Unchecked[];
}

/** Reads and compares one declared dataset with its tables, all at once. */
export async function inspectDataset(
  inspection: Inspection,
  { declared, isWhole }: Pick<InspectedDataset, 'declared' | 'isWhole'>,
): Promise<InspectedDataset> {
  const { warehouse } = inspection;
  const tableList = once(() => warehouse.listTables(declared.dataset));
  const listed = isWhole ? tableList() : null;
  const datasetVerdict = inspectDatasetItself(inspection, declared);
  const tables = Promise.all(
    declared.tables.map(async (table): Promise<InspectedTable> => {
      const verdict = await inspectTable(inspection, { dataset: declared, table, datasetVerdict, tableList });
      inspection.onTableDone();
      return { declared: table, verdict };
    }),
  );
  const verdict = await datasetVerdict;
  const isMissing = verdict.status === 'compared' && verdict.isMissing;
  const unexpected = await inspectUnexpected(inspection, declared, isMissing ? null : await listed);
  return { declared, isWhole, verdict, tables: await tables, ...unexpected };
}

function inspectDatasetItself(inspection: Inspection, declared: DeclaredDataset): Promise<Verdict> {
  const { warehouse, clock, confirmMs } = inspection;
  const about = {
    subject: { dataset: declared.dataset, table: null },
    declaredAs: declared.declaredAs,
    contracts: declared.tables.map((table) => table.contract),
  };
  const read = async (): Promise<Verdict> => {
    const answer = await warehouse.getDataset(declared.dataset);
    if (answer.status === 'unreadable') return answer;
    if (answer.status === 'absent') {
      const doubt = await doubtOfMissing(inspection, answer.detail);
      return doubt ?? compared(inspection, about, [missing('dataset-missing', 'DATASET')]);
    }
    const resource = answer.value;
    if (resource === null) return compared(inspection, about, []);
    return unlessMalformed(() => compared(inspection, about, compareDataset(declared.settings, resource)));
  };
  return readConfirmed({ read, clock, confirmMs });
}

/** A dataset is missing only when the project's list answered too, and left no location out. */
async function doubtOfMissing({ datasetList }: Inspection, detail: string): Promise<Unreadable | null> {
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
  inspection: Inspection,
  {
    dataset,
    table,
    datasetVerdict,
    tableList,
  }: {
    readonly dataset: DeclaredDataset;
    readonly table: DeclaredTable;
    readonly datasetVerdict: Promise<Verdict>;
    readonly tableList: () => Promise<Read<readonly ListedTable[]>>;
  },
): Promise<Verdict | null> {
  const { warehouse, clock, confirmMs } = inspection;
  const id = { dataset: dataset.dataset, table: table.table };
  const { expected, contract } = table;
  const about = { subject: id, declaredAs: dataset.declaredAs, contracts: [contract] };
  let datasetIsMissing = false;
  const read = async (attempt: 'first' | 'second'): Promise<Verdict> => {
    const answer = await warehouse.getTable(id, attempt === 'first' ? 'BASIC' : 'FULL');
    if (answer.status === 'unreadable') return answer;
    if (answer.status === 'found') {
      const resource = answer.value;
      return unlessMalformed(() =>
        compared(inspection, about, compareTable({ expected, actual: canonicalTable(resource), contract })),
      );
    }
    const parent = await datasetVerdict;
    if (parent.status === 'compared' && parent.isMissing) {
      datasetIsMissing = true;
      return compared(inspection, about, []);
    }
    // A table is missing only when its dataset answered too: by itself, or with the list of its tables.
    if (parent.status === 'unreadable' && (await tableList()).status !== 'found') {
      return unreadable(
        parent.reason,
        `${answer.detail}; but its dataset could not be read: ${parent.detail}`,
      );
    }
    return compared(inspection, about, [missing('table-missing', expected.type ?? 'TABLE')]);
  };
  const verdict = await readConfirmed({ read, clock, confirmMs });
  return datasetIsMissing ? null : verdict;
}

async function inspectUnexpected(
  inspection: Inspection,
  { dataset, declaredAs, tables }: DeclaredDataset,
  list: Read<readonly ListedTable[]> | null,
): Promise<Pick<InspectedDataset, 'unexpected' | 'unchecked'>> {
  if (list === null || list.status === 'absent') return { unexpected: nothing, unchecked: [] };
  if (list.status === 'unreadable') {
    const detail = `tables that no file declares could not be seen: ${list.detail}`;
    return { unexpected: nothing, unchecked: [{ dataset, table: null, reason: list.reason, detail }] };
  }
  const declared = new Set(tables.map(({ table }) => table));
  const undeclared = list.value.filter(
    ({ table }) => !declared.has(table) && !isIgnored(inspection.policy, { dataset: declaredAs, table }),
  );
  const { warehouse } = inspection;
  const verdicts = await Promise.all(
    undeclared.map(({ table, type }) =>
      confirmUnexpected(inspection, {
        about: { subject: { dataset, table }, declaredAs, contracts: [] },
        change: { kind: 'table-unexpected', path: null, expected: null, actual: type },
        read: () => warehouse.getTable({ dataset, table }, 'FULL'),
      }),
    ),
  );
  return mergeUnexpected(verdicts);
}

/** Datasets that no file declares; `declared` are real names. */
export async function inspectUndeclaredDatasets(
  inspection: Inspection,
  declared: ReadonlySet<string>,
): Promise<Pick<InspectedDataset, 'unexpected' | 'unchecked'>> {
  const list = await inspection.datasetList;
  if (list.status !== 'found') {
    const reason = list.status === 'unreadable' ? list.reason : 'unavailable';
    return {
      unexpected: nothing,
      unchecked: [{ dataset: '*', table: null, reason, detail: unseenDatasets(list.detail) }],
    };
  }
  const { datasets, unreachable } = list.value;
  const undeclared = datasets.filter(
    // Hidden datasets hold anonymous query results: https://docs.cloud.google.com/bigquery/docs/datasets
    (dataset) =>
      !declared.has(dataset) &&
      !dataset.startsWith('_') &&
      !isIgnored(inspection.policy, { dataset, table: null }),
  );
  const verdicts = await Promise.all(
    undeclared.map((dataset) =>
      confirmUnexpected(inspection, {
        about: { subject: { dataset, table: null }, declaredAs: dataset, contracts: [] },
        change: { kind: 'dataset-unexpected', path: null, expected: null, actual: 'DATASET' },
        read: () => inspection.warehouse.getDataset(dataset),
      }),
    ),
  );
  const merged = mergeUnexpected(verdicts);
  if (unreachable.length === 0) return merged;
  const detail = unseenDatasets(`datasets.list could not reach ${unreachable.join(', ')}`);
  return {
    ...merged,
    unchecked: [...merged.unchecked, { dataset: '*', table: null, reason: 'unavailable', detail }],
  };
}

function unseenDatasets(detail: string): string {
  return `datasets that no file declares could not be seen: ${detail}`;
}

/** A list names it; where policy makes that drift, the second answer is its own. */
async function confirmUnexpected(
  inspection: Inspection,
  {
    about,
    change,
    read,
  }: { readonly about: About; readonly change: Change; readonly read: () => Promise<Read<unknown>> },
): Promise<{ readonly subject: Subject; readonly verdict: Verdict }> {
  const { clock, confirmMs } = inspection;
  const verdict = await readConfirmed({
    clock,
    confirmMs,
    read: async (attempt) => {
      if (attempt === 'first') return compared(inspection, about, [change]);
      const answer = await read();
      return answer.status === 'unreadable'
        ? answer
        : compared(inspection, about, answer.status === 'found' ? [change] : []);
    },
  });
  return { subject: about.subject, verdict };
}

function mergeUnexpected(
  verdicts: readonly { readonly subject: Subject; readonly verdict: Verdict }[],
): Pick<InspectedDataset, 'unexpected' | 'unchecked'> {
  return {
    unexpected: {
      open: verdicts.flatMap(({ verdict }) => (verdict.status === 'compared' ? verdict.judgement.open : [])),
      waived: verdicts.flatMap(({ verdict }) =>
        verdict.status === 'compared' ? verdict.judgement.waived : [],
      ),
    },
    unchecked: verdicts.flatMap(({ subject, verdict }) =>
      verdict.status === 'unreadable' ? [{ ...subject, reason: verdict.reason, detail: verdict.detail }] : [],
    ),
  };
}

const nothing: Judgement = { open: [], waived: [] };

interface About {
  readonly subject: Subject;
  readonly declaredAs: string;
  readonly contracts: readonly Contract[];
}

function compared(
  { policy, project, now }: Inspection,
  { subject, declaredAs, contracts }: About,
  changes: readonly Change[],
): Verdict {
  const judgement = judge(changes, { ...subject, declaredAs, project, contracts, now }, policy);
  const isMissing = changes.some(({ kind }) => kind === 'dataset-missing' || kind === 'table-missing');
  return { status: 'compared', isMissing, judgement };
}

function missing(kind: 'dataset-missing' | 'table-missing', expected: string): Change {
  return { kind, path: null, expected, actual: null };
}

function isIgnored({ ignoreUnexpected }: Policy, subject: Subject): boolean {
  return ignoreUnexpected.some((pattern) => matchesPattern(pattern, subject));
}

function unreadable(reason: Unreadable['reason'], detail: string): Unreadable {
  return { status: 'unreadable', reason, detail };
}

function unlessMalformed(compare: () => Verdict): Verdict {
  try {
    return compare();
  } catch (error) {
    if (error instanceof MalformedError) return unreadable('malformed', error.message);
    throw error;
  }
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}
