import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DriftError } from '../model/errors.ts';

/** One dataset of a folder laid out as `<dataset>.json` and `<dataset>/<table>.json`. */
export interface DatasetFolder {
  readonly dataset: string;
  /** Whether `<dataset>.json` is there. */
  readonly hasFile: boolean;
  /** Table ids that have a file, in order. */
  readonly tables: readonly string[];
}

export interface Folder {
  readonly datasets: readonly DatasetFolder[];
  /** What has no place in the layout, relative to the folder, and why. */
  readonly strangers: readonly { readonly file: string; readonly message: string }[];
}

/** A hyphen cannot occur in a dataset's name, so this is never a dataset's file. */
export const POLICY_FILE = 'drift-policy.json';

/** @throws DriftError `NoSuchFolder` */
export async function listFolder(root: string): Promise<Folder> {
  const entries = await entriesOf(root).catch((cause: unknown) => {
    throw new DriftError('NoSuchFolder', `no such folder, or not readable: ${root}`, { cause });
  });
  const files = entries.filter(({ name, kind }) => kind === 'file' && isJson(name) && name !== POLICY_FILE);
  const folders = entries.filter(({ kind }) => kind === 'folder').map(({ name }) => name);
  const withFile = new Set(files.map(({ name }) => withoutJson(name)));
  const names = [...new Set([...folders, ...withFile])].sort();
  const strangers = entries
    .filter(({ kind }) => kind === 'link')
    .map(({ name }) => ({ file: name, message: NO_LINKS }));
  const datasets: DatasetFolder[] = [];
  for (const dataset of names) {
    const inside = folders.includes(dataset) ? await entriesOf(join(root, dataset)) : [];
    for (const { name, kind } of inside) {
      if (kind !== 'file')
        strangers.push({ file: `${dataset}/${name}`, message: kind === 'link' ? NO_LINKS : NO_FOLDERS });
    }
    const tables = inside.filter(({ name, kind }) => kind === 'file' && isJson(name));
    datasets.push({
      dataset,
      hasFile: withFile.has(dataset),
      tables: tables.map(({ name }) => withoutJson(name)).sort(),
    });
  }
  return { datasets, strangers };
}

const NO_FOLDERS = 'a folder inside a dataset has no meaning: one file per table';
/** A link may lead out of what is under review. */
const NO_LINKS = 'a symbolic link is not followed: put the file itself here';

interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link';
}

async function entriesOf(path: string): Promise<readonly Entry[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry): Entry => {
      if (entry.isSymbolicLink()) return { name: entry.name, kind: 'link' };
      return { name: entry.name, kind: entry.isDirectory() ? 'folder' : 'file' };
    });
}

function isJson(name: string): boolean {
  return name.endsWith('.json');
}

function withoutJson(name: string): string {
  return name.slice(0, -'.json'.length);
}
