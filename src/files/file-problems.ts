import { canonicalTypeName } from '../metadata/canonical.ts';
import { isObject } from '../metadata/parse.ts';
import { type Advise, adviser, didYouMean } from '../model/did-you-mean.ts';
import { matchesPattern } from '../model/pattern.ts';
import type { RequiredField } from '../model/policy.ts';
import type { Resource, TableId } from '../model/ports.ts';
import { type FieldType, valueText } from '../model/value.ts';
import { expectedTable } from './expected-table.ts';
import { datasetRules, tableRules } from './file-rules.ts';
import { datasetFile, tableFile } from './file-schemas.ts';
import { type PathProblem, problem, rawFields, unlessMalformed } from './raw-file.ts';
import { shapeProblems } from './shape-problems.ts';

/** In one file: nobody reads more of it. */
const MAX_ADVICE = 20;

/** Everything wrong in one dataset's file; empty: it is valid. `advise` is for all files together. */
export function datasetFileProblems(
  file: Resource,
  dataset: string,
  advise: Advise = didYouMean,
): readonly PathProblem[] {
  return [...shapeProblems(datasetFile, file, adviser(MAX_ADVICE, advise)), ...datasetRules(file, dataset)];
}

/** Everything wrong in one table's file; empty: it is valid. `advise` is for all files together. */
export function tableFileProblems(
  file: Resource,
  id: TableId,
  {
    requiredFields = [],
    advise = didYouMean,
  }: { readonly requiredFields?: readonly RequiredField[]; readonly advise?: Advise } = {},
): readonly PathProblem[] {
  const own = adviser(MAX_ADVICE, advise);
  return [
    ...shapeProblems(tableFile, file, own),
    ...tableRules(file, id, own),
    ...requiredFieldProblems(file, id, requiredFields),
  ];
}

function requiredFieldProblems(
  file: Resource,
  id: TableId,
  requiredFields: readonly RequiredField[],
): readonly PathProblem[] {
  return lackedFields(file, id, requiredFields).map(({ required: { name, type }, found }) => {
    const is = found === null ? 'is absent' : `is ${valueText(found)}`;
    return problem(['schema', 'fields'], `the policy requires a field ${name} ${type}, which ${is}`);
  });
}

/** The policy's required fields that a table's file does not declare; `found`: which type the field has instead. */
export function lackedFields(
  file: Resource,
  id: TableId,
  requiredFields: readonly RequiredField[],
): readonly { readonly required: RequiredField; readonly found: FieldType | null }[] {
  const fields = rawFields(file).filter(isObject);
  const lacking = requiredFields
    .filter(({ except }) => !except.some((pattern) => matchesPattern(pattern, id)))
    .filter(({ name, type }) => {
      const field = fields.find((candidate) => isNamed(candidate['name'], name));
      return canonicalTypeName(String(field?.['type'])) !== canonicalTypeName(type);
    });
  // Of what has another shape, that alone is said.
  const expected = lacking.length === 0 ? null : unlessMalformed(() => expectedTable(file));
  if (expected?.fields === undefined || (expected.type ?? 'TABLE') !== 'TABLE') return [];
  const { fields: declared } = expected;
  return lacking.map((required) => ({
    required,
    found: declared.find((candidate) => isNamed(candidate.name, required.name))?.type ?? null,
  }));
}

function isNamed(name: unknown, wanted: string): boolean {
  return typeof name === 'string' && name.toLowerCase() === wanted.toLowerCase();
}
