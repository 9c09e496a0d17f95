import { columnType, fieldKey } from '../compare/fields.ts';
import { kindRow } from '../kinds/index.ts';
import type { Change, Kind } from '../model/finding.ts';
import { matchesPattern } from '../model/pattern.ts';
import type { Policy } from '../model/policy.ts';
import type { DatasetScan, ScanResult, TableScan } from '../model/scan-result.ts';
import type { Contract, DeclaredTable, ExpectedTable, Field, Setting, Settings } from '../model/table.ts';
import { partitioningText, type Value, valueText } from '../model/value.ts';
import { rememberedText } from './remembered-text.ts';
import type { FindingRecord } from './state.ts';

/** What has become of a finding that an earlier run made and this one did not. */
export type Resolution =
  /** Read, compared, and found equal. */
  | 'equal'
  /** The files or the policy no longer expect it, or expect something else. */
  | 'not-expected'
  /** Another difference stands in front of it. */
  | 'hidden'
  /** The very thing was not read. */
  | 'unseen';

/** What is remembered of a finding, with what was there. */
export interface Past extends FindingRecord {
  readonly actual: string | null;
}

/** Only `equal` and `not-expected` are over; whatever else is as open as it was. */
export function resolutionOf(finding: Past, scan: ScanResult, policy: Policy): Resolution {
  return resolutions(scan, policy)(finding);
}

/** The same for many findings: of those of one table, one after the other, its file is read once. */
export function resolutions(scan: ScanResult, policy: Policy): (finding: Past) => Resolution {
  let latest: { readonly declared: DeclaredTable; readonly stated: Stated | null } | null = null;
  const statedBy: StatedBy = (declared) => {
    if (latest?.declared !== declared) latest = { declared, stated: statedIn(declared) };
    return latest.stated;
  };
  return (finding) => resolutionIn(finding, { scan, policy, statedBy });
}

function resolutionIn(
  finding: Past,
  {
    scan,
    policy,
    statedBy,
  }: { readonly scan: ScanResult; readonly policy: Policy; readonly statedBy: StatedBy },
): Resolution {
  if (policy.severities.get(finding.kind) === 'off') return 'not-expected';
  const dataset = scan.datasets.get(finding.dataset);
  if (finding.kind === 'dataset-unexpected') return resolutionOfUndeclaredDataset(finding, scan, policy);
  if (dataset === undefined) return 'not-expected';
  if (finding.kind === 'table-unexpected') return resolutionOfUndeclaredTable(finding, dataset, policy);
  return finding.table === null
    ? resolutionOfDataset(finding, dataset)
    : resolutionOfTable(finding, { dataset, table: dataset.tables.get(finding.table), statedBy });
}

function resolutionOfUndeclaredDataset(
  { dataset }: FindingRecord,
  { datasets, undeclaredDatasets: seen }: ScanResult,
  policy: Policy,
): Resolution {
  if (datasets.has(dataset) || isIgnored(policy, { dataset, table: null })) return 'not-expected';
  return seen.isComplete && !seen.unreadable.has(dataset) ? 'equal' : 'unseen';
}

/** Without a table it is about more of them than are listed. */
function resolutionOfUndeclaredTable(
  { dataset, table }: FindingRecord,
  { declared, status, tables, undeclaredTables: seen }: DatasetScan,
  policy: Policy,
): Resolution {
  if (table !== null && tables.has(table)) return 'not-expected';
  if (isIgnored(policy, { dataset: declared.declaredAs, table })) return 'not-expected';
  if (status === 'missing') return 'hidden';
  return seen.isComplete && !seen.unreadable.has(table ?? dataset) ? 'equal' : 'unseen';
}

function isIgnored(policy: Policy, subject: Parameters<typeof matchesPattern>[1]): boolean {
  return policy.ignoreUnexpected.some((pattern) => matchesPattern(pattern, subject));
}

function resolutionOfDataset(finding: Past, { declared, status }: DatasetScan): Resolution {
  if (finding.kind === 'dataset-missing') return status === 'unreadable' ? 'unseen' : 'equal';
  const stated = settingTexts(declared.settings, finding.kind);
  if (stated === undefined) return 'not-expected';
  if (status !== 'present') return status === 'missing' ? 'hidden' : 'unseen';
  return isStillSaid(finding, stated) ? 'equal' : 'not-expected';
}

function resolutionOfTable(
  finding: Past,
  {
    dataset,
    table,
    statedBy,
  }: { readonly dataset: DatasetScan; readonly table: TableScan | undefined; readonly statedBy: StatedBy },
): Resolution {
  if (table === undefined) return 'not-expected';
  const expected = statedBy(table.declared);
  if (expected === null) return 'unseen';
  const stated = statedTexts(finding, expected, table.declared.contract);
  if (stated === undefined) return 'not-expected';
  if (dataset.status === 'missing') return 'hidden';
  if (table.status === 'unreadable') return 'unseen';
  if (finding.kind === 'table-missing') return 'equal';
  if (table.status === 'missing' || table.changes.some((change) => hides(change, finding))) return 'hidden';
  return isStillSaid(finding, stated) ? 'equal' : 'not-expected';
}

/** What a file states, its columns by their names. */
interface Stated extends ExpectedTable {
  readonly columns: ReadonlyMap<string, Field>;
}

type StatedBy = (declared: DeclaredTable) => Stated | null;

/** null: its file cannot be read any more. */
function statedIn(declared: DeclaredTable): Stated | null {
  const read = declared.readExpected();
  if (read.status === 'unreadable') return null;
  const columns = (read.value.fields ?? []).map((field) => [fieldKey(field), field] as const);
  // Of two of a name the first one counts.
  return { ...read.value, columns: new Map(columns.reverse()) };
}

/** What the finding's `expected` was, or is made of; `any`: whether it is stated at all is all that matters. */
type Texts =
  | readonly string[]
  | 'any'
  | {
      readonly parts: readonly string[] /** Whether it says of anything that it is absent. */;
      readonly saysAbsent: boolean;
    };

/** What the file now says where the finding was; undefined: nothing. */
function statedTexts(finding: Past, expected: Stated, contract: Contract): Texts | undefined {
  const { kind, path } = finding;
  if (path !== null) return fieldTexts(kind, path, { expected, contract });
  switch (kind) {
    case 'table-missing':
      return 'any';
    case 'table-type':
      return texts(expected.type);
    case 'table-expiration':
      // The moment differs from table to table: only whether there is one is compared.
      return texts(expected.expirationTime && (finding.expected ?? expected.expirationTime));
    case 'partitioning-missing':
    case 'partitioning-unexpected':
    case 'partitioning-different':
      return texts(expected.partitioning && partitioningText(expected.partitioning));
    case 'partition-expiration':
      return texts(expected.partitionExpirationMs);
    case 'partition-filter':
      return texts(expected.requirePartitionFilter?.toString());
    case 'clustering':
      return texts(expected.clustering?.join(', '));
    case 'retention':
      return texts(contract.retention?.ms.toString());
    default:
      return settingTexts(expected.settings, kind);
  }
}

function fieldTexts(
  kind: Kind,
  path: string,
  { expected, contract }: { readonly expected: Stated; readonly contract: Contract },
): Texts | undefined {
  if (expected.fields === undefined) return undefined;
  const field = fieldAt(expected, path);
  if (kind === 'field-unexpected') {
    const isReported = contract.extraFields === 'report' && statesFieldsAbove(expected, path);
    return field === undefined && isReported ? 'any' : undefined;
  }
  if (field === undefined) return undefined;
  if (kind === 'field-missing') return texts(columnType(field));
  if (kind === 'field-type') return texts(valueText(field.type));
  if (kind === 'field-mode') return texts(field.mode);
  return settingTexts(field.settings, kind);
}

/** Whether the file says what is in the parent of a path: the table, or a STRUCT. */
function statesFieldsAbove(expected: Stated, path: string): boolean {
  const parent = path.split('.').slice(0, -1).join('.');
  return parent === '' || fieldAt(expected, parent)?.fields !== undefined;
}

function fieldAt({ columns }: Stated, path: string): Field | undefined {
  const [column = '', ...nested] = path.toLowerCase().split('.');
  return nested.reduce(
    (field, name) => field?.fields?.find((candidate) => fieldKey(candidate) === name),
    columns.get(column),
  );
}

function texts(text: string | null | undefined): Texts | undefined {
  return text === undefined ? undefined : [text ?? ''];
}

function settingTexts(settings: Settings | undefined, kind: Kind): Texts | undefined {
  const setting = settings?.get(kind);
  return setting === undefined ? undefined : partTexts(setting);
}

/** A simple setting has one value; others have parts: labels, keys, sources. */
function partTexts({ values, othersAbsent }: Setting): Texts {
  const simple = values.size === 1 ? values.get('') : undefined;
  if (simple !== undefined) return [valueText(simple) ?? ''];
  const parts = [...values.values()];
  return {
    parts: parts.flatMap((value) => valueText(value) ?? []),
    saysAbsent: othersAbsent || parts.includes(null),
  };
}

/**
 * A file that now says something else, or says what was there, was changed to agree; nothing was repaired. Where a
 * setting has parts, a finding names those that differ.
 */
function isStillSaid({ expected, actual }: Past, stated: Texts): boolean {
  if (stated === 'any') return true;
  if (!('parts' in stated)) return stated.some((text) => rememberedText(text) === (expected ?? ''));
  if (expected === null && !stated.saysAbsent) return false;
  const parts = new Set(stated.parts.flatMap(partsOf));
  const isSaid = (text: string | null) => partsOf(text ?? '').every((part) => parts.has(part));
  // Of a long text only the beginning is remembered, which no part equals.
  const isLong = (text: string | null) => /… [0-9a-f]{12}$/.test(text ?? '');
  return (isLong(expected) || isSaid(expected)) && (actual === null || isLong(actual) || !isSaid(actual));
}

function partsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(', ');
}

const PARTITIONING: readonly Kind[] = [
  'partitioning-missing',
  'partitioning-unexpected',
  'partitioning-different',
];

/** One cause, one finding: what a difference keeps from being looked at, or from being told. */
function hides(change: Change, { kind, path }: FindingRecord): boolean {
  if (change.kind === 'table-type') return kindRow(kind).scope !== 'field' && kind !== 'table-type';
  if (change.kind === 'retention')
    return change.context?.type === 'caused-by' && change.context.kind === kind;
  if (PARTITIONING.includes(change.kind)) {
    if (PARTITIONING.includes(kind)) return true;
    return (kind === 'partition-expiration' || kind === 'partition-filter') && isOtherStrategy(change);
  }
  if (change.path === null || path === null) return false;
  if (isBeneath(path, change.path)) return HIDING_BENEATH.includes(change.kind);
  return change.kind === 'field-missing' && path.toLowerCase() === change.path.toLowerCase();
}

const HIDING_BENEATH: readonly Kind[] = ['field-missing', 'field-unexpected', 'field-type'];

function isOtherStrategy({ kind, expected, actual }: Change): boolean {
  const isRange = (value: Value | null) => valueText(value)?.startsWith('RANGE(') === true;
  return kind !== 'partitioning-different' || isRange(expected) !== isRange(actual);
}

function isBeneath(path: string, ancestor: string): boolean {
  return path.toLowerCase().startsWith(`${ancestor.toLowerCase()}.`);
}
