import { expect, test } from 'vitest';
import { compareTable } from '../../src/compare/table.ts';
import { expectedTable } from '../../src/files/expected-table.ts';
import { canonicalTable } from '../../src/metadata/canonical.ts';
import type { ParameterisedType } from '../../src/model/value.ts';
import { lostByCast } from '../../src/repair/conversions.ts';
import { fixFor } from '../../src/repair/repair.ts';

/**
 * What each type can be cast to, written down from
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules, and INTERVAL from conversion_functions.
 */
const DOCUMENTED: Readonly<Record<string, string>> = {
  INT64: 'BOOL NUMERIC BIGNUMERIC FLOAT64 STRING',
  NUMERIC: 'INT64 BIGNUMERIC FLOAT64 STRING',
  BIGNUMERIC: 'INT64 NUMERIC FLOAT64 STRING',
  FLOAT64: 'INT64 NUMERIC BIGNUMERIC STRING',
  BOOL: 'INT64 STRING',
  STRING: 'BOOL INT64 NUMERIC BIGNUMERIC FLOAT64 BYTES DATE DATETIME TIME TIMESTAMP INTERVAL RANGE',
  BYTES: 'STRING',
  DATE: 'STRING DATETIME TIMESTAMP',
  DATETIME: 'STRING DATE TIME TIMESTAMP',
  TIME: 'STRING',
  TIMESTAMP: 'STRING DATE DATETIME TIME',
  INTERVAL: 'STRING',
  RANGE: 'STRING',
  JSON: '',
  GEOGRAPHY: '',
};
const TYPES = Object.keys(DOCUMENTED);

function fieldOf(type: string) {
  return { name: 'c', type, ...(type === 'RANGE' ? { rangeElementType: { type: 'DATE' } } : {}) };
}

function offered(from: string, to: string): string {
  const expected = expectedTable({ schema: { fields: [fieldOf(to)] } });
  const actual = canonicalTable({ schema: { fields: [fieldOf(from)] } });
  const contract = {
    owner: null,
    retention: null,
    criticalFields: [],
    consumers: new Map(),
    runbook: null,
    extraFields: 'report',
  } as const;
  const [change] = compareTable({ expected, actual, contract }).changes;
  if (change === undefined) throw new Error(`${from} and ${to} do not differ`);
  const subject = { project: 'p', dataset: 'd', table: 't' };
  const fix = fixFor({ change, subject, expected, actual, now: new Date(0) });
  return JSON.stringify(fix?.statements);
}

test('no cast is offered that GoogleSQL has not, of all pairs of types', () => {
  const pairs = TYPES.flatMap((from) => TYPES.filter((to) => to !== from).map((to) => ({ from, to })));
  const wrong = pairs.filter(
    ({ from, to }) =>
      offered(from, to).includes('CAST(') && DOCUMENTED[from]?.split(' ').includes(to) !== true,
  );
  expect({ pairs: pairs.length, wrong }).toEqual({ pairs: 210, wrong: [] });
});

test('each documented cast is offered, unless the type is widened in place', () => {
  const missing = TYPES.flatMap((from) =>
    (DOCUMENTED[from] ?? '')
      .split(' ')
      .filter((to) => to !== '' && !/CAST\(|SET DATA TYPE/.test(offered(from, to)))
      .map((to) => `${from} to ${to}`),
  );
  expect(missing).toEqual([]);
});

function numeric(...parameters: readonly string[]): ParameterisedType {
  return { of: 'type', name: 'NUMERIC', parameters };
}

test.each([
  { from: 'FLOAT64', to: 'INT64', lost: 'fractions are rounded away' },
  { from: 'NUMERIC', to: 'FLOAT64', lost: 'digits after the 15th are rounded' },
  {
    from: numeric('10', '4'),
    to: numeric('10', '2'),
    lost: 'digits that do not fit behind the point are rounded',
  },
  { from: 'INT64', to: 'BOOL', lost: 'every number but 0 becomes TRUE' },
  { from: 'TIMESTAMP', to: 'DATE', lost: 'the time of day is lost' },
  { from: 'DATETIME', to: 'TIME', lost: 'the date is lost' },
  { from: 'DATETIME', to: 'TIMESTAMP', lost: 'times are taken as UTC' },
  { from: 'STRING', to: 'INT64', lost: null },
  { from: 'INT64', to: 'STRING', lost: null },
])('a cast of $from to $to says what it lets go: $lost', ({ from, to, lost }) => {
  expect(lostByCast({ from, to })).toBe(lost);
});
