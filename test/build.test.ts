import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sampleWarehouse } from '../demo/warehouse.ts';
import { startBigQueryEmulator } from '../emulators/bigquery.ts';
import { startMonitoringEmulator } from '../emulators/monitoring.ts';

const bin = (name: string) => resolve('node_modules/.bin', name);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
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

test('the compiled function serves a run under functions-framework', async () => {
  // Inside the project, so that the compiled files find node_modules.
  const dist = await mkdtemp(resolve('node_modules/.drift-build-'));
  const bigquery = await startBigQueryEmulator({
    projectId: 'p',
    warehouse: await sampleWarehouse('expected-schemas'),
  });
  const monitoring = await startMonitoringEmulator({ projectId: 'p' });
  const port = await freePort();
  try {
    const compiler = spawn(process.execPath, [
      bin('tsc'),
      '--project',
      'tsconfig.build.json',
      '--outDir',
      dist,
    ]);
    expect((await once(compiler, 'exit'))[0]).toBe(0);
    const server = spawn(
      process.execPath,
      [
        '--enable-source-maps',
        bin('functions-framework'),
        '--target=checkDrift',
        `--source=${join(dist, 'function.js')}`,
        `--port=${port}`,
      ],
      {
        env: {
          PATH: process.env['PATH'],
          GCP_PROJECT_ID: 'p',
          BIGQUERY_API_ENDPOINT: bigquery.url,
          MONITORING_API_ENDPOINT: monitoring.url,
        },
      },
    );
    let output = '';
    server.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    try {
      const response = await postWhenUp(`http://127.0.0.1:${port}/`);
      expect({ status: response.status, body: await response.json() }).toEqual({
        status: 200,
        body: {
          status: 'in-sync',
          tables: { inSync: 13, drifted: 0, unchecked: 0 },
          findings: { critical: 0, warning: 0, info: 0 },
          alerts: { opened: 0, changed: 0, reminded: 0, resolved: 0 },
          report: null,
        },
      });
      const line = output.split('\n').find((text) => text.includes('"run":{')) ?? '';
      expect(JSON.parse(line)).toMatchObject({ severity: 'INFO', run: { status: 'in-sync' } });
    } finally {
      server.kill();
      await once(server, 'exit');
    }
  } finally {
    await Promise.all([bigquery.close(), monitoring.close(), rm(dist, { recursive: true, force: true })]);
  }
}, 60_000);
