import type { Alert, AlertEvent } from '../../incidents/alert.ts';
import { afterSending, alertsDue, sentMessages } from '../../incidents/batching.ts';
import type { Channel, Message, MessageContext } from '../../incidents/channel.ts';
import type { State } from '../../incidents/state.ts';
import { DriftError } from '../../model/errors.ts';
import type { AlertTiming } from '../../model/policy.ts';
import type { Clock, Deadline } from '../../model/ports.ts';
import type { StateSession } from './state-session.ts';

/** How many findings were told. */
export interface AlertCounts {
  readonly opened: number;
  readonly changed: number;
  readonly reminded: number;
  readonly resolved: number;
}

/** What sending came to. */
export interface SendResult {
  readonly counts: AlertCounts;
  /** Why something was not told, or not remembered; null: all was. */
  readonly error: DriftError | null;
  /** Nothing was sent, not even in vain. */
  readonly isSilent: boolean;
}

/** For the state and the heartbeat, which come after the messages. */
const RESERVE_MS = 20_000;

/** Milliseconds that messages may take. */
export function notificationBudgetMs(deadline: Pick<Deadline, 'allMs'>): number {
  return Math.max(0, deadline.allMs() - RESERVE_MS);
}

/**
 * Sends what is due, message by message, and saves after each what the channel has accepted: whatever happens in between,
 * at most that one message is sent again.
 */
export async function sendAlerts(
  advanced: State,
  {
    session,
    channel,
    clock,
    now,
    isSeen,
    timing,
    context,
    account,
    deadline,
  }: {
    readonly session: StateSession;
    readonly channel: Channel;
    readonly clock: Clock;
    readonly now: Date;
    readonly isSeen: (key: string) => boolean;
    readonly timing: AlertTiming;
    readonly context: Omit<MessageContext, 'note' | 'account'>;
    readonly account: () => Promise<string | null>;
    readonly deadline?: Pick<Deadline, 'allMs'>;
  },
): Promise<SendResult> {
  const limits = () => ({
    mayPost: () => session.assertHeld(),
    ...(deadline === undefined ? {} : { maxMs: notificationBudgetMs(deadline) }),
  });
  let state = advanced;
  let counts: AlertCounts = { opened: 0, changed: 0, reminded: 0, resolved: 0 };
  let error: DriftError | null = doubtOf(state, channel);
  let isSilent = true;
  try {
    if (channel.status === 'not-set-up') {
      await session.save(state);
      return { counts, error, isSilent };
    }
    const alerts = alertsDue(advanced, { channel: channel.id, now, isSeen, timing });
    const due = alerts.length === 0 && isNoteDue(state, channel) ? [NOTE_ALONE] : alerts;
    // Where nothing can be remembered, each attempt would send the same again.
    await session.save(state);
    for (const [index, alert] of due.entries()) {
      if (index > 0) await clock.sleep(channel.pauseMs);
      const whom = asksForAccess(alert) ? await account() : null;
      session.assertHeld();
      const message = messageOf(alert, { ...context, note: state.note, account: whom });
      const delivery = await channel.deliver(message, limits());
      isSilent = false;
      state = afterSending(state, { alert, channel: channel.id, status: delivery.status, now });
      if (delivery.status === 'sent') {
        counts = added(counts, alert);
        state = { ...state, note: null };
      } else error ??= delivery.error;
      await session.save(state);
    }
    return { counts, error, isSilent };
  } catch (failure) {
    // What is not remembered is told again: no further message may follow it.
    if (failure instanceof DriftError) return { counts, error: failure, isSilent };
    throw failure;
  }
}

/** Stands in the state for a message with a note and nothing else. */
const NOTE_ALONE: Alert = { topic: 'unchecked', findings: [], unchecked: [], failures: [] };

function messageOf(alert: Alert, context: MessageContext): Message {
  return alert === NOTE_ALONE && context.note !== null
    ? { type: 'note', note: context.note, project: context.project }
    : { type: 'alert', alert, context };
}

/** Unless a message of this run may have told it. */
function isNoteDue(state: State, { id }: Channel): boolean {
  return state.note !== null && sentMessages(state, id).every(({ status }) => status === 'refused');
}

/** An attempt before this one did not hear whether the channel has its message. */
function doubtOf(state: State, { id, name }: Channel): DriftError | null {
  return sentMessages(state, id).some(({ status }) => status === 'unknown')
    ? new DriftError(
        'SinkRejected',
        `${name} may not have the message of an earlier attempt; the next run tells it again`,
      )
    : null;
}

function asksForAccess({ unchecked }: Alert): boolean {
  return unchecked.some(({ record }) => record.subject.reason === 'denied');
}

/** Of what is open. */
const COUNTED: Readonly<Record<AlertEvent, keyof AlertCounts>> = {
  opened: 'opened',
  escalated: 'opened',
  changed: 'changed',
  reminded: 'reminded',
  flapping: 'reminded',
  closed: 'resolved',
};

/** A waiver that begins is told, but nothing is resolved by it. */
function added(counts: AlertCounts, { findings }: Alert): AlertCounts {
  const sum = { ...counts };
  for (const { event, record } of findings) {
    if (record.resolution?.reason === 'waived') continue;
    sum[record.resolution === null ? COUNTED[event] : 'resolved'] += 1;
  }
  return sum;
}
