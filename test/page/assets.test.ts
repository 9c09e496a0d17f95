import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { pageAssets, tightScript, tightStyle } from '../../scripts/page-assets.ts';

test('what the page is made of is that of page/ (npm run page writes it anew)', async () => {
  expect(await readFile('src/page/assets.ts', 'utf8')).toBe(await pageAssets());
});

describe('a script made tight', () => {
  test('is the same without types, imports, exports, comments and indentation', () => {
    const source = [
      "import { a } from './a.ts';",
      '/** What it',
      ' * is. */',
      'export function twice(n: number, m: string): string {',
      '  // Not for the page.',
      "  return n + '  //  ' + '/* kept */';",
      '}',
    ].join('\n');
    expect(tightScript(source)).toBe(
      ['function twice(n, m) {', "return n + '  //  ' + '/* kept */';", '}'].join('\n'),
    );
  });
});

test('a style made tight is the same without comments and white space', () => {
  const source = '/* Why. */\n.a > b,\n.c {\n  color: red;\n  margin: 0 calc(1px + 2px);\n}\n';
  expect(tightStyle(source)).toBe('.a > b,.c{color:red;margin:0 calc(1px + 2px);}');
});
