import { isUtf8 } from 'node:buffer';
import { brokenJson } from '../../files/broken-json.ts';
import { duplicateKeys } from '../../files/duplicate-keys.ts';
import type { Problem } from '../../model/errors.ts';
import { MAX_FILE_BYTES } from '../../model/file-size.ts';
import { NotRegularError, readRegularFile, TooLargeError } from './regular-file.ts';

/** 15 levels of fields take 32; whatever walks a file may rely on this not to exhaust the stack. */
const MAX_DEPTH = 300;

interface Shape {
  readonly isTooDeep: boolean;
  /** Of all objects in it. */
  readonly keys: number;
}

/** Level by level, since a walk that calls itself is what this guards. */
function shapeOf(value: unknown): Shape {
  let keys = 0;
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return { isTooDeep: true, keys };
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      const children = Object.values(item);
      if (!Array.isArray(item)) keys += children.length;
      for (const child of children) if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
  return { isTooDeep: false, keys };
}

type ReadProblem = Omit<Problem, 'file'>;

export type JsonRead =
  | { readonly value: unknown; readonly text: string }
  /** At least one. */
  | { readonly problems: readonly [ReadProblem, ...ReadProblem[]] };

/** What a file holds as JSON, or why it cannot be read. */
export async function readJson(path: string): Promise<JsonRead> {
  try {
    return parseBytes(await readRegularFile(path, MAX_FILE_BYTES));
  } catch (error) {
    return unusable(whyUnreadable(error));
  }
}

function whyUnreadable(error: unknown): string {
  if (error instanceof TooLargeError)
    return `has ${Math.ceil(error.bytes / 2 ** 20)} MB: an expected file holds one table, in at most ${MAX_FILE_BYTES / 2 ** 20} MB`;
  if (error instanceof NotRegularError)
    return 'is no regular file (a pipe, a device or a folder): put a file in its place';
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

function parseBytes(bytes: Buffer): JsonRead {
  const utf16 = utf16Problem(bytes);
  if (utf16 !== null) return unusable(utf16);
  // Decoded all the same, what is no UTF-8 would become U+FFFD, and be told as a difference.
  if (!isUtf8(bytes)) return unusable('is not UTF-8: save it as UTF-8');
  return parseJson(bytes.toString('utf8'));
}

/** JSON begins with an ASCII character, which has a zero byte beside it in UTF-16. */
function utf16Problem([first, second]: Uint8Array): string | null {
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (!isMarked && first !== 0 && second !== 0) return null;
  return 'is not UTF-8 but UTF-16, as > writes it in Windows PowerShell 5: save it as UTF-8 (there: | Out-File -Encoding utf8)';
}

/** A byte order mark is passed over. */
export function parseJson(text: string): JsonRead {
  const plain = text.replace(/^\uFEFF/, '');
  if (plain.trim() === '') return unusable('is empty');
  let value: unknown;
  try {
    value = JSON.parse(plain);
  } catch (error) {
    return unusable(brokenJson(plain, error));
  }
  const { isTooDeep, keys } = shapeOf(value);
  if (isTooDeep) return unusable(`is nested deeper than ${MAX_DEPTH} levels`);
  const [first, ...others] = duplicateKeys(plain, keys);
  return first === undefined ? { value, text } : { problems: [first, ...others] };
}

function unusable(message: string): JsonRead {
  return { problems: [{ path: '$', message }] };
}

/** Why a file cannot be used, as one clause that follows its name. */
export function problemText({ problems }: Extract<JsonRead, { problems: unknown }>): string {
  const [{ path, message }, ...others] = problems;
  const what = path === '$' ? message : `says ${path} more than once`;
  return `${what}${others.length === 0 ? '' : ` (and ${others.length} more)`}`;
}
