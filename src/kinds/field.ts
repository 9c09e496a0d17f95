import { covers, isRelated } from '../model/field-path.ts';
import type { Change } from '../model/finding.ts';
import type { Contract, ExpectedTable, Field } from '../model/table.ts';
import { type Value, valueText } from '../model/value.ts';
import * as fieldRepair from '../repair/field.ts';
import * as settingsRepair from '../repair/field-settings.ts';
import { ofField } from '../repair/repair-case.ts';
import { DECLARE_IT, holdsRows, type KindRow, type Place, setting, value } from './kind.ts';

export const fieldMissing: KindRow<'field'> = {
  id: 'field-missing',
  scope: 'field',
  means: 'absent',
  severity: 'critical',
  finds: 'declared field absent, by dotted path (`a.b.c`)',
  purpose: 'Checks that each declared field is there, nested ones included.',
  why: 'Queries and loads that name the column fail.',
  act: 'Add it again if BigQuery can (drift check --format json has the statement); its data can be restored by time travel for a limited time.',
  location: { none: 'it compares whether there is a field' },
  hides: isAtOrAbove,
  loses: { what: 'column', where: holdsRows },
  weakens: ({ path }, { contract }) =>
    saidOfReaders(`field ${path} is no longer expected`, reliedOn(contract, path)),
  words: { what: 'field {path} is missing', breaks: true, say: 'nothing' },
  repair: ofField(fieldRepair.fieldMissing),
};

export const fieldUnexpected: KindRow<'field'> = {
  id: 'field-unexpected',
  scope: 'field',
  means: 'undeclared',
  severity: 'info',
  finds: 'undeclared field',
  purpose: 'Checks that each field that is there is declared, nested ones included.',
  why: 'Nobody has said what it is for; it may hold what must not be there.',
  act: 'Declare it (drift accept --path), or allow undeclared fields with extraFields.',
  location: { none: 'it compares whether there is a field' },
  hides: isAbove,
  words: { what: 'field {path} is not declared', say: 'nothing' },
  repair: DECLARE_IT,
};

export const fieldType: KindRow<'field'> = {
  id: 'field-type',
  scope: 'field',
  severity: 'warning',
  severityIfConsumed: 'critical',
  finds: 'type differs, parameters included (`NUMERIC(10, 2)`)',
  purpose: 'Checks that the field has the declared type with its parameters.',
  why: 'Writers that send the old type are refused, and readers compute with another one.',
  act: 'Widening can be undone only by a rebuild; otherwise SET DATA TYPE where BigQuery allows it.',
  location: ['type', 'maxLength', 'precision', 'scale', 'timestampPrecision', 'rangeElementType', 'fields'],
  compares: value({ expected: ({ type }) => type, actual: ({ type }) => type }),
  hides: isAbove,
  weakens: (change, { contract, expected }) => [
    ...reliedOn(contract, change.path).map((who) => `${becomes(change)}: ${who}`),
    ...lostTags(expected, change.path ?? ''),
  ],
  words: { what: 'field {path} is of another type', breaks: true, say: 'none' },
  repair: ofField(fieldRepair.fieldType),
};

export const fieldMode: KindRow<'field'> = {
  id: 'field-mode',
  scope: 'field',
  severity: 'warning',
  severityIfConsumed: 'critical',
  finds: 'REQUIRED / NULLABLE / REPEATED differ',
  purpose: 'Checks that the field is REQUIRED, NULLABLE or REPEATED as declared.',
  why: 'A REQUIRED column that became NULLABLE may hold NULLs that readers do not expect; REPEATED changes every query.',
  act: 'NULLABLE cannot be tightened in place: it takes a rebuild. Else DROP NOT NULL.',
  location: ['mode'],
  compares: value({ expected: ({ mode }) => mode, actual: ({ mode }) => mode }),
  weakens: (change, { contract }) => {
    const who = reliedOn(contract, change.path);
    // Once NULLABLE, a field never becomes REQUIRED again: https://docs.cloud.google.com/bigquery/docs/managing-table-schemas
    return who.length > 0 || change.expected === 'REQUIRED' ? saidOfReaders(becomes(change), who) : [];
  },
  words: { what: 'field {path} is of another mode', breaks: true, say: 'none' },
  repair: ofField(fieldRepair.fieldMode),
};

export const fieldDefault: KindRow<'field'> = {
  id: 'field-default',
  scope: 'field',
  severity: 'warning',
  finds: 'default value differs from what is stated',
  purpose: 'Checks that the field has the stated default value.',
  why: 'Rows that leave the column out get another value, from now on.',
  act: 'ALTER COLUMN SET DEFAULT, or DROP DEFAULT; rows written in between keep theirs.',
  location: ['defaultValueExpression'],
  compares: setting('defaultValueExpression'),
  label: 'default',
  words: { what: 'the default value of field {path} differs', say: 'none' },
  repair: ofField(settingsRepair.fieldDefault),
};

export const fieldCollation: KindRow<'field'> = {
  id: 'field-collation',
  scope: 'field',
  severity: 'warning',
  finds: 'collation differs from what is stated',
  purpose: 'Checks that the field compares text as stated.',
  why: 'The column compares letters differently, so joins and filters find other rows.',
  act: "A column's collation cannot be changed: it takes a rebuild.",
  location: ['collation'],
  compares: setting('collation'),
  label: 'collation',
  words: { what: 'the collation of field {path} differs', say: 'none' },
  repair: ofField(settingsRepair.fieldCollation),
};

export const fieldRoundingMode: KindRow<'field'> = {
  id: 'field-rounding-mode',
  scope: 'field',
  severity: 'warning',
  finds: 'rounding mode differs from what is stated',
  purpose: 'Checks that the field rounds as stated.',
  why: 'Values that do not fit are rounded differently: sums drift apart by cents.',
  act: 'ALTER COLUMN SET OPTIONS (rounding_mode = …); stored values stay as they are.',
  location: ['roundingMode'],
  compares: setting('roundingMode'),
  label: 'rounding mode',
  words: { what: 'the rounding mode of field {path} differs', say: 'none' },
  repair: ofField(settingsRepair.fieldRoundingMode),
};

export const fieldPolicyTags: KindRow<'field'> = {
  id: 'field-policy-tags',
  scope: 'field',
  severity: 'critical',
  finds: 'policy tags or data policies differ from what is stated (a column may have lost its protection)',
  purpose: 'Checks that the field has the stated policy tags and data policies.',
  why: 'The column may have lost its protection, and be open to everybody who may read the table.',
  act: 'Set the policy tag again, and look at who read the column meanwhile.',
  location: ['policyTags.names', 'dataPolicies'],
  compares: setting('policyTags'),
  weakens: ({ path, expected, actual }) => {
    const kept = tagsIn(actual);
    const lost = tagsIn(expected).filter((name) => !kept.includes(name));
    return lost.map((name) => `field ${path} is no longer protected by ${name}`);
  },
  label: 'policy tags',
  words: {
    what: 'the policy tags of field {path} differ',
    say: 'none',
    hint: 'Without its policy tag a column is open to everybody who may read the table.',
  },
  repair: ofField(settingsRepair.fieldPolicyTags),
};

export const fieldDescription: KindRow<'field'> = {
  id: 'field-description',
  scope: 'field',
  severity: 'info',
  finds: 'description differs from what is stated',
  purpose: 'Checks that the field has the stated description.',
  why: 'People find the meaning of data there.',
  act: 'Set the description again, or correct the file.',
  location: ['description'],
  compares: setting('description'),
  label: 'description',
  words: { what: 'the description of field {path} differs', say: 'none' },
  repair: ofField(settingsRepair.fieldDescription),
};

function becomes({ path, expected, actual }: Change): string {
  return `field ${path} becomes ${valueText(actual)} instead of ${valueText(expected)}`;
}

/** Those whose contract lists the path, or one above or beneath it. */
function reliedOn({ criticalFields, consumers }: Contract, path: string | null): readonly string[] {
  const isListed = (listed: string) => path !== null && isRelated(listed, path);
  return [
    ...(criticalFields.some(isListed) ? ['it is critical'] : []),
    ...[...consumers].filter(([, paths]) => paths.some(isListed)).map(([name]) => `${name} reads it`),
  ];
}

function saidOfReaders(what: string, readers: readonly string[]): readonly string[] {
  return readers.length === 0 ? [what] : readers.map((who) => `${what}: ${who}`);
}

/** Policy tags and data policies alike. */
function tagsIn(value: Value | null): readonly string[] {
  if (value === null) return [];
  if (typeof value === 'string') return [value];
  if (value.of === 'list') return value.items.flatMap(tagsIn);
  return value.of === 'parts' ? [...value.parts.values()].flatMap(tagsIn) : [];
}

/** Tags that the file states beneath a field, whose nested fields are replaced with its type. */
function lostTags({ fields = [] }: ExpectedTable, path: string): readonly string[] {
  return taggedIn(fields, '')
    .filter((own) => own.length > path.length && covers(path, own))
    .map((own) => `the policy tags of field ${own} are no longer expected`);
}

function taggedIn(fields: readonly Field[], parent: string): readonly string[] {
  return fields.flatMap(({ name, settings, fields: nested = [] }) => {
    const own = `${parent}${name}`;
    const tags = [...(settings?.get('policyTags')?.values.values() ?? [])];
    return [...(tags.some((tag) => tag !== null) ? [own] : []), ...taggedIn(nested, `${own}.`)];
  });
}

/** Whether the other one lies beneath it. */
function isAbove(change: Change, other: Place): boolean {
  return isAtOrAbove(change, other) && change.path?.length !== other.path?.length;
}

function isAtOrAbove({ path }: Change, other: Place): boolean {
  return path !== null && other.path !== null && covers(path, other.path);
}
