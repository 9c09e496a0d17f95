import { createHash } from 'node:crypto';
import { saysUndeclared } from '../kinds/index.ts';
import type { Finding, Unchecked } from '../model/finding.ts';
import type { Waiver } from '../model/policy.ts';
import type { Contract } from '../model/table.ts';
import { lasting, moment } from '../words/moment.ts';
import { counted } from '../words/printable.ts';
import { type Group, groupBySubject, subjectTitle } from '../words/subject.ts';
import { causeOf, isPerhapsGone, lossNotes, remedyOf } from '../words/unchecked.ts';
import { SCRIPT, STYLE } from './assets.ts';
import { datasetSections } from './datasets.ts';
import { entry, leftOut, undeclaredList } from './entry.ts';
import { filterForm } from './filter.ts';
import { answer, STATUS_TITLES } from './head.ts';
import { historyChart } from './history.ts';
import { html, joinedBy, Markup } from './markup.ts';
import { badge, consoleLink, mark, ownerName, STATUS_WORDS, time, unreadAnchorOf } from './parts.ts';
import type { Page } from './report-page.ts';
import { MAX_LISTED, type View, viewOf } from './view.ts';

/** As many as a run keeps the details of. */
const MAX_WHOLE = 200;
/** Few are shown unfolded at once, many as a list. */
const MAX_UNFOLDED = 6;

/** The report as one file for a browser: it needs nothing from anywhere and asks nobody. */
export function renderHtml(page: Page): string {
  const view = viewOf(page);
  const { report, state, now } = view;
  const groups = groupBySubject(report.findings);
  const { wrong, informing } = parted(groups);
  const listed = [wrong, ...Object.values(informing)].flatMap(({ shown }) => shown);
  const body = html`
    <a class="skip" href="#wrong">Skip to what is wrong</a>
    <p class="unseen" id="said" role="status"></p>
    ${answer(view)}
    <main>
      <section class="history" aria-label="History">${
        state === null
          ? html`<p class="note">Since when things are open, and how it was before, is known to the hourly run alone: the command line remembers nothing.</p>`
          : historyChart(state.history, now)
      }</section>
      ${filterForm(view)}
      ${wrongSection(wrong, view)}
      ${uncheckedSection(view)}
      ${informingSection(informing, view, MAX_WHOLE - wrong.shown.length)}
      <section class="datasets" data-section aria-labelledby="datasets"><h2 id="datasets">Every dataset and table</h2>${datasetSections(view, { groups, listed })}</section>
      ${waivedSection(view)}
      ${warningsSection(report.warnings)}
    </main>
    <footer><p>The run took from ${time(report.startedAt)} to ${time(report.finishedAt)}. Nothing on this page changes BigQuery: what would repair it is text.</p></footer>`;
  return document(view, body);
}

/** https://www.w3.org/TR/CSP3/ Nothing may be loaded or run but what stands in the page itself, and nothing sent. */
function document({ report }: View, body: Markup): string {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(SCRIPT)}'`,
    `style-src '${hashOf(STYLE)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const title = [STATUS_TITLES[report.status], report.project ?? 'BigQuery', moment(report.finishedAt)].join(
    ' · ',
  );
  return html`<!doctype html>
<html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="referrer" content="no-referrer">
    <title>${title}</title>
    <link rel="icon" href="${ICONS[report.status]}">
    <style>${new Markup(STYLE)}</style>
    </head>
    <body>${body}<script>${new Markup(SCRIPT)}</script></body>
    </html>
`.html;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`;
}

/** The browser's tab says it too, and no browser asks for a file. */
const ICONS = { drifted: icon('c0362c'), incomplete: icon('6e5ba8'), 'in-sync': icon('1f8a50') } as const;

function icon(color: string): string {
  const drawing = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='7' fill='#${color}'/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(drawing)}`;
}

/** What is wrong, and what is worth knowing: more of a table that a file declares, or that none does. */
function parted(groups: readonly Group[]) {
  const isWrong = ({ findings }: Group) => findings[0]?.severity !== 'info';
  const isUndeclared = ({ findings }: Group) => findings.every(({ kind }) => saysUndeclared(kind));
  const informing = groups.filter((group) => !isWrong(group));
  return {
    wrong: fitting(groups.filter(isWrong)),
    informing: {
      declared: fitting(informing.filter((group) => !isUndeclared(group))),
      undeclared: fitting(informing.filter(isUndeclared)),
    },
  };
}

type Parted = ReturnType<typeof parted>;

function wrongSection({ shown, left }: Parted['wrong'], view: View): Markup {
  const isOpen = shown.length <= MAX_UNFOLDED;
  return html`
    <section class="wrong" id="wrong" aria-labelledby="wrong-title" tabindex="-1">
      <h2 id="wrong-title">What is wrong</h2>
      ${shown.length === 0 ? html`<p class="note">Nothing of what was read.</p>` : null}
      ${shown.map((group, index) => entry(group, view, { isOpen, isWhole: index < MAX_WHOLE }))}
      ${leftOut(left, view)}
      <p class="note none-match" hidden>Nothing that is wrong matches the filter.</p>
    </section>`;
}

/** As many, from the worst on, as have no more findings together than a page can show; at least one. */
function fitting(groups: readonly Group[]): {
  readonly shown: readonly Group[];
  readonly left: readonly Group[];
} {
  let total = 0;
  const end = groups.findIndex(({ findings }, index) => {
    total += findings.length;
    return total > MAX_LISTED && index > 0;
  });
  const shown = end === -1 ? groups : groups.slice(0, end);
  return { shown, left: groups.slice(shown.length) };
}

function informingSection(
  { declared, undeclared }: Parted['informing'],
  view: View,
  wholeLeft: number,
): Markup | null {
  const left = [...declared.left, ...undeclared.left];
  const undeclaredFindings = undeclared.shown.flatMap(({ findings }) => findings);
  const count = [...declared.shown, ...undeclared.shown, ...left].flatMap(({ findings }) => findings).length;
  if (count === 0) return null;
  return html`
    <section class="informing" data-section aria-labelledby="informing">
      <h2 id="informing">Worth knowing</h2>
      <details class="fold" data-fold>
        <summary>${counted(count, 'thing')} that ${count === 1 ? 'makes' : 'make'} no table drifted</summary>
        ${declared.shown.map((group, index) => entry(group, view, { isOpen: false, isWhole: index < wholeLeft }))}
        ${undeclaredFindings.length === 0 ? null : html`<div data-section><h3>No file declares</h3>${undeclaredList(undeclaredFindings, view)}</div>`}
        ${leftOut(left, view)}
      </details>
    </section>`;
}

function uncheckedSection(view: View): Markup | null {
  const { unchecked } = view.report;
  if (unchecked.length === 0) return null;
  const shown = unchecked.slice(0, MAX_LISTED);
  return html`
    <section class="unread" data-section aria-labelledby="unread">
      <h2 id="unread">What could not be checked</h2>
      <p class="note">Neither in sync nor drifted: it is not known.</p>
      <ul>${shown.map((each) => uncheckedItem(each, view))}</ul>
      ${shown.length === unchecked.length ? null : html`<p class="note">+${(unchecked.length - shown.length).toLocaleString('en-US')} more: drift check names all.</p>`}
    </section>`;
}

function uncheckedItem(each: Unchecked, view: View): Markup {
  const { reason, detail, dataset } = each;
  const cause = causeOf(each);
  const memo = view.uncheckedMemoOf(each);
  const since = memo?.episodes.at(-1)?.openedAt;
  const isGone = memo !== null && isPerhapsGone({ ...memo.subject, reason });
  const losses = memo !== null && isGone ? lossNotes([memo.subject], view.now) : [];
  const todo = remedyOf(each, view.account);
  const contracts = view.contractsOf(each);
  const consumers = [...new Set(contracts.flatMap((contract) => [...contract.consumers.keys()]))];
  const place = view.uncheckedOf(each) === each ? html` id="${unreadAnchorOf(each)}"` : null;
  return html`
    <li class="unchecked" data-entry data-dataset="${dataset}" data-status="unchecked" data-read="${view.readBy(consumers)}"${place} tabindex="-1">
      <p class="what">${badge('unchecked', STATUS_WORDS.unchecked)} <code>${subjectTitle(each)}</code>: ${cause}${isGone ? ', or deleted' : null} ${consoleLink(each, view.report.project)}</p>
      ${todo === null ? null : html`<p class="values">${todo}</p>`}
      ${since === undefined ? null : html`<p class="since">for ${lasting(since, view.now)}, since ${time(since)}</p>`}
      ${concerned(contracts, consumers)}
      <p class="note">${detail}</p>
      ${losses.map((note) => html`<p class="note">${note}</p>`)}
    </li>`;
}

/** Who reads it, and whose it is where all its tables are one's. */
function concerned(contracts: readonly Contract[], consumers: readonly string[]): Markup | null {
  const [owner = null, ...others] = new Set(contracts.map((contract) => contract.owner));
  const parts = [
    ...(owner === null || others.length > 0 ? [] : [html`owner ${ownerName(owner)}`]),
    ...(consumers.length === 0 ? [] : [html`read by <b>${joinedBy(', ', consumers)}</b>`]),
  ];
  return parts.length === 0 ? null : html`<p class="readers">${joinedBy('; ', parts)}</p>`;
}

function waivedSection({ report, waivers, now }: View): Markup | null {
  if (waivers.length === 0 && report.waived.length === 0) return null;
  const today = now.toISOString().slice(0, 10);
  return html`
    <section class="waived" aria-labelledby="waived">
      <h2 id="waived">Waivers</h2>
      ${report.waived.length === 0 ? null : html`<details class="fold"><summary>${counted(report.waived.length, 'finding')} waived</summary><ul>${report.waived.slice(0, MAX_LISTED).map(waivedItem)}</ul></details>`}
      ${
        waivers.length === 0
          ? null
          : html`<div class="scroll" tabindex="0" role="group" aria-label="Waivers of the policy"><table class="tables"><thead><tr><th scope="col">Tables</th><th scope="col">What</th><th scope="col">Until</th><th scope="col">Reason</th></tr></thead><tbody>${waivers.map((waiver) => waiverRow(waiver, today))}</tbody></table></div>`
      }
    </section>`;
}

function waivedItem(
  finding: Finding & { readonly waiver: { readonly until: string; readonly reason: string } },
): Markup {
  return html`<li><code>${subjectTitle(finding)}</code>: ${finding.message} <span class="kind">${finding.kind}</span> until ${finding.waiver.until}: ${finding.waiver.reason}</li>`;
}

function waiverRow({ table, kind, path, until, reason }: Waiver, today: string): Markup {
  const what = [kind, path].filter((part) => part !== null);
  return html`<tr><th scope="row"><code>${table}</code></th><td>${what.length === 0 ? 'all that may be waived' : joinedBy(' ', what)}</td><td>${until}${until < today ? ' (lapsed)' : null}</td><td>${reason}</td></tr>`;
}

function warningsSection(warnings: readonly string[]): Markup | null {
  if (warnings.length === 0) return null;
  return html`<section class="warnings" aria-labelledby="warnings"><h2 id="warnings">Warnings</h2><ul>${warnings.map((warning) => html`<li>${mark('warning')} ${warning}</li>`)}</ul></section>`;
}
