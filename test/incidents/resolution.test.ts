import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stoppedClock } from '../../emulators/clock.ts';
import { loadExpectation } from '../../src/adapters/folders/expected-files.ts';
import { openSnapshot } from '../../src/adapters/folders/snapshot-files.ts';
import { check } from '../../src/app/check/check.ts';
import { compareTable } from '../../src/compare/table.ts';
import { contractOf, expectedTable } from '../../src/files/expected-table.ts';
import { type Resolution, resolutionOf as resolutionIn } from '../../src/incidents/resolution.ts';
import { KINDS, kindRow } from '../../src/kinds/index.ts';
import { compareRetention } from '../../src/kinds/partitioning.ts';
import { canonicalTable } from '../../src/metadata/canonical.ts';
import { compareSetting } from '../../src/metadata/setting-difference.ts';
import type { Change, Finding, Kind, OpenFinding } from '../../src/model/finding.ts';
import type { Policy } from '../../src/model/policy.ts';
import type { Resource } from '../../src/model/ports.ts';
import { rememberedText } from '../../src/model/remembered-text.ts';
import type { DeclaredTable, Field, Settings, Table } from '../../src/model/table.ts';
import { type Value, valueText } from '../../src/model/value.ts';
import { endless } from '../support/deadline.ts';
import { expectedOf } from '../support/declared.ts';
import { type Files, writeFolder } from '../support/folder.ts';
import { RUNS } from '../support/runs.ts';
import {
  type DatasetSight,
  datasetSight,
  declaredTable,
  NONE_UNDECLARED,
  policy,
  rechecked,
  type Sight,
  scanOf,
  type TableSight,
  tableSight,
} from './story.ts';

const NOW = new Date('2026-11-22T10:17:00Z');
const clock = stoppedClock(NOW);
const kinds = KINDS.map(({ id }) => id);

/** What is remembered of a finding, with what was there. */
interface Past extends Pick<Finding, 'kind' | 'dataset' | 'table' | 'path'> {
  readonly expected: string | null;
  readonly actual: string | null;
}

function openOf({ actual, ...subject }: Past): OpenFinding {
  return { key: 'it', subject, actual };
}

/** What becomes of it in a run that compares it again. */
function resolutionOf(past: Past, sight: Sight, about: Policy): Resolution {
  const open = openOf(past);
  return resolutionIn(open, rechecked(sight, [open]), about);
}

type Expectation = Awaited<ReturnType<typeof loadExpectation>>;

/** A run over a folder of expected files and one of recorded answers. */
async function look(
  expected: string,
  actual: string,
  { memos = [], ...about }: Partial<Expectation> & { readonly memos?: readonly Past[] } = {},
) {
  const expectation = { ...(await loadExpectation({ folder: expected })), ...about };
  const warehouse = await openSnapshot(actual);
  const result = await check({
    ...expectation,
    warehouse,
    project: 'p',
    clock,
    confirmMs: 0,
    deadline: endless,
    now: NOW,
    open: memos.map((memo, index) => ({ ...openOf(memo), key: String(index) })),
  });
  return { ...result, policy: expectation.policy };
}

function memoOf({ kind, dataset, table, path, expected, actual }: Finding): Past {
  const textOf = (value: Value | null) => (value === null ? null : rememberedText(valueText(value)));
  return {
    kind,
    dataset,
    table,
    path,
    expected: textOf(expected),
    actual: textOf(actual),
  };
}

/** Where a kind's own case is, and what is found there of that kind. */
async function caseOf(kind: Kind) {
  const folders = { expected: `test/cases/${kind}/expected`, actual: `test/cases/${kind}/actual` };
  const { report, scan, policy: stated } = await look(folders.expected, folders.actual);
  const memos = report.findings.filter((finding) => finding.kind === kind).map(memoOf);
  return { ...folders, memos, scan, policy: stated };
}

/** What becomes of each finding of a kind's case in another run. */
function resolutions(
  memos: readonly Past[],
  { scan, policy: stated }: { readonly scan: Sight; readonly policy: Policy },
): readonly Resolution[] {
  return [...new Set(memos.map((memo) => resolutionOf(memo, scan, stated)))];
}

/** The same in a run that is asked about them. */
async function lookAgain(
  memos: readonly Past[],
  ...[expected, actual, about = {}]: Parameters<typeof look>
): Promise<readonly Resolution[]> {
  const { scan, policy: stated } = await look(expected, actual, { ...about, memos });
  const found = memos.map((memo, index) =>
    resolutionIn({ ...openOf(memo), key: String(index) }, scan, stated),
  );
  return [...new Set(found)];
}

function altered(scan: Sight, alter: (dataset: DatasetSight) => DatasetSight): Sight {
  return {
    ...scan,
    datasets: new Map([...scan.datasets].map(([name, dataset]) => [name, alter(dataset)])),
  };
}

function withTables(dataset: DatasetSight, about: Partial<TableSight>): DatasetSight {
  const tables = [...dataset.tables].map(([name, table]): [string, TableSight] => [
    name,
    { ...table, ...about },
  ]);
  return { ...dataset, tables: new Map(tables) };
}

const unseenUndeclared = { isListed: false, isComplete: false, unreadable: new Set<string>() };
const ofDeclaredTables = kinds.filter(
  (kind) => kindRow(kind).scope !== 'dataset' && kind !== 'table-unexpected',
);

/** Where a file states what a kind compares; none: the file itself does. Of a field, in each field. */
const STATED_IN: Readonly<Record<Kind, readonly string[]>> = {
  'dataset-missing': [],
  'dataset-unexpected': [],
  'dataset-location': ['location'],
  'dataset-table-expiration': ['defaultTableExpirationMs'],
  'dataset-partition-expiration': ['defaultPartitionExpirationMs'],
  'dataset-time-travel': ['maxTimeTravelHours'],
  'dataset-encryption': ['defaultEncryptionConfiguration'],
  'dataset-collation': ['defaultCollation'],
  'dataset-labels': ['labels'],
  'dataset-description': ['description'],
  'table-missing': [],
  'table-unexpected': [],
  'table-type': ['type'],
  'table-expiration': ['expirationTime'],
  'table-encryption': ['encryptionConfiguration'],
  'table-collation': ['defaultCollation'],
  'table-constraints': ['tableConstraints'],
  'table-labels': ['labels'],
  'table-description': ['description'],
  'view-query': ['view', 'materializedView'],
  'external-source': ['externalDataConfiguration'],
  'field-missing': ['schema', 'contract'],
  'field-unexpected': ['schema', 'contract'],
  'field-type': ['schema', 'contract'],
  'field-mode': ['schema', 'contract'],
  'field-default': ['defaultValueExpression'],
  'field-collation': ['collation'],
  'field-rounding-mode': ['roundingMode'],
  'field-policy-tags': ['policyTags', 'dataPolicies'],
  'field-description': ['description'],
  'partitioning-missing': ['timePartitioning', 'rangePartitioning'],
  'partitioning-unexpected': ['timePartitioning', 'rangePartitioning'],
  'partitioning-different': ['timePartitioning', 'rangePartitioning'],
  'partition-expiration': ['timePartitioning.expirationMs'],
  'partition-filter': ['requirePartitionFilter', 'timePartitioning.requirePartitionFilter'],
  clustering: ['clustering'],
  retention: ['contract.retention'],
};

function isObject(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function without(resource: Resource, path: string): Resource {
  const [key = '', ...rest] = path.split('.');
  const { [key]: value, ...others } = resource;
  if (rest.length === 0) return others;
  return isObject(value) ? { ...resource, [key]: without(value, rest.join('.')) } : resource;
}

function withoutInFields(fields: unknown, key: string): unknown {
  if (!Array.isArray(fields)) return fields;
  return fields.map((field) => {
    const { [key]: _, ...others } = field;
    return 'fields' in others ? { ...others, fields: withoutInFields(others.fields, key) } : others;
  });
}

function statedIn(kind: Kind): readonly string[] {
  const keys = STATED_IN[kind];
  if (keys === undefined) throw new Error(`not said where ${kind} is stated`);
  return keys;
}

/** The same file, no longer stating what this kind compares. */
function unstated(file: Resource, kind: Kind): Resource {
  const ofFields = kindRow(kind).scope === 'field';
  let stated = file;
  for (const path of statedIn(kind)) {
    const { schema } = stated;
    const isOfEach = ofFields && path !== 'schema' && path !== 'contract' && isObject(schema);
    stated = isOfEach
      ? Object.assign({}, stated, { schema: { fields: withoutInFields(schema['fields'], path) } })
      : without(stated, path);
  }
  return stated;
}

async function filesIn(folder: string): Promise<Readonly<Record<string, Resource>>> {
  const names = await readdir(folder, { recursive: true });
  const paths = names.filter((name) => name.endsWith('.json'));
  const entries = paths.map(
    async (path): Promise<[string, Resource]> => [
      path,
      JSON.parse(await readFile(join(folder, path), 'utf8')),
    ],
  );
  return Object.fromEntries(await Promise.all(entries));
}

describe('of every kind', () => {
  test.each(kinds)('%s: found equal when it was repaired', async (kind) => {
    const { memos, expected } = await caseOf(kind);
    // Expected files and recorded answers share one layout: all is as the files say.
    expect(await lookAgain(memos, expected, expected)).toEqual(['equal']);
  });

  test.each(kinds)('%s: no longer expected when the file says what is there', async (kind) => {
    const { memos, actual } = await caseOf(kind);
    expect(await lookAgain(memos, actual, actual)).toEqual(['not-expected']);
  });

  test.each(kinds.filter((kind) => statedIn(kind).length > 0))(
    '%s: no longer expected when the file does not state it any more',
    async (kind) => {
      const { memos, expected, actual } = await caseOf(kind);
      const files = Object.entries(await filesIn(expected)).map(([path, file]): [string, unknown] => [
        path,
        unstated(file, kind),
      ]);
      const folder = await writeFolder(Object.fromEntries(files) satisfies Files);
      expect(await lookAgain(memos, folder, actual)).toEqual(['not-expected']);
    },
  );

  test.each(ofDeclaredTables)('%s: no longer expected when the table has no file any more', async (kind) => {
    const { memos, expected, actual } = await caseOf(kind);
    const { datasets } = await loadExpectation({ folder: expected });
    const bare = datasets.map((dataset) => ({ ...dataset, tables: [] }));
    expect(await lookAgain(memos, expected, actual, { datasets: bare })).toEqual(['not-expected']);
  });

  test.each(kinds.filter((kind) => kind !== 'dataset-unexpected'))(
    '%s: no longer expected when nothing declares the dataset any more',
    async (kind) => {
      const { memos, expected, actual } = await caseOf(kind);
      expect(await lookAgain(memos, expected, actual, { datasets: [] })).toEqual(['not-expected']);
    },
  );

  test.each(kinds)('%s: no longer expected when policy turns the kind off', async (kind) => {
    const { memos, scan } = await caseOf(kind);
    const off: Policy = { ...policy, severities: new Map([[kind, 'off']]) };
    expect(resolutions(memos, { scan, policy: off })).toEqual(['not-expected']);
  });

  test.each(kinds)('%s: unseen when it could not be read', async (kind) => {
    const { memos, scan, policy: stated } = await caseOf(kind);
    const unread: Sight = {
      ...altered(scan, (dataset) => ({
        ...withTables(dataset, { status: 'unreadable', changes: [] }),
        status: 'unreadable',
        changes: [],
        undeclaredTables: unseenUndeclared,
      })),
      undeclaredDatasets: unseenUndeclared,
    };
    expect(resolutions(memos, { scan: unread, policy: stated })).toEqual(['unseen']);
  });

  test.each(ofDeclaredTables.filter((kind) => kind !== 'table-missing'))(
    '%s: hidden when the table is missing',
    async (kind) => {
      const { memos, scan, policy: stated } = await caseOf(kind);
      const gone = altered(scan, (dataset) => withTables(dataset, { status: 'missing', changes: [] }));
      expect(resolutions(memos, { scan: gone, policy: stated })).toEqual(['hidden']);
    },
  );

  test.each(kinds.filter((kind) => kind !== 'dataset-missing' && kind !== 'dataset-unexpected'))(
    '%s: hidden when the dataset is missing',
    async (kind) => {
      const { memos, scan, policy: stated } = await caseOf(kind);
      const gone = altered(scan, (dataset) => ({
        ...withTables(dataset, { status: 'missing', changes: [] }),
        status: 'missing',
        changes: [],
        undeclaredTables: unseenUndeclared,
      }));
      expect(resolutions(memos, { scan: gone, policy: stated })).toEqual(['hidden']);
    },
  );
});

test.each(['clustering', 'dataset-labels'])(
  'a finding of a kind that only a newer version knows is neither told over nor in the way, beside %s',
  async (kind) => {
    const { memos, expected } = await caseOf(kind);
    const newer = memos.map((memo) => ({ ...memo, kind: 'of-a-newer-version' }));
    expect(newer).not.toEqual([]);
    expect(await lookAgain(newer, expected, expected)).toEqual(['unseen']);
  },
);

/** A finding in `sales.orders`, or in `sales`. */
function remembered(kind: Kind, about: Partial<Past> = {}): Past {
  const { scope: of } = kindRow(kind);
  return {
    kind,
    dataset: 'sales',
    table: of === 'dataset' ? null : 'orders',
    path: of === 'field' ? 'amount' : null,
    expected: null,
    actual: null,
    ...about,
  };
}

function sightOfOrders(declared: DeclaredTable, about: Partial<TableSight> = {}): Sight {
  return scanOf([datasetSight('sales', [tableSight(declared, about)])]);
}

function declaredBy(file: Resource): DeclaredTable {
  return { ...declaredTable('orders', expectedTable(file)), contract: contractOf(file) };
}

describe('what the files now say', () => {
  const unexpected = remembered('field-unexpected', { path: 'address.note' });
  const address = (fields: readonly Resource[] | undefined) => ({
    schema: { fields: [{ name: 'address', type: 'RECORD', ...(fields === undefined ? {} : { fields }) }] },
  });
  const labelled = remembered('table-labels', { expected: 'env=prod' });
  const external = remembered('external-source', { expected: 'gs://a/*' });
  const csv = { sourceFormat: 'CSV', sourceUris: ['gs://a/*'] };
  const references = Array.from({ length: 9 }, (_, index) => ({
    referencedTable: { projectId: 'p', datasetId: 'sales', tableId: `customers_${index}` },
    columnReferences: [{ referencingColumn: `customer_${index}`, referencedColumn: 'id' }],
  }));
  const constraints = { primaryKey: { columns: ['id'] }, foreignKeys: references };
  const foreignKeysText = references
    .map((_, index) => `FOREIGN KEY (customer_${index}) REFERENCES sales.customers_${index} (id)`)
    .join(', ');
  const constraintsText = `PRIMARY KEY (id), ${foreignKeysText}`;
  const query = `SELECT ${'x, '.repeat(200)}y`;
  const otherQuery = `SELECT ${'x, '.repeat(200)}z`;
  const viewed = remembered('view-query', { expected: rememberedText(query) });

  test.each<{
    readonly name: string;
    readonly memo: Past;
    readonly file: Resource;
    readonly standing: Resolution;
  }>([
    {
      name: 'an undeclared field is gone',
      memo: unexpected,
      file: address([{ name: 'city', type: 'STRING' }]),
      standing: 'equal',
    },
    {
      name: 'the file allows undeclared fields',
      memo: unexpected,
      file: { ...address([{ name: 'city', type: 'STRING' }]), contract: { extraFields: 'allow' } },
      standing: 'not-expected',
    },
    {
      name: 'the file declares the field, in another letter case',
      memo: unexpected,
      file: address([{ name: 'Note', type: 'STRING' }]),
      standing: 'not-expected',
    },
    {
      name: 'the file no longer says what is in the STRUCT',
      memo: unexpected,
      file: address(undefined),
      standing: 'not-expected',
    },
    {
      name: 'the file no longer declares the STRUCT',
      memo: unexpected,
      file: { schema: { fields: [{ name: 'id', type: 'STRING' }] } },
      standing: 'not-expected',
    },
    {
      name: 'the file no longer states a schema',
      memo: unexpected,
      file: {},
      standing: 'not-expected',
    },
    {
      name: 'a nested field is no longer declared',
      memo: remembered('field-missing', { path: 'address.city', expected: 'STRING' }),
      file: address([]),
      standing: 'not-expected',
    },
    {
      name: 'a nested field is back',
      memo: remembered('field-missing', { path: 'address.city', expected: 'STRING' }),
      file: address([{ name: 'CITY', type: 'STRING' }]),
      standing: 'equal',
    },
    {
      name: 'the only label is repaired',
      memo: labelled,
      file: { labels: { env: 'prod' } },
      standing: 'equal',
    },
    {
      name: 'the only label is another one now',
      memo: labelled,
      file: { labels: { env: 'test' } },
      standing: 'not-expected',
    },
    {
      name: 'one of several labels is repaired',
      memo: labelled,
      file: { labels: { env: 'prod', team: 'data', tier: '1' } },
      standing: 'equal',
    },
    {
      name: 'one of several labels is another one now',
      memo: labelled,
      file: { labels: { env: 'test', team: 'data', tier: '1' } },
      standing: 'not-expected',
    },
    {
      name: 'one of several labels is no longer stated',
      memo: labelled,
      file: { labels: { team: 'data', tier: '1' } },
      standing: 'not-expected',
    },
    {
      name: 'no label is stated any more',
      memo: labelled,
      file: { labels: {} },
      standing: 'not-expected',
    },
    {
      name: 'several labels are repaired',
      memo: remembered('table-labels', { expected: 'env=prod, tier=1' }),
      file: { labels: { env: 'prod', team: 'data', tier: '1' } },
      standing: 'equal',
    },
    {
      name: 'a label that should be absent is gone',
      memo: remembered('table-labels'),
      file: { labels: { team: 'data', cost: null } },
      standing: 'equal',
    },
    {
      name: 'labels that should be absent are gone',
      memo: remembered('table-labels'),
      file: { labels: null },
      standing: 'equal',
    },
    {
      name: 'a label that should be absent may be there now, and another may still not',
      memo: remembered('table-labels', { actual: 'cost=4711' }),
      file: { labels: { cost: '4711', team: null } },
      standing: 'not-expected',
    },
    {
      name: 'a label is what was there now, and another should be absent as before',
      memo: remembered('table-labels', { expected: 'cost=4700', actual: 'cost=4711' }),
      file: { labels: { cost: '4711', team: null } },
      standing: 'not-expected',
    },
    {
      name: 'labels that should be absent may be there now',
      memo: remembered('table-labels', { actual: 'cost=4711' }),
      file: { labels: { team: 'data' } },
      standing: 'not-expected',
    },
    {
      name: 'a description that should be absent is another one now',
      memo: remembered('table-description', { actual: 'net' }),
      file: { description: 'gross' },
      standing: 'not-expected',
    },
    {
      name: 'all constraints are repaired, however long they are',
      memo: remembered('table-constraints', { expected: rememberedText(constraintsText) }),
      file: { tableConstraints: constraints },
      standing: 'equal',
    },
    {
      name: 'a long constraint is repaired beside another one',
      memo: remembered('table-constraints', { expected: rememberedText(foreignKeysText) }),
      file: { tableConstraints: constraints },
      standing: 'equal',
    },
    {
      name: 'an external source is repaired',
      memo: external,
      file: { externalDataConfiguration: csv },
      standing: 'equal',
    },
    {
      name: 'an external source is another one now',
      memo: external,
      file: { externalDataConfiguration: { ...csv, sourceUris: ['gs://b/*'] } },
      standing: 'not-expected',
    },
    {
      name: 'a table that should never expire does not expire any more',
      memo: remembered('table-expiration', { actual: '1750000000000' }),
      file: { expirationTime: null },
      standing: 'equal',
    },
    {
      name: 'a table that should never expire may expire now',
      memo: remembered('table-expiration', { actual: '1750000000000' }),
      file: { expirationTime: '1800000000000' },
      standing: 'not-expected',
    },
    {
      name: 'a table that should expire does, whenever that is',
      memo: remembered('table-expiration', { expected: '1800000000000' }),
      file: { expirationTime: '1900000000000' },
      standing: 'equal',
    },
    {
      name: 'a table that should expire need not any more',
      memo: remembered('table-expiration', { expected: '1800000000000' }),
      file: { expirationTime: null },
      standing: 'not-expected',
    },
    {
      name: 'a long query is repaired',
      memo: viewed,
      file: { view: { query } },
      standing: 'equal',
    },
    {
      name: 'a long query is another one now, that differs in its last letter',
      memo: viewed,
      file: { view: { query: otherQuery } },
      standing: 'not-expected',
    },
    {
      name: 'the contract asks for less retention',
      memo: remembered('retention', { expected: String(730 * 86_400_000) }),
      file: { contract: { retention: 'P1Y' } },
      standing: 'not-expected',
    },
    {
      name: 'retention is kept',
      memo: remembered('retention', { expected: String(730 * 86_400_000) }),
      file: { contract: { retention: 'P2Y' } },
      standing: 'equal',
    },
    {
      name: 'the table should be clustered no more',
      memo: remembered('clustering', { expected: 'id, amount' }),
      file: { clustering: null },
      standing: 'not-expected',
    },
    {
      name: 'the table should be clustered by more',
      memo: remembered('clustering', { expected: 'id' }),
      file: { clustering: { fields: ['id', 'amount'] } },
      standing: 'not-expected',
    },
    {
      name: 'a field is back, as the other type that the file states now',
      memo: remembered('field-missing', { expected: 'STRING' }),
      file: { schema: { fields: [{ name: 'amount', type: 'NUMERIC' }] } },
      standing: 'not-expected',
    },
    {
      name: 'a table that should not be clustered is not any more',
      memo: remembered('clustering'),
      file: { clustering: null },
      standing: 'equal',
    },
    {
      name: 'the filter should not be required any more',
      memo: remembered('partition-filter', { expected: 'true' }),
      file: { requirePartitionFilter: false },
      standing: 'not-expected',
    },
    {
      name: 'partitions should never expire any more',
      memo: remembered('partition-expiration', { expected: '7776000000' }),
      file: { timePartitioning: { type: 'DAY', expirationMs: null } },
      standing: 'not-expected',
    },
  ])('$standing: $name', ({ memo, file, standing }) => {
    expect(resolutionOf(memo, sightOfOrders(declaredBy(file)), policy)).toBe(standing);
  });

  test('no longer state it, also where nothing could be read or another difference hides it', () => {
    const declared = declaredBy({});
    const memo = remembered('clustering', { expected: 'id' });
    const sights = [
      sightOfOrders(declared, { status: 'unreadable' }),
      sightOfOrders(declared, { status: 'missing' }),
      scanOf([datasetSight('sales', [tableSight(declared)], { status: 'missing' })]),
    ];
    expect(sights.map((scan) => resolutionOf(memo, scan, policy))).toEqual([
      'not-expected',
      'not-expected',
      'not-expected',
    ]);
  });

  test('are asked by the dataset’s real name, and patterns by the declared one', () => {
    const memo = remembered('table-unexpected', { dataset: 'sales_staging', table: 'tmp_1' });
    const dataset = datasetSight('sales_staging', []);
    const scan = scanOf([{ ...dataset, declared: { ...dataset.declared, declaredAs: 'sales' } }]);
    const standing = (pattern: string) =>
      resolutionOf(memo, scan, { ...policy, ignoreUnexpected: [pattern] });
    expect([standing('sales.tmp_*'), standing('sales_staging.tmp_*')]).toEqual(['not-expected', 'equal']);
  });
});

test('of a table whose file cannot be read any more nothing is over', () => {
  const declared: DeclaredTable = {
    ...declaredTable('orders'),
    readExpected: () => ({ status: 'unreadable', reason: 'malformed', detail: 'it cannot be read any more' }),
  };
  // What cannot be read cannot be compared either.
  const ofTables = kinds.filter((kind) => kindRow(kind).scope !== 'dataset' && kind !== 'table-unexpected');
  const resolutions = ofTables.map((kind) =>
    resolutionOf(remembered(kind), sightOfOrders(declared, { status: 'unreadable' }), policy),
  );
  expect(new Set(resolutions)).toEqual(new Set(['unseen']));
});

describe('what no file declares', () => {
  const dataset = remembered('dataset-unexpected', { dataset: 'scratch' });
  const table = remembered('table-unexpected', { table: 'tmp_1' });
  const many = remembered('table-unexpected', { table: null });
  const seeing = (about: Partial<DatasetSight>) => scanOf([datasetSight('sales', [], about)]);
  const listed = (names: readonly string[]) => ({
    isListed: true,
    isComplete: true,
    unreadable: new Set(names),
  });

  test.each<{
    readonly name: string;
    readonly memo: Past;
    readonly scan: Sight;
    readonly ignored?: string;
    readonly standing: Resolution;
  }>([
    { name: 'a dataset is in no list any more', memo: dataset, scan: seeing({}), standing: 'equal' },
    {
      name: 'a dataset, and the list was not whole',
      memo: dataset,
      scan: scanOf([], { undeclaredDatasets: unseenUndeclared }),
      standing: 'unseen',
    },
    {
      name: 'a dataset is listed and could not be confirmed',
      memo: dataset,
      scan: scanOf([], { undeclaredDatasets: listed(['scratch']) }),
      standing: 'unseen',
    },
    {
      name: 'a dataset, while another one could not be confirmed',
      memo: dataset,
      scan: scanOf([], { undeclaredDatasets: listed(['other']) }),
      standing: 'equal',
    },
    {
      name: 'a dataset is declared now',
      memo: dataset,
      scan: scanOf([datasetSight('scratch', [])], { undeclaredDatasets: unseenUndeclared }),
      standing: 'not-expected',
    },
    {
      name: 'a dataset is ignored now',
      memo: dataset,
      scan: scanOf([], { undeclaredDatasets: unseenUndeclared }),
      ignored: 'scratch.*',
      standing: 'not-expected',
    },
    { name: 'a table is in no list any more', memo: table, scan: seeing({}), standing: 'equal' },
    {
      name: 'a table, and the list could not be seen',
      memo: table,
      scan: seeing({ undeclaredTables: unseenUndeclared }),
      standing: 'unseen',
    },
    {
      name: 'a table is listed and could not be confirmed',
      memo: table,
      scan: seeing({ undeclaredTables: listed(['tmp_1']) }),
      standing: 'unseen',
    },
    {
      name: 'a table is in no list any more, of a dataset that is only listed',
      memo: table,
      scan: seeing({ status: 'unreadable', undeclaredTables: NONE_UNDECLARED }),
      standing: 'equal',
    },
    {
      name: 'a table of a dataset that is missing',
      memo: table,
      scan: seeing({ status: 'missing', undeclaredTables: unseenUndeclared }),
      standing: 'hidden',
    },
    {
      name: 'a table is declared now',
      memo: table,
      scan: scanOf([datasetSight('sales', [tableSight(declaredTable('tmp_1'), { status: 'unreadable' })])]),
      standing: 'not-expected',
    },
    {
      name: 'a table is ignored now',
      memo: table,
      scan: seeing({ undeclaredTables: unseenUndeclared }),
      ignored: '*.tmp_*',
      standing: 'not-expected',
    },
    {
      name: 'more tables than are listed, and now all are',
      memo: many,
      scan: seeing({ undeclaredTables: listed(['tmp_1']) }),
      standing: 'equal',
    },
    {
      name: 'more tables than are listed, and the list could not be seen',
      memo: many,
      scan: seeing({ undeclaredTables: unseenUndeclared }),
      standing: 'unseen',
    },
    {
      name: 'more tables than are listed, all ignored now',
      memo: many,
      scan: seeing({ undeclaredTables: unseenUndeclared }),
      ignored: 'sales.*',
      standing: 'not-expected',
    },
    {
      name: 'a table of a dataset that no file declares',
      memo: table,
      scan: scanOf([]),
      standing: 'not-expected',
    },
  ])('$standing: $name', ({ memo, scan, ignored, standing }) => {
    const ignoreUnexpected = ignored === undefined ? [] : [ignored];
    expect(resolutionOf(memo, scan, { ...policy, ignoreUnexpected })).toBe(standing);
  });
});

describe('what is missing', () => {
  const declared = declaredTable('orders');
  const seeing = (dataset: DatasetSight['status'], table: TableSight['status']) =>
    scanOf([datasetSight('sales', [tableSight(declared, { status: table })], { status: dataset })]);

  test.each<{
    readonly kind: Kind;
    readonly dataset: DatasetSight['status'];
    readonly table: TableSight['status'];
    readonly standing: Resolution;
  }>([
    { kind: 'dataset-missing', dataset: 'present', table: 'present', standing: 'equal' },
    { kind: 'dataset-missing', dataset: 'unreadable', table: 'unreadable', standing: 'unseen' },
    { kind: 'dataset-missing', dataset: 'unreadable', table: 'present', standing: 'unseen' },
    { kind: 'table-missing', dataset: 'present', table: 'present', standing: 'equal' },
    { kind: 'table-missing', dataset: 'unreadable', table: 'present', standing: 'equal' },
    { kind: 'table-missing', dataset: 'present', table: 'unreadable', standing: 'unseen' },
    { kind: 'table-missing', dataset: 'unreadable', table: 'unreadable', standing: 'unseen' },
    { kind: 'table-missing', dataset: 'missing', table: 'missing', standing: 'hidden' },
  ])(
    '$kind is $standing with the dataset $dataset and the table $table',
    ({ kind, dataset, table, standing }) => {
      expect(resolutionOf(remembered(kind), seeing(dataset, table), policy)).toBe(standing);
    },
  );
});

const DAY_MS = 86_400_000;

/** A file that states something of everything that hides or is hidden. */
const FILE: Resource = {
  type: 'TABLE',
  description: 'what it is for',
  schema: {
    fields: [
      { name: 'id', type: 'STRING', mode: 'REQUIRED' },
      { name: 'amount', type: 'NUMERIC', description: 'net' },
      { name: 'created_at', type: 'TIMESTAMP' },
      {
        name: 'address',
        type: 'RECORD',
        description: null,
        fields: [
          { name: 'city', type: 'STRING', collation: '' },
          { name: 'geo', type: 'RECORD', fields: [{ name: 'lat', type: 'FLOAT64' }] },
        ],
      },
    ],
  },
  timePartitioning: { type: 'DAY', field: 'created_at', expirationMs: String(100 * DAY_MS) },
  requirePartitionFilter: true,
  clustering: { fields: ['id'] },
  expirationTime: null,
  contract: { retention: 'P30D' },
};

type Alter = (resource: Resource) => Resource;

const ACTUAL: Resource = { ...FILE, creationTime: '0' };

function alterFields(
  resource: Resource,
  alter: (fields: readonly Resource[]) => readonly Resource[],
): Resource {
  const { schema } = resource as { schema: { fields: readonly Resource[] } };
  return { ...resource, schema: { fields: alter(schema.fields) } };
}

function alterField(path: string, alter: (field: Resource) => readonly Resource[]): Alter {
  const [name, ...rest] = path.split('.');
  return (resource) =>
    alterFields(resource, (fields) =>
      fields.flatMap((field) => {
        if (field['name'] !== name) return [field];
        if (rest.length === 0) return alter(field);
        if (!Array.isArray(field['fields'])) return [field];
        const inner = { schema: { fields: field['fields'] } };
        const { schema } = alterField(rest.join('.'), alter)(inner) as { schema: { fields: unknown } };
        return [{ ...field, fields: schema.fields }];
      }),
    );
}

function alterPartitioning(about: Resource): Alter {
  return (resource) =>
    isObject(resource['timePartitioning'])
      ? { ...resource, timePartitioning: { ...resource['timePartitioning'], ...about } }
      : resource;
}

const drop = () => [];
const note = { name: 'note', type: 'STRING' };

/** How a table can come to differ, each by itself. */
const DRIFTS: Readonly<Record<string, Alter>> = {
  'amount is gone': alterField('amount', drop),
  'amount has another type': alterField('amount', (field) => [{ ...field, type: 'STRING' }]),
  'amount has another mode': alterField('amount', (field) => [{ ...field, mode: 'REPEATED' }]),
  'amount has another description': alterField('amount', (field) => [{ ...field, description: 'gross' }]),
  'address is gone': alterField('address', drop),
  'address has another type': alterField('address', ({ fields: _, ...field }) => [
    { ...field, type: 'JSON' },
  ]),
  'address has another mode': alterField('address', (field) => [{ ...field, mode: 'REPEATED' }]),
  'address has a description': alterField('address', (field) => [{ ...field, description: 'where' }]),
  'address.city is gone': alterField('address.city', drop),
  'address.city has another type': alterField('address.city', (field) => [{ ...field, type: 'BYTES' }]),
  'address.city is collated': alterField('address.city', (field) => [{ ...field, collation: 'und:ci' }]),
  'address.geo is gone': alterField('address.geo', drop),
  'address.geo.lat is gone': alterField('address.geo.lat', drop),
  'address.geo.lat has another type': alterField('address.geo.lat', (field) => [
    { ...field, type: 'STRING' },
  ]),
  'note is undeclared': (resource) => alterFields(resource, (fields) => [...fields, note]),
  'address.note is undeclared': alterField('address', (field) => [
    Array.isArray(field['fields']) ? { ...field, fields: [...field['fields'], note] } : field,
  ]),
  'it is not partitioned': ({ timePartitioning: _, ...resource }) => resource,
  'it is partitioned by hour': alterPartitioning({ type: 'HOUR' }),
  'it is partitioned by range': ({ timePartitioning: _, ...resource }) => ({
    ...resource,
    rangePartitioning: { field: 'id', range: { start: '0', end: '100', interval: '10' } },
  }),
  'partitions expire earlier': alterPartitioning({ expirationMs: String(50 * DAY_MS) }),
  'partitions expire too early': alterPartitioning({ expirationMs: String(10 * DAY_MS) }),
  'partitions never expire': alterPartitioning({ expirationMs: null }),
  'no filter is required': (resource) => ({ ...resource, requirePartitionFilter: false }),
  'it is clustered otherwise': (resource) => ({ ...resource, clustering: { fields: ['amount'] } }),
  'it expires': (resource) => ({ ...resource, expirationTime: String(50 * DAY_MS) }),
  'it expires too early': (resource) => ({ ...resource, expirationTime: String(10 * DAY_MS) }),
  'it has no description': ({ description: _, ...resource }) => resource,
  'it is a view': (resource) => ({ ...resource, type: 'VIEW' }),
};

const declaredOrders = declaredBy(FILE);

/** The table after these came over it, and how it differs then. */
function drifted(names: readonly string[]): { readonly actual: Table; readonly changes: readonly Change[] } {
  const resource = names.reduce((altering, name) => DRIFTS[name]?.(altering) ?? altering, ACTUAL);
  const actual = canonicalTable(resource);
  return {
    actual,
    changes: compareTable({
      expected: expectedOf(declaredOrders),
      actual,
      contract: declaredOrders.contract,
    }).changes,
  };
}

function memoOfChange({ kind, path, expected, actual }: Change): Past {
  const textOf = (value: Value | null) => (value === null ? null : rememberedText(valueText(value)));
  return remembered(kind, { path, expected: textOf(expected), actual: textOf(actual) });
}

function isSame({ kind, path }: Change): (other: Change) => boolean {
  return (other) => other.kind === kind && other.path === path;
}

function fieldAt(fields: readonly Field[], path: string): Field | undefined {
  const [name, ...rest] = path.split('.');
  const field = fields.find((candidate) => candidate.name === name);
  return rest.length === 0 || field === undefined ? field : fieldAt(field.fields ?? [], rest.join('.'));
}

function isSettingInOrder(kind: Kind, expected: Settings | undefined, actual: Settings | undefined): boolean {
  const [key = ''] = statedIn(kind);
  const stated = expected?.get(key);
  return stated === undefined || compareSetting(stated, actual?.get(key)) === null;
}

/** Whether the very thing is as the file says, whatever else there is. */
function isInOrder({ kind, path }: Change, actual: Table): boolean {
  const { contract } = declaredOrders;
  const expected = expectedOf(declaredOrders);
  if (path !== null) {
    const stated = fieldAt(expected.fields ?? [], path);
    const found = fieldAt(actual.fields, path);
    if (stated === undefined || found === undefined) return stated === found;
    if (kind === 'field-type') return stated.type === found.type;
    if (kind === 'field-mode') return stated.mode === found.mode;
    return isSettingInOrder(kind, stated.settings, found.settings);
  }
  switch (kind) {
    case 'table-type':
      return actual.type === expected.type;
    case 'table-expiration':
      return actual.expirationTime === expected.expirationTime;
    case 'partition-expiration':
      return actual.partitionExpirationMs === expected.partitionExpirationMs;
    case 'partition-filter':
      return actual.requirePartitionFilter === expected.requirePartitionFilter;
    case 'clustering':
      return actual.clustering.join() === expected.clustering?.join();
    case 'retention':
      return compareRetention(actual, contract) === null;
    case 'partitioning-missing':
    case 'partitioning-different':
      return JSON.stringify(actual.partitioning) === JSON.stringify(expected.partitioning);
    default:
      return isSettingInOrder(kind, expected.settings, actual.settings);
  }
}

/** What becomes of a finding of one run in another that did not make it. */
function standingAmong(finding: Change, { changes }: { readonly changes: readonly Change[] }): Resolution {
  return resolutionOf(memoOfChange(finding), sightOfOrders(declaredOrders, { changes }), policy);
}

const drifts = Object.keys(DRIFTS);

describe('one cause, one finding', () => {
  test.each(drifts)('%s: found by itself, and equal after it was repaired', (name) => {
    const { changes } = drifted([name]);
    expect(changes.map((change) => standingAmong(change, { changes: [] }))).toEqual(['equal']);
  });

  const HIDING: readonly { readonly thing: string; readonly behind: readonly string[] }[] = [
    {
      thing: 'amount has another type',
      behind: ['amount is gone'],
    },
    {
      thing: 'amount has another mode',
      behind: ['amount is gone'],
    },
    { thing: 'amount has another description', behind: ['amount is gone'] },
    { thing: 'address has another mode', behind: ['address is gone'] },
    {
      thing: 'address.city is gone',
      behind: ['address is gone', 'address has another type'],
    },
    {
      thing: 'address.city has another type',
      behind: ['address is gone', 'address has another type', 'address.city is gone'],
    },
    {
      thing: 'address.city is collated',
      behind: ['address is gone', 'address has another type', 'address.city is gone'],
    },
    {
      thing: 'address.geo.lat is gone',
      behind: ['address is gone', 'address has another type', 'address.geo is gone'],
    },
    {
      thing: 'address.note is undeclared',
      behind: ['address is gone', 'address has another type'],
    },
    {
      thing: 'partitions expire earlier',
      behind: [
        'it is not partitioned',
        'it is partitioned by range',
        'partitions expire too early',
        'it is a view',
      ],
    },
    {
      thing: 'no filter is required',
      behind: ['it is not partitioned', 'it is partitioned by range', 'it is a view'],
    },
    { thing: 'it expires', behind: ['it expires too early', 'it is a view'] },
    { thing: 'partitions expire too early', behind: ['it is a view'] },
    { thing: 'it expires too early', behind: ['it is a view'] },
    { thing: 'it is not partitioned', behind: ['it is a view'] },
    { thing: 'it is partitioned by hour', behind: ['it is a view'] },
    { thing: 'it is clustered otherwise', behind: ['it is a view'] },
    { thing: 'it has no description', behind: ['it is a view'] },
  ];
  const PAIRS = HIDING.flatMap(({ thing, behind }) => behind.map((front) => ({ thing, front })));

  test.each(PAIRS)('$thing: hidden when $front', ({ thing, front }) => {
    const [finding] = drifted([thing]).changes;
    const both = drifted([thing, front]);
    if (finding === undefined) throw new Error('it is found by itself');
    expect({
      isFound: both.changes.some(isSame(finding)),
      standing: standingAmong(finding, both),
    }).toEqual({ isFound: false, standing: 'hidden' });
  });

  test.each([
    { thing: 'amount has another type', beside: 'it is a view' },
    { thing: 'amount is gone', beside: 'it is a view' },
    { thing: 'amount has another mode', beside: 'amount has another type' },
    { thing: 'amount has another description', beside: 'amount has another type' },
    { thing: 'address has a description', beside: 'address has another type' },
    { thing: 'address.city is gone', beside: 'address has another mode' },
    { thing: 'address.geo.lat is gone', beside: 'address.city is gone' },
    { thing: 'partitions expire earlier', beside: 'it is partitioned by hour' },
    { thing: 'no filter is required', beside: 'it is partitioned by hour' },
    { thing: 'partitions expire too early', beside: 'it is partitioned by hour' },
    { thing: 'partitions expire too early', beside: 'it is not partitioned' },
    { thing: 'it expires too early', beside: 'it is not partitioned' },
    { thing: 'it expires', beside: 'partitions expire too early' },
    { thing: 'it is clustered otherwise', beside: 'it is not partitioned' },
  ])('$thing: equal when that is repaired and $beside', ({ thing, beside }) => {
    const [finding] = drifted([thing]).changes;
    if (finding === undefined) throw new Error('it is found by itself');
    expect(standingAmong(finding, drifted([beside]))).toBe('equal');
  });

  test('whatever came over a table, nothing is equal that is not, and nothing is hidden by nothing', () => {
    const some = fc.subarray(drifts, { maxLength: 6 });
    fc.assert(
      fc.property(some, some, (before, after) => {
        const now = drifted(after);
        const lost = drifted(before).changes.filter((finding) => !now.changes.some(isSame(finding)));
        const wrong = lost.filter((finding) => {
          const standing = standingAmong(finding, now);
          if (now.changes.length === 0) return standing !== 'equal';
          return isInOrder(finding, now.actual) ? standing === 'unseen' : standing !== 'hidden';
        });
        expect(wrong).toEqual([]);
      }),
      RUNS,
    );
  });
});
