import type { Subject } from './finding.ts';

/**
 * Whether a policy's pattern covers a table or dataset, in declared names. `*` is any characters. `scratch.*`
 * covers every table of `scratch` and the dataset itself.
 */
export function matchesPattern(pattern: string, { dataset, table }: Subject): boolean {
  if (table !== null) return matches(`${dataset}.${table}`, pattern);
  return matches(dataset, pattern.endsWith('.*') ? pattern.slice(0, -2) : pattern);
}

/**
 * Each literal between two stars is looked for once, where it first comes after the one before it: were it looked for further on as
 * well, anybody who may name a table could hold up the run.
 */
function matches(text: string, pattern: string): boolean {
  const [first = '', ...others] = literalsOf(pattern);
  const last = others.pop();
  if (last === undefined) return text === first;
  const end = text.length - last.length;
  if (!text.startsWith(first) || !text.endsWith(last) || end < first.length) return false;
  let from = first.length;
  for (const literal of others) {
    const at = text.indexOf(literal, from);
    if (at === -1) return false;
    from = at + literal.length;
  }
  return from <= end;
}

const split = new Map<string, readonly string[]>();

/** Split once: each pattern is held against every table. */
function literalsOf(pattern: string): readonly string[] {
  const known = split.get(pattern);
  if (known !== undefined) return known;
  const literals = pattern.split(/\*+/);
  split.set(pattern, literals);
  return literals;
}
