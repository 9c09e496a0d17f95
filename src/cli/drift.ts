import { Command, CommanderError, Option } from 'commander';
import { proveOutput, writeOutput } from '../adapters/folders/output-file.ts';
import { type CheckResult, check } from '../app/check/check.ts';
import { policyWarningsOfFiles } from '../app/check/policy-warnings.ts';
import { type Config, parseProject, parseSelection } from '../app/config.ts';
import { previewMessage } from '../app/preview.ts';
import { sampleAdvice } from '../files/sample.ts';
import { explainKind, listKinds } from '../kinds/guide.ts';
import { KINDS } from '../kinds/index.ts';
import { DriftError, type ErrorCode } from '../model/errors.ts';
import type { Policy } from '../model/policy.ts';
import type { Report } from '../model/report.ts';
import { outcomesOf } from '../model/scan-result.ts';
import { isAtLeast, SEVERITIES, type Severity } from '../model/severity.ts';
import { renderJson } from '../output/json.ts';
import { renderJunit } from '../output/junit.ts';
import { renderText } from '../output/text.ts';
import { renderHtml } from '../page/page.ts';
import { renderMessage } from '../slack/messages.ts';
import type { SlackPayload } from '../slack/payload.ts';
import { previewSlack } from '../slack/preview.ts';
import { systemClock } from '../wiring.ts';
import { counted, printable } from '../words/printable.ts';
import { type AcceptCommandOptions, runAccept } from './accept.ts';
import { clearProgress, createCheckProgress } from './progress.ts';
import { type PullCommandOptions, runPull } from './pull.ts';
import { runSetup, type SetupCommandOptions } from './setup.ts';
import {
  type ActualOptions,
  cliConfig,
  EXIT,
  type FileOptions,
  load,
  openActual,
  unlessInterrupted,
} from './shared.ts';

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

const PROJECT_IS = 'the project (else GCP_PROJECT_ID, GOOGLE_CLOUD_PROJECT, the credentials)';

const FORMATS = ['text', 'json', 'html', 'junit', 'slack'] as const;

interface CheckCommandOptions extends FileOptions, ActualOptions {
  readonly format: (typeof FORMATS)[number];
  readonly preview?: boolean;
  readonly output?: string;
  /** false: `--no-confirm`. */
  readonly confirm: boolean;
  readonly failOn: Severity;
}

/** Runs one command line and tells its exit code; the message of what went wrong goes to stderr. */
async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.inSync;
  const program = new Command('drift')
    .description('Compares the BigQuery metadata you expect with the metadata BigQuery has. Changes nothing.')
    .exitOverride()
    .showHelpAfterError('(drift --help shows what there is)');
  program
    .command('check')
    .description('compare, and say what differs')
    .argument('[selection...]', 'DATASET or DATASET.TABLE; none: everything that is declared')
    .option('--expected <dir>', 'the expected files (else EXPECTED_SCHEMAS, else expected-schemas)')
    .option('--actual <dir>', 'recorded answers instead of BigQuery')
    .option('--project <id>', PROJECT_IS, parseProject)
    .option(
      '--policy <file>',
      'another policy (else DRIFT_POLICY, else drift-policy.json of the expected files)',
    )
    .addOption(new Option('--format <format>', 'what to print').choices(FORMATS).default('text'))
    .option('--preview', 'show the Slack message as its reader would see it')
    .option('--output <file>', 'write the format to a file, and text to the terminal')
    .option('--no-confirm', 'do not read what differs a second time')
    .addOption(
      new Option('--fail-on <severity>', 'the least severity that exits with 1')
        .choices(SEVERITIES)
        .default('warning'),
    )
    .addHelpText(
      'after',
      `
What differs is read a second time, 30 seconds after the first (CONFIRM_SECONDS), before it is told: a pipeline that
drops and loads a table leaves it missing for seconds. --no-confirm tells at once what the first read saw.

Exit: 0 in sync; 1 drift; 2 no drift, but something could not be checked; 64 usage; 65 invalid files; 70 internal;
130 interrupted`,
    )
    .action(async (selection: readonly string[], options: CheckCommandOptions, command: Command) => {
      const { preview, format, output } = options;
      const isShown = format === 'text' || format === 'slack' || output !== undefined;
      if (preview === true && !isShown) {
        command.error(
          'error: --preview is shown in the place of --format: leave one out, or add --output <file>',
        );
      }
      exitCode = await runCheck(selection, options);
    });
  program
    .command('validate')
    .description('check the expected files and the policy alone')
    .option('--expected <dir>', 'the expected files (else EXPECTED_SCHEMAS, else expected-schemas)')
    .option('--policy <file>', 'another policy')
    .action(async (options: FileOptions) => {
      await runValidate(options);
    });
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
      exitCode = await runPull(selection, options);
    });
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
      exitCode = await runAccept(table, options);
    });
  program
    .command('explain')
    .description('what a kind of drift means, why it matters and what to do')
    .argument('[kind]', 'none: list all kinds')
    .action((kind: string | undefined) => {
      process.stdout.write(kind === undefined ? listKinds() : explainKind(kind));
    });
  program
    .command('setup')
    .description("create the metrics' descriptors in Cloud Monitoring; deploy.sh calls it")
    .option('--project <id>', PROJECT_IS, parseProject)
    .action(async (options: SetupCommandOptions) => {
      await runSetup(options);
    });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explainError(error);
  }
}

async function runCheck(args: readonly string[], options: CheckCommandOptions): Promise<number> {
  const config = cliConfig();
  if (options.output !== undefined) await proveOutput(options.output, inputsOf(options, config));
  const expectation = await load(options, config, { use: 'compare' });
  const selection = parseSelection(args, expectation.datasets);
  const { warehouse, project, deadline } = await openActual(options, config);
  // A recorded answer stays what it is.
  const confirmSeconds = options.actual === undefined ? config.confirmSeconds : 0;
  const progress = createCheckProgress(confirmSeconds);
  const result = await check({
    ...expectation,
    warehouse,
    project,
    deadline,
    selection,
    clock: systemClock,
    confirmMs: confirmSeconds * 1000,
    now: systemClock.now(),
    // What is known needs no second read.
    ...(options.confirm ? {} : { isKnown: () => true }),
    onProgress: progress.onTable,
    onDiffering: progress.onWait,
  });
  progress.stop();
  const { report, nothingRead } = result;
  if (nothingRead?.code === 'ProjectNotFound') throw new DriftError(nothingRead.code, nothingRead.message);
  await print(result, options, expectation.policy);
  return unlessInterrupted(deadline, exitCodeOf(report, options.failOn));
}

/** What a check reads from this machine: a report must not lie among it. */
function inputsOf({ expected, actual, policy }: CheckCommandOptions, config: Config): readonly string[] {
  const places = [expected ?? config.expectedSchemas, actual, policy ?? config.policyFile];
  return places.filter((place) => typeof place === 'string').filter((place) => !place.startsWith('gs://'));
}

async function runValidate(options: FileOptions): Promise<void> {
  const config = cliConfig();
  const { datasets, policy, requiredFields, sample, ...own } = await load(options, config, { use: 'read' });
  const now = systemClock.now();
  const warnings = [
    ...own.warnings,
    ...policyWarningsOfFiles({ policy, requiredFields, declared: datasets, now }),
  ];
  const tables = datasets.reduce((sum, { tables: declared }) => sum + declared.length, 0);
  const lines = [
    `valid: ${counted(tables, 'table')} in ${counted(datasets.length, 'dataset')}`,
    ...[...warnings, ...(sample === null ? [] : [sampleAdvice(sample, config.projectId)])].map(
      (warning) => `warning: ${warning}`,
    ),
  ];
  process.stdout.write(`${lines.map(printable).join('\n')}\n`);
}

async function print(
  result: CheckResult,
  { format, failOn, preview, output }: CheckCommandOptions,
  policy: Policy,
): Promise<void> {
  const { isTTY, columns } = process.stdout;
  // https://no-color.org
  const color = isTTY === true && !process.env['NO_COLOR'];
  const width = isTTY === true ? columns : null;
  const text =
    preview === true
      ? slackPreview(result, policy, { color, width })
      : renderText(result.report, { color, width });
  if (output === undefined) {
    process.stdout.write(
      format === 'text' || preview === true ? text : rendered(result, { format, failOn }, policy),
    );
    return;
  }
  // First, so that nothing is lost where the file cannot be written after all.
  process.stdout.write(text);
  await writeOutput(output, rendered(result, { format, failOn }, policy));
}

function rendered(
  result: CheckResult,
  { format, failOn }: Pick<CheckCommandOptions, 'format' | 'failOn'>,
  policy: Policy,
): string {
  const { report, scan } = result;
  switch (format) {
    case 'text':
      return renderText(report, { color: false });
    case 'json':
      return renderJson(report);
    case 'html':
      return renderHtml({
        ...result,
        waivers: policy.waivers,
        now: new Date(report.startedAt),
        ...NOTHING_REMEMBERED,
      });
    case 'junit':
      return renderJunit(report, outcomesOf(scan), { failOn });
    case 'slack':
      return `${JSON.stringify(slackPayload(result, policy), null, 2)}\n`;
  }
}

/** The command line knows one moment, and its page stands nowhere in particular. */
const NOTHING_REMEMBERED = { state: null, account: null, address: null } as const;

function slackPayload(result: CheckResult, policy: Policy): SlackPayload | null {
  const message = previewMessage(result, policy);
  return message === null ? null : renderMessage(message);
}

function slackPreview(
  result: CheckResult,
  policy: Policy,
  screen: Parameters<typeof previewSlack>[1],
): string {
  const payload = slackPayload(result, policy);
  return payload === null
    ? 'Slack hears nothing: there is no finding that is severe enough, and nothing unchecked.\n'
    : previewSlack(payload, screen);
}

function exitCodeOf({ findings, unchecked }: Report, failOn: Severity): number {
  if (findings.some(({ severity }) => isAtLeast(severity, failOn))) return EXIT.drift;
  return unchecked.length > 0 ? EXIT.unchecked : EXIT.inSync;
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
