import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type BigQueryMethod, denied, type EmulatedWarehouse } from '../../emulators/bigquery.ts';
import { playedClock } from '../../emulators/clock.ts';
import { startLocalServer } from '../../emulators/http.ts';
import type { Env } from '../../src/app/config.ts';
import { createDeadline } from '../../src/app/deadline.ts';
import { type Files, writeFolder } from '../support/folder.ts';
import { type PlayedFunction, startFunction, valuesOf } from '../support/function.ts';

describe('a deadline', () => {
  test.each([
    { name: 'keeps a minute for publishing', ms: 540_000, afterMs: 0, reading: 480_000, all: 540_000 },
    { name: 'keeps a quarter of a short run', ms: 20_000, afterMs: 0, reading: 15_000, all: 20_000 },
    { name: 'goes by the clock', ms: 540_000, afterMs: 30_000, reading: 450_000, all: 510_000 },
    {
      name: 'leaves what it kept when reading is over',
      ms: 540_000,
      afterMs: 480_000,
      reading: 0,
      all: 60_000,
    },
    { name: 'is never less than over', ms: 540_000, afterMs: 3_600_000, reading: 0, all: 0 },
    {
      name: 'never comes where there is none',
      ms: null,
      afterMs: 3_600_000,
      reading: Number.POSITIVE_INFINITY,
      all: Number.POSITIVE_INFINITY,
    },
  ])('$name', ({ ms, afterMs, reading, all }) => {
    const clock = playedClock();
    const deadline = createDeadline({ clock, ms });

    clock.advance(afterMs);

    expect({ reading: deadline.readingMs(), all: deadline.allMs() }).toEqual({ reading, all });
  });

  test('ends reading when it is told to, and leaves the time to publish', async () => {
    const deadline = createDeadline({ clock: playedClock(), ms: 540_000 });

    deadline.stop();
    deadline.stop();
    await new Promise<void>((resolve) => deadline.onStop(resolve));

    expect({ reading: deadline.readingMs(), all: deadline.allMs() }).toEqual({ reading: 0, all: 540_000 });
  });
});

const TABLES = ['a', 'b', 'c', 'd', 'e'];
const fields = [
  { name: 'id', type: 'STRING' },
  { name: 'amount', type: 'NUMERIC' },
];

function declaredFiles(): Files {
  return Object.fromEntries(
    TABLES.map((table) => [`sales/${table}.json`, { type: 'TABLE', schema: { fields } }]),
  );
}

function asDeclared(): EmulatedWarehouse {
  const tables = new Map(TABLES.map((table) => [table, { schema: { fields } }]));
  return { datasets: new Map([['sales', { resource: {}, tables }]]) };
}

interface SlowRun extends PlayedFunction {
  /** How long the service takes for a request of each method; may be changed. */
  readonly tookMs: Partial<Record<BigQueryMethod, number>>;
  /** Tables that were asked for since the last time, in order, each once. */
  asked(): readonly string[];
}

/** The function with a BigQuery that takes its played time, one request after the other. */
async function startSlow(env: Env = {}): Promise<SlowRun> {
  const tookMs: Partial<Record<BigQueryMethod, number>> = {};
  const slowRoad = await startLocalServer(async ({ path, query }) => {
    const isTable = /\/tables\/[^/]+$/.test(path);
    const ms = tookMs[isTable ? 'tables.get' : path.endsWith('/tables') ? 'tables.list' : 'datasets.get'];
    if (ms !== undefined) await played.clock.sleep(ms);
    const response = await fetch(`${played.bigquery.url}${path}?${new URLSearchParams(query)}`);
    const headers = { 'content-type': response.headers.get('content-type') ?? '' };
    return { status: response.status, headers, body: await response.text() };
  });
  onTestFinished(() => slowRoad.close());
  const state = await writeFolder({});
  const played = await startFunction({
    warehouse: asDeclared(),
    expected: await writeFolder(declaredFiles()),
    env: {
      BIGQUERY_API_ENDPOINT: slowRoad.url,
      STATE_URI: pathToFileURL(state).href,
      MAX_CONCURRENCY: '1',
      DEADLINE_SECONDS: '240',
      ...env,
    },
  });
  let seen = 0;
  return {
    ...played,
    tookMs,
    asked() {
      const requests = played.bigquery.requests.slice(seen);
      seen = played.bigquery.requests.length;
      return [
        ...new Set(
          requests.filter(({ operation }) => operation === 'tables.get').map(({ table }) => table ?? ''),
        ),
      ];
    },
  };
}

function dropAmount({ bigquery }: PlayedFunction, table: string): void {
  bigquery.warehouse.datasets.get('sales')?.tables.set(table, { schema: { fields: fields.slice(0, 1) } });
}

function uncheckedOf({ logged }: PlayedFunction): unknown {
  const run = logged.map((entry) => entry['run']).findLast((entry) => entry !== undefined) as {
    unchecked: readonly { readonly table: string | null; readonly reason: string }[];
  };
  return run.unchecked.map(({ table, reason }) => `${table}: ${reason}`);
}

const DUE = ['2026-03-02T08:00:00Z', '2026-03-02T09:00:00Z', '2026-03-02T10:00:00Z'] as const;

async function nextHour(run: PlayedFunction, hour: 0 | 1 | 2): ReturnType<PlayedFunction['callAt']> {
  const due = Date.parse(DUE[hour]);
  run.clock.advance(Math.max(0, due - run.clock.now().getTime()));
  return run.callAt(DUE[hour]);
}

describe('a run whose BigQuery is slow', () => {
  test('tells what it read, leaves the rest unchecked, and charts both', async () => {
    const run = await startSlow({ CONFIRM_SECONDS: '0' });
    dropAmount(run, 'a');
    await nextHour(run, 0);
    run.bigquery.warehouse.datasets.get('sales')?.tables.set('a', { schema: { fields } });
    dropAmount(run, 'e');
    const points = run.monitoring.points.length;
    // Three minutes are there for reading.
    run.tookMs['tables.get'] = 65_000;

    const answer = await nextHour(run, 1);

    expect(answer).toMatchObject({
      status: 200,
      body: {
        status: 'incomplete',
        tables: { inSync: 3, drifted: 0, unchecked: 2 },
        findings: { critical: 0, warning: 0, info: 0 },
        alerts: { opened: 0, changed: 0, reminded: 0, resolved: 1 },
      },
    });
    const { 'findings{dataset=sales,severity=critical,table=a}': a, ...others } = valuesOf(
      run.monitoring.points.slice(points),
    );
    expect({ a, others }).toMatchObject({
      a: 0,
      others: {
        'tables{dataset=sales,status=in_sync}': 3,
        'tables{dataset=sales,status=unchecked}': 2,
        'run_success{}': 1,
      },
    });
    expect(Object.keys(others).filter((name) => name.includes('table=e'))).toEqual([]);
  });

  test('has the time that was kept for them left for the metrics, Slack and the state', async () => {
    const run = await startSlow({ CONFIRM_SECONDS: '0' });
    dropAmount(run, 'a');
    run.tookMs['tables.get'] = 50_000;
    const begin = run.clock.now().getTime();

    const { status } = await nextHour(run, 0);

    expect({ status, isInTime: run.clock.now().getTime() - begin <= 240_000 }).toEqual({
      status: 200,
      isInTime: true,
    });
  });

  test('says out-of-time of what it did not come to, and the next run begins with that', async () => {
    const run = await startSlow();
    run.tookMs['tables.get'] = 65_000;

    const first = await nextHour(run, 0);
    const unchecked = uncheckedOf(run);
    const asked = run.asked();
    run.tookMs['tables.get'] = 0;
    const second = await nextHour(run, 1);

    expect({ first, asked, unchecked }).toMatchObject({
      first: { status: 200, body: { status: 'incomplete', tables: { inSync: 3, drifted: 0, unchecked: 2 } } },
      asked: ['a', 'b', 'c'],
      unchecked: ['d: out-of-time', 'e: out-of-time'],
    });
    expect(second).toMatchObject({ status: 200, body: { tables: { inSync: 5, drifted: 0, unchecked: 0 } } });
    expect(run.asked()).toEqual(['d', 'e', 'a', 'b', 'c']);
  });

  test('begins with what was left out longest, so that all is read in time by turns', async () => {
    const run = await startSlow();
    run.tookMs['tables.get'] = 95_000;
    const read: string[][] = [];
    for (const hour of [0, 1, 2] as const) {
      await nextHour(run, hour);
      const left = JSON.stringify(uncheckedOf(run));
      run.asked();
      read.push(TABLES.filter((table) => !left.includes(`${table}: out-of-time`)));
    }

    expect(read).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['a', 'e'],
    ]);
  });

  test('confirms what it saw before it looks at anything else', async () => {
    const run = await startSlow({ CONFIRM_SECONDS: '0' });
    dropAmount(run, 'a');
    run.tookMs['tables.get'] = 80_000;

    const { body } = await nextHour(run, 0);

    expect({ body, asked: run.asked() }).toMatchObject({
      body: { status: 'drifted', tables: { inSync: 1, drifted: 1, unchecked: 3 }, alerts: { opened: 1 } },
      asked: ['a', 'b'],
    });
  });

  test('tells Slack of the drift it saw, although most is unread', async () => {
    const run = await startSlow({ CONFIRM_SECONDS: '0', MAX_CONCURRENCY: '40' });
    dropAmount(run, 'a');
    run.bigquery.faults.push(
      ...TABLES.slice(1).map((table) => ({ table, answer: { status: 503 } }) as const),
    );

    const answer = await nextHour(run, 0);

    expect(answer).toMatchObject({
      status: 200,
      body: {
        status: 'drifted',
        tables: { inSync: 0, drifted: 1, unchecked: 4 },
        alerts: { opened: 1 },
      },
    });
    expect(valuesOf(run.monitoring.points)).toMatchObject({
      'findings{dataset=sales,severity=critical,table=a}': 1,
      'tables{dataset=sales,status=drifted}': 1,
      'tables{dataset=sales,status=unchecked}': 4,
      'run_success{}': 1,
    });
    expect(JSON.stringify(run.slack.messages)).toContain('sales.a');
  });

  test('of which nothing was read in time fails, and says so everywhere', async () => {
    const run = await startSlow();
    run.tookMs['tables.get'] = 200_000;
    run.bigquery.faults.push(
      { method: 'tables.get', answer: { status: 503 } },
      denied({ method: 'datasets.list' }),
      denied({ method: 'datasets.get' }),
      denied({ method: 'tables.list' }),
    );

    const answer = await nextHour(run, 0);

    expect(answer).toMatchObject({
      status: 500,
      body: { status: 'failed', error: { code: 'NothingRead' }, tables: { unchecked: 5 } },
    });
    expect(valuesOf(run.monitoring.points)).toMatchObject({
      'tables{dataset=sales,status=unchecked}': 5,
      'run_success{}': 0,
    });
    expect(run.slack.messages).toHaveLength(1);
  });
});

describe('drift that would be confirmed after the deadline', () => {
  test('is unchecked, not told', async () => {
    const run = await startSlow({ CONFIRM_SECONDS: '300', MAX_CONCURRENCY: '40' });
    dropAmount(run, 'a');
    const begin = run.clock.now().getTime();

    const answer = await nextHour(run, 0);

    expect({ answer, unchecked: uncheckedOf(run), told: run.slack.messages }).toMatchObject({
      answer: {
        status: 200,
        body: {
          status: 'incomplete',
          tables: { inSync: 4, drifted: 0, unchecked: 1 },
          findings: { critical: 0, warning: 0, info: 0 },
        },
      },
      unchecked: ['a: out-of-time'],
      told: [],
    });
    expect(run.clock.now().getTime() - begin).toBeLessThanOrEqual(240_000);
  });

  test('resolves nothing that is open, and what is open needs no confirming', async () => {
    const run = await startSlow({ CONFIRM_SECONDS: '30', MAX_CONCURRENCY: '40' });
    dropAmount(run, 'a');
    const first = await nextHour(run, 0);
    dropAmount(run, 'b');
    run.tookMs['tables.get'] = 175_000;

    const second = await nextHour(run, 1);

    expect([first.body, second.body]).toMatchObject([
      { tables: { inSync: 4, drifted: 1, unchecked: 0 }, alerts: { opened: 1, resolved: 0 } },
      {
        tables: { inSync: 3, drifted: 1, unchecked: 1 },
        alerts: { opened: 0, resolved: 0 },
      },
    ]);
    expect(uncheckedOf(run)).toEqual(['b: out-of-time']);
  });
});
