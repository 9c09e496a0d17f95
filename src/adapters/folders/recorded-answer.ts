import { isObject } from '../../metadata/parse.ts';
import type { Resource, TableId } from '../../model/ports.ts';

/*
 * What a recorded file has to be to stand for BigQuery's answer. Files written by hand, and those of drift pull, name no
 * `kind` and hold a part of the resource: that much of it is asked for as tells it from anything else. What else there is,
 * an array of columns, a list, a Dataset or a tool's error, would be read as a table without columns.
 */

/** In either spelling of BigQuery; of a type that is not known yet BigQuery's own form. */
const TABLE_TYPE = /^(?:[A-Z][A-Z_]*|table|view|materialized_view|external|snapshot)$/;

/** What is of a table and of nothing else. */
const TABLE_KEYS = [
  'view',
  'materializedView',
  'externalDataConfiguration',
  'timePartitioning',
  'rangePartitioning',
  'clustering',
  'tableConstraints',
];

/** Why an object is not the Table resource of that table; null: it is. */
export function whyNoTable(
  resource: Resource,
  { dataset, table }: TableId,
  { isCaseInsensitive }: { readonly isCaseInsensitive: boolean },
): string | null {
  const { kind, tableReference: reference, schema, type, fields } = resource;
  if (kind !== undefined && kind !== 'bigquery#table')
    return `says kind ${JSON.stringify(kind)}, where a table has "bigquery#table"`;
  if (isObject(reference)) {
    const { datasetId, tableId } = reference;
    const isOther = (said: unknown, asked: string) =>
      said !== undefined &&
      said !== asked &&
      !(isCaseInsensitive && String(said).toLowerCase() === asked.toLowerCase());
    // Not the project: one set of recorded answers serves several environments, as expected files do.
    if ((datasetId !== undefined && datasetId !== dataset) || isOther(tableId, table))
      return `is of another table: its tableReference names ${datasetId ?? dataset}.${tableId ?? table}`;
  }
  const isTyped = typeof type === 'string' && TABLE_TYPE.test(type);
  const hasFields = isObject(schema) && (schema['fields'] === undefined || Array.isArray(schema['fields']));
  const isTable = isTyped || hasFields || TABLE_KEYS.some((key) => resource[key] !== undefined);
  const isElse = fields !== undefined || resource['datasetReference'] !== undefined;
  if (isElse || !isTable || (schema !== undefined && !hasFields))
    return 'is no Table resource: that has "schema": {"fields": […]} or a "type" such as "TABLE"';
  // Each entry of tables.list says its kind and type and names no column; tables.get always has an etag.
  // https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables/list
  if (kind !== undefined && type === 'TABLE' && schema === undefined && resource['etag'] === undefined)
    return 'is an entry of a list, which names no columns';
  return null;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets; what nothing else has. */
const DATASET_KEYS = [
  'location',
  'datasetReference',
  'defaultTableExpirationMs',
  'defaultPartitionExpirationMs',
  'defaultCollation',
  'defaultEncryptionConfiguration',
  'maxTimeTravelHours',
  'storageBillingModel',
  'isCaseInsensitive',
  'labels',
  'description',
  'access',
];

/** Why an object is not the Dataset resource of that dataset; null: it is. */
export function whyNoDataset(resource: Resource, dataset: string): string | null {
  const { kind, datasetReference: reference } = resource;
  if (kind !== undefined && kind !== 'bigquery#dataset')
    return `says kind ${JSON.stringify(kind)}, where a dataset has "bigquery#dataset"`;
  const named = isObject(reference) ? reference['datasetId'] : undefined;
  if (named !== undefined && named !== dataset)
    return `is of another dataset: its datasetReference names ${String(named)}`;
  const isDataset = DATASET_KEYS.some((key) => resource[key] !== undefined);
  return isDataset && !isTableResource(resource)
    ? null
    : 'is no Dataset resource: that has a "location" such as "EU"';
}

/** Whether it is a table's: no dataset has such a key. */
export function isTableResource({ kind, schema, tableReference }: Resource): boolean {
  return kind === 'bigquery#table' || schema !== undefined || tableReference !== undefined;
}

/** `orders.json` and `sales.orders.json`, which belong one level lower. */
export function misplacedTable({ tableReference }: Resource, name: string): string {
  const { datasetId, tableId } = isObject(tableReference) ? tableReference : {};
  const [dataset = '', table = ''] = /^(?:.*\.)?(\w+)\.([^.]+)$/.exec(name)?.slice(1) ?? [
    typeof datasetId === 'string' ? datasetId : '<dataset>',
    typeof tableId === 'string' ? tableId : name,
  ];
  return `this is a table's file: it belongs at ${dataset}/${table}.json`;
}
