import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareDataset } from '../../src/compare/dataset.ts';
import { compareTable } from '../../src/compare/table.ts';
import { expectedTable } from '../../src/files/expected-table.ts';
import { KINDS, kindRow } from '../../src/kinds/index.ts';
import { canonicalTable } from '../../src/metadata/canonical.ts';
import { DATASET_SETTINGS, statedSettings } from '../../src/metadata/settings.ts';
import type { Change, Kind } from '../../src/model/finding.ts';
import type { Resource } from '../../src/model/ports.ts';
import type { Contract, ExpectedTable, Field, Setting, Table } from '../../src/model/table.ts';
import { type FieldType, type Label, listOf, type Value, valueText } from '../../src/model/value.ts';
import { publicFix } from '../../src/repair/format.ts';
import { fixFor as madeFor } from '../../src/repair/repair.ts';
import type { FixCase } from '../../src/repair/repair-case.ts';
import { RUNS } from '../support/runs.ts';

/** As it is shown where nothing is remembered. */
function fixFor(fixCase: FixCase): Shown | null {
  return publicFix({ fix: madeFor(fixCase) });
}

type Shown = NonNullable<ReturnType<typeof publicFix>>;

const SUBJECT = { project: 'p', dataset: 'shop', table: 'orders' };
const CONTRACT: Contract = {
  owner: null,
  retention: null,
  criticalFields: [],
  consumers: new Map(),
  runbook: null,
  extraFields: 'report',
};
const DAY = 86_400_000;
const NOW = new Date('2026-11-28T03:50:00Z');

const inPlace = (statements: readonly string[], note: string | null): Shown => ({
  how: 'in-place',
  statements,
  note,
});
const rebuild = (statements: readonly string[], note: string): Shown => ({
  how: 'rebuild',
  statements,
  note,
});
const none = (note: string): Shown => ({ how: 'none', statements: [], note });

function column(name: string, type: string, more: Resource = {}): Resource {
  return { name, type, ...more };
}

function columns(...fields: readonly Resource[]): Resource {
  return { schema: { fields } };
}

/** What the finding of one kind offers, of a file and what BigQuery answered. */
function fixOf(kind: Kind, file: Resource, answer: Resource, contract = CONTRACT): Shown | null {
  const expected = expectedTable(file);
  const actual = canonicalTable(answer);
  const change = compareTable({ expected, actual, contract }).changes.find((each) => each.kind === kind);
  if (change === undefined) throw new Error(`no ${kind} between the two`);
  return fixFor({ change, subject: SUBJECT, expected, actual, now: NOW });
}

function of(kind: Kind, expected: string | null = null, actual: string | null = null): Change {
  return { kind, path: null, expected, actual };
}

const ID = column('id', 'STRING');
const TS = column('ts', 'TIMESTAMP');
const UNTIL = 'for 7 days at most after it went';
const MEANING = '<ms> is a moment before it went, in milliseconds since 1970';
const DROPPED = `if it was dropped, save its data first, in a copy: bq cp --no_clobber 'p:shop.orders@<ms>' p:shop.orders_restored (${MEANING}); time travel can restore it ${UNTIL}`;
const CHECKS = [
  '# First: go on only where these two show no policy and no binding\nbq ls --row_access_policies p:shop.orders',
  'bq get-iam-policy --table=true p:shop.orders',
];
/** A table that is made anew begins with what the monitor cannot see. */
const rebuilt = (statements: readonly string[], note: string): Shown =>
  rebuild(
    [...CHECKS, ...statements],
    `look first at what the two commands print: row access policies and grants of the table are lost by this, and the monitor cannot see them; ${note}`,
  );
const UNSEEN =
  'the grants of the view and its authorization on other datasets cannot be seen by the monitor: look at them before and after';
const DEFAULTED = 'a default expiration of the dataset holds for the new table: clear it first';
const LIFTED =
  'the old table needs no partition filter from then on: where a statement after that fails, set require_partition_filter to TRUE again';
const REPLACED_AFTER = 'stop writers first; what the table was stays in time travel alone';
const SWAPPED_AFTER = 'stop writers first; the old table stays as …_old until you drop it';
const REPLACED = `${DEFAULTED}; ${REPLACED_AFTER}`;
const SWAPPED = `${DEFAULTED}; ${SWAPPED_AFTER}`;
const NOT_SHORTER = 'it sets no shorter partition expiration: the check after it says what that deletes';
const GONE = `what has expired can be restored by time travel alone, ${UNTIL}`;
const schemaWith = (what: string, table = 'p:shop.orders') =>
  `# shop.orders.schema.json: what bq show --schema --format=prettyjson ${table} prints, with ${what}\nbq update ${table} shop.orders.schema.json`;
const SWAP = [
  'ALTER TABLE `p.shop.orders` RENAME TO `orders_old`',
  'ALTER TABLE `p.shop.orders_new` RENAME TO `orders`',
];
const CASES: readonly {
  readonly kind: Kind;
  readonly name: string;
  readonly expected: Resource;
  readonly actual: Resource;
  readonly fix: Shown;
}[] = [
  {
    kind: 'field-missing',
    name: 'a column',
    expected: columns(ID, column('c', 'STRING', { maxLength: '10' })),
    actual: columns(ID),
    fix: inPlace(
      ['ALTER TABLE `p.shop.orders` ADD COLUMN IF NOT EXISTS `c` STRING(10)'],
      `the field comes back empty; ${DROPPED}`,
    ),
  },
  {
    kind: 'field-missing',
    name: 'a list',
    expected: columns(ID, column('tags', 'STRING', { mode: 'REPEATED' })),
    actual: columns(ID),
    fix: inPlace(
      ['ALTER TABLE `p.shop.orders` ADD COLUMN IF NOT EXISTS `tags` ARRAY<STRING>'],
      `the field comes back empty; ${DROPPED}`,
    ),
  },
  {
    kind: 'field-missing',
    name: 'a record with all that its file says',
    expected: columns(
      ID,
      column('s', 'RECORD', {
        mode: 'REPEATED',
        description: "it's",
        fields: [
          column('a', 'INTEGER', { mode: 'REQUIRED', description: 'A' }),
          column('n', 'NUMERIC', { roundingMode: 'ROUND_HALF_EVEN' }),
          column('w', 'STRING', { collation: 'und:ci' }),
        ],
      }),
    ),
    actual: columns(ID),
    fix: inPlace(
      [
        "ALTER TABLE `p.shop.orders` ADD COLUMN IF NOT EXISTS `s` ARRAY<STRUCT<`a` INT64 NOT NULL OPTIONS (description = 'A'), `n` NUMERIC OPTIONS (rounding_mode = 'ROUND_HALF_EVEN'), `w` STRING COLLATE 'und:ci'>> OPTIONS (description = 'it\\'s')",
      ],
      `the field comes back empty; ${DROPPED}`,
    ),
  },
  {
    kind: 'field-missing',
    name: 'a column with a default and policy tags',
    expected: columns(
      ID,
      column('at', 'TIMESTAMP', {
        defaultValueExpression: 'CURRENT_TIMESTAMP()',
        policyTags: { names: ['x'] },
      }),
    ),
    actual: columns(ID),
    fix: inPlace(
      [
        'ALTER TABLE `p.shop.orders` ADD COLUMN IF NOT EXISTS `at` TIMESTAMP',
        'ALTER TABLE `p.shop.orders` ALTER COLUMN `at` SET DEFAULT CURRENT_TIMESTAMP()',
      ],
      `until its policy tags are set again with bq update, the column is open to all who read the table; the field comes back empty; ${DROPPED}`,
    ),
  },
  {
    kind: 'field-missing',
    name: 'a record that the file leaves open',
    expected: columns(ID, column('s', 'RECORD')),
    actual: columns(ID),
    fix: none('the file does not say enough of its type to add it'),
  },
  {
    kind: 'field-missing',
    name: 'a REQUIRED column',
    expected: columns(ID, column('c', 'STRING', { mode: 'REQUIRED' })),
    actual: columns(ID),
    fix: rebuild(
      [],
      'a REQUIRED field cannot be added to a table: build the table anew with a value for it in each row, or let the file say NULLABLE',
    ),
  },
  {
    kind: 'field-missing',
    name: 'a nested field',
    expected: columns(column('s', 'RECORD', { fields: [ID, column('c', 'INTEGER')] })),
    actual: columns(column('s', 'RECORD', { fields: [ID] })),
    fix: inPlace(
      [schemaWith('field "s.c" added as the last of its record (INT64)')],
      `the field comes back empty; ${DROPPED}`,
    ),
  },
  {
    kind: 'field-missing',
    name: 'a REQUIRED nested field',
    expected: columns(column('s', 'RECORD', { fields: [ID, column('c', 'INTEGER', { mode: 'REQUIRED' })] })),
    actual: columns(column('s', 'RECORD', { fields: [ID] })),
    fix: rebuild(
      [],
      'a REQUIRED field cannot be added to a table: build the table anew with a value for it in each row, or let the file say NULLABLE',
    ),
  },
  {
    kind: 'field-missing',
    name: 'a partitioning column',
    expected: { ...columns(ID, TS), timePartitioning: { type: 'DAY', field: 'ts' } },
    actual: columns(ID),
    fix: rebuild(
      [],
      `a column that the table is to be partitioned or clustered by cannot be added: build the table anew with it; ${DROPPED}`,
    ),
  },
  {
    kind: 'field-missing',
    name: 'a clustering column',
    expected: { ...columns(ID, column('c', 'STRING')), clustering: { fields: ['C'] } },
    actual: columns(ID),
    fix: rebuild(
      [],
      `a column that the table is to be partitioned or clustered by cannot be added: build the table anew with it; ${DROPPED}`,
    ),
  },
  {
    kind: 'field-missing',
    name: 'a column of a view',
    expected: {
      ...columns(ID, column('c', 'STRING')),
      type: 'VIEW',
      view: { query: 'SELECT id, c FROM shop.x' },
    },
    actual: { ...columns(ID), type: 'VIEW', view: { query: 'SELECT id FROM shop.x' } },
    fix: rebuild(
      ['CREATE OR REPLACE VIEW `p.shop.orders` AS SELECT id, c FROM shop.x'],
      `the columns follow from its query; ${UNSEEN}`,
    ),
  },
  {
    kind: 'field-missing',
    name: 'a column of a view without a stated query',
    expected: { ...columns(ID, column('c', 'STRING')), type: 'MATERIALIZED_VIEW' },
    actual: { ...columns(ID), type: 'MATERIALIZED_VIEW' },
    fix: none(
      'what BigQuery answers of this view holds no query: it may be of a linked dataset, which cannot be changed',
    ),
  },
  {
    kind: 'field-missing',
    name: 'a column of an external table',
    expected: { ...columns(ID, column('c', 'STRING')), type: 'EXTERNAL' },
    actual: { ...columns(ID), type: 'EXTERNAL' },
    fix: rebuild(
      [],
      'make it anew with the schema, the sources and the options of its file (CREATE OR REPLACE EXTERNAL TABLE); no data is touched; its schema is stated when it is created, or read from its files',
    ),
  },
  {
    kind: 'field-missing',
    name: 'a column of a snapshot',
    expected: { ...columns(ID, column('c', 'STRING')), type: 'SNAPSHOT' },
    actual: { ...columns(ID), type: 'SNAPSHOT' },
    fix: none('a SNAPSHOT cannot be changed: make it anew from its base table'),
  },
  {
    kind: 'field-missing',
    name: 'a column of what should be another thing',
    expected: { ...columns(ID, column('c', 'STRING')), type: 'TABLE' },
    actual: { ...columns(ID), type: 'VIEW' },
    fix: none('repair its type first: this should be TABLE and is VIEW'),
  },
  {
    kind: 'field-mode',
    name: 'REQUIRED where NULLABLE is expected',
    expected: columns(ID),
    actual: columns(column('id', 'STRING', { mode: 'REQUIRED' })),
    fix: inPlace(
      ['ALTER TABLE `p.shop.orders` ALTER COLUMN `id` DROP NOT NULL'],
      'a field once NULLABLE never becomes REQUIRED again',
    ),
  },
  {
    kind: 'field-mode',
    name: 'a nested REQUIRED where NULLABLE is expected',
    expected: columns(column('s', 'RECORD', { fields: [ID] })),
    actual: columns(column('s', 'RECORD', { fields: [column('id', 'STRING', { mode: 'REQUIRED' })] })),
    fix: inPlace(
      [schemaWith('field "s.id" as its file has it')],
      'a field once NULLABLE never becomes REQUIRED again',
    ),
  },
  {
    kind: 'field-mode',
    name: 'NULLABLE where REQUIRED is expected',
    expected: {
      ...columns(column('id', 'STRING', { mode: 'REQUIRED' }), TS),
      timePartitioning: { type: 'DAY', field: 'ts' },
    },
    actual: {
      ...columns(ID, TS),
      timePartitioning: { type: 'DAY', field: 'ts' },
      requirePartitionFilter: true,
    },
    fix: rebuilt(
      [
        'ALTER TABLE `p.shop.orders` SET OPTIONS (require_partition_filter = FALSE)',
        'CREATE OR REPLACE TABLE `p.shop.orders` (`id` STRING NOT NULL, `ts` TIMESTAMP) PARTITION BY DATE(`ts`) OPTIONS (require_partition_filter = TRUE) AS SELECT * FROM `p.shop.orders`',
      ],
      `BigQuery cannot turn NULLABLE into REQUIRED; the statement fails as long as any row has NULL; ${DEFAULTED}; ${LIFTED}; ${REPLACED_AFTER}`,
    ),
  },
  {
    kind: 'field-mode',
    name: 'a list where one value is expected',
    expected: columns(ID),
    actual: columns(column('id', 'STRING', { mode: 'REPEATED' })),
    fix: rebuilt(
      [
        'CREATE OR REPLACE TABLE `p.shop.orders` AS SELECT * REPLACE (`id`[SAFE_OFFSET(0)] AS `id`) FROM `p.shop.orders`',
      ],
      `BigQuery cannot turn REPEATED into NULLABLE; only the first value of each list is kept; ${REPLACED}`,
    ),
  },
  {
    kind: 'field-mode',
    name: 'one value where a list is expected',
    expected: columns(column('id', 'STRING', { mode: 'REPEATED' })),
    actual: columns(ID),
    fix: rebuilt(
      [
        'CREATE OR REPLACE TABLE `p.shop.orders` AS SELECT * REPLACE (IF(`id` IS NULL, [], [`id`]) AS `id`) FROM `p.shop.orders`',
      ],
      `BigQuery cannot turn NULLABLE into REPEATED; ${REPLACED}`,
    ),
  },
  {
    kind: 'field-mode',
    name: 'a nested NULLABLE where REQUIRED is expected',
    expected: columns(column('s', 'RECORD', { fields: [column('id', 'STRING', { mode: 'REQUIRED' })] })),
    actual: columns(column('s', 'RECORD', { fields: [ID] })),
    fix: rebuild([], 'BigQuery cannot turn NULLABLE into REQUIRED: build the table anew'),
  },
  {
    kind: 'field-mode',
    name: 'too many columns to list',
    expected: columns(column('id', 'STRING', { mode: 'REQUIRED' })),
    actual: columns(ID, ...Array.from({ length: 80 }, (_, index) => column(`column_${index}`, 'STRING'))),
    fix: rebuild(
      [],
      'build the table anew with the columns, partitioning and options of its file; BigQuery cannot turn NULLABLE into REQUIRED; the statement fails as long as any row has NULL',
    ),
  },
  {
    kind: 'field-mode',
    name: 'a type that no statement can state',
    expected: columns(column('id', 'STRING', { mode: 'REQUIRED' })),
    actual: columns(ID, column('f', 'FOREIGN')),
    fix: rebuild(
      [],
      'no statement can state all of f; BigQuery cannot turn NULLABLE into REQUIRED; the statement fails as long as any row has NULL',
    ),
  },
  {
    kind: 'field-type',
    name: 'a wider type',
    expected: columns(column('n', 'NUMERIC')),
    actual: columns(column('n', 'INTEGER')),
    fix: inPlace(
      ['ALTER TABLE `p.shop.orders` ALTER COLUMN `n` SET DATA TYPE NUMERIC'],
      'a wider type cannot be narrowed again; stop streaming into the table first',
    ),
  },
  {
    kind: 'field-type',
    name: 'a wider type inside of a record',
    expected: columns(column('s', 'RECORD', { fields: [column('n', 'BIGNUMERIC')] })),
    actual: columns(
      column('s', 'RECORD', {
        fields: [column('n', 'NUMERIC'), column('w', 'STRING', { mode: 'REQUIRED', description: 'W' })],
      }),
    ),
    fix: inPlace(
      [
        "ALTER TABLE `p.shop.orders` ALTER COLUMN `s` SET DATA TYPE STRUCT<`n` BIGNUMERIC, `w` STRING NOT NULL OPTIONS (description = 'W')>",
      ],
      'a wider type cannot be narrowed again; stop streaming into the table first',
    ),
  },
  {
    kind: 'field-type',
    name: 'a wider type inside of a list of records',
    expected: columns(column('s', 'RECORD', { mode: 'REPEATED', fields: [column('n', 'BIGNUMERIC')] })),
    actual: columns(column('s', 'RECORD', { mode: 'REPEATED', fields: [column('n', 'NUMERIC')] })),
    fix: rebuild([], 'BigQuery cannot turn NUMERIC into BIGNUMERIC in place: build the table anew'),
  },
  {
    kind: 'field-type',
    name: 'a narrower type',
    expected: {
      ...columns(column('n', 'INTEGER'), TS),
      timePartitioning: { type: 'MONTH', field: 'ts', expirationMs: '7776000000' },
      clustering: { fields: ['ts'] },
      description: 'stated',
    },
    actual: {
      ...columns(column('n', 'STRING'), TS),
      timePartitioning: { type: 'MONTH', field: 'ts', expirationMs: '7776000000' },
      clustering: { fields: ['ts'] },
      labels: { team: 'a' },
      description: 'found',
    },
    fix: rebuilt(
      [
        "CREATE OR REPLACE TABLE `p.shop.orders` PARTITION BY TIMESTAMP_TRUNC(`ts`, MONTH) CLUSTER BY `ts` OPTIONS (partition_expiration_days = 90, description = 'stated', labels = [('team', 'a')]) AS SELECT * REPLACE (CAST(`n` AS INT64) AS `n`) FROM `p.shop.orders`",
      ],
      `BigQuery cannot turn STRING into INT64 in place; the statement fails on a value that does not fit; ${REPLACED}`,
    ),
  },
  {
    kind: 'field-type',
    name: 'a narrower type in a list',
    expected: columns(column('n', 'INTEGER', { mode: 'REPEATED' })),
    actual: columns(column('n', 'STRING', { mode: 'REPEATED' })),
    fix: rebuilt(
      [
        'CREATE OR REPLACE TABLE `p.shop.orders` AS SELECT * REPLACE (ARRAY(SELECT CAST(item AS INT64) FROM UNNEST(`n`) AS item) AS `n`) FROM `p.shop.orders`',
      ],
      `BigQuery cannot turn STRING into INT64 in place; the statement fails on a value that does not fit; ${REPLACED}`,
    ),
  },
  {
    kind: 'field-type',
    name: 'a narrower type, partitioned by ingestion time',
    expected: columns(column('n', 'INTEGER'), ID),
    actual: { ...columns(column('n', 'STRING'), ID), timePartitioning: { type: 'DAY' } },
    fix: rebuilt(
      [
        'CREATE TABLE `p.shop.orders_new` (`n` INT64, `id` STRING) PARTITION BY _PARTITIONDATE',
        'INSERT INTO `p.shop.orders_new` (_PARTITIONTIME, `n`, `id`) SELECT TIMESTAMP_TRUNC(_PARTITIONTIME, DAY), CAST(`n` AS INT64), `id` FROM `p.shop.orders`',
        ...SWAP,
      ],
      `BigQuery cannot turn STRING into INT64 in place; the statement fails on a value that does not fit; ${SWAPPED}`,
    ),
  },
  {
    kind: 'field-type',
    name: 'a wider type of a clustering column',
    expected: columns(column('n', 'NUMERIC')),
    actual: { ...columns(column('n', 'INTEGER')), clustering: { fields: ['n'] } },
    fix: rebuilt(
      [
        'CREATE OR REPLACE TABLE `p.shop.orders` CLUSTER BY `n` AS SELECT * REPLACE (CAST(`n` AS NUMERIC) AS `n`) FROM `p.shop.orders`',
      ],
      `BigQuery cannot turn INT64 into NUMERIC in place; the statement fails on a value that does not fit; ${REPLACED}`,
    ),
  },
  {
    kind: 'field-type',
    name: 'a parameterised type',
    expected: columns(column('n', 'STRING', { maxLength: '5' }), ID),
    actual: columns(column('n', 'STRING'), column('id', 'STRING', { mode: 'REQUIRED' })),
    fix: rebuilt(
      [
        'CREATE OR REPLACE TABLE `p.shop.orders` (`n` STRING(5), `id` STRING NOT NULL) AS SELECT * REPLACE (CAST(`n` AS STRING(5)) AS `n`) FROM `p.shop.orders`',
      ],
      `BigQuery cannot turn STRING into STRING(5) in place; the statement fails on a value that does not fit; ${REPLACED}`,
    ),
  },
  {
    kind: 'field-type',
    name: 'a record where a value is',
    expected: columns(column('n', 'RECORD', { fields: [ID] })),
    actual: columns(column('n', 'STRING')),
    fix: rebuild([], 'BigQuery cannot turn STRING into STRUCT in place: build the table anew'),
  },
  {
    kind: 'field-default',
    name: 'a default',
    expected: columns(column('id', 'STRING', { defaultValueExpression: 'GENERATE_UUID()' })),
    actual: columns(ID),
    fix: inPlace(
      ['ALTER TABLE `p.shop.orders` ALTER COLUMN `id` SET DEFAULT GENERATE_UUID()'],
      'only rows written from now on get it',
    ),
  },
  {
    kind: 'field-default',
    name: 'no default',
    expected: columns(column('id', 'STRING', { defaultValueExpression: null })),
    actual: columns(column('id', 'STRING', { defaultValueExpression: "'x'" })),
    fix: inPlace(
      ['ALTER TABLE `p.shop.orders` ALTER COLUMN `id` DROP DEFAULT'],
      'only rows written from now on get it',
    ),
  },
  {
    kind: 'field-default',
    name: 'a nested default',
    expected: columns(
      column('s', 'RECORD', { fields: [column('id', 'STRING', { defaultValueExpression: "'x'" })] }),
    ),
    actual: columns(column('s', 'RECORD', { fields: [ID] })),
    fix: none('only a top-level column can have a default: let the file state none'),
  },
  {
    kind: 'field-default',
    name: 'a default of a key',
    expected: columns(column('id', 'STRING', { defaultValueExpression: "'x'" })),
    actual: { ...columns(ID), tableConstraints: { primaryKey: { columns: ['id'] } } },
    fix: none('a column of the primary key cannot have a default: drop one of the two'),
  },
  {
    kind: 'field-default',
    name: 'a default that is more than an expression',
    expected: columns(column('id', 'STRING', { defaultValueExpression: "'x'; DROP TABLE t" })),
    actual: columns(ID),
    fix: none('the default in the file is not one expression'),
  },
  {
    kind: 'field-collation',
    name: 'a collation',
    expected: columns(column('id', 'STRING', { collation: 'und:ci' })),
    actual: columns(ID),
    fix: rebuilt(
      [
        "CREATE OR REPLACE TABLE `p.shop.orders` (`id` STRING COLLATE 'und:ci') AS SELECT * REPLACE (COLLATE(`id`, 'und:ci') AS `id`) FROM `p.shop.orders`",
      ],
      `the collation of a column that is there cannot be changed; ${REPLACED}`,
    ),
  },
  {
    kind: 'field-collation',
    name: 'a nested collation',
    expected: columns(column('s', 'RECORD', { fields: [column('id', 'STRING', { collation: 'und:ci' })] })),
    actual: columns(column('s', 'RECORD', { fields: [ID] })),
    fix: rebuild([], 'the collation of a column that is there cannot be changed: build the table anew'),
  },
  {
    kind: 'field-rounding-mode',
    name: 'a rounding mode',
    expected: columns(column('n', 'NUMERIC', { roundingMode: 'ROUND_HALF_EVEN' })),
    actual: columns(column('n', 'NUMERIC')),
    fix: inPlace(
      ["ALTER TABLE `p.shop.orders` ALTER COLUMN `n` SET OPTIONS (rounding_mode = 'ROUND_HALF_EVEN')"],
      'only values written from now on are rounded so',
    ),
  },
  {
    kind: 'field-rounding-mode',
    name: 'a nested rounding mode',
    expected: columns(column('s', 'RECORD', { fields: [column('n', 'NUMERIC', { roundingMode: null })] })),
    actual: columns(
      column('s', 'RECORD', { fields: [column('n', 'NUMERIC', { roundingMode: 'ROUND_HALF_EVEN' })] }),
    ),
    fix: inPlace(
      [schemaWith('field "s.n" as its file has it')],
      'only values written from now on are rounded so',
    ),
  },
  {
    kind: 'field-policy-tags',
    name: 'policy tags',
    expected: columns(column('id', 'STRING', { policyTags: { names: ['p/t'] } })),
    actual: columns(ID),
    fix: inPlace(
      [schemaWith('field "id" as its file has it')],
      'until then the column may be open to all who read the table',
    ),
  },
  {
    kind: 'field-policy-tags',
    name: 'no policy tags',
    expected: columns(column('id', 'STRING', { policyTags: null })),
    actual: columns(column('id', 'STRING', { policyTags: { names: ['t'] } })),
    fix: inPlace(
      [schemaWith('field "id" as its file has it')],
      'it takes protection away: all who read the table can read the column then',
    ),
  },
  {
    kind: 'field-description',
    name: 'a description',
    expected: columns(column('id', 'STRING', { description: "it's" })),
    actual: columns(ID),
    fix: inPlace(
      ["ALTER TABLE `p.shop.orders` ALTER COLUMN `id` SET OPTIONS (description = 'it\\'s')"],
      null,
    ),
  },
  {
    kind: 'field-description',
    name: 'no description',
    expected: columns(column('id', 'STRING', { description: '' })),
    actual: columns(column('id', 'STRING', { description: 'x' })),
    fix: inPlace(['ALTER TABLE `p.shop.orders` ALTER COLUMN `id` SET OPTIONS (description = NULL)'], null),
  },
  {
    kind: 'field-description',
    name: 'a nested description',
    expected: columns(column('s', 'RECORD', { fields: [column('id', 'STRING', { description: 'x' })] })),
    actual: columns(column('s', 'RECORD', { fields: [ID] })),
    fix: inPlace([schemaWith('field "s.id" as its file has it')], null),
  },
  {
    kind: 'field-description',
    name: 'a description in a view',
    expected: { ...columns(column('id', 'STRING', { description: 'x' })), type: 'VIEW' },
    actual: { ...columns(ID), type: 'VIEW' },
    fix: inPlace(["ALTER VIEW `p.shop.orders` ALTER COLUMN `id` SET OPTIONS (description = 'x')"], null),
  },
  {
    kind: 'partitioning-missing',
    name: 'DAY(ts)',
    expected: {
      ...columns(ID, TS),
      timePartitioning: { type: 'DAY', field: 'ts', expirationMs: '2592000000' },
      clustering: { fields: ['id'] },
      requirePartitionFilter: true,
    },
    actual: columns(ID, TS),
    fix: rebuilt(
      [
        'CREATE TABLE `p.shop.orders_new` PARTITION BY DATE(`ts`) CLUSTER BY `id` OPTIONS (require_partition_filter = TRUE) AS SELECT * FROM `p.shop.orders`',
        ...SWAP,
      ],
      `how a table is partitioned is decided when it is created; ${NOT_SHORTER}; ${SWAPPED}`,
    ),
  },
  {
    kind: 'partitioning-missing',
    name: 'HOUR of DATETIME',
    expected: { timePartitioning: { type: 'HOUR', field: 'ts' } },
    actual: columns(column('ts', 'DATETIME')),
    fix: rebuilt(
      [
        'CREATE TABLE `p.shop.orders_new` PARTITION BY DATETIME_TRUNC(`ts`, HOUR) AS SELECT * FROM `p.shop.orders`',
        ...SWAP,
      ],
      `how a table is partitioned is decided when it is created; ${SWAPPED}`,
    ),
  },
  {
    kind: 'partitioning-missing',
    name: 'DAY of DATE',
    expected: { timePartitioning: { type: 'DAY', field: 'ts' } },
    actual: columns(column('ts', 'DATE')),
    fix: rebuilt(
      ['CREATE TABLE `p.shop.orders_new` PARTITION BY `ts` AS SELECT * FROM `p.shop.orders`', ...SWAP],
      `how a table is partitioned is decided when it is created; ${SWAPPED}`,
    ),
  },
  {
    kind: 'partitioning-missing',
    name: 'YEAR of DATE',
    expected: { timePartitioning: { type: 'YEAR', field: 'ts' } },
    actual: columns(column('ts', 'DATE')),
    fix: rebuilt(
      [
        'CREATE TABLE `p.shop.orders_new` PARTITION BY DATE_TRUNC(`ts`, YEAR) AS SELECT * FROM `p.shop.orders`',
        ...SWAP,
      ],
      `how a table is partitioned is decided when it is created; ${SWAPPED}`,
    ),
  },
  {
    kind: 'partitioning-missing',
    name: 'HOUR of TIMESTAMP',
    expected: { timePartitioning: { type: 'HOUR', field: 'ts' } },
    actual: columns(TS),
    fix: rebuilt(
      [
        'CREATE TABLE `p.shop.orders_new` PARTITION BY TIMESTAMP_TRUNC(`ts`, HOUR) AS SELECT * FROM `p.shop.orders`',
        ...SWAP,
      ],
      `how a table is partitioned is decided when it is created; ${SWAPPED}`,
    ),
  },
  {
    kind: 'partitioning-missing',
    name: 'a range',
    expected: { rangePartitioning: { field: 'n', range: { start: '0', end: '100', interval: '10' } } },
    actual: columns(column('n', 'INTEGER')),
    fix: rebuilt(
      [
        'CREATE TABLE `p.shop.orders_new` PARTITION BY RANGE_BUCKET(`n`, GENERATE_ARRAY(0, 100, 10)) AS SELECT * FROM `p.shop.orders`',
        ...SWAP,
      ],
      `how a table is partitioned is decided when it is created; ${SWAPPED}`,
    ),
  },
  {
    kind: 'partitioning-missing',
    name: 'ingestion time',
    expected: { timePartitioning: { type: 'DAY' } },
    actual: columns(ID),
    fix: rebuilt(
      [
        'CREATE TABLE `p.shop.orders_new` (`id` STRING) PARTITION BY _PARTITIONDATE',
        'INSERT INTO `p.shop.orders_new` (`id`) SELECT `id` FROM `p.shop.orders`',
        ...SWAP,
      ],
      `how a table is partitioned is decided when it is created; all rows land in the partition of the moment; ${SWAPPED}`,
    ),
  },
  {
    kind: 'partitioning-missing',
    name: 'HOUR of a DATE',
    expected: { timePartitioning: { type: 'HOUR', field: 'ts' } },
    actual: columns(column('ts', 'DATE')),
    fix: rebuild(
      [],
      'no column of the table can carry HOUR(ts) yet: repair that column first; how a table is partitioned is decided when it is created',
    ),
  },
  {
    kind: 'partitioning-missing',
    name: 'a column that is not there',
    expected: { timePartitioning: { type: 'DAY', field: 'gone' } },
    actual: columns(ID),
    fix: rebuild(
      [],
      'no column of the table can carry DAY(gone) yet: repair that column first; how a table is partitioned is decided when it is created',
    ),
  },
  {
    kind: 'partitioning-unexpected',
    name: 'none',
    expected: { timePartitioning: null },
    actual: {
      ...columns(ID, TS),
      timePartitioning: { type: 'DAY', field: 'ts' },
      requirePartitionFilter: true,
    },
    fix: rebuilt(
      [
        'ALTER TABLE `p.shop.orders` SET OPTIONS (require_partition_filter = FALSE)',
        'CREATE TABLE `p.shop.orders_new` AS SELECT * FROM `p.shop.orders`',
        ...SWAP,
      ],
      `how a table is partitioned is decided when it is created; ${DEFAULTED}; ${LIFTED}; ${SWAPPED_AFTER}`,
    ),
  },
  {
    kind: 'partitioning-different',
    name: 'another granularity of ingestion',
    expected: { timePartitioning: { type: 'HOUR' } },
    actual: { ...columns(ID), timePartitioning: { type: 'DAY' } },
    fix: rebuilt(
      [
        'CREATE TABLE `p.shop.orders_new` (`id` STRING) PARTITION BY TIMESTAMP_TRUNC(_PARTITIONTIME, HOUR)',
        'INSERT INTO `p.shop.orders_new` (_PARTITIONTIME, `id`) SELECT TIMESTAMP_TRUNC(_PARTITIONTIME, HOUR), `id` FROM `p.shop.orders`',
        ...SWAP,
      ],
      `how a table is partitioned is decided when it is created; ${SWAPPED}`,
    ),
  },
  {
    kind: 'partitioning-different',
    name: 'a column instead of ingestion',
    expected: { timePartitioning: { type: 'DAY', field: 'ts' } },
    actual: { ...columns(ID, TS), timePartitioning: { type: 'DAY' } },
    fix: rebuilt(
      ['CREATE TABLE `p.shop.orders_new` PARTITION BY DATE(`ts`) AS SELECT * FROM `p.shop.orders`', ...SWAP],
      `how a table is partitioned is decided when it is created; the times of ingestion are lost; ${SWAPPED}`,
    ),
  },
  {
    kind: 'partitioning-different',
    name: 'a coarser ingestion',
    expected: { timePartitioning: { type: 'MONTH' } },
    actual: { ...columns(ID), timePartitioning: { type: 'DAY' } },
    fix: rebuilt(
      [
        'CREATE TABLE `p.shop.orders_new` (`id` STRING) PARTITION BY TIMESTAMP_TRUNC(_PARTITIONTIME, MONTH)',
        'INSERT INTO `p.shop.orders_new` (_PARTITIONTIME, `id`) SELECT TIMESTAMP_TRUNC(_PARTITIONTIME, MONTH), `id` FROM `p.shop.orders`',
        ...SWAP,
      ],
      `how a table is partitioned is decided when it is created; ${SWAPPED}`,
    ),
  },
  {
    kind: 'partitioning-different',
    name: 'a filter by ingestion of something keyed',
    expected: {
      timePartitioning: { type: 'DAY', field: 'ts', expirationMs: '777600000' },
      encryptionConfiguration: { kmsKeyName: 'k' },
      defaultCollation: 'und:ci',
      expirationTime: '1800000000000',
    },
    actual: { ...columns(TS), timePartitioning: { type: 'HOUR', field: 'ts' } },
    fix: rebuilt(
      [
        "CREATE TABLE `p.shop.orders_new` DEFAULT COLLATE 'und:ci' PARTITION BY DATE(`ts`) OPTIONS (kms_key_name = 'k') AS SELECT * FROM `p.shop.orders`",
        ...SWAP,
      ],
      `how a table is partitioned is decided when it is created; ${NOT_SHORTER}; ${SWAPPED}`,
    ),
  },
  {
    kind: 'partition-expiration',
    name: 'longer',
    expected: { timePartitioning: { type: 'DAY', field: 'ts', expirationMs: null } },
    actual: { ...columns(TS), timePartitioning: { type: 'DAY', field: 'ts', expirationMs: '2592000000' } },
    fix: inPlace(['ALTER TABLE `p.shop.orders` SET OPTIONS (partition_expiration_days = NULL)'], GONE),
  },
  {
    kind: 'partition-expiration',
    name: 'shorter',
    expected: { timePartitioning: { type: 'DAY', field: 'ts', expirationMs: '5400000' } },
    actual: { ...columns(TS), timePartitioning: { type: 'DAY', field: 'ts', expirationMs: '2592000000' } },
    fix: inPlace(
      [
        "-- deletes partitions before 2026-11-28: this query counts them\nSELECT COUNT(*) AS partitions, SUM(total_rows) AS total_rows FROM `p.shop.INFORMATION_SCHEMA.PARTITIONS` WHERE table_name = 'orders' AND partition_id < '20261128' AND partition_id NOT IN ('__NULL__', '__UNPARTITIONED__')",
        '-- deletes partitions before 2026-11-28\nALTER TABLE `p.shop.orders` SET OPTIONS (partition_expiration_days = 0.0625)',
      ],
      'deletes at once every partition that is older than that',
    ),
  },
  {
    kind: 'partition-filter',
    name: 'a filter',
    expected: { timePartitioning: { type: 'DAY', field: 'ts' }, requirePartitionFilter: true },
    actual: { ...columns(TS), timePartitioning: { type: 'DAY', field: 'ts' } },
    fix: inPlace(
      ['ALTER TABLE `p.shop.orders` SET OPTIONS (require_partition_filter = TRUE)'],
      'queries without a filter on the partitions fail from then on',
    ),
  },
  {
    kind: 'partition-filter',
    name: 'no filter',
    expected: { requirePartitionFilter: false },
    actual: { ...columns(TS), timePartitioning: { type: 'DAY', field: 'ts' }, requirePartitionFilter: true },
    fix: inPlace(['ALTER TABLE `p.shop.orders` SET OPTIONS (require_partition_filter = FALSE)'], null),
  },
  {
    kind: 'partition-filter',
    name: 'a filter on what has no partitions',
    expected: { requirePartitionFilter: true },
    actual: columns(TS),
    fix: none('only a partitioned table can require a filter: repair the partitioning first'),
  },
  {
    kind: 'clustering',
    name: 'columns',
    expected: { clustering: { fields: ['id', 'net price'] } },
    actual: columns(ID, column('net price', 'NUMERIC')),
    fix: inPlace(
      ["bq update '--clustering_fields=id,net price' p:shop.orders"],
      'rows that are there are clustered anew only by UPDATE `p.shop.orders` SET `id` = `id` WHERE TRUE, which reads and writes them all',
    ),
  },
  {
    kind: 'clustering',
    name: 'none',
    expected: { clustering: null },
    actual: { ...columns(ID), clustering: { fields: ['id'] } },
    fix: inPlace(['bq update --clustering_fields= p:shop.orders'], null),
  },
  {
    kind: 'clustering',
    name: 'a column that is not there',
    expected: { clustering: { fields: ['gone'] } },
    actual: columns(ID),
    fix: rebuild([], 'the table cannot be clustered by gone yet: repair that column first'),
  },
  {
    kind: 'table-expiration',
    name: 'never',
    expected: { expirationTime: null },
    actual: { expirationTime: '1800000000000' },
    fix: inPlace(
      ['ALTER TABLE `p.shop.orders` SET OPTIONS (expiration_timestamp = NULL)'],
      'unless it is run before, the table is deleted at 2027-01-15T08:00:00.000Z',
    ),
  },
  {
    kind: 'table-expiration',
    name: 'some time',
    expected: { expirationTime: '1800000000000' },
    actual: {},
    fix: inPlace(
      [
        "-- deletes the table with all its rows at 2027-01-15T08:00:00.000Z: this query counts them\nSELECT SUM(total_rows) AS total_rows FROM `p.shop.INFORMATION_SCHEMA.PARTITIONS` WHERE table_name = 'orders'",
        '-- deletes the table with all its rows at 2027-01-15T08:00:00.000Z\nALTER TABLE `p.shop.orders` SET OPTIONS (expiration_timestamp = TIMESTAMP_MILLIS(1800000000000))',
      ],
      'the table is deleted at 2027-01-15T08:00:00.000Z',
    ),
  },
  {
    kind: 'table-expiration',
    name: 'never, of a snapshot',
    expected: { type: 'SNAPSHOT', expirationTime: null },
    actual: { type: 'SNAPSHOT', expirationTime: '1800000000000' },
    fix: inPlace(
      ['bq update --expiration=0 p:shop.orders'],
      'unless it is run before, the table is deleted at 2027-01-15T08:00:00.000Z; 0 is how bq says never',
    ),
  },
  {
    kind: 'table-expiration',
    name: 'some time, of a snapshot',
    expected: { type: 'SNAPSHOT', expirationTime: '1800000000000' },
    actual: { type: 'SNAPSHOT' },
    fix: none('set the expiration when it is made anew; the table is deleted at 2027-01-15T08:00:00.000Z'),
  },
  {
    kind: 'table-encryption',
    name: 'a key',
    expected: { encryptionConfiguration: { kmsKeyName: 'projects/p/k' } },
    actual: {},
    fix: inPlace(
      ["ALTER TABLE `p.shop.orders` SET OPTIONS (kms_key_name = 'projects/p/k')"],
      'BigQuery must be allowed to use the key',
    ),
  },
  {
    kind: 'table-encryption',
    name: 'the key of a view',
    expected: { encryptionConfiguration: { kmsKeyName: 'projects/p/k' } },
    actual: { type: 'VIEW' },
    fix: none('no key encrypts VIEW'),
  },
  {
    kind: 'table-collation',
    name: 'a collation',
    expected: { defaultCollation: 'und:ci' },
    actual: {},
    fix: inPlace(
      ["ALTER TABLE `p.shop.orders` SET DEFAULT COLLATE 'und:ci'"],
      'holds for columns added from now on; those that are there keep theirs',
    ),
  },
  {
    kind: 'table-collation',
    name: 'no collation',
    expected: { defaultCollation: '' },
    actual: { defaultCollation: 'und:ci' },
    fix: inPlace(
      ["ALTER TABLE `p.shop.orders` SET DEFAULT COLLATE ''"],
      'holds for columns added from now on; those that are there keep theirs',
    ),
  },
  {
    kind: 'table-constraints',
    name: 'keys',
    expected: {
      tableConstraints: {
        primaryKey: { columns: ['id', 'net price'] },
        foreignKeys: [
          {
            referencedTable: { datasetId: 'shop', tableId: 'customers' },
            columnReferences: [{ referencingColumn: 'c', referencedColumn: 'id' }],
          },
        ],
      },
    },
    actual: {
      tableConstraints: {
        primaryKey: { columns: ['id'] },
        foreignKeys: [
          {
            referencedTable: { datasetId: 'shop', tableId: 'clients' },
            columnReferences: [{ referencingColumn: 'c', referencedColumn: 'id' }],
          },
        ],
      },
    },
    fix: inPlace(
      [
        'ALTER TABLE `p.shop.orders` DROP PRIMARY KEY',
        'ALTER TABLE `p.shop.orders` ADD PRIMARY KEY (`id`, `net price`) NOT ENFORCED',
        'ALTER TABLE `p.shop.orders` DROP CONSTRAINT `<name of FOREIGN KEY (c) REFERENCES shop.clients (id)>`',
        'ALTER TABLE `p.shop.orders` ADD FOREIGN KEY (`c`) REFERENCES `p.shop.customers` (`id`) NOT ENFORCED',
      ],
      'keys are not enforced: the rows there are not checked; <name of …> is the name of that key, which bq show prints',
    ),
  },
  {
    kind: 'table-constraints',
    name: 'no keys',
    expected: { tableConstraints: null },
    actual: { tableConstraints: { primaryKey: { columns: ['id'] } } },
    fix: inPlace(
      ['ALTER TABLE `p.shop.orders` DROP PRIMARY KEY'],
      'keys are not enforced: the rows there are not checked',
    ),
  },
  {
    kind: 'table-labels',
    name: 'labels',
    expected: { labels: { team: 'a b', old: null } },
    actual: { labels: { team: 'b', old: 'x', other: 'kept' } },
    fix: inPlace(["bq update '--set_label=team:a b' --clear_label=old p:shop.orders"], null),
  },
  {
    kind: 'table-description',
    name: 'a description',
    expected: { description: "it's" },
    actual: {},
    fix: inPlace(["ALTER TABLE `p.shop.orders` SET OPTIONS (description = 'it\\'s')"], null),
  },
  {
    kind: 'table-description',
    name: 'no description of a materialized view',
    expected: { description: null },
    actual: { type: 'MATERIALIZED_VIEW', description: 'x' },
    fix: inPlace(['ALTER MATERIALIZED VIEW `p.shop.orders` SET OPTIONS (description = NULL)'], null),
  },
  {
    kind: 'table-description',
    name: 'the description of an external table',
    expected: { description: "it's" },
    actual: { type: 'EXTERNAL' },
    fix: inPlace(["bq update '--description=it'\\''s' p:shop.orders"], null),
  },
  {
    kind: 'view-query',
    name: 'a query',
    expected: { type: 'VIEW', view: { query: 'SELECT 1;' }, description: 'One' },
    actual: { type: 'VIEW', view: { query: 'SELECT 2' }, labels: { a: 'b' } },
    fix: rebuild(
      [
        "CREATE OR REPLACE VIEW `p.shop.orders` OPTIONS (description = 'One', labels = [('a', 'b')]) AS SELECT 1",
      ],
      `its fields follow from the query; ${UNSEEN}`,
    ),
  },
  {
    kind: 'view-query',
    name: 'a long query',
    expected: { type: 'VIEW', view: { query: `SELECT '${'x'.repeat(2_000)}'` } },
    actual: { type: 'VIEW', view: { query: 'SELECT 2' } },
    fix: rebuild(
      [],
      'CREATE OR REPLACE the view with the query of its file; its fields follow from the query',
    ),
  },
  {
    kind: 'view-query',
    name: 'two queries',
    expected: { type: 'VIEW', view: { query: 'SELECT 1; DROP TABLE x' } },
    actual: { type: 'VIEW', view: { query: 'SELECT 2' } },
    fix: rebuild(
      [],
      'CREATE OR REPLACE the view with the query of its file; its fields follow from the query',
    ),
  },
  {
    kind: 'view-query',
    name: 'a materialized query',
    expected: { type: 'MATERIALIZED_VIEW', materializedView: { query: 'SELECT 1' } },
    actual: { type: 'MATERIALIZED_VIEW', materializedView: { query: 'SELECT 2' } },
    fix: rebuild(
      ['CREATE OR REPLACE MATERIALIZED VIEW `p.shop.orders` AS SELECT 1'],
      `its fields follow from the query; ${UNSEEN}`,
    ),
  },
  {
    kind: 'external-source',
    name: 'other files',
    expected: { type: 'EXTERNAL', externalDataConfiguration: { sourceUris: ['gs://a/*'] } },
    actual: { type: 'EXTERNAL', externalDataConfiguration: { sourceUris: ['gs://b/*'] } },
    fix: rebuild(
      [],
      'make it anew with the schema, the sources and the options of its file (CREATE OR REPLACE EXTERNAL TABLE); no data is touched; its files stay',
    ),
  },
  {
    kind: 'table-type',
    name: 'a view where a table is',
    expected: { type: 'VIEW', view: { query: 'SELECT 1' } },
    actual: {},
    fix: rebuild(
      ['ALTER TABLE `p.shop.orders` RENAME TO `orders_old`', 'CREATE VIEW `p.shop.orders` AS SELECT 1'],
      'the table and its rows stay as …_old, with its grants: the view has none',
    ),
  },
  {
    kind: 'table-type',
    name: 'a table where a view is',
    expected: { type: 'TABLE' },
    actual: { type: 'VIEW', view: { query: 'SELECT 1' } },
    fix: rebuild(
      [],
      'what is there is VIEW and has to make room by hand; then create TABLE as its file has it',
    ),
  },
];

const NEW_TABLES = 'holds for tables created from now on; those that are there keep what they have';

const DATASET_CASES: readonly {
  readonly kind: Kind;
  readonly name: string;
  readonly expected: Resource;
  readonly actual: Resource;
  readonly fix: Shown;
}[] = [
  {
    kind: 'dataset-missing',
    name: 'brought back with its tables',
    expected: {},
    actual: {},
    fix: {
      how: 'restore',
      statements: ['UNDROP SCHEMA `p.shop`'],
      note: `brings the tables back too; it works ${UNTIL}, and in its location; if it never was there, create it as its file has it`,
    },
  },
  {
    kind: 'dataset-location',
    name: 'never changes',
    expected: { location: 'EU' },
    actual: { location: 'US' },
    fix: none(
      'the location of a dataset never changes, so it was made anew: copy its tables to another dataset, or let the file say where it is; what was dropped with the former one can be restored in its former location only',
    ),
  },
  {
    kind: 'dataset-table-expiration',
    name: 'in days',
    expected: { defaultTableExpirationMs: '324000000' },
    actual: {},
    fix: inPlace(
      [
        '-- deletes nothing that is there, but each table created from now on, 3 days 18 hours after it was created\nALTER SCHEMA `p.shop` SET OPTIONS (default_table_expiration_days = 3.75)',
      ],
      NEW_TABLES,
    ),
  },
  {
    kind: 'dataset-partition-expiration',
    name: 'none',
    expected: { defaultPartitionExpirationMs: null },
    actual: { defaultPartitionExpirationMs: '324000000' },
    fix: inPlace(
      ['ALTER SCHEMA `p.shop` SET OPTIONS (default_partition_expiration_days = NULL)'],
      NEW_TABLES,
    ),
  },
  {
    kind: 'dataset-time-travel',
    name: 'back to the default',
    expected: { maxTimeTravelHours: null },
    actual: { maxTimeTravelHours: '48' },
    fix: inPlace(
      ['ALTER SCHEMA `p.shop` SET OPTIONS (max_time_travel_hours = 168)'],
      'what the shorter of the two windows has let go cannot be restored any more',
    ),
  },
  {
    kind: 'dataset-encryption',
    name: 'a key',
    expected: { defaultEncryptionConfiguration: { kmsKeyName: 'projects/p/k' } },
    actual: {},
    fix: inPlace(["ALTER SCHEMA `p.shop` SET OPTIONS (default_kms_key_name = 'projects/p/k')"], NEW_TABLES),
  },
  {
    kind: 'dataset-collation',
    name: 'a collation',
    expected: { defaultCollation: 'und:ci' },
    actual: {},
    fix: inPlace(["ALTER SCHEMA `p.shop` SET DEFAULT COLLATE 'und:ci'"], NEW_TABLES),
  },
  {
    kind: 'dataset-labels',
    name: 'those that are stated, and no others',
    expected: { labels: { team: 'a', old: null } },
    actual: { labels: { old: 'x', other: 'kept' } },
    fix: inPlace(['bq update --set_label=team:a --clear_label=old p:shop'], null),
  },
  {
    kind: 'dataset-description',
    name: 'a description',
    expected: { description: "it's" },
    actual: {},
    fix: inPlace(["ALTER SCHEMA `p.shop` SET OPTIONS (description = 'it\\'s')"], null),
  },
];

const MISSING_CASES: readonly { readonly name: string; readonly expected: Resource; readonly fix: Shown }[] =
  [
    {
      name: 'a table',
      expected: {},
      fix: {
        how: 'restore',
        statements: [
          "bq cp --no_clobber 'p:shop.orders@<ms>' p:shop.orders_restored",
          'ALTER TABLE `p.shop.orders_restored` RENAME TO `orders`',
        ],
        note: `time travel can restore it ${UNTIL}, then Cloud Customer Care for 7 days more; ${MEANING}; the restored table has lost its partitioning and its tags: look at its policy tags, row access policies and grants before you give it its name back`,
      },
    },
    {
      name: 'a view',
      expected: { type: 'VIEW', view: { query: 'SELECT 1' }, description: 'One' },
      fix: rebuild(
        ["CREATE VIEW `p.shop.orders` OPTIONS (description = 'One') AS SELECT 1"],
        'a view has no data to restore: create it with the query of its file; its grants and its authorization on other datasets went with it',
      ),
    },
    {
      name: 'a view whose query is not stated',
      expected: { type: 'VIEW' },
      fix: rebuild(
        [],
        'a view has no data to restore: create it with the query of its file; its grants and its authorization on other datasets went with it',
      ),
    },
    {
      name: 'an external table',
      expected: { type: 'EXTERNAL' },
      fix: rebuild(
        [],
        'make it anew with the schema, the sources and the options of its file (CREATE OR REPLACE EXTERNAL TABLE); no data is touched; its files are where they were',
      ),
    },
    {
      name: 'a snapshot',
      expected: { type: 'SNAPSHOT' },
      fix: none('take the snapshot again from its base table, within its time travel window'),
    },
  ];

const CREATED = Date.parse('2026-11-27T00:00:00Z');

const RETENTION_CASES: readonly {
  readonly name: string;
  readonly expected: Resource;
  readonly actual: Resource;
  readonly fix: Shown;
}[] = [
  {
    name: 'partitions that expire too early last as long as the contract says',
    expected: {},
    actual: { timePartitioning: { type: 'DAY', expirationMs: String(DAY) } },
    fix: inPlace(['ALTER TABLE `p.shop.orders` SET OPTIONS (partition_expiration_days = 90)'], GONE),
  },
  {
    name: 'partitions that expire too early last as long as the file says',
    expected: { timePartitioning: { type: 'DAY', expirationMs: null } },
    actual: { timePartitioning: { type: 'DAY', expirationMs: String(DAY) } },
    fix: inPlace(['ALTER TABLE `p.shop.orders` SET OPTIONS (partition_expiration_days = NULL)'], GONE),
  },
  {
    name: 'a table that expires too early never expires',
    expected: {},
    actual: { creationTime: String(CREATED), expirationTime: String(CREATED + DAY) },
    fix: inPlace(
      ['ALTER TABLE `p.shop.orders` SET OPTIONS (expiration_timestamp = NULL)'],
      `unless it is run before, the table is deleted at ${new Date(CREATED + DAY).toISOString()}`,
    ),
  },
  {
    name: 'a table that is to expire does so later, and its partitions too',
    expected: { expirationTime: '1' },
    actual: {
      timePartitioning: { type: 'DAY', expirationMs: String(DAY) },
      creationTime: String(CREATED),
      expirationTime: String(CREATED + 2 * DAY),
    },
    fix: inPlace(
      [
        `ALTER TABLE \`p.shop.orders\` SET OPTIONS (partition_expiration_days = 90, expiration_timestamp = TIMESTAMP_MILLIS(${CREATED + 90 * DAY}))`,
      ],
      GONE,
    ),
  },
  {
    name: 'a table that is to expire never does where its retention is over',
    expected: { expirationTime: '1' },
    actual: { creationTime: String(CREATED - 90 * DAY), expirationTime: String(CREATED - 30 * DAY) },
    fix: inPlace(
      ['ALTER TABLE `p.shop.orders` SET OPTIONS (expiration_timestamp = NULL)'],
      `unless it is run before, the table is deleted at ${new Date(CREATED - 30 * DAY).toISOString()}`,
    ),
  },
  {
    name: 'a snapshot',
    expected: {},
    actual: { type: 'SNAPSHOT', creationTime: String(CREATED), expirationTime: String(CREATED + DAY) },
    fix: none('a SNAPSHOT is given no later end: make it anew, or repair what it is made of'),
  },
  {
    name: 'the partitions of a materialized view',
    expected: {},
    actual: { type: 'MATERIALIZED_VIEW', timePartitioning: { type: 'DAY', expirationMs: String(DAY) } },
    fix: none('a MATERIALIZED_VIEW is given no later end: make it anew, or repair what it is made of'),
  },
];

describe('fixFor', () => {
  test.each(CASES)('$kind: $name', ({ kind, expected, actual, fix }) => {
    expect(fixOf(kind, expected, actual)).toEqual(fix);
  });

  test.each(DATASET_CASES)('$kind: $name', ({ kind, expected, actual, fix }) => {
    const { settings } = statedSettings(DATASET_SETTINGS, expected);
    const { changes } = compareDataset(settings, { location: 'EU', ...actual });
    const change = changes.find((each) => each.kind === kind) ?? of(kind);
    const subject = { ...SUBJECT, table: null };
    expect(fixFor({ change, subject, expected: null, actual: null, now: NOW })).toEqual(fix);
  });

  test.each(MISSING_CASES)('table-missing: $name', ({ expected, fix }) => {
    const change = of('table-missing', String(expected['type'] ?? 'TABLE'));
    expect(
      fixFor({ change, subject: SUBJECT, expected: expectedTable(expected), actual: null, now: NOW }),
    ).toEqual(fix);
  });

  test.each(RETENTION_CASES)('retention: $name', ({ expected, actual, fix }) => {
    const contract = { ...CONTRACT, retention: { text: 'P90D', ms: 90 * DAY } };
    expect(fixOf('retention', expected, actual, contract)).toEqual(fix);
  });

  test.each(['table-unexpected', 'dataset-unexpected', 'field-unexpected'] as const)(
    '%s is to be declared, never dropped',
    (kind) => {
      const fix = none(
        'nothing is wrong in BigQuery as such: declare it in the expected files, or let the policy ignore it',
      );
      expect(fixFor({ change: of(kind), subject: SUBJECT, expected: null, actual: null, now: NOW })).toEqual(
        fix,
      );
    },
  );

  test('a project that is not known is left out of names', () => {
    const change = of('table-description', 'x');
    const fix = fixFor({
      change,
      subject: { ...SUBJECT, project: null },
      expected: {},
      actual: canonicalTable({}),
      now: NOW,
    });
    expect(fix?.statements).toEqual(["ALTER TABLE `shop.orders` SET OPTIONS (description = 'x')"]);
  });

  test('only partitions by time are given an expiration', () => {
    const actual = canonicalTable({
      ...columns(column('n', 'INT64')),
      rangePartitioning: { field: 'n', range: { start: '0', end: '100', interval: '10' } },
    });
    expect(
      fixFor({
        change: of('partition-expiration', String(DAY)),
        subject: SUBJECT,
        expected: {},
        actual,
        now: NOW,
      }),
    ).toEqual(none('only partitions by time expire: repair the partitioning first'));
  });

  test('nothing is said of what neither side holds', () => {
    const subject = SUBJECT;
    const gone = KINDS.filter(({ scope: what }) => what !== 'dataset').map(({ id }) => ({
      id,
      fix: fixFor({ change: { ...of(id), path: 'a' }, subject, expected: null, actual: null, now: NOW }),
    }));
    const told = gone.filter(({ fix }) => fix !== null).map(({ id }) => id);
    expect(told).toEqual(['table-missing', 'table-unexpected', 'field-unexpected']);
    const change = { ...of('field-type', 'INT64', 'STRING'), path: 'gone' };
    expect(
      fixFor({ change, subject, expected: { fields: [] }, actual: canonicalTable({}), now: NOW }),
    ).toBeNull();
  });

  test('every kind has a case', () => {
    const cased = [...CASES, ...DATASET_CASES].map(({ kind }) => kind);
    const elsewhere: Kind[] = [
      'table-missing',
      'retention',
      'table-unexpected',
      'dataset-unexpected',
      'field-unexpected',
    ];
    expect(new Set([...cased, ...elsewhere])).toEqual(new Set(KINDS.map(({ id }) => id)));
  });
});

/* A small reader of the statements: enough of GoogleSQL and of a shell to tell what each would do. */

const TOKEN = /`((?:\\.|[^`\\])*)`|'((?:\\.|[^'\\])*)'|([A-Za-z_]\w*|-?\d[\d.e-]*)|(\s+)|(.)/gsu;

interface Token {
  readonly kind: 'name' | 'text' | 'word' | 'sign';
  readonly value: string;
}

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-f]{4})|(.))/gsu, (_, code: string | undefined, sign: string) =>
    code === undefined ? (sign === 'n' ? '\n' : sign) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function tokensOf(sql: string): Token[] {
  return [...sql.matchAll(TOKEN)].flatMap(([, name, text, word, , sign]): Token[] => {
    if (name !== undefined) return [{ kind: 'name', value: unescaped(name) }];
    if (text !== undefined) return [{ kind: 'text', value: unescaped(text) }];
    if (word !== undefined) return [{ kind: 'word', value: word }];
    return sign === undefined ? [] : [{ kind: 'sign', value: sign }];
  });
}

class Reader {
  readonly tokens: Token[];

  constructor(sql: string) {
    this.tokens = tokensOf(sql);
  }

  next(): Token {
    const token = this.tokens.shift();
    if (token === undefined) throw new Error('the statement ends too early');
    return token;
  }

  take(kind: Token['kind']): string {
    const token = this.next();
    if (token.kind !== kind) throw new Error(`expected a ${kind}, found ${token.value}`);
    return token.value;
  }

  skips(...values: string[]): boolean {
    const isNext = values.every((value, index) => {
      const token = this.tokens[index];
      return token !== undefined && token.kind !== 'name' && token.kind !== 'text' && token.value === value;
    });
    if (isNext) this.tokens.splice(0, values.length);
    return isNext;
  }

  must(...values: string[]): void {
    if (!this.skips(...values))
      throw new Error(`expected ${values.join(' ')} at ${JSON.stringify(this.tokens)}`);
  }

  list<T>(item: () => T, close: string): T[] {
    const items: T[] = [];
    do items.push(item());
    while (this.skips(','));
    this.must(close);
    return items;
  }

  /** `name schema`, as in CREATE TABLE. */
  definition(): Field {
    const name = this.take('name');
    const { mode, ...type } = this.type();
    const isRequired = this.skips('NOT', 'NULL');
    const options = this.skips('OPTIONS', '(') ? this.list(() => this.option(), ')') : [];
    const settings = new Map<string, Setting>([
      ...(type.settings ?? []),
      ...options.map(([key, value]): [Kind, Setting] => [OPTION_KEYS[key] ?? 'field-type', one(value)]),
    ]);
    return { ...type, name, mode: isRequired ? 'REQUIRED' : mode, settings };
  }

  type(): Omit<Field, 'name'> {
    if (this.skips('ARRAY', '<')) {
      const element = this.type();
      this.must('>');
      return { ...element, mode: 'REPEATED' };
    }
    const base = this.skips('STRUCT', '<')
      ? { type: 'STRUCT', fields: this.list(() => this.definition(), '>') }
      : { type: this.scalar() };
    const settings = this.skips('COLLATE')
      ? new Map<string, Setting>([['collation', one(this.take('text'))]])
      : new Map<string, Setting>();
    return { ...base, mode: 'NULLABLE', settings };
  }

  scalar(): FieldType {
    const name = this.take('word');
    if (this.skips('<')) return { of: 'type', name, parameters: this.list(() => this.take('word'), '>') };
    if (!this.skips('(')) return name;
    return { of: 'type', name, parameters: this.list(() => this.take('word'), ')') };
  }

  option(): [string, string | null] {
    const name = this.take('word');
    this.must('=');
    if (this.skips('NULL')) return [name, null];
    if (this.skips('TIMESTAMP_MILLIS', '(')) return [name, this.list(() => this.take('word'), ')').join('')];
    return [name, this.next().value];
  }

  end(): void {
    if (this.tokens.length > 0) throw new Error(`more than one statement: ${JSON.stringify(this.tokens)}`);
  }
}

const OPTION_KEYS: Readonly<Record<string, string>> = {
  description: 'description',
  rounding_mode: 'roundingMode',
};

function one(value: Value | null): Setting {
  return { values: new Map([['', value]]), othersAbsent: false };
}

/** The words that a POSIX shell makes of a command. */
function shellWords(command: string): string[] {
  return [...command.matchAll(/(?:'[^']*'|\\.|[^\s'\\])+/gsu)].map(([word]) =>
    word.replace(/'([^']*)'|\\(.)/gsu, (_, quoted: string | undefined, sign: string) => quoted ?? sign),
  );
}

/* A small model of BigQuery: what the statements in place make of a table, refusing what the documentation rules out. */

interface Model {
  readonly table: Table;
  readonly expected: ExpectedTable;
  readonly change: Change;
}

/** @throws Error for what BigQuery would refuse, or what is no statement in place. */
function applied(commented: string, model: Model): Table {
  const statement = withoutComments(commented);
  if (statement.startsWith('SELECT ')) return model.table;
  return statement.startsWith('bq ')
    ? updated(shellWords(statement), model)
    : altered(new Reader(statement), model);
}

function altered(sql: Reader, { table }: Model): Table {
  sql.must('ALTER');
  const object = sql.skips('MATERIALIZED', 'VIEW') ? 'MATERIALIZED_VIEW' : sql.take('word');
  if (object !== table.type) throw new Error(`ALTER ${object} on a ${table.type}`);
  expect(sql.take('name')).toBe('p.shop.orders');
  const result = alteration(sql, table);
  sql.end();
  return result;
}

function alteration(sql: Reader, table: Table): Table {
  if (sql.skips('SET', 'OPTIONS', '(')) return sql.list(() => sql.option(), ')').reduce(withOption, table);
  if (table.type === 'VIEW') {
    sql.must('ALTER', 'COLUMN');
    return withColumn(table, sql.take('name'), (column) => described(sql, column));
  }
  expect(table.type).toBe('TABLE');
  if (sql.skips('SET', 'DEFAULT', 'COLLATE'))
    return withSetting(table, 'defaultCollation', sql.take('text') || null);
  if (sql.skips('ADD', 'COLUMN', 'IF', 'NOT', 'EXISTS')) return withNewColumn(table, sql.definition());
  if (sql.skips('ALTER', 'COLUMN'))
    return withColumn(table, sql.take('name'), (column) => changed(sql, column, table));
  return constrained(sql, table);
}

function withNewColumn(table: Table, column: Field): Table {
  if (column.mode === 'REQUIRED') throw new Error('a REQUIRED column cannot be added');
  expect(table.fields.map(({ name }) => name.toLowerCase())).not.toContain(column.name.toLowerCase());
  return { ...table, fields: [...table.fields, column] };
}

function withColumn(table: Table, name: string, change: (column: Field) => Field): Table {
  expect(table.fields.map((field) => field.name)).toContain(name);
  return { ...table, fields: table.fields.map((field) => (field.name === name ? change(field) : field)) };
}

function changed(sql: Reader, column: Field, table: Table): Field {
  if (sql.skips('DROP', 'NOT', 'NULL')) {
    expect(column.mode).toBe('REQUIRED');
    return { ...column, mode: 'NULLABLE' };
  }
  if (sql.skips('SET', 'DATA', 'TYPE')) return retyped(column, sql.type(), table);
  if (sql.skips('DROP', 'DEFAULT'))
    return { ...column, settings: set(column.settings, 'defaultValueExpression', null) };
  if (sql.skips('SET', 'DEFAULT')) {
    const key = table.settings?.get('tableConstraints')?.values.get('primaryKey') ?? '';
    expect(valueText(key).toLowerCase()).not.toContain(`(${column.name.toLowerCase()})`);
    const text = sql.tokens.splice(0).map(({ kind, value }) => (kind === 'text' ? `'${value}'` : value));
    return {
      ...column,
      settings: set(column.settings, 'defaultValueExpression', {
        of: 'sql',
        canonical: text.join(''),
        written: text.join(''),
      }),
    };
  }
  return described(sql, column);
}

function described(sql: Reader, column: Field): Field {
  sql.must('SET', 'OPTIONS', '(');
  const [[name, value] = ['', null]] = sql.list(() => sql.option(), ')');
  return { ...column, settings: set(column.settings, OPTION_KEYS[name] ?? 'type', value) };
}

/**
 * Every conversion among these types that the documentation lists, or allows as less restrictive parameters. It also
 * gives NUMERIC to BIGNUMERIC(40, 20), which holds fewer whole digits: that one is not offered.
 */
const CONVERSIONS: Readonly<Record<string, readonly string[]>> = {
  INT64: ['NUMERIC', 'BIGNUMERIC', 'FLOAT64'],
  NUMERIC: ['BIGNUMERIC', 'FLOAT64'],
  BIGNUMERIC: [],
  FLOAT64: [],
  DATE: [],
  TIMESTAMP: [],
  STRING: [],
  'STRING(5)': ['STRING(7)', 'STRING'],
  'STRING(7)': ['STRING'],
  BYTES: [],
  'BYTES(5)': ['BYTES'],
  'NUMERIC(10, 6)': [
    'NUMERIC(12, 8)',
    'NUMERIC',
    'BIGNUMERIC(10, 6)',
    'BIGNUMERIC(40, 20)',
    'BIGNUMERIC',
    'FLOAT64',
  ],
  'NUMERIC(12, 8)': ['NUMERIC', 'BIGNUMERIC', 'BIGNUMERIC(40, 20)', 'FLOAT64'],
  'NUMERIC(12, 2)': ['NUMERIC', 'BIGNUMERIC', 'BIGNUMERIC(40, 20)', 'FLOAT64'],
  'BIGNUMERIC(10, 6)': ['BIGNUMERIC', 'BIGNUMERIC(40, 20)'],
  'BIGNUMERIC(40, 20)': ['BIGNUMERIC'],
};
const TYPES = Object.keys(CONVERSIONS);

function retyped(column: Field, type: Omit<Field, 'name'>, { partitioning, clustering }: Table): Field {
  expect(column.mode).not.toBe('REPEATED');
  const layout = [partitioning?.field ?? '', ...clustering].map((name) => name.toLowerCase());
  expect(layout).not.toContain(column.name.toLowerCase());
  return { ...column, ...converted(column, type), mode: column.mode, ...settingsOf(column) };
}

function converted(from: Omit<Field, 'name'>, to: Omit<Field, 'name'>): Omit<Field, 'name'> {
  if (from.fields === undefined) {
    const types = { from: valueText(from.type), to: valueText(to.type) };
    if (types.from !== types.to) expect(CONVERSIONS[types.from]).toContain(types.to);
    return { ...from, type: to.type };
  }
  expect(to.fields?.map(({ name, mode }) => ({ name, mode }))).toEqual(
    from.fields.map(({ name, mode }) => ({ name, mode })),
  );
  const fields = from.fields.map((field, index) => {
    const target = to.fields?.[index] ?? field;
    // A record in a list is left as it is.
    if (field.mode === 'REPEATED') expect(target.type).toEqual(field.type);
    return { ...field, ...converted(field, target), ...settingsOf(field) };
  });
  return { ...from, fields };
}

function settingsOf({ settings }: Field) {
  return settings === undefined ? {} : { settings };
}

function set(settings: Table['settings'], key: string, value: Value | null) {
  return new Map([...(settings ?? []), [key, one(value)] as const]);
}

function withSetting(table: Table, key: string, value: string | null): Table {
  return { ...table, settings: set(table.settings, key, value) };
}

function withOption(table: Table, [name, value]: [string, string | null]): Table {
  const isByTime = table.partitioning?.by === 'time';
  switch (name) {
    case 'description':
      return withSetting(table, 'description', value);
    case 'kms_key_name':
      expect(table.type).not.toBe('VIEW');
      return withSetting(table, 'encryptionConfiguration', value);
    case 'expiration_timestamp':
      return { ...table, expirationTime: value };
    case 'require_partition_filter':
      expect(table.partitioning).not.toBeNull();
      return { ...table, requirePartitionFilter: value === 'TRUE' };
    case 'partition_expiration_days':
      expect(table.type).toBe('TABLE');
      expect(isByTime).toBe(true);
      return {
        ...table,
        partitionExpirationMs: value === null ? null : String(Math.round(Number(value) * DAY)),
      };
    default:
      throw new Error(`no such option: ${name}`);
  }
}

function constrained(sql: Reader, table: Table): Table {
  const found = table.settings?.get('tableConstraints')?.values ?? new Map<string, Value | null>();
  const values = new Map([...found, ...constraint(sql, found)]);
  const setting: Setting = { values, othersAbsent: false };
  return {
    ...table,
    settings: new Map([...(table.settings ?? []), ['tableConstraints', setting] as const]),
  };
}

function constraint(sql: Reader, found: ReadonlyMap<string, Value | null>): Iterable<[string, Value | null]> {
  const listed = found.get('foreignKeys') ?? null;
  const keys = typeof listed === 'object' && listed?.of === 'list' ? listed.items : [];
  if (sql.skips('DROP', 'PRIMARY', 'KEY')) {
    expect(found.get('primaryKey') ?? null).not.toBeNull();
    return [['primaryKey', null]];
  }
  if (sql.skips('ADD', 'PRIMARY', 'KEY', '(')) {
    expect(found.get('primaryKey') ?? null).toBeNull();
    const columns = sql.list(() => sql.take('name'), ')');
    sql.must('NOT', 'ENFORCED');
    return [['primaryKey', { of: 'primary-key', columns }]];
  }
  if (sql.skips('DROP', 'CONSTRAINT')) {
    const name = sql.take('name');
    const nameOf = (key: Value) => `<name of ${valueText(key)}>`;
    expect(keys.map(nameOf)).toContain(name);
    return [['foreignKeys', listOf(keys.filter((key) => name !== nameOf(key)))]];
  }
  sql.must('ADD', 'FOREIGN', 'KEY', '(');
  const columns = sql.list(() => sql.take('name'), ')');
  sql.must('REFERENCES');
  const path = sql.take('name').replace(/^p\./, '');
  sql.must('(');
  const referenced = sql.list(() => sql.take('name'), ')');
  sql.must('NOT', 'ENFORCED');
  const [dataset = '', table = ''] = path.split('.');
  const added: Value = { of: 'foreign-key', columns, dataset, table, referencedColumns: referenced };
  const sorted = [...keys, added].sort((one, other) => (valueText(one) < valueText(other) ? -1 : 1));
  return [['foreignKeys', listOf(sorted)]];
}

function updated([bq, verb, ...words]: string[], model: Model): Table {
  expect([bq, verb]).toEqual(['bq', 'update']);
  const { table } = model;
  const last = words.at(-1);
  if (last === 'shop.orders.schema.json') {
    expect(words).toEqual(['p:shop.orders', 'shop.orders.schema.json']);
    expect(table.type).toBe('TABLE');
    return { ...table, fields: withStated(table.fields, model.expected.fields ?? [], model.change) };
  }
  expect(last).toBe('p:shop.orders');
  return words.slice(0, -1).reduce(withFlag, table);
}

function withFlag(table: Table, flag: string): Table {
  const [, name = '', value = ''] = /^--(\w+)=(.*)$/su.exec(flag) ?? [];
  const labels = table.settings?.get('labels')?.values ?? new Map<string, Value | null>();
  const withLabel = (key: string, label: Label | null) => {
    const setting: Setting = { values: new Map([...labels, [key, label] as const]), othersAbsent: false };
    return {
      ...table,
      settings: new Map([...(table.settings ?? []), ['labels', setting] as const]),
    };
  };
  switch (name) {
    case 'clustering_fields':
      return clustered(table, value === '' ? [] : value.split(','));
    case 'set_label': {
      const [key = ''] = value.split(':', 1);
      return withLabel(key, { of: 'label', key, value: value.slice(key.length + 1) });
    }
    case 'clear_label':
      return withLabel(value, null);
    case 'description':
      return withSetting(table, 'description', value === '' ? null : value);
    case 'expiration':
      expect(value).toBe('0');
      return { ...table, expirationTime: null };
    default:
      throw new Error(`no such flag: ${flag}`);
  }
}

function clustered(table: Table, columns: string[]): Table {
  expect(columns.length).toBeLessThanOrEqual(4);
  for (const name of columns) {
    const column = table.fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
    expect(column?.mode).toMatch(/^(NULLABLE|REQUIRED)$/);
    expect(valueText(column?.type ?? '')).not.toMatch(/^(STRUCT|FLOAT64|BYTES)/);
  }
  return { ...table, clustering: columns };
}

/** What the file of a schema may do: add NULLABLE and REPEATED nested fields, relax a mode, change settings. */
function withStated(fields: readonly Field[], stated: readonly Field[], change: Change): readonly Field[] {
  const [name = '', ...rest] = (change.path ?? '').split('.');
  const inFile = stated.find((field) => field.name.toLowerCase() === name.toLowerCase());
  const found = fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
  if (inFile === undefined) throw new Error(`the file states no ${change.path}`);
  if (found === undefined) {
    expect(inFile.mode).not.toBe('REQUIRED');
    return [...fields, inFile];
  }
  const nested = { ...change, path: rest.join('.') };
  const replaced =
    rest.length > 0
      ? { ...found, fields: withStated(found.fields ?? [], inFile.fields ?? [], nested) }
      : restated(found, inFile, change.kind);
  return fields.map((field) => (field === found ? replaced : field));
}

function restated(found: Field, inFile: Field, kind: Kind): Field {
  if (kind === 'field-mode') {
    expect([found.mode, inFile.mode]).toEqual(['REQUIRED', 'NULLABLE']);
    return { ...found, mode: 'NULLABLE' };
  }
  const keys = new Map([
    ['field-rounding-mode', 'roundingMode'],
    ['field-policy-tags', 'policyTags'],
    ['field-description', 'description'],
  ]);
  expect([...keys.keys()]).toContain(kind);
  const key = keys.get(kind) ?? '';
  const setting = inFile.settings?.get(key);
  return setting === undefined
    ? found
    : { ...found, settings: new Map([...(found.settings ?? []), [key, setting]]) };
}

/** As BigQuery's schemas write it. */
function typeOf(text: string): Resource {
  const [, type = '', first, second] = /^(\w+)(?:\((\d+)(?:, (\d+))?\))?$/.exec(text) ?? [];
  if (first === undefined) return { type };
  return second === undefined ? { type, maxLength: first } : { type, precision: first, scale: second };
}

const CONVERTED = TYPES.flatMap((actual) =>
  TYPES.filter((expected) => expected !== actual).map((expected) => ({ actual, expected })),
);

test.each(CONVERTED)(
  'from $actual to $expected: in place where the documentation says so',
  ({ expected, actual }) => {
    const fix = fixOf(
      'field-type',
      { schema: { fields: [{ name: 'n', ...typeOf(expected) }] } },
      { schema: { fields: [{ name: 'n', ...typeOf(actual) }] } },
    );
    const allowed = CONVERSIONS[actual] ?? [];
    expect(fix?.how).toBe(allowed.includes(expected) ? 'in-place' : 'rebuild');
  },
);

/* Pairs of a file and a table, near to each other. */

const NAMES = ['id', 'ts', 'net price', 'n', 'Имя'];
const typed = fc.constantFrom(...TYPES).map(typeOf);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 2 });
const fieldSettings = fc.record(
  {
    description: maybe(fc.constantFrom('a', "it's; `b`\n")),
    defaultValueExpression: maybe(fc.constantFrom("'x'", 'CURRENT_TIMESTAMP()')),
    roundingMode: maybe(fc.constantFrom('ROUND_HALF_EVEN', 'ROUND_HALF_AWAY_FROM_ZERO')),
    policyTags: maybe(fc.constant({ names: ['t'] })),
    collation: maybe(fc.constant('und:ci')),
  },
  { requiredKeys: [] },
);
const mode = fc.constantFrom('NULLABLE', 'NULLABLE', 'REQUIRED', 'REPEATED');

function fieldsTo(depth: number): fc.Arbitrary<Resource[]> {
  const leaf = fc
    .tuple(typed, mode, fieldSettings)
    .map(([type, of, more]) => ({ ...type, mode: of, ...more }));
  const record =
    depth === 0
      ? leaf
      : fc.tuple(fieldsTo(depth - 1), mode).map(([fields, of]) => ({ type: 'STRUCT', mode: of, fields }));
  const named = fc.tuple(fc.constantFrom(...NAMES), fc.oneof({ weight: 3, arbitrary: leaf }, record));
  return fc
    .uniqueArray(named, { selector: ([name]) => name, minLength: 1, maxLength: 4 })
    .map((list) => list.map(([name, field]) => ({ name, ...field })));
}

const milliseconds = fc.constantFrom(DAY, 90 * DAY, 5_400_000, 0).map(String);
const byTime = fc.record(
  {
    type: fc.constantFrom('DAY', 'HOUR', 'MONTH', 'YEAR'),
    field: fc.constantFrom('ts', 'id'),
    expirationMs: maybe(milliseconds),
  },
  { requiredKeys: ['type'] },
);
const byRange = fc.constant({ field: 'n', range: { start: '0', end: '100', interval: '10' } });
const foreignKey = fc.constantFrom('customers', 'clients').map((tableId) => ({
  referencedTable: { datasetId: 'shop', tableId },
  columnReferences: [{ referencingColumn: 'n', referencedColumn: 'id' }],
}));
const someLabels = fc.dictionary(fc.constantFrom('a', 'b'), maybe(fc.constantFrom('x', 'y')));
const resource: fc.Arbitrary<Resource> = fc
  .tuple(
    fc.record(
      {
        schema: fieldsTo(2).map((fields) => ({ fields })),
        type: fc.constantFrom(
          'TABLE',
          'TABLE',
          'TABLE',
          'TABLE',
          'VIEW',
          'MATERIALIZED_VIEW',
          'EXTERNAL',
          'SNAPSHOT',
        ),
        clustering: maybe(fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 })).map(
          (fields) => (fields === null ? null : { fields }),
        ),
        requirePartitionFilter: fc.boolean(),
        expirationTime: maybe(fc.constantFrom('1800000000000', '1900000000000', '1700000000000', '0', 0)),
        creationTime: fc.constant('1799000000000'),
        description: maybe(fc.constantFrom('a', "it's; `b`\n")),
        labels: someLabels,
        defaultCollation: maybe(fc.constant('und:ci')),
        encryptionConfiguration: maybe(fc.constant({ kmsKeyName: 'k' })),
        view: fc.constantFrom('SELECT 1', 'SELECT 2').map((query) => ({ query })),
        tableConstraints: maybe(
          fc.record(
            {
              primaryKey: maybe(fc.constantFrom('id', 'n').map((column) => ({ columns: [column] }))),
              foreignKeys: fc.uniqueArray(foreignKey, { selector: (key) => key.referencedTable.tableId }),
            },
            { requiredKeys: [] },
          ),
        ),
      },
      { requiredKeys: ['type'] },
    ),
    fc.oneof(
      fc.constant({}),
      byTime.map((timePartitioning) => ({ timePartitioning })),
      byRange.map((rangePartitioning) => ({ rangePartitioning })),
      fc.constant({ timePartitioning: null }),
    ),
  )
  .map(([table, partitioning]): Resource => ({ ...table, ...partitioning }));

/** A file, and a table that has other types and modes in the same places. */
const retypedPair = fc
  .tuple(
    resource,
    fc.array(typed, { minLength: 20, maxLength: 20 }),
    fc.array(mode, { minLength: 20, maxLength: 20 }),
  )
  .map(([file, types, modes]) => {
    const fields = (file['schema'] as { readonly fields: Resource[] } | undefined)?.fields ?? [];
    const answer = {
      ...file,
      type: 'TABLE',
      schema: { fields: retypedFields(fields, [...types], [...modes]) },
    };
    return { file: { ...file, type: 'TABLE' }, answer: withoutNulls(answer) };
  });

function retypedFields(fields: readonly Resource[], types: Resource[], modes: string[]): Resource[] {
  return fields.map((field) => {
    const nested = field['fields'] as Resource[] | undefined;
    const of = modes.pop();
    if (nested !== undefined) return { ...field, fields: retypedFields(nested, types, modes) };
    const { maxLength: _, precision: __, scale: ___, ...kept } = field;
    return { ...kept, ...types.pop(), ...(of === 'NULLABLE' ? {} : { mode: of }) };
  });
}

/** Half of them share what one of them states, so that the rest can be compared. */
const mixedPair = fc
  .tuple(resource, resource, fc.boolean(), fc.subarray(['type', 'schema', 'timePartitioning', 'clustering']))
  .map(([file, answer, isNear, shared]) => {
    const kept = Object.entries(file).filter(([key]) => isNear && shared.includes(key));
    return { file, answer: withoutNulls({ ...answer, ...Object.fromEntries(kept) }) };
  });

const pair = fc.oneof(mixedPair, retypedPair);

/** BigQuery answers with no labels and keys that are null. */
function withoutNulls(answer: Resource): Resource {
  const blocks = ['labels', 'tableConstraints'].map((key) => {
    const stated = Object.entries(answer[key] ?? {}).filter(([, value]) => value !== null);
    return [key, Object.fromEntries(stated)];
  });
  return { ...answer, ...Object.fromEntries(blocks) };
}

const retentions = fc.constantFrom(null, { text: 'P90D', ms: 90 * DAY });

interface Offer {
  readonly change: Change;
  readonly fix: Shown;
  readonly expected: ExpectedTable;
  readonly actual: Table;
  readonly contract: Contract;
}

function offersOf(file: Resource, answer: Resource, retention: Contract['retention']): Offer[] {
  const expected = expectedTable(file);
  const actual = canonicalTable(answer);
  const contract = { ...CONTRACT, retention };
  return compareTable({ expected, actual, contract }).changes.map((change) => {
    const fix = fixFor({ change, subject: SUBJECT, expected, actual, now: NOW });
    if (fix === null) throw new Error(`${change.kind} has no fix`);
    return { change, fix, expected, actual, contract };
  });
}

const REBUILT: readonly Kind[] = [
  'partitioning-missing',
  'partitioning-unexpected',
  'partitioning-different',
];
const DROPS = /\b(DROP|REMOVE|RM)\b/i;
const ALLOWED_DROPS = /DROP (NOT NULL|DEFAULT|PRIMARY KEY|CONSTRAINT)\b/;

describe('laws', () => {
  test('what is done in place is done by statements that BigQuery accepts, and its finding goes away', () => {
    fc.assert(
      fc.property(pair, retentions, ({ file, answer }, retention) => {
        for (const { change, fix, expected, actual, contract } of offersOf(file, answer, retention)) {
          if (fix.how !== 'in-place') continue;
          const repaired = fix.statements.reduce(
            (table, statement) => applied(statement, { table, expected, change }),
            actual,
          );
          const left = compareTable({ expected, actual: repaired, contract }).changes;
          expect(left.filter(({ kind, path }) => kind === change.kind && path === change.path)).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  test('no statement is offered that the documentation rules out', () => {
    fc.assert(
      fc.property(pair, retentions, ({ file, answer }, retention) => {
        for (const { change, fix, expected, actual } of offersOf(file, answer, retention)) {
          if (REBUILT.includes(change.kind)) expect(fix.how).not.toBe('in-place');
          const isOfWrongType = expected.type !== undefined && expected.type !== actual.type;
          if (isOfWrongType && kindRow(change.kind).scope === 'field') expect(fix.how).toBe('none');
          if (fix.how === 'none') expect(fix.statements).toEqual([]);
          for (const statement of fix.statements) expectPossible(statement, { expected, actual });
        }
      }),
      RUNS,
    );
  });

  test('no statement sets an expiration of 0 or one that is past, and what deletes sooner says so first', () => {
    fc.assert(
      fc.property(pair, retentions, ({ file, answer }, retention) => {
        for (const { change, fix, actual } of offersOf(file, answer, retention)) {
          for (const statement of fix.statements) {
            const days = /partition_expiration_days = ([^,)]+)/.exec(statement)?.[1] ?? 'NULL';
            const moment = /TIMESTAMP_MILLIS\((-?\d+)\)/.exec(statement)?.[1];
            if (moment !== undefined) expect(Number(moment)).toBeGreaterThan(NOW.getTime());
            const period = days === 'NULL' ? null : Math.round(Number(days) * DAY);
            if (period !== null) expect(period).toBeGreaterThan(0);
            const isSooner =
              (period !== null && period < Number(actual.partitionExpirationMs ?? Infinity)) ||
              (moment !== undefined && actual.expirationTime === null);
            if (isSooner) {
              expect(['partition-expiration', 'table-expiration']).toContain(change.kind);
              expect(statement).toMatch(/^-- deletes (partitions before \d{4}-\d\d-\d\d|the (table|view))/);
              expect(fix.statements[0]).toMatch(/^-- deletes /);
            }
          }
        }
      }),
      RUNS,
    );
  });

  test('inputs stay as they are, and the same is offered again', () => {
    fc.assert(
      fc.property(pair, retentions, ({ file, answer }, retention) => {
        const expected = deepFrozen(expectedTable(file));
        const actual = deepFrozen(canonicalTable(answer));
        for (const change of compareTable({ expected, actual, contract: { ...CONTRACT, retention } })
          .changes) {
          const offer = { change: deepFrozen(change), subject: SUBJECT, expected, actual, now: NOW };
          const before = structuredClone(offer);
          expect(fixFor(offer)).toEqual(fixFor(before));
          expect(offer).toEqual(before);
        }
      }),
      RUNS,
    );
  });
});

/** Of the lines before it. */
function withoutComments(statement: string): string {
  return statement.replace(/^(?:(?:#|--)[^\n]*\n)+/, '');
}

function expectPossible(commented: string, { expected, actual }: Pick<Offer, 'expected' | 'actual'>): void {
  const statement = withoutComments(commented);
  if (statement.startsWith('bq ')) return;
  const bare = statement.replace(/`(?:\\.|[^`\\])*`|'(?:\\.|[^'\\])*'/gsu, '?');
  if (DROPS.test(bare)) expect(bare).toMatch(ALLOWED_DROPS);
  expect(bare).not.toContain(';');
  if (/^CREATE .*TABLE/.test(bare)) {
    // A query fills no table that is partitioned by ingestion time, and replaces none that is partitioned otherwise.
    if (/ AS SELECT /.test(bare))
      expect(bare).not.toMatch(/PARTITION BY (_PARTITIONDATE|TIMESTAMP_TRUNC\(_PARTITIONTIME)/);
    if (bare.includes('OR REPLACE') && actual.partitioning === null)
      expect(bare).not.toContain('PARTITION BY');
    if (bare.includes('OR REPLACE') && actual.partitioning !== null) expect(bare).toContain('PARTITION BY');
    if (expected.partitioning === null) expect(bare).not.toContain('partition_expiration_days');
    if (/partition_expiration_days|require_partition_filter/.test(bare))
      expect(bare).toContain('PARTITION BY');
    expect(bare).not.toMatch(/RANGE_BUCKET.*partition_expiration_days/);
    expect(bare).not.toMatch(/(DATE_TRUNC)\(\?, HOUR\)/);
  }
  if (/ALTER TABLE/.test(bare)) expect(actual.type).toBe('TABLE');
  if (/ADD COLUMN/.test(bare)) expect(bare).not.toMatch(/(?:NOT NULL|> NOT NULL)$/);
}

function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value) && !(value instanceof Map)) {
    Object.freeze(value);
    for (const each of Object.values(value)) deepFrozen(each);
  }
  return value;
}

describe('hostile names', () => {
  const HOSTILE = ['`', "'", '"', '\\', '\n', '\r', ';', '$(reboot)', '--', ' ', '*/', '\u0000', '\u2028'];
  const hostile = fc
    .array(fc.constantFrom(...HOSTILE, 'a', 'DROP TABLE t'), { minLength: 1, maxLength: 6 })
    .map((parts) => `x${parts.join('')}`);

  test('stay inside of their quotes', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (project, dataset, table, text) => {
        const subject = { project, dataset, table };
        const column = {
          name: text,
          type: 'STRUCT',
          fields: [{ name: text, type: 'STRING', description: text }],
        };
        const expected = expectedTable({
          schema: { fields: [{ ...column, description: text }] },
          description: text,
        });
        const actual = canonicalTable({ schema: { fields: [{ name: 'other', type: 'STRING' }] } });
        for (const change of compareTable({ expected, actual, contract: CONTRACT }).changes) {
          for (const statement of fixFor({ change, subject, expected, actual, now: NOW })?.statements ?? []) {
            const read = tokensOf(statement);
            const inQuotes = read.filter(({ kind }) => kind === 'name' || kind === 'text');
            expect(new Set(inQuotes.map(({ value }) => value))).toEqual(
              new Set([`${project}.${dataset}.${table}`, text]),
            );
            expect(
              read
                .filter(({ kind }) => kind === 'sign')
                .map(({ value }) => value)
                .join(''),
            ).toMatch(/^[<>()=,]*$/);
            expect(
              read
                .filter(({ kind }) => kind === 'word')
                .map(({ value }) => value)
                .join(' '),
            ).toMatch(
              /^ALTER TABLE (ADD COLUMN IF NOT EXISTS STRUCT STRING OPTIONS description OPTIONS description|SET OPTIONS description)$/,
            );
            expect(statement).not.toMatch(/[\p{Cc}\u2028]/u);
          }
        }
      }),
    );
  });

  test('stay one word of a shell', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (project, dataset, table, text) => {
        const subject = { project, dataset, table };
        const name = `${project}:${dataset}.${table}`;
        const key = text.replaceAll(/[=,]/g, '');
        const parts = new Map([[key, { of: 'label', key, value: 'v' } as const]]);
        const labels = fixFor({
          change: { ...of('table-labels'), expected: { of: 'parts', parts } },
          subject,
          expected: {},
          actual: canonicalTable({}),
          now: NOW,
        });
        expect(shellWords(labels?.statements[0] ?? '')).toEqual([
          'bq',
          'update',
          `--set_label=${key}:v`,
          name,
        ]);
        const missing = fixFor({
          change: of('table-missing', 'TABLE'),
          subject,
          expected: {},
          actual: null,
          now: NOW,
        });
        expect(shellWords(missing?.statements[0] ?? '')).toEqual([
          'bq',
          'cp',
          '--no_clobber',
          `${name}@<ms>`,
          `${name}_restored`,
        ]);
      }),
    );
  });
});
