import { playedClock } from '../../emulators/clock.ts';
import { loadExpectation } from '../../src/adapters/folders/expected-files.ts';
import { createReportStore } from '../../src/adapters/storage/report-store.ts';
import { createDeadline } from '../../src/app/deadline.ts';
import { runHourly } from '../../src/app/hourly/hourly.ts';
import { DriftError } from '../../src/model/errors.ts';
import type { Expectation } from '../../src/model/expectation.ts';
import type {
  ObjectStore,
  Read,
  Resource,
  StoredObject,
  Unreadable,
  Warehouse,
} from '../../src/model/ports.ts';
import { createSlackChannel } from '../../src/slack/channel.ts';
import type { SlackPayload } from '../../src/slack/payload.ts';
import { type Files, writeFolder } from '../support/folder.ts';

/*
 * Messages as the hourly run sends them: each is the last of a few hours that are played with the real run, over a
 * warehouse and a state in memory.
 */

export const PROJECT = 'livhana-production';
const ACCOUNT = `drift-monitor@${PROJECT}.iam.gserviceaccount.com`;
const START = '2026-11-22T03:17:00.000Z';
const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Pages beside the state, which nobody reads here. */
const REPORTS = createReportStore({
  store: {
    uri: 'gs://livhana-drift-state/production',
    publish: async () => {},
    list: async () => [],
    remove: async () => {},
  },
  place: { in: 'bucket', bucket: 'livhana-drift-state', prefix: 'production' },
  link: 'browser',
  partition: null,
});

type Json = Record<string, unknown>;

interface PlayedDataset {
  /** What it answers itself. */
  answer: Read<Resource>;
  readonly tables: Map<string, Read<Resource>>;
  /** Whether its tables may be listed. */
  isListed: boolean;
}

type PlayedWarehouse = Map<string, PlayedDataset>;

export interface Story {
  readonly warehouse: PlayedWarehouse;
  /** How the files are read from the next run on. */
  loadExpectation: () => Promise<Expectation>;
  /** Whether Slack refuses whatever it is sent. */
  isSlackDown: boolean;
  /** false: BigQuery knows no such project. */
  hasProject: boolean;
  account: string | null;
  /** The run of that hour, counted from the first moment; the messages it sent. */
  at(hour: number): Promise<readonly SlackPayload[]>;
}

export function startStory({
  warehouse,
  load,
  project = PROJECT,
  store = memoryStore(),
}: {
  readonly warehouse: PlayedWarehouse;
  readonly load: () => Promise<Expectation>;
  readonly project?: string;
  /** null: nothing is remembered. */
  readonly store?: ObjectStore | null;
}): Story {
  const clock = playedClock(START);
  const sent: SlackPayload[] = [];
  const story: Story = {
    warehouse,
    loadExpectation: load,
    isSlackDown: false,
    hasProject: true,
    account: ACCOUNT,
    async at(hour) {
      const now = new Date(Date.parse(START) + hour * HOUR_MS);
      clock.advance(now.getTime() - clock.now().getTime());
      sent.length = 0;
      await runHourly({
        loadExpectation: () => story.loadExpectation(),
        openWarehouse: () => readable(story),
        partition: null,
        deadline: createDeadline({ clock, ms: 540_000 }),
        metrics: { write: async () => {} },
        channel: createSlackChannel({
          async send(payload) {
            if (story.isSlackDown)
              return { status: 'refused', error: new DriftError('SinkRejected', 'down') };
            sent.push(payload);
            return { status: 'sent' };
          },
        }),
        store,
        reports: store === null ? null : REPORTS,
        account: async () => story.account,
        throttle: { shouldNotify: () => true, recordDelivery: () => {}, reset: () => {} },
        project,
        clock,
        log: () => {},
        // A second read would find the same.
        confirmMs: 0,
        now,
      });
      return [...sent];
    },
  };
  return story;
}

function readable({ warehouse, hasProject }: Story): Warehouse {
  const noDataset = absent('datasets.get');
  return {
    listDatasets: async () =>
      hasProject
        ? found({ datasets: [...warehouse.keys()], unreachable: [] })
        : { status: 'absent', detail: 'datasets.list: HTTP 404 notFound: Not found: Project' },
    getDataset: async (dataset) => warehouse.get(dataset)?.answer ?? noDataset,
    async listTables(dataset) {
      const { tables, isListed } = warehouse.get(dataset) ?? { tables: new Map(), isListed: false };
      if (!isListed) return deniedTo(dataset, null, 'tables.list');
      const listed = [...tables].filter(([, read]) => read.status === 'found');
      return found(listed.map(([table]) => ({ table, type: 'TABLE' })));
    },
    getTable: async ({ dataset, table }) => warehouse.get(dataset)?.tables.get(table) ?? absent('tables.get'),
  };
}

function found<T>(value: T): Read<T> {
  return { status: 'found', value };
}

function absent(method: string): Read<never> {
  return { status: 'absent', detail: `${method}: HTTP 404 notFound: Not found` };
}

/** As BigQuery words it. */
export function deniedTo(
  dataset: string,
  table: string | null,
  method = table === null ? 'datasets.get' : 'tables.get',
): Unreadable {
  const [thing, name] =
    table === null ? ['Dataset', `${PROJECT}:${dataset}`] : ['Table', `${PROJECT}:${dataset}.${table}`];
  const lacking = `Permission bigquery.${method} denied on ${thing.toLowerCase()} ${name}`;
  return unreadable(
    'denied',
    `${method}: HTTP 403 accessDenied: Access Denied: ${thing} ${name}: ${lacking} (or it may not exist).`,
  );
}

export function unreadable(reason: Unreadable['reason'], detail: string): Unreadable {
  return { status: 'unreadable', reason, detail };
}

/** Texts with generations, as a bucket keeps them. */
export function memoryStore(texts: Readonly<Record<string, string>> = {}): ObjectStore {
  const objects = new Map<string, StoredObject>(
    Object.entries(texts).map(([name, text]) => [name, { text, generation: '1' }]),
  );
  return {
    uri: 'gs://livhana-drift-state/production',
    read: async (name) => objects.get(name) ?? null,
    async write(name, text, generation) {
      const before = objects.get(name)?.generation ?? null;
      if (before !== generation) return null;
      const next = String(Number(before ?? 0) + 1);
      objects.set(name, { text, generation: next });
      return next;
    },
  };
}

const PAYMENTS = { owner: '<!subteam^S0PAYMENTS>', runbook: 'https://wiki.example.com/runbooks/payments' };
const id = { name: 'id', type: 'STRING', mode: 'REQUIRED' };
const createdAt = { name: 'created_at', type: 'TIMESTAMP' };
const byDay = { type: 'DAY', field: 'created_at', expirationMs: null };

/** A table whose fields nobody looks at in particular. */
function plainTable(...names: readonly string[]): Json {
  const fields = [id, ...names.map((name) => ({ name, type: 'STRING' })), createdAt];
  return { type: 'TABLE', schema: { fields } };
}

/** The expected files of a shop: three datasets, fourteen tables. */
export const SHOP: Files = {
  'commerce.json': { location: 'US', defaultTableExpirationMs: null },
  'commerce/customers.json': plainTable('email', 'city'),
  'commerce/order_items.json': plainTable('order_id', 'product_id'),
  'commerce/orders.json': {
    type: 'TABLE',
    schema: {
      fields: [id, { name: 'customer_id', type: 'STRING' }, { name: 'amount', type: 'NUMERIC' }, createdAt],
    },
    timePartitioning: byDay,
    contract: {
      ...PAYMENTS,
      retention: 'P7Y',
      criticalFields: ['id'],
      consumers: { 'integration-service': ['id', 'amount'] },
    },
  },
  'commerce/payments.json': {
    type: 'TABLE',
    schema: {
      fields: [id, { name: 'amount', type: 'NUMERIC' }, { name: 'currency', type: 'STRING' }, createdAt],
    },
    timePartitioning: byDay,
    clustering: { fields: ['currency'] },
    contract: { ...PAYMENTS, consumers: { 'integration-service': ['id', 'amount'] } },
  },
  'commerce/products.json': plainTable('name', 'price', 'category'),
  'commerce/raffle_tickets.json': { ...plainTable('raffle_id'), timePartitioning: byDay },
  'commerce/refunds.json': plainTable('payment_id', 'reason'),
  'commerce/shipments.json': plainTable('order_id', 'carrier'),
  'commerce/stores.json': plainTable('name', 'city'),
  'customer_memory.json': { maxTimeTravelHours: '96' },
  'customer_memory/interactions.json': { ...plainTable('customer_id', 'channel'), timePartitioning: byDay },
  'customer_memory/customer_profiles.json': {
    ...plainTable('customer_id', 'profile'),
    timePartitioning: byDay,
    contract: {
      owner: 'data team <data@example.com>',
      retention: 'P2Y',
      consumers: { 'reasoning-gateway': ['customer_id'], compliance: ['customer_id'] },
    },
  },
  'analytics.json': { location: 'US' },
  'analytics/daily_revenue.json': {
    type: 'VIEW',
    view: { query: 'SELECT created_at, SUM(amount) AS amount FROM commerce.orders GROUP BY 1' },
  },
  'analytics/lightspeed_products.json': plainTable('name'),
  'analytics/lightspeed_transactions.json': plainTable('product_id'),
};

/** The warehouse that the files describe. */
export function warehouseOf(files: Files): PlayedWarehouse {
  const warehouse: PlayedWarehouse = new Map();
  for (const [path, content] of Object.entries(files)) {
    const [dataset = '', table] = path.replace(/\.json$/, '').split('/');
    if (dataset === 'drift-policy') continue;
    const { contract: _none, ...resource } = structuredClone(content) as Json;
    const played = warehouse.get(dataset) ?? { answer: found({}), tables: new Map(), isListed: true };
    if (table === undefined) played.answer = found(resource);
    else played.tables.set(table, found(resource));
    warehouse.set(dataset, played);
  }
  return warehouse;
}

/** The files as they are read from a folder. */
export function reading(files: Files, project = PROJECT): () => Promise<Expectation> {
  return async () => loadExpectation({ folder: await writeFolder(files), project });
}

/** An hour in which all is as the files say has gone by. */
export async function startShop(files: Files = SHOP): Promise<Story> {
  const story = startStory({ warehouse: warehouseOf(files), load: reading(files) });
  await story.at(0);
  return story;
}

export function datasetOf({ warehouse }: Story, dataset: string): PlayedDataset {
  const played = warehouse.get(dataset);
  if (played === undefined) throw new Error(`the story has no dataset ${dataset}`);
  return played;
}

/** Changes a table as somebody would; `change` is laid over what is there. */
export function alter(story: Story, dataset: string, table: string, change: Json): void {
  const { tables } = datasetOf(story, dataset);
  const read = tables.get(table);
  if (read?.status !== 'found') throw new Error(`the story has no table ${dataset}.${table}`);
  tables.set(table, found({ ...read.value, ...change }));
}

export function fieldsOf(story: Story, dataset: string, table: string): readonly Json[] {
  const read = datasetOf(story, dataset).tables.get(table);
  if (read?.status !== 'found') throw new Error(`the story has no table ${dataset}.${table}`);
  return (read.value['schema'] as { fields: Json[] }).fields;
}

/** ALTER TABLE … DROP COLUMN */
export function dropColumn(story: Story, dataset: string, table: string, column: string): void {
  const fields = fieldsOf(story, dataset, table).filter(({ name }) => name !== column);
  alter(story, dataset, table, { schema: { fields } });
}

/** The table made anew with a column of another type. */
export function retype(
  story: Story,
  path: { readonly dataset: string; readonly table: string; readonly column: string },
  type: string,
): void {
  const { dataset, table, column } = path;
  const fields = fieldsOf(story, dataset, table).map((field) =>
    field['name'] === column ? { ...field, type } : field,
  );
  alter(story, dataset, table, { schema: { fields } });
}

/** The one message of a run. */
export function only(messages: readonly SlackPayload[]): SlackPayload {
  const [message, ...others] = messages;
  if (message === undefined || others.length > 0) {
    throw new Error(`expected one message: ${JSON.stringify(messages.map(({ text }) => text))}`);
  }
  return message;
}
