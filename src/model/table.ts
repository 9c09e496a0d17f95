import type { Unreadable } from './ports.ts';
import type { FieldType, Value } from './value.ts';

/**
 * Metadata after its spellings have been made one (`metadata/canonical.ts`), so that comparing is strict
 * equality. `Table` is what BigQuery has and states everything; `ExpectedTable` is what a file states,
 * and an absent property there means "not stated, so not checked".
 */

/** The simple settings of a dataset, table or field, by their keys in the REST resource; absent: none is stated, or set. */
export type Settings = ReadonlyMap<string, Setting>;

/**
 * One setting part by part: a label by its key, the primary key, and under the empty name the one value of a simple setting.
 * null: absent, or BigQuery's default, which is the same.
 */
export interface Setting {
  readonly values: ReadonlyMap<string, Value | null>;
  /** A file's `null` for the whole setting: there is no other part. */
  readonly othersAbsent: boolean;
}

export interface Field {
  /** As spelled at its source; compared without regard to case. */
  readonly name: string;
  readonly type: FieldType;
  /** NULLABLE, REQUIRED or REPEATED; a mode unknown today is kept as BigQuery wrote it. */
  readonly mode: string;
  /** Absent: an expected STRUCT whose file does not say what is in it. */
  readonly fields?: readonly Field[];
  readonly settings?: Settings;
  /** Keys of what else protects or makes it, which no statement offered here carries: `dataPolicies`. */
  readonly uncarried?: readonly string[];
}

export type Partitioning =
  | {
      readonly by: 'time';
      /** DAY, HOUR, MONTH or YEAR. */
      readonly granularity: string;
      /** null: by ingestion time. */
      readonly field: string | null;
    }
  | {
      readonly by: 'range';
      readonly field: string;
      /** int64 in digits, as `interval` and `end`. */
      readonly start: string;
      readonly end: string;
      readonly interval: string;
    };

export interface Table {
  /** TABLE, VIEW, MATERIALIZED_VIEW, EXTERNAL, SNAPSHOT. */
  readonly type: string;
  readonly fields: readonly Field[];
  readonly partitioning: Partitioning | null;
  /** Milliseconds in digits; null: partitions never expire. */
  readonly partitionExpirationMs: string | null;
  readonly requirePartitionFilter: boolean;
  readonly clustering: readonly string[];
  /** Milliseconds since 1970 in digits; null: the table never expires. */
  readonly expirationTime: string | null;
  /** Milliseconds since 1970 in digits; null: not recorded. */
  readonly creationTime: string | null;
  /** Fields that come from the path of an external table's files, not from its schema. */
  readonly hivePartitionFields: readonly string[];
  readonly settings?: Settings;
  /** Keys of what else there is to it, which no statement offered here carries: `useLegacySql`, `maxStaleness`. */
  readonly uncarried?: readonly string[];
}

/** The settings a file states; `creationTime` and `hivePartitionFields` are never an expectation. */
export type ExpectedTable = Partial<Omit<Table, 'creationTime' | 'hivePartitionFields'>>;

/** What a table's file says that BigQuery cannot know. */
export interface Contract {
  readonly owner: string | null;
  /** The least time data must be kept. */
  readonly retention: { readonly text: string; readonly ms: number } | null;
  /** Dotted paths. */
  readonly criticalFields: readonly string[];
  /** Dotted paths by the name of who reads them, in the order of the file. */
  readonly consumers: ReadonlyMap<string, readonly string[]>;
  readonly runbook: string | null;
  readonly extraFields: 'report' | 'allow';
}

/** What a source of expected state says of one table; unreadable: it is no longer there, or no longer what was checked. */
export type ExpectedRead = { readonly status: 'found'; readonly value: ExpectedTable } | Unreadable;

export interface DeclaredTable {
  /** The table's id, declared and real alike. */
  readonly table: string;
  /** Reads what it is expected to be, anew each time: a large warehouse's tables would not fit in memory all at once. */
  readonly readExpected: () => ExpectedRead;
  readonly contract: Contract;
  /** Of the whole file: another one when it says anything else. Absent: there is no file. */
  readonly digest?: string;
}

export interface DeclaredDataset {
  /** The dataset's name in BigQuery. */
  readonly dataset: string;
  /** Its name in the files, in waivers and in patterns; differs from `dataset` under DATASET_ALIASES. */
  readonly declaredAs: string;
  /** Absent: no file states any. */
  readonly settings?: Settings;
  readonly tables: readonly DeclaredTable[];
}
