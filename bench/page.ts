import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { renderHtml } from '../src/page/page.ts';
import { CHROMIUM, launchChromium } from '../test/support/chromium.ts';
import { largePage } from '../test/support/large-page.ts';

/*
 * The report page of 1,000 findings in 5,000 tables: how large it is, how long it takes to be made, and how long Chromium takes
 * until its reader can use it, and to filter it. Of several turns the middle one.
 */

const TURNS = 7;

interface Times {
  /** Milliseconds from the request to where the script has run and answers. */
  readonly usable: number;
  readonly loaded: number;
  /** From a filter chosen to the next frame. */
  readonly filtered: number;
}

const MEASURE = `new Promise((resolve) => {
  const { domInteractive: usable, loadEventEnd: loaded } = performance.getEntriesByType('navigation')[0];
  const box = document.querySelector('input[value="critical"]');
  const start = performance.now();
  box.click();
  setTimeout(() => requestAnimationFrame(() => setTimeout(() => resolve({ usable, loaded, filtered: performance.now() - start }))));
})`;

async function measure(browser: Browser, url: string): Promise<Times> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(url, { waitUntil: 'load' });
  const times = await page.evaluate<Times>(MEASURE);
  await page.close();
  return times;
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function verdict(value: number, budget: number): string {
  return value < budget ? 'inside' : 'OUTSIDE';
}

const page = await largePage({ tables: 5000, findings: 1000 });
const start = performance.now();
const html = renderHtml(page);
const made = performance.now() - start;
const megabytes = Buffer.byteLength(html) / 1e6;
const lines = [
  `made in ${made.toFixed(0)} ms, ${megabytes.toFixed(2)} MB  budget 3.00 MB  ${verdict(megabytes, 3)}`,
];

if (CHROMIUM === null) {
  lines.push('no Chromium on this machine: how it feels there is not measured');
} else {
  const folder = await mkdtemp(join(tmpdir(), 'drift-bench-'));
  const browser = await launchChromium();
  try {
    const file = join(folder, 'report.html');
    await writeFile(file, html);
    const turns: Times[] = [];
    for (let turn = 0; turn < TURNS; turn += 1) turns.push(await measure(browser, pathToFileURL(file).href));
    const middle = (of: keyof Times) => median(turns.map((times) => times[of]));
    lines.push(
      `usable after ${middle('usable').toFixed(0)} ms, loaded after ${middle('loaded').toFixed(0)} ms  budget 1000 ms  ${verdict(middle('loaded'), 1000)}`,
      `filtered in ${middle('filtered').toFixed(0)} ms`,
    );
  } finally {
    await browser.close();
    await rm(folder, { recursive: true });
  }
}
process.stdout.write(`${lines.join('\n')}\n`);
