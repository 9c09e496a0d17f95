import type { Alert, Item } from '../model/alert.ts';
import type { Finding } from '../model/finding.ts';
import { isAtLeast, type Severity } from '../model/kinds.ts';
import type { SlackBlock, SlackPayload } from '../model/ports.ts';
import type { Report } from '../model/report.ts';
import type { Sight } from '../model/sight.ts';
import type { FailureMemo, FindingMemo, State, UncheckedMemo } from '../model/state.ts';
import { subjectName } from './group.ts';
import { lasting, moment } from './moment.ts';
import { codeBlock, escaped, fitted, link } from './mrkdwn.ts';
import { counted, shortened } from './printable.ts';
import { findingSections, type OpenItem, whatOf } from './slack-findings.ts';
import { findMassLosses, massLossSection } from './slack-mass-loss.ts';
import {
  bounded,
  context,
  countsBy,
  fitting,
  header,
  joined,
  MAX_SECTION,
  notification,
  section,
  severityCounts,
  subjectLink,
  tableCounts,
} from './slack-parts.ts';
import { uncheckedLines } from './slack-unchecked.ts';
import { HIDDEN_OR_GONE } from './unchecked-words.ts';

/** What a message needs beside what it tells. */
export interface Scene {
  readonly project: string | null;
  /** The run's moment. */
  readonly now: Date;
  /** null: the run has no result. */
  readonly report: Report | null;
  readonly seen: State['seen'];
  /** null: the run has no result. */
  readonly sight: Sight | null;
  /** Whether there was a run before, as far as is known; `none`: nothing is remembered, `asked`: somebody asks. */
  readonly memory: 'kept' | 'first' | 'none' | 'asked';
  readonly minimumSeverity: Severity;
  /** Why nothing could be read, where one cause is known. */
  readonly cause: string | null;
  /** What on-call must know of the monitor itself. */
  readonly note: string | null;
  /** Whom to grant access; null: not known. */
  readonly account: string | null;
  /** The report page of this run; null: there is none. */
  readonly reportUrl: string | null;
  /** Why there is none, although there should be. */
  readonly reportProblem: string | null;
}

/** The one message that tells all of an alert, worst first. */
export function renderAlert(alert: Alert, scene: Scene): SlackPayload {
  switch (alert.topic) {
    case 'drift':
      return withNote(driftMessage(alert, scene), scene);
    case 'unchecked':
      return withNote(uncheckedMessage(alert, scene), scene);
    case 'resolved':
      return withNote(resolvedMessage(alert, scene), scene);
    case 'still-open':
      return withNote(stillOpenMessage(alert, scene), scene);
  }
}

/** For a run that has nothing else to tell. */
export function renderNote(note: string, { project }: Pick<Scene, 'project'>): SlackPayload {
  const title = `Unchecked: the memory of the drift monitor for ${project ?? 'BigQuery'} is lost`;
  return { text: notification(title, [escaped(note)]), blocks: [header(title), section(escaped(note))] };
}

function withNote(payload: SlackPayload, { note, memory, reportProblem }: Scene): SlackPayload {
  const notes = [
    ...(note === null ? [] : [escaped(note)]),
    ...(reportProblem === null ? [] : [escaped(`There is no report page of this run: ${reportProblem}`)]),
    ...(memory === 'none' ? ['No state: this repeats every run (set STATE_URI).'] : []),
  ];
  return { ...payload, blocks: bounded([...payload.blocks, ...notes.map(context)]) };
}

/** Of one message; the tables of others are told one by one. */
const MAX_MASS_LOSSES = 3;

function driftMessage(alert: Alert, scene: Scene): SlackPayload {
  const { project, report, memory } = scene;
  const where = project ?? 'BigQuery';
  const [failure] = alert.failures;
  if (failure !== undefined) return failureMessage(failure, scene);
  const open = inReport(alert.findings, report);
  const counts = severityCounts(open.map(({ finding }) => finding));
  const title = memory === 'first' ? `First check of ${where}: ${counts}` : `Drift in ${where}: ${counts}`;
  const losses = findMassLosses(open, scene.sight);
  const folded = new Set(losses.flatMap(({ items }) => items));
  const alone = open.filter((item) => !folded.has(item));
  return {
    text: notification(memory === 'first' ? `Drift: first check of ${where}: ${counts}` : title, [
      ...losses.map(({ dataset, items }) => escaped(`${dataset}: ${items.length} tables are missing`)),
      ...alone.map(({ finding }) => escaped(`${subjectName(finding)}: ${finding.message}`)),
    ]),
    blocks: [
      header(title),
      context(runLine(scene)),
      ...losses.slice(0, MAX_MASS_LOSSES).map((loss) => section(massLossSection(loss, scene))),
      ...findingBlocks([...alone, ...losses.slice(MAX_MASS_LOSSES).flatMap(({ items }) => items)], scene, {
        mentionsOwner: true,
      }),
      ...(memory === 'none' || memory === 'asked' ? uncheckedBlocks(report, scene) : []),
    ],
  };
}

/** Counts and time; what is below the least severity that is told is only counted. */
function runLine(scene: Scene): string {
  const { report, now, minimumSeverity } = scene;
  if (report === null) return moment(now.toISOString());
  const lesser = report.findings.filter(({ severity }) => !isAtLeast(severity, minimumSeverity));
  return [
    tableCounts(report.tables),
    ...(lesser.length === 0 ? [] : [`beside ${severityCounts(lesser)}`]),
    `checked ${moment(report.finishedAt)}`,
    ...reportLink(scene),
  ].join(' · ');
}

/** Everything at a glance. Slack makes no link of a file's address. */
function reportLink({ reportUrl }: Pick<Scene, 'reportUrl'>): readonly string[] {
  if (reportUrl === null) return [];
  return [/^https?:/.test(reportUrl) ? link(reportUrl, 'report') : `report: ${escaped(reportUrl)}`];
}

/** Findings of the report with what is remembered of them, in the report's order. */
function inReport(items: readonly Item<FindingMemo>[], report: Report | null): readonly OpenItem[] {
  const byKey = new Map(items.map((item) => [item.record.key, item]));
  return (report?.findings ?? []).flatMap((finding) => {
    const item = byKey.get(finding.fingerprint);
    return item === undefined ? [] : [{ finding, item }];
  });
}

/** As many tables as Slack takes, with the repairs where there is room for them; the rest is counted. */
function findingBlocks(
  items: readonly OpenItem[],
  { project, now, seen }: Scene,
  { mentionsOwner }: { readonly mentionsOwner: boolean },
): readonly SlackBlock[] {
  const texts = (showsRepairs: boolean) =>
    findingSections(items, { project, now, seen, mentionsOwner, showsRepairs });
  const whole = texts(mentionsOwner);
  const shown = fitting(whole) === whole.length ? whole : texts(false);
  const fits = fitting(shown);
  const blocks = shown.slice(0, fits).map(section);
  if (fits === shown.length) return blocks;
  const subjects = [...new Set(items.map(({ finding }) => subjectName(finding)))].slice(0, fits);
  const left = items
    .map(({ finding }) => finding)
    .filter((finding) => !subjects.includes(subjectName(finding)));
  return [...blocks, section(leftOut(left))];
}

function leftOut(findings: readonly Finding[]): string {
  const tables = new Set(findings.map(subjectName)).size;
  return [
    `+${counted(findings.length, 'more finding')} in ${counted(tables, 'table')}: ${severityCounts(findings)}`,
    `by kind: ${countsBy(findings.map(({ kind }) => kind))}`,
    `by dataset: ${countsBy(findings.map(({ dataset }) => dataset))}`,
  ].join('\n');
}

function uncheckedBlocks(report: Report | null, { account }: Scene): readonly SlackBlock[] {
  const entries = (report?.unchecked ?? []).map((entry) => ({ ...entry, wasReadable: false }));
  if (entries.length === 0) return [];
  return [
    section(joined('*Could not be checked* (neither in sync nor drifted)', uncheckedLines(entries, account))),
  ];
}

function uncheckedMessage(alert: Alert, scene: Scene): SlackPayload {
  const { project, report, now, account, cause } = scene;
  const where = project ?? 'BigQuery';
  const entries = alert.unchecked.map(({ record }) => record.about);
  const isBlind = report !== null && report.tables.inSync + report.tables.drifted === 0;
  const title = isBlind
    ? `Unchecked: nothing could be read in ${where}`
    : `Unchecked in ${where}: ${thingsOf(entries)}`;
  const lines = uncheckedLines(entries, account);
  return {
    text: notification(
      title,
      lines.map((line) => line.split('\n', 1)[0] ?? ''),
    ),
    blocks: [
      header(title),
      context(
        [
          ...(report === null ? [] : [tableCounts(report.tables)]),
          'not checked is neither in sync nor drifted',
          moment(now.toISOString()),
          ...reportLink(scene),
        ].join(' · '),
      ),
      ...(cause === null ? [] : [section(escaped(shortened(cause, 500)))]),
      section(joined('*Could not be checked*', lines)),
      ...(entries.some(({ wasReadable }) => wasReadable) ? [context(HIDDEN_OR_GONE)] : []),
    ],
  };
}

function thingsOf(entries: readonly UncheckedMemo[]): string {
  const tables = entries.filter(({ table }) => table !== null).length;
  const whole = new Set(entries.flatMap(({ dataset, table }) => (table === null ? [dataset] : [])));
  const isListUnread = whole.delete('*');
  const datasets = whole.size;
  return [
    ...(isListUnread ? ['the list of datasets'] : []),
    ...(datasets === 0 ? [] : [counted(datasets, 'dataset')]),
    ...(tables === 0 ? [] : [counted(tables, 'table')]),
  ].join(', ');
}

function stillOpenMessage(alert: Alert, scene: Scene): SlackPayload {
  const { project, report, now, account } = scene;
  const open = inReport(alert.findings, report);
  const isOpen = new Set(open.map(({ item }) => item));
  const over = alert.findings.filter((item) => !isOpen.has(item));
  const waived = over.filter(({ record }) => record.closing?.how === 'waived');
  const flapping = over.filter(({ record }) => record.closing?.how !== 'waived');
  const unchecked = alert.unchecked.map(({ record }) => record);
  const counts = [
    ...alert.failures.map(() => 'the check fails'),
    ...(open.length === 0 ? [] : [severityCounts(open.map(({ finding }) => finding))]),
    ...(flapping.length === 0 ? [] : [`${flapping.length} flapping`]),
    ...(waived.length === 0 ? [] : [`${waived.length} waived`]),
    ...(unchecked.length === 0 ? [] : [`${thingsOf(unchecked.map(({ about }) => about))} unchecked`]),
  ];
  const title = `Still open in ${project ?? 'BigQuery'}: ${counts.join(', ')}`;
  return {
    text: notification(title, [
      ...alert.failures.map(({ record }) => escaped(record.about.message.split('\n', 1)[0] ?? '')),
      ...open.map(({ finding }) => escaped(`${subjectName(finding)}: ${finding.message}`)),
      ...[...flapping, ...waived].map((item) => shownLinks(overLine(item, scene))),
    ]),
    blocks: [
      header(title),
      context(runLine(scene)),
      ...alert.failures.map(({ record }) =>
        section(failureText(record.about, `Fails for ${lasting(openedAt(record), now)}`)),
      ),
      ...findingBlocks(open, scene, { mentionsOwner: false }),
      ...overBlocks('*Closed at this moment*', flapping, scene),
      ...overBlocks('*Waived: nothing is said of it until then*', waived, scene),
      ...(unchecked.length === 0
        ? []
        : [
            section(
              joined(
                `*Not checked since ${moment(unchecked.map(openedAt).sort()[0] ?? '')}*`,
                uncheckedLines(
                  unchecked.map(({ about }) => about),
                  account,
                ),
              ),
            ),
          ]),
    ],
  };
}

function overBlocks(
  heading: string,
  items: readonly Item<FindingMemo>[],
  scene: Scene,
): readonly SlackBlock[] {
  const lines = items.map((item) => overLine(item, scene));
  return lines.length === 0 ? [] : [section(joined(heading, lines))];
}

/** A notification shows no links. */
function shownLinks(line: string): string {
  return line.replace(/<[^|>]*\|([^>]*)>/g, '$1');
}

function resolvedMessage(alert: Alert, scene: Scene): SlackPayload {
  const { project, report } = scene;
  const repaired = alert.findings.filter(({ record }) => record.closing?.how === 'repaired').length;
  const dropped = alert.findings.length - repaired;
  const counts = [
    ...alert.failures.map(() => 'the check works again'),
    ...(repaired === 0 ? [] : [`${repaired} repaired`]),
    ...(dropped === 0 ? [] : [`${dropped} no longer expected`]),
    ...(alert.unchecked.length === 0
      ? []
      : [`${thingsOf(alert.unchecked.map(({ record }) => record.about))} can be checked again`]),
  ];
  const title = `Resolved in ${project ?? 'BigQuery'}: ${counts.join(', ')}`;
  const findings = alert.findings.map((item) => overLine(item, scene));
  const others = [
    ...alert.failures.map(({ record }) => `✅ the check works again, after ${durationOf(record)}`),
    ...alert.unchecked.map(({ record }) => readableLine(record, project)),
  ];
  const lines = [...others, ...findings];
  return {
    text: notification(title, lines.map(shownLinks)),
    blocks: [
      header(title),
      ...(report === null
        ? []
        : [
            context(
              [tableCounts(report.tables), `checked ${moment(report.finishedAt)}`, ...reportLink(scene)].join(
                ' · ',
              ),
            ),
          ]),
      ...lineBlocks(lines),
    ],
  };
}

/** Lines in as few sections as hold them. */
function lineBlocks(lines: readonly string[]): readonly SlackBlock[] {
  const fits = fitting(lines.map((line) => `${line}\n`));
  const texts: string[] = [];
  for (const line of lines.slice(0, Math.max(1, fits))) {
    const last = texts.at(-1);
    if (last === undefined || last.length + line.length + 1 > MAX_SECTION) texts.push(line);
    else texts[texts.length - 1] = `${last}\n${line}`;
  }
  const left = lines.length - Math.max(1, fits);
  return [...texts, ...(left > 0 ? [`+${left} more`] : [])].map(section);
}

/** One finding that is over, or that was. */
function overLine({ record }: Item<FindingMemo>, { project }: Scene): string {
  const { about, closing, episodes, told } = record;
  const subject = subjectLink(about, project);
  const what = whatOf(about);
  const quoted = `${subject}: “${what}”`;
  const last = episodes.at(-1);
  const flapping = last?.isFlapping === true ? `, opened ${episodes.length} times within a day` : '';
  const lasted =
    told?.isOpen === true
      ? `after ${durationOf(record)}`
      : `was open from ${moment(last?.openedAt ?? '')} to ${moment(last?.closedAt ?? '')}`;
  switch (closing?.how) {
    case 'waived':
      return `⏸ waived until ${escaped(closing.until)} (${escaped(shortened(closing.reason, 200))}): ${quoted}`;
    case 'not-expected':
      return `☑️ no longer expected, since the files or the policy changed, ${lasted}: ${quoted}`;
    default:
      return `✅ repaired, ${lasted}${flapping}: ${quoted}`;
  }
}

function readableLine(record: Item<UncheckedMemo>['record'], project: string | null): string {
  const how = record.closing?.how === 'not-expected' ? 'is no longer declared' : 'can be checked again';
  return `✅ ${subjectLink(record.about, project)} ${how}, after ${durationOf(record)}`;
}

type AnyRecord = Item<unknown>['record'];

function openedAt({ episodes }: AnyRecord): string {
  return episodes.at(-1)?.openedAt ?? '';
}

function durationOf({ episodes, lastSeenAt }: AnyRecord): string {
  const last = episodes.at(-1);
  return lasting(last?.openedAt ?? lastSeenAt, last?.closedAt ?? lastSeenAt);
}

/** That a run ended without a result, which on-call must hear as loudly as of drift. */
function failureMessage({ record }: Item<FailureMemo>, { project }: Scene): SlackPayload {
  return renderFailure({ project, error: record.about });
}

export function renderFailure({
  project,
  error,
}: {
  readonly project: string | null;
  readonly error: FailureMemo;
}): SlackPayload {
  const title = `Drift check of ${project ?? 'BigQuery'} failed`;
  return {
    text: notification(title, [escaped(error.message.split('\n', 1)[0] ?? '')]),
    blocks: [header(title), section(codeBlock(error.message, MAX_SECTION)), context(nothingKnown(error))],
  };
}

function failureText(error: FailureMemo, title: string): string {
  return fitted(
    `*${escaped(title)}*: ${nothingKnown(error)}\n${codeBlock(error.message, 1500)}`,
    MAX_SECTION,
  );
}

function nothingKnown({ code }: FailureMemo): string {
  return `Nothing was compared, so nothing is known to be in sync. Code ${escaped(code)}.`;
}

/** What Slack hears of. */
export function isToldInSlack(finding: Finding, minimumSeverity: Severity): boolean {
  return isAtLeast(finding.severity, minimumSeverity);
}
