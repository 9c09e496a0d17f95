import { constants } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DriftError } from '../../model/errors.ts';
import type { ObjectStore, PageStore } from '../../model/ports.ts';

/**
 * A folder as an object store. Each write is a file of its own, `state.json` of generation 7 being `state.json.7`: a
 * hard link to a finished file comes into being whole and only where there is none of that name, so of two writers who
 * both follow generation 6 one wins. A rename would replace without asking.
 */
export function createFolderStore(folder: string): ObjectStore & PageStore {
  const fail = (verb: string) => (cause: unknown) => {
    throw new DriftError('StateUnavailable', `cannot ${verb} the state in ${folder}: ${reasonOf(cause)}`, {
      cause,
    });
  };
  const failPages = (verb: string) => (cause: unknown) => {
    throw new DriftError('SinkRejected', `cannot ${verb} the report pages in ${folder}: ${reasonOf(cause)}`, {
      cause,
    });
  };
  return {
    uri: pathToFileURL(folder).href,
    read: (name) => readNewest(folder, name).catch(fail('read')),
    write: (name, text, generation) => writeNext(folder, name, { text, generation }).catch(fail('write')),
    publish: (name, page) => replace(folder, name, page).catch(failPages('publish')),
    list: (prefix) => namesFrom(folder, prefix).catch(failPages('list')),
    remove: (name) => rm(join(folder, name), { force: true }).catch(failPages('remove')),
  };
}

async function readNewest(folder: string, name: string): ReturnType<ObjectStore['read']> {
  let gone: number | undefined;
  for (;;) {
    const newest = (await generations(folder, name)).at(-1);
    if (newest === undefined) return null;
    const path = file(folder, name, newest);
    // A newer one may take its place meanwhile; what is listed for the second time should be there.
    const text = await (newest === gone ? readText(path) : readText(path).catch(nullIf('ENOENT')));
    if (text !== null) return { text, generation: String(newest) };
    gone = newest;
  }
}

/** A pipe of that name would keep the run waiting for somebody who writes. */
async function readText(path: string): Promise<string> {
  const opened = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!(await opened.stat()).isFile()) throw new Error(`${basename(path)} is no regular file`);
    return await opened.readFile('utf8');
  } finally {
    await opened.close();
  }
}

async function writeNext(
  folder: string,
  name: string,
  { text, generation }: { readonly text: string; readonly generation: string | null },
): ReturnType<ObjectStore['write']> {
  await mkdir(folder, { recursive: true });
  const known = await generations(folder, name);
  if ((known.at(-1) ?? 0) !== Number(generation)) return null;
  const next = Number(generation) + 1;
  const draft = draftOf(folder, name);
  try {
    await writeFile(draft, text, { flush: true });
    const isMine = await link(draft, file(folder, name, next)).then(() => true, nullIf('EEXIST'));
    if (isMine === null) return null;
    // While this one was held up another may have followed, and been followed, and its file removed.
    if ((await generations(folder, name)).at(-1) !== next) {
      await rm(file(folder, name, next), { force: true });
      return null;
    }
  } finally {
    await rm(draft, { force: true });
  }
  for (const old of known) await rm(file(folder, name, old), { force: true });
  await removeOldDrafts(folder, (draft) => draft.startsWith(draftPrefix(name)));
  return String(next);
}

const OLD_MS = 3_600_000;

/** A process that is killed leaves its draft behind; that of one at work is young. What cannot be removed harms nobody. */
async function removeOldDrafts(folder: string, isDraft: (name: string) => boolean): Promise<void> {
  const drafts = (await namesFrom(folder, '.')).filter(isDraft);
  const removals = drafts.map(async (draft) => {
    const path = join(folder, draft);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > OLD_MS) await rm(path, { force: true });
  });
  await Promise.allSettled(removals);
}

/** A reader sees the page as it was or as it is: a rename replaces it at once. */
async function replace(folder: string, name: string, page: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const draft = draftOf(folder, name);
  try {
    await writeFile(draft, page, { flush: true });
    await rename(draft, join(folder, name));
  } finally {
    await rm(draft, { force: true });
  }
  // The page of another run has another name: what it left is known by its shape.
  await removeOldDrafts(folder, (name) => PAGE_DRAFT.test(name));
}

const PAGE_DRAFT = /^\.(?:latest|report)[\w-]*\.html\.\d+\.[a-z\d]+$/;

async function namesFrom(folder: string, prefix: string): Promise<readonly string[]> {
  const names = (await readdir(folder).catch(nullIf('ENOENT'))) ?? [];
  return names.filter((name) => name.startsWith(prefix));
}

function draftOf(folder: string, name: string): string {
  return join(folder, `${draftPrefix(name)}${process.pid}.${Math.random().toString(36).slice(2)}`);
}

function draftPrefix(name: string): string {
  return `.${name}.`;
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause ? String(cause.code) : cause.message;
}

/** Ascending. */
async function generations(folder: string, name: string): Promise<readonly number[]> {
  const names = (await readdir(folder).catch(nullIf('ENOENT'))) ?? [];
  return names
    .filter((candidate) => candidate.startsWith(`${name}.`))
    .map((candidate) => candidate.slice(name.length + 1))
    .filter((suffix) => /^[1-9]\d*$/.test(suffix))
    .map(Number)
    .sort((one, other) => one - other);
}

function file(folder: string, name: string, generation: number): string {
  return join(folder, `${name}.${generation}`);
}

function nullIf(code: string): (error: unknown) => null {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === code) return null;
    throw error;
  };
}
