import { type Command, Option } from 'commander';
import { proveOutput } from '../adapters/folders/output-file.ts';
import { check } from '../app/check/check.ts';
import { type Config, parseProject, parseSelection } from '../app/config.ts';
import { DriftError } from '../model/errors.ts';
import type { Report } from '../model/report.ts';
import { isAtLeast, SEVERITIES, type Severity } from '../model/severity.ts';
import { systemClock } from '../wiring.ts';
import { type CheckOutput, FORMATS, printResult } from './check-output.ts';
import { createCheckProgress } from './progress.ts';
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
} from './shared.ts';

interface CheckCommandOptions extends FileOptions, ActualOptions, CheckOutput {
  /** false: `--no-confirm`. */
  readonly confirm: boolean;
}

export function addCheck(program: Command, done: Done): void {
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
      done(await runCheck(selection, options));
    });
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
  const { datasets, policy, requiredFields, warnings } = expectation;
  const result = await check({
    warehouse,
    datasets,
    policy,
    requiredFields,
    warnings,
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
  await printResult(result, options, policy);
  return unlessInterrupted(deadline, exitCodeOf(report, options.failOn));
}

/** What a check reads from this machine: a report must not lie among it. */
function inputsOf({ expected, actual, policy }: CheckCommandOptions, config: Config): readonly string[] {
  const places = [expected ?? config.expectedSchemas, actual, policy ?? config.policyFile];
  return places.filter((place) => typeof place === 'string').filter((place) => !place.startsWith('gs://'));
}

function exitCodeOf({ findings, unchecked }: Report, failOn: Severity): number {
  if (findings.some(({ severity }) => isAtLeast(severity, failOn))) return EXIT.drift;
  return unchecked.length > 0 ? EXIT.unchecked : EXIT.inSync;
}
