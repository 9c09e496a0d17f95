import type { DeclaredDataset } from '../../model/table.ts';
import type { Selection } from '../config.ts';

export interface SelectedDataset {
  readonly declared: DeclaredDataset;
  /** false: only some of its tables were asked for. */
  readonly isWhole: boolean;
}

/** A dataset named alone is whole; with tables named, only those are looked at. */
export function select(
  datasets: readonly DeclaredDataset[],
  selection: Selection,
): readonly SelectedDataset[] {
  if (selection.length === 0) return datasets.map((declared) => ({ declared, isWhole: true }));
  return datasets.flatMap((declared): readonly SelectedDataset[] => {
    const named = selection.filter(({ dataset }) => dataset === declared.declaredAs);
    if (named.length === 0) return [];
    if (named.some(({ table }) => table === null)) return [{ declared, isWhole: true }];
    const tables = declared.tables.filter(({ table }) =>
      named.some((candidate) => candidate.table === table),
    );
    const { dataset, declaredAs } = declared;
    return [{ declared: { dataset, declaredAs, tables }, isWhole: false }];
  });
}
