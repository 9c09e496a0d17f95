import { DriftError } from '../../src/model/errors.ts';
import type { SlackPayload } from '../../src/slack/payload.ts';
import {
  alter,
  DAY_MS,
  datasetOf,
  deniedTo,
  dropColumn,
  memoryStore,
  only,
  reading,
  retype,
  SHOP,
  type Story,
  startShop,
  startStory,
  unreadable,
  warehouseOf,
} from '../slack/alerts.ts';
import { HOSTILE_STORIES } from './hostile.ts';

const AMOUNT = { dataset: 'commerce', table: 'payments', column: 'amount' };

/** Half of what can differ, in some tables. */
function makeMuchDiffer(story: Story): void {
  dropColumn(story, 'commerce', 'payments', 'amount');
  retype(story, { dataset: 'commerce', table: 'payments', column: 'currency' }, 'INT64');
  alter(story, 'commerce', 'raffle_tickets', { timePartitioning: undefined });
  alter(story, 'customer_memory', 'customer_profiles', {
    timePartitioning: { type: 'DAY', field: 'created_at', expirationMs: String(30 * DAY_MS) },
  });
  datasetOf(story, 'analytics').answer = { status: 'found', value: { location: 'EU' } };
  alter(story, 'analytics', 'daily_revenue', {
    view: { query: 'SELECT created_at, SUM(amount) AS revenue FROM commerce.orders GROUP BY 1' },
  });
  datasetOf(story, 'commerce').tables.set('tmp_import', { status: 'found', value: { type: 'TABLE' } });
}

function withPolicy(policy: unknown): typeof SHOP {
  return { ...SHOP, 'drift-policy.json': policy };
}

/** Every table of commerce but one is gone. */
function dropMost(story: Story): void {
  const { tables } = datasetOf(story, 'commerce');
  for (const table of [...tables.keys()]) if (table !== 'stores') tables.delete(table);
}

const MANY_FILES = Object.fromEntries(
  ['commerce', 'customer_memory', 'analytics', 'warehouse'].flatMap((dataset) =>
    Array.from({ length: 25 }, (_, index) => [
      `${dataset}/table_of_region_${String(index).padStart(2, '0')}.json`,
      {
        type: 'TABLE',
        schema: {
          fields: [
            { name: 'id', type: 'STRING' },
            { name: 'amount', type: 'NUMERIC' },
          ],
        },
        clustering: { fields: ['id'] },
      },
    ]),
  ),
);

/** Each message of on-call's life, from the run that sends it. */
export const STORIES: Readonly<Record<string, () => Promise<SlackPayload>>> = {
  ...HOSTILE_STORIES,

  async opened() {
    const story = await startShop();
    dropColumn(story, 'commerce', 'payments', 'amount');
    return only(await story.at(1));
  },

  async 'opened-many'() {
    const story = await startShop();
    makeMuchDiffer(story);
    return only(await story.at(1));
  },

  /** The table is there again, without columns. */
  async 'opened-recreated-empty'() {
    const story = await startShop();
    alter(story, 'commerce', 'products', { schema: { fields: [] } });
    return only(await story.at(1));
  },

  /** Slack was down when it opened, and when it opened for the first time. */
  async 'opened-late'() {
    const story = await startShop();
    const { tables } = datasetOf(story, 'commerce');
    const intact = tables.get('payments');
    story.isSlackDown = true;
    dropColumn(story, 'commerce', 'payments', 'amount');
    await story.at(1);
    if (intact !== undefined) tables.set('payments', intact);
    await story.at(2);
    dropColumn(story, 'commerce', 'payments', 'amount');
    await story.at(3);
    story.isSlackDown = false;
    return only(await story.at(4));
  },

  async changed() {
    const story = await startShop();
    retype(story, AMOUNT, 'INT64');
    await story.at(1);
    retype(story, AMOUNT, 'STRING');
    return only(await story.at(2));
  },

  /** There is no text for what was absent. */
  async 'changed-from-absent'() {
    const story = await startShop();
    alter(story, 'commerce', 'payments', { clustering: undefined });
    await story.at(1);
    alter(story, 'commerce', 'payments', { clustering: { fields: ['id'] } });
    return only(await story.at(2));
  },

  async 'changed-duration'() {
    const story = await startShop();
    const expiring = (days: number) =>
      alter(story, 'customer_memory', 'customer_profiles', {
        timePartitioning: { type: 'DAY', field: 'created_at', expirationMs: String(days * DAY_MS) },
      });
    expiring(30);
    await story.at(1);
    expiring(7);
    return only(await story.at(2));
  },

  async escalated() {
    const story = await startShop();
    retype(story, { dataset: 'commerce', table: 'orders', column: 'customer_id' }, 'INT64');
    await story.at(1);
    const orders = structuredClone(SHOP['commerce/orders.json']) as {
      contract: { criticalFields: string[] };
    };
    orders.contract.criticalFields.push('customer_id');
    story.loadExpectation = reading({ ...SHOP, 'commerce/orders.json': orders });
    return only(await story.at(2));
  },

  async reminder() {
    const story = await startShop();
    dropColumn(story, 'commerce', 'payments', 'amount');
    alter(story, 'commerce', 'raffle_tickets', { timePartitioning: undefined });
    await story.at(1);
    return only(await story.at(5));
  },

  async 'reminder-of-unchecked'() {
    const story = await startShop();
    const { tables } = datasetOf(story, 'analytics');
    tables.set('lightspeed_products', deniedTo('analytics', 'lightspeed_products'));
    await story.at(1);
    return only(await story.at(25));
  },

  /** For days, and with all that a digest may hold. */
  async 'reminder-of-all'() {
    const story = await startShop();
    dropColumn(story, 'commerce', 'payments', 'amount');
    retype(story, { dataset: 'commerce', table: 'orders', column: 'customer_id' }, 'INT64');
    datasetOf(story, 'analytics').tables.set(
      'lightspeed_products',
      deniedTo('analytics', 'lightspeed_products'),
    );
    await story.at(1);
    await story.at(5);
    await story.at(13);
    await flap(story, 'products', 14);
    const clustered = (columns: string[]) =>
      alter(story, 'commerce', 'payments', { clustering: { fields: columns } });
    clustered(['id']);
    await story.at(24);
    const waiver = {
      table: 'commerce.payments',
      kind: 'clustering',
      until: '2027-01-31',
      reason: 'clustered by id during migration 4711',
    };
    story.loadExpectation = reading(withPolicy({ waivers: [waiver] }));
    return only(await story.at(37));
  },

  /** Opened for the third time within a day. */
  async 'flapping-open'() {
    const story = await startShop();
    await flap(story, 'products', 1);
    dropColumn(story, 'commerce', 'products', 'price');
    return only(await story.at(10));
  },

  async 'flapping-closed'() {
    const story = await startShop();
    await flap(story, 'products', 1);
    return only(await story.at(10));
  },

  /** Always there, and never the same. */
  async 'flapping-changes'() {
    const story = await startShop();
    for (const [index, type] of ['INT64', 'STRING', 'INT64', 'STRING', 'BOOL'].entries()) {
      retype(story, AMOUNT, type);
      await story.at(1 + index);
    }
    return only(await story.at(7));
  },

  async waived() {
    const story = await startShop();
    retype(story, { dataset: 'commerce', table: 'orders', column: 'customer_id' }, 'INT64');
    alter(story, 'commerce', 'payments', { clustering: undefined });
    await story.at(1);
    const waivers = [
      { table: 'commerce.orders', path: 'customer_id', until: '2027-01-31', reason: 'migration 4711' },
      { table: 'commerce.payments', kind: 'clustering', until: '2026-12-31', reason: 'rebuilt at new year' },
    ];
    story.loadExpectation = reading(withPolicy({ waivers }));
    return only(await story.at(2));
  },

  /** What a waiver hid is drift again on the day after its last. */
  async 'waiver-lapsed'() {
    const waivers = [{ table: 'commerce.orders', until: '2026-11-22', reason: 'migration 4711' }];
    const files = withPolicy({ waivers });
    const story = await startShop(files);
    retype(story, { dataset: 'commerce', table: 'orders', column: 'customer_id' }, 'INT64');
    await story.at(1);
    return only(await story.at(21));
  },

  async resolved() {
    const story = await startShop();
    dropColumn(story, 'commerce', 'payments', 'amount');
    await story.at(1);
    const repaired = warehouseOf(SHOP).get('commerce')?.tables.get('payments');
    if (repaired !== undefined) datasetOf(story, 'commerce').tables.set('payments', repaired);
    return only(await story.at(3.5));
  },

  async 'resolved-no-longer-expected'() {
    const story = await startShop();
    alter(story, 'commerce', 'raffle_tickets', { timePartitioning: undefined });
    retype(story, { dataset: 'commerce', table: 'orders', column: 'customer_id' }, 'INT64');
    datasetOf(story, 'analytics').tables.set(
      'lightspeed_products',
      deniedTo('analytics', 'lightspeed_products'),
    );
    await story.at(1);
    const {
      'commerce/raffle_tickets.json': _raffle,
      'analytics/lightspeed_products.json': _products,
      ...others
    } = SHOP;
    const text = JSON.stringify(SHOP['commerce/orders.json']).replace(
      '"name":"customer_id","type":"STRING"',
      '"name":"customer_id","type":"INT64"',
    );
    story.loadExpectation = reading({ ...others, 'commerce/orders.json': JSON.parse(text) });
    return only(await story.at(2));
  },

  /** Slack refused the message until all was repaired. */
  async 'resolved-before-told'() {
    const story = await startShop();
    story.isSlackDown = true;
    dropColumn(story, 'commerce', 'payments', 'amount');
    await story.at(1);
    const repaired = warehouseOf(SHOP).get('commerce')?.tables.get('payments');
    if (repaired !== undefined) datasetOf(story, 'commerce').tables.set('payments', repaired);
    await story.at(3);
    story.isSlackDown = false;
    return only(await story.at(4));
  },

  async 'resolved-readable-again'() {
    const story = await startShop();
    const analytics = datasetOf(story, 'analytics');
    const intact = [...analytics.tables];
    const { answer } = analytics;
    analytics.answer = deniedTo('analytics', null);
    for (const table of analytics.tables.keys()) analytics.tables.set(table, deniedTo('analytics', table));
    const memory = datasetOf(story, 'customer_memory').tables;
    const profiles = memory.get('customer_profiles');
    memory.set('customer_profiles', deniedTo('customer_memory', 'customer_profiles'));
    await story.at(1);
    analytics.answer = answer;
    for (const [table, read] of intact) analytics.tables.set(table, read);
    if (profiles !== undefined) memory.set('customer_profiles', profiles);
    return only(await story.at(4));
  },

  async 'resolved-check-works-again'() {
    const story = await startShop();
    story.loadExpectation = reading(INVALID_FILES);
    await story.at(1);
    story.loadExpectation = reading(SHOP);
    return only(await story.at(3));
  },

  async 'resolved-all'() {
    const story = await startShop();
    makeMuchDiffer(story);
    const { tables } = datasetOf(story, 'analytics');
    tables.set('lightspeed_products', deniedTo('analytics', 'lightspeed_products'));
    await story.at(1);
    const intact = warehouseOf(SHOP);
    for (const [dataset, played] of intact) {
      datasetOf(story, dataset).answer = played.answer;
      for (const [table, read] of played.tables) datasetOf(story, dataset).tables.set(table, read);
    }
    return only(await story.at(28));
  },

  /** Access is lost, after the runs before could read all of it. */
  async 'unchecked-lost-access'() {
    const story = await startShop();
    const { tables } = datasetOf(story, 'analytics');
    for (const table of ['lightspeed_products', 'lightspeed_transactions']) {
      tables.set(table, deniedTo('analytics', table));
    }
    return only(await story.at(1));
  },

  async 'unchecked-lost-dataset'() {
    const story = await startShop();
    story.account = null;
    const analytics = datasetOf(story, 'analytics');
    analytics.answer = deniedTo('analytics', null);
    analytics.isListed = false;
    for (const table of analytics.tables.keys()) analytics.tables.set(table, deniedTo('analytics', table));
    return only(await story.at(1));
  },

  /** Never readable, for as many runs as policy asks for. */
  async 'unchecked-causes'() {
    const story = startStory({ warehouse: warehouseOf(SHOP), load: reading(SHOP) });
    const { tables } = datasetOf(story, 'analytics');
    tables.set('lightspeed_products', deniedTo('analytics', 'lightspeed_products'));
    tables.set('lightspeed_transactions', deniedTo('analytics', 'lightspeed_transactions'));
    const commerce = datasetOf(story, 'commerce').tables;
    const throttled = unreadable('throttled', 'tables.get: HTTP 403 rateLimitExceeded: Exceeded rate limits');
    for (const table of ['orders', 'payments', 'products']) commerce.set(table, throttled);
    commerce.set('stores', unreadable('malformed', 'tables.get: the answer is no JSON: <html>Login</html>'));
    const memory = datasetOf(story, 'customer_memory').tables;
    memory.set('interactions', unreadable('unavailable', 'tables.get: HTTP 503 backendError'));
    memory.set('customer_profiles', unreadable('out-of-time', 'the run ended before it was read'));
    datasetOf(story, 'analytics').isListed = false;
    await story.at(0);
    return only(await story.at(1));
  },

  async blind() {
    const story = await startShop();
    makeBlind(story);
    return only(await story.at(1));
  },

  async 'blind-first'() {
    const story = startStory({ warehouse: warehouseOf(SHOP), load: reading(SHOP) });
    makeBlind(story);
    return only(await story.at(0));
  },

  /** One cause for all. */
  async 'blind-no-project'() {
    const story = startStory({ warehouse: new Map(), load: reading(SHOP) });
    story.hasProject = false;
    return only(await story.at(0));
  },

  async 'first-check'() {
    const story = startStory({ warehouse: warehouseOf(SHOP), load: reading(SHOP) });
    makeMuchDiffer(story);
    return only(await story.at(0));
  },

  async 'no-state'() {
    const story = startStory({ warehouse: warehouseOf(SHOP), load: reading(SHOP), store: null });
    dropColumn(story, 'commerce', 'payments', 'amount');
    return only(await story.at(0));
  },

  async 'no-state-unchecked'() {
    const story = startStory({ warehouse: warehouseOf(SHOP), load: reading(SHOP), store: null });
    const { tables } = datasetOf(story, 'analytics');
    tables.set('lightspeed_products', deniedTo('analytics', 'lightspeed_products'));
    return only(await story.at(0));
  },

  async 'state-set-aside'() {
    const store = memoryStore({ 'state.json': '{ "version": 1, "project": ' });
    const story = startStory({ warehouse: warehouseOf(SHOP), load: reading(SHOP), store });
    dropColumn(story, 'commerce', 'payments', 'amount');
    return only(await story.at(0));
  },

  /** All is in sync, and yet there is something to say. */
  async 'state-set-aside-alone'() {
    const store = memoryStore({ 'state.json': '{ "version": 99 }' });
    const story = startStory({ warehouse: warehouseOf(SHOP), load: reading(SHOP), store });
    return only(await story.at(0));
  },

  async 'state-unavailable'() {
    const store = memoryStore();
    const story = startStory({
      warehouse: warehouseOf(SHOP),
      load: reading(SHOP),
      store: {
        ...store,
        async read() {
          throw new DriftError('StateUnavailable', `the state in ${store.uri} cannot be read: HTTP 403`);
        },
      },
    });
    dropColumn(story, 'commerce', 'payments', 'amount');
    return only(await story.at(0));
  },

  /** A hundred tables, each with something else. */
  async 'opened-flood'() {
    const story = await startShop(MANY_FILES);
    for (const [index, [dataset, { tables }]] of [...story.warehouse].entries()) {
      for (const [number, table] of [...tables.keys()].entries()) {
        if (number % 3 === 0 && index > 0) tables.delete(table);
        else if (number % 3 === 1) dropColumn(story, dataset, table, 'amount');
        else alter(story, dataset, table, { clustering: undefined });
      }
    }
    return only(await story.at(1));
  },

  async 'reminder-flood'() {
    const story = await startShop(MANY_FILES);
    for (const [dataset, { tables }] of story.warehouse) {
      for (const table of tables.keys()) dropColumn(story, dataset, table, 'amount');
    }
    await story.at(1);
    return only(await story.at(5));
  },

  async 'resolved-flood'() {
    const story = await startShop(MANY_FILES);
    for (const [dataset, { tables }] of story.warehouse) {
      for (const table of tables.keys()) dropColumn(story, dataset, table, 'amount');
    }
    await story.at(1);
    for (const [dataset, played] of warehouseOf(MANY_FILES)) {
      for (const [table, read] of played.tables) datasetOf(story, dataset).tables.set(table, read);
    }
    return only(await story.at(2));
  },

  async 'mass-loss'() {
    const story = await startShop();
    dropMost(story);
    return only(await story.at(1));
  },

  async 'mass-loss-and-more'() {
    const story = await startShop();
    makeMuchDiffer(story);
    dropMost(story);
    datasetOf(story, 'customer_memory').tables.delete('interactions');
    return only(await story.at(1));
  },

  /** There was no run before. */
  async 'mass-loss-first'() {
    const story = startStory({ warehouse: warehouseOf(SHOP), load: reading(SHOP) });
    dropMost(story);
    return only(await story.at(0));
  },

  /** Slack was down when they went. */
  async 'mass-loss-late'() {
    const story = await startShop();
    story.isSlackDown = true;
    dropMost(story);
    await story.at(1);
    await story.at(2);
    story.isSlackDown = false;
    return only(await story.at(3));
  },

  async 'mass-loss-resolved'() {
    const story = await startShop();
    dropMost(story);
    await story.at(1);
    for (const [table, read] of warehouseOf(SHOP).get('commerce')?.tables ?? []) {
      datasetOf(story, 'commerce').tables.set(table, read);
    }
    return only(await story.at(2));
  },

  /** The tables that are gone are told of one by one from then on. */
  async 'mass-loss-reminder'() {
    const story = await startShop();
    dropMost(story);
    await story.at(1);
    return only(await story.at(5));
  },

  /** Whatever is lost, or is being deleted: each says until when it can be restored. */
  async recovery() {
    const story = await startShop();
    loseAllKinds(story);
    return only(await story.at(1));
  },

  /** Nobody has done anything for days. */
  async 'recovery-past'() {
    const story = await startShop();
    loseAllKinds(story);
    await story.at(1);
    for (const hour of [5, 13, 29, 53, 77, 101, 125, 149]) await story.at(hour);
    return only(await story.at(173));
  },

  /** Access came and went; when the digest is due all is well. */
  async 'flapping-closed-unchecked'() {
    const story = await startShop();
    const { tables } = datasetOf(story, 'analytics');
    const intact = tables.get('lightspeed_products');
    for (const hour of [2, 4, 6]) {
      tables.set('lightspeed_products', deniedTo('analytics', 'lightspeed_products'));
      await story.at(hour);
      if (intact !== undefined) tables.set('lightspeed_products', intact);
      await story.at(hour + 1);
    }
    return only(await story.at(29));
  },

  /** The same of files that were invalid three times within a day. */
  async 'flapping-closed-failure'() {
    const story = await startShop();
    for (const hour of [1, 3, 5]) {
      story.loadExpectation = reading(INVALID_FILES);
      await story.at(hour);
      story.loadExpectation = reading(SHOP);
      await story.at(hour + 1);
    }
    return only(await story.at(8));
  },

  /** It was told as missing before; then it could not be read, and now it is known to be missing still. */
  async 'resolved-known-to-be-missing'() {
    const never = { alerts: { remindAfter: { critical: null } } };
    const story = await startShop(withPolicy(never));
    const { tables } = datasetOf(story, 'commerce');
    tables.delete('products');
    await story.at(1);
    tables.set('products', deniedTo('commerce', 'products'));
    await story.at(2);
    await story.at(3);
    tables.delete('products');
    return only(await story.at(4));
  },

  /** More than are told one by one. */
  async 'resolved-many-readable'() {
    const story = await startShop();
    const { tables } = datasetOf(story, 'commerce');
    const intact = new Map(tables);
    for (const table of intact.keys()) tables.set(table, deniedTo('commerce', table));
    await story.at(1);
    for (const [table, read] of intact) tables.set(table, read);
    return only(await story.at(3));
  },

  /** A table and its columns, and another thing of it: what is repaired by which statement is named. */
  async 'opened-many-of-one-table'() {
    const story = await startShop();
    for (const column of ['name', 'price', 'category']) {
      retype(story, { dataset: 'commerce', table: 'products', column }, 'INT64');
    }
    for (const column of ['id', 'customer_id', 'profile']) {
      dropColumn(story, 'customer_memory', 'customer_profiles', column);
    }
    alter(story, 'customer_memory', 'customer_profiles', {
      timePartitioning: { type: 'DAY', field: 'created_at', expirationMs: String(30 * DAY_MS) },
    });
    return only(await story.at(1));
  },

  /** So many of one kind in one table that one line stands for them. */
  async 'reminder-folded'() {
    const columns = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => ({ name, type: 'STRING' }));
    const files = { ...SHOP, 'commerce/wide.json': { type: 'TABLE', schema: { fields: columns } } };
    const story = await startShop(files);
    for (const { name } of columns)
      retype(story, { dataset: 'commerce', table: 'wide', column: name }, 'INT64');
    await story.at(1);
    return only(await story.at(25));
  },

  /** Two tables expire: one before its contract allows it, one that should stay. */
  async 'recovery-before-it-is-deleted'() {
    const files = {
      ...SHOP,
      'customer_memory/interactions.json': {
        ...(SHOP['customer_memory/interactions.json'] as object),
        expirationTime: null,
      },
    };
    const story = await startShop(files);
    const createdAt = Date.parse('2026-11-20T00:00:00Z');
    alter(story, 'commerce', 'orders', {
      creationTime: String(createdAt),
      expirationTime: String(createdAt + 30 * DAY_MS),
    });
    alter(story, 'customer_memory', 'interactions', {
      creationTime: String(createdAt),
      expirationTime: String(createdAt + 3 * DAY_MS),
    });
    return only(await story.at(1));
  },

  /** A deployment has dropped the same column everywhere. */
  async 'recovery-shared'() {
    const story = await startShop();
    for (const table of ['customers', 'order_items', 'orders', 'payments', 'products', 'refunds']) {
      dropColumn(story, 'commerce', table, 'created_at');
    }
    return only(await story.at(1));
  },

  /** The dataset itself cannot be read, so that its window is not known: it is at least two days. */
  async 'recovery-window-unknown'() {
    const story = startStory({ warehouse: warehouseOf(SHOP), load: reading(SHOP) });
    datasetOf(story, 'customer_memory').answer = deniedTo('customer_memory', null);
    await story.at(0);
    await story.at(1);
    dropColumn(story, 'customer_memory', 'interactions', 'channel');
    return only(await story.at(2));
  },

  async failed() {
    const story = await startShop();
    story.loadExpectation = reading(INVALID_FILES);
    return only(await story.at(1));
  },

  async 'failed-reminder'() {
    const story = await startShop();
    story.loadExpectation = reading(INVALID_FILES);
    await story.at(1);
    return only(await story.at(5));
  },

  /** Other files are wrong now. */
  async 'failed-otherwise'() {
    const story = await startShop();
    story.loadExpectation = reading(INVALID_FILES);
    await story.at(1);
    story.loadExpectation = reading({ ...SHOP, 'commerce/stores.json': '{' });
    return only(await story.at(2));
  },
};

const INVALID_FILES = {
  ...SHOP,
  'commerce/stores.json': { type: 'TABLE', shema: { fields: [] } },
  'commerce/refunds.json': { type: 'TABLE', schema: { fields: [{ name: '_partition_date', type: 'DATE' }] } },
};

function makeBlind({ warehouse }: Story): void {
  for (const [dataset, played] of warehouse) {
    played.answer = deniedTo(dataset, null);
    played.isListed = false;
    for (const table of played.tables.keys()) played.tables.set(table, deniedTo(dataset, table));
  }
}

/** A column that goes and comes back again and again, every half hour. */
async function flap(story: Story, table: string, hour: number): Promise<void> {
  const { tables } = datasetOf(story, 'commerce');
  const intact = tables.get(table);
  for (const turn of [0, 1, 2]) {
    dropColumn(story, 'commerce', table, 'price');
    await story.at(hour + turn);
    if (intact !== undefined) tables.set(table, intact);
    await story.at(hour + turn + 0.5);
  }
}

/** One of each that has a clock, and one of some that have none. */
function loseAllKinds(story: Story): void {
  story.warehouse.delete('analytics');
  const commerce = datasetOf(story, 'commerce').tables;
  commerce.delete('orders');
  dropColumn(story, 'commerce', 'payments', 'amount');
  alter(story, 'commerce', 'raffle_tickets', {
    timePartitioning: { type: 'DAY', field: 'created_at', expirationMs: String(2 * DAY_MS) },
  });
  alter(story, 'customer_memory', 'customer_profiles', {
    timePartitioning: { type: 'DAY', field: 'created_at', expirationMs: String(30 * DAY_MS) },
  });
  alter(story, 'commerce', 'stores', { clustering: { fields: ['id'] } });
  retype(story, { dataset: 'commerce', table: 'refunds', column: 'reason' }, 'INT64');
}
