import { describe, expect, test } from 'vitest';
import { type ApiFailure, errorBody, failedRead, isWorthRetrying } from '../../src/sources/api-answer.ts';

function failure(status: number | null, reason: string | null, message = 'Words of the service'): ApiFailure {
  return { status, reason, message };
}

describe('a failed answer', () => {
  test.each([
    [404, 'notFound', 'absent', false],
    [403, 'accessDenied', 'denied', false],
    [403, 'billingNotEnabled', 'denied', false],
    [403, 'blocked', 'denied', false],
    [403, 'quotaExceeded', 'throttled', false],
    [403, 'rateLimitExceeded', 'throttled', true],
    [403, 'userRateLimitExceeded', 'throttled', true],
    [429, 'rateLimitExceeded', 'throttled', true],
    [500, 'internalError', 'unavailable', true],
    [503, 'backendError', 'unavailable', true],
    [400, 'backendError', 'unavailable', true],
    [400, 'invalid', 'unavailable', false],
    [403, 'aReasonOfTomorrow', 'denied', false],
    [503, 'toString', 'unavailable', true],
    [404, null, 'unavailable', false],
    [401, null, 'denied', false],
    [403, null, 'denied', false],
    [408, null, 'unavailable', true],
    [429, null, 'throttled', true],
    [502, null, 'unavailable', true],
    [200, null, 'malformed', false],
    [null, null, 'unavailable', true],
  ] as const)('of HTTP %s with the reason %s is %s (asked again: %s)', (status, reason, outcome, again) => {
    const answer = failure(status, reason);
    const where = status === null ? 'no answer' : `HTTP ${status}`;
    const detail = `${where}${reason === null ? '' : ` ${reason}`}: Words of the service`;

    expect({ read: failedRead(answer), again: isWorthRetrying(answer) }).toEqual({
      read:
        outcome === 'absent'
          ? { status: 'absent', detail }
          : { status: 'unreadable', reason: outcome, detail },
      again,
    });
  });

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
