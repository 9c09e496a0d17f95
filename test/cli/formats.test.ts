import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Files, writeFolder } from '../support/folder.ts';
import { readableText } from '../support/pages.ts';

/* What a reader gets who is no terminal: a browser, a CI. */

const string = (name: string) => ({ name, type: 'STRING' });
const files: Files = {
  'sales/orders.json': { type: 'TABLE', schema: { fields: [string('id'), string('note')] } },
  'drift-policy.json': {
    waivers: [{ table: 'sales.orders', path: 'id', until: '2999-12-31', reason: 'migration 4711' }],
  },
};
const answers: Files = { 'sales/orders.json': { type: 'TABLE', schema: { fields: [string('id')] } } };

function drift(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', CONFIRM_SECONDS: '0' };
    const child = execFile(process.execPath, ['src/cli/drift.ts', ...args], { env }, (_, stdout) =>
      resolve({ code: child.exitCode ?? -1, stdout }),
    );
  });
}

async function check(...args: readonly string[]) {
  return drift([
    'check',
    '--expected',
    await writeFolder(files),
    '--actual',
    await writeFolder(answers),
    ...args,
  ]);
}

describe('check --format html', () => {
  test('writes the page to the file, and text to the terminal', async () => {
    const output = join(await writeFolder({}), 'report.html');
    const { code, stdout } = await check('--format', 'html', '--output', output, '--project', 'shop');
    expect([code, stdout.split('\n')[0]]).toEqual([1, 'sales.orders']);
    const text = readableText(await readFile(output, 'utf8'));
    expect(text.slice(1, 5)).toEqual([
      'BigQuery drift · shop',
      'Copy link',
      'Drifted',
      '1 of 1 table differs from its file.',
    ]);
    expect(text).toContain('Expected beside actual');
    expect(text).toContain('every kind that may be waived, id, until 2999-12-31: migration 4711');
  });

  test('prints the page where there is no file, whatever the project', async () => {
    const { stdout } = await check('--format', 'html');
    expect(stdout.slice(0, 15)).toBe('<!doctype html>');
    expect(readableText(stdout)[1]).toBe('BigQuery drift · recorded answers');
  });
});

describe('check --format junit', () => {
  test('fails the cases that fail the command', async () => {
    const { code, stdout } = await check('--format', 'junit', '--project', 'shop');
    expect(code).toBe(1);
    expect(stdout).toContain('<testsuites name="drift check of shop" tests="1" failures="1" errors="0">');
  });

  test('fails none where --fail-on lets them pass', async () => {
    const policy = join(
      await writeFolder({ 'policy.json': { severities: { 'field-missing': 'warning' } } }),
      'policy.json',
    );
    const { code, stdout } = await check('--format', 'junit', '--fail-on', 'critical', '--policy', policy);
    expect(code).toBe(0);
    expect(stdout).toContain('tests="1" failures="0"');
  });
});
