import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, type TestContext, test } from 'vitest';
import { sampleWarehouse } from '../demo/warehouse.ts';
import { startBigQueryEmulator } from '../emulators/bigquery.ts';
import { startMonitoringEmulator } from '../emulators/monitoring.ts';
import { functionEnv } from '../scripts/deployed-ops.ts';
import { deployedLock, deployedPackage } from '../scripts/deployed-package.ts';
import { startBucket } from './support/deployed.ts';
import { writeFolder } from './support/folder.ts';
import { freePort } from './support/port.ts';

const run = promisify(execFile);

/** The sample's files are built for stand-ins alone. */
const PLAYED = { env: { ...process.env, BIGQUERY_API_ENDPOINT: 'http://127.0.0.1:9' } };

/** What `npm run build` makes. */
let built = '';
beforeAll(async () => {
  built = join(await mkdtemp(join(tmpdir(), 'drift-built-')), 'build');
  await run(process.execPath, ['scripts/build.ts', '--out', built], PLAYED);
}, 60_000);
afterAll(() => rm(dirname(built), { recursive: true, force: true }));

/** The same in a folder of its own. */
async function ownBuild(): Promise<string> {
  const folder = join(await writeFolder({}), 'build');
  await cp(built, folder, { recursive: true });
  return folder;
}

async function json(...path: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(...path), 'utf8'));
}

/** As `npm ci` of the function's build does it; skips the test where there is no registry to ask. */
async function install(folder: string, context: TestContext): Promise<void> {
  const args = ['ci', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  try {
    await run('npm', args, { cwd: folder });
  } catch (error) {
    const { stderr } = error as { readonly stderr: string };
    if (!/ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN/.test(stderr)) throw error;
    context.skip('the package registry cannot be reached: what is deployed was not installed');
  }
}

/** Asks until the server listens; the test's own time limit ends it. */
async function postWhenUp(url: string): Promise<Response> {
  for (;;) {
    try {
      return await fetch(url, { method: 'POST' });
    } catch {
      await sleep(50);
    }
  }
}

test('the folder holds what runs, and nothing else', async () => {
  const folder = built;
  expect((await readdir(folder)).sort()).toEqual([
    '.gcloudignore',
    '.made-by-npm-run-build',
    '.npmrc',
    'dist',
    'expected-schemas',
    'package-lock.json',
    'package.json',
  ]);
  expect(await readdir(join(folder, 'expected-schemas'), { recursive: true })).toEqual(
    await readdir('expected-schemas', { recursive: true }),
  );
  const { dependencies } = await json('package.json');
  expect(await json(folder, 'package.json')).toEqual({
    name: 'bigquery-drift-monitor',
    version: '0.1.0',
    private: true,
    license: 'Apache-2.0',
    type: 'module',
    main: 'dist/function.js',
    engines: { node: '24' },
    scripts: { 'gcp-build': '' },
    dependencies,
    allowScripts: { esbuild: false, node: true, protobufjs: false },
  });
});

test('a second build leaves nothing of the first behind', async () => {
  const folder = await ownBuild();
  await writeFile(join(folder, 'dist', 'gone.js'), '');
  // As an earlier version left it, and as somebody tried it.
  await rm(join(folder, '.made-by-npm-run-build'));
  await mkdir(join(folder, 'node_modules', 'zod'), { recursive: true });
  await run(process.execPath, ['scripts/build.ts', '--out', folder], PLAYED);
  expect(await readdir(join(folder, 'dist'))).not.toContain('gone.js');
  expect(await readdir(join(folder, 'node_modules'))).toEqual(['zod']);
  expect(await readFile(join(folder, '.gcloudignore'), 'utf8')).toContain('.made-by-npm-run-build\n');
});

test('the lock file locks what production needs: the same versions, and nothing for developers', async () => {
  const lock = await json('package-lock.json');
  const { packages } = deployedLock(lock) as { packages: Record<string, Record<string, unknown>> };
  const all = lock['packages'] as typeof packages;
  const { '': root, ...installed } = packages;

  expect(root).toEqual({ ...all[''], devDependencies: undefined });
  expect(
    Object.entries(installed).filter(([path, entry]) => entry !== all[path] || entry['dev'] === true),
  ).toEqual([]);
  expect(Object.values(installed).every(({ integrity }) => typeof integrity === 'string')).toBe(true);
  expect(deployedPackage(await json('package.json'))['dependencies']).toEqual(root?.['dependencies']);
});

test('no package of production brings an install script that is needed', async () => {
  const { packages } = deployedLock(await json('package-lock.json')) as {
    packages: Record<string, { readonly hasInstallScript?: boolean }>;
  };
  // Of protobufjs the script only looks at how others depend on it.
  expect(Object.keys(packages).filter((path) => packages[path]?.hasInstallScript === true)).toEqual([
    'node_modules/protobufjs',
  ]);
});

test('installed in an empty folder, the function serves runs and remembers them', async (context) => {
  const folder = await ownBuild();
  await install(folder, context);
  const bigquery = await startBigQueryEmulator({
    projectId: 'p',
    warehouse: await sampleWarehouse('expected-schemas'),
  });
  const monitoring = await startMonitoringEmulator({ projectId: 'p' });
  const storage = await startBucket('expected-schemas');
  onTestFinished(async () => {
    await Promise.all([bigquery.close(), monitoring.close()]);
  });
  const port = await freePort();
  const framework = join(folder, 'node_modules/.bin/functions-framework');
  const server = spawn(process.execPath, [framework, '--target=checkDrift', `--port=${port}`], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      ...functionEnv({ project: 'p', bucket: 'drift', set: [] }),
      BIGQUERY_API_ENDPOINT: bigquery.url,
      MONITORING_API_ENDPOINT: monitoring.url,
      STORAGE_EMULATOR_HOST: storage.url,
    },
  });
  onTestFinished(async () => {
    server.kill();
    await once(server, 'exit');
  });
  let output = '';
  server.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });

  const response = await postWhenUp(`http://127.0.0.1:${port}/`);

  expect({ status: response.status, body: await response.json() }).toEqual({
    status: 200,
    body: {
      status: 'in-sync',
      tables: { inSync: 13, drifted: 0, unchecked: 0 },
      findings: { critical: 0, warning: 0, info: 0 },
      alerts: { opened: 0, changed: 0, reminded: 0, resolved: 0 },
      report: expect.stringMatching(/^https:\/\/storage\.cloud\.google\.com\/drift\/state\/report-/),
    },
  });
  expect([...storage.objects.keys()].filter((name) => /^drift\/state\/.*\.json$/.test(name)).sort()).toEqual([
    'drift/state/lease.json',
    'drift/state/state.json',
  ]);
  const line = output.split('\n').find((text) => text.includes('"run":{')) ?? '';
  expect(JSON.parse(line)).toMatchObject({ severity: 'INFO', run: { status: 'in-sync' } });
}, 120_000);
