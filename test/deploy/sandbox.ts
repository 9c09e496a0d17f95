import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export const SECRET = 'https://hooks.slack.com/services/T0/B0/secret';

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Sandbox {
  /** Runs deploy.sh for test-project. */
  deploy(args?: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** What exists in the stand-in's cloud: files by their path. */
  cloud(): Promise<Readonly<Record<string, string>>>;
  /** The words of every command since the last look. */
  calls(): Promise<readonly (readonly string[])[]>;
  /** Runs a line of bash beside deploy.sh. */
  type(line: string, options?: RunOptions): Promise<Outcome>;
  /** What gcloud is to refuse: a shell pattern of its words, how often, and what it says. */
  refuse(...faults: readonly (readonly [pattern: string, times: number, says: string])[]): Promise<void>;
  /** Writes a file of the clone, such as one of expected-schemas. */
  write(path: string, content: string): Promise<void>;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** The input is typed only when this has been printed. */
  readonly prompt?: string;
}

/** What a call of gcloud only asks. */
export const QUERY = /^(auth|.* (describe|list|ls|get-iam-policy)( |$))/;

/** The changes among the calls, each up to its first flag. */
export function changesOf(calls: readonly (readonly string[])[]): readonly string[] {
  return calls
    .filter(([tool, ...words]) => tool === 'gcloud' && !QUERY.test(words.join(' ')))
    .map((words) =>
      words
        .slice(
          1,
          words.findIndex((word) => word.startsWith('--')),
        )
        .join(' '),
    );
}

/** What deploy.sh finds beside itself. */
const LINKED = ['node_modules', 'ops', 'package.json', 'scripts', 'src'];

/**
 * A clone of this project with a stand-in for gcloud, npm and sleep, and what exists already in its cloud; all is removed
 * after the test that runs.
 */
export async function startSandbox(existing: Readonly<Record<string, string>> = {}): Promise<Sandbox> {
  const root = await mkdtemp(join(tmpdir(), 'drift-deploy-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const clone = join(root, 'clone');
  const cloud = join(root, 'cloud');
  for (const dataset of ['shop', 'web']) {
    await mkdir(join(clone, 'expected-schemas', dataset), { recursive: true });
    await writeFile(join(clone, 'expected-schemas', dataset, 'orders.json'), '{ "type": "TABLE" }\n');
  }
  await mkdir(cloud);
  for (const [path, content] of Object.entries(existing)) {
    await mkdir(dirname(join(cloud, path)), { recursive: true });
    await writeFile(join(cloud, path), content);
  }
  await copyFile('deploy.sh', join(clone, 'deploy.sh'));
  for (const name of LINKED) await symlink(resolve(name), join(clone, name));
  await writeFile(join(root, 'faults'), '');
  await writeFile(join(root, 'calls'), '');
  const bash = (args: readonly string[], { env = {}, input = '', prompt = '' }: RunOptions) => {
    const child = spawn('bash', args, {
      cwd: clone,
      env: {
        PATH: [resolve('test/deploy'), process.env['PATH']].join(delimiter),
        CLOUD: cloud,
        NODE: process.execPath,
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        ...env,
      },
    });
    // Not everything reads what it is given.
    child.stdin.on('error', () => {});
    let printed = '';
    const answer = (chunk: string) => {
      printed += chunk;
      if (printed.includes(prompt) && !child.stdin.writableEnded) child.stdin.end(input);
    };
    child.stdout.setEncoding('utf8').on('data', answer);
    answer('');
    return outcomeOf(child);
  };
  return {
    deploy: (args = [], options = {}) => bash(['deploy.sh', '--project', 'test-project', ...args], options),
    type: (line, options = {}) => bash(['--norc', '-c', line], options),
    async cloud() {
      const entries = await readdir(cloud, { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      const contents = await Promise.all(files.map((file) => readFile(file, 'utf8')));
      return Object.fromEntries(
        files.map((file, index) => [relative(cloud, file), contents[index] ?? '']).sort(),
      );
    },
    async calls() {
      const written = await readFile(join(root, 'calls'), 'utf8');
      await writeFile(join(root, 'calls'), '');
      return written
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split('\t'));
    },
    refuse: (...faults) =>
      writeFile(join(root, 'faults'), faults.map((fault) => `${fault.join('|')}\n`).join('')),
    async write(path, content) {
      await mkdir(dirname(join(clone, path)), { recursive: true });
      await writeFile(join(clone, path), content);
    },
  };
}

export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the outputs are not piped');
  const [out, err, status] = await Promise.all([
    text(stdout),
    text(stderr),
    new Promise<number | null>((done) => child.once('close', done)),
  ]);
  return { status, stdout: out, stderr: err };
}
