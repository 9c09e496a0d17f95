import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { loadExpectation } from '../../../src/adapters/folders/expected-files.ts';
import { contractOf, expectedTable } from '../../../src/files/expected-table.ts';
import { DriftError, InvalidFilesError } from '../../../src/model/errors.ts';
import type { Resource } from '../../../src/model/ports.ts';
import { valueText } from '../../../src/model/value.ts';
import { declaredTexts, expectedOf } from '../../support/declared.ts';
import { writeFolder } from '../../support/folder.ts';

const made: string[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((folder) => rm(folder, { recursive: true })));
});

/** A folder with these files; text is written as it is, anything else as JSON. */
async function folderOf(files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'expected-'));
  made.push(folder);
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

type Options = Omit<Parameters<typeof loadExpectation>[0], 'folder'>;

async function problemsOf(files: Readonly<Record<string, unknown>>, options: Options = {}) {
  const folder = await folderOf(files);
  const error: unknown = await loadExpectation({ folder, ...options }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidFilesError);
  return error instanceof InvalidFilesError ? error.problems : [];
}

/** Datasets and the names of their tables. */
async function declaredBy(files: Readonly<Record<string, unknown>>, options: Options = {}) {
  const { datasets } = await loadExpectation({ folder: await folderOf(files), ...options });
  return datasets.map(({ dataset, declaredAs, tables }) => ({
    dataset,
    declaredAs,
    tables: tables.map(({ table }) => table),
  }));
}

/** A setting of one value. */
function stating(value: string | null) {
  return { values: new Map([['', value]]), othersAbsent: false };
}

const noContract = {
  owner: null,
  retention: null,
  criticalFields: [],
  consumers: new Map(),
  runbook: null,
  extraFields: 'report',
};

describe('loadExpectation', () => {
  test('reads datasets, tables and what they state', async () => {
    const folder = await folderOf({
      'sales.json': { $schema: 'x', location: 'eu', defaultTableExpirationMs: null },
      'sales/orders.json': {
        $schema: 'x',
        schema: { fields: [{ name: 'id', type: 'INTEGER', mode: 'required' }] },
        contract: { version: '1.0', purpose: 'orders', owner: 'sales team', retention: 'P90D' },
      },
      'web/events_YYYYMMDD.json': {},
    });
    const { datasets, ...others } = await loadExpectation({ folder });
    expect({ datasets: declaredTexts(datasets), ...others }).toStrictEqual({
      datasets: [
        {
          dataset: 'sales',
          declaredAs: 'sales',
          settings: new Map([
            ['location', stating('EU')],
            ['defaultTableExpirationMs', stating(null)],
          ]),
          tables: [
            {
              table: 'orders',
              expected: { fields: [{ name: 'id', type: 'INT64', mode: 'REQUIRED' }] },
              contract: {
                ...noContract,
                owner: 'sales team',
                retention: { text: 'P90D', ms: 7_776_000_000 },
              },
              digest: expect.any(String),
            },
          ],
        },
        {
          dataset: 'web',
          declaredAs: 'web',
          tables: [
            { table: 'events_YYYYMMDD', expected: {}, contract: noContract, digest: expect.any(String) },
          ],
        },
      ],
      policy: {
        severities: new Map(),
        ignoreUnexpected: [],
        waivers: [],
        minimumSeverity: 'warning',
        alerts: {
          remindAfterMs: { critical: 4 * 3_600_000, warning: 24 * 3_600_000, info: null },
          uncheckedAfterRuns: 2,
        },
      },
      requiredFields: [],
      warnings: [],
    });
  });

  test.each([
    {
      name: 'a file alone',
      files: { 'sales.json': {} },
      declared: [{ dataset: 'sales', declaredAs: 'sales', tables: [] }],
    },
    {
      name: 'a folder alone',
      files: { 'sales/orders.json': {} },
      declared: [{ dataset: 'sales', declaredAs: 'sales', tables: ['orders'] }],
    },
    {
      name: 'a file and a folder, once',
      files: { 'sales.json': {}, 'sales/b.json': {}, 'sales/a.json': {} },
      declared: [{ dataset: 'sales', declaredAs: 'sales', tables: ['a', 'b'] }],
    },
    {
      name: 'a name in its own letter case',
      files: { 'Sales/Orders.json': {} },
      declared: [{ dataset: 'Sales', declaredAs: 'Sales', tables: ['Orders'] }],
    },
    {
      name: 'a table whose name only a table can have',
      files: { 'sales/заказы 2026-11.json': {} },
      declared: [{ dataset: 'sales', declaredAs: 'sales', tables: ['заказы 2026-11'] }],
    },
    {
      name: 'names of object members',
      files: { 'constructor/__proto__.json': {}, '__proto__.json': {} },
      declared: [
        { dataset: '__proto__', declaredAs: '__proto__', tables: [] },
        { dataset: 'constructor', declaredAs: 'constructor', tables: ['__proto__'] },
      ],
    },
    {
      name: 'a dataset beside what is no declaration',
      files: {
        'drift-policy.json': {},
        'README.md': 'about',
        '.hidden.json': 'no',
        '.git/x.json': 'no',
        'sales/notes.txt': 'x',
        'sales/orders.json': '\uFEFF{}',
      },
      declared: [{ dataset: 'sales', declaredAs: 'sales', tables: ['orders'] }],
    },
  ])('takes for declared: $name', async ({ files, declared }) => {
    expect(await declaredBy(files)).toEqual(declared);
  });

  test('lists every problem of every file at once, each with its place', async () => {
    const problems = await problemsOf({
      'drift-policy.json': { severities: { 'field-typ': 'off' } },
      'my-data/t.json': {},
      'sales.json': { loction: 'EU', datasetReference: { datasetId: 'sale' } },
      'sales/broken.json': '{ "schema": ',
      'sales/list.json': [],
      'sales/null.json': 'null',
      'sales/old/orders.json': {},
      'sales/orders.json': {
        shema: {},
        schema: {
          fields: [
            { name: '_partition_date', type: 'ARRAY<DATE>' },
            { name: 'ID', type: 'STRNG' },
          ],
        },
        timePartitioning: { type: 'DAY', field: 'created' },
        tableReference: { tableId: 'order' },
      },
      'web/fine.json': {},
      'web/wrong.json': { contract: { retentoin: 'P1Y' } },
    });
    expect(problems).toEqual([
      {
        file: 'drift-policy.json',
        path: '$.severities["field-typ"]',
        message: 'unknown key "field-typ"; did you mean "field-type"?',
      },
      {
        file: 'sales/old',
        path: '$',
        message: 'a folder inside a dataset has no meaning: one file per table',
      },
      {
        file: 'my-data',
        path: '$',
        message: '"my-data" is no dataset name: letters, digits and underscores only',
      },
      { file: 'sales.json', path: '$.loction', message: 'unknown key "loction"; did you mean "location"?' },
      {
        file: 'sales.json',
        path: '$.datasetReference.datasetId',
        message: 'contradicts the file\'s path, which says "sales"; correct one or leave it out',
      },
      { file: 'sales/broken.json', path: '$', message: expect.stringMatching(/^is not JSON: /) },
      { file: 'sales/list.json', path: '$', message: 'expected one JSON object' },
      { file: 'sales/null.json', path: '$', message: 'expected one JSON object' },
      { file: 'sales/orders.json', path: '$.shema', message: 'unknown key "shema"; did you mean "schema"?' },
      {
        file: 'sales/orders.json',
        path: '$.tableReference.tableId',
        message: 'contradicts the file\'s path, which says "orders"; correct one or leave it out',
      },
      {
        file: 'sales/orders.json',
        path: '$.schema.fields[0].name',
        message:
          'a column "_partition_date" cannot exist, BigQuery reserves the prefix _PARTITION: leave it out and state timePartitioning; a table by ingestion time has the pseudo column _PARTITIONTIME',
      },
      {
        file: 'sales/orders.json',
        path: '$.schema.fields[0].type',
        message: 'unknown type "ARRAY<DATE>"; write the type of the elements and "mode": "REPEATED"',
      },
      {
        file: 'sales/orders.json',
        path: '$.schema.fields[1].type',
        message: 'unknown type "STRNG"; did you mean "STRING"?',
      },
      {
        file: 'sales/orders.json',
        path: '$.timePartitioning.field',
        message: '"created" is not declared in schema.fields',
      },
      {
        file: 'web/wrong.json',
        path: '$.contract.retentoin',
        message: 'unknown key "retentoin"; did you mean "retention"?',
      },
    ]);
  });

  test('says all problems in the message of the error', async () => {
    const folder = await folderOf({ 'sales/a.json': { typo: 1 }, 'sales/b.json': [] });
    await expect(loadExpectation({ folder })).rejects.toThrow(
      [
        '2 problems in the expected files',
        'sales/a.json: $.typo: unknown key "typo"; did you mean "type"?',
        'sales/b.json: $: expected one JSON object',
      ].join('\n'),
    );
  });

  test('refuses a folder that declares nothing', async () => {
    const folder = await folderOf({ 'drift-policy.json': {} });
    await expect(loadExpectation({ folder })).rejects.toMatchObject({
      code: 'NothingDeclared',
      message: `nothing to compare: ${folder} declares no dataset and no table. Write <dataset>/<table>.json there, or let drift pull write what BigQuery has`,
    });
  });

  test('has an error of its own for a folder that is not there', async () => {
    const folder = join(await folderOf({}), 'nowhere');
    const error: unknown = await loadExpectation({ folder }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DriftError);
    expect(error).toMatchObject({
      code: 'NoSuchFolder',
      message: `no such folder: ${folder}`,
    });
  });
});

describe('DATASET_ALIASES', () => {
  const files = { 'sales/orders.json': {}, 'web/events.json': {} };

  test.each([
    {
      name: 'gives a dataset its real name and keeps the declared one',
      aliases: { sales: 'sales_staging' },
      named: [
        ['sales', 'sales_staging'],
        ['web', 'web'],
      ],
    },
    {
      name: 'may exchange two names',
      aliases: { sales: 'web', web: 'sales' },
      named: [
        ['sales', 'web'],
        ['web', 'sales'],
      ],
    },
  ])('$name', async ({ aliases, named }) => {
    const declared = await declaredBy(files, { aliases: new Map(Object.entries(aliases)) });
    expect(declared.map(({ declaredAs, dataset }) => [declaredAs, dataset])).toEqual(named);
  });

  test.each([
    {
      name: 'an alias of what no file declares',
      aliases: { salse: 'sales_staging' },
      problem: { path: 'salse', message: 'no file declares the dataset "salse"; did you mean "sales"?' },
    },
    {
      name: 'two aliases to one dataset',
      aliases: { sales: 'all', web: 'all' },
      problem: { path: 'all', message: 'two declared datasets are "all" in BigQuery' },
    },
    {
      name: 'an alias to another declared dataset',
      aliases: { sales: 'web' },
      problem: { path: 'web', message: 'two declared datasets are "web" in BigQuery' },
    },
  ])('refuses $name', async ({ aliases, problem }) => {
    expect(await problemsOf(files, { aliases: new Map(Object.entries(aliases)) })).toEqual([
      { file: 'DATASET_ALIASES', ...problem },
    ]);
  });
});

describe('requiredFields', () => {
  const requiredFields = [
    { name: 'created_at', type: 'TIMESTAMP', except: ['analytics_*.*', 'sales.raw'] },
    { name: 'version', type: 'INTEGER' },
  ];
  const version = { name: 'Version', type: 'INT64' };
  const createdAt = { name: 'CREATED_AT', type: 'timestamp' };

  function withColumns(...fields: readonly Resource[]) {
    return { schema: { fields } };
  }

  test('must be declared with their type, in whatever spelling', async () => {
    const problems = await problemsOf({
      'drift-policy.json': { requiredFields },
      'sales/fine.json': withColumns(version, createdAt),
      'sales/lacks.json': { type: 'TABLE', ...withColumns(version) },
      'sales/other.json': withColumns({ name: 'version', type: 'STRING' }, createdAt),
    });
    expect(problems).toEqual([
      {
        file: 'sales/lacks.json',
        path: '$.schema.fields',
        message: 'the policy requires a field created_at TIMESTAMP, which is absent',
      },
      {
        file: 'sales/other.json',
        path: '$.schema.fields',
        message: 'the policy requires a field version INTEGER, which is STRING',
      },
    ]);
  });

  test('are asked neither of the excepted nor of files that are no table or state no schema', async () => {
    const declared = await declaredBy({
      'drift-policy.json': { requiredFields },
      'analytics_eu/t.json': withColumns(version),
      'sales/raw.json': withColumns(version),
      'sales/silent.json': {},
      'sales/view.json': { type: 'VIEW', ...withColumns() },
    });
    expect(declared.map(({ tables }) => tables)).toEqual([['t'], ['raw', 'silent', 'view']]);
  });

  test('are asked of a file that has other problems too', async () => {
    const problems = await problemsOf({
      'drift-policy.json': { requiredFields },
      'sales/orders.json': { typo: 1, ...withColumns(createdAt) },
    });
    expect(problems).toEqual([
      {
        file: 'sales/orders.json',
        path: '$.typo',
        message: 'unknown key "typo"; did you mean "type"?',
      },
      {
        file: 'sales/orders.json',
        path: '$.schema.fields',
        message: 'the policy requires a field version INTEGER, which is absent',
      },
    ]);
  });
});

describe('the policy', () => {
  test('is read from another file where one is named', async () => {
    const folder = await folderOf({
      'drift-policy.json': { ignoreUnexpected: ['production.*'] },
      'sales/orders.json': {},
    });
    const elsewhere = await folderOf({ 'staging.json': { ignoreUnexpected: ['staging.*'] } });
    const { policy } = await loadExpectation({ folder, policyFile: join(elsewhere, 'staging.json') });
    expect(policy.ignoreUnexpected).toEqual(['staging.*']);
  });

  test('that is named and not there is a problem', async () => {
    const problems = await problemsOf({ 'sales/orders.json': {} }, { policyFile: '/nowhere/policy.json' });
    expect(problems).toEqual([
      { file: '/nowhere/policy.json', path: '$', message: expect.stringMatching(/^cannot be read: /) },
    ]);
  });
});

describe('keys that no kind compares', () => {
  test('give one warning each, with the number of files', async () => {
    const folder = await folderOf({
      'sales.json': { description: 'x', labels: {}, friendlyName: 'Sales', access: [] },
      'sales/a.json': {
        maxStaleness: '0-0 0 1:0:0',
        view: { query: 'SELECT 1', useLegacySql: false },
        schema: {
          fields: [
            { name: 'x', type: 'STRING', description: 'x', generatedColumn: {} },
            { name: 'y', type: 'STRING', description: 'y', generatedColumn: {} },
          ],
        },
      },
      'sales/b.json': { maxStaleness: '0-0 0 1:0:0', description: null, friendlyName: null },
    });
    const { warnings } = await loadExpectation({ folder });
    expect(warnings).toEqual([
      'stated, not compared: dataset access, 1 file',
      'stated, not compared: dataset friendlyName, 1 file',
      'stated, not compared: field generatedColumn, 1 file',
      'stated, not compared: friendlyName, 1 file',
      'stated, not compared: maxStaleness, 2 files',
      'stated, not compared: view.useLegacySql, 1 file',
    ]);
  });

  test('are noticed in nested fields too', async () => {
    const nested = { name: 'b', type: 'STRING', description: 'x', generatedColumn: {} };
    const folder = await folderOf({
      'sales/a.json': { schema: { fields: [{ name: 'a', type: 'RECORD', fields: [nested] }] } },
    });
    const { warnings } = await loadExpectation({ folder });
    expect(warnings).toEqual(['stated, not compared: field generatedColumn, 1 file']);
  });
});

/** As `bq show --format=prettyjson` prints it, and every key of the REST reference that it may print. */
const TABLE_AS_SHOWN = {
  cloneDefinition: { baseTableReference: {}, cloneTime: '2026-01-01T00:00:00Z' },
  clustering: { fields: ['customer_id'] },
  creationTime: '1760000000000',
  defaultCollation: 'und:ci',
  description: 'Every order',
  encryptionConfiguration: {
    kmsKeyName: 'projects/shop/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3',
  },
  etag: 'q0XeMFgFVzb4FnVTYBQGzw==',
  expirationTime: '1860000000000',
  id: 'shop:sales.orders',
  kind: 'bigquery#table',
  labels: { team: 'sales' },
  lastModifiedTime: '1760000000001',
  location: 'US',
  materializedViewStatus: {},
  model: {},
  numActiveLogicalBytes: '0',
  numActivePhysicalBytes: '0',
  numBytes: '0',
  numCurrentPhysicalBytes: '0',
  numLongTermBytes: '0',
  numLongTermLogicalBytes: '0',
  numLongTermPhysicalBytes: '0',
  numPartitions: '0',
  numPhysicalBytes: '0',
  numRows: '0',
  numTimeTravelPhysicalBytes: '0',
  numTotalLogicalBytes: '0',
  numTotalPhysicalBytes: '0',
  partitionDefinition: { partitionedColumn: [{ field: 'created_at' }] },
  replicas: [],
  requirePartitionFilter: true,
  restrictions: { type: 'RESTRICTED_DATA_EGRESS' },
  schema: {
    fields: [
      { mode: 'REQUIRED', name: 'id', type: 'INTEGER' },
      {
        maxLength: '36',
        name: 'customer_id',
        type: 'STRING',
        categories: {},
        collation: 'und:ci',
        policyTags: { names: ['projects/shop/locations/us/taxonomies/1/policyTags/2'] },
        dataPolicies: [{ name: 'projects/shop/locations/us/dataPolicies/mask' }],
      },
      {
        defaultValueExpression: '0',
        description: 'In euros',
        name: 'amount',
        precision: '10',
        roundingMode: 'ROUND_HALF_EVEN',
        scale: '2',
        type: 'NUMERIC',
      },
      { name: 'created_at', timestampPrecision: '6', type: 'TIMESTAMP' },
      { name: 'valid', rangeElementType: { type: 'DATE' }, type: 'RANGE' },
      { fields: [{ name: 'sku', type: 'STRING' }], mode: 'REPEATED', name: 'lines', type: 'RECORD' },
    ],
  },
  selfLink: 'https://bigquery.googleapis.com/bigquery/v2/projects/shop/datasets/sales/tables/orders',
  snapshotDefinition: {},
  streamingBuffer: { estimatedRows: '1' },
  tableConstraints: {
    foreignKeys: [
      {
        columnReferences: [{ referencedColumn: 'id', referencingColumn: 'customer_id' }],
        name: 'fk$1',
        referencedTable: { datasetId: 'sales', projectId: 'shop', tableId: 'customers' },
      },
    ],
    primaryKey: { columns: ['id'] },
  },
  tableReference: { datasetId: 'sales', projectId: 'shop', tableId: 'orders' },
  timePartitioning: { expirationMs: '31536000000', field: 'created_at', type: 'DAY' },
  type: 'TABLE',
};
const DATASET_AS_SHOWN = {
  creationTime: '1760000000000',
  datasetReference: { datasetId: 'sales', projectId: 'shop' },
  defaultCollation: 'und:ci',
  defaultEncryptionConfiguration: {
    kmsKeyName: 'projects/shop/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3',
  },
  defaultPartitionExpirationMs: '5184000000',
  defaultTableExpirationMs: '5184000000',
  description: 'What was sold',
  etag: 'x',
  id: 'shop:sales',
  kind: 'bigquery#dataset',
  labels: { team: 'sales' },
  lastModifiedTime: '1760000000000',
  linkedDatasetMetadata: {},
  location: 'US',
  maxTimeTravelHours: '168',
  restrictions: {},
  satisfiesPzi: false,
  satisfiesPzs: false,
  selfLink: 'https://bigquery.googleapis.com/bigquery/v2/projects/shop/datasets/sales',
  tags: [],
  type: 'DEFAULT',
};

describe('what bq show prints', () => {
  test('is a valid file that states all that is compared, without a warning', async () => {
    const folder = await folderOf({ 'sales.json': DATASET_AS_SHOWN, 'sales/orders.json': TABLE_AS_SHOWN });
    const { datasets, warnings } = await loadExpectation({ folder });
    expect({ datasets: declaredTexts(datasets), warnings }).toMatchObject({
      datasets: [
        {
          settings: new Map([
            ['location', stating('US')],
            ['defaultTableExpirationMs', stating('5184000000')],
            ['defaultPartitionExpirationMs', stating('5184000000')],
            // 168, the default.
            ['maxTimeTravelHours', stating(null)],
            ['defaultEncryptionConfiguration', stating('projects/shop/locations/us/keyRings/r/cryptoKeys/k')],
            ['defaultCollation', stating('und:ci')],
            ['labels', { values: new Map([['team', 'team=sales']]), othersAbsent: false }],
            ['description', stating('What was sold')],
          ]),
          tables: [
            {
              table: 'orders',
              expected: {
                type: 'TABLE',
                fields: [
                  { name: 'id', type: 'INT64', mode: 'REQUIRED' },
                  {
                    name: 'customer_id',
                    type: 'STRING(36)',
                    mode: 'NULLABLE',
                    settings: new Map([
                      ['collation', stating('und:ci')],
                      [
                        'policyTags',
                        {
                          values: new Map([
                            ['policyTags', 'projects/shop/locations/us/taxonomies/1/policyTags/2'],
                            ['dataPolicies', 'projects/shop/locations/us/dataPolicies/mask'],
                          ]),
                          othersAbsent: false,
                        },
                      ],
                    ]),
                  },
                  {
                    name: 'amount',
                    type: 'NUMERIC(10, 2)',
                    mode: 'NULLABLE',
                    settings: new Map([
                      ['defaultValueExpression', stating('0')],
                      ['roundingMode', stating('ROUND_HALF_EVEN')],
                      ['description', stating('In euros')],
                    ]),
                  },
                  { name: 'created_at', type: 'TIMESTAMP', mode: 'NULLABLE' },
                  { name: 'valid', type: 'RANGE<DATE>', mode: 'NULLABLE' },
                  {
                    name: 'lines',
                    type: 'STRUCT',
                    mode: 'REPEATED',
                    fields: [{ name: 'sku', type: 'STRING', mode: 'NULLABLE' }],
                  },
                ],
                partitioning: { by: 'time', granularity: 'DAY', field: 'created_at' },
                partitionExpirationMs: '31536000000',
                requirePartitionFilter: true,
                clustering: ['customer_id'],
                expirationTime: '1860000000000',
                settings: new Map([
                  ['encryptionConfiguration', stating('projects/shop/locations/us/keyRings/r/cryptoKeys/k')],
                  ['defaultCollation', stating('und:ci')],
                  [
                    'tableConstraints',
                    {
                      values: new Map([
                        ['primaryKey', 'PRIMARY KEY (id)'],
                        ['foreignKeys', 'FOREIGN KEY (customer_id) REFERENCES sales.customers (id)'],
                      ]),
                      othersAbsent: false,
                    },
                  ],
                  ['labels', { values: new Map([['team', 'team=sales']]), othersAbsent: false }],
                  ['description', stating('Every order')],
                ]),
              },
            },
          ],
        },
      ],
      warnings: [],
    });
  });

  test('warns of the settings in it that are not compared, and of nothing else', async () => {
    const settings = [
      'biglakeConfiguration',
      'defaultRoundingMode',
      'externalCatalogTableOptions',
      'friendlyName',
      'managedTableType',
      'maxStaleness',
      'resourceTags',
      'tableReplicationInfo',
    ];
    const blocks = {
      view: { query: 'SELECT 1', useLegacySql: false, useExplicitColumnNames: true },
      materializedView: { query: 'SELECT 1', enableRefresh: true, lastRefreshTime: '1760000000000' },
      externalDataConfiguration: {
        sourceFormat: 'PARQUET',
        sourceUris: ['gs://b/*'],
        autodetect: true,
        hivePartitioningOptions: { mode: 'AUTO', sourceUriPrefix: 'gs://b/', fields: ['dt'] },
      },
    };
    const table = {
      ...TABLE_AS_SHOWN,
      ...blocks,
      ...Object.fromEntries(settings.map((key) => [key, {}])),
    };
    const { warnings } = await loadExpectation({ folder: await folderOf({ 'sales/orders.json': table }) });
    const named = [
      ...settings,
      'externalDataConfiguration.autodetect',
      'materializedView.enableRefresh',
      'view.useExplicitColumnNames',
      'view.useLegacySql',
    ].sort();
    expect(warnings).toEqual(named.map((key) => `stated, not compared: ${key}, 1 file`));
  });
});

describe('expectedTable', () => {
  test.each([
    { name: 'nothing', file: {}, expected: {} },
    { name: 'type', file: { type: 'view' }, expected: { type: 'VIEW' } },
    { name: 'an empty schema', file: { schema: { fields: [] } }, expected: { fields: [] } },
    {
      name: 'a RECORD without its fields',
      file: { schema: { fields: [{ name: 'a', type: 'RECORD' }] } },
      expected: { fields: [{ name: 'a', type: 'STRUCT', mode: 'NULLABLE' }] },
    },
    {
      name: 'partitioning, and neither its expiration nor its filter',
      file: { timePartitioning: { type: 'DAY', field: 'at' } },
      expected: { partitioning: { by: 'time', granularity: 'DAY', field: 'at' } },
    },
    {
      name: 'partitioning by ingestion time',
      file: { timePartitioning: { type: 'HOUR' } },
      expected: { partitioning: { by: 'time', granularity: 'HOUR', field: null } },
    },
    {
      name: 'that partitions never expire',
      file: { timePartitioning: { type: 'DAY', expirationMs: null } },
      expected: {
        partitioning: { by: 'time', granularity: 'DAY', field: null },
        partitionExpirationMs: null,
      },
    },
    {
      name: 'an expiration of partitions',
      file: { timePartitioning: { type: 'DAY', expirationMs: 1000 } },
      expected: {
        partitioning: { by: 'time', granularity: 'DAY', field: null },
        partitionExpirationMs: '1000',
      },
    },
    {
      name: 'partitioning by range',
      file: { rangePartitioning: { field: 'id', range: { start: 0, end: '10', interval: 1 } } },
      expected: { partitioning: { by: 'range', field: 'id', start: '0', end: '10', interval: '1' } },
    },
    { name: 'no partitioning by time', file: { timePartitioning: null }, expected: { partitioning: null } },
    { name: 'no partitioning by range', file: { rangePartitioning: null }, expected: { partitioning: null } },
    {
      name: 'no partitioning at all',
      file: { timePartitioning: null, rangePartitioning: null },
      expected: { partitioning: null },
    },
    {
      name: 'partitioning by time and none by range',
      file: { timePartitioning: { type: 'DAY' }, rangePartitioning: null },
      expected: { partitioning: { by: 'time', granularity: 'DAY', field: null } },
    },
    {
      name: 'partitioning by range and none by time',
      file: {
        rangePartitioning: { field: 'id', range: { start: 0, end: 9, interval: 1 } },
        timePartitioning: null,
      },
      expected: { partitioning: { by: 'range', field: 'id', start: '0', end: '9', interval: '1' } },
    },
    {
      name: 'a required filter',
      file: { requirePartitionFilter: true },
      expected: { requirePartitionFilter: true },
    },
    {
      name: 'no required filter, by null',
      file: { requirePartitionFilter: null },
      expected: { requirePartitionFilter: false },
    },
    {
      name: 'a required filter inside timePartitioning',
      file: { timePartitioning: { type: 'DAY', requirePartitionFilter: true } },
      expected: {
        partitioning: { by: 'time', granularity: 'DAY', field: null },
        requirePartitionFilter: true,
      },
    },
    {
      name: 'no required filter inside timePartitioning, by null',
      file: { timePartitioning: { type: 'DAY', requirePartitionFilter: null } },
      expected: {
        partitioning: { by: 'time', granularity: 'DAY', field: null },
        requirePartitionFilter: false,
      },
    },
    {
      name: 'clustering',
      file: { clustering: { fields: ['a', 'b'] } },
      expected: { clustering: ['a', 'b'] },
    },
    { name: 'no clustering, by null', file: { clustering: null }, expected: { clustering: [] } },
    {
      name: 'an expiration',
      file: { expirationTime: 1_900_000_000_000 },
      expected: { expirationTime: '1900000000000' },
    },
    { name: 'no expiration, by null', file: { expirationTime: null }, expected: { expirationTime: null } },
    {
      name: 'nothing by output-only keys',
      file: { creationTime: '1', numRows: '2', etag: 'x' },
      expected: {},
    },
  ])('states $name', ({ file, expected }) => {
    expect(expectedTable(file)).toStrictEqual(expected);
  });
});

test.each([
  {
    key: 'defaultTableExpirationMs',
    value: null,
    setting: stating(null),
  },
  {
    key: 'defaultTableExpirationMs',
    value: 3_600_000,
    setting: stating('3600000'),
  },
  {
    key: 'defaultPartitionExpirationMs',
    value: null,
    setting: stating(null),
  },
  {
    key: 'defaultPartitionExpirationMs',
    value: '86400000',
    setting: stating('86400000'),
  },
  { key: 'location', value: 'europe-west1', setting: stating('EUROPE-WEST1') },
  { key: 'maxTimeTravelHours', value: null, setting: stating(null) },
  { key: 'description', value: 'x', setting: stating('x') },
  {
    key: 'labels',
    value: { team: 'sales', tier: null },
    setting: {
      values: new Map([
        ['team', 'team=sales'],
        ['tier', null],
      ]),
      othersAbsent: false,
    },
  },
  { key: 'labels', value: null, setting: { values: new Map(), othersAbsent: true } },
])('a dataset file states $key alone: $value', async ({ key, value, setting }) => {
  const { datasets } = await loadExpectation({ folder: await folderOf({ 'sales.json': { [key]: value } }) });
  expect(declaredTexts(datasets)).toStrictEqual([
    { dataset: 'sales', declaredAs: 'sales', settings: new Map([[key, setting]]), tables: [] },
  ]);
});

describe('contractOf', () => {
  test.each([
    { name: 'no contract', file: {}, contract: noContract },
    { name: 'an empty contract', file: { contract: {} }, contract: noContract },
    {
      name: 'all of a contract',
      file: {
        contract: {
          version: '1.1',
          purpose: 'Payments',
          owner: '<!subteam^S0PAYMENTS>',
          retention: 'P7Y',
          criticalFields: ['id', 'address.city'],
          consumers: { web: ['id'], constructor: ['id', 'amount'] },
          runbook: 'https://runbooks.example/payments',
          extraFields: 'allow',
        },
      },
      contract: {
        owner: '<!subteam^S0PAYMENTS>',
        retention: { text: 'P7Y', ms: 7 * 365 * 86_400_000 },
        criticalFields: ['id', 'address.city'],
        consumers: new Map([
          ['web', ['id']],
          ['constructor', ['id', 'amount']],
        ]),
        runbook: 'https://runbooks.example/payments',
        extraFields: 'allow',
      },
    },
    {
      name: 'a consumer named __proto__',
      file: JSON.parse('{"contract": {"consumers": {"__proto__": ["id"]}}}'),
      contract: { ...noContract, consumers: new Map([['__proto__', ['id']]]) },
    },
  ])('reads $name', ({ file, contract }) => {
    expect(contractOf(file)).toEqual(contract);
  });
});

describe('a second environment', () => {
  const query =
    'SELECT o.id, "shop.orders" FROM `prod-1.shop.orders` o JOIN shop.items ON TRUE -- shop.orders';
  const files = {
    'shop/recent.json': { tableReference: { projectId: 'prod-1' }, type: 'VIEW', view: { query } },
    'shop/items.json': {
      tableConstraints: {
        foreignKeys: [
          {
            referencedTable: { projectId: 'prod-1', datasetId: 'shop', tableId: 'orders' },
            columnReferences: [{ referencingColumn: 'order_id', referencedColumn: 'id' }],
          },
        ],
      },
    },
  };

  test('reads view text and foreign keys in its own names', async () => {
    const folder = await writeFolder(files);
    const aliases = new Map([['shop', 'shop_staging']]);
    const { datasets } = await loadExpectation({ folder, aliases, project: 'staging-1' });
    const settings = datasets.flatMap(({ tables }) =>
      tables.map((table) => [...(expectedOf(table).settings ?? [])]),
    );
    expect(
      settings.map((entries) =>
        entries.map(([kind, { values }]) => [kind, ...[...values.values()].map(valueText)]),
      ),
    ).toEqual([
      [['tableConstraints', 'FOREIGN KEY (order_id) REFERENCES shop_staging.orders (id)']],
      [
        [
          'view',
          'SELECT o.id, "shop.orders" FROM `staging-1.shop_staging.orders` o JOIN shop_staging.items ON TRUE -- shop.orders',
        ],
      ],
    ]);
  });
});
