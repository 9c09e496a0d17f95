import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { SAMPLE_MARKER } from '../../files/sample.ts';
import { DriftError } from '../../model/errors.ts';
import { isUnreadLookalike } from '../../model/file-names.ts';
import { MAX_FILE_BYTES } from '../../model/file-size.ts';
import type { ObjectStore } from '../../model/ports.ts';

/** What is read of a bucket. */
export interface Bucket extends Pick<ObjectStore, 'uri' | 'read'> {
  listSizes(prefix: string, signal?: AbortSignal): Promise<readonly BucketEntry[]>;
}

export interface BucketEntry {
  readonly name: string;
  readonly bytes: number;
}

const FILES_AT_ONCE = 16;

/**
 * The JSON files of a bucket, and the mark of a sample, as a folder of this machine, for one run: they are all of one moment, however long the run
 * takes. What only looks like such a file is there by its name, to be refused. `remove` is to be called after it.
 * @throws DriftError `NoSuchFolder`
 */
export async function copyToFolder(
  bucket: Bucket,
  { parent = tmpdir(), signal }: { readonly parent?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<{ readonly folder: string; readonly remove: () => void }> {
  const folder = await mkdtemp(join(parent, 'drift-expected-'));
  // At once: a process that ends waits for nothing.
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const files = (await bucket.listSizes('', signal)).filter(
      ({ name }) =>
        name.endsWith('.json') || name === SAMPLE_MARKER || isUnreadLookalike(posix.basename(name)),
    );
    refuseOddNames(bucket.uri, files);
    for (const batch of batchesOf(files)) {
      // What fails waits for the others: they would make the folder anew after it is removed.
      const copied = await Promise.allSettled(
        batch.map((entry) => copy(bucket, entry, { folder, signal }).catch(fail(bucket, entry))),
      );
      for (const each of copied) if (each.status === 'rejected') throw each.reason;
    }
    // What nobody waits for any more nobody removes.
    signal?.throwIfAborted();
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

/** An object may be named anything: https://docs.cloud.google.com/storage/docs/objects#naming. A file may not. */
function refuseOddNames(uri: string, files: readonly BucketEntry[]): void {
  const names = new Set(files.map(({ name }) => name));
  const problems = files.flatMap(({ name }) => {
    const problem = problemOf(name, names);
    return problem === null ? [] : [`${uri}: ${JSON.stringify(name)} ${problem}`];
  });
  if (problems.length === 0) return;
  const more = problems.length > MAX_ODD_NAMES ? [`and ${problems.length - MAX_ODD_NAMES} more`] : [];
  throw new DriftError('NoSuchFolder', [...problems.slice(0, MAX_ODD_NAMES), ...more].join('\n'));
}

const MAX_ODD_NAMES = 10;
/** ext4, and the memory that is the function's disk. */
const MAX_PART_BYTES = 255;

function problemOf(name: string, names: ReadonlySet<string>): string | null {
  const parts = name.split('/');
  // A file of that name could lie anywhere.
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\\'))) {
    return 'is no name of an expected file';
  }
  if (!name.isWellFormed()) return 'is no name of an expected file: half of a character is missing';
  if (/\p{Cc}/u.test(name)) return 'is no name of an expected file: it has a control character';
  if (parts.some((part) => Buffer.byteLength(part) > MAX_PART_BYTES)) {
    return `is too long: a file's name has at most ${MAX_PART_BYTES} bytes`;
  }
  const above = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
  const file = above.find((folder) => names.has(folder));
  return file === undefined ? null : `lies beneath ${JSON.stringify(file)}, which is a file`;
}

async function copy(
  bucket: Bucket,
  { name, bytes }: BucketEntry,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const path = join(folder, ...name.split('/'));
  await mkdir(dirname(path), { recursive: true });
  if (bytes > MAX_FILE_BYTES) {
    // Not read: a hole of its size is refused with all other problems of the files.
    await writeFile(path, '');
    await truncate(path, bytes);
    return;
  }
  if (!name.endsWith('.json')) {
    // It is named among the problems, and never read.
    await writeFile(path, '');
    return;
  }
  const stored = await bucket.read(name, signal);
  if (stored === null)
    throw new DriftError('NoSuchFolder', `${bucket.uri}: ${name} was deleted while it was read`);
  await writeFile(path, stored.bytes ?? stored.text);
}

/** What this machine has against the copy, such as a disk that is full. */
function fail({ uri }: Bucket, { name }: BucketEntry): (cause: unknown) => never {
  return (cause) => {
    if (cause instanceof DriftError || !(cause instanceof Error && 'code' in cause)) throw cause;
    const message = `${uri}: ${JSON.stringify(name)} cannot be copied to this machine: ${String(cause.code)}`;
    throw new DriftError('NoSuchFolder', message, { cause });
  };
}
