import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
let building: Promise<unknown> | undefined;

/** As deploy.sh sets it. */
export const NODE_OPTIONS = '--max-old-space-size=320 --max-semi-space-size=8';

/** Where a module of what is deployed is; all are built anew, once for all benchmarks. */
export async function builtModule(name: string): Promise<string> {
  // What is measured reads stand-ins: the sample's files will do.
  const env = { ...process.env, BIGQUERY_API_ENDPOINT: 'http://127.0.0.1:9' };
  building ??= run(process.execPath, [join(root, 'scripts', 'build.ts')], { cwd: root, env });
  await building;
  return pathToFileURL(join(root, 'build', 'dist', name)).href;
}

/** What a script of the benchmarks says in a fresh process with the memory of the deployment. */
export async function saidBy<Said>(script: string, args: readonly string[]): Promise<Said> {
  // What was compiled before is not there when an instance starts.
  const env = { ...process.env, NODE_OPTIONS, NODE_DISABLE_COMPILE_CACHE: '1' };
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, script), ...args], { env });
  return JSON.parse(stdout);
}
