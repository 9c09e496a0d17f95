import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  type BigQueryEmulator,
  type EmulatedWarehouse,
  type Fault,
  startBigQueryEmulator,
} from '../emulators/bigquery.ts';
import { outcomeOf } from './deploy/sandbox.ts';
import { writeFolder } from './support/folder.ts';

const fields = [
  { name: 'id', type: 'STRING' },
  { name: 'amount', type: 'NUMERIC' },
];

function asDeclared(tables: readonly string[]): EmulatedWarehouse {
  const all = new Map(tables.map((table) => [table, { schema: { fields } }]));
  return { datasets: new Map([['sales', { resource: {}, tables: all }]]) };
}

interface Running {
  readonly child: ChildProcess;
  readonly bigquery: BigQueryEmulator;
  /** What it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** The command line as a process of its own that reads table after table, one at a time. */
async function startCheck({
  fault,
  warehouse,
  tables = ['a', 'b', 'c'],
  args = [],
  confirmSeconds = 0,
}: {
  readonly fault?: Fault;
  readonly warehouse?: EmulatedWarehouse;
  readonly tables?: readonly string[];
  readonly args?: readonly string[];
  readonly confirmSeconds?: number;
}): Promise<Running> {
  const bigquery = await startBigQueryEmulator({
    projectId: 'shop',
    warehouse: warehouse ?? asDeclared(tables),
    latencyMs: 5,
  });
  onTestFinished(() => bigquery.close());
  if (fault !== undefined) bigquery.faults.push(fault);
  const expected = await writeFolder(
    Object.fromEntries(tables.map((table) => [`sales/${table}.json`, { type: 'TABLE', schema: { fields } }])),
  );
  const child = spawn(process.execPath, ['src/cli/drift.ts', 'check', '--expected', expected, ...args], {
    env: {
      PATH: process.env['PATH'] ?? '',
      BIGQUERY_API_ENDPOINT: bigquery.url,
      CONFIRM_SECONDS: String(confirmSeconds),
      GCP_PROJECT_ID: 'shop',
      MAX_CONCURRENCY: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return { child, bigquery, stdout: () => stdout, stderr: () => stderr, exited };
}

/** Until so many reads of tables have reached BigQuery; what came before the last has been answered. */
async function untilAsked({ bigquery }: Running, requests: number): Promise<void> {
  const asked = () => bigquery.requests.filter(({ operation }) => operation === 'tables.get').length;
  while (asked() < requests) await new Promise((resolve) => setImmediate(resolve));
}

/** The connection that would never be answered is closed as soon as the result is there. */
async function ended({ bigquery, stdout, exited, child }: Running): Promise<unknown> {
  while (child.exitCode === null && !/(incomplete|drifted) in shop: |^}$/m.test(stdout()))
    await new Promise((resolve) => setImmediate(resolve));
  await bigquery.close();
  return exited;
}

const NOT_ANSWERED = 'interrupted before tables.get was answered';
const UNCONFIRMED = 'interrupted; unconfirmed: field amount is missing: expected NUMERIC, found nothing';

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s prints what was read, and what was not, and exits with 130',
  async (signal) => {
    const running = await startCheck({ fault: { table: 'b', answer: 'hang' } });
    await untilAsked(running, 2);

    running.child.kill(signal);

    expect({ exit: await ended(running), stdout: running.stdout() }).toEqual({
      exit: { code: 130, signal: null },
      stdout: [
        'Not checked',
        `  sales.b: ${NOT_ANSWERED}`,
        `  sales.c: ${NOT_ANSWERED}`,
        '',
        'incomplete in shop: 1 table in sync, 0 drifted, 2 unchecked',
        '',
      ].join('\n'),
    });
  },
);

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s tells apart what was read twice, once and never',
  async (signal) => {
    const warehouse = asDeclared(['a', 'b', 'c']);
    for (const table of ['a', 'b'])
      warehouse.datasets.get('sales')?.tables.set(table, { schema: { fields: fields.slice(0, 1) } });
    // Drift is read once more before it is told, and before all else: a and b, then both again; c is not come to.
    const running = await startCheck({
      fault: { method: 'tables.get', table: 'b', skip: 1, answer: 'hang' },
      warehouse,
      args: ['--format', 'json'],
    });
    await untilAsked(running, 4);

    running.child.kill(signal);

    const exit = await ended(running);
    const { status, tables, findings, unchecked } = JSON.parse(running.stdout());
    expect({
      exit,
      status,
      tables,
      unchecked,
      found: findings.map(({ table }: { table: string }) => table),
    }).toEqual({
      exit: { code: 130, signal: null },
      status: 'drifted',
      tables: { inSync: 0, drifted: 1, unchecked: 2 },
      unchecked: [
        { dataset: 'sales', table: 'b', reason: 'out-of-time', detail: UNCONFIRMED },
        { dataset: 'sales', table: 'c', reason: 'out-of-time', detail: NOT_ANSWERED },
      ],
      found: ['a'],
    });
  },
);

test('SIGINT does not wait for an answer that never comes', async () => {
  const running = await startCheck({ fault: { table: 'b', answer: 'hang' } });
  await untilAsked(running, 2);

  running.child.kill('SIGINT');

  expect(await running.exited).toEqual({ code: 130, signal: null });
});

test('in the wait for the second read, what was seen is told as unconfirmed', async () => {
  const warehouse = asDeclared(['a', 'b']);
  warehouse.datasets.get('sales')?.tables.set('b', { schema: { fields: fields.slice(0, 1) } });
  const running = await startCheck({ warehouse, tables: ['a', 'b'], confirmSeconds: 600 });
  while (running.stderr() === '') await new Promise((resolve) => setImmediate(resolve));

  running.child.kill('SIGINT');

  expect({ exit: await running.exited, stdout: running.stdout(), stderr: running.stderr() }).toEqual({
    exit: { code: 130, signal: null },
    stdout: [
      'Not checked',
      `  sales.b: ${UNCONFIRMED}`,
      '',
      'incomplete in shop: 1 table in sync, 0 drifted, 1 unchecked',
      '',
    ].join('\n'),
    stderr: 'drift: what differs is read again after 600 s (--no-confirm skips this)\n',
  });
});

test('pull and accept write nothing by halves, and exit with 130', async () => {
  const bigquery = await startBigQueryEmulator({ projectId: 'shop', warehouse: asDeclared(['a', 'b']) });
  onTestFinished(() => bigquery.close());
  bigquery.faults.push({ method: 'tables.get', table: 'b', answer: 'hang' });
  const out = await writeFolder({ 'sales/b.json': { type: 'TABLE', description: 'mine' } });
  const hanging = () =>
    bigquery.requests.filter(({ operation, table }) => operation === 'tables.get' && table === 'b').length;
  const run = async (args: readonly string[], asked: number) => {
    const child = spawn(process.execPath, ['src/cli/drift.ts', ...args], {
      env: { PATH: process.env['PATH'], BIGQUERY_API_ENDPOINT: bigquery.url, GCP_PROJECT_ID: 'shop' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const done = outcomeOf(child);
    while (hanging() < asked) await new Promise((resolve) => setImmediate(resolve));
    child.kill('SIGINT');
    return done;
  };

  expect(await run(['pull', '--out', out, '--force'], 1)).toEqual({
    status: 130,
    stdout: expect.stringContaining(`not readable 1:\n  sales.b: ${NOT_ANSWERED}\n`),
    stderr: '',
  });
  expect(await run(['accept', 'sales.b', '--expected', out], 2)).toMatchObject({
    status: 130,
    stderr: expect.stringContaining(NOT_ANSWERED),
  });
  expect(await readFile(join(out, 'sales', 'b.json'), 'utf8')).toBe('{"type":"TABLE","description":"mine"}');
  expect((await readdir(join(out, 'sales'))).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a second SIGINT ends the process at once', async () => {
  // Of this many tables the result is longer than a pipe holds, so that it cannot be printed while nobody reads.
  const tables = Array.from({ length: 2500 }, (_, index) => `${'t'.repeat(230)}_${index}`);
  const running = await startCheck({ tables, fault: { method: 'tables.get', answer: 'hang' } });
  await untilAsked(running, 1);
  const { stdout } = running.child;
  stdout?.removeAllListeners('data').pause();

  running.child.kill('SIGINT');
  await once(stdout ?? running.child, 'readable');
  running.child.kill('SIGINT');
  const [code, signal] = await once(running.child, 'exit');

  expect({ code, signal }).toEqual({ code: null, signal: 'SIGINT' });
});
