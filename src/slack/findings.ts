import type { AlertItem } from '../incidents/alert.ts';
import type { FindingRecord } from '../incidents/state.ts';
import { kindRow, saysMissing } from '../kinds/index.ts';
import { aroundPath, isVerbatim, readerVerb, saysRestorable } from '../kinds/words.ts';
import type { Finding, Kind } from '../model/finding.ts';
import type { ScanResult } from '../model/scan-result.ts';
import { SEVERITIES } from '../model/severity.ts';
import { copyable, repairOf } from '../repair/format.ts';
import { recoveryClock } from '../repair/recovery.ts';
import { counted, shortened } from '../words/printable.ts';
import { groupBySubject, subjectName } from '../words/subject.ts';
import { code, codeBlock, escaped, link, owner, quote } from './mrkdwn.ts';
import { elsewhere, joined, MAX_LINK, namedFirst, SIGN, subjectLink } from './parts.ts';
import { timeBefore } from './time-before.ts';

/** A clock that so many tables have in common is said once, above them. */
const LEAST_SHARING = 5;
/** Of those. */
const MAX_SHARED_CLOCKS = 3;
/** More findings of one kind in one table than this become one line. */
const MAX_LINES_OF_A_KIND = 5;
/** A longer repair is not read in a chat, and none is cut: half a statement, or one without its danger, is worse than none. */
const MAX_REPAIR = 1200;
/** Of one table. */
const MAX_REPAIRS = 3;
const MAX_OWNERS = 5;

/** A finding that is there, with what is remembered of it. */
export interface OpenItem {
  readonly finding: Finding;
  readonly item: AlertItem<FindingRecord>;
}

export interface Telling {
  readonly project: string | null;
  readonly now: Date;
  /** Alerts name the owner so that Slack calls them, reminders do not. */
  readonly mentionsOwner: boolean;
  /** null: the run has no result. */
  readonly scan: ScanResult | null;
  /** Clocks that the message has said already. */
  readonly saidOfAll: ReadonlySet<string>;
  readonly reportUrl: string | null;
}

/** What is said of one table. */
export interface FindingSection {
  readonly text: string;
  readonly withRepairs: string;
}

/** A section for each table, worst first: its name, its findings, and what is worth knowing of them. */
export function findingSections(items: readonly OpenItem[], telling: Telling): readonly FindingSection[] {
  const itemOf = new Map(items.map((open) => [open.finding, open]));
  const given = new Set<string>();
  return groupBySubject(items.map(({ finding }) => finding)).map((group) => {
    const members = group.findings.flatMap((finding) => itemOf.get(finding) ?? []);
    const [first] = group.findings;
    const heading = [
      subjectLink(group, telling.project),
      ...(telling.mentionsOwner ? ownersOf(group.findings) : []),
      ...(first?.runbook == null || first.runbook.length > MAX_LINK ? [] : [link(first.runbook, 'runbook')]),
    ].join(' · ');
    const fresh = [...new Set(members.flatMap((open) => hintOf(open, telling) ?? []))].filter(
      (hint) => !given.has(hint),
    );
    for (const hint of fresh) given.add(hint);
    const clocks = new Set(members.flatMap((open) => clockOf(open, telling.now) ?? []));
    const lines = [
      ...findingLines(members, telling),
      ...[...fresh, ...[...clocks].filter((clock) => !telling.saidOfAll.has(clock))].map(quote),
    ];
    return {
      text: joined(heading, lines),
      withRepairs: joined(heading, [...lines, ...repairs(members, telling)]),
    };
  });
}

/** Of each finding's table; of a dataset all that its tables have. */
export function ownersOf(findings: readonly Finding[]): readonly string[] {
  const named = findings.flatMap((finding) => finding.owners ?? finding.owner ?? []);
  const owners = [...new Set(named)].filter((name) => name.trim() !== '');
  const more = owners.length - MAX_OWNERS;
  return [...owners.slice(0, MAX_OWNERS).map(owner), ...(more > 0 ? [`and ${more} more`] : [])];
}

/** What is worth knowing of a kind is said once in a message; the clock says it better where there is one. */
function hintOf(open: OpenItem, telling: Telling): string | null {
  const { hint } = open.finding;
  return saysRestorable(open.finding) && clockOf(open, telling.now) !== null ? null : hint;
}

function clockOf({ finding, item }: OpenItem, now: Date): string | null {
  return recoveryClock(finding, { memo: item.record.subject, now });
}

/** The recovery clocks that many of the tables have in common. */
export function sharedClocks(
  items: readonly OpenItem[],
  now: Date,
): readonly { readonly clock: string; readonly tables: number }[] {
  const sharing = new Map<string, Set<string>>();
  for (const open of items) {
    const clock = clockOf(open, now);
    if (clock === null) continue;
    sharing.set(clock, (sharing.get(clock) ?? new Set()).add(subjectName(open.finding)));
  }
  return [...sharing]
    .map(([clock, { size }]) => ({ clock, tables: size }))
    .filter(({ tables }) => tables >= LEAST_SHARING)
    .sort((one, other) => other.tables - one.tables)
    .slice(0, MAX_SHARED_CLOCKS);
}

function findingLines(members: readonly OpenItem[], telling: Telling): readonly string[] {
  const kinds = [...new Set(members.map(({ finding }) => finding.kind))];
  return kinds.flatMap((kind) => {
    const ofKind = members.filter(({ finding }) => finding.kind === kind);
    const isEmptied = ofKind.length > 1 && ofKind[0]?.finding.context?.type === 'no-fields-left';
    if (isEmptied) return [foldedLine(ofKind, telling)];
    if (ofKind.length <= MAX_LINES_OF_A_KIND) return ofKind.map((open) => findingLine(open, telling));
    return manyLines(ofKind, telling);
  });
}

/** Those of which the same is to be said, in one line; what is left over when there are many of these, too. */
function manyLines(members: readonly OpenItem[], telling: Telling): readonly string[] {
  const alike = [...Map.groupBy(members, (open) => saidOf(open, telling)).values()];
  const shown = alike.slice(0, MAX_LINES_OF_A_KIND);
  const left = alike.slice(MAX_LINES_OF_A_KIND).flat();
  const lines = shown.map((group) => {
    const [only] = group;
    return group.length === 1 && only !== undefined ? findingLine(only, telling) : foldedLine(group, telling);
  });
  return left.length === 0 ? lines : [...lines, foldedLine(left, telling)];
}

/** All that is said of one but its name and its readers. */
function saidOf({ finding, item }: OpenItem, telling: Telling): string {
  const { severity, words } = finding;
  const what = whatOf({ what: words.what, path: '…' });
  return [severity, what, valuesOf(finding), timeBefore(item, telling.now), formerWaiver(finding)].join('\n');
}

/** `🔴 field `amount` is missing: expected `NUMERIC`, found nothing — breaks integration-service` */
function findingLine({ finding, item }: OpenItem, telling: Telling): string {
  const { severity, words, consumers } = finding;
  const what = whatOf({ what: words.what, path: finding.path });
  // That it is missing is all there is to say of it.
  const values = saysMissing(finding.kind) ? withTables(finding, telling) : valuesOf(finding);
  return `${SIGN[severity]} ${what}${values}${readers(finding.kind, consumers)}${timeBefore(item, telling.now)}${formerWaiver(finding)}`;
}

/** Why it is told now, although it may have been there for long. */
function formerWaiver({ lapsedWaiver }: Finding): string {
  if (lapsedWaiver === undefined) return '';
  const { until, reason } = lapsedWaiver;
  return ` — its waiver ended on ${escaped(until)} (${escaped(shortened(reason, 120))})`;
}

function valuesOf(finding: Finding): string {
  const said = (side: 'expected' | 'actual') => {
    const word = finding.words[side];
    return isVerbatim(finding.kind, finding[side]) ? code(word) : escaped(word);
  };
  return `: expected ${said('expected')}, found ${said('actual')}`;
}

/** What a dataset took with it. */
function withTables({ kind, dataset }: Finding, { scan }: Telling): string {
  const tables = scan?.datasets.get(dataset)?.tables.size ?? 0;
  return kindRow(kind).scope === 'dataset' && tables > 0
    ? `, with its ${counted(tables, 'declared table')}`
    : '';
}

/** `field `amount` is missing` */
export function whatOf({ what, path }: { readonly what: string; readonly path: string | null }): string {
  return aroundPath(what)
    .map(escaped)
    .join(code(path ?? ''));
}

/** What many have in common is said once. A table that was recreated empty misses every field: one line says it. */
function foldedLine(members: readonly OpenItem[], telling: Telling): string {
  const findings = members.map(({ finding }) => finding);
  const [first] = members;
  if (first === undefined) return '';
  const { kind, context } = first.finding;
  const severity =
    SEVERITIES.find((candidate) => findings.some((finding) => finding.severity === candidate)) ??
    first.finding.severity;
  const consumers = readers(kind, [...new Set(findings.flatMap((finding) => finding.consumers))]);
  const life =
    inCommon(members.map(({ finding, item }) => timeBefore(item, telling.now) + formerWaiver(finding))) ?? '';
  if (context?.type === 'no-fields-left') {
    const what = `all ${findings.length} declared fields are missing: the table has no columns (recreated empty?)`;
    return `${SIGN[severity]} ${what}${consumers}${life}`;
  }
  const what = inCommon(findings.map(({ words }) => whatOf({ what: words.what, path: '…' }))) ?? kind;
  const values = inCommon(findings.map(valuesOf)) ?? '';
  const named = namedFirst(
    findings.map(({ path }) => path ?? ''),
    8,
  );
  return `${SIGN[severity]} ${findings.length} × ${what}${values}: ${named}${consumers}${life}`;
}

/** null: they differ. */
function inCommon(texts: readonly string[]): string | null {
  const [first, ...others] = new Set(texts);
  return first === undefined || others.length > 0 ? null : first;
}

export function readers(kind: Kind, consumers: readonly string[]): string {
  if (consumers.length === 0) return '';
  const named = consumers.slice(0, 5).map((consumer) => `*${escaped(shortened(consumer, 80))}*`);
  const more = consumers.length > named.length ? ` and ${consumers.length - named.length} more` : '';
  return ` — ${readerVerb(kind)} ${named.join(', ')}${more}`;
}

/**
 * What would repair it, where that is short enough to be read here, or why nothing does. Nothing executes it. What to know before
 * it is run stands before the statements, in the same text, so that neither is shown without the other.
 */
function repairs(members: readonly OpenItem[], telling: Telling): readonly string[] {
  if (members.some(({ finding }) => finding.context?.type === 'no-fields-left')) {
    return [quote('Adding the columns brings no row back: restore the table as it was.')];
  }
  const made = members.flatMap(({ finding, item }) => {
    const repair = repairOf(finding, { memo: item.record.subject, now: telling.now });
    return repair === null ? [] : [{ finding, repair }];
  });
  // Two findings may have the same one, and the same may be to be known of what is done in place.
  const keyOf = ({ repair }: (typeof made)[number]) =>
    JSON.stringify(repair.how === 'in-place' && repair.note !== null ? repair.note : repair);
  const distinct = [...Map.groupBy(made, keyOf).values()];
  const shown = distinct.slice(0, MAX_REPAIRS);
  const texts = shown.flatMap((group): readonly string[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { note } = first.repair;
    const statements = group.flatMap(({ repair }) => copyable(repair.statements));
    const text = [...new Set(statements.map((lines) => lines.join('\n')))].join('\n');
    const what = distinct.length === 1 ? 'it' : namesOf(group.map(({ finding }) => finding));
    if (text === '') return [`> No statement repairs ${what}: ${escaped(shortened(note ?? '', MAX_REPAIR))}`];
    const block = codeBlock(text, Number.POSITIVE_INFINITY);
    const lines = [
      `Would repair ${what}:`,
      ...(note === null ? [] : [quote(`Before you run it: ${note}`)]),
      block,
    ];
    return lines.join('\n').length > MAX_REPAIR
      ? [quote(`The repair is long: ${elsewhere(telling)}.`)]
      : [lines.join('\n')];
  });
  const left = distinct.length - shown.length;
  return [
    ...new Set(texts),
    ...(left > 0 ? [quote(`+${counted(left, 'more repair')}: ${elsewhere(telling)}.`)] : []),
  ];
}

/** The first of them. */
function namesOf(findings: readonly Finding[]): string {
  const shown = findings.slice(0, 3).map(nameOf).join(', ');
  return findings.length > 3 ? `${shown} and ${findings.length - 3} more` : shown;
}

/** What tells a finding from the others of its table. */
function nameOf({ path, words }: Finding): string {
  return path === null ? `“${whatOf({ what: words.what, path })}”` : code(path, 60);
}
