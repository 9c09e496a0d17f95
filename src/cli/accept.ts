import { type Command, Option } from 'commander';
import { createExpectedWriter } from '../adapters/folders/expected-writer.ts';
import { type AcceptResult, accept, parseTarget } from '../app/accept.ts';
import { parseProject } from '../app/config.ts';
import { tableContent } from '../files/expected-file.ts';
import { tableFileProblems } from '../files/file-problems.ts';
import { fileText } from '../files/file-text.ts';
import { KINDS } from '../kinds/index.ts';
import { wordsFor } from '../kinds/words.ts';
import type { Change, Kind } from '../model/finding.ts';
import { systemClock } from '../wiring.ts';
import { counted, printable } from '../words/printable.ts';
import {
  type ActualOptions,
  cliConfig,
  type Done,
  EXIT,
  type FileOptions,
  load,
  openActual,
  PROJECT_IS,
  unlessInterrupted,
  writableFolder,
} from './shared.ts';

interface AcceptCommandOptions extends ActualOptions, Pick<FileOptions, 'expected'> {
  readonly path?: string;
  readonly kind?: Kind;
  readonly force?: boolean;
}

const EXIT_BY_STATUS: Readonly<Record<AcceptResult['status'], number>> = {
  accepted: EXIT.inSync,
  nothing: EXIT.inSync,
  'needs-force': EXIT.refused,
  refused: EXIT.refused,
  unchecked: EXIT.unchecked,
};

export function addAccept(program: Command, done: Done): void {
  program
    .command('accept')
    .description('make the expected file of one table say what is there, and touch nothing else')
    .argument('<table>', 'DATASET.TABLE')
    .option('--path <path>', 'only this field, with all beneath it')
    .addOption(new Option('--kind <kind>', 'only this kind of difference').choices(KINDS.map(({ id }) => id)))
    .option('--expected <dir>', 'the expected files (else EXPECTED_SCHEMAS, else expected-schemas)')
    .option('--actual <dir>', 'recorded answers instead of BigQuery')
    .option('--project <id>', PROJECT_IS, parseProject)
    .option('--force', 'also what weakens the file: data goes sooner, a field or what protects it goes')
    .action(async (table: string, options: AcceptCommandOptions) => {
      done(await runAccept(table, options));
    });
}

/** `drift accept`: says what the file now states, or why nothing was changed, and tells the exit code. */
async function runAccept(table: string, options: AcceptCommandOptions): Promise<number> {
  const config = cliConfig();
  const folder = writableFolder(options.expected ?? config.expectedSchemas);
  const expectation = await load(options, config, { use: 'compare' });
  const { warehouse, deadline } = await openActual(options, config);
  const writer = createExpectedWriter(folder);
  const result = await accept({
    warehouse,
    datasets: expectation.datasets,
    policy: expectation.policy,
    target: parseTarget(table),
    path: options.path ?? null,
    kind: options.kind ?? null,
    force: options.force === true,
    now: systemClock.now(),
    problemsOf: (file, id) => tableFileProblems(file, id, expectation),
    readText: writer.read,
    writeText: writer.write,
    removeFile: writer.remove,
    newFile: (resource) => fileText(tableContent(resource)),
  });
  const stream = result.refused === null ? process.stdout : process.stderr;
  stream.write(`${lines(result, table).map(printable).join('\n')}\n`);
  return unlessInterrupted(deadline, EXIT_BY_STATUS[result.status]);
}

function lines(
  { status, written, removed, accepted, weakened, refused, left }: AcceptResult,
  table: string,
): readonly string[] {
  const weaker = weakened.map((item) => `  weakened: ${item}`);
  if (refused !== null) return [...`drift: ${refused}`.split('\n'), ...weaker];
  const others =
    left.length === 0
      ? []
      : [`${counted(left.length, 'other difference')} left: ${left.map(nameOf).join(', ')}`];
  if (status === 'nothing') return [`nothing to accept in ${table}`, ...others];
  const done = removed === null ? `${written} now says what is there:` : `${removed} is removed:`;
  return [
    done,
    ...accepted.map((change) => {
      const { expected, actual } = wordsFor(change, null);
      return `  ${nameOf(change)}: expected ${expected}, found ${actual}`;
    }),
    ...weaker,
    ...others,
  ];
}

function nameOf({ kind, path }: Change): string {
  return path === null ? kind : `${kind} ${path}`;
}
