import { loadExpectation } from '../../src/adapters/folders/expected-files.ts';
import { openSnapshot } from '../../src/adapters/folders/snapshot-files.ts';
import { emptyState } from '../../src/incidents/state.ts';
import type { PageAddress } from '../../src/model/ports.ts';
import type { Page } from '../../src/page/report-page.ts';
import { type Files, writeFolder } from './folder.ts';
import { hoursBefore, PROJECT, runAt } from './large-page.ts';

interface Played {
  /** Expected files, a policy among them. */
  readonly files: Files;
  /** Recorded answers of each run, an hour apart; the page is that of the last one. */
  readonly runs: readonly [Files, ...Files[]];
  /** false: as on the command line. */
  readonly remembers?: boolean;
  readonly address?: PageAddress | null;
  readonly account?: string | null;
}

/** The page of the last of some runs. */
export async function playedPage({
  files,
  runs,
  remembers = true,
  address = null,
  account = null,
}: Played): Promise<Page> {
  const expectation = await loadExpectation({ folder: await writeFolder(files), project: PROJECT });
  let state = emptyState(PROJECT);
  let page: Page | undefined;
  for (const [index, answers] of runs.entries()) {
    const now = hoursBefore(runs.length - 1 - index);
    const warehouse = await openSnapshot(await writeFolder(answers));
    const ran = await runAt(now, { ...expectation, warehouse }, state);
    state = ran.state;
    const { waivers } = expectation.policy;
    page = { ...ran.result, waivers, state: remembers ? state : null, now, account, address };
  }
  if (page === undefined) throw new Error('no run was played');
  return page;
}

/** The same with other texts in it, at any depth. */
export function withTexts<T>(value: T, change: (text: string) => string): T {
  const changed = (part: unknown): unknown => {
    if (typeof part === 'string') return change(part);
    if (Array.isArray(part)) return part.map(changed);
    if (part instanceof Map) return new Map([...part].map(([key, each]) => [changed(key), changed(each)]));
    if (typeof part !== 'object' || part === null || part instanceof Date || part instanceof Set) return part;
    // An expectation is read from its file anew, and the file may be gone by now.
    const stored = Object.entries(Object.getOwnPropertyDescriptors(part)).filter(
      ([, { get }]) => get === undefined,
    );
    return Object.fromEntries(stored.map(([key, { value: each }]) => [key, changed(each)]));
  };
  return changed(value) as T;
}

/** What a reader reads, part by part, without style and script. */
export function readableText(html: string): readonly string[] {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return html
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, '')
    .replace(/<head>[\s\S]*<\/head>/, '')
    .replace(/<\/?(?:b|code|i|mark|time|span|a)\b[^>]*>/g, '')
    .split(/<[^>]*>/)
    .map((text) => text.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => entities[name] ?? '').trim())
    .filter((text) => text !== '');
}
