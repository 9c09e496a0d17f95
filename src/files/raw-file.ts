import { isObject } from '../metadata/parse.ts';
import { MalformedError, type Problem } from '../model/errors.ts';
import type { Resource } from '../model/ports.ts';
import { jsonPath } from './shape-problems.ts';

/* What the rules of the files have in common: they read a file as it was written, and pass over what has not its shape. */

export type PathProblem = Omit<Problem, 'file'>;
export type Path = readonly (string | number)[];

export function problem(path: Path, message: string): PathProblem {
  return { path: jsonPath(path), message };
}

export function rawFields(file: Resource): readonly unknown[] {
  const schema = file['schema'];
  const fields = isObject(schema) ? schema['fields'] : undefined;
  return Array.isArray(fields) ? fields : [];
}

/** null: it has not the shape that is read, which is said on its own. */
export function unlessMalformed<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}
