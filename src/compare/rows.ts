import { KINDS, kindRow } from '../kinds/index.ts';
import type { Comparison, KindRow, Place, Scope, Sides } from '../kinds/kind.ts';
import type { Change } from '../model/finding.ts';

interface ComparingRow<S extends Scope> extends KindRow<S> {
  readonly compares: Comparison<S>;
}

/** The kinds of a scope that compare something of what is on both sides. */
export function rowsOf<S extends Scope>(scope: S): readonly ComparingRow<S>[] {
  return KINDS.filter((row): row is ComparingRow<S> => row.scope === scope && row.compares !== undefined);
}

/** How one thing differs, by each of these kinds. */
export function differences<S extends Scope>(
  rows: readonly ComparingRow<S>[],
  {
    expected,
    actual,
    path,
  }: {
    readonly expected: Sides[S]['expected'];
    readonly actual: Sides[S]['actual'];
    readonly path: string | null;
  },
): Change[] {
  const changes: Change[] = [];
  for (const { id: kind, compares } of rows) {
    const difference = compares.difference(expected, actual);
    if (difference !== null) changes.push({ kind, path, ...difference });
  }
  return changes;
}

/** Those that no other one hides; what a field hides is never compared. */
export function withoutHidden(changes: readonly Change[]): readonly Change[] {
  return changes.length < 2 ? changes : changes.filter((change) => !isHidden(change, changes));
}

/** One cause, one finding: whether any of these stands in front of it. */
export function isHidden(place: Place, changes: readonly Change[]): boolean {
  return changes.some((change) => !isSame(change, place) && kindRow(change.kind).hides?.(change, place));
}

function isSame(one: Place, other: Place): boolean {
  return one.kind === other.kind && one.path === other.path;
}
