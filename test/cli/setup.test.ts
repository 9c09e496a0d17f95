import { execFile } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { startMonitoringEmulator } from '../../emulators/monitoring.ts';

async function setup(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const monitoring = await startMonitoringEmulator({ projectId: 'p' });
  onTestFinished(() => monitoring.close());
  const run = () =>
    new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>(
      (resolve) => {
        const options = {
          env: { PATH: process.env['PATH'], MONITORING_API_ENDPOINT: monitoring.url, ...env },
        };
        const child = execFile(
          process.execPath,
          ['src/cli/drift.ts', 'setup', ...args],
          options,
          (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
        );
      },
    );
  return { run, monitoring };
}

const told = (fate: string) =>
  ['findings', 'findings_by_kind', 'tables', 'run_success', 'run_seconds']
    .map((name) => `${fate} custom.googleapis.com/bigquery_drift/${name}\n`)
    .join('');

test('says what it made, and a second time that there was nothing to do', async () => {
  const { run } = await setup(['--project', 'p']);
  expect(await run()).toEqual({ code: 0, stdout: told('created'), stderr: '' });
  expect(await run()).toEqual({ code: 0, stdout: told('unchanged'), stderr: '' });
});

test('takes the project from the environment', async () => {
  const { run } = await setup([], { GCP_PROJECT_ID: 'p' });
  expect(await run()).toMatchObject({ code: 0 });
});

test('without a project exits with 64', async () => {
  const { run, monitoring } = await setup([]);
  expect(await run()).toMatchObject({ code: 64, stderr: expect.stringContaining('no project') });
  expect(monitoring.requests).toEqual([]);
});

test('where Cloud Monitoring refuses exits with 70', async () => {
  const { run } = await setup(['--project', 'other']);
  expect(await run()).toMatchObject({
    code: 70,
    stderr: expect.stringContaining('Cloud Monitoring did not accept the list of descriptors'),
  });
});

test('an option that does not exist is refused with 64', async () => {
  const { run } = await setup(['--nonsense']);
  expect(await run()).toMatchObject({ code: 64 });
});
