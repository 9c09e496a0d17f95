import { playedClock } from '../../emulators/clock.ts';
import { rememberRun } from '../../src/diff/remember.ts';
import type { Page, PageAddress } from '../../src/model/page.ts';
import { emptyState, type HistoryPoint, type State } from '../../src/model/state.ts';
import { check } from '../../src/run/check.ts';
import { loadExpectation } from '../../src/sources/expected-files.ts';
import { defaultPolicy } from '../../src/sources/policy-file.ts';
import { openSnapshot } from '../../src/sources/snapshot-files.ts';
import { type Files, writeFolder } from './folder.ts';
import { largeWarehouse } from './large-warehouse.ts';

export const PROJECT = 'demo-project';
export const NOW = new Date('2026-11-22T21:00:00.000Z');
const HOUR_MS = 3_600_000;

export const hoursBefore = (hours: number) => new Date(NOW.getTime() - hours * HOUR_MS);

type Run = Pick<Parameters<typeof check>[0], 'datasets' | 'warehouse' | 'policy' | 'warnings'>;

/** One run over that, and what is remembered after it. */
async function runAt(now: Date, run: Run, before: State) {
  const clock = playedClock(now.toISOString());
  const result = await check({ ...run, project: PROJECT, clock, now, confirmMs: 0 });
  const { report, sight } = result;
  return { result, state: rememberRun(before, { now, report, sight, policy: run.policy, isBlind: false }) };
}

interface Played {
  /** Expected files, a policy among them. */
  readonly files: Files;
  /** Recorded answers of each run, an hour apart; the page is that of the last one. */
  readonly runs: readonly [Files, ...Files[]];
  /** false: as on the command line. */
  readonly remembers?: boolean;
  readonly address?: PageAddress | null;
  readonly account?: string | null;
}

/** The page of the last of some runs. */
export async function playedPage({
  files,
  runs,
  remembers = true,
  address = null,
  account = null,
}: Played): Promise<Page> {
  const expectation = await loadExpectation({ folder: await writeFolder(files), project: PROJECT });
  let state = emptyState(PROJECT);
  let page: Page | undefined;
  for (const [index, answers] of runs.entries()) {
    const now = hoursBefore(runs.length - 1 - index);
    const warehouse = await openSnapshot(await writeFolder(answers));
    const ran = await runAt(now, { ...expectation, warehouse }, state);
    state = ran.state;
    const { waivers } = expectation.policy;
    page = { ...ran.result, waivers, state: remembers ? state : null, now, account, address };
  }
  if (page === undefined) throw new Error('no run was played');
  return page;
}

/** The page of a warehouse of that size, after a month of runs in which things got worse. */
export async function largePage(size: { readonly tables: number; readonly findings: number }): Promise<Page> {
  const run = { ...largeWarehouse(size), policy: defaultPolicy, warnings: [] };
  const { result } = await runAt(NOW, run, emptyState(PROJECT));
  const { findings } = result.report;
  const countOf = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  const final = { critical: countOf('critical'), warning: countOf('warning'), info: countOf('info') };
  const before = { ...emptyState(PROJECT), history: monthOf(final) };
  const first = await runAt(hoursBefore(31), run, before);
  const last = await runAt(NOW, run, first.state);
  return {
    ...last.result,
    waivers: [],
    state: { ...last.state, history: [...before.history, ...last.state.history.slice(-1)] },
    now: NOW,
    account: null,
    address: null,
  };
}

/** Thirty days of hourly runs with a day's pause, in which counts rise to what they are at the end. */
function monthOf(final: HistoryPoint['findings']): readonly HistoryPoint[] {
  const tables = { inSync: 0, drifted: 0, unchecked: 0 };
  return Array.from({ length: 719 }, (_, index) => 719 - index)
    .filter((hours) => hours <= 300 || hours > 324)
    .map((hours) => {
      const share = Math.max(0, 1 - hours / 340) ** 1.5;
      const bump = hours > 500 && hours < 560 ? 0.2 : 0;
      const { critical, warning, info } = final;
      return {
        at: hoursBefore(hours).toISOString(),
        findings: {
          critical: Math.round(critical * share),
          warning: Math.round(warning * (share + bump)),
          info: Math.round(info * Math.max(share, 0.3)),
        },
        tables,
      };
    });
}

/** The same with other texts in it, at any depth. */
export function withTexts<T>(value: T, change: (text: string) => string): T {
  const changed = (part: unknown): unknown => {
    if (typeof part === 'string') return change(part);
    if (Array.isArray(part)) return part.map(changed);
    if (part instanceof Map) return new Map([...part].map(([key, each]) => [changed(key), changed(each)]));
    if (typeof part !== 'object' || part === null || part instanceof Date || part instanceof Set) return part;
    return Object.fromEntries(Object.entries(part).map(([key, each]) => [key, changed(each)]));
  };
  return changed(value) as T;
}

/** What a reader reads, part by part, without style and script. */
export function readableText(html: string): readonly string[] {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return html
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, '')
    .replace(/<head>[\s\S]*<\/head>/, '')
    .replace(/<\/?(?:b|code|i|mark|time|span|a)\b[^>]*>/g, '')
    .split(/<[^>]*>/)
    .map((text) => text.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => entities[name] ?? '').trim())
    .filter((text) => text !== '');
}
