import { SEVERITIES, type Severity } from '../model/severity.ts';
import {
  DAY_MS,
  FLAPPING,
  isKnownToAll,
  isNotified,
  latest,
  mapNotifications,
  markNotified,
  withinADay,
} from './notifications.ts';
import { createSharing, updated } from './sharing.ts';
import type { Episode, Incident, IncidentResolution } from './state.ts';

/*
 * The lifecycle of whatever alerts are about: a finding, a table that could not be checked, a run without a result. Two
 * things are remembered of each, what is the case and what each channel was last told; a message is due where they
 * differ. So what a channel did not accept is due again by itself, and nothing is told twice.
 */

/** What no channel accepted for so long is not told any more. */
const FORGOTTEN_MS = 30 * DAY_MS;
/** Openings of one thing that were never told. */
const MAX_EPISODES = 50;

/** What a run saw of one thing. */
export interface Observation<Subject> {
  readonly key: string;
  readonly subject: Subject;
  readonly severity: Severity;
  readonly actual: string | null;
  readonly actualWords: string | null;
  /** Whether it may be told when this many runs in a row have seen it. */
  readonly isAlertable: (runs: number) => boolean;
}

export interface RunObservations<Subject> {
  readonly now: Date;
  /** Which is told of it; others may have been before. */
  readonly channel: string;
  readonly seen: readonly Observation<Subject>[];
  /** How something open that was not seen ended; null: it is still open, and nothing is said (hidden, or not read). */
  readonly resolutionOf: (record: Incident<Subject>) => IncidentResolution | null;
  /** Whether what is there now is less of the same than what was told: that is not told, but a rise from there is. */
  readonly isLess?: (actual: string | null, told: string | null) => boolean;
}

/** What is remembered after a run, before anybody is told. */
export function applyRun<Subject extends object>(
  before: readonly Incident<Subject>[],
  observations: RunObservations<Subject>,
): readonly Incident<Subject>[] {
  const { now, seen } = observations;
  const unmatched = new Map(seen.map((observation) => [observation.key, observation]));
  const at = now.toISOString();
  const shared = createSharing();
  const kept = before
    .filter((record) => !isForgotten(record, now))
    .flatMap((record) => {
      const observation = unmatched.get(record.key);
      unmatched.delete(record.key);
      if (observation === undefined) return unseen(record, observations).map(shared);
      return [shared(seenAgain(record, observation, { ...observations, at }))];
    });
  return [...kept, ...[...unmatched.values()].map((observation) => shared(seenFirst(observation, at)))];
}

function seenFirst<Subject>(observation: Observation<Subject>, at: string): Incident<Subject> {
  const { isAlertable, ...seen } = observation;
  return {
    ...seen,
    lastSeenAt: at,
    runs: 1,
    isAlertable: isAlertable(1),
    episodes: [{ openedAt: at, closedAt: null, isFlapping: false }],
    changes: [],
    resolution: null,
    notifications: {},
  };
}

function seenAgain<Subject extends object>(
  record: Incident<Subject>,
  { subject, severity, actual, actualWords, isAlertable }: Observation<Subject>,
  { now, at: lastSeenAt, isLess = () => false }: RunObservations<Subject> & { readonly at: string },
): Incident<Subject> {
  // A severity that falls is not told, but a rise from there is.
  const notifications = mapNotifications(record.notifications, (told) => ({
    ...told,
    severity: lower(told.severity, severity),
    actual: isLess(actual, told.actual) ? actual : told.actual,
  }));
  const current = {
    ...record,
    subject: updated(record.subject, subject),
    severity,
    actual,
    actualWords,
    lastSeenAt,
    notifications,
  };
  if (record.resolution !== null) {
    return {
      ...current,
      runs: 1,
      // What has yet to be told of the time before is told with it.
      isAlertable: isAlertable(1) || !isNotified(record),
      changes: [],
      resolution: null,
      episodes: reopened(record, now),
    };
  }
  // Another attempt at the same run is no other run.
  const runs = record.runs + (record.lastSeenAt === lastSeenAt ? 0 : 1);
  const changes = withinADay(record.changes, now);
  return {
    ...current,
    runs,
    isAlertable: record.isAlertable || isAlertable(runs),
    changes: record.actual === actual ? changes : [...changes, lastSeenAt],
  };
}

function reopened({ episodes, notifications }: Incident<unknown>, now: Date): readonly Episode[] {
  const openings = withinADay(
    episodes.map(({ openedAt }) => openedAt),
    now,
  ).length;
  const isKept = (episode: Episode) =>
    !isKnownToAll(episode, notifications) || withinADay([episode.openedAt], now).length > 0;
  const openedAt = now.toISOString();
  const isAfterEnd = Object.values(notifications).some(({ isOpen, at }) => !isOpen && at === openedAt);
  const opening: Episode = {
    openedAt,
    closedAt: null,
    isFlapping: openings + 1 >= FLAPPING,
    ...(isAfterEnd ? { isAfterEnd } : {}),
  };
  return [...episodes.filter(isKept), opening].slice(-MAX_EPISODES);
}

function unseen<Subject>(
  record: Incident<Subject>,
  { now, channel, resolutionOf }: RunObservations<Subject>,
): readonly Incident<Subject>[] {
  if (record.resolution !== null) return [record];
  const resolution = resolutionOf(record);
  if (resolution === null) return [record];
  // Nobody was told, and it was not yet worth telling.
  if (!record.isAlertable) return [];
  const closed = { ...record, runs: 0, resolution, episodes: closedAt(record.episodes, now) };
  return [resolution.reason === 'below-threshold' ? withoutTelling(closed, { channel, now }) : closed];
}

function closedAt(episodes: readonly Episode[], now: Date): readonly Episode[] {
  return episodes.map((episode, index) =>
    index === episodes.length - 1 ? { ...episode, closedAt: now.toISOString() } : episode,
  );
}

/** As if each channel that knows of it, or would, had been told that it is over. */
function withoutTelling<Subject>(
  record: Incident<Subject>,
  { channel, now }: Pick<RunObservations<Subject>, 'channel' | 'now'>,
): Incident<Subject> {
  return [...new Set([channel, ...Object.keys(record.notifications)])].reduce(
    (marked, each) => markNotified(marked, { channel: each, event: null, now }),
    record,
  );
}

/** Told, over, and too long ago to count for flapping. */
function isForgotten(record: Incident<unknown>, now: Date): boolean {
  const { episodes, resolution } = record;
  if (resolution === null) return false;
  const { openedAt, closedAt: endedAt } = latest(episodes);
  const since = (moment: string) => now.getTime() - Date.parse(moment);
  return isNotified(record) ? since(openedAt) >= DAY_MS : since(endedAt ?? openedAt) >= FORGOTTEN_MS;
}

function lower(severity: Severity, other: Severity): Severity {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(other) ? severity : other;
}
