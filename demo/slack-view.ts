import { html, type Markup } from '../src/page/markup.ts';
import type { SlackBlock, SlackPayload } from '../src/slack/payload.ts';
import { FENCE, MARKS, shown } from '../src/slack/preview.ts';

/** A message as its reader sees it in Slack, for a browser. */
export function slackMessage({ blocks }: SlackPayload): Markup {
  return html`<div class="message">${blocks.map(block)}</div>`;
}

function block(each: SlackBlock): Markup {
  switch (each.type) {
    case 'header':
      return html`<h3>${shown(each.text.text)}</h3>`;
    case 'section':
      return html`<div>${mrkdwn(each.text.text)}</div>`;
    case 'context':
      return html`<div class="context">${each.elements.map(({ text }) => mrkdwn(text))}</div>`;
    case 'divider':
      return html`<hr>`;
  }
}

function mrkdwn(text: string): readonly Markup[] {
  let isCode = false;
  return text.split('\n').flatMap((line) => {
    if (line === FENCE) {
      isCode = !isCode;
      return [];
    }
    if (isCode) return [html`<pre>${shown(line)}</pre>`];
    const quoted = /^> (.*)$/.exec(line)?.[1];
    return [
      quoted === undefined ? html`<p>${inline(line)}</p>` : html`<blockquote>${inline(quoted)}</blockquote>`,
    ];
  });
}

function inline(line: string): readonly Markup[] {
  const parts: Markup[] = [];
  let end = 0;
  for (const match of line.matchAll(MARKS)) {
    parts.push(html`${shown(line.slice(end, match.index))}`, marked(match.groups ?? {}));
    end = match.index + match[0].length;
  }
  return [...parts, html`${shown(line.slice(end))}`];
}

function marked({ code, target, label, bold, italic }: Readonly<Record<string, string | undefined>>): Markup {
  if (code !== undefined) return html`<code>${shown(code)}</code>`;
  if (bold !== undefined) return html`<b>${inline(bold)}</b>`;
  if (italic !== undefined) return html`<i>${shown(italic)}</i>`;
  if (target === undefined) return html``;
  if (/^[@!]/.test(target))
    return html`<span class="mention">@${target.replace(/^(@|!subteam\^|!)/, '')}</span>`;
  if (target.startsWith('/')) return html`<a href="${target}" target="report">${shown(label ?? target)}</a>`;
  return html`<a href="${shown(target)}" target="_blank" rel="noopener noreferrer">${shown(label ?? target)}</a>`;
}
