import { describe, expect, test } from 'vitest';
import { loggable } from '../../src/output/log-entry.ts';
import { printableJson } from '../../src/words/printable.ts';

const bytesOf = (entry: unknown) => Buffer.byteLength(printableJson(entry));

describe('an entry of the log', () => {
  test('that fits is left as it is', () => {
    const entry = { severity: 'INFO', message: 'x'.repeat(200_000), at: new Date(0), n: null } as const;
    expect(loggable(entry)).toBe(entry);
  });

  test.each([
    { name: 'a long text', value: 'x'.repeat(1_000_000) },
    { name: 'a text that grows when it is escaped', value: '\u0085'.repeat(60_000) },
    { name: 'a text of pairs', value: '😀'.repeat(300_000) },
    { name: 'a long list', value: Array.from({ length: 100_000 }, (_, index) => `t${index}`) },
    {
      name: 'lists in lists',
      value: Array.from({ length: 400 }, () => Array.from({ length: 400 }, () => 'abc')),
    },
    {
      name: 'many keys',
      value: Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`key${index}`, 1])),
    },
    { name: 'a long key', value: { ['k'.repeat(400_000)]: 1 } },
    {
      name: 'what no cut makes short enough',
      value: Array.from({ length: 11 }, () =>
        Array.from({ length: 11 }, () =>
          Array.from({ length: 11 }, () => Array.from({ length: 11 }, () => 'x'.repeat(300))),
        ),
      ),
    },
  ])('is cut to 250 KB, and says so: $name', ({ value }) => {
    const entry = loggable({ severity: 'WARNING', message: 'one', value });
    expect({
      severity: entry.severity,
      isShort: bytesOf(entry) <= 250_000,
      says: /\(.*cut\)/.test(JSON.stringify(entry)),
      isWellFormed: JSON.stringify(entry).includes('\\ud83d') === false,
    }).toEqual({ severity: 'WARNING', isShort: true, says: true, isWellFormed: true });
  });

  test('keeps as much of a text as fits', () => {
    const { message } = loggable({ severity: 'ERROR', message: 'x'.repeat(300_000) });
    expect(message).toBe(`${'x'.repeat(65_536)}… (cut)`);
  });
});
