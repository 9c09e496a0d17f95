import type { Expectation } from '../../adapters/folders/expected-files.ts';
import { countBySeverity, rememberFailure, rememberRun, uncheckedKey } from '../../incidents/lifecycle.ts';
import type { FailureRecord, State } from '../../incidents/state.ts';
import { DriftError } from '../../model/errors.ts';
import type { Finding, Subject } from '../../model/finding.ts';
import type { AlertTiming } from '../../model/policy.ts';
import type {
  AlertSink,
  Clock,
  Deadline,
  Log,
  LogSeverity,
  Measurement,
  MetricSink,
  ObjectStore,
  ReportStore,
  Warehouse,
} from '../../model/ports.ts';
import type { Report, Status, TableCounts } from '../../model/report.ts';
import { isAtLeast, type Severity } from '../../model/severity.ts';
import { within } from '../../model/within.ts';
import { measureFindings, measureGone, measureRun } from '../../output/metrics.ts';
import { renderFailure, renderLostState } from '../../slack/failure.ts';
import type { SlackPayload } from '../../slack/payload.ts';
import { counted } from '../../words/printable.ts';
import { subjectName } from '../../words/subject.ts';
import { type CheckResult, check } from '../check/check.ts';
import { starvedBefore } from '../check/starvation.ts';
import { isOfShard, type WorkShard } from '../work-partition.ts';
import { createEnding, type Ending } from './ending.ts';
import type { FailureThrottle } from './failure-throttle.ts';
import { NOT_PUBLISHED, type Published, publishReport, tidyReports } from './publish-report.ts';
import { momentOf } from './run-moment.ts';
import { type AlertCounts, notificationBudgetMs, type Told, tell } from './send-alerts.ts';
import { openStateSession, type StateSession, statelessSession } from './state-session.ts';

/** After its deadline, for what was begun in time; then the run is given up. */
const GRACE_MS = 60_000;
/** For each part of it, however late it begins. */
const LEAST_MS = 10_000;
/** For saying that it was given up. */
const LAST_MS = 20_000;

/** What one run of the function is given. */
export interface HourlyRun {
  /** Once `signal` is aborted nothing more is asked. @throws DriftError */
  readonly loadExpectation: (signal: AbortSignal) => Promise<Expectation>;
  readonly openWarehouse: (deadline: Deadline) => Warehouse;
  readonly metrics: MetricSink;
  /** null: no Slack. */
  readonly alerts: AlertSink<SlackPayload> | null;
  /** null: nothing is remembered. */
  readonly store: ObjectStore | null;
  /** null: there is no place for a report page. */
  readonly reports: ReportStore | null;
  /** Whom to grant access; null: not known. */
  readonly account: () => Promise<string | null>;
  /** For failures that no state remembers. */
  readonly gate: FailureThrottle;
  readonly project: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly confirmMs: number;
  /** null: all datasets are its own. */
  readonly shard: WorkShard | null;
  /** For all of it. */
  readonly deadline: Deadline;
  /** When the run was scheduled, else now. */
  readonly now: Date;
}

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

/**
 * One hourly run: remember, check, publish, tell; and whatever happens, say whether the run is to be believed. null:
 * another run is at it, and this one does nothing.
 */
export async function runHourly(run: HourlyRun): Promise<RunSummary | null> {
  const startedMs = run.clock.elapsedMs();
  const ending = createEnding();
  const late = new DriftError(
    'RunDidNotEnd',
    'the run did not end: it was given up a minute after DEADLINE_SECONDS; what it has not told, the next run tells',
  );
  const ms = run.deadline.allMs() + GRACE_MS;
  const work = () => rememberedRun(bounded({ ...run, ending, startedMs }));
  try {
    return await within(work, { ms, late: () => late, after: run.clock.after });
  } catch (error) {
    if (error !== late) throw error;
    return await giveUp(run, { ending, error: late, startedMs });
  }
}

type BoundedRun = HourlyRun & { readonly ending: Ending; readonly startedMs: number };

async function rememberedRun(run: BoundedRun): Promise<RunSummary | null> {
  const memory = await openState(run);
  if (memory === null) return null;
  try {
    const summary = await checkAndTell(run, memory).catch((error: unknown) => failedRun(run, memory, error));
    run.ending.signal.throwIfAborted();
    return await writeHeartbeat(run, summary);
  } finally {
    if (!(memory instanceof DriftError)) await memory.release();
  }
}

/** For the advice whom to grant access, which Slack would rather not have than wait for. */
const ACCOUNT_MS = 10_000;

/** Nothing waits for ever, and what comes late of a run that was given up is not posted. Who asks is looked up once. */
function bounded(run: BoundedRun): BoundedRun {
  const { alerts, account, reports, clock, deadline, ending } = run;
  const { signal } = ending;
  const late = () => new DriftError('SinkRejected', 'the report pages were given no answer in time');
  // Slack waits for the page, which is not worth all the time that is left.
  const pageMs = () => notificationBudgetMs(deadline) / 2;
  let found: Promise<string | null> | null = null;
  return {
    ...run,
    reports: reports && {
      addressOf: reports.addressOf,
      publish: (page, at) => inTime(run, { ms: pageMs(), late }, (given) => reports.publish(page, at, given)),
      tidy: (now) => inTime(run, { ms: pageMs(), late }, (given) => reports.tidy(now, given)),
    },
    alerts: alerts && {
      send: (payload, { mayPost, ...limits } = {}) =>
        alerts.send(payload, {
          ...limits,
          mayPost() {
            signal.throwIfAborted();
            mayPost?.();
          },
        }),
    },
    account() {
      found ??= within(account, { ms: ACCOUNT_MS, late, after: clock.after }).catch(() => null);
      return found;
    },
  };
}

/** A part of the run with its share of the time; each has at least a little, since it may be all that is heard of the run. */
function inTime<T>(
  { clock, ending }: BoundedRun,
  { ms, late }: { readonly ms: number; readonly late: () => DriftError },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return within(work, { ms: Math.max(ms, LEAST_MS), late, after: clock.after, signal: ending.signal });
}

/** Whatever hangs: the lease is given back, and it is said. What still comes of the run can neither write nor post. */
async function giveUp(
  run: HourlyRun,
  {
    ending,
    error,
    startedMs,
  }: {
    readonly ending: ReturnType<typeof createEnding>;
    readonly error: DriftError;
    readonly startedMs: number;
  },
): Promise<RunSummary> {
  const failure = logFailure(run, error);
  const seconds = (run.clock.elapsedMs() - startedMs) / 1000;
  const late = () => new DriftError('SinkRejected', 'no answer in time');
  const last = async (what: string, act: () => Promise<unknown>) => {
    try {
      await within(act, { ms: LAST_MS, late, after: run.clock.after });
    } catch (problem) {
      run.log({ severity: 'ERROR', message: `the run did not end, and ${what}: ${String(problem)}` });
    }
  };
  await Promise.all([
    last('its lease may not be free', () => ending.end(error)),
    last('Slack may not have heard of it', () => tellFailure(run, failure)),
    last('its heartbeat was not written', () => run.metrics.write(measureRun({ succeeded: false, seconds }))),
  ]);
  return { status: 'failed', error: failure };
}

/** A DriftError: why the state cannot be used, although there should be one. */
async function openState(run: BoundedRun): Promise<StateSession | DriftError | null> {
  const { store, log, project, deadline, clock } = run;
  if (store === null) {
    log({
      severity: 'WARNING',
      message: 'STATE_URI is not set: every run is a first run, so Slack hears of open drift every hour',
    });
    return statelessSession(project);
  }
  const mayTakeMs = deadline.readingMs() / 2;
  const ending = createEnding();
  run.ending.atEnd(() => ending.end(new Error('the run has ended')));
  const open = () => openStateSession({ ...run, store, holder: crypto.randomUUID(), mayTakeMs, ending });
  const late = () =>
    new DriftError('StateUnavailable', `cannot read the state in ${store.uri}: no answer in time`);
  try {
    // Without it all is read and charted the same.
    return await within(open, { ms: mayTakeMs, late, after: clock.after });
  } catch (error) {
    if (!(error instanceof DriftError)) throw error;
    void ending.end(error);
    return error;
  }
}

async function checkAndTell(run: BoundedRun, memory: StateSession | DriftError): Promise<RunSummary> {
  const { datasets, policy, requiredFields, warnings } = await inTime(
    run,
    {
      ms: run.deadline.readingMs(),
      late: () => new DriftError('NoSuchFolder', 'cannot read the expected files: no answer in time'),
    },
    run.loadExpectation,
  );
  const state = memory instanceof DriftError ? null : memory.state;
  const known = new Set(state?.findings.flatMap(({ key, closing }) => (closing === null ? [key] : [])));
  const isKnown = (fingerprint: string) => known.has(fingerprint);
  const starvedRuns = starvedBefore(state?.unchecked ?? []);
  const warehouse = run.openWarehouse(run.deadline);
  const isMine = (dataset: string) => isOfShard(run.shard, dataset);
  const now = state === null ? run.now : momentOf(run, state);
  const result = await check({
    ...run,
    now,
    ...(run.shard === null ? {} : { isMine }),
    starvedRuns,
    warehouse,
    datasets,
    policy,
    requiredFields,
    warnings,
    isKnown,
    openBefore: known.size,
    repairs: 'worst',
  });
  run.ending.signal.throwIfAborted();
  const { report, nothingRead } = result;

  const told = report.findings.filter(({ severity }) => isAtLeast(severity, policy.minimumSeverity));
  logFindings(run, { report, told });
  // Neither waits for the other: each has its own share of the time.
  const [metricsError, telling] = await bothOf(
    tryTo(() => chart(run, measurements(result, state))),
    memory instanceof DriftError
      ? tellOfLostState(run, memory, report)
      : notifyRun({ ...run, now }, memory, { result, policy }),
  );
  const lost = telling.error?.code === 'StateUnavailable' && telling.isSilent ? telling.error : null;
  if (lost !== null) await tellOfLostState(run, lost, report);
  if (!(memory instanceof DriftError) && lost === null && nothingRead === null) run.gate.worked();

  const counts = {
    tables: report.tables,
    findings: countBySeverity(report.findings),
    alerts: telling.counts,
  };
  const unread = nothingRead === null ? null : new DriftError(nothingRead.code, nothingRead.message);
  const { published } = telling;
  const errors = [unread, metricsError, published.error, telling.error].filter((error) => error !== null);
  const [first] = errors;
  if (first === undefined) return { status: report.status, ...counts, report: published.url };
  const error = { code: first.code, message: errors.map(({ message: text }) => text).join('; ') };
  run.log({ severity: 'ERROR', message: `the run failed: ${error.message}`, code: error.code });
  return { status: 'failed', error, ...counts };
}

/** To its end each, also where the other fails. */
async function bothOf<One, Other>(one: Promise<One>, other: Promise<Other>): Promise<[One, Other]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

function chart(run: BoundedRun, points: readonly Measurement[]): Promise<void> {
  const late = () =>
    new DriftError(
      'SinkRejected',
      'Cloud Monitoring did not accept all of the writes in the time of the run',
    );
  return inTime(run, { ms: notificationBudgetMs(run.deadline), late }, (signal) =>
    run.metrics.write(points, signal),
  );
}

function measurements({ report, outcomes }: CheckResult, before: State | null): readonly Measurement[] {
  return [
    ...measureFindings(report.findings, outcomes, { isComplete: report.unchecked.length === 0 }),
    ...measureGone(declaredBefore(before), outcomes),
  ];
}

/** What the state knows to have been declared: what was read, and what was found in its stead. */
function declaredBefore(state: State | null): readonly Subject[] {
  const read = [...(state?.seen ?? [])].flatMap(([dataset, { tables }]): readonly Subject[] => [
    { dataset, table: null },
    ...[...tables.keys()].map((table) => ({ dataset, table })),
  ]);
  const found = (state?.findings ?? [])
    .filter(({ about, closing }) => closing === null && about.kind === 'table-missing')
    .map(({ about: { dataset, table } }) => ({ dataset, table }));
  return [...read, ...found];
}

type Telling = Told & { readonly published: Published };

/** `run.now`: the moment that waivers were judged by, too. */
async function notifyRun(
  run: BoundedRun,
  memory: StateSession,
  { result, policy }: { readonly result: CheckResult; readonly policy: Expectation['policy'] },
): Promise<Telling> {
  const { report, scan, nothingRead } = result;
  const { state, isKept } = memory;
  const { now } = run;
  // Without a memory no table is ever unchecked for the second time.
  const isBlind = nothingRead !== null;
  const isUrgent = isBlind || !isKept;
  const advanced = rememberRun(state, { now, report, scan, policy, isUrgent, isBlind });
  const seen = new Set([
    ...report.findings.map(({ fingerprint }) => fingerprint),
    ...report.unchecked.map(uncheckedKey),
  ]);
  const remembered = isKept ? advanced : null;
  // Another run that has taken over has a newer page.
  const published = !isHeld(memory)
    ? NOT_PUBLISHED
    : await publishReport(run, { ...result, waivers: policy.waivers, state: remembered, now });
  const told = await tell(advanced, {
    ...run,
    memory,
    now,
    isSeen: (key) => seen.has(key),
    timing: policy.alerts,
    scene: {
      project: run.project,
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
  if (notificationBudgetMs(run.deadline) > 0) await tidyReports(run.reports, now, run.log);
  return { ...told, published };
}

function isHeld(memory: StateSession): boolean {
  try {
    memory.assertHeld();
    return true;
  } catch (error) {
    if (error instanceof DriftError) return false;
    throw error;
  }
}

/** No run before this one has read anything, and no attempt at this one has told of it. */
function isFirst({ history, messages }: State, now: Date): boolean {
  const at = now.toISOString();
  const isTold = messages.runAt === at && messages.list.some(({ fate }) => fate === 'sent');
  const hasRead = ({ inSync, drifted }: TableCounts) => inSync + drifted > 0;
  return !isTold && history.every((point) => point.at === at || !hasRead(point.tables));
}

const NOTHING_TOLD: AlertCounts = { opened: 0, changed: 0, reminded: 0, resolved: 0 };

/** What is new cannot be known: that is told, and how much is there, but not the findings over and over. */
async function tellOfLostState(run: BoundedRun, error: DriftError, report: Report): Promise<Telling> {
  const lost = { code: error.code, message: error.message };
  await tellFailure(run, lost, renderLostState({ project: run.project, error: lost, report }));
  return { counts: NOTHING_TOLD, error, isSilent: false, published: NOT_PUBLISHED };
}

/** A run without a result is told as loudly as drift; a bug is told without its inner words. */
async function failedRun(
  run: BoundedRun,
  memory: StateSession | DriftError,
  error: unknown,
): Promise<RunSummary> {
  run.ending.signal.throwIfAborted();
  const failure = logFailure(run, error);
  if (memory instanceof DriftError || !memory.isKept) {
    await tellFailure(run, failure);
    return { status: 'failed', error: failure };
  }
  const now = momentOf(run, memory.state);
  const advanced = rememberFailure(memory.state, { now, failure });
  const { error: notTold } = await tell(advanced, {
    ...run,
    memory,
    now,
    isSeen: (key) => advanced.failures.some((record) => record.key === key),
    timing: FAILURE_TIMING,
    scene: {
      project: run.project,
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
  if (notTold !== null) run.log({ severity: 'ERROR', message: notTold.message, code: notTold.code });
  return { status: 'failed', error: failure };
}

/** As for a critical finding by default: without valid files there is no policy. */
const FAILURE_TIMING: AlertTiming = {
  remindAfterMs: { critical: 4 * 3_600_000, warning: null, info: null },
  uncheckedAfterRuns: 1,
};

export function logFailure({ log }: Pick<HourlyRun, 'log'>, error: unknown): FailureRecord {
  const failure =
    error instanceof DriftError
      ? { code: error.code, message: error.message }
      : { code: 'Internal', message: 'an internal error; the log has its stack' };
  const stack = error instanceof Error && !(error instanceof DriftError) ? { stack_trace: error.stack } : {};
  const message = `the run failed: ${failure.message}`;
  log({ severity: 'ERROR', message, code: failure.code, ...stack });
  return failure;
}

/** For a run that remembers nothing. */
export async function tellFailure(
  {
    alerts,
    log,
    gate,
    project,
    deadline,
  }: Pick<HourlyRun, 'alerts' | 'log' | 'gate'> & {
    readonly project: string | null;
    readonly deadline?: Pick<Deadline, 'allMs'>;
  },
  failure: FailureRecord,
  payload: SlackPayload = renderFailure({ project, error: failure }),
): Promise<void> {
  if (alerts === null || !gate.isNews(failure)) return;
  const delivery = await alerts.send(
    payload,
    deadline === undefined ? {} : { maxMs: notificationBudgetMs(deadline) },
  );
  gate.told(failure, delivery.fate);
  if (delivery.fate === 'sent') return;
  log({ severity: 'ERROR', message: delivery.error.message, code: delivery.error.code });
}

/** Last of all, so that it stands for the whole run. */
async function writeHeartbeat(run: BoundedRun, summary: RunSummary): Promise<RunSummary> {
  const seconds = (run.clock.elapsedMs() - run.startedMs) / 1000;
  const succeeded = summary.status !== 'failed' && isAnyTableRead(summary.tables);
  const late = () => new DriftError('SinkRejected', 'Cloud Monitoring gave no answer in the time of the run');
  const error = await tryTo(() =>
    inTime(run, { ms: run.deadline.allMs(), late }, (signal) =>
      run.metrics.write(measureRun({ succeeded, seconds }), signal),
    ),
  );
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
  const isTold = new Set(told);
  for (const { kind } of report.findings.filter((finding) => !isTold.has(finding)))
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
