import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { type Hour, serveStory } from '../demo/viewer.ts';
import { writeFolder } from './support/folder.ts';
import { readableText } from './support/pages.ts';

const quiet: Hour = {
  title: 'Hour 1. Nothing has changed.',
  steps: [],
  at: new Date('2026-11-22T21:00:00Z'),
  status: 'in-sync',
  messages: [],
  page: 'report-1.html',
};
const drifted: Hour = {
  ...quiet,
  title: 'Hour 2. Somebody was busy:',
  steps: ['dropped a column'],
  status: 'drifted',
  page: 'report-2.html',
  messages: [
    {
      text: 'Drift',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'Drift in p: 1 critical' } },
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            verbatim: true,
            text: '*<https://x.example/?a=1&amp;b=2|sales.orders>* · <!subteam^S0SALES>\nfield `a&lt;b` is _gone_\n> a hint\n```\nALTER TABLE\n```',
          },
        },
      ],
    },
  ],
};

async function serve() {
  const folder = await writeFolder({ 'report-1.html': 'one', 'state.json.1': 'secret' });
  const place = pathToFileURL(folder).href;
  await writeFile(join(folder, 'report-2.html'), `<a href="${place}/latest.html">`);
  const text = `in sync · report: ${place}/report-2.html`;
  const context = { type: 'context', elements: [{ type: 'mrkdwn', text, verbatim: true }] } as const;
  const loud = {
    ...drifted,
    messages: drifted.messages.map((message) => ({ ...message, blocks: [...message.blocks, context] })),
  };
  const { url, close } = await serveStory([quiet, loud], { folder, start: loud });
  onTestFinished(close);
  return url;
}

test('the story is served on this machine alone, the messages of each hour as Slack shows them', async () => {
  const url = await serve();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const response = await fetch(url);
  const story = await response.text();
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(readableText(story)).toEqual([
    '#data-on-call as Slack shows it, hour by hour',
    '2026-11-22 21:00 UTC in-sync: its report',
    'Hour 1. Nothing has changed.',
    'Nothing to tell, nothing sent.',
    '2026-11-22 21:00 UTC drifted: its report',
    'Hour 2. Somebody was busy:',
    'dropped a column',
    'Drift in p: 1 critical',
    'sales.orders · @S0SALES',
    'field a<b is gone',
    'a hint',
    'ALTER TABLE',
    'in sync · report',
  ]);
  expect(story).toContain('href="https://x.example/?a=1&amp;b=2"');
  expect(story).toContain('<a href="/report-2.html" target="report">report</a>');
  expect(story).toContain('src="/report-2.html"');
});

test('beside it its reports are served, and no other file', async () => {
  const url = await serve();
  const get = async (path: string) => {
    const response = await fetch(`${url}${path}`);
    return [response.status, await response.text()];
  };
  expect(await get('report-1.html')).toEqual([200, 'one']);
  expect(await get('report-2.html')).toEqual([200, `<a href="${url}latest.html">`]);
  expect(await get('state.json.1')).toEqual([404, 'There is no such page.']);
  expect(await get('..%2Fpackage.json')).toEqual([404, 'There is no such page.']);
});
