import { jsonReply, type Reply } from './http.ts';

/** What a request is about. A part that is absent is not named by the request. */
export interface BigQueryTarget {
  operation?: BigQueryMethod;
  dataset?: string;
  table?: string;
}

export type BigQueryMethod = 'datasets.list' | 'datasets.get' | 'tables.list' | 'tables.get';

/** The service's texts for its two quotas on metadata reads; both arrive as 403 rateLimitExceeded. */
export const TOO_MANY_PER_SECOND =
  'Exceeded rate limits: too many api requests per user per method for this user_method';
export const TOO_MANY_AT_ONCE =
  'Quota exceeded: Your user_method exceeded quota for concurrent api requests per user per method.';

const REASON_OF_STATUS: Readonly<Record<number, string>> = {
  400: 'invalid',
  403: 'accessDenied',
  404: 'notFound',
  429: 'rateLimitExceeded',
  500: 'internalError',
};

export interface BigQueryError {
  status: number;
  /** Default: the usual reason of the status. */
  reason?: string;
  /** Default: what the service says for this reason about this target. */
  message?: string;
}

/** The key that callers branch on. */
export function reasonOf(error: BigQueryError): string {
  return error.reason ?? REASON_OF_STATUS[error.status] ?? 'backendError';
}

/** The service's JSON error body, with the reason and the message filled in where the error leaves them out. */
export function errorReply(error: BigQueryError, projectId: string, target: BigQueryTarget = {}): Reply {
  const reason = reasonOf(error);
  const message = error.message ?? messageFor(reason, projectId, target);
  return jsonReply(error.status, {
    error: { code: error.status, message, errors: [{ message, domain: 'global', reason }] },
  });
}

function messageFor(reason: string, projectId: string, target: BigQueryTarget): string {
  const { kind, name } = subjectOf(projectId, target);
  switch (reason) {
    case 'accessDenied': {
      const permission = `bigquery.${target.operation ?? 'datasets.get'}`;
      const denial = `Permission ${permission} denied on ${kind.toLowerCase()} ${name}`;
      return `Access Denied: ${kind} ${name}: ${denial} (or it may not exist).`;
    }
    case 'notFound':
      return `Not found: ${kind} ${name}`;
    case 'rateLimitExceeded':
      return TOO_MANY_PER_SECOND;
    case 'quotaExceeded':
      return `Quota exceeded: Your project ${projectId} exceeded quota for metadata reads.`;
    default:
      return 'Error encountered during execution. Retrying may solve the problem.';
  }
}

function subjectOf(projectId: string, { dataset, table }: BigQueryTarget): { kind: string; name: string } {
  if (dataset === undefined) return { kind: 'Project', name: projectId };
  if (table === undefined) return { kind: 'Dataset', name: `${projectId}:${dataset}` };
  return { kind: 'Table', name: `${projectId}:${dataset}.${table}` };
}
