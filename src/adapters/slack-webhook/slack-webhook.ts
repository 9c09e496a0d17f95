import { IncomingWebhook, type IncomingWebhookHTTPError } from '@slack/webhook';
import type { Delivery, SendLimits } from '../../incidents/channel.ts';
import { DriftError } from '../../model/errors.ts';
import type { Clock, Log } from '../../model/ports.ts';
import type { SlackWebhook } from '../../slack/channel.ts';
import type { SlackPayload } from '../../slack/payload.ts';
import { plainMessage } from '../../slack/plain.ts';

/** Without a limit of its own the client would wait for ever. */
const TIMEOUT_MS = 15_000;
/** For one message where there is no deadline, over all waits that Slack asks for. */
const MAX_MS = 60_000;
const MAX_CONNECTIONS = 3;
const SECOND_MS = 1000;
/** Between two posts where Slack says only that there were too many: doubled each time up to this. */
const MAX_BACKOFF_MS = 60_000;

/** Posts to one incoming webhook. Its address is a secret: no error carries it. */
export function createSlackWebhook({
  url,
  fetch,
  clock,
  log,
}: {
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Pick<Clock, 'now' | 'elapsedMs' | 'sleep'>;
  readonly log: Log;
}): SlackWebhook {
  return { send: (payload, limits = {}) => deliver(payload, { url, fetch, clock, log, ...limits }) };
}

type Target = Parameters<typeof createSlackWebhook>[0] & SendLimits;

/**
 * What is refused for what it says, and not for where it goes, is told once without its blocks: else one message that Slack does not take
 * would be refused in each run, and nobody would hear of drift any more. That it was refused is a fault of the monitor, so it is logged.
 */
async function deliver(payload: SlackPayload, target: Target): Promise<Delivery> {
  const { clock, log, maxMs = MAX_MS } = target;
  const end = clock.elapsedMs() + maxMs;
  const whole = await tryToPost(payload, { ...target, end });
  if (whole.status === 'accepted') return { status: 'sent' };
  if (!isAboutPayload(whole)) return undelivered(whole);
  const plain = await tryToPost(plainMessage(payload), { ...target, end });
  const then = plain.status === 'accepted' ? 'the same news was sent as plain text' : 'as plain text too';
  log({
    severity: 'ERROR',
    message: `Slack refused a message for what it holds: ${whole.reason}; ${then}. Its blocks are a fault of the monitor: please report it`,
    code: 'SinkRejected',
  });
  if (plain.status === 'accepted') return { status: 'sent' };
  return undelivered({ ...plain, reason: `${whole.reason}; as plain text: ${plain.reason}` });
}

/**
 * Tries again only what was surely not posted: a post cannot be taken back, and Slack has no key to tell two apart.
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
async function tryToPost(payload: SlackPayload, target: Target & { readonly end: number }): Promise<Outcome> {
  const { clock, end, mayPost = () => {} } = target;
  let backoffMs = SECOND_MS;
  for (let connections = 1; ; ) {
    mayPost();
    const outcome = await post(payload, target);
    if (outcome.status === 'answered' && outcome.http === 429) {
      const waitMs = outcome.retryAfterMs ?? backoffMs;
      if (outcome.retryAfterMs === null) backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS);
      if (clock.elapsedMs() + waitMs > end) return outcome;
      await clock.sleep(waitMs);
    } else if (outcome.status === 'unreached' && connections < MAX_CONNECTIONS) {
      await clock.sleep(SECOND_MS * connections);
      connections += 1;
    } else return outcome;
  }
}

type Failure = Exclude<Outcome, { readonly status: 'accepted' }>;

/** All that Slack refuses as a bad request but what concerns the channel and the address. */
function isAboutPayload(outcome: Failure): boolean {
  if (outcome.status !== 'answered' || !PAYLOAD_STATUS.includes(outcome.http)) return false;
  return outcome.word === null || !Object.hasOwn(REMEDIES, outcome.word);
}

/** Bad request, too large, not to be processed. */
const PAYLOAD_STATUS: readonly number[] = [400, 413, 422];

function undelivered(outcome: Failure): Delivery {
  const { reason } = outcome;
  const isRefused = outcome.status === 'unreached' || (outcome.status === 'answered' && outcome.http < 500);
  const status = isRefused ? 'refused' : 'unknown';
  const what = status === 'refused' ? 'Slack did not accept the message' : 'Slack may not have the message';
  return { status, error: new DriftError('SinkRejected', `${what}: ${reason}`) };
}

type Outcome =
  | { readonly status: 'accepted' }
  | {
      readonly status: 'answered';
      readonly http: number;
      /** null: Slack does not say. */
      readonly retryAfterMs: number | null;
      /** Slack's own; null: the answer has none. */
      readonly word: string | null;
      readonly reason: string;
    }
  /** No connection came about. */
  | { readonly status: 'unreached'; readonly reason: string }
  /** Cut off, or no answer in time. */
  | { readonly status: 'unanswered'; readonly reason: string };

async function post({ text, blocks }: SlackPayload, { url, fetch, clock }: Target): Promise<Outcome> {
  let retryAfter: string | null = null;
  let status = 0;
  // The client's error has no headers.
  const watched: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    retryAfter = response.headers.get('retry-after');
    status = response.status;
    return response;
  };
  try {
    const webhook = new IncomingWebhook(url, { fetch: watched, timeout: TIMEOUT_MS });
    const shown = blocks.length === 0 ? SHOWN_TEXT : { blocks: [...blocks] as never[] };
    const answer = await webhook.send({ text, link_names: false, ...shown });
    // A proxy answers 200 as well.
    if (status === 200 && answer.text.trim() === 'ok') return { status: 'accepted' };
    return { status: 'unanswered', reason: 'the answer was not "ok"' };
  } catch (error) {
    if (isHttpError(error)) {
      return {
        status: 'answered',
        http: error.statusCode,
        retryAfterMs: retryAfterMs(retryAfter, clock.now()),
        word: wordOf(error),
        reason: reasonOf(error),
      };
    }
    // The cause names host and port at most; a request error's own message is only a frame around it.
    const cause = error instanceof Error && 'original' in error ? error.original : error;
    const reason = cause instanceof Error ? (causeCode(cause) ?? nameOf(cause)) : 'no answer';
    const isUnreached = cause instanceof Error && UNREACHED.includes(causeCode(cause) ?? '');
    return { status: isUnreached ? 'unreached' : 'unanswered', reason };
  }
}

/** For a text in the place of blocks, as `verbatim` for those: https://docs.slack.dev/reference/methods/chat.postMessage */
const SHOWN_TEXT = { parse: 'none' } as const;

/**
 * Seconds, or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after. At least a second; null: neither, or nothing to wait
 * for, which would be to ask again and again.
 */
function retryAfterMs(header: string | null, now: Date): number | null {
  const seconds = Number(header?.trim() || Number.NaN);
  const ms = Number.isNaN(seconds) ? Date.parse(header ?? '') - now.getTime() : seconds * SECOND_MS;
  return Number.isNaN(ms) || ms <= 0 ? null : Math.max(SECOND_MS, ms);
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
  user_not_found: 'the user of the webhook is gone',
  no_team: 'the workspace of the webhook is not there',
  team_disabled: 'the workspace of the webhook is disabled',
  invalid_token: 'the address of the webhook is wrong, or it was revoked; store the right one',
  action_prohibited: 'an administrator forbids posts to this channel',
  posting_to_general_channel_denied: 'an administrator forbids posts to this channel',
};

/** `channel_is_archived`; any other body may be a proxy's page, which can repeat the address. */
function wordOf({ body }: IncomingWebhookHTTPError): string | null {
  return body !== undefined && /^[a-z_]{2,60}$/.test(body) ? body : null;
}

function reasonOf(error: IncomingWebhookHTTPError): string {
  const { statusCode } = error;
  const word = wordOf(error);
  if (word === null) return `HTTP ${statusCode}`;
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
