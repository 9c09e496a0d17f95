import { z } from 'zod';
import { KINDS } from '../kinds/index.ts';
import { UNCHECKED_REASONS } from '../model/finding.ts';
import { SEVERITIES } from '../model/severity.ts';
import { alike, apart } from './findings-alike.ts';
import { DELIVERY_STATUSES, type State, TOPICS } from './state.ts';

const moment = z.iso.datetime();
const severity = z.enum(SEVERITIES);
const text = z.string();
const count = z.int().min(0);

const closing = z.discriminatedUnion('how', [
  z.strictObject({ how: z.literal(['repaired', 'missing', 'not-expected', 'silent']) }),
  z.strictObject({ how: z.literal('waived'), until: text, reason: text }),
]);

/** What a record says of its life. */
const life = {
  severity,
  lastSeenAt: moment,
  runs: count,
  isRipe: z.boolean(),
  episodes: z
    .array(
      z.strictObject({
        openedAt: moment,
        closedAt: moment.nullable(),
        isHeard: z.boolean(),
        isFlapping: z.boolean(),
      }),
    )
    .min(1),
  changes: z.array(moment),
  closing: closing.nullable(),
};
const told = { at: moment, isOpen: z.boolean(), severity, reminders: count };
const values = { actual: text.nullable(), said: text.nullable() };

function remembered<About extends z.ZodType>(about: About) {
  return z.strictObject({
    ...life,
    ...values,
    key: text,
    about,
    told: z.strictObject({ ...told, ...values }).nullable(),
  });
}

/** Lists, since a table may be named `__proto__`. */
const seen = z
  .array(
    z.strictObject({
      dataset: text,
      at: moment.nullable(),
      timeTravelHours: z.number().nullable(),
      tables: z.array(z.strictObject({ table: text, at: moment, digest: text.nullable() })),
    }),
  )
  .transform(
    (datasets) =>
      new Map(
        datasets.map(({ dataset, tables, ...rest }) => [
          dataset,
          { ...rest, tables: new Map(tables.map(({ table, ...seen }) => [table, seen])) },
        ]),
      ),
  );

const findingMemo = z.strictObject({
  kind: z.enum(KINDS.map(({ id }) => id)),
  dataset: text,
  table: text.nullable(),
  path: text.nullable(),
  expected: text.nullable(),
  what: text,
  lastGoodAt: moment.nullable(),
  timeTravelHours: z.number().nullable(),
});

const findingsAlike = z.strictObject({
  ...life,
  about: findingMemo.omit({ path: true, expected: true }),
  told: z.strictObject(told).nullable(),
  rows: z.array(
    z.tuple([text, text.nullable(), text.nullable(), text.nullable(), text.nullable()], text.nullable()),
  ),
});

const stateFile = z.strictObject({
  version: z.literal(1),
  project: text,
  lastRunAt: moment.nullable(),
  findings: z.array(remembered(findingMemo)),
  findingsAlike: z.array(findingsAlike).default([]),
  unchecked: z.array(
    remembered(
      z.strictObject({
        dataset: text,
        table: text.nullable(),
        reason: z.enum(UNCHECKED_REASONS),
        detail: text,
        wasReadable: z.boolean(),
        isListOnly: z.boolean(),
        // A state that was written before these were there.
        lastReadAt: moment.nullable().default(null),
        timeTravelHours: z.number().nullable().default(null),
      }),
    ),
  ),
  failures: z.array(remembered(z.strictObject({ code: text, message: text }))),
  seen,
  messages: z.strictObject({
    runAt: moment.nullable(),
    list: z.array(
      z
        .strictObject({ topic: z.enum(TOPICS), fate: z.enum(DELIVERY_STATUSES), about: z.array(text) })
        .transform(({ topic, fate: status, about }) => ({ topic, status, about })),
    ),
  }),
  quiet: z.array(z.strictObject({ key: text, about: findingMemo, actual: text.nullable() })),
  note: text.nullable(),
  history: z.array(
    z.strictObject({
      at: moment,
      findings: z.strictObject({ critical: count, warning: count, info: count }),
      tables: z.strictObject({ inSync: count, drifted: count, unchecked: count }),
    }),
  ),
});

export type ParsedState =
  | { readonly status: 'valid'; readonly state: State }
  | { readonly status: 'invalid'; readonly problem: string };

/** Reads a state as `printState` wrote it; anything else is said, and nothing of it is used. */
export function parseState(content: string): ParsedState {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return { status: 'invalid', problem: 'it is no JSON' };
  }
  const parsed = stateFile.safeParse(value);
  if (parsed.success) {
    const { findingsAlike: alikes, ...rest } = parsed.data;
    return { status: 'valid', state: { ...rest, findings: [...rest.findings, ...alikes.flatMap(apart)] } };
  }
  const [issue] = parsed.error.issues;
  const at = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return { status: 'invalid', problem: `${at}${issue?.message ?? ''}`.slice(0, 200) };
}

/** In full they are 550 bytes each. */
const MOST_IN_FULL = 2000;

/**
 * As its first version wrote it, so that a version before this one reads it too; only a state with more findings than
 * that, which a disaster makes, has those that are alike together.
 */
export function printState(state: State): string {
  const datasets = [...state.seen].map(([dataset, { at, timeTravelHours, tables }]) => ({
    dataset,
    at,
    timeTravelHours,
    tables: [...tables].map(([table, seen]) => ({ table, ...seen })),
  }));
  const isInFull = state.findings.length <= MOST_IN_FULL;
  const findings = isInFull ? {} : { findings: [], findingsAlike: alike(state.findings) };
  const { runAt, list } = state.messages;
  const messages = { runAt, list: list.map(({ topic, status, about }) => ({ topic, fate: status, about })) };
  return `${JSON.stringify({ ...state, messages, seen: datasets, ...findings })}\n`;
}
