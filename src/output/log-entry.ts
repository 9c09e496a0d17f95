import type { Log } from '../model/ports.ts';
import { printableJson } from '../words/printable.ts';

type Entry = Parameters<Log>[0];

/** Cloud Logging refuses an entry above 256 KB, by its own count: https://docs.cloud.google.com/logging/quotas#log-limits */
const MAX_LINE_BYTES = 250_000;
const CUT = '… (cut)';

/** How much of each text and each list is kept, from most to least: the first that fits is taken. */
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256].map((part) => ({
  letters: Math.ceil(65_536 / part),
  entries: Math.ceil(2560 / part),
}));

/** The entry as it is where its line has at most 250 KB; else with its long texts and lists cut, each marked as cut. */
export function loggable(entry: Entry): Entry {
  if (fits(entry)) return entry;
  for (const size of SIZES) {
    const shorter = {
      ...recordOf(entry, size),
      severity: entry.severity,
      message: textOf(entry.message, size),
    };
    if (fits(shorter)) return shorter;
  }
  return { severity: entry.severity, message: `${entry.message.slice(0, 1000)}${CUT}` };
}

function fits(entry: Entry): boolean {
  return Buffer.byteLength(printableJson(entry)) <= MAX_LINE_BYTES;
}

type Size = (typeof SIZES)[number];

function shortened(value: unknown, size: Size): unknown {
  if (typeof value === 'string') return textOf(value, size);
  if (Array.isArray(value)) return listOf(value, size);
  // Of anything else, such as a date, its own JSON is taken.
  const isRecord = typeof value === 'object' && value !== null && !('toJSON' in value);
  return isRecord ? recordOf(value, size) : value;
}

function textOf(text: string, { letters }: Size): string {
  return text.length <= letters ? text : `${text.slice(0, letters).replace(/[\uD800-\uDBFF]$/, '')}${CUT}`;
}

function listOf(list: readonly unknown[], size: Size): readonly unknown[] {
  const kept = list.slice(0, size.entries).map((each) => shortened(each, size));
  return list.length <= size.entries ? kept : [...kept, `… (${list.length - size.entries} more, cut)`];
}

function recordOf(record: object, size: Size): Readonly<Record<string, unknown>> {
  const entries = Object.entries(record);
  const kept = entries
    .slice(0, size.entries)
    .map(([key, value]) => [textOf(key, size), shortened(value, size)]);
  const more = entries.length - size.entries;
  return Object.fromEntries(more <= 0 ? kept : [...kept, ['…', `(${more} more, cut)`]]);
}
