import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stoppedClock } from '../../../emulators/clock.ts';
import { loadExpectation } from '../../../src/adapters/folders/expected-files.ts';
import { openSnapshot } from '../../../src/adapters/folders/snapshot-files.ts';
import { check } from '../../../src/app/check/check.ts';
import type { Warehouse } from '../../../src/model/ports.ts';
import { endless } from '../../support/deadline.ts';
import { writeFolder } from '../../support/folder.ts';

const NOW = new Date('2026-11-22T10:17:00Z');
const clock = stoppedClock(NOW);

const table = (type = 'INTEGER', name = 'user_id') => ({
  type: 'TABLE',
  schema: {
    fields: [
      { name, type },
      { name: 'event', type: 'STRING' },
    ],
  },
});

type Tables = Readonly<Record<string, unknown>>;

/** Compares one dataset `ga` with recorded tables, and tells what each table was asked for. */
async function checkTables({
  expected,
  actual,
  policy = {},
  lists,
  remove = {},
}: {
  expected: Tables;
  actual: Tables;
  policy?: unknown;
  /** What each list of the tables has; absent: what is there. */
  lists?: (readonly string[])[];
  /** Which expected file is removed when a table is asked for. */
  remove?: Readonly<Record<string, string>>;
}) {
  const asked: string[] = [];
  const folderOf = (tables: Tables) =>
    Object.fromEntries(Object.entries(tables).map(([name, file]) => [`ga/${name}.json`, file]));
  const expectedFolder = await writeFolder({ ...folderOf(expected), 'drift-policy.json': policy });
  const snapshot = await openSnapshot(
    await writeFolder({ 'ga.json': { location: 'US' }, ...folderOf(actual) }),
  );
  const warehouse: Warehouse = {
    ...snapshot,
    listTables: async (dataset) => {
      const names = lists?.shift();
      if (names === undefined) return snapshot.listTables(dataset);
      return { status: 'found', value: names.map((name) => ({ table: name, type: 'TABLE' })) };
    },
    getTable: async (id, view) => {
      asked.push(id.table);
      const file = remove[id.table];
      if (file !== undefined) await rm(join(expectedFolder, file), { force: true });
      return snapshot.getTable(id, view);
    },
  };
  const expectation = await loadExpectation({ folder: expectedFolder });
  const { report } = await check({
    ...expectation,
    warehouse,
    project: 'p',
    clock,
    confirmMs: 0,
    deadline: endless,
    now: NOW,
  });
  return {
    status: report.status,
    findings: report.findings.map(({ kind, table: name, message, hint }) => ({
      kind,
      table: name,
      message,
      hint,
    })),
    unchecked: report.unchecked.map(({ table: name, reason }) => `${name} ${reason}`),
    warnings: report.warnings,
    asked,
  };
}

const inSync = { status: 'in-sync', findings: [], unchecked: [], warnings: [] };

test('all shards of a prefix are one expectation: the newest is compared, and two are read', async () => {
  const days = Array.from({ length: 28 }, (_, day) => `events_202602${String(day + 1).padStart(2, '0')}`);
  const actual = Object.fromEntries(days.map((name) => [name, table()]));
  const outcome = await checkTables({ expected: { events_YYYYMMDD: table() }, actual });
  expect(outcome).toEqual({ ...inSync, asked: ['events_20260228', 'events_20260227'] });
});

test('drift of the newest shard is told under the declared name, and the message names the shard', async () => {
  const actual = {
    events_20260227: table('STRING'),
    events_20260228: table('STRING', 'userid'),
    events_20260230: table(),
  };
  const outcome = await checkTables({ expected: { events_YYYYMMDD: table('STRING') }, actual });
  expect(outcome.findings).toEqual([
    {
      kind: 'field-missing',
      table: 'events_YYYYMMDD',
      message: 'field user_id is missing: expected STRING, found nothing (in events_20260228)',
      hint: 'Perhaps renamed to userid.',
    },
    {
      kind: 'table-unexpected',
      table: 'events_20260230',
      message: 'no file declares this table: expected nothing, found TABLE',
      hint: null,
    },
    {
      kind: 'field-unexpected',
      table: 'events_YYYYMMDD',
      message: 'field userid is not declared: expected nothing, found STRING (in events_20260228)',
      hint: null,
    },
  ]);
});

test('a type that differs from the shard before is a warning', async () => {
  const actual = { events_20260227: table('STRING'), events_20260228: table() };
  expect(await checkTables({ expected: { events_YYYYMMDD: table() }, actual })).toMatchObject({
    ...inSync,
    warnings: ['ga.events_YYYYMMDD: field user_id is INT64 in events_20260228 and STRING in events_20260227'],
  });
});

test('and a hint where the newest is a finding', async () => {
  const actual = { events_20260227: table('STRING'), events_20260228: table() };
  const { findings, warnings } = await checkTables({
    expected: { events_YYYYMMDD: table('STRING') },
    actual,
  });
  expect({ hints: findings.map(({ kind, hint }) => [kind, hint]), warnings }).toEqual({
    hints: [['field-type', 'It is STRING in events_20260227.']],
    warnings: [],
  });
});

test('a shard that is gone by the time it is read gives way to the next', async () => {
  const gone = { error: { code: 404, errors: [{ reason: 'notFound' }] } };
  const listed = { events_20260226: table(), events_20260227: table() };
  const outcome = await checkTables({
    expected: { events_YYYYMMDD: table() },
    actual: { ...listed, events_20260228: gone },
  });
  expect(outcome).toMatchObject(inSync);
});

test('a newest shard that is denied is unchecked, never the one before in its place', async () => {
  const denied = { error: { code: 403, errors: [{ reason: 'accessDenied' }] } };
  const actual = { events_20260227: table(), events_20260228: denied, other: table() };
  expect(await checkTables({ expected: { events_YYYYMMDD: table(), other: table() }, actual })).toMatchObject(
    {
      status: 'incomplete',
      findings: [],
      unchecked: ['events_YYYYMMDD denied'],
    },
  );
});

test('the table is missing where there is no shard at all', async () => {
  const outcome = await checkTables({
    expected: { events_YYYYMMDD: table() },
    actual: { intraday_20260228: table() },
  });
  expect(outcome.findings.map(({ kind, table: name }) => `${kind} ${name}`)).toEqual([
    'table-missing events_YYYYMMDD',
    'table-unexpected intraday_YYYYMMDD',
  ]);
});

test('undeclared shards of one prefix are one unexpected table, ignored ones aside', async () => {
  const actual = { a_20260101: table(), a_20260102: table(), b_20260101: table(), plain: table() };
  const outcome = await checkTables({
    expected: { plain: table() },
    actual,
    policy: { ignoreUnexpected: ['ga.b_*'] },
  });
  expect(outcome.findings.map(({ kind, table: name }) => `${kind} ${name}`)).toEqual([
    'table-unexpected a_YYYYMMDD',
  ]);
});

test('a missing table is perhaps the one undeclared table with the same fields', async () => {
  const actual = { people: table('STRING', 'name'), customers_v2: table() };
  const { findings } = await checkTables({ expected: { customers: table() }, actual });
  expect(findings.map(({ kind, table: name, hint }) => [kind, name, hint])).toEqual([
    ['table-missing', 'customers', 'Perhaps renamed to customers_v2.'],
    ['table-unexpected', 'customers_v2', null],
    ['table-unexpected', 'people', null],
  ]);
});

test('no rename is guessed between two that are alike', async () => {
  const actual = { customers_v2: table(), customers_v3: table() };
  const { findings } = await checkTables({ expected: { customers: table() }, actual });
  expect(findings[0]?.hint).toBe(
    'What was dropped can be restored by time travel for 7 days after it went: until 2026-11-29 10:17 UTC at the latest.',
  );
});

test('no rename is guessed where the file cannot be read any more', async () => {
  const { findings, unchecked } = await checkTables({
    expected: { customers: table() },
    actual: { customers_v2: table() },
    remove: { customers_v2: 'ga/customers.json' },
  });
  expect([findings.map(({ kind, hint }) => [kind, hint?.slice(0, 7) ?? null]), unchecked]).toEqual([
    [
      ['table-missing', 'What wa'],
      ['table-unexpected', null],
    ],
    [],
  ]);
});

test('no rename is looked for where dozens are lost', async () => {
  const lost = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`lost_${index}`, table('STRING', `f${index}`)]),
    );
  const actual = { moved: table('STRING', 'f7') };
  const few = await checkTables({ expected: lost(50), actual });
  const many = await checkTables({ expected: lost(51), actual });
  const named = ({ findings, asked }: typeof few) => ({
    hints: findings.filter(({ hint }) => hint === 'Perhaps renamed to moved.').map(({ table: name }) => name),
    isAsked: asked.includes('moved'),
  });
  expect([named(few), named(many)]).toEqual([
    { hints: ['lost_7'], isAsked: true },
    { hints: [], isAsked: false },
  ]);
});

test('a table whose file is removed while it is read is unchecked, and the others are not', async () => {
  const outcome = await checkTables({
    expected: { orders: table(), items: table() },
    actual: { orders: table(), items: table() },
    remove: { orders: 'ga/orders.json' },
  });
  expect(outcome).toMatchObject({ status: 'incomplete', findings: [], unchecked: ['orders malformed'] });
});

/** And one that is declared. */
const tooMany = ['plain', ...Array.from({ length: 1001 }, (_, index) => `t${index}x`)];
const plain = { expected: { plain: table() }, actual: { plain: table() } };

describe('more undeclared tables than anybody reads', () => {
  const warnings = ['ga: 1,001 tables that no file declares, too many to list'];
  const finding = {
    kind: 'table-unexpected',
    table: null,
    message: 'no file declares these tables: expected nothing, found more than 1,000 tables',
    hint: null,
  };
  const waivers = (covered: string) => [{ table: covered, until: '2026-12-31', reason: 'being moved' }];

  test.each<{
    readonly name: string;
    readonly policy: object;
    readonly status: string;
    readonly findings: readonly object[];
  }>([
    { name: 'are one note', policy: {}, status: 'in-sync', findings: [finding] },
    {
      name: 'are drift where the policy says so',
      policy: { severities: { 'table-unexpected': 'warning' } },
      status: 'drifted',
      findings: [finding],
    },
    {
      name: 'are nothing where the policy does not look',
      policy: { severities: { 'table-unexpected': 'off' } },
      status: 'in-sync',
      findings: [],
    },
    {
      name: 'are drift where a waiver covers some of them',
      policy: { severities: { 'table-unexpected': 'critical' }, waivers: waivers('ga.t1*') },
      status: 'drifted',
      findings: [finding],
    },
    {
      name: 'are no drift where a waiver covers each of them',
      policy: { severities: { 'table-unexpected': 'critical' }, waivers: waivers('ga.*x') },
      status: 'in-sync',
      findings: [],
    },
  ])('$name', async ({ policy, status, findings }) => {
    const outcome = await checkTables({ ...plain, policy, lists: [tooMany, tooMany] });

    expect(outcome).toMatchObject({ status, findings, unchecked: [], warnings });
  });
});

test('tables that were too many to list and are not when they are listed again are unchecked', async () => {
  const outcome = await checkTables({
    ...plain,
    policy: { severities: { 'table-unexpected': 'warning' } },
    lists: [tooMany, ['plain', 't1x']],
  });

  expect(outcome).toMatchObject({ status: 'incomplete', findings: [], unchecked: ['null unavailable'] });
});
