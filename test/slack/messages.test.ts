import { describe, expect, test } from 'vitest';
import type { Alert, AlertEvent } from '../../src/incidents/alert.ts';
import type { MessageContext } from '../../src/incidents/channel.ts';
import type { IncidentResolution, Notification } from '../../src/incidents/state.ts';
import { type Finding, UNCHECKED_REASONS } from '../../src/model/finding.ts';
import { bq, type Fix, MEANING, MOMENT, sql, withBlanks } from '../../src/model/fix.ts';
import { isAtLeast, type Severity } from '../../src/model/severity.ts';
import { renderLostState } from '../../src/slack/failure.ts';
import { renderAlert, renderNote } from '../../src/slack/messages.ts';
import type { SlackPayload } from '../../src/slack/payload.ts';
import { datasetSight, declaredTable, scanOf, tableSight } from '../incidents/story.ts';
import {
  alertOf,
  blockTexts,
  findingOf,
  itemOf,
  LAST_GOOD_AT,
  lostField,
  lostTable,
  memoOf,
  NOW,
  PROJECT,
  reportOf,
  sceneOf,
  toldOf,
  uncheckedItem,
} from '../support/records.ts';
import { STORIES } from '../support/stories.ts';
import { datasetOf, deniedTo, startShop } from './alerts.ts';

/** When what the records tell of opened: nothing is to be said of how long ago that was. */
const OPENED = new Date('2026-11-22T04:17:00.000Z');

/** The message that tells of findings that are there. */
function telling(
  findings: readonly Finding[],
  {
    news = 'opened',
    told = null,
    scene = {},
  }: {
    readonly news?: AlertEvent;
    readonly told?: Notification | null;
    readonly scene?: Partial<MessageContext>;
  } = {},
): SlackPayload {
  const topic = news === 'reminded' || news === 'flapping' ? 'still-open' : 'drift';
  return renderAlert(
    alertOf({ topic, findings: findings.map((finding) => itemOf(finding, news, { told })) }),
    sceneOf({ report: reportOf({ findings }), ...scene }),
  );
}

/** The sections of the tables, each with its lines. */
function tablesOf(message: SlackPayload): readonly (readonly string[])[] {
  return blockTexts(message)
    .slice(2)
    .map((text) => text.split('\n'));
}

function story(name: string): Promise<SlackPayload> {
  const tell = STORIES[name];
  if (tell === undefined) throw new Error(`there is no story ${name}`);
  return tell();
}

const toldAsInt = toldOf({ at: LAST_GOOD_AT, severity: 'warning', actual: 'INT64', actualWords: 'INT64' });

describe('the owner', () => {
  const owned = lostField({ owner: '<!subteam^S0PAYMENTS>' });

  test.each<{ news: AlertEvent; isCalled: boolean }>([
    { news: 'opened', isCalled: true },
    { news: 'changed', isCalled: true },
    { news: 'escalated', isCalled: true },
    { news: 'reminded', isCalled: false },
    { news: 'flapping', isCalled: false },
  ])('of what is $news is called: $isCalled', ({ news, isCalled }) => {
    const message = telling([owned], { news, told: toldAsInt });
    expect(JSON.stringify(message).includes('<!subteam^S0PAYMENTS>')).toBe(isCalled);
  });

  test.each<{ closing: IncidentResolution }>([
    { closing: { reason: 'repaired' } },
    { closing: { reason: 'not-expected' } },
    { closing: { reason: 'waived', until: '2027-01-31', waiverReason: 'migration' } },
  ])('of what is over is not called: $closing.how', ({ closing }) => {
    const topic = closing.reason === 'waived' ? 'still-open' : 'resolved';
    const message = renderAlert(
      alertOf({ topic, findings: [itemOf(owned, 'closed', { resolution: closing })] }),
      sceneOf(),
    );
    expect(JSON.stringify(message)).not.toContain('subteam');
  });

  const ownersIn = (findings: readonly Finding[]) =>
    tablesOf(telling(findings)).map(([heading = '']) => heading.split(' · ').slice(1));

  test('is nobody where the contract leaves a blank', () => {
    expect(ownersIn([lostField({ owner: ' \t' })])).toEqual([[]]);
  });

  test('of a missing dataset are all that its tables have', () => {
    const lost = (owners: readonly string[]) =>
      ownersIn([findingOf({ kind: 'dataset-missing', table: null, expected: 'DATASET', owners })]);
    const five = ['<!subteam^S0PAYMENTS>', '<@U0ANNA>', 'sales', 'data', 'crm'];
    const named = ['<!subteam^S0PAYMENTS>', '<@U0ANNA>', 'owner sales', 'owner data', 'owner crm'];
    expect([lost(five), lost([...five, ' ']), lost([...five, 'ops', 'ml'])]).toEqual([
      [named],
      [named],
      [[...named, 'and 2 more']],
    ]);
  });

  test('who is no user and no group is named and not called', () => {
    const [[heading = ''] = []] = tablesOf(telling([lostField({ owner: '<!channel>' })]));
    expect(heading).toMatch(/ · owner &lt;!channel&gt;$/);
  });
});

describe('the section of a table', () => {
  test('has its name, what differs, and what is worth knowing', () => {
    const finding = lostField({
      owner: '<@U0ANNA>',
      runbook: 'https://wiki.example.com/a?b=1&c=2',
      consumers: ['integration-service', 'reports'],
    });
    const scene = { now: new Date('2026-11-22T04:17:00.000Z') };
    expect(tablesOf(telling([finding], { scene }))).toEqual([
      [
        '*<https://console.cloud.google.com/bigquery?project=livhana-production&amp;p=livhana-production&amp;d=commerce&amp;t=orders&amp;page=table|commerce.orders>* · <@U0ANNA> · <https://wiki.example.com/a?b=1&amp;c=2|runbook>',
        '🔴 field `amount` is missing: expected `NUMERIC`, found nothing — breaks *integration-service*, *reports*',
        expect.stringMatching(
          /^> .*2026-11-22 03:17 UTC.* until at least 2026-11-29 03:17 UTC \(6 days 23 hours from now\)\.$/,
        ),
      ],
    ]);
  });

  test('of a dataset links to the dataset', () => {
    const finding = findingOf({ kind: 'dataset-location', table: null, expected: 'US', actual: 'EU' });
    const [[heading] = []] = tablesOf(telling([finding]));
    expect(heading).toBe(
      '*<https://console.cloud.google.com/bigquery?project=livhana-production&amp;p=livhana-production&amp;d=commerce&amp;page=dataset|dataset commerce>*',
    );
  });

  test('of a missing dataset links to the project, and counts the declared tables that went with it', () => {
    const finding = findingOf({ kind: 'dataset-missing', table: null, expected: 'DATASET' });
    const tables = ['orders', 'items'].map((table) =>
      tableSight(declaredTable(table), { status: 'missing' }),
    );
    const scan = scanOf([datasetSight('commerce', tables, { status: 'missing' })]);
    const [lines = []] = tablesOf(telling([finding], { scene: { scan, now: OPENED } }));
    expect(lines.slice(0, 2)).toEqual([
      '*<https://console.cloud.google.com/bigquery?project=livhana-production|dataset commerce>*',
      '🔴 the dataset is missing, with its 2 declared tables',
    ]);
  });

  test.each([
    { name: 'a runbook of 1,000 characters', length: 1000, isShown: true },
    { name: 'a runbook of more, since a link that is cut is none', length: 1001, isShown: false },
  ])('has $name: $isShown', ({ length, isShown }) => {
    const runbook = 'https://wiki.example.com/'.padEnd(length, 'x');
    const [[heading = ''] = []] = tablesOf(telling([lostField({ runbook })]));
    expect(heading.endsWith(` · <${runbook}|runbook>`)).toBe(isShown);
  });

  test('links nowhere where the project is not known', () => {
    const [[heading] = []] = tablesOf(telling([lostField()], { scene: { project: null } }));
    expect(heading).toBe('*commerce.orders*');
  });

  test.each([
    { letters: 'Hebrew', table: 'ש'.repeat(300) },
    { letters: 'Chinese', table: '表'.repeat(300) },
    { letters: 'long', table: '表'.repeat(1024) },
  ])('says what differs however long its name is in an address: $letters', ({ table }) => {
    const lines = tablesOf(telling([lostField({ table })])).flat();
    expect({
      isSaid: lines.some((line) => line.startsWith('🔴 field `amount` is missing')),
      isHeadingWhole: /^\*.*\*$/.test(lines[0] ?? ''),
    }).toEqual({ isSaid: true, isHeadingWhole: true });
  });

  test('has the findings of the table worst first, and one line for many of a kind', () => {
    const lost = ['a', 'b', 'c', 'd', 'e', 'f'].map((path) =>
      lostField({ path, consumers: [`reader of ${path}`] }),
    );
    const filter = findingOf({
      kind: 'partition-filter',
      severity: 'warning',
      expected: 'true',
      actual: 'false',
    });
    const [[, ...lines] = []] = tablesOf(telling([...lost, filter], { scene: { now: NOW } }));
    expect(lines.slice(0, 2).map((line) => line.replace(/ — open for .*/, ''))).toEqual([
      '🔴 6 × field `…` is missing: expected `NUMERIC`, found nothing: `a`, `b`, `c`, `d`, `e`, `f` — breaks *reader of a*, *reader of b*, *reader of c*, *reader of d*, *reader of e* and 1 more',
      '🟡 whether a query must filter by partition differs: expected `true`, found `false`',
    ]);
  });

  test('tells those of many of a kind together that are alike, and each with what differs', () => {
    const retyped = (path: string, actual: string) =>
      findingOf({ kind: 'field-type', path, expected: 'STRING', actual });
    const findings = [
      ...['a', 'b', 'c'].map((path) => retyped(path, 'INT64')),
      ...['d', 'e'].map((path) => retyped(path, 'BOOL')),
      ...['f', 'g', 'h', 'i', 'j'].map((path, index) => retyped(path, `STRING(${index + 1})`)),
    ];
    const scene = { now: new Date('2026-11-22T04:17:00.000Z') };
    const [[, ...lines] = []] = tablesOf(telling(findings, { scene }));
    expect(lines).toEqual([
      '🔴 3 × field `…` is of another type: expected `STRING`, found `INT64`: `a`, `b`, `c`',
      '🔴 2 × field `…` is of another type: expected `STRING`, found `BOOL`: `d`, `e`',
      '🔴 field `f` is of another type: expected `STRING`, found `STRING(1)`',
      '🔴 field `g` is of another type: expected `STRING`, found `STRING(2)`',
      '🔴 field `h` is of another type: expected `STRING`, found `STRING(3)`',
      '🔴 2 × field `…` is of another type: `i`, `j`',
    ]);
  });

  test('says what it was when last told, of what has changed', () => {
    const finding = findingOf({ kind: 'field-type', path: 'a', expected: 'NUMERIC', actual: 'STRING' });
    const [[, line] = []] = tablesOf(telling([finding], { news: 'changed', told: toldAsInt }));
    expect(line).toBe(
      '🔴 field `a` is of another type: expected `NUMERIC`, found `STRING` — it was `INT64` when last told',
    );
  });

  test.each([
    { story: 'changed-duration', raw: '2592000000', words: '30 days' },
    { story: 'changed-from-absent', raw: 'absent', words: 'none' },
  ])('says that in the words of its kind: $story', async ({ story: name, raw, words }) => {
    const line = tablesOf(await story(name)).flat()[1] ?? '';
    const before = /it was (.*) when last told/.exec(line)?.[1]?.replaceAll('`', '');
    expect({ before, isRaw: line.includes(raw) }).toEqual({ before: words, isRaw: false });
  });

  test('says what it was before, of what has become worse', () => {
    const finding = findingOf({ kind: 'field-type', path: 'a', expected: 'NUMERIC', actual: 'INT64' });
    const [[, line] = []] = tablesOf(telling([finding], { news: 'escalated', told: toldAsInt }));
    expect(line).toMatch(/ — now critical, was warning$/);
  });
});

describe('what flaps', () => {
  const at = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000).toISOString();
  const opened = (...hoursAgo: readonly number[]) =>
    hoursAgo.map((hours, index) => ({
      openedAt: at(hours),
      closedAt: index === hoursAgo.length - 1 ? null : at(hours - 1),
      isFlapping: false,
    }));
  const finding = findingOf({ kind: 'field-type', path: 'a', expected: 'NUMERIC', actual: 'STRING' });

  test.each([
    {
      name: 'its openings of the last day only',
      record: { episodes: opened(60, 30, 24, 23, 9, 2) },
      words: 'opened 3 times within a day, open for 2 hours',
    },
    {
      name: 'its changes, where those are more',
      record: { episodes: opened(9, 5), changes: [at(4), at(3), at(2), at(1)] },
      words: 'changed 4 times within a day, open for 5 hours',
    },
    {
      name: 'its openings, where those are more',
      record: { episodes: opened(9, 7, 5), changes: [at(4), at(3)] },
      words: 'opened 3 times within a day, open for 5 hours',
    },
  ])('is told with how often: $name', ({ record, words }) => {
    const message = renderAlert(
      alertOf({ topic: 'still-open', findings: [itemOf(finding, 'flapping', record)] }),
      sceneOf({ report: reportOf({ findings: [finding] }) }),
    );
    const [[, line = ''] = []] = tablesOf(message);
    expect(line).toBe(
      `🔴 field \`a\` is of another type: expected \`NUMERIC\`, found \`STRING\` — flapping: ${words}`,
    );
  });

  test('and is over is told with its openings of the last day', () => {
    const episodes = opened(30, 9, 7, 5).map(({ closedAt, ...episode }) => ({
      ...episode,
      closedAt: closedAt ?? at(1),
      isFlapping: closedAt === null,
    }));
    const item = itemOf(finding, 'flapping', {
      resolution: { reason: 'repaired' },
      episodes,
      told: toldOf({ at: at(4) }),
    });
    const message = renderAlert(alertOf({ topic: 'still-open', findings: [item] }), sceneOf());
    expect(blockTexts(message).at(-1)).toMatch(/\n✅ repaired, after 4 hours, opened 3 times within a day: /);
  });
});

describe('a repair', () => {
  const fix = (changes: Partial<Fix>): Fix => ({ how: 'in-place', statements: [], note: null, ...changes });
  const differing = (made: Fix | null) =>
    findingOf({ kind: 'clustering', severity: 'warning', expected: 'id', fix: made });
  /** All beneath the line of the finding. */
  const repairOf = (made: Fix | null, options: Parameters<typeof telling>[1] = {}) =>
    tablesOf(telling([differing(made)], options))[0]?.slice(2);

  test('is shown where it is short, ready to be copied', () => {
    const made = fix({
      statements: [sql('ALTER TABLE `p.d.t` RENAME TO `u`'), bq('bq cp a b')],
      note: 'stop writers',
    });
    expect(repairOf(made)).toEqual([
      'Would repair it:',
      '> Before you run it: stop writers',
      '```',
      'ALTER TABLE `p.d.t` RENAME TO `u`;',
      'bq cp a b',
      '```',
    ]);
  });

  test.each([
    { name: 'nothing is known', made: null },
    { name: 'there is nothing to say', made: fix({ how: 'none' }) },
  ])('is passed over where $name', ({ made }) => {
    expect(repairOf(made)).toEqual([]);
  });

  test('is no statement where none repairs it, and that is said', () => {
    expect(repairOf(fix({ how: 'none', note: 'copy its tables' }))).toEqual([
      '> No statement repairs it: copy its tables',
    ]);
  });

  test.each([
    { name: 'of 1,200 characters with all that stands around it', length: 1174, isShown: true },
    { name: 'of more', length: 1175, isShown: false },
  ])('$name is shown: $isShown', ({ length, isShown }) => {
    const lines = repairOf(fix({ statements: [sql('x'.repeat(length))] })) ?? [];
    expect(lines).toEqual(
      isShown
        ? ['Would repair it:', '```', `${'x'.repeat(length)};`, '```']
        : ['> The repair is long: drift check --format json.'],
    );
  });

  test('is shown with its danger, or neither is', () => {
    const shown = (length: number) =>
      repairOf(fix({ statements: [sql('DROP PRIMARY KEY')], note: `the danger: ${'x'.repeat(length)}` })) ??
      [];
    const isSaid = (lines: readonly string[]) => [
      lines.some((line) => line.includes('the danger')),
      lines.some((line) => line.includes('DROP')),
    ];
    expect([isSaid(shown(1000)), isSaid(shown(1200))]).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  test('that is long is in the report, where there is one', () => {
    const finding = lostTable({ fix: fix({ statements: [sql('x'.repeat(1201))] }) });
    const reportUrl = 'https://storage.cloud.google.com/b/report.html';
    const lines = tablesOf(telling([finding], { scene: { reportUrl } })).flat();
    expect(lines).toContain('> The repair is long: the report, or drift check --format json.');
  });

  test.each<AlertEvent>(['reminded', 'flapping'])('is in no reminder: %s', (news) => {
    expect(repairOf(fix({ statements: [sql('ALTER TABLE x')] }), { news })).toEqual([]);
  });

  test('is said once where several findings have the same', () => {
    const same = fix({ statements: [sql('ALTER TABLE x')] });
    const findings = ['a', 'b'].map((path) => lostField({ path, fix: same }));
    const lines = tablesOf(telling(findings)).flat();
    expect(lines.filter((line) => line === 'ALTER TABLE x;')).toHaveLength(1);
  });

  const repairLines = (findings: readonly Finding[]) =>
    tablesOf(telling(findings, { scene: { now: OPENED } }))
      .flat()
      .filter((line) => /^Would|^> Before|^> No statement/.test(line));

  test('names what it repairs where a table has several: a field, or what else differs', () => {
    const findings = [
      lostField({ path: 'a', fix: fix({ statements: [sql('ALTER TABLE a')] }) }),
      differing(fix({ statements: [sql('ALTER TABLE x')] })),
      findingOf({ kind: 'partition-filter', expected: 'true', fix: fix({ how: 'none', note: 'ask' }) }),
    ];
    expect(repairLines(findings)).toEqual([
      'Would repair `a`:',
      'Would repair “the clustering differs”:',
      '> No statement repairs “whether a query must filter by partition differs”: ask',
    ]);
  });

  test('names what it repairs, where others repair other things', () => {
    const same = ['a', 'b'].map((path) =>
      lostField({ path, fix: fix({ statements: [sql('ALTER TABLE x')] }) }),
    );
    const other = lostField({ path: 'c', fix: fix({ statements: [sql('ALTER TABLE c')] }) });
    expect([repairLines(same), repairLines([...same, other])]).toEqual([
      ['Would repair it:'],
      ['Would repair `a`, `b`:', 'Would repair `c`:'],
    ]);
  });

  test('is told together with others that have the same note', () => {
    const noted = (path: string, note: string) =>
      lostField({ path, fix: fix({ statements: [sql(`ALTER TABLE ${path}`)], note }) });
    expect(
      repairLines([noted('a', 'stop writers'), noted('b', 'of b alone'), noted('c', 'stop writers')]),
    ).toEqual([
      'Would repair `a`, `c`:',
      '> Before you run it: stop writers',
      'Would repair `b`:',
      '> Before you run it: of b alone',
    ]);
  });

  test.each([
    { name: 'the worst tables, where not all have room', count: 20, pointer: 'the others' },
    { name: 'none, where there is room for none', count: 38, pointer: 'each' },
  ])('stays with $name, and where the others stand is said', ({ count, pointer }) => {
    const findings = Array.from({ length: count }, (_, index) =>
      findingOf({
        kind: 'clustering',
        severity: 'warning',
        table: `orders_of_region_${String(index).padStart(2, '0')}`,
        expected: 'id',
        fix: fix({ statements: [sql(`ALTER TABLE ${'x'.repeat(600)}`)] }),
      }),
    );
    const sections = tablesOf(telling(findings, { scene: { now: OPENED } }));
    const tables = sections.filter(([heading = '']) => heading.startsWith('*<'));
    const isRepaired = tables.map((lines) => lines.includes('Would repair it:'));
    const repaired = isRepaired.filter((is) => is).length;
    expect({
      tables: tables.length,
      isAnyRepaired: repaired > 0,
      areTheFirst: isRepaired.slice(0, repaired).every((is) => is),
      last: sections.at(-1),
    }).toEqual({
      tables: count,
      isAnyRepaired: pointer === 'the others',
      areTheFirst: true,
      last: [`> What would repair ${pointer}: drift check --format json.`],
    });
  });

  test('beyond the third of a table is counted', () => {
    const findings = ['a', 'b', 'c', 'd', 'e'].map((path) =>
      lostField({ path, fix: fix({ statements: [sql(`ALTER TABLE ${path}`)] }) }),
    );
    const lines = tablesOf(telling(findings)).flat();
    expect(lines.filter((line) => /^ALTER|more repair/.test(line))).toEqual([
      'ALTER TABLE a;',
      'ALTER TABLE b;',
      'ALTER TABLE c;',
      '> +2 more repairs: drift check --format json.',
    ]);
  });

  const restoring = fix({
    how: 'restore',
    statements: [bq(withBlanks`bq cp d.t@${MOMENT} d.t_restored`)],
    note: withBlanks`${MEANING}`,
  });

  test('from time travel is given the moment of the last good run', () => {
    const lines = tablesOf(telling([lostTable({ fix: restoring })])).flat();
    const ms = String(Date.parse(LAST_GOOD_AT));
    expect({
      statement: lines.find((line) => line.startsWith('bq cp')),
      isLeft: lines.some((line) => /(<|&lt;)ms/.test(line)),
    }).toEqual({ statement: `bq cp d.t@${ms} d.t_restored`, isLeft: false });
  });

  test('from time travel leaves the moment open where there was no good run', () => {
    const finding = lostTable({ fix: restoring });
    const message = renderAlert(
      alertOf({ findings: [itemOf(finding, 'opened', { subject: memoOf(finding, null) })] }),
      sceneOf({ report: reportOf({ findings: [finding] }) }),
    );
    expect(tablesOf(message).flat()).toContain('bq cp d.t@&lt;ms&gt; d.t_restored');
  });
});

describe('a recovery clock', () => {
  const lost = (tables: number) =>
    Array.from({ length: tables }, (_, index) => lostTable({ table: `t${index}` }));
  const clocksOf = (message: SlackPayload) =>
    blockTexts(message)
      .flatMap((text) => text.split('\n'))
      .flatMap((line) => /^> (.*)Last seen in order at /.exec(line)?.[1] ?? []);

  test.each([
    { tables: 4, said: ['', '', '', ''] },
    { tables: 5, said: ['For 5 of these: '] },
    { tables: 40, said: ['For 40 of these: '] },
  ])('that $tables tables have in common stands $said.length times', ({ tables, said }) => {
    expect(clocksOf(telling(lost(tables)))).toEqual(said);
  });

  test('of its own stays with its table', () => {
    const findings = [...lost(5), lostTable({ table: 'other' })];
    const [other, ...items] = findings.toReversed().map((finding) => itemOf(finding));
    if (other === undefined) throw new Error('there are six');
    const about = { ...other.record.subject, timeTravelHours: 48 };
    const alert = alertOf({
      findings: [...items, { ...other, record: { ...other.record, subject: about } }],
    });
    const message = renderAlert(alert, sceneOf({ report: reportOf({ findings }) }));
    expect(clocksOf(message)).toEqual(['For 5 of these: ', '']);
  });
});

describe('a waiver that is over', () => {
  const lapsedWaiver = { until: '2026-11-21', reason: 'migration <4711>' };

  test.each<AlertEvent>(['opened', 'reminded'])('is said of what it covered: %s', (news) => {
    const [[, line] = []] = tablesOf(telling([lostField({ lapsedWaiver })], { news, told: toldAsInt }));
    expect(line).toContain(' — its waiver ended on 2026-11-21 (migration &lt;4711&gt;)');
  });
});

describe('what is below the least severity that is told', () => {
  const of = (kind: 'field-missing' | 'clustering' | 'field-description', severity: Severity) =>
    findingOf({ kind, severity, table: `of_${severity}`, path: kind === 'clustering' ? null : 'a' });
  const findings = [
    of('field-missing', 'critical'),
    of('clustering', 'warning'),
    of('field-description', 'info'),
  ];

  test.each<{ minimumSeverity: Severity; counted: readonly string[]; tables: readonly string[] }>([
    { minimumSeverity: 'critical', counted: ['1 warning, 1 info'], tables: ['critical'] },
    { minimumSeverity: 'warning', counted: ['1 info'], tables: ['critical', 'warning'] },
    { minimumSeverity: 'info', counted: [], tables: ['critical', 'warning', 'info'] },
  ])('is only counted, where that is $minimumSeverity', ({ minimumSeverity, counted, tables }) => {
    const told = findings.filter(({ severity }) => isAtLeast(severity, minimumSeverity));
    const message = renderAlert(
      alertOf({ findings: told.map((finding) => itemOf(finding)) }),
      sceneOf({ minimumSeverity, report: reportOf({ findings }) }),
    );
    const [, line = ''] = blockTexts(message);
    expect({
      counted: line.match(/\d+ warning, \d+ info|\d+ info|\d+ warning/g) ?? [],
      tables: tablesOf(message).map(([heading = '']) => /commerce\.of_(\w+)>/.exec(heading)?.[1]),
    }).toEqual({ counted, tables });
  });
});

describe('the title', () => {
  const findings = [lostField(), lostTable({ table: 'items', severity: 'warning' })];

  test.each<{ memory: MessageContext['memory']; title: string; text: RegExp }>([
    { memory: 'kept', title: `Drift in ${PROJECT}: 1 critical, 1 warning`, text: /^Drift in / },
    {
      memory: 'first',
      title: `First check of ${PROJECT}: 1 critical, 1 warning`,
      text: /^Drift: first check of /,
    },
    { memory: 'none', title: `Drift in ${PROJECT}: 1 critical, 1 warning`, text: /^Drift in / },
    { memory: 'asked', title: `Drift in ${PROJECT}: 1 critical, 1 warning`, text: /^Drift in / },
  ])('counts what is told, where the state is $memory', ({ memory, title, text }) => {
    const message = telling(findings, { scene: { memory } });
    expect({ title: blockTexts(message)[0], text: message.text }).toEqual({
      title,
      text: expect.stringMatching(text),
    });
  });

  test.each([
    { news: ['changed', 'changed'], said: '2 critical, changed' },
    { news: ['escalated', 'escalated'], said: '2 critical, escalated' },
    { news: ['opened', 'changed'], said: '2 critical, 1 of them changed' },
    { news: ['escalated', 'changed'], said: '2 critical, 1 of them escalated, 1 of them changed' },
  ] satisfies readonly { readonly news: readonly AlertEvent[]; readonly said: string }[])(
    'tells what escalated, what changed and what opened apart: $said',
    ({ news, said }) => {
      const items = news.map((one, index) =>
        itemOf(lostTable({ table: `t${index}` }), one, { told: toldAsInt }),
      );
      const report = reportOf({ findings: news.map((_, index) => lostTable({ table: `t${index}` })) });
      const message = renderAlert(alertOf({ findings: items }), sceneOf({ report }));
      expect(blockTexts(message)[0]).toBe(`Drift in ${PROJECT}: ${said}`);
    },
  );

  test('of what is no longer declared says of nothing that it can be checked again', async () => {
    const message = await story('resolved-no-longer-expected');
    expect(blockTexts(message)[0]).not.toContain('can be checked again');
  });

  test('tells what is repaired from what is no longer expected', () => {
    const closed = (closing: IncidentResolution, table: string) =>
      itemOf(lostTable({ table }), 'closed', { resolution: closing });
    const message = renderAlert(
      alertOf({
        topic: 'resolved',
        findings: [
          closed({ reason: 'repaired' }, 'a'),
          closed({ reason: 'repaired' }, 'b'),
          closed({ reason: 'not-expected' }, 'c'),
        ],
      }),
      sceneOf(),
    );
    expect(blockTexts(message)[0]).toBe(`Resolved in ${PROJECT}: 2 repaired, 1 no longer expected`);
  });
});

describe('what on-call must know of the monitor itself', () => {
  const entry = { dataset: 'd', table: 't', reason: 'denied', detail: 'HTTP 403' } as const;

  test.each<{ changes: Partial<MessageContext>; note: string }>([
    { changes: { note: 'the state was <lost>' }, note: 'the state was &lt;lost&gt;' },
    { changes: { memory: 'none' }, note: 'No state: this repeats every run (set STATE_URI).' },
  ])('is in every message, what is wrong with it first: $note', ({ changes, note }) => {
    const scene = sceneOf({ report: reportOf({ findings: [lostField()] }) });
    const closed = itemOf(lostTable(), 'closed', { resolution: { reason: 'repaired' } });
    const alerts = [
      alertOf({ findings: [itemOf(lostField())] }),
      alertOf({ topic: 'still-open', findings: [itemOf(lostField(), 'reminded')] }),
      alertOf({ topic: 'resolved', findings: [closed] }),
      alertOf({ topic: 'unchecked', unchecked: [uncheckedItem(entry)] }),
    ];
    expect(alerts.map((alert) => blockTexts(renderAlert(alert, { ...scene, ...changes })))).toEqual(
      alerts.map((alert) => {
        const [title = '', ...rest] = blockTexts(renderAlert(alert, scene));
        return changes.memory === 'none' ? [title, ...rest, note] : [title, note, ...rest];
      }),
    );
  });

  test('is a message by itself where there is nothing else to tell', () => {
    const message = renderNote('the state was <lost>', { project: PROJECT });
    expect({ begins: message.text.slice(0, 10), texts: blockTexts(message).slice(1) }).toEqual({
      begins: 'Unchecked:',
      texts: ['the state was &lt;lost&gt;'],
    });
  });

  test('names whom to grant access, also where nothing is remembered', async () => {
    expect(blockTexts(await story('no-state-unchecked')).join('\n')).toContain(
      `grant roles/bigquery.metadataViewer to drift-monitor@${PROJECT}.iam.gserviceaccount.com`,
    );
  });

  test('does not say that nothing was compared where the findings are counted', async () => {
    const text = blockTexts(await story('state-unavailable')).join('\n');
    expect({
      isCounted: text.includes('1 critical'),
      isDenied: text.includes('Nothing was compared'),
    }).toEqual({
      isCounted: true,
      isDenied: false,
    });
  });

  test('is that nothing was found, where the state is lost and nothing was', () => {
    const error = { code: 'StateUnavailable', message: 'HTTP 403' };
    const message = renderLostState({ project: PROJECT, error, report: reportOf() });
    expect(blockTexts(message)).toEqual([
      `Unchecked: what is new in ${PROJECT}, since the state cannot be used`,
      '```\nHTTP 403\n```',
      'This run found nothing. Which of it is new cannot be known until the state can be used again. drift check shows all.',
      '13 tables: 12 in sync, 1 drifted, 0 not checked',
    ]);
  });

  test.each([
    { name: 'of 1,000 characters', length: 1000, isShown: true },
    { name: 'of more, since a link that is cut is none', length: 1001, isShown: false },
  ])('is where the report stands, at an address $name: $isShown', ({ length, isShown }) => {
    const reportUrl = 'https://storage.cloud.google.com/b/'.padEnd(length, 'x');
    const [, line = ''] = blockTexts(telling([lostField()], { scene: { reportUrl } }));
    expect(line).toBe(
      `13 tables: 12 in sync, 1 drifted, 0 not checked · checked 2026-11-22 08:17 UTC${isShown ? ` · <${reportUrl}|report>` : ''}`,
    );
  });

  test.each(['failed', 'failed-reminder'])('is every problem of every file: %s', async (name) => {
    const text = blockTexts(await story(name)).join('\n');
    expect(
      ['commerce/refunds.json', 'commerce/stores.json', 'did you mean'].filter(
        (part) => !text.includes(part),
      ),
    ).toEqual([]);
  });
});

describe('what could not be checked', () => {
  test('is grouped by cause, with what to do about each', async () => {
    const shop = await startShop();
    const { tables } = datasetOf(shop, 'analytics');
    for (const table of ['lightspeed_products', 'lightspeed_transactions']) {
      tables.set(table, deniedTo('analytics', table));
    }
    const [message] = await shop.at(1);
    const lines = message === undefined ? [] : blockTexts(message).join('\n').split('\n');
    expect(lines.filter((line) => line.startsWith('•'))).toEqual([
      expect.stringMatching(
        /^• \*analytics\*: access denied, or deleted, 2 tables; grant roles\/bigquery\.metadataViewer to drift-monitor@/,
      ),
    ]);
    expect(lines).toContain('   `lightspeed_products`, `lightspeed_transactions`');
  });

  test.each([
    {
      reason: 'denied',
      line: "• *d*: access denied, 1 table; grant roles/bigquery.metadataViewer to the monitor's service account",
    },
    {
      reason: 'throttled',
      line: "• *d*: over BigQuery's quota, 1 table; lower REQUESTS_PER_SECOND, or give the monitor an account that nothing else uses",
    },
    { reason: 'unavailable', line: '• *d*: no usable answer from BigQuery, 1 table' },
    {
      reason: 'out-of-time',
      line: '• *d*: the run had no time left, 1 table; raise DEADLINE_SECONDS, or use SHARD',
    },
    {
      reason: 'malformed',
      line: '• *d*: an answer that is no BigQuery resource, 1 table; look for a proxy between the monitor and BigQuery',
    },
  ] as const)('says why: $reason', ({ reason, line }) => {
    const message = renderAlert(
      alertOf({
        topic: 'unchecked',
        unchecked: [uncheckedItem({ dataset: 'd', table: 't', reason, detail: 'HTTP <403>' })],
      }),
      sceneOf(),
    );
    expect(blockTexts(message).slice(2)).toEqual([
      `*Could not be checked*\n${line}\n   \`t\`\n> HTTP &lt;403&gt;`,
    ]);
  });

  const entry = { dataset: 'd', table: 't', reason: 'denied', detail: 'HTTP 403' } as const;
  const uncheckedOf = (unchecked: Alert['unchecked'], scene: Partial<MessageContext> = {}) =>
    renderAlert(alertOf({ topic: 'unchecked', unchecked }), sceneOf(scene));

  test.each([
    { tables: { inSync: 0, drifted: 0, unchecked: 3 }, title: `nothing could be read in ${PROJECT}` },
    { tables: { inSync: 0, drifted: 2, unchecked: 1 }, title: null },
    { tables: { inSync: 1, drifted: 0, unchecked: 9 }, title: null },
  ])('is all there is only where no table was read: $tables', ({ tables, title }) => {
    const message = uncheckedOf([uncheckedItem(entry)], { report: reportOf({ tables }) });
    expect(blockTexts(message)[0]).toBe(
      title === null ? `Unchecked in ${PROJECT}: 1 table` : `Unchecked: ${title}`,
    );
  });

  test('is said to be so since the first of it, in the alert and in the reminder', () => {
    const since = (table: string, openedAt: string) => {
      const episodes = [{ openedAt, closedAt: null, isFlapping: false }];
      return uncheckedItem({ ...entry, table }, { episodes });
    };
    const unchecked = [
      since('late', '2026-11-22T06:17:00.000Z'),
      since('first', '2026-11-21T05:17:00.000Z'),
      since('between', '2026-11-22T01:17:00.000Z'),
    ];
    const reminded = unchecked.map((item) => ({ ...item, news: 'reminded' as const }));
    const reminder = renderAlert(alertOf({ topic: 'still-open', unchecked: reminded }), sceneOf());
    const [, line] = blockTexts(uncheckedOf(unchecked));
    expect([line, blockTexts(reminder)[2]?.split('\n')[0]]).toEqual([
      '13 tables: 12 in sync, 1 drifted, 0 not checked · since 2026-11-21 05:17 UTC · not checked is neither in sync nor drifted',
      '*Not checked since 2026-11-21 05:17 UTC*',
    ]);
  });

  test('may be deleted only where it is denied and was readable', () => {
    const readable = { wasReadable: true, lastReadAt: LAST_GOOD_AT, timeTravelHours: 168 };
    const lines = blockTexts(
      uncheckedOf([
        uncheckedItem({ ...entry, table: 'denied', ...readable }),
        uncheckedItem({ ...entry, table: 'throttled', reason: 'throttled', ...readable }),
        uncheckedItem({ ...entry, table: 'never_read' }),
      ]),
    )
      .join('\n')
      .split('\n');
    expect(lines.filter((line) => /^•|^> (It was|Last)/.test(line))).toEqual([
      expect.stringMatching(/^• \*d\*: access denied, or deleted, 1 table; /),
      '> It was readable before: BigQuery hides what is deleted from those without permission.',
      '> Last read at 2026-11-22 03:17 UTC: should it be deleted, time travel can restore its data until at least 2026-11-29 03:17 UTC (6 days 19 hours from now).',
      expect.stringMatching(/^• \*d\*: over BigQuery's quota, 1 table; /),
      expect.stringMatching(/^• \*d\*: access denied, 1 table; /),
    ]);
  });

  test('in many datasets is told with its cause, what helps and each dataset, however many tables it is', () => {
    const tables = Array.from({ length: 90 }, (_, index) =>
      uncheckedItem({
        dataset: `dataset_${index % 10}`,
        table: `table_${index}`,
        reason: 'throttled',
        detail: 'HTTP 429',
      }),
    );
    const lines = blockTexts(uncheckedOf(tables)).slice(2).join('\n').split('\n');
    expect({
      cause: lines.filter((line) => line.startsWith('•')),
      datasets: lines.flatMap((line) => /^ {3}`(dataset_\d)`: 9 tables: `table_/.exec(line)?.[1] ?? []),
      more: lines.filter((line) => line.trim().startsWith('+')),
    }).toEqual({
      cause: [
        "• *over BigQuery's quota*, 90 tables; lower REQUESTS_PER_SECOND, or give the monitor an account that nothing else uses",
      ],
      datasets: [0, 1, 2, 3, 4, 5, 6, 7].map((number) => `dataset_${number}`),
      more: ['   +2 more datasets'],
    });
  });

  test('for more causes than have room is counted', () => {
    const long = 'of_a_long_name'.repeat(5);
    const unchecked = UNCHECKED_REASONS.flatMap((reason) =>
      Array.from({ length: 32 }, (_, index) =>
        uncheckedItem({
          dataset: `dataset_${index % 8}_${long}`,
          table: `table_${index}_${long}`,
          reason,
          detail: long,
        }),
      ),
    ).map((item) => ({ ...item, news: 'reminded' as const }));
    const texts = blockTexts(renderAlert(alertOf({ topic: 'still-open', unchecked }), sceneOf())).slice(2);
    const causes = texts.filter((text) => /^•/m.test(text)).length;
    expect({ isAny: causes > 0, last: texts.at(-1) }).toEqual({
      isAny: true,
      last: `+${UNCHECKED_REASONS.length - causes} more causes`,
    });
  });
});
