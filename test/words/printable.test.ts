import { describe, expect, test } from 'vitest';
import { counted, printable, shortened } from '../../src/words/printable.ts';

describe('printable', () => {
  test.each([
    { name: 'a line break', text: 'a\nb', shown: 'a\uFFFDb' },
    { name: 'a carriage return', text: 'in sync\rdrifted', shown: 'in sync\uFFFDdrifted' },
    { name: 'a tabulator', text: 'a\tb', shown: 'a\uFFFDb' },
    { name: 'a terminal escape', text: '\u001B[31mred\u001B[0m', shown: '\uFFFD[31mred\uFFFD[0m' },
    { name: 'a terminal escape of one byte', text: '\u009B31mred', shown: '\uFFFD31mred' },
    { name: 'a bell and a backspace', text: 'a\u0007\u0008', shown: 'a\uFFFD\uFFFD' },
    { name: 'a null', text: 'a\u0000b', shown: 'a\uFFFDb' },
    { name: 'a right-to-left override', text: 'x\u202Enosj', shown: 'x\uFFFDnosj' },
    { name: 'directional isolates', text: '\u2066a\u2069', shown: '\uFFFDa\uFFFD' },
    { name: 'right-to-left and left-to-right marks', text: 'a\u200E\u200Fb', shown: 'a\uFFFD\uFFFDb' },
    { name: 'an Arabic letter mark', text: 'a\u061Cb', shown: 'a\uFFFDb' },
    { name: 'letters of no width', text: 'a\u200B\u200C\u200D\u2060b', shown: 'a\uFFFD\uFFFD\uFFFD\uFFFDb' },
    { name: 'a soft hyphen', text: 'a\u00ADb', shown: 'a\uFFFDb' },
    { name: 'a byte order mark', text: '\uFEFFid', shown: '\uFFFDid' },
    { name: 'line and paragraph separators', text: 'a\u2028b\u2029c', shown: 'a\uFFFDb\uFFFDc' },
    { name: 'the first half of a letter', text: 'a\uD83Eb', shown: 'a\uFFFDb' },
    { name: 'the second half of a letter', text: '\uDDFE', shown: '\uFFFD' },
    { name: 'a filler that looks like nothing', text: 'a\u3164b', shown: 'a\uFFFDb' },
  ])('shows that there is $name', ({ text, shown }) => {
    expect(printable(text)).toBe(shown);
  });

  test.each([
    '',
    'created_at',
    'ARRAY<STRUCT<a INT64>>',
    'net price & tax | 20%',
    'Имя',
    '数量',
    'שם',
    '🧾',
    'é',
  ])('leaves %j as it is', (text) => {
    expect(printable(text)).toBe(text);
  });
});

describe('shortened', () => {
  test.each([
    { text: 'abc', length: 3, cut: 'abc' },
    { text: 'abcd', length: 3, cut: 'ab…' },
    { text: 'x'.repeat(300), length: 10, cut: 'xxxxxxxxx…' },
    { text: '', length: 3, cut: '' },
    { text: '🧾🧾🧾', length: 3, cut: '🧾🧾🧾' },
    { text: '🧾🧾🧾🧾', length: 3, cut: '🧾🧾…' },
  ])('cuts $text to $length characters', ({ text, length, cut }) => {
    expect(shortened(text, length)).toBe(cut);
  });
});

describe('counted', () => {
  test.each([
    { count: 0, text: '0 tables' },
    { count: 1, text: '1 table' },
    { count: 13, text: '13 tables' },
    { count: 12_345, text: '12,345 tables' },
  ])('says $text', ({ count, text }) => {
    expect(counted(count, 'table')).toBe(text);
  });
});
