import { styleText } from 'node:util';
import type { Finding, Unchecked } from '../model/finding.ts';
import type { Severity } from '../model/kinds.ts';
import type { Report, Status } from '../model/report.ts';
import { readerVerb } from './explain.ts';
import { groupBySubject, subjectName, subjectTitle } from './group.ts';
import { counted, printable } from './printable.ts';

type Style = Parameters<typeof styleText>[0];

const SEVERITY_STYLE: Readonly<Record<Severity, Style>> = {
  critical: ['bold', 'red'],
  warning: 'yellow',
  info: 'cyan',
};
const STATUS_STYLE: Readonly<Record<Status, Style>> = {
  drifted: ['bold', 'red'],
  incomplete: ['bold', 'yellow'],
  'in-sync': ['bold', 'green'],
};

/** The report for a terminal or a log file: what differs, what could not be checked, and the counts last. */
export function renderText(report: Report, { color }: { readonly color: boolean }): string {
  const paint = (style: Style, text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const sections = [
    ...groupBySubject(report.findings).map((group) =>
      [
        paint('bold', printable(subjectTitle(group))),
        ...group.findings.map((finding) => findingLines(finding, paint)),
      ].join('\n'),
    ),
    ...section(
      'Waived',
      report.waived.map(
        (finding) =>
          `${placed(finding)} (until ${finding.waiver.until}: ${printable(finding.waiver.reason)})`,
      ),
      paint,
    ),
    ...section('Not checked', report.unchecked.map(uncheckedLine), paint),
    ...section('Warnings', report.warnings.map(printable), paint),
    summary(report, paint),
  ];
  return `${sections.join('\n\n')}\n`;
}

type Paint = (style: Style, text: string) => string;

function findingLines(finding: Finding, paint: Paint): string {
  const { severity, kind, message, consumers, owner, hint } = finding;
  const who = [
    ...(consumers.length === 0 ? [] : [`${readerVerb(kind)} ${consumers.join(', ')}`]),
    ...(owner === null ? [] : [`owner ${owner}`]),
  ].join('; ');
  const details = [who, hint ?? '', fixLine(finding.fix)].filter((detail) => detail !== '');
  return [
    `  ${paint(SEVERITY_STYLE[severity], severity.padEnd(8))}  ${printable(message)}  ${paint('dim', kind)}`,
    ...details.flatMap((detail) =>
      detail === null ? [] : [`            ${paint('dim', printable(detail))}`],
    ),
  ].join('\n');
}

/** One statement is shown; a rebuild is read in the JSON report, where it is whole. */
function fixLine(fix: Finding['fix']): string {
  if (fix === null) return '';
  const [statement, ...others] = fix.statements;
  const isShort = statement !== undefined && others.length === 0 && !statement.includes('\n');
  if (isShort) return `fix: ${statement}`;
  return statement === undefined
    ? `fix: none. ${fix.note ?? ''}`.trim()
    : `fix: ${fix.how}, statements in --format json`;
}

function placed(finding: Finding): string {
  return printable(`${subjectName(finding)}: ${finding.message}`);
}

function uncheckedLine({ dataset, table, reason, detail }: Unchecked): string {
  return printable(`${subjectTitle({ dataset, table })}: ${reason} (${detail})`);
}

function section(title: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.length === 0 ? [] : [[paint('bold', title), ...lines.map((line) => `  ${line}`)].join('\n')];
}

function summary({ status, project, tables, findings }: Report, paint: Paint): string {
  const counts = [
    `${counted(tables.inSync, 'table')} in sync`,
    `${tables.drifted} drifted`,
    `${tables.unchecked} unchecked`,
  ];
  const where = project === null ? '' : ` in ${printable(project)}`;
  const open = findings.length === 0 ? '' : `, ${counted(findings.length, 'finding')}`;
  return `${paint(STATUS_STYLE[status], status)}${where}: ${counts.join(', ')}${open}`;
}
