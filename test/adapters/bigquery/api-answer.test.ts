import { describe, expect, test } from 'vitest';
import {
  type ApiFailure,
  actionOn,
  errorBody,
  failedRead,
} from '../../../src/adapters/bigquery/api-answer.ts';

function failure(status: number | null, reason: string | null, message = 'Words of the service'): ApiFailure {
  return { status, reason, message };
}

describe('a failed answer', () => {
  test.each([
    [404, 'notFound', 'absent', 'give-up'],
    [403, 'accessDenied', 'denied', 'give-up'],
    [403, 'billingNotEnabled', 'denied', 'give-up'],
    [403, 'blocked', 'denied', 'give-up'],
    [403, 'quotaExceeded', 'throttled', 'stop'],
    [403, 'rateLimitExceeded', 'throttled', 'slow-down'],
    [403, 'userRateLimitExceeded', 'throttled', 'slow-down'],
    [429, 'rateLimitExceeded', 'throttled', 'slow-down'],
    [500, 'internalError', 'unavailable', 'retry'],
    [503, 'backendError', 'unavailable', 'retry'],
    [400, 'backendError', 'unavailable', 'retry'],
    [400, 'invalid', 'unavailable', 'give-up'],
    [403, 'aReasonOfTomorrow', 'denied', 'give-up'],
    [503, 'toString', 'unavailable', 'retry'],
    [404, null, 'unavailable', 'give-up'],
    [404, 'accessDenied', 'denied', 'give-up'],
    [302, 'notFound', 'unavailable', 'give-up'],
    [400, 'notFound', 'unavailable', 'give-up'],
    [403, 'notFound', 'denied', 'give-up'],
    [410, 'notFound', 'unavailable', 'give-up'],
    [429, 'notFound', 'throttled', 'slow-down'],
    [500, 'notFound', 'unavailable', 'retry'],
    [503, 'notFound', 'unavailable', 'retry'],
    [206, 'notFound', 'malformed', 'give-up'],
    [null, 'notFound', 'unavailable', 'retry'],
    [204, null, 'malformed', 'give-up'],
    [301, null, 'unavailable', 'give-up'],
    [403, null, 'denied', 'give-up'],
    [408, null, 'unavailable', 'retry'],
    [429, null, 'throttled', 'slow-down'],
    [502, null, 'unavailable', 'retry'],
    [200, null, 'malformed', 'give-up'],
    [null, null, 'unavailable', 'retry'],
  ] as const)('of HTTP %s with the reason %s is %s (and then: %s)', (status, reason, outcome, action) => {
    const answer = failure(status, reason);
    const where = status === null ? 'no answer' : `HTTP ${status}`;
    const detail = `${where}${reason === null ? '' : ` ${reason}`}: Words of the service`;

    expect({ read: failedRead(answer), action: actionOn(answer) }).toEqual({
      read:
        outcome === 'absent'
          ? { status: 'absent', detail }
          : { status: 'unreadable', reason: outcome, detail },
      action,
    });
  });

  test.each([null, 'authError', 'notFound', 'accessDenied'])(
    'of HTTP 401 with the reason %s says nothing of what was asked for, and is asked once more with a new token',
    (reason) => {
      const answer = failure(401, reason);
      const said = `HTTP 401${reason === null ? '' : ` ${reason}`}: Words of the service`;

      expect({ read: failedRead(answer), action: actionOn(answer) }).toEqual({
        read: {
          status: 'unreadable',
          reason: 'unavailable',
          detail: `the credentials were not accepted: ${said}`,
        },
        action: 'sign-in-again',
      });
    },
  );

  test.each([
    ['the first line of', '\n<html>\n<body>Bad Gateway</body>\n</html>', '<html>'],
    ['all of', 'x'.repeat(300), 'x'.repeat(300)],
    ['300 characters of', 'x'.repeat(301), `${'x'.repeat(300)}…`],
  ])('is told with %s its message', (_, message, told) => {
    expect(failedRead(failure(502, null, message))).toEqual({
      status: 'unreadable',
      reason: 'unavailable',
      detail: `HTTP 502: ${told}`,
    });
  });
});

describe('an error body', () => {
  test('says status, reason and message', () => {
    const body = {
      error: { code: 403, message: 'No', errors: [{ reason: 'accessDenied', message: 'Inner' }] },
    };

    expect(errorBody(body)).toEqual({ status: 403, reason: 'accessDenied', message: 'Inner' });
  });

  test.each([
    ['no errors', { error: { code: 404, message: 'No' } }, { status: 404, reason: null, message: 'No' }],
    [
      'an empty list',
      { error: { code: 404, errors: [] } },
      { status: 404, reason: null, message: 'no message' },
    ],
    [
      'errors that are none',
      { error: { errors: [null] } },
      { status: null, reason: null, message: 'no message' },
    ],
    [
      'a message further in',
      { error: { code: 403, errors: [{ reason: 'accessDenied', message: 'Inner' }] } },
      { status: 403, reason: 'accessDenied', message: 'Inner' },
    ],
    [
      'a code in words',
      { error: { code: 'forbidden', message: 'No', errors: [{ reason: 403 }] } },
      { status: null, reason: null, message: 'No' },
    ],
  ])('with %s says what is there', (_, body, told) => {
    expect(errorBody(body)).toEqual(told);
  });

  test.each([
    [null],
    ['text'],
    [[]],
    [{}],
    [{ error: 'text' }],
    [{ error: null }],
    [{ kind: 'bigquery#table' }],
  ])('is not %j', (value) => {
    expect(errorBody(value)).toBeNull();
  });
});
