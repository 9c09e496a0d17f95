import type { Change, Judged, Kind } from '../model/finding.ts';
import * as dataset from './dataset.ts';
import * as field from './field.ts';
import type { KindRow, Loss } from './kind.ts';
import * as partitioning from './partitioning.ts';
import * as table from './table.ts';

/** Every kind of drift, once, in the order in which all lists of kinds have them. */
export const KINDS: readonly KindRow[] = [
  dataset.datasetMissing,
  dataset.datasetUnexpected,
  dataset.datasetLocation,
  dataset.datasetTableExpiration,
  dataset.datasetPartitionExpiration,
  dataset.datasetTimeTravel,
  dataset.datasetEncryption,
  dataset.datasetCollation,
  dataset.datasetLabels,
  dataset.datasetDescription,
  table.tableMissing,
  table.tableUnexpected,
  table.tableType,
  table.tableExpiration,
  table.tableEncryption,
  table.tableCollation,
  table.tableConstraints,
  table.tableLabels,
  table.tableDescription,
  table.viewQuery,
  table.externalSource,
  field.fieldMissing,
  field.fieldUnexpected,
  field.fieldType,
  field.fieldMode,
  field.fieldDefault,
  field.fieldCollation,
  field.fieldRoundingMode,
  field.fieldPolicyTags,
  field.fieldDescription,
  partitioning.partitioningMissing,
  partitioning.partitioningUnexpected,
  partitioning.partitioningDifferent,
  partitioning.partitionExpiration,
  partitioning.partitionFilter,
  partitioning.clustering,
  partitioning.retention,
];

const rows: ReadonlyMap<string, KindRow> = new Map(KINDS.map((row) => [row.id, row]));

export function isKind(text: string): boolean {
  return rows.has(text);
}

/** Whether it says that a whole dataset or table is not there. */
export function saysMissing(kind: Kind): boolean {
  const { means, scope } = kindRow(kind);
  return means === 'absent' && scope !== 'field';
}

/** Whether it says that no file declares a dataset or table. */
export function saysUndeclared(kind: Kind): boolean {
  const { means, scope } = kindRow(kind);
  return means === 'undeclared' && scope !== 'field';
}

/** What data may go by a change; null: none. */
export function lossOf(change: Change & Pick<Judged, 'actualType'>): Loss['what'] | null {
  const { loses } = kindRow(change.kind);
  return loses === undefined || loses.where?.(change) === false ? null : loses.what;
}

export function kindRow(kind: Kind): KindRow {
  const row = rows.get(kind);
  if (row === undefined) throw new Error(`no row for kind ${kind}`);
  return row;
}
