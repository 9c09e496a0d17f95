import { describe, expect, test } from 'vitest';
import type { AlertEvent } from '../../src/incidents/alert.ts';
import { isKnown, lastNotification, markNotified, pendingEvent } from '../../src/incidents/notifications.ts';
import type { Incident, IncidentResolution } from '../../src/incidents/state.ts';
import { applyRun } from '../../src/incidents/transitions.ts';
import type { AlertTiming } from '../../src/model/policy.ts';
import type { Severity } from '../../src/model/severity.ts';
import { hour, policy, stamp } from './story.ts';

/** What a run found of the one thing that these histories are about. */
interface Found {
  readonly severity: Severity;
  readonly actual: string | null;
}

const critical: Found = { severity: 'critical', actual: 'INT64' };
const warning: Found = { severity: 'warning', actual: 'INT64' };
const info: Found = { severity: 'info', actual: 'INT64' };
const repaired: IncidentResolution = { reason: 'repaired' };
const notExpected: IncidentResolution = { reason: 'not-expected' };
const silent: IncidentResolution = { reason: 'below-threshold' };
const waived: IncidentResolution = { reason: 'waived', until: '2026-12-31', waiverReason: 'migration 4711' };

function other(found: Found, actual: string): Found {
  return { ...found, actual };
}

/** One run. */
interface Hour {
  readonly at: number;
  /** null: hidden, or not read. */
  readonly sees: Found | IncidentResolution | null;
  readonly isRefused?: true;
  /** What there is to be told then; absent: nothing. */
  readonly news?: AlertEvent;
}

const { remindAfterMs } = policy.alerts;
const IT = { name: 'it' };
const channel = 'slack';

/** What there was to be told in each run, and what is remembered after the last. */
function play(hours: readonly Hour[], timing: AlertTiming['remindAfterMs'] = remindAfterMs) {
  let records: readonly Incident<object>[] = [];
  const news = hours.map(({ at, sees, isRefused }) => {
    const now = hour(at);
    const isFound = sees !== null && 'severity' in sees;
    records = applyRun(records, {
      now,
      channel,
      seen: isFound
        ? [{ key: 'k', subject: IT, ...sees, actualWords: sees.actual, isAlertable: () => true }]
        : [],
      resolutionOf: () => (isFound ? null : sees),
    });
    const [record] = records;
    if (record === undefined) return null;
    const due = pendingEvent(record, { channel, now, isSeen: isFound, remindAfterMs: timing });
    if (due !== null && isRefused === undefined)
      records = [markNotified(record, { channel, now, event: due })];
    return due;
  });
  return { news, record: records[0] };
}

/** Runs of every hour from one to another, that all see the same. */
function hourly(from: number, to: number, sees: Hour['sees']): readonly Hour[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({ at: from + index, sees }));
}

/** The hours in which there was anything to be told. */
function toldAt(hours: readonly Hour[], timing?: AlertTiming['remindAfterMs']) {
  return play(hours, timing).news.flatMap((news, index) =>
    news === null ? [] : [`${hours[index]?.at} ${news}`],
  );
}

const HISTORIES: readonly { readonly name: string; readonly hours: readonly Hour[] }[] = [
  {
    name: 'what is found is told once, and nothing more while it stays as it is',
    hours: [{ at: 0, sees: critical, news: 'opened' }, ...hourly(1, 3, critical)],
  },
  {
    name: 'another value is told once',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: other(critical, 'STRING'), news: 'changed' },
      { at: 2, sees: other(critical, 'STRING') },
    ],
  },
  {
    name: 'a value that is gone altogether is another value',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: { severity: 'critical', actual: null }, news: 'changed' },
    ],
  },
  {
    name: 'another value that Slack did not accept is told in the next run',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: other(critical, 'STRING'), isRefused: true, news: 'changed' },
      { at: 2, sees: other(critical, 'STRING'), news: 'changed' },
      { at: 3, sees: other(critical, 'STRING') },
    ],
  },
  {
    name: 'a value that is the old one again before Slack heard of another is no news',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: other(critical, 'STRING'), isRefused: true, news: 'changed' },
      { at: 2, sees: critical },
    ],
  },
  {
    name: 'a severity that rises is told once',
    hours: [
      { at: 0, sees: warning, news: 'opened' },
      { at: 1, sees: critical, news: 'escalated' },
      { at: 2, sees: critical },
    ],
  },
  {
    name: 'a severity that rises with another value is told as one thing',
    hours: [
      { at: 0, sees: warning, news: 'opened' },
      { at: 1, sees: other(critical, 'STRING'), news: 'escalated' },
      { at: 2, sees: other(critical, 'STRING') },
    ],
  },
  {
    name: 'a severity that falls is no news, and one that rises from there is',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: warning },
      { at: 2, sees: critical, news: 'escalated' },
      { at: 3, sees: critical },
    ],
  },
  {
    name: 'a severity that rose and fell before Slack heard of it is no news',
    hours: [
      { at: 0, sees: warning, news: 'opened' },
      { at: 1, sees: critical, isRefused: true, news: 'escalated' },
      { at: 2, sees: warning },
    ],
  },
  {
    name: 'what is repaired is told once',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: repaired, news: 'closed' },
      { at: 2, sees: repaired },
      { at: 3, sees: repaired },
    ],
  },
  {
    name: 'what is no longer expected is told once',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: notExpected, news: 'closed' },
      { at: 2, sees: notExpected },
    ],
  },
  {
    name: 'an end that Slack did not accept is told in the next run, whatever is seen then',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: repaired, isRefused: true, news: 'closed' },
      { at: 2, sees: null, news: 'closed' },
      { at: 3, sees: repaired },
    ],
  },
  {
    name: 'what was repaired before Slack accepted anything is told once',
    hours: [
      { at: 0, sees: critical, isRefused: true, news: 'opened' },
      { at: 1, sees: critical, isRefused: true, news: 'opened' },
      { at: 2, sees: repaired, news: 'closed' },
      { at: 3, sees: repaired },
    ],
  },
  {
    name: 'what opens again is told again',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: repaired, news: 'closed' },
      { at: 2, sees: critical, news: 'opened' },
      { at: 3, sees: repaired, news: 'closed' },
    ],
  },
  {
    name: 'what opens again before Slack heard of the end is no news, since Slack holds it for open',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: repaired, isRefused: true, news: 'closed' },
      { at: 2, sees: critical },
      { at: 3, sees: repaired, news: 'closed' },
    ],
  },
  {
    name: 'what opens again as another value before Slack heard of the end has changed',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: repaired, isRefused: true, news: 'closed' },
      { at: 2, sees: other(critical, 'STRING'), news: 'changed' },
    ],
  },
  {
    name: 'what opens again more severe before Slack heard of the end is escalated',
    hours: [
      { at: 0, sees: warning, news: 'opened' },
      { at: 1, sees: repaired, isRefused: true, news: 'closed' },
      { at: 2, sees: critical, news: 'escalated' },
    ],
  },
  {
    name: 'what opens again less severe before Slack heard of the end is no news',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: repaired, isRefused: true, news: 'closed' },
      { at: 2, sees: warning },
      { at: 3, sees: warning },
      { at: 4, sees: repaired, news: 'closed' },
    ],
  },
  {
    name: 'what opens again less severe before Slack heard of the end rises from there',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: repaired, isRefused: true, news: 'closed' },
      { at: 2, sees: warning },
      { at: 3, sees: critical, news: 'escalated' },
    ],
  },
  {
    name: 'what falls below the least severity that is told ends without a word',
    hours: [
      { at: 0, sees: warning, news: 'opened' },
      { at: 1, sees: silent },
      { at: 2, sees: silent },
      { at: 3, sees: repaired },
    ],
  },
  {
    name: 'what rises above the least severity again is opened again',
    hours: [
      { at: 0, sees: warning, news: 'opened' },
      { at: 1, sees: silent },
      { at: 2, sees: warning, news: 'opened' },
      { at: 3, sees: repaired, news: 'closed' },
    ],
  },
  {
    name: 'what falls below the least severity before Slack accepted anything is never told',
    hours: [
      { at: 0, sees: warning, isRefused: true, news: 'opened' },
      { at: 1, sees: silent },
      { at: 2, sees: repaired },
    ],
  },
  {
    name: 'what is waived is told once, and opens again when the waiver is over',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: waived, news: 'closed' },
      { at: 2, sees: waived },
      { at: 3, sees: critical, news: 'opened' },
    ],
  },
  {
    name: 'a waiver that was over before Slack heard of it is no news',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: waived, isRefused: true, news: 'closed' },
      { at: 2, sees: critical },
    ],
  },
  {
    name: 'what is hidden or not read is silent, unreminded and not over',
    hours: [
      { at: 0, sees: critical, news: 'opened' },
      { at: 1, sees: null },
      { at: 30, sees: null },
      { at: 31, sees: critical, news: 'reminded' },
      { at: 32, sees: repaired, news: 'closed' },
    ],
  },
  {
    name: 'what is hidden before Slack accepted it is told when it is seen again',
    hours: [
      { at: 0, sees: critical, isRefused: true, news: 'opened' },
      { at: 1, sees: null },
      { at: 2, sees: critical, news: 'opened' },
    ],
  },
  {
    name: 'what was repaired while nobody could read it is told when it is read',
    hours: [
      { at: 0, sees: critical, isRefused: true, news: 'opened' },
      { at: 1, sees: null },
      { at: 2, sees: repaired, news: 'closed' },
    ],
  },
];

describe('one thing over time', () => {
  test.each(HISTORIES)('$name', ({ hours }) => {
    expect(play(hours).news).toEqual(hours.map(({ news = null }) => news));
  });

  test('keeps when it was open, and which of that Slack heard of', () => {
    const { record } = play([
      { at: 0, sees: critical, isRefused: true },
      { at: 1, sees: repaired, isRefused: true },
      { at: 2, sees: warning, isRefused: true },
    ]);
    expect(record).toEqual({
      key: 'k',
      subject: IT,
      severity: 'warning',
      actual: 'INT64',
      actualWords: 'INT64',
      lastSeenAt: stamp(2),
      runs: 1,
      isAlertable: true,
      episodes: [
        { openedAt: stamp(0), closedAt: stamp(1), isFlapping: false },
        { openedAt: stamp(2), closedAt: null, isFlapping: false },
      ],
      changes: [],
      resolution: null,
      notifications: {},
    });
    expect(record?.episodes.map((episode) => isKnown(episode, null))).toEqual([false, false]);
  });

  test('remembers what Slack heard, with all episodes up to then', () => {
    const { record } = play([
      { at: 0, sees: critical, isRefused: true },
      { at: 1, sees: repaired, isRefused: true },
      { at: 2, sees: critical, isRefused: true },
      { at: 3, sees: waived },
    ]);
    expect(record).toEqual({
      key: 'k',
      subject: IT,
      severity: 'critical',
      actual: 'INT64',
      actualWords: 'INT64',
      lastSeenAt: stamp(2),
      runs: 0,
      isAlertable: true,
      episodes: [
        { openedAt: stamp(0), closedAt: stamp(1), isFlapping: false },
        { openedAt: stamp(2), closedAt: stamp(3), isFlapping: false },
      ],
      changes: [],
      resolution: waived,
      notifications: {
        slack: {
          at: stamp(3),
          isOpen: false,
          severity: 'critical',
          actual: 'INT64',
          actualWords: 'INT64',
          reminders: 0,
        },
      },
    });
    const told = record === undefined ? null : lastNotification(record, channel);
    expect(record?.episodes.map((episode) => isKnown(episode, told))).toEqual([true, true]);
  });

  test('is forgotten a day after it last opened, when Slack knows that it is over', () => {
    const closed = [
      { at: 0, sees: critical },
      { at: 1, sees: repaired },
    ];
    const isKept = (at: number) => play([...closed, { at, sees: repaired }]).record !== undefined;
    expect([isKept(23), isKept(24)]).toEqual([true, false]);
  });

  test('is never forgotten while it is open', () => {
    const { record } = play([
      { at: 0, sees: critical },
      { at: 10_000, sees: null },
    ]);
    expect(record?.resolution).toBe(null);
  });

  test('is forgotten when Slack has not accepted for 30 days that it is over', () => {
    const refused = [
      { at: 0, sees: critical },
      { at: 1, sees: repaired, isRefused: true as const },
    ];
    const isKept = (at: number) =>
      play([...refused, { at, sees: repaired, isRefused: true }]).record !== undefined;
    // It was over in the first hour.
    expect([isKept(30 * 24 + 0.9), isKept(30 * 24 + 1)]).toEqual([true, false]);
  });

  test('is told as over also when it was open for longer than 30 days, and Slack refused that once', () => {
    const hours: readonly Hour[] = [
      { at: 0, sees: critical },
      { at: 40 * 24, sees: repaired, isRefused: true },
      { at: 40 * 24 + 1, sees: repaired },
    ];
    expect(toldAt(hours)).toEqual(['0 opened', '960 closed', '961 closed']);
  });

  test('keeps the latest fifty of the openings that Slack never heard of', () => {
    const { record } = play(
      hourly(0, 140, null).map(({ at }) => ({
        at,
        sees: at % 2 === 0 ? critical : repaired,
        isRefused: true,
      })),
    );
    expect(record?.episodes.map(({ openedAt }) => openedAt)).toEqual(
      Array.from({ length: 50 }, (_, index) => stamp(42 + 2 * index)),
    );
  });
});

const DAY_MS = 24 * 3_600_000;

describe('reminders', () => {
  test.each([
    {
      name: 'of what is critical come after 4 hours, the wait doubling up to a day',
      found: critical,
      remindAfter: 4 * 3_600_000,
      hours: [4, 12, 28, 52, 76],
    },
    {
      name: 'of a warning come daily',
      found: warning,
      remindAfter: DAY_MS,
      hours: [24, 48, 72, 96],
    },
    {
      name: 'come as rarely as policy says, where that is more than a day',
      found: warning,
      remindAfter: 2 * DAY_MS,
      hours: [48, 96],
    },
    {
      name: 'double from an hour up to a day',
      found: critical,
      remindAfter: 3_600_000,
      hours: [1, 3, 7, 15, 31, 55, 79],
    },
    { name: 'never come where policy says null', found: critical, remindAfter: null, hours: [] },
  ])('$name', ({ found, remindAfter, hours }) => {
    const timing = { critical: remindAfter, warning: remindAfter, info: null };
    expect(toldAt(hourly(0, 99, found), timing)).toEqual([
      '0 opened',
      ...hours.map((at) => `${at} reminded`),
    ]);
  });

  test.each([{ minutes: 1 }, { minutes: 10 }])(
    'come in no other attempt at the run that told it, where policy wants them after minutes: $minutes',
    ({ minutes }) => {
      const timing = { critical: minutes * 60_000, warning: null, info: null };
      const hours = [0, 0, 1, 1].map((at) => ({ at, sees: critical }));
      expect(play(hours, timing).news).toEqual(['opened', null, 'reminded', null]);
    },
  );

  test('are never of what is only worth knowing', () => {
    expect(toldAt(hourly(0, 99, info))).toEqual(['0 opened']);
  });

  test.each([
    { name: '10 minutes early', at: 4 - 10 / 60, news: 'reminded' },
    { name: 'not 11 minutes early', at: 4 - 11 / 60, news: null },
  ])('come up to $name, since the Scheduler is not exact', ({ at, news }) => {
    expect(
      play([
        { at: 0, sees: critical },
        { at, sees: critical },
      ]).news,
    ).toEqual(['opened', news]);
  });

  test('count from the last of them', () => {
    const hours = [0, 3.9, 11, 11.75, 26, 27.75].map((at) => ({ at, sees: critical }));
    expect(toldAt(hours)).toEqual(['0 opened', '3.9 reminded', '11.75 reminded', '27.75 reminded']);
  });

  test('begin anew with another value', () => {
    const changed = other(critical, 'STRING');
    expect(toldAt([...hourly(0, 13, critical), ...hourly(14, 30, changed)])).toEqual([
      '0 opened',
      '4 reminded',
      '12 reminded',
      '14 changed',
      '18 reminded',
      '26 reminded',
    ]);
  });

  test('begin anew with a severity that rose, and come as often as what it is now', () => {
    expect(toldAt([...hourly(0, 9, warning), ...hourly(10, 23, critical)])).toEqual([
      '0 opened',
      '10 escalated',
      '14 reminded',
      '22 reminded',
    ]);
  });

  test('that Slack did not accept come in the next run', () => {
    expect(
      play([
        { at: 0, sees: critical },
        { at: 4, sees: critical, isRefused: true },
        { at: 5, sees: critical },
        { at: 6, sees: critical },
      ]).news,
    ).toEqual(['opened', 'reminded', 'reminded', null]);
  });

  test('begin anew after it opened again', () => {
    const hours = [
      ...hourly(0, 4, critical),
      { at: 5, sees: repaired },
      { at: 6, sees: critical },
      ...hourly(7, 20, critical),
    ];
    expect(toldAt(hours)).toEqual([
      '0 opened',
      '4 reminded',
      '5 closed',
      '6 opened',
      '10 reminded',
      '18 reminded',
    ]);
  });
});

/** Opens in the hours that are named, each time for one hour. */
function flaps(openings: readonly number[], found: Found = critical): readonly Hour[] {
  return openings.flatMap((at) => [
    { at, sees: found },
    { at: at + 1, sees: repaired },
  ]);
}

describe('flapping', () => {
  test('is the third opening within a day: it is told in the next reminder, and its end in the one after', () => {
    expect(toldAt([...flaps([0, 2]), ...hourly(4, 8, critical), ...hourly(9, 40, repaired)])).toEqual([
      '0 opened',
      '1 closed',
      '2 opened',
      '3 closed',
      // Four hours after the last word.
      '7 flapping',
      // Eight hours after that.
      '15 flapping',
    ]);
  });

  test('is told as it is in the end, however often it opened between two reminders', () => {
    expect(toldAt([...flaps([0, 2, 4, 6, 8, 10, 12]), ...hourly(14, 48, repaired)])).toEqual([
      '0 opened',
      '1 closed',
      '2 opened',
      '3 closed',
      '7 flapping',
      '15 flapping',
    ]);
  });

  test('is no opening that is the third in more than a day', () => {
    expect(toldAt(flaps([0, 12, 24]))).toEqual([
      '0 opened',
      '1 closed',
      '12 opened',
      '13 closed',
      '24 opened',
      '25 closed',
    ]);
  });

  test('is over when it has been at rest for a day', () => {
    expect(toldAt([...flaps([0, 2, 4]), ...hourly(6, 28, repaired), ...flaps([29])])).toEqual([
      '0 opened',
      '1 closed',
      '2 opened',
      '3 closed',
      '7 flapping',
      '29 opened',
      '30 closed',
    ]);
  });

  test('that stays open is reminded of like all else', () => {
    expect(toldAt([...flaps([0, 2]), ...hourly(4, 60, critical)])).toEqual([
      '0 opened',
      '1 closed',
      '2 opened',
      '3 closed',
      '7 flapping',
      '15 reminded',
      '31 reminded',
      '55 reminded',
    ]);
  });

  test('is told within a day also where policy wants no reminders', () => {
    const never = { critical: null, warning: null, info: null };
    expect(toldAt([...flaps([0, 2]), ...hourly(4, 60, critical)], never)).toEqual([
      '0 opened',
      '1 closed',
      '2 opened',
      '3 closed',
      '27 flapping',
    ]);
  });

  test('is told at its end within a day also where policy wants no reminders', () => {
    const never = { critical: null, warning: null, info: null };
    expect(
      toldAt([...flaps([0, 2]), ...hourly(4, 20, critical), ...hourly(21, 80, repaired)], never),
    ).toEqual(['0 opened', '1 closed', '2 opened', '3 closed', '27 flapping']);
  });

  test('is over when it has stayed open for a day: what becomes of it then is told at once', () => {
    const told = (...rest: readonly Hour[]) =>
      toldAt([...flaps([0, 2], warning), ...hourly(4, 40, warning), ...rest]).slice(4);
    expect({
      closed: told(...hourly(41, 50, repaired)),
      escalated: told(...hourly(41, 44, critical)),
    }).toEqual({ closed: ['27 flapping', '41 closed'], escalated: ['27 flapping', '41 escalated'] });
  });

  test('of which Slack has accepted nothing is told at once, in the reminder', () => {
    const refused = flaps([0, 2]).map((run) => ({ ...run, isRefused: true as const }));
    const { news, record } = play([...refused, { at: 4, sees: critical }]);
    const told = record === undefined ? null : lastNotification(record, channel);
    expect({ news, isKnown: record?.episodes.map((episode) => isKnown(episode, told)) }).toEqual({
      news: ['opened', 'closed', 'opened', 'closed', 'flapping'],
      isKnown: [true, true, true],
    });
  });

  test('that Slack did not accept is due in the next run', () => {
    const hours: readonly Hour[] = [
      ...flaps([0, 2]),
      { at: 4, sees: critical },
      { at: 7, sees: critical, isRefused: true },
      { at: 8, sees: critical },
      { at: 9, sees: critical },
    ];
    expect(toldAt(hours)).toEqual([
      '0 opened',
      '1 closed',
      '2 opened',
      '3 closed',
      '7 flapping',
      '8 flapping',
    ]);
  });

  test('whose value or severity differs from what Slack holds is told in the reminder only', () => {
    const hours: readonly Hour[] = [
      ...flaps([0, 2], warning),
      { at: 4, sees: warning },
      { at: 5, sees: other(critical, 'STRING') },
      { at: 6, sees: other(critical, 'STRING') },
      { at: 7, sees: other(critical, 'STRING') },
    ];
    expect(toldAt(hours)).toEqual(['0 opened', '1 closed', '2 opened', '3 closed', '7 flapping']);
  });

  test('whose severity alone rises is told in the next reminder', () => {
    const timing = { critical: 4 * 3_600_000, warning: 4 * 3_600_000, info: null };
    const hours = [...flaps([0, 2], warning), ...hourly(4, 7, warning), ...hourly(8, 16, critical)];
    expect(toldAt(hours, timing)).toEqual([
      '0 opened',
      '1 closed',
      '2 opened',
      '3 closed',
      '7 flapping',
      '15 flapping',
    ]);
  });

  test('that opened a third time while Slack held it for open is no news but a reminder', () => {
    const refused = flaps([0, 2]).map((run, index) =>
      index === 0 ? run : { ...run, isRefused: true as const },
    );
    expect(toldAt([...refused, ...hourly(4, 12, critical)])).toEqual([
      '0 opened',
      '1 closed',
      '3 closed',
      '4 reminded',
      '12 reminded',
    ]);
  });

  test('is silent while it is hidden', () => {
    expect(
      toldAt([
        ...flaps([0, 2]),
        { at: 4, sees: critical },
        ...hourly(5, 20, null),
        { at: 21, sees: critical },
      ]),
    ).toEqual(['0 opened', '1 closed', '2 opened', '3 closed', '21 flapping']);
  });

  test('is told at its end also when it was open for longer than 30 days', () => {
    const month = 40 * 24;
    const hours = [
      ...flaps([0, 2]),
      ...hourly(4, month, critical),
      ...hourly(month + 1, month + 30, repaired),
    ];
    const { news } = play(hours);
    expect(news.slice(-30).filter((due) => due !== null)).toEqual(['closed']);
  });
});

describe('changing too often', () => {
  const values = ['STRING', 'INT64', 'BYTES', 'DATE'].map((actual) => other(critical, actual));

  test('is the third change within a day: from then on the reminder tells', () => {
    const changing = values.slice(0, 3).map((sees, index) => ({ at: index + 1, sees }));
    expect(
      toldAt([{ at: 0, sees: critical }, ...changing, ...hourly(4, 10, other(critical, 'BYTES'))]),
    ).toEqual(['0 opened', '1 changed', '2 changed', '6 flapping']);
  });

  test('is over when there were fewer than three changes within a day: then the change is told', () => {
    const changing = values
      .slice(0, 3)
      .map((sees, index) => ({ at: index + 1, sees: { ...sees, ...warns } }));
    const last = { ...other(critical, 'BYTES'), ...warns };
    expect(toldAt([{ at: 0, sees: warning }, ...changing, ...hourly(4, 30, last)])).toEqual([
      '0 opened',
      '1 changed',
      '2 changed',
      '25 changed',
    ]);
  });

  test('counts the changes within a day, and forgets those before', () => {
    const at = [-1, 0, 20, 26, 27, 43, 44];
    const seen = ['INT64', 'STRING', 'INT64', 'BYTES', 'DATE', 'DATE', 'DATE'];
    const hours = at.map((when, index) => ({ at: when, sees: other(warning, seen[index] ?? '') }));
    const changesAfter = (count: number) => play(hours.slice(0, count)).record?.changes;
    expect({
      news: play(hours).news,
      atTheThird: changesAfter(5),
      inTheEnd: changesAfter(7),
    }).toEqual({
      news: ['opened', 'changed', 'changed', 'changed', null, null, 'changed'],
      atTheThird: [stamp(20), stamp(26), stamp(27)],
      inTheEnd: [stamp(26), stamp(27)],
    });
  });

  test.each<{ readonly name: string; readonly sees: Found | IncidentResolution; readonly news: AlertEvent }>([
    { name: 'a severity that rises', sees: other(critical, 'DATE'), news: 'escalated' },
    { name: 'its end', sees: repaired, news: 'closed' },
  ])('holds back no more than the change: $name is told at once', ({ sees, news }) => {
    const changing = values
      .slice(0, 3)
      .map((value, index) => ({ at: index + 1, sees: { ...value, ...warns } }));
    expect(toldAt([{ at: 0, sees: warning }, ...changing, { at: 4, sees }, { at: 5, sees }])).toEqual([
      '0 opened',
      '1 changed',
      '2 changed',
      `4 ${news}`,
    ]);
  });

  test('counts anew when it opens again', () => {
    const [first = critical, second = critical, third = critical] = values;
    const changing = [first, second].map((sees, index) => ({ at: index + 1, sees }));
    expect(
      toldAt([
        { at: 0, sees: critical },
        ...changing,
        { at: 3, sees: repaired },
        { at: 4, sees: second },
        { at: 5, sees: third },
      ]),
    ).toEqual(['0 opened', '1 changed', '2 changed', '3 closed', '4 opened', '5 changed']);
  });

  test('that came back to what Slack was told is no news', () => {
    const [first = critical, second = critical] = values;
    const changing = [first, second, first, second].map((sees, index) => ({ at: index + 1, sees }));
    expect(toldAt([{ at: 0, sees: critical }, ...changing, ...hourly(5, 10, second)])).toEqual([
      '0 opened',
      '1 changed',
      '2 changed',
      '6 reminded',
    ]);
  });

  const warns = { severity: 'warning' } as const;
});

describe('what can become less of the same', () => {
  const isLess = (actual: string | null, told: string | null) => Number(actual) < Number(told);

  /** What there was to be told when so much of it was seen, hour by hour. */
  function newsOfAmounts(amounts: readonly number[]): readonly (AlertEvent | null)[] {
    let records: readonly Incident<object>[] = [];
    return amounts.map((amount, at) => {
      const now = hour(at);
      const seen = { key: 'k', subject: IT, ...other(warning, String(amount)), actualWords: null };
      const observations = {
        now,
        channel,
        seen: [{ ...seen, isAlertable: () => true }],
        resolutionOf: () => null,
        isLess,
      };
      const [record] = applyRun(records, observations);
      if (record === undefined) return null;
      const due = pendingEvent(record, { channel, now, isSeen: true, remindAfterMs });
      records = [due === null ? record : markNotified(record, { channel, now, event: due })];
      return due;
    });
  }

  test.each<{
    readonly name: string;
    readonly amounts: readonly number[];
    readonly news: readonly (AlertEvent | null)[];
  }>([
    { name: 'is told when it is more', amounts: [1, 2], news: ['opened', 'changed'] },
    { name: 'is no news when it is less', amounts: [2, 1, 1], news: ['opened', null, null] },
    {
      name: 'is told when it is more than that again',
      amounts: [2, 1, 2, 2],
      news: ['opened', null, 'changed', null],
    },
  ])('$name', ({ amounts, news }) => {
    expect(newsOfAmounts(amounts)).toEqual(news);
  });
});

describe('what is not yet worth telling', () => {
  const twice = (runs: number) => runs >= 2;
  const ripening = (before: readonly Incident<object>[], { at, sees }: { at: number; sees: boolean }) =>
    applyRun(before, {
      now: hour(at),
      channel,
      seen: sees
        ? [
            {
              key: 'k',
              subject: IT,
              severity: 'warning',
              actual: null,
              actualWords: null,
              isAlertable: twice,
            },
          ]
        : [],
      resolutionOf: () => repaired,
    });
  const newsAt = (records: readonly Incident<object>[], at: number) =>
    records.map((record) => pendingEvent(record, { channel, now: hour(at), isSeen: true, remindAfterMs }));

  test('is told when it has been seen in as many runs in a row', () => {
    const first = ripening([], { at: 0, sees: true });
    const second = ripening(first, { at: 1, sees: true });
    expect([newsAt(first, 0), newsAt(second, 1)]).toEqual([[null], ['opened']]);
  });

  test('does not ripen by attempts at the same run', () => {
    const first = ripening([], { at: 0, sees: true });
    const again = ripening(first, { at: 0, sees: true });
    expect([newsAt(again, 0), again[0]?.runs]).toEqual([[null], 1]);
  });

  test('is forgotten without a word when it is over', () => {
    const first = ripening([], { at: 0, sees: true });
    expect(ripening(first, { at: 1, sees: false })).toEqual([]);
  });

  test('begins to count anew when it is seen again', () => {
    const over = ripening(ripening([], { at: 0, sees: true }), { at: 1, sees: false });
    expect(newsAt(ripening(over, { at: 2, sees: true }), 2)).toEqual([null]);
  });

  test('counts anew after an end that Slack heard of', () => {
    const ripe = ripening(ripening([], { at: 0, sees: true }), { at: 1, sees: true });
    const told = ripe.map((record) => markNotified(record, { channel, now: hour(1), event: 'opened' }));
    const over = ripening(told, { at: 2, sees: false }).map((record) =>
      markNotified(record, { channel, now: hour(2), event: 'closed' }),
    );
    const again = ripening(over, { at: 3, sees: true });
    const ripeAgain = ripening(again, { at: 4, sees: true });
    expect([newsAt(again, 3), newsAt(ripeAgain, 4)]).toEqual([[null], ['opened']]);
  });
});
