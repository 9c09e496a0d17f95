import { createHash } from 'node:crypto';
import { kindRow } from '../kinds/index.ts';
import { covers, isRelated } from '../model/field-path.ts';
import type { Change, Judged, Kind, Subject } from '../model/finding.ts';
import { matchesPattern } from '../model/pattern.ts';
import type { Policy, Waiver } from '../model/policy.ts';
import { isAtLeast, SEVERITIES, type Severity } from '../model/severity.ts';
import type { Contract } from '../model/table.ts';

export interface Judgement {
  readonly open: readonly Judged[];
  /** With every waiver that covers it; the first one is shown. */
  readonly waived: readonly { readonly finding: Judged; readonly waivers: readonly [Waiver, ...Waiver[]] }[];
}

interface Case extends Subject {
  /** The dataset's name in the files, which waivers are written in. */
  readonly declaredAs: string;
  readonly project: string | null;
  /** Of the table; of a dataset, those of all its declared tables; none where nothing is declared. */
  readonly contracts: readonly Contract[];
  readonly now: Date;
  /** What every finding says of it: see `Judged`. */
  readonly shard?: string;
  readonly actualType?: string;
}

/** Weighs facts by policy. What policy turns off is in neither list. */
export function judge(changes: readonly Change[], about: Case, policy: Policy): Judgement {
  const judged = changes.flatMap((change): readonly Judged[] => {
    const severity = severityOf(change, about.contracts, policy);
    return severity === 'off' ? [] : [weigh(change, severity, about)];
  });
  const open: Judged[] = [];
  const waived: Judgement['waived'][number][] = [];
  for (const finding of judged) {
    const covering = waiversOf(finding, about, policy.waivers);
    const [first, ...others] = covering.filter(({ until }) => !isLapsed(until, about.now));
    if (first === undefined) open.push(withLapsed(finding, covering));
    else waived.push({ finding, waivers: [first, ...others] });
  }
  return { open, waived };
}

function weigh(change: Change, severity: Severity, about: Case): Judged {
  const { project, dataset, table, contracts, shard, actualType } = about;
  const owners = new Set(contracts.map((contract) => contract.owner));
  const named = [...owners].flatMap((owner) => owner ?? []);
  const runbooks = new Set(contracts.map((contract) => contract.runbook));
  return {
    ...change,
    dataset,
    table,
    severity,
    fingerprint: fingerprintOf({ project, kind: change.kind, dataset, table, path: change.path }),
    consumers: [...new Set(contracts.flatMap((contract) => consumersOf(change, contract)))],
    owner: only(owners),
    ...(owners.size > 1 && named.length > 0 ? { owners: named } : {}),
    runbook: only(runbooks),
    ...(shard === undefined ? {} : { shard }),
    ...(actualType === undefined ? {} : { actualType }),
  };
}

/** What all agree on; the tables of a missing dataset seldom do. */
function only<T>(values: ReadonlySet<T>): T | null {
  const [first, ...others] = values;
  return first === undefined || others.length > 0 ? null : first;
}

function severityOf(change: Change, contracts: readonly Contract[], policy: Policy): Severity | 'off' {
  const ordered = policy.severities.get(change.kind);
  if (ordered !== undefined) return ordered;
  const row = kindRow(change.kind);
  const relied = contracts.some((contract) => isReliedOn(change, contract));
  return relied ? (row.severityIfConsumed ?? row.severity) : row.severity;
}

function isReliedOn(change: Change, contract: Contract): boolean {
  const { path } = change;
  const listed = [...contract.criticalFields, ...[...contract.consumers.values()].flat()];
  return path !== null && listed.some((each) => isRelated(each, path));
}

/** Of a field finding those that list such a path, of any other all. */
function consumersOf(change: Change, contract: Contract): readonly string[] {
  const { path } = change;
  const consumers = [...contract.consumers];
  const relying =
    path === null
      ? consumers
      : consumers.filter(([, paths]) => paths.some((listed) => isRelated(listed, path)));
  return relying.map(([name]) => name);
}

/** Those that are over, too. */
function waiversOf(finding: Judged, about: Case, waivers: readonly Waiver[]): readonly Waiver[] {
  if (kindRow(finding.kind).cannotBeWaived === true) return [];
  const subject = { dataset: about.declaredAs, table: about.table };
  return waivers.filter(
    ({ table, path, kind }) =>
      matchesPattern(table, subject) &&
      (kind === null || kind === finding.kind) &&
      (path === null || (finding.path !== null && covers(path, finding.path))),
  );
}

/** Why it is told now, although it may have been there for long. */
function withLapsed(finding: Judged, lapsed: readonly Waiver[]): Judged {
  const [latest] = lapsed.toSorted((one, other) => byText(other.until, one.until));
  if (latest === undefined) return finding;
  const { until, reason } = latest;
  return { ...finding, lapsedWaiver: { until, reason } };
}

/** A waiver holds to the end of its last day in UTC. */
export function isLapsed(until: string, now: Date): boolean {
  return now.toISOString().slice(0, 10) > until;
}

/** The identity of a finding over time: what it is about, whatever its values and words. */
export function fingerprintOf(identity: {
  readonly project: string | null;
  readonly kind: Kind;
  readonly dataset: string;
  readonly table: string | null;
  readonly path: string | null;
}): string {
  const { project, kind, dataset, table, path } = identity;
  const key = JSON.stringify([project ?? '', kind, dataset, table, path?.toLowerCase() ?? null]);
  return createHash('sha256').update(key, 'utf8').digest('hex').slice(0, 12);
}

/** Critical and warning findings make a table drifted; info never does. */
export function isDrift(finding: { readonly severity: Severity }): boolean {
  return isAtLeast(finding.severity, 'warning');
}

/** The one order of findings: severity, dataset, table, path, kind; absent before present. */
export function compareFindings(finding: Ordered, other: Ordered): number {
  return (
    SEVERITIES.indexOf(finding.severity) - SEVERITIES.indexOf(other.severity) ||
    byText(finding.dataset, other.dataset) ||
    byText(finding.table ?? '', other.table ?? '') ||
    byText(finding.path ?? '', other.path ?? '') ||
    byText(finding.kind, other.kind)
  );
}

type Ordered = Pick<Judged, 'severity' | 'dataset' | 'table' | 'path' | 'kind'>;

/** By code unit, so that the order is the same on every machine. */
function byText(text: string, other: string): number {
  if (text === other) return 0;
  return text < other ? -1 : 1;
}
