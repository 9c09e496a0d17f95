import type { Alert } from '../model/alert.ts';
import type { SlackPayload } from '../model/ports.ts';
import { escaped } from './mrkdwn.ts';
import type { Scene } from './scene.ts';
import { renderDrift, renderStillOpen } from './slack-drift.ts';
import { bounded, context, header, notification, section } from './slack-parts.ts';
import { renderResolved } from './slack-resolved.ts';
import { renderUnchecked } from './slack-unchecked.ts';

/** The one message that tells all of an alert, worst first. */
export function renderAlert(alert: Alert, scene: Scene): SlackPayload {
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
export function renderNote(note: string, { project }: Pick<Scene, 'project'>): SlackPayload {
  const title = `Unchecked: the memory of the drift monitor for ${project ?? 'BigQuery'} is lost`;
  return { text: notification(title, [escaped(note)]), blocks: [header(title), section(escaped(note))] };
}

/** What is wrong with the monitor itself comes before what it found. */
function withNotes({ text, blocks }: SlackPayload, { note, memory, reportProblem }: Scene): SlackPayload {
  const [head, ...rest] = blocks;
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
      ...noState,
    ]),
  };
}
