import { expect, test } from 'vitest';
import { denied } from '../../emulators/bigquery.ts';
import { SOUND, STORES, startStory } from './story.ts';
import { declareTables } from './world.ts';

test.each(STORES)('what is open is told anew when the state is lost, with state in %s', async (store) => {
  const world = declareTables(['sales.orders', 'sales.items', 'sales.payments']);
  const story = await startStory({ store, world });
  const { state } = story;

  await story.play(35, {
    2: () => world.retype('sales.orders', null),
    8: () => state.damage(() => null),
    15: () => state.damage(() => '\u0000 no state'),
    18: () => state.damage((saved) => saved.slice(0, saved.length / 2)),
    21: () => state.damage((saved) => saved.replace('"version":2', '"version":3')),
    24: () => world.restore('sales.orders'),
    26: () => state.damage(() => ''),
    28: () => world.drop('sales.payments'),
    30: () => state.breakDown(),
    31: () => world.retype('sales.items', 'FLOAT64'),
    33: () => state.mend(),
  });

  expect({
    told: story.told(),
    names: (await state.names()).map((name) => name.replace(/unreadable-[0-9a-f]{12}/, 'unreadable-HASH')),
    troubles: story.troubles(),
    ...story.audit(),
  }).toEqual({
    told: [
      'hour 2: Drift | sales.orders: field amount is missing',
      'hour 6: Still open | sales.orders: field amount is missing (4 hours)',
      'hour 8: Drift | sales.orders: field amount is missing | (first check)',
      'hour 12: Still open | sales.orders: field amount is missing (4 hours)',
      'hour 15: Drift | sales.orders: field amount is missing | (state set aside)',
      'hour 18: Drift | sales.orders: field amount is missing | (state set aside)',
      'hour 21: Drift | sales.orders: field amount is missing | (state set aside)',
      'hour 24: Resolved | repaired sales.orders: field amount is missing (3 hours)',
      'hour 26: Unchecked | (state set aside)',
      'hour 28: Drift | sales.payments: the table is missing',
      // Without its memory no instance knows that the one before has said so.
      'hour 30: Unchecked | cannot read the state in PLACE',
      'hour 31: Unchecked | cannot read the state in PLACE',
      'hour 32: Unchecked | cannot read the state in PLACE',
      'hour 33: Drift | sales.items: field amount is of another type',
      'hour 33: Still open | sales.payments: the table is missing (5 hours)',
    ],
    names: [
      'lease.json',
      'state-unreadable-HASH.json',
      'state-unreadable-HASH.json',
      'state-unreadable-HASH.json',
      'state-unreadable-HASH.json',
      'state.json',
    ],
    troubles: [30, 31, 32].map(
      (hour) =>
        `hour ${hour}: 500 StateUnavailable, 500 StateUnavailable, 500 StateUnavailable, 500 StateUnavailable`,
    ),
    ...SOUND,
  });
});

test.each(STORES)(
  'that the state was lost is told once Slack can hear it, with state in %s',
  async (store) => {
    const world = declareTables(['sales.orders', 'sales.items']);
    const story = await startStory({ store, world });

    await story.play(4, {
      2: async () => {
        await story.state.damage(() => 'no state');
        story.slack.faults.push({ answer: { status: 429, body: 'rate_limited', retryAfter: 120 } });
      },
      3: () => story.slack.faults.splice(0),
    });

    expect(story.told()).toEqual(['hour 3: Unchecked | (state set aside)']);
  },
);

test('without a place for the state every run tells all there is, and says so', async () => {
  const world = declareTables(['sales.orders', 'sales.items']);
  const story = await startStory({ store: null, world });

  await story.play(7, {
    1: () => world.retype('sales.orders', null),
    3() {
      world.restore('sales.orders');
      story.bigquery.faults.push(denied({ table: 'items' }));
    },
    5: () => story.bigquery.faults.splice(0),
  });

  expect({
    told: story.told(),
    logged: new Set(story.logged.map(({ message }) => message).filter((message) => /STATE/.test(message))),
    troubles: story.troubles(),
    ...story.audit(),
  }).toEqual({
    told: [
      'hour 1: Drift | sales.orders: field amount is missing | (no state)',
      'hour 2: Drift | sales.orders: field amount is missing | (no state)',
      // Nor can it be known that it could not be read before.
      'hour 3: Unchecked | access denied: sales items | (no state)',
      'hour 4: Unchecked | access denied: sales items | (no state)',
    ],
    logged: new Set([
      'STATE_URI is not set: every run is a first run, so Slack hears of open drift every hour',
    ]),
    troubles: [],
    ...SOUND,
  });
});
