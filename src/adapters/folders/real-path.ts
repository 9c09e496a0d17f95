import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';

/** Where a path leads, also of one that is not there yet. */
export async function realPathOf(named: string): Promise<string> {
  const path = resolve(named);
  return realpath(path).catch(async () =>
    dirname(path) === path ? path : join(await realPathOf(dirname(path)), basename(path)),
  );
}

/** Whether a path is a folder itself, or lies beneath it; of real paths. */
export function isWithin(folder: string, path: string): boolean {
  const [first] = relative(folder, path).split(sep);
  return first !== '..';
}
