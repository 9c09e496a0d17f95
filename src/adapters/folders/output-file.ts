import { access, constants, mkdir, open, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DriftError } from '../../model/errors.ts';
import { isWithin, realPathOf } from './real-path.ts';

/**
 * Makes sure, before anything is read, that a report can be written there, and that it replaces nothing but a report. Folders
 * that are missing are made.
 * @throws DriftError `NotWritable`
 */
export async function proveOutput(path: string, inputs: readonly string[]): Promise<void> {
  if (path === '') throw new DriftError('NotWritable', '--output: name a file');
  const place = await realPathOf(path);
  for (const input of inputs) {
    if (isWithin(await realPathOf(input), place))
      throw refused(path, `lies in ${input}, which is read: name a file elsewhere`);
  }
  try {
    const there = await stat(path).catch(nullIfAbsent);
    if (there?.isDirectory() === true) throw refused(path, 'is a folder: name a file');
    // To open one waits for whoever reads it. Those in /dev are what a shell has opened already: >(jq), /dev/stdout.
    if (there?.isFIFO() === true && !path.startsWith('/dev/')) throw refused(path, 'is a pipe: name a file');
    if (there?.isFile() === true && there.size > 0 && !(await isReport(path, there.size)))
      throw refused(path, 'is there already, and no report of drift: name another file, or remove it');
    await mkdir(dirname(place), { recursive: true });
    await access(there === null ? dirname(place) : path, constants.W_OK);
  } catch (cause) {
    throw cause instanceof DriftError ? cause : failed(cause);
  }
}

/** Writes what the command line was asked to write. @throws DriftError `NotWritable` */
export async function writeOutput(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((cause: unknown) => {
    throw failed(cause);
  });
}

/** What a report of each format begins with; that of text ends with its counts. */
const BEGINS =
  /^(?:\{\s*"version"\s*:\s*1\b|\{\s*"(?:text|blocks)"\s*:|null\s*$|<!doctype html>|<\?xml[^>]*>\s*<testsuites\b)/i;
const ENDS = /^(?:in-sync|drifted|incomplete)\b.*\btables? in sync\b/m;
const HEAD_BYTES = 512;
const TAIL_BYTES = 2048;

async function isReport(path: string, size: number): Promise<boolean> {
  const file = await open(path);
  try {
    const head = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const tail = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, Math.max(0, size - TAIL_BYTES));
    const text = ({ buffer, bytesRead }: typeof head) => buffer.toString('utf8', 0, bytesRead);
    return BEGINS.test(text(head)) || ENDS.test(text(tail));
  } finally {
    await file.close();
  }
}

function nullIfAbsent(cause: unknown): null {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
  throw cause;
}

function refused(path: string, why: string): DriftError {
  return new DriftError('NotWritable', `--output: ${path} ${why}`);
}

function failed(cause: unknown): DriftError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DriftError('NotWritable', `--output: ${why}`, { cause });
}
