import { expect, test } from 'vitest';
import { denied } from '../../emulators/bigquery.ts';
import { SOUND, STORES, startStory } from './story.ts';
import { declareTables } from './world.ts';

const MINUTE_MS = 60_000;

/** All that the other stories tell one by one happens within three days, as it does to people. */
test.each(STORES)('three days in which everything happens, with state in %s', async (store) => {
  const world = declareTables(['sales.orders', 'sales.items', 'sales.payments', 'sales.refunds']);
  const story = await startStory({ store, world });
  const { slack, bigquery, state, clock } = story;
  const noAccess = denied({ table: 'refunds' });
  const outage = { answer: { status: 503, body: 'service_unavailable' } };
  const drop = () => world.drop('sales.payments');
  const restore = () => world.restore('sales.payments');

  await story.play(72, {
    // Drift, and its repair before Slack has heard of it.
    2: () => world.retype('sales.orders', null),
    // Slack is down for three hours.
    9() {
      slack.faults.push(outage);
      world.retype('sales.items', 'FLOAT64');
    },
    10: () => world.restore('sales.items'),
    11: () => world.retype('sales.items', 'STRING'),
    12: () => slack.faults.splice(0),
    // Access is lost, and comes back.
    15: () => bigquery.faults.push(noAccess),
    18: () => bigquery.faults.splice(0),
    // Comes and goes.
    20: drop,
    21: restore,
    22: drop,
    23: restore,
    24: drop,
    25: restore,
    26: drop,
    // Two runs at once: another begins while one waits; then one freezes for longer than its lease lasts.
    31() {
      world.retype('sales.refunds', 'BYTES');
      story.meanwhile('before the second read', () => story.callAnew(31));
    },
    33: () => world.restore('sales.refunds'),
    38() {
      world.retype('sales.refunds', 'FLOAT64');
      story.whileFrozen('before the second read', () => {
        clock.advance(2 * MINUTE_MS);
        return story.callAnew(38);
      });
    },
    40: () => world.restore('sales.refunds'),
    // The state is destroyed.
    44: () => state.damage(() => 'gibberish'),
    50: restore,
    51: () => world.restore('sales.items'),
    52: () => world.restore('sales.orders'),
  });

  expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
    told: [
      'hour 2: Drift | sales.orders: field amount is missing',
      'hour 6: Still open | sales.orders: field amount is missing (4 hours)',
      'hour 12: Drift | sales.items: field amount is of another type (1 hour, 2026-03-02 11:17, 2026-03-02 09:17, 2026-03-02 10:17)',
      'hour 14: Still open | sales.orders: field amount is missing (12 hours)',
      'hour 15: Unchecked | access denied, or deleted: sales refunds',
      'hour 18: Resolved | can be checked again sales.refunds (3 hours)',
      'hour 20: Drift | sales.payments: the table is missing',
      'hour 21: Resolved | repaired sales.payments: the table is missing (1 hour)',
      'hour 22: Drift | sales.payments: the table is missing',
      'hour 23: Resolved | repaired sales.payments: the table is missing (1 hour)',
      'hour 27: Still open | sales.payments: the table is missing (flapping, 4 times, 1 hour)',
      'hour 30: Still open | sales.orders: field amount is missing (1 day 4 hours)',
      'hour 31: Drift | sales.refunds: field amount is of another type',
      'hour 33: Resolved | repaired sales.refunds: field amount is of another type (2 hours)',
      'hour 35: Still open | sales.payments: the table is missing (9 hours)',
      'hour 36: Still open | sales.items: field amount is of another type (1 day 1 hour)',
      'hour 38: Drift | sales.refunds: field amount is of another type',
      'hour 40: Resolved | repaired sales.refunds: field amount is of another type (2 hours)',
      'hour 44: Drift | sales.orders: field amount is missing | sales.payments: the table is missing | sales.items: field amount is of another type | (state set aside)',
      'hour 48: Still open | sales.orders: field amount is missing (4 hours) | sales.payments: the table is missing (4 hours)',
      'hour 50: Resolved | repaired sales.payments: the table is missing (6 hours)',
      'hour 51: Resolved | repaired sales.items: field amount is of another type (7 hours)',
      'hour 52: Resolved | repaired sales.orders: field amount is missing (8 hours)',
    ],
    troubles: [
      ...[9, 10, 11].map(
        (hour) => `hour ${hour}: 500 SinkRejected, 500 SinkRejected, 500 SinkRejected, 500 SinkRejected`,
      ),
      'hour 31: 409 LeaseHeld, 200',
      'hour 38: 200, 500 StateMoved, 200',
    ],
    ...SOUND,
    refusals: { '503 service_unavailable': 3 },
  });
});
