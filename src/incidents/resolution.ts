import { isKind, kindRow, saysMissing, saysUndeclared } from '../kinds/index.ts';
import type { OpenFinding, Rechecked, Subject } from '../model/finding.ts';
import { matchesPattern } from '../model/pattern.ts';
import type { Policy } from '../model/policy.ts';
import type { DatasetScan, Rechecks, ScanResult, ScanStatus } from '../model/scan-result.ts';

/** What has become of a finding that an earlier run made and this one did not. Only `equal` and `not-expected` are over. */
export type Resolution =
  | Rechecked
  /** The very thing was not read. */
  | 'unseen';

export function resolutionOf(finding: OpenFinding, scan: ScanResult, policy: Policy): Resolution {
  const { kind, dataset: id, table: name } = finding.subject;
  // Only the newer version that knows the kind can tell.
  if (!isKind(kind)) return 'unseen';
  if (policy.severities.get(kind) === 'off') return 'not-expected';
  if (saysUndeclared(kind) && kindRow(kind).scope === 'dataset') return ofUndeclaredDataset(id, scan, policy);
  const dataset = scan.datasets.get(id);
  if (dataset === undefined) return 'not-expected';
  if (saysUndeclared(kind)) return ofUndeclaredTable(finding.subject, dataset, policy);
  if (name === null) return resolutionIn(finding, dataset);
  const table = dataset.tables.get(name);
  return table === undefined
    ? 'not-expected'
    : resolutionIn(finding, table, { isDatasetMissing: dataset.status === 'missing' });
}

function ofUndeclaredDataset(
  dataset: string,
  { datasets, undeclaredDatasets: seen }: ScanResult,
  policy: Policy,
): Resolution {
  if (datasets.has(dataset) || isIgnored(policy, { dataset, table: null })) return 'not-expected';
  return seen.isComplete && !seen.unreadable.has(dataset) ? 'equal' : 'unseen';
}

/** Without a table it is about more of them than are listed. */
function ofUndeclaredTable(
  { dataset, table }: Subject,
  { declared, status, tables, undeclaredTables: seen }: DatasetScan,
  policy: Policy,
): Resolution {
  if (table !== null && tables.has(table)) return 'not-expected';
  if (isIgnored(policy, { dataset: declared.declaredAs, table })) return 'not-expected';
  if (status === 'missing') return 'hidden';
  return seen.isComplete && !seen.unreadable.has(table ?? dataset) ? 'equal' : 'unseen';
}

function isIgnored(policy: Policy, subject: Subject): boolean {
  return policy.ignoreUnexpected.some((pattern) => matchesPattern(pattern, subject));
}

/** Of a dataset or table: what was compared again says it, as far as it was read. */
function resolutionIn(
  { key, subject }: OpenFinding,
  { status, rechecks }: { readonly status: ScanStatus; readonly rechecks: Rechecks },
  { isDatasetMissing = false } = {},
): Resolution {
  const rechecked = rechecks.get(key);
  if (rechecked === 'not-expected') return rechecked;
  if (isDatasetMissing) return 'hidden';
  if (status === 'unreadable') return 'unseen';
  if (saysMissing(subject.kind)) return 'equal';
  if (status === 'missing') return 'hidden';
  return rechecked ?? 'unseen';
}
