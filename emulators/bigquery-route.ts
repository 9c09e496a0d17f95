import type { BigQueryMethod, BigQueryTarget } from './bigquery-errors.ts';

const ROUTE =
  /^\/bigquery\/v2\/projects\/(?<project>[^/]+)\/datasets(?:\/(?<dataset>[^/]+)(?<tables>\/tables(?:\/(?<table>[^/]+))?)?)?$/;

/**
 * The project a request names and what it asks of it. Undefined for a path that is none of the four reads, or that is not
 * percent-encoded properly.
 */
export function routeOf(
  path: string,
): { projectId: string; target: BigQueryTarget & { operation: BigQueryMethod } } | undefined {
  const parts = ROUTE.exec(path)?.groups;
  if (parts === undefined) return undefined;
  try {
    const [projectId = '', dataset, table] = [parts['project'], parts['dataset'], parts['table']].map(
      (part) => (part === undefined ? undefined : decodeURIComponent(part)),
    );
    const collection = parts['tables'] === undefined ? 'datasets' : 'tables';
    const one = collection === 'tables' ? table : dataset;
    const operation: BigQueryMethod = `${collection}.${one === undefined ? 'list' : 'get'}`;
    const names = { ...(dataset !== undefined && { dataset }), ...(table !== undefined && { table }) };
    return { projectId, target: { operation, ...names } };
  } catch {
    return undefined;
  }
}
