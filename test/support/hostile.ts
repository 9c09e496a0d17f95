import { contractOf, expectedTable } from '../../src/files/expected-table.ts';
import { defaultPolicy } from '../../src/files/policy.ts';
import { DriftError } from '../../src/model/errors.ts';
import type { Expectation } from '../../src/model/expectation.ts';
import type { Policy, Waiver } from '../../src/model/policy.ts';
import type { DeclaredTable } from '../../src/model/table.ts';
import type { SlackPayload } from '../../src/slack/payload.ts';
import {
  alter,
  datasetOf,
  dropColumn,
  memoryStore,
  only,
  type Story,
  startStory,
  unreadable,
} from '../slack/alerts.ts';
import { stating } from './declared.ts';

/** A mention, signs of mrkdwn, a mark that turns text around, a terminal escape. */
export const HOSTILE = 'a&b`<!channel>`|*x*\u202Egnp.exe\n\u001B[31mred';
const LONG = 'long_<!here>_'.repeat(24).slice(0, 300);
const RIGHT_TO_LEFT = 'שלום <!everyone> עולם';
const FENCED = '```\n<!channel>';
const VIEW_QUERY = "SELECT '```' AS `id`, '<!here>' AS who FROM `d.t` WHERE 1 < 2 & 3";
const PROJECT = 'p&`<!here>`';
const DATASET = `d ${HOSTILE}`;

type Json = Record<string, unknown>;

/** No file could declare such names: what may come of them is up to the renderer alone. */
function hostileTables(): Readonly<Record<string, Json>> {
  return {
    [HOSTILE]: {
      type: 'TABLE',
      description: HOSTILE,
      schema: {
        fields: [
          { name: 'id', type: 'STRING' },
          { name: HOSTILE, type: 'STRING' },
          { name: LONG, type: 'NUMERIC' },
        ],
      },
      contract: {
        owner: '<!channel>',
        runbook: 'https://example.com/<!here>|x',
        consumers: { [HOSTILE]: [HOSTILE], [LONG]: [LONG] },
      },
    },
    [RIGHT_TO_LEFT]: { type: 'VIEW', view: { query: VIEW_QUERY } },
    [LONG]: { type: 'TABLE', contract: { owner: '<@U1> <!channel>' } },
  };
}

/** As if files said it. */
function expecting(
  tables: Readonly<Record<string, Json>>,
  waivers: readonly Waiver[] = [],
): () => Promise<Expectation> {
  const policy: Policy = { ...defaultPolicy, waivers };
  const declared = Object.entries(tables).map(
    ([table, file]): DeclaredTable => ({
      table,
      readExpected: stating(expectedTable(file)),
      contract: contractOf(file),
      digest: table,
    }),
  );
  return async () => ({
    datasets: [{ dataset: DATASET, declaredAs: DATASET, tables: declared }],
    policy,
    requiredFields: [],
    warnings: [],
  });
}

function hostileStory(tables: Readonly<Record<string, Json>>, store = memoryStore()): Story {
  const answers = Object.entries(tables).map(
    ([table, file]) => [table, { status: 'found', value: file }] as const,
  );
  return startStory({
    warehouse: new Map([
      [DATASET, { answer: { status: 'found', value: {} }, tables: new Map(answers), isListed: true }],
    ]),
    load: expecting(tables),
    project: PROJECT,
    store,
  });
}

/** An hour in which all is as it should be has gone by. */
async function startHostile(tables = hostileTables()): Promise<Story> {
  const story = hostileStory(tables);
  await story.at(0);
  return story;
}

function damage(story: Story): void {
  dropColumn(story, DATASET, HOSTILE, HOSTILE);
  dropColumn(story, DATASET, HOSTILE, LONG);
  alter(story, DATASET, RIGHT_TO_LEFT, { view: { query: VIEW_QUERY.replace('<!here>', '<!channel>') } });
  datasetOf(story, DATASET).tables.delete(LONG);
}

function repair(story: Story): void {
  for (const [table, file] of Object.entries(hostileTables())) {
    datasetOf(story, DATASET).tables.set(table, { status: 'found', value: file });
  }
}

function deny(story: Story): void {
  for (const table of [HOSTILE, LONG]) {
    datasetOf(story, DATASET).tables.set(table, unreadable('denied', `${HOSTILE} ${LONG}`));
  }
}

const everything: Waiver = {
  table: '*',
  path: null,
  kind: null,
  until: '2027-01-31',
  reason: `${HOSTILE} ${LONG}`,
};

/** Names and texts that would be commands to Slack, in messages of every kind. */
export const HOSTILE_STORIES: Readonly<Record<string, () => Promise<SlackPayload>>> = {
  async 'hostile-opened'() {
    const story = await startHostile();
    damage(story);
    return only(await story.at(1));
  },

  async 'hostile-changed'() {
    const story = await startHostile();
    damage(story);
    await story.at(1);
    alter(story, DATASET, RIGHT_TO_LEFT, { view: { query: `SELECT '''${HOSTILE}'''` } });
    return only(await story.at(2));
  },

  async 'hostile-reminder'() {
    const story = await startHostile();
    damage(story);
    await story.at(1);
    return only(await story.at(5));
  },

  async 'hostile-waived'() {
    const story = await startHostile();
    damage(story);
    await story.at(1);
    story.loadExpectation = expecting(hostileTables(), [everything]);
    return only(await story.at(2));
  },

  async 'hostile-resolved'() {
    const story = await startHostile();
    damage(story);
    await story.at(1);
    repair(story);
    const { [RIGHT_TO_LEFT]: _none, ...others } = hostileTables();
    story.loadExpectation = expecting(others);
    return only(await story.at(2));
  },

  async 'hostile-unchecked'() {
    const story = await startHostile();
    story.account = 'monitor <!channel>';
    deny(story);
    return only(await story.at(1));
  },

  async 'hostile-readable-again'() {
    const story = await startHostile();
    deny(story);
    await story.at(1);
    repair(story);
    return only(await story.at(2));
  },

  async 'hostile-mass-loss'() {
    const names = [HOSTILE, LONG, RIGHT_TO_LEFT, FENCED, '<@U1>', '*_~'];
    const owners = ['<!here>', '<@U012AB3CD>', HOSTILE, LONG, FENCED, '<!subteam^S1>'];
    const tables = names.map((name, index) => [
      name,
      { type: 'TABLE', contract: { owner: owners[index], consumers: { [HOSTILE]: ['id'] } } },
    ]);
    const story = await startHostile(Object.fromEntries(tables));
    datasetOf(story, DATASET).tables.clear();
    return only(await story.at(1));
  },

  async 'hostile-failed'() {
    const story = await startHostile();
    story.loadExpectation = failing;
    return only(await story.at(1));
  },

  async 'hostile-failed-reminder'() {
    const story = await startHostile();
    story.loadExpectation = failing;
    await story.at(1);
    return only(await story.at(5));
  },

  async 'hostile-state'() {
    const state = '<!channel> & `x` ```';
    const story = hostileStory(hostileTables(), memoryStore({ 'state.json': state }));
    return only(await story.at(0));
  },
};

async function failing(): Promise<never> {
  throw new DriftError('InvalidFiles', `${HOSTILE}\n${FENCED}\n${RIGHT_TO_LEFT} ${LONG}`);
}
