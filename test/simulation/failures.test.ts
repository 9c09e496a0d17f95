import { expect, test } from 'vitest';
import { denied } from '../../emulators/bigquery.ts';
import { SOUND, startStory } from './story.ts';
import { declareTables, tableFile } from './world.ts';

test('a file that is invalid for ten hours is one failure', async () => {
  const world = declareTables(['sales.orders', 'sales.items']);
  const story = await startStory({ store: 'file://', world });

  await story.play(15, {
    1: () => world.retype('sales.orders', null),
    4: () => story.declare({ 'sales/items.json': { ...tableFile(), shcema: {} } }),
    6: () => world.drop('sales.items'),
    7: () => story.declare({ 'sales/items.json': { ...tableFile(), tpye: 'TABLE' } }),
    14: () => story.declare({ 'sales/items.json': tableFile() }),
  });

  expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
    told: [
      'hour 1: Drift | sales.orders: field amount is missing',
      'hour 4: Drift | 1 problem in the expected files (sales/items.json: $.shcema) | (nothing compared)',
      'hour 7: Drift | 1 problem in the expected files (sales/items.json: $.tpye) | (nothing compared)',
      'hour 11: Still open | (nothing compared)',
      'hour 14: Drift | sales.items: the table is missing',
      'hour 14: Resolved | works again (10 hours)',
      'hour 14: Still open | sales.orders: field amount is missing (13 hours)',
    ],
    troubles: [4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map(
      (hour) => `hour ${hour}: 500 InvalidFiles, 500 InvalidFiles, 500 InvalidFiles, 500 InvalidFiles`,
    ),
    ...SOUND,
  });
});

test('a check that failed does not work again while nothing can be read', async () => {
  const world = declareTables(['sales.orders', 'sales.items']);
  const story = await startStory({ store: 'file://', world });

  await story.play(5, {
    1: () => story.declare({ 'sales/items.json': { ...tableFile(), shcema: {} } }),
    2: async () => {
      await story.declare({ 'sales/items.json': tableFile() });
      story.bigquery.faults.push(denied({}));
    },
    3: () => story.bigquery.faults.splice(0),
  });

  expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
    told: [
      'hour 1: Drift | 1 problem in the expected files (sales/items.json: $.shcema) | (nothing compared)',
      'hour 2: Unchecked | access denied, or deleted: sales | access denied: the list of datasets',
      'hour 3: Resolved | works again (2 hours) | can be checked again dataset sales (1 hour) | can be checked again the list of datasets (1 hour)',
    ],
    troubles: ['InvalidFiles', 'NothingRead'].map(
      (code, index) => `hour ${index + 1}: 500 ${code}, 500 ${code}, 500 ${code}, 500 ${code}`,
    ),
    ...SOUND,
  });
});
