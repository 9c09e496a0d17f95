import { expect, test } from 'vitest';
import { denied } from '../../emulators/bigquery.ts';
import { SOUND, STORES, startStory } from './story.ts';
import { declareTables, tableFile } from './world.ts';

test.each(STORES)('three days of drift are told as they come and go, with state in %s', async (store) => {
  const world = declareTables(['sales.orders', 'sales.items', 'sales.payments']);
  const story = await startStory({ store, world });
  const waivers = [
    // To the end of the second day: hour 47.
    { table: 'sales.payments', kind: 'field-mode', until: '2026-03-03', reason: 'migration 4711' },
  ];

  await story.play(72, {
    2: () => world.retype('sales.orders', null),
    3: () => world.retype('sales.items', 'FLOAT64'),
    5: () => world.loosen('sales.payments'),
    8: () => story.declare({ 'drift-policy.json': { waivers } }),
    10: () => world.retype('sales.items', 'STRING'),
    20: async () => {
      story.bigquery.faults.push(denied({ table: 'refunds' }));
      await story.declare({ 'sales/refunds.json': tableFile() });
    },
    40: () => story.declare({ 'drift-policy.json': { waivers, severities: { 'field-type': 'critical' } } }),
    55: () => story.declare({ 'sales/items.json': tableFile('STRING') }),
    57: () => world.restore('sales.orders'),
    60: () => world.restore('sales.payments'),
  });

  expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
    told: [
      'hour 2: Drift | sales.orders: field amount is missing',
      'hour 3: Drift | sales.items: field amount is of another type',
      'hour 5: Drift | sales.payments: field id is of another mode',
      'hour 6: Still open | sales.orders: field amount is missing (4 hours)',
      'hour 8: Still open | waived sales.payments: field id is of another mode (2026-03-03)',
      'hour 10: Drift | sales.items: field amount is of another type (FLOAT64)',
      'hour 14: Still open | sales.orders: field amount is missing (12 hours)',
      // A file for a table that was never read, which may not be readable for a run or two.
      'hour 21: Unchecked | access denied: sales refunds',
      'hour 30: Still open | sales.orders: field amount is missing (1 day 4 hours)',
      'hour 34: Still open | sales.items: field amount is of another type (1 day 7 hours)',
      'hour 40: Drift | sales.items: field amount is of another type (now critical)',
      'hour 44: Still open | sales.items: field amount is of another type (1 day 17 hours)',
      'hour 45: Still open | access denied: sales refunds',
      'hour 48: Drift | sales.payments: field id is of another mode (2026-03-03)',
      'hour 52: Still open | sales.items: field amount is of another type (2 days 1 hour)',
      'hour 54: Still open | sales.orders: field amount is missing (2 days 4 hours)',
      'hour 55: Resolved | no longer expected sales.items: field amount is of another type (2 days 4 hours)',
      'hour 57: Resolved | repaired sales.orders: field amount is missing (2 days 7 hours)',
      'hour 60: Resolved | repaired sales.payments: field id is of another mode (12 hours)',
      'hour 69: Still open | access denied: sales refunds',
    ],
    troubles: [],
    ...SOUND,
  });
});

test('what comes and goes too often is told in the reminder', async () => {
  const world = declareTables(['sales.orders', 'sales.items']);
  const story = await startStory({ store: 'file://', world });
  const drop = () => world.drop('sales.orders');
  const restore = () => world.restore('sales.orders');

  await story.play(36, {
    1: drop,
    2: restore,
    3: drop,
    4: restore,
    5: drop,
    6: restore,
    7() {
      drop();
      world.retype('sales.items', 'FLOAT64');
    },
    8: () => world.retype('sales.items', 'STRING'),
    9: () => world.retype('sales.items', 'BYTES'),
    10: () => world.retype('sales.items', 'FLOAT64'),
    12: restore,
    // More than a day after its latest opening it is news again.
    34: drop,
    35: restore,
  });

  expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
    told: [
      'hour 1: Drift | sales.orders: the table is missing',
      'hour 2: Resolved | repaired sales.orders: the table is missing (1 hour)',
      'hour 3: Drift | sales.orders: the table is missing',
      'hour 4: Resolved | repaired sales.orders: the table is missing (1 hour)',
      'hour 7: Drift | sales.items: field amount is of another type',
      'hour 8: Drift | sales.items: field amount is of another type (FLOAT64)',
      'hour 8: Still open | sales.orders: the table is missing (flapping, 4 times, 1 hour)',
      'hour 9: Drift | sales.items: field amount is of another type (STRING)',
      'hour 16: Resolved | repaired sales.orders: the table is missing (5 hours, 4 times)',
      // The third change within a day waits until there are fewer.
      'hour 32: Drift | sales.items: field amount is of another type (BYTES)',
      'hour 34: Drift | sales.orders: the table is missing',
      'hour 35: Resolved | repaired sales.orders: the table is missing (1 hour)',
    ],
    troubles: [],
    ...SOUND,
  });
});
