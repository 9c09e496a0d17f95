import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Files by their path in the folder: texts and bytes as they are, anything else as JSON; null is an empty folder. */
export type Files = Readonly<Record<string, unknown>>;

/** A folder of its own for the test that runs, removed after it. */
export async function writeFolder(files: Files): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'drift-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    const target = join(root, path);
    await mkdir(content === null ? target : dirname(target), { recursive: true });
    if (content !== null) await writeFile(target, isPlain(content) ? content : JSON.stringify(content));
  }
  return root;
}

function isPlain(content: unknown): content is string | Buffer {
  return typeof content === 'string' || Buffer.isBuffer(content);
}
