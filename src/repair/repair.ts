import type { Fix } from '../model/finding.ts';
import type { Kind } from '../model/kinds.ts';
import { tableConstraints } from './constraints.ts';
import {
  changedLabels,
  datasetCollation,
  datasetDescription,
  datasetEncryption,
  datasetLocation,
  datasetMissing,
  datasetPartitionExpiration,
  datasetTableExpiration,
  datasetTimeTravel,
} from './dataset.ts';
import {
  fieldCollation,
  fieldDefault,
  fieldDescription,
  fieldPolicyTags,
  fieldRoundingMode,
} from './field.ts';
import { type FixCase, type FixMaker, noFix, ofField, ofTable } from './repair-case.ts';
import { fieldMissing, fieldMode, fieldType } from './schema.ts';
import {
  clustering,
  partitionExpiration,
  partitionFilter,
  partitioning,
  retention,
  tableCollation,
  tableDescription,
  tableEncryption,
  tableExpiration,
  tableMissing,
  tableType,
} from './table.ts';
import { recreatedExternal, viewQuery } from './view.ts';

/** Nothing undeclared is ever offered to be dropped. */
const declareIt: FixMaker = () =>
  noFix(
    'nothing is wrong in BigQuery as such: declare it in the expected files, or let the policy ignore it',
  );

const FIXES: Readonly<Record<Kind, FixMaker>> = {
  'dataset-missing': datasetMissing,
  'dataset-unexpected': declareIt,
  'dataset-location': datasetLocation,
  'dataset-table-expiration': datasetTableExpiration,
  'dataset-partition-expiration': datasetPartitionExpiration,
  'dataset-time-travel': datasetTimeTravel,
  'dataset-encryption': datasetEncryption,
  'dataset-collation': datasetCollation,
  'dataset-labels': changedLabels,
  'dataset-description': datasetDescription,
  'table-missing': tableMissing,
  'table-unexpected': declareIt,
  'table-type': ofTable(tableType),
  'table-expiration': ofTable(tableExpiration),
  'table-encryption': ofTable(tableEncryption),
  'table-collation': ofTable(tableCollation),
  'table-constraints': ofTable(tableConstraints),
  'table-labels': ofTable(changedLabels),
  'table-description': ofTable(tableDescription),
  'view-query': ofTable(viewQuery),
  'external-source': ofTable(() => recreatedExternal('its files stay')),
  'field-missing': ofField(fieldMissing),
  'field-unexpected': declareIt,
  'field-type': ofField(fieldType),
  'field-mode': ofField(fieldMode),
  'field-default': ofField(fieldDefault),
  'field-collation': ofField(fieldCollation),
  'field-rounding-mode': ofField(fieldRoundingMode),
  'field-policy-tags': ofField(fieldPolicyTags),
  'field-description': ofField(fieldDescription),
  'partitioning-missing': ofTable(partitioning),
  'partitioning-unexpected': ofTable(partitioning),
  'partitioning-different': ofTable(partitioning),
  'partition-expiration': ofTable(partitionExpiration),
  'partition-filter': ofTable(partitionFilter),
  clustering: ofTable(clustering),
  retention: ofTable(retention),
};

/**
 * What would make BigQuery be what the file expects again: statements in words, which nothing here executes. null: the
 * change is of a table or field that `expected` and `actual` do not hold, so that nothing certain can be said.
 */
export function fixFor(fixCase: FixCase): Fix | null {
  return FIXES[fixCase.change.kind](fixCase);
}
