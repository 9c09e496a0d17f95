import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { startMonitoringEmulator } from '../../emulators/monitoring.ts';
import { changesOf, QUERY, type Sandbox, SECRET, startSandbox } from './sandbox.ts';

const env = { SLACK_WEBHOOK_URL: SECRET };
const BUCKET = 'buckets/test-project-bigquery-drift';

const changes = async (sandbox: Sandbox) => changesOf(await sandbox.calls());

async function deployAll(
  sandbox: Sandbox,
  options: Parameters<Sandbox['deploy']>[1] = { env },
): Promise<void> {
  const { status, stderr } = await sandbox.deploy([], options);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

let complete: Promise<Readonly<Record<string, string>>> | undefined;

/** What a first deployment leaves behind; deployed once for all tests. */
function completeCloud(): Promise<Readonly<Record<string, string>>> {
  complete ??= startSandbox().then(async (sandbox) => {
    await deployAll(sandbox);
    return sandbox.cloud();
  });
  return complete;
}

/** After a first deployment. */
async function deployed(): Promise<Sandbox> {
  return startSandbox(await completeCloud());
}

describe('a first deployment', () => {
  test('runs exactly what it prints', async () => {
    const sandbox = await startSandbox();
    const { stdout } = await sandbox.deploy([], { env });
    const printed = stdout.split('\n').filter((line) => line.startsWith('+ '));

    const ran = (await sandbox.calls()).filter(
      ([tool, ...words]) => tool === 'npm' || !QUERY.test(words.join(' ')),
    );

    const reread = await Promise.all(
      printed.map(async (line) => {
        const words = await sandbox.type(`printf '%s\\n' ${line.slice(2)}`);
        return words.stdout.split('\n').slice(0, -1);
      }),
    );
    expect(ran).toEqual(reread);
  });

  test('gives the address to Secret Manager, and to nobody else', async () => {
    const sandbox = await startSandbox();
    const { stdout, stderr } = await sandbox.deploy([], { env });
    const { 'secrets/drift-slack-webhook': secret, ...rest } = await sandbox.cloud();

    expect(secret).toBe(SECRET);
    expect(
      [stdout, stderr, await sandbox.calls(), rest].map((place) =>
        JSON.stringify(place).includes('hooks.slack'),
      ),
    ).toEqual([false, false, false, false]);
  });

  test('tells the function its variables in a file, commas and all', async () => {
    const sandbox = await startSandbox();
    await deployAll(sandbox, { env: { ...env, DATASET_ALIASES: 'shop=shop_staging,web=web_staging' } });
    expect((await sandbox.cloud())['functions/us-central1/bigquery-drift']).toBe(
      [
        'GCP_PROJECT_ID: "test-project"',
        'EXPECTED_SCHEMAS: "gs://test-project-bigquery-drift/expected-schemas"',
        'STATE_URI: "gs://test-project-bigquery-drift/state"',
        'NODE_OPTIONS: "--max-old-space-size=320 --max-semi-space-size=8 --enable-source-maps"',
        'DATASET_ALIASES: "shop=shop_staging,web=web_staging"',
        '',
      ].join('\n'),
    );
  });

  test('describes the metrics', async () => {
    const monitoring = await startMonitoringEmulator({ projectId: 'test-project' });
    try {
      await deployAll(await deployed(), { env: { MONITORING_API_ENDPOINT: monitoring.url } });
      expect(monitoring.descriptors.size).toBe(5);
    } finally {
      await monitoring.close();
    }
  });

  test('without an address and a terminal says what to set, and leaves with 64', async () => {
    const sandbox = await startSandbox();
    const { status, stderr } = await sandbox.deploy();
    expect({ status, says: stderr.includes('set SLACK_WEBHOOK_URL') }).toEqual({ status: 64, says: true });
    expect((await sandbox.cloud())['functions/us-central1/bigquery-drift']).toBeUndefined();
  });

  test.each(['oops', 'http://hooks.slack.com/services/T0'])(
    'with the address %s leaves with 64, and does not show it',
    async (address) => {
      const sandbox = await startSandbox();
      const { status, stdout, stderr } = await sandbox.deploy([], { env: { SLACK_WEBHOOK_URL: address } });
      expect({
        status,
        says: stderr.includes('SLACK_WEBHOOK_URL: expected an address that begins with https://'),
      }).toEqual({
        status: 64,
        says: true,
      });
      expect(`${stdout}${stderr}`).not.toContain(address);
      expect(await sandbox.cloud()).toEqual({});
    },
  );

  const hasScript = spawnSync('script', ['--version']).status === 0;
  test.runIf(hasScript)('asks for the address at a terminal, and does not show it', async () => {
    const sandbox = await startSandbox();
    const { stdout, stderr } = await sandbox.type(
      `script --quiet --return --command 'bash deploy.sh --project test-project' /dev/null`,
      { input: `${SECRET}\n`, prompt: 'is not shown' },
    );
    expect((await sandbox.cloud())['secrets/drift-slack-webhook']).toBe(SECRET);
    expect({
      asked: stdout.includes('is not shown'),
      shown: `${stdout}${stderr}`.includes('hooks.slack'),
    }).toEqual({
      asked: true,
      shown: false,
    });
  });

  test('adds the address that is to be notified, once', async () => {
    const sandbox = await startSandbox();
    await sandbox.deploy(['--notify', 'on-call@example.com'], { env });
    await sandbox.deploy(['--notify', 'on-call@example.com']);
    const cloud = await sandbox.cloud();
    const [address, channel] = (cloud['channels'] ?? '').trim().split('|');
    expect({ address, policy: cloud['policies/silent-monitor.channels']?.trim() }).toEqual({
      address: 'on-call@example.com',
      policy: channel,
    });
  });
});

describe('a second deployment', () => {
  test('only updates, and needs no address', async () => {
    const sandbox = await deployed();
    const before = await sandbox.cloud();

    const { status } = await sandbox.deploy();

    expect(status).toBe(0);
    expect(await sandbox.cloud()).toEqual(before);
    const ran = await changes(sandbox);
    expect(ran.filter((change) => /create|delete|undelete|versions add/.test(change))).toEqual([]);
    expect(ran.map((change) => change.split(' ').slice(-2)[0])).toContain('update');
  });

  test('keeps a secret that is there, and says so', async () => {
    const sandbox = await deployed();
    const { stdout } = await sandbox.deploy([], {
      env: { SLACK_WEBHOOK_URL: 'https://hooks.slack.com/other' },
    });
    expect((await sandbox.cloud())['secrets/drift-slack-webhook']).toBe(SECRET);
    expect(stdout).toContain('drift-slack-webhook exists and is kept');
  });

  test('gives a secret without a version one', async () => {
    const sandbox = await startSandbox();
    await sandbox.type('gcloud secrets create drift-slack-webhook');
    await sandbox.deploy([], { env });
    expect((await sandbox.cloud())['secrets/drift-slack-webhook']).toBe(SECRET);
  });

  test('leaves alone whom an alert notifies, and that it is switched off', async () => {
    const before = {
      ...(await completeCloud()),
      'policies/silent-monitor.channels': 'a,b\n',
      'policies/silent-monitor.enabled': 'False\n',
    };
    const sandbox = await startSandbox(before);

    await sandbox.deploy();

    expect(await sandbox.cloud()).toEqual(before);
  });

  test("keeps the bucket's expected files, which CI may have merged since; it says how to upload", async () => {
    const sandbox = await deployed();
    await sandbox.write('expected-schemas/shop/orders.json', '{ "type": "VIEW" }');
    const { status, stdout } = await sandbox.deploy();
    expect({
      status,
      says: stdout.includes('kept; ./deploy.sh --project test-project --files-only uploads'),
    }).toEqual({
      status: 0,
      says: true,
    });
    expect((await sandbox.cloud())[`${BUCKET}/expected-schemas/shop/orders.json`]).toContain('TABLE');
  });

  test('says how to go on where the first upload broke off: what is there may not be all', async () => {
    const sandbox = await startSandbox();
    await sandbox.refuse(['storage rsync*', 1, 'INTERNAL: something broke']);
    const { stderr } = await sandbox.deploy([], { env });
    expect(stderr).toContain(
      'not all of the expected files may be there: ./deploy.sh --project test-project --files-only',
    );
  });

  test('installs again where the lock file has changed since', async () => {
    const installs = async (sandbox: Sandbox) =>
      (await sandbox.calls()).filter((words) => words.join(' ') === 'npm ci').length;
    const sandbox = await deployed();
    await sandbox.deploy();
    expect(await installs(sandbox)).toBe(0);
    await sandbox.write('package-lock.json', '{}');
    await sandbox.deploy();
    expect(await installs(sandbox)).toBe(1);
  });

  test("names an alert's condition: one that is not named is deleted and made anew, with its open incident", async () => {
    const sandbox = await deployed();
    await sandbox.deploy();
    expect((await sandbox.cloud())['policies/silent-monitor.condition']).toBe('1\n');
  });
});

describe('an option that a second deployment leaves out', () => {
  test.each([
    {
      args: ['--bucket', 'elsewhere'],
      says: 'keeps its state in the bucket elsewhere: add --bucket elsewhere',
    },
    { args: ['--slack-secret', 'other'], says: 'reads the secret other: add --slack-secret other' },
  ])('is asked for, and nothing is changed: $args', async ({ args, says }) => {
    const sandbox = await startSandbox();
    await sandbox.deploy(args, { env });
    const before = await sandbox.cloud();

    const forgotten = await sandbox.deploy([], { env });
    expect({ status: forgotten.status, says: forgotten.stderr.includes(says) }).toEqual({
      status: 1,
      says: true,
    });
    expect(await sandbox.cloud()).toEqual(before);

    expect((await sandbox.deploy(args)).status).toBe(0);
  });

  test("is kept, where it is the job's schedule; another one replaces it", async () => {
    const schedule = async (sandbox: Sandbox) =>
      /--schedule=(.*)/.exec((await sandbox.cloud())['jobs/us-central1/bigquery-drift'] ?? '')?.[1];
    const sandbox = await startSandbox();
    await sandbox.deploy(['--schedule', '5 * * * *'], { env });
    await sandbox.deploy();
    expect(await schedule(sandbox)).toBe('5 * * * *');
    await sandbox.deploy(['--schedule', '7 * * * *']);
    expect(await schedule(sandbox)).toBe('7 * * * *');
  });

  test('stands in what the alerts tell to type', async () => {
    const sandbox = await startSandbox();
    await sandbox.deploy(['--region', 'europe-west1', '--bucket', 'elsewhere'], { env });
    expect((await sandbox.cloud())['policies/failing-runs']).toContain(
      '`./deploy.sh --project test-project --region europe-west1 --bucket elsewhere --files-only`',
    );
    expect((await completeCloud())['policies/silent-monitor']).toContain(
      '`./deploy.sh --project test-project --region us-central1`',
    );
  });
});

describe('where a step fails', () => {
  /** One command of each step, in their order, and the step that it stops at. */
  const STEPS = [
    ['services enable*', 'Enable the APIs'],
    ['secrets create*', "The Slack webhook's address, in Secret Manager"],
    ['iam service-accounts create drift-scheduler*', 'Who it is'],
    ['iam roles create bigqueryDriftState*', 'What the function may do'],
    ['projects add-iam-policy-binding*logging.logWriter*', 'What the build may do'],
    ['storage buckets create*', 'The bucket of the state'],
    ['storage buckets add-iam-policy-binding*', 'The bucket of the state'],
    ['storage rsync*', 'Upload the expected files'],
    ['functions deploy*', 'The function'],
    ['run services add-iam-policy-binding*', 'Who may call it'],
    ['scheduler jobs create*', 'The hourly job'],
    ['monitoring dashboards create*', 'The dashboard'],
    ['alpha monitoring policies create*failing-runs*', 'The alerts'],
  ] as const;

  test('it says where and what to do, and the same command goes on from there', async () => {
    const sandbox = await startSandbox();
    await sandbox.refuse(...STEPS.map(([pattern]) => [pattern, 1, 'INTERNAL: something broke'] as const));

    for (const [, step] of STEPS) {
      const { status, stderr } = await sandbox.deploy([], { env });
      expect({
        step,
        status,
        at: stderr.includes(`stopped at: ${step}`),
        advice: stderr.includes('run the same command again'),
      }).toEqual({
        step,
        status: 1,
        at: true,
        advice: true,
      });
    }

    expect((await sandbox.deploy([], { env })).status).toBe(0);
    expect(await sandbox.cloud()).toEqual(await completeCloud());
  });

  test.each([
    ['PERMISSION_DENIED: no', 'lists the roles that a deployment needs'],
    ['FAILED_PRECONDITION: Billing account for project is not found', 'billing projects link'],
    ['HTTPError 409: Sorry, that name is not available', 'choose another name with --bucket'],
  ])('what gcloud says ("%s") is followed by what to do', async (says, advice) => {
    const sandbox = await startSandbox();
    await sandbox.refuse(['storage buckets create*', 1, says]);
    expect((await sandbox.deploy([], { env })).stderr).toContain(advice);
  });

  test('what cannot be asked for is not taken as absent', async () => {
    const sandbox = await deployed();
    await sandbox.refuse(['iam roles describe bigqueryDriftReader*', 9, 'INTERNAL: try later']);

    const { status } = await sandbox.deploy();

    expect(status).toBe(1);
    expect(await changes(sandbox)).not.toContain('iam roles create bigqueryDriftReader');
  });

  test('invalid expected files stop it before anything is touched, with 65', async () => {
    const sandbox = await startSandbox();
    await sandbox.write('expected-schemas/shop/orders.json', '{ "type": "TABEL" }');
    const { status, stderr } = await sandbox.deploy([], { env: { ...env, VALIDATE: 'yes' } });
    expect({ status, says: stderr.includes('TABEL') }).toEqual({ status: 65, says: true });
    expect({ changes: await changes(sandbox), cloud: await sandbox.cloud() }).toEqual({
      changes: [],
      cloud: {},
    });
  });
});

describe('what Google has not yet spread', () => {
  const account =
    'INVALID_ARGUMENT: Service account drift-runtime@test-project.iam.gserviceaccount.com does not exist.';
  const waits = async (sandbox: Sandbox) =>
    (await sandbox.calls()).filter(([tool]) => tool === 'sleep').length;

  test('a new account is waited for', async () => {
    const sandbox = await startSandbox();
    await sandbox.refuse(['projects add-iam-policy-binding*metricWriter*', 3, account]);
    const { status } = await sandbox.deploy([], { env });
    expect({ status, waits: await waits(sandbox) }).toEqual({ status: 0, waits: 3 });
  });

  test('but not longer than two minutes', async () => {
    const sandbox = await startSandbox();
    await sandbox.refuse(['projects add-iam-policy-binding*metricWriter*', 99, account]);
    const { status } = await sandbox.deploy([], { env });
    expect({ status, waits: await waits(sandbox) }).toEqual({ status: 1, waits: 6 });
  });

  test.each([
    'Permission denied on secret: projects/1/secrets/drift-slack-webhook/versions/latest for Revision service account drift-runtime',
    'Access to bucket gcf-v2-sources-1-us-central1 denied. You must grant Storage Object Viewer permission to drift-build',
    'Build failed: Unable to retrieve the repository metadata for projects/p/locations/us-central1/repositories/gcf-artifacts',
  ])('a new grant is waited for up to ten: %s', async (says) => {
    const sandbox = await startSandbox();
    await sandbox.refuse(['functions deploy*', 99, says]);
    const { status } = await sandbox.deploy([], { env });
    expect({ status, waits: await waits(sandbox) }).toEqual({ status: 1, waits: 30 });
  });

  test('anything else is not waited for', async () => {
    const sandbox = await startSandbox();
    await sandbox.refuse(['functions deploy*', 99, 'INVALID_ARGUMENT: the region does not exist']);
    const { status } = await sandbox.deploy([], { env });
    expect({ status, waits: await waits(sandbox) }).toEqual({ status: 1, waits: 0 });
  });
});

describe('--destroy', () => {
  const files = (cloud: Readonly<Record<string, string>>) =>
    Object.entries(cloud)
      .filter(
        ([path, content]) =>
          !path.startsWith('services/') && content !== '' && !content.startsWith('deleted '),
      )
      .map(([path]) => path);
  const DATA = [
    'expected-schemas/shop/orders.json',
    'expected-schemas/web/orders.json',
    'location',
    'settings',
  ].map((path) => `${BUCKET}/${path}`);

  test('takes away what was made, and keeps the bucket and the secret', async () => {
    const sandbox = await deployed();
    const { status } = await sandbox.deploy(['--destroy', '--yes']);
    expect({ status, left: files(await sandbox.cloud()) }).toEqual({
      status: 0,
      // Cloud Run's grants go with the service.
      left: [
        ...DATA,
        'grants/run_bigquery-drift',
        'labels/drift-slack-webhook',
        'secrets/drift-slack-webhook',
      ],
    });
  });

  test('takes those as well, when it is told to', async () => {
    const sandbox = await deployed();
    await sandbox.deploy(['--destroy', '--with-data', '--yes']);
    expect(files(await sandbox.cloud())).toEqual(['grants/run_bigquery-drift']);
  });

  test.each([
    ['the project id', 'test-project\n', 0],
    ['another word', 'yes\n', 64],
    ['nothing', '', 64],
  ])('asks first; the answer is %s', async (_, input, status) => {
    const sandbox = await deployed();
    const before = await sandbox.cloud();
    const outcome = await sandbox.deploy(['--destroy'], { input });
    const isThere = JSON.stringify(await sandbox.cloud()) === JSON.stringify(before);
    expect({ status: outcome.status, isThere }).toEqual({ status, isThere: status !== 0 });
  });

  test('goes on where it failed, and has nothing to do a second time', async () => {
    const sandbox = await deployed();
    await sandbox.refuse(['functions delete*', 1, 'INTERNAL: something broke']);

    const failed = await sandbox.deploy(['--destroy', '--yes']);
    const rerun = await sandbox.deploy(['--destroy', '--yes']);
    await sandbox.calls();
    const again = await sandbox.deploy(['--destroy', '--yes']);

    expect([failed.status, rerun.status, again.status]).toEqual([1, 0, 0]);
    expect(await changes(sandbox)).toEqual([]);
  });

  test('and a deployment after it says that nobody is notified any more', async () => {
    const sandbox = await startSandbox();
    const first = await sandbox.deploy(['--notify', 'on-call@example.com'], { env });
    const second = await sandbox.deploy();
    await sandbox.deploy(['--destroy', '--yes']);
    const third = await sandbox.deploy();
    const NOBODY =
      'Nobody is notified of: critical-findings failing-runs silent-monitor unchecked-tables (--notify EMAIL adds an address)';
    expect([first, second, third].map(({ stdout }) => stdout.includes(NOBODY))).toEqual([false, false, true]);
  });

  test('stops at once where an API is off, and says so', async () => {
    const sandbox = await deployed();
    const says =
      'PERMISSION_DENIED: Cloud Monitoring API has not been used in project 1 before or it is disabled. If you enabled this API recently, wait a few minutes';
    await sandbox.refuse(['alpha monitoring policies list*', 99, says]);
    await sandbox.calls();
    const { status, stderr } = await sandbox.deploy(['--destroy', '--yes']);
    const waits = (await sandbox.calls()).filter(([tool]) => tool === 'sleep').length;
    expect({ status, waits, advice: stderr.includes('The API is not enabled') }).toEqual({
      status: 1,
      waits: 0,
      advice: true,
    });
  });

  test('is undone by deploying again: the deleted roles are had back', async () => {
    const sandbox = await deployed();
    const before = await sandbox.cloud();
    await sandbox.deploy(['--destroy', '--yes']);
    await sandbox.calls();

    const { status } = await sandbox.deploy();

    const ran = await changes(sandbox);
    expect({ status, undeleted: ran.filter((change) => change.includes('undelete')) }).toEqual({
      status: 0,
      undeleted: ['iam roles undelete bigqueryDriftReader', 'iam roles undelete bigqueryDriftState'],
    });
    const without = ({ 'grants/run_bigquery-drift': _, ...cloud }: Readonly<Record<string, string>>) => cloud;
    expect(without(await sandbox.cloud())).toEqual(without(before));
  });
});

describe('in another region', () => {
  const elsewhere = ['--region', 'europe-west1'];
  const inEurope = async () => {
    const sandbox = await startSandbox();
    await sandbox.deploy(elsewhere, { env });
    return sandbox;
  };

  test.each([{ args: [] }, { args: ['--destroy', '--yes'] }])(
    'than it was deployed in, it is not looked for: $args stops, and says where it is',
    async ({ args }) => {
      const sandbox = await inEurope();
      const before = await sandbox.cloud();
      const { status, stderr } = await sandbox.deploy(args, { env });
      expect({ status, says: stderr.includes('is in europe-west1: add --region europe-west1.') }).toEqual({
        status: 1,
        says: true,
      });
      expect(await sandbox.cloud()).toEqual(before);
    },
  );

  test('it is taken down there', async () => {
    const sandbox = await inEurope();
    const { status } = await sandbox.deploy(['--destroy', '--yes', ...elsewhere]);
    const left = Object.keys(await sandbox.cloud()).filter((path) => /^(functions|jobs)/.test(path));
    expect({ status, left }).toEqual({ status: 0, left: [] });
  });

  test('a second one, made by hand or by an older version, is named with what takes it away', async () => {
    const sandbox = await deployed();
    await sandbox.type('cp -r $CLOUD/functions/us-central1 $CLOUD/functions/europe-west1');
    const { status, stderr } = await sandbox.deploy(['--destroy', '--yes']);
    const says = stderr.includes('gcloud functions delete bigquery-drift --gen2 --region=europe-west1');
    expect({ status, says }).toEqual({ status: 1, says: true });
  });
});

describe('shards', () => {
  const first = { SHARD: '1/2', ...env };
  const second = { SHARD: '2/2', ...env };
  const own = (cloud: Readonly<Record<string, string>>) =>
    Object.keys(cloud).filter((path) => /^(accounts|function-secrets|functions|jobs)\/.*of-2/.test(path));
  const OWN = (shard: string) => [
    `accounts/drift-runtime-${shard}@test-project.iam.gserviceaccount.com`,
    `function-secrets/bigquery-drift-${shard}`,
    `functions/us-central1/bigquery-drift-${shard}`,
    `jobs/us-central1/bigquery-drift-${shard}`,
  ];
  const twoShards = async () => {
    const sandbox = await startSandbox();
    await deployAll(sandbox, { env: first });
    await deployAll(sandbox, { env: second });
    return sandbox;
  };

  test('have a function, a job and an account each, and share all else', async () => {
    const sandbox = await twoShards();
    const cloud = await sandbox.cloud();
    expect(own(cloud)).toEqual([...OWN('1-of-2'), ...OWN('2-of-2')].sort());
    expect(
      [1, 2].map((shard) => cloud[`functions/us-central1/bigquery-drift-${shard}-of-2`]?.split('\n').at(-2)),
    ).toEqual(['SHARD: "1/2"', 'SHARD: "2/2"']);
    const paths = (content: Readonly<Record<string, string>>) =>
      Object.keys(content).filter((path) => /^(buckets|dashboards|policies|roles|secrets)\//.test(path));
    expect(paths(cloud)).toEqual(paths(await completeCloud()));
  });

  test('are taken down one by one, and what they share after the last of them', async () => {
    const sandbox = await twoShards();
    const both = await sandbox.cloud();

    await sandbox.deploy(['--destroy', '--yes'], { env: second });
    const one = await sandbox.cloud();
    const early = await sandbox.deploy(['--destroy', '--yes']);
    const untouched = await sandbox.cloud();
    await sandbox.deploy(['--destroy', '--yes'], { env: first });
    const last = await sandbox.deploy(['--destroy', '--yes']);

    expect(Object.keys(both).filter((path) => !Object.hasOwn(one, path))).toEqual(OWN('2-of-2'));
    expect(JSON.stringify(one)).not.toContain('drift-runtime-2-of-2');
    expect({ status: early.status, says: early.stderr.includes('--destroy and SHARD=1/2.') }).toEqual({
      status: 1,
      says: true,
    });
    expect(untouched).toEqual(one);
    expect(last.status).toBe(0);
    expect(
      Object.keys(await sandbox.cloud()).filter((path) => /^(accounts|functions|jobs|policies)/.test(path)),
    ).toEqual([]);
  });
});

describe('--files-only', () => {
  test('uploads what is there, takes away what is gone, and touches nothing else', async () => {
    const sandbox = await deployed();
    await sandbox.type(
      'mkdir $CLOUD/buckets/test-project-bigquery-drift/state && echo {} >$CLOUD/buckets/test-project-bigquery-drift/state/state.json',
    );
    const before = await sandbox.cloud();
    await sandbox.write('expected-schemas/shop.json', '{ "location": "EU" }');
    await sandbox.type('rm expected-schemas/shop/orders.json; touch expected-schemas/notes.txt');
    await sandbox.calls();

    const { status } = await sandbox.deploy(['--files-only']);

    const { [`${BUCKET}/expected-schemas/shop/orders.json`]: _, ...rest } = before;
    expect({ status, cloud: await sandbox.cloud() }).toEqual({
      status: 0,
      cloud: { ...rest, [`${BUCKET}/expected-schemas/shop.json`]: '{ "location": "EU" }' },
    });
    expect(await changes(sandbox)).toEqual([
      'storage rsync expected-schemas gs://test-project-bigquery-drift/expected-schemas',
    ]);
  });

  test('uploads nothing that is invalid', async () => {
    const sandbox = await deployed();
    await sandbox.write('expected-schemas/shop/orders.json', '{ "type": "TABEL" }');
    const { status } = await sandbox.deploy(['--files-only'], { env: { VALIDATE: 'yes' } });
    expect({ status, changes: await changes(sandbox) }).toEqual({ status: 65, changes: [] });
  });

  test('uploads the policy of another environment in the place of the usual one', async () => {
    const sandbox = await deployed();
    await sandbox.write('staging-policy.json', '{ "severities": { "clustering": "info" } }');
    await sandbox.deploy(['--files-only'], { env: { DRIFT_POLICY: 'staging-policy.json' } });
    expect((await sandbox.cloud())[`${BUCKET}/expected-schemas/drift-policy.json`]).toContain('clustering');
  });
});
