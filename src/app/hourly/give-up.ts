import type { Channel } from '../../incidents/channel.ts';
import { DriftError } from '../../model/errors.ts';
import type { Clock, Log, MetricSink } from '../../model/ports.ts';
import { within } from '../../model/within.ts';
import { measureRun } from '../../output/metrics.ts';
import type { createEnding } from './ending.ts';
import type { NotifyFailure } from './failure.ts';
import { logFailure } from './run-log.ts';
import type { RunSummary } from './run-summary.ts';

/** For each part of saying that a run was given up. */
const LAST_MS = 20_000;

/** Whatever hangs: the lease is given back, and it is said. What still comes of the run can neither write nor post. */
export async function giveUp(
  error: DriftError,
  {
    ending,
    seconds,
    metrics,
    channel,
    notifyFailure,
    clock,
    log,
  }: {
    readonly ending: ReturnType<typeof createEnding>;
    readonly seconds: number;
    readonly metrics: MetricSink;
    readonly channel: Pick<Channel, 'name'>;
    readonly notifyFailure: NotifyFailure;
    readonly clock: Pick<Clock, 'after'>;
    readonly log: Log;
  },
): Promise<RunSummary> {
  const failure = logFailure(log, error);
  const late = () => new DriftError('SinkRejected', 'no answer in time');
  const last = async (what: string, act: () => Promise<unknown>) => {
    try {
      await within(act, { ms: LAST_MS, late, after: clock.after });
    } catch (problem) {
      log({ severity: 'ERROR', message: `the run did not end, and ${what}: ${String(problem)}` });
    }
  };
  await Promise.all([
    last('its lease may not be free', () => ending.end(error)),
    last(`${channel.name} may not have heard of it`, () => notifyFailure(failure)),
    last('its heartbeat was not written', () => metrics.write(measureRun({ succeeded: false, seconds }))),
  ]);
  return { status: 'failed', error: failure };
}
