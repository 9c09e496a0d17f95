/** A REST v2 resource, as stored or as sent. */
export type Resource = Record<string, unknown>;

export interface EmulatedDataset {
  resource: Resource;
  tables: Map<string, Resource>;
}

export interface EmulatedWarehouse {
  datasets: Map<string, EmulatedDataset>;
}

/** For resources that do not say when they were created: 2024-01-01T00:00:00Z. */
const CREATION_TIME = '1704067200000';

/** tables.get leaves these out with view=BASIC. */
const STORAGE_STATISTICS = ['numBytes', 'numLongTermBytes', 'numRows', 'lastModifiedTime'];

/** A tables.list entry has these keys and no others: no schema, no description, no query. */
const TABLE_ENTRY_KEYS = [
  'kind',
  'id',
  'tableReference',
  'friendlyName',
  'type',
  'timePartitioning',
  'rangePartitioning',
  'clustering',
  'hivePartitioningOptions',
  'labels',
  'creationTime',
  'expirationTime',
  'requirePartitionFilter',
];

const DATASET_ENTRY_KEYS = [
  'kind',
  'id',
  'datasetReference',
  'labels',
  'friendlyName',
  'location',
  'type',
  'catalogSource',
  'externalDatasetReference',
];

export function tableResource(
  name: { projectId: string; datasetId: string; tableId: string },
  stored: Resource,
): Resource {
  return {
    kind: 'bigquery#table',
    id: `${name.projectId}:${name.datasetId}.${name.tableId}`,
    tableReference: { ...name },
    type: 'TABLE',
    creationTime: CREATION_TIME,
    ...stored,
  };
}

export function datasetResource(name: { projectId: string; datasetId: string }, stored: Resource): Resource {
  return {
    kind: 'bigquery#dataset',
    id: `${name.projectId}:${name.datasetId}`,
    datasetReference: { ...name },
    type: 'DEFAULT',
    location: 'US',
    creationTime: CREATION_TIME,
    ...stored,
  };
}

/** The part of a table that a `view` asks for, or undefined when there is no such view. */
export function viewOfTable(table: Resource, view = 'STORAGE_STATS'): Resource | undefined {
  switch (view) {
    case 'BASIC':
      return without(table, STORAGE_STATISTICS);
    case 'TABLE_METADATA_VIEW_UNSPECIFIED':
    case 'STORAGE_STATS':
    case 'FULL':
      return table;
    default:
      return undefined;
  }
}

/** The part of a dataset that a `datasetView` asks for, or undefined when there is no such view. */
export function viewOfDataset(dataset: Resource, view = 'FULL'): Resource | undefined {
  switch (view) {
    case 'METADATA':
      return without(dataset, ['access']);
    case 'ACL':
      return only(dataset, ['kind', 'id', 'datasetReference', 'access']);
    case 'DATASET_VIEW_UNSPECIFIED':
    case 'FULL':
      return dataset;
    default:
      return undefined;
  }
}

export function tableEntry(table: Resource): Resource {
  const entry = only(table, TABLE_ENTRY_KEYS);
  const view = table['view'];
  if (typeof view !== 'object' || view === null) return entry;
  return { ...entry, view: only({ ...view }, ['useLegacySql', 'privacyPolicy']) };
}

export function datasetEntry(dataset: Resource): Resource {
  return only(dataset, DATASET_ENTRY_KEYS);
}

function only(resource: Resource, keys: readonly string[]): Resource {
  return Object.fromEntries(Object.entries(resource).filter(([key]) => keys.includes(key)));
}

function without(resource: Resource, keys: readonly string[]): Resource {
  return Object.fromEntries(Object.entries(resource).filter(([key]) => !keys.includes(key)));
}
