import type { Repetition } from './faults.ts';
import { jsonReply, type Reply } from './http.ts';

export type MonitoringMethod = 'timeSeries.create' | 'metricDescriptors.create' | 'metricDescriptors.list';

/** Answers a request in place of the service. `accept-then-reset` does the work and then drops the connection. */
export interface MonitoringFault extends Repetition {
  method?: MonitoringMethod;
  answer:
    | { status: number; code: string; message?: string }
    | { status: number; body: string; contentType?: string }
    | 'reset'
    | 'hang'
    | 'accept-then-reset';
}

/** The answer to a write of which some series were refused: message to indexes of the series. */
export function partialFailure(refused: ReadonlyMap<string, readonly number[]>, total: number): Reply {
  const reasons = [...refused].map(([message, indexes]) => `${message}: timeSeries[${rangesOf(indexes)}]`);
  const errors = [...refused].map(([message, { length }]) => ({
    status: { code: 3, message },
    pointCount: length,
  }));
  const failed = errors.reduce((sum, { pointCount }) => sum + pointCount, 0);
  return invalid(`One or more TimeSeries could not be written: ${reasons.join('; ')}`, [
    {
      '@type': 'type.googleapis.com/google.monitoring.v3.CreateTimeSeriesSummary',
      totalPointCount: total,
      // proto3 JSON leaves out a zero.
      ...(failed < total && { successPointCount: total - failed }),
      errors,
    },
  ]);
}

/** [0, 1, 2, 5] as 0-2,5 */
function rangesOf(indexes: readonly number[]): string {
  const first = indexes.filter((index) => !indexes.includes(index - 1));
  const last = indexes.filter((index) => !indexes.includes(index + 1));
  return first.map((from, range) => (from === last[range] ? `${from}` : `${from}-${last[range]}`)).join(',');
}

export function forbidden(method: MonitoringMethod): Reply {
  const message = `Permission monitoring.${method} denied (or the resource may not exist).`;
  return failure(403, 'PERMISSION_DENIED', message);
}

export function invalid(message: string, details?: unknown[]): Reply {
  return failure(400, 'INVALID_ARGUMENT', message, details);
}

/** The REST form of a google.rpc.Status. */
export function failure(httpStatus: number, status: string, message: string, details?: unknown[]): Reply {
  return jsonReply(httpStatus, { error: { code: httpStatus, message, status, ...(details && { details }) } });
}

export function faultReply(answer: Exclude<MonitoringFault['answer'], 'accept-then-reset'>): Reply {
  if (typeof answer === 'string') return answer;
  if ('code' in answer) return failure(answer.status, answer.code, answer.message ?? 'The service said no.');
  const contentType = answer.contentType ?? 'application/json; charset=UTF-8';
  return { status: answer.status, body: answer.body, headers: { 'content-type': contentType } };
}
