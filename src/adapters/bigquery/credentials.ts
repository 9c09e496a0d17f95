import { stat } from 'node:fs/promises';
import { isObject } from '../../metadata/parse.ts';
import { DriftError } from '../../model/errors.ts';
import { authLibrary } from '../google-libraries.ts';

const LOGIN = 'gcloud auth application-default login';
/** Where there is no network, BigQuery says so later. */
const MAX_TOKEN_MS = 10_000;
/** On Google's machines it answers within milliseconds; anywhere else nothing may ever come back. */
const MAX_METADATA_MS = 1000;

type Env = Record<string, string | undefined>;

/**
 * Looks for the credentials of whoever types a command, before anything is asked with them: application default credentials
 * (https://docs.cloud.google.com/docs/authentication/application-default-credentials). An hourly run does not ask this: it
 * has an account, and a moment without a token passes.
 * @throws DriftError `NoCredentials` that says what to type
 */
export async function requireCredentials(env: Env): Promise<void> {
  const named = env['GOOGLE_APPLICATION_CREDENTIALS'] || env['google_application_credentials'] || null;
  if (named !== null && !(await isFile(named)))
    throw missing(
      `GOOGLE_APPLICATION_CREDENTIALS names ${named}, which is no file: correct it, or unset it and run`,
    );
  // The library's own look at the metadata server takes seconds where there is none, and warns on stderr. That of the files
  // needs no look, and Google's machines it knows without one.
  const isAsked = env['METADATA_SERVER_DETECTION'] !== undefined;
  env['METADATA_SERVER_DETECTION'] ??= 'none';
  // With a project it looks for none.
  const { GoogleAuth } = authLibrary();
  const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/bigquery', projectId: '-' });
  try {
    const client = await auth.getClient();
    await proveToken(() => client.getAccessToken(), named);
  } catch (cause) {
    if (cause instanceof DriftError) throw cause;
    if (named !== null)
      throw missing(
        `GOOGLE_APPLICATION_CREDENTIALS names ${named}, which holds no Google credentials: correct it, or unset it and run`,
        cause,
      );
    if (!isAsked && (await isOnGoogle(env))) {
      env['METADATA_SERVER_DETECTION'] = 'assume-present';
      return;
    }
    throw missing('no Google credentials: run', cause);
  }
}

/** Whether Google still gives a token for them; no answer is no refusal. */
async function proveToken(ask: () => Promise<unknown>, named: string | null): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const later = new Promise((resolve) => {
    timer = setTimeout(resolve, MAX_TOKEN_MS);
  });
  try {
    await Promise.race([ask(), later]);
  } catch (cause) {
    const says = refusalOf(cause);
    if (says === null) return;
    throw named === null
      ? missing(`your Google login has expired or was taken back (${says}): run`, cause)
      : missing(
          `Google refuses the credentials in ${named} (${says}): make new ones, or unset GOOGLE_APPLICATION_CREDENTIALS and run`,
          cause,
        );
  } finally {
    clearTimeout(timer);
  }
}

/** What ends a login or a key, of https://www.rfc-editor.org/rfc/rfc6749#section-5.2; a second factor asked for anew is `invalid_rapt`. */
const REFUSALS = ['invalid_rapt', 'invalid_grant', 'invalid_client', 'unauthorized_client'] as const;

function refusalOf(cause: unknown): string | null {
  if (!(cause instanceof Error)) return null;
  const { response } = cause as Error & { readonly response?: { readonly data?: unknown } };
  const data = isObject(response?.data) ? response.data : {};
  const says = [cause.message, data['error'], data['error_subtype']].filter(
    (text) => typeof text === 'string',
  );
  return REFUSALS.find((refusal) => says.some((text) => text.includes(refusal))) ?? null;
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

/** Names its flavour in each answer: https://docs.cloud.google.com/compute/docs/metadata/querying-metadata */
async function isOnGoogle(env: Env): Promise<boolean> {
  const host = env['GCE_METADATA_IP'] ?? env['GCE_METADATA_HOST'] ?? '169.254.169.254';
  const url = new URL('/computeMetadata/v1/instance', /^https?:/.test(host) ? host : `http://${host}`);
  return fetch(url, {
    headers: { 'Metadata-Flavor': 'Google' },
    signal: AbortSignal.timeout(MAX_METADATA_MS),
  }).then(
    ({ headers }) => headers.get('metadata-flavor') === 'Google',
    () => false,
  );
}

function missing(says: string, cause?: unknown): DriftError {
  return new DriftError('NoCredentials', `${says}  ${LOGIN}`, { cause });
}
