import { z } from 'zod';
import type { Env } from '../src/app/config.ts';
import { DriftError } from '../src/model/errors.ts';
import { printable, shortened } from '../src/words/printable.ts';
import { FORMER_NODE_OPTIONS } from './deployed-ops.ts';

/** https://docs.cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions#ServiceConfig */
const runningSchema = z.object({
  serviceConfig: z
    .object({
      environmentVariables: z.record(z.string(), z.string()).default({}),
      secretEnvironmentVariables: z
        .array(z.object({ key: z.string(), secret: z.string(), version: z.string().default('latest') }))
        .default([]),
      secretVolumes: z.array(z.object({ mountPath: z.string() })).default([]),
    })
    .prefault({}),
});

export type RunningFunction = z.infer<typeof runningSchema>['serviceConfig'];

/** @throws DriftError `InvalidConfig` where it is nothing that gcloud prints */
export function parseRunning(text: string): RunningFunction {
  try {
    return runningSchema.parse(JSON.parse(text)).serviceConfig;
  } catch (cause) {
    throw new DriftError('InvalidConfig', 'the description of the function could not be read', { cause });
  }
}

/** Google sets it, and a deployment leaves it alone: https://docs.cloud.google.com/run/docs/configuring/services/environment-variables */
const NOT_OURS = ['LOG_EXECUTION_ID'];
const WEBHOOK = 'SLACK_WEBHOOK_URL';

/** What decides which tables are compared with what: one that is added is as much a change as one that is taken away. */
const DECIDE_WHAT_IS_CHECKED = [
  'DATASET_ALIASES',
  'DRIFT_POLICY',
  'EXPECTED_SCHEMAS',
  'GCP_PROJECT_ID',
  'SHARD',
  'STATE_URI',
];

/** Of these the value may be shown. Any other was set by hand, and may hold a password. */
const SHOWN = [
  ...DECIDE_WHAT_IS_CHECKED,
  'CONFIRM_SECONDS',
  'DEADLINE_SECONDS',
  'MAX_CONCURRENCY',
  'METRIC_LOCATION',
  'NODE_OPTIONS',
  'REPORT_LINK',
  'REQUESTS_PER_SECOND',
];

interface VariableChange {
  readonly name: string;
  readonly says: string;
}

/** What a deployment with these variables would take away from the function that runs, or change; empty: nothing. */
export function variableChanges({
  running,
  env,
  secret,
}: {
  readonly running: RunningFunction;
  readonly env: Env;
  /** Whose newest version the webhook's address is read from. */
  readonly secret: string;
}): readonly VariableChange[] {
  const { environmentVariables, secretEnvironmentVariables, secretVolumes } = running;
  const names = [...new Set([...Object.keys(environmentVariables), ...Object.keys(env)])].sort();
  return [
    ...names.flatMap((name) => changeOf(name, environmentVariables[name], env[name])),
    ...secretEnvironmentVariables.flatMap((each) => secretChange(each, secret)),
    ...secretVolumes.map(({ mountPath }) => ({
      name: printable(mountPath),
      says: '(a mounted secret) would be taken away',
    })),
  ];
}

function changeOf(
  variable: string,
  before: string | undefined,
  after: string | undefined,
): readonly VariableChange[] {
  if (before === after || NOT_OURS.includes(variable)) return [];
  const name = printable(variable);
  const isShown = SHOWN.includes(variable);
  const [was, is] = [before, after].map((value) => JSON.stringify(shortened(value ?? '', 200)));
  if (after === undefined) return [{ name, says: `would be taken away${isShown ? `: it is ${was}` : ''}` }];
  if (before === undefined) {
    const isOther = DECIDE_WHAT_IS_CHECKED.includes(variable);
    return isOther ? [{ name, says: `would be set to ${is}: other tables than now would be checked` }] : [];
  }
  // It follows the version that is deployed, unless somebody has set another.
  if (variable === 'NODE_OPTIONS' && FORMER_NODE_OPTIONS.includes(before)) return [];
  return [{ name, says: `would be changed${isShown ? ` from ${was} to ${is}` : ''}` }];
}

function secretChange(
  { key, secret, version }: RunningFunction['secretEnvironmentVariables'][number],
  expected: string,
): readonly VariableChange[] {
  const name = printable(key);
  if (key !== WEBHOOK) return [{ name, says: '(from a secret) would be taken away' }];
  if (secret === expected && version === 'latest') return [];
  const to = `${expected}:latest`;
  return [
    { name, says: `would be read from the secret ${to}, not from ${printable(`${secret}:${version}`)}` },
  ];
}
