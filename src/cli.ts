import { Command, CommanderError, Option } from 'commander';
import { transitionsOfFirstRun } from './diff/transitions.ts';
import { DriftError, type ErrorCode } from './model/errors.ts';
import { isAtLeast, SEVERITIES, type Severity } from './model/kinds.ts';
import type { Policy } from './model/policy.ts';
import type { Warehouse } from './model/ports.ts';
import type { Report } from './model/report.ts';
import { renderJson } from './render/json.ts';
import { counted, printable } from './render/printable.ts';
import { isToldInSlack, renderDrift } from './render/slack.ts';
import { previewSlack } from './render/slack-preview.ts';
import { renderText } from './render/text.ts';
import { check } from './run/check.ts';
import { type Config, parseConfig, parseSelection } from './run/config.ts';
import { writeOutput } from './sinks/output-file.ts';
import { createBigQueryClient, createWarehouse } from './sources/bigquery.ts';
import { type Expectation, loadExpectation } from './sources/expected-files.ts';
import { openSnapshot } from './sources/snapshot-files.ts';
import { detectProject, systemClock } from './wiring.ts';

/** Public: scripts branch on them. */
const EXIT = { inSync: 0, drift: 1, unchecked: 2, usage: 64, invalidFiles: 65, internal: 70 } as const;

const EXIT_BY_ERROR: Readonly<Record<ErrorCode, number>> = {
  InvalidConfig: EXIT.usage,
  InvalidFiles: EXIT.invalidFiles,
  NoSuchFolder: EXIT.usage,
  InvalidSnapshot: EXIT.usage,
  NoProject: EXIT.usage,
  ProjectNotFound: EXIT.usage,
  UnknownSelection: EXIT.usage,
  NothingRead: EXIT.unchecked,
  NotWritable: EXIT.usage,
  SinkRejected: EXIT.internal,
};

const FORMATS = ['text', 'json', 'slack'] as const;

interface FileOptions {
  readonly expected?: string;
  readonly policy?: string;
}

interface CheckCommandOptions extends FileOptions {
  readonly actual?: string;
  readonly project?: string;
  readonly format: (typeof FORMATS)[number];
  readonly preview?: boolean;
  readonly output?: string;
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
    .option('--project <id>', 'the project (else GCP_PROJECT_ID, GOOGLE_CLOUD_PROJECT, the credentials)')
    .option(
      '--policy <file>',
      'another policy (else DRIFT_POLICY, else drift-policy.json of the expected files)',
    )
    .addOption(new Option('--format <format>', 'what to print').choices(FORMATS).default('text'))
    .option('--preview', 'show the Slack message as its reader would see it')
    .option('--output <file>', 'write the format to a file, and text to the terminal')
    .addOption(
      new Option('--fail-on <severity>', 'the least severity that exits with 1')
        .choices(SEVERITIES)
        .default('warning'),
    )
    .addHelpText(
      'after',
      '\nExit: 0 in sync; 1 drift; 2 no drift, but something could not be checked; 64 usage; 65 invalid files; 70 internal',
    )
    .action(async (selection: readonly string[], options: CheckCommandOptions) => {
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
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explainError(error);
  }
}

async function runCheck(args: readonly string[], options: CheckCommandOptions): Promise<number> {
  const config = cliConfig();
  const expectation = await load(options, config);
  const selection = parseSelection(args, expectation.datasets);
  const { warehouse, project } = await openActual(options, config);
  // A recorded answer stays what it is.
  const confirmSeconds = options.actual === undefined ? config.confirmSeconds : 0;
  const { report, nothingRead } = await check({
    ...expectation,
    warehouse,
    project,
    selection,
    clock: systemClock,
    confirmMs: confirmSeconds * 1000,
    now: systemClock.now(),
    onProgress: showProgress(confirmSeconds),
  });
  clearProgress();
  if (nothingRead?.code === 'ProjectNotFound') throw new DriftError(nothingRead.code, nothingRead.message);
  await print(report, options, expectation.policy);
  return exitCodeOf(report, options.failOn);
}

async function runValidate(options: FileOptions): Promise<void> {
  const { datasets, warnings } = await load(options, cliConfig());
  const tables = datasets.reduce((sum, { tables: declared }) => sum + declared.length, 0);
  const lines = [
    `valid: ${counted(tables, 'table')} in ${counted(datasets.length, 'dataset')}`,
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
  process.stdout.write(`${lines.map(printable).join('\n')}\n`);
}

/** The command line sends no alert: what is wrong with the address is no concern of it. */
function cliConfig(): Config {
  return parseConfig({ ...process.env, SLACK_WEBHOOK_URL: undefined });
}

function load({ expected, policy }: FileOptions, config: Config): Promise<Expectation> {
  return loadExpectation({
    folder: expected ?? config.expectedSchemas,
    policyFile: policy ?? config.policyFile ?? undefined,
    aliases: config.aliases,
  });
}

async function openActual(
  { actual, project }: CheckCommandOptions,
  config: Config,
): Promise<{ readonly warehouse: Warehouse; readonly project: string | null }> {
  const projectId = project ?? config.projectId;
  if (actual !== undefined) return { warehouse: await openSnapshot(actual), project: projectId };
  const client = createBigQueryClient({ projectId, endpoint: config.bigqueryEndpoint });
  return {
    warehouse: createWarehouse({ client, pacing: config, clock: systemClock }),
    project: await detectProject(client, { ...config, projectId }),
  };
}

async function print(
  report: Report,
  { format, preview, output }: CheckCommandOptions,
  policy: Policy,
): Promise<void> {
  const color = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  const text = preview === true ? slackPreview(report, policy, color) : renderText(report, { color });
  if (output === undefined) {
    process.stdout.write(format === 'text' || preview === true ? text : rendered(report, format, policy));
    return;
  }
  await writeOutput(output, rendered(report, format, policy));
  process.stdout.write(text);
}

function rendered(report: Report, format: CheckCommandOptions['format'], policy: Policy): string {
  switch (format) {
    case 'text':
      return renderText(report, { color: false });
    case 'json':
      return renderJson(report);
    case 'slack':
      return `${JSON.stringify(slackMessage(report, policy), null, 2)}\n`;
  }
}

function slackPreview(report: Report, policy: Policy, color: boolean): string {
  const message = slackMessage(report, policy);
  return message === null
    ? 'Slack hears nothing: no finding is severe enough.\n'
    : previewSlack(message, { color });
}

function slackMessage(report: Report, { minimumSeverity }: Policy) {
  const { opened } = transitionsOfFirstRun(
    report.findings.filter((finding) => isToldInSlack(finding, minimumSeverity)),
  );
  return renderDrift({ report, opened, remembers: false });
}

function exitCodeOf({ findings, unchecked }: Report, failOn: Severity): number {
  if (findings.some(({ severity }) => isAtLeast(severity, failOn))) return EXIT.drift;
  return unchecked.length > 0 ? EXIT.unchecked : EXIT.inSync;
}

/** On a terminal only: a file has no use for it. */
function showProgress(confirmSeconds: number): (done: number, all: number) => void {
  return (done, all) => {
    if (process.stderr.isTTY !== true) return;
    const waits = confirmSeconds > 0 ? `; what differs is read again after ${confirmSeconds} s` : '';
    process.stderr.write(`\r\u001B[Kchecked ${done} of ${counted(all, 'table')}${waits}`);
  };
}

function clearProgress(): void {
  if (process.stderr.isTTY === true) process.stderr.write('\r\u001B[K');
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

process.exitCode = await main(process.argv.slice(2));
