import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DriftError } from '../model/errors.ts';
import type { ObjectStore } from '../model/ports.ts';

/** What is read of a bucket. */
export interface Bucket extends Pick<ObjectStore, 'uri' | 'read'> {
  list(prefix: string): Promise<readonly string[]>;
}

const FILES_AT_ONCE = 16;

/**
 * The JSON files of a bucket as a folder of this machine, for one run: they are all of one moment, however long the run
 * takes. `remove` is to be called after it.
 * @throws DriftError `NoSuchFolder`
 */
export async function copyToFolder(
  bucket: Bucket,
  parent = tmpdir(),
): Promise<{ readonly folder: string; readonly remove: () => void }> {
  const folder = await mkdtemp(join(parent, 'drift-expected-'));
  // At once: a process that ends waits for nothing.
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const names = (await bucket.list('')).filter((name) => name.endsWith('.json'));
    for (let start = 0; start < names.length; start += FILES_AT_ONCE) {
      await Promise.all(names.slice(start, start + FILES_AT_ONCE).map((name) => copy(bucket, name, folder)));
    }
    return { folder, remove };
  } catch (cause) {
    remove();
    if (!(cause instanceof DriftError) || cause.code === 'NoSuchFolder') throw cause;
    const message = `cannot read the expected files in ${bucket.uri}: ${cause.message}`;
    throw new DriftError('NoSuchFolder', message, { cause });
  }
}

async function copy(bucket: Bucket, name: string, folder: string): Promise<void> {
  const parts = name.split('/');
  // An object may be named anything; a file of that name could lie anywhere.
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\\'))) {
    throw new DriftError(
      'NoSuchFolder',
      `${bucket.uri}: ${JSON.stringify(name)} is no name of an expected file`,
    );
  }
  const stored = await bucket.read(name);
  if (stored === null)
    throw new DriftError('NoSuchFolder', `${bucket.uri}: ${name} was deleted while it was read`);
  const path = join(folder, ...parts);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, stored.text);
}
