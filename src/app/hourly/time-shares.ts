import type { Channel } from '../../incidents/channel.ts';
import { DriftError } from '../../model/errors.ts';
import type { Expectation, ExpectedSource } from '../../model/expectation.ts';
import type { Clock, Deadline, Measurement, MetricSink, ReportStore } from '../../model/ports.ts';
import { within } from '../../model/within.ts';
import type { Ending } from './ending.ts';
import { notificationBudgetMs } from './send-alerts.ts';

/** For each part of a run, however late it begins: it may be all that is heard of the run. */
const LEAST_MS = 10_000;
/** For the advice whom to grant access, which no message waits for any longer. */
const ACCOUNT_MS = 10_000;

/** What a run asks of its surroundings, each with its share of the run's time. */
export interface TimedPorts {
  /** @throws DriftError */
  loadExpectation(): Promise<Expectation>;
  /** @throws DriftError `SinkRejected` */
  writeFindings(points: readonly Measurement[]): Promise<void>;
  /** @throws DriftError `SinkRejected` */
  writeHeartbeat(points: readonly Measurement[]): Promise<void>;
  readonly channel: Channel;
  readonly reports: ReportStore | null;
  /** Looked up once. */
  account(): Promise<string | null>;
}

/** Nothing waits for ever, and what comes late of a run that was given up is not posted. */
export function timedPorts({
  loadExpectation,
  metrics,
  channel,
  reports,
  account,
  clock,
  deadline,
  ending,
}: {
  readonly loadExpectation: ExpectedSource;
  readonly metrics: MetricSink;
  readonly channel: Channel;
  readonly reports: ReportStore | null;
  readonly account: () => Promise<string | null>;
  readonly clock: Pick<Clock, 'after'>;
  readonly deadline: Deadline;
  readonly ending: Ending;
}): TimedPorts {
  const { after } = clock;
  const { signal } = ending;
  function inTime<T>(ms: number, late: () => DriftError, work: (given: AbortSignal) => Promise<T>) {
    return within(work, { ms: Math.max(ms, LEAST_MS), late, after, signal });
  }
  const rejected = (message: string) => () => new DriftError('SinkRejected', message);
  const noPage = rejected('the report pages were given no answer in time');
  const notAllWritten = rejected('Cloud Monitoring did not accept all of the writes in the time of the run');
  const noHeartbeat = rejected('Cloud Monitoring gave no answer in the time of the run');
  const noFiles = () => new DriftError('NoSuchFolder', 'cannot read the expected files: no answer in time');
  // Messages wait for the page, which is not worth all the time that is left.
  const pageMs = () => notificationBudgetMs(deadline) / 2;
  let found: Promise<string | null> | null = null;
  return {
    loadExpectation: () => inTime(deadline.readingMs(), noFiles, loadExpectation),
    writeFindings: (points) =>
      inTime(notificationBudgetMs(deadline), notAllWritten, (given) => metrics.write(points, given)),
    writeHeartbeat: (points) =>
      inTime(deadline.allMs(), noHeartbeat, (given) => metrics.write(points, given)),
    channel: endingWith(channel, signal),
    reports: reports && {
      addressOf: reports.addressOf,
      publish: (page, at) => inTime(pageMs(), noPage, (given) => reports.publish(page, at, given)),
      tidy: (now) => inTime(pageMs(), noPage, (given) => reports.tidy(now, given)),
    },
    account() {
      found ??= within(account, { ms: ACCOUNT_MS, late: noPage, after }).catch(() => null);
      return found;
    },
  };
}

/** After the end of the run nothing is posted. */
function endingWith(channel: Channel, signal: AbortSignal): Channel {
  if (channel.status === 'not-set-up') return channel;
  return {
    ...channel,
    deliver: (message, { mayPost, ...limits } = {}) =>
      channel.deliver(message, {
        ...limits,
        mayPost() {
          signal.throwIfAborted();
          mayPost?.();
        },
      }),
  };
}
