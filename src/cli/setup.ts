import type { Command } from 'commander';
import { createBigQueryClient } from '../adapters/bigquery/bigquery.ts';
import { requireCredentials } from '../adapters/bigquery/credentials.ts';
import { describeMetrics } from '../adapters/monitoring/metric-descriptors.ts';
import { parseProject } from '../app/config.ts';
import { detectProject } from '../wiring.ts';
import { cliConfig, PROJECT_IS } from './shared.ts';

export function addSetup(program: Command): void {
  program
    .command('setup')
    .description("create the metrics' descriptors in Cloud Monitoring; deploy.sh calls it")
    .option('--project <id>', PROJECT_IS, parseProject)
    .action(runSetup);
}

/** `drift setup`: the one command that writes to the cloud. Says what became of each metric's descriptor. */
async function runSetup({ project }: { readonly project?: string }): Promise<void> {
  const { bigqueryEndpoint, monitoringEndpoint, ...config } = cliConfig();
  const known = project ?? config.projectId;
  const endpoint = bigqueryEndpoint ?? monitoringEndpoint;
  if (endpoint === null) await requireCredentials(process.env);
  const client = createBigQueryClient({ projectId: known, endpoint });
  const projectId = await detectProject(client, { projectId: known, bigqueryEndpoint: endpoint });
  const described = await describeMetrics({ projectId, endpoint: monitoringEndpoint });
  process.stdout.write(described.map(({ metric, fate }) => `${fate} ${metric}\n`).join(''));
}
