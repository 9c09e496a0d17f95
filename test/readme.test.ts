import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { sampleWarehouse } from '../demo/warehouse.ts';
import { KINDS } from '../src/model/kinds.ts';
import { METRICS } from '../src/model/metrics.ts';
import { parseConfig } from '../src/run/config.ts';
import { startFunction } from './support/function.ts';

const readme = await readFile('README.md', 'utf8');

/** The rows of the table under a heading or after a line, without its head. */
function tableAfter(mark: string): readonly string[] {
  const lines = readme.slice(readme.indexOf(mark)).split('\n');
  const start = lines.findIndex((line) => line.startsWith('| ---'));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 1, end);
}

test('the table of kinds is the one in kinds.ts', () => {
  const rows = KINDS.map((kind) => {
    const relied =
      'severityIfRelied' in kind ? `; ${kind.severityIfRelied} when the field is critical or consumed` : '';
    return `| ${kind.id} | ${kind.finds} | ${kind.severity}${relied} |`;
  });
  expect(tableAfter('## Kinds of drift')).toEqual(rows);
});

test('the table of variables names exactly those that are read', () => {
  const read = new Set<string>();
  const env = new Proxy({}, { get: (_, name) => void read.add(String(name)) });
  parseConfig(env);
  const named = tableAfter('## The hourly function').flatMap(
    (row) => row.split('|')[1]?.match(/\b[A-Z_]{4,}\b/g) ?? [],
  );
  // Named in the meaning of GCP_PROJECT_ID, not in a row of its own.
  expect([...named, 'GOOGLE_CLOUD_PROJECT'].sort()).toEqual([...read].sort());
});

test('the example of an expected file is a valid one', async () => {
  const { tableFile } = await import('../src/sources/file-schemas.ts');
  const example = /```json\n(\{\n {2}"\$schema"[\s\S]*?)\n```/.exec(readme)?.[1] ?? '';
  expect(tableFile.safeParse(JSON.parse(example)).error).toBeUndefined();
});

test('the example of a policy is a valid one', async () => {
  const { policyFile } = await import('../src/sources/file-schemas.ts');
  const example = /```json\n(\{\n {2}"severities"[\s\S]*?)\n```/.exec(readme)?.[1] ?? '';
  expect(policyFile.safeParse(JSON.parse(example)).error).toBeUndefined();
});

test('the table of metrics has those that are written, with their labels', () => {
  const rows = tableAfter('The metrics, prefix').map((row) => {
    const [, name = '', labels = ''] = row.split('|').map((cell) => cell.trim());
    return [name.replaceAll('`', ''), labels.replaceAll(/\([^)]*\)/g, '').match(/\w+/g) ?? []];
  });
  expect(rows).toEqual(Object.entries(METRICS).map(([name, { labels }]) => [name, Object.keys(labels)]));
});

describe('what it costs a month', () => {
  const RUNS = 730;
  const SIZES = [
    { tables: 13, datasets: 3 },
    { tables: 1000, datasets: 10 },
    { tables: 10_000, datasets: 50 },
  ];
  /** Measured at the pace of 95 reads a second: 1,000 tables 11.6 s, 10,000 tables 117.8 s. */
  const seconds = ({ tables }: { tables: number }) => Math.ceil(tables / 90) + 5;
  /** For each table and dataset two severities, for each dataset three outcomes, each kind, and the run's two. */
  const points = ({ tables, datasets }: { tables: number; datasets: number }) =>
    2 * (tables + datasets) + 3 * datasets + KINDS.length + 2;
  /** Each table, each dataset and its list of tables by name, and the project's list. */
  const reads = ({ tables, datasets }: { tables: number; datasets: number }) => tables + 2 * datasets + 1;

  test('is computed', () => {
    const rows: readonly (readonly [string, (size: (typeof SIZES)[number]) => number])[] = [
      ['runs', () => RUNS],
      ['seconds a run: one for each 90 tables, and 5', seconds],
      ['vCPU seconds, 1 vCPU', (size) => RUNS * seconds(size)],
      ['GiB seconds, 0.5 GiB', (size) => (RUNS * seconds(size)) / 2],
      ['metric points a run', points],
      ['metric points', (size) => RUNS * points(size)],
      ["reads of BigQuery's metadata, which bill no bytes", (size) => RUNS * reads(size)],
    ];
    expect(tableAfter('### What it costs a month')).toEqual(
      rows.map(
        ([name, valueFor]) =>
          `| ${[name, ...SIZES.map((size) => valueFor(size).toLocaleString('en'))].join(' | ')} |`,
      ),
    );
  });

  test('from what a run writes and reads', async () => {
    const [sample] = SIZES;
    const { bigquery, call, monitoring } = await startFunction({
      warehouse: await sampleWarehouse('expected-schemas'),
      expected: 'expected-schemas',
    });
    await call();
    expect({ points: monitoring.points.length, reads: bigquery.requests.length }).toEqual({
      points: points(sample ?? { tables: 0, datasets: 0 }),
      reads: reads(sample ?? { tables: 0, datasets: 0 }),
    });
  });
});
