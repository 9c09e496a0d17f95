import type { FindingRecord, Incident, Notification, Notifications } from './state.ts';

type Text = string | null;
type Common = Omit<Incident<FindingRecord>, 'key' | 'subject' | 'actual' | 'actualWords' | 'notifications'>;

/**
 * Findings that have all in common but field and values, with a row for each: a disaster opens a hundred thousand at once,
 * which would be tens of megabytes in full, written after each message.
 */
export interface FindingsAlike extends Common {
  readonly subject: Omit<FindingRecord, 'path' | 'expected'>;
  readonly notifications: Readonly<Record<string, Omit<Notification, 'actual' | 'actualWords'>>>;
  readonly rows: readonly Row[];
}

export type Row = readonly [
  key: string,
  path: Text,
  expected: Text,
  actual: Text,
  actualWords: Text,
  /** By channel: what it was told of the last two, where that is something else. */
  told?: Readonly<Record<string, readonly [actual: Text, actualWords: Text]>> | undefined,
];

/** In the order in which the first of each occurs. */
export function alike(findings: readonly Incident<FindingRecord>[]): readonly FindingsAlike[] {
  const groups = new Map<string, { readonly common: Omit<FindingsAlike, 'rows'>; readonly rows: Row[] }>();
  for (const finding of findings) {
    const { key, actual, actualWords, subject, notifications, ...rest } = finding;
    const { path, expected, ...about } = subject;
    const all = Object.entries(notifications);
    const common = {
      ...rest,
      subject: about,
      notifications: Object.fromEntries(
        all.map(([channel, { actual: _, actualWords: __, ...told }]) => [channel, told]),
      ),
    };
    const others = all.filter(([, told]) => told.actual !== actual || told.actualWords !== actualWords);
    const told = others.map(([channel, other]) => [channel, [other.actual, other.actualWords]] as const);
    const own: Row = [key, path, expected, actual, actualWords];
    const row: Row =
      others.length === 0 ? own : [key, path, expected, actual, actualWords, Object.fromEntries(told)];
    const groupKey = JSON.stringify(common);
    const group = groups.get(groupKey);
    if (group === undefined) groups.set(groupKey, { common, rows: [row] });
    else group.rows.push(row);
  }
  return [...groups.values()].map(({ common, rows }) => ({ ...common, rows }));
}

/** Each with all its own again. */
export function apart({
  rows,
  subject,
  notifications,
  ...common
}: FindingsAlike): readonly Incident<FindingRecord>[] {
  // One object for all that were told the same.
  const known = new Map<string, Notifications>();
  const notificationsOf = ([, , , actual, actualWords, told]: Row): Notifications => {
    const values = JSON.stringify([actual, actualWords, told]);
    const before = known.get(values);
    if (before !== undefined) return before;
    const all = Object.fromEntries(
      Object.entries(notifications).map(([channel, when]) => {
        const [toldActual, toldWords] = told?.[channel] ?? [actual, actualWords];
        return [channel, { ...when, actual: toldActual, actualWords: toldWords }];
      }),
    );
    known.set(values, all);
    return all;
  };
  return rows.map((row) => {
    const [key, path, expected, actual, actualWords] = row;
    return {
      ...common,
      key,
      subject: { ...subject, path, expected },
      actual,
      actualWords,
      notifications: notificationsOf(row),
    };
  });
}
