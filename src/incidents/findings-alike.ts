import type { FindingRecord, Incident, Told } from './state.ts';

/**
 * Findings that have all in common but field and values, with a row for each: a disaster opens a hundred thousand at once,
 * which would be tens of megabytes in full, written after each message.
 */
export interface FindingsAlike {
  readonly about: Omit<FindingRecord, 'path' | 'expected'>;
  readonly severity: Common['severity'];
  readonly lastSeenAt: Common['lastSeenAt'];
  readonly runs: Common['runs'];
  readonly isRipe: Common['isRipe'];
  readonly episodes: Common['episodes'];
  readonly changes: Common['changes'];
  readonly closing: Common['closing'];
  readonly told: Omit<Told, 'actual' | 'said'> | null;
  readonly rows: readonly Row[];
}

type Common = Incident<FindingRecord>;
type Text = string | null;

/** `key`, `path`, `expected`, `actual`, `said`; and what Slack was told of the last two, where that is something else. */
export type Row = readonly [
  key: string,
  path: Text,
  expected: Text,
  actual: Text,
  said: Text,
  ...told: Text[],
];

/** In the order in which the first of each occurs. */
export function alike(findings: readonly Incident<FindingRecord>[]): readonly FindingsAlike[] {
  const groups = new Map<string, { readonly common: Omit<FindingsAlike, 'rows'>; readonly rows: Row[] }>();
  for (const finding of findings) {
    const { key, actual, said, about, told, ...rest } = finding;
    const { path, expected, ...subject } = about;
    const common = { ...rest, about: subject, told: told === null ? null : whenOf(told) };
    const isTold = told === null || (told.actual === actual && told.said === said);
    const row: Row = [key, path, expected, actual, said, ...(isTold ? [] : [told.actual, told.said])];
    const groupKey = JSON.stringify(common);
    const group = groups.get(groupKey);
    if (group === undefined) groups.set(groupKey, { common, rows: [row] });
    else group.rows.push(row);
  }
  return [...groups.values()].map(({ common, rows }) => ({ ...common, rows }));
}

function whenOf({ at, isOpen, severity, reminders }: Told): Omit<Told, 'actual' | 'said'> {
  return { at, isOpen, severity, reminders };
}

/** Each with all its own again. */
export function apart({ rows, about, told, ...common }: FindingsAlike): readonly Incident<FindingRecord>[] {
  let latest: Told | null = null;
  // One object for all that were told the same.
  const toldOf = (actual: Text, said: Text): Told | null => {
    if (told === null) return null;
    if (latest?.actual !== actual || latest.said !== said) latest = { ...told, actual, said };
    return latest;
  };
  return rows.map(([key, path, expected, actual, said, toldActual = actual, toldSaid = said]) => ({
    ...common,
    key,
    about: { ...about, path, expected },
    actual,
    said,
    told: toldOf(toldActual, toldSaid),
  }));
}
