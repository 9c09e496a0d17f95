import { describe, expect, test } from 'vitest';
import { playedClock } from '../../../emulators/clock.ts';
import { check } from '../../../src/app/check/check.ts';
import { createKeeper } from '../../../src/app/check/worst-tables.ts';
import { defaultPolicy } from '../../../src/files/policy.ts';
import type { Judged } from '../../../src/model/finding.ts';
import { endless } from '../../support/deadline.ts';
import { largeWarehouse } from '../../support/large-warehouse.ts';

async function checkLarge(size: { readonly tables: number; readonly findings: number }) {
  const clock = playedClock();
  return check({
    ...largeWarehouse(size),
    policy: defaultPolicy,
    warnings: [],
    project: 'p',
    clock,
    confirmMs: 0,
    deadline: endless,
    now: clock.now(),
  });
}

const nameOf = ({ dataset, table }: { readonly dataset: string; readonly table: string | null }) =>
  `${dataset}.${table}`;

describe('what a run keeps of the tables', () => {
  test('is nothing where all is in sync', async () => {
    expect((await checkLarge({ tables: 20, findings: 0 })).details).toEqual([]);
  });

  test('is every table with findings, in the order of the report', async () => {
    const { details, report } = await checkLarge({ tables: 60, findings: 30 });
    expect(details.map(nameOf)).toEqual([...new Set(report.findings.map(nameOf))]);
  });

  test('is two hundred tables and not one more, the worst', async () => {
    const { details, report } = await checkLarge({ tables: 900, findings: 900 });
    const names = [...new Set(report.findings.map(nameOf))];
    expect(names.length).toBeGreaterThan(400);
    expect(details.map(nameOf)).toEqual(names.slice(0, 200));
  });
});

test('a result leaves what can be said in full with the keeper', async () => {
  const keeper = createKeeper({ repairs: 'worst' });
  const unreadable = { status: 'unreadable', reason: 'denied', detail: 'HTTP 403' } as const;
  const judgement = { open: [], waived: [] };
  const compared = { status: 'present', off: [], judgement, warnings: [] } as const;
  const inFull = () => ({ details: null, fixes: new Map() });
  expect([unreadable, compared, { ...compared, inFull }].map(keeper.keep)).toEqual([
    unreadable,
    compared,
    compared,
  ]);
});

test('beyond what one run can hold a table with many new findings is unchecked; what is known, or single, is told', () => {
  const finding = (fingerprint: string): Judged => {
    const subject = { project: 'p', dataset: 'sales', table: fingerprint.slice(0, 1) };
    const change = { kind: 'field-missing', path: fingerprint, expected: 'STRING', actual: null } as const;
    return {
      ...subject,
      ...change,
      fingerprint,
      severity: 'critical',
      consumers: [],
      owner: null,
      runbook: null,
    };
  };
  const resultOf = (...fingerprints: readonly string[]) => ({
    status: 'present' as const,
    off: [],
    judgement: { open: fingerprints.map(finding), waived: [] },
    warnings: [],
    inFull: () => ({ details: null, fixes: new Map() }),
  });
  const isKnown = (fingerprint: string) => fingerprint.startsWith('k');
  const tables = [
    resultOf('a1', 'a2'),
    resultOf('b1', 'b2'),
    resultOf('c1'),
    resultOf('k1', 'k2'),
    resultOf('k1', 'd1'),
  ];
  const statusesOf = (repairs: 'all' | 'worst') => {
    const keeper = createKeeper({ repairs, isKnown, openBefore: 2, mostFindings: 5 });
    return tables.map((table) => keeper.keep(table)).map(({ status }) => status);
  };

  expect(statusesOf('worst')).toEqual(['present', 'unreadable', 'present', 'present', 'present']);
  expect(statusesOf('all')).toEqual(tables.map(() => 'present'));
});
