import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { QUERY, startSandbox } from './sandbox.ts';

interface Step {
  /** What bash is given. */
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What is set in GitHub, and in Cloud Build. */
type Settings = Readonly<Record<string, string>>;

async function githubSteps(job: string, vars: Settings = {}): Promise<readonly Step[]> {
  const { jobs } = parse(await readFile('ops/ci/github-workflow.yml', 'utf8'));
  return jobs[job].steps
    .filter(({ run }: { run?: string }) => run !== undefined)
    .map(({ run, env }: { run: string; env?: Settings }) => ({
      script: run,
      env: Object.fromEntries(
        Object.entries(env ?? {}).map(([name, value]) => [
          name,
          vars[/vars\.(\w+)/.exec(value)?.[1] ?? ''] ?? '',
        ]),
      ),
    }));
}

async function cloudBuildSteps(set: Settings): Promise<readonly Step[]> {
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
  const sandbox = await startSandbox({
    'buckets/test-project-bigquery-drift/location': 'us-central1',
    'buckets/elsewhere/location': 'us-central1',
    'buckets/elsewhere/settings': '--update-labels=bigquery-drift=managed\n',
  });
  await sandbox.type('mv expected-schemas my-schemas');
  for (const [path, content] of Object.entries(files)) await sandbox.write(path, content);
  let status: number | null = 0;
  for (const { script, env } of steps) {
    if (status === 0)
      ({ status } = await sandbox.type(`set -e\n${script}`, { env: { VALIDATE: 'yes', ...env } }));
  }
  const calls = (await sandbox.calls()).map((words) => words.join(' '));
  const isUpload = (call: string) => call.startsWith('gcloud storage') && !QUERY.test(call);
  return { status, uploads: calls.filter(isUpload) };
}

const UPLOAD =
  'gcloud storage rsync my-schemas gs://test-project-bigquery-drift/expected-schemas --recursive --checksums-only --delete-unmatched-destination-objects --exclude=.*(?<!\\.json)$ --project=test-project';

const VALID = '{ "type": "TABLE" }';
const RUNS = [
  {
    name: "GitHub's workflow",
    onPullRequest: () => githubSteps('check'),
    onMerge: async (bucket = '') => [
      ...(await githubSteps('check')),
      ...(await githubSteps('upload', { DRIFT_PROJECT: 'test-project', DRIFT_BUCKET: bucket })),
    ],
  },
  {
    name: "Cloud Build's file",
    onPullRequest: () => cloudBuildSteps({ _PROJECT: 'test-project', _PR_NUMBER: '7' }),
    onMerge: (bucket = '') => cloudBuildSteps({ _PROJECT: 'test-project', _BUCKET: bucket }),
  },
];

describe.each(RUNS)('$name', ({ onPullRequest, onMerge }) => {
  test('lets a pull request with valid files pass, and uploads nothing', async () => {
    expect(await play(await onPullRequest())).toEqual({ status: 0, uploads: [] });
  });

  test('stops one with invalid files', async () => {
    const files = { 'my-schemas/shop/orders.json': '{ "type": "TABEL" }' };
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

  test('uploads to a bucket of another name', async () => {
    const { uploads } = await play(await onMerge('elsewhere'));
    expect(uploads).toEqual([UPLOAD.replace('gs://test-project-bigquery-drift', 'gs://elsewhere')]);
  });

  test('uploads nothing that is invalid', async () => {
    const files = { 'my-schemas/shop/orders.json': '{ "type": "TABEL" }' };
    expect(await play(await onMerge(), files)).toEqual({ status: 65, uploads: [] });
  });
});

test('Cloud Build uploads no folder that is marked as the sample', async () => {
  const files = { 'my-schemas/THIS-IS-A-SAMPLE.md': '' };
  expect(await play(await cloudBuildSteps({ _PROJECT: 'test-project' }), files)).toEqual({
    status: 64,
    uploads: [],
  });
});

test('README says how to set all that they ask for', async () => {
  const readme = await readFile('README.md', 'utf8');
  const section = readme.slice(
    readme.indexOf('**Expected files from CI:**'),
    readme.indexOf('**Check by hand:**'),
  );
  const github = await readFile('ops/ci/github-workflow.yml', 'utf8');
  const { substitutions } = parse(await readFile('ops/ci/cloudbuild.yaml', 'utf8'));
  const asked = [
    ...[...github.matchAll(/vars\.(\w+)/g)].map(([, name = '']) => name),
    // Cloud Build sets this one itself.
    ...Object.keys(substitutions).filter((name) => name !== '_PR_NUMBER'),
  ];
  expect(asked.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
  expect(asked).toHaveLength(6);
});

test('what may be run by anybody who opens a pull request holds no credentials', async () => {
  const { permissions, jobs } = parse(await readFile('ops/ci/github-workflow.yml', 'utf8'));
  expect({ all: permissions, check: jobs.check.permissions, upload: jobs.upload.if }).toEqual({
    all: { contents: 'read' },
    check: undefined,
    upload: "github.event_name == 'push'",
  });
});
