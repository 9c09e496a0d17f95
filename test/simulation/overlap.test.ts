import { describe, expect, test } from 'vitest';
import { dueAt, type Pause, SOUND, STORES, startStory } from './story.ts';
import { declareTables } from './world.ts';

const ROWS = STORES.flatMap((store) =>
  (['before the second read', 'before Slack has the message'] satisfies Pause[]).map(
    (pause) => [pause, store] as const,
  ),
);

const ONE_MESSAGE = ['hour 1: Drift | sales.orders: the table is missing'];

describe('a second run', () => {
  test.each(ROWS)('that begins %s does nothing, with state in %s', async (pause, store) => {
    const world = declareTables(['sales.orders', 'sales.items']);
    const story = await startStory({ store, world });

    await story.play(3, {
      1() {
        world.drop('sales.orders');
        story.meanwhile(pause, () => story.callAnew(1));
      },
    });

    expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
      told: ONE_MESSAGE,
      troubles: ['hour 1: 409 LeaseHeld, 200'],
      ...SOUND,
    });
  });

  test.each(STORES)(
    'takes over from one that froze, which then tells nothing, with state in %s',
    async (store) => {
      const world = declareTables(['sales.orders', 'sales.items']);
      const story = await startStory({ store, world });

      await story.play(3, {
        1() {
          world.drop('sales.orders');
          story.whileFrozen('before the second read', () => {
            // Longer than a lease lasts that nobody renews.
            story.clock.advance(61_000);
            return story.callAnew(1);
          });
        },
      });

      expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
        told: ONE_MESSAGE,
        troubles: ['hour 1: 200, 500 StateMoved, 200'],
        ...SOUND,
      });
    },
  );
});

test.each(STORES)(
  'a run that froze while Slack let it wait posts nothing after another has taken over, with state in %s',
  async (store) => {
    const world = declareTables(['sales.orders', 'sales.items']);
    const story = await startStory({ store, world });
    // The wait that Slack asks for is then the only one.
    story.env['CONFIRM_SECONDS'] = '0';

    await story.play(3, {
      1() {
        world.drop('sales.orders');
        story.slack.faults.push({ times: 1, answer: { status: 429, body: 'rate_limited', retryAfter: 30 } });
        story.whileFrozen('before the second read', () => {
          story.clock.advance(61_000);
          return story.callAnew(1);
        });
      },
    });

    expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
      told: ONE_MESSAGE,
      troubles: ['hour 1: 200, 500 StateMoved, 200'],
      ...SOUND,
      refusals: { '429 rate_limited': 1 },
    });
  },
);

test('a run that froze publishes no page once the next one has taken over', async () => {
  const world = declareTables(['sales.orders', 'sales.items']);
  const story = await startStory({ store: 'gs://', world });

  await story.play(2, {
    1() {
      world.drop('sales.orders');
      story.meanwhile('before the second read', () => {
        story.clock.advance(dueAt(2).getTime() - story.clock.now().getTime());
        return story.callAnew(2);
      });
    },
  });

  const written = story.storage.requests.map(({ query }) => query['name'] ?? '');
  const ofHour2 = ['monitor/report-2026-03-02T02-17-00-000Z.html', 'monitor/latest.html'];
  expect({ pages: written.filter((name) => name.endsWith('.html')), troubles: story.troubles() }).toEqual({
    // The last two are of the retry, which counts to the run that took over.
    pages: ['monitor/report-2026-03-02T00-17-00-000Z.html', 'monitor/latest.html', ...ofHour2, ...ofHour2],
    troubles: ['hour 1: 500 StateMoved, 200'],
  });
});

test('an attempt that comes after the next run counts to that one', async () => {
  const world = declareTables(['sales.orders', 'sales.items']);
  const story = await startStory({ store: 'file://', world });

  await story.play(3, { 1: () => world.drop('sales.orders') });
  world.restore('sales.orders');
  await story.callAnew(1);
  await story.play(1);

  expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
    told: [...ONE_MESSAGE, 'hour 2: Resolved | repaired sales.orders: the table is missing (1 hour)'],
    troubles: [],
    ...SOUND,
  });
});
