import { describe, expect, test } from 'vitest';
import { lasting, moment } from '../../src/words/moment.ts';

describe('moment', () => {
  test.each([
    { rfc3339: '2026-11-22T03:17:00.000Z', text: '2026-11-22 03:17 UTC' },
    { rfc3339: '2026-11-22T03:17:59.999Z', text: '2026-11-22 03:17 UTC' },
    { rfc3339: '2026-11-22T00:00:00Z', text: '2026-11-22 00:00 UTC' },
  ])('says $rfc3339 to the minute and in UTC', ({ rfc3339, text }) => {
    expect(moment(rfc3339)).toBe(text);
  });
});

describe('lasting', () => {
  const from = '2026-11-22T03:17:00.000Z';
  const SECOND = 1000;
  const MINUTE = 60 * SECOND;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;

  test.each([
    { name: 'no time', ms: 0, text: 'less than a minute' },
    { name: 'some seconds', ms: 29 * SECOND, text: 'less than a minute' },
    { name: 'most of a minute', ms: 45 * SECOND, text: '1 minute' },
    { name: 'a quarter of an hour', ms: 15 * MINUTE, text: '15 minutes' },
    { name: 'hours, whole', ms: 4 * HOUR, text: '4 hours' },
    { name: 'hours and some seconds', ms: 4 * HOUR + 7 * SECOND, text: '4 hours' },
    { name: 'hours and minutes', ms: 2 * HOUR + 30 * MINUTE, text: '2 hours 30 minutes' },
    { name: 'a day and a half', ms: 36 * HOUR + 20 * MINUTE, text: '1 day 12 hours 20 minutes' },
    { name: 'two days', ms: 2 * DAY, text: '2 days' },
    { name: 'days, of which the minutes do not matter', ms: 3 * DAY + 80 * MINUTE, text: '3 days 1 hour' },
    { name: 'a clock that went back', ms: -HOUR, text: 'less than a minute' },
  ])('says $name as $text', ({ ms, text }) => {
    const to = new Date(Date.parse(from) + ms);
    expect([lasting(from, to), lasting(from, to.toISOString())]).toEqual([text, text]);
  });
});
