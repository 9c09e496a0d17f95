import { mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { playedClock } from '../../../emulators/clock.ts';
import { loadExpectation } from '../../../src/adapters/folders/expected-files.ts';
import { createExpectedWriter } from '../../../src/adapters/folders/expected-writer.ts';
import { openSnapshot } from '../../../src/adapters/folders/snapshot-files.ts';
import { check } from '../../../src/app/check/check.ts';
import { type PullOptions, pull } from '../../../src/app/pull/pull.ts';
import type { PullResult } from '../../../src/app/pull/pull-result.ts';
import type { Read, Resource, Warehouse } from '../../../src/model/ports.ts';
import { endless } from '../../support/deadline.ts';
import { type Files, writeFolder } from '../../support/folder.ts';
import { RUNS } from '../../support/runs.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/bigquery');

const nothing: PullResult = {
  written: [],
  unchanged: [],
  kept: [],
  weakened: [],
  skipped: [],
  refused: [],
  unreadable: [],
  absent: [],
  requiredFieldBreaks: [],
};

type Changed = Partial<Omit<PullOptions, 'warehouse' | 'writer'>>;

function pullFrom(warehouse: Warehouse, out: string, changed: Changed = {}): Promise<PullResult> {
  return pull({
    warehouse,
    writer: createExpectedWriter(out),
    schemas: null,
    policy: { ignoreUnexpected: [] },
    requiredFields: [],
    selection: [],
    aliases: new Map(),
    now: new Date('2026-11-22T10:17:00Z'),
    existing: 'keep',
    ...changed,
  });
}

/** Pulls recorded answers into a folder that may hold files already. */
async function play(
  recorded: Files,
  { expected = {}, ...changed }: Changed & { readonly expected?: Files } = {},
): Promise<{ readonly out: string; readonly result: PullResult }> {
  const out = await writeFolder(expected);
  const warehouse = await openSnapshot(await writeFolder(recorded));
  return { out, result: await pullFrom(warehouse, out, changed) };
}

async function readFiles(root: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const));
  return Object.fromEntries(
    texts
      .map(([file, text]) => [file.slice(root.length + 1), text] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

async function contentOf(out: string, file: string): Promise<unknown> {
  return JSON.parse(await readFile(join(out, file), 'utf8'));
}

/** What a check finds with everything counted, and what it could not look at. */
async function checkAll(expected: string, warehouse: Warehouse) {
  const expectation = await loadExpectation({ folder: expected });
  const { report } = await check({
    ...expectation,
    warehouse,
    deadline: endless,
    project: 'acme-prod',
    clock: playedClock(),
    confirmMs: 0,
    now: new Date('2026-03-03T00:00:00Z'),
  });
  return { findings: report.findings, unchecked: report.unchecked, warnings: report.warnings };
}

const inSync = { findings: [], unchecked: [], warnings: [] };

const id = { name: 'id', type: 'STRING', mode: 'REQUIRED' };
const table = (resource: Resource = {}): Resource => ({
  type: 'TABLE',
  schema: { fields: [id] },
  ...resource,
});

describe('the law: expected = pull(actual) has no finding', () => {
  test('for every fixture, the GA4 export with its shards among them', async () => {
    const warehouse = await openSnapshot(FIXTURES);
    const out = await writeFolder({});
    const first = await pullFrom(warehouse, out);
    const files = await readFiles(out);
    const { written, ...others } = first;
    const { written: _, ...empty } = nothing;
    expect(others).toEqual(empty);
    expect(written).toEqual(Object.keys(files));
    expect(written).toHaveLength(18);
    expect(written).toContain('analytics_284716390/events_YYYYMMDD.json');
    expect(await checkAll(out, warehouse)).toEqual(inSync);
    expect(await pullFrom(warehouse, out)).toEqual({ ...nothing, unchanged: written });
    expect(await pullFrom(warehouse, out, { existing: 'replace' })).toEqual({
      ...nothing,
      unchanged: written,
    });
    expect(await readFiles(out)).toEqual(files);
  });

  test('for random warehouses, and pulling twice changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(randomWarehouse, async (datasets) => {
        const warehouse = warehouseOf(datasets);
        const out = await mkdtemp(join(tmpdir(), 'drift-'));
        try {
          const first = await pullFrom(warehouse, out);
          const { written, ...others } = first;
          const { written: _, ...empty } = nothing;
          expect(others).toEqual(empty);
          expect(await checkAll(out, warehouse)).toEqual(inSync);
          const files = await readFiles(out);
          expect(Object.keys(files)).toEqual(written);
          expect(await pullFrom(warehouse, out, { existing: 'replace' })).toEqual({
            ...nothing,
            unchanged: written,
          });
          expect(await readFiles(out)).toEqual(files);
        } finally {
          await rm(out, { recursive: true, force: true });
        }
      }),
      { ...RUNS, numRuns: 100 },
    );
  });
});

describe('a file that stands already', () => {
  const recorded = {
    'sales.json': { location: 'EU' },
    'sales/orders.json': table({ clustering: { fields: ['id'] } }),
  };

  test('is left as it is where it differs, and said', async () => {
    const expected = {
      'sales.json': '{"location":"US"}',
      'sales/orders.json': JSON.stringify({
        schema: { fields: [id, { name: 'b', type: 'DATE' }] },
        clustering: null,
      }),
    };
    const { out, result } = await play(recorded, { expected });
    expect(result).toEqual({
      ...nothing,
      kept: [
        { file: 'sales.json', why: 'differs: dataset-location', weakened: [] },
        {
          file: 'sales/orders.json',
          why: 'differs: field-missing, clustering',
          weakened: ['field b is no longer expected'],
        },
      ],
    });
    expect(await readFiles(out)).toEqual(expected);
  });

  test('is left as it is where it says less', async () => {
    const expected = { 'sales/orders.json': JSON.stringify({ schema: { fields: [id] } }) };
    const { out, result } = await play(recorded, { expected });
    expect(result.kept).toEqual([
      { file: 'sales/orders.json', why: 'in sync, but states less', weakened: [] },
    ]);
    expect((await readFiles(out))['sales/orders.json']).toBe(expected['sales/orders.json']);
  });

  test('says less where its contract allows fields that it does not declare', async () => {
    const wide = { 'sales/orders.json': table({ schema: { fields: [id, { name: 'b', type: 'DATE' }] } }) };
    const expected = { 'sales/orders.json': { ...table(), contract: { extraFields: 'allow' } } };
    const { result } = await play(wide, { expected });
    expect(result.kept).toEqual([
      { file: 'sales/orders.json', why: 'in sync, but states less', weakened: [] },
    ]);
  });

  test('is untouched, --force or not, where it says the same in other words, or more', async () => {
    const expected = {
      'sales/orders.json': JSON.stringify({
        type: 'table',
        schema: { fields: [{ type: 'string', name: 'ID', mode: 'required', policyTags: null }] },
        timePartitioning: null,
        rangePartitioning: null,
        clustering: { fields: ['Id'] },
        expirationTime: null,
        labels: null,
        maxStaleness: '0-0 0 0:15:0',
        contract: { owner: 'me' },
      }),
    };
    const { out, result } = await play(recorded, { expected, existing: 'replace' });
    expect(result).toEqual({
      ...nothing,
      written: ['sales.json'],
      unchanged: ['sales/orders.json'],
    });
    expect((await readFiles(out))['sales/orders.json']).toBe(expected['sales/orders.json']);
  });

  test('keeps its contract and its $schema under --force', async () => {
    const contract = { owner: '<@U0SALES>', criticalFields: ['id'], retention: 'P7Y' };
    const expected = {
      'sales/orders.json': { $schema: 'https://example/table.json', type: 'VIEW', contract },
    };
    const { out, result } = await play(recorded, { expected, existing: 'replace', schemas: '../schemas' });
    expect(result.written).toEqual(['sales.json', 'sales/orders.json']);
    expect(await contentOf(out, 'sales/orders.json')).toEqual({
      $schema: 'https://example/table.json',
      type: 'TABLE',
      schema: { fields: [id] },
      timePartitioning: null,
      clustering: { fields: ['id'] },
      expirationTime: null,
      contract,
    });
  });

  test('is kept even under --force where its contract would no longer fit', async () => {
    const contract = { criticalFields: ['amount'] };
    const expected = {
      'sales/orders.json': JSON.stringify({
        schema: { fields: [id, { name: 'amount', type: 'NUMERIC' }] },
        contract,
      }),
    };
    const { out, result } = await play(recorded, { expected, existing: 'replace' });
    expect(result.kept).toEqual([
      {
        file: 'sales/orders.json',
        why: 'its contract does not fit what is there: $.contract.criticalFields[0]: "amount" names no field of the schema',
        weakened: [],
      },
    ]);
    expect((await readFiles(out))['sales/orders.json']).toBe(expected['sales/orders.json']);
  });

  test('is kept even under --force where it is no JSON: its contract cannot be read', async () => {
    const { out, result } = await play(recorded, {
      expected: { 'sales/orders.json': '{"contract": ', 'sales.json': '[]' },
      existing: 'replace',
    });
    expect(result.kept).toEqual([
      { file: 'sales.json', why: 'it is no JSON object', weakened: [] },
      { file: 'sales/orders.json', why: expect.stringContaining('it is not JSON: '), weakened: [] },
    ]);
    expect((await readFiles(out))['sales/orders.json']).toBe('{"contract": ');
  });

  test('is mended under --force where it is invalid', async () => {
    const expected = { 'sales/orders.json': { typo: 1, contract: { owner: 'me' } } };
    const { result } = await play(recorded, { expected });
    expect(result.kept).toEqual([
      {
        file: 'sales/orders.json',
        why: 'it is invalid: $.typo: unknown key "typo"; did you mean "type"?',
        weakened: ['it is invalid, so that what it protects is not known'],
      },
    ]);
    const { out } = await play(recorded, { expected, existing: 'replace' });
    expect(await contentOf(out, 'sales/orders.json')).toMatchObject({
      type: 'TABLE',
      contract: { owner: 'me' },
    });
  });

  test('is not even opened for writing where nothing changes', async () => {
    const { out } = await play(recorded);
    const before = await stat(join(out, 'sales/orders.json'));
    await pullFrom(await openSnapshot(await writeFolder(recorded)), out, { existing: 'replace' });
    const after = await stat(join(out, 'sales/orders.json'));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });
});

describe('what is left out', () => {
  const recorded = {
    'sales/orders.json': table(),
    'sales/tmp_orders.json': table(),
    'sales/copy.json': table({ expirationTime: '1774915200000' }),
    'scratch/a.json': table(),
    '_hidden/b.json': table(),
  };
  const policy = { ignoreUnexpected: ['*.tmp_*', 'scratch.*'] };

  test('is what the policy ignores, what is about to expire, and hidden datasets', async () => {
    const { out, result } = await play(recorded, { policy });
    expect(result).toEqual({
      ...nothing,
      written: ['sales/orders.json'],
      skipped: [
        { dataset: 'sales', table: 'copy', why: 'expires' },
        { dataset: 'sales', table: 'tmp_orders', why: 'ignored' },
        { dataset: 'scratch', table: null, why: 'ignored' },
      ],
    });
    expect(Object.keys(await readFiles(out))).toEqual(['sales/orders.json']);
  });

  test('is pulled all the same where it is named', async () => {
    const selection = [
      { dataset: 'sales', table: 'copy' },
      { dataset: 'sales', table: 'tmp_orders' },
      { dataset: 'scratch', table: null },
    ];
    const { out, result } = await play(recorded, { policy, selection });
    expect(result).toEqual({
      ...nothing,
      written: ['sales/copy.json', 'sales/tmp_orders.json', 'scratch/a.json'],
    });
    expect(await contentOf(out, 'sales/copy.json')).toMatchObject({ expirationTime: '1774915200000' });
  });

  test('is compared with the file that declares it', async () => {
    const expected = {
      'sales/copy.json': { expirationTime: null },
      'sales/tmp_orders.json': { type: 'VIEW' },
    };
    const { result } = await play(recorded, { policy, expected });
    expect(result.kept).toEqual([
      {
        file: 'sales/copy.json',
        why: 'differs: table-expiration',
        weakened: ['the table is deleted sooner: never → 2026-03-31 00:00 UTC'],
      },
      { file: 'sales/tmp_orders.json', why: 'differs: table-type', weakened: [] },
    ]);
  });

  test('is a hidden dataset even where it is named', async () => {
    const { result } = await play(recorded, { selection: [{ dataset: '_hidden', table: null }] });
    expect(result).toEqual({
      ...nothing,
      refused: [{ dataset: '_hidden', table: null, why: 'a hidden dataset is never declared' }],
    });
  });
});

describe('a date-sharded table', () => {
  const shard = (...names: readonly string[]) =>
    table({ schema: { fields: names.map((name) => ({ name, type: 'STRING' })) } });

  test('is one file made from the newest shard, and what is no shard is a table of its own', async () => {
    const { out, result } = await play({
      'ga/events_20260301.json': shard('a'),
      'ga/events_20260302.json': shard('a', 'b'),
      'ga/events_20261399.json': shard('not_a_day'),
      'ga/events_intraday_20260303.json': shard('a', 'b', 'c'),
      'ga/events20260303.json': shard('no_underscore'),
    });
    expect(result.written).toEqual([
      'ga/events20260303.json',
      'ga/events_20261399.json',
      'ga/events_YYYYMMDD.json',
      'ga/events_intraday_YYYYMMDD.json',
    ]);
    expect(await contentOf(out, 'ga/events_YYYYMMDD.json')).toMatchObject({
      schema: { fields: [{ name: 'a' }, { name: 'b' }] },
    });
  });

  test('stays where its shards expire one by one, but one that is alone goes', async () => {
    const passing = table({ expirationTime: '1774915200000' });
    const { result } = await play({
      'ga/events_20260301.json': passing,
      'ga/events_20260302.json': passing,
      'ga/backup_20260301.json': passing,
    });
    expect(result).toEqual({
      ...nothing,
      written: ['ga/events_YYYYMMDD.json'],
      skipped: [{ dataset: 'ga', table: 'backup_YYYYMMDD', why: 'expires' }],
    });
  });

  test('is made from the next shard where the newest is gone by then', async () => {
    const warehouse = warehouseOf({
      ga: { resource: { location: 'EU' }, tables: { events_20260301: shard('a') } },
    });
    const listed = ['events_20260301', 'events_20260302'].map((name) => ({ table: name, type: 'TABLE' }));
    const result = await pullFrom(
      { ...warehouse, listTables: async () => ({ status: 'found', value: listed }) },
      await writeFolder({}),
    );
    expect(result.written).toEqual(['ga.json', 'ga/events_YYYYMMDD.json']);
  });

  test('is pulled by its name, or one shard of it as a table of its own', async () => {
    const recorded = { 'ga/events_20260301.json': shard('a'), 'ga/events_20260302.json': shard('b') };
    const named = (name: string) => ({ selection: [{ dataset: 'ga', table: name }] });
    expect((await play(recorded, named('events_YYYYMMDD'))).result.written).toEqual([
      'ga/events_YYYYMMDD.json',
    ]);
    expect((await play(recorded, named('events_20260301'))).result.written).toEqual([
      'ga/events_20260301.json',
    ]);
    expect((await play(recorded, named('other_YYYYMMDD'))).result).toEqual({
      ...nothing,
      absent: [{ dataset: 'ga', table: 'other_YYYYMMDD' }],
    });
  });

  test('is left out where the policy ignores its name or all of its shards', async () => {
    const recorded = {
      'ga/events_20260301.json': shard('a'),
      'ga/events_20260302.json': shard('b'),
      'ga/tmp_20260301.json': shard('a'),
    };
    const policy = { ignoreUnexpected: ['ga.events_20260302', '*.tmp_YYYYMMDD'] };
    const { out, result } = await play(recorded, { policy });
    expect(result).toEqual({
      ...nothing,
      written: ['ga/events_YYYYMMDD.json'],
      skipped: [{ dataset: 'ga', table: 'tmp_YYYYMMDD', why: 'ignored' }],
    });
    expect(await contentOf(out, 'ga/events_YYYYMMDD.json')).toMatchObject({
      schema: { fields: [{ name: 'b' }] },
    });
  });

  test('is never confused with a table whose real name ends in YYYYMMDD', async () => {
    const { result } = await play({ 'ga/events_YYYYMMDD.json': shard('a') });
    expect(result.refused).toEqual([
      {
        dataset: 'ga',
        table: 'events_YYYYMMDD',
        why: 'in a file its name would mean the shards of a date-sharded table',
      },
    ]);
  });
});

describe('what cannot be read', () => {
  const denied = {
    error: { code: 403, message: 'No.', errors: [{ reason: 'accessDenied', message: 'No.' }] },
  };

  test('is said, and all else is pulled', async () => {
    const { result } = await play({
      'crm.json': denied,
      'crm/customers.json': table(),
      'sales/items.json': denied,
      'sales/lines.json': { schema: { fields: 'none' } },
      'sales/orders.json': table(),
    });
    expect(result).toEqual({
      ...nothing,
      written: ['sales/orders.json'],
      unreadable: [
        { dataset: 'crm', table: null, reason: 'denied', detail: expect.any(String) },
        { dataset: 'sales', table: 'items', reason: 'denied', detail: expect.any(String) },
        { dataset: 'sales', table: 'lines', reason: 'malformed', detail: expect.any(String) },
      ],
    });
  });

  test('is a dataset in a location out of reach', async () => {
    const warehouse = warehouseOf({ sales: { resource: { location: 'EU' }, tables: {} } });
    const listDatasets: Warehouse['listDatasets'] = async () => ({
      status: 'found',
      value: { datasets: ['sales'], unreachable: ['europe-west9'] },
    });
    expect(await pullFrom({ ...warehouse, listDatasets }, await writeFolder({}))).toEqual({
      ...nothing,
      written: ['sales.json'],
      unreadable: [
        {
          dataset: '*',
          table: null,
          reason: 'unavailable',
          detail: 'datasets.list could not reach europe-west9',
        },
      ],
    });
  });

  test('is the list of tables, without which a named table is still read', async () => {
    const warehouse = warehouseOf({ sales: { resource: { location: 'EU' }, tables: { orders: table() } } });
    const unavailable = { status: 'unreadable', reason: 'unavailable', detail: 'HTTP 503' } as const;
    const selection = [
      { dataset: 'sales', table: null },
      { dataset: 'sales', table: 'orders' },
    ];
    const result = await pullFrom(
      { ...warehouse, listTables: async () => unavailable },
      await writeFolder({}),
      { selection },
    );
    expect(result).toEqual({
      ...nothing,
      written: ['sales.json', 'sales/orders.json'],
      unreadable: [
        {
          dataset: 'sales',
          table: null,
          reason: 'unavailable',
          detail: 'its tables could not be listed: HTTP 503',
        },
      ],
    });
  });

  test('is a project that is not there', async () => {
    const listDatasets: Warehouse['listDatasets'] = async () => ({ status: 'absent', detail: 'HTTP 404' });
    await expect(pullFrom({ ...warehouseOf({}), listDatasets }, await writeFolder({}))).rejects.toMatchObject(
      {
        code: 'ProjectNotFound',
      },
    );
  });

  test('is told apart from what was named and is not there', async () => {
    const selection = [
      { dataset: 'nosuch', table: null },
      { dataset: 'sales', table: 'nosuch' },
    ];
    const { result } = await play({ 'sales/orders.json': table() }, { selection });
    expect(result).toEqual({
      ...nothing,
      absent: [
        { dataset: 'nosuch', table: null },
        { dataset: 'sales', table: 'nosuch' },
      ],
    });
  });
});

describe('a hostile name', () => {
  const hostile = [
    '../evil',
    '..',
    '.',
    'a/b',
    'a\\b',
    'a\0b',
    '/etc/passwd',
    'a.b',
    '',
    '\n',
    'x'.repeat(1000),
    'a\u202eb',
  ];

  test('is refused with a reason, and nothing is written outside of the folder', async () => {
    const tables = Object.fromEntries(hostile.map((name) => [name, table()]));
    const parent = await writeFolder({});
    const out = join(parent, 'expected');
    const result = await pullFrom(warehouseOf({ sales: { resource: { location: 'EU' }, tables } }), out);
    expect(result.written).toEqual(['sales.json']);
    expect(result.refused.map(({ table: name }) => name).sort()).toEqual([...hostile].sort());
    expect(result.refused.find(({ table: name }) => name?.length === 1000)?.why).toBe(
      'its file name would have 1005 bytes, of which file systems hold 255',
    );
    expect(Object.keys(await readFiles(parent))).toEqual(['expected/sales.json']);
  });

  test('is refused of a dataset too', async () => {
    const datasets = Object.fromEntries(
      hostile.map((name) => [name, { resource: { location: 'EU' }, tables: { orders: table() } }]),
    );
    const parent = await writeFolder({});
    const result = await pullFrom(warehouseOf(datasets), join(parent, 'expected'));
    expect(result.refused).toHaveLength(hostile.length);
    expect(await readFiles(parent)).toEqual({});
  });

  test('is refused on the command line', async () => {
    const selection = hostile.map((name) => ({ dataset: 'sales', table: name }));
    const { out, result } = await play({ 'sales/orders.json': table() }, { selection });
    expect(result.refused).toHaveLength(hostile.length);
    expect(await readFiles(out)).toEqual({});
  });

  test('is what differs from another in letter case alone', async () => {
    const tables = { orders: table(), Orders: table() };
    const result = await pullFrom(
      warehouseOf({ sales: { resource: { location: 'EU' }, tables } }),
      await writeFolder({}),
    );
    expect(result.written).toEqual(['sales.json', 'sales/Orders.json']);
    expect(result.refused).toEqual([
      {
        dataset: 'sales',
        table: 'orders',
        why: 'its name differs from Orders in letter case alone, which many file systems cannot hold',
      },
    ]);
  });

  test('is not one in another script, with spaces or with dashes', async () => {
    const { result } = await play({ 'sales/注文 2026-03.json': table() });
    expect(result.written).toEqual(['sales/注文 2026-03.json']);
  });
});

test('a link in the place of a folder is refused', async () => {
  const out = await writeFolder({});
  const elsewhere = await writeFolder({});
  await symlink(elsewhere, join(out, 'sales'));
  const result = await pullFrom(await openSnapshot(await writeFolder({ 'sales/orders.json': table() })), out);
  expect(result.refused).toEqual([
    { dataset: 'sales', table: 'orders', why: 'the folder sales is a symbolic link' },
  ]);
  expect(await readFiles(elsewhere)).toEqual({});
});

test('a table that no file can say is refused, since one invalid file stops every check', async () => {
  const fields = [{ name: 'a', type: 'HYPERCUBE' }];
  const { result } = await play({ 'sales/orders.json': table({ schema: { fields } }) });
  expect(result).toEqual({
    ...nothing,
    refused: [
      {
        dataset: 'sales',
        table: 'orders',
        why: 'no file can say it: $.schema.fields[0].type: unknown type "HYPERCUBE"',
      },
    ],
  });
});

test('the policy’s required fields that a table lacks are said, with the exceptions to paste', async () => {
  const fields = [id, { name: 'Created_At', type: 'TIMESTAMP', timestampPrecision: '12' }];
  const requiredFields = [
    { name: 'created_at', type: 'timestamp', except: ['analytics.*'] },
    { name: 'id', type: 'INT64', except: [] },
  ];
  const { result } = await play(
    {
      'analytics/a.json': table(),
      'sales/orders.json': table({ schema: { fields } }),
      'sales/items.json': table(),
      'sales/a_view.json': { ...table(), type: 'VIEW' },
    },
    { requiredFields },
  );
  expect(result.requiredFieldBreaks).toEqual([
    {
      name: 'created_at',
      type: 'timestamp',
      tables: ['sales.items'],
      except: ['analytics.*', 'sales.items'],
    },
    {
      name: 'id',
      type: 'INT64',
      tables: ['analytics.a', 'sales.items', 'sales.orders'],
      except: ['analytics.a', 'sales.items', 'sales.orders'],
    },
  ]);
});

test('files name their JSON Schema where one is reachable', async () => {
  const recorded = { 'sales.json': { location: 'EU' }, 'sales/orders.json': table() };
  const { out } = await play(recorded, { schemas: '../schemas' });
  expect(await contentOf(out, 'sales.json')).toMatchObject({ $schema: '../schemas/dataset.schema.json' });
  expect(await contentOf(out, 'sales/orders.json')).toMatchObject({
    $schema: '../../schemas/table.schema.json',
  });
});

test('an alias gives a dataset its name in the files, in patterns and on the command line', async () => {
  const recorded = {
    'sales.json': { location: 'EU' },
    'sales_staging/tmp.json': table(),
    'sales_staging/orders.json': table(),
  };
  const aliases = new Map([['sales', 'sales_staging']]);
  const policy = { ignoreUnexpected: ['sales.tmp'] };
  expect((await play(recorded, { aliases, policy })).result).toEqual({
    ...nothing,
    written: ['sales/orders.json'],
    skipped: [{ dataset: 'sales_staging', table: 'tmp', why: 'ignored' }],
    refused: [
      {
        dataset: 'sales',
        table: null,
        why: 'its name in the files is that of sales_staging (DATASET_ALIASES)',
      },
    ],
  });
  const selection = [{ dataset: 'sales', table: 'orders' }];
  expect((await play(recorded, { aliases, selection })).result.written).toEqual(['sales/orders.json']);
});

test('progress tells how many tables are done, of those known', async () => {
  const told: string[] = [];
  await play(
    { 'sales/a.json': table(), 'sales/b.json': table(), 'crm/c.json': table() },
    { onProgress: (done, all) => told.push(`${done}/${all}`) },
  );
  expect(told.at(-1)).toBe('3/3');
  expect(told).toHaveLength(5);
});

interface RecordedDataset {
  readonly resource: Resource;
  readonly tables: Readonly<Record<string, Resource>>;
}

function warehouseOf(datasets: Readonly<Record<string, RecordedDataset>>): Warehouse {
  const absent = { status: 'absent', detail: 'HTTP 404 notFound' } as const;
  const read = <T>(value: T | undefined): Read<T> =>
    value === undefined ? absent : { status: 'found', value };
  return {
    listDatasets: async () => ({
      status: 'found',
      value: { datasets: Object.keys(datasets), unreachable: [] },
    }),
    getDataset: async (dataset) => read(datasets[dataset]?.resource),
    listTables: async (dataset) =>
      read(Object.keys(datasets[dataset]?.tables ?? {}).map((name) => ({ table: name, type: 'TABLE' }))),
    getTable: async ({ dataset, table: name }) => read(datasets[dataset]?.tables[name]),
  };
}

/* Resources as BigQuery could answer them: whatever it would refuse is not generated. */

/** The key is left out as often as it is there. */
function maybe(resource: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Resource> {
  return fc.record(resource, { requiredKeys: [] });
}

const word = fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,11}$/);
const prose = fc.string({ unit: 'grapheme', maxLength: 20 });
const digits = (min: number, max: number) => fc.integer({ min, max }).map(String);
const names = fc.uniqueArray(word, { minLength: 1, maxLength: 5, selector: (name) => name.toLowerCase() });
const kmsKey = fc.record({
  kmsKeyName: fc.constantFrom('projects/p/cryptoKeys/k', 'projects/p/cryptoKeys/k/cryptoKeyVersions/7', ''),
});
const labels = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), prose, { maxKeys: 3 });
const collation = fc.constantFrom('', 'und:ci');

const plainType: fc.Arbitrary<Resource> = fc.oneof(
  fc.record({
    type: fc.constantFrom(
      ...[
        'STRING',
        'BYTES',
        'INTEGER',
        'INT64',
        'FLOAT',
        'FLOAT64',
        'NUMERIC',
        'BIGNUMERIC',
        'BOOLEAN',
        'BOOL',
      ],
      ...['TIMESTAMP', 'DATE', 'TIME', 'DATETIME', 'GEOGRAPHY', 'JSON', 'INTERVAL', 'RECORD'],
    ),
  }),
  fc.record({ type: fc.constantFrom('STRING', 'BYTES'), maxLength: digits(1, 1000) }),
  fc.record({ type: fc.constantFrom('NUMERIC', 'BIGNUMERIC'), precision: digits(1, 38) }).chain((type) =>
    fc.oneof(
      fc.constant(type),
      digits(0, 9).map((scale) => ({ ...type, scale })),
    ),
  ),
  fc.constantFrom(
    { type: 'NUMERIC', precision: '38', scale: '9' },
    { type: 'TIMESTAMP', timestampPrecision: '12' },
  ),
  fc
    .constantFrom('DATE', 'DATETIME', 'TIMESTAMP')
    .map((type) => ({ type: 'RANGE', rangeElementType: { type } })),
);

const fieldSettings = maybe({
  mode: fc.constantFrom('NULLABLE', 'REQUIRED', 'REPEATED'),
  description: prose,
  policyTags: fc.constantFrom({}, { names: [] }, { names: ['taxonomies/1/policyTags/2'] }),
  dataPolicies: fc.constantFrom([], [{ name: 'dataPolicies/mask' }]),
  defaultValueExpression: fc.constantFrom("'x'", 'CURRENT_TIMESTAMP( )', 'GENERATE_UUID()'),
  collation,
  roundingMode: fc.constantFrom('ROUNDING_MODE_UNSPECIFIED', 'ROUND_HALF_EVEN'),
  categories: fc.constant({ names: [] }),
  dataGovernanceTagsInfo: fc.constant({}),
});

function fieldsTo(depth: number): fc.Arbitrary<readonly Resource[]> {
  return names.chain((list) =>
    fc.tuple(
      ...list.map((name) =>
        fc
          .tuple(
            fieldSettings,
            depth > 1
              ? fc.oneof(
                  { weight: 3, arbitrary: plainType },
                  {
                    weight: 1,
                    arbitrary: fieldsTo(depth - 1).map((fields): Resource => ({ type: 'RECORD', fields })),
                  },
                )
              : plainType,
          )
          .map(([settings, type]): Resource => ({ name, ...settings, ...type })),
      ),
    ),
  );
}

const columns = (fields: readonly Resource[], ...types: readonly string[]) =>
  fields
    .filter(({ type, mode }) => types.includes(String(type)) && mode !== 'REPEATED')
    .map(({ name }) => String(name));

function partitioningOf(fields: readonly Resource[]): fc.Arbitrary<Resource> {
  const byTime = columns(fields, 'TIMESTAMP', 'DATETIME', 'DATE');
  const byRange = columns(fields, 'INTEGER', 'INT64');
  const expirationMs = fc.option(digits(1, 1e12));
  const time = fc
    .record({
      type: fc.constantFrom('DAY', 'MONTH', 'YEAR'),
      field: fc.constantFrom(undefined, ...byTime),
      expirationMs,
      requirePartitionFilter: fc.constantFrom(undefined, true, false),
    })
    .map(({ field, expirationMs: ms, requirePartitionFilter, ...rest }) => ({
      timePartitioning: {
        ...rest,
        ...(field === undefined ? {} : { field }),
        ...(ms === null ? {} : { expirationMs: ms }),
        ...(requirePartitionFilter === undefined ? {} : { requirePartitionFilter }),
      },
    }));
  const hourly = fc.constant({ timePartitioning: { type: 'HOUR' } });
  const ranges = byRange.map((field) =>
    fc.constant({ rangePartitioning: { field, range: { end: '100', interval: '10' } } }),
  );
  return fc.oneof(fc.constant({}), time, hourly, ...ranges);
}

const randomTable: fc.Arbitrary<Resource> = fieldsTo(4).chain((fields) => {
  const clusterable = columns(fields, 'STRING', 'INTEGER', 'INT64', 'DATE', 'BOOL', 'RANGE', 'NUMERIC');
  const keys = maybe({
    description: prose,
    friendlyName: prose,
    labels,
    clustering: fc
      .subarray(clusterable.slice(0, 4))
      .map((list) => (list.length === 0 ? undefined : { fields: list })),
    requirePartitionFilter: fc.boolean(),
    encryptionConfiguration: kmsKey,
    defaultCollation: collation,
    maxStaleness: fc.constant('0-0 0 0:15:0'),
    numRows: fc.constant('7'),
    etag: fc.string(),
    streamingBuffer: fc.constant({ estimatedRows: '1' }),
    tableConstraints: maybe({
      primaryKey: names.map((list) => ({ columns: list })),
      foreignKeys: fc.array(
        fc.record({
          name: word,
          referencedTable: fc.record({ projectId: word, datasetId: word, tableId: word }),
          columnReferences: fc.array(fc.record({ referencingColumn: word, referencedColumn: word }), {
            minLength: 1,
            maxLength: 2,
          }),
        }),
        { maxLength: 2 },
      ),
    }),
    view: fc.constant({ query: 'SELECT  1 -- one\n', useLegacySql: false }),
    materializedView: fc.constant({ query: "SELECT 'a  b'", enableRefresh: true }),
    externalDataConfiguration: maybe({
      sourceFormat: fc.constantFrom('PARQUET', 'ICEBERG', 'CSV'),
      sourceUris: fc.array(fc.webUrl(), { maxLength: 2 }),
      autodetect: fc.boolean(),
      hivePartitioningOptions: maybe({
        mode: fc.constantFrom('AUTO', 'CUSTOM', ''),
        sourceUriPrefix: fc.webUrl(),
        fields: fc.constant(['dt']),
      }),
    }),
  });
  const type = fc.constantFrom('TABLE', 'VIEW', 'MATERIALIZED_VIEW', 'EXTERNAL', 'SNAPSHOT', undefined);
  return fc
    .tuple(type, keys, partitioningOf(fields))
    .map(([tableType, settings, partitioning]) =>
      withoutUndefined({ type: tableType, schema: { fields }, ...settings, ...partitioning }),
    );
});

function withoutUndefined(resource: Resource): Resource {
  return JSON.parse(JSON.stringify(resource));
}

const randomDataset: fc.Arbitrary<RecordedDataset> = fc.record({
  resource: maybe({
    description: prose,
    labels,
    defaultTableExpirationMs: digits(3_600_000, 1e12),
    defaultPartitionExpirationMs: digits(1, 1e12),
    maxTimeTravelHours: digits(48, 168),
    defaultEncryptionConfiguration: kmsKey,
    defaultCollation: collation,
    isCaseInsensitive: fc.boolean(),
    storageBillingModel: fc.constant('LOGICAL'),
  }).map((settings): Resource => ({ location: 'EU', ...settings })),
  tables: names
    .chain((list) =>
      fc.tuple(...list.map((name) => randomTable.map((resource) => [name, resource] as const))),
    )
    .map((entries) => Object.fromEntries(entries)),
});

const randomWarehouse: fc.Arbitrary<Readonly<Record<string, RecordedDataset>>> = names
  .chain((list) => fc.tuple(...list.map((name) => randomDataset.map((dataset) => [name, dataset] as const))))
  .map((entries) => Object.fromEntries(entries));

describe('what a file protects', () => {
  const DAY = 86_400_000;
  const expected = {
    'sales.json': {
      defaultPartitionExpirationMs: null,
      maxTimeTravelHours: '168',
      defaultEncryptionConfiguration: { kmsKeyName: 'k' },
    },
    'sales/orders.json': {
      type: 'TABLE',
      schema: { fields: [{ ...id, mode: 'REQUIRED', policyTags: { names: ['t'] } }] },
      timePartitioning: { type: 'DAY', expirationMs: String(90 * DAY), requirePartitionFilter: true },
      encryptionConfiguration: { kmsKeyName: 'k' },
    },
  };
  const recordedLess = {
    'sales.json': {
      kind: 'bigquery#dataset',
      datasetReference: { projectId: 'p', datasetId: 'sales' },
      location: 'EU',
      defaultPartitionExpirationMs: String(7 * DAY),
      maxTimeTravelHours: '48',
    },
    'sales/orders.json': table({
      schema: { fields: [{ ...id, mode: 'NULLABLE' }] },
      timePartitioning: { type: 'DAY', expirationMs: String(7 * DAY) },
      clustering: undefined,
    }),
  };
  const OF_DATASET = [
    'partitions of new tables are deleted sooner: never → 7 days',
    'what is deleted can be restored for less long: 7 days → 2 days',
    'the key k is no longer expected to encrypt it',
  ];
  const OF_TABLE = [
    'field id becomes NULLABLE instead of REQUIRED',
    'field id is no longer protected by t',
    'partitions are deleted sooner: 90 days → 7 days',
    'queries need no partition filter any more',
    'the key k is no longer expected to encrypt it',
  ];

  test('and what is there does not is said before it is replaced, and named when it is', async () => {
    const { result } = await play(recordedLess, { expected });
    expect(result.kept.map(({ weakened }) => [...weakened].sort())).toEqual([
      [...OF_DATASET].sort(),
      [...OF_TABLE].sort(),
    ]);
    const forced = await play(recordedLess, { expected, existing: 'replace' });
    expect(forced.result.weakened.map(({ what }) => what).sort()).toEqual(
      [...OF_DATASET, ...OF_TABLE].sort(),
    );
  });

  test('is named also where another type of table hides it', async () => {
    const view = { 'sales/orders.json': table({ type: 'VIEW', view: { query: 'SELECT 1' } }) };
    const { result } = await play(view, { expected: { 'sales/orders.json': expected['sales/orders.json'] } });
    expect(result.kept[0]?.weakened).toEqual(
      expect.arrayContaining([
        'rows of its own are no longer expected: it is VIEW',
        'field id is no longer protected by t',
        'the key k is no longer expected to encrypt it',
        'the partitioning DAY(_PARTITIONTIME) is no longer expected',
      ]),
    );
  });
});
