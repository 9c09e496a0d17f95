import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WrittenPoint } from '../../emulators/monitoring.ts';
import type { SlackPayload } from '../../src/slack/payload.ts';
import { gistOf } from '../simulation/gist.ts';
import { declareTables, type World } from '../simulation/world.ts';
import { writeFolder } from '../support/folder.ts';
import { type PlayedFunction, startFunction, valuesOf } from '../support/function.ts';

/** Two datasets, four tables: few enough that a scenario says what became of each. */
export const TABLES = ['sales.orders', 'sales.items', 'crm.people', 'crm.visits'] as const;
export type TableName = (typeof TABLES)[number];

export type TableOutcome = 'in sync' | 'drifted' | 'unchecked';

/** What one call of the function came to, seen from outside. */
export interface Hour {
  readonly http: number;
  /** `in-sync`, `drifted`, `incomplete`, or the code of the failure. */
  readonly said: string;
  /** By the metrics. */
  readonly tables: Readonly<Record<TableName, TableOutcome>> | 'no metrics';
  /** By the answer's counts: in sync, drifted, unchecked. */
  readonly counts: readonly [number, number, number] | null;
  /** The heartbeat; null: none was accepted. */
  readonly success: number | null;
  /** `Drift | crm.people: the table is missing`, without durations. */
  readonly told: readonly string[];
}

/** Hours of one function whose services may fail in between. */
export interface Played extends PlayedFunction {
  readonly world: World;
  /**
   * The hour before a scenario: `sales.items` had lost a field, Slack knows, and nothing else was wrong. Since then the
   * field is back.
   */
  rewind(): Promise<void>;
  /** The next hour's call. */
  hour(): Promise<Hour>;
}

const START = Date.parse('2026-03-02T08:00:00.000Z');
const HOUR_MS = 3_600_000;

/** The function after the first hour; each scenario then rewinds to it. */
export async function startHours(
  env: Readonly<Record<string, string>> = {},
  /** Of the objects in the state's place. */
  place: (folder: string) => StateFiles = filesIn,
): Promise<Played> {
  const world = declareTables(TABLES);
  world.retype('sales.items', null);
  const [expected, folder] = await Promise.all([writeFolder(world.files), writeFolder({})]);
  const played = await startFunction({
    warehouse: world.warehouse,
    expected,
    env: { STATE_URI: `file://${folder}`, CONFIRM_SECONDS: '0', ...env },
  });
  const { clock, slack, monitoring } = played;
  const state = place(folder);
  let number = 0;
  const dueAt = () => new Date(START + number * HOUR_MS).toISOString();
  const hour = async (): Promise<Hour> => {
    clock.advance(Math.max(0, Date.parse(dueAt()) - clock.now().getTime()));
    const [messages, points] = [slack.messages.length, monitoring.points.length];
    const answer = await played.callAt(dueAt());
    number += 1;
    return hourOf(answer, {
      told: slack.messages
        .slice(messages)
        .map(({ payload }) => factOf({ blocks: [], ...payload } as unknown as SlackPayload)),
      points: monitoring.points.slice(points),
    });
  };
  const firstAt = dueAt();
  await hour();
  const saved = await state.read();
  return {
    ...played,
    world,
    hour,
    async rewind() {
      world.restore(...TABLES);
      await state.replace(saved.replaceAll(firstAt, dueAt()));
      number += 1;
    },
  };
}

export interface StateFiles {
  read(): Promise<string>;
  replace(text: string): Promise<void>;
}

function filesIn(folder: string): StateFiles {
  const names = async () => (await readdir(folder)).filter((name) => name.startsWith('state.json.'));
  return {
    read: async () => readFile(join(folder, (await names())[0] ?? 'state.json'), 'utf8'),
    async replace(text) {
      const [newest = 'state.json.1', ...others] = await names();
      await Promise.all(others.map((name) => rm(join(folder, name))));
      await writeFile(join(folder, newest), text);
    },
  };
}

function hourOf(
  { status, body }: { readonly status: number; readonly body: unknown },
  { told, points }: { readonly told: readonly string[]; readonly points: readonly WrittenPoint[] },
): Hour {
  const answer = body as {
    readonly status: string;
    readonly error?: { readonly code: string };
    readonly tables?: { readonly inSync: number; readonly drifted: number; readonly unchecked: number };
  };
  const { inSync, drifted, unchecked } = answer.tables ?? {};
  const values = valuesOf(points);
  return {
    http: status,
    said: answer.error?.code ?? answer.status,
    tables: Object.keys(values).some((key) => key.startsWith('tables{')) ? outcomesIn(values) : 'no metrics',
    counts: answer.tables === undefined ? null : [inSync ?? 0, drifted ?? 0, unchecked ?? 0],
    success: values['run_success{}'] ?? null,
    told: [...told].sort(),
  };
}

/** A table without a point was not checked; a missing dataset's tables are drifted with it. */
function outcomesIn(values: Readonly<Record<string, number>>): Record<TableName, TableOutcome> {
  const pointOf = (dataset: string, table: string) => {
    const all = ['critical', 'warning'].map(
      (severity) => values[`findings{dataset=${dataset},severity=${severity},table=${table}}`],
    );
    return all.includes(undefined) ? null : all.reduce((sum = 0, value = 0) => sum + value, 0);
  };
  const outcomeOf = (name: TableName): TableOutcome => {
    const [dataset = '', table = ''] = name.split('.');
    const value = pointOf(dataset, table);
    if (value === null) return 'unchecked';
    return value === 0 && pointOf(dataset, '') !== 1 ? 'in sync' : 'drifted';
  };
  return Object.fromEntries(TABLES.map((name) => [name, outcomeOf(name)])) as Record<TableName, TableOutcome>;
}

const CAUSES =
  /^(?:access denied|over BigQuery's quota|no usable answer|the run had no time|an answer that is no)/;

/** The first word of a message and what it is about, without how long. */
function factOf(payload: SlackPayload): string {
  const gist = gistOf(payload)
    .split(' | ')
    .map((fact) => fact.replace(/ \(.*\)$/, ''))
    .join(' | ');
  if (!gist.startsWith('Unchecked')) {
    const [topic = '', ...facts] = gist.split(' | ');
    return [topic, ...facts.sort()].join(' | ');
  }
  const lines = payload.blocks.flatMap((block) =>
    block.type === 'section' ? block.text.text.split('\n').filter((line) => /^(?:• | {3})/.test(line)) : [],
  );
  const names = lines.flatMap((line) =>
    [...(line.split(';', 1)[0] ?? '').matchAll(/[*`]([^*`]+)[*`]|(the list of datasets)/g)].flatMap(
      ([, name, list]) => name ?? list ?? [],
    ),
  );
  if (payload.text.includes('the state cannot be used')) return 'Unchecked | the state';
  if (/project \S+ was not found/.test(payload.text)) return 'Unchecked | the project';
  const things = [...new Set(names.filter((name) => !CAUSES.test(name)))].sort();
  return ['Unchecked', ...(things.length === 0 ? [gist] : things)].join(' | ');
}
