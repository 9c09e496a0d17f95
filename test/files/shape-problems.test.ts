import { describe, expect, test } from 'vitest';
import { datasetFile, policyFile, tableFile } from '../../src/files/file-schemas.ts';
import { jsonPath, shapeProblems } from '../../src/files/shape-problems.ts';

describe('shapeProblems of a table file', () => {
  const column = { name: 'id', type: 'STRING' };

  test.each([
    {
      name: 'an unknown key at the top',
      file: { shema: {} },
      path: '$.shema',
      message: 'unknown key "shema"; did you mean "schema"?',
    },
    {
      name: 'an unknown key like no other',
      file: { zzz: 'created_at' },
      path: '$.zzz',
      message: 'unknown key "zzz"',
    },
    {
      name: 'an unknown key of a schema',
      file: { schema: { feilds: [] } },
      path: '$.schema.feilds',
      message: 'unknown key "feilds"; did you mean "fields"?',
    },
    {
      name: 'an unknown key of a field',
      file: { schema: { fields: [column, { ...column, descripton: 'x' }] } },
      path: '$.schema.fields[1].descripton',
      message: 'unknown key "descripton"; did you mean "description"?',
    },
    {
      name: 'an unknown key of a nested field',
      file: { schema: { fields: [{ ...column, type: 'RECORD', fields: [{ ...column, max_length: 3 }] }] } },
      path: '$.schema.fields[0].fields[0].max_length',
      message: 'unknown key "max_length"; did you mean "maxLength"?',
    },
    {
      name: 'an unknown key of a contract',
      file: { contract: { critcalFields: [] } },
      path: '$.contract.critcalFields',
      message: 'unknown key "critcalFields"; did you mean "criticalFields"?',
    },
    {
      name: 'an unknown key of timePartitioning',
      file: { timePartitioning: { type: 'DAY', expiration: '1' } },
      path: '$.timePartitioning.expiration',
      message: 'unknown key "expiration"; did you mean "expirationMs"?',
    },
    {
      name: 'an unknown key of a range',
      file: { rangePartitioning: { field: 'id', range: { start: 0, end: 9, interval: 1, strat: 9 } } },
      path: '$.rangePartitioning.range.strat',
      message: 'unknown key "strat"; did you mean "start"?',
    },
    {
      name: 'an unknown key that is no identifier',
      file: { 'time-partitioning': {} },
      path: '$["time-partitioning"]',
      message: 'unknown key "time-partitioning"; did you mean "timePartitioning"?',
    },
    {
      name: 'an unknown key named as a member of objects',
      file: { constructor: 'x' },
      path: '$.constructor',
      message: 'unknown key "constructor"',
    },
    {
      name: 'an unknown key __proto__',
      file: JSON.parse('{"__proto__": {"type": "VIEW"}}'),
      path: '$.__proto__',
      message: 'unknown key "__proto__"',
    },
    {
      name: 'a mode that is none',
      file: { schema: { fields: [{ ...column, mode: 'OPTIONAL' }] } },
      path: '$.schema.fields[0].mode',
      message: 'expected NULLABLE, REQUIRED or REPEATED',
    },
    {
      name: 'a granularity that is none',
      file: { timePartitioning: { type: 'WEEK' } },
      path: '$.timePartitioning.type',
      message: 'expected HOUR, DAY, MONTH or YEAR',
    },
    {
      name: 'an integer that is none',
      file: { timePartitioning: { type: 'DAY', expirationMs: '90 days' } },
      path: '$.timePartitioning.expirationMs',
      message: 'expected an integer, as digits or a number',
    },
    {
      name: 'a fraction in place of an integer',
      file: { expirationTime: 1.5 },
      path: '$.expirationTime',
      message: 'expected an integer, as digits or a number',
    },
    {
      name: 'a retention that is no duration',
      file: { contract: { retention: '7 years' } },
      path: '$.contract.retention',
      message: 'expected an ISO 8601 duration such as P7Y or P90D',
    },
    {
      name: 'a runbook that a browser would run',
      file: { contract: { runbook: 'javascript:alert(1)' } },
      path: '$.contract.runbook',
      message: 'expected an http(s) URL',
    },
  ])('names $name', ({ file, path, message }) => {
    expect(shapeProblems(tableFile, file)).toEqual([{ path, message }]);
  });

  test.each([
    {
      name: 'a field without name',
      file: { schema: { fields: [{ type: 'STRING' }] } },
      path: '$.schema.fields[0].name',
    },
    {
      name: 'a field without type',
      file: { schema: { fields: [{ name: 'id' }] } },
      path: '$.schema.fields[0].type',
    },
    {
      name: 'an empty name',
      file: { schema: { fields: [{ ...column, name: '' }] } },
      path: '$.schema.fields[0].name',
    },
    { name: 'a field that is text', file: { schema: { fields: ['id'] } }, path: '$.schema.fields[0]' },
    { name: 'fields by name', file: { schema: { fields: { id: 'STRING' } } }, path: '$.schema.fields' },
    { name: 'a schema that is a list, as bq schema files are', file: { schema: [column] }, path: '$.schema' },
    {
      name: 'timePartitioning without type',
      file: { timePartitioning: { field: 'at' } },
      path: '$.timePartitioning.type',
    },
    { name: 'clustering that is a list', file: { clustering: ['id'] }, path: '$.clustering' },
    {
      name: 'a filter that is text',
      file: { requirePartitionFilter: 'true' },
      path: '$.requirePartitionFilter',
    },
    {
      name: 'consumers that are a list',
      file: { contract: { consumers: ['web'] } },
      path: '$.contract.consumers',
    },
    {
      name: 'extraFields of another word',
      file: { contract: { extraFields: 'ignore' } },
      path: '$.contract.extraFields',
    },
    { name: 'a contract that is null', file: { contract: null }, path: '$.contract' },
  ])('gives the place of $name', ({ file, path }) => {
    expect(shapeProblems(tableFile, file).map((problem) => problem.path)).toEqual([path]);
  });

  test('names every problem at once, however deep', () => {
    const file = {
      colour: 'red',
      schema: { fields: [{ name: 'a' }, { name: 'b', type: 'STRING', mode: 'ANY', nmae: 'c' }] },
      timePartitioning: { type: 'DAY', expirationMs: true },
    };
    expect(
      shapeProblems(tableFile, file)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([
      '$.colour',
      '$.schema.fields[0].type',
      '$.schema.fields[1].mode',
      '$.schema.fields[1].nmae',
      '$.timePartitioning.expirationMs',
    ]);
  });

  test.each([
    { name: 'nothing', file: {} },
    { name: '$schema', file: { $schema: '../../schemas/table.schema.json' } },
    {
      name: 'modes and granularities in any letter case',
      file: { timePartitioning: { type: 'Day' }, schema: { fields: [{ ...column, mode: 'required' }] } },
    },
    {
      name: 'integers as text or number',
      file: { expirationTime: 1, timePartitioning: { type: 'DAY', expirationMs: '1' } },
    },
    {
      name: 'null wherever it states a default',
      file: {
        timePartitioning: null,
        rangePartitioning: null,
        clustering: null,
        requirePartitionFilter: null,
        expirationTime: null,
        description: null,
        labels: { team: null },
        schema: { fields: [{ ...column, mode: null, maxLength: null, description: null, policyTags: null }] },
      },
    },
    {
      name: 'consumers named as members of objects',
      file: JSON.parse('{"contract":{"consumers":{"__proto__":["id"],"constructor":["id"]}}}'),
    },
  ])('allows $name', ({ file }) => {
    expect(shapeProblems(tableFile, file)).toEqual([]);
  });
});

describe('shapeProblems of a dataset file', () => {
  test.each([
    {
      file: { loction: 'US' },
      problems: [{ path: '$.loction', message: 'unknown key "loction"; did you mean "location"?' }],
    },
    {
      file: { defaultTableExpirationMs: '1 hour' },
      problems: [
        { path: '$.defaultTableExpirationMs', message: 'expected an integer, as digits or a number' },
      ],
    },
    {
      file: { location: 'us', defaultTableExpirationMs: null, defaultPartitionExpirationMs: 3_600_000 },
      problems: [],
    },
  ])('of $file is $problems', ({ file, problems }) => {
    expect(shapeProblems(datasetFile, file)).toEqual(problems);
  });
});

describe('shapeProblems of a policy', () => {
  test('names an unknown kind and the nearest one', () => {
    expect(shapeProblems(policyFile, { severities: { 'field-typ': 'off' } })).toEqual([
      { path: '$.severities["field-typ"]', message: 'unknown key "field-typ"; did you mean "field-type"?' },
    ]);
  });
});

describe('jsonPath', () => {
  test.each([
    { path: [], text: '$' },
    { path: ['schema', 'fields', 2, 'type'], text: '$.schema.fields[2].type' },
    { path: ['contract', 'consumers', 'data team', 0], text: '$.contract.consumers["data team"][0]' },
    { path: ['say "hi"'], text: '$["say \\"hi\\""]' },
    { path: ['2'], text: '$["2"]' },
    { path: [''], text: '$[""]' },
  ])('writes $path as $text', ({ path, text }) => {
    expect(jsonPath(path)).toBe(text);
  });
});
