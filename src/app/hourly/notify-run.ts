import { rememberRun } from '../../incidents/lifecycle.ts';
import type { State } from '../../incidents/state.ts';
import { uncheckedKey } from '../../incidents/unchecked-incidents.ts';
import { DriftError } from '../../model/errors.ts';
import type { Policy } from '../../model/policy.ts';
import type { Clock, Deadline, Log } from '../../model/ports.ts';
import type { TableCounts } from '../../model/report.ts';
import type { CheckResult } from '../check/check.ts';
import type { NotifyFailure } from './failure.ts';
import type { FailureThrottle } from './failure-throttle.ts';
import { NOT_PUBLISHED, type Published, publishReport, tidyReports } from './publish-report.ts';
import { type AlertCounts, notificationBudgetMs, type SendResult, sendAlerts } from './send-alerts.ts';
import type { OpenedState, StateSession } from './state-session.ts';
import type { TimedPorts } from './time-shares.ts';

/** What became of the alerts and the page of a run. */
export type Notified = SendResult & { readonly published: Published };

interface NotifyOptions {
  readonly result: CheckResult;
  readonly policy: Policy;
  readonly project: string;
  /** By which waivers were judged, too. */
  readonly now: Date;
  readonly ports: Pick<TimedPorts, 'channel' | 'reports' | 'account'>;
  readonly notifyFailure: NotifyFailure;
  readonly throttle: FailureThrottle;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadline: Deadline;
}

/** What the run found is remembered, published as a page and told; or, without a state, that it is lost. */
export async function notifyRun(opened: OpenedState, options: NotifyOptions): Promise<Notified> {
  if (opened.status === 'unavailable') return notifyLostState(opened.error, options);
  const notified = await notifyByState(opened.session, options);
  if (notified.isSilent && notified.error?.code === 'StateUnavailable') {
    await notifyLostState(notified.error, options);
  } else if (options.result.nothingRead === null) {
    options.throttle.reset();
  }
  return notified;
}

async function notifyByState(session: StateSession, options: NotifyOptions): Promise<Notified> {
  const { result, policy, project, now, ports, clock, log, deadline } = options;
  const { report, scan, nothingRead } = result;
  const { state, isKept } = session;
  const advanced = rememberRun(state, {
    now,
    channel: ports.channel.id,
    report,
    scan,
    policy,
    // Without a state no table is ever unchecked for the second time.
    alertImmediately: nothingRead !== null || !isKept,
    nothingRead: nothingRead !== null,
  });
  const seen = new Set([
    ...report.findings.map(({ fingerprint }) => fingerprint),
    ...report.unchecked.map(uncheckedKey),
  ]);
  // Another run that has taken over has a newer page.
  const published = isHeld(session)
    ? await publishReport(
        { reports: ports.reports, account: ports.account, log },
        { ...result, waivers: policy.waivers, state: isKept ? advanced : null, now },
      )
    : NOT_PUBLISHED;
  const told = await sendAlerts(advanced, {
    session,
    channel: ports.channel,
    account: ports.account,
    clock,
    deadline,
    now,
    isSeen: (key) => seen.has(key),
    timing: policy.alerts,
    context: {
      project,
      now,
      report,
      scan,
      minimumSeverity: policy.minimumSeverity,
      cause: nothingRead?.code === 'ProjectNotFound' ? nothingRead.message : null,
      memory: isKept ? (isFirst(state, now) ? 'first' : 'kept') : 'none',
      reportUrl: published.url,
      reportProblem: published.error?.message ?? null,
    },
  });
  if (notificationBudgetMs(deadline) > 0) await tidyReports(ports.reports, now, log);
  return { ...told, published };
}

function isHeld(session: StateSession): boolean {
  try {
    session.assertHeld();
    return true;
  } catch (error) {
    if (error instanceof DriftError) return false;
    throw error;
  }
}

/** No run before this one has read anything, and no attempt at this one has told of it. */
function isFirst({ history, messages }: State, now: Date): boolean {
  const at = now.toISOString();
  const sent = Object.values(messages.channels).flat();
  const isTold = messages.runAt === at && sent.some(({ status }) => status === 'sent');
  const hasRead = ({ inSync, drifted }: TableCounts) => inSync + drifted > 0;
  return !isTold && history.every((point) => point.at === at || !hasRead(point.tables));
}

const NOTHING_TOLD: AlertCounts = { opened: 0, changed: 0, reminded: 0, resolved: 0 };

/** What is new cannot be known: that is told, and how much is there, but not the findings over and over. */
async function notifyLostState(
  error: DriftError,
  { result: { report }, project, notifyFailure }: NotifyOptions,
): Promise<Notified> {
  const failure = { code: error.code, message: error.message };
  await notifyFailure(failure, { type: 'lost-state', project, failure, report });
  return { counts: NOTHING_TOLD, error, isSilent: false, published: NOT_PUBLISHED };
}
