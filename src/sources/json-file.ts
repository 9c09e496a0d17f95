import fs from 'node:fs';
import { promisify } from 'node:util';
import { MAX_FILE_BYTES } from '../model/file-size.ts';

/** Of ten thousand files those of `node:fs/promises` take twice the time. */
const readFile = promisify(fs.readFile);
const stat = promisify(fs.stat);

/** 15 levels of fields take 32; whatever walks a file may rely on this not to exhaust the stack. */
const MAX_DEPTH = 300;

/** Level by level, since a walk that calls itself is what this guards. */
function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      for (const child of Object.values(item))
        if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
  return false;
}

export type JsonRead = { readonly value: unknown; readonly text: string } | { readonly error: string };

/** What a file holds as JSON, or why it cannot be read. */
export async function readJson(path: string): Promise<JsonRead> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) {
      return {
        error: `has ${Math.ceil(size / 2 ** 20)} MB: an expected file holds one table, in at most ${MAX_FILE_BYTES / 2 ** 20} MB`,
      };
    }
    return parseJson(await readFile(path, 'utf8'));
  } catch (error) {
    return { error: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** A byte order mark is passed over. */
export function parseJson(text: string): JsonRead {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return isTooDeep(value) ? { error: `is nested deeper than ${MAX_DEPTH} levels` } : { value, text };
  } catch (error) {
    return { error: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
