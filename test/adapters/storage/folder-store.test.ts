import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFolderStore } from '../../../src/adapters/storage/folder-store.ts';
import { DriftError } from '../../../src/model/errors.ts';
import { writeFolder } from '../../support/folder.ts';
import { behavesAsObjectStore } from '../../support/object-store.ts';

/** A process of its own that runs this script, in which `open()` gives the store of the folder; killed after the test. */
function startProcess(folder: string, script: string) {
  const source = new URL('../../../src/adapters/storage/folder-store.ts', import.meta.url).href;
  // What the script puts in the place of a function of `fs.promises` is there before the store looks for it.
  const setting = `
    import fs from 'node:fs';
    import { once } from 'node:events';
    import { syncBuiltinESMExports } from 'node:module';
    const open = async () => {
      syncBuiltinESMExports();
      const { createFolderStore } = await import(${JSON.stringify(source)});
      return createFolderStore(${JSON.stringify(folder)});
    };
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', setting + script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

/** What a process prints, line by line. */
function linesOf(child: ReturnType<typeof startProcess>): () => Promise<string | undefined> {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => (await lines.next()).value;
}

describe('a folder', () => {
  behavesAsObjectStore(async () => createFolderStore(join(await writeFolder({}), 'drift', 'state')));

  test('is named by its address', () => {
    expect(createFolderStore('/var/lib/Zürich 1').uri).toBe('file:///var/lib/Z%C3%BCrich%201');
  });

  test('has one file an object, and nothing left of the writes before', async () => {
    const folder = await writeFolder({});
    const store = createFolderStore(folder);
    const first = await store.write('state.json', 'first', null);
    const second = await store.write('state.json', 'second', first);
    await store.write('state.json', 'late', first);
    await store.write('state.json', 'third', second);
    await store.write('lease.json', 'lease', null);
    expect((await readdir(folder)).sort()).toEqual(['lease.json.1', 'state.json.3']);
  });

  test('may hold what is no state: it is neither read nor touched', async () => {
    const files = ['state.json', 'state.json.0', 'state.json.x', 'state.json.1.bak', 'notes.txt'];
    const folder = await writeFolder(Object.fromEntries(files.map((name) => [name, 'mine'])));
    const store = createFolderStore(folder);
    expect(await store.read('state.json')).toBeNull();
    await store.write('state.json', 'text', null);
    expect((await readdir(folder)).sort()).toEqual([...files, 'state.json.1'].sort());
  });

  test('is read by number, not by letter', async () => {
    const folder = await writeFolder({ 'state.json.9': 'nine', 'state.json.10': 'ten' });
    const store = createFolderStore(folder);
    expect(await store.read('state.json')).toEqual({ text: 'ten', generation: '10' });
    expect(await store.write('state.json', 'late', '9')).toBeNull();
    expect(await store.write('state.json', 'eleven', '10')).toBe('11');
    expect(await readdir(folder)).toEqual(['state.json.11']);
  });
});

describe('a folder that cannot be used', () => {
  test.each<{
    readonly name: string;
    readonly spoil: (root: string) => Promise<unknown>;
    readonly read: string;
    readonly write: string;
  }>([
    {
      name: 'a file is in its place',
      spoil: (root) => writeFile(join(root, 'state'), ''),
      read: 'ENOTDIR',
      write: 'EEXIST',
    },
    {
      name: 'a file is in the place of the folder above',
      spoil: (root) => rm(root, { recursive: true }).then(() => writeFile(root, '')),
      read: 'ENOTDIR',
      write: 'ENOTDIR',
    },
    {
      name: 'a link to itself is in its place',
      spoil: (root) => symlink(join(root, 'state'), join(root, 'state')),
      read: 'ELOOP',
      write: 'ELOOP',
    },
  ])('is said where $name', async ({ spoil, read, write }) => {
    const root = await writeFolder({});
    const folder = join(root, 'state');
    await spoil(root);
    const store = createFolderStore(folder);
    await expect(store.read('state.json')).rejects.toEqual(
      new DriftError('StateUnavailable', `cannot read the state in ${folder}: ${read}`),
    );
    await expect(store.write('state.json', 'text', null)).rejects.toEqual(
      new DriftError('StateUnavailable', `cannot write the state in ${folder}: ${write}`),
    );
  });

  test('is said where a folder is in the place of the text', async () => {
    const folder = await writeFolder({ 'state.json.1': null });
    const store = createFolderStore(folder);
    await expect(store.read('state.json')).rejects.toEqual(
      new DriftError(
        'StateUnavailable',
        `cannot read the state in ${folder}: state.json.1 is no regular file`,
      ),
    );
  });

  test('is said where the newest text is a link to nothing', async () => {
    const folder = await writeFolder({ 'state.json.1': 'first' });
    await symlink(join(folder, 'nothing'), join(folder, 'state.json.2'));
    await expect(createFolderStore(folder).read('state.json')).rejects.toEqual(
      new DriftError('StateUnavailable', `cannot read the state in ${folder}: ENOENT`),
    );
  });

  // Root may read and write everything.
  test.skipIf(process.getuid?.() === 0)('is said where permission lacks', async () => {
    const folder = join(await writeFolder({ state: null }), 'state');
    await chmod(folder, 0o000);
    onTestFinished(() => chmod(folder, 0o700));
    const store = createFolderStore(folder);
    await expect(store.read('state.json')).rejects.toEqual(
      new DriftError('StateUnavailable', `cannot read the state in ${folder}: EACCES`),
    );
    await expect(store.write('state.json', 'text', null)).rejects.toEqual(
      new DriftError('StateUnavailable', `cannot write the state in ${folder}: EACCES`),
    );
  });
});

describe('a process that is killed', () => {
  test.each([
    {
      name: 'while it writes the draft',
      script: `
        fs.promises.writeFile = async (path, text) => {
          fs.writeFileSync(path, text.slice(0, 3));
          process.kill(process.pid, 'SIGKILL');
        };`,
      read: { text: 'first', generation: '1' },
    },
    {
      name: 'between the draft and its name',
      script: `fs.promises.link = async () => process.kill(process.pid, 'SIGKILL');`,
      read: { text: 'first', generation: '1' },
    },
    {
      name: 'before it removes what came before',
      script: `fs.promises.rm = async () => process.kill(process.pid, 'SIGKILL');`,
      read: { text: 'second', generation: '2' },
    },
  ])('$name leaves one whole text, which the next one follows', async ({ script, read }) => {
    const folder = await writeFolder({});
    const store = createFolderStore(folder);
    await store.write('state.json', 'first', null);
    const child = startProcess(
      folder,
      `${script}
      await (await open()).write('state.json', 'second', '1');`,
    );
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);

    expect(await store.read('state.json')).toEqual(read);
    const next = await store.write('state.json', 'next', read.generation);
    expect(await store.read('state.json')).toEqual({ text: 'next', generation: next });
  });

  test('leaves a draft, which a write removes once it is more than an hour old', async () => {
    const [young, old, others] = ['.state.json.7.young', '.state.json.7.old', '.lease.json.7.old'];
    const folder = await writeFolder({ [young]: 'dra', [old]: 'dra', [others]: 'dra' });
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    await utimes(join(folder, young), minutesAgo(50), minutesAgo(50));
    await utimes(join(folder, old), minutesAgo(61), minutesAgo(61));
    await utimes(join(folder, others), minutesAgo(61), minutesAgo(61));
    await createFolderStore(folder).write('state.json', 'text', null);
    expect((await readdir(folder)).sort()).toEqual([others, young, 'state.json.1']);
  });

  test('in its first write leaves nothing', async () => {
    const folder = await writeFolder({});
    const child = startProcess(
      folder,
      `fs.promises.link = async () => process.kill(process.pid, 'SIGKILL');
      await (await open()).write('state.json', 'text', null);`,
    );
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(await createFolderStore(folder).read('state.json')).toBeNull();
  });
});

describe('two processes', () => {
  test('that follow the same generation: one wins, however often they race', async () => {
    const folder = await writeFolder({});
    const ROUNDS = 25;
    // Each is told to go, tries, and tells what it was given.
    const script = `
      const store = await open();
      console.log('ready');
      for (let round = 0; round < ${ROUNDS}; round += 1) {
        const [line] = await once(process.stdin, 'data');
        const generation = String(line).trim();
        const given = await store.write('state.json', process.pid + '\\n' + 'x'.repeat(100_000), generation === '0' ? null : generation);
        console.log(given ?? 'lost');
      }
      process.exit();`;
    const racers = [startProcess(folder, script), startProcess(folder, script)];
    const lines = racers.map(linesOf);
    const next = () => Promise.all(lines.map((line) => line()));
    expect(await next()).toEqual(['ready', 'ready']);

    const store = createFolderStore(folder);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const racer of racers) racer.stdin.write(`${round}\n`);
      const answers = await next();
      const winner = racers[answers.indexOf(String(round + 1))];
      expect([...answers].sort()).toEqual([String(round + 1), 'lost']);
      expect(await store.read('state.json')).toEqual({
        text: `${winner?.pid}\n${'x'.repeat(100_000)}`,
        generation: String(round + 1),
      });
    }
  });

  test('that add to one list at their own pace lose nothing of what was accepted', async () => {
    const folder = await writeFolder({});
    const script = (name: string) => `
      const store = await open();
      const accepted = [];
      while (accepted.length < 40) {
        const stored = await store.read('list.json');
        const entry = '${name}' + accepted.length;
        const list = [...JSON.parse(stored?.text ?? '[]'), entry];
        const written = await store.write('list.json', JSON.stringify(list), stored?.generation ?? null);
        if (written !== null) accepted.push(entry);
      }
      console.log(JSON.stringify(accepted));`;
    const racers = ['a', 'b', 'c'].map((name) => startProcess(folder, script(name)));
    const accepted = await Promise.all(racers.map(async ({ stdout }) => JSON.parse(await text(stdout))));

    const stored = await createFolderStore(folder).read('list.json');
    expect(JSON.parse(stored?.text ?? '[]')).toEqual(expect.arrayContaining(accepted.flat()));
  });

  test('of which one is held up while the other writes twice: the late one loses', async () => {
    const folder = await writeFolder({});
    const store = createFolderStore(folder);
    const first = await store.write('state.json', 'first', null);
    const late = startProcess(
      folder,
      `const { link } = fs.promises;
      fs.promises.link = async (...paths) => {
        console.log('held up');
        await once(process.stdin, 'data');
        return link(...paths);
      };
      console.log(await (await open()).write('state.json', 'late', ${JSON.stringify(first)}));
      process.exit();`,
    );
    const line = linesOf(late);
    expect(await line()).toBe('held up');
    const second = await store.write('state.json', 'second', first);
    const third = await store.write('state.json', 'third', second);
    late.stdin.write('go on\n');

    expect(await line()).toBe('null');
    expect(await store.read('state.json')).toEqual({ text: 'third', generation: third });
  });
});
