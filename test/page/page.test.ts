import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sql } from '../../src/model/fix.ts';
import { renderHtml } from '../../src/page/page.ts';
import type { Page } from '../../src/page/report-page.ts';
import { largePage } from '../support/large-page.ts';
import { playedPage, readableText, withTexts } from '../support/pages.ts';
import { RUNS } from '../support/runs.ts';

const fields = [
  { name: 'id', type: 'STRING', mode: 'REQUIRED' },
  { name: 'amount', type: 'NUMERIC' },
  { name: 'customer', type: 'RECORD', fields: [{ name: 'tier', type: 'STRING' }] },
];
const orders = {
  type: 'TABLE',
  schema: { fields },
  timePartitioning: { type: 'DAY', field: 'day', expirationMs: null },
};
const files = {
  'sales/orders.json': {
    ...orders,
    schema: { fields: [...fields, { name: 'day', type: 'DATE' }] },
    contract: {
      owner: '<!subteam^S0SALES>',
      retention: 'P2Y',
      criticalFields: ['amount'],
      consumers: { 'integration-service': ['amount'], dashboards: ['customer.tier'] },
      runbook: 'https://wiki.example.com/orders',
    },
  },
  'sales/items.json': { type: 'TABLE', schema: { fields } },
  'drift-policy.json': {
    waivers: [
      { table: 'sales.items', kind: 'clustering', until: '2027-01-31', reason: 'migration 4711' },
      { table: 'sales.*', path: 'note', until: '2026-01-31', reason: 'long ago' },
    ],
  },
};
const intact = {
  'sales.json': {},
  'sales/orders.json': files['sales/orders.json'],
  'sales/items.json': files['sales/items.json'],
};
const broken = {
  ...intact,
  'sales/orders.json': {
    ...files['sales/orders.json'],
    schema: {
      fields: [
        { name: 'id', type: 'STRING', mode: 'NULLABLE' },
        { name: 'customer', type: 'RECORD', fields: [{ name: 'tier', type: 'INTEGER' }] },
        { name: 'day', type: 'DATE' },
      ],
    },
  },
  'sales/extra.json': { type: 'TABLE' },
  'sales/items.json': {
    error: { code: 403, errors: [{ reason: 'accessDenied' }], message: 'Access Denied' },
  },
};

/** The readable text from one heading to the next. */
function partOf(page: Page, from: string, to: string): readonly string[] {
  const text = readableText(renderHtml(page));
  return text.slice(text.indexOf(from), text.indexOf(to));
}

describe('the answer', () => {
  test('stands first: what is the case, as of when, of which project, how much of each', async () => {
    const page = await playedPage({ files, runs: [intact, broken] });
    expect(partOf(page, 'Skip to what is wrong', 'Open findings over the last 24 hours')).toEqual([
      'Skip to what is wrong',
      'BigQuery drift · demo-project',
      'Copy link',
      'Drifted',
      '1 of 2 tables differs from its file; 1 could not be checked.',
      'As of 2026-11-22 21:00 UTC',
      '2 tables',
      '1 drifted',
      '1 not checked',
      '0 in sync',
      '4 findings',
      '2 critical',
      '1 warning',
      '1 info',
    ]);
  });

  test.each([
    { name: 'in sync', answers: intact, said: ['In sync', 'All 2 tables are as their files say.'] },
    {
      name: 'incomplete',
      answers: { ...intact, 'sales/items.json': broken['sales/items.json'] },
      said: ['Incomplete', 'What was read is as its files say, but 1 could not be checked of 2 tables.'],
    },
    {
      name: 'drifted elsewhere than in a table',
      answers: { ...intact, 'sales.json': { location: 'US' } },
      said: ['Drifted', 'The tables are as their files say, but one dataset or undeclared table is not.'],
    },
  ])('says $name', async ({ answers, said }) => {
    const page = await playedPage({
      files: { ...files, 'sales.json': { location: 'EU' } },
      runs: [answersAt(answers)],
    });
    expect(readableText(renderHtml(page)).slice(3, 5)).toEqual(said);
  });

  test('links to the newest report, and knows its own address', async () => {
    const address = {
      page: 'https://x.example/report-1.html',
      latest: 'https://x.example/latest.html',
      partition: null,
      takesFilter: true,
    };
    const html = renderHtml(await playedPage({ files, runs: [intact], address }));
    expect(html).toContain('<a href="https://x.example/latest.html">Latest report</a>');
    expect(html).toContain('data-url="https://x.example/report-1.html"');
    expect(html).not.toContain('data-no-filter');
  });

  test('says which shard it is of, where it is not of all datasets', async () => {
    const address = {
      page: 'https://x.example/r',
      latest: 'https://x.example/l',
      partition: 'shard-1-of-4',
      takesFilter: true,
    };
    const html = renderHtml(await playedPage({ files, runs: [intact], address }));
    expect(html).toContain('<p class="product">BigQuery drift · demo-project · shard 1 of 4</p>');
  });
});

/** The sample states a location; answers that say none have the right one. */
function answersAt(answers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...answers, 'sales.json': { location: 'EU', ...(answers['sales.json'] as object) } };
}

describe('what is wrong', () => {
  test('is told of a table in full: findings, expected beside actual, repair, who is concerned', async () => {
    const page = await playedPage({ files, runs: [intact, broken] });
    expect(partOf(page, 'What is wrong', 'What could not be checked')).toEqual([
      'What is wrong',
      'sales.orders',
      'field amount is missing, and 2 more2 critical1 warningnew',
      'critical field amount is missing field-missing',
      'expected NUMERIC, found nothing',
      'breaks integration-service',
      'first seen by this run',
      'Last seen in order at 2026-11-22 20:00 UTC: what was dropped since can be restored by time travel until at least 2026-11-29 20:00 UTC (6 days 23 hours from now).',
      'critical field customer.tier is of another type field-type',
      'expected STRING, found INT64',
      'breaks dashboards',
      'first seen by this run',
      'warning field id is of another mode field-mode',
      'expected REQUIRED, found NULLABLE',
      'first seen by this run',
      'Expected beside actual',
      ...['Field', 'Expected', 'Actual'],
      ...['id', 'STRING REQUIRED', 'STRING NULLABLE differs'],
      ...['amount', 'NUMERIC', 'missing differs'],
      ...['customer', 'STRUCT', 'STRUCT'],
      ...['tier', 'STRING', 'INT64 differs'],
      ...['Setting', 'Expected', 'Actual'],
      ...['Type', 'TABLE', 'TABLE'],
      ...['Partitioning', 'DAY(day)', 'DAY(day)'],
      ...['Partitions expire', 'never', 'never'],
      ...['Data is kept', 'at least 2 years (P2Y)', 'for ever'],
      ...['Would repair it in place', 'Copy'],
      "Before you run it: the field comes back empty; if it was dropped, save its data first, in a copy: bq cp --no_clobber 'demo-project:sales.orders@1795377600000' demo-project:sales.orders_restored (1795377600000 is 2026-11-22 20:00 UTC, when it was last seen in order); time travel can restore it until at least 2026-11-29 20:00 UTC",
      'ALTER TABLE `demo-project.sales.orders` ADD COLUMN IF NOT EXISTS `amount` NUMERIC;',
      ...['Would repair it by a new table', 'Copy'],
      'Before you run it: look first at what the two commands print: row access policies and grants of the table are lost by this, and the monitor cannot see them; BigQuery cannot turn NULLABLE into REQUIRED; the statement fails as long as any row has NULL; a default expiration of the dataset holds for the new table: clear it first; stop writers first; what the table was stays in time travel alone',
      [
        '# First: go on only where these two show no policy and no binding',
        'bq ls --row_access_policies demo-project:sales.orders',
        'bq get-iam-policy --table=true demo-project:sales.orders',
        'CREATE OR REPLACE TABLE `demo-project.sales.orders` (`id` STRING NOT NULL, `customer` STRUCT<`tier` INT64>, `day` DATE) PARTITION BY `day` AS SELECT * FROM `demo-project.sales.orders`;',
      ].join('\n'),
      'No statement repairs it: BigQuery cannot turn INT64 into STRING in place: build the table anew',
      ...['Owner', '@S0SALES', 'Read by', 'integration-service, dashboards'],
      ...['Go to', 'Cloud console', 'Runbook', 'Copy a link to this'],
      'Nothing that is wrong matches the filter.',
    ]);
  });

  test('is repaired by one statement for all columns that are missing', async () => {
    const recreated = { ...intact['sales/orders.json'], schema: { fields: [{ name: 'day', type: 'DATE' }] } };
    const text = partOf(
      await playedPage({ files, runs: [{ ...intact, 'sales/orders.json': recreated }] }),
      'Would repair it in place',
      'Owner',
    );
    expect(text.filter((line) => /ALTER|Would repair/.test(line))).toEqual([
      'Would repair it in place',
      [
        'ALTER TABLE `demo-project.sales.orders` ADD COLUMN IF NOT EXISTS `amount` NUMERIC,',
        '  ADD COLUMN IF NOT EXISTS `customer` STRUCT<`tier` STRING>;',
      ].join('\n'),
    ]);
  });

  test('is told with all its repairs, or how many more there are, whatever no statement repairs', async () => {
    const page = await playedPage({ files, runs: [broken] });
    const [first] = page.report.findings;
    if (first === undefined) throw new Error('there is no finding');
    const told = (statements: number, notes: number) => {
      const fixes = [
        ...Array.from({ length: notes }, (_, index) => ({
          how: 'rebuild' as const,
          statements: [],
          note: `reason ${index}`,
        })),
        ...Array.from({ length: statements }, (_, index) => ({
          how: 'rebuild' as const,
          statements: [sql(`SELECT ${index}`)],
          note: null,
        })),
      ];
      const findings = fixes.map((fix) => ({ ...first, fix }));
      const text = partOf({ ...page, report: { ...page.report, findings } }, 'What is wrong', 'Owner');
      return text.filter((line) => /^SELECT|^No statement|^\+/.test(line));
    };
    const selects = (count: number) => Array.from({ length: count }, (_, index) => `SELECT ${index};`);
    const reasons = (count: number) =>
      Array.from({ length: count }, (_, index) => `No statement repairs it: reason ${index}`);
    expect(told(5, 5)).toEqual([...selects(5), ...reasons(5)]);
    expect(told(6, 7)).toEqual([
      ...selects(5),
      '+1 more repair, in drift check --format json',
      ...reasons(5),
      '+2 more reasons, in drift check --format json',
    ]);
  });

  test('is said to be open for as long as the state remembers', async () => {
    const page = await playedPage({ files, runs: [intact, broken, broken, broken] });
    expect(partOf(page, 'What is wrong', 'Expected beside actual')).toContain(
      'open for 2 hours, since 2026-11-22 19:00 UTC',
    );
  });

  test('marks what differs of a setting, and what of a setting follows from it', async () => {
    const timePartitioning = { type: 'DAY', field: 'day', expirationMs: '2592000000' };
    const answers = { ...intact, 'sales/orders.json': { ...intact['sales/orders.json'], timePartitioning } };
    const text = partOf(await playedPage({ files, runs: [answers] }), 'Expected beside actual', 'Owner');
    expect(text.filter((line) => line.includes('differs'))).toEqual(['30 days differs', '30 days differs']);
    expect(text.slice(text.indexOf('Partitions expire')).slice(0, 3)).toEqual([
      'Partitions expire',
      'never',
      '30 days differs',
    ]);
  });

  test('of a missing table shows what is expected, and that nothing is there', async () => {
    const { 'sales/orders.json': _, ...answers } = intact;
    const text = partOf(await playedPage({ files, runs: [answers] }), 'Expected beside actual', 'Owner');
    expect(text.slice(1, 13)).toEqual([
      ...['Setting', 'Expected', 'Actual'],
      ...['Type', 'TABLE', 'nothing is there differs'],
      ...['Partitioning', 'DAY(day)', 'nothing is there'],
      ...['Partitions expire', 'never', 'nothing is there'],
    ]);
  });

  test('is nothing where nothing is', async () => {
    const page = await playedPage({ files, runs: [intact] });
    expect(partOf(page, 'What is wrong', 'Every dataset and table')).toEqual([
      'What is wrong',
      'Nothing of what was read.',
      'Nothing that is wrong matches the filter.',
    ]);
  });
});

describe('beside it', () => {
  test('stands what could not be checked, why, since when and what helps', async () => {
    const page = await playedPage({
      files,
      runs: [intact, broken],
      account: 'drift@p.iam.gserviceaccount.com',
    });
    expect(partOf(page, 'What could not be checked', 'Worth knowing')).toEqual([
      'What could not be checked',
      'Neither in sync nor drifted: it is not known.',
      'not checked sales.items: access denied, or deleted Cloud console',
      'grant roles/bigquery.metadataViewer to drift@p.iam.gserviceaccount.com',
      'for less than a minute, since 2026-11-22 21:00 UTC',
      'HTTP 403 accessDenied: Access Denied',
      'It was readable before: BigQuery hides what is deleted from those without permission.',
      'Last read at 2026-11-22 20:00 UTC: should it be deleted, time travel can restore its data until at least 2026-11-29 20:00 UTC (6 days 23 hours from now).',
    ]);
  });

  test('stands whose it is and who reads it, of a dataset that of all its tables', async () => {
    const page = await playedPage({ files, runs: [intact] });
    const dataset = { dataset: 'sales', table: null, reason: 'denied', detail: 'HTTP 403' } as const;
    const told = (subject: { readonly table: string | null }) => {
      const report = { ...page.report, unchecked: [{ ...dataset, ...subject }] };
      return partOf({ ...page, report }, 'What could not be checked', 'Every dataset and table').filter(
        (line) => line.includes('read by'),
      );
    };
    expect([told({ table: 'orders' }), told({ table: null }), told({ table: 'items' })]).toEqual([
      ['owner @S0SALES; read by integration-service, dashboards'],
      ['read by integration-service, dashboards'],
      [],
    ]);
  });

  test('stands what is worth knowing, folded', async () => {
    const page = await playedPage({ files, runs: [intact, broken] });
    expect(partOf(page, 'Worth knowing', 'Every dataset and table')).toEqual([
      'Worth knowing',
      '1 thing that makes no table drifted',
      'No file declares',
      'sales.extra Cloud console',
    ]);
  });

  test('stands every table with its status, owner and readers; what is in sync is folded away', async () => {
    const page = await playedPage({
      files,
      runs: [{ ...broken, 'sales/items.json': intact['sales/items.json'] }],
    });
    expect(partOf(page, 'Every dataset and table', 'Waivers')).toEqual([
      'Every dataset and table',
      'sales',
      '2 tables 1 drifted1 in sync  Cloud console',
      ...['Table', 'Status', 'Findings', 'Owner', 'Read by'],
      ...['orders', 'drifted', '2 critical1 warning', '@S0SALES', 'integration-service, dashboards'],
      '1 table in sync',
      ...['Table', 'Owner', 'Read by'],
      'items waivers until 2027-01-31',
    ]);
    expect(renderHtml(page)).toContain('<details class="fold" data-fold><summary>1 table in sync</summary>');
  });

  test('stands of each table of a missing dataset that its dataset is what is wrong', async () => {
    const page = await playedPage({ files, runs: [{}] });
    expect(partOf(page, 'Every dataset and table', 'Waivers').slice(8)).toEqual([
      ...['items', 'drifted waivers until 2027-01-31', '1 critical its dataset'],
      ...['orders', 'drifted', '1 critical its dataset', '@S0SALES', 'integration-service, dashboards'],
    ]);
    expect(renderHtml(page).match(/<th scope="row"><a href="#at=sales">/g)).toHaveLength(2);
  });

  test('stand the waivers, those that lapsed too, and what they waive', async () => {
    const answers = {
      ...intact,
      'sales/items.json': { ...intact['sales/items.json'], clustering: { fields: ['id'] } },
    };
    const expected = { ...files, 'sales/items.json': { ...files['sales/items.json'], clustering: null } };
    const page = await playedPage({ files: expected, runs: [answers] });
    expect(partOf(page, 'Waivers', 'Warnings')).toEqual([
      'Waivers',
      '1 finding waived',
      'sales.items: the clustering differs: expected none, found id clustering until 2027-01-31: migration 4711',
      ...['Tables', 'What', 'Until', 'Reason'],
      ...['sales.items', 'clustering', '2027-01-31', 'migration 4711'],
      ...['sales.*', 'note', '2026-01-31 (lapsed)', 'long ago'],
    ]);
  });

  test('stand the waivers of a table in its entry', async () => {
    const items = { ...intact['sales/items.json'], schema: { fields: fields.slice(1) } };
    const page = await playedPage({ files, runs: [{ ...intact, 'sales/items.json': items }] });
    const text = partOf(page, 'What is wrong', 'Every dataset and table');
    expect(text.slice(text.indexOf('Waivers'), text.indexOf('Go to'))).toEqual([
      'Waivers',
      'clustering, until 2027-01-31: migration 4711',
    ]);
  });
});

describe('the history', () => {
  test('is a lane for each severity, with a text for those who cannot see it', async () => {
    const page = await playedPage({ files, runs: [intact, broken, broken] });
    const html = renderHtml(page);
    expect([...html.matchAll(/role="img" aria-label="([^"]*)"/g)].map(([, label]) => label)).toEqual([
      'critical: 2 open now, at most 2 in the last 24 hours; in part of it there was no run',
      'warning: 1 open now, at most 1 in the last 24 hours; in part of it there was no run',
      'info: 1 open now, at most 1 in the last 24 hours; in part of it there was no run',
    ]);
    expect(partOf(page, 'As a table, by day', 'no run')).toEqual([
      'As a table, by day',
      ...['Day (UTC)', 'critical', 'warning', 'info'],
      ...['2026-11-22', '2', '1', '1'],
      ...['2026-11-21'],
    ]);
  });

  test('begins with the first run', async () => {
    const html = renderHtml(await playedPage({ files, runs: [intact] }));
    expect(readableText(html)).toContain(
      'This is the first run that is remembered: the history of open findings begins with it.',
    );
  });

  test('is a sentence where nothing is remembered, and nothing is said to be open since', async () => {
    const text = readableText(
      renderHtml(await playedPage({ files, runs: [broken, broken], remembers: false })),
    );
    expect(text).toContain(
      'Since when things are open, and how it was before, is known to the hourly run alone: the command line remembers nothing.',
    );
    expect(text.filter((line) => /since 20|first seen/.test(line))).toEqual([]);
  });
});

/** Links within the page that lead nowhere; those that filter aside. */
function hrefsWithoutPlace(html: string): readonly string[] {
  const ids = new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
  return [...html.matchAll(/ href="#([^"]*)"/g)]
    .map(([, place = '']) => place)
    .filter((place) => !/^(?:status|severity)=/.test(place) && !ids.has(place));
}

describe('the file', () => {
  test('has no place twice, also of a dataset that is drifted and in part unread', async () => {
    const page = await playedPage({
      files: { ...files, 'sales.json': { location: 'EU' } },
      runs: [{ ...answersAt(broken), 'sales.json': { location: 'US' } }],
    });
    const unread = { dataset: 'sales', table: null } as const;
    const unchecked = [
      ...page.report.unchecked,
      { ...unread, reason: 'denied', detail: 'datasets.get' } as const,
      { ...unread, reason: 'unavailable', detail: 'tables.list' } as const,
    ];
    const html = renderHtml({ ...page, report: { ...page.report, unchecked } });
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids.filter((id) => id?.includes('='))).toEqual([
      'at=sales',
      'at=sales.orders',
      'unread=sales.items',
      'unread=sales',
      'at=sales.extra',
    ]);
  });

  test('allows no script, style or request but its own, which it names by their hashes', async () => {
    const html = renderHtml(await playedPage({ files, runs: [intact] }));
    const [, policy = ''] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(html) ?? [];
    const hash = (tag: string) => {
      const [, text = ''] = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(html) ?? [];
      return `&#39;sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}&#39;`;
    };
    expect(policy.split('; ')).toEqual([
      'default-src &#39;none&#39;',
      `script-src ${hash('script')}`,
      `style-src ${hash('style')}`,
      'img-src data:',
      'base-uri &#39;none&#39;',
      'form-action &#39;none&#39;',
    ]);
    expect(html.indexOf('Content-Security-Policy')).toBeLessThan(html.indexOf('<style>'));
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html.match(/ style="| on[a-z]+="/g)).toBeNull();
  });

  test('is under 60 kB of a warehouse of 13 tables that is in sync, after a month of runs', async () => {
    const html = renderHtml(await largePage({ tables: 13, findings: 0 }));
    expect(Buffer.byteLength(html)).toBeLessThan(60_000);
  });

  test('is under 3 MB of 1,000 findings in 5,000 tables', async () => {
    const page = await largePage({ tables: 5000, findings: 1000 });
    expect([page.report.findings.length, page.report.tables.inSync + page.report.tables.drifted]).toEqual([
      1000, 5000,
    ]);
    expect(Buffer.byteLength(renderHtml(page))).toBeLessThan(3_000_000);
  });

  test('lists two thousand findings and counts the others, so that no flood makes it unreadable', async () => {
    const page = await largePage({ tables: 2500, findings: 2500 });
    const html = renderHtml(page);
    const listed = html.match(/ class="finding"/g)?.length ?? 0;
    expect([listed <= 2000, listed > 1900]).toEqual([true, true]);
    const left = [...html.matchAll(/>\+(\d+) more findings? in \d+ tables? of /g)].map(([, count]) =>
      Number(count),
    );
    expect(left.reduce((sum, count) => sum + count, 0)).toBe(page.report.findings.length - listed);
    expect(hrefsWithoutPlace(html)).toEqual([]);
  });

  test('tells of tables beyond the two hundred worst how to see them in full', async () => {
    const page = await largePage({ tables: 900, findings: 900 });
    const html = renderHtml(page);
    const entries = html.split('<details class="entry').slice(1);
    const isFull = entries.map((entry) => entry.includes('class="compare"'));
    expect(isFull.filter(Boolean)).toHaveLength(200);
    expect(isFull.indexOf(false)).toBe(200);
    expect(entries[200]).toMatch(/<code>drift check \w+\.\w+ --format html<\/code>/);
  });
});

describe('a hostile name', () => {
  /** Of BigQuery, of the files and of the policy: each of them comes from somebody. */
  async function pageNaming(name: string): Promise<Page> {
    const names =
      /customer\.tier|extra|dashboards|<!subteam\^S0SALES>|migration 4711|demo-project|Access Denied/g;
    const page = await playedPage({ files, runs: [intact, broken] });
    return withTexts(page, (text) => text.replace(names, () => name));
  }

  test('is text wherever it stands', async () => {
    const html = renderHtml(await pageNaming(`"'></script></code><img src=x onerror=alert(1)>&\u202E`));
    expect(html).not.toContain('<img');
    expect(html).not.toContain('\u202E');
    expect(html.match(/<\/script>/g)).toHaveLength(1);
    const shown = '&quot;&#39;&gt;&lt;/script&gt;&lt;/code&gt;&lt;img src=x onerror=alert(1)&gt;&amp;\uFFFD';
    expect(html.split(shown).length).toBeGreaterThan(10);
  });

  test('makes no element and no attribute, whatever it is', async () => {
    const page = await playedPage({ files, runs: [intact, broken] });
    const named = (name: string) => withTexts(page, (text) => text.replace(/tier|orders|sales/g, () => name));
    const shape = (html: string) =>
      [...html.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '').matchAll(/<[^>]*>/g)].map(([tag]) =>
        tag.replace(/"[^"]*"/g, '""'),
      );
    const plain = shape(renderHtml(page));
    expect(plain.length).toBeGreaterThan(100);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        expect(shape(renderHtml(named(`<${name}`)))).toEqual(plain);
      }),
      { ...RUNS, numRuns: RUNS.numRuns / 10, examples: [['\uD83D'], ['\uDC00 x']] },
    );
  });
});
