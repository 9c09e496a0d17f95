import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DriftError } from '../../model/errors.ts';
import { isUnreadLookalike } from '../../model/file-names.ts';

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
  /** What has no place in the layout, or cannot be looked into, relative to the folder, and why. */
  readonly misplacedEntries: readonly { readonly file: string; readonly message: string }[];
  /** What says that it is the folder of a whole project: `package.json`, `.git`; null: nothing does. */
  readonly projectMark: string | null;
}

/** A hyphen cannot occur in a dataset's name, so this is never a dataset's file. */
export const POLICY_FILE = 'drift-policy.json';

/** @throws DriftError `NoSuchFolder` */
export async function listFolder(root: string): Promise<Folder> {
  const listed = await look(root);
  if ('code' in listed) {
    if (listed.code === 'ENOENT' || listed.code === 'ENOTDIR')
      throw new DriftError('NoSuchFolder', `no such folder: ${root}`, { cause: listed.cause });
    const misplacedEntries = [{ file: root, message: unreadable(listed) }];
    return { datasets: [], misplacedEntries, projectMark: null };
  }
  const { entries } = listed;
  const files = entries.filter(({ name, kind }) => kind === 'file' && isJson(name) && name !== POLICY_FILE);
  const folders = entries.filter(({ kind }) => kind === 'folder').map(({ name }) => name);
  const withFile = new Set(files.map(({ name }) => withoutJson(name)));
  const names = [...new Set([...folders, ...withFile])].sort();
  const misplacedEntries = entries.flatMap((entry) => misplacedIn(entry, entry.name));
  const datasets: DatasetFolder[] = [];
  for (const dataset of names) {
    const inside = folders.includes(dataset) ? await look(join(root, dataset)) : { entries: [] };
    if ('code' in inside) misplacedEntries.push({ file: `${dataset}/`, message: unreadable(inside) });
    const own = 'code' in inside ? [] : inside.entries;
    for (const entry of own) {
      const file = `${dataset}/${entry.name}`;
      if (entry.kind === 'folder') misplacedEntries.push({ file, message: NO_FOLDERS });
      else misplacedEntries.push(...misplacedIn(entry, file));
    }
    const tables = own.filter(({ name, kind }) => kind === 'file' && isJson(name));
    datasets.push({
      dataset,
      hasFile: withFile.has(dataset),
      tables: tables.map(({ name }) => withoutJson(name)).sort(),
    });
  }
  return { datasets, misplacedEntries, projectMark: listed.projectMark };
}

const NO_FOLDERS = 'a folder inside a dataset has no meaning: one file per table';
/** A link may lead out of what is under review. */
const NO_LINKS = 'a symbolic link is not followed: put the file itself here';
const NO_FILE = 'is no regular file (a pipe, a device or a socket): put a file in its place, or remove it';

function misplacedIn({ name, kind }: Entry, file: string): readonly { file: string; message: string }[] {
  if (kind === 'link') return [{ file, message: NO_LINKS }];
  // The policy says so itself.
  if (kind === 'other') return file === POLICY_FILE ? [] : [{ file, message: NO_FILE }];
  return kind === 'file' && isUnreadLookalike(name) ? [{ file, message: unread(name) }] : [];
}

function unread(name: string): string {
  if (/^drift-policy\./i.test(name)) return `is not read: the policy is ${POLICY_FILE}`;
  if (name.toLowerCase().endsWith('.json'))
    return `is not read: rename it to ${name.slice(0, -'.json'.length)}.json`;
  return 'is not read: only .json files are. State the table in <dataset>/<table>.json (drift pull writes it), and keep this file elsewhere';
}

interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
}

type Listed =
  | { readonly entries: readonly Entry[]; readonly projectMark: string | null }
  | { readonly code: string; readonly cause: unknown };

const PROJECT_MARKS = ['package.json', 'pyproject.toml', 'node_modules', '.git'];

/** Hidden files are nobody's expectation. */
async function look(path: string): Promise<Listed> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    const names = new Set(entries.map(({ name }) => name));
    return {
      projectMark: PROJECT_MARKS.find((mark) => names.has(mark)) ?? null,
      entries: entries
        .filter((entry) => !entry.name.startsWith('.'))
        .map((entry): Entry => {
          if (entry.isSymbolicLink()) return { name: entry.name, kind: 'link' };
          if (entry.isDirectory()) return { name: entry.name, kind: 'folder' };
          return { name: entry.name, kind: entry.isFile() ? 'file' : 'other' };
        }),
    };
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    return { code, cause };
  }
}

function unreadable({ code }: { readonly code: string }): string {
  const todo = code === 'EACCES' || code === 'EPERM' ? ': give this user the right to read it' : '';
  return `the folder cannot be read (${code})${todo}`;
}

function isJson(name: string): boolean {
  return name.endsWith('.json');
}

function withoutJson(name: string): string {
  return name.slice(0, -'.json'.length);
}
