import { fileURLToPath } from 'node:url';
import { REPORT_LINKS, type ReportLink } from '../adapters/storage/report-store.ts';
import { didYouMean } from '../model/did-you-mean.ts';
import { DriftError } from '../model/errors.ts';
import { shortened } from '../words/printable.ts';
import type { WorkPartition } from './work-partition.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** The environment, checked. README's table of variables says what each means. */
export interface Config {
  /** null: the credentials' project. */
  readonly projectId: string | null;
  readonly expectedSchemas: string;
  readonly policyFile: string | null;
  readonly aliases: ReadonlyMap<string, string>;
  readonly slackWebhookUrl: string | null;
  readonly requestsPerSecond: number;
  readonly maxConcurrency: number;
  readonly confirmSeconds: number;
  readonly deadlineSeconds: number;
  /** null: all datasets. */
  readonly partition: WorkPartition | null;
  readonly metricLocation: string;
  readonly bigqueryEndpoint: string | null;
  readonly monitoringEndpoint: string | null;
  readonly storageEndpoint: string | null;
  /** null: every run is a first run. */
  readonly state: StatePlace | null;
  readonly reportLink: ReportLink;
}

/** Where the state is kept. */
export type StatePlace =
  | {
      readonly in: 'bucket';
      readonly bucket: string /** Without slashes at its ends; may be empty. */;
      readonly prefix: string;
    }
  | { readonly in: 'folder'; readonly path: string };

/**
 * Reads the environment.
 * @throws DriftError `InvalidConfig` that lists everything wrong at once, without any value of a secret
 */
export function parseConfig(env: Env): Config {
  const problems: string[] = [];
  const text = (name: string) => {
    const value = env[name]?.trim();
    return value === undefined || value === '' ? null : value;
  };
  const integer = (name: string, { fallback, min, max }: { fallback: number; min: number; max: number }) => {
    const value = text(name);
    if (value === null) return fallback;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= min && number <= max) return number;
    problems.push(`${name}: expected a whole number from ${min} to ${max}, found ${JSON.stringify(value)}`);
    return fallback;
  };
  const endpoint = (name: string) => {
    const value = text(name);
    if (value !== null && !(/^https?:\/\/[^/?#@\s]+\/?$/.test(value) && URL.canParse(value))) {
      // Not shown: an address can carry a password.
      problems.push(`${name}: expected http://host:port, without a path`);
    }
    return value?.replace(/\/$/, '') ?? null;
  };
  const project = (name: string) => {
    const value = text(name);
    const problem = value === null ? null : problemOfProject(value);
    if (problem !== null) problems.push(`${name}: ${problem}`);
    return value;
  };
  const config: Config = {
    projectId: project('GCP_PROJECT_ID') ?? project('GOOGLE_CLOUD_PROJECT'),
    expectedSchemas: text('EXPECTED_SCHEMAS') ?? 'expected-schemas',
    policyFile: text('DRIFT_POLICY'),
    aliases: parseAliases(text('DATASET_ALIASES'), problems),
    slackWebhookUrl: webhookUrl(text('SLACK_WEBHOOK_URL'), problems),
    // Below the quota of 100 a second, so that a person with the same account is not throttled at once.
    requestsPerSecond: integer('REQUESTS_PER_SECOND', { fallback: 95, min: 1, max: 1000 }),
    maxConcurrency: integer('MAX_CONCURRENCY', { fallback: 40, min: 1, max: 300 }),
    // A pipeline that drops and loads a table leaves it missing for seconds.
    confirmSeconds: integer('CONFIRM_SECONDS', { fallback: 30, min: 0, max: 600 }),
    // The Scheduler waits for half an hour at most, and the lease is given back after all else.
    deadlineSeconds: integer('DEADLINE_SECONDS', { fallback: 540, min: 10, max: 1500 }),
    partition: parsePartition(text('SHARD'), problems),
    metricLocation: parseLocation(text('METRIC_LOCATION'), problems),
    bigqueryEndpoint: endpoint('BIGQUERY_API_ENDPOINT'),
    monitoringEndpoint: endpoint('MONITORING_API_ENDPOINT'),
    storageEndpoint: endpoint('STORAGE_EMULATOR_HOST'),
    state: parseStatePlace(text('STATE_URI'), problems),
    reportLink: parseReportLink(text('REPORT_LINK'), problems),
  };
  if (problems.length > 0) throw new DriftError('InvalidConfig', problems.join('\n'));
  return config;
}

/** What is wrong with the id of a project; null: nothing. */
function problemOfProject(value: string): string | null {
  const found = JSON.stringify(shortened(value, 100));
  if (/^\d+$/.test(value)) {
    // What BigQuery answers names the id: it would be the answer of another project.
    return `expected a project's id, found the number ${found}: gcloud projects describe ${value} --format='value(projectId)'`;
  }
  return PROJECT_ID.test(value) ? null : `expected a project's id such as my-project, found ${found}`;
}

/**
 * Letters, digits and hyphens, in old projects after the name of a domain (`example.com:my-project`). How long it is is left to
 * Google, which has made shorter ones than it makes today: https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects
 */
const PROJECT_ID = /^(?:[a-z\d](?:[a-z\d.-]{0,61}[a-z\d])?:)?[a-z](?:[a-z\d-]{0,61}[a-z\d])?$/;

/**
 * `--project` of the command line.
 * @throws DriftError `InvalidConfig`
 */
export function parseProject(value: string): string {
  const problem = problemOfProject(value);
  if (problem === null) return value;
  throw new DriftError('InvalidConfig', `--project: ${problem}`);
}

/** The resource's label is a region, a zone or `global`: https://docs.cloud.google.com/monitoring/api/resources#tag_generic_task */
function parseLocation(value: string | null, problems: string[]): string {
  if (value === null) return 'global';
  if (!/^[a-z\d]+(?:[:-][a-z\d]+)*$/i.test(value) || value.length > 63) {
    const found = JSON.stringify(shortened(value, 100));
    problems.push(`METRIC_LOCATION: expected a location such as europe-west1, or global, found ${found}`);
  }
  return value;
}

/** `commerce=commerce_staging,…` */
function parseAliases(text: string | null, problems: string[]): ReadonlyMap<string, string> {
  const pairs = (text ?? '')
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '');
  const aliases = new Map<string, string>();
  for (const pair of pairs) {
    const [, declared, real] = /^(\w+)\s*=\s*(\w+)$/.exec(pair) ?? [];
    if (declared === undefined || real === undefined) {
      problems.push(`DATASET_ALIASES: expected declared=real, found ${JSON.stringify(pair)}`);
    } else if (aliases.has(declared)) {
      problems.push(`DATASET_ALIASES: ${JSON.stringify(declared)} is given twice`);
    } else {
      aliases.set(declared, real);
    }
  }
  return aliases;
}

/** `1/4` */
function parsePartition(text: string | null, problems: string[]): WorkPartition | null {
  if (text === null) return null;
  const [, index = 0, count = 0] = (/^([1-9]\d?)\/([1-9]\d?)$/.exec(text) ?? []).map(Number);
  if (index >= 1 && index <= count) return { index, count };
  problems.push(`SHARD: expected 1/4 for the first of four, at most 99, found ${JSON.stringify(text)}`);
  return null;
}

/** `gs://bucket/prefix`; null: it names no bucket. Buckets: https://docs.cloud.google.com/storage/docs/buckets#naming */
export function parseBucketPlace(text: string): Extract<StatePlace, { in: 'bucket' }> | null {
  const [, bucket, prefix = ''] = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(.*))?$/.exec(text) ?? [];
  return bucket === undefined ? null : { in: 'bucket', bucket, prefix: prefix.replace(/^\/+|\/+$/g, '') };
}

function parseStatePlace(text: string | null, problems: string[]): StatePlace | null {
  if (text === null) return null;
  const bucket = parseBucketPlace(text);
  if (bucket !== null) return bucket;
  const path = folderOf(text);
  if (path !== null) return { in: 'folder', path };
  problems.push(`STATE_URI: expected gs://bucket/prefix or file:///folder, found ${JSON.stringify(text)}`);
  return null;
}

function parseReportLink(text: string | null, problems: string[]): ReportLink {
  const link = REPORT_LINKS.find((known) => known === (text ?? 'browser'));
  if (link !== undefined) return link;
  problems.push(`REPORT_LINK: expected ${REPORT_LINKS.join(' or ')}, found ${JSON.stringify(text)}`);
  return 'browser';
}

function folderOf(text: string): string | null {
  if (!text.startsWith('file://')) return null;
  try {
    const { search, hash } = new URL(text);
    const path = fileURLToPath(text);
    // A question mark in a name is written %3F.
    return path === '/' || search !== '' || hash !== '' ? null : path;
  } catch {
    // `%2F` in a name, or a stray percent sign.
    return null;
  }
}

/** The address that even a run with an invalid environment can tell; null: there is none that is valid. */
export function usableWebhookUrl(env: Env): string | null {
  const problems: string[] = [];
  const value = webhookUrl(env['SLACK_WEBHOOK_URL']?.trim() || null, problems);
  return problems.length === 0 ? value : null;
}

/** The address is a secret: what is wrong with it is said without it. */
function webhookUrl(value: string | null, problems: string[]): string | null {
  if (value === null) return null;
  const url = URL.canParse(value) ? new URL(value) : null;
  const isLocal = url?.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url === null || !(url.protocol === 'https:' || isLocal)) {
    problems.push(
      'SLACK_WEBHOOK_URL: expected an address that begins with https:// (its value is not shown)',
    );
  }
  return value;
}

/** What the command line was asked to look at; empty: everything. */
export type Selection = readonly { readonly dataset: string; readonly table: string | null }[];

/**
 * `DATASET` and `DATASET.TABLE` arguments, in declared names.
 * @throws DriftError `UnknownSelection` for what no file declares
 */
export function parseSelection(
  args: readonly string[],
  declared: readonly {
    readonly declaredAs: string;
    readonly tables: readonly { readonly table: string }[];
  }[],
): Selection {
  return args.map((arg) => {
    const dot = arg.indexOf('.');
    const name = dot === -1 ? arg : arg.slice(0, dot);
    const table = dot === -1 ? null : arg.slice(dot + 1);
    const dataset = declared.find(({ declaredAs }) => declaredAs === name);
    if (dataset === undefined) {
      const near = didYouMean(
        name,
        declared.map(({ declaredAs }) => declaredAs),
      );
      throw new DriftError('UnknownSelection', `no file declares the dataset ${JSON.stringify(name)}${near}`);
    }
    const tables = dataset.tables.map((candidate) => candidate.table);
    if (table === '')
      throw new DriftError('UnknownSelection', `no table after the dot in ${JSON.stringify(arg)}`);
    if (table !== null && !tables.includes(table)) {
      throw new DriftError(
        'UnknownSelection',
        `no file declares the table ${JSON.stringify(arg)}${didYouMean(table, tables)}`,
      );
    }
    return { dataset: name, table };
  });
}
