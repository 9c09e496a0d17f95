import { contractOf, expectedTable } from '../files/expected-table.ts';
import { sayValue } from '../kinds/words.ts';
import { isObject } from '../metadata/parse.ts';
import { loweredRetention } from '../model/duration.ts';
import { covers, isRelated } from '../model/field-path.ts';
import type { Change, Kind } from '../model/finding.ts';
import type { Resource } from '../model/ports.ts';
import type { Contract, Table } from '../model/table.ts';
import { type Value, valueText } from '../model/value.ts';

/*
 * What an expected file protects no longer once it says what is there: that data stays as long, that it is read by those who may,
 * that it is there at all. Costs, words and order are no protection; nor are keys, which BigQuery does not enforce:
 * https://docs.cloud.google.com/bigquery/docs/primary-foreign-keys
 */

interface Weakened {
  /** The file as it is; the changes are those from it to what is there. */
  readonly before: Resource;
  /** null: it is a dataset. */
  readonly actual: Table | null;
}

/** Each in words; empty: nothing is lost. */
export function weakenings(changes: readonly Change[], weakened: Weakened): readonly string[] {
  return changes.flatMap((change) => weakening(change, weakened));
}

function weakening(change: Change, { before, actual: table }: Weakened): readonly string[] {
  const contract = contractOf(before);
  const { kind, path } = change;
  const expected = valueText(change.expected);
  const actual = valueText(change.actual);
  switch (kind) {
    case 'dataset-table-expiration':
      return sooner(change, 'new tables are deleted sooner');
    case 'dataset-partition-expiration':
      return sooner(change, 'partitions of new tables are deleted sooner');
    case 'dataset-time-travel':
      // 168 hours, the default, is told as absent.
      return Number(actual ?? 168) < Number(expected ?? 168)
        ? [`what is deleted can be restored for less long: ${fromTo(change)}`]
        : [];
    case 'dataset-encryption':
    case 'table-encryption':
      return expected === null ? [] : [`the key ${expected} is no longer expected to encrypt it`];
    case 'retention': {
      const lowered = loweredRetention(actual ?? '0') ?? 'less than a day';
      return [
        `contract.retention ${contract.retention?.text} is lowered to ${lowered}: data may be gone after ${said(kind, actual)}`,
      ];
    }
    case 'partition-expiration':
      return sooner(change, 'partitions are deleted sooner', contract);
    case 'table-expiration':
      return sooner(change, 'the table is deleted sooner', contract);
    case 'table-type':
      return expected === 'TABLE' ? [`rows of its own are no longer expected: it is ${actual}`] : [];
    case 'partitioning-missing':
      return [`the partitioning ${expected} is no longer expected`];
    case 'partitioning-unexpected':
    case 'partitioning-different':
      return otherPartitions(change, { before, actual: table }, contract);
    case 'partition-filter':
      return actual === 'false' ? ['queries need no partition filter any more'] : [];
    case 'field-missing':
      return saidOfReaders(`field ${path} is no longer expected`, reliedOn(contract, path));
    case 'field-mode': {
      const becomes = `field ${path} becomes ${actual} instead of ${expected}`;
      const who = reliedOn(contract, path);
      // Once NULLABLE, a field never becomes REQUIRED again: …/bigquery/docs/managing-table-schemas
      return who.length > 0 || expected === 'REQUIRED' ? saidOfReaders(becomes, who) : [];
    }
    case 'field-type':
      return [
        ...reliedOn(contract, path).map(
          (who) => `field ${path} becomes ${actual} instead of ${expected}: ${who}`,
        ),
        ...lostTags(before, path ?? ''),
      ];
    case 'field-policy-tags': {
      const kept = tagsIn(change.actual);
      const lost = tagsIn(change.expected).filter((name) => !kept.includes(name));
      return lost.map((name) => `field ${path} is no longer protected by ${name}`);
    }
    default:
      return [];
  }
}

/** Policy tags and data policies alike. */
function tagsIn(value: Value | null): readonly string[] {
  if (value === null) return [];
  if (typeof value === 'string') return [value];
  if (value.of === 'list') return value.items.flatMap(tagsIn);
  return value.of === 'parts' ? [...value.parts.values()].flatMap(tagsIn) : [];
}

/** `partitions are deleted sooner: 90 days → 7 days` */
function sooner(change: Change, what: string, contract: Contract | null = null): readonly string[] {
  const { kind, expected, actual } = change;
  // Of a table only whether it expires is compared.
  const isSooner = isShorter(valueText(actual), kind === 'table-expiration' ? null : valueText(expected));
  return isSooner ? [`${what}: ${fromTo(change)}${saidOfRetention(contract)}`] : [];
}

function isShorter(actual: string | null, expected: string | null): boolean {
  return actual !== null && (expected === null || BigInt(actual) < BigInt(expected));
}

/** A difference of partitioning hides that of the expiration. By another column or unit rows are of another age. */
function otherPartitions(
  change: Change,
  { before, actual }: Weakened,
  contract: Contract,
): readonly string[] {
  const period = actual?.partitioning?.by === 'time' ? actual.partitionExpirationMs : null;
  if (period === null) return [];
  const after = `${said('partition-expiration', period)}${saidOfRetention(contract)}`;
  return expectedTable(before).partitioning?.by === 'time'
    ? [
        `rows may be deleted sooner: partitions of ${valueText(change.actual)} instead of ${valueText(change.expected)} expire after ${after}`,
      ]
    : [`partitions are deleted sooner: never → ${after}`];
}

function fromTo({ kind, expected, actual }: Change): string {
  const from = sayValue(kind, expected, { side: 'expected', contract: null });
  return `${from} → ${said(kind, actual)}`;
}

function said(kind: Kind, actual: Value | null): string {
  return sayValue(kind, actual, { side: 'actual', contract: null });
}

function saidOfRetention(contract: Contract | null): string {
  const retention = contract?.retention ?? null;
  return retention === null ? '' : `, where contract.retention is ${retention.text}`;
}

function saidOfReaders(what: string, readers: readonly string[]): readonly string[] {
  return readers.length === 0 ? [what] : readers.map((who) => `${what}: ${who}`);
}

/** Those whose contract lists the path, or one above or beneath it. */
function reliedOn({ criticalFields, consumers }: Contract, path: string | null): readonly string[] {
  const isListed = (listed: string) => path !== null && isRelated(listed, path);
  return [
    ...(criticalFields.some(isListed) ? ['it is critical'] : []),
    ...[...consumers].filter(([, paths]) => paths.some(isListed)).map(([name]) => `${name} reads it`),
  ];
}

/** Tags that the file states beneath a field, whose nested fields are replaced with its type. */
function lostTags(file: Resource, path: string): readonly string[] {
  const tagged = (fields: unknown, parent: string): readonly string[] =>
    (Array.isArray(fields) ? fields : []).filter(isObject).flatMap((field) => {
      const own = `${parent}${field['name']}`;
      const tags = isObject(field['policyTags']) ? field['policyTags']['names'] : [];
      const isTagged = [tags, field['dataPolicies']].some((list) => Array.isArray(list) && list.length > 0);
      return [...(isTagged ? [own] : []), ...tagged(field['fields'], `${own}.`)];
    });
  const schema = file['schema'];
  return tagged(isObject(schema) ? schema['fields'] : [], '')
    .filter((own) => own.length > path.length && covers(path, own))
    .map((own) => `the policy tags of field ${own} are no longer expected`);
}
