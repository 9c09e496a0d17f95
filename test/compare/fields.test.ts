import { describe, expect, test } from 'vitest';
import { compareFields } from '../../src/compare/fields.ts';
import { columnType, fieldFinder } from '../../src/metadata/fields.ts';
import type { Field } from '../../src/model/table.ts';

function column(name: string, type = 'STRING', mode = 'NULLABLE'): Field {
  return { name, type, mode };
}

function struct(name: string, fields: readonly Field[], mode = 'NULLABLE'): Field {
  return { name, type: 'STRUCT', mode, fields };
}

const id = column('id', 'INT64', 'REQUIRED');
const city = column('city');
const zip = column('zip');
const geo = struct('geo', [column('lat', 'FLOAT64'), column('lon', 'FLOAT64')]);

const CASES: readonly {
  readonly name: string;
  readonly expected: readonly Field[];
  readonly actual: readonly Field[];
  readonly changes: readonly unknown[];
}[] = [
  {
    name: 'a declared field that is absent',
    expected: [id, city],
    actual: [id],
    changes: [{ kind: 'field-missing', path: 'city', expected: 'STRING', actual: null }],
  },
  {
    name: 'a field that no file declares',
    expected: [id],
    actual: [id, city],
    changes: [{ kind: 'field-unexpected', path: 'city', expected: null, actual: 'STRING' }],
  },
  {
    name: 'every declared field of a table that was recreated empty',
    expected: [id, city],
    actual: [],
    changes: [
      { kind: 'field-missing', path: 'id', expected: 'INT64', actual: null },
      { kind: 'field-missing', path: 'city', expected: 'STRING', actual: null },
    ],
  },
  {
    name: 'only the topmost path of a missing STRUCT',
    expected: [struct('address', [city, geo])],
    actual: [],
    changes: [
      {
        kind: 'field-missing',
        path: 'address',
        expected: 'STRUCT<city STRING, geo STRUCT<lat FLOAT64, lon FLOAT64>>',
        actual: null,
      },
    ],
  },
  {
    name: 'only the topmost path of an unexpected STRUCT',
    expected: [struct('address', [city])],
    actual: [struct('address', [city, geo])],
    changes: [
      {
        kind: 'field-unexpected',
        path: 'address.geo',
        expected: null,
        actual: 'STRUCT<lat FLOAT64, lon FLOAT64>',
      },
    ],
  },
  {
    name: 'what differs three levels down',
    expected: [struct('a', [struct('b', [column('c', 'INT64'), column('gone'), column('same')])])],
    actual: [struct('a', [struct('b', [column('c', 'STRING'), column('same'), column('extra', 'DATE')])])],
    changes: [
      { kind: 'field-missing', path: 'a.b.gone', expected: 'STRING', actual: null },
      { kind: 'field-unexpected', path: 'a.b.extra', expected: null, actual: 'DATE' },
      { kind: 'field-type', path: 'a.b.c', expected: 'INT64', actual: 'STRING' },
    ],
  },
  {
    name: 'a STRUCT that became text, and nothing that was in it',
    expected: [struct('address', [city, zip])],
    actual: [column('address', 'JSON')],
    changes: [{ kind: 'field-type', path: 'address', expected: 'STRUCT', actual: 'JSON' }],
  },
  {
    name: 'text that became a STRUCT, and nothing that is in it',
    expected: [column('address')],
    actual: [struct('address', [city, zip])],
    changes: [{ kind: 'field-type', path: 'address', expected: 'STRING', actual: 'STRUCT' }],
  },
  {
    name: 'parameters of a type',
    expected: [column('amount', 'NUMERIC(10, 2)')],
    actual: [column('amount', 'NUMERIC')],
    changes: [{ kind: 'field-type', path: 'amount', expected: 'NUMERIC(10, 2)', actual: 'NUMERIC' }],
  },
  {
    name: 'mode and type of one field',
    expected: [id],
    actual: [column('id', 'STRING')],
    changes: [
      { kind: 'field-mode', path: 'id', expected: 'REQUIRED', actual: 'NULLABLE' },
      { kind: 'field-type', path: 'id', expected: 'INT64', actual: 'STRING' },
    ],
  },
  {
    name: 'another mode of a STRUCT and what differs in it',
    expected: [struct('lines', [city], 'REPEATED')],
    actual: [struct('lines', [])],
    changes: [
      { kind: 'field-mode', path: 'lines', expected: 'REPEATED', actual: 'NULLABLE' },
      { kind: 'field-missing', path: 'lines.city', expected: 'STRING', actual: null },
    ],
  },
  {
    name: 'a mode that did not exist when this was written',
    expected: [column('id')],
    actual: [column('id', 'STRING', 'OPTIONAL')],
    changes: [{ kind: 'field-mode', path: 'id', expected: 'NULLABLE', actual: 'OPTIONAL' }],
  },
  {
    name: 'a missing field as the file spells it, an unexpected one as BigQuery does',
    expected: [struct('Address', [column('City'), column('Zip', 'INT64')])],
    actual: [struct('ADDRESS', [column('ZIP'), column('Street')])],
    changes: [
      {
        kind: 'field-missing',
        path: 'Address.City',
        expected: 'STRING',
        actual: null,
        context: { type: 'perhaps-renamed', to: 'Street' },
      },
      { kind: 'field-unexpected', path: 'ADDRESS.Street', expected: null, actual: 'STRING' },
      { kind: 'field-type', path: 'Address.Zip', expected: 'INT64', actual: 'STRING' },
    ],
  },
  {
    name: 'fields of a STRUCT whose file says that it is empty',
    expected: [struct('address', [])],
    actual: [struct('address', [city])],
    changes: [{ kind: 'field-unexpected', path: 'address.city', expected: null, actual: 'STRING' }],
  },
  {
    name: 'fields that bear names of object members',
    expected: [column('__proto__'), column('toString')],
    actual: [column('constructor'), column('tostring')],
    changes: [
      {
        kind: 'field-missing',
        path: '__proto__',
        expected: 'STRING',
        actual: null,
        context: { type: 'perhaps-renamed', to: 'constructor' },
      },
      { kind: 'field-unexpected', path: 'constructor', expected: null, actual: 'STRING' },
    ],
  },
];

describe('compareFields', () => {
  test.each(CASES)('finds $name', ({ expected, actual, changes }) => {
    expect(compareFields(expected, actual)).toEqual(changes);
  });

  test.each(CASES)(
    'finds nothing where either side is compared with itself: $name',
    ({ expected, actual }) => {
      expect([compareFields(expected, expected), compareFields(actual, actual)]).toEqual([[], []]);
    },
  );

  test.each([
    {
      name: 'the order of fields, at any depth',
      expected: [id, struct('address', [city, zip, geo])],
      actual: [struct('address', [geo, zip, city]), id],
    },
    {
      name: 'the letter case of names, at any depth',
      expected: [struct('address', [city])],
      actual: [struct('ADDRESS', [column('City')])],
    },
    {
      name: 'what is in a STRUCT whose file does not say it',
      expected: [column('address', 'STRUCT')],
      actual: [struct('address', [city, geo])],
    },
  ])('does not look at $name', ({ expected, actual }) => {
    expect(compareFields(expected, actual)).toEqual([]);
  });
});

describe('columnType', () => {
  test.each([
    { field: column('a', 'NUMERIC(10, 2)'), type: 'NUMERIC(10, 2)' },
    { field: column('a', 'STRING', 'REQUIRED'), type: 'STRING' },
    { field: column('a', 'STRING', 'REPEATED'), type: 'ARRAY<STRING>' },
    { field: column('a', 'STRUCT'), type: 'STRUCT' },
    { field: struct('a', []), type: 'STRUCT' },
    {
      field: struct(
        'a',
        [column('b', 'INT64', 'REPEATED'), struct('c', [column('d', 'STRING(10)')])],
        'REPEATED',
      ),
      type: 'ARRAY<STRUCT<b ARRAY<INT64>, c STRUCT<d STRING(10)>>>',
    },
    { field: struct('a', [column('net price')]), type: 'STRUCT<`net price` STRING>' },
  ])('writes a whole type as GoogleSQL does: $type', ({ field, type }) => {
    expect(columnType(field)).toBe(type);
  });
});

describe('fieldFinder', () => {
  const fields = [id, struct('address', [city, geo]), column('payload', 'STRUCT'), column('note', 'JSON')];

  test.each([
    { path: 'id', found: true },
    { path: 'ID', found: true },
    { path: 'address', found: true },
    { path: 'Address.GEO.lat', found: true },
    { path: 'payload.anything.at.all', found: true },
    { path: 'address.street', found: false },
    { path: 'address.city.part', found: false },
    { path: 'note.part', found: false },
    { path: 'city', found: false },
    { path: 'address.', found: false },
    { path: '', found: false },
    { path: 'constructor', found: false },
  ])('says $found to the path $path', ({ path, found }) => {
    expect(fieldFinder(fields)(path)).toBe(found);
  });
});
