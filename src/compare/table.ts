import { compareSettings } from '../metadata/settings.ts';
import type { Change } from '../model/finding.ts';
import type { Contract, ExpectedTable, Table } from '../model/table.ts';
import { listOf } from '../model/value.ts';
import { compareFields } from './fields.ts';
import { comparePartitioning } from './partitioning.ts';
import { compareRetention } from './retention.ts';

/** How a table that is there differs from its file; empty: in sync. One cause gives one change. */
export function compareTable({
  expected,
  actual,
  contract,
}: {
  readonly expected: ExpectedTable;
  readonly actual: Table;
  readonly contract: Contract;
}): readonly Change[] {
  const fields = compareSchema({ expected, actual, contract });
  if (expected.type !== undefined && expected.type !== actual.type) {
    // A view has no partitioning, a snapshot always expires: all but its fields follows from the type.
    return [{ kind: 'table-type', path: null, expected: expected.type, actual: actual.type }, ...fields];
  }
  const retention = compareRetention(actual, contract);
  const settings = [
    ...comparePartitioning(expected, actual),
    ...compareClustering(expected, actual),
    ...compareTableExpiration(expected, actual),
    ...compareSettings(expected.settings, actual.settings, null),
  ];
  return [
    ...fields,
    ...settings.filter((change) => change.kind !== retention?.hides),
    ...(retention === null ? [] : [retention.change]),
  ];
}

function compareSchema({
  expected,
  actual,
  contract,
}: {
  readonly expected: ExpectedTable;
  readonly actual: Table;
  readonly contract: Contract;
}): readonly Change[] {
  if (expected.fields === undefined) return [];
  const isEmpty = actual.fields.length === 0;
  const changes = compareFields(expected.fields, actual.fields).map(
    (change): Change => (isEmpty ? { ...change, context: { type: 'no-fields-left' } } : change),
  );
  const fromFilePaths = new Set(actual.hivePartitionFields.map((name) => name.toLowerCase()));
  return changes.filter((change) => {
    if (change.kind !== 'field-unexpected') return true;
    return contract.extraFields === 'report' && !fromFilePaths.has((change.path ?? '').toLowerCase());
  });
}

/** The order of clustering fields matters: https://docs.cloud.google.com/bigquery/docs/clustered-tables */
function compareClustering(expected: ExpectedTable, actual: Table): readonly Change[] {
  if (expected.clustering === undefined) return [];
  const keys = (names: readonly string[]) => names.map((name) => name.toLowerCase()).join(', ');
  if (keys(expected.clustering) === keys(actual.clustering)) return [];
  return [
    {
      kind: 'clustering',
      path: null,
      expected: listOf(expected.clustering),
      actual: listOf(actual.clustering),
    },
  ];
}

/** The moment differs from table to table, so only its presence is compared. */
function compareTableExpiration(expected: ExpectedTable, actual: Table): readonly Change[] {
  const { expirationTime } = expected;
  if (expirationTime === undefined) return [];
  if ((expirationTime === null) === (actual.expirationTime === null)) return [];
  return [{ kind: 'table-expiration', path: null, expected: expirationTime, actual: actual.expirationTime }];
}
