import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BigQueryError,
  type BigQueryMethod,
  type BigQueryTarget,
  errorReply,
  reasonOf,
} from './bigquery-errors.ts';
import { pageOf } from './bigquery-paging.ts';
import { createQuota } from './bigquery-quota.ts';
import {
  datasetEntry,
  datasetResource,
  type EmulatedDataset,
  type EmulatedWarehouse,
  tableEntry,
  tableResource,
  viewOfDataset,
  viewOfTable,
} from './bigquery-resources.ts';
import { routeOf } from './bigquery-route.ts';
import { createFaultFinder, type Repetition } from './faults.ts';
import { jsonReply, type RecordedRequest, type Reply, startLocalServer } from './http.ts';

export type { BigQueryMethod, EmulatedDataset, EmulatedWarehouse };

/** Answers the requests it matches in place of the warehouse. A part that is absent matches everything. */
export interface Fault extends Repetition {
  method?: BigQueryMethod;
  dataset?: string;
  table?: string;
  answer:
    | BigQueryError
    | { status: number; body: string; contentType?: string /** Where a redirect leads. */; location?: string }
    | 'reset'
    | 'hang';
}

/** A request with what it asked for; `operation` is absent for anything that is not one of the four reads. */
export interface BigQueryRequest extends RecordedRequest, BigQueryTarget {}

export interface BigQueryEmulator {
  url: string;
  projectId: string;
  /** Its `datasets` may be changed, or replaced, between requests. */
  readonly warehouse: EmulatedWarehouse;
  /** May be changed between requests. */
  faults: Fault[];
  /** Locations that datasets.list reports as unreachable, and whose datasets it leaves out. */
  unreachable: string[];
  requests: BigQueryRequest[];
  close(): Promise<void>;
}

export interface BigQueryEmulatorOptions {
  projectId: string;
  warehouse: EmulatedWarehouse;
  latencyMs?: number;
  /** Per method. Default: no limit. */
  requestsPerSecond?: number;
  /** Per method. Default: no limit. */
  concurrentRequests?: number;
  /** The most entries a page holds, whatever maxResults asks for. Default 1,000, as users have seen. */
  pageSize?: number;
  /** The clock that requestsPerSecond is measured with. */
  now?: () => Date;
}

/** Comes from Google's front end, before the API, hence not JSON. */
const NO_SUCH_URL: Reply = {
  status: 404,
  body: '<html><title>Error 404 (Not Found)</title></html>',
  headers: { 'content-type': 'text/html; charset=UTF-8' },
};

/** A 403 accessDenied with the message the service has for the target of the request. */
export function denied(target: { method?: BigQueryMethod; dataset?: string; table?: string }): Fault {
  return { ...target, answer: { status: 403, reason: 'accessDenied' } };
}

/** Starts a stand-in for the four metadata reads of BigQuery's REST v2 API. Anything but GET is refused. */
export async function startBigQueryEmulator(options: BigQueryEmulatorOptions): Promise<BigQueryEmulator> {
  const { projectId, warehouse, latencyMs = 0, pageSize } = options;
  const faults: Fault[] = [];
  const unreachable: string[] = [];
  const requests: BigQueryRequest[] = [];
  const findFault = createFaultFinder();
  const admit = createQuota({
    requestsPerSecond: options.requestsPerSecond ?? Number.POSITIVE_INFINITY,
    concurrentRequests: options.concurrentRequests ?? Number.POSITIVE_INFINITY,
    now: options.now ?? (() => new Date()),
  });

  const server = await startLocalServer(async (request, _body, closed) => {
    const route = routeOf(request.path);
    const target: BigQueryTarget = route?.target ?? {};
    const { operation: _none, ...names } = target;
    requests.push({ ...request, ...(request.method === 'GET' ? target : names) });
    if (request.method !== 'GET') {
      const message = 'The method is not allowed: this service is read only.';
      return errorReply({ status: 405, reason: 'httpMethodNotAllowed', message }, projectId);
    }
    if (route === undefined) return NO_SUCH_URL;

    const admission = admit(route.target.operation);
    if ('refused' in admission) {
      return errorReply({ status: 403, reason: 'rateLimitExceeded', message: admission.refused }, projectId);
    }
    const fault = findFault(faults, (candidate) => matches(candidate, target));
    if (fault?.answer === 'hang') {
      closed(admission.release);
      return 'hang';
    }
    try {
      if (latencyMs > 0) await sleep(latencyMs);
      if (fault !== undefined) return faultReply(fault.answer, projectId, target);
      if (route.projectId !== projectId) return errorReply({ status: 404 }, route.projectId);
      return read(target, request.query);
    } finally {
      admission.release();
    }
  });

  function read(target: BigQueryTarget, query: Record<string, string>): Reply {
    if (target.dataset === undefined) return listDatasets(query);
    const dataset = warehouse.datasets.get(target.dataset);
    if (dataset === undefined) return errorReply({ status: 404 }, projectId, { dataset: target.dataset });
    if (target.operation === 'tables.list') return listTables(target.dataset, dataset, query);

    const name = { projectId, datasetId: target.dataset };
    if (target.table === undefined) {
      const view = viewOfDataset(datasetResource(name, dataset.resource), query['datasetView']);
      return view === undefined ? invalid('datasetView') : jsonReply(200, view);
    }
    const table = dataset.tables.get(target.table);
    if (table === undefined) return errorReply({ status: 404 }, projectId, target);
    const view = viewOfTable(tableResource({ ...name, tableId: target.table }, table), query['view']);
    return view === undefined ? invalid('view') : jsonReply(200, view);
  }

  /** Leaves out, as the service does, what the caller may not read and what is in an unreachable location. */
  function listDatasets(query: Record<string, string>): Reply {
    const listed = [...warehouse.datasets]
      .filter(([id]) => query['all'] === 'true' || !id.startsWith('_'))
      .filter(([id]) => !faults.some((fault) => alwaysDenies(fault, id)))
      .map(([datasetId, { resource }]) => datasetResource({ projectId, datasetId }, resource))
      .filter(({ location }) => !unreachable.includes(String(location)));
    const page = pageOf(listed, query, pageSize);
    if (page === undefined) return invalid('pageToken or maxResults');
    return jsonReply(200, {
      kind: 'bigquery#datasetList',
      ...(page.entries.length > 0 && { datasets: page.entries.map(datasetEntry) }),
      ...page.next,
      // On the first page only: a client that reads the list of the last page alone must be caught out.
      ...(page.first && unreachable.length > 0 && { unreachable }),
    });
  }

  function listTables(datasetId: string, dataset: EmulatedDataset, query: Record<string, string>): Reply {
    const tables = [...dataset.tables].map(([tableId, table]) =>
      tableResource({ projectId, datasetId, tableId }, table),
    );
    const page = pageOf(tables, query, pageSize);
    if (page === undefined) return invalid('pageToken or maxResults');
    return jsonReply(200, {
      kind: 'bigquery#tableList',
      ...(page.entries.length > 0 && { tables: page.entries.map(tableEntry) }),
      ...page.next,
      totalItems: tables.length,
    });
  }

  function invalid(parameter: string): Reply {
    const message = `Invalid value for: ${parameter} is not valid`;
    return errorReply({ status: 400, reason: 'invalid', message }, projectId);
  }

  return { url: server.url, projectId, warehouse, faults, unreachable, requests, close: server.close };
}

function matches(fault: Fault, target: BigQueryTarget): boolean {
  return (
    (fault.method === undefined || fault.method === target.operation) &&
    (fault.dataset === undefined || fault.dataset === target.dataset) &&
    (fault.table === undefined || fault.table === target.table)
  );
}

function alwaysDenies(fault: Fault, dataset: string): boolean {
  const { answer, skip, times } = fault;
  const denies = typeof answer === 'object' && !('body' in answer) && reasonOf(answer) === 'accessDenied';
  const always = (skip ?? 0) === 0 && times === undefined;
  return denies && always && matches(fault, { operation: 'datasets.get', dataset });
}

function faultReply(answer: Fault['answer'], projectId: string, target: BigQueryTarget): Reply {
  if (typeof answer === 'string') return answer;
  if (!('body' in answer)) return errorReply(answer, projectId, target);
  const contentType = answer.contentType ?? 'application/json; charset=UTF-8';
  const location = answer.location === undefined ? {} : { location: answer.location };
  return { status: answer.status, body: answer.body, headers: { 'content-type': contentType, ...location } };
}
