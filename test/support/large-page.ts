import { playedClock } from '../../emulators/clock.ts';
import { check } from '../../src/app/check/check.ts';
import { defaultPolicy } from '../../src/files/policy.ts';
import { rememberRun } from '../../src/incidents/lifecycle.ts';
import { emptyState, type HistoryPoint, type State } from '../../src/incidents/state.ts';
import type { Page } from '../../src/page/report-page.ts';
import { endless } from './deadline.ts';
import { largeWarehouse } from './large-warehouse.ts';

export const PROJECT = 'demo-project';
export const NOW = new Date('2026-11-22T21:00:00.000Z');
const HOUR_MS = 3_600_000;

export const hoursBefore = (hours: number) => new Date(NOW.getTime() - hours * HOUR_MS);

type Run = Pick<Parameters<typeof check>[0], 'datasets' | 'warehouse' | 'policy' | 'warnings'>;

/** One run over that, and what is remembered after it. */
export async function runAt(now: Date, run: Run, before: State) {
  const clock = playedClock(now.toISOString());
  const result = await check({ ...run, project: PROJECT, clock, now, confirmMs: 0, deadline: endless });
  const { report, scan } = result;
  return {
    result,
    state: rememberRun(before, {
      now,
      report,
      scan,
      policy: run.policy,
      channel: 'slack',
      alertImmediately: false,
      nothingRead: false,
    }),
  };
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
