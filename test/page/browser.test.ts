import axe from 'axe-core';
import type { Browser, Page as BrowserPage } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { State } from '../../src/incidents/state.ts';
import { renderHtml } from '../../src/page/page.ts';
import type { Page } from '../../src/page/report-page.ts';
import { openFromDisk } from '../support/browser.ts';
import { CHROMIUM, launchChromium } from '../support/chromium.ts';
import { largePage } from '../support/large-page.ts';
import { playedPage, withTexts } from '../support/pages.ts';

/* The page as its readers use it: in a browser, from disk. */

if (CHROMIUM === null) {
  process.stderr.write(
    'No Chromium is on this machine (apt-get install chromium, or set CHROMIUM): the tests of the report page in a browser are skipped.\n',
  );
}

const column = (name: string, type = 'STRING', mode = 'NULLABLE') => ({ name, type, mode });
const orderFields = [
  column('id', 'STRING', 'REQUIRED'),
  column('amount', 'NUMERIC'),
  { name: 'customer', type: 'RECORD', fields: [column('tier')] },
];
const files = {
  'sales/orders.json': {
    type: 'TABLE',
    schema: { fields: orderFields },
    contract: { owner: '<@U0SALES>', consumers: { checkout: ['amount'] }, criticalFields: ['customer'] },
  },
  'sales/items.json': { type: 'TABLE', schema: { fields: [column('price', 'NUMERIC')] } },
  'sales/refunds.json': { type: 'TABLE', contract: { consumers: { ledger: ['id'] } } },
  'crm/contacts.json': { type: 'TABLE', clustering: null, contract: { consumers: { ledger: ['id'] } } },
  'crm/leads.json': { type: 'TABLE' },
  'drift-policy.json': {
    waivers: [{ table: 'crm.leads', kind: 'clustering', until: '2027-01-31', reason: 'migration 4711' }],
  },
};
const answers = {
  'sales.json': {},
  'crm.json': {},
  'sales/orders.json': {
    type: 'TABLE',
    schema: {
      fields: [column('id'), { name: 'customer', type: 'RECORD', fields: [column('tier', 'INTEGER')] }],
    },
  },
  'sales/items.json': { type: 'TABLE', schema: { fields: [column('price', 'NUMERIC'), column('colour')] } },
  'sales/refunds.json': { type: 'TABLE' },
  'sales/extra.json': { type: 'TABLE' },
  'crm/contacts.json': { type: 'TABLE', clustering: { fields: ['id'] } },
  'crm/leads.json': { error: { code: 403, errors: [{ reason: 'accessDenied' }], message: 'Access Denied' } },
};

describe.skipIf(CHROMIUM === null)('the report page in a browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  let sample: Promise<Page> | undefined;
  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close());

  /** The same for all tests. */
  function samplePage(): Promise<Page> {
    sample ??= playedPage({ files, runs: [answers, answers] });
    return sample;
  }

  /** Of a table that was recreated with one other column in place of 119. */
  function recreatedPage(): Promise<Page> {
    const names = Array.from({ length: 119 }, (_, index) => `column_${index}`);
    const orders = { type: 'TABLE', schema: { fields: names.map((name) => column(name)) } };
    const recreated = { type: 'TABLE', schema: { fields: [column('other')] } };
    return playedPage({
      files: { 'sales/orders.json': orders },
      runs: [{ 'sales.json': {}, 'sales/orders.json': recreated }],
    });
  }

  async function open(options: Parameters<typeof openFromDisk>[2] = {}, page?: Page) {
    return openFromDisk(browser, renderHtml(page ?? (await samplePage())), options);
  }

  /** The texts of those that are seen. */
  const visibleTexts = (page: BrowserPage, selector: string) =>
    page.evaluate<readonly string[]>(
      `[...document.querySelectorAll('${selector}')].filter((each) => each.checkVisibility()).map((each) => each.innerText.trim())`,
    );
  const seenEntries = (page: BrowserPage) => visibleTexts(page, '#wrong .entry h3');
  const seenTables = (page: BrowserPage) => visibleTexts(page, '.dataset tbody th');
  const seenFindings = (page: BrowserPage) => visibleTexts(page, '#wrong .entry[open] .finding .kind');

  const fragmentOf = (page: BrowserPage) => page.evaluate<string>('location.hash');

  test('asks nobody for anything, and has nothing to complain of', async () => {
    const { page, url, complaints, requests } = await open();
    await page.getByRole('searchbox').fill('amount');
    await expect.poll(() => fragmentOf(page)).toBe('#q=amount');
    await page.reload();
    expect([complaints, new Set(requests.map((request) => request.replace(/#.*/, '')))]).toEqual([
      [],
      new Set([url]),
    ]);
  });

  test('runs no script that is not its own', async () => {
    const { page, complaints } = await open();
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))`,
    );
    await page.evaluate(
      `document.body.insertAdjacentHTML('beforeend', '<img src="https://example.com/x.png" onerror="window.ran = 1">')`,
    );
    expect(await page.evaluate('window.ran')).toBeUndefined();
    for (const directive of ['script-src', 'img-src']) {
      const refused = () =>
        complaints.some(
          (complaint) =>
            complaint.includes(`directive: "${directive} `) || complaint.includes(`directive '${directive} `),
        );
      await expect.poll(refused).toBe(true);
    }
  });

  test('shows the worst first, unfolded where there are few', async () => {
    const { page } = await open();
    expect(await seenEntries(page)).toEqual(['sales.orders', 'crm.contacts']);
    expect(await seenFindings(page)).toEqual(['field-missing', 'field-type', 'field-mode', 'clustering']);
  });

  describe('filters', () => {
    test.each<{
      name: string;
      choose: (page: BrowserPage) => Promise<unknown>;
      fragment: string;
      entries: readonly string[];
      tables: readonly string[];
      count: string;
    }>([
      {
        name: 'by dataset',
        choose: (page) => page.getByLabel('dataset', { exact: true }).selectOption('crm'),
        fragment: '#dataset=crm',
        entries: ['crm.contacts'],
        tables: ['contacts', 'leads'],
        count: '1 of 6 findings, 2 of 5 tables',
      },
      {
        name: 'by severity',
        choose: (page) => page.getByRole('checkbox', { name: 'critical' }).check(),
        fragment: '#severity=critical',
        entries: ['sales.orders'],
        tables: ['orders'],
        count: '2 of 6 findings, 1 of 5 tables',
      },
      {
        name: 'by kind',
        choose: (page) => page.getByLabel('kind', { exact: true }).selectOption('clustering'),
        fragment: '#kind=clustering',
        entries: ['crm.contacts'],
        tables: ['contacts'],
        count: '1 of 6 findings, 1 of 5 tables',
      },
      {
        name: 'by who reads it',
        choose: (page) => page.getByLabel('consumer', { exact: true }).selectOption('ledger'),
        fragment: '#consumer=ledger',
        entries: ['crm.contacts'],
        tables: ['contacts', 'refunds'],
        count: '1 of 6 findings, 2 of 5 tables',
      },
      {
        name: 'by status',
        choose: (page) => page.getByRole('checkbox', { name: 'in sync' }).check(),
        fragment: '#status=in-sync',
        entries: [],
        tables: ['items', 'refunds'],
        count: '1 of 6 findings, 2 of 5 tables',
      },
      {
        name: 'by text',
        choose: (page) => page.getByRole('searchbox').fill('TIER orders'),
        fragment: '#q=TIER+orders',
        entries: ['sales.orders'],
        tables: ['orders'],
        count: '3 of 6 findings, 1 of 5 tables',
      },
    ])('$name, and the address says so', async ({ choose, fragment, entries, tables, count }) => {
      const { page, complaints } = await open();
      await choose(page);
      await expect.poll(() => fragmentOf(page)).toBe(fragment);
      expect(await seenEntries(page)).toEqual(entries);
      expect(await seenTables(page)).toEqual(tables);
      expect(await page.locator('#count').innerText()).toBe(count);
      expect(complaints).toEqual([]);
    });

    test('show of a table what matches', async () => {
      const { page } = await open({ fragment: '#severity=warning' });
      expect(await seenFindings(page)).toEqual(['field-mode', 'clustering']);
    });

    test('show the tables of a missing dataset by what is wrong with it', async () => {
      const { 'sales.json': _, ...missing } = Object.fromEntries(
        Object.entries(answers).filter(([path]) => !path.startsWith('sales/')),
      );
      const { page } = await open(
        { fragment: '#severity=critical' },
        await playedPage({ files, runs: [missing] }),
      );
      expect(await seenTables(page)).toEqual(['items', 'orders', 'refunds']);
    });

    test('by who reads it show what of that could not be checked, and no heading of nothing', async () => {
      const read = { ...files['crm/leads.json'], contract: { consumers: { ledger: ['id'] } } };
      const page = await playedPage({ files: { ...files, 'crm/leads.json': read }, runs: [answers] });
      const opened = await open({ fragment: '#consumer=ledger' }, page);
      const headings = () => visibleTexts(opened.page, 'main h2');
      expect(await visibleTexts(opened.page, '.unread li code')).toEqual(['crm.leads']);
      expect(await headings()).toEqual([
        'What is wrong',
        'What could not be checked',
        'Every dataset and table',
        'Waivers',
      ]);
      await opened.page.getByLabel('consumer', { exact: true }).selectOption('checkout');
      await expect.poll(headings).toEqual(['What is wrong', 'Every dataset and table', 'Waivers']);
      await opened.page.getByRole('button', { name: 'Clear' }).click();
      await expect.poll(headings).toContain('Worth knowing');
    });

    test('together show what matches all of them', async () => {
      const { page } = await open({ fragment: '#severity=critical,warning&dataset=sales&q=amount' });
      expect(await seenEntries(page)).toEqual(['sales.orders']);
    });

    test('say where nothing that is wrong matches', async () => {
      const { page } = await open({ fragment: '#q=no-such-thing' });
      expect(await seenEntries(page)).toEqual([]);
      await expect
        .poll(() => page.getByText('Nothing that is wrong matches the filter.').isVisible())
        .toBe(true);
    });

    test('come back from a link, with their controls set', async () => {
      const { page } = await open({
        fragment: '#q=amount&dataset=sales&severity=critical,info&status=drifted',
      });
      expect(await page.getByRole('searchbox').inputValue()).toBe('amount');
      expect(await page.getByLabel('dataset', { exact: true }).inputValue()).toBe('sales');
      expect(
        await Promise.all(
          ['critical', 'warning', 'info'].map((name) => page.getByRole('checkbox', { name }).isChecked()),
        ),
      ).toEqual([true, false, true]);
      expect(await seenEntries(page)).toEqual(['sales.orders']);
    });

    test('of a link that asks for what the page has not filter nothing by it', async () => {
      const { page, complaints } = await open({ fragment: '#dataset=gone&severity=fatal' });
      expect(await seenEntries(page)).toEqual(['sales.orders', 'crm.contacts']);
      expect(complaints).toEqual([]);
    });

    test('are cleared at once, and what they unfolded is folded again', async () => {
      const { page } = await open({ fragment: '#q=refunds' });
      expect(await seenTables(page)).toEqual(['refunds']);
      await page.getByRole('button', { name: 'Clear' }).click();
      await expect.poll(() => fragmentOf(page)).toBe('');
      expect(await seenTables(page)).toEqual(['contacts', 'leads', 'orders']);
      expect(await page.locator('#count').innerText()).toBe('');
    });

    test('are narrowed by the figures at the top, whose answer comes into sight on a phone', async () => {
      const { page } = await open({
        fragment: '#dataset=sales&q=orders',
        viewport: { width: 360, height: 740 },
      });
      await page.getByRole('link', { name: '2 critical' }).click();
      expect(await fragmentOf(page)).toBe('#q=orders&dataset=sales&severity=critical');
      expect(await page.locator('#count').innerText()).toBe('2 of 6 findings, 1 of 5 tables');
      const isInSight = (selector: string) =>
        page.evaluate<boolean>(
          `(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(document.querySelector('${selector}').getBoundingClientRect())`,
        );
      expect([await isInSight('#count'), await isInSight('#wrong h2')]).toEqual([true, true]);
      await page.goBack();
      await expect.poll(() => page.locator('#count').innerText()).toBe('3 of 6 findings, 1 of 5 tables');
    });

    test('are set by the figures at the top', async () => {
      const { page } = await open();
      await page.getByRole('link', { name: '1 not checked' }).click();
      expect(await page.getByRole('checkbox', { name: 'not checked' }).isChecked()).toBe(true);
      expect(await seenTables(page)).toEqual(['leads']);
    });
  });

  describe('a link', () => {
    test('to a table unfolds it, brings it into sight and gives it the focus', async () => {
      const { page } = await open({ fragment: '#at=crm.contacts' });
      expect(await page.locator('[id="at=crm.contacts"]').getAttribute('open')).not.toBeNull();
      await expect
        .poll(() => page.evaluate(`document.activeElement.closest('details')?.id`))
        .toBe('at=crm.contacts');
    });

    test('from the list of tables leads to what is wrong with it', async () => {
      const { page } = await open({}, await largePage({ tables: 200, findings: 100 }));
      await page.locator('.dataset tbody a').last().click();
      const entry = page.locator('.entry[open]');
      await expect.poll(() => entry.count()).toBe(1);
      await expect
        .poll(() =>
          entry.locator('summary').evaluate((line) => Math.abs(line.getBoundingClientRect().top) < 400),
        )
        .toBe(true);
    });

    test('from the list of tables leads to why one could not be checked', async () => {
      const { page } = await open();
      await page.locator('.dataset tbody a', { hasText: 'leads' }).click();
      await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('unread=crm.leads');
    });

    test('to what is folded away unfolds what it is in', async () => {
      const { page } = await open({ fragment: '#at=sales.extra' });
      await expect.poll(() => page.getByText('sales.extra').isVisible()).toBe(true);
    });

    test('that is copied is the address that others can open, with the filter', async () => {
      const address = {
        page: 'https://storage.cloud.google.com/b/report-1.html',
        latest: 'https://x.example/',
        partition: null,
        takesFilter: true,
      };
      const { page } = await open(
        { permissions: ['clipboard-read', 'clipboard-write'], fragment: '#q=amount' },
        { ...(await samplePage()), address },
      );
      await page.getByRole('button', { name: 'Copy link' }).click();
      await expect.poll(() => page.getByRole('button', { name: 'Copied' }).isVisible()).toBe(true);
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
        'https://storage.cloud.google.com/b/report-1.html#q=amount',
      );
    });

    test('that is copied carries no filter where the address cannot, and says so', async () => {
      const address = {
        page: 'https://console.cloud.google.com/x',
        latest: 'https://x.example/',
        partition: null,
        takesFilter: false,
      };
      const { page } = await open(
        { permissions: ['clipboard-read', 'clipboard-write'], fragment: '#q=amount' },
        { ...(await samplePage()), address },
      );
      await page.getByRole('button', { name: 'Copy link' }).click();
      await expect
        .poll(() => page.getByRole('button', { name: 'Copied, without the filter' }).isVisible())
        .toBe(true);
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
        'https://console.cloud.google.com/x',
      );
    });

    test('to one table is copied as others can open it, whatever is filtered', async () => {
      const address = {
        page: 'https://storage.cloud.google.com/b/report-1.html',
        latest: 'https://x.example/',
        partition: null,
        takesFilter: true,
      };
      const { page } = await open(
        { permissions: ['clipboard-read', 'clipboard-write'], fragment: '#q=amount' },
        { ...(await samplePage()), address },
      );
      await page.getByRole('button', { name: 'Copy a link to this' }).click();
      await expect
        .poll(() => page.evaluate('navigator.clipboard.readText()'))
        .toBe('https://storage.cloud.google.com/b/report-1.html#at=sales.orders');
    });

    test('that was followed is the one that is copied', async () => {
      const { page, url } = await open({
        permissions: ['clipboard-read', 'clipboard-write'],
        fragment: '#at=sales.orders',
      });
      await page.getByRole('button', { name: 'Copy link' }).click();
      await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe(`${url}#at=sales.orders`);
    });

    test('that is copied is that of the filter also where the address is another', async () => {
      const { page, url } = await open({
        permissions: ['clipboard-read', 'clipboard-write'],
        fragment: '#dataset=crm',
      });
      await page.evaluate(`location.hash = 'waived'`);
      await page.getByRole('button', { name: 'Copy link' }).click();
      await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe(`${url}#dataset=crm`);
    });

    test('of a page without an address is that of the file', async () => {
      const { page, url } = await open({
        permissions: ['clipboard-read', 'clipboard-write'],
        fragment: '#q=amount',
      });
      await page.getByRole('button', { name: 'Copy link' }).click();
      await expect.poll(() => page.getByRole('button', { name: 'Copied' }).isVisible()).toBe(true);
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(`${url}#q=amount`);
    });
  });

  describe('a repair', () => {
    const statement = 'ALTER TABLE `demo-project.sales.orders` ADD COLUMN IF NOT EXISTS `amount` NUMERIC;';

    test('is copied as it stands there', async () => {
      const { page } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
      await page.locator('figure', { hasText: 'ADD COLUMN' }).getByRole('button').click();
      await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe(statement);
    });

    test('is said to be copied, aloud too, for two seconds after the last time', async () => {
      const { page } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
      await page.clock.install({ time: new Date('2026-11-22T21:00:00Z') });
      await page.clock.pauseAt(new Date('2026-11-22T22:00:00Z'));
      const button = page.locator('figure', { hasText: 'ADD COLUMN' }).getByRole('button');
      const texts = async () => [
        await button.innerText(),
        await page.getByRole('status').first().innerText(),
      ];
      await button.click();
      await expect.poll(texts).toEqual(['Copied', 'Copied']);
      await page.clock.runFor(500);
      await button.click();
      // Which is read after it was written.
      await page.evaluate('navigator.clipboard.readText()');
      await page.clock.runFor(1900);
      expect(await texts()).toEqual(['Copied', 'Copied']);
      await page.clock.runFor(200);
      expect(await texts()).toEqual(['Copy', '']);
    });

    test('is copied also where the page is not given the clipboard', async () => {
      const { page } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
      await page.evaluate(
        `Object.defineProperty(navigator.clipboard, 'writeText', { value: () => Promise.reject(new Error('no')) })`,
      );
      const button = page.locator('figure', { hasText: 'ADD COLUMN' }).getByRole('button');
      await button.click();
      await expect.poll(() => button.innerText()).toBe('Copied');
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(statement);
    });
  });

  describe('by keyboard', () => {
    test('the first stop leads past the top', async () => {
      const { page } = await open();
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to what is wrong');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('wrong');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.querySelector("h3").textContent')).toBe(
        'sales.orders',
      );
    });

    test('that first stop leaves the filter as it is', async () => {
      const { page } = await open({ fragment: '#dataset=crm' });
      await page.getByRole('link', { name: 'Skip to what is wrong' }).press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('wrong');
      expect(await fragmentOf(page)).toBe('#dataset=crm');
      await page.reload();
      expect(await seenEntries(page)).toEqual(['crm.contacts']);
    });

    test('arrows go from table to table, past those that are filtered out, and Enter folds', async () => {
      const { page } = await open(
        { fragment: '#dataset=billing' },
        await largePage({ tables: 40, findings: 30 }),
      );
      const focused = () => page.evaluate<string>('document.activeElement.querySelector("h3").textContent');
      const names = await seenEntries(page);
      await page.locator('#wrong .entry:not([hidden]) > summary').first().focus();
      await page.keyboard.press('ArrowDown');
      expect(await focused()).toBe(names[1]);
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('ArrowUp');
      expect(await focused()).toBe(names[0]);
      const isOpen = () => page.evaluate('document.activeElement.parentElement.open');
      const before = await isOpen();
      await page.keyboard.press('Enter');
      expect(await isOpen()).toBe(!before);
    });

    test('every control is reached and named', async () => {
      const { page } = await open();
      const names: string[] = [];
      await page.locator('#filter input').first().focus();
      for (let stop = 0; stop < 11; stop += 1) {
        names.push(
          await page.evaluate<string>(
            `(({ ariaLabel, labels, textContent }) => (ariaLabel || labels?.[0]?.textContent || textContent).trim())(document.activeElement)`,
          ),
        );
        await page.keyboard.press('Tab');
      }
      expect(names).toEqual([
        'Search',
        'dataset',
        'kind',
        'consumer',
        ...['critical', 'warning', 'info'],
        ...['drifted', 'not checked', 'in sync', 'not declared'],
      ]);
    });
  });

  describe('for everybody', () => {
    /** What axe-core finds wrong by WCAG 2.2 A and AA, and by its own best practices. */
    async function violations(page: BrowserPage): Promise<readonly string[]> {
      await page.evaluate(`for (const each of document.querySelectorAll('details')) each.open = true`);
      await page.evaluate(axe.source);
      const found = await page.evaluate<
        {
          readonly id: string;
          readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
        }[]
      >('axe.run(document).then(({ violations }) => violations)');
      return found.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}: ${failureSummary}`),
      );
    }

    test.each([
      { name: 'in the light', options: { colorScheme: 'light' } },
      { name: 'in the dark', options: { colorScheme: 'dark' } },
      { name: 'on a phone', options: { viewport: { width: 360, height: 740 } } },
      { name: 'with a filter that finds nothing', options: { fragment: '#q=no-such-thing' } },
    ] as const)('axe-core finds nothing wrong $name', async ({ options }) => {
      const { page } = await open({ ...options });
      expect(await violations(page)).toEqual([]);
    });

    test('axe-core finds nothing wrong where all is in sync, and where nothing is remembered', async () => {
      const intact = {
        ...answers,
        ...files,
        'crm/leads.json': files['crm/leads.json'],
        'sales/extra.json': null,
      };
      const { 'drift-policy.json': _, 'sales/extra.json': __, ...runs } = intact;
      const inSync = await playedPage({ files, runs: [runs], remembers: false });
      expect(inSync.report.status).toBe('in-sync');
      const { page } = await open({}, inSync);
      expect(await violations(page)).toEqual([]);
    });

    test('the dark is dark', async () => {
      const { page } = await open({ colorScheme: 'dark' });
      const lightness = () =>
        page.evaluate<number>(`Number(/\\d+/.exec(getComputedStyle(document.body).backgroundColor)[0])`);
      expect(await lightness()).toBeLessThan(40);
      await page.emulateMedia({ colorScheme: 'light' });
      expect(await lightness()).toBeGreaterThan(220);
    });

    test.each([320, 390, 768])('nothing sticks out of a screen %i wide', async (width) => {
      const { page } = await open({ viewport: { width, height: 740 } });
      await page.evaluate(`for (const each of document.querySelectorAll('details')) each.open = true`);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    });

    test('says how long ago it was', async () => {
      const { page } = await open();
      const ageAt = async (now: string) => {
        await page.clock.setFixedTime(new Date(now));
        await page.reload();
        return page.locator('#age').innerText();
      };
      expect([
        await ageAt('2026-11-22T21:00:30Z'),
        await ageAt('2026-11-22T21:01:00Z'),
        await ageAt('2026-11-23T02:10:00Z'),
        await ageAt('2026-11-29T20:00:00Z'),
      ]).toEqual(['', '(1 minute ago)', '(5 hours ago)', '(6 days ago)']);
    });

    test('says it again while the page is open, and when somebody comes back to it', async () => {
      const page = await (async () => {
        const context = await browser.newContext();
        onTestFinished(() => context.close());
        const page = await context.newPage();
        await page.clock.install({ time: new Date('2026-11-22T21:00:30Z') });
        await page.setContent(renderHtml(await samplePage()));
        return page;
      })();
      const age = () => page.locator('#age').innerText();
      const before = await age();
      await page.clock.runFor(60_000);
      const later = await age();
      await page.clock.setFixedTime(new Date('2026-11-23T02:10:00Z'));
      await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
      expect([before, later, await age()]).toEqual(['', '(1 minute ago)', '(5 hours ago)']);
    });

    test('without script all is there to read, and no filter that does nothing', async () => {
      const { page } = await open({ javaScriptEnabled: false });
      expect(await seenEntries(page)).toEqual(['sales.orders', 'crm.contacts']);
      expect(await page.locator('#filter').isVisible()).toBe(false);
      expect(await page.getByRole('button', { name: 'Copy link' }).isVisible()).toBe(false);
    });
  });

  test.each([
    { width: 1200, step: 22, wraps: false },
    { width: 360, step: 9, wraps: true },
  ])(
    'the tree of fields steps in by depth on a screen $width wide, every line of a long name',
    async ({ width, step, wraps }) => {
      const depths = [0, 1, 2, 3, 4];
      const name = (depth: number) =>
        `a_name_that_is_longer_than_its_column_by_far_and_wraps_more_than_once_${depth}`;
      const nested = (type: string) =>
        depths.reduceRight<object[]>(
          (fields, depth) => [
            fields.length === 0 ? column(name(depth), type) : { name: name(depth), type: 'RECORD', fields },
          ],
          [],
        );
      const files = { 'sales/orders.json': { type: 'TABLE', schema: { fields: nested('STRING') } } };
      const run = {
        'sales.json': {},
        'sales/orders.json': { type: 'TABLE', schema: { fields: nested('INTEGER') } },
      };
      const { page } = await open(
        { viewport: { width, height: 900 } },
        await playedPage({ files, runs: [run] }),
      );
      const lines = await page.evaluate<readonly (readonly number[])[]>(
        `[...document.querySelectorAll('.compare:first-child tbody th code')].map((name) => {
        const range = document.createRange();
        range.selectNodeContents(name);
        return [...range.getClientRects()].map(({ left }) => left);
      })`,
      );
      const first = lines[0]?.[0] ?? 0;
      expect(lines.map((lefts) => [...new Set(lefts.map((left) => Math.round(left - first)))])).toEqual(
        depths.map((depth) => [depth * step]),
      );
      expect(lines.some((lefts) => lefts.length > 1)).toBe(wraps);
    },
  );

  describe('the chart', () => {
    /** Of so many hours, with as many findings at the end. */
    async function chartPage(hours: number, count: number): Promise<Page> {
      const page = await samplePage();
      const history = Array.from({ length: hours + 1 }, (_, index) => ({
        at: new Date(page.now.getTime() - (hours - index) * 3_600_000).toISOString(),
        findings: { critical: index === hours ? count : 0, warning: 0, info: 0 },
        tables: { inSync: 1, drifted: 0, unchecked: 0 },
      }));
      return { ...page, state: { ...(page.state as State), history } };
    }

    interface Box {
      readonly left: number;
      readonly right: number;
      readonly top: number;
      readonly bottom: number;
    }
    const boxes = (page: BrowserPage, selector: string) =>
      page.evaluate<readonly Box[]>(
        `[...document.querySelectorAll('${selector}')].filter((each) => each.checkVisibility()).map((each) => each.getBoundingClientRect().toJSON())`,
      );

    test.each([320, 400, 1200])('keeps names, scales and labels apart on a screen %i wide', async (width) => {
      for (const [hours, count] of [
        [24, 123],
        [96, 12_345],
        [719, 12_345],
      ] as const) {
        const { page } = await open({ viewport: { width, height: 740 } }, await chartPage(hours, count));
        const [name] = await boxes(page, '.lane.critical .name');
        const scale = await boxes(page, '.lane.critical .scale span');
        const [plot] = await boxes(page, '.lane.critical svg');
        if (name === undefined || plot === undefined) throw new Error('there is no lane');
        for (const figure of scale) {
          expect(figure.bottom - figure.top).toBeLessThan(20);
          expect(figure.right).toBeLessThanOrEqual(plot.left);
          expect(figure.left >= name.right || figure.top >= name.bottom).toBe(true);
        }
        const labels = await boxes(page, '.ticks text');
        expect(labels.length).toBeGreaterThanOrEqual(2);
        for (const [index, label] of labels.entries()) {
          expect(label.left).toBeGreaterThan(labels[index - 1]?.right ?? 0);
          expect(label.right).toBeLessThan(width);
        }
        expect(new Set(await visibleTexts(page, '.lane.critical .name'))).toEqual(
          new Set([`critical ${count}`]),
        );
      }
    });

    test('has each label where its moment is, and the newest run wide enough to be seen', async () => {
      const { page } = await open({}, await chartPage(96, 2));
      const [plot] = await boxes(page, '.lane.critical svg');
      const marks = await boxes(page, '.ticks line');
      const labels = await boxes(page, '.ticks text');
      if (plot === undefined) throw new Error('there is no lane');
      const width = plot.right - plot.left;
      const middle = ({ left, right }: Box) => (left + right) / 2;
      expect(await page.locator('.ticks text').allTextContents()).toEqual([
        '19 Nov',
        '20 Nov',
        '21 Nov',
        '22 Nov',
      ]);
      for (const [index, hoursAgo] of [93, 69, 45, 21].entries()) {
        const place = plot.left + (width / 1.01) * (1 - hoursAgo / 96);
        expect(Math.abs(middle(marks[index] as Box) - place)).toBeLessThan(1);
        expect(Math.abs(middle(labels[index] as Box) - place)).toBeLessThan(2);
      }
      const [area] = await boxes(page, '.lane.critical .area');
      expect(area?.right).toBeCloseTo(plot.right, 0);
      expect(await page.locator('.lane.critical .area').getAttribute('d')).toContain('H990.1V6H1000V100Z');
    });

    test('says what a gap is in the grey of a gap', async () => {
      const { page } = await open({}, await chartPage(3, 1));
      const style = (selector: string, ...names: readonly string[]) =>
        page.evaluate<readonly string[]>(
          `((style) => ${JSON.stringify(names)}.map((name) => style[name]))(getComputedStyle(document.querySelector('${selector}')))`,
        );
      expect(await style('rect.gap', 'fill', 'fillOpacity')).toEqual(
        await style('i.gap', 'backgroundColor', 'opacity'),
      );
    });
  });

  test('on paper every entry that is shown is unfolded, and afterwards as it was', async () => {
    const { page } = await open(
      { fragment: '#dataset=billing' },
      await largePage({ tables: 60, findings: 40 }),
    );
    const opened = () => page.locator('.entry[open]').count();
    const before = await opened();
    await page.evaluate(
      `addEventListener('beforeprint', () => { window.printed = document.querySelectorAll('.entry[open]').length; })`,
    );
    const shown = (await seenEntries(page)).length;
    await page.pdf();
    expect([before < shown, await page.evaluate('window.printed'), await opened()]).toEqual([
      true,
      shown,
      before,
    ]);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#filter').isVisible()).toBe(false);
  });

  test('on paper stands what is folded away on the screen, and not how long ago it was', async () => {
    const files = {
      'crm/leads.json': { type: 'TABLE', clustering: null, schema: { fields: [column('id')] } },
      'crm/contacts.json': { type: 'TABLE' },
      'drift-policy.json': {
        waivers: [{ table: 'crm.leads', kind: 'clustering', until: '2027-01-31', reason: 'x' }],
      },
    };
    const leads = {
      type: 'TABLE',
      clustering: { fields: ['id'] },
      schema: { fields: [column('id'), column('note')] },
    };
    const run = {
      'crm.json': {},
      'crm/contacts.json': { type: 'TABLE' },
      'crm/extra.json': { type: 'TABLE' },
      'crm/leads.json': leads,
    };
    const { page } = await open({}, await playedPage({ files, runs: [run] }));
    const isSeen = (selector: string) =>
      `[...document.querySelectorAll('${selector}')].some((each) => each.checkVisibility())`;
    const parts = [
      '.dataset .fold tbody tr',
      '.informing .entry .finding',
      '.undeclared li',
      '.waived .fold li',
    ];
    const seen = `[${parts.map(isSeen).join()}]`;
    await page.evaluate(`addEventListener('beforeprint', () => { window.printed = ${seen}; })`);
    await page.pdf();
    expect([await page.evaluate('window.printed'), await page.evaluate(seen)]).toEqual([
      [true, true, true, true],
      [false, false, false, false],
    ]);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#age').isVisible()).toBe(false);
  });

  test('a thousand findings in five thousand tables can be filtered', async () => {
    const { page, complaints } = await open({}, await largePage({ tables: 5000, findings: 1000 }));
    await page.getByRole('searchbox').fill('invoices_0031');
    await expect
      .poll(() => page.locator('#count').innerText())
      .toMatch(/^\d+ of 1,000 findings, 1 of 5,000 tables$/);
    expect(complaints).toEqual([]);
  });

  describe('a table with many findings', () => {
    const heightOf = (page: BrowserPage, selector: string) =>
      page.locator(selector).evaluate((element) => element.getBoundingClientRect().height);
    const kinds = (page: BrowserPage) => visibleTexts(page, '#wrong .finding .kind');

    test('is folded, and shows five of them when it is opened, then all', async () => {
      const { page } = await open({}, await recreatedPage());
      expect(await page.locator('.entry[open]').count()).toBe(0);
      await page.locator('.entry > summary').click();
      expect(await kinds(page)).toHaveLength(5);
      expect(await heightOf(page, '.entry')).toBeLessThan(2000);
      await page.getByText('45 more findings').click();
      expect(await kinds(page)).toHaveLength(50);
    });

    test('shows those that a filter finds, and folds them again', async () => {
      const { page } = await open({ fragment: '#q=column_99' }, await recreatedPage());
      await page.locator('.entry > summary').click();
      expect(await kinds(page)).toHaveLength(50);
      await page.getByRole('button', { name: 'Clear' }).click();
      await expect.poll(() => kinds(page)).toHaveLength(5);
      await page.getByLabel('kind', { exact: true }).selectOption('field-unexpected');
      await expect.poll(() => kinds(page)).toHaveLength(0);
      expect(await page.getByText('45 more findings').isVisible()).toBe(false);
    });

    test('of few the line at the top is as high open as folded, however long it is', async () => {
      const name = 'a_column_with_a_name_that_is_rather_long '.repeat(8);
      const { page } = await open(
        { viewport: { width: 1000, height: 900 } },
        withTexts(await samplePage(), (text) => text.replace(/amount/g, () => name)),
      );
      expect(await heightOf(page, '#wrong .entry[open] > summary >> nth=0')).toBeLessThan(60);
    });
  });

  describe('findings that the page has no room for', () => {
    const figure = (page: BrowserPage, name: string) =>
      page.locator('.tiles a', { hasText: name }).locator('b').innerText();
    const count = (page: BrowserPage) => page.locator('#count').innerText();

    test('of one table are counted by a filter as at the top, and found by their kind', async () => {
      const { page } = await open({}, await recreatedPage());
      expect([await figure(page, 'critical'), await figure(page, 'info')]).toEqual(['119', '1']);
      await page.getByRole('checkbox', { name: 'critical' }).check();
      await expect.poll(() => count(page)).toBe('119 of 120 findings, 1 of 1 tables');
      await page.getByRole('checkbox', { name: 'critical' }).uncheck();
      await page.getByLabel('kind', { exact: true }).selectOption('field-unexpected');
      await expect.poll(() => count(page)).toBe('1 of 120 findings, 1 of 1 tables');
      expect(await seenEntries(page)).toEqual(['sales.orders']);
    });

    test('of many tables are counted by a filter as at the top', async () => {
      const { page } = await open({}, await largePage({ tables: 2500, findings: 2500 }));
      const all = await page.locator('.dataset tbody tr').count();
      for (const severity of ['critical', 'warning']) {
        // By its role it would be looked for among thousands of buttons, each with its name.
        await page.locator('button[type=reset]').click();
        await page.getByRole('checkbox', { name: severity }).check();
        const figures = await figure(page, severity);
        await expect.poll(() => count(page)).toMatch(new RegExp(`^${figures} of 2,500 findings`));
        const rows = await page
          .locator('.dataset tbody tr', { has: page.locator(`.badge.${severity}`) })
          .count();
        const tables = rows.toLocaleString('en-US');
        expect(await count(page)).toContain(`, ${tables} of ${all.toLocaleString('en-US')} tables`);
      }
    });
  });

  test('hostile names are shown, and do nothing', async () => {
    const name = `"'><img src=x onerror=alert(1)></script><script>alert(2)</script>\u202Egnp`;
    const hostile = withTexts(await samplePage(), (text) =>
      text.replace(/amount|checkout|migration 4711|U0SALES|demo-project|extra|tier/g, () => name),
    );
    const { page, complaints, requests } = await open({}, hostile);
    await page.getByRole('searchbox').fill('onerror');
    await expect.poll(() => page.locator('#count').innerText()).toMatch(/^\d+ of 6 findings/);
    expect([complaints, requests.length, await page.locator('img, script').count()]).toEqual([[], 1, 1]);
    expect(await page.locator('#wrong').innerText()).toContain(name.replace('\u202E', '\uFFFD'));
    expect(await page.title()).toContain('alert(1)');
  });
});
