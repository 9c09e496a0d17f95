import { describe, expect, test } from 'vitest';
import { datasetRules, tableRules } from '../../src/files/file-rules.ts';
import { policyRules } from '../../src/files/policy.ts';
import type { Resource } from '../../src/model/ports.ts';

const id = { dataset: 'commerce', table: 'payments' };

interface Row {
  readonly name: string;
  readonly file: Resource;
  readonly path: string;
  readonly message: string;
}

function withColumns(...fields: readonly Resource[]): Resource {
  return { schema: { fields } };
}

function withType(type: string, more: Resource = {}): Resource {
  return withColumns({ name: 'a', type, ...more });
}

const columns = [
  { name: 'id', type: 'INTEGER' },
  { name: 'created_at', type: 'TIMESTAMP' },
  { name: 'days', type: 'DATE', mode: 'REPEATED' },
  { name: 'address', type: 'RECORD', fields: [{ name: 'city', type: 'STRING' }] },
];

function partitionedBy(field: string): Resource {
  return { schema: { fields: columns }, timePartitioning: { type: 'DAY', field } };
}

function rangedBy(field: string): Resource {
  const range = { start: '0', end: '10', interval: '1' };
  return { schema: { fields: columns }, rangePartitioning: { field, range } };
}

/** One column in as many levels as are asked for. */
function nested(levels: number): Resource {
  let field: Resource = { name: `level${levels}`, type: 'STRING' };
  for (let level = levels - 1; level > 0; level -= 1) {
    field = { name: `level${level}`, type: 'RECORD', fields: [field] };
  }
  return withColumns(field);
}

const DAY = 86_400_000;

function reserved(name: string, prefix: string): Row {
  return {
    name: `the column ${name}`,
    file: withColumns({ name, type: 'STRING' }),
    path: '$.schema.fields[0].name',
    message: `a column "${name}" cannot exist, BigQuery reserves the prefix ${prefix}: leave it out`,
  };
}

const REFUSED: readonly Row[] = [
  {
    name: 'a duplicate field',
    file: withColumns(
      { name: 'a', type: 'STRING' },
      { name: 'b', type: 'STRING' },
      { name: 'a', type: 'DATE' },
    ),
    path: '$.schema.fields[2].name',
    message: 'duplicate field "a": also $.schema.fields[0]',
  },
  {
    name: 'a duplicate field that differs in case',
    file: withColumns({ name: 'price', type: 'STRING' }, { name: 'Price', type: 'STRING' }),
    path: '$.schema.fields[1].name',
    message: 'duplicate field "Price": also $.schema.fields[0]',
  },
  {
    name: 'a duplicate nested field',
    file: withType('RECORD', {
      fields: [
        { name: 'b', type: 'STRING' },
        { name: 'B', type: 'STRING' },
      ],
    }),
    path: '$.schema.fields[0].fields[1].name',
    message: 'duplicate field "B": also $.schema.fields[0].fields[0]',
  },
  {
    name: 'the column _partition_date, with what to write instead',
    file: withColumns({ name: '_partition_date', type: 'DATE' }),
    path: '$.schema.fields[0].name',
    message:
      'a column "_partition_date" cannot exist, BigQuery reserves the prefix _PARTITION: leave it out and state timePartitioning; a table by ingestion time has the pseudo column _PARTITIONTIME',
  },
  reserved('_TABLE_SUFFIX', '_TABLE_'),
  reserved('_file_name', '_FILE_'),
  reserved('_row_timestamp', '_ROW_TIMESTAMP'),
  reserved('__root__', '__ROOT__'),
  reserved('_colidentifier_1', '_COLIDENTIFIER'),
  reserved('_CHANGE_SEQUENCE_NUMBER', '_CHANGE_SEQUENCE_NUMBER'),
  reserved('_change_type', '_CHANGE_TYPE'),
  reserved('_CHANGE_TIMESTAMP', '_CHANGE_TIMESTAMP'),
  {
    name: 'a name of 301 characters',
    file: withColumns({ name: 'x'.repeat(301), type: 'STRING' }),
    path: '$.schema.fields[0].name',
    message: 'longer than the 300 characters that BigQuery allows',
  },
  {
    name: 'an unknown type',
    file: withType('STRNG'),
    path: '$.schema.fields[0].type',
    message: 'unknown type "STRNG"; did you mean "STRING"?',
  },
  {
    name: 'a legacy type that is misspelled',
    file: withType('INTEGR'),
    path: '$.schema.fields[0].type',
    message: 'unknown type "INTEGR"; did you mean "INTEGER"?',
  },
  {
    name: 'a type like no other',
    file: withType('money'),
    path: '$.schema.fields[0].type',
    message: 'unknown type "money"',
  },
  {
    name: 'a type named as a member of objects',
    file: withType('constructor'),
    path: '$.schema.fields[0].type',
    message: 'unknown type "constructor"',
  },
  {
    name: 'ARRAY<…> as a type',
    file: withType('ARRAY<STRING>'),
    path: '$.schema.fields[0].type',
    message: 'unknown type "ARRAY<STRING>"; write the type of the elements and "mode": "REPEATED"',
  },
  {
    name: 'STRUCT<…> as a type',
    file: withType('STRUCT<a INT64>'),
    path: '$.schema.fields[0].type',
    message: 'unknown type "STRUCT<a INT64>"; write "RECORD" and its "fields"',
  },
  {
    name: 'RANGE<…> as a type',
    file: withType('RANGE<DATE>'),
    path: '$.schema.fields[0].type',
    message: 'unknown type "RANGE<DATE>"; write "RANGE" and "rangeElementType": {"type": "DATE"}',
  },
  {
    name: 'NUMERIC(10,2) as a type',
    file: withType('NUMERIC(10,2)'),
    path: '$.schema.fields[0].type',
    message: 'unknown type "NUMERIC(10,2)"; write its parameters as "precision", "scale" or "maxLength"',
  },
  {
    name: 'an unknown type of a nested field',
    file: withType('RECORD', { fields: [{ name: 'b', type: 'TXT' }] }),
    path: '$.schema.fields[0].fields[0].type',
    message: 'unknown type "TXT"',
  },
  {
    name: 'fields in what is no RECORD',
    file: withType('STRING', { fields: [{ name: 'b', type: 'STRING' }] }),
    path: '$.schema.fields[0].type',
    message: 'a STRING has no nested fields; did you mean "RECORD"?',
  },
  {
    name: 'a scale without precision',
    file: withType('NUMERIC', { scale: '2' }),
    path: '$.schema.fields[0].scale',
    message: 'a scale needs a precision beside it',
  },
  {
    name: '16 levels',
    file: nested(16),
    path: `$.schema${'.fields[0]'.repeat(15)}.fields`,
    message: 'nested deeper than the 15 levels that BigQuery allows',
  },
  {
    name: 'a partition field that is not declared',
    file: partitionedBy('create_at'),
    path: '$.timePartitioning.field',
    message: '"create_at" is not declared in schema.fields; did you mean "created_at"?',
  },
  {
    name: 'a nested partition field',
    file: partitionedBy('address.city'),
    path: '$.timePartitioning.field',
    message: '"address.city" is nested: only a top-level column can partition',
  },
  {
    name: 'a REPEATED partition field',
    file: partitionedBy('days'),
    path: '$.timePartitioning.field',
    message: '"days" is REPEATED: it cannot partition',
  },
  {
    name: 'a partition field of a type that cannot partition by time',
    file: partitionedBy('id'),
    path: '$.timePartitioning.field',
    message: '"id" is INT64: only TIMESTAMP, DATE, DATETIME can partition here',
  },
  {
    name: 'a partition field of a type that cannot partition by range',
    file: rangedBy('created_at'),
    path: '$.rangePartitioning.field',
    message: '"created_at" is TIMESTAMP: only INT64 can partition here',
  },
  {
    name: 'a range over a field that is not declared',
    file: rangedBy('number'),
    path: '$.rangePartitioning.field',
    message: '"number" is not declared in schema.fields',
  },
  {
    name: 'partitioning by time and by range',
    file: { timePartitioning: { type: 'DAY' }, rangePartitioning: rangedBy('id')['rangePartitioning'] },
    path: '$.rangePartitioning',
    message: 'a table is partitioned by time or by range, not both',
  },
  {
    name: 'five clustering fields',
    file: { clustering: { fields: ['a', 'b', 'c', 'd', 'e'] } },
    path: '$.clustering.fields',
    message: '5 clustering fields, BigQuery allows 4',
  },
  {
    name: 'a clustering field that is not declared',
    file: { schema: { fields: columns }, clustering: { fields: ['id', 'createdat'] } },
    path: '$.clustering.fields[1]',
    message: '"createdat" is not declared in schema.fields; did you mean "created_at"?',
  },
  {
    name: 'a critical field that is none',
    file: { schema: { fields: columns }, contract: { criticalFields: ['id', 'address.street'] } },
    path: '$.contract.criticalFields[1]',
    message: '"address.street" names no field of the schema',
  },
  {
    name: 'a consumed field that is none',
    file: { schema: { fields: columns }, contract: { consumers: { 'data-team': ['created_at', 'ID2'] } } },
    path: '$.contract.consumers["data-team"][1]',
    message: '"ID2" names no field of the schema; did you mean "id"?',
  },
  {
    name: 'partitions that expire before the retention is over',
    file: {
      timePartitioning: { type: 'DAY', expirationMs: String(90 * DAY) },
      contract: { retention: 'P1Y' },
    },
    path: '$.timePartitioning.expirationMs',
    message: 'data expires after 90 days, before contract.retention P1Y allows it',
  },
  {
    name: 'a table that expires before the retention is over',
    file: {
      creationTime: '1700000000000',
      expirationTime: String(1_700_000_000_000 + 30 * DAY),
      contract: { retention: 'P7Y' },
    },
    path: '$.expirationTime',
    message: 'data expires after 30 days, before contract.retention P7Y allows it',
  },
  {
    name: 'a table reference to another table',
    file: { tableReference: { projectId: 'p', datasetId: 'commerce', tableId: 'refunds' } },
    path: '$.tableReference.tableId',
    message: 'contradicts the file\'s path, which says "payments"; correct one or leave it out',
  },
  {
    name: 'a table reference to another dataset',
    file: { tableReference: { projectId: 'p', datasetId: 'Commerce', tableId: 'payments' } },
    path: '$.tableReference.datasetId',
    message: 'contradicts the file\'s path, which says "commerce"; correct one or leave it out',
  },
];

describe('tableRules', () => {
  test.each(REFUSED)('refuses $name', ({ file, path, message }) => {
    expect(tableRules(file, id)).toEqual([{ path, message }]);
  });

  test.each<{ readonly name: string; readonly file: Resource }>([
    { name: 'a file that states nothing', file: {} },
    { name: '15 levels', file: nested(15) },
    { name: 'a name of 300 characters', file: withColumns({ name: 'x'.repeat(300), type: 'STRING' }) },
    {
      name: 'a name that only begins as a reserved one',
      file: withColumns({ name: '_part', type: 'STRING' }),
    },
    { name: 'a name with _PARTITION in it', file: withColumns({ name: 'a_PARTITION', type: 'STRING' }) },
    {
      name: 'fields of one name at two levels',
      file: withType('RECORD', { fields: [{ name: 'a', type: 'STRING' }] }),
    },
    { name: 'a RECORD that does not say what is in it', file: withType('RECORD') },
    { name: 'an empty list of fields beside a scalar', file: withType('STRING', { fields: [] }) },
    { name: 'a type in any letter case', file: withType('numeric', { precision: 10, scale: 2 }) },
    { name: 'partitioning by a declared column in another letter case', file: partitionedBy('CREATED_AT') },
    { name: 'partitioning by ingestion time', file: partitionedBy('_PARTITIONTIME') },
    { name: 'a range over an integer', file: rangedBy('id') },
    {
      name: 'partitioning where no schema is stated',
      file: { timePartitioning: { type: 'DAY', field: 'anything' } },
    },
    {
      name: 'partitioning by range with null for time',
      file: { ...rangedBy('id'), timePartitioning: null },
    },
    { name: 'clustering where no schema is stated', file: { clustering: { fields: ['a', 'b', 'c', 'd'] } } },
    {
      name: 'contract paths where no schema is stated',
      file: { contract: { criticalFields: ['a.b'], consumers: { web: ['c'] } } },
    },
    {
      name: 'contract paths in another letter case and to nested fields',
      file: { schema: { fields: columns }, contract: { criticalFields: ['Address.CITY', 'ADDRESS'] } },
    },
    {
      name: 'a retention as long as the expiration',
      file: {
        timePartitioning: { type: 'DAY', expirationMs: 90 * DAY },
        contract: { retention: 'P90D' },
      },
    },
    {
      name: 'a retention where nothing expires',
      file: { timePartitioning: { type: 'DAY', expirationMs: null }, contract: { retention: 'P7Y' } },
    },
    {
      name: 'a reference that agrees with the path, of any project',
      file: { tableReference: { projectId: 'staging', datasetId: 'commerce', tableId: 'payments' } },
    },
    { name: 'a reference that says nothing', file: { tableReference: {} } },
  ])('allows $name', ({ file }) => {
    expect(tableRules(file, id)).toEqual([]);
  });

  test('lists every problem of one file at once', () => {
    const file = {
      tableReference: { tableId: 'refunds' },
      schema: {
        fields: [
          { name: 'a', type: 'TXT' },
          { name: 'A', type: 'STRING' },
          { name: '_file_', type: '?' },
        ],
      },
      timePartitioning: { type: 'DAY', field: 'b', expirationMs: '1' },
      clustering: { fields: ['c'] },
      contract: { retention: 'P1D', criticalFields: ['d'] },
    };
    expect(tableRules(file, id).map(({ path }) => path)).toEqual([
      '$.tableReference.tableId',
      '$.schema.fields[0].type',
      '$.schema.fields[1].name',
      '$.schema.fields[2].name',
      '$.schema.fields[2].type',
      '$.timePartitioning.field',
      '$.clustering.fields[0]',
      '$.contract.criticalFields[0]',
      '$.timePartitioning.expirationMs',
    ]);
  });

  test.each<{ readonly file: Resource }>([
    {
      file: {
        schema: 'id:STRING',
        timePartitioning: [],
        rangePartitioning: 1,
        clustering: 'id',
        contract: 'x',
      },
    },
    { file: { schema: { fields: 'id' }, contract: { criticalFields: 'id', consumers: [] } } },
    { file: { schema: { fields: [null, 1, [], { name: 1, type: [] }] }, clustering: { fields: [1, null] } } },
    { file: { timePartitioning: { type: 3, field: [], expirationMs: 'x' }, contract: { retention: 'P1D' } } },
    { file: { tableReference: 'p:d.t', expirationTime: {}, creationTime: [], contract: { retention: 3 } } },
  ])('passes over what has another shape, which is told elsewhere: $file', ({ file }) => {
    expect(tableRules(file, id)).toEqual([]);
  });
});

describe('datasetRules', () => {
  test.each([
    { reference: { projectId: 'p', datasetId: 'commerce' }, problems: [] },
    { reference: { projectId: 'p' }, problems: [] },
    { reference: undefined, problems: [] },
    {
      reference: { datasetId: 'sales' },
      problems: [
        {
          path: '$.datasetReference.datasetId',
          message: 'contradicts the file\'s path, which says "commerce"; correct one or leave it out',
        },
      ],
    },
  ])('compares the reference $reference with the path', ({ reference, problems }) => {
    expect(datasetRules({ datasetReference: reference }, 'commerce')).toEqual(problems);
  });
});

describe('policyRules', () => {
  test.each(['dataset-missing', 'table-missing', 'table-expiration', 'retention'])(
    'lets %s be neither lowered nor waived',
    (kind) => {
      const lowered = {
        path: `$.severities${kind === 'retention' ? '.retention' : `["${kind}"]`}`,
        message: `${kind} cannot be set below warning: it means loss of data`,
      };
      expect([
        policyRules({ severities: { [kind]: 'off' } }),
        policyRules({ severities: { [kind]: 'info' } }),
        policyRules({ severities: { [kind]: 'warning' } }),
        policyRules({ waivers: [{ kind: 'clustering' }, { kind }] }),
      ]).toEqual([
        [lowered],
        [lowered],
        [],
        [
          {
            path: '$.waivers[1].kind',
            message: `${kind} cannot be waived: it means loss of data`,
          },
        ],
      ]);
    },
  );

  test.each<{ readonly file: Resource }>([
    { file: {} },
    { file: { severities: { 'field-missing': 'off', clustering: 'info' } } },
    { file: { waivers: [{ kind: 'field-missing' }, {}] } },
    { file: { severities: [], waivers: {} } },
    { file: { severities: { nonsense: 'off' }, waivers: [null, { kind: 'nonsense' }, { kind: 1 }] } },
  ])('leaves the rest alone: $file', ({ file }) => {
    expect(policyRules(file)).toEqual([]);
  });
});
