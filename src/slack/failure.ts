import type { FailureRecord } from '../incidents/state.ts';
import type { Report } from '../model/report.ts';
import { codeBlock, escaped, fitted } from './mrkdwn.ts';
import { context, header, MAX_SECTION, notification, section, severityCounts, tableCounts } from './parts.ts';
import type { SlackPayload } from './payload.ts';

/** That a run ended without a result, which on-call must hear as loudly as of drift. */
export function renderFailure({
  project,
  error,
}: {
  readonly project: string | null;
  readonly error: FailureRecord;
}): SlackPayload {
  const title = `Drift check of ${project ?? 'BigQuery'} failed`;
  return {
    text: notification(title, [escaped(error.message.split('\n', 1)[0] ?? '')]),
    blocks: [header(title), section(codeBlock(error.message, MAX_SECTION)), context(nothingKnown(error))],
  };
}

/** The same in a reminder. */
export function failureSection(error: FailureRecord, heading: string): string {
  const text = `*${escaped(heading)}.* ${nothingKnown(error)}\n${codeBlock(error.message, 1500)}`;
  return fitted(text, MAX_SECTION);
}

function nothingKnown({ code }: FailureRecord): string {
  const todo =
    code === 'InvalidFiles'
      ? ' Correct the files, or take the change back; drift validate lists the same.'
      : '';
  return `Nothing was compared, so nothing is known to be in sync.${todo} Code ${escaped(code)}.`;
}

/** The check was made, but which of its findings are new is not known: they are counted, and not told over and over. */
export function renderLostState({
  project,
  error,
  report,
}: {
  readonly project: string | null;
  readonly error: FailureRecord;
  readonly report: Report;
}): SlackPayload {
  const title = `Unchecked: what is new in ${project ?? 'BigQuery'}, since the state cannot be used`;
  const counts = severityCounts(report.findings);
  const found = counts === '' ? 'This run found nothing.' : `This run found ${counts}.`;
  return {
    text: notification(title, [escaped(error.message.split('\n', 1)[0] ?? '')]),
    blocks: [
      header(title),
      section(codeBlock(error.message, MAX_SECTION)),
      section(
        `${found} Which of it is new cannot be known until the state can be used again. drift check shows all.`,
      ),
      context(tableCounts(report.tables)),
    ],
  };
}
