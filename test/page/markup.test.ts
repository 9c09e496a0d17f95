import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { html, joinedBy, lines } from '../../src/page/markup.ts';
import { RUNS } from '../support/runs.ts';

describe('html', () => {
  test.each([
    { name: 'a tag', part: '<img src=x>', shown: '&lt;img src=x&gt;' },
    { name: 'quotes', part: `"'`, shown: '&quot;&#39;' },
    { name: 'an entity', part: '&lt;', shown: '&amp;lt;' },
    { name: 'a right-to-left override', part: 'a\u202Eb', shown: 'a\uFFFDb' },
    { name: 'a terminal escape and a line break', part: 'a\u001Bb\nc', shown: 'a\uFFFDb\uFFFDc' },
    { name: 'half a pair', part: 'a\uD83Db', shown: 'a\uFFFDb' },
    { name: 'a number', part: 1000, shown: '1000' },
    { name: 'nothing', part: null, shown: '' },
    { name: 'a list', part: ['<', 'b'], shown: '&lt;b' },
  ])('shows $name and is none', ({ part, shown }) => {
    expect(html`<p title="${part}">${part}</p>`.html).toBe(`<p title="${shown}">${shown}</p>`);
  });

  test('leaves markup as it is, in lists too', () => {
    expect(html`<p>${html`<b>${'<'}</b>`}${[html`<i></i>`, 'x']}</p>`.html).toBe(
      '<p><b>&lt;</b><i></i>x</p>',
    );
  });

  test('leaves out the line breaks of the template, and none of a text', () => {
    const pre = lines('a\n  b\u202E');
    expect(
      html`
      <p>
        ${'x'} y
      </p>
      <pre>${pre}</pre>`.html,
    ).toBe('<p>x y</p><pre>a\n  b\uFFFD</pre>');
  });

  test('lets no text be more than text, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(html`${text}`.html).not.toMatch(
          /[<>"']|&(?!(?:amp|lt|gt|quot|#39);)|[\u202A-\u202E\u2066-\u2069]/,
        );
      }),
      RUNS,
    );
  });
});

test('joinedBy sets a separator between, escaped as well', () => {
  expect(joinedBy(' & ', ['a', html`<b>b</b>`]).html).toBe('a &amp; <b>b</b>');
  expect(joinedBy(', ', []).html).toBe('');
});
