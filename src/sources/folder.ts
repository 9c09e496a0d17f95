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
  /** Paths relative to the folder that have no place in the layout. */
  readonly strangers: readonly string[];
}

/** A hyphen cannot occur in a dataset's name, so this is never a dataset's file. */
export const POLICY_FILE = 'drift-policy.json';

/** @throws DriftError `NoSuchFolder` */
export async function listFolder(root: string): Promise<Folder> {
  const entries = await entriesOf(root).catch((cause: unknown) => {
    throw new DriftError('NoSuchFolder', `no such folder, or not readable: ${root}`, { cause });
  });
  const files = entries.filter(
    (entry) => !entry.isDirectory && isJson(entry.name) && entry.name !== POLICY_FILE,
  );
  const folders = entries.filter((entry) => entry.isDirectory);
  const withFile = new Set(files.map((entry) => withoutJson(entry.name)));
  const names = [...new Set([...folders.map((entry) => entry.name), ...withFile])].sort();
  const strangers: string[] = [];
  const datasets: DatasetFolder[] = [];
  for (const dataset of names) {
    const inside = folders.some((entry) => entry.name === dataset)
      ? await entriesOf(join(root, dataset))
      : [];
    strangers.push(...inside.filter((entry) => entry.isDirectory).map((entry) => `${dataset}/${entry.name}`));
    const tables = inside.filter((entry) => !entry.isDirectory && isJson(entry.name));
    datasets.push({
      dataset,
      hasFile: withFile.has(dataset),
      tables: tables.map((entry) => withoutJson(entry.name)).sort(),
    });
  }
  return { datasets, strangers };
}

async function entriesOf(path: string): Promise<readonly { name: string; isDirectory: boolean }[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }));
}

function isJson(name: string): boolean {
  return name.endsWith('.json');
}

function withoutJson(name: string): string {
  return name.slice(0, -'.json'.length);
}
