import { Command, CommanderError } from 'commander';
import { DriftError, type ErrorCode } from '../model/errors.ts';
import { printable } from '../words/printable.ts';
import { addAccept } from './accept.ts';
import { addCheck } from './check.ts';
import { addExplain } from './explain.ts';
import { clearProgress } from './progress.ts';
import { addPull } from './pull.ts';
import { addSetup } from './setup.ts';
import { EXIT } from './shared.ts';
import { addValidate } from './validate.ts';

/* The command line: each command has a file of its own. */

const EXIT_BY_ERROR: Readonly<Record<ErrorCode, number>> = {
  InvalidConfig: EXIT.usage,
  InvalidFiles: EXIT.invalidFiles,
  NothingDeclared: EXIT.usage,
  NoSuchFolder: EXIT.usage,
  SampleFiles: EXIT.usage,
  InvalidSnapshot: EXIT.usage,
  NoProject: EXIT.usage,
  NoCredentials: EXIT.usage,
  ProjectNotFound: EXIT.usage,
  UnknownSelection: EXIT.usage,
  UnknownKind: EXIT.usage,
  NothingRead: EXIT.unchecked,
  NotWritable: EXIT.usage,
  SinkRejected: EXIT.internal,
  StateUnavailable: EXIT.internal,
  StateMoved: EXIT.internal,
  RunDidNotEnd: EXIT.internal,
};

/** Runs one command line and tells its exit code; the message of what went wrong goes to stderr. */
async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.inSync;
  const done = (code: number) => {
    exitCode = code;
  };
  const program = new Command('drift')
    .description('Compares the BigQuery metadata you expect with the metadata BigQuery has. Changes nothing.')
    .exitOverride()
    .showHelpAfterError('(drift --help shows what there is)');
  addCheck(program, done);
  addValidate(program);
  addPull(program, done);
  addAccept(program, done);
  addExplain(program);
  addSetup(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explainError(error);
  }
}

function explainError(error: unknown): number {
  clearProgress();
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.inSync : EXIT.usage;
  if (error instanceof DriftError) {
    process.stderr.write(`drift: ${error.message.split('\n').map(printable).join('\n  ')}\n`);
    return EXIT_BY_ERROR[error.code];
  }
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`drift: this is a bug, please report it with what follows\n${stack}\n`);
  return EXIT.internal;
}

const exitCode = await main(process.argv.slice(2));
// A request that hangs, and is no longer waited for, would keep the process alive; what was printed has to get out first.
process.stdout.write('', () => process.exit(exitCode));
