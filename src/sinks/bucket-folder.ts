import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DriftError } from '../model/errors.ts';
import { MAX_FILE_BYTES } from '../model/file-size.ts';
import type { ObjectStore } from '../model/ports.ts';

/** What is read of a bucket. */
export interface Bucket extends Pick<ObjectStore, 'uri' | 'read'> {
  listSizes(prefix: string): Promise<readonly BucketEntry[]>;
}

export interface BucketEntry {
  readonly name: string;
  readonly bytes: number;
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
    const files = (await bucket.listSizes('')).filter(({ name }) => name.endsWith('.json'));
    for (const batch of batchesOf(files)) {
      // What fails waits for the others: they would make the folder anew after it is removed.
      const copied = await Promise.allSettled(batch.map((entry) => copy(bucket, entry, folder)));
      for (const each of copied) if (each.status === 'rejected') throw each.reason;
    }
    return { folder, remove };
  } catch (cause) {
    remove();
    if (!(cause instanceof DriftError) || cause.code === 'NoSuchFolder') throw cause;
    const message = `cannot read the expected files in ${bucket.uri}: ${cause.message}`;
    throw new DriftError('NoSuchFolder', message, { cause });
  }
}

/** A few at once, which together hold no more than one may: all of a batch is in memory. */
function batchesOf(files: readonly BucketEntry[]): readonly (readonly BucketEntry[])[] {
  const batches: BucketEntry[][] = [];
  let left = 0;
  for (const file of files) {
    const batch = batches.at(-1);
    left -= file.bytes;
    if (batch !== undefined && batch.length < FILES_AT_ONCE && left >= 0) batch.push(file);
    else {
      batches.push([file]);
      left = MAX_FILE_BYTES - file.bytes;
    }
  }
  return batches;
}

async function copy(bucket: Bucket, { name, bytes }: BucketEntry, folder: string): Promise<void> {
  const parts = name.split('/');
  // An object may be named anything; a file of that name could lie anywhere.
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\\'))) {
    throw new DriftError(
      'NoSuchFolder',
      `${bucket.uri}: ${JSON.stringify(name)} is no name of an expected file`,
    );
  }
  const path = join(folder, ...parts);
  await mkdir(dirname(path), { recursive: true });
  if (bytes > MAX_FILE_BYTES) {
    // Not read: a hole of its size is refused with all other problems of the files.
    await writeFile(path, '');
    await truncate(path, bytes);
    return;
  }
  const stored = await bucket.read(name);
  if (stored === null)
    throw new DriftError('NoSuchFolder', `${bucket.uri}: ${name} was deleted while it was read`);
  await writeFile(path, stored.text);
}
