import type { Episode, Incident, Notifications } from './state.ts';

/** Beyond so many the findings have little in common, and to look for it would cost more than it saves. */
const MAX_KNOWN = 1000;

/**
 * Lets equal parts of records be one object: of a disaster a hundred thousand findings opened at once, and were told at
 * once.
 */
export function createSharing(): <Subject>(record: Incident<Subject>) => Incident<Subject> {
  const episodes = sharedBy<readonly Episode[]>();
  const changes = sharedBy<readonly string[]>();
  const notifications = sharedBy<Notifications>();
  return (record) => ({
    ...record,
    episodes: episodes(record.episodes),
    changes: changes(record.changes),
    notifications: notifications(record.notifications),
  });
}

/** The value before with what is now said of it: the very object, where that is the same. What only a newer version knows stays. */
export function updated<Value extends object>(before: Value, now: Value): Value {
  const known = new Map<string, unknown>(Object.entries(before));
  const isSame = Object.entries(now).every(([key, value]) => known.has(key) && known.get(key) === value);
  return isSame ? before : { ...before, ...now };
}

/** Gives of equal values the first one. */
function sharedBy<Value>(): (value: Value) => Value {
  const known = new Map<string, Value>();
  return (value) => {
    const key = JSON.stringify(value);
    const first = known.get(key);
    if (first !== undefined) return first;
    if (known.size < MAX_KNOWN) known.set(key, value);
    return value;
  };
}
