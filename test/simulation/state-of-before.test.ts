import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { denied } from '../../emulators/bigquery.ts';
import { SOUND, type Story, startStory } from './story.ts';
import { declareTables, type World } from './world.ts';

/*
 * `fourteen-hours.json` is the state that the last build of version 1 had written after fourteen hours (commit 4acc5e7),
 * with what came to pass in them: `worldThen`. What is told from then on is, to the letter, what that build went on to tell.
 */

const STATE = 'test/fixtures/state-of-before/fourteen-hours.json';
const FROM = 14;

const waivers = [
  { table: 'sales.payments', kind: 'field-mode', until: '2026-03-20', reason: 'migration 4711' },
  { table: 'crm.visits', kind: 'field-missing', until: '2026-03-03', reason: 'migration 4712' },
];

function policy(severities: Readonly<Record<string, string>>) {
  return { 'drift-policy.json': { waivers, severities } };
}

/** After hour 13, whose messages Slack may or may not have. */
function worldThen(): World {
  const world = declareTables([
    ...['orders', 'items', 'payments', 'returns', 'refunds'].map((table) => `sales.${table}`),
    ...['people', 'visits', 'calls', 'notes'].map((table) => `crm.${table}`),
    ...['ops.jobs', 'ops.alerts', 'web.hits', 'web.pages'],
  ]);
  // Missing since hour 1.
  world.retype('sales.orders', null);
  // Came and went three times, and is gone since hour 6; another value at hours 6, 8 and 9.
  world.drop('sales.refunds');
  world.retype('sales.items', 'BYTES');
  // Waived since hour 5 and from the first; of a kind that was made less than a warning at hour 9.
  world.loosen('sales.payments');
  world.retype('crm.visits', null);
  world.loosen('sales.returns');
  world.retype('crm.calls', null);
  // Gone at hours 12 and 13, which Slack did not accept; nor that ops.jobs was repaired at hour 12.
  world.drop('crm.notes', 'ops.alerts');
  return world;
}

async function startWith(state: string): Promise<{ readonly story: Story; readonly world: World }> {
  const world = worldThen();
  const story = await startStory({ store: 'file://', world, from: FROM });
  await story.declare(policy({ 'field-mode': 'info' }));
  const denials = [denied({ table: 'people' }), denied({ dataset: 'web' })];
  story.bigquery.faults.push(...denials, {
    table: 'orders',
    answer: { status: 403, reason: 'rateLimitExceeded' },
  });
  await mkdir(story.state.path, { recursive: true });
  await writeFile(join(story.state.path, 'state.json.1'), state);
  return { story, world };
}

test('a state of the version before is gone on with: nothing is told twice, and nothing lost', async () => {
  const { story, world } = await startWith(await readFile(STATE, 'utf8'));

  await story.play(46, {
    14: () => world.restore('crm.calls'),
    15: () => world.restore('sales.refunds'),
    16: () => world.drop('sales.refunds'),
    17() {
      world.restore('sales.refunds');
      story.bigquery.faults.splice(0);
    },
    19: () => world.restore('crm.notes', 'ops.alerts'),
    20: () => story.declare(policy({})),
    24: () => world.drop('crm.calls'),
    30: () => world.retype('sales.items', 'NUMERIC'),
    46: () => world.retype('sales.items', 'FLOAT64'),
    48: () => world.restore('crm.calls', 'sales.orders'),
  });

  expect({ told: story.told(), troubles: story.troubles(), ...story.audit() }).toEqual({
    told: [
      'hour 14: Drift | crm.notes: the table is missing (2 hours, 2026-03-02 12:17) | ops.alerts: the table is missing (1 hour, 2026-03-02 13:17)',
      "hour 14: Unchecked | over BigQuery's quota: sales orders",
      'hour 14: Resolved | repaired crm.calls: field amount is missing (4 hours) | repaired ops.jobs: field amount is of another type (2 hours)',
      'hour 17: Resolved | can be checked again crm.people (13 hours) | can be checked again dataset web (10 hours) | can be checked again sales.orders (4 hours)',
      'hour 17: Still open | sales.orders: field amount is missing (16 hours) | repaired sales.refunds: the table is missing (11 hours, 4 times)',
      'hour 18: Still open | crm.notes: the table is missing (6 hours) | ops.alerts: the table is missing (5 hours)',
      'hour 19: Resolved | repaired crm.notes: the table is missing (7 hours) | repaired ops.alerts: the table is missing (6 hours)',
      'hour 20: Drift | sales.returns: field id is of another mode',
      'hour 24: Drift | crm.calls: the table is missing',
      'hour 28: Still open | crm.calls: the table is missing (4 hours)',
      'hour 30: Resolved | repaired sales.items: field amount is of another type (1 day)',
      'hour 33: Still open | sales.orders: field amount is missing (1 day 8 hours)',
      'hour 36: Still open | crm.calls: the table is missing (12 hours)',
      'hour 44: Still open | sales.returns: field id is of another mode (1 day)',
      'hour 46: Drift | sales.items: field amount is of another type',
      'hour 48: Drift | crm.visits: field amount is missing (2026-03-03)',
      'hour 48: Resolved | repaired sales.orders: field amount is missing (1 day 23 hours) | repaired crm.calls: the table is missing (1 day)',
      'hour 52: Still open | crm.visits: field amount is missing (4 hours, 2026-03-03)',
    ],
    troubles: [],
    ...SOUND,
  });
});

test('another attempt at the run that wrote it sends nothing that Slack may have', async () => {
  const { story } = await startWith(await readFile(STATE, 'utf8'));

  const { status } = await story.callAnew(FROM - 1);

  expect({ status, told: story.told() }).toEqual({ status: 500, told: [] });
});

test('what it has is written by the new names, and what is not seen stays as it was', async () => {
  const before = JSON.parse(await readFile(STATE, 'utf8'));
  const { story } = await startWith(JSON.stringify(before));

  await story.play(1);

  let saved: typeof before = null;
  await story.state.damage((text) => {
    saved = JSON.parse(text);
    return text;
  });
  const keysOf = (list: readonly { readonly key: string }[]) => list.map(({ key }) => key);
  expect(saved.version).toBe(2);
  expect(keysOf(saved.findings)).toEqual(keysOf(before.findings));
  expect(keysOf(saved.suppressed)).toEqual(keysOf(before.quiet));
  expect(saved.findings.map((record: typeof before) => record.subject)).toEqual(
    before.findings.map((record: typeof before) => record.about),
  );
  expect(saved.history.slice(0, before.history.length)).toEqual(before.history);
});
