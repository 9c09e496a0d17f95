import { z } from 'zod';
import { isObject } from '../metadata/parse.ts';
import { UNCHECKED_REASONS } from '../model/finding.ts';
import { SEVERITIES } from '../model/severity.ts';
import { DELIVERY_STATUSES } from './state.ts';

/*
 * The file of version 2. What a newer version adds is kept and written back, so that a rollback forgets nothing: keys
 * (every object is loose), kinds (any word is one), and words of a list, for which a known one stands in meanwhile.
 */

const moment = z.iso.datetime();
const severity = z.enum(SEVERITIES);
const text = z.string();
const count = z.int().min(0);

interface Word {
  readonly known: readonly string[];
  /** As which any other word is read. */
  readonly standIn: string;
}

const SEVERITY: Word = { known: SEVERITIES, standIn: 'critical' };
/** Over, though not known to be repaired. */
const RESOLUTION: Word = {
  known: ['repaired', 'missing', 'not-expected', 'below-threshold', 'waived'],
  standIn: 'not-expected',
};

function withStandIns(value: unknown, words: Readonly<Record<string, Word>>): unknown {
  if (!isObject(value)) return value;
  const unknown = Object.entries(words).flatMap(([key, { known, standIn }]) => {
    const written = value[key];
    return typeof written === 'string' && !known.includes(written) ? [{ key, read: standIn, written }] : [];
  });
  if (unknown.length === 0) return value;
  const read = Object.fromEntries(unknown.map((word) => [word.key, word.read]));
  return { ...value, ...read, unknownWords: unknown };
}

/** The object as it is written: with each word that was not known, where its stand-in still stands. */
export function withOwnWords(value: object): object {
  const { unknownWords, ...rest }: Record<string, unknown> = { ...value };
  if (!Array.isArray(unknownWords)) return value;
  const words = z.array(z.object({ key: text, read: text, written: text })).parse(unknownWords);
  const own = words.filter(({ key, read }) => rest[key] === read).map(({ key, written }) => [key, written]);
  return { ...rest, ...Object.fromEntries(own) };
}

const resolution = z.preprocess(
  (value) => withStandIns(value, { reason: RESOLUTION }),
  z.discriminatedUnion('reason', [
    z.looseObject({ reason: z.literal(['repaired', 'missing', 'not-expected', 'below-threshold']) }),
    z.looseObject({ reason: z.literal('waived'), until: text, waiverReason: text }),
  ]),
);

const told = { at: moment, isOpen: z.boolean(), severity, reminders: count };
const values = { actual: text.nullable(), actualWords: text.nullable() };

/** What a record says of its life. */
const life = {
  severity,
  lastSeenAt: moment,
  runs: count,
  isAlertable: z.boolean(),
  episodes: z
    .array(
      z.looseObject({
        openedAt: moment,
        closedAt: moment.nullable(),
        isFlapping: z.boolean(),
        isAfterEnd: z.literal(true).exactOptional(),
      }),
    )
    .min(1),
  changes: z.array(moment),
  resolution: resolution.nullable(),
};

function ofSeverity<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((value) => withStandIns(value, { severity: SEVERITY }), z.looseObject(shape));
}

function incident<Subject extends z.ZodType>(subject: Subject) {
  const notifications = z.record(text, ofSeverity({ ...told, ...values }));
  return ofSeverity({ ...life, ...values, key: text, subject, notifications });
}

/** Lists, since a table may be named `__proto__`. */
const seen = z
  .array(
    z.looseObject({
      dataset: text,
      at: moment.nullable(),
      timeTravelHours: z.number().nullable(),
      tables: z.array(z.looseObject({ table: text, at: moment, digest: text.nullable() })),
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

const findingSubject = z.looseObject({
  kind: text,
  dataset: text,
  table: text.nullable(),
  path: text.nullable(),
  expected: text.nullable(),
  what: text,
  lastGoodAt: moment.nullable(),
  timeTravelHours: z.number().nullable(),
});

const uncheckedSubject = z.preprocess(
  (value) => withStandIns(value, { reason: { known: UNCHECKED_REASONS, standIn: 'unavailable' } }),
  z.looseObject({
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
);

const differing = z.record(text, z.tuple([text.nullable(), text.nullable()]));

const findingsAlike = ofSeverity({
  ...life,
  subject: findingSubject.omit({ path: true, expected: true }),
  notifications: z.record(text, ofSeverity(told)),
  rows: z.array(
    z.tuple([text, text.nullable(), text.nullable(), text.nullable(), text.nullable(), differing.optional()]),
  ),
});

const message = z.preprocess(
  (value) => withStandIns(value, { status: { known: DELIVERY_STATUSES, standIn: 'unknown' } }),
  z.looseObject({ topic: text, status: z.enum(DELIVERY_STATUSES), keys: z.array(text) }),
);

export const stateFile = z.looseObject({
  version: z.literal(2),
  project: text,
  lastRunAt: moment.nullable(),
  findings: z.array(incident(findingSubject)),
  findingsAlike: z.array(findingsAlike).default([]),
  unchecked: z.array(incident(uncheckedSubject)),
  failures: z.array(incident(z.looseObject({ code: text, message: text }))),
  seen,
  messages: z.looseObject({
    runAt: moment.nullable(),
    channels: z.record(text, z.array(message)),
  }),
  suppressed: z.array(z.looseObject({ key: text, subject: findingSubject, actual: text.nullable() })),
  note: text.nullable(),
  history: z.array(
    z.looseObject({
      at: moment,
      findings: z.looseObject({ critical: count, warning: count, info: count }),
      tables: z.looseObject({ inSync: count, drifted: count, unchecked: count }),
    }),
  ),
});
