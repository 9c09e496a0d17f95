import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { StorageEmulator, StorageFault } from '../../emulators/storage.ts';

/** Where a story keeps its state, and how it comes to grief there. */
export interface StatePlace {
  readonly uri: string;
  /** As the file system, or the bucket, names it. */
  readonly path: string;
  /** Of all that is there, whatever its generation. */
  names(): Promise<readonly string[]>;
  /** Puts another text in the place of the state; null: nothing. */
  damage(textOf: (saved: string) => string | null): Promise<void>;
  /** From now on it can neither be read nor written. */
  breakDown(): Promise<void>;
  mend(): Promise<void>;
}

export const BUCKET = 'drift-state';
const PREFIX = 'monitor';

export function folderPlace(parent: string): StatePlace {
  const folder = join(parent, 'state');
  const aside = join(parent, 'aside');
  return {
    uri: pathToFileURL(folder).href,
    path: folder,
    names: async () =>
      (await readdir(folder))
        .filter((name) => !name.endsWith('.html'))
        .map((name) => name.replace(/\.\d+$/, ''))
        .sort(),
    async damage(textOf) {
      for (const name of (await readdir(folder)).filter((found) => found.startsWith('state.json.'))) {
        const path = join(folder, name);
        const text = textOf(await readFile(path, 'utf8'));
        await (text === null ? rm(path) : writeFile(path, text));
      }
    },
    // Permissions would not keep root out.
    async breakDown() {
      await rename(folder, aside);
      await writeFile(folder, 'no folder');
    },
    async mend() {
      await rm(folder);
      await rename(aside, folder);
    },
  };
}

export function bucketPlace({ objects, faults }: StorageEmulator): StatePlace {
  const outage: StorageFault = { answer: { status: 503 } };
  return {
    uri: `gs://${BUCKET}/${PREFIX}`,
    path: `gs://${BUCKET}/${PREFIX}`,
    names: async () =>
      [...objects.keys()]
        .filter((key) => !key.endsWith('.html'))
        .map((key) => key.slice(`${BUCKET}/${PREFIX}/`.length))
        .sort(),
    async damage(textOf) {
      const key = `${BUCKET}/${PREFIX}/state.json`;
      const saved = objects.get(key);
      const text = saved === undefined ? null : textOf(saved.text);
      if (saved === undefined || text === null) objects.delete(key);
      else saved.text = text;
    },
    async breakDown() {
      faults.push(outage);
    },
    async mend() {
      faults.splice(faults.indexOf(outage), 1);
    },
  };
}
