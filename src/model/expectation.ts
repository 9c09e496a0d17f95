import type { Policy, RequiredField } from './policy.ts';
import type { DeclaredDataset } from './table.ts';

/** What a team expects: every declared dataset and table, and how to judge what differs. */
export interface Expectation {
  readonly datasets: readonly DeclaredDataset[];
  readonly policy: Policy;
  /** What the policy demands of the files themselves. */
  readonly requiredFields: readonly RequiredField[];
  readonly warnings: readonly string[];
}

/** Where a team says what it expects. Once `signal` is aborted nothing more is asked. @throws DriftError */
export type ExpectedSource = (signal: AbortSignal) => Promise<Expectation>;
