import { describe, expect, test } from 'vitest';
import type { AlertEvent } from '../../src/incidents/alert.ts';
import type { IncidentResolution } from '../../src/incidents/state.ts';
import type { Kind } from '../../src/model/finding.ts';
import type { ScanResult } from '../../src/model/scan-result.ts';
import type { DeclaredTable } from '../../src/model/table.ts';
import { findMassLosses } from '../../src/slack/mass-loss.ts';
import { renderAlert } from '../../src/slack/messages.ts';
import { stating } from '../support/declared.ts';
import {
  alertOf,
  blockTexts,
  findingOf,
  itemOf,
  lostTable,
  memoOf,
  NOW,
  reportOf,
  sceneOf,
  toldOf,
} from '../support/records.ts';
import { contract } from '../support/reports.ts';

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `table_${index}`);
}

/** What a run sees of datasets that declare so many tables. */
function scanOf(declared: Readonly<Record<string, number>>): ScanResult {
  return {
    datasets: new Map(
      Object.entries(declared).map(([dataset, count]) => {
        const tables = names(count).map(
          (table): DeclaredTable => ({ table, readExpected: stating({}), contract }),
        );
        return [
          dataset,
          {
            declared: { dataset, declaredAs: dataset, tables },
            status: 'present',
            rechecks: new Map(),
            timeTravelHours: 168,
            isWhollyRead: true,
            tables: new Map(
              tables.map((table) => [
                table.table,
                { declared: table, status: 'present' as const, isDrifted: false, rechecks: new Map() },
              ]),
            ),
            undeclaredTables: { isListed: true, isComplete: true, unreadable: new Set<string>() },
          },
        ] as const;
      }),
    ),
    undeclaredDatasets: { isListed: true, isComplete: true, unreadable: new Set() },
  };
}

function lostItems(
  count: number,
  { dataset = 'commerce', news = 'opened' }: { readonly dataset?: string; readonly news?: AlertEvent } = {},
) {
  return names(count).map((table) => {
    const finding = lostTable({ dataset, table });
    return { finding, item: itemOf(finding, news) };
  });
}

function lossesOf(items: Parameters<typeof findMassLosses>[0], declared: Readonly<Record<string, number>>) {
  return findMassLosses(items, scanOf(declared)).map((loss) => ({
    dataset: loss.dataset,
    lost: loss.items.length,
    declared: loss.declared,
  }));
}

describe('a mass loss', () => {
  test.each([
    { lost: 5, declared: 5 },
    { lost: 5, declared: 9 },
    { lost: 5, declared: 10 },
    { lost: 6, declared: 12 },
    { lost: 100, declared: 200 },
  ])('is $lost of $declared tables', ({ lost, declared }) => {
    expect(lossesOf(lostItems(lost), { commerce: declared })).toEqual([
      { dataset: 'commerce', lost, declared },
    ]);
  });

  test.each([
    { lost: 4, declared: 4 },
    { lost: 4, declared: 8 },
    { lost: 5, declared: 11 },
    { lost: 6, declared: 13 },
    { lost: 99, declared: 200 },
    { lost: 0, declared: 0 },
  ])('is not $lost of $declared tables', ({ lost, declared }) => {
    expect(lossesOf(lostItems(lost), { commerce: declared })).toEqual([]);
  });

  test('is counted for each dataset by itself', () => {
    const items = [
      ...lostItems(6),
      ...lostItems(4, { dataset: 'analytics' }),
      ...lostItems(7, { dataset: 'crm' }),
    ];
    expect(lossesOf(items, { commerce: 9, analytics: 4, crm: 8 })).toEqual([
      { dataset: 'commerce', lost: 6, declared: 9 },
      { dataset: 'crm', lost: 7, declared: 8 },
    ]);
  });

  test.each<{ news: AlertEvent }>([{ news: 'flapping' }, { news: 'changed' }])(
    'is none of tables that are $news',
    ({ news }) => {
      expect(lossesOf(lostItems(8, { news }), { commerce: 9 })).toEqual([]);
    },
  );

  test.each<{ kind: Kind }>([
    { kind: 'partitioning-missing' },
    { kind: 'field-missing' },
    { kind: 'table-type' },
  ])('is none of tables with $kind', ({ kind }) => {
    const items = names(8).map((table) => {
      const finding = findingOf({ kind, table, path: 'a', expected: 'x' });
      return { finding, item: itemOf(finding) };
    });
    expect(lossesOf(items, { commerce: 9 })).toEqual([]);
  });

  test('is none of tables that went one after another, while Slack could not be told', () => {
    const items = lostItems(8).map(({ finding }, index) => {
      const openedAt = `2026-11-22T0${index}:17:00.000Z`;
      const episodes = [{ openedAt, closedAt: null, isFlapping: false }];
      return { finding, item: itemOf(finding, 'opened', { episodes }) };
    });
    expect(lossesOf(items, { commerce: 9 })).toEqual([]);
  });
});

describe('the message of a mass loss', () => {
  const finding = (table: string, index: number) =>
    lostTable({
      table,
      owner: index < 2 ? '<!subteam^S0PAYMENTS>' : null,
      consumers: index === 0 ? ['integration-service'] : [],
    });
  const findings = names(8).map(finding);
  const other = findingOf({ kind: 'clustering', severity: 'warning', table: 'stores', expected: 'id' });

  function render(memory: 'kept' | 'first' | 'asked') {
    const all = [...findings, other];
    return renderAlert(
      alertOf({ findings: all.map((each) => itemOf(each)) }),
      sceneOf({ report: reportOf({ findings: all }), scan: scanOf({ commerce: 9 }), memory }),
    );
  }

  test('says so first, with who breaks and who is called, and until when the data can be restored', () => {
    const [, , loss = ''] = blockTexts(render('kept'));
    const [heading = '', what, ...rest] = loss.split('\n');
    expect({
      heading,
      what,
      causes: rest.filter((line) => /dropped and created anew.*wrong project/.test(line)).length,
      tables: names(8).filter((table) => loss.includes(`\`${table}\``)).length,
      until: loss.includes('until at least 2026-11-29 03:17 UTC'),
    }).toEqual({
      heading:
        '*<https://console.cloud.google.com/bigquery?project=livhana-production&amp;p=livhana-production&amp;d=commerce&amp;page=dataset|dataset commerce>* · <!subteam^S0PAYMENTS>',
      what: expect.stringMatching(
        /^🔴 \*8 of 9 declared tables are missing\*.* — breaks \*integration-service\*$/,
      ),
      causes: 1,
      tables: 8,
      until: true,
    });
  });

  test('tells the tables that are gone no second time, and all else after it', () => {
    const sections = blockTexts(render('kept')).slice(2);
    expect(sections.map((text) => /\|([^>]*)>/.exec(text)?.[1])).toEqual([
      'dataset commerce',
      'commerce.stores',
    ]);
  });

  test('is begun with the loss where a phone shows only the beginning', () => {
    expect(render('kept').text).toMatch(
      /^Drift in livhana-production: 8 critical, 1 warning\. commerce: 8 .*tables are missing; commerce\.stores: /,
    );
  });

  test.each(['first', 'asked'] as const)(
    'claims nothing of a run before where there was none: %s',
    (memory) => {
      expect(blockTexts(render(memory)).join('\n')).not.toContain('the run before');
    },
  );

  test('tells of each of several losses in one section', () => {
    const datasets = ['a', 'b', 'c', 'd'];
    const lost = datasets.flatMap((dataset) => names(5).map((table) => lostTable({ dataset, table })));
    const message = renderAlert(
      alertOf({ findings: lost.map((each) => itemOf(each)) }),
      sceneOf({
        report: reportOf({ findings: lost }),
        scan: scanOf(Object.fromEntries(datasets.map((dataset) => [dataset, 5]))),
      }),
    );
    expect(
      blockTexts(message)
        .slice(2)
        .map((text) => /\|([^>]*)>/.exec(text)?.[1]),
    ).toEqual(datasets.map((dataset) => `dataset ${dataset}`));
  });

  test('shows the clock that is over first where its tables have several', () => {
    const items = findings.map((each, index) =>
      itemOf(each, 'opened', {
        subject: memoOf(each, index === 0 ? '2026-11-22T02:17:00.000Z' : '2026-11-22T03:17:00.000Z'),
      }),
    );
    const message = renderAlert(
      alertOf({ findings: items }),
      sceneOf({ report: reportOf({ findings }), scan: scanOf({ commerce: 9 }) }),
    );
    const [, , loss = ''] = blockTexts(message);
    expect(loss.split('\n').filter((line) => line.startsWith('> '))).toEqual([
      expect.stringMatching(
        /^> Last seen in order at 2026-11-22 02:17 UTC: .* until at least 2026-11-29 02:17 UTC/,
      ),
      '> How to restore each: drift check --format json.',
    ]);
  });

  test('counts the tables of the losses that it has no room for', () => {
    const datasets = Array.from({ length: 20 }, (_, index) => `dataset_${String(index).padStart(2, '0')}`);
    const lost = datasets.flatMap((dataset) =>
      names(30).map((table) => lostTable({ dataset, table: `${table}_${'of_a_long_name'.repeat(3)}` })),
    );
    const message = renderAlert(
      alertOf({ findings: lost.map((each) => itemOf(each)) }),
      sceneOf({
        report: reportOf({ findings: lost }),
        scan: scanOf(Object.fromEntries(datasets.map((dataset) => [dataset, 30]))),
      }),
    );
    const texts = blockTexts(message);
    const shown = texts.filter((text) => text.includes('*30 of 30 declared tables are missing*')).length;
    const left = (20 - shown) * 30;
    expect({ isAnyShown: shown > 0, counts: texts.filter((text) => /^\+\d/.test(text)) }).toEqual({
      isAnyShown: true,
      counts: [`+${left} more findings in ${left} tables: ${left} critical`],
    });
  });
});

describe('tables that are over together', () => {
  const CLOSED_AT = NOW.toISOString();
  const repaired: IncidentResolution = { reason: 'repaired' };

  /** A missing table that is so no more, since this run. */
  function over(
    table: string,
    {
      openedAt = '2026-11-22T04:17:00.000Z',
      ...changes
    }: { readonly openedAt?: string } & Parameters<typeof itemOf>[2] = {},
  ) {
    return itemOf(lostTable({ table }), 'closed', {
      resolution: repaired,
      told: toldOf({ at: openedAt }),
      episodes: [{ openedAt, closedAt: CLOSED_AT, isFlapping: false }],
      ...changes,
    });
  }

  /** What the message says of them, a line each; links by their labels. */
  function linesOf(findings: readonly ReturnType<typeof over>[]): readonly string[] {
    return blockTexts(renderAlert(alertOf({ topic: 'resolved', findings }), sceneOf()))
      .slice(2)
      .flatMap((text) => text.split('\n'))
      .map((line) => line.replace(/<[^|>]*\|([^>]*)>/g, '$1'));
  }

  const single = (table: string) => `✅ repaired, after 4 hours: *commerce.${table}*: “the table is missing”`;

  test('are told one by one where they are four', () => {
    expect(linesOf(names(4).map((table) => over(table)))).toEqual(names(4).map(single));
  });

  test('are told in one line where they are five', () => {
    expect(linesOf(names(5).map((table) => over(table)))).toEqual([
      '✅ repaired, after 4 hours: *dataset commerce*: 5 tables are there again: `table_0`, `table_1`, `table_2`, `table_3`, `table_4`',
    ]);
  });

  test('are told in a line for each run in which they went', () => {
    const early = names(5).map((table) => over(`early_${table}`, { openedAt: '2026-11-22T02:17:00.000Z' }));
    const late = names(5).map((table) => over(`late_${table}`));
    expect(linesOf([...early, ...late])).toEqual([
      expect.stringMatching(/^✅ repaired, after 6 hours: .*: 5 tables are there again: `early_table_0`, /),
      expect.stringMatching(/^✅ repaired, after 4 hours: .*: 5 tables are there again: `late_table_0`, /),
    ]);
  });

  test('are told in a line for each run in which they came back', () => {
    const openedAt = '2026-11-22T04:17:00.000Z';
    const back = (at: string) => [{ openedAt, closedAt: at, isFlapping: false }];
    const first = names(5).map((table) =>
      over(`first_${table}`, { episodes: back('2026-11-22T05:17:00.000Z') }),
    );
    const second = names(5).map((table) => over(`second_${table}`));
    expect(linesOf([...first, ...second])).toEqual([
      expect.stringMatching(/^✅ repaired, after 1 hour: .*: 5 tables are there again: `first_table_0`, /),
      expect.stringMatching(/^✅ repaired, after 4 hours: .*: 5 tables are there again: `second_table_0`, /),
    ]);
  });

  test('are not there again when the files only expect them no longer', () => {
    const findings = names(5).map((table) => over(table, { resolution: { reason: 'not-expected' } }));
    expect(linesOf(findings)).toEqual(
      names(5).map(
        (table) =>
          `☑️ no longer expected: *commerce.${table}*: “the table is missing”; the files or the policy changed, after 4 hours`,
      ),
    );
  });

  test('are told one by one, with when they were gone, where Slack never heard of it', () => {
    const openedAt = '2026-11-22T04:17:00.000Z';
    const episodes = [{ openedAt, closedAt: CLOSED_AT, isFlapping: false }];
    expect(linesOf(names(5).map((table) => over(table, { told: null, episodes })))).toEqual(
      names(5).map(
        (table) =>
          `✅ repaired, was open from 2026-11-22 04:17 UTC to 2026-11-22 08:17 UTC: *commerce.${table}*: “the table is missing”`,
      ),
    );
  });
});
