import { describe, expect, test } from 'vitest';
import { code, codeBlock, escaped, link, owner } from '../../src/render/mrkdwn.ts';

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
      text: 'ALTER TABLE `d.t`\nADD COLUMN a ARRAY<INT64>',
      shown: '```ALTER TABLE ˋd.tˋ\nADD COLUMN a ARRAY&lt;INT64&gt;```',
    },
    { text: '```\n<!here>', shown: '```ˋˋˋ\n&lt;!here&gt;```' },
    { text: 'a\u001B[1m\nb\u202E', shown: '```a\uFFFD[1m\nb\uFFFD```' },
  ])('keeps the lines of $text and lets nothing else come of it', ({ text, shown }) => {
    expect(codeBlock(text, 100)).toBe(shown);
  });

  test('cuts to the length that is asked for', () => {
    expect(codeBlock('ab\ncdef', 11)).toBe('```ab\nc…```');
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
    { text: 'x'.repeat(300), shown: `owner ${'x'.repeat(79)}…` },
  ])('mentions nobody by $text', ({ text, shown }) => {
    expect(owner(text)).toBe(shown);
  });
});
