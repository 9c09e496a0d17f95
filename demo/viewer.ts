import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startLocalServer, textReply } from '../emulators/http.ts';
import { html, Markup } from '../src/page/markup.ts';
import type { SlackPayload } from '../src/slack/payload.ts';
import { moment } from '../src/words/moment.ts';
import { slackMessage } from './slack-view.ts';

/** What one run of the demo came to. */
export interface Hour {
  readonly title: string;
  readonly steps: readonly string[];
  readonly at: Date;
  readonly status: string;
  readonly messages: readonly SlackPayload[];
  /** The file of its report. */
  readonly page: string;
}

/** Serves, on this machine alone, the report of each hour with what Slack was told beside it. */
export async function serveStory(
  hours: readonly Hour[],
  { folder, start }: { readonly folder: string; readonly start: Hour },
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const place = `${pathToFileURL(folder).href}/`;
  const story = storyPage(hours, { start, place }).html;
  const pages = new Set(['latest.html', ...hours.map(({ page }) => page)]);
  const reply = (body: string) => ({
    status: 200,
    body,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' },
  });
  const server = await startLocalServer(async ({ path }) => {
    const name = path.slice(1);
    if (name === '') return reply(story);
    return pages.has(name)
      ? reply((await readFile(join(folder, name), 'utf8')).replaceAll(place, `${server.url}/`))
      : textReply(404, 'There is no such page.');
  });
  return { url: `${server.url}/`, close: server.close };
}

function storyPage(
  hours: readonly Hour[],
  { start, place }: { readonly start: Hour; readonly place: string },
): Markup {
  return html`<!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Eight hours of the drift monitor</title>
    <link rel="icon" href="data:,">
    <style>${STYLE}</style>
    </head>
    <body>
    <nav aria-label="Hours">
      <h1>#data-on-call <span>as Slack shows it, hour by hour</span></h1>
      ${hours.map((hour) => hourItem(hour, place))}
    </nav>
    <iframe name="report" title="The report of the hour" src="/${start.page}"></iframe>
    </body>
    </html>`;
}

function hourItem({ title, steps, at, status, messages, page }: Hour, place: string): Markup {
  return html`
    <section>
      <h2><time datetime="${at.toISOString()}">${moment(at.toISOString())}</time> <a href="/${page}" target="report">${status}: its report</a></h2>
      <p class="title">${title}</p>
      ${steps.length === 0 ? null : html`<ul>${steps.map((step) => html`<li>${step}</li>`)}</ul>`}
      ${messages.length === 0 ? html`<p class="silence">Nothing to tell, nothing sent.</p>` : messages.map((message) => slackMessage(linked(message, place)))}
    </section>`;
}

/** A browser opens no file from a page that was served: the address in a folder is one of this server here. */
function linked(message: SlackPayload, place: string): SlackPayload {
  const [before, ...addresses] = JSON.stringify(message).split(`report: ${place}`);
  return JSON.parse([before, ...addresses.map((rest) => rest.replace(/^[\w.-]+/, '</$&|report>'))].join(''));
}

/** Apart from the template, whose line breaks go. */
const STYLE = new Markup(
  [
    ':root{--ground:#fff;--ink:#1d1c1d;--soft:#5c5b5d;--line:#dddcdd;--link:#1264a3;--code:#b5264b}',
    '@media(prefers-color-scheme:dark){:root{--ground:#1a1d21;--ink:#d8d9da;--soft:#a0a3a6;--line:#363a3f;--link:#6cb4ee;--code:#f0879f}}',
    '*{box-sizing:border-box}',
    'body{margin:0;display:grid;grid-template-columns:minmax(340px,31%) 1fr;height:100vh;background:var(--ground);color:var(--ink);font:15px/1.45 system-ui,"Noto Sans",sans-serif}',
    'nav{overflow-y:auto;padding:0 20px 40px;border-right:1px solid var(--line);overflow-wrap:anywhere}',
    'iframe{width:100%;height:100%;border:0}',
    'h1{position:sticky;top:0;margin:0 -20px;padding:12px 20px;background:var(--ground);border-bottom:1px solid var(--line);font-size:1.05em}',
    'h1 span{color:var(--soft);font-weight:400;font-size:.87em}',
    'h2{display:flex;justify-content:space-between;gap:12px;margin:22px 0 2px;font-size:.87em;font-weight:400;color:var(--soft)}',
    'p,ul,h3,blockquote,pre{margin:0}',
    'ul{padding-left:20px;color:var(--soft);font-size:.93em}',
    'a{color:var(--link)}',
    '.title{font-weight:600}',
    '.silence{color:var(--soft);font-size:.93em}',
    '.message{margin-top:10px;padding-left:14px;border-left:3px solid var(--line)}',
    '.message h3{font-size:1.1em}',
    '.message div+div{margin-top:8px}',
    '.context{color:var(--soft);font-size:.87em}',
    'code{color:var(--code);font:.87em ui-monospace,"Liberation Mono",monospace}',
    'pre{padding:2px 8px;background:color-mix(in srgb,var(--line) 40%,transparent);font:.8em/1.5 ui-monospace,"Liberation Mono",monospace;white-space:pre-wrap}',
    'blockquote{padding-left:10px;border-left:4px solid var(--line)}',
    '.mention{padding:0 3px;border-radius:3px;background:color-mix(in srgb,var(--link) 18%,transparent);color:var(--link)}',
    '@media(max-width:900px){body{grid-template-columns:1fr;height:auto}iframe{height:100vh}}',
  ].join('\n'),
);
