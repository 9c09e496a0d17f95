import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { deployedLock, deployedPackage } from './deployed-package.ts';

/*
 * Makes the folder that is deployed: compiled JavaScript, the expected files, a package.json without development
 * dependencies and the lock file that belongs to it. Nothing is compiled in the cloud.
 */

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'build' },
    expected: { type: 'string', default: 'expected-schemas' },
  },
});
const { out, expected } = values;

// A file that was renamed in src/ must not live on.
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await compile(join(out, 'dist'));
await cp(expected, join(out, 'expected-schemas'), {
  recursive: true,
  filter: (path) => !basename(path).startsWith('.'),
});
await writeJson('package.json', deployedPackage(await readJson('package.json')));
await writeJson('package-lock.json', deployedLock(await readJson('package-lock.json')));
// None of the dependencies needs its install script.
await writeFile(join(out, '.npmrc'), 'ignore-scripts=true\n');
// Explicit: gcloud would write one of its own, which leaves out what a .gitignore names.
await writeFile(join(out, '.gcloudignore'), 'node_modules/\n');

async function compile(outDir: string): Promise<void> {
  const compiler = resolve('node_modules/.bin/tsc');
  await promisify(execFile)(process.execPath, [
    compiler,
    '--project',
    'tsconfig.build.json',
    '--outDir',
    outDir,
  ]);
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(file, 'utf8'));
}

async function writeJson(file: string, content: unknown): Promise<void> {
  await writeFile(join(out, file), `${JSON.stringify(content, null, 2)}\n`);
}
