import { readerVerb } from '../kinds/words.ts';
import type { Finding, Subject, Unchecked } from '../model/finding.ts';
import type { DatasetOutcome, Report } from '../model/report.ts';
import { isAtLeast, type Severity } from '../model/severity.ts';
import { copyable, repairOf } from '../repair/format.ts';
import { printable } from '../words/printable.ts';
import { groupBySubject, missingDataset, subjectTitle } from '../words/subject.ts';
import { causeOf, remedyByHand } from '../words/unchecked.ts';

/**
 * The report for a CI that reads JUnit's XML: a suite for each dataset, a case for each declared table, a failure for each
 * finding at or above `failOn`, skipped where it could not be checked. What is less severe stands in the case's output.
 */
export function renderJunit(
  report: Report,
  outcomes: readonly DatasetOutcome[],
  { failOn }: { readonly failOn: Severity },
): string {
  const suites = suitesOf(report, outcomes);
  const cases = suites.flatMap((suite) => suite.cases);
  const lines = suites.flatMap((suite) => suiteLines(suite, report, failOn));
  const counts = countsOf(cases, failOn);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escaped(`drift check of ${report.project ?? 'recorded answers'}`)}" tests="${counts.tests}" failures="${counts.failures}" errors="0">`,
    ...lines,
    '</testsuites>',
    '',
  ].join('\n');
}

interface Suite {
  readonly dataset: string;
  readonly cases: readonly Case[];
}

interface Case extends Subject {
  readonly findings: readonly Finding[];
  /** null: it was checked. */
  readonly unchecked: Unchecked | null;
}

function suitesOf({ findings, unchecked }: Report, outcomes: readonly DatasetOutcome[]): readonly Suite[] {
  const groups = new Map(groupBySubject(findings).map((group) => [keyOf(group), group]));
  // The first of a subject is what it is mostly about: a map keeps the last one.
  const entries = new Map([...unchecked].reverse().map((entry) => [keyOf(entry), entry]));
  const caseOf = (subject: Subject): Case => ({
    ...subject,
    findings: groups.get(keyOf(subject))?.findings ?? [],
    unchecked: entries.get(keyOf(subject)) ?? null,
  });
  const declared = outcomes.map(({ dataset, tables }): Suite => {
    const whole = { dataset, table: null };
    const own = groups.has(keyOf(whole)) || entries.has(keyOf(whole)) ? [caseOf(whole)] : [];
    const missing = missingDataset(groups.get(keyOf(whole))?.findings ?? []);
    const ofTables = tables.map(({ table, status }): Case => {
      const each = caseOf({ dataset, table });
      if (status === 'drifted' && each.findings.length === 0) return { ...each, findings: missing };
      // One entry stands for all tables of a dataset that could not be read.
      return status === 'unchecked' && each.unchecked === null
        ? { ...each, unchecked: entries.get(keyOf(whole)) ?? null }
        : each;
    });
    return { dataset, cases: [...own, ...ofTables] };
  });
  const known = new Set(declared.flatMap(({ cases }) => cases.map(keyOf)));
  const others = [...groups.values(), ...entries.values()].filter((subject) => !known.has(keyOf(subject)));
  return withOthers(declared, [...new Map(others.map((each) => [keyOf(each), caseOf(each)])).values()]);
}

/** What no file declares, in the suite of its dataset where there is one. */
function withOthers(suites: readonly Suite[], others: readonly Case[]): readonly Suite[] {
  const ofDataset = (dataset: string) => others.filter((each) => each.dataset === dataset);
  const known = new Set(suites.map(({ dataset }) => dataset));
  const further = [...new Set(others.map(({ dataset }) => dataset))].filter((dataset) => !known.has(dataset));
  return [
    ...suites.map(({ dataset, cases }) => ({ dataset, cases: [...cases, ...ofDataset(dataset)] })),
    ...further.map((dataset) => ({ dataset, cases: ofDataset(dataset) })),
  ];
}

function keyOf({ dataset, table }: Subject): string {
  return JSON.stringify([dataset, table]);
}

function countsOf(cases: readonly Case[], failOn: Severity) {
  const isFailing = ({ findings }: Case) => findings.some(({ severity }) => isAtLeast(severity, failOn));
  return {
    tests: cases.length,
    failures: cases.filter(isFailing).length,
    skipped: cases.filter((each) => each.unchecked !== null && !isFailing(each)).length,
  };
}

function suiteLines({ dataset, cases }: Suite, { startedAt }: Report, failOn: Severity): readonly string[] {
  const { tests, failures, skipped } = countsOf(cases, failOn);
  const name = escaped(dataset === '*' ? 'the list of datasets' : dataset);
  // JUnit's moments are without a zone.
  const timestamp = startedAt.slice(0, 19);
  return [
    `  <testsuite name="${name}" tests="${tests}" failures="${failures}" errors="0" skipped="${skipped}" time="0" timestamp="${timestamp}">`,
    ...cases.flatMap((each) => caseLines(each, failOn)),
    '  </testsuite>',
  ];
}

function caseLines(each: Case, failOn: Severity): readonly string[] {
  const { dataset, table, findings, unchecked } = each;
  const name = escaped(table ?? subjectTitle(each));
  const open = `    <testcase name="${name}" classname="${escaped(dataset)}" time="0"`;
  const failing = findings.filter(({ severity }) => isAtLeast(severity, failOn));
  const lesser = findings.filter((finding) => !failing.includes(finding));
  const isSkipped = unchecked !== null && failing.length === 0;
  const output = [
    ...lesser.map(({ severity, message }) => `${severity}: ${message}`),
    ...(unchecked === null || isSkipped ? [] : [`not all of it was checked: ${uncheckedText(unchecked)}`]),
  ];
  const content = [
    ...(isSkipped ? [`<skipped message="${escaped(uncheckedText(unchecked))}"/>`] : []),
    ...failing.map(failureLine),
    ...(output.length === 0 ? [] : [`<system-out>${output.map(escaped).join('\n')}</system-out>`]),
  ];
  if (content.length === 0) return [`${open}/>`];
  return [`${open}>`, ...content.map((line) => `      ${line}`), '    </testcase>'];
}

function uncheckedText(unchecked: Unchecked): string {
  const todo = remedyByHand(unchecked);
  return [causeOf(unchecked), unchecked.detail, ...(todo === null ? [] : [todo])].join('; ');
}

function failureLine(finding: Finding): string {
  const { kind, severity, message, consumers, owner, hint } = finding;
  const repair = repairOf(finding, null);
  const details = [
    `severity: ${severity}`,
    ...(consumers.length === 0 ? [] : [`${readerVerb(kind)}: ${consumers.join(', ')}`]),
    ...(owner === null ? [] : [`owner: ${owner}`]),
    ...(hint === null ? [] : [hint]),
    ...(repair === null
      ? []
      : [
          ...(repair.note === null
            ? []
            : [repair.statements.length === 0 ? repair.note : `before you run it: ${repair.note}`]),
          ...copyable(repair.statements).flat(),
        ]),
  ].filter((line) => line !== '');
  return `<failure type="${escaped(kind)}" message="${escaped(message)}">${details.map(escaped).join('\n')}</failure>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0 has no control characters, no half pairs and no U+FFFE: https://www.w3.org/TR/xml/#charsets */
function escaped(text: string): string {
  return printable(text)
    .toWellFormed()
    .replace(/[\uFFFE\uFFFF]/g, '\uFFFD')
    .replace(/[&<>"]/g, (letter) => ENTITIES[letter] ?? letter);
}
