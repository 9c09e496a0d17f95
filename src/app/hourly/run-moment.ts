import { mapNotifications } from '../../incidents/notifications.ts';
import type { Incident, State } from '../../incidents/state.ts';
import type { Clock } from '../../model/ports.ts';

/** Clocks may differ by some minutes. Were a run of the future believed, all that follow would count to it, and be silent. */
export const MAX_CLOCKS_APART_MS = 10 * 60_000;
/**
 * The Scheduler's attempts at one run: four of half an hour at most, with minutes between them. Whoever may call names the
 * moment, and what counts to a run that has told all it may is silent.
 */
const MAX_LATE_MS = 3 * 3_600_000;

export function isAhead(time: number, { now }: Pick<Clock, 'now'>): boolean {
  return time - now().getTime() > MAX_CLOCKS_APART_MS;
}

/** The moment that all attempts at one run have in common, as the Scheduler says; else now. */
export function momentOfCall(header: string | undefined, clock: Pick<Clock, 'now'>): Date {
  const now = clock.now();
  const time = header === undefined ? Number.NaN : Date.parse(header);
  const isBelieved = now.getTime() - time <= MAX_LATE_MS && !isAhead(time, clock);
  return isBelieved ? new Date(time) : now;
}

/** Time does not run backwards: a late attempt at an earlier run counts to the one after it. */
export function momentOf(
  { now, clock }: { readonly now: Date; readonly clock: Pick<Clock, 'now'> },
  { lastRunAt, messages }: State,
): Date {
  const times = [lastRunAt, messages.runAt].flatMap((at) => (at === null ? [] : [Date.parse(at)]));
  return new Date(Math.max(now.getTime(), ...times.filter((time) => !isAhead(time, clock))));
}

/** What a run remembered whose clock was wrong counts as of now: else nothing of it would be told before that moment. */
export function withoutFuture(state: State, now: Date): State {
  const isFuture = (at: string) => isAhead(Date.parse(at), { now: () => now });
  const records = [...state.findings, ...state.unchecked, ...state.failures];
  const moments = [
    state.lastRunAt,
    ...records.flatMap(({ notifications }) => Object.values(notifications).map(({ at }) => at)),
  ];
  if (!moments.some((at) => at !== null && isFuture(at))) return state;
  const past = (at: string) => (isFuture(at) ? now.toISOString() : at);
  const ofRecord = <Subject>(record: Incident<Subject>): Incident<Subject> => ({
    ...record,
    lastSeenAt: past(record.lastSeenAt),
    episodes: record.episodes.map(({ openedAt, closedAt, ...episode }) => ({
      ...episode,
      openedAt: past(openedAt),
      closedAt: closedAt === null ? null : past(closedAt),
    })),
    changes: record.changes.map(past),
    notifications: mapNotifications(record.notifications, (told) => ({ ...told, at: past(told.at) })),
  });
  return {
    ...state,
    findings: state.findings.map(ofRecord),
    unchecked: state.unchecked.map(ofRecord),
    failures: state.failures.map(ofRecord),
    seen: new Map(
      [...state.seen].map(([dataset, { at, tables, ...seen }]) => [
        dataset,
        {
          ...seen,
          at: at === null ? null : past(at),
          tables: new Map([...tables].map(([table, one]) => [table, { ...one, at: past(one.at) }])),
        },
      ]),
    ),
    history: state.history.filter(({ at }) => !isFuture(at)),
  };
}
