import { isObject } from '../metadata/parse.ts';

/**
 * A state of version 1 by the names of version 2. It knew one channel. That a channel had been told of an opening stood at
 * the opening; now the moments say it.
 */
export function fromVersion1(value: unknown, channel: string): unknown {
  if (Array.isArray(value)) return value.map((part) => fromVersion1(part, channel));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, part]) => [key, fromVersion1(part, channel)] as const);
  // How something ended.
  if ('how' in value)
    return Object.fromEntries(entries.map(([key, part]) => [ENDED[key] ?? key, endedBy(part)]));
  return Object.fromEntries(entries.flatMap(([key, part]) => entriesOf(key, part, channel)));
}

const ENDED: Readonly<Record<string, string>> = { how: 'reason', reason: 'waiverReason' };

function endedBy(how: unknown): unknown {
  return how === 'silent' ? 'below-threshold' : how;
}

const RENAMED: Readonly<Record<string, string>> = {
  said: 'actualWords',
  isRipe: 'isAlertable',
  closing: 'resolution',
  quiet: 'suppressed',
  fate: 'status',
};

function entriesOf(key: string, value: unknown, channel: string): readonly (readonly [string, unknown])[] {
  switch (key) {
    case 'version':
      return [[key, 2]];
    case 'isHeard':
      return [];
    case 'about':
      return [[Array.isArray(value) ? 'keys' : 'subject', value]];
    case 'told':
      return [['notifications', value === null ? {} : { [channel]: value }]];
    case 'list':
      return [['channels', { [channel]: value }]];
    case 'rows':
      return [[key, Array.isArray(value) ? value.map((row) => rowOf(row, channel)) : value]];
    default:
      return [[RENAMED[key] ?? key, value]];
  }
}

/** Of findings that are alike: at the end of a row what was told, where that is something else. */
function rowOf(row: unknown, channel: string): unknown {
  if (!Array.isArray(row) || row.length <= 5) return row;
  return [...row.slice(0, 5), { [channel]: row.slice(5) }];
}
