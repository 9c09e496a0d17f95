import { describe, expect, test } from 'vitest';
import { compareDataset } from '../../src/compare/dataset.ts';
import { compareTable } from '../../src/compare/table.ts';
import { expectedTable } from '../../src/files/expected-table.ts';
import { canonicalTable } from '../../src/metadata/canonical.ts';
import {
  DATASET_SETTINGS,
  FIELD_SETTINGS,
  statedSettings,
  TABLE_SETTINGS,
} from '../../src/metadata/settings.ts';
import { MalformedError } from '../../src/model/errors.ts';
import type { Change, Kind } from '../../src/model/finding.ts';
import type { Resource } from '../../src/model/ports.ts';
import { asTexts } from '../support/changes.ts';

type Of = 'dataset' | 'table' | 'field';

function withColumn(column: Resource): Resource {
  return { schema: { fields: [{ name: 'a', type: 'STRING', ...column }] } };
}

/** How what is there differs from what a file states, both of them one dataset, table or field. */
function changesOf(of: Of, stated: Resource, actual: Resource): readonly Change[] {
  return asTexts(valuesOf(of, stated, actual));
}

function valuesOf(of: Of, stated: Resource, actual: Resource): readonly Change[] {
  if (of === 'dataset') {
    return compareDataset(statedSettings(DATASET_SETTINGS, stated).settings, { location: 'EU', ...actual })
      .changes;
  }
  const wrapped = of === 'field' ? withColumn : (resource: Resource) => resource;
  return compareTable({
    expected: expectedTable(wrapped(stated)),
    actual: canonicalTable(wrapped(actual)),
    contract: {
      owner: null,
      retention: null,
      criticalFields: [],
      consumers: new Map(),
      runbook: null,
      extraFields: 'report',
    },
  }).changes;
}

interface Row {
  readonly kind: Kind;
  readonly of: Of;
  /** A value that is not BigQuery's default. */
  readonly set: Resource;
  /** What the file may say for BigQuery's default. */
  readonly defaults: readonly Resource[];
  /** Stated, and what is the same. */
  readonly same: readonly (readonly [stated: Resource, actual: Resource])[];
  /** Stated, what is there, and both as text. */
  readonly different: readonly (readonly [
    stated: Resource,
    actual: Resource,
    expected: string | null,
    found: string | null,
  ])[];
  readonly malformed: readonly (readonly [place: string, actual: Resource])[];
}

const KEY = 'projects/p/locations/eu/keyRings/r/cryptoKeys/k';

function encryption(kind: Kind, of: Of, key: string): Row {
  const named = (kmsKeyName: unknown): Resource => ({ [key]: { kmsKeyName } });
  return {
    kind,
    of,
    set: named(KEY),
    defaults: [{ [key]: null }, { [key]: {} }, named(null), named('')],
    same: [
      [named(KEY), named(`${KEY}/cryptoKeyVersions/1`)],
      [named(`${KEY}/cryptoKeyVersions/2`), named(`${KEY}/cryptoKeyVersions/11`)],
      [named(`${KEY}/cryptoKeyVersions/2`), named(KEY)],
    ],
    different: [
      [named(KEY), named(`${KEY}2`), KEY, `${KEY}2`],
      [named(KEY), named(`${KEY}2/cryptoKeyVersions/1`), KEY, `${KEY}2`],
      [named(KEY), {}, KEY, null],
      [{ [key]: null }, named(`${KEY}/cryptoKeyVersions/1`), null, KEY],
    ],
    malformed: [
      [key, { [key]: KEY }],
      [key, { [key]: [] }],
      [`${key}.kmsKeyName`, named(7)],
    ],
  };
}

function text(kind: Kind, of: Of, key: string, [value, other]: readonly [string, string]): Row {
  const place = of === 'field' ? `schema.fields[0].${key}` : key;
  return {
    kind,
    of,
    set: { [key]: value },
    defaults: [{ [key]: null }, { [key]: '' }],
    same: [[{ [key]: value }, { [key]: value }]],
    different: [
      [{ [key]: value }, { [key]: other }, value, other],
      [{ [key]: value }, { [key]: value.toUpperCase() }, value, value.toUpperCase()],
      [{ [key]: value }, { [key]: `${value} ` }, value, `${value} `],
      [{ [key]: value }, {}, value, null],
      [{ [key]: null }, { [key]: value }, null, value],
      [{ [key]: '' }, { [key]: value }, null, value],
    ],
    malformed: [
      [place, { [key]: 7 }],
      [place, { [key]: { text: value } }],
    ],
  };
}

function expiration(kind: Kind, key: string): Row {
  return {
    kind,
    of: 'dataset',
    set: { [key]: '3600000' },
    defaults: [{ [key]: null }, { [key]: 0 }, { [key]: '0' }, { [key]: '00' }, { [key]: '-0' }],
    same: [
      [{ [key]: 3_600_000 }, { [key]: '3600000' }],
      [{ [key]: ' +03600000 ' }, { [key]: '3600000' }],
    ],
    different: [
      [{ [key]: 3_600_000 }, { [key]: '3600001' }, '3600000', '3600001'],
      [{ [key]: '9007199254740993' }, { [key]: '9007199254740992' }, '9007199254740993', '9007199254740992'],
      [{ [key]: '3600000' }, {}, '3600000', null],
      [{ [key]: null }, { [key]: '3600000' }, null, '3600000'],
    ],
    malformed: [
      [key, { [key]: -1 }],
      [key, { [key]: '-3600000' }],
      [key, { [key]: '9223372036854775808' }],
      [key, { [key]: '1h' }],
      [key, { [key]: {} }],
    ],
  };
}

function labels(kind: Kind, of: Of): Row {
  const ab = { labels: { a: '1', b: '2' } };
  return {
    kind,
    of,
    set: { labels: { a: '1' } },
    defaults: [{ labels: null }, { labels: {} }, { labels: { a: null } }],
    same: [
      [ab, { labels: { b: '2', a: '1' } }],
      [{ labels: { a: '1' } }, ab],
      [{ labels: {} }, ab],
      [{ labels: { a: '1', c: null } }, ab],
      [{ labels: { a: '' } }, { labels: { a: '' } }],
    ],
    different: [
      [{ labels: { a: '1' } }, { labels: { a: '2', b: '2' } }, 'a=1', 'a=2'],
      [{ labels: null }, { labels: { b: '2', a: '1' } }, null, 'a=1, b=2'],
      [ab, { labels: { a: '1' } }, 'b=2', null],
      [ab, {}, 'a=1, b=2', null],
      [{ labels: { a: '1' } }, { labels: { A: '1' } }, 'a=1', null],
      [{ labels: { a: '' } }, {}, 'a=', null],
      [{ labels: { a: null, b: '2' } }, ab, null, 'a=1'],
      [{ labels: null }, ab, null, 'a=1, b=2'],
      [{ labels: { constructor: 'x' } }, {}, 'constructor=x', null],
    ],
    malformed: [
      ['labels', { labels: ['a'] }],
      ['labels', { labels: 'a=1' }],
      ['labels.a', { labels: { a: 1 } }],
    ],
  };
}

interface ForeignKey {
  readonly name?: string;
  readonly columns?: readonly (readonly [referencing: string, referenced: string])[];
  readonly table?: string;
}

function foreignKey({ name, columns = [['customer', 'id']], table = 'customers' }: ForeignKey): Resource {
  return {
    ...(name === undefined ? {} : { name }),
    referencedTable: { projectId: 'p', datasetId: 'd', tableId: table },
    columnReferences: columns.map(([referencingColumn, referencedColumn]) => ({
      referencingColumn,
      referencedColumn,
    })),
  };
}
const primary = (...columns: string[]) => ({ primaryKey: { columns } });
const constrained = (tableConstraints: unknown): Resource => ({ tableConstraints });
const TO_CUSTOMERS = 'FOREIGN KEY (customer) REFERENCES d.customers (id)';
const TO_SHOPS = 'FOREIGN KEY (shop) REFERENCES d.shops (id)';
const toShops: ForeignKey = { columns: [['shop', 'id']], table: 'shops' };

const external = (externalDataConfiguration: unknown): Resource => ({ externalDataConfiguration });
const iceberg = (...sourceUris: string[]) => external({ sourceFormat: 'ICEBERG', sourceUris });
const hive = (hivePartitioningOptions: unknown) => external({ hivePartitioningOptions });

const tagged = (...names: string[]): Resource => ({ policyTags: { names } });
const guarded = (...names: string[]): Resource => ({ dataPolicies: names.map((name) => ({ name })) });
const view = (query: unknown): Resource => ({ view: { query } });
const materialized = (query: unknown): Resource => ({ materializedView: { query } });

const ROWS: readonly Row[] = [
  {
    kind: 'dataset-location',
    of: 'dataset',
    set: { location: 'US' },
    defaults: [],
    same: [
      [{ location: 'us' }, { location: 'US' }],
      [{ location: 'EUROPE-WEST1' }, { location: 'europe-west1' }],
    ],
    different: [
      [{ location: 'us' }, { location: 'EU' }, 'US', 'EU'],
      [{ location: 'europe-west1' }, { location: 'europe-west10' }, 'EUROPE-WEST1', 'EUROPE-WEST10'],
    ],
    malformed: [
      ['location', { location: 1 }],
      ['location', { location: undefined }],
      ['location', { location: null }],
    ],
  },
  expiration('dataset-table-expiration', 'defaultTableExpirationMs'),
  expiration('dataset-partition-expiration', 'defaultPartitionExpirationMs'),
  {
    kind: 'dataset-time-travel',
    of: 'dataset',
    set: { maxTimeTravelHours: '48' },
    defaults: [{ maxTimeTravelHours: null }, { maxTimeTravelHours: '168' }, { maxTimeTravelHours: 168 }],
    same: [
      [{ maxTimeTravelHours: 48 }, { maxTimeTravelHours: '48' }],
      [{ maxTimeTravelHours: null }, { maxTimeTravelHours: '168' }],
    ],
    different: [
      [{ maxTimeTravelHours: 168 }, { maxTimeTravelHours: '48' }, null, '48'],
      [{ maxTimeTravelHours: 48 }, { maxTimeTravelHours: '168' }, '48', null],
      [{ maxTimeTravelHours: 48 }, { maxTimeTravelHours: '72' }, '48', '72'],
      [{ maxTimeTravelHours: null }, { maxTimeTravelHours: '167' }, null, '167'],
    ],
    malformed: [['maxTimeTravelHours', { maxTimeTravelHours: '7d' }]],
  },
  encryption('dataset-encryption', 'dataset', 'defaultEncryptionConfiguration'),
  text('dataset-collation', 'dataset', 'defaultCollation', ['und:ci', 'und']),
  labels('dataset-labels', 'dataset'),
  text('dataset-description', 'dataset', 'description', ['Sales', 'What was sold']),
  encryption('table-encryption', 'table', 'encryptionConfiguration'),
  text('table-collation', 'table', 'defaultCollation', ['und:ci', 'und']),
  {
    kind: 'table-constraints',
    of: 'table',
    set: constrained({ ...primary('id'), foreignKeys: [foreignKey({})] }),
    defaults: [
      constrained(null),
      constrained({}),
      constrained({ primaryKey: null }),
      constrained(primary()),
      constrained({ foreignKeys: null }),
      constrained({ foreignKeys: [] }),
    ],
    same: [
      [constrained(primary('ID', 'day')), constrained(primary('id', 'Day'))],
      [constrained(primary('id')), constrained({ ...primary('id'), foreignKeys: [foreignKey({})] })],
      [
        constrained({ foreignKeys: [foreignKey({})] }),
        constrained({ ...primary('id'), foreignKeys: [foreignKey({ name: 'fk$1' })] }),
      ],
      [
        constrained({ foreignKeys: [foreignKey({ name: 'ours' }), foreignKey(toShops)] }),
        constrained({
          foreignKeys: [foreignKey({ ...toShops, name: 'fk$2' }), foreignKey({ name: 'fk$1' })],
        }),
      ],
      [
        constrained({ foreignKeys: [foreignKey({ columns: [['CUSTOMER', 'Id']] })] }),
        constrained({ foreignKeys: [foreignKey({})] }),
      ],
      [constrained({}), constrained({ ...primary('id'), foreignKeys: [foreignKey({})] })],
    ],
    different: [
      [constrained(primary('id')), {}, 'PRIMARY KEY (id)', null],
      [constrained(primary('a', 'b')), constrained(primary('a')), 'PRIMARY KEY (a, b)', 'PRIMARY KEY (a)'],
      [constrained({ primaryKey: null }), constrained(primary('id')), null, 'PRIMARY KEY (id)'],
      [
        constrained(null),
        constrained({ ...primary('id'), foreignKeys: [foreignKey({})] }),
        null,
        `PRIMARY KEY (id), ${TO_CUSTOMERS}`,
      ],
      [
        constrained({ foreignKeys: [foreignKey({}), foreignKey(toShops)] }),
        constrained({ foreignKeys: [foreignKey({})] }),
        `${TO_CUSTOMERS}, ${TO_SHOPS}`,
        TO_CUSTOMERS,
      ],
      [
        constrained({ foreignKeys: [foreignKey({})] }),
        constrained({ foreignKeys: [foreignKey({ table: 'Customers' })] }),
        TO_CUSTOMERS,
        'FOREIGN KEY (customer) REFERENCES d.Customers (id)',
      ],
      [
        constrained({ ...primary('id'), foreignKeys: [] }),
        constrained({ foreignKeys: [foreignKey({})] }),
        'PRIMARY KEY (id)',
        TO_CUSTOMERS,
      ],
    ],
    malformed: [
      ['tableConstraints', constrained([])],
      ['tableConstraints.primaryKey', constrained({ primaryKey: 'id' })],
      ['tableConstraints.primaryKey.columns', constrained({ primaryKey: { columns: 'id' } })],
      ['tableConstraints.foreignKeys', constrained({ foreignKeys: {} })],
      ['tableConstraints.foreignKeys', constrained({ foreignKeys: ['id'] })],
      [
        'tableConstraints.foreignKeys.referencedTable',
        constrained({ foreignKeys: [{ ...foreignKey({}), referencedTable: 'd.customers' }] }),
      ],
      [
        'tableConstraints.foreignKeys.referencedTable.datasetId',
        constrained({
          foreignKeys: [{ ...foreignKey({}), referencedTable: { datasetId: { toString: 1 } } }],
        }),
      ],
      [
        'tableConstraints.foreignKeys.columnReferences',
        constrained({ foreignKeys: [{ ...foreignKey({}), columnReferences: 'id' }] }),
      ],
      [
        'tableConstraints.foreignKeys.referencingColumn',
        constrained({ foreignKeys: [{ ...foreignKey({}), columnReferences: [{ referencingColumn: 1 }] }] }),
      ],
    ],
  },
  labels('table-labels', 'table'),
  text('table-description', 'table', 'description', ['Orders', 'Every order']),
  {
    kind: 'view-query',
    of: 'table',
    set: view('SELECT 1'),
    defaults: [{ view: null }, { materializedView: null }],
    same: [
      [view('SELECT  a,b\n'), view('SELECT a, b')],
      [materialized('SELECT  a,b\n'), materialized('SELECT a, b')],
      [{ view: {} }, view('SELECT 1')],
      [{ view: { useLegacySql: false } }, { view: { query: 'SELECT 1', useLegacySql: true } }],
    ],
    different: [
      [view('SELECT  1'), view('SELECT 2'), 'SELECT 1', 'SELECT 2'],
      [view("SELECT 'a  b'"), view("SELECT 'a b'"), "SELECT 'a  b'", "SELECT 'a b'"],
      [materialized('SELECT 1'), materialized('SELECT 2'), 'SELECT 1', 'SELECT 2'],
      [view('SELECT 1'), {}, 'SELECT 1', null],
      [{ view: null }, view('SELECT 1'), null, 'SELECT 1'],
    ],
    malformed: [
      ['view', { view: 'SELECT 1' }],
      ['view.query', view(1)],
      ['materializedView', { materializedView: [] }],
      ['materializedView.query', materialized(1)],
    ],
  },
  {
    kind: 'external-source',
    of: 'table',
    set: external({ sourceFormat: 'CSV', sourceUris: ['gs://b/*'] }),
    defaults: [
      external(null),
      external({}),
      external({ sourceFormat: null, sourceUris: null, hivePartitioningOptions: null }),
      external({ sourceUris: [] }),
    ],
    same: [
      [external({ sourceFormat: 'csv' }), external({ sourceFormat: 'CSV', sourceUris: ['gs://b/*'] })],
      [
        external({ sourceUris: ['gs://b/2', 'gs://b/1'] }),
        external({ sourceUris: ['gs://b/1', 'gs://b/2'] }),
      ],
      [hive({ mode: 'auto' }), hive({ mode: 'AUTO', sourceUriPrefix: 'gs://b/', fields: ['dt'] })],
      [hive({}), hive({ mode: 'AUTO' })],
      [iceberg('gs://b/t/metadata/v1.metadata.json'), iceberg('gs://b/t/metadata/v22.metadata.json')],
      // The format need not be stated beside the place.
      [
        external({ sourceUris: ['gs://b/t/metadata/v1.metadata.json'] }),
        iceberg('gs://b/t/metadata/v1.metadata.json'),
      ],
    ],
    different: [
      [external({ sourceFormat: 'CSV' }), external({ sourceFormat: 'PARQUET' }), 'CSV', 'PARQUET'],
      [
        external({ sourceUris: ['gs://b/a'] }),
        external({ sourceUris: ['gs://b/A'] }),
        'gs://b/a',
        'gs://b/A',
      ],
      [external({ sourceUris: ['gs://b/a', 'gs://b/c'] }), external({}), 'gs://b/a, gs://b/c', null],
      [hive({ mode: 'AUTO' }), hive({ mode: 'STRINGS' }), 'hive mode AUTO', 'hive mode STRINGS'],
      [
        hive({ sourceUriPrefix: 'gs://b/t' }),
        hive({ sourceUriPrefix: 'gs://b/u' }),
        'hive sourceUriPrefix gs://b/t',
        'hive sourceUriPrefix gs://b/u',
      ],
      [external({ hivePartitioningOptions: null }), hive({ mode: 'AUTO' }), null, 'hive mode AUTO'],
      [
        iceberg('gs://b/t/metadata/v1.metadata.json'),
        iceberg('gs://b/u/metadata/v1.metadata.json'),
        'gs://b/t/metadata/',
        'gs://b/u/metadata/',
      ],
      [
        external(null),
        external({
          sourceFormat: 'CSV',
          sourceUris: ['gs://b/*'],
          hivePartitioningOptions: { mode: 'AUTO' },
        }),
        null,
        'CSV, gs://b/*, hive mode AUTO',
      ],
    ],
    malformed: [
      ['externalDataConfiguration', external('gs://b/*')],
      ['externalDataConfiguration.sourceFormat', external({ sourceFormat: 1 })],
      ['externalDataConfiguration.sourceUris', external({ sourceUris: 'gs://b/*' })],
      ['externalDataConfiguration.hivePartitioningOptions.mode', hive({ mode: 1 })],
      ['externalDataConfiguration.hivePartitioningOptions.sourceUriPrefix', hive({ sourceUriPrefix: [] })],
    ],
  },
  {
    kind: 'field-default',
    of: 'field',
    set: { defaultValueExpression: 'CURRENT_DATE()' },
    defaults: [{ defaultValueExpression: null }, { defaultValueExpression: '' }],
    same: [[{ defaultValueExpression: 'f( 1,2 )' }, { defaultValueExpression: 'f(1, 2)' }]],
    different: [
      [{ defaultValueExpression: "'a  b'" }, { defaultValueExpression: "'a b'" }, "'a  b'", "'a b'"],
      [{ defaultValueExpression: '1' }, {}, '1', null],
      [{ defaultValueExpression: null }, { defaultValueExpression: '0' }, null, '0'],
    ],
    malformed: [['schema.fields[0].defaultValueExpression', { defaultValueExpression: 0 }]],
  },
  text('field-collation', 'field', 'collation', ['und:ci', 'und']),
  {
    kind: 'field-rounding-mode',
    of: 'field',
    set: { roundingMode: 'ROUND_HALF_EVEN' },
    defaults: [
      { roundingMode: null },
      { roundingMode: '' },
      { roundingMode: 'ROUNDING_MODE_UNSPECIFIED' },
      { roundingMode: 'rounding_mode_unspecified' },
    ],
    same: [
      [{ roundingMode: 'round_half_even' }, { roundingMode: 'ROUND_HALF_EVEN' }],
      [{ roundingMode: null }, { roundingMode: 'ROUNDING_MODE_UNSPECIFIED' }],
    ],
    different: [
      [
        { roundingMode: 'ROUND_HALF_EVEN' },
        { roundingMode: 'ROUND_HALF_AWAY_FROM_ZERO' },
        'ROUND_HALF_EVEN',
        'ROUND_HALF_AWAY_FROM_ZERO',
      ],
      [
        { roundingMode: 'ROUND_HALF_EVEN' },
        { roundingMode: 'ROUNDING_MODE_UNSPECIFIED' },
        'ROUND_HALF_EVEN',
        null,
      ],
      [
        { roundingMode: 'ROUNDING_MODE_UNSPECIFIED' },
        { roundingMode: 'ROUND_HALF_EVEN' },
        null,
        'ROUND_HALF_EVEN',
      ],
    ],
    malformed: [['schema.fields[0].roundingMode', { roundingMode: 1 }]],
  },
  {
    kind: 'field-policy-tags',
    of: 'field',
    set: tagged('t/1'),
    defaults: [
      { policyTags: null },
      { policyTags: {} },
      { policyTags: { names: null } },
      tagged(),
      { dataPolicies: null },
      guarded(),
    ],
    same: [
      [tagged('t/2', 't/1'), tagged('t/1', 't/2')],
      [guarded('d/2', 'd/1'), guarded('d/1', 'd/2')],
      [tagged('t/1'), { ...tagged('t/1'), ...guarded('d/1') }],
      [guarded('d/1'), { ...tagged('t/1'), ...guarded('d/1') }],
      [{ policyTags: null }, { policyTags: {} }],
      [{ policyTags: {} }, tagged()],
      [{ policyTags: null, dataPolicies: [] }, {}],
    ],
    different: [
      [tagged('t/1'), tagged('t/2'), 't/1', 't/2'],
      [tagged('t/1'), {}, 't/1', null],
      [tagged('t/1'), { policyTags: {} }, 't/1', null],
      [{ policyTags: {} }, tagged('t/1'), null, 't/1'],
      [guarded('d/1'), guarded(), 'd/1', null],
      [{ ...tagged('t/1'), ...guarded('d/1') }, tagged('t/1'), 'd/1', null],
      [{ ...tagged('t/1'), ...guarded('d/1') }, {}, 't/1, d/1', null],
    ],
    malformed: [
      ['schema.fields[0].policyTags', { policyTags: ['t/1'] }],
      ['schema.fields[0].policyTags.names', { policyTags: { names: 't/1' } }],
      ['schema.fields[0].dataPolicies', { dataPolicies: {} }],
      ['schema.fields[0].dataPolicies.name', { dataPolicies: [{ name: 1 }] }],
    ],
  },
  text('field-description', 'field', 'description', ['In euros', 'In cents']),
];

const pathOf = (of: Of) => (of === 'field' ? 'a' : null);

test('every setting has a row here', () => {
  const keysOf = (of: Of) => ROWS.filter((row) => row.of === of).map(({ set }) => Object.keys(set));
  const settings = { dataset: DATASET_SETTINGS, table: TABLE_SETTINGS, field: FIELD_SETTINGS };
  for (const of of ['dataset', 'table', 'field'] as const) {
    expect(keysOf(of).map((keys, index) => keys.includes(settings[of][index]?.key ?? ''))).toEqual(
      settings[of].map(() => true),
    );
  }
});

describe.each(ROWS)('$kind', ({ kind, of, set, defaults, same, different, malformed }) => {
  test.each(same)('is the same: %j and %j', (stated, actual) => {
    expect(changesOf(of, stated, actual)).toEqual([]);
  });

  test.each(different)('differs: %j and %j', (stated, actual, expected, found) => {
    expect(changesOf(of, stated, actual)).toStrictEqual([
      { kind, path: pathOf(of), expected, actual: found },
    ]);
  });

  test('is not checked where the file does not state it', () => {
    expect(changesOf(of, {}, set)).toEqual([]);
  });

  test('is the same as itself, and not as its absence', () => {
    expect(changesOf(of, set, set)).toEqual([]);
    if (of === 'dataset' && kind === 'dataset-location') return;
    expect(changesOf(of, set, {})).toMatchObject([{ kind, path: pathOf(of), actual: null }]);
  });

  test('is by default the default, in whatever spelling, of file and of BigQuery', () => {
    for (const stated of defaults) {
      for (const actual of [{}, ...defaults]) expect(changesOf(of, stated, actual)).toEqual([]);
    }
  });

  test.each(malformed)('names the place of what it cannot read: %s', (place, actual) => {
    const compare = () => changesOf(of, set, actual);
    expect(compare).toThrow(MalformedError);
    expect(compare).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(new RegExp(`^${place.replace(/[.[\]]/g, '\\$&')}: `)),
      }),
    );
  });
});

test('a setting of a nested field is told by its path, and its malformed shape by its place', () => {
  const nested = (column: Resource): Resource => ({
    schema: { fields: [{ name: 'r', type: 'RECORD', fields: [{ name: 'A', type: 'STRING', ...column }] }] },
  });
  expect(
    changesOf('table', nested({ description: 'x', policyTags: { names: ['t/1'] } }), nested({})),
  ).toStrictEqual([
    { kind: 'field-policy-tags', path: 'r.A', expected: 't/1', actual: null },
    { kind: 'field-description', path: 'r.A', expected: 'x', actual: null },
  ]);
  expect(() => canonicalTable(nested({ description: 1 }))).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/^schema\.fields\[0\]\.fields\[0\]\.description: /),
    }),
  );
});

test('what is compared is read alone: resources stay as they were', () => {
  const freeze = (value: unknown): unknown => {
    if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
    return value;
  };
  for (const { of, same, different } of ROWS) {
    for (const [stated, actual] of [...same, ...different]) {
      freeze(stated);
      freeze(actual);
      expect(() => changesOf(of, stated, actual)).not.toThrow();
    }
  }
});
