import { buildSync } from 'esbuild';

/** `src/page/assets.ts` as it must be; a test compares it. */
export function pageAssets(): string {
  return [
    '// Made of page/ by `npm run page`.',
    ...Object.entries({ STYLE: bundled('page/page.css'), SCRIPT: bundled('page/page.ts') }).map(
      ([name, text]) => `export const ${name} = ${JSON.stringify(text)};`,
    ),
    '',
  ].join('\n');
}

/** A script or a style with all that it imports, as one text. The page stays small, and names what they are in its source. */
export function bundled(file: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2024',
    charset: 'utf8',
    legalComments: 'none',
    minifyWhitespace: true,
  });
  return outputFiles.map(({ text }) => text.trim()).join('');
}
