import { formatDuration } from '../model/duration.ts';
import { type Value, valueText } from '../model/value.ts';
import * as datasetRepair from '../repair/dataset.ts';
import { changeLabels } from '../repair/options.ts';
import { DECLARE_IT, type KindRow, otherKey, saidAsDuration, setting, sooner } from './kind.ts';

export const datasetMissing: KindRow<'dataset'> = {
  id: 'dataset-missing',
  scope: 'dataset',
  means: 'absent',
  severity: 'critical',
  cannotBeWaived: true,
  finds: 'declared dataset absent',
  purpose: 'Checks that each declared dataset is there.',
  why: 'Every query of its tables fails, and what was in it can be restored for a limited time only.',
  act: 'Find out who dropped it; UNDROP SCHEMA brings it back within its time travel window. If it was meant, delete its files.',
  location: { none: 'it compares whether there is a dataset' },
  loses: { what: 'everything' },
  words: {
    what: 'the dataset is missing',
    breaks: true,
    say: 'nothing',
  },
  repair: datasetRepair.datasetMissing,
};

export const datasetUnexpected: KindRow<'dataset'> = {
  id: 'dataset-unexpected',
  scope: 'dataset',
  means: 'undeclared',
  severity: 'info',
  finds: 'dataset that no file declares (hidden ones, `_…`, never)',
  purpose: 'Checks that each dataset that is there is declared by a file.',
  why: 'Nobody has said what it is for, who owns it or how long its data must be kept.',
  act: 'Declare it (drift pull DATASET), or list it in ignoreUnexpected.',
  location: { none: 'it compares whether there is a dataset' },
  words: { what: 'no file declares this dataset', say: 'nothing' },
  repair: DECLARE_IT,
};

export const datasetLocation: KindRow<'dataset'> = {
  id: 'dataset-location',
  scope: 'dataset',
  severity: 'critical',
  finds: 'other location',
  purpose: 'Checks that the dataset lies in the location that is stated.',
  why: 'A dataset cannot move: it was dropped and created again elsewhere. Queries across locations fail, and data may lie where it must not.',
  act: 'Recreate it in the right location and copy the data, or correct the file.',
  location: ['location'],
  compares: setting('location'),
  words: { what: 'the dataset is in another location', say: 'nowhere' },
  repair: datasetRepair.datasetLocation,
};

export const datasetTableExpiration: KindRow<'dataset'> = {
  id: 'dataset-table-expiration',
  scope: 'dataset',
  severity: 'critical',
  finds: '`defaultTableExpirationMs` differs',
  purpose: 'Checks that new tables of the dataset expire after the stated time, or never.',
  why: 'New tables will be deleted by themselves, or will not be although they should.',
  act: 'ALTER SCHEMA SET OPTIONS; then look at tables created in between, which keep the expiration they were born with.',
  location: ['defaultTableExpirationMs'],
  compares: setting('defaultTableExpirationMs'),
  weakens: sooner('new tables are deleted sooner'),
  words: {
    what: 'the default expiration of new tables differs',
    say: saidAsDuration('never'),
  },
  repair: datasetRepair.datasetTableExpiration,
};

export const datasetPartitionExpiration: KindRow<'dataset'> = {
  id: 'dataset-partition-expiration',
  scope: 'dataset',
  severity: 'critical',
  finds: '`defaultPartitionExpirationMs` differs',
  purpose: 'Checks that partitions of new tables of the dataset expire after the stated time, or never.',
  why: 'Partitions of new tables will be deleted by themselves, or will not be although they should.',
  act: 'ALTER SCHEMA SET OPTIONS; then look at tables created in between, which keep the expiration they were born with.',
  location: ['defaultPartitionExpirationMs'],
  compares: setting('defaultPartitionExpirationMs'),
  weakens: sooner('partitions of new tables are deleted sooner'),
  words: {
    what: 'the default expiration of partitions in new tables differs',
    say: saidAsDuration('never'),
  },
  repair: datasetRepair.datasetPartitionExpiration,
};

export const datasetTimeTravel: KindRow<'dataset'> = {
  id: 'dataset-time-travel',
  scope: 'dataset',
  severity: 'warning',
  finds: '`maxTimeTravelHours` differs',
  purpose: 'Checks that the time travel window of the dataset is the one that is stated.',
  why: 'It decides for how many hours dropped or overwritten data can be brought back.',
  act: 'ALTER SCHEMA SET OPTIONS (max_time_travel_hours = …).',
  location: ['maxTimeTravelHours'],
  compares: setting('maxTimeTravelHours'),
  weakens: ({ expected, actual }, { fromTo }) =>
    hoursOf(actual) < hoursOf(expected) ? [`what is deleted can be restored for less long: ${fromTo}`] : [],
  words: {
    what: 'the time travel window differs',
    say: (value) => formatDuration(hoursOf(value) * 3_600_000),
  },
  repair: datasetRepair.datasetTimeTravel,
};

export const datasetEncryption: KindRow<'dataset'> = {
  id: 'dataset-encryption',
  scope: 'dataset',
  severity: 'warning',
  finds: 'default KMS key differs',
  purpose: 'Checks that new tables of the dataset are encrypted with the stated key.',
  why: 'New tables are encrypted with another key than the one you control.',
  act: 'ALTER SCHEMA SET OPTIONS (default_kms_key_name = …); tables created in between keep theirs.',
  location: ['defaultEncryptionConfiguration.kmsKeyName'],
  compares: setting('defaultEncryptionConfiguration'),
  weakens: otherKey,
  words: { what: 'the default encryption key differs', say: "Google's key" },
  repair: datasetRepair.datasetEncryption,
};

export const datasetCollation: KindRow<'dataset'> = {
  id: 'dataset-collation',
  scope: 'dataset',
  severity: 'warning',
  finds: '`defaultCollation` differs',
  purpose: 'Checks that new tables of the dataset compare text as stated.',
  why: 'New text columns compare letters differently, so joins and filters find other rows.',
  act: 'ALTER SCHEMA SET DEFAULT COLLATE; columns created in between keep theirs.',
  location: ['defaultCollation'],
  compares: setting('defaultCollation'),
  words: { what: 'the default collation differs', say: 'none' },
  repair: datasetRepair.datasetCollation,
};

export const datasetLabels: KindRow<'dataset'> = {
  id: 'dataset-labels',
  scope: 'dataset',
  severity: 'info',
  finds: 'labels differ from what is stated',
  purpose: 'Checks that the dataset has the stated labels.',
  why: 'Costs and ownership are often told by labels.',
  act: 'Set the labels again, or correct the file.',
  location: ['labels'],
  compares: setting('labels'),
  words: { what: 'the labels differ', say: 'none' },
  repair: changeLabels,
};

export const datasetDescription: KindRow<'dataset'> = {
  id: 'dataset-description',
  scope: 'dataset',
  severity: 'info',
  finds: 'description differs from what is stated',
  purpose: 'Checks that the dataset has the stated description.',
  why: 'People find the meaning of data there.',
  act: 'Set the description again, or correct the file.',
  location: ['description'],
  compares: setting('description'),
  words: { what: 'the description differs', say: 'none' },
  repair: datasetRepair.datasetDescription,
};

/** 168 hours, the default, are told as absent. */
function hoursOf(value: Value | null): number {
  return Number(valueText(value) ?? '168');
}
