import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { stoppedClock } from '../emulators/clock.ts';
import { loadExpectation } from '../src/adapters/folders/expected-files.ts';
import { openSnapshot } from '../src/adapters/folders/snapshot-files.ts';
import { check } from '../src/app/check/check.ts';
import { KINDS } from '../src/kinds/index.ts';
import { asTexts } from './support/changes.ts';
import { endless } from './support/deadline.ts';

const NOW = new Date('2026-11-22T10:17:00Z');
const clock = stoppedClock(NOW);
const kinds = KINDS.map(({ id }) => id);

async function findingsOf(kind: string, actual: string) {
  const expectation = await loadExpectation({ folder: `test/cases/${kind}/expected` });
  const warehouse = await openSnapshot(`test/cases/${kind}/${actual}`);
  const { report } = await check({
    ...expectation,
    warehouse,
    project: 'p',
    clock,
    confirmMs: 0,
    deadline: endless,
    now: NOW,
  });
  return asTexts(report.findings).map(
    ({ kind: found, severity, dataset, table, path, expected, actual: value, message, consumers }) => ({
      kind: found,
      severity,
      dataset,
      table,
      path,
      expected,
      actual: value,
      message,
      consumers,
    }),
  );
}

test('every kind has a folder of its own, and every folder is a kind', async () => {
  const entries = await readdir('test/cases');
  expect(entries.sort()).toEqual([...kinds].sort());
});

test.each(kinds)('%s: exactly the findings of its case', async (kind) => {
  const findings = await findingsOf(kind, 'actual');
  expect(findings).toEqual(JSON.parse(await readFile(`test/cases/${kind}/findings.json`, 'utf8')));
  expect(findings.map((finding) => finding.kind)).toContain(kind);
});

test.each(kinds)('%s: its actual tables, taken as expected, have no finding', async (kind) => {
  // The recorded answers are valid expected files: what is there compares equal with itself.
  const expectation = await loadExpectation({ folder: `test/cases/${kind}/actual` });
  const warehouse = await openSnapshot(`test/cases/${kind}/actual`);
  const { report } = await check({
    ...expectation,
    warehouse,
    project: 'p',
    clock,
    confirmMs: 0,
    deadline: endless,
    now: NOW,
  });
  const { findings, unchecked, status } = report;
  expect({ findings, unchecked, status }).toEqual({
    // A hidden dataset that somebody recorded and so declares is read like any other.
    findings: [],
    unchecked: [],
    status: 'in-sync',
  });
});
