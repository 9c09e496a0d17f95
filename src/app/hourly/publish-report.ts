import { DriftError } from '../../model/errors.ts';
import type { Log, ReportStore } from '../../model/ports.ts';
import { renderHtml } from '../../page/page.ts';
import type { Page } from '../../page/report-page.ts';

/** What became of the report page. */
export interface Published {
  /** null: there is none. */
  readonly url: string | null;
  readonly error: DriftError | null;
}

export const NOT_PUBLISHED: Published = { url: null, error: null };

/** Writes the page of a run. Whatever comes in between is told, and stops nothing: an alert is worth more than a page. */
export async function publishReport(
  {
    reports,
    account,
    log,
  }: {
    /** null: there is no place for it. */
    readonly reports: ReportStore | null;
    readonly account: () => Promise<string | null>;
    readonly log: Log;
  },
  page: Omit<Page, 'address' | 'account'>,
): Promise<Published> {
  if (reports === null) return NOT_PUBLISHED;
  try {
    const isDenied = page.report.unchecked.some(({ reason }) => reason === 'denied');
    const address = reports.addressOf(page.now);
    const html = renderHtml({ ...page, address, account: isDenied ? await account() : null });
    await reports.publish(html, page.now);
    return { url: address.page, error: null };
  } catch (failure) {
    if (failure instanceof DriftError) return { url: null, error: failure };
    const stack = failure instanceof Error ? { stack_trace: failure.stack } : {};
    log({ severity: 'ERROR', message: `the report page could not be made: ${String(failure)}`, ...stack });
    const error = new DriftError('SinkRejected', 'the report page could not be made; the log has the reason');
    return { url: null, error };
  }
}

/** Removes old pages, once all is told. What stays for longer than it should is removed by the next run. */
export async function tidyReports(reports: ReportStore | null, now: Date, log: Log): Promise<void> {
  if (reports === null) return;
  try {
    await reports.tidy(now);
  } catch (error) {
    if (!(error instanceof DriftError)) throw error;
    log({ severity: 'WARNING', message: `old report pages were not removed: ${error.message}` });
  }
}
