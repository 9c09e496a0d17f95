import { countBySeverity } from '../../incidents/lifecycle.ts';
import type { DriftError } from '../../model/errors.ts';
import type { Log } from '../../model/ports.ts';
import type { Status, TableCounts } from '../../model/report.ts';
import type { Severity } from '../../model/severity.ts';
import type { CheckResult } from '../check/check.ts';
import type { Notified } from './notify-run.ts';
import type { AlertCounts } from './send-alerts.ts';

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

/** A run has failed where nothing could be read, or where something of it was not accepted; the log says so. */
export function summaryOf(
  { report, nothingRead }: CheckResult,
  {
    metricsError,
    notified,
    log,
  }: { readonly metricsError: DriftError | null; readonly notified: Notified; readonly log: Log },
): RunSummary {
  const { published, counts: alerts } = notified;
  const counts = { tables: report.tables, findings: countBySeverity(report.findings), alerts };
  const errors = [nothingRead, metricsError, published.error, notified.error].filter(
    (error) => error !== null,
  );
  const [first] = errors;
  if (first === undefined) return { status: report.status, ...counts, report: published.url };
  const error = { code: first.code, message: errors.map(({ message }) => message).join('; ') };
  log({ severity: 'ERROR', message: `the run failed: ${error.message}`, code: error.code });
  return { status: 'failed', error, ...counts };
}
