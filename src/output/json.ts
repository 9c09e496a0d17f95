import { shownValues } from '../kinds/words.ts';
import type { Finding } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { publicFix } from '../repair/format.ts';
import { printableJson } from '../words/printable.ts';

/** The public JSON report: its keys are named here, so that nothing internal slips in. */
export function renderJson(report: Report): string {
  const { version, project, status, startedAt, finishedAt, tables, findings, waived, unchecked, warnings } =
    report;
  const content = {
    version,
    project,
    status,
    startedAt,
    finishedAt,
    tables,
    findings: findings.map(publicFinding),
    waived: waived.map((finding) => ({ ...publicFinding(finding), waiver: finding.waiver })),
    unchecked: unchecked.map(({ dataset, table, reason, detail }) => ({ dataset, table, reason, detail })),
    warnings,
  };
  return `${printableJson(content, 2)}\n`;
}

function publicFinding(finding: Finding) {
  const { kind, severity, dataset, table, path, message } = finding;
  const { expected, actual } = shownValues(finding);
  const { fingerprint, consumers, owner, hint } = finding;
  return {
    kind,
    severity,
    dataset,
    table,
    path,
    expected,
    actual,
    message,
    fingerprint,
    consumers,
    owner,
    hint,
    fix: publicFix(finding),
  };
}
