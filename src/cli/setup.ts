import { createBigQueryClient } from '../adapters/bigquery/bigquery.ts';
import { requireCredentials } from '../adapters/bigquery/credentials.ts';
import { describeMetrics } from '../adapters/monitoring/metric-descriptors.ts';
import { detectProject } from '../wiring.ts';
import { cliConfig } from './shared.ts';

export interface SetupCommandOptions {
  readonly project?: string;
}

/** `drift setup`: the one command that writes to the cloud. Says what became of each metric's descriptor. */
export async function runSetup({ project }: SetupCommandOptions): Promise<void> {
  const { bigqueryEndpoint, monitoringEndpoint, ...config } = cliConfig();
  const known = project ?? config.projectId;
  const endpoint = bigqueryEndpoint ?? monitoringEndpoint;
  if (endpoint === null) await requireCredentials(process.env);
  const client = createBigQueryClient({ projectId: known, endpoint });
  const projectId = await detectProject(client, { projectId: known, bigqueryEndpoint: endpoint });
  const described = await describeMetrics({ projectId, endpoint: monitoringEndpoint });
  process.stdout.write(described.map(({ metric, fate }) => `${fate} ${metric}\n`).join(''));
}
