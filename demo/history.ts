import { emptyState, type HistoryPoint } from '../src/incidents/state.ts';
import { printState } from '../src/incidents/state-text.ts';

const HOUR_MS = 3_600_000;
const DAYS = 30;

/** Hours before the demo begins, and what was open then. */
const INCIDENTS = [
  { from: 640, to: 560, critical: 0, warning: 2, info: 0 },
  { from: 470, to: 466, critical: 2, warning: 0, info: 0 },
  { from: 400, to: 240, critical: 0, warning: 0, info: 3 },
  { from: 262, to: 251, critical: 1, warning: 1, info: 0 },
  { from: 90, to: 66, critical: 0, warning: 1, info: 0 },
];
/** The monitor was not there. */
const PAUSE = { from: 180, to: 158 };

/** A state that remembers a month of runs, all of it made up, so that the chart has something to show. */
export function madeUpState(project: string, now: Date): string {
  const hours = Array.from({ length: DAYS * 24 }, (_, index) => DAYS * 24 - index);
  const history = hours
    .filter((hour) => hour > PAUSE.from || hour <= PAUSE.to)
    .map((hour): HistoryPoint => {
      const open = INCIDENTS.filter(({ from, to }) => hour <= from && hour > to);
      const sum = (severity: 'critical' | 'warning' | 'info') =>
        open.reduce((total, incident) => total + incident[severity], 0);
      const drifted = sum('critical') + sum('warning');
      return {
        at: new Date(now.getTime() - hour * HOUR_MS).toISOString(),
        findings: { critical: sum('critical'), warning: sum('warning'), info: sum('info') },
        tables: { inSync: 13 - drifted, drifted, unchecked: 0 },
      };
    });
  return printState({ ...emptyState(project), history });
}
