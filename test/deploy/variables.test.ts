import { describe, expect, test } from 'vitest';
import { changesOf, type Sandbox, SECRET, startSandbox } from './sandbox.ts';

const env = { SLACK_WEBHOOK_URL: SECRET };
const FUNCTION = 'functions/us-central1/bigquery-drift';

async function deployed(settings: Readonly<Record<string, string>> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox();
  expect((await sandbox.deploy([], { env: { ...env, ...settings } })).status).toBe(0);
  await sandbox.calls();
  return sandbox;
}

const variables = async (sandbox: Sandbox) =>
  (await sandbox.cloud())[FUNCTION]
    ?.match(/^[A-Z_]+/gm)
    ?.filter((name) => !/^(GCP|EXP|STA|NODE_O)/.test(name));

describe('a deployment that would take away or change a variable of the function that runs', () => {
  test('stops, names each without its value, changes nothing, and goes on with --change', async () => {
    const sandbox = await deployed();
    await sandbox.type(
      `echo 'HTTPS_PROXY: "http://user:SECRET@proxy"' >>$CLOUD/${FUNCTION} && echo 'NODE_USE_ENV_PROXY: "1"' >>$CLOUD/${FUNCTION}`,
    );
    const before = await sandbox.cloud();

    const stopped = await sandbox.deploy([], { env });
    expect({
      status: stopped.status,
      changes: changesOf(await sandbox.calls()),
      isThere: JSON.stringify(await sandbox.cloud()) === JSON.stringify(before),
      shows: `${stopped.stdout}${stopped.stderr}`.includes('SECRET'),
    }).toEqual({ status: 1, changes: [], isThere: true, shows: false });
    for (const says of [
      '  HTTPS_PROXY would be taken away\n',
      '  NODE_USE_ENV_PROXY would be taken away\n',
      'let each be changed: --change HTTPS_PROXY --change NODE_USE_ENV_PROXY\n',
    ])
      expect(stopped.stderr).toContain(says);

    const one = await sandbox.deploy(['--change', 'HTTPS_PROXY'], { env });
    expect({ status: one.status, names: one.stderr.includes('HTTPS_PROXY') }).toEqual({
      status: 1,
      names: false,
    });
    const both = await sandbox.deploy(['--change', 'HTTPS_PROXY', '--change', 'NODE_USE_ENV_PROXY'], { env });
    expect({ status: both.status, left: await variables(sandbox) }).toEqual({ status: 0, left: [] });
  });

  test('stops where production would become another environment: what is checked is set or changed', async () => {
    const sandbox = await deployed();
    const staging = { DATASET_ALIASES: 'shop=shop_staging' };
    const before = await sandbox.cloud();

    const added = await sandbox.deploy([], { env: staging });
    expect({ status: added.status, isThere: (await sandbox.cloud())[FUNCTION] === before[FUNCTION] }).toEqual(
      {
        status: 1,
        isThere: true,
      },
    );
    expect(added.stderr).toContain(
      'DATASET_ALIASES would be set to "shop=shop_staging": other tables than now would be checked',
    );

    expect((await sandbox.deploy(['--change', 'DATASET_ALIASES'], { env: staging })).status).toBe(0);
    const changed = await sandbox.deploy([], { env: { DATASET_ALIASES: 'shop=shop_test' } });
    expect(changed.stderr).toContain(
      'DATASET_ALIASES would be changed from "shop=shop_staging" to "shop=shop_test"',
    );
    const dropped = await sandbox.deploy([], { env: { DATASET_ALIASES: '' } });
    expect(dropped.stderr).toContain('DATASET_ALIASES would be taken away: it is "shop=shop_staging"');
    expect([changed.status, dropped.status]).toEqual([1, 1]);
    expect((await sandbox.deploy([], { env: staging })).status).toBe(0);
  });

  test('goes on where a pace is added, or the heap is what an earlier version set; not where it was set by hand', async () => {
    const sandbox = await deployed({ CONFIRM_SECONDS: '60' });
    const settings = { CONFIRM_SECONDS: '60', MAX_CONCURRENCY: '10' };
    expect((await sandbox.deploy([], { env: settings })).status).toBe(0);
    const heap = (megabytes: number) =>
      sandbox.type(
        `sed -i 's/max-old-space-size=[0-9]*.*"/max-old-space-size=${megabytes} --max-semi-space-size=8 --enable-source-maps"/' $CLOUD/${FUNCTION}`,
      );

    await heap(192);
    const upgraded = await sandbox.deploy([], { env: settings });
    await heap(100);
    const byHand = await sandbox.deploy([], { env: settings });

    expect([upgraded.status, byHand.status]).toEqual([0, 1]);
    expect(byHand.stderr).toContain('NODE_OPTIONS would be changed from "--max-old-space-size=100');
  });
});
