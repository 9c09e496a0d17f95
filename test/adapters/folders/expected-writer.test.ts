import { lstat, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createExpectedWriter, findSchemas } from '../../../src/adapters/folders/expected-writer.ts';
import { writeFolder } from '../../support/folder.ts';

describe('createExpectedWriter', () => {
  test('writes a file and the folders above it, and leaves nothing else behind', async () => {
    const root = join(await writeFolder({}), 'new', 'expected');
    const writer = createExpectedWriter(root);
    expect(await writer.look('sales/orders.json')).toEqual({ status: 'absent' });
    await writer.write('sales/orders.json', '{}\n');
    await writer.write('sales.json', '{"location": "EU"}\n');
    expect(await readdir(root, { recursive: true })).toEqual(
      expect.arrayContaining(['sales', 'sales.json', 'sales/orders.json']),
    );
    expect(await readdir(join(root, 'sales'))).toEqual(['orders.json']);
    expect(await writer.look('sales/orders.json')).toEqual({ status: 'file' });
  });

  test('replaces a file as a whole', async () => {
    const root = await writeFolder({ 'sales/orders.json': 'x'.repeat(1000) });
    await createExpectedWriter(root).write('sales/orders.json', 'short');
    expect(await readFile(join(root, 'sales/orders.json'), 'utf8')).toBe('short');
    expect(await readdir(join(root, 'sales'))).toEqual(['orders.json']);
  });

  test('keeps the name of the longest file that there can be', async () => {
    const root = await writeFolder({});
    const name = `${'n'.repeat(250)}.json`;
    await createExpectedWriter(root).write(`sales/${name}`, '{}');
    expect(await readdir(join(root, 'sales'))).toEqual([name]);
  });

  test.each([
    '../x.json',
    'sales/../../x.json',
    '/tmp/x.json',
    'a/b/c.json',
    'sales/..json/../x.json',
    './x.json',
    'sales//x.json',
    'sales\\x.json',
    'sales/x\0.json',
    'sales/x.txt',
    '..',
    '',
  ])('never looks at nor writes %j', async (file) => {
    const root = join(await writeFolder({ 'expected/sales.json': '{}' }), 'expected');
    const writer = createExpectedWriter(root);
    await expect(writer.look(file)).rejects.toMatchObject({ code: 'NotWritable' });
    await expect(writer.write(file, '{}')).rejects.toMatchObject({ code: 'NotWritable' });
    expect(await readdir(join(root, '..'), { recursive: true })).toEqual(['expected', 'expected/sales.json']);
  });

  test('follows no symbolic link out of the folder', async () => {
    const root = await writeFolder({ 'elsewhere/orders.json': 'mine', 'expected/sales.json': '{}' });
    const expected = join(root, 'expected');
    await symlink(join(root, 'elsewhere'), join(expected, 'linked'));
    await mkdir(join(expected, 'sales'));
    await symlink(join(root, 'elsewhere/orders.json'), join(expected, 'sales/orders.json'));
    const writer = createExpectedWriter(expected);
    expect(await writer.look('linked/orders.json')).toEqual({
      status: 'blocked',
      why: 'the folder linked is a symbolic link',
    });
    expect(await writer.look('sales/orders.json')).toEqual({
      status: 'blocked',
      why: 'a symbolic link is in its place',
    });
    for (const file of ['linked/orders.json', 'sales/orders.json', 'linked/new.json'])
      await expect(writer.write(file, 'theirs')).rejects.toMatchObject({ code: 'NotWritable' });
    expect(await readFile(join(root, 'elsewhere/orders.json'), 'utf8')).toBe('mine');
    expect(await readdir(join(root, 'elsewhere'))).toEqual(['orders.json']);
    expect((await lstat(join(expected, 'sales/orders.json'))).isSymbolicLink()).toBe(true);
  });

  test('is blocked by a folder in the place of a file, and by a file in the place of a folder', async () => {
    const root = await writeFolder({ 'sales/orders.json': null, crm: 'a file' });
    const writer = createExpectedWriter(root);
    expect(await writer.look('sales/orders.json')).toMatchObject({ status: 'blocked' });
    expect(await writer.look('crm/customers.json')).toEqual({ status: 'blocked', why: 'crm is no folder' });
  });

  test('names the file that could not be written, and cleans up', async () => {
    const root = await writeFolder({ file: 'no folder' });
    const writer = createExpectedWriter(join(root, 'file'));
    await expect(writer.write('sales.json', '{}')).rejects.toMatchObject({
      code: 'NotWritable',
      message: expect.stringContaining('sales.json: '),
    });
    expect(await readdir(root)).toEqual(['file']);
  });
});

describe('findSchemas', () => {
  const schemas = { 'schemas/table.schema.json': {}, 'schemas/dataset.schema.json': {} };

  test('names the nearest folder of JSON Schemas as seen from the expected files', async () => {
    const root = await writeFolder({ ...schemas, 'a/b/x.json': {} });
    expect(await findSchemas(join(root, 'expected-schemas'))).toBe('../schemas');
    expect(await findSchemas(join(root, 'a/b'))).toBe('../../schemas');
    expect(await findSchemas(root)).toBe('schemas');
  });

  test('finds none where one of the two is absent', async () => {
    const root = await writeFolder({ 'schemas/table.schema.json': {} });
    expect(await findSchemas(join(root, 'expected-schemas'))).toBeNull();
  });
});
