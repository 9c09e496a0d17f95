import { readFile } from 'node:fs/promises';

/** 15 levels of fields take 32; whatever walks a file may rely on this not to exhaust the stack. */
const MAX_DEPTH = 300;

/** Level by level, since a walk that calls itself is what this guards. */
function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}

/** What a file holds as JSON, or why it cannot be read; a byte order mark is passed over. */
export async function readJson(
  path: string,
): Promise<{ readonly value: unknown } | { readonly error: string }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return { error: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return isTooDeep(value) ? { error: `is nested deeper than ${MAX_DEPTH} levels` } : { value };
  } catch (error) {
    return { error: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
