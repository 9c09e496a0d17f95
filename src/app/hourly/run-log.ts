import type { Channel } from '../../incidents/channel.ts';
import { countBySeverity } from '../../incidents/lifecycle.ts';
import type { FailureRecord } from '../../incidents/state.ts';
import { DriftError } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { Log, LogSeverity } from '../../model/ports.ts';
import type { Report } from '../../model/report.ts';
import { isAtLeast, type Severity } from '../../model/severity.ts';
import { counted } from '../../words/printable.ts';
import { subjectName } from '../../words/subject.ts';

/* The lines of the log that a run writes. */

const LOG_SEVERITY: Readonly<Record<Severity, LogSeverity>> = {
  critical: 'CRITICAL',
  warning: 'WARNING',
  info: 'INFO',
};
/** A log entry may hold 256 KB. */
const MAX_LOGGED_UNCHECKED = 100;

/** A line for each finding that is severe enough to be told, and one for the run that counts the others by kind. */
export function logReport(
  log: Log,
  {
    report,
    minimumSeverity,
    channel,
  }: { readonly report: Report; readonly minimumSeverity: Severity; readonly channel: Channel },
): void {
  const others: Record<string, number> = {};
  for (const finding of report.findings) {
    if (isAtLeast(finding.severity, minimumSeverity)) logFinding(log, finding);
    else others[finding.kind] = (others[finding.kind] ?? 0) + 1;
  }
  const { status, project, tables, findings, waived, unchecked, warnings } = report;
  const untold = channel.status === 'ready' ? '' : ` (${channel.setting} is not set: nobody is told)`;
  log({
    severity: status === 'in-sync' ? 'INFO' : 'WARNING',
    message: `${status} in ${project}: ${counted(tables.inSync, 'table')} in sync, ${tables.drifted} drifted, ${tables.unchecked} unchecked${untold}`,
    run: {
      status,
      tables,
      findings: countBySeverity(findings),
      others,
      waived: waived.length,
      unchecked: unchecked.slice(0, MAX_LOGGED_UNCHECKED),
      warnings,
    },
  });
}

function logFinding(log: Log, finding: Finding): void {
  const { kind, severity, dataset, table, path, expected, actual, fingerprint, consumers, owner } = finding;
  log({
    severity: LOG_SEVERITY[severity],
    message: `${subjectName(finding)}: ${finding.message}`,
    finding: {
      kind,
      dataset,
      table,
      path,
      expected,
      actual,
      fingerprint,
      consumers,
      owner,
      findingSeverity: severity,
    },
  });
}

/** What a failed run is told as: of a bug the log alone has the inner words. */
export function logFailure(log: Log, error: unknown): FailureRecord {
  const failure =
    error instanceof DriftError
      ? { code: error.code, message: error.message }
      : { code: 'Internal', message: 'an internal error; the log has its stack' };
  const stack = error instanceof Error && !(error instanceof DriftError) ? { stack_trace: error.stack } : {};
  const message = `the run failed: ${failure.message}`;
  log({ severity: 'ERROR', message, code: failure.code, ...stack });
  return failure;
}

/** Of a part of the run that failed, while others went on. */
export function logError(log: Log, { code, message }: DriftError, what?: string): void {
  log({ severity: 'ERROR', message: what === undefined ? message : `${what}: ${message}`, code });
}
