/** What can end a run or a command before there is a report. */
export type ErrorCode =
  | 'InvalidConfig'
  | 'InvalidFiles'
  /** The expected files declare nothing that could be compared. */
  | 'NothingDeclared'
  | 'NoSuchFolder'
  /** The folder of expected files is the repository's example. */
  | 'SampleFiles'
  | 'InvalidSnapshot'
  | 'NoProject'
  /** Of whoever types a command. */
  | 'NoCredentials'
  | 'ProjectNotFound'
  | 'NothingRead'
  | 'NotWritable'
  | 'UnknownSelection'
  | 'UnknownKind'
  | 'SinkRejected'
  /** The state cannot be read or written. */
  | 'StateUnavailable'
  /** Another run has written the state. */
  | 'StateMoved'
  /** The run was given up: something of it hung. */
  | 'RunDidNotEnd';

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
  /** For how many it stands that are not listed; absent: it is one. */
  readonly unlisted?: number;
}

/** More of one file are counted: whoever mends these sees the others next time. */
export const MAX_LISTED_OF_FILE = 200;
/** In all. */
const MAX_LISTED = 1000;
/** Where another folder was meant. */
const MAX_LISTED_OF_WRONG_FOLDER = 10;

/** The problems of one file, at most 200 of them, and how many more there are. */
export function cappedProblems(problems: readonly Problem[]): readonly Problem[] {
  const [first] = problems;
  if (first === undefined || problems.length <= MAX_LISTED_OF_FILE) return problems;
  const unlisted = countOf(problems.slice(MAX_LISTED_OF_FILE));
  return [...problems.slice(0, MAX_LISTED_OF_FILE), { ...unlistedProblems(unlisted), file: first.file }];
}

/** What stands for those of a file that are not listed. */
export function unlistedProblems(unlisted: number): Omit<Problem, 'file'> {
  return { path: '$', message: `and ${unlisted.toLocaleString('en-US')} more`, unlisted };
}

function countOf(problems: readonly Problem[]): number {
  return problems.reduce((sum, { unlisted = 1 }) => sum + unlisted, 0);
}

/** Every problem of every file at once; of very many the first, and how many there are. */
export class InvalidFilesError extends DriftError {
  readonly problems: readonly Problem[];

  /** `wrongFolder`: a sentence, where another folder was meant. */
  constructor(problems: readonly Problem[], wrongFolder: string | null = null) {
    const all = countOf(problems);
    const listed = problems.slice(0, wrongFolder === null ? MAX_LISTED : MAX_LISTED_OF_WRONG_FOLDER);
    const more = countOf(problems.slice(listed.length));
    const count = all === 1 ? '1 problem' : `${all} problems`;
    super(
      'InvalidFiles',
      [
        `${count} in the expected files`,
        ...(wrongFolder === null ? [] : [wrongFolder]),
        ...listed.map(({ file, path, message, unlisted }) =>
          unlisted === undefined ? `${file}: ${path}: ${message}` : `${file}: ${message}`,
        ),
        ...(more === 0 ? [] : [`and ${more.toLocaleString('en-US')} more`]),
      ].join('\n'),
    );
    this.problems = problems;
  }
}

/** An answer that is no BigQuery resource; the table it is about is unchecked, never missing. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
  /** What helps, where it is not what helps with every such answer. */
  readonly remedy: string | null;

  constructor(message: string, { remedy = null }: { readonly remedy?: string | null } = {}) {
    super(message);
    this.remedy = remedy;
  }
}
