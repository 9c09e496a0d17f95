import type { Alert } from '../incidents/alert.ts';
import type { Message, MessageContext } from '../incidents/channel.ts';
import type { ScanResult } from '../model/scan-result.ts';
import { counted, shortened } from '../words/printable.ts';
import { renderDrift, renderStillOpen } from './drift.ts';
import { renderFailure, renderLostState } from './failure.ts';
import { escaped } from './mrkdwn.ts';
import { bounded, context, header, notification, section } from './parts.ts';
import type { SlackPayload } from './payload.ts';
import { renderResolved } from './resolved.ts';
import { renderUnchecked } from './unchecked.ts';

export function renderMessage(message: Message): SlackPayload {
  switch (message.type) {
    case 'alert':
      return renderAlert(message.alert, message.context);
    case 'note':
      return renderNote(message.note, message);
    case 'failure':
      return renderFailure({ project: message.project, error: message.failure });
    case 'lost-state':
      return renderLostState({ ...message, error: message.failure });
  }
}

/** The one message that tells all of an alert, worst first. */
export function renderAlert(alert: Alert, scene: MessageContext): SlackPayload {
  switch (alert.topic) {
    case 'drift':
      return withNotes(renderDrift(alert, scene), scene);
    case 'unchecked':
      return withNotes(renderUnchecked(alert, scene), scene);
    case 'resolved':
      return withNotes(renderResolved(alert, scene), scene);
    case 'still-open':
      return withNotes(renderStillOpen(alert, scene), scene);
  }
}

/** For a run that has nothing else to tell. */
export function renderNote(note: string, { project }: Pick<MessageContext, 'project'>): SlackPayload {
  const title = `Unchecked: the memory of the drift monitor for ${project ?? 'BigQuery'} is lost`;
  return { text: notification(title, [escaped(note)]), blocks: [header(title), section(escaped(note))] };
}

/** What is wrong with the monitor itself comes before what it found. */
function withNotes(
  { text, blocks }: SlackPayload,
  { note, memory, reportProblem, scan }: MessageContext,
): SlackPayload {
  const [head, ...rest] = blocks;
  const seen = warningLines(scan);
  const noState = memory === 'none' ? [context('No state: this repeats every run (set STATE_URI).')] : [];
  return {
    text,
    blocks: bounded([
      ...(head === undefined ? [] : [head]),
      ...(note === null ? [] : [section(escaped(note))]),
      ...rest,
      ...(reportProblem === null
        ? []
        : [context(escaped(`There is no report page of this run: ${reportProblem}`))]),
      ...(seen.length === 0 ? [] : [context(seen.join('\n'))]),
      ...noState,
    ]),
  };
}

const MAX_WARNINGS = 3;

/** Why something of what is told here, or of what is not, may not be as it seems. */
function warningLines(scan: ScanResult | null): readonly string[] {
  const all = [...(scan?.datasets.values() ?? [])].flatMap(({ tables }) =>
    [...tables.values()].flatMap(({ warnings = [] }) => warnings),
  );
  const shown = all.slice(0, MAX_WARNINGS).map((warning) => `Warning: ${escaped(shortened(warning, 300))}`);
  return all.length > shown.length
    ? [...shown, `+${counted(all.length - shown.length, 'more warning')}`]
    : shown;
}
