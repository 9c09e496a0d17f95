import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { KINDS } from '../src/model/kinds.ts';
import { parseConfig } from '../src/run/config.ts';

const readme = await readFile('README.md', 'utf8');

/** The rows of the table under a heading or after a line, without its head. */
function tableAfter(mark: string): readonly string[] {
  const lines = readme.slice(readme.indexOf(mark)).split('\n');
  const start = lines.findIndex((line) => line.startsWith('| ---'));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 1, end);
}

test('the table of kinds is the one in kinds.ts', () => {
  const rows = KINDS.map((kind) => {
    const relied =
      'severityIfRelied' in kind ? `; ${kind.severityIfRelied} when the field is critical or consumed` : '';
    return `| ${kind.id} | ${kind.finds} | ${kind.severity}${relied} |`;
  });
  expect(tableAfter('## Kinds of drift')).toEqual(rows);
});

test('the table of variables names exactly those that are read', () => {
  const read = new Set<string>();
  const env = new Proxy({}, { get: (_, name) => void read.add(String(name)) });
  parseConfig(env);
  const named = tableAfter('## The hourly function').flatMap(
    (row) => row.split('|')[1]?.match(/\b[A-Z_]{4,}\b/g) ?? [],
  );
  // Named in the meaning of GCP_PROJECT_ID, not in a row of its own.
  expect([...named, 'GOOGLE_CLOUD_PROJECT'].sort()).toEqual([...read].sort());
});

test('the example of an expected file is a valid one', async () => {
  const { tableFile } = await import('../src/sources/file-schemas.ts');
  const example = /```json\n(\{\n {2}"\$schema"[\s\S]*?)\n```/.exec(readme)?.[1] ?? '';
  expect(tableFile.safeParse(JSON.parse(example)).error).toBeUndefined();
});

test('the example of a policy is a valid one', async () => {
  const { policyFile } = await import('../src/sources/file-schemas.ts');
  const example = /```json\n(\{\n {2}"severities"[\s\S]*?)\n```/.exec(readme)?.[1] ?? '';
  expect(policyFile.safeParse(JSON.parse(example)).error).toBeUndefined();
});
