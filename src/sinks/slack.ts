import { IncomingWebhook, type IncomingWebhookHTTPError } from '@slack/webhook';
import { DriftError } from '../model/errors.ts';
import type { AlertSink, Clock, Delivery, SendLimits, SlackPayload } from '../model/ports.ts';

/** Without a limit of its own the client would wait for ever. */
const TIMEOUT_MS = 15_000;
/** For one message where there is no deadline, over all waits that Slack asks for. */
const MAX_MS = 60_000;
const MAX_CONNECTIONS = 3;
const SECOND_MS = 1000;

/** Posts to one incoming webhook. Its address is a secret: no error carries it. */
export function createSlackSink({
  url,
  fetch,
  clock,
}: {
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Pick<Clock, 'now' | 'elapsedMs' | 'sleep'>;
}): AlertSink {
  return { send: (payload, limits = {}) => deliver(payload, { url, fetch, clock, ...limits }) };
}

type Target = Parameters<typeof createSlackSink>[0] & SendLimits;

/**
 * Tries again only what was surely not posted: a post cannot be taken back, and Slack has no key to tell two apart.
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
async function deliver(payload: SlackPayload, target: Target): Promise<Delivery> {
  const { clock, maxMs = MAX_MS, mayPost = () => {} } = target;
  const end = clock.elapsedMs() + maxMs;
  for (let connections = 1; ; ) {
    mayPost();
    const outcome = await post(payload, target);
    if (outcome.status === 'accepted') return { fate: 'sent' };
    if (outcome.status === 'answered' && outcome.http === 429) {
      const waitMs = outcome.retryAfterMs;
      if (clock.elapsedMs() + waitMs > end) return undelivered('refused', outcome.reason);
      await clock.sleep(waitMs);
    } else if (outcome.status === 'unreached' && connections < MAX_CONNECTIONS) {
      await clock.sleep(SECOND_MS * connections);
      connections += 1;
    } else {
      const isRefused =
        outcome.status === 'unreached' || (outcome.status === 'answered' && outcome.http < 500);
      return undelivered(isRefused ? 'refused' : 'unknown', outcome.reason);
    }
  }
}

function undelivered(fate: 'unknown' | 'refused', reason: string): Delivery {
  const what = fate === 'refused' ? 'Slack did not accept the message' : 'Slack may not have the message';
  return { fate, error: new DriftError('SinkRejected', `${what}: ${reason}`) };
}

type Outcome =
  | { readonly status: 'accepted' }
  | {
      readonly status: 'answered';
      readonly http: number;
      readonly retryAfterMs: number;
      readonly reason: string;
    }
  /** No connection came about. */
  | { readonly status: 'unreached'; readonly reason: string }
  /** Cut off, or no answer in time. */
  | { readonly status: 'unanswered'; readonly reason: string };

async function post({ text, blocks }: SlackPayload, { url, fetch, clock }: Target): Promise<Outcome> {
  let retryAfter: string | null = null;
  // The client's error has no headers.
  const watched: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    retryAfter = response.headers.get('retry-after');
    return response;
  };
  try {
    const webhook = new IncomingWebhook(url, { fetch: watched, timeout: TIMEOUT_MS });
    const answer = await webhook.send({ text, blocks: [...blocks] as never[] });
    // A proxy answers 200 as well.
    if (answer.text.trim() === 'ok') return { status: 'accepted' };
    return { status: 'unanswered', reason: 'the answer was not "ok"' };
  } catch (error) {
    if (isHttpError(error)) {
      return {
        status: 'answered',
        http: error.statusCode,
        retryAfterMs: retryAfterMs(retryAfter, clock.now()),
        reason: wordOf(error),
      };
    }
    // The cause names host and port at most; a request error's own message is only a frame around it.
    const cause = error instanceof Error && 'original' in error ? error.original : error;
    const reason = cause instanceof Error ? (causeCode(cause) ?? nameOf(cause)) : 'no answer';
    const isUnreached = cause instanceof Error && UNREACHED.includes(causeCode(cause) ?? '');
    return { status: isUnreached ? 'unreached' : 'unanswered', reason };
  }
}

/** Seconds, or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after. At least a second. */
function retryAfterMs(header: string | null, now: Date): number {
  const seconds = Number(header ?? Number.NaN);
  const ms = Number.isNaN(seconds) ? Date.parse(header ?? '') - now.getTime() : seconds * SECOND_MS;
  return Number.isNaN(ms) ? SECOND_MS : Math.max(SECOND_MS, ms);
}

const UNREACHED: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks ("Handling errors") */
const REMEDIES: Readonly<Record<string, string>> = {
  channel_is_archived: 'the channel of the webhook is archived',
  channel_not_found: 'the channel of the webhook is gone',
  no_active_hooks: 'the webhook was removed or disabled; make a new one and store its address',
  no_service: 'the webhook was removed or disabled; make a new one and store its address',
  no_service_id: 'the address of the webhook is incomplete',
  no_team: 'the workspace of the webhook is not there',
  team_disabled: 'the workspace of the webhook is disabled',
  invalid_token: 'the address of the webhook is wrong, or it was revoked; store the right one',
  action_prohibited: 'an administrator forbids posts to this channel',
  posting_to_general_channel_denied: 'an administrator forbids posts to this channel',
};

/** `channel_is_archived`; any other body may be a proxy's page, which can repeat the address. */
function wordOf({ statusCode, body }: IncomingWebhookHTTPError): string {
  const word = body ?? '';
  if (!/^[a-z_]{2,60}$/.test(word)) return `HTTP ${statusCode}`;
  const remedy = Object.hasOwn(REMEDIES, word) ? `: ${REMEDIES[word]}` : '';
  return `${word} (HTTP ${statusCode})${remedy}`;
}

/** `TimeoutError`; that fetch calls nearly everything a TypeError tells nobody anything. */
function nameOf({ name }: Error): string {
  return name === 'TypeError' ? 'no usable answer' : name;
}

function causeCode(error: Error): string | null {
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && cause.code !== undefined ? String(cause.code) : null;
}

function isHttpError(error: unknown): error is IncomingWebhookHTTPError {
  return error instanceof Error && 'code' in error && error.code === 'slack_webhook_http_error';
}
