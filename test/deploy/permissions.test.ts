import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { routeOf } from '../../emulators/bigquery-route.ts';
import type { RecordedRequest } from '../../emulators/http.ts';
import { targetOf } from '../../emulators/storage-route.ts';
import { startDeployed } from '../support/deployed.ts';
import { writeFolder } from '../support/folder.ts';
import { dropAmount, shopFiles, shopWarehouse } from '../support/shop.ts';

const PROJECT = 'test-project';
const account = (name: string) => `serviceAccount:${name}@${PROJECT}.iam.gserviceaccount.com`;
const custom = (role: string) => `projects/${PROJECT}/roles/${role}`;

/** Every grant that deploy.sh makes, and why it is no smaller. */
const GRANTS: Readonly<Record<string, readonly (readonly [role: string, why: string])[]>> = {
  [account('drift-runtime')]: [
    [custom('bigqueryDriftReader'), 'exactly what is used, on the project: tested below'],
    [custom('bigqueryDriftState'), 'exactly what is used, on the one bucket: tested below'],
    [
      'roles/monitoring.metricWriter',
      'predefined; beside timeSeries.create it may create and read descriptors, and can neither delete them nor read points',
    ],
    [
      'roles/secretmanager.secretAccessor',
      'predefined, on the one secret; the platform reads it for the function',
    ],
  ],
  [account('drift-scheduler')]: [
    ['roles/run.invoker', 'predefined, on the one service; it may call it and nothing else'],
  ],
  [account('drift-build')]: [
    [
      'roles/artifactregistry.writer',
      'predefined; the build stores the image: what Google documents that a build needs',
    ],
    ['roles/logging.logWriter', 'predefined; the build writes its log: likewise'],
    ['roles/storage.objectViewer', 'predefined; the build fetches the uploaded folder: likewise'],
  ],
};

/** https://docs.cloud.google.com/iam/docs/roles-permissions/monitoring */
const METRIC_WRITER = [
  'monitoring.metricDescriptors.create',
  'monitoring.metricDescriptors.get',
  'monitoring.metricDescriptors.list',
  'monitoring.monitoredResourceDescriptors.get',
  'monitoring.monitoredResourceDescriptors.list',
  'monitoring.timeSeries.create',
];

async function commands(): Promise<readonly string[]> {
  const args = ['deploy.sh', '--project', PROJECT, '--dry-run'];
  const { stdout } = await promisify(execFile)('bash', args);
  return stdout.split('\n').filter((line) => line.startsWith('+ '));
}

function flag(command: string, name: string): string {
  return new RegExp(`--${name}=(\\S+)`).exec(command)?.[1] ?? '';
}

async function permissionsOf(role: string): Promise<readonly string[]> {
  const made = (await commands()).find((command) => command.includes(`iam roles create ${role} `)) ?? '';
  return flag(made, 'permissions').split(',');
}

test('nobody is granted more than what stands here with its reason', async () => {
  const granted = (await commands())
    .filter((command) => command.includes('add-iam-policy-binding'))
    .map((command) => `${flag(command, 'member')} ${flag(command, 'role')}`);
  const expected = Object.entries(GRANTS).flatMap(([member, roles]) =>
    roles.map(([role]) => `${member} ${role}`),
  );
  expect(granted.sort()).toEqual(expected.sort());
});

test('what is predefined is granted on one thing, where that is possible', async () => {
  const granted = (await commands()).filter((command) => command.includes('add-iam-policy-binding'));
  const where = new Map(
    granted.map((command) => [
      flag(command, 'role'),
      command.replace(/^\+ gcloud | add-iam-policy-binding| --.*/g, ''),
    ]),
  );
  expect(Object.fromEntries(where)).toEqual({
    // On the project, not per dataset: a grant that goes with a dropped dataset would make the drop look like lost access.
    [custom('bigqueryDriftReader')]: `projects ${PROJECT}`,
    [custom('bigqueryDriftState')]: `storage buckets gs://${PROJECT}-bigquery-drift`,
    'roles/monitoring.metricWriter': `projects ${PROJECT}`,
    'roles/secretmanager.secretAccessor': 'secrets drift-slack-webhook',
    'roles/run.invoker': 'run services bigquery-drift',
    'roles/artifactregistry.writer': `projects ${PROJECT}`,
    'roles/logging.logWriter': `projects ${PROJECT}`,
    'roles/storage.objectViewer': `projects ${PROJECT}`,
  });
});

/** Two runs of the deployed function, the second with drift, and one that finds its state lost. */
async function playRuns() {
  const { storage, ...played } = await startDeployed({
    warehouse: shopWarehouse(),
    expected: await writeFolder(shopFiles),
  });
  await played.callAt('2026-03-02T08:17:00Z');
  dropAmount(played.bigquery.warehouse);
  await played.callAt('2026-03-02T09:17:00Z');
  const state = storage.objects.get('drift/state/state.json');
  if (state !== undefined) storage.objects.set('drift/state/state.json', { ...state, text: 'not a state' });
  await played.callAt('2026-03-02T10:17:00Z');
  return { ...played, storage };
}

/** What each request needs; a request that is not known here needs what is granted to nobody. */
function neededByBigQuery({ path }: RecordedRequest): readonly string[] {
  const operation = routeOf(path)?.target.operation;
  // The list of datasets asks for no permission: it leaves out what one may not get. BigQuery REST, datasets.list
  return operation === 'datasets.list' ? [] : [`bigquery.${operation}`];
}

function neededByStorage(request: RecordedRequest): readonly string[] {
  switch (targetOf(request)?.operation) {
    case 'read':
      // That what is not there is 404, and not 403, asks for storage.objects.list as well; the lists of a run have it anyway.
      return ['storage.objects.get'];
    case 'list':
      return ['storage.objects.list'];
    case 'write':
      // To replace is to create and to delete: https://cloud.google.com/storage/docs/json_api/v1/objects/insert
      return request.query['ifGenerationMatch'] === '0'
        ? ['storage.objects.create']
        : ['storage.objects.create', 'storage.objects.delete'];
    case 'delete':
      return ['storage.objects.delete'];
    default:
      return [`unknown: ${request.method} ${request.path}`];
  }
}

function neededByMonitoring({ method, path }: RecordedRequest): readonly string[] {
  const collection = path.split('/').at(-1);
  return [`monitoring.${collection}.${method === 'POST' ? 'create' : 'list'}`];
}

const distinct = (permissions: readonly string[]) => [...new Set(permissions)].sort();

test('the function uses exactly what the custom roles grant, and of the metric writer nothing that it has not', async () => {
  const { bigquery, monitoring, storage } = await playRuns();

  expect(distinct(bigquery.requests.flatMap(neededByBigQuery))).toEqual(
    await permissionsOf('bigqueryDriftReader'),
  );
  expect(distinct(storage.requests.flatMap(neededByStorage))).toEqual(
    await permissionsOf('bigqueryDriftState'),
  );
  const written = distinct(monitoring.requests.flatMap(neededByMonitoring));
  expect(written).toEqual(['monitoring.timeSeries.create']);
  expect(written.filter((permission) => !METRIC_WRITER.includes(permission))).toEqual([]);
});

test("README's table says who may what", async () => {
  const readme = await readFile('README.md', 'utf8');
  const rows = readme
    .slice(readme.indexOf('### Who may what'), readme.indexOf('Whoever deploys'))
    .split('\n')
    .filter((row) => row.startsWith('| drift-'))
    .map((row) => row.split('|').map((cell) => cell.trim()));
  const told = rows.flatMap(([, name = '', roles = '']) =>
    roles.split(', ').map((role) => `${account(name)} ${role}`),
  );
  const granted = await Promise.all(
    Object.entries(GRANTS).flatMap(([member, roles]) =>
      roles.map(async ([role]) => {
        const what = role.startsWith('projects/')
          ? await permissionsOf(role.split('/').at(-1) ?? '')
          : [role];
        return what.map((each) => `${member} ${each}`);
      }),
    ),
  );
  expect(told.sort()).toEqual(granted.flat().sort());
});
