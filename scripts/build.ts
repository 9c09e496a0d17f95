import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { isWithin, realPathOf } from '../src/adapters/folders/real-path.ts';
import { refuseSample } from '../src/adapters/folders/sample-folder.ts';
import { DriftError } from '../src/model/errors.ts';
import { readCommandLine, unlessRefused } from './command-line.ts';
import { deployedLock, deployedPackage } from './deployed-package.ts';
import { markerOf, type OwnFolder, takeFolder } from './own-folder.ts';

/*
 * Makes the folder that is deployed: compiled JavaScript, the expected files, a package.json without development
 * dependencies and the lock file that belongs to it. Nothing is compiled in the cloud.
 */

const USAGE = { script: 'build', usage: '[--out FOLDER] [--expected FOLDER]' } as const;
const { values } = readCommandLine(USAGE, {
  options: {
    out: { type: 'string', default: 'build' },
    expected: { type: 'string' },
  },
});

const MADE = ['.gcloudignore', '.npmrc', 'dist', 'expected-schemas', 'package-lock.json', 'package.json'];
const OWN: OwnFolder = {
  script: USAGE.script,
  makes: (name) => MADE.includes(name),
  // `npm ci` in the folder, to try what is deployed.
  leaves: ['node_modules'],
  isEarlier: async (folder) => {
    const { name, main } = await readJson(join(folder, 'package.json')).catch(() => ({}) as Json);
    return name === 'bigquery-drift-monitor' && main === 'dist/function.js';
  },
};

// `npm start` has the variables of the function. What lies in a bucket is read there.
const named = values.expected ?? (process.env['EXPECTED_SCHEMAS']?.trim() || 'expected-schemas');
const expected = named.startsWith('gs://') ? null : named;
if (expected !== null) await unlessRefused(USAGE, checkExpected(expected));
// A file that was renamed in src/ must not live on.
const out = await unlessRefused(USAGE, takeFolder(values.out, OWN));
await mkdir(join(out, 'dist'));
await compile(join(out, 'dist'));
if (expected !== null)
  await cp(expected, join(out, 'expected-schemas'), {
    recursive: true,
    filter: (path) => path === expected || !basename(path).startsWith('.'),
  });
await writeJson('package.json', deployedPackage(await readJson('package.json')));
await writeJson('package-lock.json', deployedLock(await readJson('package-lock.json')));
// None of the dependencies needs its install script.
await writeFile(join(out, '.npmrc'), 'ignore-scripts=true\n');
// Explicit: gcloud would write one of its own, which leaves out what a .gitignore names.
await writeFile(join(out, '.gcloudignore'), `node_modules/\n${markerOf(OWN)}\n`);

type Json = Readonly<Record<string, unknown>>;

/** @throws DriftError for what cannot be copied, or would be removed before it is */
async function checkExpected(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new DriftError('NoSuchFolder', `--expected: ${folder} is no folder that can be read`);
  const [from, to] = [await realPathOf(folder), await realPathOf(values.out)];
  if (isWithin(from, to) || isWithin(to, from))
    throw new DriftError('NotWritable', `--out and --expected lie in one another: name a folder apart`);
  const isPlayed = Boolean(process.env['BIGQUERY_API_ENDPOINT']?.trim());
  await refuseSample({ folder, project: process.env['GCP_PROJECT_ID'] ?? null, isPlayed });
}

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

async function readJson(file: string): Promise<Json> {
  return JSON.parse(await readFile(file, 'utf8'));
}

async function writeJson(file: string, content: unknown): Promise<void> {
  await writeFile(join(out, file), `${JSON.stringify(content, null, 2)}\n`);
}
