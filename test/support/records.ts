import type { Alert, AlertEvent, AlertItem } from '../../src/incidents/alert.ts';
import type { MessageContext } from '../../src/incidents/channel.ts';
import type {
  FailureRecord,
  FindingRecord,
  Incident,
  Notification,
  UncheckedRecord,
} from '../../src/incidents/state.ts';
import { uncheckedKey } from '../../src/incidents/unchecked-incidents.ts';
import { fingerprintOf } from '../../src/judge/judge.ts';
import { explain } from '../../src/kinds/words.ts';
import type { Finding, Judged, Unchecked } from '../../src/model/finding.ts';
import type { Report } from '../../src/model/report.ts';
import { valueText } from '../../src/model/value.ts';
import type { SlackPayload } from '../../src/slack/payload.ts';

/*
 * Alerts and what a message needs beside them, made by hand: for what a run would take long to come to, or never does.
 */

export const PROJECT = 'livhana-production';
export const NOW = new Date('2026-11-22T08:17:00.000Z');
const OPENED_AT = '2026-11-22T04:17:00.000Z';
export const LAST_GOOD_AT = '2026-11-22T03:17:00.000Z';

/** As `check` makes one. */
export function findingOf(fields: Partial<Finding> & Pick<Judged, 'kind'>): Finding {
  const judged: Judged = {
    severity: 'critical',
    dataset: 'commerce',
    table: 'orders',
    path: null,
    expected: null,
    actual: null,
    consumers: [],
    owner: null,
    runbook: null,
    fingerprint: '',
    ...fields,
  };
  const fingerprint = fingerprintOf({ project: PROJECT, ...judged });
  return { ...explain({ ...judged, fingerprint }, null), ...fields, fingerprint };
}

/** A column that is gone. */
export function lostField(fields: Partial<Finding> = {}): Finding {
  return findingOf({ kind: 'field-missing', path: 'amount', expected: 'NUMERIC', ...fields });
}

/** A table that is gone. */
export function lostTable(fields: Partial<Finding> = {}): Finding {
  return findingOf({ kind: 'table-missing', expected: 'TABLE', ...fields });
}

function recordOf<About>(about: About, changes: Partial<Incident<About>>): Incident<About> {
  return {
    key: 'key',
    subject: about,
    severity: 'critical',
    actual: null,
    actualWords: null,
    lastSeenAt: NOW.toISOString(),
    runs: 1,
    isAlertable: true,
    episodes: [{ openedAt: OPENED_AT, closedAt: null, isFlapping: false }],
    changes: [],
    resolution: null,
    notifications: {},
    ...changes,
  };
}

export function memoOf(
  finding: Finding,
  lastGoodAt: string | null = LAST_GOOD_AT,
  timeTravelHours: number | null = 168,
): FindingRecord {
  const { kind, dataset, table, path, expected, words } = finding;
  return {
    kind,
    dataset,
    table,
    path,
    expected: valueText(expected),
    what: words.what,
    lastGoodAt,
    timeTravelHours,
  };
}

/** That Slack heard of it when it opened, as it is. */
export function toldOf(changes: Partial<Notification> = {}): Notification {
  return {
    at: OPENED_AT,
    isOpen: true,
    severity: 'critical',
    actual: null,
    actualWords: null,
    reminders: 0,
    ...changes,
  };
}

export function itemOf(
  finding: Finding,
  news: AlertEvent = 'opened',
  {
    told = null,
    ...changes
  }: Partial<Incident<FindingRecord>> & { readonly told?: Notification | null } = {},
): AlertItem<FindingRecord> {
  const { fingerprint: key, severity, actual, words } = finding;
  const values = { key, severity, actual: valueText(actual), actualWords: words.actual };
  return {
    record: recordOf(memoOf(finding), { ...values, ...changes }),
    event: news,
    lastNotification: told,
  };
}

export function uncheckedItem(
  entry: Unchecked & Partial<UncheckedRecord>,
  changes: Partial<Incident<UncheckedRecord>> = {},
): AlertItem<UncheckedRecord> {
  const about = {
    wasReadable: false,
    isListOnly: false,
    lastReadAt: null,
    timeTravelHours: null,
    ...entry,
  };
  const news = changes.resolution == null ? 'opened' : 'closed';
  return {
    record: recordOf(about, { key: uncheckedKey(entry), severity: 'warning', ...changes }),
    event: news,
    lastNotification: null,
  };
}

export function failureItem(
  about: FailureRecord,
  news: AlertEvent = 'opened',
  changes: Partial<Incident<FailureRecord>> = {},
): AlertItem<FailureRecord> {
  return { record: recordOf(about, { key: 'failure', ...changes }), event: news, lastNotification: null };
}

export function alertOf(changes: Partial<Alert>): Alert {
  return { topic: 'drift', findings: [], unchecked: [], failures: [], ...changes };
}

export function reportOf(changes: Partial<Report> = {}): Report {
  return {
    version: 1,
    project: PROJECT,
    status: 'drifted',
    startedAt: NOW.toISOString(),
    finishedAt: NOW.toISOString(),
    tables: { inSync: 12, drifted: 1, unchecked: 0 },
    findings: [],
    waived: [],
    unchecked: [],
    warnings: [],
    ...changes,
  };
}

export function sceneOf(changes: Partial<MessageContext> = {}): MessageContext {
  return {
    project: PROJECT,
    now: NOW,
    report: reportOf(),
    scan: null,
    memory: 'kept',
    minimumSeverity: 'warning',
    cause: null,
    note: null,
    account: null,
    reportUrl: null,
    reportProblem: null,
    ...changes,
  };
}

/** The text of each block. */
export function blockTexts({ blocks }: SlackPayload): readonly string[] {
  return blocks.map((block) => {
    if (block.type === 'divider') return '';
    return block.type === 'context' ? block.elements.map(({ text }) => text).join('\n') : block.text.text;
  });
}
