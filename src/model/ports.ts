import type { Subject, UncheckedReason } from './finding.ts';

/** A resource as it came, not yet looked at. */
export type Resource = Readonly<Record<string, unknown>>;

/** A read has three outcomes; only BigQuery's own `notFound` is `absent`. */
export type Read<T> =
  | { readonly status: 'found'; readonly value: T }
  | { readonly status: 'absent'; readonly detail: string }
  | Unreadable;

export interface Unreadable {
  readonly status: 'unreadable';
  readonly reason: UncheckedReason;
  readonly detail: string;
  /** What helps, where it is not what helps with every such reason. */
  readonly remedy?: string;
}

export interface DatasetList {
  readonly datasets: readonly string[];
  /** Locations whose datasets the list leaves out. */
  readonly unreachable: readonly string[];
}

export interface ListedTable {
  readonly table: string;
  readonly type: string;
}

/** Everything that is asked of BigQuery. Each method is one GET, or one a page; none throws for an answer. The higher the rank, the sooner. */
export interface Warehouse {
  /** What helps where an answer is no resource; absent: the answers are BigQuery's own. */
  remedyOf?(subject: Subject): string;
  listDatasets(): Promise<Read<DatasetList>>;
  /** `null`: the dataset is there, but nothing of it is recorded (snapshot folders only). */
  getDataset(dataset: string, rank?: number): Promise<Read<Resource | null>>;
  listTables(dataset: string, rank?: number): Promise<Read<readonly ListedTable[]>>;
  getTable(table: TableId, view: 'BASIC' | 'FULL', rank?: number): Promise<Read<Resource>>;
}

export interface TableId {
  readonly dataset: string;
  readonly table: string;
}

/** Acts once, after so long, unless the returned function was called. */
export type Timer = (ms: number, act: () => void) => () => void;

export interface Clock {
  /** The moment, which may be set back or forth meanwhile: for what is said and remembered. */
  now(): Date;
  /** Milliseconds since some moment, which only grow: for whatever is measured or waited for. */
  elapsedMs(): number;
  sleep(ms: number): Promise<void>;
  readonly after: Timer;
  /** Acts again and again, never twice at once, until the returned function is called. `act` tells itself what fails. */
  every(ms: number, act: () => Promise<void>): () => void;
}

/** How much time a run has. */
export interface Deadline {
  /** Milliseconds left for reading; 0: what is not read by now is unchecked. */
  readingMs(): number;
  /** Milliseconds left for all that has to be done. */
  allMs(): number;
  /** Acts, perhaps at once, when reading is told to stop before its time, unless the returned function was called. */
  onStop(act: () => void): () => void;
  /** Why reading ends: its time is over, or whoever waits for it has no more patience. */
  readonly endedBy: 'time' | 'interruption';
}

/** Cloud Logging's severities that are used here. */
export type LogSeverity = 'INFO' | 'NOTICE' | 'WARNING' | 'ERROR' | 'CRITICAL';

export type Log = (entry: {
  readonly severity: LogSeverity;
  readonly message: string;
  readonly [key: string]: unknown;
}) => void;

/** One value of one metric, without where and when. */
export interface Measurement {
  readonly metric: string;
  readonly unit: 'int64' | 'double';
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface MetricSink {
  /**
   * Once `signal` is aborted nothing more is written.
   * @throws DriftError `SinkRejected` when any measurement was not accepted.
   */
  write(measurements: readonly Measurement[], signal?: AbortSignal): Promise<void>;
}

export interface StoredObject {
  readonly text: string;
  /** As they came, where the text has replaced what is no UTF-8. */
  readonly bytes?: Buffer;
  readonly generation: string;
}

/**
 * Texts with generations, as Cloud Storage has them: every write gives a new one, and asks for the one before. Once `signal`
 * is aborted nothing more is asked.
 */
export interface ObjectStore {
  /** For people: `gs://bucket/prefix`. */
  readonly uri: string;
  /** null: there is none. @throws DriftError `StateUnavailable` */
  read(name: string, signal?: AbortSignal): Promise<StoredObject | null>;
  /**
   * Writes where the object is still of that generation (null: where there is none), all of it or nothing. The new
   * generation; null: somebody else has written since. @throws DriftError `StateUnavailable`
   */
  write(name: string, text: string, generation: string | null, signal?: AbortSignal): Promise<string | null>;
}

/** Pages for browsers, beside the state. Once `signal` is aborted nothing more is asked. */
export interface PageStore {
  /** For people: `gs://bucket/prefix`. */
  readonly uri: string;
  /** Puts it under that very name, whatever stood there, all of it or nothing. @throws DriftError `SinkRejected` */
  publish(name: string, page: string, signal?: AbortSignal): Promise<void>;
  /** The names that begin with it, in no order. @throws DriftError `SinkRejected` */
  list(prefix: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** Also where there is none. @throws DriftError `SinkRejected` */
  remove(name: string, signal?: AbortSignal): Promise<void>;
}

/** Where the report of each run goes. */
export interface ReportStore {
  /** Known before the page is written, since the page names it. */
  addressOf(run: Date): PageAddress;
  /** As the page of the run and as the newest one. @throws DriftError `SinkRejected` */
  publish(page: string, run: Date, signal?: AbortSignal): Promise<void>;
  /** Removes what is older than it is kept. @throws DriftError `SinkRejected` */
  tidy(now: Date, signal?: AbortSignal): Promise<void>;
}

/** Where a browser finds a report page. */
export interface PageAddress {
  /** The page of this run. */
  readonly page: string;
  /** The page of the newest run. */
  readonly latest: string;
  /** `shard-1-of-4`, where other pages tell of the other datasets; null: it tells of all. */
  readonly partition: string | null;
  /** Whether what follows a `#` reaches the page. */
  readonly takesFilter: boolean;
}
