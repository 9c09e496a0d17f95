import { performance } from 'node:perf_hooks';
import { compareTable } from '../src/compare/table.ts';
import { contractOf, expectedTable } from '../src/files/expected-table.ts';
import { canonicalTable } from '../src/metadata/canonical.ts';

/*
 * CPU of comparing one table, from two parsed resources (the expected one canonical already) to its changes, beside
 * JSON.parse of the same answer. Both are measured in turns of one run, since machines are noisy: only the ratio counts.
 */

const TYPES = ['STRING', 'INTEGER', 'FLOAT', 'BOOLEAN', 'TIMESTAMP', 'NUMERIC', 'DATE', 'JSON'];

/** As BigQuery answers: every eighth field is a RECORD that holds the seven after it; half are described. */
function answer(fields: number): Record<string, unknown> {
  const columns: Record<string, unknown>[] = [];
  for (let made = 0; made < fields; ) {
    const nested = Array.from({ length: Math.min(7, fields - made - 1) }, (_, index) =>
      column(made + 1 + index),
    );
    columns.push({
      name: `record_${made}`,
      type: 'RECORD',
      mode: made % 16 === 0 ? 'REPEATED' : 'NULLABLE',
      fields: nested,
    });
    made += 1 + nested.length;
  }
  return {
    kind: 'bigquery#table',
    etag: 'bm90IGNvbXBhcmVk',
    id: 'p:d.t',
    selfLink: 'https://bigquery.googleapis.com/bigquery/v2/projects/p/datasets/d/tables/t',
    tableReference: { projectId: 'p', datasetId: 'd', tableId: 't' },
    schema: { fields: columns },
    timePartitioning: { type: 'DAY', field: 'created_at', expirationMs: '7776000000' },
    clustering: { fields: ['field_1'] },
    labels: { team: 'data', env: 'prod' },
    creationTime: '1704067200000',
    type: 'TABLE',
    location: 'US',
  };
}

function column(index: number): Record<string, unknown> {
  const described = index % 2 === 0 ? { description: `What field ${index} means to those who read it` } : {};
  return { name: `field_${index}`, type: TYPES[index % TYPES.length], mode: 'NULLABLE', ...described };
}

function secondsOf(rounds: number, act: () => unknown): number {
  const start = performance.now();
  for (let round = 0; round < rounds; round += 1) act();
  return (performance.now() - start) / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function measure(fields: number): string {
  const resource = answer(fields);
  const text = JSON.stringify(resource);
  const expected = expectedTable(resource);
  const contract = contractOf({});
  const parse = () => JSON.parse(text);
  const parsed = parse();
  const compare = () => compareTable({ expected, actual: canonicalTable(parsed), contract }).changes;
  if (compare().length > 0) throw new Error('a table must not differ from itself');
  const rounds = Math.ceil(100_000 / fields);
  const turns = Array.from({ length: 15 }, () => ({
    parse: secondsOf(rounds, parse),
    compare: secondsOf(rounds, compare),
  }));
  // The first turns warm the compiler up.
  const warm = turns.slice(5);
  const micros = (seconds: number) => `${((seconds / rounds) * 1e6).toFixed(1)} µs`;
  const ratio = median(warm.map((turn) => turn.compare / turn.parse));
  const verdict = ratio < 1 ? 'inside' : 'OUTSIDE';
  return `${String(fields).padStart(4)} fields  JSON.parse ${micros(median(warm.map((turn) => turn.parse)))}  compare ${micros(median(warm.map((turn) => turn.compare)))}  ratio ${ratio.toFixed(2)}  budget 1.00  ${verdict}`;
}

process.stdout.write(`${[50, 500].map(measure).join('\n')}\n`);
