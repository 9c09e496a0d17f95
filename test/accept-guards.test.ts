import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFolder } from './support/folder.ts';

/** The command line as a process of its own. */
function drift(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'] ?? '', CONFIRM_SECONDS: '0' } };
    const child = execFile(process.execPath, ['src/cli/drift.ts', ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

const DAY = 86_400_000;
const id = { name: 'id', type: 'STRING', mode: 'REQUIRED' };
const note = { name: 'note', type: 'STRING' };
const file = {
  schema: {
    fields: [{ ...id, policyTags: { names: ['projects/p/locations/eu/taxonomies/1/policyTags/2'] } }, note],
  },
  timePartitioning: { type: 'DAY', expirationMs: String(90 * DAY) },
  expirationTime: null,
  encryptionConfiguration: { kmsKeyName: 'k' },
  description: 'all orders',
};
const answer = {
  kind: 'bigquery#table',
  tableReference: { projectId: 'p', datasetId: 'sales', tableId: 'orders' },
  type: 'TABLE',
  schema: { fields: [{ ...id, mode: 'NULLABLE', policyTags: {} }] },
  timePartitioning: { type: 'DAY', expirationMs: String(7 * DAY) },
  expirationTime: '1800000000000',
  description: 'all\norders',
};

test('accept takes nothing that protects data without --force, contract or not, and says it in people’s units', async () => {
  const expected = await writeFolder({ 'sales/orders.json': file });
  const actual = await writeFolder({ 'sales/orders.json': answer });
  const read = () => readFile(join(expected, 'sales/orders.json'), 'utf8');
  const before = await read();
  const accept = (...options: readonly string[]) =>
    drift(['accept', 'sales.orders', '--expected', expected, '--actual', actual, ...options]);

  const shorter = await accept('--kind', 'partition-expiration');
  expect(shorter).toEqual({
    code: 66,
    stdout: '',
    stderr:
      'drift: nothing is changed: this weakens what the file protects, and --force accepts it\n' +
      '  weakened: partitions are deleted sooner: 90 days → 7 days\n',
  });
  const all = await accept();
  expect(all.code).toBe(66);
  for (const item of [
    'partitions are deleted sooner: 90 days → 7 days',
    'the table is deleted sooner: never → 2027-01-15 08:00 UTC',
    'field note is no longer expected',
    'field id becomes NULLABLE instead of REQUIRED',
    'field id is no longer protected by projects/p/locations/eu/taxonomies/1/policyTags/2',
    'the key k is no longer expected to encrypt it',
  ])
    expect(all.stderr).toContain(`  weakened: ${item}\n`);
  expect(await read()).toBe(before);

  const forced = await accept('--force');
  expect(forced.code).toBe(0);
  expect(forced.stdout).toContain('  partition-expiration: expected 90 days, found 7 days\n');
  expect(forced.stdout).toContain('  table-description: expected all orders, found all orders\n');
  expect(forced.stdout).not.toContain('\uFFFD');
  expect(forced.stdout).toContain('  weakened: partitions are deleted sooner: 90 days → 7 days\n');
  expect(JSON.parse(await read())).toMatchObject({ timePartitioning: { expirationMs: String(7 * DAY) } });
});

test('pull says what --force would give up, and what it gave up', async () => {
  const out = await writeFolder({
    'sales/orders.json': file,
    'sales/kept.json': { schema: { fields: [note] }, contract: { criticalFields: ['note'] } },
  });
  const tableReference = { projectId: 'p', datasetId: 'sales', tableId: 'kept' };
  const actual = await writeFolder({
    'sales/orders.json': answer,
    'sales/kept.json': { ...answer, tableReference, timePartitioning: undefined, expirationTime: undefined },
  });
  const kept = await drift(['pull', '--actual', actual, '--out', out]);
  expect(kept.stdout).toContain(
    'kept 2 files that say something else (--force replaces them and keeps each contract):\n',
  );
  expect(kept.stdout).toContain(
    'what they protect and what is there does not, which --force would give up:\n',
  );
  expect(kept.stdout).toContain('  sales/orders.json: partitions are deleted sooner: 90 days → 7 days\n');
  const forced = await drift(['pull', '--actual', actual, '--out', out, '--force']);
  expect(forced.stdout).toContain('what replaced files protected is protected no longer:\n');
  expect(forced.stdout).toContain('  sales/orders.json: partitions are deleted sooner: 90 days → 7 days\n');
  expect(forced.stdout).toContain(
    'kept 1 file all the same, since --force cannot replace it:\n  sales/kept.json: its contract does not fit what is there: ',
  );
});
