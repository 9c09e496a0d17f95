import type { Setting, Settings } from '../model/table.ts';
import { sameValue, type Value } from '../model/value.ts';

/** Whether all that is stated is there, as is usual: nothing is made to find that out. */
export function isAsStated(expected: Settings | undefined, actual: Settings | undefined): boolean {
  if (expected === undefined) return true;
  for (const [key, { values, othersAbsent }] of expected) {
    const found = actual?.get(key)?.values ?? NOTHING;
    if (othersAbsent && found.size > 0) return false;
    for (const [part, value] of values) if (!sameValue(value, found.get(part) ?? null)) return false;
  }
  return true;
}

/** How a stated setting differs; null: it is as stated. What its file does not state of it is not checked. */
export function compareSetting(
  stated: Setting,
  found: Setting | undefined,
): { readonly expected: Value | null; readonly actual: Value | null } | null {
  const values = found?.values ?? NOTHING;
  const different = differentParts(stated, values);
  if (different.length === 0) return null;
  return { expected: partsIn(stated.values, different), actual: partsIn(values, different) };
}

const NOTHING: Setting['values'] = new Map();

function differentParts({ values, othersAbsent }: Setting, found: Setting['values']): readonly string[] {
  const different: string[] = [];
  for (const [part, value] of values) if (!sameValue(value, found.get(part) ?? null)) different.push(part);
  if (!othersAbsent) return different;
  for (const part of found.keys()) if (!values.has(part)) different.push(part);
  return different;
}

/** Those of the named parts that are there; a simple setting has but its one value. */
function partsIn(values: Setting['values'], names: readonly string[]): Value | null {
  const parts = new Map<string, Value>();
  for (const name of names) {
    const value = values.get(name) ?? null;
    if (value !== null) parts.set(name, value);
  }
  return parts.get('') ?? (parts.size === 0 ? null : { of: 'parts', parts });
}
