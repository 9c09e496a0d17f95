import { describe, expect, test } from 'vitest';
import { detailsOf } from '../../src/compare/details.ts';
import { compareTable } from '../../src/compare/table.ts';
import { contractOf, expectedTable } from '../../src/files/expected-table.ts';
import { canonicalTable } from '../../src/metadata/canonical.ts';
import type { FieldLine } from '../../src/model/details.ts';
import type { Resource } from '../../src/model/ports.ts';
import { type Value, valueText } from '../../src/model/value.ts';

const subject = { dataset: 'shop', table: 'orders' };

/** What is kept of a table as BigQuery answers of it, beside its file. */
function detailsAgainst(file: Resource, resource: Resource) {
  const expected = expectedTable(file);
  const contract = contractOf(file);
  const actual = canonicalTable(resource);
  return detailsOf({
    ...subject,
    expected,
    actual,
    contract,
    changes: compareTable({ expected, actual, contract }).changes,
  });
}

const string = (name: string) => ({ name, type: 'STRING' });
const record = (name: string, fields: readonly unknown[]) => ({ name, type: 'RECORD', fields });
const tableOf = (...fields: readonly unknown[]) => ({ schema: { fields } });

/** `depth name: expected | actual` */
function shown({ depth, name, expected, actual }: FieldLine): string {
  const side = (of: FieldLine['expected']) => (of === null ? '-' : `${of.type} ${of.mode}`);
  return `${depth} ${name}: ${side(expected)} | ${side(actual)}`;
}

describe('the fields', () => {
  test('are those that differ, each after what holds it, and no other', () => {
    const { fields } = detailsAgainst(
      tableOf(
        string('id'),
        record('address', [string('city'), record('geo', [string('lat'), string('lon')])]),
        string('Name'),
      ),
      tableOf(
        string('name'),
        record('address', [record('geo', [string('lat'), { name: 'lon', type: 'FLOAT' }]), string('zip')]),
        string('id'),
      ),
    );
    expect(fields.map(shown)).toEqual([
      '0 address: STRUCT NULLABLE | STRUCT NULLABLE',
      '1 city: STRING NULLABLE | -',
      '1 geo: STRUCT NULLABLE | STRUCT NULLABLE',
      '2 lon: STRING NULLABLE | FLOAT64 NULLABLE',
      '1 zip: - | STRING NULLABLE',
    ]);
    expect(fields.map(({ path }) => path)).toEqual([
      'address',
      'address.city',
      'address.geo',
      'address.geo.lon',
      'address.zip',
    ]);
  });

  test('are found whatever the letters of their names', () => {
    const { fields } = detailsAgainst(
      tableOf(record('Address', [{ name: 'City', type: 'STRING', mode: 'REQUIRED' }])),
      tableOf(record('ADDRESS', [string('CITY')])),
    );
    expect(fields.map(shown)).toEqual([
      '0 Address: STRUCT NULLABLE | STRUCT NULLABLE',
      '1 City: STRING REQUIRED | STRING NULLABLE',
    ]);
  });

  test('are none where only a setting differs', () => {
    const file = { ...tableOf(string('id')), clustering: { fields: ['id'] } };
    expect(detailsAgainst(file, tableOf(string('id'))).fields).toEqual([]);
  });

  test('are no more than sixty, and the others are counted', () => {
    const many = Array.from({ length: 100 }, (_, index) => string(`column_${index}`));
    const { fields, fieldsLeft } = detailsAgainst(tableOf(record('all', many)), tableOf(record('all', [])));
    expect([fields.length, fieldsLeft]).toEqual([60, 41]);
  });

  test('say no more of a long type than its beginning', () => {
    const many = Array.from({ length: 100 }, (_, index) => string(`column_${index}`));
    const { fields } = detailsAgainst(tableOf(record('all', many)), tableOf());
    expect(fields.map(({ expected }) => [expected?.type.length, expected?.type.slice(-1)])).toEqual([
      [200, '…'],
    ]);
  });
});

describe('the settings', () => {
  test('are what the file states and what the table has', () => {
    const { settings } = detailsAgainst(
      {
        type: 'TABLE',
        timePartitioning: { type: 'DAY', field: 'day', expirationMs: null },
        contract: { retention: 'P1Y' },
      },
      {
        ...tableOf(string('id')),
        type: 'TABLE',
        timePartitioning: { type: 'DAY', field: 'day', expirationMs: '86400000' },
        clustering: { fields: ['id'] },
      },
    );
    const textOf = (value: Value | null | undefined) => (value === undefined ? undefined : valueText(value));
    const texts = settings.map(({ kind, expected, actual }) => ({
      kind,
      expected: textOf(expected),
      actual: textOf(actual),
    }));
    expect(texts).toEqual([
      { kind: 'table-type', expected: 'TABLE', actual: 'TABLE' },
      { kind: 'partitioning-different', expected: 'DAY(day)', actual: 'DAY(day)' },
      { kind: 'partition-expiration', expected: null, actual: '86400000' },
      { kind: 'clustering', expected: undefined, actual: 'id' },
      { kind: 'retention', expected: '31536000000', actual: '86400000' },
    ]);
  });

  test('of a table that is missing are those of its file alone', () => {
    const expected = expectedTable({ type: 'TABLE', ...tableOf(string('id')), clustering: null });
    const changes = [{ kind: 'table-missing', path: null }] as const;
    expect(detailsOf({ ...subject, expected, actual: null, contract: contractOf({}), changes })).toEqual({
      ...subject,
      fields: [],
      fieldsLeft: 0,
      settings: [
        { kind: 'table-type', expected: 'TABLE', actual: undefined },
        { kind: 'clustering', expected: null, actual: undefined },
      ],
    });
  });
});
