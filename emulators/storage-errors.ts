import type { Repetition } from './faults.ts';
import { jsonReply, type Reply } from './http.ts';

/** `read` is of the content or of the metadata. */
export type StorageOperation = 'read' | 'write' | 'delete' | 'list';

/** What a request is about. */
export interface StorageTarget {
  operation: StorageOperation;
  bucket: string;
  /** Absent for a list. */
  name?: string;
  /** The content is asked for; all else is answered in JSON. */
  media: boolean;
}

export interface StorageError {
  status: number;
  /** Default: the usual reason of the status. */
  reason?: string;
  /** Default: what the service says for this status about this target. */
  message?: string;
}

/**
 * Answers the requests it matches in place of the service. A part that is absent matches everything.
 * `accept-then-reset` does the work and then drops the connection.
 */
export interface StorageFault extends Repetition {
  operation?: StorageOperation;
  /** The object's. */
  name?: string | RegExp;
  answer:
    | StorageError
    | { status: number; body: string; contentType?: string }
    | 'reset'
    | 'hang'
    | 'accept-then-reset';
}

export const NO_SUCH_BUCKET = 'The specified bucket does not exist.';

const REASON_OF_STATUS: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'authError',
  403: 'forbidden',
  404: 'notFound',
  412: 'conditionNotMet',
  429: 'rateLimitExceeded',
};

const PERMISSION_OF_OPERATION: Readonly<Record<StorageOperation, string>> = {
  read: 'storage.objects.get',
  write: 'storage.objects.create',
  delete: 'storage.objects.delete',
  list: 'storage.objects.list',
};

/** The header that the service names as the place of the error, also where the condition came as a parameter. */
const HEADER_OF_STATUS: Readonly<Record<number, string>> = { 401: 'Authorization', 412: 'If-Match' };

/** The service's error. A request for content is told in plain text, all others in JSON. */
export function errorReply(error: StorageError, target: StorageTarget): Reply {
  const { status } = error;
  if (status === 304) return { status, body: '' };
  const message = error.message ?? messageFor(status, target);
  if (target.media) return { status, body: message, headers: { 'content-type': 'text/html; charset=UTF-8' } };
  const reason = error.reason ?? REASON_OF_STATUS[status] ?? 'backendError';
  const domain = reason === 'rateLimitExceeded' ? 'usageLimits' : 'global';
  const location = HEADER_OF_STATUS[status];
  const place = location === undefined ? {} : { locationType: 'header', location };
  return jsonReply(status, {
    error: { code: status, message, errors: [{ message, domain, reason, ...place }] },
  });
}

export function faultReply(
  answer: Exclude<StorageFault['answer'], 'accept-then-reset'>,
  target: StorageTarget,
): Reply {
  if (typeof answer === 'string') return answer;
  if (!('body' in answer)) return errorReply(answer, target);
  const contentType = answer.contentType ?? 'application/json; charset=UTF-8';
  return { status: answer.status, body: answer.body, headers: { 'content-type': contentType } };
}

function messageFor(status: number, { operation, bucket, name }: StorageTarget): string {
  const permission = PERMISSION_OF_OPERATION[operation];
  const subject = name === undefined ? 'bucket' : 'object';
  const path = name === undefined ? bucket : `${bucket}/${name}`;
  switch (status) {
    case 400:
      return 'Invalid argument.';
    case 401:
      return 'Invalid Credentials';
    case 403:
      return `The caller does not have ${permission} access to the Google Cloud Storage ${subject}. Permission '${permission}' denied on resource (or it may not exist).`;
    case 404:
      return name === undefined ? NO_SUCH_BUCKET : `No such object: ${path}`;
    case 412:
      return 'At least one of the pre-conditions you specified did not hold.';
    case 429:
      return `The ${subject} ${path} exceeded the rate limit for object mutation operations (create, update, and delete). Please reduce your request rate. See https://cloud.google.com/storage/docs/gcs429.`;
    default:
      return 'We encountered an internal error. Please try again.';
  }
}
