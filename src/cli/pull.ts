import { join } from 'node:path';
import type { Command } from 'commander';
import { createExpectedWriter, findSchemas } from '../adapters/folders/expected-writer.ts';
import { readPolicy } from '../adapters/folders/policy-file.ts';
import { refuseSample } from '../adapters/folders/sample-folder.ts';
import { parseProject } from '../app/config.ts';
import { pull } from '../app/pull/pull.ts';
import type { PullResult } from '../app/pull/pull-result.ts';
import { DriftError, InvalidFilesError } from '../model/errors.ts';
import { isInterrupted } from '../model/finding.ts';
import { systemClock } from '../wiring.ts';
import { counted, printable } from '../words/printable.ts';
import { subjectName, subjectTitle } from '../words/subject.ts';
import { clearProgress, showProgress } from './progress.ts';
import {
  type ActualOptions,
  cliConfig,
  type Done,
  EXIT,
  isPlayed,
  openActual,
  PROJECT_IS,
  unlessInterrupted,
  writableFolder,
} from './shared.ts';

interface PullCommandOptions extends ActualOptions {
  readonly out?: string;
  readonly force?: boolean;
}

export function addPull(program: Command, done: Done): void {
  program
    .command('pull')
    .description('write expected files from what is there')
    .argument('[selection...]', 'DATASET or DATASET.TABLE; none: everything')
    .option('--actual <dir>', 'recorded answers instead of BigQuery')
    .option('--project <id>', PROJECT_IS, parseProject)
    .option('--out <dir>', 'where to write (else EXPECTED_SCHEMAS, else expected-schemas)')
    .option(
      '--force',
      'replace files that say something else and name what they protected; their contract is kept',
    )
    .action(async (selection: readonly string[], options: PullCommandOptions) => {
      done(await runPull(selection, options));
    });
}

/** `drift pull`: says what became of each file, and tells the exit code. */
async function runPull(args: readonly string[], options: PullCommandOptions): Promise<number> {
  const config = cliConfig();
  const out = writableFolder(options.out ?? config.expectedSchemas);
  const project = options.project ?? config.projectId;
  await refuseSample({ folder: out, project, isPlayed: isPlayed(options, config) });
  const { policy, requiredFields, problems } = await readPolicy(out, config.policyFile ?? undefined);
  if (problems.length > 0) throw new InvalidFilesError(problems);
  const { warehouse, deadline } = await openActual(options, config);
  const result = await pull({
    warehouse,
    writer: createExpectedWriter(out),
    schemas: await findSchemas(out),
    policy,
    requiredFields,
    selection: args.map(parseTarget),
    aliases: config.aliases,
    now: systemClock.now(),
    existing: options.force === true ? 'replace' : 'keep',
    onProgress: (done, all) => showProgress(`pulled ${done} of ${counted(all, 'table')}`),
  });
  clearProgress();
  process.stdout.write(
    `${lines(result, { out, isForced: options.force === true })
      .map(printable)
      .join('\n')}\n`,
  );
  const code = unlessInterrupted(deadline, exitCodeOf(result));
  if (code === EXIT.usage && result.absent.length === 0)
    process.stderr.write(`drift: ${nothingPulled(options, result)}\n`);
  return code;
}

function exitCodeOf(result: PullResult): number {
  if (result.absent.length > 0 || isNothing(result)) return EXIT.usage;
  return result.unreadable.length + result.refused.length > 0 ? EXIT.unchecked : EXIT.inSync;
}

/** No file was written, and none stood there: the next check would have nothing to compare. */
function isNothing({ written, unchanged, kept, refused, unreadable }: PullResult): boolean {
  return [written, unchanged, kept, refused, unreadable].every(({ length }) => length === 0);
}

function nothingPulled({ actual }: ActualOptions, { skipped }: PullResult): string {
  if (skipped.length > 0)
    return 'nothing to pull: all that is there was skipped; name a table to pull it all the same';
  return actual === undefined
    ? 'nothing to pull: look whether --project is the right one, and whether this account may see its datasets'
    : `nothing to pull: ${actual} has no recorded answer to write a file from`;
}

function parseTarget(arg: string): { readonly dataset: string; readonly table: string | null } {
  const dot = arg.indexOf('.');
  const target = {
    dataset: dot === -1 ? arg : arg.slice(0, dot),
    table: dot === -1 ? null : arg.slice(dot + 1),
  };
  if (target.dataset === '' || target.table === '') {
    throw new DriftError(
      'UnknownSelection',
      `expected DATASET or DATASET.TABLE, found ${JSON.stringify(arg)}`,
    );
  }
  return target;
}

function lines(
  result: PullResult,
  { out, isForced }: { readonly out: string; readonly isForced: boolean },
): readonly string[] {
  const { written, unchanged, kept, weakened, skipped, refused, unreadable, absent, requiredFieldBreaks } =
    result;
  const count = (why: (typeof skipped)[number]['why']) => skipped.filter((entry) => entry.why === why).length;
  return [
    `wrote ${counted(written.length, 'file')} to ${join(out)}, ${unchanged.length} unchanged`,
    ...titled(
      weakened,
      'what replaced files protected is protected no longer:',
      ({ file, what }) => `${file}: ${what}`,
    ),
    ...titled(kept, keptTitle(kept.length, isForced), ({ file, why }) => `${file}: ${why}`),
    ...titled(
      kept.flatMap(({ file, weakened: items }) => items.map((what) => ({ file, what }))),
      'what they protect and what is there does not, which --force would give up:',
      ({ file, what }) => `${file}: ${what}`,
    ),
    ...(skipped.length === 0
      ? []
      : [
          `skipped ${skipped.length}: ${count('ignored')} that ignoreUnexpected matches, ${count('expires')} that expire, ${count('gone')} gone meanwhile (name a table to pull it all the same)`,
        ]),
    ...titled(refused, `refused ${refused.length}:`, (entry) => `${subjectName(entry)}: ${entry.why}`),
    ...titled(
      unreadable,
      `not readable ${unreadable.length}:`,
      (entry) =>
        `${subjectTitle(entry)}: ${isInterrupted(entry) ? entry.detail : `${entry.reason} (${entry.detail})`}`,
    ),
    ...absent.map((entry) => `not found: ${subjectName(entry)}`),
    ...requiredFieldBreaks.flatMap(({ name, type, tables, except }) => [
      `${counted(tables.length, 'table')} without ${name} ${type}, which the policy requires: checks fail until they have it or are excepted:`,
      `  ${JSON.stringify({ name, type, except })}`,
    ]),
  ];
}

function keptTitle(count: number, isForced: boolean): string {
  if (isForced)
    return `kept ${counted(count, 'file')} all the same, since --force cannot replace ${count === 1 ? 'it' : 'them'}:`;
  return count === 1
    ? 'kept 1 file that says something else (--force replaces it and keeps its contract):'
    : `kept ${counted(count, 'file')} that say something else (--force replaces them and keeps each contract):`;
}

function titled<T>(entries: readonly T[], title: string, line: (entry: T) => string): readonly string[] {
  return entries.length === 0 ? [] : [title, ...entries.map((entry) => `  ${line(entry)}`)];
}
