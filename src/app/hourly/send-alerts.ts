import type { Alert, AlertEvent } from '../../incidents/alert.ts';
import { afterSending, alertsDue } from '../../incidents/batching.ts';
import type { State } from '../../incidents/state.ts';
import { DriftError } from '../../model/errors.ts';
import type { AlertTiming } from '../../model/policy.ts';
import type { AlertSink, Clock, Deadline } from '../../model/ports.ts';
import type { MessageContext } from '../../slack/message-context.ts';
import { renderAlert, renderNote } from '../../slack/messages.ts';
import type { SlackPayload } from '../../slack/payload.ts';
import type { StateSession } from './state-session.ts';

/** How many findings Slack heard of. */
export interface AlertCounts {
  readonly opened: number;
  readonly changed: number;
  readonly reminded: number;
  readonly resolved: number;
}

/** What telling came to. */
export interface Told {
  readonly counts: AlertCounts;
  /** Why something was not told, or not remembered; null: all was. */
  readonly error: DriftError | null;
  /** Slack was not spoken to. */
  readonly isSilent: boolean;
}

/** For the state and the heartbeat, which come after Slack. */
const RESERVE_MS = 20_000;

/** Milliseconds that Slack may take. */
export function notificationBudgetMs(deadline: Pick<Deadline, 'allMs'>): number {
  return Math.max(0, deadline.allMs() - RESERVE_MS);
}

/** Slack shows one message a second: https://docs.slack.dev/apis/web-api/rate-limits */
const BETWEEN_MESSAGES_MS = 1000;

/**
 * Sends what is due, message by message, and saves after each what Slack has accepted: whatever happens in between, at
 * most that one message is sent again.
 */
export async function tell(
  advanced: State,
  {
    memory,
    alerts,
    clock,
    now,
    isSeen,
    timing,
    scene,
    account,
    deadline,
  }: {
    readonly memory: StateSession;
    /** null: no Slack. */
    readonly alerts: AlertSink<SlackPayload> | null;
    readonly clock: Clock;
    readonly now: Date;
    readonly isSeen: (key: string) => boolean;
    readonly timing: AlertTiming;
    readonly scene: Omit<MessageContext, 'note' | 'account'>;
    readonly account: () => Promise<string | null>;
    readonly deadline?: Pick<Deadline, 'allMs'>;
  },
): Promise<Told> {
  const limits = () => ({
    mayPost: () => memory.assertHeld(),
    ...(deadline === undefined ? {} : { maxMs: notificationBudgetMs(deadline) }),
  });
  const due = alerts === null ? [] : alertsDue(advanced, { now, isSeen, timing });
  let state = advanced;
  let counts: AlertCounts = { opened: 0, changed: 0, reminded: 0, resolved: 0 };
  let error: DriftError | null = doubtOf(state);
  let isSaved = false;
  let isSilent = true;
  try {
    const isNoteDue = alerts !== null && due.length === 0 && state.note !== null && hasRoomForNote(state);
    // Where nothing can be remembered, each attempt would send the same again.
    if (due.length > 0 || isNoteDue) await memory.save(state);
    for (const [index, alert] of due.entries()) {
      if (index > 0) await clock.sleep(BETWEEN_MESSAGES_MS);
      const whom = asksForAccess(alert) ? await account() : null;
      const payload = renderAlert(alert, { ...scene, note: state.note, account: whom });
      memory.assertHeld();
      const delivery = await alerts?.send(payload, limits());
      if (delivery === undefined) break;
      isSilent = false;
      state = afterSending(state, { alert, fate: delivery.fate, now });
      if (delivery.fate === 'sent') {
        counts = added(counts, alert);
        state = { ...state, note: null };
      } else error ??= delivery.error;
      await memory.save(state);
      isSaved = true;
    }
    if (isNoteDue && state.note !== null) {
      memory.assertHeld();
      const delivery = await alerts.send(renderNote(state.note, scene), limits());
      isSilent = false;
      const note: Alert = { topic: 'unchecked', findings: [], unchecked: [], failures: [] };
      state = afterSending(state, { alert: note, fate: delivery.fate, now });
      if (delivery.fate === 'sent') state = { ...state, note: null };
      else error ??= delivery.error;
    }
    if (!isSaved) await memory.save(state);
    return { counts, error, isSilent };
  } catch (failure) {
    // What is not remembered is told again: no further message may follow it.
    if (failure instanceof DriftError) return { counts, error: failure, isSilent };
    throw failure;
  }
}

/** Slack may have heard it with a message of this run, or has heard enough. */
function hasRoomForNote({ messages: { list } }: State): boolean {
  return list.every(({ fate }) => fate === 'refused');
}

/** An attempt before this one did not hear whether Slack has its message. */
function doubtOf({ messages }: State): DriftError | null {
  return messages.list.some(({ fate }) => fate === 'unknown')
    ? new DriftError(
        'SinkRejected',
        'Slack may not have the message of an earlier attempt; the next run tells it again',
      )
    : null;
}

function asksForAccess({ unchecked }: Alert): boolean {
  return unchecked.some(({ record }) => record.about.reason === 'denied');
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
  for (const { news, record } of findings) {
    if (record.closing?.how === 'waived') continue;
    sum[record.closing === null ? COUNTED[news] : 'resolved'] += 1;
  }
  return sum;
}
