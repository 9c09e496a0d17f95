import { expect, test } from 'vitest';
import { denied } from '../../emulators/bigquery.ts';
import { startLocalServer } from '../../emulators/http.ts';
import { SOUND, STORES, startStory } from './story.ts';
import { declareTables, tableFile } from './world.ts';

const ALL = ['sales.orders', 'sales.items', 'sales.payments', 'sales.refunds'];

test.each(STORES)('nothing is lost while Slack is down, with state in %s', async (store) => {
  const world = declareTables(ALL);
  const story = await startStory({ store, world });
  const { slack, env } = story;
  const webhookUrl = slack.webhookUrl;
  const closed = await startLocalServer(() => 'hang');
  await closed.close();

  await story.play(30, {
    2() {
      slack.faults.push({ answer: { status: 503, body: 'service_unavailable' } });
      world.retype('sales.orders', null);
    },
    3() {
      world.restore('sales.orders');
      world.retype('sales.items', 'FLOAT64');
    },
    4: () => world.drop('sales.payments'),
    5: () => slack.faults.splice(0),
    12() {
      env['SLACK_WEBHOOK_URL'] = webhookUrl.replace(new URL(webhookUrl).origin, closed.url);
      world.restore('sales.payments');
      world.drop('sales.refunds');
    },
    13: () => world.restore('sales.refunds'),
    15() {
      env['SLACK_WEBHOOK_URL'] = webhookUrl;
    },
    18() {
      slack.faults.push({ answer: { status: 429, body: 'rate_limited', retryAfter: 120 } });
      world.drop('sales.refunds');
    },
    21: () => slack.faults.splice(0),
    24() {
      slack.faults.push({ times: 2, answer: { status: 429, body: 'rate_limited', retryAfter: 5 } });
      world.restore('sales.refunds');
    },
    27() {
      slack.faults.push({ times: 1, answer: 'accept-then-reset' });
      world.drop('sales.orders');
    },
  });

  expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
    told: [
      'hour 5: Drift | sales.payments: the table is missing (1 hour, 2026-03-02 04:17) | sales.items: field amount is of another type (2 hours, 2026-03-02 03:17)',
      'hour 5: Resolved | repaired sales.orders: field amount is missing (2026-03-02 02:17, 2026-03-02 03:17)',
      'hour 9: Still open | sales.payments: the table is missing (5 hours)',
      'hour 15: Resolved | repaired sales.payments: the table is missing (8 hours) | repaired sales.refunds: the table is missing (2026-03-02 12:17, 2026-03-02 13:17)',
      'hour 21: Drift | sales.refunds: the table is missing (3 hours, 2026-03-02 18:17)',
      'hour 24: Resolved | repaired sales.refunds: the table is missing (6 hours)',
      // Slack had it and did not say so: twice is the price of never losing one.
      'hour 27: Drift | sales.orders: the table is missing',
      'hour 28: Drift | sales.orders: the table is missing (1 hour, 2026-03-03 03:17)',
      'hour 29: Still open | sales.items: field amount is of another type (1 day 2 hours)',
    ],
    troubles: [2, 3, 4, 12, 13, 14, 18, 19, 20, 27].map(
      (hour) => `hour ${hour}: 500 SinkRejected, 500 SinkRejected, 500 SinkRejected, 500 SinkRejected`,
    ),
    ...SOUND,
    // Each message once an hour where Slack may have it; where it has not, as often as Slack lets it be tried in the attempt's
    // time: four waits of two minutes, in each of twelve attempts.
    refusals: { '503 service_unavailable': 5, '429 rate_limited': 62 },
    uncounted: { alerted: 1, reminded: 0, resolved: 0 },
  });
});

test('a retry tells what is left, and only that', async () => {
  const world = declareTables(ALL);
  // Three messages are four saves, and Cloud Storage takes one a second.
  const story = await startStory({ store: 'gs://', world, storageRate: 'enforced' });
  const { slack, bigquery } = story;

  await story.play(7, {
    1: () => world.drop('sales.orders'),
    2() {
      world.restore('sales.orders');
      world.drop('sales.items');
      bigquery.faults.push(denied({ table: 'payments' }));
      slack.faults.push({ skip: 1, times: 1, answer: { status: 410, body: 'channel_is_archived' } });
    },
    // Attempts are no runs: a table that was never read is told after two runs, not after two attempts.
    4: async () => {
      world.drop('sales.refunds');
      bigquery.faults.push(denied({ table: 'extra' }));
      await story.declare({ 'sales/extra.json': tableFile() });
      slack.faults.splice(0, 1, { times: 1, answer: { status: 503, body: 'service_unavailable' } });
    },
  });

  expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
    told: [
      'hour 1: Drift | sales.orders: the table is missing',
      'hour 2: Drift | sales.items: the table is missing',
      'hour 2: Resolved | repaired sales.orders: the table is missing (1 hour)',
      'hour 2: Unchecked | access denied, or deleted: sales payments',
      'hour 5: Drift | sales.refunds: the table is missing (1 hour, 2026-03-02 04:17)',
      'hour 5: Unchecked | access denied: sales extra',
      'hour 6: Still open | sales.items: the table is missing (4 hours)',
    ],
    troubles: [
      'hour 2: 500 SinkRejected, 200',
      'hour 4: 500 SinkRejected, 500 SinkRejected, 500 SinkRejected, 500 SinkRejected',
    ],
    ...SOUND,
    refusals: { '410 channel_is_archived': 1, '503 service_unavailable': 1 },
  });
});
