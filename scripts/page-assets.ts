import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';

/** What the page's script is made of, in the order in which the parts need each other. */
const SCRIPTS = ['page/filter.ts', 'page/page.ts'];

/** `src/page/assets.ts` as it must be; a test compares it. The sources stay readable, and the page small. */
export async function pageAssets(): Promise<string> {
  const sources = await Promise.all(SCRIPTS.map((file) => readFile(file, 'utf8')));
  const script = `(()=>{'use strict';\n${sources.map(tightScript).join('\n')}\n})()`;
  const style = tightStyle(await readFile('page/page.css', 'utf8'));
  return [
    '// Made of page/ by `npm run page`.',
    ...Object.entries({ STYLE: style, SCRIPT: script }).map(
      ([name, text]) => `export const ${name} = ${JSON.stringify(text)};`,
    ),
    '',
  ].join('\n');
}

/** As one script: without types, imports, exports, comments of their own lines and indentation. */
export function tightScript(source: string): string {
  const withoutComments = source.replace(/^\s*\/\*[\s\S]*?\*\/$/gm, '').replace(/^\s*\/\/.*$/gm, '');
  const withoutImports = withoutComments.replace(/^import [\s\S]*?;$/gm, '').replace(/^export /gm, '');
  return tightLines(stripTypeScriptTypes(withoutImports).replace(/ +$/gm, ''));
}

export function tightStyle(source: string): string {
  return tightLines(source.replace(/\/\*[\s\S]*?\*\//g, ''))
    .replace(/\n/g, '')
    .replace(/\s*([{};,])\s*/g, '$1')
    .replace(/: /g, ':');
}

function tightLines(text: string): string {
  return (
    text
      .split('\n')
      .map((line) => line.trim())
      // Where a type was there are blanks; where a text is they stay.
      .map((line) => (/['"`/]/.test(line) ? line : line.replace(/ +(?=[ ),])/g, '')))
      .filter((line) => line !== '')
      .join('\n')
  );
}
