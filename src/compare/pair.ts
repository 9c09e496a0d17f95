export interface Pairs<E, A> {
  /** Expected and absent, in the order of `expected`. */
  readonly missing: readonly E[];
  /** Present and undeclared, in the order of `actual`. */
  readonly unexpected: readonly A[];
  /** Both, in the order of `expected`. */
  readonly matched: readonly (readonly [E, A])[];
}

/**
 * Pairs what is expected with what is there by a key. When a key occurs twice on one side, the first
 * is paired and the others stay alone.
 *
 *     pairByKey({ expected: ['a', 'b'], actual: ['B', 'c'], key: (name) => name.toLowerCase() })
 *     // { missing: ['a'], unexpected: ['c'], matched: [['b', 'B']] }
 */
export function pairByKey<T>({
  expected,
  actual,
  key,
}: {
  readonly expected: readonly T[];
  readonly actual: readonly T[];
  readonly key: (item: T) => string;
}): Pairs<T, T> {
  const aligned = pairInOrder(expected, actual, key);
  if (aligned !== null) return aligned;
  const unpaired = new Map<string, T>();
  const repeated: T[] = [];
  for (const item of actual) {
    const itemKey = key(item);
    if (unpaired.has(itemKey)) repeated.push(item);
    else unpaired.set(itemKey, item);
  }
  const missing: T[] = [];
  const matched: (readonly [T, T])[] = [];
  for (const item of expected) {
    const itemKey = key(item);
    const partner = unpaired.get(itemKey);
    if (partner === undefined) missing.push(item);
    else matched.push([item, partner]);
    unpaired.delete(itemKey);
  }
  return { missing, unexpected: [...unpaired.values(), ...repeated], matched };
}

/** The usual case, both sides the same in the same order, needs no index. */
function pairInOrder<T>(
  expected: readonly T[],
  actual: readonly T[],
  key: (item: T) => string,
): Pairs<T, T> | null {
  if (expected.length !== actual.length) return null;
  const matched: (readonly [T, T])[] = [];
  for (const [index, item] of expected.entries()) {
    const other = actual[index];
    if (other === undefined || key(item) !== key(other)) return null;
    matched.push([item, other]);
  }
  return { missing: [], unexpected: [], matched };
}
