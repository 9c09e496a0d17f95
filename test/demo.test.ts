import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the demo tells its story to the end', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['demo/demo.ts'], {
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
    'analytics.lightspeed_products: access denied',
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
    .map((line) => line.trim())
    .filter((line) => line !== '');
  expect(shown).toHaveLength(9);
  for (const line of shown) expect(stdout).toContain(`┃ ${line}\n`);
  expect(stdout.match(/Slack: nothing to tell/g)).toHaveLength(2);
});
