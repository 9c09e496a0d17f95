import type { AlertTiming } from '../model/policy.ts';
import { SEVERITIES } from '../model/severity.ts';
import type { AlertEvent } from './alert.ts';
import type { Episode, Incident, Notification, Notifications } from './state.ts';

/* What a channel knows of an incident, what it has yet to be told, and when it is reminded. */

const MINUTE_MS = 60_000;
export const DAY_MS = 24 * 60 * MINUTE_MS;
/** The Scheduler may be late by some minutes, and the run after it early by as much. */
const JITTER_MS = 10 * MINUTE_MS;
/** The third opening within a day, and the third change: until a day has gone by only the reminder tells. */
export const FLAPPING = 3;

type RemindAfterMs = AlertTiming['remindAfterMs'];

/** null: the channel was told nothing of it. */
export function lastNotification({ notifications }: Incident<unknown>, channel: string): Notification | null {
  return notifications[channel] ?? null;
}

export function mapNotifications(
  notifications: Notifications,
  change: (notification: Notification) => Notification,
): Notifications {
  return Object.fromEntries(
    Object.entries(notifications).map(([channel, notification]) => [channel, change(notification)]),
  );
}

/**
 * Whether a channel knows that something was open then. Whoever holds it for open knows enough: that it was closed and opened
 * again in between is no opening to be told.
 */
export function isKnown(
  { openedAt, closedAt, isAfterEnd }: Episode,
  notification: Notification | null,
): boolean {
  if (notification === null) return false;
  if (notification.isOpen) return true;
  // Attempts at one run have the same moment.
  if (isAfterEnd && openedAt === notification.at) return false;
  return closedAt !== null && closedAt <= notification.at;
}

/** To each channel that was ever told of it. */
export function isKnownToAll(episode: Episode, notifications: Notifications): boolean {
  const all = Object.values(notifications);
  return all.length > 0 && all.every((notification) => isKnown(episode, notification));
}

/** Whether all channels know of every opening and every end. */
export function isNotified(record: Incident<unknown>): boolean {
  const all = Object.values(record.notifications);
  return all.length > 0 && all.every((notification) => isUpToDate(record, notification));
}

function isUpToDate(
  { episodes, resolution }: Incident<unknown>,
  notification: Notification | null,
): notification is Notification {
  if (notification === null || notification.isOpen !== (resolution === null)) return false;
  return episodes.every((episode) => isKnown(episode, notification));
}

/** What a channel is to be told of one thing now; null: nothing. `isSeen`: this run saw it; of what is hidden or was not read nothing is said. */
export function pendingEvent(
  record: Incident<unknown>,
  {
    channel,
    now,
    isSeen,
    remindAfterMs,
  }: {
    readonly channel: string;
    readonly now: Date;
    readonly isSeen: boolean;
    readonly remindAfterMs: RemindAfterMs;
  },
): AlertEvent | null {
  const { resolution, severity, actual, isAlertable } = record;
  const isOpen = resolution === null;
  if (!isAlertable || (isOpen && !isSeen)) return null;
  const told = lastNotification(record, channel);
  const remindAfter = remindAfterMs[severity];
  const isDigestDue = told === null || isDue(told, remindAfter ?? DAY_MS, now);
  if (opensAndCloses(record, now) && !isAsTold(record, told)) return isDigestDue ? 'flapping' : null;
  if (!isOpen) return isUpToDate(record, told) ? null : 'closed';
  if (told === null || !told.isOpen) return 'opened';
  if (SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(told.severity)) return 'escalated';
  if (told.actual !== actual && !keepsChanging(record, now)) return 'changed';
  if (told.actual !== actual) return isDigestDue ? 'flapping' : null;
  return remindAfter !== null && isDigestDue ? 'reminded' : null;
}

/** Whether the channel knows all there is to know: what happened, and how it is. */
function isAsTold(record: Incident<unknown>, told: Notification | null): boolean {
  const { severity, actual, resolution } = record;
  if (!isUpToDate(record, told)) return false;
  return resolution !== null || (told.severity === severity && told.actual === actual);
}

/** What has stayed as it is for a day does so no more. */
function opensAndCloses({ episodes }: Incident<unknown>, now: Date): boolean {
  const { isFlapping, openedAt } = latest(episodes);
  return isFlapping && withinADay([openedAt], now).length > 0;
}

function keepsChanging({ changes }: Incident<unknown>, now: Date): boolean {
  return withinADay(changes, now).length >= FLAPPING;
}

function isDue(told: Notification, remindAfter: number, now: Date): boolean {
  const due = dueAt(told, remindAfter) - JITTER_MS;
  // Another attempt at the run that told it is no later one.
  return now.getTime() >= due && now.getTime() > Date.parse(told.at);
}

/** The wait doubles with each reminder, up to a day, or to what policy says where that is more. */
function dueAt({ at, reminders }: Notification, remindAfter: number): number {
  return Date.parse(at) + Math.min(remindAfter * 2 ** reminders, Math.max(DAY_MS, remindAfter));
}

/** Since when it has been due to be told, in milliseconds since 1970. */
export function dueSince(
  { resolution, episodes, severity }: Incident<unknown>,
  {
    event,
    told,
    remindAfterMs,
  }: {
    readonly event: AlertEvent;
    readonly told: Notification | null;
    readonly remindAfterMs: RemindAfterMs;
  },
): number {
  const { openedAt, closedAt } = latest(episodes);
  if (isReminder(event) && told !== null) return dueAt(told, remindAfterMs[severity] ?? DAY_MS);
  return Date.parse(resolution === null ? openedAt : (closedAt ?? openedAt));
}

/** What is remembered once the channel has accepted a message that tells it as it now is; null: it would have told nothing. */
export function markNotified<Subject>(
  record: Incident<Subject>,
  {
    channel,
    event,
    now,
  }: { readonly channel: string; readonly event: AlertEvent | null; readonly now: Date },
): Incident<Subject> {
  const { severity, actual, actualWords, resolution, notifications } = record;
  const before = lastNotification(record, channel);
  const notification: Notification = {
    ...before,
    at: now.toISOString(),
    isOpen: resolution === null,
    severity,
    actual,
    actualWords,
    reminders: isReminder(event) ? (before?.reminders ?? 0) + 1 : 0,
  };
  const episodes = record.episodes.map(({ isAfterEnd: _, ...episode }) => episode);
  return { ...record, episodes, notifications: { ...notifications, [channel]: notification } };
}

function isReminder(event: AlertEvent | null): boolean {
  return event === 'reminded' || event === 'flapping';
}

export function latest(episodes: readonly Episode[]): Episode {
  const episode = episodes.at(-1);
  if (episode === undefined) throw new Error('what is remembered was open at least once');
  return episode;
}

export function withinADay(moments: readonly string[], now: Date): readonly string[] {
  return moments.filter((moment) => now.getTime() - Date.parse(moment) < DAY_MS);
}
