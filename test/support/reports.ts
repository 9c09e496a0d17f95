import { compareFindings, fingerprintOf } from '../../src/judge/judge.ts';
import { explain } from '../../src/kinds/words.ts';
import type { Finding, Judged } from '../../src/model/finding.ts';
import type { Report } from '../../src/model/report.ts';
import type { Contract } from '../../src/model/table.ts';
import { HOSTILE } from './hostile.ts';

const PROJECT = 'livhana-production';

export const contract: Contract = {
  owner: '<!subteam^S0PAYMENTS>',
  retention: { text: 'P2Y', ms: 63_072_000_000 },
  criticalFields: [],
  consumers: new Map(),
  runbook: 'https://wiki.example.com/runbooks/payments?tab=drift&page=1',
  extraFields: 'report',
};

function finding(fields: Partial<Judged> & Pick<Judged, 'kind' | 'severity' | 'dataset' | 'table'>): Finding {
  const judged = {
    path: null,
    expected: null,
    actual: null,
    consumers: [],
    owner: null,
    runbook: null,
    ...fields,
  };
  return explain({ ...judged, fingerprint: fingerprintOf({ project: PROJECT, ...judged }) }, contract);
}

function report(fields: Partial<Report>): Report {
  return {
    version: 1,
    project: PROJECT,
    status: 'drifted',
    startedAt: '2026-11-22T03:17:00.000Z',
    finishedAt: '2026-11-22T03:17:41.000Z',
    tables: { inSync: 12, drifted: 1, unchecked: 0 },
    waived: [],
    unchecked: [],
    warnings: [],
    ...fields,
    findings: [...(fields.findings ?? [])].sort(compareFindings),
  };
}

const lostAmount = finding({
  kind: 'field-missing',
  severity: 'critical',
  dataset: 'commerce',
  table: 'square_payments',
  path: 'amount',
  expected: 'NUMERIC',
  consumers: ['integration-service'],
  owner: contract.owner,
  runbook: contract.runbook,
});

function floodChange(index: number) {
  return FLOOD[index % FLOOD.length] ?? FLOOD[0];
}

const FLOOD = [
  { kind: 'table-missing', expected: 'TABLE' },
  { kind: 'field-missing', path: 'amount', expected: 'NUMERIC' },
  { kind: 'partitioning-missing', expected: 'DAY(created_at)' },
  { kind: 'clustering', expected: 'id' },
] as const;

/** The same few outcomes for every renderer. */
export const REPORTS: Readonly<Record<string, Report>> = {
  'in-sync': report({ status: 'in-sync', tables: { inSync: 13, drifted: 0, unchecked: 0 } }),

  'one-finding': report({ findings: [lostAmount] }),

  'every-part': report({
    tables: { inSync: 8, drifted: 3, unchecked: 2 },
    findings: [
      lostAmount,
      finding({
        kind: 'field-type',
        severity: 'warning',
        dataset: 'commerce',
        table: 'square_payments',
        path: 'customer.id',
        expected: 'STRING',
        actual: 'INT64',
        owner: contract.owner,
        runbook: contract.runbook,
      }),
      finding({
        kind: 'partitioning-missing',
        severity: 'critical',
        dataset: 'commerce',
        table: 'raffle_tickets',
        expected: 'DAY(purchase_date)',
      }),
      finding({
        kind: 'retention',
        severity: 'critical',
        dataset: 'customer_memory',
        table: 'customer_profiles',
        expected: '63072000000',
        actual: '2592000000',
        context: { type: 'caused-by', of: 'partitions' },
        consumers: ['reasoning-gateway', 'compliance'],
        owner: 'data team <data@example.com>',
      }),
      finding({
        kind: 'dataset-location',
        severity: 'critical',
        dataset: 'analytics',
        table: null,
        expected: 'US',
        actual: 'EU',
      }),
      finding({
        kind: 'field-unexpected',
        severity: 'info',
        dataset: 'commerce',
        table: 'square_items',
        path: 'colour',
        actual: 'ARRAY<STRUCT<name STRING, rgb INT64>>',
      }),
    ],
    waived: [
      {
        ...finding({
          kind: 'clustering',
          severity: 'warning',
          dataset: 'commerce',
          table: 'square_items',
          expected: 'id',
          actual: null,
        }),
        waiver: { until: '2027-01-31', reason: 'migration 4711' },
      },
    ],
    unchecked: [
      {
        dataset: 'analytics',
        table: 'lightspeed_products',
        reason: 'denied',
        detail: 'tables.get: HTTP 403 accessDenied: Access Denied',
      },
      {
        dataset: '*',
        table: null,
        reason: 'unavailable',
        detail: 'datasets that no file declares could not be seen: datasets.list could not reach asia-east1',
      },
    ],
    warnings: ['stated, not compared: maxStaleness, 12 files'],
  }),

  'unchecked-only': report({
    status: 'incomplete',
    tables: { inSync: 12, drifted: 0, unchecked: 1 },
    unchecked: [
      {
        dataset: 'analytics',
        table: 'lightspeed_products',
        reason: 'throttled',
        detail: 'tables.get: HTTP 403 rateLimitExceeded: Exceeded rate limits',
      },
    ],
  }),

  'recreated-empty': report({
    findings: Array.from({ length: 30 }, (_, index) =>
      finding({
        kind: 'field-missing',
        severity: 'critical',
        dataset: 'commerce',
        table: 'orders',
        context: { type: 'no-fields-left' },
        path: `column_${String(index).padStart(2, '0')}`,
        expected: 'STRING',
        consumers: ['integration-service'],
      }),
    ),
  }),

  flood: report({
    tables: { inSync: 0, drifted: 100, unchecked: 0 },
    findings: Array.from({ length: 100 }, (_, index) =>
      finding({
        ...floodChange(index),
        severity: index % 4 === 3 ? 'warning' : 'critical',
        dataset: index % 3 === 0 ? 'analytics' : 'commerce',
        table: `orders_of_region_${String(index).padStart(3, '0')}`,
      }),
    ),
  }),

  'hostile-names': report({
    project: 'p',
    findings: [
      finding({
        kind: 'field-missing',
        severity: 'critical',
        dataset: 'd',
        table: HOSTILE,
        path: `${HOSTILE}.${'x'.repeat(300)}`,
        expected: `STRUCT<\`${HOSTILE}\` INT64>`,
        consumers: [HOSTILE],
        owner: '<!channel>',
        runbook: 'https://example.com/<!here>|x',
      }),
    ],
    unchecked: [{ dataset: 'd', table: HOSTILE, reason: 'malformed', detail: HOSTILE }],
    warnings: [HOSTILE],
  }),
};
