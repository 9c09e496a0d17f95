/** How much a finding matters, worst first. */
export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

interface KindRow {
  readonly id: string;
  /** What the finding is about: the dataset, the table as a whole, or one field of it. */
  readonly of: 'dataset' | 'table' | 'field';
  readonly severity: Severity;
  /** The severity where the field is critical or consumed; absent: the same. */
  readonly severityIfConsumed?: Severity;
  /** Loss of data cannot be waived, nor set below warning. */
  readonly cannotBeWaived?: true;
  /** What it finds, as README's table of kinds prints it. */
  readonly finds: string;
}

/**
 * Every kind of drift, once. Ids are public: they stand in policies, waivers, metrics and reports, so
 * changing one is a breaking change.
 */
export const KINDS = [
  {
    id: 'dataset-missing',
    of: 'dataset',
    severity: 'critical',
    cannotBeWaived: true,
    finds: 'declared dataset absent',
  },
  {
    id: 'dataset-unexpected',
    of: 'dataset',
    severity: 'info',
    finds: 'dataset that no file declares (hidden ones, `_…`, never)',
  },
  { id: 'dataset-location', of: 'dataset', severity: 'critical', finds: 'other location' },
  {
    id: 'dataset-table-expiration',
    of: 'dataset',
    severity: 'critical',
    finds: '`defaultTableExpirationMs` differs',
  },
  {
    id: 'dataset-partition-expiration',
    of: 'dataset',
    severity: 'critical',
    finds: '`defaultPartitionExpirationMs` differs',
  },
  { id: 'dataset-time-travel', of: 'dataset', severity: 'warning', finds: '`maxTimeTravelHours` differs' },
  { id: 'dataset-encryption', of: 'dataset', severity: 'warning', finds: 'default KMS key differs' },
  { id: 'dataset-collation', of: 'dataset', severity: 'warning', finds: '`defaultCollation` differs' },
  { id: 'dataset-labels', of: 'dataset', severity: 'info', finds: 'labels differ from what is stated' },
  {
    id: 'dataset-description',
    of: 'dataset',
    severity: 'info',
    finds: 'description differs from what is stated',
  },
  {
    id: 'table-missing',
    of: 'table',
    severity: 'critical',
    cannotBeWaived: true,
    finds: 'declared table absent',
  },
  {
    id: 'table-unexpected',
    of: 'table',
    severity: 'info',
    finds: 'table in a declared dataset that no file declares',
  },
  {
    id: 'table-type',
    of: 'table',
    severity: 'critical',
    finds: 'TABLE, VIEW, MATERIALIZED_VIEW, EXTERNAL, SNAPSHOT differ',
  },
  {
    id: 'table-expiration',
    of: 'table',
    severity: 'critical',
    cannotBeWaived: true,
    finds: '`expirationTime` set where none is expected, or the reverse',
  },
  {
    id: 'table-encryption',
    of: 'table',
    severity: 'warning',
    finds: 'KMS key differs (version suffix ignored)',
  },
  { id: 'table-collation', of: 'table', severity: 'warning', finds: 'default collation differs' },
  { id: 'table-constraints', of: 'table', severity: 'warning', finds: 'primary or foreign keys differ' },
  { id: 'table-labels', of: 'table', severity: 'info', finds: 'labels differ from what is stated' },
  {
    id: 'table-description',
    of: 'table',
    severity: 'info',
    finds: 'description differs from what is stated',
  },
  {
    id: 'view-query',
    of: 'table',
    severity: 'warning',
    finds: 'view or materialized view text differs beyond white space outside literals and comments',
  },
  {
    id: 'external-source',
    of: 'table',
    severity: 'warning',
    finds:
      'source format, URIs or hive partitioning of an external table differ (Iceberg: the folder of the URI only)',
  },
  {
    id: 'field-missing',
    of: 'field',
    severity: 'critical',
    finds: 'declared field absent, by dotted path (`a.b.c`)',
  },
  { id: 'field-unexpected', of: 'field', severity: 'info', finds: 'undeclared field' },
  {
    id: 'field-type',
    of: 'field',
    severity: 'warning',
    severityIfConsumed: 'critical',
    finds: 'type differs, parameters included (`NUMERIC(10, 2)`)',
  },
  {
    id: 'field-mode',
    of: 'field',
    severity: 'warning',
    severityIfConsumed: 'critical',
    finds: 'REQUIRED / NULLABLE / REPEATED differ',
  },
  {
    id: 'field-default',
    of: 'field',
    severity: 'warning',
    finds: 'default value differs from what is stated',
  },
  { id: 'field-collation', of: 'field', severity: 'warning', finds: 'collation differs from what is stated' },
  {
    id: 'field-rounding-mode',
    of: 'field',
    severity: 'warning',
    finds: 'rounding mode differs from what is stated',
  },
  {
    id: 'field-policy-tags',
    of: 'field',
    severity: 'critical',
    finds: 'policy tags or data policies differ from what is stated (a column may have lost its protection)',
  },
  {
    id: 'field-description',
    of: 'field',
    severity: 'info',
    finds: 'description differs from what is stated',
  },
  {
    id: 'partitioning-missing',
    of: 'table',
    severity: 'critical',
    finds: 'partitioning expected, table has none',
  },
  {
    id: 'partitioning-unexpected',
    of: 'table',
    severity: 'warning',
    finds: '`null` expected, table is partitioned',
  },
  {
    id: 'partitioning-different',
    of: 'table',
    severity: 'critical',
    finds: 'granularity, column, range, or time versus range differ; ingestion time versus column',
  },
  {
    id: 'partition-expiration',
    of: 'table',
    severity: 'critical',
    finds: '`timePartitioning.expirationMs` differs',
  },
  { id: 'partition-filter', of: 'table', severity: 'warning', finds: '`requirePartitionFilter` differs' },
  { id: 'clustering', of: 'table', severity: 'warning', finds: 'clustering fields or their order differ' },
  {
    id: 'retention',
    of: 'table',
    severity: 'critical',
    cannotBeWaived: true,
    finds:
      'partition expiration, or `expirationTime` minus `creationTime`, is shorter than `contract.retention`; one per table, naming the shorter',
  },
] as const satisfies readonly KindRow[];

export type Kind = (typeof KINDS)[number]['id'];

const rows: ReadonlyMap<string, KindRow> = new Map(KINDS.map((row) => [row.id, row]));

export function isKind(text: string): text is Kind {
  return rows.has(text);
}

export function kindRow(kind: Kind): KindRow {
  const row = rows.get(kind);
  if (row === undefined) throw new Error(`no row for kind ${kind}`);
  return row;
}

export function isAtLeast(severity: Severity, minimum: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(minimum);
}
