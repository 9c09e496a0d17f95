import { isKind, kindRow } from '../kinds/index.ts';
import type { KindRow, StatedTable } from '../kinds/kind.ts';
import { columnType, fieldKey } from '../metadata/fields.ts';
import { one } from '../metadata/settings.ts';
import type { Change, OpenFinding, Rechecked } from '../model/finding.ts';
import { rememberedText } from '../model/remembered-text.ts';
import type { Rechecks } from '../model/scan-result.ts';
import type { DeclaredTable, Field, Setting, Settings } from '../model/table.ts';
import { type Value, valueText } from '../model/value.ts';
import { isHidden } from './rows.ts';

const NONE: Rechecks = new Map();

/** What a file states where a finding is: part by part; `any`: whether it states it is all that matters; undefined: nothing. */
type Stated = Setting | 'any' | undefined;

/** `changes`: how the table differs, without those that others hide; null: it was not read. */
export function recheckTable(
  open: readonly OpenFinding[],
  expected: StatedTable,
  changes: readonly Change[] | null,
): Rechecks {
  if (open.length === 0) return NONE;
  const columnAt = columnFinder(expected.fields ?? []);
  return recheck(open, changes, (finding) => {
    const row = kindRow(finding.subject.kind);
    const { path } = finding.subject;
    if (path !== null) return statedOfField(row, path, { expected, columnAt });
    return row.means === undefined ? row.compares?.stated(expected) : 'any';
  });
}

/** Of a table that was not compared its file alone is looked at; of one whose file cannot be read any more nothing is over. */
export function recheckUnread(open: readonly OpenFinding[], declared: DeclaredTable): Rechecks {
  if (open.length === 0) return NONE;
  const read = declared.readExpected();
  if (read.status === 'unreadable') return NONE;
  return recheckTable(open, { ...read.value, contract: declared.contract }, null);
}

/** The same of a dataset itself. */
export function recheckDataset(
  open: readonly OpenFinding[],
  settings: Settings | undefined,
  changes: readonly Change[] | null,
): Rechecks {
  if (open.length === 0) return NONE;
  const expected = settings === undefined ? {} : { settings };
  return recheck(open, changes, ({ subject }) => {
    const { means, compares } = kindRow(subject.kind);
    return means === undefined ? compares?.stated(expected) : 'any';
  });
}

function recheck(
  open: readonly OpenFinding[],
  changes: readonly Change[] | null,
  statedOf: (finding: OpenFinding) => Stated,
): Rechecks {
  const found = new Set(changes?.map(placeKey));
  const rechecks = open.flatMap((finding): (readonly [string, Rechecked])[] => {
    if (!isKind(finding.subject.kind)) return [];
    const stated = statedOf(finding);
    if (stated === undefined) return [[finding.key, 'not-expected']];
    if (changes === null || found.has(placeKey(finding.subject))) return [];
    if (isHidden(finding.subject, changes)) return [[finding.key, 'hidden']];
    return [[finding.key, isStillSaid(stated, finding) ? 'equal' : 'not-expected']];
  });
  return new Map(rechecks);
}

function placeKey({ kind, path }: Pick<Change, 'kind' | 'path'>): string {
  return JSON.stringify([kind, path?.toLowerCase()]);
}

type ColumnAt = (path: string) => Field | undefined;

function statedOfField(
  { means, compares }: KindRow,
  path: string,
  { expected, columnAt }: { readonly expected: StatedTable; readonly columnAt: ColumnAt },
): Stated {
  const field = columnAt(path);
  if (means === 'undeclared') {
    const isReported =
      expected.contract.extraFields === 'report' && statesFieldsAbove(path, expected, columnAt);
    return field === undefined && isReported ? 'any' : undefined;
  }
  if (field === undefined) return undefined;
  return means === 'absent' ? one(columnType(field)) : compares?.stated(field);
}

/** Whether the file says what is in the parent of a path: the table, or a STRUCT. */
function statesFieldsAbove(path: string, { fields }: StatedTable, columnAt: ColumnAt): boolean {
  const parent = path.split('.').slice(0, -1).join('.');
  return (parent === '' ? fields : columnAt(parent)?.fields) !== undefined;
}

function columnFinder(fields: readonly Field[]): ColumnAt {
  // Of two of a name the first one counts.
  const columns = new Map(fields.map((field) => [fieldKey(field), field] as const).reverse());
  return (path) => {
    const [column = '', ...nested] = path.toLowerCase().split('.');
    return nested.reduce(
      (field, name) => field?.fields?.find((candidate) => fieldKey(candidate) === name),
      columns.get(column),
    );
  };
}

/**
 * A file that now says something else, or says what was there, was changed to agree; nothing was repaired. Where a
 * setting has parts, a finding names those that differed.
 */
function isStillSaid(stated: Exclude<Stated, undefined>, { subject, actual }: OpenFinding): boolean {
  if (stated === 'any') return true;
  const { expected, kind } = subject;
  const { values, othersAbsent } = stated;
  const only = values.get('');
  if (only !== undefined) {
    if (kindRow(kind).compares?.isPresence) return (only === null) === (expected === null);
    return rememberedOf(only) === expected;
  }
  const parts = [...values.values()];
  const saysAbsent = othersAbsent || parts.includes(null);
  const texts = textsOfSome(parts.filter((part) => part !== null));
  if (texts === null) return true;
  const isExpected = expected === null ? saysAbsent : texts.has(expected);
  return isExpected && (actual === null || !texts.has(actual));
}

/** A file states a few parts of a setting. With more of them it is not told any more which were meant. */
const MOST_PARTS = 12;

/** Which parts differed is not remembered, so that any of them together may be it. null: too many. */
function textsOfSome(parts: readonly Value[]): ReadonlySet<string> | null {
  if (parts.length > MOST_PARTS) return null;
  const some = parts.reduce<readonly (readonly Value[])[]>(
    (lists, part) => lists.concat(lists.map((list) => [...list, part])),
    [[]],
  );
  return new Set(some.map((items) => rememberedText(valueText({ of: 'list', items }))));
}

function rememberedOf(value: Value | null): string | null {
  return value === null ? null : rememberedText(valueText(value));
}
