/** What users have seen of a list call without maxResults; the documentation promises more. */
const DEFAULT_PAGE_SIZE = 50;

/** What users have seen at most on one page, whatever maxResults asks for. */
const LARGEST_PAGE_SIZE = 1000;

/** One page of a list, or undefined when the query asks for a page that cannot be. */
export function pageOf<Entry>(
  entries: readonly Entry[],
  query: Record<string, string>,
  pageSize = LARGEST_PAGE_SIZE,
): { entries: Entry[]; next: { nextPageToken?: string }; first: boolean } | undefined {
  const wanted = Number(query['maxResults'] ?? DEFAULT_PAGE_SIZE);
  const start = query['pageToken'] === undefined ? 0 : offsetOf(query['pageToken']);
  if (!Number.isInteger(wanted) || wanted < 1 || start === undefined) return undefined;
  const end = start + Math.min(wanted, pageSize);
  const next = end < entries.length ? { nextPageToken: tokenOf(end) } : {};
  return { entries: entries.slice(start, end), next, first: start === 0 };
}

/** Tokens are opaque to callers, so they must not look like a number to count with. */
function tokenOf(offset: number): string {
  return Buffer.from(`offset:${offset}`).toString('base64url');
}

function offsetOf(token: string): number | undefined {
  const digits = /^offset:(\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  return digits === undefined ? undefined : Number(digits);
}
