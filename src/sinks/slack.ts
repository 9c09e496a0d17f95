import { IncomingWebhook, type IncomingWebhookHTTPError } from '@slack/webhook';
import { DriftError } from '../model/errors.ts';
import type { AlertSink } from '../model/ports.ts';

/** Without a limit of its own the client would wait for ever. */
const TIMEOUT_MS = 15_000;

/** Posts to one incoming webhook. Its address is a secret: no error carries it. */
export function createSlackSink({
  url,
  fetch,
}: {
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
}): AlertSink {
  const webhook = new IncomingWebhook(url, { fetch, timeout: TIMEOUT_MS });
  return {
    async send({ text, blocks }) {
      try {
        await webhook.send({ text, blocks: [...blocks] as never[] });
      } catch (error) {
        throw new DriftError('SinkRejected', `Slack did not accept the message: ${reasonOf(error)}`);
      }
    },
  };
}

function reasonOf(error: unknown): string {
  if (isHttpError(error)) {
    const status = `HTTP ${error.statusCode}`;
    return isSlackWord(error.body) ? `${error.body} (${status})` : status;
  }
  // The cause names host and port at most; a request error's own message is only a frame around it.
  const cause = error instanceof Error && 'original' in error ? error.original : error;
  return cause instanceof Error ? `${cause.name}: ${causeCode(cause)}` : 'no answer';
}

/** `channel_is_archived`; any other body may be a proxy's page, which can repeat the address. */
function isSlackWord(body: string | undefined): body is string {
  return /^[a-z_]{2,60}$/.test(body ?? '');
}

function causeCode(error: Error): string {
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
}

function isHttpError(error: unknown): error is IncomingWebhookHTTPError {
  return error instanceof Error && 'code' in error && error.code === 'slack_webhook_http_error';
}
