import type { AlertTiming } from '../model/policy.ts';
import type { Alert, AlertEvent, Item } from './alert.ts';
import { createSharing } from './sharing.ts';
import { type DeliveryStatus, type Incident, type State, TOPICS, type Topic } from './state.ts';
import { dueSince, markNotified, pendingEvent } from './transitions.ts';

/** Of one scheduled run, all its attempts together. */
const MAX_MESSAGES = 3;

/**
 * The messages that are due, most urgent first, at most three a run: what does not fit is due in the next. `isSeen`
 * tells by key what this attempt saw.
 */
export function alertsDue(
  state: State,
  {
    now,
    isSeen,
    timing,
  }: { readonly now: Date; readonly isSeen: (key: string) => boolean; readonly timing: AlertTiming },
): readonly Alert[] {
  const itemsOf = <About>(records: readonly Incident<About>[]): readonly Item<About>[] =>
    records.flatMap((record) => {
      const { remindAfterMs } = timing;
      const news = pendingEvent(record, { now, isSeen: isSeen(record.key), remindAfterMs });
      return news === null ? [] : [{ record, news }];
    });
  const items = {
    findings: itemsOf(state.findings),
    unchecked: itemsOf(state.unchecked),
    failures: itemsOf(state.failures),
  };
  const { list } = state.messages;
  const room = MAX_MESSAGES - list.filter(({ status }) => status !== 'refused').length;
  const due = TOPICS.map((topic): Alert => {
    // Slack may have posted them, and did not say so: the next scheduled run tells them again.
    const doubtful = new Set(
      list.flatMap((message) =>
        message.topic === topic && message.status === 'unknown' ? message.about : [],
      ),
    );
    const isToldHere = (first: Topic) => (item: Item<unknown>) =>
      topicOf(item, first) === topic && !doubtful.has(item.record.key);
    return {
      topic,
      findings: items.findings.filter(isToldHere('drift')),
      unchecked: items.unchecked.filter(isToldHere('unchecked')),
      failures: items.failures.filter(isToldHere('drift')),
    };
  }).filter((alert) => keysOf(alert).length > 0);
  const first = due.toSorted((one, other) => rankOf(one, timing) - rankOf(other, timing));
  const told = new Set(first.slice(0, Math.max(0, room)));
  return due.filter((alert) => told.has(alert));
}

/** What is new comes first; of the rest what has waited longest, so that nothing waits for ever. */
function rankOf(alert: Alert, { remindAfterMs }: AlertTiming): number {
  if (alert.topic === 'drift' || alert.topic === 'unchecked') return 0;
  const items: readonly Item<unknown>[] = [...alert.findings, ...alert.unchecked, ...alert.failures];
  return items.reduce(
    (first, { record, news }) => Math.min(first, dueSince(record, { news, remindAfterMs })),
    Number.POSITIVE_INFINITY,
  );
}

/** `first` is the topic under which a thing of its kind is told at first. */
function topicOf({ record, news }: Item<unknown>, first: Topic): Topic {
  const topics: Readonly<Record<AlertEvent, Topic>> = {
    opened: first,
    escalated: first,
    changed: first,
    reminded: 'still-open',
    flapping: 'still-open',
    // What is waived is as it was.
    closed: record.closing?.how === 'waived' ? 'still-open' : 'resolved',
  };
  return topics[news];
}

function keysOf({ findings, unchecked, failures }: Alert): readonly string[] {
  return [...findings, ...unchecked, ...failures].map(({ record }) => record.key);
}

/** What is remembered of a message that was sent, or of the attempt at it. */
export function afterSending(
  state: State,
  { alert, status, now }: { readonly alert: Alert; readonly status: DeliveryStatus; readonly now: Date },
): State {
  const { runAt, list } = state.messages;
  const messages = { runAt, list: [...list, { topic: alert.topic, status, about: keysOf(alert) }] };
  if (status !== 'sent') return { ...state, messages };
  return {
    ...state,
    messages,
    findings: applyDelivery(state.findings, alert.findings, now),
    unchecked: applyDelivery(state.unchecked, alert.unchecked, now),
    failures: applyDelivery(state.failures, alert.failures, now),
  };
}

function applyDelivery<About>(
  records: readonly Incident<About>[],
  items: readonly Item<About>[],
  now: Date,
): readonly Incident<About>[] {
  if (items.length === 0) return records;
  const news = new Map(items.map((item) => [item.record.key, item.news]));
  const shared = createSharing();
  return records.map((record) => {
    const told = news.get(record.key);
    return told === undefined ? record : shared(markNotified(record, now, told));
  });
}
