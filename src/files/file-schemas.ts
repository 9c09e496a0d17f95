import { z } from 'zod';
import { KINDS } from '../kinds/index.ts';
import { parseDuration } from '../model/duration.ts';
import { SEVERITIES } from '../model/severity.ts';
import { OWNER_FORMS } from '../slack/mrkdwn.ts';

/*
 * The shape of the files in `expected-schemas/`: subsets of BigQuery's REST resources (every key of them is
 * accepted, https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables and …/datasets) and the
 * policy. `schemas/*.schema.json` is generated from here; what a shape cannot say is in `file-rules.ts`.
 */

/** Keys that a user can set and no kind compares yet: stating one is a warning. */
export const UNCOMPARED = {
  table: [
    'biglakeConfiguration',
    'defaultRoundingMode',
    'externalCatalogTableOptions',
    'friendlyName',
    'managedTableType',
    'maxStaleness',
    'resourceTags',
    'tableReplicationInfo',
  ],
  dataset: [
    'access',
    'defaultRoundingMode',
    'externalCatalogDatasetOptions',
    'externalDatasetReference',
    'friendlyName',
    'isCaseInsensitive',
    'linkedDatasetSource',
    'resourceTags',
    'storageBillingModel',
  ],
  view: [
    'foreignDefinitions',
    'privacyPolicy',
    'useExplicitColumnNames',
    'useLegacySql',
    'userDefinedFunctionResources',
  ],
  materializedView: ['allowNonIncrementalDefinition', 'enableRefresh', 'maxStaleness', 'refreshIntervalMs'],
  externalDataConfiguration: [
    'autodetect',
    'avroOptions',
    'bigtableOptions',
    'compression',
    'connectionId',
    'csvOptions',
    'dateFormat',
    'datetimeFormat',
    'decimalTargetTypes',
    'fileSetSpecType',
    'googleSheetsOptions',
    'ignoreUnknownValues',
    'jsonExtension',
    'jsonOptions',
    'maxBadRecords',
    'metadataCacheMode',
    'objectMetadata',
    'parquetOptions',
    'referenceFileSchemaUri',
    'schema',
    'timeFormat',
    'timeZone',
    'timestampFormat',
    'timestampTargetPrecision',
  ],
  field: ['dataGovernanceTagsInfo', 'dataPolicyList', 'foreignTypeDefinition', 'generatedColumn'],
} as const;

/** Keys that BigQuery writes and nobody sets: `bq show` prints them, so files may hold them. */
const OUTPUT_ONLY = {
  table: [
    'cloneDefinition',
    'creationTime',
    'etag',
    'id',
    'kind',
    'lastModifiedTime',
    'location',
    'materializedViewStatus',
    'model',
    'numActiveLogicalBytes',
    'numActivePhysicalBytes',
    'numBytes',
    'numCurrentPhysicalBytes',
    'numLongTermBytes',
    'numLongTermLogicalBytes',
    'numLongTermPhysicalBytes',
    'numPartitions',
    'numPhysicalBytes',
    'numRows',
    'numTimeTravelPhysicalBytes',
    'numTotalLogicalBytes',
    'numTotalPhysicalBytes',
    'partitionDefinition',
    'replicas',
    'restrictions',
    'selfLink',
    'snapshotDefinition',
    'streamingBuffer',
  ],
  dataset: [
    'catalogSource',
    'creationTime',
    'etag',
    'id',
    'kind',
    'lastModifiedTime',
    'linkedDatasetMetadata',
    'restrictions',
    'satisfiesPzi',
    'satisfiesPzs',
    'selfLink',
    'tags',
    'type',
  ],
  materializedView: ['lastRefreshTime'],
  hivePartitioningOptions: ['fields'],
  field: ['categories'],
} as const;

type Anything<Key extends string> = Record<Key, z.ZodOptional<z.ZodUnknown>>;

function keysOf<Key extends string>(
  keys: readonly Key[],
  schema: z.ZodOptional<z.ZodUnknown>,
): Anything<Key> {
  return Object.fromEntries(keys.map((key) => [key, schema])) as Anything<Key>;
}

const settable = z.unknown().optional();
/** The schema of every key that only BigQuery writes; nobody who misspells a key means one of these. */
export const outputOnly = z.unknown().optional();

const NO_INTEGER = 'expected an integer, as digits or a number';
const int64 = z
  .union([z.string().regex(/^[+-]?[0-9]{1,19}$/, { error: NO_INTEGER }), z.int({ error: NO_INTEGER })], {
    error: NO_INTEGER,
  })
  .describe('An integer; BigQuery writes it as a string of digits.');
const name = z.string().min(1);
const int64OrDefault = int64.nullish();

const MAX_INT64 = 2n ** 63n - 1n;
const noExpiration: z.core.$ZodErrorMap = ({ input }) =>
  isInteger(input) ? `expected 0 to ${MAX_INT64}; null says never` : NO_INTEGER;
function isInteger(input: unknown): boolean {
  return typeof input === 'number' ? Number.isInteger(input) : /^[+-]?[0-9]+$/.test(String(input));
}

/** The rules of `expiration` in metadata/parse.ts. */
const expiration = z
  .union(
    [
      z
        .string()
        .regex(/^(\+?[0-9]{1,19}|-0+)$/, { error: noExpiration, abort: true })
        .refine((digits) => BigInt(digits) <= MAX_INT64, { error: noExpiration }),
      z.int({ error: noExpiration }).min(0, { error: noExpiration }),
    ],
    { error: noExpiration },
  )
  .nullish();

const labels = z
  .record(name, z.string().nullable())
  .nullish()
  .describe('Only the labels named here are checked; null: it must be absent. null for all: no labels.');
const kmsKey = z.strictObject({ kmsKeyName: z.string().nullish() }).nullish().describe("null: Google's key.");
const text = z.string().nullish();

const field: z.ZodType = z.strictObject({
  name: name.describe('Column name, compared without regard to case.'),
  type: name.meta({
    description:
      'STRING, INTEGER (INT64), FLOAT (FLOAT64), BOOLEAN (BOOL), NUMERIC, RECORD (STRUCT) …, in any letter case.',
    examples: [
      'STRING',
      'INTEGER',
      'FLOAT',
      'NUMERIC',
      'BOOLEAN',
      'TIMESTAMP',
      'DATE',
      'DATETIME',
      'JSON',
      'RECORD',
    ],
  }),
  mode: z
    .string()
    .regex(/^(nullable|required|repeated)$/i, { error: 'expected NULLABLE, REQUIRED or REPEATED' })
    .nullish()
    .describe('NULLABLE (also where absent), REQUIRED or REPEATED.'),
  get fields(): z.ZodType {
    return z.array(field).nullish().describe('The fields of a RECORD. Absent: not checked.');
  },
  maxLength: int64OrDefault,
  precision: int64OrDefault,
  scale: int64OrDefault,
  timestampPrecision: int64OrDefault,
  rangeElementType: z.strictObject({ type: name }).nullish(),
  description: text,
  policyTags: z
    .strictObject({ names: z.array(z.string()).nullish() })
    .nullish()
    .describe('null: no tags.'),
  dataPolicies: z.array(z.strictObject({ name: z.string() })).nullish(),
  defaultValueExpression: text,
  collation: text,
  roundingMode: text,
  ...keysOf(UNCOMPARED.field, settable),
  ...keysOf(OUTPUT_ONLY.field, outputOnly),
});

const contract = z
  .strictObject({
    version: z.string().optional(),
    purpose: z.string().optional(),
    owner: z.string().optional().describe(OWNER_FORMS),
    retention: z
      .string()
      .refine((text) => parseDuration(text) !== null, {
        error: 'expected an ISO 8601 duration such as P7Y or P90D',
      })
      .optional()
      .describe('The least time data must be kept, ISO 8601: P1Y is 365 days, P1M 30.'),
    criticalFields: z.array(name).optional().describe('Dotted paths whose drift is critical.'),
    consumers: z
      .record(name, z.array(name))
      .optional()
      .describe('Who reads which dotted paths; named in the alert as who breaks.'),
    runbook: z.url({ protocol: /^https?$/, error: 'expected an http(s) URL' }).optional(),
    extraFields: z
      .enum(['report', 'allow'])
      .optional()
      .describe('allow: fields that the file does not declare are no finding.'),
  })
  .describe('What the table is for and who relies on it.');

export const tableFile = z
  .strictObject({
    $schema: z.string().optional(),
    tableReference: z
      .strictObject({
        projectId: z.string().optional(),
        datasetId: z.string().optional(),
        tableId: z.string().optional(),
      })
      .optional(),
    type: name.optional().meta({
      description: 'Compared where stated.',
      examples: ['TABLE', 'VIEW', 'MATERIALIZED_VIEW', 'EXTERNAL', 'SNAPSHOT'],
    }),
    schema: z
      .strictObject({ fields: z.array(field).nullish(), foreignTypeInfo: z.unknown().optional() })
      .optional()
      .describe('Absent: no field is checked, undeclared ones included.'),
    timePartitioning: z
      .strictObject({
        type: z
          .string()
          .regex(/^(hour|day|month|year)$/i, { error: 'expected HOUR, DAY, MONTH or YEAR' })
          .describe('HOUR, DAY, MONTH or YEAR.'),
        field: z.string().nullish().describe('Absent: by ingestion time.'),
        expirationMs: expiration.describe('null: partitions never expire, as is 0. Absent: not checked.'),
        requirePartitionFilter: z.boolean().nullish(),
      })
      .nullish()
      .describe('null (with no rangePartitioning): not partitioned. Absent: not checked.'),
    rangePartitioning: z
      .strictObject({
        field: name,
        // JSON may leave out a bound of zero.
        range: z.strictObject({ start: int64OrDefault, end: int64OrDefault, interval: int64OrDefault }),
      })
      .nullish(),
    requirePartitionFilter: z.boolean().nullish(),
    clustering: z
      .strictObject({ fields: z.array(name) })
      .nullish()
      .describe('null: not clustered. Absent: not checked. The order matters.'),
    expirationTime: expiration.describe(
      'null: the table never expires, as is 0. A time: that it expires at all is compared.',
    ),
    description: text,
    labels,
    encryptionConfiguration: kmsKey,
    defaultCollation: text,
    tableConstraints: z
      .strictObject({
        primaryKey: z.strictObject({ columns: z.array(name) }).nullish(),
        foreignKeys: z
          .array(
            z.strictObject({
              name: z.string().optional(),
              referencedTable: z.strictObject({
                projectId: z.string().optional(),
                datasetId: name,
                tableId: name,
              }),
              columnReferences: z.array(z.strictObject({ referencingColumn: name, referencedColumn: name })),
            }),
          )
          .nullish(),
      })
      .nullish(),
    view: z.strictObject({ query: text, ...keysOf(UNCOMPARED.view, settable) }).nullish(),
    materializedView: z
      .strictObject({
        query: text,
        ...keysOf(UNCOMPARED.materializedView, settable),
        ...keysOf(OUTPUT_ONLY.materializedView, outputOnly),
      })
      .nullish(),
    externalDataConfiguration: z
      .strictObject({
        sourceFormat: text,
        sourceUris: z.array(z.string()).nullish(),
        hivePartitioningOptions: z
          .strictObject({
            mode: text,
            sourceUriPrefix: text,
            requirePartitionFilter: z.unknown().optional(),
            ...keysOf(OUTPUT_ONLY.hivePartitioningOptions, outputOnly),
          })
          .nullish(),
        ...keysOf(UNCOMPARED.externalDataConfiguration, settable),
      })
      .nullish(),
    contract: contract.optional(),
    ...keysOf(UNCOMPARED.table, settable),
    ...keysOf(OUTPUT_ONLY.table, outputOnly),
  })
  .meta({
    title: 'Expected table',
    description: "A subset of BigQuery's Table resource and a contract. What is not stated is not checked.",
  });

export const datasetFile = z
  .strictObject({
    $schema: z.string().optional(),
    datasetReference: z
      .strictObject({ projectId: z.string().optional(), datasetId: z.string().optional() })
      .optional(),
    location: name.optional().describe('US, EU, europe-west1 …, in any letter case.'),
    defaultTableExpirationMs: expiration.describe('null: none, as is 0. Absent: not checked.'),
    defaultPartitionExpirationMs: expiration.describe('null: none, as is 0. Absent: not checked.'),
    maxTimeTravelHours: int64OrDefault.describe('null: 168.'),
    defaultEncryptionConfiguration: kmsKey,
    defaultCollation: text,
    labels,
    description: text,
    ...keysOf(UNCOMPARED.dataset, settable),
    ...keysOf(OUTPUT_ONLY.dataset, outputOnly),
  })
  .meta({
    title: 'Expected dataset',
    description: "A subset of BigQuery's Dataset resource. What is not stated is not checked.",
  });

const duration = z.string().refine((text) => (parseDuration(text) ?? 0) > 0, {
  error: 'expected an ISO 8601 duration such as PT4H or P1D',
});
const pattern = name.describe('Matches dataset.table; * is any characters.');
const kind = z.enum(KINDS.map((row) => row.id));
const severities = Object.fromEntries(
  KINDS.map((row) => [
    row.id,
    z
      .enum([...SEVERITIES, 'off'])
      .optional()
      .describe(row.finds),
  ]),
);

export const policyFile = z
  .strictObject({
    $schema: z.string().optional(),
    severities: z.strictObject(severities).optional(),
    requiredFields: z
      .array(z.strictObject({ name, type: name, except: z.array(pattern).optional() }))
      .optional()
      .describe('Fields that every file of type TABLE with a schema must declare.'),
    ignoreUnexpected: z
      .array(pattern)
      .optional()
      .describe('Undeclared tables and datasets that are no finding.'),
    waivers: z
      .array(
        z.strictObject({
          table: pattern,
          path: name.optional().describe('Absent: every path. A path covers what lies beneath it.'),
          kind: kind.optional().describe('Absent: every kind that may be waived.'),
          until: z.iso
            .date({ error: 'expected a day such as 2027-01-31' })
            .describe('The last day, to its end in UTC.'),
          reason: z.string().trim().min(1, { error: 'a waiver needs a reason' }),
        }),
      )
      .optional(),
    alerts: z
      .strictObject({
        minimumSeverity: z.enum(SEVERITIES).optional(),
        remindAfter: z
          .strictObject({ critical: duration.nullish(), warning: duration.nullish() })
          .optional()
          .describe('How long after an alert it is repeated while still open; null: never.'),
        uncheckedAfterRuns: z.int().min(1).optional(),
      })
      .optional(),
  })
  .meta({ title: 'Drift policy', description: 'Severities, waivers and alert timing.' });
