import { visit } from 'jsonc-parser';
import type { Problem } from '../model/errors.ts';
import { jsonPath } from './shape-problems.ts';

/**
 * The keys that a JSON text has twice in one object, of which `JSON.parse` keeps the last without a word. `keys` is how
 * many there are in what it made of the text.
 */
export function duplicateKeys(text: string, keys: number): readonly Omit<Problem, 'file'>[] {
  // Each key ends so. What ends so and is no key is rare; then the text is looked at token by token, which is slow.
  if ((text.match(/"\s*:/g)?.length ?? 0) === keys) return [];
  const found: Omit<Problem, 'file'>[] = [];
  const objects: Map<string, number>[] = [];
  visit(text, {
    onObjectBegin: () => void objects.push(new Map()),
    onObjectEnd: () => void objects.pop(),
    onObjectProperty(key, _offset, _length, startLine, _column, pathSupplier) {
      const seen = objects.at(-1);
      const line = startLine + 1;
      const first = seen?.get(key);
      if (first === undefined) seen?.set(key, line);
      else
        found.push({
          path: jsonPath([...pathSupplier(), key]),
          message: `the key is there twice (lines ${first} and ${line}), and only the last would count: keep one`,
        });
    },
  });
  return found;
}
