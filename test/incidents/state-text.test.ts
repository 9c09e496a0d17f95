import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DELIVERY_STATUSES,
  emptyState,
  type FindingRecord,
  type Incident,
  type State,
  TOPICS,
} from '../../src/incidents/state.ts';
import { parseState, printState } from '../../src/incidents/state-text.ts';
import { KINDS } from '../../src/kinds/index.ts';
import { UNCHECKED_REASONS } from '../../src/model/finding.ts';
import { SEVERITIES } from '../../src/model/severity.ts';
import { RUNS } from '../support/runs.ts';

/** A state in which every part is there, and every way in which it can be. */
const full: State = {
  version: 2,
  project: 'shop',
  lastRunAt: '2026-03-02T08:00:00.000Z',
  findings: [
    {
      key: '0f1e2d3c4b5a',
      subject: {
        kind: 'field-type',
        dataset: 'sales',
        table: 'orders',
        path: 'amount',
        expected: 'NUMERIC',
        what: 'the type of {path}',
        lastGoodAt: '2026-03-02T06:00:00.000Z',
        timeTravelHours: 168,
      },
      severity: 'critical',
      actual: 'STRING',
      actualWords: 'STRING',
      lastSeenAt: '2026-03-02T08:00:00.000Z',
      runs: 2,
      isAlertable: true,
      episodes: [
        {
          openedAt: '2026-03-01T07:00:00.000Z',
          closedAt: '2026-03-01T08:00:00.000Z',
          isFlapping: false,
        },
        { openedAt: '2026-03-02T07:00:00.000Z', closedAt: null, isFlapping: true },
      ],
      changes: ['2026-03-02T07:30:00.000Z'],
      resolution: null,
      notifications: {
        slack: {
          at: '2026-03-02T07:00:00.000Z',
          isOpen: true,
          severity: 'warning',
          actual: null,
          actualWords: null,
          reminders: 3,
        },
      },
    },
    {
      key: 'a5b4c3d2e1f0',
      subject: {
        kind: 'dataset-missing',
        dataset: 'crm',
        table: null,
        path: null,
        expected: null,
        what: 'the dataset',
        lastGoodAt: null,
        timeTravelHours: null,
      },
      severity: 'warning',
      actual: null,
      actualWords: null,
      lastSeenAt: '2026-03-02T07:00:00.000Z',
      runs: 0,
      isAlertable: true,
      episodes: [
        {
          openedAt: '2026-03-02T07:00:00.000Z',
          closedAt: '2026-03-02T08:00:00.000Z',
          isFlapping: false,
        },
      ],
      changes: [],
      resolution: { reason: 'waived', until: '2027-01-31', waiverReason: 'migration 4711' },
      notifications: {},
    },
  ],
  unchecked: [
    {
      key: 'web.events',
      subject: {
        dataset: 'web',
        table: 'events',
        reason: 'denied',
        detail: 'HTTP 403: accessDenied',
        wasReadable: true,
        isListOnly: false,
        lastReadAt: '2026-03-02T07:00:00.000Z',
        timeTravelHours: 168,
      },
      severity: 'warning',
      actual: null,
      actualWords: null,
      lastSeenAt: '2026-03-02T08:00:00.000Z',
      runs: 1,
      isAlertable: false,
      episodes: [{ openedAt: '2026-03-02T08:00:00.000Z', closedAt: null, isFlapping: false }],
      changes: [],
      resolution: { reason: 'repaired' },
      notifications: {},
    },
  ],
  failures: [
    {
      key: 'failure',
      subject: { code: 'InvalidFiles', message: '1 problem in the expected files' },
      severity: 'critical',
      actual: null,
      actualWords: null,
      lastSeenAt: '2026-03-01T08:00:00.000Z',
      runs: 1,
      isAlertable: true,
      episodes: [
        {
          openedAt: '2026-03-01T08:00:00.000Z',
          closedAt: '2026-03-01T09:00:00.000Z',
          isFlapping: false,
        },
      ],
      changes: [],
      resolution: { reason: 'repaired' },
      notifications: {
        slack: {
          at: '2026-03-01T08:00:00.000Z',
          isOpen: false,
          severity: 'critical',
          actual: null,
          actualWords: null,
          reminders: 0,
        },
      },
    },
  ],
  seen: new Map([
    [
      'sales',
      {
        at: '2026-03-02T08:00:00.000Z',
        timeTravelHours: 168,
        tables: new Map([['orders', { at: '2026-03-02T08:00:00.000Z', digest: '0f1e2d3c' }]]),
      },
    ],
    ['crm', { at: null, timeTravelHours: null, tables: new Map() }],
  ]),
  messages: {
    runAt: '2026-03-02T08:00:00.000Z',
    channels: { slack: [{ topic: 'drift', status: 'sent', keys: ['0f1e2d3c4b5a'] }] },
  },
  suppressed: [
    {
      key: '0a1b2c3d4e5f',
      subject: {
        kind: 'field-missing',
        dataset: 'sales',
        table: 'orders',
        path: 'tax',
        expected: 'NUMERIC',
        what: 'field {path} is missing',
        lastGoodAt: '2026-03-01T08:00:00.000Z',
        timeTravelHours: 96,
      },
      actual: null,
    },
  ],
  note: 'What earlier runs told is not known.',
  history: [
    {
      at: '2026-03-02T08:00:00.000Z',
      findings: { critical: 1, warning: 1, info: 4 },
      tables: { inSync: 10, drifted: 1, unchecked: 1 },
    },
  ],
};

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Path = readonly (string | number)[];

const document: Json = JSON.parse(printState(full));

/** Every value of the document, the outermost first. */
function placesIn(value: Json, path: Path = []): readonly { readonly path: Path; readonly value: Json }[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const isList = Array.isArray(value);
  return [
    { path, value },
    ...inner.flatMap(([key, part]) => placesIn(part, [...path, isList ? Number(key) : key])),
  ];
}

/** The document with one value changed; undefined leaves it out. */
function changed(path: Path, change: (value: Json) => unknown, value: Json = document): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (typeof value !== 'object' || value === null) throw new Error('the path leads to nothing');
  const parts = Object.entries(value).map(
    ([name, part]) => [name, name === String(key) ? changed(rest, change, part) : part] as const,
  );
  if (Array.isArray(value)) return parts.map(([, part]) => part);
  return Object.fromEntries(parts);
}

function problemOf(value: unknown): string | null {
  const parsed = parseState(JSON.stringify(value), 'slack');
  return parsed.status === 'valid' ? null : parsed.problem;
}

/** What a problem is about; null: there is none. */
function placeOf(problem: string | null): string | null {
  if (problem === null) return null;
  const place = problem.slice(0, problem.indexOf(':'));
  // Of the whole, which has no place.
  return place === 'Invalid input' ? '' : place;
}

const isRecord = (value: Json): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const everywhere = placesIn(document);
const records = everywhere.filter(({ value }) => isRecord(value));
const members = everywhere.filter(({ path }) => typeof path.at(-1) === 'string');

describe('a state', () => {
  test.each([
    { name: 'with every part', state: full },
    { name: 'before the first run', state: emptyState('shop') },
  ])('is read as it was printed: $name', ({ state }) => {
    expect(parseState(printState(state), 'slack')).toStrictEqual({ status: 'valid', state });
  });

  test('is one line of JSON, whose names are values and never keys', () => {
    const seen = new Map([
      [
        '__proto__',
        {
          at: null,
          timeTravelHours: 48,
          tables: new Map([['constructor', { at: '2026-03-02T08:00:00.000Z', digest: null }]]),
        },
      ],
    ]);
    expect(printState({ ...emptyState('shop'), seen })).toBe(
      `${JSON.stringify({
        ...emptyState('shop'),
        seen: [
          {
            dataset: '__proto__',
            at: null,
            timeTravelHours: 48,
            tables: [{ table: 'constructor', at: '2026-03-02T08:00:00.000Z', digest: null }],
          },
        ],
      })}\n`,
    );
  });
});

const moment = fc
  .date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString());
const name = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    '',
    '\u0000',
    '\u2028\u202e',
    '\ud800',
    '"\\',
    '\uFEFF',
  ),
  fc.string({ unit: 'binary' }),
  fc.string(),
);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });
const count = fc.maxSafeNat();
const severity = fc.constantFrom(...SEVERITIES);

const channelIds = fc.constantFrom('slack', 'email');

function remembered<Subject>(subject: fc.Arbitrary<Subject>): fc.Arbitrary<readonly Incident<Subject>[]> {
  const record = fc.record(
    {
      key: name,
      subject,
      severity,
      actual: optional(name),
      actualWords: optional(name),
      lastSeenAt: moment,
      runs: count,
      isAlertable: fc.boolean(),
      episodes: fc.array(
        fc.record({
          openedAt: moment,
          closedAt: optional(moment),
          isFlapping: fc.boolean(),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      changes: fc.array(moment, { maxLength: 3 }),
      resolution: fc.oneof(
        fc.constantFrom(null, { reason: 'repaired' }, { reason: 'not-expected' }, {
          reason: 'below-threshold',
        } as const),
        fc.record({ reason: fc.constant('waived'), until: name, waiverReason: name }),
      ) as fc.Arbitrary<Incident<Subject>['resolution']>,
      notifications: fc.dictionary(
        channelIds,
        fc.record({
          at: moment,
          isOpen: fc.boolean(),
          severity,
          actual: optional(name),
          actualWords: optional(name),
          reminders: count,
        }),
        { noNullPrototype: true, maxKeys: 2 },
      ),
    },
    { noNullPrototype: true },
  );
  return fc.array(record, { maxLength: 3 });
}

/** By names that differ. */
const mapOf = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<ReadonlyMap<string, Value>> =>
  fc
    .uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 3 })
    .map((entries) => new Map(entries));

const memos: fc.Arbitrary<FindingRecord> = fc.record({
  kind: fc.constantFrom(...KINDS.map(({ id }) => id)),
  dataset: name,
  table: optional(name),
  path: optional(name),
  expected: optional(name),
  what: name,
  lastGoodAt: optional(moment),
  timeTravelHours: optional(count),
});

const states: fc.Arbitrary<State> = fc.record({
  version: fc.constant(2),
  project: name,
  lastRunAt: optional(moment),
  findings: remembered(memos),
  unchecked: remembered(
    fc.record({
      dataset: name,
      table: optional(name),
      reason: fc.constantFrom(...UNCHECKED_REASONS),
      detail: name,
      wasReadable: fc.boolean(),
      isListOnly: fc.boolean(),
      lastReadAt: optional(moment),
      timeTravelHours: optional(count),
    }),
  ),
  failures: remembered(fc.record({ code: name, message: name })),
  seen: mapOf(
    fc.record({
      at: optional(moment),
      timeTravelHours: optional(count),
      tables: mapOf(fc.record({ at: moment, digest: optional(name) })),
    }),
  ),
  messages: fc.record({
    runAt: optional(moment),
    channels: fc.dictionary(
      channelIds,
      fc.array(
        fc.record({
          topic: fc.constantFrom(...TOPICS),
          status: fc.constantFrom(...DELIVERY_STATUSES),
          keys: fc.array(name, { maxLength: 3 }),
        }),
        { maxLength: 3 },
      ),
      { noNullPrototype: true, maxKeys: 2 },
    ),
  }),
  suppressed: fc.array(fc.record({ key: name, subject: memos, actual: optional(name) }), { maxLength: 3 }),
  note: optional(name),
  history: fc.array(
    fc.record({
      at: moment,
      findings: fc.record({ critical: count, warning: count, info: count }),
      tables: fc.record({ inSync: count, drifted: count, unchecked: count }),
    }),
    { maxLength: 3 },
  ),
});

describe('any state', () => {
  test('is read as it was printed, whatever its names', () => {
    fc.assert(
      fc.property(states, (state) => {
        // Through bytes, as it is stored.
        const stored = Buffer.from(printState(state)).toString();
        expect(parseState(stored, 'slack')).toEqual({ status: 'valid', state });
      }),
      RUNS,
    );
  });

  test('that is cut off is invalid, wherever it is cut', () => {
    fc.assert(
      fc.property(states, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (state, share) => {
        const whole = printState(state).trimEnd();
        const part = whole.slice(0, Math.floor(whole.length * share));
        expect(parseState(part, 'slack')).toEqual({ status: 'invalid', problem: 'it is no JSON' });
      }),
      RUNS,
    );
  });
});

describe('a text that is no state', () => {
  test.each(['', ' ', '{', 'undefined', "{'version':1}", '\uFEFF{}', '{}{}'])('%j is no JSON', (text) => {
    expect(parseState(text, 'slack')).toEqual({ status: 'invalid', problem: 'it is no JSON' });
  });

  test.each(['null', '[]', '1', '"state"', 'true', '{}', '{"version":1}'])('%s is invalid', (text) => {
    expect(parseState(text, 'slack')).toMatchObject({ status: 'invalid' });
  });

  /** A state that was written before they were there; and a channel that was told nothing. */
  const OPTIONAL = [
    'unchecked.0.subject.lastReadAt',
    'unchecked.0.subject.timeTravelHours',
    'findings.0.notifications.slack',
    'failures.0.notifications.slack',
    'messages.channels.slack',
  ];

  test('may lack nothing but what came later, and says what it lacks', () => {
    const problems = members.map(({ path }) => problemOf(changed(path, () => undefined)));
    const expected = members.map(({ path }) => path.join('.'));
    expect(problems.map(placeOf)).toEqual(expected.map((path) => (OPTIONAL.includes(path) ? null : path)));
  });

  test('may nowhere be of another type, and says where it is', () => {
    const problems = everywhere.map(({ path, value }) =>
      problemOf(changed(path, () => (typeof value === 'boolean' ? 'true' : true))),
    );
    expect(problems.map(placeOf)).toEqual(everywhere.map(({ path }) => path.join('.')));
  });

  test.each<{ readonly path: Path; readonly value: unknown }>([
    { path: ['version'], value: 0 },
    { path: ['version'], value: 3 },
    { path: ['version'], value: '2' },
    { path: ['lastRunAt'], value: '2026-03-02' },
    { path: ['lastRunAt'], value: '2026-02-30T08:00:00Z' },
    { path: ['lastRunAt'], value: '2026-03-02T08:00:00+01:00' },
    { path: ['findings', 0, 'runs'], value: -1 },
    { path: ['findings', 0, 'runs'], value: 1.5 },
    { path: ['findings', 0, 'episodes'], value: [] },
    { path: ['findings', 0, 'resolution'], value: { reason: 'waived', waiverReason: 'x' } },
    { path: ['findings', 0, 'notifications', 'slack', 'reminders'], value: null },
    { path: ['seen', 0, 'tables', 0], value: ['orders'] },
    { path: ['seen', 0, 'tables', 0], value: ['orders', '2026-03-02T08:00:00Z', 1] },
    { path: ['seen'], value: { sales: [] } },
    { path: ['messages', 'channels', 'slack', 0, 'keys', 0], value: null },
    { path: ['history', 0, 'findings', 'critical'], value: -1 },
  ])('has $value at $path', ({ path, value }) => {
    expect(problemOf(changed(path, () => value))).toMatch(new RegExp(`^${path.join('.')}[.:]`));
  });
});

describe('a state of a newer version', () => {
  test.each(['surplus', 'constructor'])('keeps the unknown key %s wherever it is', (key) => {
    const places = records.filter(({ path }) => !/(^|\.)(notifications|channels)$/.test(path.join('.')));
    expect(places.length).toBeGreaterThan(20);
    for (const { path } of places) {
      const newer = changed(path, (record) => ({ ...(record as object), [key]: { said: [1] } }));
      expect(writtenAgain(newer)).toEqual(newer);
    }
  });

  test.each<{ readonly path: Path; readonly value: string; readonly read: string }>([
    { path: ['findings', 0, 'severity'], value: 'fatal', read: 'critical' },
    { path: ['findings', 0, 'subject', 'kind'], value: 'field-typ', read: 'field-typ' },
    { path: ['findings', 0, 'notifications', 'slack', 'severity'], value: 'fatal', read: 'critical' },
    { path: ['findings', 1, 'resolution', 'reason'], value: 'forgotten', read: 'not-expected' },
    { path: ['unchecked', 0, 'subject', 'reason'], value: 'secret', read: 'unavailable' },
    { path: ['unchecked', 0, 'severity'], value: 'fatal', read: 'critical' },
    { path: ['messages', 'channels', 'slack', 0, 'status'], value: 'lost', read: 'unknown' },
    { path: ['messages', 'channels', 'slack', 0, 'topic'], value: 'digest', read: 'digest' },
    { path: ['suppressed', 0, 'subject', 'kind'], value: 'field-typ', read: 'field-typ' },
  ])('has $value at $path, which is kept', ({ path, value, read }) => {
    const newer = changed(path, () => value);
    const parsed = parseState(JSON.stringify(newer), 'slack');
    const valueRead = path.reduce<unknown>(
      (place, key) => (place as Record<string, unknown>)[key],
      parsed.status === 'valid' ? parsed.state : {},
    );
    expect({ read: valueRead, written: writtenAgain(newer) }).toEqual({ read, written: newer });
  });

  test('keeps what it said also of findings that are alike', () => {
    const [finding] = full.findings;
    const newer: Json = JSON.parse(JSON.stringify({ ...finding, severity: 'fatal', surplus: 1 }));
    const many = Array.from({ length: 2001 }, (_, index) => ({ ...(newer as object), key: `k${index}` }));
    const again = writtenAgain({ ...(document as object), findings: many });
    expect(writtenAgain(again)).toEqual(again);
    expect(again).toMatchObject({
      findings: [],
      findingsAlike: [{ severity: 'fatal', surplus: 1, notifications: { slack: { severity: 'warning' } } }],
    });
  });
});

/** By this version. */
function writtenAgain(value: unknown): unknown {
  const parsed = parseState(JSON.stringify(value), 'slack');
  return parsed.status === 'valid' ? JSON.parse(printState(parsed.state)) : parsed.problem;
}

describe('a state of version 1', () => {
  const text = readFileSync('test/fixtures/state-of-before/every-part.json', 'utf8');

  test('is read as it is written now', () => {
    expect(parseState(text, 'slack')).toStrictEqual({ status: 'valid', state: full });
  });

  test('may lack what came later', () => {
    const older = text.replace(',"lastReadAt":"2026-03-02T07:00:00.000Z","timeTravelHours":168}', '}');
    const parsed = parseState(older, 'slack');
    expect(older.length).toBeLessThan(text.length);
    expect(parsed).toMatchObject({
      state: { unchecked: [{ subject: { lastReadAt: null, timeTravelHours: null } }] },
    });
  });

  test('with findings that are alike is read with what each was told', () => {
    const rows = [
      ['k0', 'a', 'NUMERIC', 'STRING', 'STRING'],
      ['k1', 'b', 'NUMERIC', null, 'nothing', 'INT64', 'a number'],
    ];
    const { path: _, expected: __, ...about } = JSON.parse(text).findings[0].about;
    const { key: ___, actual, said, told, ...common } = JSON.parse(text).findings[0];
    const when = { at: told.at, isOpen: true, severity: 'warning', reminders: 3 };
    const older = {
      ...JSON.parse(text),
      findings: [],
      findingsAlike: [{ ...common, about, told: when, rows }],
    };
    const parsed = parseState(JSON.stringify(older), 'slack');
    const findings = parsed.status === 'valid' ? parsed.state.findings : [];
    expect([actual, said]).toEqual(['STRING', 'STRING']);
    expect(
      findings.map(({ key, subject, actual, notifications }) => [key, subject.path, actual, notifications]),
    ).toEqual([
      ['k0', 'a', 'STRING', { slack: { ...when, actual: 'STRING', actualWords: 'STRING' } }],
      ['k1', 'b', null, { slack: { ...when, actual: 'INT64', actualWords: 'a number' } }],
    ]);
  });
});
