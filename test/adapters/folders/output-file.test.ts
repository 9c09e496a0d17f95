import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { proveOutput } from '../../../src/adapters/folders/output-file.ts';
import { renderJson } from '../../../src/output/json.ts';
import { renderJunit } from '../../../src/output/junit.ts';
import { renderText } from '../../../src/output/text.ts';
import { renderHtml } from '../../../src/page/page.ts';
import { writeFolder } from '../../support/folder.ts';
import { largePage } from '../../support/large-page.ts';
import { REPORTS } from '../../support/reports.ts';

const report = REPORTS['every-part'];
if (report === undefined) throw new Error('the report is gone');

describe('an earlier report is replaced', () => {
  test.each<[string, () => string | Promise<string>]>([
    ['text', () => renderText(report, { color: false })],
    ['json', () => renderJson(report)],
    ['json that jq wrote in one line', () => JSON.stringify(JSON.parse(renderJson(report)))],
    ['junit', () => renderJunit(report, [], { failOn: 'warning' })],
    ['html', async () => renderHtml(await largePage({ tables: 10, findings: 2 }))],
    ['slack', () => readFile('test/golden/opened.slack.json', 'utf8')],
    ['slack that says nothing', () => 'null\n'],
    ['a file that mktemp made', () => ''],
  ])('%s', async (_, textOf) => {
    const folder = await writeFolder({ 'out.x': await textOf() });
    await expect(proveOutput(join(folder, 'out.x'), [])).resolves.toBeUndefined();
  });
});

test.each<[string, string]>([
  ['an expected file', '{ "type": "TABLE" }'],
  ['a policy', '{ "severities": {} }'],
  ['a state', '{ "version": 12 }'],
  ['code', 'export const version = 1;'],
  ['prose', '# Notes\nAll tables in sync.\n'],
])('%s is not', async (_, text) => {
  const path = join(await writeFolder({ 'out.x': text }), 'out.x');
  await expect(proveOutput(path, [])).rejects.toMatchObject({
    code: 'NotWritable',
    message: `--output: ${path} is there already, and no report of drift: name another file, or remove it`,
  });
});

test('what is read is found behind links, and by any spelling', async () => {
  const root = await writeFolder({ 'files/sales/orders.json': {}, 'policy.json': {} });
  await symlink(join(root, 'files'), join(root, 'link'));
  await mkdir(join(root, 'elsewhere'));
  await symlink(join(root, 'files', 'sales', 'orders.json'), join(root, 'elsewhere', 'report.json'));
  const files = join(root, 'files');
  for (const path of [
    'link/x.html',
    'files/new/x.html',
    'elsewhere/../files/x',
    'elsewhere/report.json',
    'files',
  ])
    await expect(proveOutput(join(root, path), [files]), path).rejects.toThrow(`lies in ${files}`);
  const policy = join(root, 'policy.json');
  await expect(proveOutput(policy, [files, policy])).rejects.toThrow(`lies in ${policy}`);
  // A name that begins as the folder's does is another.
  await writeFile(join(root, 'files.html'), '');
  await expect(proveOutput(join(root, 'files.html'), [files])).resolves.toBeUndefined();
});

test('folders on the way are made; a folder is no file', async () => {
  const root = await writeFolder({});
  await proveOutput(join(root, 'a', 'b', 'report.html'), []);
  await expect(proveOutput(join(root, 'a', 'b'), [])).rejects.toThrow('is a folder: name a file');
});

test('a pipe, which would wait for its reader, and no name at all are refused; what a shell has opened is not', async () => {
  const pipe = join(await writeFolder({}), 'out.json');
  execFileSync('mkfifo', [pipe]);

  await expect(proveOutput(pipe, [])).rejects.toThrow(`--output: ${pipe} is a pipe: name a file`);
  await expect(proveOutput('', [])).rejects.toThrow('--output: name a file');
  await expect(proveOutput('/dev/null', [])).resolves.toBeUndefined();
});
