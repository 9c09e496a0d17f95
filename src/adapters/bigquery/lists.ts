import type { Read, Resource } from '../../model/ports.ts';
import type { Page } from './answer-pages.ts';
import type { Query } from './get.ts';
import type { Method, Requester } from './requester.ts';

const PAGE_SIZE = 1000;
/** Of all lists of a run together, five times what one function is meant for: they lie in memory. */
const MAX_LISTED = 500_000;
/** Of one list; where the quota is short BigQuery has been seen to give 50 a page. */
const MAX_PAGES = 10_000;
/** A token stands in the address of the next request, which may have 16 KB: https://docs.cloud.google.com/bigquery/quotas */
const MAX_TOKEN = 16_384;

/** A list, which is asked for page by page; a page that fails fails it, since half a list looks like a dropped rest. */
export interface List<Item> {
  readonly method: Method;
  readonly rank: number;
  readonly request: (query: Query, timeoutMs: number) => Promise<Resource>;
  readonly parse: (answer: Resource) => Page<Item> | Promise<Page<Item>>;
}

export type AskPages = <Item>(list: List<Item>) => Promise<Read<readonly Page<Item>[]>>;

/** For all lists of one run, whose entries count together. */
export function createListReader(ask: Requester): AskPages {
  let listed = 0;
  return async <Item>({ method, rank, request, parse }: List<Item>) => {
    const pages: Page<Item>[] = [];
    const tokens = new Set<string>();
    let query: Query = { maxResults: String(PAGE_SIZE) };
    for (;;) {
      const asked = query;
      const read = await ask({
        method,
        rank,
        request: async (timeoutMs) => parse(await request(asked, timeoutMs)),
      });
      if (read.status !== 'found') return read;
      pages.push(read.value);
      const { nextPageToken } = read.value;
      if (nextPageToken === undefined) return { status: 'found', value: pages };
      listed += read.value.items.length;
      const problem = tokens.has(nextPageToken)
        ? 'a page names one before it as the next'
        : endlessness({ listed, pages: pages.length, token: nextPageToken });
      if (problem !== null) {
        return { status: 'unreadable', reason: 'malformed', detail: `${method}: ${problem}` };
      }
      tokens.add(nextPageToken);
      query = { ...query, pageToken: nextPageToken };
    }
  };
}

/** Why a list is given up, although it has another page; null: it goes on. */
function endlessness({
  listed,
  pages,
  token,
}: {
  readonly listed: number;
  readonly pages: number;
  readonly token: string;
}): string | null {
  if (listed >= MAX_LISTED) {
    return `this run's lists have more than ${MAX_LISTED.toLocaleString('en-US')} entries, and no end`;
  }
  if (pages >= MAX_PAGES) return `the list has no end: page ${pages} names another one`;
  return token.length > MAX_TOKEN ? 'a page names the next one by a text of more than 16 KB' : null;
}
