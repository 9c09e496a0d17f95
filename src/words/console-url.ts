import { datasetMissing } from '../kinds/dataset.ts';
import { tableMissing } from '../kinds/table.ts';
import { shardedPrefix } from '../metadata/date-shard.ts';
import type { Finding, Subject } from '../model/finding.ts';

/** A dataset or table, with what was found of it where anything was. */
export interface Linked extends Subject {
  readonly findings?: readonly Pick<Finding, 'kind' | 'shard'>[];
}

/** The page in the Cloud console of a dataset or table. What has none is linked to what holds it. */
export function consoleUrl(subject: Linked, project: string): string {
  const table = tableInConsole(subject);
  if (subject.findings?.some(({ kind }) => kind === datasetMissing.id) === true) {
    return `https://console.cloud.google.com/bigquery?${new URLSearchParams({ project })}`;
  }
  const target = new URLSearchParams({ project, p: project, d: subject.dataset });
  if (table !== null) target.set('t', table);
  target.set('page', table === null ? 'dataset' : 'table');
  return `https://console.cloud.google.com/bigquery?${target}`;
}

/** A missing table has no page; all shards of a prefix have none together, the one that was read has. */
function tableInConsole({ table, findings = [] }: Linked): string | null {
  if (table === null || findings.some(({ kind }) => kind === tableMissing.id)) return null;
  if (shardedPrefix(table) === null) return table;
  return findings.find(({ shard }) => shard !== undefined)?.shard ?? null;
}
