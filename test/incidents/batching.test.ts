import { describe, expect, test } from 'vitest';
import { afterSending, alertsDue } from '../../src/incidents/batching.ts';
import { type DeliveryStatus, emptyState, type State, TOPICS } from '../../src/incidents/state.ts';
import type { Finding, UncheckedReason } from '../../src/model/finding.ts';
import {
  type Attempt,
  attempt,
  datasetSight,
  declaredTable,
  finding,
  hour,
  linesOf,
  PROJECT,
  policy,
  report,
  scanOf,
  stamp,
  tableSight,
  unchecked,
  waived,
} from './story.ts';

const TABLES = ['opened', 'over', 'unread', 'waived', 'old', 'later'];

/** A warning about the clustering of one table. */
function of(table: string): Finding {
  return finding('clustering', { table, expected: 'id', actual: 'amount' });
}

function critical(table: string): Finding {
  return { ...of(table), severity: 'critical' };
}

/** A run that found these tables to differ, these to be waived, and could not read those. */
function run(
  hours: number,
  about: {
    readonly found?: readonly (string | Finding)[];
    readonly waives?: readonly string[];
    readonly unread?: readonly string[];
    readonly reason?: UncheckedReason;
    readonly fails?: boolean;
    readonly slack?: readonly DeliveryStatus[];
  } = {},
): Attempt {
  const { found = [], waives = [], unread = [], reason = 'denied', fails = false, slack = [] } = about;
  const tables = TABLES.map((table) =>
    tableSight(declaredTable(table, { clustering: ['id'] }), {
      status: unread.includes(table) ? 'unreadable' : 'present',
    }),
  );
  return {
    at: hour(hours),
    report: report({
      findings: found.map((each) => (typeof each === 'string' ? of(each) : each)),
      waived: waives.map((table) => waived(of(table))),
      unchecked: unread.map((table) => unchecked({ table, reason })),
    }),
    scan: scanOf([datasetSight('sales', tables)]),
    slack,
    ...(fails ? { failure: { code: 'InvalidFiles', message: 'why' } } : {}),
  };
}

function play(...attempts: readonly Attempt[]): {
  readonly told: readonly string[][];
  readonly state: State;
} {
  let state = emptyState(PROJECT);
  const told = attempts.map((step) => {
    const after = attempt(state, step);
    state = after.state;
    return after.sent.map((message) => linesOf(message).join('; '));
  });
  return { told, state };
}

function told(...attempts: readonly Attempt[]): readonly string[][] {
  return play(...attempts).told;
}

const OPENED = 'drift: opened warning clustering sales.opened';
const AGAIN = 'drift (unknown): opened warning clustering sales.opened';
const REFUSED = 'drift (refused): opened warning clustering sales.opened';

describe('what a message is about', () => {
  test.each<{
    readonly name: string;
    readonly attempts: readonly Attempt[];
    readonly last: readonly string[];
  }>([
    { name: 'an opening is drift', attempts: [run(0, { found: ['opened'] })], last: [OPENED] },
    {
      name: 'a severity that rose is drift',
      attempts: [run(0, { found: ['opened'] }), run(1, { found: [critical('opened')] })],
      last: ['drift: escalated critical clustering sales.opened'],
    },
    {
      name: 'another value is drift',
      attempts: [run(0, { found: ['opened'] }), run(1, { found: [{ ...of('opened'), actual: 'note' }] })],
      last: ['drift: changed warning clustering sales.opened'],
    },
    {
      name: 'a repair is resolved',
      attempts: [run(0, { found: ['over'] }), run(1)],
      last: ['resolved: closed (repaired) warning clustering sales.over'],
    },
    {
      name: 'a waiver is no resolution: what is waived is still as it was',
      attempts: [run(0, { found: ['waived'] }), run(1, { waives: ['waived'] })],
      last: ['still-open: closed (waived) warning clustering sales.waived'],
    },
    {
      name: 'a reminder is still open',
      attempts: [run(0, { found: ['old'] }), run(24, { found: ['old'] })],
      last: ['still-open: reminded warning clustering sales.old'],
    },
    {
      name: 'what flaps is still open',
      attempts: [
        run(0, { found: ['old'], slack: ['refused'] }),
        run(1, { slack: ['refused'] }),
        run(2, { found: ['old'], slack: ['refused'] }),
        run(3, { slack: ['refused'] }),
        run(4, { found: ['old'] }),
      ],
      last: ['still-open: flapping warning clustering sales.old'],
    },
    {
      name: 'a table that could not be read is unchecked',
      attempts: [run(0, { unread: ['unread'] }), run(1, { unread: ['unread'] })],
      last: ['unchecked: opened denied sales.unread'],
    },
    {
      name: 'a table that can be read again is resolved',
      attempts: [run(0, { unread: ['unread'] }), run(1, { unread: ['unread'] }), run(2)],
      last: ['resolved: closed (repaired) denied sales.unread'],
    },
    {
      name: 'a reminder of a table that cannot be read is still open',
      attempts: [
        run(0, { unread: ['unread'] }),
        run(1, { unread: ['unread'] }),
        run(25, { unread: ['unread'] }),
      ],
      last: ['still-open: reminded denied sales.unread'],
    },
    {
      name: 'a run without a result is drift, for it is as loud',
      attempts: [run(0, { fails: true })],
      last: ['drift: opened InvalidFiles'],
    },
    {
      name: 'a run with a result after it is resolved',
      attempts: [run(0, { fails: true }), run(1)],
      last: ['resolved: closed (repaired) InvalidFiles'],
    },
    {
      name: 'all of one topic is one message',
      attempts: [run(0, { found: [critical('later'), 'opened'] })],
      last: ['drift: opened critical clustering sales.later; drift: opened warning clustering sales.opened'],
    },
    { name: 'nothing is no message', attempts: [run(0)], last: [] },
  ])('$name', ({ attempts, last }) => {
    expect(told(...attempts).at(-1)).toEqual(last);
  });
});

describe('how many messages', () => {
  const everything = { found: ['opened', 'old'], unread: ['unread'] };
  const inAll = [
    run(0, { found: ['old', 'over'] }),
    run(23, { found: ['old', 'over'], unread: ['unread'], slack: ['refused'] }),
  ];

  test('three a run, most urgent first: the rest is told in the next', () => {
    expect(told(...inAll, run(24, everything), run(25, everything)).slice(2)).toEqual([
      [
        OPENED,
        'unchecked: opened denied, or deleted sales.unread',
        'resolved: closed (repaired) warning clustering sales.over',
      ],
      ['still-open: reminded warning clustering sales.old'],
    ]);
  });

  test('what is new comes before what has waited longer to be told as over or again', () => {
    expect(
      told(
        run(0, { found: ['old', 'over'] }),
        run(23, { found: ['old'], slack: ['refused'] }),
        run(25, everything),
        run(26, everything),
      ).slice(2),
    ).toEqual([
      [
        OPENED,
        'unchecked: opened denied, or deleted sales.unread',
        'resolved: closed (repaired) warning clustering sales.over',
      ],
      ['still-open: reminded warning clustering sales.old'],
    ]);
  });

  test('what is over is told before what is still open, also where that has waited longer', () => {
    expect(told(run(0, { found: ['old', 'over'] }), run(25, { found: ['old'] })).at(-1)).toEqual([
      'resolved: closed (repaired) warning clustering sales.over',
      'still-open: reminded warning clustering sales.old',
    ]);
  });

  test('three over all attempts at a run: what the first sent leaves less room for the next', () => {
    expect(
      told(
        run(0, { found: ['old', 'over'] }),
        run(24, { found: ['old', 'opened'] }),
        run(24, { found: ['old', 'opened', 'later'] }),
        run(25, { found: ['old', 'opened', 'later'] }),
      ).slice(1),
    ).toEqual([
      [
        OPENED,
        'resolved: closed (repaired) warning clustering sales.over',
        'still-open: reminded warning clustering sales.old',
      ],
      [],
      ['drift: opened warning clustering sales.later'],
    ]);
  });

  test('as many as there is room for, when an attempt before sent some', () => {
    expect(
      told(
        run(0, { found: ['over'] }),
        run(1, { found: ['opened'] }),
        run(1, { found: ['later', 'opened'] }),
        run(1),
      ).slice(1),
    ).toEqual([
      [OPENED, 'resolved: closed (repaired) warning clustering sales.over'],
      ['drift: opened warning clustering sales.later'],
      [],
    ]);
  });

  test('what Slack refused takes no room', () => {
    const refusing = run(1, { found: ['opened'], slack: ['refused'] });
    expect(told(refusing, refusing, refusing, refusing, run(1, { found: ['opened'] })).at(-1)).toEqual([
      OPENED,
    ]);
  });

  test('what Slack may have takes room', () => {
    const doubtful = (found: readonly string[]) => run(1, { found, slack: ['unknown'] });
    expect(
      told(
        doubtful(['opened']),
        doubtful(['opened', 'later']),
        doubtful(['opened', 'later', 'old']),
        doubtful(['opened', 'later', 'old', 'over']),
      ),
    ).toEqual([
      [AGAIN],
      ['drift (unknown): opened warning clustering sales.later'],
      ['drift (unknown): opened warning clustering sales.old'],
      [],
    ]);
  });
});

describe('where four messages are due in every run for three days', () => {
  const HOURS = Array.from({ length: 72 }, (_, index) => index);
  /** Each drifts for so many hours. */
  const LASTS = 30;
  const tablesOf = (prefix: string) => HOURS.map((hours) => `${prefix}_${hours}`);
  const declared = [...tablesOf('drift'), ...tablesOf('denied'), 'flapped'];
  const isFlapped = (hours: number) => hours >= 4 || hours % 2 === 0;

  /** One table more drifts, one is repaired, one more is denied, and a critical one flapped and stays open. */
  function playThreeDays() {
    let state = emptyState(PROJECT);
    return HOURS.map((hours) => {
      const drifting = tablesOf('drift').slice(Math.max(0, hours - LASTS + 1), hours + 1);
      const unread = tablesOf('denied').slice(0, hours + 1);
      const findings = [...drifting.map(of), ...(isFlapped(hours) ? [critical('flapped')] : [])];
      const tables = declared.map((table) =>
        tableSight(
          declaredTable(table, { clustering: ['id'] }),
          unread.includes(table) ? { status: 'unreadable', reason: 'denied' } : {},
        ),
      );
      const { state: after, sent } = attempt(state, {
        at: hour(hours),
        report: report({ findings, unchecked: unread.map((table) => unchecked({ table })) }),
        scan: scanOf([datasetSight('sales', tables)]),
      });
      state = after;
      return sent.map((message) => ({ topic: message.alert.topic, lines: linesOf(message) }));
    });
  }

  const messages = playThreeDays();

  /** In which runs, from one on, that is told. */
  const toldAt = (line: string, from: number) =>
    HOURS.filter((hours) => hours >= from && messages[hours]?.some(({ lines }) => lines.includes(line)));

  test('each is told in the run in which it becomes due, or in the next', () => {
    const due = HOURS.flatMap((hours) => [
      { line: `drift: opened warning clustering sales.drift_${hours}`, from: hours },
      {
        line: `unchecked: opened denied${hours === 0 ? '' : ', or deleted'} sales.denied_${hours}`,
        from: hours + (hours === 0 ? 1 : 0),
      },
      { line: `still-open: reminded warning clustering sales.drift_${hours}`, from: hours + 24 },
      { line: `resolved: closed (repaired) warning clustering sales.drift_${hours}`, from: hours + LASTS },
    ]).filter(({ from }) => from < HOURS.length - 1);
    const late = due.filter(({ line, from }) => {
      const [first = Number.POSITIVE_INFINITY] = toldAt(line, from);
      return first > from + 1;
    });
    expect(late).toEqual([]);
  });

  test('what flapped and stays open is among the reminders as often as all that is critical', () => {
    const lines = HOURS.flatMap((hours) =>
      (messages[hours] ?? []).flatMap((message) =>
        message.lines.filter((line) => line.endsWith('sales.flapped')).map((line) => `${hours} ${line}`),
      ),
    );
    expect(lines).toEqual([
      '0 drift: opened critical clustering sales.flapped',
      '1 resolved: closed (repaired) critical clustering sales.flapped',
      '2 drift: opened critical clustering sales.flapped',
      '3 resolved: closed (repaired) critical clustering sales.flapped',
      '7 still-open: flapping critical clustering sales.flapped',
      '15 still-open: reminded critical clustering sales.flapped',
      '31 still-open: reminded critical clustering sales.flapped',
      '55 still-open: reminded critical clustering sales.flapped',
    ]);
  });

  test('each run sends three at most, and in their order', () => {
    const wrong = messages.filter((sent) => {
      const ranks = sent.map(({ topic }) => TOPICS.indexOf(topic));
      return ranks.length > 3 || ranks.some((rank, index) => rank <= (ranks[index - 1] ?? -1));
    });
    expect(wrong).toEqual([]);
  });
});

describe('what became of a message', () => {
  test('accepted: it is told, and no attempt and no run tells it again', () => {
    const found = { found: ['opened'] };
    expect(told(run(0, found), run(0, found), run(1, found))).toEqual([[OPENED], [], []]);
  });

  test('refused: the next attempt at the same run tells it again', () => {
    const found = ['opened'];
    expect(
      told(run(0, { found, slack: ['refused'] }), run(0, { found, slack: ['refused'] }), run(0, { found })),
    ).toEqual([[REFUSED], [REFUSED], [OPENED]]);
  });

  test('unknown: no attempt at the same run tells it again, and the next run does', () => {
    const found = ['opened'];
    expect(
      told(
        run(0, { found, slack: ['unknown'] }),
        run(0, { found }),
        run(0, { found }),
        run(1, { found }),
        run(2, { found }),
      ),
    ).toEqual([[AGAIN], [], [], [OPENED], []]);
  });

  test('unknown: what else is due is told by the next attempt', () => {
    expect(
      told(run(0, { found: ['opened'], slack: ['unknown'] }), run(0, { found: ['opened', 'later'] })),
    ).toEqual([[AGAIN], ['drift: opened warning clustering sales.later']]);
  });

  test('unknown: that it is over is told all the same', () => {
    expect(told(run(0, { found: ['opened'], slack: ['unknown'] }), run(0), run(1))).toEqual([
      [AGAIN],
      ['resolved: closed (repaired) warning clustering sales.opened'],
      [],
    ]);
  });

  test('a message that fails does not repeat the one before it', () => {
    const first = run(0, { found: ['over'] });
    const slack: readonly DeliveryStatus[] = ['sent', 'refused'];
    expect(told(first, run(1, { found: ['opened'], slack }), run(1, { found: ['opened'] })).slice(1)).toEqual(
      [
        [OPENED, 'resolved (refused): closed (repaired) warning clustering sales.over'],
        ['resolved: closed (repaired) warning clustering sales.over'],
      ],
    );
  });

  test.each<{ readonly status: DeliveryStatus }>([{ status: 'unknown' }, { status: 'refused' }])(
    '$status: remembered as that, with nothing told',
    ({ status }) => {
      const { state } = play(run(0, { found: ['opened'], slack: ['refused'] }));
      const [alert] = alertsDue(state, {
        channel: 'slack',
        now: hour(1),
        isSeen: () => true,
        timing: policy.alerts,
      });
      if (alert === undefined) throw new Error('it is due');
      const after = afterSending(
        { ...state, messages: { runAt: stamp(1), channels: {} } },
        {
          alert,
          channel: 'slack',
          status,
          now: hour(1),
        },
      );
      expect(after).toEqual({
        ...state,
        messages: {
          runAt: stamp(1),
          channels: { slack: [{ topic: 'drift', status, keys: [of('opened').fingerprint] }] },
        },
      });
    },
  );

  test('all are remembered, with what they told', () => {
    const first = run(0, { found: ['over'] });
    const { state } = play(first, run(1, { found: ['opened', 'later'], slack: ['sent', 'unknown'] }));
    expect(state.messages).toEqual({
      runAt: stamp(1),
      channels: {
        slack: [
          {
            topic: 'drift',
            status: 'sent',
            keys: [of('opened').fingerprint, of('later').fingerprint],
          },
          { topic: 'resolved', status: 'unknown', keys: [of('over').fingerprint] },
        ],
      },
    });
  });
});

describe('what this attempt did not see', () => {
  test('is not told as open, though the attempt before saw it', () => {
    expect(
      told(
        run(0, { found: ['opened'], slack: ['refused'] }),
        run(0, { unread: ['opened'], reason: 'unavailable' }),
        run(1, { found: ['opened'] }),
      ),
    ).toEqual([[REFUSED], [], [OPENED]]);
  });

  test('is told as over, when it was found so before', () => {
    expect(
      told(
        run(0, { found: ['over'] }),
        run(1, { slack: ['refused'] }),
        run(2, { unread: ['over'], reason: 'unavailable' }),
      ),
    ).toEqual([
      ['drift: opened warning clustering sales.over'],
      ['resolved (refused): closed (repaired) warning clustering sales.over'],
      ['resolved: closed (repaired) warning clustering sales.over'],
    ]);
  });
});
