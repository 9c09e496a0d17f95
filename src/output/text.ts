import { styleText } from 'node:util';
import { readerVerb } from '../kinds/words.ts';
import { type Finding, isInterrupted, type Unchecked } from '../model/finding.ts';
import type { Report, Status } from '../model/report.ts';
import type { Severity } from '../model/severity.ts';
import { copyable, repairOf } from '../repair/format.ts';
import { counted, printable } from '../words/printable.ts';
import { groupBySubject, subjectName, subjectTitle } from '../words/subject.ts';
import { remedyByHand } from '../words/unchecked.ts';
import { wrapped } from '../words/wrapped.ts';

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

/** Where it is shown: with which colours, and how many columns wide. */
interface Screen {
  readonly color: boolean;
  /** null, or absent: as wide as it likes, as in a file. */
  readonly width?: number | null;
}

/** The report for a terminal or a log file: what differs, what could not be checked, and the counts last. */
export function renderText(report: Report, { color, width = null }: Screen): string {
  const paint = (style: Style, text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const page: Sheet = { paint, width: width === null ? null : Math.max(width, LEAST_WIDTH) };
  const sections = [
    ...groupBySubject(report.findings).map((group) =>
      [
        paint('bold', printable(subjectTitle(group))),
        ...group.findings.map((finding) => findingLines(finding, page)),
      ].join('\n'),
    ),
    ...section(
      'Waived',
      report.waived.map(
        (finding) =>
          `${placed(finding)} (until ${finding.waiver.until}: ${printable(finding.waiver.reason)})`,
      ),
      page,
    ),
    ...section('Not checked', report.unchecked.map(uncheckedLine), page),
    ...section('Warnings', report.warnings.map(printable), page),
    summary(report, page),
  ];
  return `${sections.join('\n\n')}\n`;
}

type Paint = (style: Style, text: string) => string;

interface Sheet {
  readonly paint: Paint;
  readonly width: number | null;
}

/** Narrower, nothing would be read of a line that is set in. */
const LEAST_WIDTH = 40;

function findingLines(finding: Finding, page: Sheet): string {
  const { paint } = page;
  const { severity, kind, message, consumers, owner, hint } = finding;
  const who = [
    ...(consumers.length === 0 ? [] : [`${readerVerb(kind)} ${consumers.join(', ')}`]),
    ...(owner === null ? [] : [`owner ${owner}`]),
  ].join('; ');
  // The kind is one word, and the last.
  const lines = wrapped(`${printable(message)}  ${kind}`, columnsAfter(12, page)).join(`\n${' '.repeat(12)}`);
  const shown = lines.slice(0, -kind.length) + paint('dim', kind);
  return [
    `  ${paint(SEVERITY_STYLE[severity], severity.padEnd(8))}  ${shown}`,
    ...detailLines([who, hint ?? ''], page),
    ...repairLines(finding, page),
  ].join('\n');
}

function detailLines(details: readonly string[], page: Sheet): readonly string[] {
  return details
    .filter((detail) => detail !== '')
    .flatMap((detail) => wrapped(printable(detail), columnsAfter(12, page)))
    .map((line) => `            ${page.paint('dim', line)}`);
}

function columnsAfter(indent: number, { width }: Sheet): number | null {
  return width === null ? null : width - indent;
}

/** What to know before it is run, then the statements, each whole, so that it can be copied. */
function repairLines(finding: Finding, page: Sheet): readonly string[] {
  const repair = repairOf(finding, null);
  if (repair === null) return [];
  const { how, note } = repair;
  const statements = copyable(repair.statements);
  if (statements.length === 0) return detailLines([`no statement repairs it: ${note}`], page);
  const length = statements.map((lines) => lines.join('\n')).join('').length;
  if (length > MAX_STATEMENTS)
    return detailLines([`fix: ${how}, long: --format json has it. ${note ?? ''}`], page);
  const unwrapped = { ...page, width: null };
  const lines = statements.flat();
  return [
    ...detailLines([note === null ? '' : `before the fix: ${note}`], page),
    ...detailLines(
      lines.length === 1 ? [`fix: ${lines[0]}`] : ['fix:', ...lines.map((line) => `  ${line}`)],
      unwrapped,
    ),
  ];
}

/** Of a terminal's lines, which are read in full. */
const MAX_STATEMENTS = 2000;

function placed(finding: Finding): string {
  return printable(`${subjectName(finding)}: ${finding.message}`);
}

function uncheckedLine(unchecked: Unchecked): string {
  const { dataset, table, reason, detail } = unchecked;
  const remedy = remedyByHand(unchecked);
  const todo = remedy === null ? '' : `: ${remedy}`;
  if (isInterrupted(unchecked)) return printable(`${subjectTitle({ dataset, table })}: ${detail}`);
  return printable(`${subjectTitle({ dataset, table })}: ${reason} (${detail})${todo}`);
}

function section(title: string, entries: readonly string[], page: Sheet): readonly string[] {
  if (entries.length === 0) return [];
  const lines = entries.map((entry) => wrapped(entry, columnsAfter(4, page)).join(`\n${' '.repeat(4)}`));
  return [[page.paint('bold', title), ...lines.map((line) => `  ${line}`)].join('\n')];
}

function summary({ status, project, tables, findings }: Report, { paint, width }: Sheet): string {
  const counts = [
    `${counted(tables.inSync, 'table')} in sync`,
    `${tables.drifted} drifted`,
    `${tables.unchecked} unchecked`,
  ];
  const where = project === null ? '' : ` in ${printable(project)}`;
  const open = findings.length === 0 ? '' : `, ${counted(findings.length, 'finding')}`;
  const [first = '', ...others] = wrapped(`${status}${where}: ${counts.join(', ')}${open}`, width);
  return [paint(STATUS_STYLE[status], status) + first.slice(status.length), ...others].join('\n');
}
