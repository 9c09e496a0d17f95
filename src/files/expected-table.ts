import {
  canonicalPartitionExpiration,
  canonicalPartitionFilter,
  canonicalPartitioning,
  statedFields,
} from '../metadata/canonical.ts';
import { expiration, isObject } from '../metadata/parse.ts';
import { statedSettings, TABLE_SETTINGS } from '../metadata/settings.ts';
import { renamedInSql } from '../metadata/sql.ts';
import { uncarriedInTable } from '../metadata/uncarried.ts';
import { parseDuration } from '../model/duration.ts';
import type { Resource } from '../model/ports.ts';
import type { Contract, ExpectedTable } from '../model/table.ts';

/** What a checked file states; a key that is not in the result is not checked. */
export function expectedTable(file: Resource): ExpectedTable {
  const { type, schema, clustering, expirationTime } = file;
  const partitioning = canonicalPartitioning(file);
  const partitionExpirationMs = canonicalPartitionExpiration(file);
  const requirePartitionFilter = canonicalPartitionFilter(file);
  return {
    ...statedSettings(TABLE_SETTINGS, file),
    ...(typeof type === 'string' ? { type: type.toUpperCase() } : {}),
    ...(isObject(schema) ? { fields: statedFields(schema['fields'] ?? []) } : {}),
    ...(partitioning === undefined ? {} : { partitioning }),
    ...(partitionExpirationMs === undefined ? {} : { partitionExpirationMs }),
    ...(requirePartitionFilter === undefined ? {} : { requirePartitionFilter }),
    ...(clustering === undefined
      ? {}
      : { clustering: isObject(clustering) ? (clustering['fields'] as readonly string[]) : [] }),
    ...(expirationTime === undefined
      ? {}
      : { expirationTime: expiration(expirationTime, 'expirationTime') ?? null }),
    ...uncarriedInTable(file),
  };
}

/** Of a checked file. */
export function contractOf(file: Resource): Contract {
  const contract = isObject(file['contract']) ? file['contract'] : {};
  const { owner, retention, criticalFields, consumers, runbook, extraFields } = contract;
  const ms = typeof retention === 'string' ? parseDuration(retention) : null;
  return {
    owner: typeof owner === 'string' ? owner : null,
    retention: ms === null ? null : { text: String(retention), ms },
    criticalFields: (criticalFields ?? []) as readonly string[],
    consumers: new Map(Object.entries((consumers ?? {}) as Record<string, readonly string[]>)),
    runbook: typeof runbook === 'string' ? runbook : null,
    extraFields: extraFields === 'allow' ? 'allow' : 'report',
  };
}

export interface WarehouseNames {
  /** Declared dataset name to its name in BigQuery. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The project that is checked; null: not known. */
  readonly project: string | null;
}

/**
 * The file with its own project (`tableReference.projectId`) and dataset names inside view text and foreign keys as they
 * are in the warehouse that is checked: a second environment has other names for the same things.
 */
export function inNamesOf(file: Resource, { aliases, project }: WarehouseNames): Resource {
  const { tableReference, tableConstraints } = file;
  const own = isObject(tableReference) ? tableReference['projectId'] : undefined;
  const names = new Map(aliases);
  if (typeof own === 'string' && project !== null && own !== project) names.set(own, project);
  if (names.size === 0) return file;
  const keys = isObject(tableConstraints) ? tableConstraints['foreignKeys'] : undefined;
  return {
    ...file,
    ...queryInNames(file, 'view', names),
    ...queryInNames(file, 'materializedView', names),
    ...(Array.isArray(keys)
      ? {
          tableConstraints: {
            ...(tableConstraints as Resource),
            foreignKeys: keys.map((key) => referenceInNames(key, names)),
          },
        }
      : {}),
  };
}

function queryInNames(file: Resource, key: string, names: ReadonlyMap<string, string>): Resource {
  const block = file[key];
  if (!isObject(block) || typeof block['query'] !== 'string') return {};
  return { [key]: { ...block, query: renamedInSql(block['query'], names) } };
}

function referenceInNames(key: unknown, names: ReadonlyMap<string, string>): unknown {
  const referenced = isObject(key) ? key['referencedTable'] : undefined;
  if (!isObject(key) || !isObject(referenced)) return key;
  const dataset = referenced['datasetId'];
  return { ...key, referencedTable: { ...referenced, datasetId: names.get(String(dataset)) ?? dataset } };
}
