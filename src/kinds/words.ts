import { formatDuration } from '../model/duration.ts';
import type { Change, Finding, Judged, Words } from '../model/finding.ts';
import type { Kind } from '../model/kinds.ts';
import type { TimeTravel } from '../model/restore.ts';
import type { Contract } from '../model/table.ts';
import { RESTORABLE_AT_MOST, restorable } from '../repair/recovery.ts';
import { LAST_MS, moment } from '../words/moment.ts';
import { shortened } from '../words/printable.ts';

interface KindWords {
  /** A clause about the subject; `{path}` is the field. */
  readonly what: string | ((change: Change) => string);
  /** How a value is said; null is the absent one. */
  readonly say: (value: string | null, side: 'expected' | 'actual', contract: Contract | null) => string;
  /** What else on-call must know. */
  readonly hint?: string | ((change: Change) => string | null);
  /** Whoever reads it finds it gone or unreadable, not just different. */
  readonly breaks?: true;
}

/** int64 reaches further than a calendar. */
function momentOf(ms: number): string {
  return ms >= 0 && ms <= LAST_MS ? moment(new Date(ms).toISOString()) : `${ms} ms after 1970`;
}

const saidAs = (absent: string) => (value: string | null) => value ?? absent;
const saidAsDuration = (absent: string) => (value: string | null) =>
  value === null ? absent : formatDuration(Number(value));

/** https://docs.cloud.google.com/bigquery/docs/managing-partitioned-tables */
const EXPIRES_SILENTLY = 'BigQuery deletes expired partitions without a log entry.';
/** https://docs.cloud.google.com/bigquery/docs/partitioned-tables */
const SET_AT_CREATION = 'Partitioning is set when a table is created: repairing it takes a new table.';

const WORDS: Readonly<Record<Kind, KindWords>> = {
  'dataset-missing': {
    what: 'the dataset is missing',
    breaks: true,
    say: saidAs('nothing'),
  },
  'dataset-unexpected': { what: 'no file declares this dataset', say: saidAs('nothing') },
  'dataset-location': { what: 'the dataset is in another location', say: saidAs('nowhere') },
  'dataset-table-expiration': {
    what: 'the default expiration of new tables differs',
    say: saidAsDuration('never'),
  },
  'dataset-partition-expiration': {
    what: 'the default expiration of partitions in new tables differs',
    say: saidAsDuration('never'),
  },
  'dataset-time-travel': {
    what: 'the time travel window differs',
    // 168 hours, the default, is said as absent.
    say: (value) => formatDuration(Number(value ?? '168') * 3_600_000),
  },
  'dataset-encryption': { what: 'the default encryption key differs', say: saidAs("Google's key") },
  'dataset-collation': { what: 'the default collation differs', say: saidAs('none') },
  'dataset-labels': { what: 'the labels differ', say: saidAs('none') },
  'dataset-description': { what: 'the description differs', say: saidAs('none') },
  'table-missing': {
    what: 'the table is missing',
    breaks: true,
    say: saidAs('nothing'),
  },
  'table-unexpected': {
    // Of a dataset with too many for a finding each: `more than 1,000 tables`.
    what: ({ actual }) =>
      actual?.endsWith(' tables') === true ? 'no file declares these tables' : 'no file declares this table',
    say: saidAs('nothing'),
  },
  'table-type': { what: 'the table is of another type', breaks: true, say: saidAs('none') },
  'table-expiration': {
    what: 'the expiration of the table differs',
    say: (value, side) => {
      if (value === null) return 'never';
      return side === 'expected' ? 'that it expires' : momentOf(Number(value));
    },
  },
  'table-encryption': { what: 'the encryption key differs', say: saidAs("Google's key") },
  'table-collation': { what: 'the default collation differs', say: saidAs('none') },
  'table-constraints': { what: 'the primary or foreign keys differ', say: saidAs('none') },
  'table-labels': { what: 'the labels differ', say: saidAs('none') },
  'table-description': { what: 'the description differs', say: saidAs('none') },
  'view-query': { what: 'the query of the view differs', say: saidAs('none') },
  'external-source': { what: 'the source of the external table differs', say: saidAs('none') },
  'field-missing': { what: 'field {path} is missing', breaks: true, say: saidAs('nothing') },
  'field-unexpected': { what: 'field {path} is not declared', say: saidAs('nothing') },
  'field-type': { what: 'field {path} is of another type', breaks: true, say: saidAs('none') },
  'field-mode': { what: 'field {path} is of another mode', breaks: true, say: saidAs('none') },
  'field-default': { what: 'the default value of field {path} differs', say: saidAs('none') },
  'field-collation': { what: 'the collation of field {path} differs', say: saidAs('none') },
  'field-rounding-mode': { what: 'the rounding mode of field {path} differs', say: saidAs('none') },
  'field-policy-tags': {
    what: 'the policy tags of field {path} differ',
    say: saidAs('none'),
    hint: 'Without its policy tag a column is open to everybody who may read the table.',
  },
  'field-description': { what: 'the description of field {path} differs', say: saidAs('none') },
  'partitioning-missing': { what: 'the partitioning is missing', say: saidAs('none'), hint: SET_AT_CREATION },
  'partitioning-unexpected': { what: 'the table is partitioned', say: saidAs('none'), hint: SET_AT_CREATION },
  'partitioning-different': { what: 'the partitioning differs', say: saidAs('none'), hint: SET_AT_CREATION },
  'partition-expiration': {
    what: 'the expiration of partitions differs',
    say: saidAsDuration('never'),
    hint: ({ actual }) => (actual === null ? null : EXPIRES_SILENTLY),
  },
  'partition-filter': { what: 'whether a query must filter by partition differs', say: saidAs('false') },
  clustering: { what: 'the clustering differs', say: saidAs('none') },
  retention: {
    what: (change) =>
      isOfTable(change)
        ? 'the whole table expires before the contract allows it'
        : 'partitions expire before the contract allows it',
    say: (value, side, contract) => {
      const duration = formatDuration(Number(value));
      if (side === 'actual') return duration;
      const text = contract?.retention?.text;
      return `at least ${duration}${text === undefined ? '' : ` (${text})`}`;
    },
    hint: (change) => (isOfTable(change) ? null : EXPIRES_SILENTLY),
  },
};

function isOfTable({ context }: Change): boolean {
  return context?.type === 'caused-by' && context.kind === 'table-expiration';
}

/** `breaks` or `read by`: what the consumers of a finding of this kind feel. */
export function readerVerb(kind: Kind): 'breaks' | 'read by' {
  return WORDS[kind].breaks === true ? 'breaks' : 'read by';
}

/** A value as people say it: `30 days`, `never`, `NUMERIC`. */
export function sayValue(
  kind: Kind,
  value: string | null,
  { side, contract }: { readonly side: 'expected' | 'actual'; readonly contract: Contract | null },
): string {
  return WORDS[kind].say(value, side, contract);
}

/** Puts a judged change into words. `contract` is the table's; null where there is none. `timeTravel`: of its dataset. */
export function explain(judged: Judged, contract: Contract | null, timeTravel?: TimeTravel): Finding {
  const words = wordsFor(judged, contract);
  return {
    ...judged,
    words,
    message: `${clause(words.what, judged.path)}: expected ${words.expected}, found ${words.actual}${judged.shard === undefined ? '' : ` (in ${judged.shard})`}`,
    hint: saysRestorable(judged) ? restorableHint(timeTravel) : hintFor(judged),
    fix: judged.fix ?? null,
    ...(timeTravel === undefined ? {} : { timeTravel }),
  };
}

/** Whether its hint is how long what is gone can be restored, which the recovery clock says better where there is one. */
export function saysRestorable({ kind, expected, context }: Change): boolean {
  if (context !== undefined) return false;
  return kind === 'dataset-missing' || (kind === 'table-missing' && expected === 'TABLE');
}

function restorableHint(timeTravel: TimeTravel | undefined): string {
  const until = timeTravel === undefined ? RESTORABLE_AT_MOST : restorable(timeTravel, null);
  return `What was dropped can be restored by time travel ${until}.`;
}

function hintFor(change: Change): string | null {
  const { context } = change;
  if (context?.type === 'other-shard') return `It is ${context.actual} in ${context.shard}.`;
  if (context?.type === 'perhaps-renamed') return `Perhaps renamed to ${context.to}.`;
  const { hint = null } = WORDS[change.kind];
  return typeof hint === 'function' ? hint(change) : hint;
}

/** What the file and BigQuery say to the letter: the canonical text is for comparing alone. */
export function shownValues({ expected, actual, written }: Change): {
  readonly expected: string | null;
  readonly actual: string | null;
} {
  return written ?? { expected, actual };
}

/** Its values as people say them, on one line. */
export function wordsFor(change: Change, contract: Contract | null): Words {
  const { kind } = change;
  const { expected, actual } = shownValues(change);
  const { what, say } = WORDS[kind];
  const said = { expected: say(expected, 'expected', contract), actual: say(actual, 'actual', contract) };
  return { what: typeof what === 'function' ? what(change) : what, ...aroundDifference(said) };
}

const MAX_SAID = 120;
const BEFORE_DIFFERENCE = 30;

/** Of long texts, such as queries, the part where they part; what is short stays whole. */
function aroundDifference(said: { readonly expected: string; readonly actual: string }) {
  // As most are, of which there may be many thousands.
  if (!isToBeCut(said.expected) && !isToBeCut(said.actual)) return said;
  const expected = [...onOneLine(said.expected)];
  const actual = [...onOneLine(said.actual)];
  if (Math.max(expected.length, actual.length) <= MAX_SAID) {
    return { expected: expected.join(''), actual: actual.join('') };
  }
  const parting = partingOf(expected, actual);
  const excerpt = (letters: readonly string[], at: number) => {
    const start = Math.max(0, at - BEFORE_DIFFERENCE);
    return `${start > 0 ? '…' : ''}${shortened(letters.slice(start).join(''), MAX_SAID)}`;
  };
  return { expected: excerpt(expected, parting.expected), actual: excerpt(actual, parting.actual) };
}

/** Where two texts part in more than white space, or at all where they do not. */
function partingOf(
  expected: readonly string[],
  actual: readonly string[],
): { readonly expected: number; readonly actual: number } {
  let [here, there] = [0, 0];
  while (here < expected.length && there < actual.length) {
    if (expected[here] === ' ') here += 1;
    else if (actual[there] === ' ') there += 1;
    else if (expected[here] !== actual[there]) return { expected: here, actual: there };
    else [here, there] = [here + 1, there + 1];
  }
  if (here < expected.length || there < actual.length) return { expected: here, actual: there };
  const first = expected.findIndex((letter, index) => letter !== actual[index]);
  const at = first === -1 ? expected.length : first;
  return { expected: at, actual: at };
}

function isToBeCut(text: string): boolean {
  return text.length > MAX_SAID || /[\r\n\t]/.test(text);
}

/** Whether people are told the value itself, or a part of it, and not a duration or a word for its absence. */
export function isVerbatim(value: string | null, word: string): boolean {
  const part = word.replace(/^…|…$/g, '');
  return value !== null && onOneLine(value).includes(part);
}

/** With a space for each line break and the indentation after it. */
function onOneLine(text: string): string {
  return text.replace(/ *[\r\n\t][\r\n\t ]*/g, ' ');
}

/** `field {path} is missing` with the path set in. */
export function clause(what: string, path: string | null): string {
  return what.replace('{path}', () => path ?? '');
}
