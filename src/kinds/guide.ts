import { didYouMean } from '../model/did-you-mean.ts';
import { DriftError } from '../model/errors.ts';
import { isKind, KINDS, type Kind, kindRow } from '../model/kinds.ts';

interface Guide {
  /** Why it matters. */
  readonly why: string;
  /** What to do. */
  readonly act: string;
}

const GUIDES: Readonly<Record<Kind, Guide>> = {
  'dataset-missing': {
    why: 'Every query of its tables fails, and what was in it can be restored for a limited time only.',
    act: 'Find out who dropped it; UNDROP SCHEMA brings it back within its time travel window. If it was meant, delete its files.',
  },
  'dataset-unexpected': {
    why: 'Nobody has said what it is for, who owns it or how long its data must be kept.',
    act: 'Declare it (drift pull DATASET), or list it in ignoreUnexpected.',
  },
  'dataset-location': {
    why: 'A dataset cannot move: it was dropped and created again elsewhere. Queries across locations fail, and data may lie where it must not.',
    act: 'Recreate it in the right location and copy the data, or correct the file.',
  },
  'dataset-table-expiration': {
    why: 'New tables will be deleted by themselves, or will not be although they should.',
    act: 'ALTER SCHEMA SET OPTIONS; then look at tables created in between, which keep the expiration they were born with.',
  },
  'dataset-partition-expiration': {
    why: 'Partitions of new tables will be deleted by themselves, or will not be although they should.',
    act: 'ALTER SCHEMA SET OPTIONS; then look at tables created in between, which keep the expiration they were born with.',
  },
  'dataset-time-travel': {
    why: 'It decides for how many hours dropped or overwritten data can be brought back.',
    act: 'ALTER SCHEMA SET OPTIONS (max_time_travel_hours = …).',
  },
  'dataset-encryption': {
    why: 'New tables are encrypted with another key than the one you control.',
    act: 'ALTER SCHEMA SET OPTIONS (default_kms_key_name = …); tables created in between keep theirs.',
  },
  'dataset-collation': {
    why: 'New text columns compare letters differently, so joins and filters find other rows.',
    act: 'ALTER SCHEMA SET DEFAULT COLLATE; columns created in between keep theirs.',
  },
  'dataset-labels': {
    why: 'Costs and ownership are often told by labels.',
    act: 'Set the labels again, or correct the file.',
  },
  'dataset-description': {
    why: 'People find the meaning of data there.',
    act: 'Set the description again, or correct the file.',
  },
  'table-missing': {
    why: 'Every query of it fails, and what was in it can be restored for a limited time only.',
    act: 'Restore it by time travel: its dataset says for how long, 2 to 7 days. If it was meant, delete its file (drift accept --force).',
  },
  'table-unexpected': {
    why: 'Nobody has said what it is for, who owns it or how long its data must be kept.',
    act: 'Declare it (drift accept or drift pull), or list it in ignoreUnexpected.',
  },
  'table-type': {
    why: 'A view in the place of a table has no data of its own, and nobody can write to it; a snapshot is frozen.',
    act: 'Find out what replaced it; all but its fields follows from the type.',
  },
  'table-expiration': {
    why: 'The table deletes itself at that time, with all its data.',
    act: 'ALTER TABLE SET OPTIONS (expiration_timestamp = NULL) before it does.',
  },
  'table-encryption': {
    why: 'The data is encrypted with another key than the one you control.',
    act: 'ALTER TABLE SET OPTIONS (kms_key_name = …).',
  },
  'table-collation': {
    why: 'New text columns compare letters differently, so joins and filters find other rows.',
    act: 'ALTER TABLE SET DEFAULT COLLATE; it applies to columns added afterwards.',
  },
  'table-constraints': {
    why: 'BigQuery does not enforce keys but plans joins by them: a wrong key can give wrong results.',
    act: 'ADD or DROP the PRIMARY or FOREIGN KEY … NOT ENFORCED.',
  },
  'table-labels': {
    why: 'Costs and ownership are often told by labels.',
    act: 'Set the labels again, or correct the file.',
  },
  'table-description': {
    why: 'People find the meaning of data there.',
    act: 'Set the description again, or correct the file.',
  },
  'view-query': {
    why: 'Whoever reads the view gets other rows or columns under the same name.',
    act: 'CREATE OR REPLACE the view with the declared query, or accept the new one.',
  },
  'external-source': {
    why: 'The table reads other files than the ones that were reviewed.',
    act: 'Create it again over the declared source, or accept the new one.',
  },
  'field-missing': {
    why: 'Queries and loads that name the column fail.',
    act: 'Add it again if BigQuery can (drift check --format json has the statement); its data can be restored by time travel for a limited time.',
  },
  'field-unexpected': {
    why: 'Nobody has said what it is for; it may hold what must not be there.',
    act: 'Declare it (drift accept --path), or allow undeclared fields with extraFields.',
  },
  'field-type': {
    why: 'Writers that send the old type are refused, and readers compute with another one.',
    act: 'Widening can be undone only by a rebuild; otherwise SET DATA TYPE where BigQuery allows it.',
  },
  'field-mode': {
    why: 'A REQUIRED column that became NULLABLE may hold NULLs that readers do not expect; REPEATED changes every query.',
    act: 'NULLABLE cannot be tightened in place: it takes a rebuild. Else DROP NOT NULL.',
  },
  'field-default': {
    why: 'Rows that leave the column out get another value, from now on.',
    act: 'ALTER COLUMN SET DEFAULT, or DROP DEFAULT; rows written in between keep theirs.',
  },
  'field-collation': {
    why: 'The column compares letters differently, so joins and filters find other rows.',
    act: "A column's collation cannot be changed: it takes a rebuild.",
  },
  'field-rounding-mode': {
    why: 'Values that do not fit are rounded differently: sums drift apart by cents.',
    act: 'ALTER COLUMN SET OPTIONS (rounding_mode = …); stored values stay as they are.',
  },
  'field-policy-tags': {
    why: 'The column may have lost its protection, and be open to everybody who may read the table.',
    act: 'Set the policy tag again, and look at who read the column meanwhile.',
  },
  'field-description': {
    why: 'People find the meaning of data there.',
    act: 'Set the description again, or correct the file.',
  },
  'partitioning-missing': {
    why: 'Every query scans the whole table and costs accordingly, and nothing expires any more.',
    act: 'Partitioning is set when a table is created: build a new table and swap the names.',
  },
  'partitioning-unexpected': {
    why: 'Queries may be refused for lack of a partition filter, and partitions may expire.',
    act: 'Partitioning is set when a table is created: build a new table, or accept it.',
  },
  'partitioning-different': {
    why: 'Queries by the old column scan everything, and partitions expire by another date.',
    act: 'Partitioning is set when a table is created: build a new table and swap the names.',
  },
  'partition-expiration': {
    why: 'Partitions older than that are deleted, without a log entry; or data is kept that should go.',
    act: 'ALTER TABLE SET OPTIONS (partition_expiration_days = …). Shortening it deletes at once.',
  },
  'partition-filter': {
    why: 'Without it one careless query scans everything; with it, queries that do not filter fail.',
    act: 'ALTER TABLE SET OPTIONS (require_partition_filter = …).',
  },
  clustering: {
    why: 'Queries that filter by these fields scan and cost more.',
    act: 'bq update --clustering_fields; existing rows are clustered again only when they are rewritten.',
  },
  retention: {
    why: 'Data goes before the contract, and often the law, allows it.',
    act: 'Lift the expiration at once; what has expired can be brought back by time travel for a limited time.',
  },
};

/** Every kind with its severity, one a line. */
export function listKinds(): string {
  const width = Math.max(...KINDS.map(({ id }) => id.length));
  return KINDS.map(
    ({ id, severity, finds }) => `${id.padEnd(width)}  ${severity.padEnd(8)}  ${finds}\n`,
  ).join('');
}

/** What a kind means, why it matters and what to do. @throws DriftError `UnknownKind` */
export function explainKind(kind: string): string {
  if (!isKind(kind)) {
    const near = didYouMean(
      kind,
      KINDS.map(({ id }) => id),
    );
    throw new DriftError('UnknownKind', `no kind ${JSON.stringify(kind)}${near} (drift explain lists them)`);
  }
  const { finds, severity, severityIfConsumed, cannotBeWaived } = kindRow(kind);
  const relied =
    severityIfConsumed === undefined ? '' : `; ${severityIfConsumed} when the field is critical or consumed`;
  const told = cannotBeWaived === true ? '; cannot be waived or set below warning' : '';
  const { why, act } = GUIDES[kind];
  return [
    kind,
    `  finds     ${finds}`,
    `  severity  ${severity}${relied}${told}`,
    `  why       ${why}`,
    `  do        ${act}`,
    '',
  ].join('\n');
}
