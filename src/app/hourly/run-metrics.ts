import type { State } from '../../incidents/state.ts';
import { tableMissing } from '../../kinds/table.ts';
import { DriftError } from '../../model/errors.ts';
import type { Subject } from '../../model/finding.ts';
import type { Log, Measurement } from '../../model/ports.ts';
import type { TableCounts } from '../../model/report.ts';
import { outcomesOf } from '../../model/scan-result.ts';
import { measureFindings, measureGone, measureRun } from '../../output/metrics.ts';
import type { CheckResult } from '../check/check.ts';
import { logError } from './run-log.ts';
import type { RunSummary } from './run-summary.ts';
import type { TimedPorts } from './time-shares.ts';

/** Why not all of the run's metrics were accepted; null: they were. One failing sink does not stop the others. */
export async function chartFindings(
  { report, scan }: CheckResult,
  { before, ports }: { readonly before: State | null; readonly ports: Pick<TimedPorts, 'writeFindings'> },
): Promise<DriftError | null> {
  const outcomes = outcomesOf(scan);
  const points: readonly Measurement[] = [
    ...measureFindings(report.findings, outcomes, { isComplete: report.unchecked.length === 0 }),
    ...measureGone(declaredBefore(before), outcomes),
  ];
  return refusalOf(ports.writeFindings(points));
}

/** What the state knows to have been declared: what was read, and what was found in its stead. */
function declaredBefore(state: State | null): readonly Subject[] {
  const read = [...(state?.seen ?? [])].flatMap(([dataset, { tables }]): readonly Subject[] => [
    { dataset, table: null },
    ...[...tables.keys()].map((table) => ({ dataset, table })),
  ]);
  const found = (state?.findings ?? [])
    .filter(({ subject, resolution }) => resolution === null && subject.kind === tableMissing.id)
    .map(({ subject: { dataset, table } }) => ({ dataset, table }));
  return [...read, ...found];
}

/** Last of all, so that it stands for the whole run; the run has failed where it is not accepted. */
export async function chartHeartbeat(
  summary: RunSummary,
  {
    seconds,
    ports,
    log,
  }: { readonly seconds: number; readonly ports: Pick<TimedPorts, 'writeHeartbeat'>; readonly log: Log },
): Promise<RunSummary> {
  const succeeded = summary.status !== 'failed' && isAnyTableRead(summary.tables);
  const error = await refusalOf(ports.writeHeartbeat(measureRun({ succeeded, seconds })));
  if (error === null) return summary;
  logError(log, error, 'the heartbeat was not written');
  if (summary.status === 'failed') return summary;
  const { tables, findings, alerts } = summary;
  return { status: 'failed', error: { code: error.code, message: error.message }, tables, findings, alerts };
}

/** Where no table is declared there is none to read. */
function isAnyTableRead({ inSync, drifted, unchecked }: TableCounts): boolean {
  return inSync + drifted > 0 || unchecked === 0;
}

/** Only a sink's refusal is an outcome; anything else is a bug. */
async function refusalOf(write: Promise<void>): Promise<DriftError | null> {
  try {
    await write;
    return null;
  } catch (error) {
    if (error instanceof DriftError) return error;
    throw error;
  }
}
