import { randomUUID } from 'node:crypto';
import { access, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { DriftError } from '../../model/errors.ts';

/** What is at a file's place; `blocked`: something that is neither replaced nor followed. */
export type Place =
  | { readonly status: 'absent' | 'file' }
  | { readonly status: 'blocked'; readonly why: string };

/** The only hand that writes expected files. */
export interface ExpectedWriter {
  /** The folder beneath which everything is written. */
  readonly root: string;
  /** `file` is `<dataset>.json` or `<dataset>/<table>.json`. */
  look(file: string): Promise<Place>;
  /**
   * Writes all of a file or nothing of it; who reads meanwhile finds the one before.
   * @throws DriftError `NotWritable`
   */
  write(file: string, text: string): Promise<void>;
  /** @throws DriftError `NotWritable` */
  read(file: string): Promise<string>;
  /** @throws DriftError `NotWritable` */
  remove(file: string): Promise<void>;
}

export function createExpectedWriter(root: string): ExpectedWriter {
  const look = async (file: string): Promise<Place> => {
    const target = targetOf(root, file);
    const folder = dirname(target);
    // A link may lead out of the folder that was named.
    const folderKind = folder === resolve(root) ? 'folder' : await kindOf(folder);
    if (folderKind === 'link') return blocked(`the folder ${basename(folder)} is a symbolic link`);
    if (folderKind === 'file' || folderKind === 'other') return blocked(`${basename(folder)} is no folder`);
    const kind = await kindOf(target);
    if (kind === 'link') return blocked('a symbolic link is in its place');
    if (kind === 'folder' || kind === 'other') return blocked('what is in its place is no file');
    return { status: kind };
  };
  const open = async <T>(file: string, act: (target: string) => Promise<T>): Promise<T> => {
    const place = await look(file);
    if (place.status === 'blocked') throw new DriftError('NotWritable', `${file}: ${place.why}`);
    return act(targetOf(root, file)).catch((cause: unknown) => {
      throw new DriftError(
        'NotWritable',
        `${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    });
  };
  return {
    root,
    look,
    read: (file) => open(file, (target) => readFile(target, 'utf8')),
    remove: (file) => open(file, (target) => rm(target)),
    async write(file, text) {
      const place = await look(file);
      if (place.status === 'blocked') throw new DriftError('NotWritable', `${file}: ${place.why}`);
      const target = targetOf(root, file);
      // A leading dot keeps it out of what is read as expected files; a short name is within any limit.
      const temporary = join(dirname(target), `.drift-${randomUUID()}.tmp`);
      try {
        await mkdir(dirname(target), { recursive: true });
        await writeFile(temporary, text, { flag: 'wx' });
        await rename(temporary, target);
      } catch (cause) {
        await rm(temporary, { force: true }).catch(() => undefined);
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new DriftError('NotWritable', `${file}: ${why}`, { cause });
      }
    },
  };
}

/**
 * The folder of JSON Schemas as files in `root` would name it (`../schemas`), or null: none lies beside `root` or
 * above it.
 */
export async function findSchemas(root: string): Promise<string | null> {
  const from = resolve(root);
  for (let folder = from; ; folder = dirname(folder)) {
    const schemas = join(folder, 'schemas');
    const found = await Promise.all(
      ['table', 'dataset'].map((kind) =>
        access(join(schemas, `${kind}.schema.json`)).then(
          () => true,
          () => false,
        ),
      ),
    );
    if (found.every((is) => is)) return relative(from, schemas).split(sep).join('/');
    if (dirname(folder) === folder) return null;
  }
}

/** Whoever asks has refused such a name before; what is written must not depend on that. */
function targetOf(root: string, file: string): string {
  const target = resolve(root, file);
  const segments = relative(resolve(root), target).split(sep);
  const isBeneath = segments.length <= 2 && segments.join('/') === file && !segments.includes('..');
  if (!isBeneath || !file.endsWith('.json') || /[\\\0]/.test(file))
    throw new DriftError('NotWritable', `${JSON.stringify(file)} is no place for an expected file`);
  return target;
}

async function kindOf(path: string): Promise<'absent' | 'file' | 'folder' | 'link' | 'other'> {
  try {
    const stats = await lstat(path);
    if (stats.isSymbolicLink()) return 'link';
    if (stats.isDirectory()) return 'folder';
    return stats.isFile() ? 'file' : 'other';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
    const why = error instanceof Error ? error.message : String(error);
    throw new DriftError('NotWritable', why, { cause: error });
  }
}

function blocked(why: string): Place {
  return { status: 'blocked', why };
}
