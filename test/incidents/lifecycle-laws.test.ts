import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AlertEvent } from '../../src/incidents/alert.ts';
import { type DeliveryStatus, emptyState, type Incident, type State } from '../../src/incidents/state.ts';
import { parseState, printState } from '../../src/incidents/state-text.ts';
import { uncheckedKey } from '../../src/incidents/unchecked-incidents.ts';
import type { Change, Finding, Kind } from '../../src/model/finding.ts';
import type { Report } from '../../src/model/report.ts';
import { isAtLeast, SEVERITIES, type Severity } from '../../src/model/severity.ts';
import { valueText } from '../../src/model/value.ts';
import { RUNS } from '../support/runs.ts';
import {
  attempt,
  datasetSight,
  declaredTable,
  finding,
  hour,
  linesOf,
  NONE_UNDECLARED,
  PROJECT,
  policy,
  report,
  type Sent,
  type Sight,
  scanOf,
  type TableSight,
  tableSight,
  unchecked,
  waived,
} from './story.ts';

/*
 * Random histories of one dataset with two tables. What is the case is kept by a ledger of the test's own, which knows
 * the world and nothing of the lifecycle; what Slack was told is kept from the messages that it accepted. The laws hold
 * one against the other.
 */

const TABLES = ['orders', 'items'] as const;
type TableName = (typeof TABLES)[number];

interface TableWorld {
  readonly read: 'present' | 'missing' | 'denied' | 'unavailable';
  /** NUMERIC is expected; `gone`: there is no such column, so that nothing can be said of its type. */
  readonly amount: 'NUMERIC' | 'INT64' | 'STRING' | 'gone';
  /** How much another type matters. */
  readonly weight: Severity;
  readonly isWaived: boolean;
  /** Whether the file declares `amount`. */
  readonly isStated: boolean;
  /** `id` is expected. */
  readonly clustering: 'id' | 'amount';
  /** TABLE is expected; of a view the clustering is not compared. */
  readonly type: 'TABLE' | 'VIEW';
}

interface World {
  readonly dataset: 'present' | 'missing' | 'denied';
  readonly tables: Readonly<Record<TableName, TableWorld>>;
}

const inOrder: TableWorld = {
  read: 'present',
  amount: 'NUMERIC',
  weight: 'warning',
  isWaived: false,
  isStated: true,
  clustering: 'id',
  type: 'TABLE',
};

const peace: World = { dataset: 'present', tables: { orders: inOrder, items: inOrder } };

type Edit = Partial<TableWorld> | Pick<World, 'dataset'>;

const EDITS: readonly Edit[] = [
  { read: 'present' },
  { read: 'present' },
  { read: 'missing' },
  { read: 'denied' },
  { read: 'unavailable' },
  { amount: 'NUMERIC' },
  { amount: 'NUMERIC' },
  { amount: 'INT64' },
  { amount: 'STRING' },
  { amount: 'gone' },
  { weight: 'critical' },
  { weight: 'warning' },
  { weight: 'info' },
  { isWaived: true },
  { isWaived: false },
  { isStated: true },
  { isStated: false },
  { clustering: 'amount' },
  { clustering: 'id' },
  { type: 'VIEW' },
  { type: 'TABLE' },
  { dataset: 'present' },
  { dataset: 'missing' },
  { dataset: 'denied' },
];

function edited(world: World, { table, edit }: { readonly table: TableName; readonly edit: Edit }): World {
  if ('dataset' in edit) return { ...world, ...edit };
  return { ...world, tables: { ...world.tables, [table]: { ...world.tables[table], ...edit } } };
}

/** What an attempt meets. */
interface Step {
  /** Hours since the run before. */
  readonly gap: number;
  readonly attempts: readonly {
    readonly edits: readonly Parameters<typeof edited>[1][];
    /** Whether there is no result. */
    readonly fails: boolean;
    readonly slack: readonly DeliveryStatus[];
  }[];
}

function histories(
  status: fc.Arbitrary<DeliveryStatus>,
  { maxAttempts }: { readonly maxAttempts: number },
): fc.Arbitrary<readonly Step[]> {
  const edit = fc.record({ table: fc.constantFrom(...TABLES), edit: fc.constantFrom(...EDITS) });
  const once = fc.record({
    edits: fc.array(edit, { maxLength: 2 }),
    fails: fc.nat(9).map((chance) => chance === 9),
    slack: fc.array(status, { minLength: 1, maxLength: 3 }),
  });
  return fc.array(
    fc.record({
      gap: fc.constantFrom(1, 1, 1, 1, 3, 5, 9, 25, 30),
      attempts: fc.array(once, { minLength: 1, maxLength: maxAttempts }),
    }),
    { minLength: 1, maxLength: 25 },
  );
}

const sent = fc.constant<DeliveryStatus>('sent');
const anyFate = fc.constantFrom<DeliveryStatus>('sent', 'sent', 'refused', 'unknown');
const READABLE = [
  { table: 'orders', edit: { read: 'present' } },
  { table: 'items', edit: { read: 'present' } },
  { table: 'items', edit: { dataset: 'present' } },
] as const;
/** All can be read, nothing happens any more, Slack accepts what it gets, and even what flaps is due. */
const QUIET: readonly Step[] = [1, 1, 25, 1, 1].map((gap) => ({
  gap,
  attempts: [{ edits: READABLE, fails: false, slack: ['sent'] }],
}));

/** A table of a dataset that may not be read can be seen only when it answers by name. */
function readOf({ dataset, tables }: World, table: TableName): TableWorld['read'] {
  const { read } = tables[table];
  if (dataset === 'missing') return 'missing';
  return dataset === 'denied' && read === 'missing' ? 'denied' : read;
}

const of = (table: TableName) => ({
  'table-missing': finding('table-missing', { table, expected: 'TABLE', actual: null }),
  'table-type': finding('table-type', { table, expected: 'TABLE' }),
  clustering: finding('clustering', { table, expected: 'id' }),
  'field-missing': finding('field-missing', { table, expected: 'NUMERIC', actual: null }),
  'field-type': finding('field-type', { table, expected: 'NUMERIC' }),
});
const FINDINGS = { orders: of('orders'), items: of('items') };

/** Whatever could differ in a table, as it would then be found. */
function findable(table: TableName, { type, amount, weight, clustering }: TableWorld): ReturnType<typeof of> {
  const all = FINDINGS[table];
  return {
    ...all,
    'table-type': { ...all['table-type'], actual: type },
    clustering: { ...all.clustering, actual: clustering },
    'field-type': { ...all['field-type'], severity: weight, actual: amount },
  };
}

function declared(table: TableName, { isStated }: TableWorld) {
  return declaredTable(table, {
    type: 'TABLE',
    clustering: ['id'],
    fields: isStated ? [{ name: 'amount', type: 'NUMERIC', mode: 'NULLABLE' }] : [],
  });
}

const datasetMissing = finding('dataset-missing', { expected: 'DATASET', actual: null });

/** The differences of a table that was read. */
function differences(table: TableName, world: TableWorld): readonly Finding[] {
  const { type, amount, clustering, isStated } = world;
  const all = findable(table, world);
  return [
    ...(type === 'VIEW' ? [all['table-type']] : []),
    ...(type === 'TABLE' && clustering !== 'id' ? [all.clustering] : []),
    ...(isStated && amount === 'gone' ? [all['field-missing']] : []),
    ...(isStated && (amount === 'INT64' || amount === 'STRING') ? [all['field-type']] : []),
  ];
}

function isCovered({ path }: Finding, { isWaived }: TableWorld): boolean {
  return isWaived && path !== null;
}

function changeOf({ kind, path, expected, actual }: Finding): Change {
  return { kind, path, expected, actual };
}

/** What a run sees of the world. */
function look(world: World): {
  readonly report: Report;
  readonly scan: Sight;
  readonly alertImmediately: boolean;
} {
  const isMissing = world.dataset === 'missing';
  const reads = TABLES.map((table) => ({ table, about: world.tables[table], read: readOf(world, table) }));
  const found = reads.flatMap(({ table, about, read }) => {
    if (read === 'missing') return isMissing ? [] : [findable(table, about)['table-missing']];
    return read === 'present' ? differences(table, about) : [];
  });
  const covered = new Set(
    reads.flatMap(({ about, table }) => found.filter((f) => f.table === table && isCovered(f, about))),
  );
  const tables = reads.map(
    ({ table, about, read }): TableSight =>
      tableSight(declared(table, about), {
        status: read === 'present' || read === 'missing' ? read : 'unreadable',
        ...(read === 'denied' || read === 'unavailable' ? { reason: read } : {}),
        changes: read === 'present' ? differences(table, about).map(changeOf) : [],
      }),
  );
  const unread = reads.filter(({ read }) => read === 'denied' || read === 'unavailable');
  const own = world.dataset === 'denied' ? [unchecked({ table: null })] : [];
  const ofTables = unread.map(({ table, read }) =>
    unchecked({ table, reason: read === 'denied' ? 'denied' : 'unavailable' }),
  );
  const isNothingRead = own.length > 0 && unread.length === TABLES.length;
  return {
    report: report({
      findings: [...(isMissing ? [datasetMissing] : []), ...found.filter((f) => !covered.has(f))],
      waived: [...covered].map((f) => waived(f)),
      unchecked: isNothingRead ? own : [...own, ...ofTables],
    }),
    scan: scanOf([
      datasetSight('sales', tables, {
        status: world.dataset === 'denied' ? 'unreadable' : world.dataset,
        undeclaredTables: { ...NONE_UNDECLARED, isComplete: world.dataset === 'present' },
      }),
    ]),
    alertImmediately: unread.length === TABLES.length,
  };
}

type Truth =
  | { readonly is: 'found'; readonly severity: Severity; readonly actual: string | null }
  /** Not told: less than what is. Of what was unchecked: it is missing, which is told as that. */
  | { readonly is: 'below' }
  | { readonly is: 'waived' | 'repaired' | 'not-expected' }
  /** Of what was unchecked, where Slack knows already that it is missing. */
  | { readonly is: 'missing' }
  /** Hidden, or not read. */
  | { readonly is: 'unknown' };

/** What is known of each thing in a run with a result, by the key it is remembered under. */
function truths(world: World, { heard, lives }: Pick<Entry, 'heard' | 'lives'>): ReadonlyMap<string, Truth> {
  const { dataset } = world;
  const missingIs = (found: Finding): Truth => ({
    is: heard.get(found.fingerprint)?.isOpen === true ? 'missing' : 'below',
  });
  const when = (isThere: boolean): Truth['is'] => (isThere ? 'found' : 'repaired');
  const ofTables = TABLES.flatMap((table) => {
    const about = world.tables[table];
    const { type, amount, clustering, isStated } = about;
    const read = readOf(world, table);
    const all = findable(table, about);
    const isRead = read === 'present';
    const missing =
      dataset === 'missing' || read === 'denied' || read === 'unavailable'
        ? 'unknown'
        : when(read === 'missing');
    const stated = (is: Truth['is']) => (isStated ? (isRead ? is : 'unknown') : 'not-expected');
    const typeIs = amount === 'gone' ? 'unknown' : when(amount !== 'NUMERIC');
    const entries: readonly (readonly [Finding, Truth['is']])[] = [
      [all['table-missing'], missing],
      [all['table-type'], isRead ? when(type === 'VIEW') : 'unknown'],
      [all.clustering, isRead && type === 'TABLE' ? when(clustering === 'amount') : 'unknown'],
      [all['field-missing'], stated(when(amount === 'gone'))],
      [all['field-type'], stated(typeIs)],
    ];
    return entries.map(([about_, is]) => [about_.fingerprint, truthOf(about_, is, about)] as const);
  });
  const isNothingRead = dataset === 'denied' && TABLES.every((table) => readOf(world, table) !== 'present');
  const unread = TABLES.map((table): readonly [string, Truth] => {
    const read = readOf(world, table);
    const key = uncheckedKey({ dataset: 'sales', table });
    if (read === 'present') return [key, { is: 'repaired' }];
    const lost =
      dataset === 'missing' ? datasetMissing : findable(table, world.tables[table])['table-missing'];
    if (read === 'missing') return [key, missingIs(lost)];
    return [key, isNothingRead ? { is: 'unknown' } : UNREAD];
  });
  // That its tables are lost too is another thing than that it may not be read itself.
  const isAllDenied = TABLES.every((table) => readOf(world, table) === 'denied');
  const ownKey = uncheckedKey({ dataset: 'sales', table: null });
  const before = lives.get(ownKey);
  // What gives no answer is not known to be readable again.
  const isStillAll =
    before?.isOpen === true &&
    before.actual === 'dataset and tables' &&
    TABLES.every((table) => ['denied', 'unavailable'].includes(readOf(world, table)));
  const denied: Truth = {
    ...UNREAD,
    actual: isAllDenied || isStillAll ? 'dataset and tables' : 'dataset',
  };
  const own: Truth =
    dataset === 'denied' ? denied : dataset === 'missing' ? missingIs(datasetMissing) : { is: 'repaired' };
  const datasetIs = dataset === 'denied' ? 'unknown' : when(dataset === 'missing');
  return new Map([
    ...ofTables,
    [datasetMissing.fingerprint, truthOf(datasetMissing, datasetIs)],
    ...unread,
    [ownKey, own],
    ['failure', { is: 'repaired' }],
  ]);
}

const UNREAD = { is: 'found', severity: 'warning', actual: null } as const;
const FAILED: ReadonlyMap<string, Truth> = new Map([
  ['failure', { is: 'found', severity: 'critical', actual: 'why' }],
]);

function truthOf({ severity, actual, ...about }: Finding, is: Truth['is'], world?: TableWorld): Truth {
  if (is !== 'found') return { is };
  if (world !== undefined && isCovered({ severity, actual, ...about }, world)) return { is: 'waived' };
  return isAtLeast(severity, policy.minimumSeverity)
    ? { is, severity, actual: valueText(actual) }
    : { is: 'below' };
}

/** What the ledger says of one thing. */
interface Life {
  readonly isOpen: boolean;
  /** How and when it ended the last time. */
  readonly end: { readonly how: Truth['is']; readonly at: Date } | null;
  /** All its openings; `isThird`: or later, within a day; `isTold`: Slack knows of it, or need not. */
  readonly openings: readonly { readonly at: Date; readonly isThird: boolean; readonly isTold: boolean }[];
  /** When what is there became another thing while it was open. */
  readonly changes: readonly Date[];
  /** What there was when it was last seen. */
  readonly severity: Severity;
  readonly actual: string | null;
  /** The runs that saw it since it opened. */
  readonly seenAt: readonly Date[];
}

/** What Slack holds of one thing, by the last message that it accepted. */
interface Heard {
  readonly at: Date;
  readonly isOpen: boolean;
  readonly severity: Severity;
  readonly actual: string | null;
  readonly reminders: number;
}

const DAY_MS = 24 * 3_600_000;

function isWithinADay(then: Date, now: Date): boolean {
  return now.getTime() - then.getTime() < DAY_MS;
}

function lived(
  life: Life | undefined,
  { truth, now, heard }: { readonly truth: Truth; readonly now: Date; readonly heard: Heard | undefined },
): Life | undefined {
  if (truth.is === 'unknown') return life;
  if (truth.is !== 'found') {
    if (life === undefined || !life.isOpen) return life;
    const openings = life.openings.map((opening) => ({
      ...opening,
      isTold: opening.isTold || truth.is === 'below',
    }));
    return { ...life, isOpen: false, openings, end: { how: truth.is, at: now } };
  }
  const { severity, actual } = truth;
  if (life?.isOpen) {
    const changes = life.actual === actual ? life.changes : [...life.changes, now];
    const last = life.seenAt.at(-1);
    const seenAt = last?.getTime() === now.getTime() ? life.seenAt : [...life.seenAt, now];
    return { ...life, severity, actual, changes, seenAt };
  }
  const before = life?.openings ?? [];
  const isThird = before.filter(({ at }) => isWithinADay(at, now)).length >= 2;
  // What Slack holds for open need not be told it is.
  const opening = { at: now, isThird, isTold: heard?.isOpen ?? false };
  return {
    isOpen: true,
    end: null,
    openings: [...before, opening],
    changes: [],
    severity,
    actual,
    seenAt: [now],
  };
}

function isFlapping({ openings, changes, isOpen }: Life, now: Date): boolean {
  const last = openings.at(-1);
  const opensAndCloses = last?.isThird === true && isWithinADay(last.at, now);
  return opensAndCloses || (isOpen && changes.filter((change) => isWithinADay(change, now)).length >= 3);
}

interface Told {
  readonly key: string;
  readonly news: AlertEvent;
  readonly record: Incident<unknown>;
}

function toldIn({ alert }: Sent): readonly Told[] {
  return [...alert.findings, ...alert.unchecked, ...alert.failures].map(({ event: news, record }) => ({
    key: record.key,
    news,
    record,
  }));
}

/** One attempt, with all that is known of it. */
interface Entry {
  readonly now: Date;
  readonly world: World;
  readonly hasResult: boolean;
  readonly alertImmediately: boolean;
  readonly truth: ReadonlyMap<string, Truth>;
  /** Before and after what this attempt saw. */
  readonly livesBefore: ReadonlyMap<string, Life>;
  readonly lives: ReadonlyMap<string, Life>;
  /** Before its messages, and after them. */
  readonly heardBefore: ReadonlyMap<string, Heard>;
  readonly heard: ReadonlyMap<string, Heard>;
  readonly sent: readonly Sent[];
  /** Messages of this run that Slack has, or may have, this attempt's included. */
  readonly posts: number;
  /** Whether Slack may have a message of this run without having said so. */
  readonly isDoubtful: boolean;
  readonly state: State;
}

interface Hands {
  /** What becomes of a state between one step and the next. */
  readonly keep?: (state: State) => State;
  /** What becomes of all else that is passed in. */
  readonly show?: <Given>(given: Given) => Given;
}

/** Plays a history and holds the ledger beside it. */
function chronicle(
  history: readonly Step[],
  { keep = (state) => state, show = (given) => given }: Hands = {},
): readonly Entry[] {
  const entries: Entry[] = [];
  let state = keep(emptyState(PROJECT));
  let world = peace;
  let lives: ReadonlyMap<string, Life> = new Map();
  let heard: ReadonlyMap<string, Heard> = new Map();
  let hours = 0;
  for (const { gap, attempts } of history) {
    hours += gap;
    const now = hour(hours);
    let posts = 0;
    let isDoubtful = false;
    for (const { edits, fails, slack } of attempts) {
      world = edits.reduce(edited, world);
      const seen = show({ ...look(world), policy });
      const truth = fails ? FAILED : truths(world, { heard, lives });
      const livesBefore = lives;
      lives = new Map(
        [...new Set([...lives.keys(), ...truth.keys()])].flatMap((key): [string, Life][] => {
          const life = lived(lives.get(key), {
            truth: truth.get(key) ?? { is: 'unknown' },
            now,
            heard: heard.get(key),
          });
          return life === undefined ? [] : [[key, life]];
        }),
      );
      const heardBefore = withoutWord(heard, { truth, livesBefore });
      const failure = { code: 'InvalidFiles', message: 'why' };
      const attempted = attempt(state, { at: now, ...seen, slack, ...(fails ? { failure } : {}) }, keep);
      state = attempted.state;
      heard = heardBefore;
      for (const message of attempted.sent) {
        if (message.status !== 'refused') posts += 1;
        if (message.status === 'unknown') isDoubtful = true;
        if (message.status !== 'sent') continue;
        const told = toldIn(message);
        heard = new Map([
          ...heard,
          ...told.map((item): [string, Heard] => [item.key, heardOf(item, heard.get(item.key), now)]),
        ]);
        const keys = new Set(told.map(({ key }) => key));
        lives = new Map([...lives].map(([key, life]) => [key, keys.has(key) ? toldAll(life) : life]));
      }
      entries.push({
        now,
        world,
        hasResult: !fails,
        alertImmediately: seen.alertImmediately,
        truth,
        livesBefore,
        lives,
        heardBefore,
        heard,
        sent: attempted.sent,
        posts,
        isDoubtful,
        state,
      });
    }
  }
  return entries;
}

/** What ends or falls without a word is no longer what Slack was told. */
function withoutWord(
  heard: ReadonlyMap<string, Heard>,
  { truth, livesBefore }: Pick<Entry, 'truth' | 'livesBefore'>,
): ReadonlyMap<string, Heard> {
  return new Map(
    [...heard].flatMap(([key, word]): [string, Heard][] => {
      const known = truth.get(key);
      if (known?.is === 'below' && livesBefore.get(key)?.isOpen === true) return [];
      if (known?.is !== 'found') return [[key, word]];
      const actual = isLess(known.actual, word.actual) ? known.actual : word.actual;
      return [[key, { ...word, severity: lesser(word.severity, known.severity), actual }]];
    }),
  );
}

/** That the tables can be read again, but not their dataset. */
function isLess(actual: string | null, told: string | null): boolean {
  return actual === 'dataset' && told === 'dataset and tables';
}

function lesser(severity: Severity, other: Severity): Severity {
  return isAtLeast(severity, other) ? other : severity;
}

function heardOf({ news, record }: Told, before: Heard | undefined, at: Date): Heard {
  const { severity, actual, resolution: closing } = record;
  const isReminder = news === 'reminded' || news === 'flapping';
  const reminders = isReminder ? (before?.reminders ?? 0) + 1 : 0;
  return { at, isOpen: closing === null, severity, actual, reminders };
}

function toldAll(life: Life): Life {
  return { ...life, openings: life.openings.map((opening) => ({ ...opening, isTold: true })) };
}

/** What was accepted in an attempt. */
function accepted({ sent: messages }: Entry): readonly Told[] {
  return messages.filter(({ status }) => status === 'sent').flatMap(toldIn);
}

const isUnchecked = (key: string) => key.startsWith('[');

function law(
  history: fc.Arbitrary<readonly Step[]>,
  violations: (entries: readonly Entry[], history: readonly Step[]) => readonly unknown[],
): void {
  fc.assert(
    fc.property(history, (steps) => {
      expect(violations(chronicle(steps), steps)).toEqual([]);
    }),
    RUNS,
  );
}

/** The least time from what was last told to the next reminder: it doubles up to a day, or to what policy says beyond. */
function leastWaitMs({ severity, reminders }: Pick<Heard, 'severity' | 'reminders'>): number {
  const remindAfter = policy.alerts.remindAfterMs[severity] ?? DAY_MS;
  return Math.min(remindAfter * 2 ** reminders, Math.max(DAY_MS, remindAfter)) - 10 * 60_000;
}

/** Whether Slack, had it room, knows of this thing what is the case. */
function isTrue(life: Life, heard: Heard | undefined): boolean {
  if (!life.isOpen) return heard?.isOpen !== true;
  return heard?.isOpen === true && heard.severity === life.severity && heard.actual === life.actual;
}

/** For what never was. */
const NEVER: Life = {
  isOpen: false,
  end: null,
  openings: [],
  changes: [],
  severity: 'info',
  actual: null,
  seenAt: [],
};

/** Whether the last of these attempts, or one before it since the table cannot be read, is one to tell that in. */
function isRipe(entries: readonly Entry[], key: string): boolean {
  const openings = entries.at(-1)?.lives.get(key)?.openings.length;
  return entries.some((entry, index) => {
    const life = entry.lives.get(key);
    const isSame = life?.isOpen === true && life.openings.length === openings;
    if (!isSame || entry.truth.get(key)?.is !== 'found') return false;
    return (
      entry.alertImmediately || life.seenAt.length >= 2 || isLost(entries.slice(0, index), { entry, key })
    );
  });
}

/** Denied, and readable in an attempt at this run or in the one with a result before; of a dataset, itself or by its tables. */
function isLost(
  before: readonly Entry[],
  { entry, key }: { readonly entry: Entry; readonly key: string },
): boolean {
  const results = before.filter(({ hasResult }) => hasResult);
  const now = entry.now.getTime();
  const runAt = results.findLast((other) => other.now.getTime() !== now)?.now.getTime();
  const worlds = results
    .filter((other) => [now, runAt].includes(other.now.getTime()))
    .map(({ world }) => world);
  const table = TABLES.find((name) => uncheckedKey({ dataset: 'sales', table: name }) === key);
  if (table !== undefined) {
    const isDenied = readOf(entry.world, table) === 'denied';
    return isDenied && worlds.some((world) => readOf(world, table) === 'present');
  }
  const isAnyRead = (world: World) => TABLES.some((name) => readOf(world, name) === 'present');
  const isAllDenied = TABLES.every((name) => readOf(entry.world, name) === 'denied');
  const wasRead = (world: World) => world.dataset === 'present' || (isAnyRead(world) && isAllDenied);
  return entry.world.dataset === 'denied' && worlds.some(wasRead);
}

/** Throws where anybody writes to it. */
function frozen<Given>(given: Given): Given {
  if (typeof given !== 'object' || given === null || Object.isFrozen(given)) return given;
  if (given instanceof Map || given instanceof Set) {
    const refuse = () => {
      throw new Error('what was passed in is altered');
    };
    Object.assign(given, { set: refuse, add: refuse, delete: refuse, clear: refuse });
    for (const [key, value] of given.entries()) {
      frozen(key);
      frozen(value);
    }
  } else {
    for (const value of Object.values(given)) frozen(value);
  }
  return Object.freeze(given);
}

const LOSSES: readonly Kind[] = ['dataset-missing', 'table-missing', 'field-missing'];

describe('over random histories', () => {
  const faulty = histories(anyFate, { maxAttempts: 3 });

  test('every opening is told, however often Slack fails, once it accepts again', () => {
    law(
      faulty.map((history) => [...history, ...QUIET]),
      (entries) => {
        const last = entries.at(-1);
        return [...(last?.lives ?? [])].flatMap(([key, { openings, isOpen }]) => {
          const isHidden = isOpen && last?.truth.get(key)?.is === 'unknown';
          // A table that could not be read once is not yet worth telling.
          if (isHidden || isUnchecked(key)) return [];
          return openings.filter(({ isTold }) => !isTold).map(({ at }) => ({ key, at, isOpen }));
        });
      },
    );
  });

  test('a message names each opening that Slack has not heard of', () => {
    law(faulty, (entries) =>
      entries.flatMap((entry) =>
        entry.sent.flatMap(toldIn).flatMap(({ key, record }) => {
          const named = new Set(record.episodes.map(({ openedAt }) => openedAt));
          const before = entry.livesBefore.get(key)?.openings ?? [];
          return before
            .filter(({ isTold, at }) => !isTold && !isUnchecked(key) && !named.has(at.toISOString()))
            .map(({ at }) => ({ now: entry.now, key, at }));
        }),
      ),
    );
  });

  test('where Slack never fails, each opening is told in its own run and never again, one that flaps in the digest only', () => {
    law(histories(sent, { maxAttempts: 1 }), (entries) =>
      entries.flatMap((entry) => {
        const opened = [...entry.lives].filter(([key, { openings }]) => {
          const isNew = openings.length > (entry.livesBefore.get(key)?.openings.length ?? 0);
          const isHeld = entry.heardBefore.get(key)?.isOpen === true;
          return isNew && !isHeld && openings.at(-1)?.isThird === false && !isUnchecked(key);
        });
        const told = accepted(entry).filter(({ key, news }) => news === 'opened' && !isUnchecked(key));
        const due = opened.map(([key]) => key).sort();
        const heard = told.map(({ key }) => key).sort();
        return JSON.stringify(due) === JSON.stringify(heard) ? [] : [{ now: entry.now, due, heard }];
      }),
    );
  });

  test('where Slack never fails, no opening is told twice over the attempts at a run', () => {
    law(histories(sent, { maxAttempts: 3 }), (entries) => {
      const told = entries.flatMap((entry) =>
        accepted(entry)
          .filter(({ news }) => news === 'opened')
          .map(({ key }) => `${key} ${entry.lives.get(key)?.openings.length}`),
      );
      return told.filter((opening, index) => told.indexOf(opening) !== index);
    });
  });

  test('only what a run read and found equal is told as repaired, and only what the files no longer say as that', () => {
    law(faulty, (entries) =>
      entries.flatMap((entry) =>
        entry.sent.flatMap(toldIn).flatMap(({ key, record }) => {
          const { resolution: closing, episodes } = record;
          if (closing === null) return [];
          const life = entry.lives.get(key);
          const isSo =
            life?.isOpen === false &&
            life.end?.how === closing.reason &&
            life.end.at.toISOString() === episodes.at(-1)?.closedAt;
          return isSo ? [] : [{ now: entry.now, key, closing, life }];
        }),
      ),
    );
  });

  test('nothing is told without a change of state but reminders, and none of those before it is due', () => {
    law(faulty, (entries) =>
      entries.flatMap((entry) =>
        entry.sent.flatMap(toldIn).flatMap(({ key, news, record }) => {
          const word = entry.heardBefore.get(key);
          const { severity, actual, resolution: closing } = record;
          const isOver = closing !== null;
          const isUntold = entry.livesBefore.get(key)?.openings.some(({ isTold }) => !isTold) === true;
          const isDue =
            word === undefined ||
            entry.now.getTime() - word.at.getTime() >= leastWaitMs({ ...word, severity });
          const isLess =
            word !== undefined && SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(word.severity);
          const isNews: Readonly<Record<AlertEvent, boolean>> = {
            opened: !isOver && word?.isOpen !== true,
            escalated: !isOver && word?.isOpen === true && isLess,
            changed: !isOver && word?.isOpen === true && word.actual !== actual,
            reminded: !isOver && word?.isOpen === true && word.actual === actual && !isLess && isDue,
            flapping: isDue && isFlapping(entry.lives.get(key) ?? NEVER, entry.now),
            closed: isOver && (word?.isOpen === true || isUntold),
          };
          return isNews[news] ? [] : [{ now: entry.now, key, news, word, record }];
        }),
      ),
    );
  });

  test('what is told as open was seen by that very attempt', () => {
    law(faulty, (entries) =>
      entries.flatMap(({ now, truth, sent: messages }) =>
        messages
          .flatMap(toldIn)
          .filter(({ key, record }) => record.resolution === null && truth.get(key)?.is !== 'found')
          .map(({ key, news }) => ({ now, key, news })),
      ),
    );
  });

  test('what Slack may have of a run is not sent again by another attempt at it', () => {
    law(faulty, (entries) => {
      const messages = entries.flatMap(({ now, sent: all }, index) =>
        all.map((message) => ({ now, index, message })),
      );
      return messages.flatMap(({ now, index, message: { alert, status } }) => {
        if (status !== 'unknown') return [];
        const keys = new Set(toldIn({ alert, status }).map(({ key }) => key));
        const again = messages.filter(
          (later) => later.now.getTime() === now.getTime() && later.index > index,
        );
        return again
          .filter(({ message }) => message.alert.topic === alert.topic)
          .flatMap(({ message }) => toldIn(message).filter(({ key }) => keys.has(key)))
          .map(({ key, news }) => ({ now, key, news }));
      });
    });
  });

  test('the last good run of what can be lost is one that read the very thing and found it equal', () => {
    law(faulty, (entries) => {
      const good = new Set(
        entries.flatMap(({ now, truth }) =>
          [...truth].flatMap(([key, { is }]) => (is === 'repaired' ? [`${key} ${now.toISOString()}`] : [])),
        ),
      );
      return entries.flatMap(({ now, state }) =>
        state.findings
          .filter(({ subject: about }) => LOSSES.includes(about.kind) && about.lastGoodAt !== null)
          .filter(({ key, subject: about }) => !good.has(`${key} ${about.lastGoodAt}`))
          .map(({ key, subject: about }) => ({ now, key, about })),
      );
    });
  });

  test('a run sends three messages at most, over all its attempts', () => {
    law(faulty, (entries) =>
      entries.filter(({ posts }) => posts > 3).map(({ now, posts }) => ({ now, posts })),
    );
  });

  test('once Slack accepts all there is to tell, it holds what is the case', () => {
    law(faulty, (entries) =>
      entries
        .filter(({ sent: messages, posts, isDoubtful, hasResult }) => {
          const isHeard = messages.every(({ status }) => status === 'sent');
          return isHeard && posts < 3 && !isDoubtful && hasResult;
        })
        .flatMap((entry) =>
          [...entry.lives].flatMap(([key, life]) => {
            const isSeen = !life.isOpen || entry.truth.get(key)?.is === 'found';
            const word = entry.heard.get(key);
            // A table that could not be read once is not yet worth telling.
            if (isUnchecked(key) && life.isOpen) return [];
            if (!isSeen || isFlapping(life, entry.now) || isTrue(life, word)) return [];
            return [{ now: entry.now, key, life, word }];
          }),
        ),
    );
  });

  test('where Slack never fails and there is room, what is open is told again as soon as its wait is over', () => {
    law(histories(sent, { maxAttempts: 2 }), (entries) =>
      entries
        .filter(({ posts }) => posts < 3)
        .flatMap((entry) => {
          const told = new Set(accepted(entry).map(({ key }) => key));
          return [...entry.heardBefore].flatMap(([key, word]) => {
            const life = entry.lives.get(key);
            const isSeen = entry.truth.get(key)?.is === 'found';
            if (life?.isOpen !== true || !isSeen || !word.isOpen || told.has(key)) return [];
            const waited = entry.now.getTime() - word.at.getTime();
            const wait = leastWaitMs({ ...word, severity: life.severity });
            return waited < wait ? [] : [{ now: entry.now, key, word }];
          });
        }),
    );
  });

  test('what flaps is told as it is in the end, within a day after it came to rest', () => {
    law(
      faulty.map((history) => [...history, ...QUIET]),
      (entries) => {
        const last = entries.at(-1);
        return [...(last?.lives ?? [])].flatMap(([key, life]) => {
          const isSeen = !life.isOpen || last?.truth.get(key)?.is === 'found';
          const word = last?.heard.get(key);
          return !isSeen || isTrue(life, word) ? [] : [{ key, life, word }];
        });
      },
    );
  });

  test('what was open for longer than a month is told as over like all else', () => {
    const month: Step = { gap: 40 * 24, attempts: [{ edits: [], fails: false, slack: ['sent'] }] };
    law(
      fc.tuple(faulty, faulty).map((parts) => [...parts[0], ...QUIET, month, ...parts[1], ...QUIET]),
      (entries) =>
        [...(entries.at(-1)?.lives ?? [])].flatMap(([key, life]) => {
          const word = entries.at(-1)?.heard.get(key);
          return life.isOpen || isTrue(life, word) ? [] : [{ key, life, word }];
        }),
    );
  });

  test('a table is told as unchecked when two runs in a row could not read it, or at once when access to it was lost', () => {
    law(histories(sent, { maxAttempts: 2 }), (entries) =>
      entries.flatMap((entry, index) => {
        const known = entries.slice(0, index + 1);
        // What there was no room for is told in the next run.
        if (!entry.hasResult || known.some(({ posts }) => posts >= 3)) return [];
        const isTold = (key: string) =>
          isUnchecked(key) && !isFlapping(entry.lives.get(key) ?? NEVER, entry.now);
        const due = [...entry.lives.keys()].filter((key) => {
          const isSeen = entry.truth.get(key)?.is === 'found';
          const isHeld = entry.heardBefore.get(key)?.isOpen === true;
          return isTold(key) && isSeen && !isHeld && isRipe(known, key);
        });
        const heard = accepted(entry)
          .filter(({ key, news }) => news === 'opened' && isTold(key))
          .map(({ key }) => key);
        return JSON.stringify(due.sort()) === JSON.stringify(heard.sort())
          ? []
          : [{ now: entry.now, due, heard }];
      }),
    );
  });

  test('a state that was saved and read again goes on as it would have', () => {
    fc.assert(
      fc.property(faulty, (history) => {
        const texts = (entries: readonly Entry[]) => entries.map(({ sent: all }) => all.flatMap(linesOf));
        const reread = (state: State) => {
          const parsed = parseState(printState(state), 'slack');
          if (parsed.status === 'invalid') throw new Error(parsed.problem);
          return parsed.state;
        };
        const saved = chronicle(history, { keep: reread });
        const unsaved = chronicle(history);
        expect(texts(saved)).toEqual(texts(unsaved));
        expect(saved.at(-1)?.state).toEqual(unsaved.at(-1)?.state);
      }),
      RUNS,
    );
  });

  test('nothing that is passed in is altered', () => {
    fc.assert(
      fc.property(faulty, (history) => {
        const texts = (entries: readonly Entry[]) => entries.map(({ sent: all }) => all.flatMap(linesOf));
        expect(texts(chronicle(history, { keep: frozen, show: frozen }))).toEqual(texts(chronicle(history)));
      }),
      RUNS,
    );
  });
});
