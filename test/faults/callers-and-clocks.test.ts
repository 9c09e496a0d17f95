import { describe, expect, test } from 'vitest';
import { playedClock } from '../../emulators/clock.ts';
import type { SlackPayload } from '../../src/slack/payload.ts';
import { createFunction } from '../../src/wiring.ts';
import { gistOf } from '../simulation/gist.ts';
import { writeFolder } from '../support/folder.ts';
import { type PlayedFunction, PROJECT, serve, startFunction } from '../support/function.ts';
import { dropAmount, shopFiles, shopWarehouse } from '../support/shop.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.parse('2026-03-02T08:00:00.000Z');
const YEAR = 365 * 24 * HOUR;

const at = (hour: number) => new Date(START + hour * HOUR).toISOString();

async function startShop(options: Partial<Parameters<typeof startFunction>[0]> = {}) {
  const [expected, folder] = await Promise.all([writeFolder(shopFiles), writeFolder({})]);
  const env = { STATE_URI: `file://${folder}`, CONFIRM_SECONDS: '0', ...options.env };
  return startFunction({ warehouse: shopWarehouse(), expected, ...options, env });
}

function toldIn({ slack }: PlayedFunction): readonly string[] {
  return slack.messages.map(({ payload }) => gistOf(payload as SlackPayload).replace(/(?: \|)? \(.*\)$/, ''));
}

const ORDERS = 'Drift | sales.orders: field amount is missing';
const ITEMS = 'Drift | sales.items: the table is missing';

/** The run of 08:00 has told in its attempts all that a run may; then a table is gone. */
async function startSpentRun() {
  const played = await startShop();
  const tables = played.bigquery.warehouse.datasets.get('sales')?.tables;
  const items = tables?.get('items') ?? {};
  await played.callAt(at(-1));
  dropAmount(played.bigquery.warehouse);
  await played.callAt(at(0));
  tables?.delete('items');
  await played.callAt(at(0));
  tables?.set('items', items);
  await played.callAt(at(0));
  expect(toldIn(played)).toEqual([ORDERS, ITEMS, expect.stringMatching(/^Resolved \| repaired sales.items/)]);
  tables?.delete('orders');
  return {
    ...played,
    toldLater: () => toldIn(played).slice(3),
    /** Somebody calls for that run, every ten minutes, until so many minutes after 08:00. */
    async callAsIfAt8(minutes: number): Promise<void> {
      while (played.clock.now().getTime() < START + minutes * MINUTE) {
        await played.callAt(at(0));
        played.clock.advance(10 * MINUTE);
      }
    },
  };
}

const LOST = expect.stringMatching(/^Drift \| sales.orders: the table is missing/);

describe('whoever calls without a pause for a run that has told what it may', () => {
  test('delays what is new by three hours at most', async () => {
    const { callAsIfAt8, toldLater } = await startSpentRun();

    await callAsIfAt8(170);
    expect(toldLater()).toEqual([]);
    await callAsIfAt8(200);

    expect(toldLater()).toEqual([LOST]);
  });

  test('delays nothing for a run of five hours ago', async () => {
    const { callAt, clock, toldLater } = await startSpentRun();
    clock.advance(5 * HOUR);

    await callAt(at(0));

    expect(toldLater()).toEqual([LOST]);
  });

  test('leaves the run of the next hour its messages', async () => {
    const { callAsIfAt8, callAt, toldLater } = await startSpentRun();
    await callAsIfAt8(50);

    await callAt(at(1));

    expect(toldLater()).toEqual([LOST]);
  });
});

test.each(['-000001-01-01T00:00:00Z', '-271821-04-20T00:00:00Z', '+275760-09-13T00:00:00Z', '1970-01-01'])(
  'a schedule time of a strange year, %s, harms neither the run nor the state',
  async (scheduled) => {
    const played = await startShop();
    dropAmount(played.bigquery.warehouse);
    const headers = { 'X-CloudScheduler-ScheduleTime': scheduled };

    const first = await played.call({ method: 'POST', headers });
    played.clock.advance(HOUR);
    const second = await played.call();

    expect([first.status, second.status, toldIn(played)]).toEqual([200, 200, [ORDERS]]);
  },
);

describe('a clock that is wrong', () => {
  test('by a year for one run, keeps no reminder back', async () => {
    const played = await startShop();
    dropAmount(played.bigquery.warehouse);
    played.clock.set(YEAR);
    await played.call();
    played.clock.set(-YEAR);

    for (let hour = 1; hour <= 6; hour += 1) {
      played.clock.advance(HOUR);
      await played.call();
    }

    expect(toldIn(played)).toEqual([ORDERS, 'Still open | sales.orders: field amount is missing']);
  });

  test('and set back in a run, gives it no time beyond its deadline', async () => {
    const played = await startShop();
    const { every } = played.clock;
    // When the lease is taken, eight minutes have passed, and ten are taken back.
    played.clock.every = (ms, act) => {
      played.clock.advance(8 * MINUTE);
      played.clock.set(-10 * MINUTE);
      return every(ms, act);
    };

    expect(await played.call()).toMatchObject({
      status: 500,
      body: { error: { code: 'NothingRead', message: expect.stringContaining('out-of-time') } },
    });
  });

  test('by two minutes in one of two instances, makes them tell nothing twice', async () => {
    const clock = playedClock();
    const [expected, folder] = await Promise.all([writeFolder(shopFiles), writeFolder({})]);
    let meanwhile: (() => Promise<void>) | null = null;
    const played = await startFunction({ warehouse: shopWarehouse(), expected });
    dropAmount(played.bigquery.warehouse);
    const instanceOf = (aheadMs: number) =>
      serve(
        createFunction({
          env: {
            GCP_PROJECT_ID: PROJECT,
            EXPECTED_SCHEMAS: expected,
            SLACK_WEBHOOK_URL: played.slack.webhookUrl,
            BIGQUERY_API_ENDPOINT: played.bigquery.url,
            MONITORING_API_ENDPOINT: played.monitoring.url,
            STATE_URI: `file://${folder}`,
            CONFIRM_SECONDS: '0',
          },
          clock: { ...clock, now: () => new Date(clock.now().getTime() + aheadMs) },
          async fetch(input, init) {
            const act = meanwhile;
            meanwhile = null;
            await act?.();
            return fetch(input, init);
          },
          log: () => {},
        }),
      );
    const [first, second] = await Promise.all([instanceOf(0), instanceOf(2 * MINUTE)]);
    let other = 0;
    // Slack is slow, and the other instance is called.
    meanwhile = async () => {
      other = (await fetch(second, { method: 'POST' })).status;
    };

    const { status } = await fetch(first, { method: 'POST' });

    expect({ status, other, told: toldIn(played) }).toEqual({ status: 200, other: 409, told: [ORDERS] });
  });
});
