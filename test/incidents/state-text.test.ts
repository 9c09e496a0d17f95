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
  version: 1,
  project: 'shop',
  lastRunAt: '2026-03-02T08:00:00.000Z',
  findings: [
    {
      key: '0f1e2d3c4b5a',
      about: {
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
      said: 'STRING',
      lastSeenAt: '2026-03-02T08:00:00.000Z',
      runs: 2,
      isRipe: true,
      episodes: [
        {
          openedAt: '2026-03-01T07:00:00.000Z',
          closedAt: '2026-03-01T08:00:00.000Z',
          isHeard: true,
          isFlapping: false,
        },
        { openedAt: '2026-03-02T07:00:00.000Z', closedAt: null, isHeard: true, isFlapping: true },
      ],
      changes: ['2026-03-02T07:30:00.000Z'],
      closing: null,
      told: {
        at: '2026-03-02T07:00:00.000Z',
        isOpen: true,
        severity: 'warning',
        actual: null,
        said: null,
        reminders: 3,
      },
    },
    {
      key: 'a5b4c3d2e1f0',
      about: {
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
      said: null,
      lastSeenAt: '2026-03-02T07:00:00.000Z',
      runs: 0,
      isRipe: true,
      episodes: [
        {
          openedAt: '2026-03-02T07:00:00.000Z',
          closedAt: '2026-03-02T08:00:00.000Z',
          isHeard: false,
          isFlapping: false,
        },
      ],
      changes: [],
      closing: { how: 'waived', until: '2027-01-31', reason: 'migration 4711' },
      told: null,
    },
  ],
  unchecked: [
    {
      key: 'web.events',
      about: {
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
      said: null,
      lastSeenAt: '2026-03-02T08:00:00.000Z',
      runs: 1,
      isRipe: false,
      episodes: [{ openedAt: '2026-03-02T08:00:00.000Z', closedAt: null, isHeard: false, isFlapping: false }],
      changes: [],
      closing: { how: 'repaired' },
      told: null,
    },
  ],
  failures: [
    {
      key: 'failure',
      about: { code: 'InvalidFiles', message: '1 problem in the expected files' },
      severity: 'critical',
      actual: null,
      said: null,
      lastSeenAt: '2026-03-01T08:00:00.000Z',
      runs: 1,
      isRipe: true,
      episodes: [
        {
          openedAt: '2026-03-01T08:00:00.000Z',
          closedAt: '2026-03-01T09:00:00.000Z',
          isHeard: true,
          isFlapping: false,
        },
      ],
      changes: [],
      closing: { how: 'repaired' },
      told: {
        at: '2026-03-01T08:00:00.000Z',
        isOpen: false,
        severity: 'critical',
        actual: null,
        said: null,
        reminders: 0,
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
    list: [{ topic: 'drift', status: 'sent', about: ['0f1e2d3c4b5a'] }],
  },
  quiet: [
    {
      key: '0a1b2c3d4e5f',
      about: {
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
  const parsed = parseState(JSON.stringify(value));
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
    expect(parseState(printState(state))).toStrictEqual({ status: 'valid', state });
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

function remembered<About>(about: fc.Arbitrary<About>): fc.Arbitrary<readonly Incident<About>[]> {
  const record = fc.record(
    {
      key: name,
      about,
      severity,
      actual: optional(name),
      said: optional(name),
      lastSeenAt: moment,
      runs: count,
      isRipe: fc.boolean(),
      episodes: fc.array(
        fc.record({
          openedAt: moment,
          closedAt: optional(moment),
          isHeard: fc.boolean(),
          isFlapping: fc.boolean(),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      changes: fc.array(moment, { maxLength: 3 }),
      closing: fc.oneof(
        fc.constantFrom(null, { how: 'repaired' }, { how: 'not-expected' }, { how: 'silent' } as const),
        fc.record({ how: fc.constant('waived'), until: name, reason: name }),
      ) as fc.Arbitrary<Incident<About>['closing']>,
      told: optional(
        fc.record({
          at: moment,
          isOpen: fc.boolean(),
          severity,
          actual: optional(name),
          said: optional(name),
          reminders: count,
        }),
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
  version: fc.constant(1),
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
    list: fc.array(
      fc.record({
        topic: fc.constantFrom(...TOPICS),
        status: fc.constantFrom(...DELIVERY_STATUSES),
        about: fc.array(name, { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
  }),
  quiet: fc.array(fc.record({ key: name, about: memos, actual: optional(name) }), { maxLength: 3 }),
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
        expect(parseState(stored)).toEqual({ status: 'valid', state });
      }),
      RUNS,
    );
  });

  test('that is cut off is invalid, wherever it is cut', () => {
    fc.assert(
      fc.property(states, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (state, share) => {
        const whole = printState(state).trimEnd();
        const part = whole.slice(0, Math.floor(whole.length * share));
        expect(parseState(part)).toEqual({ status: 'invalid', problem: 'it is no JSON' });
      }),
      RUNS,
    );
  });
});

describe('a text that is no state', () => {
  test.each(['', ' ', '{', 'undefined', "{'version':1}", '\uFEFF{}', '{}{}'])('%j is no JSON', (text) => {
    expect(parseState(text)).toEqual({ status: 'invalid', problem: 'it is no JSON' });
  });

  test.each(['null', '[]', '1', '"state"', 'true', '{}', '{"version":1}'])('%s is invalid', (text) => {
    expect(parseState(text)).toMatchObject({ status: 'invalid' });
  });

  test.each(['surplus', '__proto__', 'constructor'])('may nowhere have the unknown key %s', (key) => {
    const problems = records.map(({ path }) =>
      problemOf(
        changed(path, (record) =>
          Object.defineProperty({ ...(record as object) }, key, { value: null, enumerable: true }),
        ),
      ),
    );
    expect(problems).toEqual(
      records.map(({ path }) => `${path.join('.')}: Unrecognized key: "${key}"`.replace(/^: /, '')),
    );
  });

  /** A state that was written before they were there. */
  const LATER = ['unchecked.0.about.lastReadAt', 'unchecked.0.about.timeTravelHours'];

  test('may lack nothing but what came later, and says what it lacks', () => {
    const problems = members.map(({ path }) => problemOf(changed(path, () => undefined)));
    const expected = members.map(({ path }) => path.join('.'));
    expect(problems.map(placeOf)).toEqual(expected.map((path) => (LATER.includes(path) ? null : path)));
  });

  test('may nowhere be of another type, and says where it is', () => {
    const problems = everywhere.map(({ path, value }) =>
      problemOf(changed(path, () => (typeof value === 'boolean' ? 'true' : true))),
    );
    expect(problems.map(placeOf)).toEqual(everywhere.map(({ path }) => path.join('.')));
  });

  test.each<{ readonly path: Path; readonly value: unknown }>([
    { path: ['version'], value: 0 },
    { path: ['version'], value: 2 },
    { path: ['version'], value: '1' },
    { path: ['lastRunAt'], value: '2026-03-02' },
    { path: ['lastRunAt'], value: '2026-02-30T08:00:00Z' },
    { path: ['lastRunAt'], value: '2026-03-02T08:00:00+01:00' },
    { path: ['findings', 0, 'severity'], value: 'off' },
    { path: ['findings', 0, 'about', 'kind'], value: 'field-typ' },
    { path: ['findings', 0, 'runs'], value: -1 },
    { path: ['findings', 0, 'runs'], value: 1.5 },
    { path: ['findings', 0, 'episodes'], value: [] },
    { path: ['findings', 0, 'closing'], value: { how: 'forgotten' } },
    { path: ['findings', 0, 'closing'], value: { how: 'waived', reason: 'x' } },
    { path: ['findings', 0, 'closing'], value: { how: 'repaired', until: '2027-01-31' } },
    { path: ['findings', 0, 'told', 'reminders'], value: null },
    { path: ['unchecked', 0, 'about', 'reason'], value: 'secret' },
    { path: ['unchecked', 0, 'severity'], value: 'fatal' },
    { path: ['seen', 0, 'tables', 0], value: ['orders'] },
    { path: ['seen', 0, 'tables', 0], value: ['orders', '2026-03-02T08:00:00Z', 1] },
    { path: ['seen'], value: { sales: [] } },
    { path: ['messages', 'list', 0, 'fate'], value: 'lost' },
    { path: ['messages', 'list', 0, 'topic'], value: 'opened' },
    { path: ['messages', 'list', 0, 'about', 0], value: null },
    { path: ['history', 0, 'findings', 'critical'], value: -1 },
  ])('has $value at $path', ({ path, value }) => {
    expect(problemOf(changed(path, () => value))).toMatch(new RegExp(`^${path.join('.')}[.:]`));
  });
});
