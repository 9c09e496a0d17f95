import type { Alert, AlertItem } from '../incidents/alert.ts';
import type { MessageContext } from '../incidents/channel.ts';
import type { FindingRecord } from '../incidents/state.ts';
import type { Finding } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { isAtLeast } from '../model/severity.ts';
import { lasting, moment } from '../words/moment.ts';
import { counted } from '../words/printable.ts';
import { subjectName } from '../words/subject.ts';
import { failureSection, renderFailure } from './failure.ts';
import { findingSections, type OpenItem, sharedClocks } from './findings.ts';
import { findMassLosses, type MassLoss, massLossSection } from './mass-loss.ts';
import { escaped, quote } from './mrkdwn.ts';
import {
  context,
  countsBy,
  elsewhere,
  fitting,
  header,
  lengthOf,
  notification,
  reportLink,
  section,
  severityCounts,
  tableCounts,
} from './parts.ts';
import type { SlackBlock, SlackPayload } from './payload.ts';
import {
  lineBlocks,
  MAX_WRITTEN,
  openedAt,
  overLine,
  readableLines,
  shownLinks,
  worksAgainLine,
} from './resolved.ts';
import { thingsOf, toldOf, uncheckedSections } from './unchecked.ts';

/** What opened, changed or became worse. */
export function renderDrift(alert: Alert, scene: MessageContext): SlackPayload {
  const { project, report, memory } = scene;
  const where = project ?? 'BigQuery';
  const [failure] = alert.failures;
  if (failure !== undefined) return renderFailure({ project, error: failure.record.subject });
  const open = inReport(alert.findings, report);
  const counts = titleCounts(open);
  const isFirst = memory === 'first' && scene.note === null;
  const title = isFirst ? `First check of ${where}: ${counts}` : `Drift in ${where}: ${counts}`;
  const { losses, alone } = folded(open, scene);
  const others = memory === 'asked' ? uncheckedBlocks(report, scene) : [];
  return {
    text: notification(
      isFirst ? `Drift: first check of ${where}: ${counts}` : title,
      phoneLines(losses, alone),
    ),
    blocks: [
      header(title),
      context(runLine(scene)),
      ...findingBlocks({ losses, alone }, scene, { mentionsOwner: true, taken: lengthOf(others) }),
      ...others,
    ],
  };
}

/** What is due to be said again, in one digest; and what is waived from now on, since it is as it was. */
export function renderStillOpen(alert: Alert, scene: MessageContext): SlackPayload {
  const { project, now, account } = scene;
  const open = inReport(alert.findings, scene.report);
  const isOpen = new Set(open.map(({ item }) => item));
  const over = alert.findings.filter((item) => !isOpen.has(item));
  const waived = over.filter(({ record }) => record.resolution?.reason === 'waived');
  const closed = over.filter(({ record }) => record.resolution?.reason !== 'waived');
  const isClosed = ({ record }: AlertItem<unknown>) => record.resolution !== null;
  const [unchecked, readable] = partition(alert.unchecked, isClosed);
  const [failing, working] = partition(alert.failures, isClosed);
  const flapped = closed.length + readable.length + working.length;
  const records = unchecked.map(({ record }) => record);
  const memos = records.map(toldOf);
  const counts = [
    ...failing.map(() => 'the check fails'),
    ...(open.length === 0 ? [] : [severityCounts(open.map(({ finding }) => finding))]),
    ...(flapped === 0 ? [] : [`${flapped} that opened and closed again and again`]),
    ...(waived.length === 0 ? [] : [`${waived.length} waived`]),
    ...(memos.length === 0 ? [] : [`${thingsOf(memos)} unchecked`]),
  ];
  const isOver = flapped > 0 && counts.length === 1;
  const title = `${isOver ? 'Resolved' : 'Still open'} in ${project ?? 'BigQuery'}: ${counts.join(', ')}`;
  const { losses, alone } = folded(open, scene);
  const closedLines = [
    ...working.map(worksAgainLine),
    ...readableLines(readable, project),
    ...closed.slice(0, MAX_WRITTEN).map((item) => overLine(item, scene)),
  ];
  const waivedLines = waived.slice(0, MAX_WRITTEN).map((item) => overLine(item, scene));
  const others = [
    ...failing.map(({ record }) =>
      section(failureSection(record.subject, `The check has failed for ${lasting(openedAt(record), now)}`)),
    ),
    ...overBlocks('*Closed at this moment*', closedLines, closed),
    ...overBlocks('*Waived: silent until the waiver ends*', waivedLines, waived),
    ...(memos.length === 0
      ? []
      : uncheckedSections(`*Not checked since ${moment(records.map(openedAt).sort()[0] ?? '')}*`, memos, {
          account,
          now,
        }).map(section)),
  ];
  const [failures, rest] = [others.slice(0, failing.length), others.slice(failing.length)];
  return {
    text: notification(title, [
      ...failing.map(({ record }) => escaped(record.subject.message.split('\n', 1)[0] ?? '')),
      ...phoneLines(losses, alone),
      ...[...closedLines, ...waivedLines].map(shownLinks),
    ]),
    blocks: [
      header(title),
      context(runLine(scene)),
      ...failures,
      ...findingBlocks({ losses, alone }, scene, { mentionsOwner: false, taken: lengthOf(others) }),
      ...rest,
    ],
  };
}

/** Those that are not so, and those that are. */
function partition<T>(
  items: readonly T[],
  isSo: (item: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  return [items.filter((item) => !isSo(item)), items.filter(isSo)];
}

/** `3 critical, 1 warning, 1 of them escalated` */
function titleCounts(open: readonly OpenItem[]): string {
  const others = (['escalated', 'changed'] as const).flatMap((news) => {
    const count = open.filter(({ item }) => item.event === news).length;
    if (count === 0) return [];
    return [count === open.length ? news : `${count} of them ${news}`];
  });
  return [severityCounts(open.map(({ finding }) => finding)), ...others].join(', ');
}

/** Many tables that went together, apart from the rest. */
function folded(
  open: readonly OpenItem[],
  { scan }: MessageContext,
): { readonly losses: readonly MassLoss[]; readonly alone: readonly OpenItem[] } {
  const losses = findMassLosses(open, scan);
  const inLosses = new Set(losses.flatMap(({ items }) => items));
  return { losses, alone: open.filter((item) => !inLosses.has(item)) };
}

/** A clause for each table: what is worst in it, and how much more there is. */
function phoneLines(losses: readonly MassLoss[], alone: readonly OpenItem[]): readonly string[] {
  const tables = [...Map.groupBy(alone, ({ finding }) => subjectName(finding))];
  return [
    ...losses.map(({ dataset, items }) => escaped(`${dataset}: ${items.length} tables are missing`)),
    ...tables.map(([name, [first, ...others]]) => {
      const more = others.length === 0 ? '' : ` (+${others.length} more)`;
      return escaped(`${name}: ${first?.finding.message ?? ''}${more}`);
    }),
  ];
}

/** Counts and time; what is below the least severity that is told is only counted. */
function runLine(scene: MessageContext): string {
  const { report, now, minimumSeverity } = scene;
  if (report === null) return moment(now.toISOString());
  const lesser = report.findings.filter(({ severity }) => !isAtLeast(severity, minimumSeverity));
  return [
    tableCounts(report.tables),
    ...(lesser.length === 0 ? [] : [`not told here: ${severityCounts(lesser)}`]),
    `checked ${moment(report.finishedAt)}`,
    ...reportLink(scene),
  ].join(' · ');
}

/** Findings of the report with what is remembered of them, in the report's order. */
function inReport(items: readonly AlertItem<FindingRecord>[], report: Report | null): readonly OpenItem[] {
  const byKey = new Map(items.map((item) => [item.record.key, item]));
  return (report?.findings ?? []).flatMap((finding) => {
    const item = byKey.get(finding.fingerprint);
    return item === undefined ? [] : [{ finding, item }];
  });
}

/** More tables than this are never shown one by one, so nothing is written for them. */
const MAX_SUBJECTS = 60;

/**
 * As many tables as Slack takes, the worst of them with their repairs where there is room; where some are left out, all are
 * counted first.
 */
function findingBlocks(
  { losses, alone }: { readonly losses: readonly MassLoss[]; readonly alone: readonly OpenItem[] },
  scene: MessageContext,
  {
    mentionsOwner,
    taken,
  }: {
    readonly mentionsOwner: boolean;
    /** How many characters of the message other parts need. */
    readonly taken: number;
  },
): readonly SlackBlock[] {
  const subjects = [...new Set(alone.map(({ finding }) => subjectName(finding)))];
  const isBeyond = (count: number) => {
    const others = new Set(subjects.slice(Math.max(0, count)));
    return ({ finding }: OpenItem) => others.has(subjectName(finding));
  };
  const clocks = sharedClocks(alone, scene.now);
  const telling = { ...scene, mentionsOwner, saidOfAll: new Set(clocks.map(({ clock }) => clock)) };
  const lost = losses.map((loss) => massLossSection(loss, telling));
  const isLate = isBeyond(MAX_SUBJECTS);
  const sections = findingSections(
    alone.filter((open) => !isLate(open)),
    telling,
  );
  const withRepairs = (count: number) => [
    ...lost,
    ...sections.map((about, index) => (index < count ? about.withRepairs : about.text)),
  ];
  const isWhole = (count: number) => fitting(withRepairs(count), taken) === lost.length + subjects.length;
  let repaired = mentionsOwner ? sections.length : 0;
  while (repaired > 0 && !isWhole(repaired)) repaired -= 1;
  const shown = withRepairs(repaired);
  const fits = fitting(shown, taken);
  const left = [
    ...losses.slice(fits).flatMap(({ items }) => items),
    ...alone.filter(isBeyond(fits - lost.length)),
  ].map(({ finding }) => finding);
  const all = [...losses.flatMap(({ items }) => items), ...alone].map(({ finding }) => finding);
  const isRepairLeft = alone
    .filter(isBeyond(repaired))
    .some(({ finding }) => finding.fix !== null || finding.isFixLeft === true);
  return [
    ...(left.length === 0 ? [] : [section(inAll(all))]),
    ...clocks.map(({ clock, tables }) => section(quote(`For ${tables} of these: ${clock}`))),
    ...shown.slice(0, fits).map(section),
    ...(left.length === 0 ? [] : [section(leftOut(left))]),
    ...(isRepairLeft
      ? [section(quote(`What would repair ${repaired === 0 ? 'each' : 'the others'}: ${elsewhere(scene)}.`))]
      : []),
  ];
}

/** What one list cannot show, at a glance. */
function inAll(findings: readonly Finding[]): string {
  const tables = new Set(findings.map(subjectName)).size;
  return [
    `*${counted(findings.length, 'finding')} in ${counted(tables, 'table')}*, of which the worst are shown`,
    `by kind: ${countsBy(findings.map(({ kind }) => kind))}`,
    `by dataset: ${countsBy(findings.map(({ dataset }) => dataset))}`,
  ].join('\n');
}

function leftOut(findings: readonly Finding[]): string {
  const tables = new Set(findings.map(subjectName)).size;
  return `+${counted(findings.length, 'more finding')} in ${counted(tables, 'table')}: ${severityCounts(findings)}`;
}

function uncheckedBlocks(
  report: Report | null,
  { account, scan, now }: MessageContext,
): readonly SlackBlock[] {
  const entries = (report?.unchecked ?? []).map((entry) => ({
    ...entry,
    wasReadable: false,
    isListOnly: entry.table === null && scan?.datasets.get(entry.dataset)?.status === 'present',
    lastReadAt: null,
    timeTravelHours: null,
    isWithTables: false,
  }));
  const heading = '*Could not be checked* (neither in sync nor drifted)';
  return entries.length === 0 ? [] : uncheckedSections(heading, entries, { account, now }).map(section);
}

/** Of what is over in a reminder, whose findings need room as well. */
const MAX_OVER = 1500;

function overBlocks(
  heading: string,
  lines: readonly string[],
  items: readonly AlertItem<FindingRecord>[],
): readonly SlackBlock[] {
  if (lines.length === 0) return [];
  const others = 1 + lines.length - Math.min(items.length, MAX_WRITTEN);
  return lineBlocks([heading, ...lines], {
    all: others + items.length,
    leftOf: (fits) => items.slice(Math.max(0, fits - others)),
    most: MAX_OVER,
  });
}
