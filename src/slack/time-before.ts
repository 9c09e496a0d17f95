import type { AlertItem } from '../incidents/alert.ts';
import { isKnown } from '../incidents/notifications.ts';
import type { Episode, FindingRecord } from '../incidents/state.ts';
import { lasting, moment } from '../words/moment.ts';
import { code } from './mrkdwn.ts';

/** What an alert or a reminder adds about the time before. */
export function timeBefore(
  { event, record, lastNotification: told }: AlertItem<FindingRecord>,
  now: Date,
): string {
  const { episodes, changes } = record;
  const openedAt = episodes.at(-1)?.openedAt ?? now.toISOString();
  const since =
    Date.parse(openedAt) < now.getTime() ? `open for ${lasting(openedAt, now)}` : 'open since this run';
  switch (event) {
    case 'opened': {
      const untold = episodes.slice(0, -1).filter((episode) => !isKnown(episode, told));
      const before = untold.map(
        (episode) => `${moment(episode.openedAt)} to ${moment(episode.closedAt ?? '')}`,
      );
      const parts = [
        ...(Date.parse(openedAt) < now.getTime() ? [`${since}, since ${moment(openedAt)}`] : []),
        ...(before.length === 0 ? [] : [`also open ${before.slice(-3).join(', ')}`]),
      ];
      return parts.length === 0 ? '' : ` — ${parts.join('; ')}`;
    }
    case 'escalated':
      return ` — now ${record.severity}, was ${told?.severity ?? 'less'}`;
    case 'changed':
      return ` — it was ${code(told?.actualWords ?? 'nothing', 120)} when last told`;
    case 'reminded':
      return ` — ${since}`;
    case 'flapping': {
      const opened = openings(episodes, now);
      const turns =
        opened > changes.length
          ? `opened ${opened} times within a day`
          : `changed ${changes.length} times within a day`;
      return ` — flapping: ${turns}, ${since}`;
    }
    case 'closed':
      return '';
  }
}

const DAY_MS = 24 * 3_600_000;

/** Within the last day. */
export function openings(episodes: readonly Episode[], now: Date): number {
  return episodes.filter(({ openedAt }) => now.getTime() - Date.parse(openedAt) < DAY_MS).length;
}
