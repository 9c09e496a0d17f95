import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bundled, pageAssets } from '../../scripts/page-assets.ts';
import { SCRIPT, STYLE } from '../../src/page/assets.ts';
import { writeFolder } from '../support/folder.ts';

test('what the page is made of is that of page/ (npm run page writes it anew)', async () => {
  expect(await readFile('src/page/assets.ts', 'utf8')).toBe(pageAssets());
});

test('nothing of it ends the element in which it stands', () => {
  expect(`${STYLE}${SCRIPT}`).not.toMatch(/<\/(?:script|style)/i);
});

describe('a script made tight', () => {
  test('is the same without types, imports, exports, comments and indentation', async () => {
    const folder = await writeFolder({
      'a.ts': '/* Where it is from. */\nexport const a: number = 2;\n',
      'page.ts': [
        "import { a } from './a.ts';",
        '/** What it',
        ' * is. */',
        'export function twice(n: number, m: string): string {',
        '  // Not for the page.',
        "  return n * a + '  //  ' + '/* kept */ é' + m;",
        '}',
        "document.title = twice(1, '</script>');",
      ].join('\n'),
    });
    expect(bundled(join(folder, 'page.ts'))).toBe(
      '(()=>{var a=2;function twice(n,m){return n*a+"  //  /* kept */ é"+m}document.title=twice(1,"<\\/script>");})();',
    );
  });
});

test('a style made tight is the same without comments and white space', async () => {
  const folder = await writeFolder({
    'page.css': '/* Why. */\n.a > b,\n.c {\n  color: red;\n  margin: 0 calc(1px + 2px);\n}\n',
  });
  expect(bundled(join(folder, 'page.css'))).toBe('.a>b,.c{color:red;margin:0 calc(1px + 2px)}');
});
