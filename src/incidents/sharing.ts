import type { Episode, Incident, Told } from './state.ts';

/** Beyond so many the findings have little in common, and to look for it would cost more than it saves. */
const MAX_KNOWN = 1000;

/**
 * Lets equal parts of records be one object: of a disaster a hundred thousand findings opened at once, and were told at
 * once.
 */
export function createSharing(): <About>(record: Incident<About>) => Incident<About> {
  const episodes = sharedBy<readonly Episode[]>();
  const changes = sharedBy<readonly string[]>();
  const told = sharedBy<Told | null>();
  return (record) => ({
    ...record,
    episodes: episodes(record.episodes),
    changes: changes(record.changes),
    told: told(record.told),
  });
}

/** The value before, where the one of now says the same in each of its keys. */
export function unlessOther<Value extends object>(before: Value, now: Value): Value {
  const values = new Map<string, unknown>(Object.entries(before));
  const isSame = ([key, value]: readonly [string, unknown]) => values.get(key) === value;
  return Object.entries(now).every(isSame) && Object.keys(now).length === values.size ? before : now;
}

/** Gives of equal values the first one. */
function sharedBy<Value>(): (value: Value) => Value {
  const known = new Map<string, Value>();
  return (value) => {
    if (value === null) return value;
    const key = JSON.stringify(value);
    const first = known.get(key);
    if (first !== undefined) return first;
    if (known.size < MAX_KNOWN) known.set(key, value);
    return value;
  };
}
