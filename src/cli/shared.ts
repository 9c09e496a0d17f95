import { createBigQueryClient, createWarehouses } from '../adapters/bigquery/bigquery.ts';
import { requireCredentials } from '../adapters/bigquery/credentials.ts';
import { loadExpectation } from '../adapters/folders/expected-files.ts';
import { isSample, refuseSample } from '../adapters/folders/sample-folder.ts';
import { openSnapshot } from '../adapters/folders/snapshot-files.ts';
import { type Config, parseConfig } from '../app/config.ts';
import { createDeadline } from '../app/deadline.ts';
import { DriftError } from '../model/errors.ts';
import type { Expectation } from '../model/expectation.ts';
import type { Deadline, Warehouse } from '../model/ports.ts';
import { detectProject, openExpectedFolder, systemClock } from '../wiring.ts';

/* What the commands of the command line share. */

/** Public: scripts branch on them. */
export const EXIT = {
  inSync: 0,
  drift: 1,
  unchecked: 2,
  usage: 64,
  invalidFiles: 65,
  refused: 66,
  internal: 70,
  interrupted: 130,
} as const;

/** Takes the exit code of a command. */
export type Done = (exitCode: number) => void;

export const PROJECT_IS = 'the project (else GCP_PROJECT_ID, GOOGLE_CLOUD_PROJECT, the credentials)';

export interface FileOptions {
  readonly expected?: string;
  readonly policy?: string;
}

export interface ActualOptions {
  readonly actual?: string;
  readonly project?: string;
}

/** The command line sends no alert: what is wrong with the address is no concern of it. */
export function cliConfig(): Config {
  return parseConfig({ ...process.env, SLACK_WEBHOOK_URL: undefined });
}

/** Whether what is compared is a stand-in for BigQuery, or recorded: nothing that anybody relies on. */
export function isPlayed({ actual }: ActualOptions, { bigqueryEndpoint }: Config): boolean {
  return actual !== undefined || bigqueryEndpoint !== null;
}

export async function load(
  options: FileOptions & ActualOptions,
  config: Config,
  { use }: { readonly use: 'compare' | 'read' },
): Promise<
  Expectation & { /** Its place, where it is the repository's; else null. */ readonly sample: string | null }
> {
  const place = options.expected ?? config.expectedSchemas;
  const project = options.project ?? config.projectId;
  if (place.startsWith('gs://') && config.storageEndpoint === null) await requireCredentials(process.env);
  const { folder, remove } = await openExpectedFolder(place, config, systemClock);
  process.once('exit', remove);
  // The files alone may be read: that compares them with nothing, and the sample's have to be valid too.
  await refuseSample({ folder, place, project, isPlayed: use === 'read' || isPlayed(options, config) });
  const expectation = await loadExpectation({
    folder,
    place,
    policyFile: options.policy ?? config.policyFile ?? undefined,
    aliases: config.aliases,
    project,
  });
  return { ...expectation, sample: (await isSample(folder)) ? place : null };
}

export async function openActual(
  { actual, project }: ActualOptions,
  config: Config,
): Promise<{
  readonly warehouse: Warehouse;
  readonly project: string | null;
  readonly deadline: Deadline;
}> {
  const projectId = project ?? config.projectId;
  const deadline = untilInterrupted();
  if (actual !== undefined) return { warehouse: await openSnapshot(actual), project: projectId, deadline };
  if (config.bigqueryEndpoint === null) await requireCredentials(process.env);
  const client = createBigQueryClient({ projectId, endpoint: config.bigqueryEndpoint });
  return {
    warehouse: createWarehouses({ client, pacing: config, clock: systemClock })(deadline),
    deadline,
    project: await detectProject(client, { ...config, projectId }),
  };
}

/** What was read before Ctrl-C is still told; a second one ends the process at once. */
function untilInterrupted(): Deadline {
  const deadline = createDeadline({ clock: systemClock, ms: null });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, deadline.stop);
  return deadline;
}

/** @throws DriftError `NotWritable` */
export function writableFolder(place: string): string {
  if (!place.startsWith('gs://')) return place;
  throw new DriftError(
    'NotWritable',
    `${place}: files are written to a folder; deploy.sh --files-only brings them to the bucket`,
  );
}

/** The exit code of a command, unless somebody ended it: then what it says is not all that there is to say. */
export function unlessInterrupted(deadline: Deadline, code: number): number {
  return deadline.readingMs() > 0 ? code : EXIT.interrupted;
}
