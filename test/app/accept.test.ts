import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AcceptOptions, accept, parseTarget } from '../../src/app/accept.ts';
import { compareTable } from '../../src/compare/table.ts';
import { contractOf, expectedTable } from '../../src/files/expected-table.ts';
import { tableRules } from '../../src/files/file-rules.ts';
import { tableFile } from '../../src/files/file-schemas.ts';
import { defaultPolicy } from '../../src/files/policy.ts';
import { shapeProblems } from '../../src/files/shape-problems.ts';
import { canonicalTable } from '../../src/metadata/canonical.ts';
import type { Change, Kind } from '../../src/model/finding.ts';
import type { Read, Resource, TableId, Warehouse } from '../../src/model/ports.ts';
import { stating } from '../support/declared.ts';
import { RUNS } from '../support/runs.ts';

const DAY = 86_400_000;
const denied = { status: 'unreadable', reason: 'denied', detail: 'HTTP 403 accessDenied' } as const;
const absent = { status: 'absent', detail: 'HTTP 404 notFound' } as const;
const found = <T>(value: T) => ({ status: 'found', value }) as const;

function problemsOf(file: Resource, id: TableId) {
  return [...shapeProblems(tableFile, file), ...tableRules(file, id)];
}

function differencesOf(text: string, actual: Resource): readonly string[] {
  const file: Resource = JSON.parse(text);
  return compareTable({
    expected: expectedTable(file),
    actual: canonicalTable(actual),
    contract: contractOf(file),
  }).changes.map(named);
}

function named({ kind, path }: Change): string {
  return path === null ? kind : `${kind} ${path}`;
}

interface Situation {
  /** null: no file. */
  readonly text: string | null;
  readonly actual: Resource | Read<Resource>;
  readonly dataset?: Read<Resource | null>;
  readonly list?: Read<readonly []>;
}

/** One command, with the file as it is afterwards (null: none). */
async function run({ text, actual, dataset, list }: Situation, options: Partial<AcceptOptions> = {}) {
  const files = new Map(text === null ? [] : [['sales/orders.json', text]]);
  const answer = actual['status'] === undefined ? found(actual as Resource) : (actual as Read<Resource>);
  const warehouse: Warehouse = {
    listDatasets: async () => found({ datasets: ['sales'], unreachable: [] }),
    getDataset: async () => dataset ?? found({ location: 'EU' }),
    listTables: async () => list ?? found([]),
    getTable: async () => answer,
  };
  const declared = { table: 'orders', readExpected: stating({}), contract: contractOf({}) };
  const result = await accept({
    warehouse,
    datasets: [{ dataset: 'sales', declaredAs: 'sales', tables: text === null ? [] : [declared] }],
    policy: defaultPolicy,
    target: { dataset: 'sales', table: 'orders' },
    path: null,
    kind: null,
    force: false,
    now: new Date('2026-11-22T10:17:00Z'),
    problemsOf,
    readText: async (path) => files.get(path) ?? '',
    writeText: async (path, written) => void files.set(path, written),
    removeFile: async (path) => void files.delete(path),
    newFile: (resource) => `${JSON.stringify({ type: resource['type'], schema: resource['schema'] })}\n`,
    ...options,
  });
  return { ...result, text: files.get('sales/orders.json') ?? null };
}

const id = { name: 'id', type: 'STRING' };
const at = { name: 'at', type: 'TIMESTAMP' };
const n = { name: 'n', type: 'INTEGER' };
const schema = { fields: [id, at, n] };
const byDay = { type: 'DAY', field: 'at' };
const byRange = { field: 'n', range: { start: '0', end: '100', interval: '10' } };
const created = { creationTime: '1700000000000' };
const expires = { expirationTime: String(1_700_000_000_000 + 30 * DAY) };
const foreignKey = (table: string) => ({
  referencedTable: { projectId: 'p', datasetId: 'sales', tableId: table },
  columnReferences: [{ referencingColumn: 'id', referencedColumn: 'id' }],
});

interface Case {
  readonly kind: Kind;
  readonly why?: string;
  readonly file: Resource;
  readonly actual: Resource;
  readonly becomes: Resource;
  readonly weakened?: readonly string[];
}

const withField = (field: Resource) => ({ schema: { fields: [field] } });

const CASES: readonly Case[] = [
  {
    kind: 'field-missing',
    file: { schema: { fields: [id, n] }, description: 'x' },
    actual: { schema: { fields: [id] }, description: 'x' },
    becomes: { schema: { fields: [id] }, description: 'x' },
    weakened: ['field n is no longer expected'],
  },
  {
    kind: 'field-missing',
    why: 'nested, relied on',
    file: {
      schema: { fields: [{ name: 'a', type: 'RECORD', fields: [id, n] }] },
      contract: { criticalFields: ['a.n', 'a.id'], consumers: { web: ['a.n'] } },
    },
    actual: withField({ name: 'A', type: 'RECORD', fields: [id] }),
    becomes: {
      schema: { fields: [{ name: 'a', type: 'RECORD', fields: [id] }] },
      contract: { criticalFields: ['a.id'], consumers: { web: [] } },
    },
    weakened: [
      'field a.n is no longer expected: it is critical',
      'field a.n is no longer expected: web reads it',
      'contract.criticalFields lists a.n no longer',
      'contract.consumers: web lists a.n no longer',
    ],
  },
  {
    kind: 'field-unexpected',
    file: withField(id),
    actual: {
      schema: {
        fields: [
          id,
          {
            name: '__proto__',
            type: 'NUMERIC',
            mode: 'REQUIRED',
            precision: '10',
            scale: '2',
            description: 'd',
            policyTags: { names: ['t'] },
            maxLength: null,
            categories: {},
          },
        ],
      },
    },
    becomes: {
      schema: {
        fields: [
          id,
          {
            name: '__proto__',
            type: 'NUMERIC',
            mode: 'REQUIRED',
            precision: '10',
            scale: '2',
            description: 'd',
            policyTags: { names: ['t'] },
          },
        ],
      },
    },
  },
  {
    kind: 'field-unexpected',
    why: 'nested, with nested fields',
    file: withField({ name: 'a', type: 'STRUCT', fields: [id] }),
    actual: withField({
      name: 'a',
      type: 'RECORD',
      fields: [id, { name: 'b', type: 'RECORD', mode: 'REPEATED', fields: [{ ...n, mode: 'NULLABLE' }] }],
    }),
    becomes: withField({
      name: 'a',
      type: 'STRUCT',
      fields: [id, { name: 'b', type: 'RECORD', mode: 'REPEATED', fields: [n] }],
    }),
  },
  {
    kind: 'field-type',
    why: 'parameters only: the type keeps its spelling',
    file: withField({ name: 'a', type: 'decimal', description: 'd' }),
    actual: withField({ name: 'a', type: 'NUMERIC', precision: '10', scale: '2', description: 'd' }),
    becomes: withField({ name: 'a', type: 'decimal', description: 'd', precision: '10', scale: '2' }),
  },
  {
    kind: 'field-type',
    why: 'of a struct, whose tags go',
    file: withField({
      name: 'a',
      type: 'RECORD',
      fields: [{ ...id, policyTags: { names: ['t'] } }],
      mode: 'REQUIRED',
    }),
    actual: withField({ name: 'a', type: 'STRING', maxLength: '5', mode: 'REQUIRED' }),
    becomes: withField({ name: 'a', type: 'STRING', mode: 'REQUIRED', maxLength: '5' }),
    weakened: ['the policy tags of field a.id are no longer expected'],
  },
  {
    kind: 'field-type',
    why: 'that became a range, and is read',
    file: { ...withField({ name: 'a', type: 'STRING' }), contract: { consumers: { web: ['a'] } } },
    actual: withField({ name: 'a', type: 'RANGE', rangeElementType: { type: 'DATE' } }),
    becomes: {
      ...withField({ name: 'a', type: 'RANGE', rangeElementType: { type: 'DATE' } }),
      contract: { consumers: { web: ['a'] } },
    },
    weakened: ['field a becomes RANGE<DATE> instead of STRING: web reads it'],
  },
  {
    kind: 'field-mode',
    file: withField({ name: 'a', mode: 'required', type: 'STRING' }),
    actual: withField({ name: 'a', type: 'STRING' }),
    becomes: withField({ name: 'a', mode: 'NULLABLE', type: 'STRING' }),
    weakened: ['field a becomes NULLABLE instead of REQUIRED'],
  },
  {
    kind: 'field-default',
    file: withField({ ...id, defaultValueExpression: "'x'" }),
    actual: withField(id),
    becomes: withField({ ...id, defaultValueExpression: null }),
  },
  {
    kind: 'field-collation',
    file: withField({ ...id, collation: null }),
    actual: withField({ ...id, collation: 'und:ci' }),
    becomes: withField({ ...id, collation: 'und:ci' }),
  },
  {
    kind: 'field-rounding-mode',
    file: withField({ name: 'a', type: 'NUMERIC', roundingMode: null }),
    actual: withField({ name: 'a', type: 'NUMERIC', roundingMode: 'ROUND_HALF_EVEN' }),
    becomes: withField({ name: 'a', type: 'NUMERIC', roundingMode: 'ROUND_HALF_EVEN' }),
  },
  {
    kind: 'field-description',
    file: withField({ ...id, description: 'old' }),
    actual: withField({ ...id, description: 'new' }),
    becomes: withField({ ...id, description: 'new' }),
  },
  {
    kind: 'field-policy-tags',
    file: withField({ ...id, policyTags: { names: ['t', 'u'] }, dataPolicies: null }),
    actual: withField({ ...id, policyTags: { names: ['u'] }, dataPolicies: [{ name: 'd' }] }),
    becomes: withField({ ...id, policyTags: { names: ['u'] }, dataPolicies: [{ name: 'd' }] }),
    weakened: ['field id is no longer protected by t'],
  },
  {
    kind: 'table-type',
    why: 'with what follows from it',
    file: { type: 'TABLE', timePartitioning: byDay, requirePartitionFilter: true },
    actual: { type: 'VIEW' },
    becomes: { type: 'VIEW', timePartitioning: null, requirePartitionFilter: false },
    weakened: [
      'rows of its own are no longer expected: it is VIEW',
      'the partitioning DAY(at) is no longer expected',
      'queries need no partition filter any more',
    ],
  },
  {
    kind: 'partitioning-missing',
    file: {
      timePartitioning: { ...byDay, expirationMs: '5', requirePartitionFilter: true },
      description: 'd',
    },
    actual: { description: 'd' },
    becomes: { timePartitioning: null, description: 'd' },
    weakened: ['the partitioning DAY(at) is no longer expected'],
  },
  {
    kind: 'partitioning-unexpected',
    file: { schema, timePartitioning: null },
    actual: { schema, timePartitioning: { ...byDay, expirationMs: 5, requirePartitionFilter: false } },
    becomes: { schema, timePartitioning: { ...byDay, expirationMs: '5' } },
    weakened: ['partitions are deleted sooner: never → 5 milliseconds'],
  },
  {
    kind: 'partitioning-unexpected',
    why: 'by range, and a retention is declared',
    file: { schema, timePartitioning: null, contract: { retention: 'P1Y' } },
    actual: { schema, rangePartitioning: { field: 'n', range: { end: '100', interval: '10' } } },
    becomes: {
      schema,
      timePartitioning: null,
      contract: { retention: 'P1Y' },
      rangePartitioning: byRange,
    },
  },
  {
    kind: 'partitioning-different',
    why: 'another granularity: what else is stated stays',
    file: { schema, timePartitioning: { expirationMs: '5', type: 'day', field: 'AT' } },
    actual: { schema, timePartitioning: { type: 'HOUR', field: 'at', expirationMs: '5' } },
    becomes: { schema, timePartitioning: { expirationMs: '5', type: 'HOUR', field: 'AT' } },
    weakened: [
      'rows may be deleted sooner: partitions of HOUR(at) instead of DAY(AT) expire after 5 milliseconds',
    ],
  },
  {
    kind: 'partitioning-different',
    why: 'ingestion time',
    file: { schema, timePartitioning: { ...byDay, expirationMs: null } },
    actual: { schema, timePartitioning: { type: 'DAY' } },
    becomes: { schema, timePartitioning: { type: 'DAY', expirationMs: null } },
  },
  {
    kind: 'partitioning-different',
    why: 'range instead of time: the filter stays stated, in the same place',
    file: { timePartitioning: { ...byDay, requirePartitionFilter: true }, schema },
    actual: { schema, rangePartitioning: byRange, requirePartitionFilter: true },
    becomes: { rangePartitioning: byRange, schema, requirePartitionFilter: true },
  },
  {
    kind: 'partitioning-different',
    why: 'another range',
    file: { schema, rangePartitioning: { field: 'N', range: { start: 0, end: 50, interval: 10 } } },
    actual: { schema, rangePartitioning: byRange },
    becomes: { schema, rangePartitioning: { field: 'N', range: { start: 0, end: '100', interval: 10 } } },
  },
  {
    kind: 'partition-expiration',
    file: { timePartitioning: { type: 'DAY', expirationMs: null }, contract: { retention: 'P10D' } },
    actual: { timePartitioning: { type: 'DAY', expirationMs: String(20 * DAY) } },
    becomes: {
      timePartitioning: { type: 'DAY', expirationMs: String(20 * DAY) },
      contract: { retention: 'P10D' },
    },
    weakened: ['partitions are deleted sooner: never → 20 days, where contract.retention is P10D'],
  },
  {
    kind: 'partition-filter',
    why: 'on the table',
    file: { requirePartitionFilter: null, timePartitioning: { type: 'DAY' } },
    actual: { timePartitioning: { type: 'DAY', requirePartitionFilter: true } },
    becomes: { requirePartitionFilter: true, timePartitioning: { type: 'DAY' } },
  },
  {
    kind: 'partition-filter',
    why: 'in timePartitioning',
    file: { timePartitioning: { type: 'DAY', requirePartitionFilter: true } },
    actual: { timePartitioning: { type: 'DAY' } },
    becomes: { timePartitioning: { type: 'DAY', requirePartitionFilter: false } },
    weakened: ['queries need no partition filter any more'],
  },
  {
    kind: 'clustering',
    file: { schema, clustering: { fields: ['id', 'n'] } },
    actual: { schema, clustering: { fields: ['n', 'at'] } },
    becomes: { schema, clustering: { fields: ['n', 'at'] } },
  },
  {
    kind: 'clustering',
    why: 'none',
    file: { schema, clustering: { fields: ['id'] } },
    actual: { schema },
    becomes: { schema, clustering: null },
  },
  {
    kind: 'table-expiration',
    file: { expirationTime: null, contract: { retention: 'P10D' }, creationTime: '1600000000000' },
    actual: { ...created, ...expires },
    becomes: { ...expires, contract: { retention: 'P10D' }, ...created },
    weakened: ['the table is deleted sooner: never → 2023-12-14 22:13 UTC, where contract.retention is P10D'],
  },
  {
    kind: 'retention',
    why: 'by partitions',
    file: {
      timePartitioning: { type: 'DAY', expirationMs: null },
      contract: { owner: 'o', retention: 'P7Y' },
    },
    actual: { timePartitioning: { type: 'DAY', expirationMs: String(30 * DAY + 1) } },
    becomes: {
      timePartitioning: { type: 'DAY', expirationMs: String(30 * DAY + 1) },
      contract: { owner: 'o', retention: 'P30D' },
    },
    weakened: ['contract.retention P7Y is lowered to P30D: data may be gone after 30 days 1 millisecond'],
  },
  {
    kind: 'retention',
    why: 'by the table, which the file does not state',
    file: { contract: { retention: 'P7Y' } },
    actual: { ...created, ...expires },
    becomes: { contract: { retention: 'P30D' } },
    weakened: ['contract.retention P7Y is lowered to P30D: data may be gone after 30 days'],
  },
  {
    kind: 'table-encryption',
    file: { encryptionConfiguration: { kmsKeyName: 'k' } },
    actual: { encryptionConfiguration: { kmsKeyName: 'l/cryptoKeyVersions/3' } },
    becomes: { encryptionConfiguration: { kmsKeyName: 'l' } },
    weakened: ['the key k is no longer expected to encrypt it'],
  },
  {
    kind: 'table-collation',
    file: { defaultCollation: 'und:ci' },
    actual: {},
    becomes: { defaultCollation: null },
  },
  {
    kind: 'table-description',
    file: { description: null },
    actual: { description: 'd' },
    becomes: { description: 'd' },
  },
  {
    kind: 'table-labels',
    why: 'only the stated ones',
    file: { labels: { team: 'a', gone: 'x' } },
    actual: { labels: { team: 'b', other: 'c' } },
    becomes: { labels: { team: 'b', gone: null } },
  },
  {
    kind: 'table-labels',
    why: 'all, where none is stated',
    file: { labels: null },
    actual: { labels: { team: 'b' } },
    becomes: { labels: { team: 'b' } },
  },
  {
    kind: 'table-constraints',
    file: {
      schema,
      tableConstraints: { primaryKey: { columns: ['ID'] }, foreignKeys: [foreignKey('a'), foreignKey('b')] },
    },
    actual: {
      schema,
      tableConstraints: {
        primaryKey: { columns: ['id'] },
        foreignKeys: [{ name: 'x', ...foreignKey('c') }, foreignKey('b')],
      },
    },
    becomes: {
      schema,
      tableConstraints: {
        primaryKey: { columns: ['ID'] },
        foreignKeys: [
          {
            referencedTable: { datasetId: 'sales', tableId: 'c' },
            columnReferences: [{ referencingColumn: 'id', referencedColumn: 'id' }],
          },
          foreignKey('b'),
        ],
      },
    },
  },
  {
    kind: 'table-constraints',
    why: 'none stated',
    file: { schema, tableConstraints: null },
    actual: { schema, tableConstraints: { primaryKey: { columns: ['id'] } } },
    becomes: { schema, tableConstraints: { primaryKey: { columns: ['id'] }, foreignKeys: null } },
  },
  {
    kind: 'view-query',
    file: { type: 'VIEW', view: { query: 'SELECT 1', useLegacySql: false } },
    actual: { type: 'VIEW', view: { query: 'SELECT  2' } },
    becomes: { type: 'VIEW', view: { query: 'SELECT  2', useLegacySql: false } },
  },
  {
    kind: 'view-query',
    why: 'of a view that is materialized now',
    file: { view: { query: 'SELECT 1' }, description: 'd' },
    actual: { type: 'MATERIALIZED_VIEW', materializedView: { query: 'SELECT 2' }, description: 'd' },
    becomes: { materializedView: { query: 'SELECT 2' }, description: 'd' },
  },
  {
    kind: 'external-source',
    why: 'only the stated parts',
    file: {
      externalDataConfiguration: { sourceUris: ['gs://a/*'], hivePartitioningOptions: { mode: 'auto' } },
    },
    actual: {
      externalDataConfiguration: {
        sourceFormat: 'PARQUET',
        sourceUris: ['gs://b/*'],
        hivePartitioningOptions: { mode: 'AUTO', sourceUriPrefix: 'gs://b' },
      },
    },
    becomes: {
      externalDataConfiguration: { sourceUris: ['gs://b/*'], hivePartitioningOptions: { mode: 'auto' } },
    },
  },
  {
    kind: 'external-source',
    why: 'of an Iceberg table in the same folder, whose metadata file is no difference',
    file: {
      externalDataConfiguration: { sourceFormat: 'csv', sourceUris: ['gs://b/t/metadata/v1.metadata.json'] },
    },
    actual: {
      externalDataConfiguration: {
        sourceFormat: 'ICEBERG',
        sourceUris: ['gs://b/t/metadata/v2.metadata.json'],
      },
    },
    becomes: {
      externalDataConfiguration: {
        sourceFormat: 'ICEBERG',
        sourceUris: ['gs://b/t/metadata/v1.metadata.json'],
      },
    },
  },
  {
    kind: 'external-source',
    why: 'the folder of an Iceberg table, where the file does not say that it is one',
    file: { externalDataConfiguration: { sourceUris: ['gs://b/t/v1.json'] } },
    actual: { externalDataConfiguration: { sourceFormat: 'ICEBERG', sourceUris: ['gs://b/t/v2.json'] } },
    becomes: { externalDataConfiguration: { sourceUris: ['gs://b/t/'] } },
  },
];

describe('accepting one kind', () => {
  test.each(CASES.map((row) => [`${row.kind}${row.why === undefined ? '' : `: ${row.why}`}`, row] as const))(
    '%s',
    async (_title, { kind, file, actual, becomes, weakened = [] }) => {
      const text = `${JSON.stringify(file, null, 2)}\n`;
      expect(problemsOf(file, { dataset: 'sales', table: 'orders' })).toEqual([]);
      expect(differencesOf(text, actual)).toEqual([expect.stringMatching(kind)]);
      const careful = await run({ text, actual }, { kind });
      expect(careful).toMatchObject(
        weakened.length === 0
          ? { status: 'accepted', written: 'sales/orders.json' }
          : { status: 'needs-force', written: null, accepted: [], weakened, text },
      );
      const forced = await run({ text, actual }, { kind, force: true });
      expect(forced).toMatchObject({ status: 'accepted', weakened, refused: null, left: [] });
      expect(forced.text).toBe(`${JSON.stringify(becomes, null, 2)}\n`);
      expect(differencesOf(forced.text ?? '', actual)).toEqual([]);
    },
  );
});

describe('what is picked', () => {
  const file = {
    schema: { fields: [{ name: 'a', type: 'RECORD', fields: [id, n] }, at] },
    description: 'old',
  };
  const actual = {
    schema: { fields: [{ name: 'a', type: 'RECORD', fields: [{ ...id, type: 'BYTES' }] }] },
    description: 'new',
  };
  const text = JSON.stringify(file);

  test('nothing named: all of the table', async () => {
    const result = await run({ text, actual }, { force: true });
    expect(result.accepted.map(named)).toEqual([
      'field-missing at',
      'field-missing a.n',
      'field-type a.id',
      'table-description',
    ]);
    expect(differencesOf(result.text ?? '', actual)).toEqual([]);
  });

  test('a path covers what lies beneath it, in any letter case', async () => {
    const result = await run({ text, actual }, { path: 'A', force: true });
    expect(differencesOf(result.text ?? '', actual)).toEqual(['field-missing at', 'table-description']);
    expect(result.left.map(named)).toEqual(['field-missing at', 'table-description']);
  });

  test('a path and a kind: what is both', async () => {
    const result = await run({ text, actual }, { path: 'a', kind: 'field-type' });
    expect(result.accepted.map(named)).toEqual(['field-type a.id']);
  });

  test('what policy has turned off is left, unless its kind is named', async () => {
    const policy = { ...defaultPolicy, severities: new Map([['table-description', 'off']] as const) };
    expect((await run({ text, actual }, { policy, force: true })).left.map(named)).toEqual([
      'table-description',
    ]);
    const named_ = await run({ text, actual }, { policy, kind: 'table-description' });
    expect(named_.accepted.map(named)).toEqual(['table-description']);
  });

  test('nothing there: no byte changes, and what differs otherwise is told', async () => {
    const result = await run({ text, actual }, { kind: 'clustering' });
    expect(result).toMatchObject({ status: 'nothing', written: null, accepted: [], text });
    expect(result.left).toHaveLength(4);
  });

  test('undeclared fields that the contract allows are not taken in', async () => {
    const allowing = JSON.stringify({ schema: { fields: [id] }, contract: { extraFields: 'allow' } });
    expect(await run({ text: allowing, actual: { schema } })).toMatchObject({
      status: 'nothing',
      text: allowing,
    });
  });
});

describe('what is refused', () => {
  test.each<[string, Situation, Partial<AcceptOptions>, Resource]>([
    [
      'a file that would be invalid, with its problems',
      {
        text: JSON.stringify({
          schema: { fields: [id] },
          timePartitioning: null,
          contract: { extraFields: 'allow' },
        }),
        actual: { schema, timePartitioning: byDay },
      },
      {},
      {
        status: 'refused',
        refused: expect.stringContaining('$.timePartitioning.field: "at" is not declared in schema.fields'),
      },
    ],
    [
      'an expiration below the retention, alone',
      {
        text: JSON.stringify({
          timePartitioning: { type: 'DAY', expirationMs: null },
          expirationTime: null,
          contract: { retention: 'P7Y' },
        }),
        actual: {
          timePartitioning: { type: 'DAY', expirationMs: String(40 * DAY) },
          ...created,
          ...expires,
        },
      },
      { kind: 'partition-expiration' },
      { status: 'refused', refused: expect.stringContaining('before contract.retention P7Y allows it') },
    ],
    [
      'a retention of less than a day',
      {
        text: JSON.stringify({ contract: { retention: 'P7Y' } }),
        actual: { timePartitioning: { type: 'DAY', expirationMs: '3600000' } },
      },
      {},
      { status: 'refused', refused: expect.stringMatching(/^data is kept for 1 hour: contract.retention/) },
    ],
    [
      'a kind of the dataset',
      { text: '{}', actual: {} },
      { kind: 'dataset-location' },
      {
        status: 'refused',
        refused:
          "dataset-location is about the dataset, and drift accept changes a table's file: edit sales.json",
      },
    ],
    [
      'a dataset that is not there',
      { text: '{}', actual: absent, dataset: absent },
      {},
      { status: 'refused', refused: expect.stringContaining('dataset-missing is not accepted') },
    ],
    [
      'a table that cannot be read',
      { text: '{"description":"x"}', actual: denied },
      {},
      { status: 'unchecked', refused: 'sales.orders could not be read: denied (HTTP 403 accessDenied)' },
    ],
    [
      'a table whose dataset cannot be read',
      { text: '{}', actual: absent, dataset: denied, list: denied },
      {},
      { status: 'unchecked', refused: expect.stringContaining('its dataset could not be read') },
    ],
    [
      'a malformed answer',
      { text: '{"description":"x"}', actual: { schema: { fields: [{ name: 'a' }] } } },
      {},
      {
        status: 'unchecked',
        refused: 'sales.orders could not be read: malformed (schema.fields[0].type: absent or no text)',
      },
    ],
  ])('%s', async (_title, situation, options, outcome) => {
    const result = await run(situation, { force: true, ...options });
    expect(result).toMatchObject({
      ...outcome,
      written: null,
      removed: null,
      accepted: [],
      text: situation.text,
    });
  });

  test('a table that is neither declared nor there, and what is no table', async () => {
    await expect(run({ text: null, actual: absent })).rejects.toMatchObject({ code: 'UnknownSelection' });
    await expect(
      run({ text: '{}', actual: {} }, { target: { dataset: 'sale', table: 'orders' } }),
    ).rejects.toThrow('no file declares the dataset "sale"; did you mean "sales"?');
    expect(parseTarget('sales.orders')).toEqual({ dataset: 'sales', table: 'orders' });
    expect(() => parseTarget('sales')).toThrow('expected DATASET.TABLE, found "sales"');
    expect(() => parseTarget('sales.')).toThrow('expected DATASET.TABLE');
  });
});

describe('whole tables', () => {
  test('an undeclared one gets its file', async () => {
    const actual = { type: 'TABLE', schema: { fields: [id] } };
    expect(await run({ text: null, actual })).toMatchObject({
      status: 'accepted',
      written: 'sales/orders.json',
      accepted: [{ kind: 'table-unexpected' }],
      text: `${JSON.stringify(actual)}\n`,
    });
    expect(await run({ text: null, actual }, { kind: 'clustering' })).toMatchObject({
      status: 'nothing',
      text: null,
    });
    const invalid = await run({ text: null, actual }, { newFile: () => '{"typ":"TABLE"}' });
    expect(invalid).toMatchObject({ status: 'refused', text: null });
    const outside = { dataset: 'sales', table: '../x' };
    expect(await run({ text: null, actual }, { target: outside })).toMatchObject({ status: 'refused' });
  });

  test('the file of a missing one is removed by force alone', async () => {
    const text = '{"contract":{}}';
    const weakened = ['sales/orders.json is removed, with its contract'];
    expect(await run({ text, actual: absent })).toMatchObject({ status: 'needs-force', weakened, text });
    expect(await run({ text, actual: absent }, { force: true })).toMatchObject({
      status: 'accepted',
      removed: 'sales/orders.json',
      accepted: [{ kind: 'table-missing' }],
      weakened,
      text: null,
    });
    const listed = await run({ text, actual: absent, dataset: denied }, { force: true });
    expect(listed).toMatchObject({ status: 'accepted', text: null });
  });
});

test('a sharded table is accepted as its newest shard is', async () => {
  const shards: Readonly<Record<string, Resource>> = {
    events_20260101: { schema: { fields: [id] } },
    events_20260102: { schema: { fields: [id, n] } },
  };
  const files = new Map([['sales/events_YYYYMMDD.json', JSON.stringify({ schema: { fields: [id] } })]]);
  const target = { dataset: 'sales', table: 'events_YYYYMMDD' };
  const declared = { table: target.table, readExpected: stating({}), contract: contractOf({}) };
  const result = await run(
    { text: null, actual: {} },
    {
      target,
      datasets: [{ dataset: 'sales', declaredAs: 'sales', tables: [declared] }],
      warehouse: {
        listDatasets: async () => absent,
        getDataset: async () => found({}),
        listTables: async () => found(Object.keys(shards).map((table) => ({ table, type: 'TABLE' }))),
        getTable: async ({ table }) => found(shards[table] ?? {}),
      },
      readText: async (file) => files.get(file) ?? '',
      writeText: async (file, text) => void files.set(file, text),
    },
  );
  expect(result).toMatchObject({ status: 'accepted', written: 'sales/events_YYYYMMDD.json', left: [] });
  expect(files.get('sales/events_YYYYMMDD.json')).toBe(JSON.stringify({ schema: { fields: [id, n] } }));
});

const fieldName = fc.constantFrom('a', 'B', 'c1', '__proto__', 'constructor', 'é');
const leaf = fc.record(
  {
    name: fieldName,
    type: fc.constantFrom('STRING', 'integer', 'NUMERIC', 'TIMESTAMP', 'BYTES', 'BOOL'),
    mode: fc.constantFrom('NULLABLE', 'REQUIRED', 'REPEATED'),
    description: fc.constantFrom('x', 'y "z"', '', null),
    policyTags: fc.constantFrom({ names: ['t'] }, { names: ['u', 't'] }, {}, null),
    collation: fc.constantFrom('und:ci', '', null),
    maxLength: fc.constantFrom('5', 10),
    precision: fc.constantFrom('5', 7),
  },
  { requiredKeys: ['name', 'type'] },
);
const uniqueByName = { selector: ({ name }: { name: string }) => name.toLowerCase(), maxLength: 4 };
const parent = fc.record(
  {
    name: fieldName,
    type: fc.constant('RECORD'),
    mode: fc.constantFrom('NULLABLE', 'REPEATED'),
    fields: fc.uniqueArray(leaf, uniqueByName),
  },
  { requiredKeys: ['name', 'type'] },
);
const columns = fc.uniqueArray(fc.oneof(leaf, parent), uniqueByName);
const partitioning = fc.constantFrom<Resource[]>(
  {},
  { timePartitioning: null },
  { rangePartitioning: null },
  { timePartitioning: { type: 'DAY' } },
  { timePartitioning: { type: 'HOUR', field: 'at', expirationMs: null } },
  { timePartitioning: { type: 'HOUR', field: 'at', expirationMs: 0 } },
  { timePartitioning: { type: 'MONTH', field: 'at', requirePartitionFilter: true } },
  { timePartitioning: { type: 'DAY', expirationMs: String(4000 * DAY), requirePartitionFilter: false } },
  { rangePartitioning: { field: 'n', range: { start: '0', end: '100', interval: '10' } } },
  { rangePartitioning: { field: 'n', range: { end: 50, interval: 5 } } },
);
const settings = fc.record(
  {
    type: fc.constantFrom('TABLE', 'VIEW', 'EXTERNAL'),
    requirePartitionFilter: fc.constantFrom(true, false, null),
    clustering: fc.constantFrom({ fields: ['n'] }, { fields: ['at', 'n'] }, null),
    expirationTime: fc.constantFrom('1900000000000', null, '0'),
    description: fc.constantFrom('d', 'e', '', null),
    labels: fc.constantFrom({ team: 'a' }, { team: 'b', x: '1', '1': 'one' }, { team: null }, null),
    encryptionConfiguration: fc.constantFrom({ kmsKeyName: 'k' }, { kmsKeyName: 'l' }, null),
    tableConstraints: fc.constantFrom(
      { primaryKey: { columns: ['n'] } },
      { foreignKeys: [foreignKey('b')] },
      null,
    ),
    view: fc.constantFrom({ query: 'SELECT 1' }, { query: 'SELECT\n2' }, null),
    externalDataConfiguration: fc.constantFrom(
      { sourceFormat: 'CSV', sourceUris: ['gs://a'] },
      { sourceFormat: 'PARQUET', hivePartitioningOptions: { mode: 'AUTO', sourceUriPrefix: 'gs://a' } },
      null,
    ),
  },
  { requiredKeys: [] },
);

function table(): fc.Arbitrary<Resource> {
  return fc.tuple(columns, partitioning, settings).map(([fields, by, rest]) => ({
    ...rest,
    schema: { fields: [...fields, at, n] },
    ...by,
  }));
}

const contract = fc.constantFrom<Resource[]>(
  {},
  { contract: { retention: 'P7Y' } },
  { contract: { criticalFields: ['at'], consumers: { web: ['n'], ['__proto__']: ['at'] } } },
);
const expectedFile = fc
  .tuple(table(), contract)
  .map(([file, rest]) => ({ ...file, ...rest }))
  .filter((file) => problemsOf(file, { dataset: 'sales', table: 'orders' }).length === 0);
/** BigQuery answers no null. */
const answered = fc.tuple(table(), fc.constantFrom('400', '4000')).map(([resource, days]): Resource => {
  const entries = Object.entries(resource).filter(([, value]) => value !== null);
  const time = resource['timePartitioning'];
  const expiring =
    typeof time === 'object' && time !== null && days === '400'
      ? { timePartitioning: { ...time, expirationMs: String(400 * DAY) } }
      : {};
  return { type: 'TABLE', ...created, ...Object.fromEntries(entries), ...expiring };
});
const layout = fc
  .record({
    indent: fc.constantFrom('', '  ', '    ', '\t'),
    lineEnd: fc.constantFrom('\n', '\r\n'),
    end: fc.constantFrom('', '\n'),
    mark: fc.constantFrom('', '\uFEFF'),
    compactFields: fc.boolean(),
  })
  .map(({ indent, lineEnd, end, mark, compactFields }) => (file: unknown) => {
    const spread = JSON.stringify(file, null, indent);
    const folded = compactFields
      ? spread.replace(/\{\s+("name": [^{}[\]]*?)\s+\}/g, (_, inner) => `{ ${inner.replace(/\s+/g, ' ')} }`)
      : spread;
    return mark + folded.replaceAll('\n', lineEnd) + end;
  });
const withoutMark = (text: string) => text.replace(/^\uFEFF/, '');

describe('laws', () => {
  test('after accepting everything by force, a check finds nothing', () =>
    fc.assert(
      fc.asyncProperty(expectedFile, answered, layout, async (file, actual, write) => {
        const text = write(file);
        const before = differencesOf(withoutMark(text), actual);
        const result = await run({ text, actual }, { force: true });
        expect(result.status).toBe(before.length === 0 ? 'nothing' : 'accepted');
        expect(differencesOf(withoutMark(result.text ?? ''), actual)).toEqual([]);
        if (before.length === 0) expect(result.text).toBe(text);
      }),
      RUNS,
    ));

  test('accepting one path leaves exactly the other findings, and every line outside of it', () =>
    fc.assert(
      fc.asyncProperty(expectedFile, answered, layout, fieldName, async (file, actual, write, path) => {
        const text = write(file);
        const result = await run({ text, actual }, { force: true, path });
        expect(result.status).not.toBe('refused');
        const isOther = (name: string) => !new RegExp(`^\\S+ ${path}(\\.|$)`, 'i').test(name);
        expect(differencesOf(withoutMark(result.text ?? ''), actual)).toEqual(
          differencesOf(withoutMark(text), actual).filter(isOther),
        );
        const outside = (content: string) => {
          const parsed = JSON.parse(withoutMark(content));
          const fields = parsed.schema.fields.filter(
            ({ name }: { name: string }) => name.toLowerCase() !== path.toLowerCase(),
          );
          return { ...parsed, schema: { fields } };
        };
        expect(JSON.stringify(outside(result.text ?? ''))).toBe(JSON.stringify(outside(text)));
        expect((result.text ?? '').endsWith('\n')).toBe(text.endsWith('\n'));
        expect((result.text ?? '').startsWith('\uFEFF')).toBe(text.startsWith('\uFEFF'));
      }),
      RUNS,
    ));

  test('a file that was written by one layout is still of that layout', () =>
    fc.assert(
      fc.asyncProperty(
        expectedFile,
        answered,
        fc.constantFrom('  ', '    ', '\t', ''),
        fc.constantFrom('\n', '\r\n'),
        async (file, actual, indent, lineEnd) => {
          const write = (value: unknown) => JSON.stringify(value, null, indent).replaceAll('\n', lineEnd);
          const result = await run({ text: write(file), actual }, { force: true });
          expect(result.text).toBe(write(JSON.parse(result.text ?? '')));
        },
      ),
      RUNS,
    ));
});
