import { expect, test } from 'vitest';
import type { Finding } from '../../src/model/finding.ts';
import { consoleUrl } from '../../src/words/console-url.ts';

const finding = (kind: Finding['kind'], shard?: string) => ({
  kind,
  ...(shard === undefined ? {} : { shard }),
});

test.each<{
  name: string;
  table: string | null;
  findings?: readonly ReturnType<typeof finding>[];
  leadsTo: string;
}>([
  { name: 'a dataset', table: null, leadsTo: 'd=sales&page=dataset' },
  { name: 'a table', table: 'orders', leadsTo: 'd=sales&t=orders&page=table' },
  {
    name: 'a table with findings',
    table: 'orders',
    findings: [finding('field-missing')],
    leadsTo: 'd=sales&t=orders&page=table',
  },
  {
    name: 'a missing table',
    table: 'orders',
    findings: [finding('table-missing')],
    leadsTo: 'd=sales&page=dataset',
  },
  {
    name: 'a dataset with findings',
    table: null,
    findings: [finding('dataset-location')],
    leadsTo: 'd=sales&page=dataset',
  },
  {
    name: 'the shard that was read of a date-sharded table',
    table: 'events_YYYYMMDD',
    findings: [finding('field-missing', 'events_20260301')],
    leadsTo: 'd=sales&t=events_20260301&page=table',
  },
  {
    name: 'a date-sharded table of which nothing was found',
    table: 'events_YYYYMMDD',
    leadsTo: 'd=sales&page=dataset',
  },
])('the link to the Cloud console of $name leads to a page that is there', ({ table, findings, leadsTo }) => {
  const subject = { dataset: 'sales', table, ...(findings === undefined ? {} : { findings }) };
  expect(consoleUrl(subject, 'p')).toBe(`https://console.cloud.google.com/bigquery?project=p&p=p&${leadsTo}`);
});

test('the link to the Cloud console of a missing dataset leads to its project', () => {
  const findings = [finding('dataset-missing')];
  expect(consoleUrl({ dataset: 'sales', table: null, findings }, 'p')).toBe(
    'https://console.cloud.google.com/bigquery?project=p',
  );
});
