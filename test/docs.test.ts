import { access, readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

test('every picture that README shows is there', async () => {
  const readme = await readFile('README.md', 'utf8');
  const pictures = [...readme.matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, path = '']) => path);
  expect(pictures.length).toBeGreaterThan(3);
  for (const path of pictures) await expect(access(path), path).resolves.toBeUndefined();
});

/** The kind that the recipe for a new one makes as its example. */
const EXAMPLE = 'test/cases/table-friendly-name/';

test('every file and folder of the project that the documents name is there', async () => {
  const documents = (await readdir('.')).filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md');
  const named = await Promise.all(
    documents.map(async (document) => {
      const text = await readFile(document, 'utf8');
      const paths = text.matchAll(
        /(?<![\w./-])((?:src|test|scripts|emulators|page|bench|demo|ops|docs)\/[\w./*-]*\w\/?)/g,
      );
      return [...paths].flatMap(([, path = '']) => (path.includes('*') || path === EXAMPLE ? [] : [path]));
    }),
  );
  const paths = new Set(named.flat());
  expect(paths.size).toBeGreaterThan(50);
  const gone = await Promise.all(
    [...paths].map((path) =>
      access(path).then(
        () => [],
        () => [path],
      ),
    ),
  );
  expect(gone.flat()).toEqual([]);
});
