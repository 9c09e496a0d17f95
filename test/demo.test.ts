import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { writeFolder } from './support/folder.ts';
import { readableText } from './support/pages.ts';

function withoutMoments(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, 'some moment');
}

test('the demo tells its story to the end', async () => {
  const out = await writeFolder({});
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['demo/demo.ts', '--out', out], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  for (const line of [
    'HTTP 200  in-sync  tables {"inSync":13,"drifted":0,"unchecked":0}',
    'HTTP 200  drifted  tables {"inSync":9,"drifted":3,"unchecked":1}',
    'Drift in demo-project: 3 critical',
    'field amount is missing: expected NUMERIC, found nothing — breaks integration-service',
    'the partitioning is missing: expected DAY(purchase_date), found none',
    'expected at least 2 years (P2Y), found 30 days',
    'analytics: access denied, or deleted, 1 table; grant roles/bigquery.metadataViewer',
    'Still open in demo-project: 3 critical',
    'found nothing — breaks integration-service — open for 4 hours',
    'Resolved in demo-project: 3 repaired, 1 table can be checked again',
    'findings{commerce, square_payments, critical} = 1',
    'all of them GET: true',
    'For a project of your own',
  ]) {
    expect(stdout).toContain(line);
  }
  const readme = await readFile('README.md', 'utf8');
  const excerpt = /\n\n {4}Drift in [\s\S]*?\n\n(?! {4})/.exec(readme)?.[0] ?? '';
  const shown = excerpt
    .split('\n')
    .map((line) => withoutMoments(line.trim()))
    .filter((line) => line !== '');
  expect(shown).toHaveLength(9);
  const told = withoutMoments(stdout.replace(/^ *┃ +/gm, '┃ '));
  for (const line of shown) expect(told).toContain(`┃ ${line}\n`);
  expect(stdout.match(/Slack: nothing to tell/g)).toHaveLength(5);

  const path = stdout.trimEnd().split('\n').at(-1) ?? '';
  expect(path.startsWith(out)).toBe(true);
  await access(path.replace(/[^/]*$/, 'latest.html'));
  const report = readableText(await readFile(path, 'utf8'));
  expect(report).toContain('3 of 13 tables differ from their files; 1 could not be checked.');
  expect(report).toContain('Open findings over the last 30 days');
});
