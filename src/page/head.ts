import type { Finding } from '../model/finding.ts';
import type { Report, Status } from '../model/report.ts';
import { SEVERITIES, type Severity } from '../model/severity.ts';
import { counted } from '../words/printable.ts';
import { html, type Markup } from './markup.ts';
import { mark, time } from './parts.ts';
import type { View } from './view.ts';

export const STATUS_TITLES: Readonly<Record<Status, string>> = {
  drifted: 'Drifted',
  incomplete: 'Incomplete',
  'in-sync': 'In sync',
};

/** The answer: what is the case, as of when, of which project, and how much of each. */
export function answer(view: View): Markup {
  const { report, address } = view;
  const { status, project, finishedAt } = report;
  return html`
    <header class="answer ${status}">
      <p class="product">BigQuery drift · ${project === null ? 'recorded answers' : project}${shardOf(address)}</p>
      <div class="links">
        ${address === null ? null : html`<a href="${address.latest}">Latest report</a>`}
        <button type="button" id="copy-link"${address === null ? null : html` data-url="${address.page}"${address.takesFilter ? null : html` data-no-filter`}`} hidden>Copy link</button>
      </div>
      <h1><i class="light"></i>${STATUS_TITLES[status]}</h1>
      <p class="lead">${sentence(report)}</p>
      <p class="asof">As of ${time(finishedAt)} <span id="age"></span></p>
      <div class="tiles">${tableTiles(report)}${findingTiles(report.findings)}</div>
    </header>`;
}

/** The other datasets are on other pages. */
function shardOf(address: View['address']): string {
  const partition = address?.partition ?? null;
  return partition === null ? '' : ` · ${partition.replaceAll('-', ' ')}`;
}

function sentence({ status, tables, findings, unchecked }: Report): string {
  const all = tables.inSync + tables.drifted + tables.unchecked;
  const unread =
    tables.unchecked > 0
      ? `${tables.unchecked.toLocaleString('en-US')} could not be checked`
      : unchecked.length > 0
        ? 'not everything beside them could be read'
        : null;
  switch (status) {
    case 'in-sync':
      return `All ${counted(all, 'table')} are as their files say.`;
    case 'incomplete':
      return tables.unchecked === 0
        ? `All ${counted(all, 'table')} are as their files say, but ${unread}.`
        : `What was read is as its files say, but ${unread} of ${counted(all, 'table')}.`;
    case 'drifted': {
      const subject =
        tables.drifted > 0
          ? `${tables.drifted.toLocaleString('en-US')} of ${counted(all, 'table')} ${tables.drifted === 1 ? 'differs from its file' : 'differ from their files'}`
          : `The tables are as their files say, but ${elsewhere(findings)}`;
      return `${subject}${unread === null ? '' : `; ${unread}`}.`;
    }
  }
}

/** Drift that is of no declared table. */
function elsewhere(findings: readonly Finding[]): string {
  const places = new Set(
    findings.filter(({ severity }) => severity !== 'info').map(({ dataset, table }) => `${dataset}.${table}`),
  );
  return places.size === 1
    ? 'one dataset or undeclared table is not'
    : `${places.size} datasets or undeclared tables are not`;
}

interface Tile {
  readonly of: Parameters<typeof mark>[0];
  readonly count: number;
  readonly word: string;
  /** What a click on it shows. */
  readonly filter: string;
}

/** How something divides, as one bar and in figures. */
function tileGroup(title: string, tiles: readonly Tile[]): Markup {
  return html`
    <section aria-label="${title}">
      <h2>${title}</h2>
      ${bar(tiles)}
      <ul>${tiles.map(tile)}</ul>
    </section>`;
}

function tile({ of, count, word, filter }: Tile): Markup {
  return html`<li${count === 0 ? html` class="zero"` : null}><a href="#${filter}"><b>${count.toLocaleString('en-US')}</b><span>${mark(of)} ${word}</span></a></li>`;
}

const BAR = 1000;
/** What is one of thousands is to be seen all the same. */
const LEAST = 6;

function bar(tiles: readonly Tile[]): Markup {
  const all = tiles.reduce((sum, { count }) => sum + count, 0);
  const some = tiles.filter(({ count }) => count > 0);
  const scale = (BAR - some.length * LEAST) / Math.max(all, 1);
  let x = 0;
  const parts = some.map(({ of, count }) => {
    const width = LEAST + count * scale;
    const from = x;
    x += width;
    return html`<rect class="${of}" x="${from.toFixed(1)}" width="${width.toFixed(1)}" height="10"/>`;
  });
  return html`<svg class="bar" viewBox="0 0 ${BAR} 10" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}

function tableTiles({ tables }: Report): Markup {
  const all = tables.inSync + tables.drifted + tables.unchecked;
  return tileGroup(counted(all, 'table'), [
    { of: 'drifted', count: tables.drifted, word: 'drifted', filter: 'status=drifted' },
    { of: 'unchecked', count: tables.unchecked, word: 'not checked', filter: 'status=unchecked' },
    { of: 'in-sync', count: tables.inSync, word: 'in sync', filter: 'status=in-sync' },
  ]);
}

function findingTiles(findings: readonly Finding[]): Markup {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const tiles = SEVERITIES.map((severity) => ({
    of: severity,
    count: count(severity),
    word: severity,
    filter: `severity=${severity}`,
  }));
  return tileGroup(counted(findings.length, 'finding'), tiles);
}
