import type { Finding } from '../model/finding.ts';
import { rememberedText } from '../model/remembered-text.ts';
import { SEVERITIES, type Severity } from '../model/severity.ts';
import { rememberFindings, rememberSuppressed } from './finding-incidents.ts';
import { seenNow } from './last-seen.ts';
import type { RunResult } from './run-result.ts';
import type { FailureRecord, SentMessages, State } from './state.ts';
import { applyRun, type Observation } from './transitions.ts';
import { rememberUnchecked } from './unchecked-incidents.ts';

const HISTORY_MS = 30 * 24 * 3_600_000;
const MAX_FAILURE = 4000;

/** What is remembered after a run with a result, before anybody is told of it. */
export function rememberRun(state: State, result: RunResult): State {
  const { now, channel, report, nothingRead } = result;
  const at = now.toISOString();
  return {
    ...state,
    lastRunAt: at,
    messages: messagesOf(state, at),
    findings: rememberFindings(state, result),
    unchecked: rememberUnchecked(state, result),
    failures: applyRun(state.failures, {
      now,
      channel,
      seen: [],
      resolutionOf: () => (nothingRead ? null : { reason: 'repaired' }),
    }),
    seen: seenNow(state.seen, result),
    suppressed: rememberSuppressed(state, result),
    history: [
      ...state.history.filter(
        (point) => point.at !== at && now.getTime() - Date.parse(point.at) < HISTORY_MS,
      ),
      { at, findings: countBySeverity(report.findings), tables: report.tables },
    ],
  };
}

/** What is remembered after a run without a result: of all else nothing new is known. */
export function rememberFailure(
  state: State,
  { now, channel, failure }: Pick<RunResult, 'now' | 'channel'> & { readonly failure: FailureRecord },
): State {
  const at = now.toISOString();
  const message = rememberedText(failure.message);
  const observation: Observation<FailureRecord> = {
    key: 'failure',
    // No message shows more of it.
    subject: { code: failure.code, message: failure.message.slice(0, MAX_FAILURE) },
    severity: 'critical',
    actual: message,
    actualWords: null,
    isAlertable: () => true,
  };
  return {
    ...state,
    messages: messagesOf(state, at),
    failures: applyRun(state.failures, {
      now,
      channel,
      seen: [observation],
      resolutionOf: () => null,
    }),
  };
}

/** A retry goes on where the attempt before it stopped. */
function messagesOf({ messages }: State, runAt: string): SentMessages {
  return messages.runAt === runAt ? messages : { ...messages, runAt, channels: {} };
}

export function countBySeverity(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  return Object.fromEntries(SEVERITIES.map((severity) => [severity, count(severity)])) as Record<
    Severity,
    number
  >;
}
