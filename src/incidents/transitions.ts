import type { AlertTiming } from '../model/policy.ts';
import { SEVERITIES, type Severity } from '../model/severity.ts';
import type { AlertEvent } from './alert.ts';
import { createSharing } from './sharing.ts';
import type { Closing, Episode, Incident, Told } from './state.ts';

/*
 * The lifecycle of whatever Slack hears of: a finding, a table that could not be checked, a run without a result. Two
 * things are remembered of each, what is the case and what Slack was told; a message is due where they differ. So what
 * Slack did not accept is due again by itself, and nothing is told twice.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The Scheduler may be late by some minutes, and the run after it early by as much. */
const JITTER_MS = 10 * MINUTE_MS;
/** The third opening within a day, and the third change: until a day has gone by only the reminder tells. */
const FLAPPING = 3;
/** What Slack did not accept for so long is nobody's news any more. */
const FORGOTTEN_MS = 30 * DAY_MS;
/** Openings that Slack never heard of, of one thing. */
const MAX_EPISODES = 50;

/** What a run saw of one thing. */
export interface Observation<About> {
  readonly key: string;
  readonly about: About;
  readonly severity: Severity;
  readonly actual: string | null;
  readonly said: string | null;
  /** Whether it may be told when this many runs in a row have seen it. */
  readonly isRipe: (runs: number) => boolean;
}

export interface Sightings<About> {
  readonly now: Date;
  readonly seen: readonly Observation<About>[];
  /** How something open that was not seen ended; null: it is still open, though silent (hidden, or not read). */
  readonly closingOf: (record: Incident<About>) => Closing | null;
  /** Whether what is there now is less of the same than what was told, which is no news, but rises from there. */
  readonly isLess?: (actual: string | null, told: string | null) => boolean;
}

/** What is remembered after a run, before anybody is told. */
export function applyRun<About>(
  before: readonly Incident<About>[],
  sightings: Sightings<About>,
): readonly Incident<About>[] {
  const { now, seen } = sightings;
  const unmatched = new Map(seen.map((sighting) => [sighting.key, sighting]));
  const at = now.toISOString();
  const shared = createSharing();
  const kept = before
    .filter((record) => !isForgotten(record, now))
    .flatMap((record) => {
      const sighting = unmatched.get(record.key);
      unmatched.delete(record.key);
      if (sighting === undefined) return unseen(record, sightings).map(shared);
      return [shared(seenAgain(record, sighting, { ...sightings, at }))];
    });
  return [...kept, ...[...unmatched.values()].map((sighting) => shared(seenFirst(sighting, at)))];
}

function seenFirst<About>(sighting: Observation<About>, at: string): Incident<About> {
  const { key, about, severity, actual, said, isRipe } = sighting;
  return {
    key,
    about,
    severity,
    actual,
    said,
    lastSeenAt: at,
    runs: 1,
    isRipe: isRipe(1),
    episodes: [{ openedAt: at, closedAt: null, isHeard: false, isFlapping: false }],
    changes: [],
    closing: null,
    told: null,
  };
}

function seenAgain<About>(
  record: Incident<About>,
  { about, severity, actual, said, isRipe }: Observation<About>,
  { now, at: lastSeenAt, isLess = () => false }: Sightings<About> & { readonly at: string },
): Incident<About> {
  // A severity that falls is no news, but rises from there.
  const told = record.told && {
    ...record.told,
    severity: lower(record.told.severity, severity),
    actual: isLess(actual, record.told.actual) ? actual : record.told.actual,
  };
  const current = { ...record, about, severity, actual, said, lastSeenAt, told };
  if (record.closing !== null) {
    return {
      ...current,
      runs: 1,
      // What Slack has yet to hear of it is still to be told.
      isRipe: isRipe(1) || !isNotified(record),
      changes: [],
      closing: null,
      episodes: reopened(record, now),
    };
  }
  // Another attempt at the same run is no other run.
  const runs = record.runs + (record.lastSeenAt === lastSeenAt ? 0 : 1);
  const changes = withinADay(record.changes, now);
  return {
    ...current,
    runs,
    isRipe: record.isRipe || isRipe(runs),
    changes: record.actual === actual ? changes : [...changes, lastSeenAt],
  };
}

/** Where Slack was never told that it closed, Slack holds it for open: that is no opening it has to hear of. */
function reopened({ episodes, told }: Incident<unknown>, now: Date): readonly Episode[] {
  const openings = withinADay(
    episodes.map(({ openedAt }) => openedAt),
    now,
  ).length;
  const kept = episodes.filter(({ openedAt, isHeard }) => !isHeard || withinADay([openedAt], now).length > 0);
  const opening: Episode = {
    openedAt: now.toISOString(),
    closedAt: null,
    isHeard: told?.isOpen ?? false,
    isFlapping: openings + 1 >= FLAPPING,
  };
  return [...kept, opening].slice(-MAX_EPISODES);
}

function unseen<About>(
  record: Incident<About>,
  { now, closingOf }: Sightings<About>,
): readonly Incident<About>[] {
  if (record.closing !== null) return [record];
  const closing = closingOf(record);
  if (closing === null) return [record];
  // Nobody was told, and it was not yet worth telling.
  if (!record.isRipe) return [];
  const closed = { ...record, runs: 0, closing, episodes: closedAt(record.episodes, now) };
  return [closing.how === 'silent' ? markNotified(closed, now) : closed];
}

function closedAt(episodes: readonly Episode[], now: Date): readonly Episode[] {
  return episodes.map((episode, index) =>
    index === episodes.length - 1 ? { ...episode, closedAt: now.toISOString() } : episode,
  );
}

/** Told, over, and too long ago to count for flapping. */
function isForgotten(record: Incident<unknown>, now: Date): boolean {
  const { episodes, closing } = record;
  if (closing === null) return false;
  const { openedAt, closedAt } = latest(episodes);
  const since = (moment: string) => now.getTime() - Date.parse(moment);
  return isNotified(record) ? since(openedAt) >= DAY_MS : since(closedAt ?? openedAt) >= FORGOTTEN_MS;
}

/** Whether Slack knows of every opening and every end. */
function isNotified({ episodes, closing, told }: Incident<unknown>): boolean {
  return (told?.isOpen ?? false) === (closing === null) && episodes.every(({ isHeard }) => isHeard);
}

/** What is to be told of one thing now; null: nothing. `isSeen`: this run saw it; what is hidden or was not read is silent. */
export function pendingEvent(
  record: Incident<unknown>,
  {
    now,
    isSeen,
    remindAfterMs,
  }: {
    readonly now: Date;
    readonly isSeen: boolean;
    readonly remindAfterMs: AlertTiming['remindAfterMs'];
  },
): AlertEvent | null {
  const { closing, told, severity, actual, isRipe } = record;
  const isOpen = closing === null;
  if (!isRipe || (isOpen && !isSeen)) return null;
  const remindAfter = remindAfterMs[severity];
  const isDigestDue = told === null || isDue(told, remindAfter ?? DAY_MS, now);
  if (opensAndCloses(record, now) && !isKnown(record)) return isDigestDue ? 'flapping' : null;
  if (!isOpen) return isNotified(record) ? null : 'closed';
  if (told === null || !told.isOpen) return 'opened';
  if (SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(told.severity)) return 'escalated';
  if (told.actual !== actual && !keepsChanging(record, now)) return 'changed';
  if (told.actual !== actual) return isDigestDue ? 'flapping' : null;
  return remindAfter !== null && isDigestDue ? 'reminded' : null;
}

/** Whether Slack knows all there is to know: what happened, and how it is. */
function isKnown(record: Incident<unknown>): boolean {
  const { told, severity, actual, closing } = record;
  if (!isNotified(record)) return false;
  return closing !== null || (told?.severity === severity && told.actual === actual);
}

/** What has stayed as it is for a day does so no more. */
function opensAndCloses({ episodes }: Incident<unknown>, now: Date): boolean {
  const { isFlapping, openedAt } = latest(episodes);
  return isFlapping && withinADay([openedAt], now).length > 0;
}

function keepsChanging({ changes }: Incident<unknown>, now: Date): boolean {
  return withinADay(changes, now).length >= FLAPPING;
}

function isDue(told: Told, remindAfter: number, now: Date): boolean {
  const due = dueAt(told, remindAfter) - JITTER_MS;
  // Another attempt at the run that told it is no later one.
  return now.getTime() >= due && now.getTime() > Date.parse(told.at);
}

/** The wait doubles with each reminder, up to a day, or to what policy says where that is more. */
function dueAt({ at, reminders }: Told, remindAfter: number): number {
  return Date.parse(at) + Math.min(remindAfter * 2 ** reminders, Math.max(DAY_MS, remindAfter));
}

/** Since when it has been due to be told, in milliseconds since 1970. */
export function dueSince(
  { closing, episodes, told, severity }: Incident<unknown>,
  {
    news,
    remindAfterMs,
  }: { readonly news: AlertEvent; readonly remindAfterMs: AlertTiming['remindAfterMs'] },
): number {
  const { openedAt, closedAt } = latest(episodes);
  const isReminder = news === 'reminded' || news === 'flapping';
  if (isReminder && told !== null) return dueAt(told, remindAfterMs[severity] ?? DAY_MS);
  return Date.parse(closing === null ? openedAt : (closedAt ?? openedAt));
}

/** What is remembered once Slack has accepted a message that tells it as it now is. */
export function markNotified<About>(
  record: Incident<About>,
  now: Date,
  news: AlertEvent | null = null,
): Incident<About> {
  const { severity, actual, said, closing, told } = record;
  const isReminder = news === 'reminded' || news === 'flapping';
  return {
    ...record,
    episodes: record.episodes.map((episode) => ({ ...episode, isHeard: true })),
    told: {
      at: now.toISOString(),
      isOpen: closing === null,
      severity,
      actual,
      said,
      reminders: isReminder ? (told?.reminders ?? 0) + 1 : 0,
    },
  };
}

export function latest(episodes: readonly Episode[]): Episode {
  const episode = episodes.at(-1);
  if (episode === undefined) throw new Error('what is remembered was open at least once');
  return episode;
}

function withinADay(moments: readonly string[], now: Date): readonly string[] {
  return moments.filter((moment) => now.getTime() - Date.parse(moment) < DAY_MS);
}

function lower(severity: Severity, other: Severity): Severity {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(other) ? severity : other;
}
