import type { Channel, Delivery, SendLimits } from '../incidents/channel.ts';
import { renderMessage } from './messages.ts';
import type { SlackPayload } from './payload.ts';

/** What takes a message to Slack. */
export interface SlackWebhook {
  /** @throws whatever `mayPost` throws */
  send(payload: SlackPayload, limits?: SendLimits): Promise<Delivery>;
}

/** Slack shows one message a second: https://docs.slack.dev/apis/web-api/rate-limits */
const PAUSE_MS = 1000;

/** null: no webhook is configured. */
export function createSlackChannel(webhook: SlackWebhook | null): Channel {
  const identity = { id: 'slack', name: 'Slack', setting: 'SLACK_WEBHOOK_URL' };
  if (webhook === null) return { ...identity, status: 'not-set-up' };
  return {
    ...identity,
    status: 'ready',
    pauseMs: PAUSE_MS,
    deliver: (message, limits) => webhook.send(renderMessage(message), limits),
  };
}
