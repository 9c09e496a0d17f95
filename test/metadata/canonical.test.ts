import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareDataset } from '../../src/compare/dataset.ts';
import { compareFields } from '../../src/compare/fields.ts';
import { compareTable } from '../../src/compare/table.ts';
import { expectedTable } from '../../src/files/expected-table.ts';
import { canonicalTable, statedFields } from '../../src/metadata/canonical.ts';
import { int64 } from '../../src/metadata/parse.ts';
import { DATASET_SETTINGS, statedSettings } from '../../src/metadata/settings.ts';
import { MalformedError } from '../../src/model/errors.ts';
import type { Change } from '../../src/model/finding.ts';
import type { Resource } from '../../src/model/ports.ts';
import type { Contract } from '../../src/model/table.ts';
import { RUNS } from '../support/runs.ts';

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) frozen(part);
    Object.freeze(value);
  }
  return value;
}

/** A table with one column. */
function withColumn(column: Resource): Resource {
  return { schema: { fields: [{ name: 'a', type: 'STRING', ...column }] } };
}

const byDay = { type: 'DAY', field: 'at' };
const byRange = { field: 'id', range: { start: '0', end: '100', interval: '10' } };

interface Spellings {
  readonly name: string;
  readonly one: Resource;
  readonly other: Resource;
}

const SYNONYMS: readonly (readonly [string, string])[] = [
  ['INTEGER', 'INT64'],
  ['INT', 'INT64'],
  ['SMALLINT', 'INT64'],
  ['BIGINT', 'INT64'],
  ['TINYINT', 'INT64'],
  ['BYTEINT', 'INT64'],
  ['FLOAT', 'FLOAT64'],
  ['BOOLEAN', 'BOOL'],
  ['RECORD', 'STRUCT'],
  ['DECIMAL', 'NUMERIC'],
  ['BIGDECIMAL', 'BIGNUMERIC'],
];

const SAME: readonly Spellings[] = [
  ...SYNONYMS.map(([one, other]) => ({
    name: `${one} and ${other}`,
    one: withColumn({ type: one }),
    other: withColumn({ type: other }),
  })),
  {
    name: 'a type in any letter case',
    one: withColumn({ type: 'Integer' }),
    other: withColumn({ type: 'int64' }),
  },
  {
    name: 'a mode in any letter case',
    one: withColumn({ mode: 'Required' }),
    other: withColumn({ mode: 'REQUIRED' }),
  },
  { name: 'no mode and NULLABLE', one: withColumn({}), other: withColumn({ mode: 'NULLABLE' }) },
  {
    name: 'a length as text and as number',
    one: withColumn({ maxLength: '10' }),
    other: withColumn({ maxLength: 10 }),
  },
  {
    name: 'a length with leading zeros, sign and white space, and without',
    one: withColumn({ maxLength: ' +010 ' }),
    other: withColumn({ maxLength: '10' }),
  },
  {
    name: 'a precision without scale and with scale 0',
    one: withColumn({ type: 'NUMERIC', precision: '10' }),
    other: withColumn({ type: 'NUMERIC', precision: '10', scale: '0' }),
  },
  {
    name: 'a precision without scale and with scale 0 of BIGNUMERIC',
    one: withColumn({ type: 'BIGNUMERIC', precision: 40 }),
    other: withColumn({ type: 'BIGNUMERIC', precision: '40', scale: 0 }),
  },
  {
    name: 'NUMERIC(38, 9) and NUMERIC',
    one: withColumn({ type: 'NUMERIC', precision: '38', scale: '9' }),
    other: withColumn({ type: 'DECIMAL' }),
  },
  {
    name: 'no timestamp precision and 6',
    one: withColumn({ type: 'TIMESTAMP' }),
    other: withColumn({ type: 'TIMESTAMP', timestampPrecision: '6' }),
  },
  {
    name: 'the element of a RANGE in any letter case',
    one: withColumn({ type: 'RANGE', rangeElementType: { type: 'date' } }),
    other: withColumn({ type: 'RANGE', rangeElementType: { type: 'DATE' } }),
  },
  {
    name: 'a nested field in two spellings',
    one: withColumn({ type: 'RECORD', fields: [{ name: 'b', type: 'FLOAT' }] }),
    other: withColumn({ type: 'STRUCT', fields: [{ name: 'b', type: 'FLOAT64', mode: 'NULLABLE' }] }),
  },
  {
    name: 'null in place of a parameter and no parameter',
    one: withColumn({ maxLength: null, precision: null, scale: null, mode: null }),
    other: withColumn({}),
  },
  {
    name: 'no policy tags, an empty object of them and an empty list of them',
    one: withColumn({ policyTags: {} }),
    other: withColumn({ policyTags: { names: [] } }),
  },
  {
    name: 'no description and an empty one, of a field',
    one: withColumn({}),
    other: withColumn({ description: '' }),
  },
  {
    name: 'no collation and an empty one, of a field',
    one: withColumn({}),
    other: withColumn({ collation: '' }),
  },
  {
    name: 'no rounding mode and an unspecified one',
    one: withColumn({ type: 'NUMERIC' }),
    other: withColumn({ type: 'NUMERIC', roundingMode: 'ROUNDING_MODE_UNSPECIFIED' }),
  },
  {
    name: 'no description and an empty one, of a table',
    one: {},
    other: { description: '', defaultCollation: '' },
  },
  { name: 'no schema, an empty one and no fields', one: {}, other: { schema: { fields: [] } } },
  { name: 'a schema without fields and no fields', one: { schema: {} }, other: { schema: { fields: [] } } },
  { name: 'no type and TABLE', one: {}, other: { type: 'TABLE' } },
  { name: 'a table type in any letter case', one: { type: 'view' }, other: { type: 'VIEW' } },
  {
    name: 'no partitioning and null for both kinds of it',
    one: {},
    other: { timePartitioning: null, rangePartitioning: null },
  },
  {
    name: 'a granularity in any letter case',
    one: { timePartitioning: { type: 'day', field: 'at' } },
    other: { timePartitioning: byDay },
  },
  {
    name: 'ingestion time by no field and by _PARTITIONTIME',
    one: { timePartitioning: { type: 'DAY' } },
    other: { timePartitioning: { type: 'DAY', field: '_PARTITIONTIME' } },
  },
  {
    name: 'ingestion time by an empty field and by _partitiontime',
    one: { timePartitioning: { type: 'HOUR', field: '' } },
    other: { timePartitioning: { type: 'HOUR', field: '_partitiontime' } },
  },
  {
    name: 'no expiration of partitions and null',
    one: { timePartitioning: byDay },
    other: { timePartitioning: { ...byDay, expirationMs: null } },
  },
  {
    name: 'no expiration of partitions and 0',
    one: { timePartitioning: byDay },
    other: { timePartitioning: { ...byDay, expirationMs: '0' } },
  },
  {
    name: 'an expiration of partitions as text and as number',
    one: { timePartitioning: { ...byDay, expirationMs: '86400000' } },
    other: { timePartitioning: { ...byDay, expirationMs: 86_400_000 } },
  },
  {
    name: 'the bounds of a range as text and as numbers',
    one: { rangePartitioning: byRange },
    other: { rangePartitioning: { field: 'id', range: { start: 0, end: 100, interval: 10 } } },
  },
  {
    name: 'a required filter on the table and in timePartitioning',
    one: { timePartitioning: byDay, requirePartitionFilter: true },
    other: { timePartitioning: { ...byDay, requirePartitionFilter: true } },
  },
  {
    name: 'no required filter and false',
    one: { timePartitioning: byDay },
    other: { timePartitioning: { ...byDay, requirePartitionFilter: false }, requirePartitionFilter: false },
  },
  { name: 'no clustering and an empty list', one: {}, other: { clustering: { fields: [] } } },
  { name: 'no expiration and null', one: {}, other: { expirationTime: null } },
  { name: 'no expiration and 0', one: { expirationTime: null }, other: { expirationTime: 0 } },
  {
    name: 'an expiration as text and as number',
    one: { expirationTime: '1800000000000' },
    other: { expirationTime: 1_800_000_000_000 },
  },
  {
    name: 'what changes by itself and what it was before',
    one: { etag: 'a', numBytes: '1', numRows: '1', lastModifiedTime: '1', location: 'US', id: 'p:d.t' },
    other: { etag: 'b', numBytes: '2', numRows: '2', lastModifiedTime: '2' },
  },
];

const DIFFERENT: readonly Spellings[] = [
  { name: 'INTEGER and FLOAT', one: withColumn({ type: 'INTEGER' }), other: withColumn({ type: 'FLOAT' }) },
  {
    name: 'NUMERIC and BIGNUMERIC',
    one: withColumn({ type: 'NUMERIC' }),
    other: withColumn({ type: 'BIGNUMERIC' }),
  },
  {
    name: 'DATETIME and TIMESTAMP',
    one: withColumn({ type: 'DATETIME' }),
    other: withColumn({ type: 'TIMESTAMP' }),
  },
  { name: 'STRING and BYTES', one: withColumn({}), other: withColumn({ type: 'BYTES' }) },
  { name: 'STRING(10) and STRING', one: withColumn({ maxLength: '10' }), other: withColumn({}) },
  {
    name: 'STRING(10) and STRING(100)',
    one: withColumn({ maxLength: '10' }),
    other: withColumn({ maxLength: '100' }),
  },
  {
    name: 'NUMERIC(38) and NUMERIC',
    one: withColumn({ type: 'NUMERIC', precision: '38' }),
    other: withColumn({ type: 'NUMERIC' }),
  },
  {
    name: 'NUMERIC(29) and NUMERIC',
    one: withColumn({ type: 'NUMERIC', precision: '29' }),
    other: withColumn({ type: 'NUMERIC' }),
  },
  {
    name: 'NUMERIC(10, 2) and NUMERIC(10)',
    one: withColumn({ type: 'NUMERIC', precision: '10', scale: '2' }),
    other: withColumn({ type: 'NUMERIC', precision: '10' }),
  },
  {
    name: 'BIGNUMERIC(38, 9) and BIGNUMERIC',
    one: withColumn({ type: 'BIGNUMERIC', precision: '38', scale: '9' }),
    other: withColumn({ type: 'BIGNUMERIC' }),
  },
  {
    name: 'picoseconds and microseconds',
    one: withColumn({ type: 'TIMESTAMP', timestampPrecision: '12' }),
    other: withColumn({ type: 'TIMESTAMP' }),
  },
  {
    name: 'a RANGE of dates and a RANGE of timestamps',
    one: withColumn({ type: 'RANGE', rangeElementType: { type: 'DATE' } }),
    other: withColumn({ type: 'RANGE', rangeElementType: { type: 'TIMESTAMP' } }),
  },
  {
    name: 'NULLABLE and REPEATED',
    one: withColumn({ mode: 'NULLABLE' }),
    other: withColumn({ mode: 'REPEATED' }),
  },
  {
    name: 'ingestion time and a column',
    one: { timePartitioning: { type: 'DAY' } },
    other: { timePartitioning: byDay },
  },
  {
    name: 'days and hours',
    one: { timePartitioning: byDay },
    other: { timePartitioning: { ...byDay, type: 'HOUR' } },
  },
  {
    name: 'partitions that expire and that never do',
    one: { timePartitioning: { ...byDay, expirationMs: '1' } },
    other: { timePartitioning: byDay },
  },
  {
    name: 'two integers that one double would hold',
    one: { expirationTime: '9007199254740993' },
    other: { expirationTime: '9007199254740992' },
  },
  {
    name: 'another interval of a range',
    one: { rangePartitioning: byRange },
    other: { rangePartitioning: { ...byRange, range: { ...byRange.range, interval: '11' } } },
  },
  {
    name: 'two orders of clustering fields',
    one: { clustering: { fields: ['a', 'b'] } },
    other: { clustering: { fields: ['b', 'a'] } },
  },
  {
    name: 'a policy tag and an empty object of them',
    one: withColumn({ policyTags: { names: ['t/1'] } }),
    other: withColumn({ policyTags: {} }),
  },
  {
    name: 'two policy tags',
    one: withColumn({ policyTags: { names: ['t/1'] } }),
    other: withColumn({ policyTags: { names: ['t/2'] } }),
  },
  {
    name: 'a policy tag and a data policy of the same name',
    one: withColumn({ policyTags: { names: ['t/1'] } }),
    other: withColumn({ dataPolicies: [{ name: 't/1' }] }),
  },
  {
    name: 'a description of a field and an empty one',
    one: withColumn({ description: 'x' }),
    other: withColumn({ description: '' }),
  },
  {
    name: 'a collation of a field and an empty one',
    one: withColumn({ collation: 'und:ci' }),
    other: withColumn({ collation: '' }),
  },
  {
    name: 'a rounding mode and an unspecified one',
    one: withColumn({ type: 'NUMERIC', roundingMode: 'ROUND_HALF_EVEN' }),
    other: withColumn({ type: 'NUMERIC', roundingMode: 'ROUNDING_MODE_UNSPECIFIED' }),
  },
  {
    name: 'a default of text and of a name',
    one: withColumn({ defaultValueExpression: "'x'" }),
    other: withColumn({ defaultValueExpression: 'x' }),
  },
  {
    name: 'a description of a table and an empty one',
    one: { description: 'x' },
    other: { description: '' },
  },
  {
    name: 'a default collation and an empty one',
    one: { defaultCollation: 'und:ci' },
    other: { defaultCollation: '' },
  },
  { name: 'a label of no text and no label', one: { labels: { a: '' } }, other: { labels: {} } },
  {
    name: 'two keys of which one name begins the other',
    one: { encryptionConfiguration: { kmsKeyName: 'k/cryptoKeys/a' } },
    other: { encryptionConfiguration: { kmsKeyName: 'k/cryptoKeys/ab' } },
  },
  {
    name: 'two orders of the columns of a primary key',
    one: { tableConstraints: { primaryKey: { columns: ['a', 'b'] } } },
    other: { tableConstraints: { primaryKey: { columns: ['b', 'a'] } } },
  },
  {
    name: 'two queries that differ within a literal',
    one: { view: { query: "SELECT 'a  b'" } },
    other: { view: { query: "SELECT 'a b'" } },
  },
  {
    name: 'two files of an external table that is not of Iceberg',
    one: { externalDataConfiguration: { sourceFormat: 'PARQUET', sourceUris: ['gs://b/a.parquet'] } },
    other: { externalDataConfiguration: { sourceFormat: 'PARQUET', sourceUris: ['gs://b/b.parquet'] } },
  },
  { name: 'a TABLE and an EXTERNAL one', one: { type: 'TABLE' }, other: { type: 'EXTERNAL' } },
];

describe('canonicalTable', () => {
  test.each(SAME)('makes one of two spellings: $name', ({ one, other }) => {
    expect(canonicalTable(frozen(one))).toEqual(canonicalTable(frozen(other)));
  });

  test.each(DIFFERENT)('keeps apart what means two things: $name', ({ one, other }) => {
    expect(canonicalTable(frozen(one))).not.toEqual(canonicalTable(frozen(other)));
  });

  test('reads all that is compared of a partitioned table', () => {
    const resource = frozen({
      kind: 'bigquery#table',
      type: 'TABLE',
      schema: {
        fields: [
          { name: 'Id', type: 'INTEGER', mode: 'REQUIRED' },
          { name: 'lines', type: 'RECORD', mode: 'REPEATED', fields: [{ name: 'sku', type: 'STRING' }] },
        ],
      },
      timePartitioning: { type: 'MONTH', field: 'At', expirationMs: '5184000000' },
      requirePartitionFilter: true,
      clustering: { fields: ['Id', 'lines'] },
      expirationTime: '1900000000000',
      creationTime: '1800000000000',
    });
    expect(canonicalTable(resource)).toEqual({
      type: 'TABLE',
      fields: [
        { name: 'Id', type: 'INT64', mode: 'REQUIRED' },
        {
          name: 'lines',
          type: 'STRUCT',
          mode: 'REPEATED',
          fields: [{ name: 'sku', type: 'STRING', mode: 'NULLABLE' }],
        },
      ],
      partitioning: { by: 'time', granularity: 'MONTH', field: 'At' },
      partitionExpirationMs: '5184000000',
      requirePartitionFilter: true,
      clustering: ['Id', 'lines'],
      expirationTime: '1900000000000',
      creationTime: '1800000000000',
      hivePartitionFields: [],
    });
  });

  test('takes a resource that says nothing for an empty table with every default', () => {
    expect(canonicalTable({})).toEqual({
      type: 'TABLE',
      fields: [],
      partitioning: null,
      partitionExpirationMs: null,
      requirePartitionFilter: false,
      clustering: [],
      expirationTime: null,
      creationTime: null,
      hivePartitionFields: [],
    });
  });

  test('reads a range whose zero JSON leaves out', () => {
    const resource = { rangePartitioning: { field: 'id', range: { end: '100', interval: '10' } } };
    expect(canonicalTable(resource).partitioning).toEqual({
      by: 'range',
      field: 'id',
      start: '0',
      end: '100',
      interval: '10',
    });
  });

  test('reads the fields that come from the paths of an external table', () => {
    const resource = { externalDataConfiguration: { hivePartitioningOptions: { fields: ['dt', 'region'] } } };
    expect(canonicalTable(resource).hivePartitionFields).toEqual(['dt', 'region']);
  });

  test.each([
    { column: { type: 'VECTOR' }, type: 'VECTOR', mode: 'NULLABLE', what: 'a type' },
    { column: { type: 'vector<float64>' }, type: 'VECTOR<FLOAT64>', mode: 'NULLABLE', what: 'a type' },
    { column: { type: 'constructor' }, type: 'CONSTRUCTOR', mode: 'NULLABLE', what: 'a type' },
    { column: { mode: 'OPTIONAL' }, type: 'STRING', mode: 'OPTIONAL', what: 'a mode' },
  ])('keeps $what that did not exist when this was written: $column', ({ column, type, mode }) => {
    expect(canonicalTable(withColumn(column)).fields).toEqual([{ name: 'a', type, mode }]);
  });

  test.each<{ readonly place: string; readonly resource: Resource }>([
    { place: 'schema', resource: { schema: [] } },
    { place: 'schema', resource: { schema: 'id:STRING' } },
    { place: 'schema.fields', resource: { schema: { fields: { id: 'STRING' } } } },
    { place: 'schema.fields', resource: { schema: { fields: 'id' } } },
    { place: 'schema.fields[1]', resource: { schema: { fields: [{ name: 'a', type: 'STRING' }, null] } } },
    { place: 'schema.fields[0]', resource: { schema: { fields: [['a', 'STRING']] } } },
    { place: 'schema.fields[0].name', resource: { schema: { fields: [{ type: 'STRING' }] } } },
    { place: 'schema.fields[0].name', resource: { schema: { fields: [{ name: 7, type: 'STRING' }] } } },
    { place: 'schema.fields[0].name', resource: { schema: { fields: [{ name: '', type: 'STRING' }] } } },
    { place: 'schema.fields[0].type', resource: { schema: { fields: [{ name: 'a' }] } } },
    { place: 'schema.fields[0].type', resource: withColumn({ type: null }) },
    { place: 'schema.fields[0].mode', resource: withColumn({ mode: true }) },
    { place: 'schema.fields[0].fields', resource: withColumn({ type: 'RECORD', fields: {} }) },
    {
      place: 'schema.fields[0].fields[0].type',
      resource: withColumn({ type: 'RECORD', fields: [{ name: 'b' }] }),
    },
    { place: 'schema.fields[0].maxLength', resource: withColumn({ maxLength: 'ten' }) },
    { place: 'schema.fields[0].maxLength', resource: withColumn({ maxLength: '' }) },
    { place: 'schema.fields[0].maxLength', resource: withColumn({ maxLength: 1.5 }) },
    { place: 'schema.fields[0].precision', resource: withColumn({ type: 'NUMERIC', precision: '1e1' }) },
    { place: 'schema.fields[0].scale', resource: withColumn({ type: 'NUMERIC', precision: '9', scale: [] }) },
    {
      place: 'schema.fields[0].timestampPrecision',
      resource: withColumn({ type: 'TIMESTAMP', timestampPrecision: {} }),
    },
    {
      place: 'schema.fields[0].rangeElementType',
      resource: withColumn({ type: 'RANGE', rangeElementType: 'DATE' }),
    },
    { place: 'type', resource: { type: 3 } },
    { place: 'timePartitioning', resource: { timePartitioning: 'DAY' } },
    { place: 'timePartitioning', resource: { timePartitioning: [] } },
    { place: 'timePartitioning.type', resource: { timePartitioning: { field: 'at' } } },
    { place: 'timePartitioning.field', resource: { timePartitioning: { type: 'DAY', field: 1 } } },
    {
      place: 'timePartitioning.expirationMs',
      resource: { timePartitioning: { ...byDay, expirationMs: 'never' } },
    },
    { place: 'rangePartitioning', resource: { rangePartitioning: [] } },
    { place: 'rangePartitioning.range', resource: { rangePartitioning: { field: 'id' } } },
    { place: 'rangePartitioning.field', resource: { rangePartitioning: { range: byRange.range } } },
    {
      place: 'rangePartitioning.range.end',
      resource: { rangePartitioning: { ...byRange, range: { ...byRange.range, end: 'x' } } },
    },
    { place: 'requirePartitionFilter', resource: { requirePartitionFilter: 'true' } },
    { place: 'clustering', resource: { clustering: ['a'] } },
    { place: 'clustering.fields', resource: { clustering: { fields: 'a' } } },
    { place: 'clustering.fields', resource: { clustering: { fields: [1] } } },
    { place: 'expirationTime', resource: { expirationTime: '2027-01-31' } },
    { place: 'expirationTime', resource: { expirationTime: 2 ** 53 } },
    { place: 'expirationTime', resource: { expirationTime: '-1' } },
    { place: 'expirationTime', resource: { expirationTime: '9223372036854775808' } },
    {
      place: 'timePartitioning.expirationMs',
      resource: { timePartitioning: { ...byDay, expirationMs: -1 } },
    },
    { place: 'creationTime', resource: { creationTime: true } },
    { place: 'externalDataConfiguration', resource: { externalDataConfiguration: 'gs://b/*' } },
  ])('names the place of a shape it cannot read: $place in $resource', ({ place, resource }) => {
    expect(() => canonicalTable(frozen(resource))).toThrow(MalformedError);
    expect(() => canonicalTable(resource)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(startOf(`${place}: `)) }),
    );
  });
});

function startOf(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.[\]]/g, '\\$&')}`);
}

describe('compareDataset', () => {
  const stating = (resource: Resource) => statedSettings(DATASET_SETTINGS, resource).settings;
  const location = { location: 'US' };

  test.each([
    { name: 'a location in any letter case', stated: { location: 'us' }, resource: location },
    { name: 'a region', stated: { location: 'EUROPE-WEST1' }, resource: { location: 'europe-west1' } },
    {
      name: 'default expirations as text or number',
      stated: { defaultTableExpirationMs: 3_600_000, defaultPartitionExpirationMs: '86400000' },
      resource: {
        ...location,
        defaultTableExpirationMs: '3600000',
        defaultPartitionExpirationMs: 86_400_000,
      },
    },
    {
      name: 'null and absent as no default expiration, and 168 hours of time travel as none stated',
      stated: {
        location: 'US',
        defaultTableExpirationMs: null,
        defaultPartitionExpirationMs: null,
        maxTimeTravelHours: null,
      },
      resource: { location: 'US', defaultTableExpirationMs: null, maxTimeTravelHours: '168' },
    },
  ])('takes for equal $name', ({ stated, resource }) => {
    expect(compareDataset(stating(frozen(stated)), frozen(resource)).changes).toEqual([]);
    // And tells another value, so that it was compared at all.
    const other = {
      location: 'asia-east1',
      defaultTableExpirationMs: '1',
      defaultPartitionExpirationMs: '1',
      maxTimeTravelHours: '48',
    };
    expect(compareDataset(stating(stated), other).changes).toHaveLength(Object.keys(stated).length);
  });

  test.each<{ readonly place: string; readonly stated: Resource; readonly resource: Resource }>([
    { place: 'location', stated: location, resource: {} },
    { place: 'location', stated: location, resource: { location: 1 } },
    {
      place: 'defaultTableExpirationMs',
      stated: { defaultTableExpirationMs: null },
      resource: { location: 'US', defaultTableExpirationMs: '1h' },
    },
    {
      place: 'defaultPartitionExpirationMs',
      stated: { defaultPartitionExpirationMs: '1' },
      resource: { location: 'US', defaultPartitionExpirationMs: {} },
    },
  ])('names the place of a shape it cannot read: $place in $resource', ({ place, stated, resource }) => {
    expect(() => compareDataset(stating(stated), frozen(resource)).changes).toThrow(MalformedError);
    expect(() => compareDataset(stating(stated), resource).changes).toThrow(
      expect.objectContaining({ message: expect.stringMatching(startOf(`${place}: `)) }),
    );
  });
});

describe('int64', () => {
  test.each([
    { value: '0', digits: '0' },
    { value: '-0', digits: '0' },
    { value: -0, digits: '0' },
    { value: '007', digits: '7' },
    { value: '-5', digits: '-5' },
    { value: '+5', digits: '5' },
    { value: ' 5\n', digits: '5' },
    { value: 5, digits: '5' },
    { value: '9223372036854775807', digits: '9223372036854775807' },
    { value: '-9223372036854775808', digits: '-9223372036854775808' },
    { value: undefined, digits: undefined },
    { value: null, digits: undefined },
  ])('reads $value as $digits', ({ value, digits }) => {
    expect(int64(value, 'x')).toBe(digits);
  });
});

/* Laws: they hold for any table whatever. */

const columnName = fc.oneof(
  fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,6}$/),
  fc.constantFrom('constructor', '__proto__', 'toString', 'имя', 'net price', 'a&b'),
);
const digits = (min: number, max: number) => fc.integer({ min, max }).map(String);

/** 0 is how tools write that it never is. */
const expiration = (max: number) => fc.oneof(digits(1, max), fc.constantFrom('0', '00'));

const scalar: fc.Arbitrary<Resource> = fc.oneof(
  fc.record({
    type: fc.constantFrom(
      'INTEGER',
      'INT64',
      'FLOAT',
      'BOOLEAN',
      'DATE',
      'TIME',
      'DATETIME',
      'GEOGRAPHY',
      'JSON',
      'INTERVAL',
      'VECTOR',
    ),
  }),
  fc.record(
    { type: fc.constantFrom('STRING', 'BYTES'), maxLength: digits(1, 100) },
    { requiredKeys: ['type'] },
  ),
  fc.record(
    { type: fc.constantFrom('NUMERIC', 'BIGNUMERIC'), precision: digits(10, 38), scale: digits(0, 9) },
    { requiredKeys: ['type', 'precision'] },
  ),
  fc.record({ type: fc.constantFrom('NUMERIC', 'BIGDECIMAL') }),
  fc.record(
    { type: fc.constant('TIMESTAMP'), timestampPrecision: fc.constantFrom('6', '12') },
    { requiredKeys: ['type'] },
  ),
  fc.record({
    type: fc.constant('RANGE'),
    rangeElementType: fc.record({ type: fc.constantFrom('DATE', 'DATETIME', 'TIMESTAMP') }),
  }),
);

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 2 });
const someText = fc.constantFrom('', 'x', 'y', '12', ' x ');
/** Between its tokens stands BREAK alone, and that stands nowhere else. */
const BREAK = ' \n ';
const query = fc
  .array(fc.constantFrom('SELECT', 'a', "'b  c'", '"""d\n\ne"""', '`f  g`', '-- h  i', '(', '+', '1'), {
    minLength: 1,
    maxLength: 6,
  })
  .map((tokens) => tokens.join(BREAK));
const someLabels = fc.record({ a: maybe(someText), b: maybe(someText), constructor: maybe(someText) });

/** Every setting of a field, each stated: a value, or null for BigQuery's default. */
const fieldSettings = fc.record({
  description: maybe(someText),
  defaultValueExpression: maybe(query),
  collation: fc.constantFrom(null, '', 'und:ci'),
  roundingMode: fc.constantFrom(null, 'ROUND_HALF_EVEN', 'ROUNDING_MODE_UNSPECIFIED'),
  policyTags: maybe(fc.record({ names: fc.uniqueArray(fc.constantFrom('t/1', 't/2', 't/3')) })),
  dataPolicies: maybe(fc.array(fc.record({ name: fc.constantFrom('d/1', 'd/2') }), { maxLength: 2 })),
});

const foreignKeyOf = fc.record({
  name: fc.constantFrom('fk$1', 'ours'),
  referencedTable: fc.record({
    datasetId: fc.constantFrom('d', 'e'),
    tableId: fc.constantFrom('t', 'T', 'u'),
  }),
  columnReferences: fc.array(
    fc.record({ referencingColumn: columnName, referencedColumn: fc.constantFrom('id', 'Day') }),
    { minLength: 1, maxLength: 2 },
  ),
});

/** As of a field. */
const tableSettings = fc.record({
  description: maybe(someText),
  labels: someLabels,
  defaultCollation: fc.constantFrom(null, '', 'und:ci'),
  encryptionConfiguration: maybe(fc.record({ kmsKeyName: maybe(fc.constantFrom('k/a', 'k/ab')) })),
  tableConstraints: fc.record({
    primaryKey: maybe(fc.record({ columns: fc.array(columnName, { minLength: 1, maxLength: 3 }) })),
    foreignKeys: maybe(fc.array(foreignKeyOf, { maxLength: 3 })),
  }),
  view: maybe(fc.record({ query })),
  externalDataConfiguration: fc.record({
    sourceFormat: fc.constantFrom(null, 'PARQUET', 'ICEBERG', 'CSV'),
    sourceUris: maybe(
      fc.uniqueArray(fc.constantFrom('gs://b/m/v1.json', 'gs://b/m/v2.json', 'gs://b/n/v1.json')),
    ),
    hivePartitioningOptions: maybe(
      fc.record({
        mode: fc.constantFrom(null, 'AUTO', 'STRINGS'),
        sourceUriPrefix: fc.constantFrom(null, '', 'gs://b/m', 'gs://b/M'),
      }),
    ),
  }),
});

/** Some of what a resource says. */
function someOf(resources: fc.Arbitrary<Resource>): fc.Arbitrary<Resource> {
  return fc
    .tuple(resources, fc.infiniteStream(fc.boolean()))
    .map(([resource, keeps]) =>
      Object.fromEntries(Object.entries(resource).filter(() => keeps.next().value === true)),
    );
}

function columns(
  depth: number,
  settings: fc.Arbitrary<Resource> = someOf(fieldSettings),
): fc.Arbitrary<readonly Resource[]> {
  const content: fc.Arbitrary<Resource> =
    depth === 0
      ? scalar
      : fc.oneof(
          { weight: 3, arbitrary: scalar },
          {
            weight: 1,
            arbitrary: fc.record({
              type: fc.constantFrom('RECORD', 'STRUCT'),
              fields: columns(depth - 1, settings),
            }),
          },
        );
  const modes = fc.record(
    { mode: fc.constantFrom('NULLABLE', 'REQUIRED', 'REPEATED') },
    { requiredKeys: [] },
  );
  const column = fc
    .tuple(columnName, content, modes, settings)
    .map(([name, type, mode, set]): Resource => ({ name, ...type, ...mode, ...set }));
  return fc.uniqueArray(column, {
    maxLength: 5,
    selector: (field) => String(field['name']).toLowerCase(),
  });
}

const partitioning: fc.Arbitrary<Resource> = fc.oneof(
  fc.constant({}),
  fc.record({
    timePartitioning: fc.record(
      {
        type: fc.constantFrom('HOUR', 'DAY', 'MONTH', 'YEAR'),
        field: columnName,
        expirationMs: expiration(2 ** 40),
        requirePartitionFilter: fc.boolean(),
      },
      { requiredKeys: ['type'] },
    ),
  }),
  fc.record({
    rangePartitioning: fc.record({
      field: columnName,
      range: fc.record({ start: digits(-100, 0), end: digits(1, 1000), interval: digits(1, 100) }),
    }),
  }),
);

const table: fc.Arbitrary<Resource> = fc
  .tuple(
    fc.record(
      {
        type: fc.constantFrom('TABLE', 'VIEW', 'MATERIALIZED_VIEW', 'EXTERNAL', 'SNAPSHOT'),
        schema: fc.record({ fields: columns(3) }),
        requirePartitionFilter: fc.boolean(),
        clustering: fc.record({ fields: fc.array(columnName, { minLength: 1, maxLength: 4 }) }),
        expirationTime: expiration(2 ** 42),
        creationTime: digits(1, 2 ** 41),
        numRows: digits(0, 100),
      },
      { requiredKeys: ['type'] },
    ),
    partitioning,
    someOf(tableSettings),
  )
  .map(([rest, partitions, set]) => ({ ...rest, ...partitions, ...set }));

/** A table that states all that is compared. */
const statesAll: fc.Arbitrary<Resource> = fc
  .tuple(
    fc.record({
      type: fc.constantFrom('TABLE', 'EXTERNAL'),
      schema: fc.record({ fields: columns(2, fieldSettings) }),
      requirePartitionFilter: fc.boolean(),
      clustering: maybe(fc.record({ fields: fc.array(columnName, { minLength: 1, maxLength: 4 }) })),
      expirationTime: maybe(expiration(2 ** 42)),
    }),
    fc.oneof(
      fc.record({
        timePartitioning: fc.record({
          type: fc.constantFrom('HOUR', 'DAY'),
          field: maybe(columnName),
          expirationMs: maybe(expiration(2 ** 40)),
        }),
      }),
      fc.constant({ timePartitioning: null, rangePartitioning: null }),
    ),
    tableSettings,
  )
  .map(([rest, partitions, set]) => ({ ...rest, ...partitions, ...set }));

const nobodysContract: Contract = {
  owner: null,
  retention: null,
  criticalFields: [],
  consumers: new Map(),
  runbook: null,
  extraFields: 'report',
};

function compareResources(file: Resource, answer: Resource): readonly Change[] {
  return compareTable({
    expected: expectedTable(file),
    actual: canonicalTable(answer),
    contract: nobodysContract,
  }).changes;
}

const OTHER_NAMES: ReadonlyMap<unknown, string> = new Map([
  ['INTEGER', 'BIGINT'],
  ['INT64', 'INTEGER'],
  ['FLOAT', 'float64'],
  ['BOOLEAN', 'Bool'],
  ['NUMERIC', 'DECIMAL'],
  ['BIGNUMERIC', 'bigdecimal'],
  ['BIGDECIMAL', 'BIGNUMERIC'],
  ['RECORD', 'STRUCT'],
  ['STRUCT', 'Record'],
]);

function swappedCase(text: string): string {
  return [...text]
    .map((letter) =>
      /[a-z]/.test(letter) ? letter.toUpperCase() : /[A-Z]/.test(letter) ? letter.toLowerCase() : letter,
    )
    .join('');
}

/** The same table as another person or tool would write it. */
function respelled(resource: Resource): Resource {
  const {
    schema,
    timePartitioning,
    requirePartitionFilter,
    clustering,
    expirationTime,
    creationTime,
    ...rest
  } = resource;
  const time = timePartitioning as Resource | undefined;
  const filter = requirePartitionFilter ?? time?.['requirePartitionFilter'];
  return {
    ...respelledSettings(rest),
    ...(expirationTime === undefined ? {} : { expirationTime: respelledExpiration(expirationTime) }),
    ...(creationTime === undefined ? {} : { creationTime: respelledValue(creationTime) }),
    ...(schema === undefined
      ? { schema: {} }
      : { schema: { fields: respelledColumns((schema as { fields: readonly Resource[] }).fields) } }),
    ...(time === undefined
      ? {}
      : {
          timePartitioning: {
            ...time,
            type: String(time['type']).toLowerCase(),
            field: time['field'] === undefined ? '_PartitionTime' : swappedCase(String(time['field'])),
            ...(time['expirationMs'] === undefined
              ? {}
              : { expirationMs: respelledExpiration(time['expirationMs']) }),
          },
        }),
    ...(filter === undefined ? {} : { requirePartitionFilter: filter }),
    ...(clustering === undefined
      ? {}
      : { clustering: { fields: (clustering as { fields: readonly string[] }).fields.map(swappedCase) } }),
  };
}

function respelledColumns(fields: readonly Resource[]): readonly Resource[] {
  return fields.toReversed().map(({ name, type, mode, fields: nested, ...parameters }) => ({
    ...respelledSettings(parameters),
    name: swappedCase(String(name)),
    type: OTHER_NAMES.get(type) ?? String(type).toLowerCase(),
    mode: mode === undefined ? 'nullable' : String(mode).toLowerCase(),
    ...(nested === undefined ? {} : { fields: respelledColumns(nested as readonly Resource[]) }),
  }));
}

function respelledQuery(text: string): string {
  return text.replaceAll(BREAK, '\t\r\n\n  ');
}

/** How else each setting, or parameter of a type, is written. */
const RESPELLED: Readonly<Record<string, (value: never) => unknown>> = {
  maxLength: respelledValue,
  precision: respelledValue,
  scale: respelledValue,
  timestampPrecision: respelledValue,
  description: (text: string) => (text === '' ? null : text),
  collation: (text: string) => (text === '' ? null : text),
  defaultCollation: (text: string) => (text === '' ? null : text),
  defaultValueExpression: respelledQuery,
  view: ({ query: text }: { query: string }) => ({ query: respelledQuery(text) }),
  roundingMode: (mode: string) => (mode === 'ROUNDING_MODE_UNSPECIFIED' ? null : mode.toLowerCase()),
  policyTags: ({ names }: { names: readonly string[] }) =>
    names.length === 0 ? {} : { names: names.toReversed() },
  dataPolicies: (policies: readonly unknown[]) => policies.toReversed(),
  labels: (all: Resource) => Object.fromEntries(Object.entries(all).toReversed()),
  encryptionConfiguration: ({ kmsKeyName: name }: { kmsKeyName: string | null }) =>
    name === null ? null : { kmsKeyName: `${name}/cryptoKeyVersions/7` },
  tableConstraints: ({ primaryKey, foreignKeys }: Resource) => ({
    primaryKey:
      primaryKey === null
        ? null
        : { columns: (primaryKey as { columns: string[] }).columns.map(swappedCase) },
    foreignKeys:
      (foreignKeys as readonly Resource[] | null)
        ?.toReversed()
        .map((key, index) => ({ ...key, name: `fk$${index}` })) ?? null,
  }),
  externalDataConfiguration: ({ sourceFormat, sourceUris, ...others }: Resource) => ({
    ...others,
    sourceFormat: typeof sourceFormat === 'string' ? sourceFormat.toLowerCase() : null,
    sourceUris:
      (sourceUris as readonly string[] | null)
        ?.toReversed()
        .map((uri) => (sourceFormat === 'ICEBERG' ? uri.replace(/\d/, '9') : uri)) ?? [],
  }),
};

function respelledSettings(resource: Resource): Resource {
  return Object.fromEntries(
    Object.entries(resource).map(([key, value]) => {
      const respell = RESPELLED[key] as ((value: unknown) => unknown) | undefined;
      return [key, value === null || respell === undefined ? value : respell(value)];
    }),
  );
}

function respelledValue(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
}

function respelledExpiration(value: unknown): number | null {
  return Number(value) === 0 ? null : Number(value);
}

const MIRRORS: ReadonlyMap<string, string> = new Map([
  ['field-missing', 'field-unexpected'],
  ['field-unexpected', 'field-missing'],
  ['partitioning-missing', 'partitioning-unexpected'],
  ['partitioning-unexpected', 'partitioning-missing'],
]);

function inOneOrder(changes: readonly Change[]): readonly string[] {
  return changes
    .map(({ kind, path, expected, actual }) => JSON.stringify([path?.toLowerCase(), kind, expected, actual]))
    .sort();
}

function mirrored(changes: readonly Change[]): readonly Change[] {
  return changes.map(
    (change): Change => ({
      ...change,
      kind: (MIRRORS.get(change.kind) ?? change.kind) as Change['kind'],
      expected: change.actual,
      actual: change.expected,
    }),
  );
}

describe('any table', () => {
  test('is in sync with itself', () => {
    fc.assert(
      fc.property(table, (resource) => {
        expect(compareResources(resource, resource)).toEqual([]);
      }),
      RUNS,
    );
  });

  test('is in sync with its twin in other spellings, whichever of them is the file', () => {
    fc.assert(
      fc.property(table, (resource) => {
        const twin = respelled(resource);
        expect([compareResources(resource, twin), compareResources(twin, resource)]).toEqual([[], []]);
      }),
      RUNS,
    );
  });

  test('differs from another as the other differs from it', () => {
    fc.assert(
      fc.property(columns(3, fieldSettings), columns(3, fieldSettings), (some, others) => {
        const [one, other] = [some, others].map((fields) => ({
          stated: statedFields(fields),
          found: canonicalTable({ schema: { fields } }).fields,
        }));
        expect(inOneOrder(compareFields(other?.stated ?? [], one?.found ?? []))).toEqual(
          inOneOrder(mirrored(compareFields(one?.stated ?? [], other?.found ?? []))),
        );
      }),
      RUNS,
    );
  });

  test('differs as a whole from another as the other differs from it', () => {
    fc.assert(
      fc.property(statesAll, statesAll, (one, other) => {
        expect(inOneOrder(compareResources(other, one))).toEqual(
          inOneOrder(mirrored(compareResources(one, other))),
        );
      }),
      RUNS,
    );
  });

  test('is the same after it was compared', () => {
    fc.assert(
      fc.property(table, table, (file, answer) => {
        expect(() => compareResources(frozen(file), frozen(answer))).not.toThrow();
      }),
      RUNS,
    );
  });
});

describe('any JSON at all', () => {
  /** JSON with the keys of a Table resource, so that it reaches every reader. */
  const mutated: fc.Arbitrary<Resource> = fc.dictionary(
    fc.constantFrom(
      'type',
      'schema',
      'timePartitioning',
      'rangePartitioning',
      'requirePartitionFilter',
      'clustering',
      'expirationTime',
      'creationTime',
      'externalDataConfiguration',
      'hivePartitioningOptions',
      'description',
      'labels',
      'defaultCollation',
      'encryptionConfiguration',
      'tableConstraints',
      'view',
      'materializedView',
    ),
    fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.dictionary(
        fc.constantFrom(
          'type',
          'field',
          'fields',
          'range',
          'expirationMs',
          'hivePartitioningOptions',
          'kmsKeyName',
          'primaryKey',
          'foreignKeys',
          'query',
          'sourceFormat',
          'sourceUris',
        ),
        fc.oneof(
          fc.jsonValue({ maxDepth: 1 }),
          fc.array(
            fc.dictionary(
              fc.constantFrom(
                'name',
                'type',
                'mode',
                'fields',
                'policyTags',
                'dataPolicies',
                'defaultValueExpression',
                'referencedTable',
                'columnReferences',
              ),
              fc.jsonValue({ maxDepth: 2 }),
            ),
          ),
        ),
      ),
    ),
  );

  test('is a table or malformed, and never a crash', () => {
    fc.assert(
      fc.property(mutated, (resource) => {
        try {
          canonicalTable(frozen(resource));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      RUNS,
    );
  });
});
