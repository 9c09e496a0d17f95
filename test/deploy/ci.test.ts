import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startSandbox } from './sandbox.ts';

interface Step {
  /** What bash is given. */
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
}

async function githubSteps(job: string): Promise<readonly Step[]> {
  const { jobs } = parse(await readFile('ops/ci/github-workflow.yml', 'utf8'));
  return jobs[job].steps
    .filter(({ run }: { run?: string }) => run !== undefined)
    .map(({ run, env }: { run: string; env?: object }) => ({
      script: run,
      env: env === undefined ? {} : { PROJECT: 'test-project' },
    }));
}

async function cloudBuildSteps(set: Readonly<Record<string, string>>): Promise<readonly Step[]> {
  const { steps, substitutions } = parse(await readFile('ops/ci/cloudbuild.yaml', 'utf8'));
  return steps.map(({ args: [, script = ''] }: { args: readonly string[] }) => ({
    // As Cloud Build fills them in: https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values
    script: script.replace(/\$\$|\$\{(\w+)\}/g, (found, name?: string) =>
      name === undefined ? found.slice(1) : ({ ...substitutions, ...set }[name] ?? found),
    ),
    env: {},
  }));
}

/** Runs the steps one after the other, until one fails; its exit code. */
async function play(
  steps: readonly Step[],
  files: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number | null; readonly uploads: readonly string[] }> {
  const sandbox = await startSandbox({ 'buckets/test-project-bigquery-drift/location': 'us-central1' });
  for (const [path, content] of Object.entries(files)) await sandbox.write(path, content);
  let status: number | null = 0;
  for (const { script, env } of steps) {
    if (status === 0)
      ({ status } = await sandbox.type(`set -e\n${script}`, { env: { VALIDATE: 'yes', ...env } }));
  }
  const calls = (await sandbox.calls()).map((words) => words.join(' '));
  return { status, uploads: calls.filter((call) => call.startsWith('gcloud storage')) };
}

const UPLOAD =
  'gcloud storage rsync expected-schemas gs://test-project-bigquery-drift/expected-schemas --recursive --checksums-only --delete-unmatched-destination-objects --exclude=.*(?<!\\.json)$ --project=test-project';

const VALID = '{ "type": "TABLE" }';
const RUNS = [
  {
    name: "GitHub's workflow",
    onPullRequest: () => githubSteps('check'),
    onMerge: async () => [...(await githubSteps('check')), ...(await githubSteps('upload'))],
  },
  {
    name: "Cloud Build's file",
    onPullRequest: () => cloudBuildSteps({ _PROJECT: 'test-project', _PR_NUMBER: '7' }),
    onMerge: () => cloudBuildSteps({ _PROJECT: 'test-project' }),
  },
];

describe.each(RUNS)('$name', ({ onPullRequest, onMerge }) => {
  test('lets a pull request with valid files pass, and uploads nothing', async () => {
    expect(await play(await onPullRequest())).toEqual({ status: 0, uploads: [] });
  });

  test('stops one with invalid files', async () => {
    const files = { 'expected-schemas/shop/orders.json': '{ "type": "TABEL" }' };
    expect(await play(await onPullRequest(), files)).toEqual({ status: 65, uploads: [] });
  });

  test('compares the tables that were recorded, and no others', async () => {
    expect(await play(await onPullRequest(), { 'recorded/shop/orders.json': VALID })).toMatchObject({
      status: 0,
    });
    const drifted = { 'recorded/shop/orders.json': '{ "type": "VIEW" }' };
    expect(await play(await onPullRequest(), drifted)).toEqual({ status: 1, uploads: [] });
  });

  test('uploads the files after a merge, as deploy.sh --files-only does', async () => {
    expect(await play(await onMerge())).toEqual({ status: 0, uploads: [UPLOAD] });
  });

  test('uploads nothing that is invalid', async () => {
    const files = { 'expected-schemas/shop/orders.json': '{ "type": "TABEL" }' };
    expect(await play(await onMerge(), files)).toEqual({ status: 65, uploads: [] });
  });
});

test('what may be run by anybody who opens a pull request holds no credentials', async () => {
  const { permissions, jobs } = parse(await readFile('ops/ci/github-workflow.yml', 'utf8'));
  expect({ all: permissions, check: jobs.check.permissions, upload: jobs.upload.if }).toEqual({
    all: { contents: 'read' },
    check: undefined,
    upload: "github.event_name == 'push'",
  });
});
