import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultPolicy, policyOf, policyProblems } from '../../files/policy.ts';
import type { PathProblem } from '../../files/raw-file.ts';
import { isObject } from '../../metadata/parse.ts';
import { cappedProblems, type Problem } from '../../model/errors.ts';
import { POLICY_FILE } from './folder.ts';
import { readJson } from './json-file.ts';

export interface LoadedPolicy extends ReturnType<typeof policyOf> {
  readonly problems: readonly Problem[];
}

/** The policy of a folder, or the default where it has none; its problems are in the result. */
export async function readPolicy(folder: string, policyFile?: string): Promise<LoadedPolicy> {
  if (policyFile !== undefined) return loadPolicy(policyFile, policyFile);
  const path = join(folder, POLICY_FILE);
  return (await isThere(path)) ? loadPolicy(path, POLICY_FILE) : withoutPolicy([]);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Reads a policy file; `file` is its name in problems. */
export async function loadPolicy(path: string, file: string): Promise<LoadedPolicy> {
  const read = await readJson(path);
  const invalid = (problems: readonly PathProblem[]) =>
    withoutPolicy(cappedProblems(problems.map((problem) => ({ file, ...problem }))));
  if ('problems' in read) return invalid(read.problems);
  if (!isObject(read.value)) return invalid([{ path: '$', message: 'expected one JSON object' }]);
  const problems = policyProblems(read.value);
  return problems.length > 0 ? invalid(problems) : { ...policyOf(read.value), problems: [] };
}

function withoutPolicy(problems: readonly Problem[]): LoadedPolicy {
  return { policy: defaultPolicy, requiredFields: [], problems };
}
