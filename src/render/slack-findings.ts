import type { Item } from '../model/alert.ts';
import type { Finding } from '../model/finding.ts';
import { type Kind, SEVERITIES } from '../model/kinds.ts';
import type { FindingMemo, State } from '../model/state.ts';
import { isVerbatim, RESTORABLE, readerVerb } from './explain.ts';
import { groupBySubject } from './group.ts';
import { lasting, moment } from './moment.ts';
import { code, codeBlock, escaped, link, owner, quote } from './mrkdwn.ts';
import { counted, shortened } from './printable.ts';
import { recoveryClock } from './recovery.ts';
import { repairOf } from './repair.ts';
import { joined, namedFirst, SIGN, subjectLink } from './slack-parts.ts';

/** More findings of one kind in one table than this become one line. */
const MAX_LINES_OF_A_KIND = 5;
/** A longer repair is not read in a chat: `drift check` prints it. */
const MAX_REPAIR = 700;
/** Of one table. */
const MAX_REPAIRS = 3;

/** A finding that is there, with what is remembered of it. */
export interface OpenItem {
  readonly finding: Finding;
  readonly item: Item<FindingMemo>;
}

export interface Telling {
  readonly project: string | null;
  readonly now: Date;
  readonly seen: State['seen'];
  /** Alerts name the owner so that Slack calls them, reminders do not. */
  readonly mentionsOwner: boolean;
  readonly showsRepairs: boolean;
}

/** A section for each table, worst first: its name, its findings, and what is worth knowing of them. */
export function findingSections(items: readonly OpenItem[], telling: Telling): readonly string[] {
  const itemOf = new Map(items.map((open) => [open.finding, open]));
  const given = new Set<string>();
  return groupBySubject(items.map(({ finding }) => finding)).map((group) => {
    const members = group.findings.flatMap((finding) => itemOf.get(finding) ?? []);
    const [first] = group.findings;
    const heading = [
      subjectLink(group, telling.project),
      ...(first?.owner != null && telling.mentionsOwner ? [owner(first.owner)] : []),
      ...(first?.runbook == null ? [] : [link(first.runbook, 'runbook')]),
    ].join(' · ');
    const notes = new Set(members.flatMap((open) => notesOf(open, telling)));
    const fresh = [...notes].filter((note) => !given.has(note));
    for (const note of fresh) given.add(note);
    return joined(heading, [
      ...findingLines(members, telling),
      ...fresh.map(quote),
      ...(telling.showsRepairs ? repairs(members) : []),
    ]);
  });
}

/** What is worth knowing is said once in a message. */
function notesOf({ finding, item }: OpenItem, { seen, now }: Telling): readonly string[] {
  const memo = item.record.about;
  const clock = recoveryClock(finding, { memo, seen: seen.get(finding.dataset), now });
  const hint = clock !== null && finding.hint === RESTORABLE ? null : finding.hint;
  return [hint, clock].filter((note) => note !== null);
}

function findingLines(members: readonly OpenItem[], telling: Telling): readonly string[] {
  const kinds = [...new Set(members.map(({ finding }) => finding.kind))];
  return kinds.flatMap((kind) => {
    const ofKind = members.filter(({ finding }) => finding.kind === kind);
    const isEmptied = ofKind.length > 1 && ofKind[0]?.finding.context?.type === 'no-fields-left';
    return isEmptied || ofKind.length > MAX_LINES_OF_A_KIND
      ? [foldedLine(ofKind.map(({ finding }) => finding))]
      : ofKind.map((open) => findingLine(open, telling));
  });
}

/** `🔴 field `amount` is missing: expected `NUMERIC`, found nothing — breaks integration-service` */
function findingLine({ finding, item }: OpenItem, telling: Telling): string {
  const { severity, words, consumers } = finding;
  const said = (value: string | null, word: string) => (isVerbatim(value, word) ? code(word) : escaped(word));
  const expected = said(finding.expected, words.expected);
  const actual = said(finding.actual, words.actual);
  return `${SIGN[severity]} ${whatOf({ what: words.what, path: finding.path })}: expected ${expected}, found ${actual}${readers(finding.kind, consumers)}${lifeOf(item, telling)}`;
}

/** `field `amount` is missing` */
export function whatOf({ what, path }: { readonly what: string; readonly path: string | null }): string {
  return what
    .split('{path}')
    .map(escaped)
    .join(code(path ?? ''));
}

/** What an alert or a reminder adds about the time before. */
function lifeOf({ news, record }: Item<FindingMemo>, { now }: Telling): string {
  const { episodes, told, changes } = record;
  const openedAt = episodes.at(-1)?.openedAt ?? now.toISOString();
  const since = `open for ${lasting(openedAt, now)}`;
  switch (news) {
    case 'opened': {
      const unheard = episodes.slice(0, -1).filter(({ isHeard }) => !isHeard);
      const before = unheard.map(
        (episode) => `${moment(episode.openedAt)} to ${moment(episode.closedAt ?? '')}`,
      );
      const parts = [
        ...(Date.parse(openedAt) < now.getTime() ? [`${since}, since ${moment(openedAt)}`] : []),
        ...(before.length === 0 ? [] : [`also open ${before.slice(-3).join(', ')}`]),
      ];
      return parts.length === 0 ? '' : ` — ${parts.join('; ')}`;
    }
    case 'escalated':
      return ` — now ${record.severity}, was ${told?.severity ?? 'less'}`;
    case 'changed':
      return ` — it was ${told?.actual == null ? 'absent' : code(told.actual, 60)} when last told`;
    case 'reminded':
      return ` — ${since}`;
    case 'flapping': {
      const turns =
        episodes.length > changes.length
          ? `opened ${episodes.length} times within a day`
          : `changed ${changes.length} times within a day`;
      return ` — flapping: ${turns}, ${since}`;
    }
    case 'closed':
      return '';
  }
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
  const named = namedFirst(
    findings.map(({ path }) => path ?? ''),
    8,
  );
  return `${SIGN[severity]} ${findings.length} × ${first.kind}: ${named}${readers(first.kind, consumersOfAll)}`;
}

export function readers(kind: Kind, consumers: readonly string[]): string {
  if (consumers.length === 0) return '';
  const named = consumers.slice(0, 5).map((consumer) => `*${escaped(shortened(consumer, 80))}*`);
  const more = consumers.length > named.length ? ` and ${consumers.length - named.length} more` : '';
  return ` — ${readerVerb(kind)} ${named.join(', ')}${more}`;
}

/** What would repair it, where that is short enough to be read here, or why nothing does. Nothing executes it. */
function repairs(members: readonly OpenItem[]): readonly string[] {
  const texts = new Set(members.map(repairText).filter((text) => text !== null));
  const shown = [...texts].slice(0, MAX_REPAIRS);
  const left = texts.size - shown.length;
  return left > 0 ? [...shown, quote(`+${counted(left, 'more repair')}: drift check prints them`)] : shown;
}

function repairText({ finding, item }: OpenItem): string | null {
  const repair = repairOf(finding, item.record.about.lastGoodAt);
  if (repair === null) return null;
  const { statements, note } = repair;
  if (statements.join('\n').length + note.length > MAX_REPAIR)
    return quote('The repair is long: drift check prints it.');
  return [
    ...(statements.length === 0
      ? []
      : ['Would repair it:', codeBlock(statements.join('\n'), MAX_REPAIR * 2)]),
    ...(note === ''
      ? []
      : [quote(`${statements.length === 0 ? 'No statement repairs it: ' : 'Before you run it: '}${note}`)]),
  ].join('\n');
}
