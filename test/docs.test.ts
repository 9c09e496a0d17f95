import { access, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

test('every picture that README shows is there', async () => {
  const readme = await readFile('README.md', 'utf8');
  const pictures = [...readme.matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, path = '']) => path);
  expect(pictures.length).toBeGreaterThan(3);
  for (const path of pictures) await expect(access(path), path).resolves.toBeUndefined();
});
