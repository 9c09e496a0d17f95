import { type Transitions, transitionsOfFirstRun } from '../diff/transitions.ts';
import { DriftError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { SEVERITIES, type Severity } from '../model/kinds.ts';
import type {
  AlertSink,
  Clock,
  Log,
  LogSeverity,
  MetricSink,
  SlackPayload,
  Warehouse,
} from '../model/ports.ts';
import type { Report, Status, TableCounts } from '../model/report.ts';
import { subjectName } from '../render/group.ts';
import { measureFindings, measureRun } from '../render/metric.ts';
import { counted } from '../render/printable.ts';
import { isToldInSlack, renderDrift, renderFailure } from '../render/slack.ts';
import type { Expectation } from '../sources/expected-files.ts';
import { type CheckResult, check } from './check.ts';

/** What one run of the function is given. */
export interface HourlyRun {
  readonly loadExpectation: () => Promise<Expectation>;
  readonly warehouse: Warehouse;
  readonly metrics: MetricSink;
  /** null: no Slack. */
  readonly alerts: AlertSink | null;
  readonly project: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly confirmMs: number;
  /** When the run was scheduled, else now. */
  readonly now: Date;
}

/** How many findings Slack heard of. */
type AlertCounts = { readonly [Told in keyof Transitions]: number };

/** The body of the function's answer. */
export type RunSummary =
  | {
      readonly status: Status;
      readonly tables: TableCounts;
      readonly findings: Readonly<Record<Severity, number>>;
      readonly alerts: AlertCounts;
      readonly report: string | null;
    }
  | {
      readonly status: 'failed';
      readonly error: { readonly code: string; readonly message: string };
      readonly tables?: TableCounts;
      readonly findings?: Readonly<Record<Severity, number>>;
      readonly alerts?: AlertCounts;
    };

/** One hourly run: check, publish, tell; and whatever happens, say whether the run is to be believed. */
export async function runHourly(run: HourlyRun): Promise<RunSummary> {
  const startedAt = run.clock.now();
  const summary = await checkAndTell(run).catch((error: unknown) => failedRun(run, error));
  const seconds = (run.clock.now().getTime() - startedAt.getTime()) / 1000;
  return writeHeartbeat(run, { summary, seconds });
}

async function checkAndTell(run: HourlyRun): Promise<RunSummary> {
  const { datasets, policy, warnings } = await run.loadExpectation();
  const result = await check({ ...run, datasets, policy, warnings });
  const { report, nothingRead } = result;
  if (nothingRead !== null) throw new DriftError(nothingRead.code, nothingRead.message);

  const told = report.findings.filter((finding) => isToldInSlack(finding, policy.minimumSeverity));
  logFindings(run, { report, told });
  const transitions = transitionsOfFirstRun(told);
  const metricsError = await tryTo(() => run.metrics.write(measurements(result)));
  const message = renderDrift({ report, opened: transitions.opened, remembers: false });
  const slackError = await tryTo(() => deliver(run, message));

  const wasHeard = slackError === null && run.alerts !== null;
  const counts = {
    tables: report.tables,
    findings: countBySeverity(report.findings),
    alerts: countAlerts(transitions, wasHeard),
  };
  const errors = [metricsError, slackError].filter((error) => error !== null);
  const [first] = errors;
  if (first === undefined) return { status: report.status, ...counts, report: null };
  const error = { code: first.code, message: errors.map(({ message: text }) => text).join('; ') };
  run.log({ severity: 'ERROR', message: `the run failed: ${error.message}`, code: error.code });
  return { status: 'failed', error, ...counts };
}

function measurements({ report, outcomes }: CheckResult) {
  return measureFindings(report.findings, outcomes, { isComplete: report.unchecked.length === 0 });
}

async function deliver({ alerts }: Pick<HourlyRun, 'alerts'>, message: SlackPayload | null): Promise<void> {
  if (message !== null) await alerts?.send(message);
}

/** A run without a result is told as loudly as drift; a bug is told without its inner words. */
export async function failedRun(
  run: Pick<HourlyRun, 'alerts' | 'log'> & { readonly project: string | null },
  error: unknown,
): Promise<RunSummary> {
  const failure =
    error instanceof DriftError
      ? { code: error.code, message: error.message }
      : { code: 'Internal', message: 'an internal error; the log has its stack' };
  const stack = error instanceof Error && !(error instanceof DriftError) ? { stack_trace: error.stack } : {};
  run.log({ severity: 'ERROR', message: `the run failed: ${failure.message}`, code: failure.code, ...stack });
  const slackError = await tryTo(() => deliver(run, renderFailure({ project: run.project, error: failure })));
  if (slackError !== null) run.log({ severity: 'ERROR', message: slackError.message, code: slackError.code });
  return { status: 'failed', error: failure };
}

/** Last of all, so that it stands for the whole run. */
async function writeHeartbeat(
  run: HourlyRun,
  { summary, seconds }: { readonly summary: RunSummary; readonly seconds: number },
): Promise<RunSummary> {
  const succeeded = summary.status !== 'failed' && isAnyTableRead(summary.tables);
  const error = await tryTo(() => run.metrics.write(measureRun({ succeeded, seconds })));
  if (error === null) return summary;
  run.log({
    severity: 'ERROR',
    message: `the heartbeat was not written: ${error.message}`,
    code: error.code,
  });
  if (summary.status === 'failed') return summary;
  const { tables, findings, alerts } = summary;
  return { status: 'failed', error: { code: error.code, message: error.message }, tables, findings, alerts };
}

/** Where no table is declared there is none to read. */
function isAnyTableRead({ inSync, drifted, unchecked }: TableCounts): boolean {
  return inSync + drifted > 0 || unchecked === 0;
}

/** One failing sink does not stop the others. Only a sink's refusal is an outcome; anything else is a bug. */
async function tryTo(act: () => Promise<void>): Promise<DriftError | null> {
  try {
    await act();
    return null;
  } catch (error) {
    if (error instanceof DriftError) return error;
    throw error;
  }
}

const LOG_SEVERITY: Readonly<Record<Severity, LogSeverity>> = {
  critical: 'CRITICAL',
  warning: 'WARNING',
  info: 'INFO',
};
/** A log entry may hold 256 KB. */
const MAX_LOGGED_UNCHECKED = 100;

/** A line for each finding that is told, and one for the run that counts the others by kind. */
function logFindings(
  run: HourlyRun,
  { report, told }: { readonly report: Report; readonly told: readonly Finding[] },
): void {
  for (const finding of told) {
    const { kind, severity, dataset, table, path, expected, actual, message, fingerprint, consumers, owner } =
      finding;
    const logged = {
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
    };
    run.log({
      severity: LOG_SEVERITY[severity],
      message: `${subjectName(finding)}: ${message}`,
      finding: logged,
    });
  }
  const { status, project, tables, unchecked, warnings } = report;
  const others: Record<string, number> = {};
  for (const { kind } of report.findings.filter((finding) => !told.includes(finding)))
    others[kind] = (others[kind] ?? 0) + 1;
  const slack = run.alerts === null ? ' (SLACK_WEBHOOK_URL is not set: nobody is told)' : '';
  run.log({
    severity: status === 'in-sync' ? 'INFO' : 'WARNING',
    message: `${status} in ${project}: ${counted(tables.inSync, 'table')} in sync, ${tables.drifted} drifted, ${tables.unchecked} unchecked${slack}`,
    run: {
      status,
      tables,
      findings: countBySeverity(report.findings),
      others,
      waived: report.waived.length,
      unchecked: unchecked.slice(0, MAX_LOGGED_UNCHECKED),
      warnings,
    },
  });
}

function countBySeverity(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  return Object.fromEntries(SEVERITIES.map((severity) => [severity, count(severity)])) as Record<
    Severity,
    number
  >;
}

function countAlerts({ opened, changed, reminded, resolved }: Transitions, wasHeard: boolean): AlertCounts {
  const count = (findings: readonly Finding[]) => (wasHeard ? findings.length : 0);
  return {
    opened: count(opened),
    changed: count(changed),
    reminded: count(reminded),
    resolved: count(resolved),
  };
}
