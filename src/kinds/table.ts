import type { Change } from '../model/finding.ts';
import { valueText } from '../model/value.ts';
import * as constraintsRepair from '../repair/constraints.ts';
import { changeLabels } from '../repair/options.ts';
import { ofTable } from '../repair/repair-case.ts';
import * as tableRepair from '../repair/table.ts';
import * as viewRepair from '../repair/view.ts';
import { LAST_MS, moment } from '../words/moment.ts';
import { DECLARE_IT, type KindRow, otherKey, setting, sooner, value } from './kind.ts';

export const tableMissing: KindRow<'table'> = {
  id: 'table-missing',
  scope: 'table',
  means: 'absent',
  severity: 'critical',
  cannotBeWaived: true,
  finds: 'declared table absent',
  purpose: 'Checks that each declared table is there.',
  why: 'Every query of it fails, and what was in it can be restored for a limited time only.',
  act: 'Restore it by time travel: its dataset says for how long, 2 to 7 days. If it was meant, delete its file (drift accept --force).',
  location: { none: 'it compares whether there is a table' },
  loses: { what: 'everything', where: wasTable },
  words: {
    what: 'the table is missing',
    breaks: true,
    say: 'nothing',
  },
  repair: tableRepair.tableMissing,
};

export const tableUnexpected: KindRow<'table'> = {
  id: 'table-unexpected',
  scope: 'table',
  means: 'undeclared',
  severity: 'info',
  finds: 'table in a declared dataset that no file declares',
  purpose: 'Checks that each table of a declared dataset is declared by a file.',
  why: 'Nobody has said what it is for, who owns it or how long its data must be kept.',
  act: 'Declare it (drift accept or drift pull), or list it in ignoreUnexpected.',
  location: { none: 'it compares whether there is a table' },
  words: {
    // Of a dataset with too many for a finding each: `more than 1,000 tables`.
    what: ({ actual }) =>
      typeof actual === 'object' && actual?.of === 'more-tables'
        ? 'no file declares these tables'
        : 'no file declares this table',
    say: 'nothing',
  },
  repair: DECLARE_IT,
};

export const tableType: KindRow<'table'> = {
  id: 'table-type',
  scope: 'table',
  severity: 'critical',
  finds: 'TABLE, VIEW, MATERIALIZED_VIEW, EXTERNAL, SNAPSHOT differ',
  purpose:
    'Checks that what has the name is a table, view, materialized view, external table or snapshot as declared.',
  why: 'A view in the place of a table has no data of its own, and nobody can write to it; a snapshot is frozen.',
  act: 'Find out what replaced it; all but its fields follows from the type.',
  location: ['type'],
  compares: value({ expected: ({ type }) => type, actual: ({ type }) => type }),
  // A view has no partitioning, a snapshot always expires: all but its fields follows from the type.
  hides: (_, { path }) => path === null,
  // What is there instead has taken its name.
  loses: { what: 'everything', where: wasTable },
  weakens: ({ expected, actual }) =>
    expected === 'TABLE' ? [`rows of its own are no longer expected: it is ${valueText(actual)}`] : [],
  label: 'Type',
  words: { what: 'the table is of another type', breaks: true, say: 'none' },
  repair: ofTable(tableRepair.tableType),
};

export const tableExpiration: KindRow<'table'> = {
  id: 'table-expiration',
  scope: 'table',
  severity: 'critical',
  cannotBeWaived: true,
  finds: '`expirationTime` set where none is expected, or the reverse',
  purpose: 'Checks that the table expires where that is expected, and only there.',
  why: 'The table deletes itself at that time, with all its data.',
  act: 'ALTER TABLE SET OPTIONS (expiration_timestamp = NULL) before it does.',
  location: ['expirationTime'],
  // The moment differs from table to table, so only its presence is compared.
  compares: value({
    expected: ({ expirationTime }) => expirationTime,
    actual: ({ expirationTime }) => expirationTime,
    isSame: (expected, actual) => (expected === null) === (actual === null),
    isPresence: true,
  }),
  deletesTableAt: ({ actual }) => valueText(actual),
  acrossShards: () => 'expires',
  // Only whether it expires is compared.
  weakens: (change, weakened) =>
    sooner('the table is deleted sooner')({ ...change, expected: null }, weakened),
  label: 'Table expires',
  words: {
    what: 'the expiration of the table differs',
    say: (value, side) => {
      if (value === null) return 'never';
      return side === 'expected' ? 'that it expires' : momentOf(Number(value));
    },
  },
  repair: ofTable(tableRepair.tableExpiration),
};

export const tableEncryption: KindRow<'table'> = {
  id: 'table-encryption',
  scope: 'table',
  severity: 'warning',
  finds: 'KMS key differs (version suffix ignored)',
  purpose: 'Checks that the table is encrypted with the stated key, whichever version of it.',
  why: 'The data is encrypted with another key than the one you control.',
  act: 'ALTER TABLE SET OPTIONS (kms_key_name = …).',
  location: ['encryptionConfiguration.kmsKeyName'],
  compares: setting('encryptionConfiguration'),
  weakens: otherKey,
  label: 'Encryption key',
  words: { what: 'the encryption key differs', say: "Google's key" },
  repair: ofTable(tableRepair.tableEncryption),
};

export const tableCollation: KindRow<'table'> = {
  id: 'table-collation',
  scope: 'table',
  severity: 'warning',
  finds: 'default collation differs',
  purpose: 'Checks that new columns of the table compare text as stated.',
  why: 'New text columns compare letters differently, so joins and filters find other rows.',
  act: 'ALTER TABLE SET DEFAULT COLLATE; it applies to columns added afterwards.',
  location: ['defaultCollation'],
  compares: setting('defaultCollation'),
  label: 'Default collation',
  words: { what: 'the default collation differs', say: 'none' },
  repair: ofTable(tableRepair.tableCollation),
};

export const tableConstraints: KindRow<'table'> = {
  id: 'table-constraints',
  scope: 'table',
  severity: 'warning',
  finds: 'primary or foreign keys differ',
  purpose: 'Checks that the table has the stated primary and foreign keys.',
  why: 'BigQuery does not enforce keys but plans joins by them: a wrong key can give wrong results.',
  act: 'ADD or DROP the PRIMARY or FOREIGN KEY … NOT ENFORCED.',
  location: ['tableConstraints'],
  compares: setting('tableConstraints'),
  label: 'Keys',
  words: { what: 'the primary or foreign keys differ', say: 'none' },
  repair: ofTable(constraintsRepair.tableConstraints),
};

export const tableLabels: KindRow<'table'> = {
  id: 'table-labels',
  scope: 'table',
  severity: 'info',
  finds: 'labels differ from what is stated',
  purpose: 'Checks that the table has the stated labels.',
  why: 'Costs and ownership are often told by labels.',
  act: 'Set the labels again, or correct the file.',
  location: ['labels'],
  compares: setting('labels'),
  label: 'Labels',
  words: { what: 'the labels differ', say: 'none' },
  repair: ofTable(changeLabels),
};

export const tableDescription: KindRow<'table'> = {
  id: 'table-description',
  scope: 'table',
  severity: 'info',
  finds: 'description differs from what is stated',
  purpose: 'Checks that the table has the stated description.',
  why: 'People find the meaning of data there.',
  act: 'Set the description again, or correct the file.',
  location: ['description'],
  compares: setting('description'),
  label: 'Description',
  words: { what: 'the description differs', say: 'none' },
  repair: ofTable(tableRepair.tableDescription),
};

export const viewQuery: KindRow<'table'> = {
  id: 'view-query',
  scope: 'table',
  severity: 'warning',
  finds: 'view or materialized view text differs beyond white space outside literals and comments',
  purpose: 'Checks that the view or materialized view has the stated query, whatever its white space.',
  why: 'Whoever reads the view gets other rows or columns under the same name.',
  act: 'CREATE OR REPLACE the view with the declared query, or accept the new one.',
  location: ['view.query', 'materializedView.query'],
  compares: setting('view'),
  label: 'Query',
  words: { what: 'the query of the view differs', say: 'none' },
  repair: ofTable(viewRepair.viewQuery),
};

export const externalSource: KindRow<'table'> = {
  id: 'external-source',
  scope: 'table',
  severity: 'warning',
  finds:
    'source format, URIs or hive partitioning of an external table differ (Iceberg: the folder of the URI only)',
  purpose: 'Checks that the external table reads the stated files in the stated format.',
  why: 'The table reads other files than the ones that were reviewed.',
  act: 'Create it again over the declared source, or accept the new one.',
  location: [
    'externalDataConfiguration.sourceFormat',
    'externalDataConfiguration.sourceUris',
    'externalDataConfiguration.hivePartitioningOptions',
  ],
  compares: setting('externalDataConfiguration'),
  label: 'Source',
  words: { what: 'the source of the external table differs', say: 'none' },
  repair: ofTable(() => viewRepair.recreatedExternal('its files stay')),
};

/** int64 reaches further than a calendar. */
function momentOf(ms: number): string {
  return ms >= 0 && ms <= LAST_MS ? moment(new Date(ms).toISOString()) : `${ms} ms after 1970`;
}

function wasTable({ expected }: Change): boolean {
  return expected === 'TABLE';
}
