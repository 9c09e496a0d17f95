import { kindRow } from '../kinds/index.ts';
import type { Finding } from '../model/finding.ts';
import { rememberedText } from '../model/remembered-text.ts';
import { isAtLeast } from '../model/severity.ts';
import { valueText } from '../model/value.ts';
import { LOSSES, type Recovery, recoveries } from './last-seen.ts';
import { resolutionOf } from './resolution.ts';
import type { RunResult } from './run-result.ts';
import type { FindingRecord, Incident, IncidentResolution, State } from './state.ts';
import { applyRun, type Observation } from './transitions.ts';

/** What differs and is severe enough to be told. */
export function rememberFindings(
  state: State,
  { now, channel, report, scan, policy }: RunResult,
): State['findings'] {
  const found = new Map(report.findings.map((finding) => [finding.fingerprint, finding]));
  const waived = new Map(report.waived.map((finding) => [finding.fingerprint, finding]));
  const endOf = (record: Incident<FindingRecord>): IncidentResolution | null => {
    const { key } = record;
    const waiver = waived.get(key)?.waiver;
    if (waiver !== undefined) return { reason: 'waived', until: waiver.until, waiverReason: waiver.reason };
    if (found.has(key)) return { reason: 'below-threshold' };
    const resolution = resolutionOf(record, scan, policy);
    if (resolution === 'equal') return { reason: 'repaired' };
    return resolution === 'not-expected' ? { reason: 'not-expected' } : null;
  };
  const told = report.findings.filter(({ severity }) => isAtLeast(severity, policy.minimumSeverity));
  const recoveryOf = recoveries(state, { scan, policy });
  const seen = told.map((finding): Observation<FindingRecord> => {
    const { fingerprint: key, severity } = finding;
    return {
      key,
      subject: { ...recordOf(finding), ...recoveryOf(finding) },
      severity,
      actual: comparedActual(finding),
      actualWords: finding.words.actual,
      isAlertable: ALWAYS,
    };
  });
  return applyRun(state.findings, { now, channel, seen, resolutionOf: endOf });
}

const ALWAYS = () => true;

/**
 * What another value of is a change. When a shard expires differs from shard to shard, by as much as it takes to make one:
 * that is none.
 */
function comparedActual({ kind, actual, shard }: Finding): string | null {
  if (actual === null) return null;
  const { acrossShards } = kindRow(kind);
  const text = valueText(actual);
  return shard === undefined || acrossShards === undefined ? rememberedText(text) : acrossShards(text);
}

function recordOf({
  kind,
  dataset,
  table,
  path,
  expected,
  words,
}: Finding): Omit<FindingRecord, keyof Recovery> {
  return {
    kind,
    dataset,
    table,
    path,
    expected: expected === null ? null : rememberedText(valueText(expected)),
    what: words.what,
  };
}

/** Where something can be lost by it, when it was last in order must not be forgotten while nobody is told. */
export function rememberSuppressed(state: State, { report, scan, policy }: RunResult): State['suppressed'] {
  const untold = [
    ...report.waived,
    ...report.findings.filter(({ severity }) => !isAtLeast(severity, policy.minimumSeverity)),
  ];
  const recoveryOf = recoveries(state, { scan, policy });
  const suppressed = untold
    .filter(({ kind }) => LOSSES.includes(kind))
    .map((finding) => ({
      key: finding.fingerprint,
      subject: { ...recordOf(finding), ...recoveryOf(finding) },
      actual: finding.actual === null ? null : rememberedText(valueText(finding.actual)),
    }));
  if (state.suppressed.length === 0) return suppressed;
  const known = new Set([...untold, ...report.findings].map(({ fingerprint }) => fingerprint));
  const unseen = state.suppressed.filter((record) => {
    const resolution = resolutionOf(record, scan, policy);
    return !known.has(record.key) && (resolution === 'hidden' || resolution === 'unseen');
  });
  return [...suppressed, ...unseen];
}
