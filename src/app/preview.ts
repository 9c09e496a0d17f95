import { alertsDue } from '../incidents/batching.ts';
import type { Message, MessageContext } from '../incidents/channel.ts';
import { rememberRun } from '../incidents/lifecycle.ts';
import { emptyState } from '../incidents/state.ts';
import type { Policy } from '../model/policy.ts';
import type { CheckResult } from './check/check.ts';

/** None was told anything yet. */
const ANY = 'any';

/** As a first run would tell it; null: nothing is severe enough. */
export function previewMessage(
  { report, scan }: Pick<CheckResult, 'report' | 'scan'>,
  policy: Policy,
): Message | null {
  const now = new Date(report.startedAt);
  const first = emptyState(report.project ?? '');
  const state = rememberRun(first, {
    now,
    channel: ANY,
    report,
    scan,
    policy,
    alertImmediately: true,
    nothingRead: false,
  });
  // What could not be checked stands in the message about drift, where there is any.
  const [alert] = alertsDue(state, { channel: ANY, now, isSeen: () => true, timing: policy.alerts });
  if (alert === undefined) return null;
  const context: MessageContext = {
    project: report.project,
    now,
    report,
    scan,
    cause: null,
    memory: 'asked',
    minimumSeverity: policy.minimumSeverity,
    note: null,
    account: null,
    reportUrl: null,
    reportProblem: null,
  };
  return { type: 'alert', alert, context };
}
