import { afterEach, beforeEach, expect, test } from 'vitest';
import { type MonitoringEmulator, startMonitoringEmulator } from '../../../emulators/monitoring.ts';
import { createMonitoringSink } from '../../../src/adapters/monitoring/monitoring.ts';
import type { Measurement, MetricSink } from '../../../src/model/ports.ts';

let now = new Date('2026-11-22T10:17:00Z');
let monitoring: MonitoringEmulator;
let sink: MetricSink;

function newSink(options: { readonly timeoutMs?: number } = {}): MetricSink {
  return createMonitoringSink({
    projectId: 'p',
    taskId: 'all',
    location: 'global',
    endpoint: monitoring.url,
    clock: { now: () => now },
    ...options,
  });
}

beforeEach(async () => {
  now = new Date('2026-11-22T10:17:00Z');
  monitoring = await startMonitoringEmulator({ projectId: 'p', now: () => now });
  sink = newSink();
});

afterEach(() => monitoring.close());

const measurement = (value: number): Measurement => ({
  metric: 'custom.googleapis.com/bigquery_drift/run_success',
  unit: 'int64',
  value,
  labels: {},
});

const many = (length: number) =>
  Array.from({ length }, (_, index) => ({ ...measurement(index), labels: { table: `t${index}` } }));

test('a point that is there already counts as written', async () => {
  await sink.write([measurement(1)]);
  now = new Date(now.getTime() + 2000);
  await sink.write([measurement(1)]);
  expect(monitoring.points.map(({ value }) => value)).toEqual([1]);
});

test('and so does one that is older than what is there', async () => {
  await sink.write([measurement(1)]);
  now = new Date(now.getTime() - 60_000);
  await sink.write([measurement(1)]);
  expect(monitoring.points).toHaveLength(1);
});

test('a passing failure is tried once more', async () => {
  monitoring.faults.push({ times: 1, answer: { status: 503, code: 'UNAVAILABLE' } });
  await sink.write([measurement(1)]);
  expect({ points: monitoring.points.length, requests: monitoring.requests.length }).toEqual({
    points: 1,
    requests: 2,
  });
});

test('what was written before the answer was lost is not written twice, and is no failure', async () => {
  monitoring.faults.push({ times: 1, answer: 'accept-then-reset' });
  await sink.write([measurement(1)]);
  expect(monitoring.points).toHaveLength(1);
});

test('a failure that lasts is told after the second try', async () => {
  monitoring.faults.push({ answer: { status: 503, code: 'UNAVAILABLE', message: 'try later' } });
  await expect(sink.write([measurement(1)])).rejects.toThrow(
    /^Cloud Monitoring did not accept 1 of the writes: .*try later/,
  );
  expect(monitoring.requests).toHaveLength(2);
});

test('where no answer comes the other writes are not waited for one by one', async () => {
  sink = newSink({ timeoutMs: 1500 });
  monitoring.faults.push({ skip: 1, answer: 'hang' });
  // The client counts what is left of the time when it begins to wait.
  await expect(sink.write(many(1000))).rejects.toThrow(
    /^Cloud Monitoring did not accept 4 of the writes: .*within \d+ milliseconds/,
  );
  expect(monitoring.points).toHaveLength(200);
  expect(monitoring.requests.length).toBeLessThanOrEqual(3);
});

test('what one write is refused for does not stop the others', async () => {
  monitoring.faults.push({ times: 1, answer: { status: 403, code: 'PERMISSION_DENIED', message: 'no' } });
  await expect(sink.write(many(401))).rejects.toThrow(
    /^Cloud Monitoring did not accept 1 of the writes: .*no/,
  );
  expect(monitoring.points).toHaveLength(201);
});

test('a lost permission is told at once', async () => {
  monitoring.faults.push({ answer: { status: 403, code: 'PERMISSION_DENIED', message: 'no' } });
  await expect(sink.write([measurement(1)])).rejects.toThrow('no');
  expect(monitoring.requests).toHaveLength(1);
});
