import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { writeFolder } from './folder.ts';

export interface OpenedPage {
  readonly page: Page;
  readonly url: string;
  /** What the console or the page complained of. */
  readonly complaints: readonly string[];
  /** All that was asked for, the page itself first. */
  readonly requests: readonly string[];
}

/** Opens a page from disk, as somebody who was sent the file. */
export async function openFromDisk(
  browser: Browser,
  html: string,
  { fragment = '', ...options }: BrowserContextOptions & { readonly fragment?: string } = {},
): Promise<OpenedPage> {
  const folder = await writeFolder({ 'report.html': html });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', async (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on('request', (request) => requests.push(request.url()));
  const url = pathToFileURL(join(folder, 'report.html')).href;
  await page.goto(`${url}${fragment}`);
  return { page, url, complaints, requests };
}
