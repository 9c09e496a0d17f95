import { rememberFailure } from '../../incidents/lifecycle.ts';
import type { FailureRecord } from '../../incidents/state.ts';
import type { AlertTiming } from '../../model/policy.ts';
import type { AlertSink, Clock, Deadline, Log } from '../../model/ports.ts';
import { renderFailure } from '../../slack/failure.ts';
import type { SlackPayload } from '../../slack/payload.ts';
import type { FailureThrottle } from './failure-throttle.ts';
import { logError } from './run-log.ts';
import { momentOf } from './run-moment.ts';
import { notificationBudgetMs, tell } from './send-alerts.ts';
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
    alerts,
    account,
    throttle,
    project,
    clock,
    log,
    deadline,
    now: scheduledAt,
  }: {
    readonly opened: OpenedState;
    readonly alerts: AlertSink<SlackPayload> | null;
    readonly account: () => Promise<string | null>;
    readonly throttle: FailureThrottle;
    readonly project: string;
    readonly clock: Clock;
    readonly log: Log;
    readonly deadline: Deadline;
    readonly now: Date;
  },
): Promise<void> {
  if (opened.status === 'unavailable' || !opened.session.isKept) {
    await notifyFailure(failure, { alerts, log, throttle, project, deadline });
    return;
  }
  const { session } = opened;
  const now = momentOf({ now: scheduledAt, clock }, session.state);
  const advanced = rememberFailure(session.state, { now, failure });
  const { error: notTold } = await tell(advanced, {
    memory: session,
    alerts,
    account,
    clock,
    deadline,
    now,
    isSeen: (key) => advanced.failures.some((record) => record.key === key),
    timing: FAILURE_TIMING,
    scene: {
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

/** Of a failure that no state remembers. */
export async function notifyFailure(
  failure: FailureRecord,
  {
    alerts,
    log,
    throttle,
    project,
    deadline,
    payload = renderFailure({ project, error: failure }),
  }: {
    /** null: no Slack. */
    readonly alerts: AlertSink<SlackPayload> | null;
    readonly log: Log;
    readonly throttle: FailureThrottle;
    /** null: not known. */
    readonly project: string | null;
    readonly deadline?: Pick<Deadline, 'allMs'>;
    readonly payload?: SlackPayload;
  },
): Promise<void> {
  if (alerts === null || !throttle.isNews(failure)) return;
  const limits = deadline === undefined ? {} : { maxMs: notificationBudgetMs(deadline) };
  const delivery = await alerts.send(payload, limits);
  throttle.told(failure, delivery.fate);
  if (delivery.fate !== 'sent') logError(log, delivery.error);
}
