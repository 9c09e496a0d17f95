import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/app/config.ts';

test.each([
  { value: undefined, link: 'browser' },
  { value: ' ', link: 'browser' },
  { value: 'browser', link: 'browser' },
  { value: ' console ', link: 'console' },
])('REPORT_LINK "$value" is the $link', ({ value, link }) => {
  expect(parseConfig({ REPORT_LINK: value }).reportLink).toBe(link);
});

test('REPORT_LINK of another word is wrong, and says what would be right', () => {
  expect(() => parseConfig({ REPORT_LINK: 'slack' })).toThrow(
    'REPORT_LINK: expected browser or console, found "slack"',
  );
});
