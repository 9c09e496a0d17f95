import { expect, test } from 'vitest';
import { denied, type Fault } from '../../emulators/bigquery.ts';
import { SOUND, startStory } from './story.ts';
import { declareTables } from './world.ts';

test('what cannot be read is told as that', async () => {
  const world = declareTables(['sales.orders', 'sales.items', 'crm.people', 'crm.visits']);
  const story = await startStory({ store: 'file://', world });
  const begin = (fault: Fault) => () => story.bigquery.faults.splice(0, Number.POSITIVE_INFINITY, fault);
  const end = () => story.bigquery.faults.splice(0);
  const throttled: Fault = { table: 'orders', answer: { status: 403, reason: 'rateLimitExceeded' } };

  await story.play(48, {
    2: begin(throttled),
    3: end,
    4: begin(denied({ table: 'people' })),
    6: begin(throttled),
    8: end,
    // What was found before is neither repeated nor called repaired while nobody may look.
    9: () => world.retype('crm.visits', null),
    11: begin(denied({ dataset: 'crm' })),
    36: end,
    37: () => world.restore('crm.visits'),
    39: begin(denied({})),
    41: end,
    43: begin(denied({ method: 'datasets.list' })),
    46: end,
  });

  expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
    told: [
      'hour 4: Unchecked | access denied, or deleted: crm people',
      'hour 6: Resolved | can be checked again crm.people (2 hours)',
      "hour 7: Unchecked | over BigQuery's quota: sales orders",
      'hour 8: Resolved | can be checked again sales.orders (2 hours)',
      'hour 9: Drift | crm.visits: field amount is missing',
      'hour 11: Unchecked | access denied, or deleted: crm',
      'hour 35: Still open | access denied, or deleted: crm',
      'hour 36: Resolved | can be checked again dataset crm (1 day 1 hour)',
      'hour 36: Still open | crm.visits: field amount is missing (1 day 3 hours)',
      'hour 37: Resolved | repaired crm.visits: field amount is missing (1 day 4 hours)',
      'hour 39: Unchecked | access denied, or deleted: crm sales | access denied: the list of datasets',
      'hour 41: Resolved | can be checked again dataset crm (2 hours) | can be checked again dataset sales (2 hours) | can be checked again the list of datasets (2 hours)',
      'hour 44: Unchecked | access denied: the list of datasets',
      'hour 46: Resolved | can be checked again the list of datasets (3 hours)',
    ],
    troubles: [39, 40].map(
      (hour) => `hour ${hour}: 500 NothingRead, 500 NothingRead, 500 NothingRead, 500 NothingRead`,
    ),
    ...SOUND,
  });
});

test('what turns out to be gone is not called readable again', async () => {
  const world = declareTables(['sales.orders', 'sales.items', 'crm.people']);
  const story = await startStory({ store: 'file://', world });
  const { faults } = story.bigquery;

  await story.play(16, {
    2: () => faults.push(denied({ table: 'orders' })),
    4() {
      faults.splice(0);
      world.drop('sales.orders');
    },
    6: () => story.declare({ 'sales/orders.json': null }),
    8: () => faults.push(denied({ table: 'items' })),
    10: () => story.declare({ 'sales/items.json': null }),
    12: () => faults.splice(0, 1, denied({ dataset: 'crm' })),
    14() {
      faults.splice(0);
      world.dropDataset('crm');
    },
  });

  const blind = '500 NothingRead, 500 NothingRead, 500 NothingRead, 500 NothingRead';
  expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
    told: [
      'hour 2: Unchecked | access denied, or deleted: sales orders',
      'hour 4: Drift | sales.orders: the table is missing',
      'hour 6: Resolved | no longer expected sales.orders: the table is missing (2 hours)',
      'hour 8: Unchecked | access denied, or deleted: sales items',
      'hour 10: Resolved | no longer declared sales.items (2 hours)',
      'hour 12: Unchecked | access denied, or deleted: crm',
      'hour 14: Drift | dataset crm: the dataset is missing',
    ],
    troubles: [`hour 12: ${blind}`, `hour 13: ${blind}`],
    ...SOUND,
  });
});
