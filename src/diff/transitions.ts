import type { Finding } from '../model/finding.ts';

/** What changed since the run before; each list is told in its own way. */
export interface Transitions {
  readonly opened: readonly Finding[];
  readonly changed: readonly Finding[];
  readonly reminded: readonly Finding[];
  readonly resolved: readonly Finding[];
}

/** Nothing is remembered of any run before: whatever is open has just opened. */
export function transitionsOfFirstRun(findings: readonly Finding[]): Transitions {
  return { opened: findings, changed: [], reminded: [], resolved: [] };
}
