import { describe, expect, test } from 'vitest';
import { type Env, parseConfig, parseSelection, type StatePlace } from '../../src/app/config.ts';
import { DriftError } from '../../src/model/errors.ts';

const defaults = {
  projectId: null,
  expectedSchemas: 'expected-schemas',
  policyFile: null,
  aliases: new Map(),
  slackWebhookUrl: null,
  requestsPerSecond: 95,
  maxConcurrency: 40,
  confirmSeconds: 30,
  deadlineSeconds: 540,
  partition: null,
  reportLink: 'browser',
  metricLocation: 'global',
  bigqueryEndpoint: null,
  monitoringEndpoint: null,
  storageEndpoint: null,
  state: null,
};

const SECRET = 'T0SECRET/B0SECRET/tokentokentoken';

function errorOf(env: Env): unknown {
  try {
    return parseConfig(env);
  } catch (error) {
    return error;
  }
}

describe('parseConfig', () => {
  test.each<{ readonly name: string; readonly env: Env; readonly config: object }>([
    { name: 'nothing: every default', env: {}, config: {} },
    {
      name: 'GCP_PROJECT_ID before GOOGLE_CLOUD_PROJECT',
      env: { GCP_PROJECT_ID: 'shop', GOOGLE_CLOUD_PROJECT: 'other' },
      config: { projectId: 'shop' },
    },
    {
      name: 'GOOGLE_CLOUD_PROJECT where the other is empty',
      env: { GCP_PROJECT_ID: '', GOOGLE_CLOUD_PROJECT: 'other' },
      config: { projectId: 'other' },
    },
    {
      name: 'empty text and white space as nothing',
      env: {
        GCP_PROJECT_ID: ' ',
        EXPECTED_SCHEMAS: '',
        DRIFT_POLICY: '  ',
        DATASET_ALIASES: ' ',
        SLACK_WEBHOOK_URL: '',
        REQUESTS_PER_SECOND: '',
        MAX_CONCURRENCY: ' ',
        CONFIRM_SECONDS: '',
        DEADLINE_SECONDS: ' ',
        SHARD: '',
        METRIC_LOCATION: '',
        BIGQUERY_API_ENDPOINT: '',
        MONITORING_API_ENDPOINT: '',
        STORAGE_EMULATOR_HOST: '',
        STATE_URI: ' ',
      },
      config: {},
    },
    {
      name: 'all of it, without the white space around',
      env: {
        GCP_PROJECT_ID: ' shop ',
        EXPECTED_SCHEMAS: 'gs://bucket/expected ',
        DRIFT_POLICY: 'staging.json',
        DATASET_ALIASES: 'commerce=commerce_staging, analytics = analytics_staging ,',
        SLACK_WEBHOOK_URL: `https://hooks.slack.com/services/${SECRET}\n`,
        REQUESTS_PER_SECOND: '50',
        MAX_CONCURRENCY: ' 10 ',
        CONFIRM_SECONDS: '0',
        DEADLINE_SECONDS: '1500',
        SHARD: ' 2/4\n',
        METRIC_LOCATION: 'europe-west1',
        BIGQUERY_API_ENDPOINT: 'http://127.0.0.1:9050/',
        MONITORING_API_ENDPOINT: 'https://monitoring.example:443',
        STORAGE_EMULATOR_HOST: ' http://127.0.0.1:9023/',
        STATE_URI: ' gs://drift-state/prod\n',
      },
      config: {
        projectId: 'shop',
        expectedSchemas: 'gs://bucket/expected',
        policyFile: 'staging.json',
        aliases: new Map([
          ['commerce', 'commerce_staging'],
          ['analytics', 'analytics_staging'],
        ]),
        slackWebhookUrl: `https://hooks.slack.com/services/${SECRET}`,
        requestsPerSecond: 50,
        maxConcurrency: 10,
        confirmSeconds: 0,
        deadlineSeconds: 1500,
        partition: { index: 2, count: 4 },
        metricLocation: 'europe-west1',
        bigqueryEndpoint: 'http://127.0.0.1:9050',
        monitoringEndpoint: 'https://monitoring.example:443',
        storageEndpoint: 'http://127.0.0.1:9023',
        state: { in: 'bucket', bucket: 'drift-state', prefix: 'prod' },
      },
    },
    {
      name: 'a webhook without TLS on this machine',
      env: { SLACK_WEBHOOK_URL: 'http://127.0.0.1:4010/services/x' },
      config: { slackWebhookUrl: 'http://127.0.0.1:4010/services/x' },
    },
    {
      name: 'an alias of a dataset named as a member of objects',
      env: { DATASET_ALIASES: '__proto__=constructor' },
      config: { aliases: new Map([['__proto__', 'constructor']]) },
    },
    {
      name: 'the shortest time a run may have',
      env: { DEADLINE_SECONDS: '10' },
      config: { deadlineSeconds: 10 },
    },
    { name: 'one shard of one', env: { SHARD: '1/1' }, config: { partition: { index: 1, count: 1 } } },
    {
      name: 'the last of the most shards',
      env: { SHARD: '99/99' },
      config: { partition: { index: 99, count: 99 } },
    },
    {
      name: 'the project of a domain, and a location of another cloud',
      env: { GCP_PROJECT_ID: 'example.com:my-project', METRIC_LOCATION: 'aws:us-east-1' },
      config: { projectId: 'example.com:my-project', metricLocation: 'aws:us-east-1' },
    },
    {
      name: 'GCP_PROJECT_ID alone where it is there',
      env: { GCP_PROJECT_ID: 'shop', GOOGLE_CLOUD_PROJECT: '?' },
      config: { projectId: 'shop' },
    },
    { name: 'variables of others as nothing', env: { PATH: '/bin', CONFIRM: 'x' }, config: {} },
  ])('reads $name', ({ env, config }) => {
    expect(parseConfig(env)).toEqual({ ...defaults, ...config });
  });

  test.each<{ readonly uri: string; readonly state: StatePlace }>([
    { uri: 'gs://drift-state', state: { in: 'bucket', bucket: 'drift-state', prefix: '' } },
    { uri: 'gs://drift-state/', state: { in: 'bucket', bucket: 'drift-state', prefix: '' } },
    { uri: 'gs://drift-state/prod', state: { in: 'bucket', bucket: 'drift-state', prefix: 'prod' } },
    { uri: 'gs://drift-state//prod/eu//', state: { in: 'bucket', bucket: 'drift-state', prefix: 'prod/eu' } },
    { uri: 'gs://drift-state/a//b', state: { in: 'bucket', bucket: 'drift-state', prefix: 'a//b' } },
    { uri: 'gs://a1b/Zürich 1%?#', state: { in: 'bucket', bucket: 'a1b', prefix: 'Zürich 1%?#' } },
    { uri: 'gs://a.b_c-d/x', state: { in: 'bucket', bucket: 'a.b_c-d', prefix: 'x' } },
    { uri: 'file:///var/lib/drift', state: { in: 'folder', path: '/var/lib/drift' } },
    { uri: 'file:///var/lib/Z%C3%BCrich%201', state: { in: 'folder', path: '/var/lib/Zürich 1' } },
    { uri: 'file:///a%3Fx=1%23b', state: { in: 'folder', path: '/a?x=1#b' } },
    { uri: 'file://localhost/var/lib/drift', state: { in: 'folder', path: '/var/lib/drift' } },
  ])('keeps the state at $uri', ({ uri, state }) => {
    expect(parseConfig({ STATE_URI: uri })).toEqual({ ...defaults, state });
  });

  test.each([
    { name: 'a folder without file://', uri: '/var/lib/drift' },
    { name: 'a bucket without gs://', uri: 'drift-state' },
    { name: 'another scheme', uri: 's3://drift-state/prod' },
    { name: 'a page of the console', uri: 'https://storage.googleapis.com/drift-state' },
    { name: 'no bucket', uri: 'gs://' },
    { name: 'a bucket that begins with a slash', uri: 'gs:///drift-state' },
    { name: 'a bucket in upper case', uri: 'gs://Drift-State' },
    { name: 'a bucket of two letters', uri: 'gs://ab' },
    { name: 'a bucket that ends in a hyphen', uri: 'gs://drift-/prod' },
    { name: 'a prefix of two lines', uri: 'gs://drift-state/a\nb' },
    { name: 'a folder of another machine', uri: 'file://var/lib/drift' },
    { name: 'the root folder', uri: 'file:///' },
    { name: 'a folder whose name has a slash in it', uri: 'file:///var%2Flib' },
    { name: 'a folder whose name is not encoded', uri: 'file:///100%' },
    { name: 'a folder with a question mark that is not encoded', uri: 'file:///a?x=1' },
    { name: 'a folder with a number sign that is not encoded', uri: 'file:///a#b' },
  ])('refuses as a place for the state $name', ({ uri }) => {
    const message = `STATE_URI: expected gs://bucket/prefix or file:///folder, found ${JSON.stringify(uri)}`;
    expect(errorOf({ STATE_URI: uri })).toEqual(new DriftError('InvalidConfig', message));
  });

  test.each<{ readonly env: Env; readonly message: string }>([
    ...['a/b', 'Shop', '-shop', 'shop-', 'my project', 'x:', ':x', 'shöp', 'p'.repeat(70)].map((id) => ({
      env: { GCP_PROJECT_ID: id },
      message: `GCP_PROJECT_ID: expected a project's id such as my-project, found "${id}"`,
    })),
    ...['eu west', 'global/', '-', 'x'.repeat(64)].map((location) => ({
      env: { METRIC_LOCATION: location },
      message: `METRIC_LOCATION: expected a location such as europe-west1, or global, found "${location}"`,
    })),
    {
      env: { BIGQUERY_API_ENDPOINT: 'http://a b' },
      message: 'BIGQUERY_API_ENDPOINT: expected http://host:port, without a path',
    },
    {
      env: { STORAGE_EMULATOR_HOST: '127.0.0.1:9023' },
      message: 'STORAGE_EMULATOR_HOST: expected http://host:port, without a path',
    },
    {
      env: { STORAGE_EMULATOR_HOST: 'http://user:SECRET@127.0.0.1:9023' },
      message: 'STORAGE_EMULATOR_HOST: expected http://host:port, without a path',
    },
    {
      env: { REQUESTS_PER_SECOND: '0' },
      message: 'REQUESTS_PER_SECOND: expected a whole number from 1 to 1000, found "0"',
    },
    {
      env: { REQUESTS_PER_SECOND: '1001' },
      message: 'REQUESTS_PER_SECOND: expected a whole number from 1 to 1000, found "1001"',
    },
    {
      env: { MAX_CONCURRENCY: '301' },
      message: 'MAX_CONCURRENCY: expected a whole number from 1 to 300, found "301"',
    },
    {
      env: { MAX_CONCURRENCY: '2.5' },
      message: 'MAX_CONCURRENCY: expected a whole number from 1 to 300, found "2.5"',
    },
    {
      env: { CONFIRM_SECONDS: '30s' },
      message: 'CONFIRM_SECONDS: expected a whole number from 0 to 600, found "30s"',
    },
    {
      env: { CONFIRM_SECONDS: '-1' },
      message: 'CONFIRM_SECONDS: expected a whole number from 0 to 600, found "-1"',
    },
    {
      env: { CONFIRM_SECONDS: 'Infinity' },
      message: 'CONFIRM_SECONDS: expected a whole number from 0 to 600, found "Infinity"',
    },
    {
      env: { DEADLINE_SECONDS: '9' },
      message: 'DEADLINE_SECONDS: expected a whole number from 10 to 1500, found "9"',
    },
    {
      env: { DEADLINE_SECONDS: '1501' },
      message: 'DEADLINE_SECONDS: expected a whole number from 10 to 1500, found "1501"',
    },
    {
      env: { DEADLINE_SECONDS: '0' },
      message: 'DEADLINE_SECONDS: expected a whole number from 10 to 1500, found "0"',
    },
    {
      env: { DEADLINE_SECONDS: '-60' },
      message: 'DEADLINE_SECONDS: expected a whole number from 10 to 1500, found "-60"',
    },
    {
      env: { DEADLINE_SECONDS: '9m' },
      message: 'DEADLINE_SECONDS: expected a whole number from 10 to 1500, found "9m"',
    },
    {
      env: { DEADLINE_SECONDS: '1e3' },
      message: 'DEADLINE_SECONDS: expected a whole number from 10 to 1500, found "1e3"',
    },
    {
      env: { SHARD: '0/4' },
      message: 'SHARD: expected 1/4 for the first of four, at most 99, found "0/4"',
    },
    {
      env: { SHARD: '5/4' },
      message: 'SHARD: expected 1/4 for the first of four, at most 99, found "5/4"',
    },
    {
      env: { SHARD: '1/0' },
      message: 'SHARD: expected 1/4 for the first of four, at most 99, found "1/0"',
    },
    {
      env: { SHARD: '1' },
      message: 'SHARD: expected 1/4 for the first of four, at most 99, found "1"',
    },
    {
      env: { SHARD: '1/' },
      message: 'SHARD: expected 1/4 for the first of four, at most 99, found "1/"',
    },
    {
      env: { SHARD: '/4' },
      message: 'SHARD: expected 1/4 for the first of four, at most 99, found "/4"',
    },
    {
      env: { SHARD: '1/100' },
      message: 'SHARD: expected 1/4 for the first of four, at most 99, found "1/100"',
    },
    {
      env: { SHARD: '01/4' },
      message: 'SHARD: expected 1/4 for the first of four, at most 99, found "01/4"',
    },
    {
      env: { SHARD: '1 / 4' },
      message: 'SHARD: expected 1/4 for the first of four, at most 99, found "1 / 4"',
    },
    {
      env: { SHARD: '1/4/2' },
      message: 'SHARD: expected 1/4 for the first of four, at most 99, found "1/4/2"',
    },
    {
      env: { SHARD: '-1/4' },
      message: 'SHARD: expected 1/4 for the first of four, at most 99, found "-1/4"',
    },
    {
      env: { SHARD: 'shard-1-of-4' },
      message: 'SHARD: expected 1/4 for the first of four, at most 99, found "shard-1-of-4"',
    },
    {
      env: { DATASET_ALIASES: 'commerce' },
      message: 'DATASET_ALIASES: expected declared=real, found "commerce"',
    },
    {
      env: { DATASET_ALIASES: 'a=b=c' },
      message: 'DATASET_ALIASES: expected declared=real, found "a=b=c"',
    },
    {
      env: { DATASET_ALIASES: 'a=p.b' },
      message: 'DATASET_ALIASES: expected declared=real, found "a=p.b"',
    },
    { env: { DATASET_ALIASES: 'a=b,a=c' }, message: 'DATASET_ALIASES: "a" is given twice' },
    {
      env: { BIGQUERY_API_ENDPOINT: '127.0.0.1:9050' },
      message: 'BIGQUERY_API_ENDPOINT: expected http://host:port, without a path',
    },
    {
      env: { MONITORING_API_ENDPOINT: 'http://127.0.0.1:9050/v3' },
      message: 'MONITORING_API_ENDPOINT: expected http://host:port, without a path',
    },
  ])('refuses $env', ({ env, message }) => {
    expect(errorOf(env)).toEqual(new DriftError('InvalidConfig', message));
  });

  test('lists everything wrong at once', () => {
    const env = {
      DATASET_ALIASES: 'x,y=z,y=w',
      SLACK_WEBHOOK_URL: 'nonsense',
      REQUESTS_PER_SECOND: 'many',
      CONFIRM_SECONDS: '601',
      DEADLINE_SECONDS: 'soon',
      SHARD: '4/3',
      BIGQUERY_API_ENDPOINT: 'ftp://host',
      STORAGE_EMULATOR_HOST: 'localhost',
      STATE_URI: 'state',
    };
    expect(errorOf(env)).toEqual(
      new DriftError(
        'InvalidConfig',
        [
          'DATASET_ALIASES: expected declared=real, found "x"',
          'DATASET_ALIASES: "y" is given twice',
          'SLACK_WEBHOOK_URL: expected an address that begins with https:// (its value is not shown)',
          'REQUESTS_PER_SECOND: expected a whole number from 1 to 1000, found "many"',
          'CONFIRM_SECONDS: expected a whole number from 0 to 600, found "601"',
          'DEADLINE_SECONDS: expected a whole number from 10 to 1500, found "soon"',
          'SHARD: expected 1/4 for the first of four, at most 99, found "4/3"',
          'BIGQUERY_API_ENDPOINT: expected http://host:port, without a path',
          'STORAGE_EMULATOR_HOST: expected http://host:port, without a path',
          'STATE_URI: expected gs://bucket/prefix or file:///folder, found "state"',
        ].join('\n'),
      ),
    );
  });

  test.each([
    { name: 'without TLS', url: `http://hooks.slack.com/services/${SECRET}` },
    { name: 'without a scheme', url: `hooks.slack.com/services/${SECRET}` },
    { name: 'of another scheme', url: `ftp://hooks.slack.com/services/${SECRET}` },
    { name: 'in quotes', url: `"https://hooks.slack.com/services/${SECRET}"` },
    {
      name: 'of a host that only looks like this machine',
      url: `http://localhost.example/services/${SECRET}`,
    },
  ])('refuses a webhook $name and keeps its address to itself', ({ url }) => {
    const error = errorOf({ SLACK_WEBHOOK_URL: url, MAX_CONCURRENCY: 'x' });
    expect(error).toEqual(
      new DriftError(
        'InvalidConfig',
        [
          'SLACK_WEBHOOK_URL: expected an address that begins with https:// (its value is not shown)',
          'MAX_CONCURRENCY: expected a whole number from 1 to 300, found "x"',
        ].join('\n'),
      ),
    );
    expect(error instanceof Error ? `${error.stack} ${JSON.stringify(error)}` : '').not.toContain('SECRET');
  });
});

describe('parseSelection', () => {
  const declared = [
    { declaredAs: 'commerce', tables: [{ table: 'payments' }, { table: 'a.b' }] },
    { declaredAs: 'web', tables: [] },
  ];

  test.each([
    { args: [], selection: [] },
    { args: ['commerce'], selection: [{ dataset: 'commerce', table: null }] },
    {
      args: ['web', 'commerce.payments'],
      selection: [
        { dataset: 'web', table: null },
        { dataset: 'commerce', table: 'payments' },
      ],
    },
    { args: ['commerce.a.b'], selection: [{ dataset: 'commerce', table: 'a.b' }] },
  ])('reads $args', ({ args, selection }) => {
    expect(parseSelection(args, declared)).toEqual(selection);
  });

  test.each([
    { arg: 'comerce', message: 'no file declares the dataset "comerce"; did you mean "commerce"?' },
    { arg: 'Commerce', message: 'no file declares the dataset "Commerce"; did you mean "commerce"?' },
    {
      arg: 'commerce.payment',
      message: 'no file declares the table "commerce.payment"; did you mean "payments"?',
    },
    { arg: 'web.payments', message: 'no file declares the table "web.payments"' },
    { arg: 'commerce.', message: 'no table after the dot in "commerce."' },
    { arg: '', message: 'no file declares the dataset ""' },
  ])('refuses $arg', ({ arg, message }) => {
    expect(() => parseSelection([arg], declared)).toThrow(new DriftError('UnknownSelection', message));
  });
});
