import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Files, writeFolder } from './support/folder.ts';

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
const schema = { fields: [{ name: 'id', type: 'STRING' }] };

function answer(table: string, more: object): object {
  const tableReference = { projectId: 'p', datasetId: 'sales', tableId: table };
  return { kind: 'bigquery#table', tableReference, type: 'TABLE', schema, ...more };
}

function datasetAnswer(more: object): object {
  const datasetReference = { projectId: 'p', datasetId: 'sales' };
  return { kind: 'bigquery#dataset', datasetReference, location: 'US', ...more };
}

const stated: Files = {
  'sales.json': { defaultTableExpirationMs: '0', defaultPartitionExpirationMs: 0 },
  'sales/p.json': { schema, timePartitioning: { type: 'DAY', expirationMs: '0' } },
  'sales/t.json': { schema, expirationTime: '00', contract: { retention: 'P1Y' } },
};
/** The same warehouse, whose answers say it the one time and leave it out the other. */
const never: Files = {
  'sales.json': datasetAnswer({ defaultPartitionExpirationMs: '0' }),
  'sales/p.json': answer('p', { timePartitioning: { type: 'DAY' } }),
  'sales/t.json': answer('t', { expirationTime: '0' }),
};

test('0 is never, in files and in answers: no finding, one warning for each key, and pulled as null', async () => {
  const expected = await writeFolder(stated);
  const actual = await writeFolder(never);
  const checked = await drift([
    'check',
    '--expected',
    expected,
    '--actual',
    actual,
    '--fail-on',
    'info',
    '--format',
    'json',
  ]);
  const { findings, warnings } = JSON.parse(checked.stdout);
  expect({ code: checked.code, findings, warnings }).toEqual({
    code: 0,
    findings: [],
    warnings: [
      'stated as 0, which is never: dataset defaultPartitionExpirationMs, 1 file (null says it better)',
      'stated as 0, which is never: dataset defaultTableExpirationMs, 1 file (null says it better)',
      'stated as 0, which is never: expirationTime, 1 file (null says it better)',
      'stated as 0, which is never: timePartitioning.expirationMs, 1 file (null says it better)',
    ],
  });
  const out = await writeFolder({});
  expect((await drift(['pull', '--actual', actual, '--out', out])).code).toBe(0);
  const pulled = async (file: string) => JSON.parse(await readFile(join(out, file), 'utf8'));
  expect(await pulled('sales.json')).toMatchObject({ defaultPartitionExpirationMs: null });
  expect(await pulled('sales/t.json')).toMatchObject({ expirationTime: null });
});

test('an expiration below 0 is an error of its file, told with all others', async () => {
  const expected = await writeFolder({
    'sales.json': { defaultTableExpirationMs: '-1', defaultPartitionExpirationMs: -5 },
    'sales/p.json': { schema, timePartitioning: { type: 'DAY', expirationMs: '-0.5' } },
    'sales/t.json': { schema, expirationTime: '9223372036854775808', typo: 1 },
    'sales/u.json': { schema, expirationTime: -1, contract: { retention: 'P1Y' } },
  });
  const { code, stdout, stderr } = await drift(['validate', '--expected', expected]);
  expect(code).toBe(65);
  const range = 'expected 0 to 9223372036854775807; null says never';
  for (const line of [
    `sales.json: $.defaultTableExpirationMs: ${range}`,
    `sales.json: $.defaultPartitionExpirationMs: ${range}`,
    'sales/p.json: $.timePartitioning.expirationMs: expected an integer, as digits or a number',
    `sales/t.json: $.expirationTime: ${range}`,
    'sales/t.json: $.typo: unknown key "typo"',
    `sales/u.json: $.expirationTime: ${range}`,
  ])
    expect(stdout + stderr).toContain(line);
});

test('no statement deletes by an expiration unsaid: what is past has none, what is shorter says and counts what it deletes', async () => {
  const past = String(Date.now() - DAY);
  const expected = await writeFolder({
    'sales.json': { defaultTableExpirationMs: String(DAY), maxTimeTravelHours: '48' },
    'sales/days.json': { schema, timePartitioning: { type: 'DAY', expirationMs: String(90 * DAY) } },
    'sales/past.json': { schema, expirationTime: past },
    'sales/zero.json': { schema, timePartitioning: { type: 'HOUR', expirationMs: 0 } },
  });
  const actual = await writeFolder({
    'sales.json': datasetAnswer({}),
    'sales/days.json': answer('days', { timePartitioning: { type: 'DAY', expirationMs: String(365 * DAY) } }),
    'sales/past.json': answer('past', {}),
    'sales/zero.json': answer('zero', { timePartitioning: { type: 'HOUR', expirationMs: String(DAY) } }),
    'sales/odd.json': answer('odd', {}),
  });
  const dayBefore = () => new Date(Date.now() - 90 * DAY).toISOString().slice(0, 10);
  const before = dayBefore();
  const { stdout } = await drift([
    'check',
    '--expected',
    expected,
    '--actual',
    actual,
    '--project',
    'p',
    '--format',
    'json',
  ]);
  const day = stdout.includes(before) ? before : dayBefore();
  const fixes = new Map<string, { how: string; statements: string[]; note: string }>(
    JSON.parse(stdout).findings.map((finding: { kind: string; table: string | null; fix: object }) => [
      `${finding.table} ${finding.kind}`,
      finding.fix,
    ]),
  );

  expect(fixes.get('days partition-expiration')?.statements).toEqual([
    `-- deletes partitions before ${day}: this query counts them\nSELECT COUNT(*) AS partitions, SUM(total_rows) AS total_rows FROM \`p.sales.INFORMATION_SCHEMA.PARTITIONS\` WHERE table_name = 'days' AND partition_id < '${day.replaceAll('-', '')}' AND partition_id NOT IN ('__NULL__', '__UNPARTITIONED__')`,
    `-- deletes partitions before ${day}\nALTER TABLE \`p.sales.days\` SET OPTIONS (partition_expiration_days = 90)`,
  ]);
  expect(fixes.get('past table-expiration')).toEqual({
    how: 'none',
    statements: [],
    note: `the expirationTime that its file states, ${new Date(Number(past)).toISOString()}, is past, so that the table would be deleted at once: state a later one, or null for never`,
  });
  expect(fixes.get('zero partition-expiration')?.statements).toEqual([
    'ALTER TABLE `p.sales.zero` SET OPTIONS (partition_expiration_days = NULL)',
  ]);
  expect(fixes.get('null dataset-table-expiration')?.statements).toEqual([
    '-- deletes nothing that is there, but each table created from now on, 1 day after it was created\nALTER SCHEMA `p.sales` SET OPTIONS (default_table_expiration_days = 1)',
  ]);
  expect(fixes.get('null dataset-time-travel')?.statements[0]).toMatch(
    /^-- deletes history: what was changed or deleted before \d{4}-\d\d-\d\d \d\d:\d\d UTC can no longer be restored\nALTER SCHEMA /,
  );
});
