import type { UncheckedReason } from '../model/finding.ts';

interface ReasonWords {
  readonly cause: string;
  /** What to do; null: nothing but wait. */
  readonly remedy: (account: string | null) => string | null;
}

/** Why something could not be checked, and what helps. */
export const REASONS: Readonly<Record<UncheckedReason, ReasonWords>> = {
  denied: {
    cause: 'access denied',
    remedy: (account) =>
      `grant roles/bigquery.metadataViewer to ${account ?? "the monitor's service account"}`,
  },
  throttled: {
    cause: "over BigQuery's quota",
    remedy: () => 'lower REQUESTS_PER_SECOND, or give the monitor an account that nothing else uses',
  },
  unavailable: { cause: 'no usable answer from BigQuery', remedy: () => null },
  'out-of-time': { cause: 'the run had no time left', remedy: () => 'raise DEADLINE_SECONDS, or use SHARD' },
  malformed: {
    cause: 'an answer that is no BigQuery resource',
    remedy: () => 'look for a proxy between the monitor and BigQuery',
  },
};

/** What the reader of `access denied, or deleted` must know. */
export const HIDDEN_OR_GONE =
  'It was readable before: BigQuery hides what is deleted from those without permission.';
