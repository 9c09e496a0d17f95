import { isObject } from '../../metadata/parse.ts';
import { MalformedError } from '../../model/errors.ts';
import type { Resource, TableId } from '../../model/ports.ts';

/*
 * An answer is held against the question: what a cache, a proxy or a slip of the hand puts in the place of another table would else
 * be drift, or a repair, that is none.
 */

/**
 * Of a table the project is not looked at: one that is linked from another project names its own.
 * 'other-case': the table asked for where the dataset has one table for all spellings of a name, and nowhere else.
 * https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets (isCaseInsensitive)
 * @throws MalformedError where it is another table, or does not say which.
 */
export function matchTable(resource: Resource, { dataset, table }: TableId): 'same' | 'other-case' {
  const foundDataset = referenceId(resource, 'tableReference', 'datasetId');
  const foundTable = referenceId(resource, 'tableReference', 'tableId');
  if (foundDataset === dataset && foundTable === table) return 'same';
  if (foundDataset === dataset && foundTable.toLowerCase() === table.toLowerCase()) return 'other-case';
  throw anotherTable(`${foundDataset}.${foundTable}`, { dataset, table });
}

export function anotherTable(found: string, { dataset, table }: TableId): MalformedError {
  return new MalformedError(`the answer is the table ${found}, and ${dataset}.${table} was asked for`);
}

/** @throws MalformedError where it is another dataset, or does not say which. */
export function assertDataset(
  resource: Resource,
  { project, dataset }: { readonly project: string; readonly dataset: string },
): void {
  const found = datasetIn(resource, project);
  if (found === dataset) return;
  throw new MalformedError(`the answer is the dataset ${found}, and ${dataset} was asked for`);
}

/**
 * The dataset that a resource, or an entry of a list, is of, which must be of the project.
 * @throws MalformedError where it is of another one.
 */
export function datasetIn(resource: Resource, project: string): string {
  const id = referenceId(resource, 'datasetReference', 'datasetId');
  const reference = resource['datasetReference'];
  const found = isObject(reference) ? reference['projectId'] : undefined;
  // Asked for by its number, a project answers with its name; the key is optional in a reference.
  if (found === undefined || found === project || /^\d+$/.test(project)) return id;
  throw new MalformedError(
    `the answer is of the project ${JSON.stringify(found)}, and ${project} was asked for`,
  );
}

/** The table that an entry of the list of a dataset's tables is of. @throws MalformedError where it is of another one. */
export function tableIn(entry: Resource, dataset: string): string {
  const table = referenceId(entry, 'tableReference', 'tableId');
  const found = referenceId(entry, 'tableReference', 'datasetId');
  if (found === dataset) return table;
  throw new MalformedError(
    `an entry is the table ${found}.${table}, and the tables of ${dataset} were asked for`,
  );
}

function referenceId(resource: Resource, reference: string, key: string): string {
  const value = resource[reference];
  const id = isObject(value) ? value[key] : undefined;
  if (typeof id === 'string' && id !== '') return id;
  throw new MalformedError(`no ${reference}.${key}`);
}
