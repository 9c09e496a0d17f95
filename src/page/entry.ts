import { aroundPath, clause, readerVerb, saysRestorable } from '../kinds/words.ts';
import type { Finding, Subject } from '../model/finding.ts';
import type { Waiver } from '../model/policy.ts';
import { copyable, joined, type Repair, repairOf } from '../repair/format.ts';
import { recoveryClock } from '../repair/recovery.ts';
import { lasting } from '../words/moment.ts';
import { counted } from '../words/printable.ts';
import { type Group, subjectName, subjectTitle } from '../words/subject.ts';
import { comparison, value } from './details.ts';
import { html, joinedBy, lines, type Markup } from './markup.ts';
import {
  anchorOf,
  away,
  badge,
  consoleLink,
  copyButton,
  dataMore,
  mark,
  ownerName,
  severityMarks,
  time,
} from './parts.ts';
import type { View } from './view.ts';

/** Of one table; the rest is counted. */
const MAX_FINDINGS = 50;
/** More make an entry that fills several screens: it is not open at once, and shows the first of them. */
const MAX_UNFOLDED = 8;
const FIRST = 5;

/** A table, or a dataset, with what is wrong with it. Folded it is one line: what, where, since when. */
export function entry(
  group: Group,
  view: View,
  { isOpen, isWhole }: { readonly isOpen: boolean; readonly isWhole: boolean },
): Markup {
  const { findings } = group;
  const [worst] = findings;
  if (worst === undefined) return html``;
  const shown = findings.slice(0, MAX_FINDINGS);
  const left = findings.length - shown.length;
  const isLong = findings.length > MAX_UNFOLDED;
  const first = isLong ? shown.slice(0, FIRST) : shown;
  return html`
    <details class="entry ${worst.severity}" id="${anchorOf(group)}" data-entry data-dataset="${group.dataset}" data-status="${view.statusOf(group)}" data-read="${view.readBy(consumersOf(group, view))}"${dataMore(findings.slice(MAX_FINDINGS))}${isOpen && !isLong ? html` open` : null}>
      <summary>
        <h3>${subjectHeading(group)}</h3>
        <span class="gist">${gist(findings)}</span>
        <span class="counts">${severityMarks(findings)}</span>
        ${age(findings, view)}
      </summary>
      <div class="body">
        <div class="main">
          ${findingList(first, view)}
          ${isLong ? html`<details class="fold rest" data-rest><summary>${counted(shown.length - FIRST, 'more finding')}</summary>${findingList(shown.slice(FIRST), view)}</details>` : null}
          ${left === 0 ? null : html`<p class="note">${counted(left, 'more finding')}: drift check names all.</p>`}
          ${isWhole ? whole(group, view) : notWhole(group, view)}
        </div>
        ${facts(group, view)}
      </div>
    </details>`;
}

function subjectHeading(subject: Subject): Markup {
  return subject.table === null
    ? html`dataset <code>${subject.dataset}</code>`
    : html`<code>${subjectName(subject)}</code>`;
}

/** What stands in the folded line. */
function gist(findings: readonly Finding[]): Markup {
  const [first, ...others] = findings;
  if (first === undefined) return html``;
  const more = others.length === 0 ? null : html`, and ${others.length} more`;
  return html`${whatOf(first)}${more}`;
}

function whatOf({ words, path }: Pick<Finding, 'words' | 'path'>): Markup {
  const [before = '', after] = aroundPath(words.what);
  return after === undefined
    ? html`${clause(words.what, path)}`
    : html`${before}<code>${path ?? ''}</code>${after}`;
}

/** How long the oldest of them is open. */
function age(findings: readonly Finding[], { memoOf, now }: View): Markup | null {
  const [oldest] = findings.flatMap((finding) => memoOf(finding)?.episodes.at(-1)?.openedAt ?? []).sort();
  if (oldest === undefined) return null;
  return html`<span class="age">${oldest === now.toISOString() ? 'new' : lasting(oldest, now)}</span>`;
}

function findingList(findings: readonly Finding[], view: View): Markup {
  return html`<ul class="findings">${findings.map((finding) => findingItem(finding, view))}</ul>`;
}

function findingItem(finding: Finding, view: View): Markup {
  const { kind, severity, shard } = finding;
  return html`
    <li class="finding" data-severity="${severity}" data-kind="${kind}">
      <p class="what">${badge(severity)} ${whatOf(finding)} <span class="kind">${kind}</span></p>
      <p class="values"><span class="side">expected</span> ${value(finding, 'expected')}<span class="side">, found</span> ${value(finding, 'actual')}${shard === undefined ? null : html` in <code>${shard}</code>`}</p>
      ${[readersLine(finding), sinceLine(finding, view), ...notes(finding, view).map((note) => html`<p class="note">${note}</p>`)]}
    </li>`;
}

function readersLine({ kind, consumers }: Finding): Markup | null {
  if (consumers.length === 0) return null;
  const names = consumers.map((consumer) => html`<b>${consumer}</b>`);
  return html`<p class="readers">${readerVerb(kind)} ${joinedBy(', ', names)}</p>`;
}

function sinceLine(finding: Finding, { memoOf, now }: View): Markup | null {
  const openedAt = memoOf(finding)?.episodes.at(-1)?.openedAt;
  if (openedAt === undefined) return null;
  const isNew = openedAt === now.toISOString();
  return isNew
    ? html`<p class="since">first seen by this run</p>`
    : html`<p class="since">open for ${lasting(openedAt, now)}, since ${time(openedAt)}</p>`;
}

/** What is worth knowing, as the alert says it. */
function notes(finding: Finding, { memoOf, now }: View): readonly string[] {
  const memo = memoOf(finding)?.subject;
  const clock = memo === undefined ? null : recoveryClock(finding, { memo, now });
  const hint = clock !== null && saysRestorable(finding) ? null : finding.hint;
  return [hint, clock].filter((note) => note !== null);
}

function whole(group: Group, view: View): Markup {
  const { findings } = group;
  const details = view.detailsOf(group);
  const contract = view.declaredOf(group)?.contract ?? null;
  return html`
    ${details === null ? null : html`<h4>Expected beside actual</h4>${comparison(details, { findings, contract })}`}
    ${repairBlocks(findings, view)}`;
}

/** What a run does not keep, a person can ask for, by the name that the files have for it. */
function notWhole({ dataset, table }: Group, { scan, declaredOf }: View): Markup | null {
  const declaredAs = scan.datasets.get(dataset)?.declared.declaredAs;
  if (declaredAs === undefined || (table !== null && declaredOf({ dataset, table }) === null)) return null;
  const command = `drift check ${subjectName({ dataset: declaredAs, table })} --format html`;
  return html`<p class="note">Expected beside actual, and the repair: <code>${command}</code></p>`;
}

/** Of each sort; the rest is counted. */
const MAX_REPAIRS = 5;

/** What can be copied, then what no statement repairs. */
function repairBlocks(findings: readonly Finding[], view: View): readonly (Markup | null)[] {
  const repairs = repairsOf(findings, view);
  const copied = together(repairs.filter(({ statements }) => statements.length > 0));
  const told = repairs.filter(({ statements }) => statements.length === 0);
  return [
    ...copied.slice(0, MAX_REPAIRS).map(repairBlock),
    moreRepairs(copied.length - MAX_REPAIRS, 'more repair'),
    ...told
      .slice(0, MAX_REPAIRS)
      .map(({ note }) => html`<p class="note">No statement repairs it: ${note}</p>`),
    moreRepairs(told.length - MAX_REPAIRS, 'more reason'),
  ];
}

function moreRepairs(count: number, noun: string): Markup | null {
  return count <= 0 ? null : html`<p class="note">+${counted(count, noun)}, in drift check --format json</p>`;
}

/** Two findings may have the same repair. */
function repairsOf(findings: readonly Finding[], { memoOf, now }: View): readonly Repair[] {
  const repairs = findings.flatMap((finding) => {
    const memo = memoOf(finding)?.subject;
    return repairOf(finding, memo === undefined ? null : { memo, now }) ?? [];
  });
  return [...new Map(repairs.map((repair) => [JSON.stringify(repair), repair])).values()];
}

/** Those in place of which the same is to be known as one, to be copied at once. */
function together(repairs: readonly Repair[]): readonly Repair[] {
  const keyOf = (repair: Repair) => (repair.how === 'in-place' ? repair.note : JSON.stringify(repair));
  return [...Map.groupBy(repairs, keyOf).values()].flatMap((members) => {
    const [first] = members;
    const statements = members.flatMap((repair) => repair.statements);
    return first === undefined ? [] : [{ ...first, statements: joined(statements) }];
  });
}

const HOW: Readonly<Record<Repair['how'], string>> = {
  'in-place': 'in place',
  rebuild: 'by a new table',
  restore: 'from time travel',
  none: '',
};

/** Text to copy; nothing here runs it. */
function repairBlock({ how, statements, note }: Repair): Markup {
  return html`
    <figure class="repair">
      <figcaption>Would repair it${how === 'none' ? null : html` <span class="kind">${HOW[how]}</span>`} ${copyButton('Copy', 'text')}</figcaption>
      ${note === null ? null : html`<p class="note">Before you run it: ${note}</p>`}
      <pre tabindex="0">${lines(copyable(statements).flat().join('\n'))}</pre>
    </figure>`;
}

/** Who is concerned, and where to go on. */
function facts(group: Group, view: View): Markup {
  const [first] = group.findings;
  const declared = view.declaredOf(group);
  const owner = declared === null ? (first?.owner ?? null) : declared.contract.owner;
  const owners = declared === null ? (first?.owners ?? []) : [];
  const runbook = declared === null ? (first?.runbook ?? null) : declared.contract.runbook;
  const consumers = consumersOf(group, view);
  const waivers = view.waiversOf(group);
  const links = [
    ...[consoleLink(group, view.report.project)].filter((link) => link !== null),
    ...(runbook === null ? [] : [away(runbook, 'Runbook')]),
    copyButton('Copy a link to this', 'place'),
  ];
  const rows: readonly (readonly [string, Markup])[] = [
    ...(owner === null ? [] : [['Owner', html`${ownerName(owner)}`] as const]),
    ...(owners.length === 0 ? [] : [['Owners', html`${joinedBy(', ', owners.map(ownerName))}`] as const]),
    ...(consumers.length === 0 ? [] : [['Read by', joinedBy(', ', consumers)] as const]),
    ...(waivers.length === 0 ? [] : [['Waivers', html`${waivers.map(waiverLine)}`] as const]),
    ['Go to', html`${links.map((link) => html`<p>${link}</p>`)}`],
  ];
  return html`<dl class="facts">${rows.map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`;
}

function waiverLine({ kind, path, until, reason }: Waiver): Markup {
  const what = [kind ?? 'every kind that may be waived', ...(path === null ? [] : [path])].join(', ');
  return html`<p>${what}, until <b>${until}</b>: ${reason}</p>`;
}

/** Of the contract, and of the findings where there is none. */
function consumersOf({ findings, ...subject }: Group, view: View): readonly string[] {
  const declared = view.declaredOf(subject)?.contract.consumers.keys() ?? [];
  return [...new Set([...declared, ...findings.flatMap(({ consumers }) => consumers)])];
}

/** What a page has no room for, counted: of a dataset as one line, so that a filter by it still counts right. */
export function leftOut(groups: readonly Group[], view: View): readonly Markup[] {
  const keyOf = (group: Group) => JSON.stringify([group.dataset, view.statusOf(group)]);
  return [...Map.groupBy(groups, keyOf).values()].map((members) => {
    const findings = members.flatMap((group) => group.findings);
    const [dataset = '', status = ''] =
      members.map((group) => [group.dataset, view.statusOf(group)])[0] ?? [];
    const readers = new Set(members.flatMap((group) => consumersOf(group, view)));
    return html`
      <p class="note" data-entry data-dataset="${dataset}" data-status="${status}" data-read="${view.readBy(readers)}"${dataMore(findings)}>+${counted(findings.length, 'more finding')} in ${counted(members.length, 'table')} of <code>${dataset}</code>: ${severityMarks(findings)} drift check names all.</p>`;
  });
}

/** Tables or datasets that no file declares, which is all there is to say of them. */
export function undeclaredList(findings: readonly Finding[], view: View): Markup {
  const item = (finding: Finding) => html`
    <li data-entry data-dataset="${finding.dataset}" data-status="undeclared" data-severity="${finding.severity}" data-kind="${finding.kind}" id="${anchorOf(finding)}" tabindex="-1">
      ${mark(finding.severity)} <code>${subjectTitle(finding)}</code> ${consoleLink(finding, view.report.project)}
    </li>`;
  return html`<ul class="undeclared">${findings.map(item)}</ul>`;
}
