import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { sql } from '../../src/model/fix.ts';
import { renderText } from '../../src/output/text.ts';
import { columnsOf, wrapped } from '../../src/words/wrapped.ts';
import { REPORTS } from '../support/reports.ts';

describe('a report for a terminal', () => {
  const everyPart = REPORTS['every-part'];
  if (everyPart === undefined) throw new Error('the report is gone');

  test('is no wider than it, where its words allow that', () => {
    const lines = renderText(everyPart, { color: false, width: 60 }).split('\n');
    expect(lines.filter((line) => line.length > 60)).toEqual([]);
  });

  test('says the same in any width', () => {
    const words = (width: number | null) =>
      renderText(everyPart, { color: false, width }).split(/\s+/).join(' ');
    for (const width of [10, 40, 61, 80, 200]) expect(words(width)).toBe(words(null));
  });

  test('breaks its lines at the same places with colours', () => {
    const colored = renderText(everyPart, { color: true, width: 60 });
    expect(colored).not.toBe(stripVTControlCharacters(colored));
    expect(stripVTControlCharacters(colored)).toBe(renderText(everyPart, { color: false, width: 60 }));
  });

  test('sets what goes on beneath what it belongs to', () => {
    const lines = renderText(everyPart, { color: false, width: 70 }).split('\n');
    const start = lines.indexOf('commerce.raffle_tickets');
    expect(lines.slice(start, start + 5)).toEqual([
      'commerce.raffle_tickets',
      '  critical  the partitioning is missing: expected DAY(purchase_date),',
      '            found none  partitioning-missing',
      '            Partitioning is set when a table is created: repairing it',
      '            takes a new table.',
    ]);
  });

  test('leaves a statement whole, so that it can be copied', () => {
    const [finding] = everyPart.findings;
    if (finding === undefined) throw new Error('the finding is gone');
    const statement = `ALTER TABLE ${'`p.d.t` '.repeat(20)}SET OPTIONS (x = 1)`;
    const fix = { how: 'in-place', statements: [sql(statement)], note: null } as const;
    const report = { ...everyPart, findings: [{ ...finding, fix }] };
    expect(renderText(report, { color: false, width: 60 }).split('\n')).toContain(
      `            fix: ${statement};`,
    );
  });
});

describe('wrapped', () => {
  test.each([
    { text: 'a bc def', columns: null, lines: ['a bc def'] },
    { text: 'a bc def', columns: 8, lines: ['a bc def'] },
    { text: 'a bc def', columns: 7, lines: ['a bc', 'def'] },
    { text: 'a a_name_that_is_long b', columns: 5, lines: ['a', 'a_name_that_is_long', 'b'] },
    { text: 'said  kind', columns: 6, lines: ['said', 'kind'] },
    { text: '', columns: 5, lines: [''] },
    { text: '注文 明細', columns: 8, lines: ['注文', '明細'] },
  ])('breaks "$text" for $columns columns', ({ text, columns, lines }) => {
    expect(wrapped(text, columns)).toEqual(lines);
  });
});

test.each([
  { text: 'orders', columns: 6 },
  { text: '注文', columns: 4 },
  { text: 'e\u0301tat', columns: 4 },
  { text: '🔴', columns: 2 },
  { text: 'Ａ', columns: 2 },
])('columnsOf counts $columns for "$text"', ({ text, columns }) => {
  expect(columnsOf(text)).toBe(columns);
});
