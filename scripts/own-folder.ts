import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DriftError } from '../src/model/errors.ts';

/** A folder that a script makes, and makes again. */
export interface OwnFolder {
  /** Its name in package.json. */
  readonly script: string;
  /** Whether it makes an entry of this name directly in the folder. */
  readonly makes: (name: string) => boolean;
  /** Entries that others put there, and that are left alone. */
  readonly leaves?: readonly string[];
  /** Whether it made the folder before there were marker files; told by what is in it. */
  readonly isEarlier?: (folder: string) => Promise<boolean>;
}

/** The file that says whose folder it is. */
export function markerOf({ script }: Pick<OwnFolder, 'script'>): string {
  return `.made-by-npm-run-${script}`;
}

/**
 * Makes the folder ready to be written: it is there, has the marker file, and nothing of an earlier run. A folder that this
 * script did not make, or that has something else in it, is left as it is.
 * @returns the whole path
 * @throws DriftError `NotWritable`
 */
export async function takeFolder(named: string, own: OwnFolder): Promise<string> {
  const folder = resolve(named);
  const entries = await entriesOf(folder);
  const marker = markerOf(own);
  if (entries.length > 0) {
    const isOwn = entries.includes(marker) || (await own.isEarlier?.(folder)) === true;
    if (!isOwn) throw refused(folder, `is not empty, and npm run ${own.script} did not make it`);
    const others = entries.filter((name) => name !== marker && !own.makes(name) && !isLeft(own, name));
    if (others.length > 0)
      throw refused(folder, `has what npm run ${own.script} did not make (${listed(others)})`);
  }
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, marker),
      `npm run ${own.script} makes this folder, and makes it anew each time: keep nothing else in it.\n`,
    );
    // Of a link the link alone goes.
    for (const name of entries.filter(own.makes)) await rm(join(folder, name), { recursive: true });
  } catch (cause) {
    throw new DriftError('NotWritable', `cannot write to ${folder}: ${reasonOf(cause)}`, { cause });
  }
  return folder;
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : null;
    if (code === 'ENOENT' && !(await isThere(folder))) return [];
    if (code === 'ENOENT') throw refused(folder, 'is a symbolic link to nothing');
    if (code === 'ENOTDIR') throw refused(folder, 'is, or lies in, a file');
    throw refused(folder, `cannot be read (${reasonOf(cause)})`);
  }
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function isLeft({ leaves = [] }: OwnFolder, name: string): boolean {
  // macOS puts it into each folder that is looked at.
  return name === '.DS_Store' || leaves.includes(name);
}

const MAX_LISTED = 3;

function listed(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return [...names.slice(0, MAX_LISTED), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function refused(folder: string, why: string): DriftError {
  return new DriftError(
    'NotWritable',
    `${folder} ${why}: nothing was changed; name a new or empty folder with --out`,
  );
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}
