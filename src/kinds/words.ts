import type { Change, Finding, Judged, Kind, Words } from '../model/finding.ts';
import type { Contract } from '../model/table.ts';
import type { TimeTravel } from '../model/time-travel.ts';
import { type Value, valueText, writtenText } from '../model/value.ts';
import { RESTORABLE_AT_MOST, restorable } from '../repair/recovery.ts';
import { shortened } from '../words/printable.ts';
import { kindRow, lossOf, saysMissing } from './index.ts';

/** `breaks` or `read by`: what the consumers of a finding of this kind feel. */
export function readerVerb(kind: Kind): 'breaks' | 'read by' {
  return kindRow(kind).words.breaks === true ? 'breaks' : 'read by';
}

/** A value as people say it: `30 days`, `never`, `NUMERIC`. */
export function sayValue(
  kind: Kind,
  value: Value | null,
  { side, contract }: { readonly side: 'expected' | 'actual'; readonly contract: Contract | null },
): string {
  const { say } = kindRow(kind).words;
  const text = valueText(value);
  return typeof say === 'string' ? (text ?? say) : say(text, side, contract);
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
export function saysRestorable(change: Change): boolean {
  return change.context === undefined && saysMissing(change.kind) && lossOf(change) !== null;
}

function restorableHint(timeTravel: TimeTravel | undefined): string {
  const until = timeTravel === undefined ? RESTORABLE_AT_MOST : restorable(timeTravel, null);
  return `What was dropped can be restored by time travel ${until}.`;
}

function hintFor(change: Change): string | null {
  const { context } = change;
  if (context?.type === 'other-shard') return `It is ${valueText(context.actual)} in ${context.shard}.`;
  if (context?.type === 'perhaps-renamed') return `Perhaps renamed to ${context.to}.`;
  const { hint = null } = kindRow(change.kind).words;
  return typeof hint === 'function' ? hint(change) : hint;
}

/** As they were written: canonical SQL is for comparing alone. */
export function shownValues({ expected, actual }: Change): {
  readonly expected: string | null;
  readonly actual: string | null;
} {
  return { expected: writtenText(expected), actual: writtenText(actual) };
}

/** Its values as people say them, on one line. */
export function wordsFor(change: Change, contract: Contract | null): Words {
  const { kind } = change;
  const { what } = kindRow(kind).words;
  const { expected, actual } = shownValues(change);
  const said = {
    expected: sayValue(kind, expected, { side: 'expected', contract }),
    actual: sayValue(kind, actual, { side: 'actual', contract }),
  };
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
export function isVerbatim(kind: Kind, value: Value | null): boolean {
  return value !== null && typeof kindRow(kind).words.say === 'string';
}

/** With a space for each line break and the indentation after it. */
function onOneLine(text: string): string {
  return text.replace(/ *[\r\n\t][\r\n\t ]*/g, ' ');
}

/** What stands before and after the path in `field {path} is missing`; one text where no path is named. */
export function aroundPath(what: string): readonly string[] {
  return what.split('{path}');
}

/** `field {path} is missing` with the path set in. */
export function clause(what: string, path: string | null): string {
  return aroundPath(what).join(path ?? '');
}
