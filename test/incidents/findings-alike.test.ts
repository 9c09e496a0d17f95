import { expect, test } from 'vitest';
import type { FindingRecord, Incident } from '../../src/incidents/state.ts';
import { emptyState } from '../../src/incidents/state.ts';
import { parseState, printState } from '../../src/incidents/state-text.ts';

const at = '2026-03-02T08:00:00.000Z';

function finding(index: number): Incident<FindingRecord> {
  const actual = index % 3 === 0 ? null : `TYPE_${index % 5}`;
  return {
    key: index.toString(16).padStart(12, '0'),
    subject: {
      kind: 'field-type',
      dataset: 'sales',
      table: `table_${Math.floor(index / 60)}`,
      path: `field_${index % 60}`,
      expected: 'STRING',
      what: 'field {path} is of another type',
      lastGoodAt: null,
      timeTravelHours: 168,
    },
    severity: 'critical',
    actual,
    actualWords: actual ?? 'nothing',
    lastSeenAt: at,
    runs: 1,
    isAlertable: true,
    episodes: [{ openedAt: at, closedAt: null, isFlapping: false }],
    changes: [],
    resolution: null,
    notifications:
      index % 7 === 0
        ? {}
        : {
            slack: {
              at,
              isOpen: true,
              severity: 'critical',
              actual: index % 11 === 0 ? 'OLD' : actual,
              actualWords: actual ?? 'nothing',
              reminders: 0,
            },
          },
  };
}

const byKey = (findings: readonly Incident<FindingRecord>[]) =>
  findings.toSorted((one, other) => (one.key < other.key ? -1 : 1));

test.each([100, 6000])('%i findings are remembered as they were', (count) => {
  const state = {
    ...emptyState('shop'),
    findings: Array.from({ length: count }, (_, index) => finding(index)),
  };
  const text = printState(state);
  const parsed = parseState(text, 'slack');
  expect(parsed.status === 'valid' ? byKey(parsed.state.findings) : parsed).toEqual(state.findings);
  expect(text.includes('findingsAlike')).toBe(count > 2000);
});
