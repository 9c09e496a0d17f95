import type { Subject } from './finding.ts';

/**
 * Whether a policy's pattern covers a table or dataset, in declared names. `*` is any characters. `scratch.*`
 * covers every table of `scratch` and the dataset itself.
 */
export function matchesPattern(pattern: string, { dataset, table }: Subject): boolean {
  if (table !== null) return toRegExp(pattern).test(`${dataset}.${table}`);
  return toRegExp(pattern.replace(/\.\*$/, '')).test(dataset);
}

const compiled = new Map<string, RegExp>();

function toRegExp(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const escaped = pattern.split(/\*+/).map((literal) => literal.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  const regExp = new RegExp(`^${escaped.join('.*')}$`, 'su');
  compiled.set(pattern, regExp);
  return regExp;
}
