import { expect, test } from 'vitest';
import { SOUND, startStory } from './story.ts';
import { declareTables } from './world.ts';

const NINE = Array.from({ length: 9 }, (_, index) => `sales.t${index + 1}`);
const EIGHT = NINE.slice(0, 8);

test('many tables that go at once are one loss', async () => {
  const world = declareTables([...NINE, 'crm.people']);
  const story = await startStory({ store: 'file://', world });
  const tables = (count: number) => Array.from({ length: count }, (_, index) => `t${index + 1}`).join(', ');

  await story.play(15, {
    1: () => world.drop(...EIGHT),
    6: () => world.restore(...EIGHT),
    8: () => world.dropDataset('sales'),
    // Created anew, and empty.
    13() {
      world.restore(...NINE);
      world.drop(...NINE);
    },
    14: () => world.restore(...NINE),
  });

  expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
    told: [
      'hour 1: Drift | dataset sales: 8 of 9 declared tables are missing',
      'hour 5: Still open | dataset sales: 8 of 9 declared tables are missing',
      `hour 6: Resolved | repaired dataset sales (5 hours, ${tables(8)})`,
      'hour 8: Drift | dataset sales: the dataset is missing',
      'hour 12: Still open | dataset sales: the dataset is missing (4 hours)',
      'hour 13: Drift | dataset sales: 9 of 9 declared tables are missing',
      'hour 13: Resolved | repaired dataset sales: the dataset is missing (5 hours)',
      `hour 14: Resolved | repaired dataset sales (1 hour, ${tables(9)})`,
    ],
    troubles: [],
    ...SOUND,
  });
});
