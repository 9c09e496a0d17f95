import type { Finding, Unchecked, UncheckedReason } from '../model/finding.ts';
import { isAtLeast, type Kind, SEVERITIES, type Severity } from '../model/kinds.ts';
import type { SlackBlock, SlackPayload } from '../model/ports.ts';
import type { Report } from '../model/report.ts';
import { readerVerb } from './explain.ts';
import { type Group, groupBySubject, subjectName, subjectTitle } from './group.ts';
import { code, codeBlock, escaped, fitted, link, owner } from './mrkdwn.ts';
import { counted, printable, shortened } from './printable.ts';

/*
 * Slack's limits, https://docs.slack.dev/reference/block-kit/blocks: 50 blocks, 150 characters in a header, 3,000 in a section. The
 * sum over all blocks has an undocumented limit of about 13,200 (github.com/slackapi/bolt-js/issues/2509).
 */
const MAX_HEADER = 150;
const MAX_SECTION = 2900;
const MAX_GROUPS = 40;
const MAX_TOTAL = 11_000;
const MAX_NOTIFICATION = 600;
/** More findings of one kind in one table than this become one line. */
const MAX_LINES_OF_A_KIND = 5;
const MAX_UNCHECKED_LINES = 5;

const SIGN: Readonly<Record<Severity, string>> = { critical: '🔴', warning: '🟡', info: '🔵' };

/**
 * One message about what opened, worst first; null: there is nothing to tell.
 * `opened` are findings of `report`, in its order.
 */
export function renderDrift({
  report,
  opened,
  remembers,
}: {
  readonly report: Report;
  readonly opened: readonly Finding[];
  /** false: no state is kept, so the same message comes again with the next run. */
  readonly remembers: boolean;
}): SlackPayload | null {
  if (opened.length === 0) return null;
  const title = `Drift in ${report.project ?? 'BigQuery'}: ${severityCounts(opened)}`;
  const { shown, left } = fitting(groupBySubject(opened).map(withNewHintsOnly()), report.project);
  const blocks: SlackBlock[] = [
    header(title),
    context(`${tableCounts(report)} · checked ${report.finishedAt.slice(0, 16).replace('T', ' ')} UTC`),
    ...shown.map(section),
    ...(left.length === 0 ? [] : [section(leftOut(left))]),
    ...uncheckedBlocks(report.unchecked),
    ...(remembers
      ? []
      : [context('This version keeps no state: this message comes with every run while the drift lasts.')]),
  ];
  return { text: fitted(`${escaped(title)}. ${notification(opened)}`, MAX_NOTIFICATION), blocks };
}

/** That a run ended without a result, which on-call must hear as loudly as of drift. */
export function renderFailure({
  project,
  error,
}: {
  readonly project: string | null;
  readonly error: { readonly code: string; readonly message: string };
}): SlackPayload {
  const where = project ?? 'BigQuery';
  const title =
    error.code === 'NothingRead'
      ? `Unchecked: nothing could be read in ${where}`
      : `Drift check of ${where} failed`;
  return {
    text: fitted(`${escaped(title)}: ${escaped(error.message.split('\n', 1)[0] ?? '')}`, MAX_NOTIFICATION),
    blocks: [
      header(title),
      section(codeBlock(error.message, MAX_SECTION)),
      context(`Nothing was compared, so nothing is known to be in sync. Code ${escaped(error.code)}.`),
    ],
  };
}

function severityCounts(findings: readonly Finding[]): string {
  return SEVERITIES.map((severity) => ({
    severity,
    count: findings.filter((finding) => finding.severity === severity).length,
  }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => `${count} ${severity}`)
    .join(', ');
}

function tableCounts({ tables }: Report): string {
  const all = tables.inSync + tables.drifted + tables.unchecked;
  return `${counted(all, 'table')}: ${tables.inSync} in sync, ${tables.drifted} drifted, ${tables.unchecked} not checked`;
}

function notification(findings: readonly Finding[]): string {
  return findings
    .slice(0, 5)
    .map((finding) => escaped(`${subjectName(finding)}: ${finding.message}`))
    .join('; ');
}

/** A group with the hints that no group before it gave. */
interface HintedGroup extends Group {
  readonly hints: readonly string[];
}

/** What is worth knowing is said once in a message. */
function withNewHintsOnly(): (group: Group) => HintedGroup {
  const given = new Set<string>();
  return (group) => {
    const all = new Set(group.findings.flatMap(({ hint }) => (hint === null ? [] : [hint])));
    const hints = [...all].filter((hint) => !given.has(hint));
    for (const hint of hints) given.add(hint);
    return { ...group, hints };
  };
}

/** As many tables as Slack takes, worst first; the findings of the others are `left`. */
function fitting(
  groups: readonly HintedGroup[],
  project: string | null,
): { readonly shown: readonly string[]; readonly left: readonly Finding[] } {
  const shown: string[] = [];
  let total = 0;
  for (const [index, group] of groups.entries()) {
    const text = groupText(group, project);
    if (index >= MAX_GROUPS || total + text.length > MAX_TOTAL) {
      return { shown, left: groups.slice(index).flatMap(({ findings }) => findings) };
    }
    shown.push(text);
    total += text.length;
  }
  return { shown, left: [] };
}

function leftOut(findings: readonly Finding[]): string {
  return `+${counted(findings.length, 'more finding')} in ${counted(groupBySubject(findings).length, 'table')}: ${severityCounts(findings)}`;
}

/** A table's section: its name, who owns it, and its findings, cut before Slack would refuse it. */
function groupText(group: HintedGroup, project: string | null): string {
  const [first] = group.findings;
  const heading = [
    `*${project === null ? escaped(subjectTitle(group)) : link(consoleUrl(group, project), shortened(subjectTitle(group), 200))}*`,
    ...(first?.owner == null ? [] : [owner(first.owner)]),
    ...(first?.runbook == null ? [] : [link(first.runbook, 'runbook')]),
  ].join(' · ');
  const lines = [...findingLines(group.findings), ...group.hints.map((hint) => `_${escaped(hint)}_`)];
  let text = heading;
  for (const [index, line] of lines.entries()) {
    if (text.length + line.length > MAX_SECTION - 30) return `${text}\n+${lines.length - index} more lines`;
    text += `\n${line}`;
  }
  return text;
}

function findingLines(findings: readonly Finding[]): readonly string[] {
  const kinds = [...new Set(findings.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const ofKind = findings.filter((finding) => finding.kind === kind);
    const isEmptied = ofKind.length > 1 && ofKind[0]?.context?.type === 'no-fields-left';
    return isEmptied || ofKind.length > MAX_LINES_OF_A_KIND ? [foldedLine(ofKind)] : ofKind.map(findingLine);
  });
}

/** `🔴 field `amount` is missing: expected `NUMERIC`, found nothing — breaks integration-service` */
function findingLine(finding: Finding): string {
  const { severity, words, path, consumers } = finding;
  const what = words.what
    .split('{path}')
    .map(escaped)
    .join(code(path ?? ''));
  const said = (value: string | null, word: string) => (isVerbatim(value, word) ? code(word) : escaped(word));
  const expected = said(finding.expected, words.expected);
  const actual = said(finding.actual, words.actual);
  return `${SIGN[severity]} ${what}: expected ${expected}, found ${actual}${readers(finding.kind, consumers)}`;
}

/** Whether people are told the value itself, or a part of it, and not a duration or a word for its absence. */
function isVerbatim(value: string | null, word: string): boolean {
  const part = word.replace(/^…|…$/g, '');
  return value?.replace(/[\r\n\t]+/g, ' ').includes(part) ?? false;
}

/** A table that was recreated empty misses every field: one line says it. */
function foldedLine(findings: readonly Finding[]): string {
  const [first] = findings;
  if (first === undefined) return '';
  const severity =
    SEVERITIES.find((candidate) => findings.some((finding) => finding.severity === candidate)) ??
    first.severity;
  const consumersOfAll = [...new Set(findings.flatMap((finding) => finding.consumers))];
  if (first.context?.type === 'no-fields-left') {
    const what = `all ${findings.length} declared fields are missing: the table has no columns (recreated empty?)`;
    return `${SIGN[severity]} ${what}${readers(first.kind, consumersOfAll)}`;
  }
  const named = findings.slice(0, 8).map(({ path }) => code(path ?? '', 60));
  const more = findings.length > named.length ? ` +${findings.length - named.length} more` : '';
  return `${SIGN[severity]} ${findings.length} × ${first.kind}: ${named.join(', ')}${more}${readers(first.kind, consumersOfAll)}`;
}

function readers(kind: Kind, consumers: readonly string[]): string {
  if (consumers.length === 0) return '';
  const named = consumers.slice(0, 5).map((consumer) => `*${escaped(shortened(consumer, 80))}*`);
  const more = consumers.length > named.length ? ` and ${consumers.length - named.length} more` : '';
  return ` — ${readerVerb(kind)} ${named.join(', ')}${more}`;
}

const UNCHECKED_WORDS: Readonly<Record<UncheckedReason, string>> = {
  denied: 'access denied',
  throttled: "over BigQuery's quota",
  unavailable: 'no usable answer',
  'out-of-time': 'the run had no time left',
  malformed: 'an answer that is no BigQuery resource',
};

function uncheckedBlocks(unchecked: readonly Unchecked[]): readonly SlackBlock[] {
  if (unchecked.length === 0) return [];
  const lines = unchecked.slice(0, MAX_UNCHECKED_LINES).map((entry) => {
    return `• ${escaped(shortened(subjectTitle(entry), 120))}: ${UNCHECKED_WORDS[entry.reason]} (${escaped(shortened(entry.detail, 160))})`;
  });
  const more = unchecked.length > lines.length ? [`+${unchecked.length - lines.length} more`] : [];
  return [section(['*Could not be checked* (neither in sync nor drifted)', ...lines, ...more].join('\n'))];
}

function consoleUrl(
  { dataset, table }: { readonly dataset: string; readonly table: string | null },
  project: string,
): string {
  const target = new URLSearchParams({ project, p: project, d: dataset });
  if (table !== null) target.set('t', table);
  target.set('page', table === null ? 'dataset' : 'table');
  return `https://console.cloud.google.com/bigquery?${target}`;
}

function header(text: string): SlackBlock {
  return { type: 'header', text: { type: 'plain_text', text: shortened(printable(text), MAX_HEADER) } };
}

function section(text: string): SlackBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: fitted(text, MAX_SECTION) } };
}

function context(text: string): SlackBlock {
  return { type: 'context', elements: [{ type: 'mrkdwn', text }] };
}

/** What Slack hears of. */
export function isToldInSlack(finding: Finding, minimumSeverity: Severity): boolean {
  return isAtLeast(finding.severity, minimumSeverity);
}
