import { type Env, parseConfig } from '../src/app/config.ts';

/** A heap that leaves room in 512 MiB for what V8 does not count: buffers, sockets, code. */
const NODE_OPTIONS = '--max-old-space-size=320 --max-semi-space-size=8 --enable-source-maps';

/** What earlier versions have set: an upgrade may replace it. Whoever changes NODE_OPTIONS puts here what it was. */
export const FORMER_NODE_OPTIONS: readonly string[] = [
  '--max-old-space-size=192 --max-semi-space-size=8 --enable-source-maps',
];

/**
 * The variables of the deployed function.
 * @throws DriftError `InvalidConfig` for a value that the function would refuse
 */
export function functionEnv({
  project,
  bucket,
  set,
}: {
  readonly project: string;
  readonly bucket: string;
  /** `NAME=value`, in addition. */
  readonly set: readonly string[];
}): Env {
  const env = {
    GCP_PROJECT_ID: project,
    EXPECTED_SCHEMAS: `gs://${bucket}/expected-schemas`,
    STATE_URI: `gs://${bucket}/state`,
    NODE_OPTIONS,
    ...pairsOf(set),
  };
  parseConfig(env);
  return env;
}

/** `NAME=value`, each. */
export function pairsOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

/** A JSON string is a YAML string as well. */
export function yamlOf(env: Env): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join('');
}

/**
 * The dashboard under a name of its own, so that a second deployment finds it. An update names the version that it
 * replaces (dashboard.proto, Dashboard.etag); empty: there is none yet.
 */
export function named<Dashboard extends object>(
  dashboard: Dashboard,
  { project, etag }: { readonly project: string; readonly etag: string },
): Dashboard & { readonly name: string; readonly etag?: string } {
  const name = `projects/${project}/dashboards/bigquery-drift`;
  return { name, ...(etag === '' ? {} : { etag }), ...dashboard };
}

/**
 * An alert with the name of its condition, so that an update keeps it and its open incident: "Existing conditions are deleted
 * if they are not updated" (alert.proto, AlertPolicy.Condition.name). undefined: there is none yet.
 */
export function withCondition<Policy extends { readonly conditions: readonly [object] }>(
  policy: Policy,
  name: string | undefined,
): Policy {
  if (name === undefined) return policy;
  return { ...policy, conditions: [{ name, ...policy.conditions[0] }] };
}

/** The files of ops/ name no project. `__DEPLOY__` is the command that was typed, with what another deployment must not forget. */
export function filledIn(
  text: string,
  { project, region, bucket }: { readonly project: string; readonly region: string; readonly bucket: string },
): string {
  const ownBucket = bucket === `${project}-bigquery-drift` ? '' : ` --bucket ${bucket}`;
  return text
    .replaceAll('__DEPLOY__', `./deploy.sh --project ${project} --region ${region}${ownBucket}`)
    .replaceAll('__PROJECT__', project)
    .replaceAll('__REGION__', region);
}
