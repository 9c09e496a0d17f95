import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { denied } from '../../../emulators/bigquery.ts';
import { startStorageEmulator } from '../../../emulators/storage.ts';
import { createBucketStore } from '../../../src/adapters/storage/bucket-store.ts';
import { createReportStore } from '../../../src/adapters/storage/report-store.ts';
import { publishReport, tidyReports } from '../../../src/app/hourly/publish-report.ts';
import type { PageStore, ReportStore } from '../../../src/model/ports.ts';
import { writeFolder } from '../../support/folder.ts';
import { startFunction } from '../../support/function.ts';
import { playedPage, readableText } from '../../support/pages.ts';
import { dropAmount, shopFiles, shopWarehouse } from '../../support/shop.ts';

const AT = '2026-11-22T21:00:00.000Z';
const PAGE = 'report-2026-11-22T21-00-00-000Z.html';

async function startShop(env: Readonly<Record<string, string>> = {}) {
  const expected = await writeFolder(shopFiles);
  const folder = await writeFolder({});
  const played = await startFunction({
    warehouse: shopWarehouse(),
    expected,
    env: { STATE_URI: pathToFileURL(folder).href, ...env },
  });
  const told = () => JSON.stringify(played.slack.messages.map(({ payload }) => payload));
  return { ...played, folder, told };
}

describe('a run that remembers', () => {
  test('writes its page beside the state and answers where it is', async () => {
    const { callAt, folder } = await startShop();

    const { body } = await callAt(AT);

    expect(body).toMatchObject({ status: 'in-sync', report: pathToFileURL(join(folder, PAGE)).href });
    const html = await readFile(join(folder, PAGE), 'utf8');
    expect(await readFile(join(folder, 'latest.html'), 'utf8')).toBe(html);
    expect(readableText(html).slice(1, 6)).toEqual([
      'BigQuery drift · shop',
      'Latest report',
      'Copy link',
      'In sync',
      'All 2 tables are as their files say.',
    ]);
  });

  test('shows what was known when Slack was told: since when, and the history with this run', async () => {
    const { bigquery, callAt, folder } = await startShop();
    dropAmount(bigquery.warehouse);
    await callAt('2026-11-22T20:00:00.000Z');

    await callAt(AT);

    const text = readableText(await readFile(join(folder, PAGE), 'utf8'));
    expect(text).toContain('open for 1 hour, since 2026-11-22 20:00 UTC');
    expect(text).toContain('Open findings over the last 24 hours');
  });

  test('keeps a page for each run, and one for all its attempts', async () => {
    const { callAt, folder } = await startShop();
    await callAt('2026-11-22T20:00:00.000Z');
    await callAt(AT);
    await callAt(AT);
    expect((await readdir(folder)).filter((name) => name.endsWith('.html')).sort()).toEqual([
      'latest.html',
      'report-2026-11-22T20-00-00-000Z.html',
      PAGE,
    ]);
  });

  test('names in every message where its page is', async () => {
    const { bigquery, callAt, folder, slack } = await startShop();
    const page = (name: string) => pathToFileURL(join(folder, name)).href;
    const contextOf = (index: number) =>
      JSON.stringify(
        slack.messages[index]?.payload.blocks?.filter((block) => JSON.stringify(block).includes('context')),
      );
    dropAmount(bigquery.warehouse);
    bigquery.faults.push(denied({ table: 'items' }));
    await callAt('2026-11-22T16:00:00.000Z');
    await callAt('2026-11-22T17:00:00.000Z');
    await callAt('2026-11-22T20:00:00.000Z');
    bigquery.faults.length = 0;
    bigquery.warehouse.datasets = shopWarehouse().datasets;

    await callAt(AT);

    const titles = slack.messages.map(({ payload }) => payload.text?.split(/[ :]/, 1)[0]);
    expect(titles).toEqual(['Drift', 'Unchecked', 'Still', 'Resolved']);
    expect(contextOf(0)).toContain(page('report-2026-11-22T16-00-00-000Z.html'));
    expect(contextOf(1)).toContain(page('report-2026-11-22T17-00-00-000Z.html'));
    expect(contextOf(2)).toContain(page('report-2026-11-22T20-00-00-000Z.html'));
    expect(contextOf(3)).toContain(page(PAGE));
  });
});

describe('a page that cannot be written', () => {
  /** A folder stands where the page is to be. */
  async function blocked() {
    const shop = await startShop();
    await mkdir(join(shop.folder, PAGE));
    dropAmount(shop.bigquery.warehouse);
    return shop;
  }

  test('stops no alert, which says so, and the run fails', async () => {
    const { callAt, told, folder } = await blocked();

    const answer = await callAt(AT);

    const problem = `cannot publish the report pages in ${folder}: EISDIR`;
    expect(answer).toMatchObject({
      status: 500,
      body: {
        status: 'failed',
        error: { code: 'SinkRejected', message: problem },
        findings: { critical: 1, warning: 0, info: 0 },
        alerts: { opened: 1 },
      },
    });
    expect(told()).toContain('field amount is missing');
    expect(told()).toContain(`There is no report page of this run: ${problem}`);
    expect(told()).not.toContain('latest.html');
  });

  test('leaves what was told remembered: the retry tells it no second time', async () => {
    const { callAt, slack, folder } = await blocked();
    await callAt(AT);
    await callAt(AT);
    expect(slack.messages).toHaveLength(1);
    expect((await readdir(folder)).some((name) => name.startsWith('state.json'))).toBe(true);
  });

  test('is an error of the run also where there is nothing to tell', async () => {
    const { callAt, folder, slack } = await startShop();
    await mkdir(join(folder, PAGE));
    const { status, body } = await callAt(AT);
    expect([status, slack.messages.length]).toEqual([500, 0]);
    expect(body).toMatchObject({ error: { code: 'SinkRejected' } });
  });
});

describe('without a place for it', () => {
  test('there is no page, and nobody misses it', async () => {
    const expected = await writeFolder(shopFiles);
    const { call, slack, bigquery } = await startFunction({ warehouse: shopWarehouse(), expected });
    dropAmount(bigquery.warehouse);
    expect((await call()).body).toMatchObject({ status: 'drifted', report: null });
    expect(JSON.stringify(slack.messages)).not.toMatch(/report/);
  });

  test('a state that cannot be reached has none either: nothing is known of the time before', async () => {
    const { callAt, folder } = await startShop({ STATE_URI: 'file:///dev/null/state' });
    expect((await callAt(AT)).status).toBe(500);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('publishReport', () => {
  const log: unknown[] = [];
  const surroundings = {
    account: async () => 'drift@p.iam.gserviceaccount.com',
    log: (entry: unknown) => void log.push(entry),
  };
  const files = { 'sales/orders.json': { type: 'TABLE' } };

  async function pageOfRun(answer: unknown = files['sales/orders.json']) {
    const {
      address: _,
      account: __,
      ...page
    } = await playedPage({
      files,
      runs: [{ 'sales.json': {}, 'sales/orders.json': answer }],
    });
    return page;
  }

  async function bucketReports(link: 'browser' | 'console' = 'browser') {
    const storage = await startStorageEmulator({ bucket: 'drift' });
    onTestFinished(() => storage.close());
    const place = { in: 'bucket', bucket: 'drift', prefix: 'prod' } as const;
    const clock = { sleep: async () => {} };
    const store: PageStore = createBucketStore({ ...place, endpoint: storage.url, clock });
    return { storage, reports: createReportStore({ store, place, link, partition: null }) };
  }

  test.each([
    { link: 'browser', url: `https://storage.cloud.google.com/drift/prod/${PAGE}` },
    { link: 'console', url: `https://console.cloud.google.com/storage/browser/_details/drift/prod/${PAGE}` },
  ] as const)('tells the address for REPORT_LINK=$link, and the page knows it', async ({ link, url }) => {
    const { storage, reports } = await bucketReports(link);
    expect(await publishReport({ ...surroundings, reports }, await pageOfRun())).toEqual({
      url,
      error: null,
    });
    const html = storage.objects.get(`drift/prod/${PAGE}`)?.text ?? '';
    expect([html.includes(`data-url="${url}"`), html.includes('data-no-filter')]).toEqual([
      true,
      link === 'console',
    ]);
  });

  test('names the account where access is denied', async () => {
    const { storage, reports } = await bucketReports();
    const error = { code: 403, errors: [{ reason: 'accessDenied' }], message: 'Access Denied' };
    await publishReport({ ...surroundings, reports }, await pageOfRun({ error }));
    expect(storage.objects.get('drift/prod/latest.html')?.text).toContain('drift@p.iam.gserviceaccount.com');
  });

  test('that cannot be tidied up is no error of the run', async () => {
    const { storage, reports } = await bucketReports();
    storage.faults.push({ operation: 'list', answer: { status: 403 } });
    log.length = 0;
    await tidyReports(reports, new Date(), surroundings.log);
    expect(log).toEqual([
      {
        severity: 'WARNING',
        message: expect.stringMatching(
          /^old report pages were not removed: cannot list the report pages in gs:\/\/drift\/prod: HTTP 403/,
        ),
      },
    ]);
  });

  test('takes a bug for a page that was not written, and logs it', async () => {
    const reports: ReportStore = {
      addressOf: () => ({
        page: 'https://x.example/',
        latest: 'https://x.example/',
        partition: null,
        takesFilter: true,
      }),
      publish: () => Promise.reject(new TypeError('no such method')),
      tidy: async () => {},
    };
    log.length = 0;
    expect(await publishReport({ ...surroundings, reports }, await pageOfRun())).toMatchObject({
      url: null,
      error: { code: 'SinkRejected', message: 'the report page could not be made; the log has the reason' },
    });
    expect(log).toEqual([
      {
        severity: 'ERROR',
        message: 'the report page could not be made: TypeError: no such method',
        stack_trace: expect.stringContaining('TypeError: no such method'),
      },
    ]);
  });
});
