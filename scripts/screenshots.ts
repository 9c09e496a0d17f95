import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { renderHtml } from '../src/page/page.ts';
import { launchChromium } from '../test/support/chromium.ts';
import { largePage } from '../test/support/large-page.ts';
import { readCommandLine } from './command-line.ts';

/* `npm run screenshots`: the pictures of README, from the report of the demo and from one of a thousand findings. */

readCommandLine({ script: 'screenshots', usage: '' }, {});
const DOCS = join(import.meta.dirname, '../docs');

const work = await mkdtemp(join(tmpdir(), 'drift-screenshots-'));
const browser = await launchChromium();
try {
  await mkdir(DOCS, { recursive: true });
  const demo = pathToFileURL(await playDemo(join(work, 'demo'))).href;
  const many = join(work, 'many.html');
  await writeFile(many, renderHtml(await largePage({ tables: 5000, findings: 1000 })));
  const desktop = { width: 1200, height: 1180 };
  await picture('report-light.png', demo, { viewport: desktop, colorScheme: 'light' });
  await picture('report-dark.png', demo, { viewport: desktop, colorScheme: 'dark' });
  await picture('report-narrow.png', demo, { viewport: { width: 390, height: 1180 }, deviceScaleFactor: 1 });
  await picture(
    'report-1000.png',
    `${pathToFileURL(many).href}#dataset=catalog&severity=critical,warning`,
    { viewport: desktop },
    unfoldWorst,
  );
} finally {
  await browser.close();
  await rm(work, { recursive: true });
}

/** The path of the report of the hour with the drift. */
async function playDemo(out: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['demo/demo.ts', '--out', out]);
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

async function picture(
  name: string,
  url: string,
  options: BrowserContextOptions,
  prepare: (page: Page) => Promise<void> = async () => {},
): Promise<void> {
  const page = await browser.newPage(options);
  await page.clock.setFixedTime(new Date(0));
  await page.goto(url);
  await prepare(page);
  await page.screenshot({ path: join(DOCS, name) });
  await page.close();
  const { size } = await stat(join(DOCS, name));
  process.stdout.write(`${join('docs', name)}  ${Math.round(size / 1024)} kB\n`);
}

async function unfoldWorst(page: Page): Promise<void> {
  const entry = page.locator('#wrong .entry:not([hidden])', { hasText: 'and 2 more' }).first();
  await entry.locator('summary').click();
  await page.evaluate('scrollTo(0, 0)');
}
