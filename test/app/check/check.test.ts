import { describe, expect, test } from 'vitest';
import { playedClock } from '../../../emulators/clock.ts';
import { type CheckOptions, type CheckResult, check } from '../../../src/app/check/check.ts';
import { defaultPolicy } from '../../../src/files/policy.ts';
import { DATASET_SETTINGS, statedSettings } from '../../../src/metadata/settings.ts';
import type { Kind } from '../../../src/model/finding.ts';
import type { Policy, Waiver } from '../../../src/model/policy.ts';
import type { DatasetList, ListedTable, Read, Resource, Warehouse } from '../../../src/model/ports.ts';
import { outcomesOf } from '../../../src/model/scan-result.ts';
import type { Severity } from '../../../src/model/severity.ts';
import type { Contract, DeclaredDataset, DeclaredTable, ExpectedTable } from '../../../src/model/table.ts';
import { endless } from '../../support/deadline.ts';
import { stating } from '../../support/declared.ts';

/** Answers in the order of the reads; the last one is given again for ever. */
type Answers<T> = Read<T> | readonly [Read<T>, ...Read<T>[]];

/** What is not scripted is not there. */
interface Script {
  readonly datasets?: Answers<DatasetList>;
  readonly dataset?: Readonly<Record<string, Answers<Resource | null>>>;
  /** By dataset. */
  readonly tables?: Readonly<Record<string, Answers<readonly ListedTable[]>>>;
  /** By `dataset.table`. */
  readonly table?: Readonly<Record<string, Answers<Resource>>>;
}

const notFound = { status: 'absent', detail: 'HTTP 404 notFound' } as const;
const denied = { status: 'unreadable', reason: 'denied', detail: 'HTTP 403 accessDenied' } as const;
const throttled = {
  status: 'unreadable',
  reason: 'throttled',
  detail: 'HTTP 403 rateLimitExceeded',
} as const;

function found<T>(value: T): { readonly status: 'found'; readonly value: T } {
  return { status: 'found', value };
}

interface RecordedRead {
  readonly read: string;
  /** Milliseconds since the first moment of the test's clock. */
  readonly at: number;
}

function play(script: Script) {
  const clock = playedClock();
  const startedAt = clock.now().getTime();
  const reads: RecordedRead[] = [];
  const answer = async <T>(read: string, answers: Answers<T> = notFound): Promise<Read<T>> => {
    const before = reads.filter((earlier) => earlier.read.split(' ')[0] === read.split(' ')[0]).length;
    reads.push({ read, at: clock.now().getTime() - startedAt });
    if ('status' in answers) return answers;
    return answers[Math.min(before, answers.length - 1)] ?? answers[0];
  };
  const warehouse: Warehouse = {
    listDatasets: () => answer('datasets', script.datasets),
    getDataset: (dataset) => answer(dataset, script.dataset?.[dataset]),
    listTables: (dataset) => answer(`${dataset}/*`, script.tables?.[dataset]),
    getTable: ({ dataset, table }, view) =>
      answer(`${dataset}.${table} ${view}`, script.table?.[`${dataset}.${table}`]),
  };
  return { warehouse, clock, reads };
}

const noContract: Contract = {
  owner: null,
  retention: null,
  criticalFields: [],
  consumers: new Map(),
  runbook: null,
  extraFields: 'report',
};

const idField = { name: 'id', type: 'INT64', mode: 'NULLABLE' };

function declareTable(table: string, expected: ExpectedTable = { fields: [idField] }): DeclaredTable {
  return { table, readExpected: stating(expected), contract: noContract };
}

function declare(dataset: string, ...tables: readonly (string | DeclaredTable)[]): DeclaredDataset {
  return {
    dataset,
    declaredAs: dataset,
    tables: tables.map((table) => (typeof table === 'string' ? declareTable(table) : table)),
  };
}

/** What a dataset's file states. */
const inUs = statedSettings(DATASET_SETTINGS, { location: 'US' });
const datasetResource = found({ kind: 'bigquery#dataset', location: 'EU' });
const inSync = found({ type: 'TABLE', schema: { fields: [{ name: 'id', type: 'INTEGER' }] } });
const withoutFields = found({ type: 'TABLE' });
const listOf = (...datasets: string[]) => found({ datasets, unreachable: [] });
const tablesOf = (...tables: string[]) => found(tables.map((table) => ({ table, type: 'TABLE' })));

/** All of `sales` is there and as declared. */
const healthy: Script = {
  datasets: listOf('sales'),
  dataset: { sales: datasetResource },
  tables: { sales: tablesOf('orders', 'items') },
  table: { 'sales.orders': inSync, 'sales.items': inSync },
};
const sales = declare('sales', 'orders', 'items');

function policyOf(changes: Partial<Policy> = {}): Policy {
  return { ...defaultPolicy, ...changes };
}

function waiver(changes: Partial<Waiver> & Pick<Waiver, 'table'>): Waiver {
  return { path: null, kind: null, until: '2026-12-31', reason: 'migration 4711', ...changes };
}

async function run(script: Script, options: Partial<CheckOptions> = {}) {
  const { warehouse, clock, reads } = play(script);
  const result = await check({
    warehouse,
    datasets: [sales],
    policy: policyOf(),
    warnings: [],
    project: 'shop',
    clock,
    confirmMs: 30_000,
    deadline: endless,
    now: clock.now(),
    ...options,
  });
  return { ...result, reads };
}

function subject({ dataset, table }: { readonly dataset: string; readonly table: string | null }): string {
  return table === null ? dataset : `${dataset}.${table}`;
}

function findingsOf({ report }: CheckResult): readonly string[] {
  return report.findings.map((finding) =>
    [finding.severity, finding.kind, subject(finding), finding.path]
      .filter((part) => part !== null)
      .join(' '),
  );
}

function summary(result: CheckResult) {
  const { status, tables, unchecked } = result.report;
  return {
    status,
    tables: [tables.inSync, tables.drifted, tables.unchecked],
    findings: findingsOf(result),
    unchecked: unchecked.map((entry) => `${subject(entry)} ${entry.reason}`),
    nothingRead: result.nothingRead?.code ?? null,
  };
}

function readsOf(reads: readonly RecordedRead[], name: string): readonly RecordedRead[] {
  return reads.filter(({ read }) => read.split(' ')[0] === name);
}

test('a warehouse as declared is in sync, and each thing is read once', async () => {
  const { reads, scan, ...result } = await run(healthy);

  expect({ ...result, outcomes: outcomesOf(scan) }).toEqual({
    report: {
      version: 1,
      project: 'shop',
      status: 'in-sync',
      startedAt: '2026-03-02T08:00:00.000Z',
      finishedAt: '2026-03-02T08:00:00.000Z',
      tables: { inSync: 2, drifted: 0, unchecked: 0 },
      findings: [],
      waived: [],
      unchecked: [],
      warnings: [],
    },
    outcomes: [
      {
        dataset: 'sales',
        read: true,
        tables: [
          { table: 'orders', status: 'in-sync' },
          { table: 'items', status: 'in-sync' },
        ],
      },
    ],
    details: [],
    nothingRead: null,
  });
  expect(reads.map(({ read }) => read).sort()).toEqual([
    'datasets',
    'sales',
    'sales.items BASIC',
    'sales.orders BASIC',
    'sales/*',
  ]);
});

describe('missing needs two answers', () => {
  interface Case {
    readonly title: string;
    readonly get: Read<Resource | null>;
    readonly list: Read<DatasetList>;
    readonly table: Read<Resource>;
    readonly tables: Read<readonly ListedTable[]>;
    readonly summary: Partial<ReturnType<typeof summary>>;
  }
  const everyList = listOf('sales');
  const bothTables = tablesOf('orders', 'items');
  const partly = found({ datasets: [], unreachable: ['EU', 'asia-east1'] });

  test.each<Case>([
    {
      title: 'all answers: in sync',
      get: datasetResource,
      list: everyList,
      table: inSync,
      tables: bothTables,
      summary: { status: 'in-sync', tables: [2, 0, 0], findings: [], unchecked: [] },
    },
    {
      title: 'the list of datasets is denied: tables are read by name, and one entry says what is unseen',
      get: datasetResource,
      list: denied,
      table: inSync,
      tables: bothTables,
      summary: { status: 'incomplete', tables: [2, 0, 0], findings: [], unchecked: ['* denied'] },
    },
    {
      title: 'the list of tables is denied: tables are read by name, and one entry says what is unseen',
      get: datasetResource,
      list: everyList,
      table: inSync,
      tables: denied,
      summary: { status: 'incomplete', tables: [2, 0, 0], findings: [], unchecked: ['sales denied'] },
    },
    {
      title: 'the dataset is not found and the list answered: it is missing, and hides its tables',
      get: notFound,
      list: listOf(),
      table: notFound,
      tables: notFound,
      summary: {
        status: 'drifted',
        tables: [0, 2, 0],
        findings: ['critical dataset-missing sales'],
        unchecked: [],
      },
    },
    {
      title: 'the dataset is not found, its tables are denied: it is missing, and hides its tables',
      get: notFound,
      list: listOf(),
      table: denied,
      tables: denied,
      summary: {
        status: 'drifted',
        tables: [0, 2, 0],
        findings: ['critical dataset-missing sales'],
        unchecked: [],
      },
    },
    {
      title: 'the dataset is not found but the list is denied: unchecked',
      get: notFound,
      list: denied,
      table: notFound,
      tables: notFound,
      summary: {
        status: 'incomplete',
        tables: [0, 0, 2],
        findings: [],
        unchecked: ['sales denied', '* denied'],
        nothingRead: 'NothingRead',
      },
    },
    {
      title: 'the dataset is not found but the list is throttled: unchecked',
      get: notFound,
      list: throttled,
      table: notFound,
      tables: notFound,
      summary: {
        status: 'incomplete',
        tables: [0, 0, 2],
        findings: [],
        unchecked: ['sales throttled', '* throttled'],
        nothingRead: 'NothingRead',
      },
    },
    {
      title: 'the dataset is not found but the list left locations out: unchecked',
      get: notFound,
      list: partly,
      table: notFound,
      tables: notFound,
      summary: {
        status: 'incomplete',
        tables: [0, 0, 2],
        findings: [],
        unchecked: ['sales unavailable', '* unavailable'],
        nothingRead: 'NothingRead',
      },
    },
    {
      title: 'the list left locations out, the dataset is there: its tables are compared',
      get: datasetResource,
      list: partly,
      table: inSync,
      tables: bothTables,
      summary: { status: 'incomplete', tables: [2, 0, 0], findings: [], unchecked: ['* unavailable'] },
    },
    {
      title: 'the table is not found and its dataset answered: it is missing',
      get: datasetResource,
      list: everyList,
      table: notFound,
      tables: tablesOf(),
      summary: {
        status: 'drifted',
        tables: [0, 2, 0],
        findings: ['critical table-missing sales.items', 'critical table-missing sales.orders'],
        unchecked: [],
      },
    },
    {
      title: 'the table is not found, its dataset answered, the list of tables is denied: it is missing',
      get: datasetResource,
      list: everyList,
      table: notFound,
      tables: denied,
      summary: {
        status: 'drifted',
        tables: [0, 2, 0],
        findings: ['critical table-missing sales.items', 'critical table-missing sales.orders'],
        unchecked: ['sales denied'],
      },
    },
    {
      title: 'the table is not found, its dataset is denied, the list of tables answered: it is missing',
      get: denied,
      list: everyList,
      table: notFound,
      tables: tablesOf(),
      summary: {
        status: 'drifted',
        tables: [0, 2, 0],
        findings: ['critical table-missing sales.items', 'critical table-missing sales.orders'],
        unchecked: ['sales denied'],
      },
    },
    {
      title: 'the table is not found, but nothing else of its dataset answered: unchecked, in one entry',
      get: denied,
      list: everyList,
      table: notFound,
      tables: denied,
      summary: {
        status: 'incomplete',
        tables: [0, 0, 2],
        findings: [],
        unchecked: ['sales denied'],
        nothingRead: 'NothingRead',
      },
    },
    {
      title: 'the dataset is denied, its tables are not: they are compared',
      get: denied,
      list: everyList,
      table: inSync,
      tables: bothTables,
      summary: {
        status: 'incomplete',
        tables: [2, 0, 0],
        findings: [],
        unchecked: ['sales denied'],
        nothingRead: null,
      },
    },
    {
      title: 'the dataset is denied and its tables are: one entry stands for all',
      get: denied,
      list: everyList,
      table: denied,
      tables: denied,
      summary: {
        status: 'incomplete',
        tables: [0, 0, 2],
        findings: [],
        unchecked: ['sales denied'],
        nothingRead: 'NothingRead',
      },
    },
    {
      title: 'the tables are unreadable for another reason than their dataset: each has its entry',
      get: denied,
      list: everyList,
      table: throttled,
      tables: bothTables,
      summary: {
        status: 'incomplete',
        tables: [0, 0, 2],
        findings: [],
        unchecked: ['sales denied'],
        nothingRead: 'NothingRead',
      },
    },
    {
      title: 'the tables are denied, their dataset is not: each has its entry',
      get: datasetResource,
      list: everyList,
      table: denied,
      tables: bothTables,
      summary: {
        status: 'incomplete',
        tables: [0, 0, 2],
        findings: [],
        unchecked: ['sales.orders denied', 'sales.items denied'],
        nothingRead: 'NothingRead',
      },
    },
    {
      title: 'the dataset is no dataset: unchecked, its tables are compared',
      get: found({ kind: 'bigquery#dataset', maxTimeTravelHours: 'a week' }),
      list: everyList,
      table: inSync,
      tables: bothTables,
      summary: { status: 'incomplete', tables: [2, 0, 0], findings: [], unchecked: ['sales malformed'] },
    },
    {
      title: 'the table is no table: unchecked',
      get: datasetResource,
      list: everyList,
      table: found({ schema: { fields: [{ name: 'id' }] } }),
      tables: bothTables,
      summary: {
        status: 'incomplete',
        tables: [0, 0, 2],
        findings: [],
        unchecked: ['sales.orders malformed', 'sales.items malformed'],
        nothingRead: 'NothingRead',
      },
    },
    {
      title: 'the project is not found: nothing is read, and nothing is missing',
      get: notFound,
      list: notFound,
      table: notFound,
      tables: notFound,
      summary: {
        status: 'incomplete',
        tables: [0, 0, 2],
        findings: [],
        unchecked: ['sales unavailable', '* unavailable'],
        nothingRead: 'ProjectNotFound',
      },
    },
  ])('$title', async ({ get, list, table, tables, summary: expected }) => {
    const result = await run({
      datasets: list,
      dataset: { sales: get },
      tables: { sales: tables },
      table: { 'sales.orders': table, 'sales.items': table },
    });

    expect(summary(result)).toEqual({ nothingRead: null, ...expected });
  });

  test('a dataset that cannot be read keeps no other from being compared', async () => {
    const result = await run(
      {
        datasets: listOf('sales', 'web'),
        dataset: { sales: denied, web: datasetResource },
        tables: { sales: denied, web: tablesOf('visits') },
        table: { 'sales.orders': denied, 'sales.items': denied, 'web.visits': inSync },
      },
      { datasets: [sales, declare('web', 'visits')] },
    );

    expect(summary(result)).toEqual({
      status: 'incomplete',
      tables: [1, 0, 2],
      findings: [],
      unchecked: ['sales denied'],
      nothingRead: null,
    });
  });

  test('drift seen is certain, whatever remains unseen', async () => {
    const result = await run({
      ...healthy,
      table: { 'sales.orders': withoutFields, 'sales.items': denied },
    });

    expect(summary(result)).toEqual({
      status: 'drifted',
      tables: [0, 1, 1],
      findings: ['critical field-missing sales.orders id'],
      unchecked: ['sales.items denied'],
      nothingRead: null,
    });
  });
});

describe('drift is confirmed before it is told', () => {
  test.each([0, 1000, 30_000])('by a second, full read at least %i ms after the first', async (confirmMs) => {
    const { reads } = await run(
      { ...healthy, table: { 'sales.orders': withoutFields, 'sales.items': inSync } },
      { confirmMs },
    );

    expect([readsOf(reads, 'sales.orders'), readsOf(reads, 'sales.items')]).toEqual([
      [
        { read: 'sales.orders BASIC', at: 0 },
        { read: 'sales.orders FULL', at: confirmMs },
      ],
      [{ read: 'sales.items BASIC', at: 0 }],
    ]);
  });

  test.each<[string, Answers<Resource>, ReturnType<typeof summary>]>([
    [
      'in sync: no finding',
      [withoutFields, inSync],
      { status: 'in-sync', tables: [2, 0, 0], findings: [], unchecked: [], nothingRead: null },
    ],
    [
      'there again: no finding',
      [notFound, inSync],
      { status: 'in-sync', tables: [2, 0, 0], findings: [], unchecked: [], nothingRead: null },
    ],
    [
      'unreadable: unchecked',
      [withoutFields, throttled],
      {
        status: 'incomplete',
        tables: [1, 0, 1],
        findings: [],
        unchecked: ['sales.orders throttled'],
        nothingRead: null,
      },
    ],
    [
      'no table: unchecked',
      [withoutFields, found({ schema: [] })],
      {
        status: 'incomplete',
        tables: [1, 0, 1],
        findings: [],
        unchecked: ['sales.orders malformed'],
        nothingRead: null,
      },
    ],
    [
      'other drift: that is told',
      [notFound, withoutFields],
      {
        status: 'drifted',
        tables: [1, 1, 0],
        findings: ['critical field-missing sales.orders id'],
        unchecked: [],
        nothingRead: null,
      },
    ],
    [
      'missing: that is told',
      [withoutFields, notFound],
      {
        status: 'drifted',
        tables: [1, 1, 0],
        findings: ['critical table-missing sales.orders'],
        unchecked: [],
        nothingRead: null,
      },
    ],
  ])('and the second answer decides: %s', async (_, orders, expected) => {
    const result = await run({ ...healthy, table: { 'sales.orders': orders, 'sales.items': inSync } });

    expect(summary(result)).toEqual(expected);
  });

  test('for a dataset too', async () => {
    const result = await run({ ...healthy, dataset: { sales: [notFound, datasetResource] } });

    expect(summary(result)).toEqual({
      status: 'in-sync',
      tables: [2, 0, 0],
      findings: [],
      unchecked: [],
      nothingRead: null,
    });
    expect(readsOf(result.reads, 'sales')).toEqual([
      { read: 'sales', at: 0 },
      { read: 'sales', at: 30_000 },
    ]);
  });

  test('and a dataset that is gone at the second read of its table is what is missing', async () => {
    const result = await run({
      ...healthy,
      datasets: listOf(),
      dataset: { sales: notFound },
      table: { 'sales.orders': [withoutFields, notFound], 'sales.items': notFound },
    });

    expect(summary(result)).toEqual({
      status: 'drifted',
      tables: [0, 2, 0],
      findings: ['critical dataset-missing sales'],
      unchecked: [],
      nothingRead: null,
    });
  });

  test('but what is only information is read once', async () => {
    const extra = found({ type: 'TABLE', schema: { fields: [idField, { name: 'note', type: 'STRING' }] } });

    const result = await run({ ...healthy, table: { 'sales.orders': extra, 'sales.items': inSync } });

    expect(summary(result)).toEqual({
      status: 'in-sync',
      tables: [2, 0, 0],
      findings: ['info field-unexpected sales.orders note'],
      unchecked: [],
      nothingRead: null,
    });
    expect(readsOf(result.reads, 'sales.orders')).toEqual([{ read: 'sales.orders BASIC', at: 0 }]);
  });

  test('but what is waived is read once', async () => {
    const result = await run(
      { ...healthy, table: { 'sales.orders': withoutFields, 'sales.items': inSync } },
      { policy: policyOf({ waivers: [waiver({ table: 'sales.orders' })] }) },
    );

    expect(readsOf(result.reads, 'sales.orders')).toEqual([{ read: 'sales.orders BASIC', at: 0 }]);
  });
});

describe('what no file declares', () => {
  const crowded: Script = {
    ...healthy,
    datasets: listOf('sales', 'scratch', 'attic', '_anonymous'),
    tables: { sales: tablesOf('orders', 'items', 'extra', 'tmp_1') },
  };

  test('is information, hidden datasets aside, and does not count as drift', async () => {
    const result = await run(crowded);

    expect(summary(result)).toEqual({
      status: 'in-sync',
      tables: [2, 0, 0],
      findings: [
        'info dataset-unexpected attic',
        'info table-unexpected sales.extra',
        'info table-unexpected sales.tmp_1',
        'info dataset-unexpected scratch',
      ],
      unchecked: [],
      nothingRead: null,
    });
  });

  test('is passed over where policy ignores it', async () => {
    const result = await run(crowded, { policy: policyOf({ ignoreUnexpected: ['*.tmp_*', 'scratch.*'] }) });

    expect(findingsOf(result)).toEqual([
      'info dataset-unexpected attic',
      'info table-unexpected sales.extra',
    ]);
  });

  test('is ignored by its declared name where the dataset has another in BigQuery', async () => {
    const result = await run(
      { ...crowded, datasets: listOf('sales') },
      {
        datasets: [{ ...sales, declaredAs: 'retail' }],
        policy: policyOf({ ignoreUnexpected: ['retail.tmp_*', 'sales.extra'] }),
      },
    );

    expect(findingsOf(result)).toEqual(['info table-unexpected sales.extra']);
  });

  const severities = new Map<Kind, Severity>([
    ['table-unexpected', 'warning'],
    ['dataset-unexpected', 'critical'],
  ]);

  test.each<[string, Partial<Script>, Partial<ReturnType<typeof summary>>]>([
    [
      'still there: it is drift, though of no declared table',
      { dataset: { sales: datasetResource, attic: datasetResource }, table: { 'sales.extra': inSync } },
      {
        status: 'drifted',
        findings: ['critical dataset-unexpected attic', 'warning table-unexpected sales.extra'],
        unchecked: [],
      },
    ],
    [
      'gone: no finding',
      { dataset: { sales: datasetResource, attic: notFound }, table: { 'sales.extra': notFound } },
      { status: 'in-sync', findings: [], unchecked: [] },
    ],
    [
      'unreadable: unchecked',
      { dataset: { sales: datasetResource, attic: denied }, table: { 'sales.extra': throttled } },
      { status: 'incomplete', findings: [], unchecked: ['sales.extra throttled', 'attic denied'] },
    ],
  ])('is read by name where policy makes it drift, and is %s', async (_, answers, expected) => {
    const result = await run(
      {
        ...healthy,
        datasets: listOf('sales', 'attic'),
        tables: { sales: tablesOf('orders', 'items', 'extra') },
        ...answers,
        table: { ...healthy.table, ...answers.table },
      },
      { policy: policyOf({ severities }) },
    );

    expect(summary(result)).toEqual({ tables: [2, 0, 0], nothingRead: null, ...expected });
  });
});

describe('a waiver', () => {
  const drifted: Script = { ...healthy, table: { 'sales.orders': withoutFields, 'sales.items': inSync } };
  const march = (day: number) => new Date(Date.UTC(2026, 2, day, 23, 59, 59));

  test('sets its finding apart, which then counts for nothing', async () => {
    const result = await run(drifted, {
      policy: policyOf({ waivers: [waiver({ table: 'sales.*', kind: 'field-missing', path: 'ID' })] }),
    });

    expect(summary(result)).toEqual({
      status: 'in-sync',
      tables: [2, 0, 0],
      findings: [],
      unchecked: [],
      nothingRead: null,
    });
    expect(result.report.waived).toEqual([
      {
        kind: 'field-missing',
        context: { type: 'no-fields-left' },
        actualType: 'TABLE',
        severity: 'critical',
        dataset: 'sales',
        table: 'orders',
        path: 'id',
        expected: 'INT64',
        actual: null,
        message: 'field id is missing: expected INT64, found nothing',
        words: { what: 'field {path} is missing', expected: 'INT64', actual: 'nothing' },
        fingerprint: expect.stringMatching(/^[0-9a-f]{12}$/),
        consumers: [],
        owner: null,
        runbook: null,
        hint: null,
        fix: {
          how: 'in-place',
          statements: [
            {
              language: 'sql',
              head: 'ALTER TABLE `shop.sales.orders`',
              text: 'ADD COLUMN IF NOT EXISTS `id` INT64',
            },
          ],
          note: [
            'the field comes back empty; ',
            'if it was dropped, save its data first, in a copy: ',
            'bq cp --no_clobber ',
            "'shop:sales.orders@",
            { blank: 'moment' },
            "' ",
            'shop:sales.orders_restored',
            ' (',
            { blank: 'meaning' },
            '); time travel can restore it ',
            { blank: 'until' },
          ],
        },
        timeTravel: { hours: 168, now: new Date('2026-03-02T08:00:00.000Z') },
        waiver: { until: '2026-12-31', reason: 'migration 4711' },
      },
    ]);
    expect(result.report.warnings).toEqual([]);
  });

  test.each<[string, Date, readonly string[], readonly string[]]>([
    ['holds to the end of its last day', march(5), [], []],
    [
      'has lapsed on the day after, and says so',
      march(6),
      ['critical field-missing sales.orders id'],
      ['the waiver for sales.orders lapsed on 2026-03-05: migration 4711'],
    ],
  ])('%s', async (_, now, findings, warnings) => {
    const result = await run(drifted, {
      now,
      policy: policyOf({ waivers: [waiver({ table: 'sales.orders', until: '2026-03-05' })] }),
    });

    expect({ findings: findingsOf(result), warnings: result.report.warnings }).toEqual({
      findings,
      warnings,
    });
  });

  test('is written in the declared name of a dataset, and its finding tells the real one', async () => {
    const result = await run(drifted, {
      datasets: [{ ...sales, declaredAs: 'retail' }],
      policy: policyOf({ waivers: [waiver({ table: 'retail.orders' }), waiver({ table: 'sales.orders' })] }),
    });

    expect(result.report.waived.map(subject)).toEqual(['sales.orders']);
    expect(findingsOf(result)).toEqual([]);
  });

  test.each<[string, Script, readonly string[]]>([
    ['was read', healthy, ['the waiver for sales.orders id field-type matches nothing: remove it']],
    ['was not read', { ...healthy, table: { 'sales.orders': denied, 'sales.items': inSync } }, []],
    ['is missing with its dataset', { datasets: listOf() }, []],
  ])('that matches nothing is a warning where its table %s', async (_, script, warnings) => {
    const result = await run(script, {
      policy: policyOf({ waivers: [waiver({ table: 'sales.orders', path: 'id', kind: 'field-type' })] }),
    });

    expect(result.report.warnings).toEqual(warnings);
  });

  test('comes after the warnings of the files', async () => {
    const result = await run(healthy, {
      warnings: ['stated, not compared: friendlyName, 1 file'],
      policy: policyOf({ waivers: [waiver({ table: 'sales.orders' })] }),
    });

    expect(result.report.warnings).toEqual([
      'stated, not compared: friendlyName, 1 file',
      'the waiver for sales.orders matches nothing: remove it',
    ]);
  });

  test.each<[string, Script, DeclaredTable, string]>([
    ['dataset-missing', { datasets: listOf() }, declareTable('orders'), 'critical dataset-missing sales'],
    [
      'table-missing',
      { ...healthy, table: {} },
      declareTable('orders'),
      'critical table-missing sales.orders',
    ],
    [
      'table-expiration',
      { ...healthy, table: { 'sales.orders': found({ type: 'TABLE', expirationTime: '1800000000000' }) } },
      declareTable('orders', { expirationTime: null }),
      'critical table-expiration sales.orders',
    ],
    [
      'retention',
      {
        ...healthy,
        table: {
          'sales.orders': found({
            type: 'TABLE',
            timePartitioning: { type: 'DAY', expirationMs: '86400000' },
          }),
        },
      },
      {
        ...declareTable('orders', {}),
        contract: { ...noContract, retention: { text: 'P7D', ms: 604_800_000 } },
      },
      'critical retention sales.orders',
    ],
  ])('never covers %s', async (_, script, table, finding) => {
    const result = await run(
      { ...script, tables: { sales: tablesOf('orders') } },
      {
        datasets: [declare('sales', table)],
        policy: policyOf({ waivers: [waiver({ table: '*' }), waiver({ table: 'sales.*' })] }),
      },
    );

    expect({ findings: findingsOf(result), waived: result.report.waived }).toEqual({
      findings: [finding],
      waived: [],
    });
  });
});

test('findings are sorted by severity, dataset, table, path and kind', async () => {
  const expected: ExpectedTable = {
    fields: [
      idField,
      { name: 'b', type: 'STRING', mode: 'NULLABLE' },
      { name: 'a', type: 'STRING', mode: 'NULLABLE' },
    ],
    partitioning: { by: 'time', granularity: 'DAY', field: null },
    clustering: ['id'],
    expirationTime: null,
  };
  const actual = found({
    type: 'TABLE',
    schema: {
      fields: [
        { name: 'id', type: 'INT64', mode: 'REQUIRED' },
        { name: 'z', type: 'STRING' },
      ],
    },
    expirationTime: '1800000000000',
  });
  const result = await run(
    {
      datasets: listOf('web', 'sales', 'attic'),
      dataset: { sales: datasetResource, web: datasetResource },
      tables: { sales: tablesOf('orders', 'Items'), web: tablesOf('visits', 'extra') },
      table: { 'sales.orders': actual, 'sales.Items': withoutFields, 'web.visits': inSync },
    },
    {
      datasets: [
        { ...declare('web', 'visits'), ...inUs },
        declare('sales', declareTable('orders', expected), 'Items'),
      ],
    },
  );

  expect(findingsOf(result)).toEqual([
    'critical field-missing sales.Items id',
    'critical partitioning-missing sales.orders',
    'critical table-expiration sales.orders',
    'critical field-missing sales.orders a',
    'critical field-missing sales.orders b',
    'critical dataset-location web',
    'warning clustering sales.orders',
    'warning field-mode sales.orders id',
    'info dataset-unexpected attic',
    'info field-unexpected sales.orders z',
    'info table-unexpected web.extra',
  ]);
});

test('a dataset that differs makes none of its tables drifted', async () => {
  const result = await run(healthy, { datasets: [{ ...sales, ...inUs }] });

  expect(summary(result)).toEqual({
    status: 'drifted',
    tables: [2, 0, 0],
    findings: ['critical dataset-location sales'],
    unchecked: [],
    nothingRead: null,
  });
});

describe('a selection', () => {
  const two: Script = {
    datasets: listOf('sales', 'web', 'attic'),
    dataset: { sales: datasetResource, web: datasetResource },
    tables: { sales: tablesOf('orders', 'items', 'extra'), web: tablesOf('visits') },
    table: { 'sales.orders': withoutFields, 'sales.items': withoutFields, 'web.visits': withoutFields },
  };
  const datasets = [{ ...sales, ...inUs }, declare('web', 'visits')];

  test.each([
    [
      'of a dataset looks at all of it and at nothing else',
      [{ dataset: 'sales', table: null }],
      {
        tables: [0, 2, 0],
        findings: [
          'critical dataset-location sales',
          'critical field-missing sales.items id',
          'critical field-missing sales.orders id',
          'info table-unexpected sales.extra',
        ],
      },
    ],
    [
      'of a table looks at that table alone',
      [{ dataset: 'sales', table: 'orders' }],
      { tables: [0, 1, 0], findings: ['critical field-missing sales.orders id'] },
    ],
    [
      'of a dataset and a table of it looks at all of the dataset',
      [
        { dataset: 'web', table: 'visits' },
        { dataset: 'web', table: null },
      ],
      { tables: [0, 1, 0], findings: ['critical field-missing web.visits id'] },
    ],
    [
      'of tables in two datasets looks at both',
      [
        { dataset: 'web', table: 'visits' },
        { dataset: 'sales', table: 'items' },
      ],
      {
        tables: [0, 2, 0],
        findings: ['critical field-missing sales.items id', 'critical field-missing web.visits id'],
      },
    ],
  ])('%s', async (_, selection, expected) => {
    const result = await run(two, { datasets, selection });

    expect(summary(result)).toEqual({ status: 'drifted', unchecked: [], nothingRead: null, ...expected });
  });

  test('tells how far it is', async () => {
    const progress: string[] = [];

    await run(two, {
      datasets,
      selection: [{ dataset: 'sales', table: null }],
      onProgress: (done, all) => progress.push(`${done}/${all}`),
    });

    expect(progress).toEqual(['1/2', '2/2']);
  });
});
