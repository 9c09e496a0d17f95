import type { StoredObject } from './storage-objects.ts';

/** The most items and prefixes on one page, and how many there are on one without maxResults. */
const LARGEST_PAGE = 1000;

export interface ObjectPage {
  objects: [name: string, object: StoredObject][];
  prefixes: string[];
  nextPageToken?: string;
}

/** One page of a list of objects by name, or undefined when the query asks for a page that cannot be. */
export function pageOfObjects(
  objects: ReadonlyMap<string, StoredObject>,
  query: Record<string, string>,
): ObjectPage | undefined {
  const { prefix = '', delimiter = '' } = query;
  const wanted = Number(query['maxResults'] ?? LARGEST_PAGE);
  const after = query['pageToken'] === undefined ? '' : entryOf(query['pageToken']);
  if (!Number.isInteger(wanted) || wanted < 1 || after === undefined) return undefined;

  const matching = [...objects.keys()].filter((name) => name.startsWith(prefix));
  const entries = new Set(matching.map((name) => foldAt(name, prefix, delimiter)));
  const rest = [...entries].filter((entry) => byBytes(entry, after) > 0).sort(byBytes);
  const page = rest.slice(0, Math.min(wanted, LARGEST_PAGE));
  const last = page.at(-1);
  const isPrefix = (entry: string) => delimiter !== '' && entry.includes(delimiter, prefix.length);
  return {
    objects: [...objects]
      .filter(([name]) => page.includes(name) && !isPrefix(name))
      .sort(([one], [other]) => byBytes(one, other)),
    prefixes: page.filter(isPrefix),
    ...(last !== undefined && page.length < rest.length && { nextPageToken: tokenOf(last) }),
  };
}

/** Names that go on after a delimiter are listed as one prefix, up to and with the delimiter. */
function foldAt(name: string, prefix: string, delimiter: string): string {
  const at = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
  return at < 0 ? name : name.slice(0, at + delimiter.length);
}

/** The order of the service: that of the UTF-8 bytes. */
function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** Names the last entry and not an offset, since objects come and go between two pages. */
function tokenOf(last: string): string {
  return Buffer.from(`after:${last}`).toString('base64');
}

function entryOf(token: string): string | undefined {
  return /^after:(.+)$/s.exec(Buffer.from(token, 'base64').toString())?.[1];
}
