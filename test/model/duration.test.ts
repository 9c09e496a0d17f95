import { describe, expect, test } from 'vitest';
import { formatDuration, loweredRetention, parseDuration } from '../../src/model/duration.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('parseDuration', () => {
  test.each([
    { text: 'P1Y', ms: 365 * DAY },
    { text: 'P7Y', ms: 2555 * DAY },
    { text: 'P1M', ms: 30 * DAY },
    { text: 'P1W', ms: 7 * DAY },
    { text: 'P90D', ms: 90 * DAY },
    { text: 'PT4H', ms: 4 * HOUR },
    { text: 'PT5M', ms: 5 * MINUTE },
    { text: 'PT30S', ms: 30 * SECOND },
    { text: 'P1Y6M', ms: 545 * DAY },
    { text: 'P1Y2M3W4DT5H6M7S', ms: 450 * DAY + 5 * HOUR + 6 * MINUTE + 7 * SECOND },
    { text: 'P0D', ms: 0 },
    { text: 'P007D', ms: 7 * DAY },
  ])('reads $text', ({ text, ms }) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    'P',
    'PT',
    'P1YT',
    '7Y',
    'p7y',
    'P7',
    'P1H',
    'PT1D',
    'P1D1Y',
    'P-1D',
    '-P1D',
    'P1.5Y',
    ' P1D',
    'P1D ',
    'P1D\n',
    '7 years',
  ])('finds no duration in %j', (text) => {
    expect(parseDuration(text)).toBeNull();
  });
});

describe('formatDuration', () => {
  test.each([
    { ms: 7 * 365 * DAY, words: '7 years' },
    { ms: 365 * DAY, words: '1 year' },
    { ms: 366 * DAY, words: '366 days' },
    { ms: 30 * DAY, words: '30 days' },
    { ms: 1000 * DAY, words: '1,000 days' },
    { ms: DAY, words: '1 day' },
    { ms: 36 * HOUR, words: '1 day 12 hours' },
    { ms: HOUR + MINUTE + SECOND + 1, words: '1 hour 1 minute 1 second 1 millisecond' },
    { ms: 90 * SECOND, words: '1 minute 30 seconds' },
    { ms: 2, words: '2 milliseconds' },
    { ms: 0, words: '0 seconds' },
    { ms: -2 * HOUR, words: 'minus 2 hours' },
  ])('says $ms ms as $words', ({ ms, words }) => {
    expect(formatDuration(ms)).toBe(words);
  });
});

test.each([
  ['86400000', 'P1D'],
  ['172799999', 'P1D'],
  ['86399999', null],
  ['-86400000', null],
])('a retention of %s ms is lowered to %s', (ms, retention) => {
  expect(loweredRetention(ms)).toBe(retention);
});
