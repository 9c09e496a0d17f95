import { describe, expect, test } from 'vitest';
import { rememberFailure, rememberRun } from '../../src/incidents/lifecycle.ts';
import { emptyState, type State } from '../../src/incidents/state.ts';
import { uncheckedKey } from '../../src/incidents/unchecked-incidents.ts';
import type { Change, Finding } from '../../src/model/finding.ts';
import type { Policy } from '../../src/model/policy.ts';
import { rememberedText } from '../../src/model/remembered-text.ts';
import type { ExpectedTable } from '../../src/model/table.ts';
import {
  type Attempt,
  attempt,
  type DatasetSight,
  datasetSight,
  declaredTable,
  finding,
  hour,
  linesOf,
  NONE_UNDECLARED,
  PROJECT,
  policy,
  report,
  type Sight,
  scanOf,
  stamp,
  type TableSight,
  tableSight,
  unchecked,
  waived,
} from './story.ts';

const stated: ExpectedTable = {
  type: 'TABLE',
  clustering: ['id'],
  fields: [
    { name: 'id', type: 'STRING', mode: 'REQUIRED' },
    { name: 'amount', type: 'NUMERIC', mode: 'NULLABLE' },
  ],
};

interface Seen {
  readonly orders?: Partial<TableSight>;
  readonly items?: Partial<TableSight>;
  readonly sales?: Partial<DatasetSight>;
  /** What the file of `orders` states. */
  readonly stated?: ExpectedTable;
  readonly undeclaredDatasets?: Sight['undeclaredDatasets'];
}

/** `sales` with `orders` and `items`, all there and as declared but for what is named. */
function seeing({ orders, items, sales, stated: states = stated, undeclaredDatasets }: Seen = {}): Sight {
  const tables = [
    tableSight(declaredTable('orders', states), orders),
    tableSight(declaredTable('items', stated), items),
  ];
  return scanOf(
    [datasetSight('sales', tables, sales)],
    undeclaredDatasets === undefined ? {} : { undeclaredDatasets },
  );
}

/** A run that finds nothing, reads everything and is heard, but for what is named. */
function run(
  hours: number,
  {
    findings = [],
    waived: covered = [],
    unchecked: unread = [],
    scan = seeing(),
    ...about
  }: Partial<Attempt> & {
    readonly findings?: readonly Finding[];
    readonly waived?: readonly Finding[];
    readonly unchecked?: Attempt['report']['unchecked'];
  } = {},
): Attempt {
  return {
    at: hour(hours),
    report: report({ findings, waived: covered.map((f) => waived(f)), unchecked: unread }),
    scan,
    ...about,
  };
}

function failed(hours: number, message = 'orders.json: $.schemaa: unknown key'): Attempt {
  return run(hours, { failure: { code: 'InvalidFiles', message } });
}

/** What Slack is sent in each of these attempts, and what is remembered after the last. */
function play(attempts: readonly Attempt[], from: State = emptyState(PROJECT)) {
  let state = from;
  const told = attempts.map((step) => {
    const { state: after, sent } = attempt(state, step);
    state = after;
    return sent.flatMap(linesOf);
  });
  return { told, state };
}

function told(...attempts: readonly Attempt[]): readonly (readonly string[])[] {
  return play(attempts).told;
}

const typeDiffers = finding('field-type', { expected: 'NUMERIC', actual: 'STRING', severity: 'critical' });
const isGone = finding('field-missing', { expected: 'NUMERIC', actual: null });
const tableMissing = finding('table-missing', { expected: 'TABLE', actual: null });
const datasetMissing = finding('dataset-missing', { expected: 'DATASET', actual: null });

function changeOf({ kind, path, expected, actual }: Finding): Change {
  return { kind, path, expected, actual };
}

describe('findings', () => {
  test('are remembered with what is to be told of them', () => {
    const { state } = play([run(0), run(1, { findings: [typeDiffers] })]);
    expect(state.findings).toEqual([
      {
        key: typeDiffers.fingerprint,
        subject: {
          kind: 'field-type',
          dataset: 'sales',
          table: 'orders',
          path: 'amount',
          expected: 'NUMERIC',
          what: 'it differs',
          lastGoodAt: stamp(0),
          timeTravelHours: 168,
        },
        severity: 'critical',
        actual: 'STRING',
        actualWords: 'that',
        lastSeenAt: stamp(1),
        runs: 1,
        isAlertable: true,
        episodes: [{ openedAt: stamp(1), closedAt: null, isFlapping: false }],
        changes: [],
        resolution: null,
        notifications: {
          slack: {
            at: stamp(1),
            isOpen: true,
            severity: 'critical',
            actual: 'STRING',
            actualWords: 'that',
            reminders: 0,
          },
        },
      },
    ]);
  });

  test('below the least severity that is told are not remembered', () => {
    const lesser = finding('field-description');
    expect(play([run(0, { findings: [lesser] })]).state.findings).toEqual([]);
  });

  test('that are read and found equal are told as repaired', () => {
    expect(told(run(0, { findings: [typeDiffers] }), run(1), run(2))).toEqual([
      ['drift: opened critical field-type sales.orders.amount'],
      ['resolved: closed (repaired) critical field-type sales.orders.amount'],
      [],
    ]);
  });

  test('that the file no longer expects are told as that', () => {
    const accepted = { ...stated, fields: [{ name: 'amount', type: 'STRING', mode: 'NULLABLE' }] };
    expect(told(run(0, { findings: [typeDiffers] }), run(1, { scan: seeing({ stated: accepted }) }))).toEqual(
      [
        ['drift: opened critical field-type sales.orders.amount'],
        ['resolved: closed (not-expected) critical field-type sales.orders.amount'],
      ],
    );
  });

  test('of a kind that policy turns off are told as no longer expected', () => {
    const off: Policy = { ...policy, severities: new Map([['field-type', 'off']]) };
    expect(told(run(0, { findings: [typeDiffers] }), run(1, { policy: off }))).toEqual([
      ['drift: opened critical field-type sales.orders.amount'],
      ['resolved: closed (not-expected) critical field-type sales.orders.amount'],
    ]);
  });

  test('whose severity falls below the least that is told end without a word', () => {
    const lesser = { ...typeDiffers, severity: 'info' } as const;
    expect(
      told(
        run(0, { findings: [typeDiffers] }),
        run(1, { findings: [lesser] }),
        run(2, { findings: [lesser] }),
        run(3),
      ),
    ).toEqual([['drift: opened critical field-type sales.orders.amount'], [], [], []]);
  });

  test('end without a word when policy raises the least severity that is told, and open again when it falls', () => {
    const lesser = { ...typeDiffers, severity: 'warning' } as const;
    const strict: Policy = { ...policy, minimumSeverity: 'critical' };
    expect(
      told(
        run(0, { findings: [lesser] }),
        run(1, { findings: [lesser], policy: strict }),
        run(2, { findings: [lesser] }),
      ),
    ).toEqual([
      ['drift: opened warning field-type sales.orders.amount'],
      [],
      ['drift: opened warning field-type sales.orders.amount'],
    ]);
  });

  test('that are waived are told as waived, never as resolved, and open again when the waiver has lapsed', () => {
    expect(
      told(
        run(0, { findings: [typeDiffers] }),
        run(1, { waived: [typeDiffers] }),
        run(2, { waived: [typeDiffers] }),
        run(30, { waived: [typeDiffers] }),
        run(31, { findings: [typeDiffers] }),
      ),
    ).toEqual([
      ['drift: opened critical field-type sales.orders.amount'],
      ['still-open: closed (waived) critical field-type sales.orders.amount'],
      [],
      [],
      ['drift: opened critical field-type sales.orders.amount'],
    ]);
  });

  test('that are waived before Slack accepted them are told as waived', () => {
    expect(
      told(run(0, { findings: [typeDiffers], slack: ['refused'] }), run(1, { waived: [typeDiffers] })),
    ).toEqual([
      ['drift (refused): opened critical field-type sales.orders.amount'],
      ['still-open: closed (waived) critical field-type sales.orders.amount'],
    ]);
  });

  test('that are repaired while they are waived are told as waived once, and that is all', () => {
    expect(
      told(run(0, { findings: [typeDiffers] }), run(1, { waived: [typeDiffers] }), run(2), run(3)),
    ).toEqual([
      ['drift: opened critical field-type sales.orders.amount'],
      ['still-open: closed (waived) critical field-type sales.orders.amount'],
      [],
      [],
    ]);
  });

  test('that were waived from the first are told when the waiver has lapsed', () => {
    expect(told(run(0, { waived: [typeDiffers] }), run(1, { findings: [typeDiffers] }))).toEqual([
      [],
      ['drift: opened critical field-type sales.orders.amount'],
    ]);
  });

  test('that another one hides are silent, and judged again when that is resolved', () => {
    const gone = seeing({ orders: { status: 'missing', changes: [changeOf(tableMissing)] } });
    const dropped = seeing({ orders: { changes: [changeOf(isGone)] } });
    expect(
      told(
        run(0, { findings: [typeDiffers] }),
        run(1, { findings: [tableMissing], scan: gone }),
        run(30, { findings: [tableMissing], scan: gone }),
        run(31, { findings: [isGone], scan: dropped }),
        run(32, { findings: [typeDiffers] }),
        run(33),
      ),
    ).toEqual([
      ['drift: opened critical field-type sales.orders.amount'],
      ['drift: opened critical table-missing sales.orders'],
      ['still-open: reminded critical table-missing sales.orders'],
      [
        'drift: opened critical field-missing sales.orders.amount',
        'resolved: closed (repaired) critical table-missing sales.orders',
      ],
      [
        'resolved: closed (repaired) critical field-missing sales.orders.amount',
        // It was not reminded of while it was hidden.
        'still-open: reminded critical field-type sales.orders.amount',
      ],
      ['resolved: closed (repaired) critical field-type sales.orders.amount'],
    ]);
  });

  test('of a dataset that is missing are hidden with all that is in it', () => {
    const gone = seeing({
      orders: { status: 'missing' },
      items: { status: 'missing' },
      sales: { status: 'missing', changes: [changeOf(datasetMissing)] },
    });
    expect(
      told(
        run(0, { findings: [typeDiffers] }),
        run(1, { findings: [datasetMissing], scan: gone }),
        run(2, { findings: [typeDiffers] }),
      ),
    ).toEqual([
      ['drift: opened critical field-type sales.orders.amount'],
      ['drift: opened critical dataset-missing sales'],
      ['resolved: closed (repaired) critical dataset-missing sales'],
    ]);
  });

  test('of what could not be read are neither told nor resolved', () => {
    const unread = seeing({ orders: { status: 'unreadable' } });
    expect(
      told(
        run(0, { findings: [typeDiffers] }),
        run(1, { unchecked: [unchecked({ reason: 'unavailable' })], scan: unread }),
        run(2, { findings: [typeDiffers] }),
      ),
    ).toEqual([['drift: opened critical field-type sales.orders.amount'], [], []]);
  });

  test('that differ in their last letter only are told as changed, however long they are', () => {
    const query = `SELECT ${'x, '.repeat(1000)}`;
    const one = finding('view-query', { expected: `${query}y`, actual: `${query}a` });
    const other = { ...one, actual: `${query}b` };
    const { told: lines, state } = play([run(0, { findings: [one] }), run(1, { findings: [other] })]);
    expect({
      lines,
      expected: state.findings[0]?.subject.expected,
      actual: state.findings[0]?.actual,
    }).toEqual({
      lines: [
        ['drift: opened warning view-query sales.orders'],
        ['drift: changed warning view-query sales.orders'],
      ],
      expected: rememberedText(`${query}y`),
      actual: rememberedText(`${query}b`),
    });
  });

  test('of several tables that all go together are told together', () => {
    const items = finding('table-missing', { table: 'items', expected: 'TABLE', actual: null });
    expect(told(run(0, { findings: [items, tableMissing] }))).toEqual([
      [
        'drift: opened critical table-missing sales.items',
        'drift: opened critical table-missing sales.orders',
      ],
    ]);
  });
});

describe('another value', () => {
  const DAY_MS = 24 * 3_600_000;
  const shards = { table: 'events_YYYYMMDD', shard: 'events_20261101' };
  const next = { ...shards, shard: 'events_20261102' };
  const expires = (about: Partial<Finding>, actual: number) =>
    finding('table-expiration', { expected: null, actual: String(actual), ...about });
  const keeps = (about: Partial<Finding>, actual: number) =>
    finding('retention', { expected: String(730 * DAY_MS), actual: String(actual), ...about });

  test.each<{
    readonly name: string;
    readonly before: Finding;
    readonly after: Finding;
    readonly isTold: boolean;
  }>([
    {
      name: 'when the newest shard expires, a day after the one before it',
      before: expires(shards, 1_769_904_000_000),
      after: expires(next, 1_769_990_400_000),
      isTold: false,
    },
    {
      name: 'when a plain table expires',
      before: expires({}, 1_769_904_000_000),
      after: expires({}, 1_769_990_400_000),
      isTold: true,
    },
    {
      name: 'by seconds, of how long the newest shard is kept',
      before: keeps(shards, 30 * DAY_MS - 4000),
      after: keeps(next, 30 * DAY_MS + 5000),
      isTold: false,
    },
    {
      name: 'by a day, of how long the newest shard is kept',
      before: keeps(shards, 30 * DAY_MS),
      after: keeps(next, 29 * DAY_MS),
      isTold: true,
    },
    {
      name: 'by seconds, of how long a plain table is kept',
      before: keeps({}, 30 * DAY_MS - 4000),
      after: keeps({}, 30 * DAY_MS + 5000),
      isTold: true,
    },
  ])('$name, is told as a change: $isTold', ({ before, after, isTold }) => {
    const [, changes = []] = told(run(0, { findings: [before] }), run(1, { findings: [after] }));
    const name = before.shard === undefined ? 'sales.orders' : 'sales.events_YYYYMMDD';
    expect(changes).toEqual(isTold ? [`drift: changed critical ${before.kind} ${name}`] : []);
  });
});

describe('the last good run', () => {
  const lastGoodAt = (attempts: readonly Attempt[]) =>
    play(attempts).state.findings.map(({ subject: about }) => about.lastGoodAt);

  test.each<{ readonly name: string; readonly attempts: readonly Attempt[]; readonly at: string | null }>([
    { name: 'is not known in the first run', attempts: [run(0, { findings: [isGone] })], at: null },
    {
      name: 'is the run before, where that read the table',
      attempts: [run(0), run(1), run(2, { findings: [isGone] })],
      at: stamp(1),
    },
    {
      name: 'is an earlier one, where the run before could not read it',
      attempts: [
        run(0),
        run(1, { scan: seeing({ orders: { status: 'unreadable' } }) }),
        run(2, { findings: [isGone] }),
      ],
      at: stamp(0),
    },
    {
      name: 'is that before the failure, where the run before had no result',
      attempts: [run(0), failed(1), run(2, { findings: [isGone] })],
      at: stamp(0),
    },
    {
      name: 'of a table that is missing is when it was last there',
      attempts: [
        run(0),
        run(1, { findings: [tableMissing], scan: seeing({ orders: { status: 'missing' } }) }),
      ],
      at: stamp(0),
    },
    {
      name: 'of a dataset is when that was last there',
      attempts: [
        run(0),
        run(1, { scan: seeing({ sales: { status: 'unreadable' } }) }),
        run(2, { findings: [datasetMissing], scan: seeing({ sales: { status: 'missing' } }) }),
      ],
      at: stamp(0),
    },
    {
      name: 'is kept while it is open, through reminders and changes',
      attempts: [
        run(0),
        run(1, { findings: [typeDiffers] }),
        run(2, { findings: [{ ...typeDiffers, actual: 'INT64' }] }),
        run(9, { findings: [{ ...typeDiffers, actual: 'INT64' }] }),
      ],
      at: stamp(0),
    },
    {
      name: 'is kept while it is hidden or not read',
      attempts: [
        run(0),
        run(1, { findings: [typeDiffers] }),
        run(2, { scan: seeing({ orders: { status: 'unreadable' } }) }),
        run(3, { findings: [typeDiffers] }),
      ],
      at: stamp(0),
    },
    {
      name: 'is another one when it opens again',
      attempts: [run(0), run(1, { findings: [isGone] }), run(2), run(3), run(4, { findings: [isGone] })],
      at: stamp(3),
    },
    {
      name: 'is none in which it was waived',
      attempts: [
        run(0),
        run(1, { findings: [isGone] }),
        run(2, { waived: [isGone] }),
        run(3, { waived: [isGone] }),
        run(4, { findings: [isGone] }),
      ],
      at: stamp(0),
    },
    {
      name: 'is none in which it was waived for days',
      attempts: [
        run(0),
        run(1, { findings: [isGone] }),
        ...[2, 30, 60, 90].map((hours) => run(hours, { waived: [isGone] })),
        run(91, { findings: [isGone] }),
      ],
      at: stamp(0),
    },
    {
      name: 'is not known of what was waived from the first',
      attempts: [run(0, { waived: [isGone] }), run(1, { waived: [isGone] }), run(2, { findings: [isGone] })],
      at: null,
    },
    {
      name: 'is none in which it was waived, though there were some between that could not read it',
      attempts: [
        run(0),
        run(1, { findings: [isGone] }),
        run(2, { waived: [isGone] }),
        run(3, { scan: seeing({ orders: { status: 'unreadable' } }) }),
        run(4, { waived: [isGone] }),
        run(5, { findings: [isGone] }),
      ],
      at: stamp(0),
    },
    {
      name: 'is not known of what the file states since this run only: nobody knows that it was ever there',
      attempts: [
        run(0, { scan: seeing({ stated: { ...stated, fields: [] } }) }),
        run(1, { findings: [isGone] }),
      ],
      at: null,
    },
    {
      name: 'is not known where the file stopped stating it and stated it again while nobody could read the table',
      attempts: [
        run(0, { findings: [isGone] }),
        run(1, { scan: seeing({ stated: { ...stated, fields: [] }, orders: { status: 'unreadable' } }) }),
        run(2, { scan: seeing({ orders: { status: 'unreadable' } }) }),
        run(3, { findings: [isGone] }),
      ],
      at: null,
    },
    {
      name: 'is not known where the policy had switched its kind off',
      attempts: [
        run(0, { findings: [isGone] }),
        run(1, { policy: { ...policy, severities: new Map([['field-missing', 'off']]) } }),
        run(2, { findings: [isGone] }),
      ],
      at: null,
    },
    {
      name: 'is another one when it was repaired while it was waived',
      attempts: [
        run(0),
        run(1, { findings: [isGone] }),
        run(2, { waived: [isGone] }),
        run(3),
        run(4, { findings: [isGone] }),
      ],
      at: stamp(3),
    },
    {
      name: 'is none in which it was found, and too little to be told',
      attempts: [
        run(0),
        run(1, { findings: [isGone] }),
        run(2, { findings: [{ ...isGone, severity: 'info' }] }),
        run(3, { findings: [isGone] }),
      ],
      at: stamp(0),
    },
  ])('$name', ({ attempts, at }) => {
    expect(lastGoodAt(attempts)).toEqual([at]);
  });

  const keptYears = { retention: { text: 'P2Y', ms: 730 * 86_400_000 } };
  const keeping = (orders: Partial<TableSight> = {}) =>
    scanOf([datasetSight('sales', [tableSight(declaredTable('orders', stated, keptYears), orders)])]);
  const expiresEarly = finding('retention', { expected: String(730 * 86_400_000), actual: '86400000' });

  test.each([{ loss: isGone }, { loss: expiresEarly }])(
    'is none in which it was waived, though its table was missing after that: $loss.kind',
    ({ loss }) => {
      const gone = keeping({ status: 'missing', changes: [changeOf(tableMissing)] });
      const { findings } = play([
        run(0, { scan: keeping() }),
        run(1, { scan: keeping(), waived: [loss] }),
        run(2, { scan: gone, findings: [tableMissing] }),
        run(3, { scan: keeping(), findings: [loss] }),
      ]).state;
      const open = findings.filter(({ resolution: closing }) => closing === null);
      expect(open.map(({ subject: about }) => [about.kind, about.lastGoodAt])).toEqual([
        [loss.kind, stamp(0)],
      ]);
    },
  );
});

const denied = unchecked();
const unavailable = unchecked({ reason: 'unavailable', detail: '503' });
const unread = seeing({ orders: { status: 'unreadable' } });

/** A run that cannot read `orders`. */
function without(hours: number, entry = denied, about: Partial<Attempt> = {}): Attempt {
  return run(hours, { unchecked: [entry], scan: unread, ...about });
}

const salesDenied = unchecked({ table: null });
const allUnread = seeing({
  orders: { status: 'unreadable', reason: 'denied' },
  items: { status: 'unreadable', reason: 'denied' },
  sales: {
    status: 'unreadable',
    undeclaredTables: { isListed: false, isComplete: false, unreadable: new Set() },
  },
});

/** A run that cannot read `sales` nor anything in it. */
function withoutSales(hours: number, about: Partial<Attempt> = {}): Attempt {
  return run(hours, { unchecked: [salesDenied], scan: allUnread, ...about });
}

/** The dataset itself is denied; its tables answer by name. */
const byName = seeing({
  sales: {
    status: 'unreadable',
    undeclaredTables: { isListed: false, isComplete: false, unreadable: new Set() },
  },
});

/** Only the list of the tables of `sales` is denied. */
const unlisted = seeing({
  sales: { undeclaredTables: { isListed: false, isComplete: false, unreadable: new Set() } },
});

const patient: Policy = { ...policy, alerts: { ...policy.alerts, uncheckedAfterRuns: 4 } };

describe('what could not be checked', () => {
  test('is told when it was so in two runs in a row', () => {
    expect(told(without(0), without(1), without(2))).toEqual([
      [],
      ['unchecked: opened denied sales.orders'],
      [],
    ]);
  });

  test('is told in as many runs in a row as policy says', () => {
    const about = { policy: patient };
    expect(
      told(
        ...[0, 1, 2].map((hours) => without(hours, unavailable, about)),
        run(3, about),
        ...[4, 5, 6, 7].map((hours) => without(hours, unavailable, about)),
      ),
    ).toEqual([[], [], [], [], [], [], [], ['unchecked: opened unavailable sales.orders']]);
  });

  test('is told at once where policy says so', () => {
    const hasty: Policy = { ...policy, alerts: { ...policy.alerts, uncheckedAfterRuns: 1 } };
    expect(told(without(0, denied, { policy: hasty }))).toEqual([['unchecked: opened denied sales.orders']]);
  });

  test('is told in the second run, not in the second attempt at the first', () => {
    expect(told(without(0), without(0), without(0), without(1), without(1))).toEqual([
      [],
      [],
      [],
      ['unchecked: opened denied sales.orders'],
      [],
    ]);
  });

  test('is told in the second run also where the first attempt at that had no result', () => {
    expect(told(without(0, unavailable), failed(1), without(1, unavailable))).toEqual([
      [],
      ['drift: opened InvalidFiles'],
      ['unchecked: opened unavailable sales.orders', 'resolved: closed (repaired) InvalidFiles'],
    ]);
  });

  test('is told in the second run also where the first attempt at that could not read its dataset either', () => {
    const unavailableSales = { ...salesDenied, reason: 'unavailable' } as const;
    expect(
      told(
        without(0, unavailable),
        run(1, { unchecked: [unavailableSales], scan: allUnread }),
        without(1, unavailable),
      ),
    ).toEqual([[], [], ['unchecked: opened unavailable sales.orders']]);
  });

  test('is not told where one attempt at the second run could read it', () => {
    expect(told(without(0, unavailable), run(1), without(1, unavailable), run(2))).toEqual([[], [], [], []]);
  });

  test('is told at once when nothing at all could be read', () => {
    expect(told(run(0), withoutSales(1, { alertImmediately: true }))).toEqual([
      [],
      ['unchecked: opened denied, or deleted sales'],
    ]);
  });

  test('is told at once when nothing could be read in the first run', () => {
    expect(told(withoutSales(0, { alertImmediately: true }))).toEqual([['unchecked: opened denied sales']]);
  });

  test.each<{
    readonly name: string;
    readonly attempts: readonly Attempt[];
    readonly last: readonly string[];
  }>([
    {
      name: 'a table that the run before could read is denied: told at once, as perhaps deleted',
      attempts: [run(0), without(1)],
      last: ['unchecked: opened denied, or deleted sales.orders'],
    },
    {
      name: 'a table that the attempt before could read is denied: told at once',
      attempts: [run(0), without(0)],
      last: ['unchecked: opened denied, or deleted sales.orders'],
    },
    {
      name: 'a table that the last run with a result could read is denied: told at once',
      attempts: [run(0), failed(1), without(2)],
      last: ['unchecked: opened denied, or deleted sales.orders', 'resolved: closed (repaired) InvalidFiles'],
    },
    {
      name: 'a dataset that the run before could read is denied: told at once',
      attempts: [run(0), withoutSales(1)],
      last: ['unchecked: opened denied, or deleted sales'],
    },
    {
      name: 'a table that the run before could read is not available: not told yet',
      attempts: [run(0), without(1, unavailable)],
      last: [],
    },
    {
      name: 'a table that the run before could read was out of time: not told yet',
      attempts: [run(0), without(1, unchecked({ reason: 'out-of-time' }))],
      last: [],
    },
    {
      name: 'a table that was missing in the run before is denied: not told yet',
      attempts: [
        run(0),
        run(1, { findings: [tableMissing], scan: seeing({ orders: { status: 'missing' } }) }),
        without(2),
      ],
      last: [],
    },
    {
      name: 'a table that was not available in the run before is denied: told after two runs, as not readable',
      attempts: [run(0), without(1, unavailable), without(2)],
      last: ['unchecked: opened denied sales.orders'],
    },
    {
      name: 'a table is not available to one attempt and denied to the next, and the run before could read it: told at once',
      attempts: [run(0), without(1, unavailable), without(1)],
      last: ['unchecked: opened denied, or deleted sales.orders'],
    },
    {
      name: 'a table is not available to one attempt and denied to the next, and only a run before the last could read it: not told as deleted',
      attempts: [
        run(0),
        without(1, unavailable),
        without(2, unavailable, { slack: ['refused'] }),
        without(2),
      ],
      last: ['unchecked: opened denied sales.orders'],
    },
    {
      name: 'a dataset that was not available in the run before is denied: told after two runs, as not readable',
      attempts: [
        run(0),
        run(1, { unchecked: [{ ...salesDenied, reason: 'unavailable' }], scan: allUnread }),
        withoutSales(2),
      ],
      last: ['unchecked: opened denied sales'],
    },
    {
      name: 'a dataset that only its tables could be read of is denied with them: told at once',
      attempts: [
        run(0, { unchecked: [salesDenied], scan: byName, policy: patient }),
        withoutSales(1, { policy: patient }),
      ],
      last: ['unchecked: opened denied, or deleted sales'],
    },
    {
      name: 'a dataset is denied, and its tables can still be read by name: not told yet',
      attempts: [
        run(0, { unchecked: [salesDenied], scan: byName, policy: patient }),
        run(1, { unchecked: [salesDenied], scan: byName, policy: patient }),
      ],
      last: [],
    },
    {
      name: 'a table of which nothing was ever read is denied: not told yet',
      attempts: [without(0)],
      last: [],
    },
    {
      name: 'only the list of tables is denied: not told yet, since nothing declared is lost',
      attempts: [
        run(0),
        run(1, {
          unchecked: [salesDenied],
          scan: seeing({
            sales: { undeclaredTables: { isListed: false, isComplete: false, unreadable: new Set() } },
          }),
        }),
      ],
      last: [],
    },
    {
      name: 'only the list of datasets is denied: not told yet',
      attempts: [
        run(0),
        run(1, {
          unchecked: [unchecked({ dataset: '*', table: null })],
          scan: seeing({
            undeclaredDatasets: { isListed: false, isComplete: false, unreadable: new Set() },
          }),
        }),
      ],
      last: [],
    },
  ])('$name', ({ attempts, last }) => {
    expect(told(...attempts).at(-1)).toEqual(last);
  });

  test('is told anew with each step from the list of tables to the dataset and to its tables, and not on the way back', () => {
    const seenAs = (hours: number, scan: Sight) => run(hours, { unchecked: [salesDenied], scan });
    expect(
      told(
        seenAs(0, unlisted),
        seenAs(1, unlisted),
        seenAs(2, byName),
        withoutSales(3),
        seenAs(4, unlisted),
        run(5),
        run(6),
      ),
    ).toEqual([
      [],
      ['unchecked: opened denied sales'],
      // Its tables answer, so it is there.
      ['unchecked: changed denied sales'],
      ['unchecked: changed denied, or deleted sales'],
      [],
      ['resolved: closed (repaired) denied sales'],
      [],
    ]);
  });

  test('says nothing more when its tables can be read again, and they alone', () => {
    const named = (hours: number) => run(hours, { unchecked: [salesDenied], scan: byName });
    expect(told(withoutSales(0), withoutSales(1), named(2), named(3), run(4))).toEqual([
      [],
      ['unchecked: opened denied sales'],
      [],
      [],
      ['resolved: closed (repaired) denied sales'],
    ]);
  });

  test.each<{ readonly throttled: readonly ('orders' | 'items')[] }>([
    { throttled: ['items'] },
    { throttled: ['orders', 'items'] },
  ])(
    'of a dataset that is denied all along says nothing more when tables of it are throttled once: $throttled',
    ({ throttled }) => {
      const named = (hours: number) => run(hours, { unchecked: [salesDenied], scan: byName });
      const status: Partial<TableSight> = { status: 'unreadable', reason: 'throttled' };
      const scan = seeing({
        ...Object.fromEntries(throttled.map((table) => [table, status])),
        sales: { status: 'unreadable', undeclaredTables: { ...NONE_UNDECLARED, isListed: false } },
      });
      const entries = throttled.map((table) => unchecked({ table, reason: 'throttled' }));
      expect(
        told(named(0), named(1), run(2, { unchecked: [salesDenied, ...entries], scan }), named(3)),
      ).toEqual([[], ['unchecked: opened denied sales'], [], []]);
    },
  );

  test('of a dataset that is denied with its tables says nothing more when one of them is throttled once', () => {
    const oneThrottled = seeing({
      orders: { status: 'unreadable', reason: 'denied' },
      items: { status: 'unreadable', reason: 'throttled' },
      sales: { status: 'unreadable', undeclaredTables: { ...NONE_UNDECLARED, isListed: false } },
    });
    expect(
      told(
        withoutSales(0),
        withoutSales(1),
        run(2, { unchecked: [salesDenied], scan: oneThrottled }),
        withoutSales(3),
      ),
    ).toEqual([[], ['unchecked: opened denied sales'], [], []]);
  });

  test('stays perhaps deleted while it cannot be read, whatever the reason then', () => {
    expect(told(run(0), without(1), without(30, unavailable))).toEqual([
      [],
      ['unchecked: opened denied, or deleted sales.orders'],
      ['still-open: reminded unavailable, or deleted sales.orders'],
    ]);
  });

  test('is reminded of as a warning is', () => {
    const runs = Array.from({ length: 60 }, (_, hours) => without(hours));
    const lines = told(...runs).flatMap((all, hours) => all.map((line) => `${hours} ${line}`));
    expect(lines).toEqual([
      '1 unchecked: opened denied sales.orders',
      '25 still-open: reminded denied sales.orders',
      '49 still-open: reminded denied sales.orders',
    ]);
  });

  test('is told when it is over', () => {
    expect(told(without(0), without(1), run(2), run(3))).toEqual([
      [],
      ['unchecked: opened denied sales.orders'],
      ['resolved: closed (repaired) denied sales.orders'],
      [],
    ]);
  });

  test('that was over before Slack accepted it is told once', () => {
    expect(told(without(0), without(1, denied, { slack: ['refused'] }), run(2), run(3))).toEqual([
      [],
      ['unchecked (refused): opened denied sales.orders'],
      ['resolved: closed (repaired) denied sales.orders'],
      [],
    ]);
  });

  test('is told when it is over, also when it was told before its time, since it was urgent', () => {
    expect(
      told(
        without(0, unavailable, { policy: patient, alertImmediately: true }),
        without(1, unavailable, { policy: patient }),
        run(2, { policy: patient }),
      ),
    ).toEqual([
      ['unchecked: opened unavailable sales.orders'],
      [],
      ['resolved: closed (repaired) unavailable sales.orders'],
    ]);
  });

  test('that was so once more before Slack heard that it was over is told as over in the end', () => {
    expect(
      told(
        without(0, unavailable),
        without(1, unavailable),
        run(2, { slack: ['refused'] }),
        without(3, unavailable),
        run(4),
        run(5),
      ),
    ).toEqual([
      [],
      ['unchecked: opened unavailable sales.orders'],
      ['resolved (refused): closed (repaired) unavailable sales.orders'],
      [],
      ['resolved: closed (repaired) unavailable sales.orders'],
      [],
    ]);
  });

  test('that was so in one run only is never told', () => {
    expect(told(run(0), without(1, unavailable), run(2), without(3, unavailable), run(4)).flat()).toEqual([]);
  });

  test('that is missing now is told as that, and not as readable again', () => {
    const gone = seeing({ orders: { status: 'missing', changes: [changeOf(tableMissing)] } });
    expect(told(without(0), without(1), run(2, { findings: [tableMissing], scan: gone }), run(3))).toEqual([
      [],
      ['unchecked: opened denied sales.orders'],
      ['drift: opened critical table-missing sales.orders'],
      ['resolved: closed (repaired) critical table-missing sales.orders'],
    ]);
  });

  test('that is missing now is told as over where Slack knew before that it was missing', () => {
    const gone = seeing({ orders: { status: 'missing', changes: [changeOf(tableMissing)] } });
    const missing = (hours: number) => run(hours, { findings: [tableMissing], scan: gone });
    expect(told(missing(0), without(1), without(2), missing(3), missing(4))).toEqual([
      ['drift: opened critical table-missing sales.orders'],
      [],
      ['unchecked: opened denied sales.orders'],
      ['resolved: closed (missing) denied sales.orders'],
      ['still-open: reminded critical table-missing sales.orders'],
    ]);
  });

  test('that is missing now is told as over where that is too little to be told', () => {
    const gone = seeing({ orders: { status: 'missing', changes: [changeOf(tableMissing)] } });
    const lesser: Finding = { ...tableMissing, severity: 'warning' };
    const strict: Policy = { ...policy, minimumSeverity: 'critical' };
    expect(
      told(
        without(0, denied, { policy: strict }),
        without(1, denied, { policy: strict }),
        run(2, { findings: [lesser], scan: gone, policy: strict }),
      ),
    ).toEqual([
      [],
      ['unchecked: opened denied sales.orders'],
      ['resolved: closed (missing) denied sales.orders'],
    ]);
  });

  test('of a dataset that is missing now is told as over where Slack knew before that it was missing', () => {
    const gone = seeing({
      orders: { status: 'missing' },
      items: { status: 'missing' },
      sales: { status: 'missing', changes: [changeOf(datasetMissing)] },
    });
    const missing = (hours: number) => run(hours, { findings: [datasetMissing], scan: gone });
    expect(told(missing(0), withoutSales(1), withoutSales(2), missing(3))).toEqual([
      ['drift: opened critical dataset-missing sales'],
      [],
      ['unchecked: opened denied sales'],
      ['resolved: closed (missing) denied sales'],
    ]);
  });

  test('of a dataset that is missing now is told as that', () => {
    const gone = seeing({
      orders: { status: 'missing' },
      items: { status: 'missing' },
      sales: { status: 'missing', changes: [changeOf(datasetMissing)] },
    });
    expect(
      told(withoutSales(0), withoutSales(1), run(2, { findings: [datasetMissing], scan: gone }), run(3)),
    ).toEqual([
      [],
      ['unchecked: opened denied sales'],
      ['drift: opened critical dataset-missing sales'],
      ['resolved: closed (repaired) critical dataset-missing sales'],
    ]);
  });

  test('is silent while its dataset stands for it, and over only when it was read itself', () => {
    expect(told(without(0), without(1), withoutSales(2), withoutSales(30), without(31), run(32))).toEqual([
      [],
      ['unchecked: opened denied sales.orders'],
      ['unchecked: opened denied, or deleted sales'],
      ['still-open: reminded denied, or deleted sales'],
      ['resolved: closed (repaired) denied, or deleted sales', 'still-open: reminded denied sales.orders'],
      ['resolved: closed (repaired) denied sales.orders'],
    ]);
  });

  test('is over when nothing declares it any more', () => {
    const nothing = scanOf([]);
    const noOrders = scanOf([datasetSight('sales', [tableSight(declaredTable('items', stated))])]);
    expect([
      told(without(0), without(1), run(2, { scan: nothing })).at(-1),
      told(without(0), without(1), run(2, { scan: noOrders })).at(-1),
      told(withoutSales(0), withoutSales(1), run(2, { scan: nothing })).at(-1),
    ]).toEqual([
      ['resolved: closed (not-expected) denied sales.orders'],
      ['resolved: closed (not-expected) denied sales.orders'],
      ['resolved: closed (not-expected) denied sales'],
    ]);
  });

  test('is over when the dataset was read, though what it holds undeclared is too much to list', () => {
    const tooMany = seeing({
      sales: { undeclaredTables: { isListed: true, isComplete: false, unreadable: new Set() } },
    });
    expect(told(withoutSales(0), withoutSales(1), run(2, { scan: tooMany })).at(-1)).toEqual([
      'resolved: closed (repaired) denied sales',
    ]);
  });

  test('of a list is over when the list was read', () => {
    const tables = { isListed: false, isComplete: false, unreadable: new Set<string>() };
    const noTables = { unchecked: [salesDenied], scan: seeing({ sales: { undeclaredTables: tables } }) };
    const datasets = unchecked({ dataset: '*', table: null });
    const noDatasets = { unchecked: [datasets], scan: seeing({ undeclaredDatasets: tables }) };
    expect([
      told(run(0, noTables), run(1, noTables), run(2)).slice(1),
      told(run(0, noDatasets), run(1, noDatasets), run(2)).slice(1),
    ]).toEqual([
      [['unchecked: opened denied sales'], ['resolved: closed (repaired) denied sales']],
      [['unchecked: opened denied *'], ['resolved: closed (repaired) denied *']],
    ]);
  });

  test('of a list is not over while the list gave no answer', () => {
    const unlisted = { isListed: false, isComplete: false, unreadable: new Set<string>() };
    const scan = seeing({ sales: { undeclaredTables: unlisted } });
    const noTables = { unchecked: [salesDenied], scan };
    expect(told(run(0, noTables), run(1, noTables), run(2, { scan }), run(3)).slice(1)).toEqual([
      ['unchecked: opened denied sales'],
      [],
      ['resolved: closed (repaired) denied sales'],
    ]);
  });

  test('of the list of datasets is not over while that gave no answer', () => {
    const tables = { isListed: false, isComplete: false, unreadable: new Set<string>() };
    const scan = seeing({ undeclaredDatasets: tables });
    const noDatasets = { unchecked: [unchecked({ dataset: '*', table: null })], scan };
    expect(told(run(0, noDatasets), run(1, noDatasets), run(2, { scan }), run(3)).slice(1)).toEqual([
      ['unchecked: opened denied *'],
      [],
      ['resolved: closed (repaired) denied *'],
    ]);
  });

  test('of what no file declares is not over while it could not be seen', () => {
    const strict: Policy = {
      ...policy,
      severities: new Map([
        ['dataset-unexpected', 'warning'],
        ['table-unexpected', 'warning'],
      ]),
    };
    const entries = [
      unchecked({ dataset: 'scratch', table: null }),
      unchecked({ dataset: 'sales', table: 'tmp_1' }),
    ];
    const unseen = { isListed: false, isComplete: false, unreadable: new Set<string>() };
    const listed = seeing({
      sales: { undeclaredTables: { isListed: true, isComplete: true, unreadable: new Set(['tmp_1']) } },
      undeclaredDatasets: { isListed: true, isComplete: true, unreadable: new Set(['scratch']) },
    });
    const { state } = play([
      run(0, { policy: strict, unchecked: entries, scan: listed }),
      run(1, { policy: strict, unchecked: entries, scan: listed }),
      run(2, {
        policy: strict,
        scan: seeing({ sales: { undeclaredTables: unseen }, undeclaredDatasets: unseen }),
      }),
    ]);
    expect(state.unchecked.map(({ key, resolution: closing }) => ({ key, closing }))).toEqual(
      entries.map((entry) => ({ key: uncheckedKey(entry), closing: null })),
    );
  });

  test('is told when the tables of a dataset are lost that could only be read by name', () => {
    // The dataset itself was denied all along, and that was told.
    const named = (hours: number) => run(hours, { unchecked: [salesDenied], scan: byName });
    const topics = (lines: readonly string[]) => lines.map((line) => line.split(':')[0]);
    const [, first = [], , lost = [], blind = []] = told(
      named(0),
      named(1),
      named(2),
      withoutSales(3),
      withoutSales(4, { alertImmediately: true }),
    );
    expect([topics(first), topics([...lost, ...blind])]).toEqual([['unchecked'], ['unchecked']]);
  });

  test('of which there are two entries is one thing, told by the first', () => {
    const first = unchecked({ table: null, detail: 'the dataset itself' });
    const second = unchecked({ table: null, detail: 'the list of its tables' });
    const { state } = play([run(0, { unchecked: [first, second], scan: allUnread })]);
    expect(state.unchecked.map(({ subject: about }) => about.detail)).toEqual(['the dataset itself']);
  });
});

describe('what is remembered of what could not be checked', () => {
  const memosOf = (attempts: readonly Attempt[]) =>
    play(attempts).state.unchecked.map(({ subject: { lastReadAt, timeTravelHours, isListOnly } }) => ({
      lastReadAt,
      timeTravelHours,
      isListOnly,
    }));

  test.each<{
    readonly name: string;
    readonly attempts: readonly Attempt[];
    readonly memo: ReturnType<typeof memosOf>[number];
  }>([
    {
      name: 'of a table that was readable, when that was',
      attempts: [run(0), run(1), without(2)],
      memo: { lastReadAt: stamp(1), timeTravelHours: 168, isListOnly: false },
    },
    {
      name: 'of a dataset that was readable, when that was',
      attempts: [run(0), run(1), withoutSales(2)],
      memo: { lastReadAt: stamp(1), timeTravelHours: 168, isListOnly: false },
    },
    {
      name: 'of a dataset that was there without its tables, when that was',
      attempts: [
        run(0, { scan: seeing({ orders: { status: 'missing' }, items: { status: 'missing' } }) }),
        withoutSales(1),
      ],
      memo: { lastReadAt: stamp(0), timeTravelHours: 168, isListOnly: false },
    },
    {
      name: 'of a dataset whose tables answered by name, when they did so last',
      attempts: [
        run(0, { policy: patient }),
        run(1, { unchecked: [salesDenied], scan: byName, policy: patient }),
        withoutSales(2, { policy: patient }),
      ],
      memo: { lastReadAt: stamp(1), timeTravelHours: 168, isListOnly: false },
    },
    {
      name: 'the same as long as it stays unreadable',
      attempts: [run(0), without(1), without(2, unavailable), withoutSales(3), without(4)],
      memo: { lastReadAt: stamp(0), timeTravelHours: 168, isListOnly: false },
    },
    {
      name: 'the same, whatever its dataset keeps by now',
      attempts: [
        run(0),
        without(1),
        without(2, denied, {
          scan: seeing({ orders: { status: 'unreadable' }, sales: { timeTravelHours: 48 } }),
        }),
        without(3, denied, {
          scan: seeing({ orders: { status: 'unreadable' }, sales: { timeTravelHours: 48 } }),
        }),
      ],
      memo: { lastReadAt: stamp(0), timeTravelHours: 168, isListOnly: false },
    },
    {
      name: 'nothing, of a table that is not available and was readable',
      attempts: [run(0), without(1, unavailable)],
      memo: { lastReadAt: null, timeTravelHours: null, isListOnly: false },
    },
    {
      name: 'nothing, of a table that was never read',
      attempts: [without(0), without(1)],
      memo: { lastReadAt: null, timeTravelHours: null, isListOnly: false },
    },
    {
      name: 'that only the list of its tables is meant, of a dataset that was read itself',
      attempts: [run(0, { unchecked: [salesDenied], scan: unlisted })],
      memo: { lastReadAt: null, timeTravelHours: null, isListOnly: true },
    },
    {
      name: 'that it is meant itself, of a dataset whose tables answer by name',
      attempts: [run(0, { unchecked: [salesDenied], scan: byName })],
      memo: { lastReadAt: null, timeTravelHours: null, isListOnly: false },
    },
  ])('is $name', ({ attempts, memo }) => {
    expect(memosOf(attempts)[0]).toEqual(memo);
  });
});

describe('a run without a result', () => {
  test('is told once, reminded of as what is critical, and told when it is over', () => {
    const failing = Array.from({ length: 14 }, (_, hours) => failed(hours));
    const lines = told(...failing, run(14), run(15)).flatMap((all, hours) =>
      all.map((line) => `${hours} ${line}`),
    );
    expect(lines).toEqual([
      '0 drift: opened InvalidFiles',
      '4 still-open: reminded InvalidFiles',
      '12 still-open: reminded InvalidFiles',
      '14 resolved: closed (repaired) InvalidFiles',
    ]);
  });

  test('is told as changed when it fails otherwise', () => {
    expect(told(failed(0), failed(1, 'items.json: $: expected one JSON object'))).toEqual([
      ['drift: opened InvalidFiles'],
      ['drift: changed InvalidFiles'],
    ]);
  });

  test('is not over while nothing at all can be read', () => {
    expect(told(failed(0), withoutSales(1, { nothingRead: true }), run(2))).toEqual([
      ['drift: opened InvalidFiles'],
      [],
      ['resolved: closed (repaired) InvalidFiles'],
    ]);
  });

  test('is told once over the attempts at it', () => {
    expect(told(failed(0), failed(0), run(0), run(1))).toEqual([
      ['drift: opened InvalidFiles'],
      [],
      ['resolved: closed (repaired) InvalidFiles'],
      [],
    ]);
  });

  test('that Slack did not hear of is told when it is over', () => {
    const refused = { ...failed(0), slack: ['refused'] } as const;
    expect(told(refused, run(1))).toEqual([
      ['drift (refused): opened InvalidFiles'],
      ['resolved: closed (repaired) InvalidFiles'],
    ]);
  });

  test('says nothing new of all else', () => {
    const before = play([run(0), run(1, { findings: [typeDiffers] }), without(2)]).state;
    const { failures, messages, ...after } = rememberFailure(before, {
      channel: 'slack',
      now: hour(30),
      failure: { code: 'InvalidFiles', message: 'why' },
    });
    const { failures: _, messages: __, ...rest } = before;
    expect(after).toEqual(rest);
  });

  test('leaves what was not told of earlier runs to be told', () => {
    expect(told(run(0, { findings: [typeDiffers] }), run(1, { slack: ['refused'] }), failed(2))).toEqual([
      ['drift: opened critical field-type sales.orders.amount'],
      ['resolved (refused): closed (repaired) critical field-type sales.orders.amount'],
      ['drift: opened InvalidFiles', 'resolved: closed (repaired) critical field-type sales.orders.amount'],
    ]);
  });
});

describe('when each table was last read', () => {
  test('is now, of all that is there', () => {
    expect(play([run(0), run(1)]).state.seen).toEqual(
      new Map([
        [
          'sales',
          {
            at: stamp(1),
            timeTravelHours: 168,
            tables: new Map([
              ['orders', { at: stamp(1), digest: expect.any(String) }],
              ['items', { at: stamp(1), digest: expect.any(String) }],
            ]),
          },
        ],
      ]),
    );
  });

  test('stays what it was of what is missing or could not be read', () => {
    const blurred = seeing({
      orders: { status: 'missing' },
      items: { status: 'unreadable' },
      sales: { status: 'unreadable', timeTravelHours: null },
    });
    expect(play([run(0), run(1, { scan: blurred })]).state.seen).toEqual(
      new Map([
        [
          'sales',
          {
            at: stamp(0),
            timeTravelHours: 168,
            tables: new Map([
              ['orders', { at: stamp(0), digest: expect.any(String) }],
              ['items', { at: stamp(0), digest: expect.any(String) }],
            ]),
          },
        ],
      ]),
    );
  });

  test('is not known of what was never read', () => {
    expect(play([withoutSales(0)]).state.seen.get('sales')).toEqual({
      at: null,
      timeTravelHours: 168,
      tables: new Map(),
    });
  });

  test('is forgotten of what nothing declares any more', () => {
    const noOrders = scanOf([datasetSight('sales', [tableSight(declaredTable('items', stated))])]);
    const { seen } = play([run(0), run(1, { scan: noOrders })]).state;
    expect([...(seen.get('sales')?.tables.keys() ?? [])]).toEqual(['items']);
  });

  test('is remembered of a table named __proto__', () => {
    const odd = scanOf([datasetSight('sales', [tableSight(declaredTable('__proto__', stated))])]);
    const { seen } = play([run(0, { scan: odd })]).state;
    expect(seen.get('sales')?.tables).toEqual(
      new Map([['__proto__', { at: stamp(0), digest: expect.any(String) }]]),
    );
  });
});

describe('the history', () => {
  const counted = (
    hours: number,
    findings: readonly Finding[],
    tables = { inSync: 1, drifted: 1, unchecked: 0 },
  ) =>
    rememberRun(emptyState(PROJECT), {
      now: hour(hours),
      report: report({ findings, tables }),
      scan: seeing(),
      policy,
      channel: 'slack',
      alertImmediately: false,
      nothingRead: false,
    });

  test('counts the findings of a run by severity, and its tables', () => {
    const findings = [typeDiffers, tableMissing, finding('clustering'), finding('field-description')];
    expect(counted(0, findings, { inSync: 3, drifted: 2, unchecked: 1 }).history).toEqual([
      {
        at: stamp(0),
        findings: { critical: 2, warning: 1, info: 1 },
        tables: { inSync: 3, drifted: 2, unchecked: 1 },
      },
    ]);
  });

  test('has one point for all attempts at a run, which is the last', () => {
    const { history } = play([run(0), run(1, { findings: [typeDiffers] }), run(1)]).state;
    expect(history.map(({ at, findings }) => [at, findings.critical])).toEqual([
      [stamp(0), 0],
      [stamp(1), 0],
    ]);
  });

  test('has no point for a run without a result', () => {
    const { history } = play([run(0), failed(1), run(2)]).state;
    expect(history.map(({ at }) => at)).toEqual([stamp(0), stamp(2)]);
  });

  test('goes back 30 days', () => {
    const days = Array.from({ length: 40 }, (_, day) => run(24 * day));
    const { history } = play(days).state;
    expect(history.map(({ at }) => at)).toEqual(
      Array.from({ length: 30 }, (_, index) => stamp(24 * (index + 10))),
    );
  });
});

describe('the run itself', () => {
  test('is the last one', () => {
    const { lastRunAt, messages } = play([run(0), run(1)]).state;
    expect({ lastRunAt, messages }).toEqual({
      lastRunAt: stamp(1),
      messages: { runAt: stamp(1), channels: {} },
    });
  });

  test('that failed is not the last one with a result', () => {
    const { lastRunAt, messages } = play([run(0), failed(1)]).state;
    expect({ lastRunAt, messages }).toEqual({
      lastRunAt: stamp(0),
      messages: {
        runAt: stamp(1),
        channels: { slack: [{ topic: 'drift', status: 'sent', keys: ['failure'] }] },
      },
    });
  });

  test('knows what its earlier attempts sent, and nothing of the run before', () => {
    const before = play([run(0, { findings: [typeDiffers] })]).state;
    const { messages } = play([run(0, { findings: [typeDiffers] })], before).state;
    const { messages: next } = play([run(1, { findings: [typeDiffers] })], before).state;
    expect([messages, next]).toEqual([
      {
        runAt: stamp(0),
        channels: { slack: [{ topic: 'drift', status: 'sent', keys: [typeDiffers.fingerprint] }] },
      },
      { runAt: stamp(1), channels: {} },
    ]);
  });
});

test.each([
  { name: 'of a column follows the window of its table, which is there', about: isGone, hours: 48 },
  {
    name: 'of a table stays the one in force when it went',
    about: finding('table-missing', { expected: 'TABLE', actual: null }),
    hours: 168,
  },
])('what can be restored $name', ({ about, hours }) => {
  const of = (at: number, timeTravelHours: number) =>
    run(at, { findings: [about], scan: seeing({ sales: { timeTravelHours } }) });
  const { state } = play([run(0), of(1, 168), of(2, 48)]);
  expect(state.findings.map(({ subject: memo }) => memo.timeTravelHours)).toEqual([hours]);
});

test('what a table can be restored from is the lesser of the windows before and after it went', () => {
  const shortened = seeing({ sales: { timeTravelHours: 48 } });
  const { state } = play([
    run(0),
    run(1, { findings: [isGone], scan: shortened }),
    run(2, { findings: [isGone], scan: seeing({ sales: { ...NONE_LESS } }) }),
  ]);
  expect(state.findings.map(({ subject: about }) => about.timeTravelHours)).toEqual([48]);
});

const NONE_LESS = { timeTravelHours: 168, undeclaredTables: NONE_UNDECLARED };
