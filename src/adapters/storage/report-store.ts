import { pathToFileURL } from 'node:url';
import type { PageAddress, PageStore, ReportStore } from '../../model/ports.ts';

/** Which page of a bucket's object alerts link to. */
export const REPORT_LINKS = ['browser', 'console'] as const;
export type ReportLink = (typeof REPORT_LINKS)[number];

/** Where the pages are, which says how a browser finds them. */
export type PagePlace =
  | { readonly in: 'bucket'; readonly bucket: string; readonly prefix: string }
  | { readonly in: 'folder'; readonly path: string };

const KEPT_MS = 30 * 24 * 3_600_000;
/** In one run: a run that comes after a long pause has its own work to do. */
const MAX_REMOVED = 50;

/** A page for each run beside the state, and the newest one under a name that stays. */
export function createReportStore({
  store,
  place,
  link,
  partition,
}: {
  readonly store: PageStore;
  readonly place: PagePlace;
  readonly link: ReportLink;
  /** `shard-1-of-4`, which has pages of its own; null: all pages are of all datasets. */
  readonly partition: string | null;
}): ReportStore {
  const part = partition === null ? '' : `-${partition}`;
  const latest = `latest${part}.html`;
  const prefix = `report${part}-`;
  /** `report-2026-11-22T21-00-00-000Z.html`: the same for every attempt at a run. */
  const nameOf = (run: Date) => `${prefix}${run.toISOString().replace(/[:.]/g, '-')}.html`;
  const isRunPage = (name: string) => name.startsWith(prefix) && MOMENT.test(name.slice(prefix.length));
  return {
    addressOf: (run): PageAddress => ({
      page: urlOf(place, nameOf(run), link),
      latest: urlOf(place, latest, link),
      partition,
      takesFilter: place.in === 'folder' || link === 'browser',
    }),
    async publish(page, run, signal) {
      await store.publish(nameOf(run), page, signal);
      await store.publish(latest, page, signal);
    },
    async tidy(now, signal) {
      // Names sort as their moments do.
      const oldest = nameOf(new Date(now.getTime() - KEPT_MS));
      const names = await store.list(prefix, signal);
      const old = names.filter((name) => isRunPage(name) && name < oldest).sort();
      for (const name of old.slice(0, MAX_REMOVED)) await store.remove(name, signal);
    },
  };
}

const MOMENT = /^\d{4}-\d\d-\d\dT[\d-]+Z\.html$/;

/**
 * The first asks for a Google sign-in, and does not work where a bucket logs data access; the second shows the object, with
 * a link to its content: https://docs.cloud.google.com/storage/docs/access-control/cookie-based-authentication
 */
const ORIGINS: Readonly<Record<ReportLink, string>> = {
  browser: 'https://storage.cloud.google.com',
  console: 'https://console.cloud.google.com/storage/browser/_details',
};

function urlOf(place: PagePlace, name: string, link: ReportLink): string {
  if (place.in === 'folder') return pathToFileURL(`${place.path}/${name}`).href;
  const path = [place.bucket, ...(place.prefix === '' ? [] : place.prefix.split('/')), name];
  return `${ORIGINS[link]}/${path.map(encodeURIComponent).join('/')}`;
}
