import type { Channel, Message } from '../../incidents/channel.ts';
import { rememberFailure } from '../../incidents/lifecycle.ts';
import type { FailureRecord } from '../../incidents/state.ts';
import type { AlertTiming } from '../../model/policy.ts';
import type { Clock, Deadline, Log } from '../../model/ports.ts';
import type { FailureThrottle } from './failure-throttle.ts';
import { logError } from './run-log.ts';
import { momentOf } from './run-moment.ts';
import { notificationBudgetMs, sendAlerts } from './send-alerts.ts';
import type { OpenedState } from './state-session.ts';

/** As for a critical finding by default: without valid files there is no policy. */
const FAILURE_TIMING: AlertTiming = {
  remindAfterMs: { critical: 4 * 3_600_000, warning: null, info: null },
  uncheckedAfterRuns: 1,
};

/** A run without a result is told as loudly as drift: by the state where there is one, else as the process remembers. */
export async function notifyFailedRun(
  failure: FailureRecord,
  {
    opened,
    channel,
    account,
    notifyFailure,
    project,
    clock,
    log,
    deadline,
    now: scheduledAt,
  }: {
    readonly opened: OpenedState;
    readonly channel: Channel;
    readonly account: () => Promise<string | null>;
    readonly notifyFailure: NotifyFailure;
    readonly project: string;
    readonly clock: Clock;
    readonly log: Log;
    readonly deadline: Deadline;
    readonly now: Date;
  },
): Promise<void> {
  if (opened.status === 'unavailable' || !opened.session.isKept) {
    await notifyFailure(failure);
    return;
  }
  const { session } = opened;
  const now = momentOf({ now: scheduledAt, clock }, session.state);
  const advanced = rememberFailure(session.state, { now, channel: channel.id, failure });
  const { error: notTold } = await sendAlerts(advanced, {
    session,
    channel,
    account,
    clock,
    deadline,
    now,
    isSeen: (key) => advanced.failures.some((record) => record.key === key),
    timing: FAILURE_TIMING,
    context: {
      project,
      now,
      report: null,
      scan: null,
      minimumSeverity: 'critical',
      cause: null,
      memory: 'kept',
      reportUrl: null,
      reportProblem: null,
    },
  });
  if (notTold !== null) logError(log, notTold);
}

/** Tells of a failure that no state remembers. */
export type NotifyFailure = (failure: FailureRecord, message?: Message) => Promise<void>;

export function failureNotifier({
  channel,
  throttle,
  project,
  log,
  deadline,
}: {
  readonly channel: Channel;
  readonly throttle: FailureThrottle;
  /** null: not known. */
  readonly project: string | null;
  readonly log: Log;
  readonly deadline?: Pick<Deadline, 'allMs'>;
}): NotifyFailure {
  return async (failure, message = { type: 'failure', project, failure }) => {
    if (channel.status === 'not-set-up' || !throttle.shouldNotify(failure)) return;
    const limits = deadline === undefined ? {} : { maxMs: notificationBudgetMs(deadline) };
    const delivery = await channel.deliver(message, limits);
    throttle.recordDelivery(failure, delivery.status);
    if (delivery.status !== 'sent') logError(log, delivery.error);
  };
}
