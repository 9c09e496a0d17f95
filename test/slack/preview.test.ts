import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { codeBlock, quote } from '../../src/slack/mrkdwn.ts';
import type { SlackBlock } from '../../src/slack/payload.ts';
import { previewSlack } from '../../src/slack/preview.ts';

function section(text: string): SlackBlock {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}

function preview(...blocks: readonly SlackBlock[]): string {
  return previewSlack({ text: 'not shown', blocks }, { color: false });
}

describe('the preview of a message', () => {
  test('shows its blocks one beneath the other', () => {
    const context: SlackBlock = {
      type: 'context',
      elements: [
        { type: 'mrkdwn', text: '14 tables', verbatim: true },
        { type: 'mrkdwn', text: 'checked *now*', verbatim: true },
      ],
    };
    const header: SlackBlock = {
      type: 'header',
      text: { type: 'plain_text', text: 'Drift in <shop> & more' },
    };
    expect(preview(header, context, { type: 'divider' }, section('one\ntwo'))).toBe(`┃ Drift in <shop> & more
┃
┃ 14 tables
┃ checked now
┃
┃ ────────────────────────────────────────
┃
┃ one
┃ two
`);
  });

  test.each([
    { name: 'bold', text: '*breaks* all', shown: 'breaks all' },
    { name: 'italic', text: 'an _old_ one', shown: 'an old one' },
    { name: 'no italic amid a name', text: 'square_payments_old', shown: 'square_payments_old' },
    { name: 'code', text: 'field `a_b*c*` is', shown: 'field a_b*c* is' },
    { name: 'a link', text: '*<https://x.example/?a=1&amp;b=2|d.t>* · x', shown: 'd.t · x' },
    { name: 'a link without a label', text: '<https://x.example>', shown: 'https://x.example' },
    { name: 'a user', text: '<@U012AB3CD>', shown: '@U012AB3CD' },
    { name: 'a group', text: '<!subteam^S0PAYMENTS>', shown: '@S0PAYMENTS' },
    { name: 'everybody', text: '<!channel>', shown: '@channel' },
    { name: 'no mention, where it is text', text: '&lt;!channel&gt;', shown: '<!channel>' },
    { name: 'entities once', text: '&amp;lt;', shown: '&lt;' },
    { name: 'a bullet', text: '• *analytics*: access denied', shown: '• analytics: access denied' },
  ])('shows $name as Slack does', ({ text, shown }) => {
    expect(preview(section(text))).toBe(`┃ ${shown}\n`);
  });

  test('sets a code block in, as it is, without its fences', () => {
    const statement = 'ALTER TABLE `p.d.t`\n> *a* <@U1> _b_ & c;';
    expect(
      preview(section(`Would repair it:\n${codeBlock(statement, 200)}\n*after*`)),
    ).toBe(`┃ Would repair it:
┃     ALTER TABLE \`p.d.t\`
┃     > *a* <@U1> _b_ & c;
┃ after
`);
  });

  test('shows two code blocks of one section as two', () => {
    const text = [codeBlock('a *b*', 50), 'and *c*', codeBlock('d', 50)].join('\n');
    expect(preview(section(text))).toBe('┃     a *b*\n┃ and c\n┃     d\n');
  });

  test('shows a quotation with a bar before it', () => {
    const text = ['before', quote('stop writers <first>'), '&gt; no quotation'].join('\n');
    expect(preview(section(text))).toBe('┃ before\n┃ │ stop writers <first>\n┃ > no quotation\n');
  });

  test('has colours that change nothing else', () => {
    const blocks = [
      section(['*<https://x.example|d.t>* · <@U1>', quote('a `b`'), codeBlock('c', 50), '_d_'].join('\n')),
    ];
    const colored = previewSlack({ text: '', blocks }, { color: true });
    expect({ isColored: colored !== preview(...blocks), text: stripVTControlCharacters(colored) }).toEqual({
      isColored: true,
      text: preview(...blocks),
    });
  });

  test('shows that there is a control character and lets none through', () => {
    expect(preview(section('a\u001B[31mb\u202E'))).toBe('┃ a\uFFFD[31mb\uFFFD\n');
  });

  test('is as wide as the terminal, but for what is to be copied', () => {
    const statement = `ALTER TABLE ${'x'.repeat(60)};`;
    const blocks = [
      section(
        `one two three four five six seven eight nine ten\n${quote('a b c d e f g h i j k l m n o p q r s t u v w x y z')}`,
      ),
      section(codeBlock(statement, 200)),
    ];
    expect(
      previewSlack({ text: '', blocks }, { color: false, width: 42 }),
    ).toBe(`┃ one two three four five six seven eight
┃ nine ten
┃ │ a b c d e f g h i j k l m n o p q r s
┃ │ t u v w x y z
┃
┃     ${statement}
`);
  });

  test('is as wide with its colours as without', () => {
    const text = '*bold words* and `code` and <https://x.example|a link> and more words than fit one line';
    const shown = (color: boolean) =>
      previewSlack({ text: '', blocks: [section(text)] }, { color, width: 40 });
    expect(stripVTControlCharacters(shown(true))).toBe(shown(false));
  });
});
