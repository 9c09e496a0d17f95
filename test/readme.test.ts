import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { sampleWarehouse } from '../demo/warehouse.ts';
import { targetOf } from '../emulators/storage-route.ts';
import { parseConfig } from '../src/app/config.ts';
import { KINDS } from '../src/kinds/index.ts';
import { METRICS } from '../src/model/metrics.ts';
import { startDeployed } from './support/deployed.ts';

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
      'severityIfConsumed' in kind
        ? `; ${kind.severityIfConsumed} when the field is critical or consumed`
        : '';
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
  const { tableFile } = await import('../src/files/file-schemas.ts');
  const example = /```json\n(\{\n {2}"\$schema"[\s\S]*?)\n```/.exec(readme)?.[1] ?? '';
  expect(tableFile.safeParse(JSON.parse(example)).error).toBeUndefined();
});

test('the example of a policy is a valid one', async () => {
  const { policyFile } = await import('../src/files/file-schemas.ts');
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
  type Size = (typeof SIZES)[number];
  /** One for each table and each dataset, and the policy. */
  const files = ({ tables, datasets }: Size) => tables + datasets + 1;
  /**
   * `npm run bench -- hourly`, at the pace of 95 reads a second and with files on disk: 1,000 tables 11.8 s, 10,000 tables
   * 110.3 s. From the bucket 16 files are read at a time, at 50 ms each.
   */
  const seconds = (size: Size) => Math.ceil(size.tables / 95) + Math.ceil(files(size) / 320) + 5;
  /** For each table and dataset two severities, for each dataset three outcomes, each kind, and the run's two. */
  const points = ({ tables, datasets }: Size) => 2 * (tables + datasets) + 3 * datasets + KINDS.length + 2;
  /** Each table, each dataset and its list of tables by name, and the project's list. */
  const reads = ({ tables, datasets }: Size) => tables + 2 * datasets + 1;
  /** The files, the lease and the state. */
  const objectReads = (size: Size) => files(size) + 2;
  /**
   * Two report pages, the state, the lease when it is taken, every 15 s, and when it is given back; the list of report pages,
   * and that of the files, 1,000 at a time.
   */
  const objectWrites = (size: Size) =>
    2 + 1 + 2 + Math.floor(seconds(size) / 15) + 1 + Math.ceil(files(size) / 1000);
  /** The pages of 30 days, and what went within the last day; the newest, and its versions of the last day. */
  const pages = () => 30 * 24 + 24 + 1 + 24;

  test('is computed', () => {
    const rows: readonly (readonly [string, (size: Size) => number])[] = [
      ['runs', () => RUNS],
      ['seconds a run: one for each 95 tables, one for each 320 expected files, and 5', seconds],
      ['vCPU seconds, 1 vCPU', (size) => RUNS * seconds(size)],
      ['GiB seconds, 0.5 GiB', (size) => (RUNS * seconds(size)) / 2],
      ['metric points a run', points],
      ['metric points', (size) => RUNS * points(size)],
      ["reads of BigQuery's metadata, which bill no bytes", (size) => RUNS * reads(size)],
      ['reads of objects: the expected files, the lease and the state', (size) => RUNS * objectReads(size)],
      [
        'writes and lists of objects: two report pages a run, and the rest',
        (size) => RUNS * objectWrites(size),
      ],
      ['report pages kept: of 30 days, and a day of what was replaced', pages],
    ];
    expect(tableAfter('### What it costs a month')).toEqual(
      rows.map(
        ([name, valueFor]) =>
          `| ${[name, ...SIZES.map((size) => valueFor(size).toLocaleString('en'))].join(' | ')} |`,
      ),
    );
  });

  test('from what a run writes and reads', async () => {
    const [sample = { tables: 0, datasets: 0 }] = SIZES;
    const { bigquery, call, monitoring, storage } = await startDeployed({
      warehouse: await sampleWarehouse('expected-schemas'),
      expected: 'expected-schemas',
    });
    // The first run asks twice for what is not there yet.
    await call();
    const written = monitoring.points.length;
    for (const { requests } of [bigquery, storage]) requests.length = 0;
    await call();
    const asked = (isRead: boolean) =>
      storage.requests.filter((request) => (targetOf(request)?.operation === 'read') === isRead).length;
    expect({
      points: written,
      reads: bigquery.requests.length,
      objectReads: asked(true),
      objectWrites: asked(false),
    }).toEqual({
      points: points(sample),
      reads: reads(sample),
      objectReads: objectReads(sample),
      objectWrites: objectWrites(sample),
    });
    const [, kilobytes = 0] = /a page of the 13 tables has (\d+) KB/.exec(readme) ?? [];
    const page = storage.objects.get('drift/state/latest.html')?.text.length ?? 0;
    expect(page / (Number(kilobytes) * 1000)).toSatisfy((ratio: number) => ratio > 0.5 && ratio < 2);
  });
});
