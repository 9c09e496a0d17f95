import type { Channel } from '../../incidents/channel.ts';
import type { State } from '../../incidents/state.ts';
import { DriftError } from '../../model/errors.ts';
import type { Expectation, ExpectedSource } from '../../model/expectation.ts';
import type {
  Clock,
  Deadline,
  Log,
  MetricSink,
  ObjectStore,
  ReportStore,
  Warehouse,
} from '../../model/ports.ts';
import { within } from '../../model/within.ts';
import { type CheckResult, check } from '../check/check.ts';
import { starvedBefore } from '../check/starvation.ts';
import { isOfPartition, type WorkPartition } from '../work-partition.ts';
import { createEnding, type Ending } from './ending.ts';
import { failureNotifier, type NotifyFailure, notifyFailedRun } from './failure.ts';
import type { FailureThrottle } from './failure-throttle.ts';
import { giveUp } from './give-up.ts';
import { notifyRun } from './notify-run.ts';
import { logFailure, logReport } from './run-log.ts';
import { chartFindings, chartHeartbeat } from './run-metrics.ts';
import { momentOf } from './run-moment.ts';
import { type RunSummary, summaryOf } from './run-summary.ts';
import { type OpenedState, openState } from './state-session.ts';
import { type TimedPorts, timedPorts } from './time-shares.ts';

/** After its deadline, for what was begun in time; then the run is given up. */
const GRACE_MS = 60_000;

/** What one run of the function is given. */
export interface HourlyRun {
  readonly loadExpectation: ExpectedSource;
  readonly openWarehouse: (deadline: Deadline) => Warehouse;
  readonly metrics: MetricSink;
  readonly channel: Channel;
  /** null: nothing is remembered. */
  readonly store: ObjectStore | null;
  /** null: there is no place for a report page. */
  readonly reports: ReportStore | null;
  /** Whom to grant access; null: not known. */
  readonly account: () => Promise<string | null>;
  /** For failures that no state remembers. */
  readonly throttle: FailureThrottle;
  readonly project: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly confirmMs: number;
  /** null: all datasets are its own. */
  readonly partition: WorkPartition | null;
  /** For all of it. */
  readonly deadline: Deadline;
  /** When the run was scheduled, else now. */
  readonly now: Date;
}

/**
 * One hourly run: open the state, check, chart, notify; and whatever happens, say whether the run is to be believed. null:
 * another run is at it, and this one does nothing.
 */
export async function runHourly(run: HourlyRun): Promise<RunSummary | null> {
  const { metrics, channel, throttle, project, clock, log, deadline } = run;
  const startedMs = clock.elapsedMs();
  const secondsSoFar = () => (clock.elapsedMs() - startedMs) / 1000;
  const ending = createEnding();
  const error = new DriftError(
    'RunDidNotEnd',
    'the run did not end: it was given up a minute after DEADLINE_SECONDS; what it has not told, the next run tells',
  );
  const ms = deadline.allMs() + GRACE_MS;
  try {
    const work = () => wholeRun(run, { ending, secondsSoFar });
    return await within(work, { ms, late: () => error, after: clock.after });
  } catch (thrown) {
    if (thrown !== error) throw thrown;
    const seconds = secondsSoFar();
    const notifyFailure = failureNotifier({ channel, throttle, project, log, deadline });
    return giveUp(error, { ending, seconds, metrics, channel, notifyFailure, clock, log });
  }
}

async function wholeRun(
  run: HourlyRun,
  { ending, secondsSoFar }: { readonly ending: Ending; readonly secondsSoFar: () => number },
): Promise<RunSummary | null> {
  const { loadExpectation, metrics, reports, store, throttle, project, clock, log, partition, deadline } =
    run;
  const ports = timedPorts({
    loadExpectation,
    metrics,
    channel: run.channel,
    reports,
    account: run.account,
    clock,
    deadline,
    ending,
  });
  const { channel, account } = ports;
  const opened = await openState({ store, channel, project, partition, clock, log, deadline, ending });
  if (opened.status === 'busy') return null;
  const notifyFailure = failureNotifier({ channel, throttle, project, log, deadline });
  try {
    const summary = await checkAndNotify(run, { ports, opened, notifyFailure, ending }).catch(
      async (error: unknown): Promise<RunSummary> => {
        ending.signal.throwIfAborted();
        const failure = logFailure(log, error);
        const { now } = run;
        await notifyFailedRun(failure, {
          opened,
          now,
          channel,
          account,
          notifyFailure,
          project,
          clock,
          log,
          deadline,
        });
        return { status: 'failed', error: failure };
      },
    );
    ending.signal.throwIfAborted();
    return await chartHeartbeat(summary, { seconds: secondsSoFar(), ports, log });
  } finally {
    if (opened.status === 'open') await opened.session.release();
  }
}

async function checkAndNotify(
  run: HourlyRun,
  {
    ports,
    opened,
    notifyFailure,
    ending,
  }: {
    readonly ports: TimedPorts;
    readonly opened: OpenedState;
    readonly notifyFailure: NotifyFailure;
    readonly ending: Ending;
  },
): Promise<RunSummary> {
  const { throttle, project, clock, log, deadline } = run;
  const expectation = await ports.loadExpectation();
  const { policy } = expectation;
  const before = opened.status === 'open' ? opened.session.state : null;
  const now = before === null ? run.now : momentOf(run, before);
  const result = await checkAfter(before, { run, expectation, now });
  ending.signal.throwIfAborted();
  const { minimumSeverity } = policy;
  logReport(log, { report: result.report, minimumSeverity, channel: run.channel });
  // Neither waits for the other: each has its own share of the time.
  const [metricsError, notified] = await bothOf(
    chartFindings(result, { before, ports }),
    notifyRun(opened, { result, policy, project, now, ports, notifyFailure, throttle, clock, log, deadline }),
  );
  return summaryOf(result, { metricsError, notified, log });
}

/** What is open since earlier runs needs no second read, and who was left out longest comes first. */
function checkAfter(
  before: State | null,
  {
    run,
    expectation,
    now,
  }: { readonly run: HourlyRun; readonly expectation: Expectation; readonly now: Date },
): Promise<CheckResult> {
  const { openWarehouse, project, clock, confirmMs, deadline, partition } = run;
  const { datasets, policy, requiredFields, warnings } = expectation;
  const open = before?.findings.filter(({ resolution }) => resolution === null) ?? [];
  const known = new Set(open.map(({ key }) => key));
  return check({
    warehouse: openWarehouse(deadline),
    datasets,
    policy,
    requiredFields,
    warnings,
    project,
    clock,
    confirmMs,
    deadline,
    now,
    isKnown: (fingerprint) => known.has(fingerprint),
    open: [...open, ...(before?.suppressed ?? [])],
    openBefore: known.size,
    starvedRuns: starvedBefore(before?.unchecked ?? []),
    repairs: 'worst',
    ...(partition === null ? {} : { isMine: (dataset: string) => isOfPartition(partition, dataset) }),
  });
}

/** To its end each, also where the other fails. */
async function bothOf<One, Other>(one: Promise<One>, other: Promise<Other>): Promise<[One, Other]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}
