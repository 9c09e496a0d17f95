import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { type Size, writeExpectedFiles } from './big-warehouse.ts';
import { builtModule, NODE_OPTIONS } from './built.ts';

/*
 * Whole runs of what is deployed, against stand-ins with 50 ms of latency that refuse the 101st request of a method in a
 * second, as BigQuery does, in a process with the memory of the deployment.
 */

const QUOTA = 100;
const RUNS: readonly { readonly name: string; readonly size: Size; readonly budget: string }[] = [
  { name: '1,000 tables', size: { declared: 1000, present: 1000, datasets: 10 }, budget: '12 s' },
  { name: '10,000 tables', size: { declared: 10_000, present: 10_000, datasets: 20 }, budget: '112 s' },
  {
    name: '10,000 among 100,000',
    size: { declared: 10_000, present: 100_000, datasets: 20 },
    budget: '256 MB',
  },
  {
    name: '2,400 tables emptied, 120,000 findings',
    size: { declared: 2400, present: 2400, datasets: 20, isEmptied: true },
    budget: '512 MB',
  },
];

const wiring = await builtModule('wiring.js');
const few = process.env['FEW'] === '1';
for (const { name, size, budget } of few ? RUNS.slice(0, 1) : RUNS) {
  const folder = await mkdtemp(join(tmpdir(), 'drift-bench-'));
  const servers = spawn(process.execPath, [join(import.meta.dirname, 'stand-ins.ts'), JSON.stringify(size)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await writeExpectedFiles(join(folder, 'expected'), size);
    const addresses = await firstLine(servers);
    const run = spawn(process.execPath, [join(import.meta.dirname, 'one-run.js'), wiring], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        ...addresses,
        NODE_OPTIONS,
        GCP_PROJECT_ID: 'bench',
        EXPECTED_SCHEMAS: join(folder, 'expected'),
        STATE_URI: pathToFileURL(join(folder, 'state')).href,
        CONFIRM_SECONDS: '0',
      },
    });
    const result = await firstLine(run);
    const floor = `${(size.declared / QUOTA).toFixed(0)} s`;
    process.stdout.write(
      `${name}: budget ${budget}, floor ${floor}, measured ${Number(result['seconds']).toFixed(1)} s, ${Number(result['cpuSeconds']).toFixed(1)} s of CPU, ${Number(result['megabytes']).toFixed(0)} MB; HTTP ${result['status']} ${JSON.stringify(result['tables'])}\n`,
    );
  } finally {
    servers.kill();
    await rm(folder, { recursive: true });
  }
}

async function firstLine(child: ChildProcess): Promise<Record<string, string>> {
  if (child.stdout === null) throw new Error('a process without output');
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`a process ended with ${code}`))),
  ]);
  return JSON.parse(line);
}
