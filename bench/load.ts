import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeExpectedFiles } from './big-warehouse.ts';
import { builtModule, saidBy } from './built.ts';

/*
 * What an instance does before it asks for anything: it loads the modules that are deployed, and the expected files. Each
 * time in a process of its own; of several the middle one.
 */

const TURNS = 9;
const FILE_TURNS = 5;
const MODULE_BUDGET_MS = 300;
const FILES_BUDGET_SECONDS = 2;
const MONITORING = '@google-cloud/monitoring';
/** The largest of what the function module imports. They share modules, so that their sum is more than the whole. */
const PARTS = [
  '@google-cloud/bigquery',
  'google-auth-library',
  'zod',
  '@slack/webhook',
  'p-queue',
  '@google-cloud/functions-framework',
];

interface Reading {
  readonly tables: number;
  readonly seconds: number;
  /** With the start of the process. */
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function verdict(value: number, budget: number): string {
  return value < budget ? 'inside' : 'OUTSIDE';
}

async function inTurns<Said>(turns: number, script: string, args: readonly string[]): Promise<Said[]> {
  const said: Said[] = [];
  for (let turn = 0; turn < turns; turn += 1) said.push(await saidBy<Said>(script, args));
  return said;
}

/** The middle of the milliseconds for each module. */
async function loadTimes(modules: readonly string[]): Promise<readonly number[]> {
  const turns = await inTurns<readonly number[]>(TURNS, 'one-import.js', modules);
  return modules.map((_, index) => median(turns.map((milliseconds) => milliseconds[index] ?? Number.NaN)));
}

const [whole = Number.NaN, monitoring = Number.NaN] = await loadTimes([
  await builtModule('function.js'),
  MONITORING,
]);
const parts: string[] = [];
for (const part of PARTS) {
  const [alone = Number.NaN] = await loadTimes([part]);
  parts.push(`${part} ${alone.toFixed(0)} ms`);
}
process.stdout.write(
  [
    `the function's module: ${whole.toFixed(0)} ms  budget ${MODULE_BUDGET_MS} ms  ${verdict(whole, MODULE_BUDGET_MS)}`,
    `  loaded later, with the first metrics: ${MONITORING} ${monitoring.toFixed(0)} ms more`,
    `  each alone: ${parts.join(', ')}`,
    '',
  ].join('\n'),
);

const folder = await mkdtemp(join(tmpdir(), 'drift-bench-'));
try {
  await writeExpectedFiles(folder, { declared: 10_000, present: 10_000, datasets: 20 });
  const readings = await inTurns<Reading>(FILE_TURNS, 'one-reading.js', [
    await builtModule('adapters/folders/expected-files.js'),
    folder,
  ]);
  const middle = (of: keyof Reading) => median(readings.map((reading) => reading[of]));
  const seconds = middle('seconds');
  process.stdout.write(
    `expected files of ${middle('tables').toLocaleString('en-US')} tables: ${seconds.toFixed(2)} s, ${middle('cpuSeconds').toFixed(2)} s of CPU, ${middle('megabytes').toFixed(0)} MB  budget ${FILES_BUDGET_SECONDS.toFixed(2)} s  ${verdict(seconds, FILES_BUDGET_SECONDS)}\n`,
  );
} finally {
  await rm(folder, { recursive: true });
}
