import type { AlertTiming } from '../model/policy.ts';
import type { Alert, AlertEvent, AlertItem } from './alert.ts';
import { dueSince, lastNotification, markNotified, pendingEvent } from './notifications.ts';
import { createSharing } from './sharing.ts';
import {
  type DeliveryStatus,
  type Incident,
  type SentMessage,
  type State,
  TOPICS,
  type Topic,
} from './state.ts';

/** Of one scheduled run, all its attempts together. */
const MAX_MESSAGES = 3;

/**
 * The messages that a channel is due, most urgent first, at most three a run: what does not fit is due in the next. `isSeen`
 * tells by key what this attempt saw.
 */
export function alertsDue(
  state: State,
  {
    channel,
    now,
    isSeen,
    timing: { remindAfterMs },
  }: {
    readonly channel: string;
    readonly now: Date;
    readonly isSeen: (key: string) => boolean;
    readonly timing: AlertTiming;
  },
): readonly Alert[] {
  const itemsOf = <Subject>(records: readonly Incident<Subject>[]): readonly AlertItem<Subject>[] =>
    records.flatMap((record) => {
      const event = pendingEvent(record, { channel, now, isSeen: isSeen(record.key), remindAfterMs });
      return event === null ? [] : [{ record, event, lastNotification: lastNotification(record, channel) }];
    });
  const items = {
    findings: itemsOf(state.findings),
    unchecked: itemsOf(state.unchecked),
    failures: itemsOf(state.failures),
  };
  const sent = sentMessages(state, channel);
  const room = MAX_MESSAGES - sent.filter(({ status }) => status !== 'refused').length;
  const due = TOPICS.map((topic): Alert => {
    // They may have been posted, and the answer is not known: the next scheduled run tells them again.
    const inDoubt = new Set(
      sent.flatMap((message) =>
        message.topic === topic && message.status === 'unknown' ? message.keys : [],
      ),
    );
    const isToldHere = (first: Topic) => (item: AlertItem<unknown>) =>
      topicOf(item, first) === topic && !inDoubt.has(item.record.key);
    return {
      topic,
      findings: items.findings.filter(isToldHere('drift')),
      unchecked: items.unchecked.filter(isToldHere('unchecked')),
      failures: items.failures.filter(isToldHere('drift')),
    };
  }).filter((alert) => keysOf(alert).length > 0);
  const first = due.toSorted((one, other) => rankOf(one, remindAfterMs) - rankOf(other, remindAfterMs));
  const fitting = new Set(first.slice(0, Math.max(0, room)));
  return due.filter((alert) => fitting.has(alert));
}

/** The channel's messages of this run so far. */
export function sentMessages({ messages }: State, channel: string): readonly SentMessage[] {
  return messages.channels[channel] ?? [];
}

/** What is new comes first; of the rest what has waited longest, so that nothing waits for ever. */
function rankOf(alert: Alert, remindAfterMs: AlertTiming['remindAfterMs']): number {
  if (alert.topic === 'drift' || alert.topic === 'unchecked') return 0;
  const items: readonly AlertItem<unknown>[] = [...alert.findings, ...alert.unchecked, ...alert.failures];
  return items.reduce(
    (first, { record, event, lastNotification: told }) =>
      Math.min(first, dueSince(record, { event, told, remindAfterMs })),
    Number.POSITIVE_INFINITY,
  );
}

/** `first` is the topic under which a thing of its kind is told at first. */
function topicOf({ record, event }: AlertItem<unknown>, first: Topic): Topic {
  const topics: Readonly<Record<AlertEvent, Topic>> = {
    opened: first,
    escalated: first,
    changed: first,
    reminded: 'still-open',
    flapping: 'still-open',
    // What is waived is as it was.
    closed: record.resolution?.reason === 'waived' ? 'still-open' : 'resolved',
  };
  return topics[event];
}

function keysOf({ findings, unchecked, failures }: Alert): readonly string[] {
  return [...findings, ...unchecked, ...failures].map(({ record }) => record.key);
}

/** What is remembered of a message that was sent, or of the attempt at it. */
export function afterSending(
  state: State,
  { alert, channel, status, now }: Delivered & { readonly alert: Alert; readonly status: DeliveryStatus },
): State {
  const message: SentMessage = { topic: alert.topic, status, keys: keysOf(alert) };
  const channels = { ...state.messages.channels, [channel]: [...sentMessages(state, channel), message] };
  const messages = { ...state.messages, channels };
  if (status !== 'sent') return { ...state, messages };
  return {
    ...state,
    messages,
    findings: applyDelivery(state.findings, alert.findings, { channel, now }),
    unchecked: applyDelivery(state.unchecked, alert.unchecked, { channel, now }),
    failures: applyDelivery(state.failures, alert.failures, { channel, now }),
  };
}

interface Delivered {
  readonly channel: string;
  readonly now: Date;
}

function applyDelivery<Subject>(
  records: readonly Incident<Subject>[],
  items: readonly AlertItem<Subject>[],
  delivered: Delivered,
): readonly Incident<Subject>[] {
  if (items.length === 0) return records;
  const events = new Map(items.map(({ record, event }) => [record.key, event]));
  const shared = createSharing();
  return records.map((record) => {
    const event = events.get(record.key);
    return event === undefined ? record : shared(markNotified(record, { ...delivered, event }));
  });
}
