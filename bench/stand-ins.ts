import { startBigQueryEmulator } from '../emulators/bigquery.ts';
import { startMonitoringEmulator } from '../emulators/monitoring.ts';
import { startSlackEmulator } from '../emulators/slack.ts';
import { bigWarehouse, type Size } from './big-warehouse.ts';

/* The services of a benchmark, in a process of their own: their memory and time are not the function's. */

const size = JSON.parse(process.argv[2] ?? '{}') as Size;
const projectId = 'bench';
const bigquery = await startBigQueryEmulator({
  projectId,
  warehouse: bigWarehouse(size),
  latencyMs: 50,
  requestsPerSecond: 100,
  concurrentRequests: 300,
});
const monitoring = await startMonitoringEmulator({ projectId });
const slack = await startSlackEmulator();
process.stdout.write(
  `${JSON.stringify({
    BIGQUERY_API_ENDPOINT: bigquery.url,
    MONITORING_API_ENDPOINT: monitoring.url,
    SLACK_WEBHOOK_URL: slack.webhookUrl,
  })}\n`,
);
