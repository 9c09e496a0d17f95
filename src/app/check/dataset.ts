import { compareDataset } from '../../compare/dataset.ts';
import { datasetMissing } from '../../kinds/dataset.ts';
import type { ListedTable, Read, Resource, Unreadable } from '../../model/ports.ts';
import type { DeclaredDataset, DeclaredTable } from '../../model/table.ts';
import { LEAST_WINDOW_HOURS, MOST_WINDOW_HOURS } from '../../model/time-travel.ts';
import {
  type CheckContext,
  missing,
  rankOf,
  SECOND_ANSWER,
  unlessMalformed,
  weighed,
} from './check-context.ts';
import { once, shared } from './once.ts';
import { MISSING_WITH_DATASET, type ReadResult, unreadable } from './read-result.ts';
import { type Attempt, readTwice } from './read-twice.ts';
import { nameRenamed } from './renamed.ts';
import type { SelectedDataset } from './selection.ts';
import { inspectTable } from './table.ts';
import { inspectUnexpected, type Undeclared } from './unexpected.ts';

/** A declared dataset with its tables, as they were read. */
export interface InspectedDataset extends SelectedDataset, Undeclared {
  readonly result: ReadResult;
  readonly tables: readonly InspectedTable[];
}

export interface InspectedTable {
  readonly declared: DeclaredTable;
  readonly result: ReadResult;
}

/** A declared dataset that is being read. */
export interface OpenDataset extends SelectedDataset {
  /** The dataset itself. */
  readonly itself: Promise<ReadResult>;
  /** Its tables by name, asked for once. */
  readonly listTables: () => Promise<Read<readonly ListedTable[]>>;
  /** For the dataset itself; answers that it is gone are remembered. */
  readonly askAgain: () => Promise<Read<unknown>>;
  readonly isGoneSince: () => boolean;
}

/** Asks for it, and lists its tables where all of it is looked at. */
export function openDataset(context: CheckContext, { declared, isWhole }: SelectedDataset): OpenDataset {
  const { warehouse } = context;
  const listTables = once(() => warehouse.listTables(declared.dataset));
  if (isWhole) void listTables();
  let isGone = false;
  return {
    declared,
    isWhole,
    listTables,
    itself: inspectItself(context, declared),
    askAgain: shared(async () => {
      const dataset = await warehouse.getDataset(declared.dataset, SECOND_ANSWER);
      if (dataset.status === 'absent') isGone = true;
      return dataset;
    }),
    isGoneSince: () => isGone,
  };
}

export async function inspectTableOf(
  context: CheckContext,
  dataset: OpenDataset,
  { table, onWait }: { readonly table: DeclaredTable; readonly onWait: () => void },
): Promise<InspectedTable> {
  const result = await inspectTable(context, { dataset, table, onWait });
  context.onTableDone();
  return { declared: table, result };
}

/** What no file declares comes when its tables are read, and hides with them where the dataset is missing. */
export async function closeDataset(
  context: CheckContext,
  dataset: OpenDataset,
  tables: readonly InspectedTable[],
): Promise<InspectedDataset> {
  const { declared, isWhole } = dataset;
  const result = dataset.isGoneSince() ? await inspectItself(context, declared) : await dataset.itself;
  if (result.status === 'missing') {
    const undeclared = await inspectUnexpected(context, declared, null);
    const missingWithIt = tables.map((table) => ({ ...table, result: MISSING_WITH_DATASET }));
    return { declared, isWhole, result, tables: missingWithIt, ...undeclared };
  }
  const list = isWhole ? await dataset.listTables() : null;
  const undeclared = await inspectUnexpected(context, declared, list);
  const named = await nameRenamed(context, { dataset: declared.dataset, tables, undeclared });
  return { declared, isWhole, result, tables: named, ...undeclared };
}

function inspectItself(context: CheckContext, declared: DeclaredDataset): Promise<ReadResult> {
  const { warehouse } = context;
  const identity = {
    subject: { dataset: declared.dataset, table: null },
    declaredAs: declared.declaredAs,
    contracts: declared.tables.map((table) => table.contract),
  };
  const read = async (attempt: Attempt): Promise<ReadResult> => {
    const rank = rankOf(context, { subject: identity.subject, attempt });
    const answer = await warehouse.getDataset(declared.dataset, rank);
    if (answer.status === 'unreadable') return answer;
    if (answer.status === 'absent') {
      const doubt = await doubtOfMissing(context, answer.detail);
      return doubt ?? weighed(context, identity, { changes: [missing(datasetMissing, 'DATASET')] });
    }
    const resource = answer.value;
    if (resource === null) return weighed(context, identity, { changes: [] });
    return unlessMalformed(() => ({
      ...weighed(
        context,
        identity,
        compareDataset(declared.settings, resource, context.openOf(identity.subject)),
      ),
      timeTravelHours: timeTravelHoursOf(resource),
    }));
  };
  return readTwice(context, { read, onSecondRead: (ms) => context.onDiffering('dataset', ms) });
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
