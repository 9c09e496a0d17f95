import type { HistoryPoint } from '../incidents/state.ts';
import { counted } from '../words/printable.ts';
import {
  type Chart,
  chartOf,
  daysOf,
  type Lane,
  type Step,
  type Stretch,
  type Tick,
} from './daily-history.ts';
import { html, type Markup } from './markup.ts';
import { mark } from './parts.ts';

/** How many findings were open over the last month, a lane for each severity with a scale of its own. */
export function historyChart(history: readonly HistoryPoint[], now: Date): Markup {
  const chart = chartOf(history, now);
  if (chart === null)
    return html`<p class="note">This is the first run that is remembered: the history of open findings begins with it.</p>`;
  const span = spanOf(chart);
  return html`
    <h2>Open findings over the last ${span}</h2>
    <div class="chart">
      ${chart.lanes.map((lane) => laneRow(lane, chart, span))}
      <svg class="ticks" aria-hidden="true">${chart.ticks.map(tickMark)}</svg>
    </div>
    <div class="legend">
      ${asTable(history, chart)}
      ${chart.gaps.length === 0 ? null : html`<p class="note"><i class="gap"></i> no run</p>`}
    </div>`;
}

/** To the day, or to the hour within two days. */
function spanOf({ from, to }: Chart): string {
  const hours = Math.round((to.getTime() - from.getTime()) / 3_600_000);
  return hours <= 48 ? counted(hours, 'hour') : counted(Math.round(hours / 24), 'day');
}

/** Units of the drawing, which is stretched to where it stands. */
const WIDTH = 1000;
const HEIGHT = 100;

function laneRow({ severity, now, most, steps }: Lane, { gaps }: Chart, span: string): Markup {
  const label = `${severity}: ${now} open now, at most ${most} in the last ${span}${gaps.length === 0 ? '' : '; in part of it there was no run'}`;
  return html`
    <div class="lane ${severity}">
      <span class="name">${mark(severity)} ${severity} <b>${now}</b></span>
      <span class="scale" aria-hidden="true"><span>${Math.max(most, 1)}</span><span>0</span></span>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
        ${gaps.map(gapBox)}
        <path class="area" d="${areaPath(steps, Math.max(most, 1))}"/>
      </svg>
    </div>`;
}

function gapBox({ from, to }: Stretch): Markup {
  return html`<rect class="gap" x="${across(from)}" width="${across(to - from)}" y="0" height="${HEIGHT}"/>`;
}

/** A closed shape for each row of steps that touch. */
function areaPath(steps: readonly Step[], most: number): string {
  const height = (count: number) => HEIGHT - Math.round((count / most) * (HEIGHT - 6));
  let path = '';
  let end: number | null = null;
  for (const { from, to, count } of steps) {
    if (from !== end) path += `${end === null ? '' : `V${HEIGHT}Z`}M${across(from)} ${HEIGHT}`;
    path += `V${height(count)}H${across(to)}`;
    end = to;
  }
  return end === null ? '' : `${path}V${HEIGHT}Z`;
}

function across(share: number): number {
  return Math.round(share * WIDTH * 10) / 10;
}

/** A place along the chart is known to the drawing alone: no element may carry a style. */
function tickMark({ at, place }: Tick): Markup {
  const x = `${across(place) / 10}%`;
  return html`<g><line x1="${x}" x2="${x}" y2="5"/><text x="${x}" y="18">${tickLabel(at)}</text></g>`;
}

/** `24 Oct` at its midnight, and `08:00` between two. */
function tickLabel(at: Date): string {
  const [, day = '', month = ''] = /, (\d\d) (\w{3})/.exec(at.toUTCString()) ?? [];
  const time = at.toISOString().slice(11, 16);
  return time === '00:00' ? `${Number(day)} ${month}` : time;
}

/** The same for those who cannot see it. */
function asTable(history: readonly HistoryPoint[], chart: Chart): Markup {
  return html`
    <details class="days">
      <summary>As a table, by day</summary>
      <table>
        <thead><tr><th scope="col">Day (UTC)</th><th scope="col">critical</th><th scope="col">warning</th><th scope="col">info</th></tr></thead>
        <tbody>${daysOf(history, chart).map(
          ({ day, most }) => html`
          <tr><th scope="row">${day}</th>${
            most === null
              ? html`<td colspan="3">no run</td>`
              : html`<td>${most.critical}</td><td>${most.warning}</td><td>${most.info}</td>`
          }</tr>`,
        )}</tbody>
      </table>
      <p class="note">The most that was open at once on each day.</p>
    </details>`;
}
