/** What can end a run or a command before there is a report. */
export type ErrorCode =
  | 'InvalidConfig'
  | 'InvalidFiles'
  | 'NoSuchFolder'
  /** The folder of expected files is the repository's example. */
  | 'SampleFiles'
  | 'InvalidSnapshot'
  | 'NoProject'
  | 'ProjectNotFound'
  | 'NothingRead'
  | 'NotWritable'
  | 'UnknownSelection'
  | 'UnknownKind'
  | 'SinkRejected'
  /** The state cannot be read or written. */
  | 'StateUnavailable'
  /** Another run has written the state. */
  | 'StateMoved';

/** The one error class: a code to branch on, a message that says what to do, never a secret. */
export class DriftError extends Error {
  override readonly name = 'DriftError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** One thing wrong in one expected file. */
export interface Problem {
  /** Relative to the folder of expected files. */
  readonly file: string;
  /** JSON path: `$.schema.fields[2].type`. */
  readonly path: string;
  readonly message: string;
}

/** Every problem of every file at once. */
export class InvalidFilesError extends DriftError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(({ file, path, message }) => `${file}: ${path}: ${message}`);
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super('InvalidFiles', [`${count} in the expected files`, ...lines].join('\n'));
    this.problems = problems;
  }
}

/** An answer that is no BigQuery resource; the table it is about is unchecked, never missing. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}
