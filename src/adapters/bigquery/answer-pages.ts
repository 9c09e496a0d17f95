import { isObject } from '../../metadata/parse.ts';
import { MalformedError } from '../../model/errors.ts';
import type { ListedTable, Resource } from '../../model/ports.ts';
import { datasetIn, tableIn } from './asked-for.ts';

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly unreachable: readonly string[];
  /** How many there are over all pages, as the answer says; 0: it does not. */
  readonly totalItems: number;
  readonly nextPageToken: string | undefined;
}

export function datasetPage(answer: Resource, project: string): Page<string> {
  return page(answer, 'datasets', (entry) => datasetIn(entry, project));
}

export function tablePage(answer: Resource, dataset: string): Page<ListedTable> {
  return page(answer, 'tables', (entry) => ({
    table: tableIn(entry, dataset),
    type: typeof entry['type'] === 'string' ? entry['type'].toUpperCase() : 'TABLE',
  }));
}

/** An empty list leaves its key out; anything but a list under it is no answer. */
function page<Item>(answer: Resource, key: string, itemOf: (entry: Resource) => Item): Page<Item> {
  const { [key]: entries = [], nextPageToken, unreachable = [], totalItems } = answer;
  if (!Array.isArray(entries) || !entries.every(isObject))
    throw new MalformedError(`${key} is no list of objects`);
  if (!Array.isArray(unreachable)) throw new MalformedError('unreachable is no list');
  return {
    items: entries.map(itemOf),
    unreachable: unreachable.map(String),
    totalItems: Number(totalItems) || 0,
    nextPageToken: typeof nextPageToken === 'string' && nextPageToken !== '' ? nextPageToken : undefined,
  };
}
