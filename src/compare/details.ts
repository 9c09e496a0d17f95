import {
  clustering,
  partitionExpiration,
  partitionFilter,
  partitioningDifferent,
  retention as retentionKind,
} from '../kinds/partitioning.ts';
import { tableExpiration, tableType } from '../kinds/table.ts';
import { columnType, fieldKey } from '../metadata/fields.ts';
import { shortestLifetime } from '../metadata/lifetime.ts';
import type { FieldLine, FieldSide, SettingLine, TableDetails } from '../model/details.ts';
import type { Change } from '../model/finding.ts';
import type { Contract, ExpectedTable, Field, Table } from '../model/table.ts';
import { listOf, partitioningValue, valueText } from '../model/value.ts';
import { pairByKey } from './pair.ts';

/** Of one table: what a run remembers of it must not grow with its columns. */
const MAX_FIELDS = 60;
/** A STRUCT can hold thousands of fields; its finding says the whole type. */
const MAX_TYPE = 200;

interface Compared {
  readonly dataset: string;
  readonly table: string;
  readonly expected: ExpectedTable;
  /** null: it is not there. */
  readonly actual: Table | null;
  readonly contract: Contract;
  /** How it differs; their paths say which fields are shown. */
  readonly changes: readonly Pick<Change, 'kind' | 'path'>[];
}

/** What stays of a compared table after its metadata is let go: enough to show where it differs. */
export function detailsOf(compared: Compared): TableDetails {
  const { dataset, table, expected, actual, changes } = compared;
  const lines = actual === null ? [] : fieldLines(expected.fields ?? [], actual.fields, changes);
  const kept = lines.slice(0, MAX_FIELDS);
  const differing = pathsOf(changes);
  const left = lines.slice(MAX_FIELDS).filter(({ path }) => differing.has(path.toLowerCase()));
  return { dataset, table, fields: kept, fieldsLeft: left.length, settings: settingLines(compared) };
}

function pathsOf(changes: Compared['changes']): ReadonlySet<string> {
  return new Set(changes.flatMap(({ path }) => path?.toLowerCase() ?? []));
}

function fieldLines(
  expected: readonly Field[],
  actual: readonly Field[],
  changes: Compared['changes'],
): readonly FieldLine[] {
  const paths = pathsOf(changes);
  const above = new Set([...paths].flatMap(ancestorsOf));
  return linesOfLevel({ expected, actual, depth: 0, expectedParent: '', actualParent: '' }, (path) => ({
    differs: paths.has(path),
    holds: above.has(path),
  }));
}

/** `a.b.c`: `a`, `a.b` */
function ancestorsOf(path: string): readonly string[] {
  const parts = path.split('.');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
}

interface Level {
  readonly expected: readonly Field[];
  readonly actual: readonly Field[];
  readonly depth: number;
  /** With a trailing dot, as the file spells it; empty at the top. */
  readonly expectedParent: string;
  readonly actualParent: string;
}

type Look = (path: string) => { readonly differs: boolean; readonly holds: boolean };

function linesOfLevel(level: Level, look: Look): readonly FieldLine[] {
  const { unexpected, matched } = pairByKey({ ...level, key: fieldKey });
  const partners = new Map(matched);
  const declared = level.expected.flatMap((field) =>
    linesOfField(field, partners.get(field) ?? null, level, look),
  );
  return [...declared, ...unexpected.flatMap((field) => linesOfField(null, field, level, look))];
}

function linesOfField(
  expected: Field | null,
  actual: Field | null,
  { depth, expectedParent, actualParent }: Level,
  look: Look,
): readonly FieldLine[] {
  const name = expected?.name ?? actual?.name ?? '';
  const path = (expected === null ? actualParent : expectedParent) + name;
  const { differs, holds } = look(path.toLowerCase());
  if (!differs && !holds) return [];
  const line = { path, name, depth, expected: sideOf(expected, differs), actual: sideOf(actual, differs) };
  if (!holds || expected === null || actual === null) return [line];
  const nested = {
    expected: expected.fields ?? [],
    actual: actual.fields ?? [],
    depth: depth + 1,
    expectedParent: `${expectedParent}${expected.name}.`,
    actualParent: `${actualParent}${actual.name}.`,
  };
  return [line, ...linesOfLevel(nested, look)];
}

/** What only holds others is not spelled out: the lines beneath it do. */
function sideOf(field: Field | null, differs: boolean): FieldSide | null {
  if (field === null) return null;
  const type = differs ? columnType({ ...field, mode: 'NULLABLE' }) : valueText(field.type);
  return { type: type.length > MAX_TYPE ? `${type.slice(0, MAX_TYPE - 1)}…` : type, mode: field.mode };
}

/** What a table is asked for first: its kind, its partitions, and how long its data lives. */
function settingLines({ expected, actual, contract }: Compared): readonly SettingLine[] {
  const layout = (value: ExpectedTable['partitioning']) =>
    value === undefined ? undefined : partitioningValue(value);
  const names = (value: readonly string[] | undefined) => (value === undefined ? undefined : listOf(value));
  const flag = (value: boolean | undefined) => (value === undefined ? undefined : String(value));
  const { retention } = contract;
  const lifetime = actual === null ? undefined : (shortestLifetime(actual)?.ms ?? null);
  const lines: readonly SettingLine[] = [
    { kind: tableType.id, expected: expected.type, actual: actual?.type },
    {
      kind: partitioningDifferent.id,
      expected: layout(expected.partitioning),
      actual: layout(actual?.partitioning),
    },
    {
      kind: partitionExpiration.id,
      expected: expected.partitionExpirationMs,
      actual: actual?.partitionExpirationMs,
    },
    {
      kind: partitionFilter.id,
      expected: flag(expected.requirePartitionFilter),
      actual: flag(actual?.requirePartitionFilter),
    },
    { kind: clustering.id, expected: names(expected.clustering), actual: names(actual?.clustering) },
    { kind: tableExpiration.id, expected: expected.expirationTime, actual: actual?.expirationTime },
    {
      kind: retentionKind.id,
      expected: retention === null ? undefined : String(retention.ms),
      actual: lifetime === undefined || lifetime === null ? lifetime : String(lifetime),
    },
  ];
  return lines.filter(isWorthSaying);
}

/** Neither stated nor set: there is nothing to compare. */
function isWorthSaying({ expected, actual }: SettingLine): boolean {
  return expected !== undefined || (actual !== undefined && actual !== null && actual !== 'false');
}
