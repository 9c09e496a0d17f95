import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { code, codeBlock, escaped, fitted, link, owner, quote } from '../../src/slack/mrkdwn.ts';
import { RUNS } from '../support/runs.ts';

describe('escaped', () => {
  test.each([
    { text: '<!channel>', shown: '&lt;!channel&gt;' },
    { text: '<https://evil.example|id>', shown: '&lt;https://evil.example|id&gt;' },
    { text: 'ARRAY<STRUCT<a INT64>>', shown: 'ARRAY&lt;STRUCT&lt;a INT64&gt;&gt;' },
    { text: 'net & gross', shown: 'net &amp; gross' },
    { text: '&lt;!here&gt;', shown: '&amp;lt;!here&amp;gt;' },
    { text: 'a\n> quoted', shown: 'a\uFFFD&gt; quoted' },
    { text: 'x\u202Eyz', shown: 'x\uFFFDyz' },
    { text: '\u001B[2J', shown: '\uFFFD[2J' },
    { text: 'a|b', shown: 'a|b' },
    { text: '```', shown: 'ˋˋˋ' },
    { text: 'a ````` b', shown: 'a ˋˋˋˋˋ b' },
    { text: '`a` and ``b``', shown: '`a` and ``b``' },
  ])('lets nothing come of $text', ({ text, shown }) => {
    expect(escaped(text)).toBe(shown);
  });
});

describe('code', () => {
  test.each([
    { text: 'created_at', shown: '`created_at`' },
    { text: '` <!channel> `', shown: '`ˋ &lt;!channel&gt; ˋ`' },
    { text: '```', shown: '`ˋˋˋ`' },
    { text: 'a\nb', shown: '`a\uFFFDb`' },
    { text: 'a&b', shown: '`a&amp;b`' },
    { text: 'x'.repeat(300), shown: `\`${'x'.repeat(119)}…\`` },
    { text: '&'.repeat(300), shown: `\`${'&amp;'.repeat(119)}…\`` },
  ])('sets $text as code that ends where it should', ({ text, shown }) => {
    expect(code(text)).toBe(shown);
  });

  test('cuts to the length that is asked for', () => {
    expect(code('abcdef', 4)).toBe('`abc…`');
  });
});

describe('codeBlock', () => {
  test.each([
    {
      name: 'single backticks, so that a copied statement runs',
      text: 'ALTER TABLE `p.d.t`\nADD COLUMN a ARRAY<INT64>;',
      shown: '```\nALTER TABLE `p.d.t`\nADD COLUMN a ARRAY&lt;INT64&gt;;\n```',
    },
    { name: 'two backticks', text: 'a `` b', shown: '```\na `` b\n```' },
    {
      name: 'no line of three, which would end it',
      text: '```\n<!here>',
      shown: '```\nˋˋˋ\n&lt;!here&gt;\n```',
    },
    { name: 'no three amid a line', text: "SELECT '```'", shown: "```\nSELECT 'ˋˋˋ'\n```" },
    { name: 'no more than three', text: 'a`````b', shown: '```\naˋˋˋˋˋb\n```' },
    { name: 'no terminal escape', text: 'a\u001B[1m\nb\u202E', shown: '```\na\uFFFD[1m\nb\uFFFD\n```' },
    { name: 'empty lines', text: 'a\n\nb', shown: '```\na\n\nb\n```' },
    { name: 'what looks like a quotation', text: '> a', shown: '```\n&gt; a\n```' },
  ])('keeps $name', ({ text, shown }) => {
    expect(codeBlock(text, 100)).toBe(shown);
  });

  test.each([
    { text: 'ab\ncdef', length: 13, cut: '```\nab\nc…\n```' },
    { text: 'ab\ncdef', length: 15, cut: '```\nab\ncdef\n```' },
    { text: '&&&&', length: 18, cut: '```\n&amp;…\n```' },
    { text: '😀😀😀', length: 12, cut: '```\n😀…\n```' },
  ])('cuts $text to $length characters, and ends all the same', ({ text, length, cut }) => {
    expect(codeBlock(text, length)).toBe(cut);
  });

  test('has no backticks in it but its own that could end it, whatever the text', () => {
    const part = fc.constantFrom('`', '``', '```', '\n', 'x', '<', '&', '😀', ' ');
    fc.assert(
      fc.property(fc.array(part), fc.integer({ min: 12, max: 60 }), (parts, length) => {
        const block = codeBlock(parts.join(''), length);
        expect({
          fences: block.split('```').length - 1,
          isWhole: block.startsWith('```\n') && block.endsWith('\n```'),
          fits: block.length <= length,
        }).toEqual({ fences: 2, isWhole: true, fits: true });
      }),
      RUNS,
    );
  });
});

describe('quote', () => {
  test.each([
    { text: 'stop writers first', shown: '> stop writers first' },
    { text: 'a\n<!channel> & b', shown: '> a\uFFFD&lt;!channel&gt; &amp; b' },
    { text: '> a', shown: '> &gt; a' },
    { text: '```drop```', shown: '> ˋˋˋdropˋˋˋ' },
  ])('sets off $text as one line of text', ({ text, shown }) => {
    expect(quote(text)).toBe(shown);
  });
});

describe('fitted', () => {
  test.each([
    { text: 'abc', length: 3, cut: 'abc' },
    { text: 'abcd', length: 3, cut: 'ab…' },
    { text: 'a&amp;b', length: 5, cut: 'a…' },
    { text: 'a&amp;b', length: 7, cut: 'a&amp;b' },
    { text: 'a&lt;bc', length: 6, cut: 'a&lt;…' },
    { text: '😀😀', length: 3, cut: '😀…' },
    { text: 'a😀😀', length: 4, cut: 'a😀…' },
    { text: 'a😀😀', length: 3, cut: 'a…' },
  ])('cuts $text to $length characters, and no entity or letter in half', ({ text, length, cut }) => {
    expect(fitted(text, length)).toBe(cut);
  });
});

describe('link', () => {
  test.each([
    { url: 'https://runbooks.example/a', label: 'runbook', shown: '<https://runbooks.example/a|runbook>' },
    {
      url: 'https://x.example/?a=1&b=2',
      label: 'a & b',
      shown: '<https://x.example/?a=1&amp;b=2|a &amp; b>',
    },
    { url: 'https://x.example/a|b', label: 'a|b', shown: '<https://x.example/a%7Cb|a¦b>' },
    {
      url: 'https://x.example/a>b',
      label: '<!channel>',
      shown: '<https://x.example/a%3Eb|&lt;!channel&gt;>',
    },
    {
      url: 'https://x.example/?q=>|<!here>',
      label: 'a\nb',
      shown: '<https://x.example/?q=%3E%7C%3C!here%3E|a\uFFFDb>',
    },
    { url: 'https://x.example/```', label: '```', shown: '<https://x.example/%60%60%60|ˋˋˋ>' },
  ])('to $url is one link labelled $label', ({ url, label, shown }) => {
    expect(link(url, label)).toBe(shown);
  });

  test('to what is no address is a mistake of ours', () => {
    expect(() => link('not an address', 'x')).toThrow(TypeError);
  });
});

describe('owner', () => {
  test.each(['<!subteam^S0PAYMENTS>', '<@U012AB3CD>', '<@W012AB3CD>'])('mentions %s', (text) => {
    expect(owner(text)).toBe(text);
  });

  test.each([
    { text: 'data team', shown: 'owner data team' },
    { text: '<!channel>', shown: 'owner &lt;!channel&gt;' },
    { text: '<!here>', shown: 'owner &lt;!here&gt;' },
    { text: '<!everyone>', shown: 'owner &lt;!everyone&gt;' },
    { text: '<!subteam^S1> <!channel>', shown: 'owner &lt;!subteam^S1&gt; &lt;!channel&gt;' },
    { text: '<@U1>\n<!channel>', shown: 'owner &lt;@U1&gt;\uFFFD&lt;!channel&gt;' },
    { text: '<@U1>\n', shown: 'owner &lt;@U1&gt;\uFFFD' },
    { text: '<@u1>', shown: 'owner &lt;@u1&gt;' },
    { text: '<#C123>', shown: 'owner &lt;#C123&gt;' },
    { text: '```', shown: 'owner ˋˋˋ' },
    { text: 'x'.repeat(300), shown: `owner ${'x'.repeat(79)}…` },
  ])('mentions nobody by $text', ({ text, shown }) => {
    expect(owner(text)).toBe(shown);
  });
});
