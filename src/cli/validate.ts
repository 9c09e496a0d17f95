import type { Command } from 'commander';
import { policyWarningsOfFiles } from '../app/check/policy-warnings.ts';
import { sampleAdvice } from '../files/sample.ts';
import { systemClock } from '../wiring.ts';
import { counted, printable } from '../words/printable.ts';
import { cliConfig, type FileOptions, load } from './shared.ts';

export function addValidate(program: Command): void {
  program
    .command('validate')
    .description('check the expected files and the policy alone')
    .option('--expected <dir>', 'the expected files (else EXPECTED_SCHEMAS, else expected-schemas)')
    .option('--policy <file>', 'another policy')
    .action(runValidate);
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
