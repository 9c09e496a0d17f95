import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalSql } from '../../src/metadata/sql.ts';
import { RUNS } from '../support/runs.ts';

/** A regular expression that never ends can be ended from outside alone. */
function canonicalInTime(query: string): string {
  return runInNewContext('canonicalSql(query)', { canonicalSql, query }, { timeout: 60_000 });
}

const SAME: readonly (readonly [name: string, one: string, other: string])[] = [
  ['line breaks and blanks', 'SELECT a,\n\tb\r\nFROM  t', 'SELECT a, b FROM t'],
  ['white space around it', '\n  SELECT 1 \n', 'SELECT 1'],
  ['white space within parentheses', 'SELECT f( a , b )', 'SELECT f(a,b)'],
  ['white space before a parenthesis', 'a IN (1, 2)', 'a IN(1,2)'],
  ['white space around a point', 'SELECT t . a FROM d . t', 'SELECT t.a FROM d.t'],
  ['white space around signs', 'a+b=c AND d<=e', 'a + b = c AND d <= e'],
  ['white space around a concatenation', "a||'x'||b", "a || 'x' || b"],
  ['white space around brackets', 'SELECT [1,2][OFFSET(0)]', 'SELECT [ 1, 2 ] [ OFFSET (0) ]'],
  ['white space within nested types', 'ARRAY<STRUCT<a INT64>>', 'ARRAY < STRUCT < a INT64 > >'],
  ['white space around a minus', 'SELECT a-1', 'SELECT a - 1'],
  ['white space before a semicolon', 'SELECT 1 ;', 'SELECT 1;'],
  ['white space beside a literal', "SELECT 'a'AS b", "SELECT  'a'  AS  b"],
  ['white space beside a triple-quoted literal', 'SELECT"""a"""AS b', 'SELECT """a""" AS b'],
  ['white space beside a quoted name', 'SELECT * FROM`p.d.t`AS t', 'SELECT * FROM\n`p.d.t` AS t'],
  ['white space before a line comment', 'SELECT 1 -- one\nFROM t', 'SELECT 1\n\n-- one\n   FROM t'],
  ['white space after a line comment', 'SELECT 1 # one  \r\nFROM t', 'SELECT 1 # one\nFROM t'],
  ['white space around a block comment', 'SELECT/* one */1', 'SELECT /* one */ 1'],
  ['a line comment at the end with and without a line break', 'SELECT 1 -- one', 'SELECT 1 -- one\n'],
  ['no query at all', '', ' \n\t'],
];

const DIFFERENT: readonly (readonly [name: string, one: string, other: string])[] = [
  ["blanks in '…'", "SELECT 'a  b'", "SELECT 'a b'"],
  ["a blank before the end of '…'", "SELECT 'a '", "SELECT 'a'"],
  ["a tab and a blank in '…'", "SELECT 'a\tb'", "SELECT 'a b'"],
  ['blanks in "…"', 'SELECT "a  b"', 'SELECT "a b"'],
  ["blanks in '''…'''", "SELECT '''a  b'''", "SELECT '''a b'''"],
  ["a line break and a blank in '''…'''", "SELECT '''a\nb'''", "SELECT '''a b'''"],
  ['blanks in """…"""', 'SELECT """a  b"""', 'SELECT """a b"""'],
  ['a line break and a blank in """…"""', 'SELECT """a\nb"""', 'SELECT """a b"""'],
  ['blanks after a quote inside """…"""', 'SELECT """a"  "b"""', 'SELECT """a" "b"""'],
  ['blanks after two quotes inside """…"""', 'SELECT """a""  b"""', 'SELECT """a"" b"""'],
  ['blanks in a raw literal', "SELECT r'a  b'", "SELECT r'a b'"],
  ['blanks after a backslash in a raw literal', "SELECT r'\\'  b'", "SELECT r'\\' b'"],
  ['blanks in a raw triple-quoted literal', 'SELECT R"""\\"""  b"""', 'SELECT R"""\\""" b"""'],
  ['blanks in a literal of bytes', "SELECT b'a  b'", "SELECT b'a b'"],
  ['blanks in a raw literal of bytes', 'SELECT rb"a  b"', 'SELECT rb"a b"'],
  ['blanks in a literal of bytes, raw', "SELECT Br'''a  b'''", "SELECT Br'''a b'''"],
  ['a raw literal and a name before a literal', "SELECT r'a'", "SELECT r 'a'"],
  ['a raw literal and a plain one', "SELECT r'a'", "SELECT 'a'"],
  ['blanks in a quoted name', 'SELECT `a  b`', 'SELECT `a b`'],
  ['a quoted name with a blank at its end', 'SELECT `a `', 'SELECT `a`'],
  ['blanks after an escaped backtick', 'SELECT `a\\`  b`', 'SELECT `a\\` b`'],
  ['blanks in a comment of dashes', 'SELECT 1 -- a  b', 'SELECT 1 -- a b'],
  ['blanks in a comment of a hash', 'SELECT 1 # a  b', 'SELECT 1 # a b'],
  ['blanks in a comment between /* and */', 'SELECT 1 /* a  b */', 'SELECT 1 /* a b */'],
  ['what a comment hides', 'SELECT 1 -- one\n, 2', 'SELECT 1 -- one , 2'],
  ['what a comment of a hash hides', 'SELECT 1 # one\n, 2', 'SELECT 1 # one , 2'],
  ['two minuses and a comment', 'SELECT 1 - -1', 'SELECT 1 --1'],
  ['two minuses in two lines and a comment', 'SELECT 1 -\n-1', 'SELECT 1 --1'],
  ['dashes in a literal and a comment', "SELECT '--'  , 1", "SELECT '-- ' , 1"],
  ['a quote in a comment and what follows it', "SELECT 1 -- it's\n, 'a  b'", "SELECT 1 -- it's\n, 'a b'"],
  ['blanks after an escaped quote', "SELECT 'it\\'s  a'", "SELECT 'it\\'s a'"],
  ['blanks after an escaped double quote', 'SELECT "a\\"  b"', 'SELECT "a\\" b"'],
  ['blanks after an escaped backslash and an end', "SELECT '\\\\', '  a'", "SELECT '\\\\', ' a'"],
  ['blanks after an escaped triple quote', 'SELECT """a\\"""  b"""', 'SELECT """a\\""" b"""'],
  ['blanks after a quote of the other sort', 'SELECT "it\'s  a"', 'SELECT "it\'s a"'],
  ['one word and two', 'SELECT ab', 'SELECT a b'],
  ['one number and two', 'SELECT 12', 'SELECT 1 2'],
  ['two signs and one', 'a < = b', 'a <= b'],
  ['letter cases', 'SELECT a', 'select a'],
  ['a name and the same name in backticks', 'SELECT a', 'SELECT `a`'],
];

const UNTERMINATED: readonly (readonly [name: string, query: string])[] = [
  ["'…", `SELECT '${'a '.repeat(20_000)}`],
  ['"…', `SELECT "${'a\\" '.repeat(20_000)}`],
  ['`…', `SELECT \`${'a\\` '.repeat(20_000)}`],
  ["'''…", `SELECT '''${"a ' ".repeat(20_000)}`],
  ['"""…', `SELECT """${'a " '.repeat(20_000)}`],
  ["'''… with escapes", `SELECT '''${'\\d '.repeat(60)}`],
  ['"""… with escapes', `SELECT REGEXP_CONTAINS(a, r"""${'\\d+\\.'.repeat(30)}")`],
  ['"""… with backslashes', `SELECT """${'\\'.repeat(120)}`],
  ['/*…', `SELECT /* ${'a * '.repeat(20_000)}`],
  ['many /*', '/* '.repeat(5000)],
  ['a backslash at the end of all', "SELECT '\\"],
];

describe('canonicalSql', () => {
  test.each(SAME)('is the same for %s', (_, one, other) => {
    expect(canonicalSql(one)).toBe(canonicalSql(other));
    expect(one).not.toBe(other);
  });

  test.each(DIFFERENT)('keeps apart %s', (_, one, other) => {
    expect(canonicalSql(one)).not.toBe(canonicalSql(other));
  });

  test('says a query on as few lines as its comments and literals need', () => {
    const query = `
      SELECT COUNT( * ) AS n, -- all  of them
             r'\\d  ' , """a
  b"""
      FROM \`p.d.my  table\` /* kept  */
      WHERE a<=-1 ;
    `;
    expect(canonicalSql(query)).toBe(
      'SELECT COUNT(*) AS n, -- all  of them\nr\'\\d  \', """a\n  b""" FROM `p.d.my  table` /* kept  */ WHERE a <= - 1;',
    );
  });

  test.each([...SAME, ...DIFFERENT])('is settled after once: %s', (_, one, other) => {
    for (const query of [one, other]) {
      expect(canonicalSql(canonicalSql(query))).toBe(canonicalSql(query));
    }
  });

  test.each(UNTERMINATED)('ends where %s does not', (_, query) => {
    expect(typeof canonicalInTime(query)).toBe('string');
  });

  test.each([
    ['a literal', `SELECT '${'a '.repeat(500_000)}'`],
    ['a triple-quoted literal', `SELECT """${'a\\n'.repeat(350_000)}"""`],
    ['a comment', `SELECT 1 /* ${'a '.repeat(500_000)} */`],
    ['a list', `SELECT ${'a, '.repeat(300_000)}b`],
  ])('reads the longest query that BigQuery takes: %s of a megabyte', (_, query) => {
    expect(canonicalInTime(query)).toHaveLength(query.length);
  });
});

const words = fc.constantFrom('SELECT', 'a', '_b1', 'r', 'b', 'rb', '1', '1e5', 'FROM');
const signs = fc.constantFrom('+', '-', '*', '=', '<=', '>=', '!=', '<>', '=>', '||', '<', '>', '@', '?');
const stops = fc.constantFrom('(', ')', ',', ';', '[', ']');
/** What stands between its quotes; escapes are whole. */
const inside = (quote: string) =>
  fc
    .array(
      fc.constantFrom('a', ' ', '  ', '--', '#', '/*', '*/', '\\\\', `\\${quote}`, '\\n', '(', '😀', 'é'),
      { maxLength: 6 },
    )
    .map((parts) => parts.join(''));
const literal = fc.oneof(
  ...["'", '"', '`', "'''", '"""'].map((quote) =>
    inside(quote.slice(0, 1)).map((content) => `${quote}${content}${quote}`),
  ),
  inside("'").map((content) => `r'${content}'`),
  inside('"').map((content) => `RB"""${content}"""`),
  fc.constantFrom("'''a\n b'''", '"""\n"""', "'''it's  '''"),
);
const comment = fc.oneof(
  fc.constantFrom('-- a  b', "# it's", '--', '#'),
  fc.constantFrom('/* a  b */', '/**/', '/* -- \n */', "/* ' */"),
);
const token = fc.oneof(words, signs, stops, literal, comment);
const blanks = fc.stringMatching(/^[ \t\r\n]{1,4}$/);

/** A line comment ends with its line, so what follows it needs a new one. */
function written(tokens: readonly string[], between: readonly string[]): string {
  return tokens
    .map((part, index) => {
      const gap = between[index % Math.max(between.length, 1)] ?? ' ';
      return /^(--|#)/.test(part) ? `${part}\n${gap}` : part + gap;
    })
    .join('');
}

describe('any query', () => {
  const tokens = fc.array(token, { maxLength: 12 });

  test('is the same whatever white space stands between its tokens', () => {
    fc.assert(
      fc.property(tokens, fc.array(blanks), fc.array(blanks), (parts, some, others) => {
        expect(canonicalSql(written(parts, some))).toBe(canonicalSql(written(parts, others)));
      }),
      RUNS,
    );
  });

  test('keeps every token as it is, and nothing but blanks and line breaks between them', () => {
    fc.assert(
      fc.property(tokens, (parts) => {
        let rest = canonicalSql(written(parts, []));
        for (const part of parts) {
          expect(rest.trimStart().startsWith(part)).toBe(true);
          rest = rest.trimStart().slice(part.length);
        }
        expect(rest).toBe('');
      }),
      RUNS,
    );
  });

  test('is settled after once', () => {
    fc.assert(
      fc.property(tokens, fc.array(blanks), (parts, between) => {
        const once = canonicalSql(written(parts, between));
        expect(canonicalSql(once)).toBe(once);
      }),
      RUNS,
    );
  });

  test('of other tokens is another', () => {
    fc.assert(
      fc.property(tokens, tokens, (parts, others) => {
        fc.pre(parts.join('\n') !== others.join('\n'));
        expect(canonicalSql(written(parts, []))).not.toBe(canonicalSql(written(others, [])));
      }),
      RUNS,
    );
  });

  test('ends, whatever it is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^['"`\\rb/*\-# \na(.]{0,40}$/), (query) => {
        expect(typeof canonicalInTime(query)).toBe('string');
      }),
      RUNS,
    );
  });
});

/** Were each part tried from anew, half a million of them would take longer than any test may. */
test.each([
  ['a comment', '', '/*', 1_333_332],
  ['a quoted name', '`', '\\`', 1_000_001],
  ['a literal', '"', '\\"', 1_000_001],
  ['a literal of three quotes', '"""', '\\"""', 2_000_003],
  ['a run of white space', 'a', ' ', 1],
])('%s that is never closed is read to its end, however long it is', (_, start, part, length) => {
  expect(canonicalSql(start + part.repeat(500_000))).toHaveLength(length);
});
