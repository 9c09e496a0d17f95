import { z } from 'zod';
import { createFaultFinder, type Repetition } from './faults.ts';
import { type Reply, startLocalServer, textReply } from './http.ts';
import { blocksSchema, countText } from './slack-blocks.ts';

const payloadSchema = z.looseObject({
  text: z.string().optional(),
  blocks: z.array(z.unknown()).optional(),
  attachments: z.array(z.looseObject({ blocks: z.array(z.unknown()).optional() })).optional(),
});

/** A message as Slack took it. Keys a webhook cannot set, such as channel, are kept but have no effect. */
export type SlackPayload = z.infer<typeof payloadSchema>;

export interface SlackMessage {
  at: Date;
  payload: SlackPayload;
}

/** Answers a post in place of Slack. `accept-then-reset` posts the message and then drops the connection. */
export interface SlackFault extends Repetition {
  /** Only of messages with blocks. */
  of?: 'blocks';
  answer:
    | { status: number; body?: string /** Seconds. */; retryAfter?: number }
    | 'reset'
    | 'hang'
    | 'accept-then-reset';
}

export interface SlackEmulator {
  webhookUrl: string;
  /** What the channel shows. */
  messages: SlackMessage[];
  refused: { status: number; word: string }[];
  /** May be changed between requests. */
  faults: SlackFault[];
  close(): Promise<void>;
}

const WEBHOOK = '/services/T000/B000';
const SECRET = 'XXXX';
/** Slack shows one message a second per webhook. */
const MESSAGE_INTERVAL_MS = 1000;
const MOST_ATTACHMENTS = 100;
const LONGEST_TEXT = 40_000;
/** Not documented; measured by users. */
const MOST_BLOCK_TEXT = 13_200;

/** Starts a stand-in for one incoming webhook. */
export async function startSlackEmulator(
  options: { now?: () => Date; enforceRate?: boolean } = {},
): Promise<SlackEmulator> {
  const { now = () => new Date(), enforceRate = false } = options;
  const messages: SlackMessage[] = [];
  const refused: { status: number; word: string }[] = [];
  const faults: SlackFault[] = [];
  const findFault = createFaultFinder();

  const server = await startLocalServer((request, body) => {
    const { path } = request;
    if (!path.startsWith(`${WEBHOOK}/`)) return refuse(404, 'no_service');
    if (path !== `${WEBHOOK}/${SECRET}`) return refuse(403, 'invalid_token');
    if (request.method !== 'POST') return refuse(405, 'method_not_allowed');

    const hasBlocks = (parsePayload(body)?.blocks?.length ?? 0) > 0;
    const fault = findFault(faults, ({ of }) => of === undefined || hasBlocks)?.answer;
    if (fault === 'reset' || fault === 'hang') return fault;
    if (typeof fault === 'object') return refuse(fault.status, fault.body ?? '', fault.retryAfter);
    const reply = post(body);
    return fault === undefined ? reply : 'reset';
  });

  function post(body: string): Reply {
    const at = now();
    const latest = messages.at(-1);
    if (enforceRate && latest !== undefined && at.getTime() - latest.at.getTime() < MESSAGE_INTERVAL_MS) {
      return refuse(429, 'rate_limited', 1);
    }
    const payload = parsePayload(body);
    const word = payload === undefined ? 'invalid_payload' : findProblem(payload);
    if (payload === undefined || word !== undefined) return refuse(400, word ?? 'invalid_payload');
    messages.push({ at, payload: truncate(payload) });
    return textReply(200, 'ok');
  }

  function refuse(status: number, word: string, retryAfter?: number): Reply {
    refused.push({ status, word });
    return textReply(status, word, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) });
  }

  return { webhookUrl: `${server.url}${WEBHOOK}/${SECRET}`, messages, refused, faults, close: server.close };
}

function parsePayload(body: string): SlackPayload | undefined {
  try {
    return payloadSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

/** Slack's word for what is wrong with a payload; undefined when it can be posted. */
function findProblem({ text, blocks = [], attachments = [] }: SlackPayload): string | undefined {
  if (attachments.length > MOST_ATTACHMENTS) return 'too_many_attachments';
  if (!text && blocks.length === 0 && attachments.length === 0) return 'no_text';
  const lists = [blocks, ...attachments.map((attachment) => attachment.blocks ?? [])];
  if (!lists.every((list) => blocksSchema.safeParse(list).success)) return 'invalid_blocks';
  if (countText(lists) > MOST_BLOCK_TEXT) return 'msg_blocks_too_long';
  return undefined;
}

function truncate(payload: SlackPayload): SlackPayload {
  if (payload.text === undefined) return payload;
  return { ...payload, text: payload.text.slice(0, LONGEST_TEXT) };
}
