import { describe, expect, test } from 'vitest';
import { inOrder, parseShard, shardedName, shardedPrefix } from '../../src/metadata/date-shard.ts';

describe('parseShard', () => {
  test.each([
    ['events_20260301', { prefix: 'events_', date: '20260301' }],
    ['events_intraday_20260301', { prefix: 'events_intraday_', date: '20260301' }],
    ['a__20260301', { prefix: 'a__', date: '20260301' }],
    ['注文_20240229', { prefix: '注文_', date: '20240229' }],
    ['e_19700101', { prefix: 'e_', date: '19700101' }],
    ['e_21991231', { prefix: 'e_', date: '21991231' }],
  ])('%s is one', (table, shard) => {
    expect(parseShard(table)).toEqual(shard);
  });

  test.each([
    'events20260301',
    'events_20260229',
    'events_20261301',
    'events_20260100',
    'events_20260001',
    'events_19691231',
    'events_22000101',
    'events_00000101',
    'events_2026030',
    'events_202603011',
    'events_YYYYMMDD',
    'events_20260301_copy',
    '_20260301',
    '20260301',
    'events_２０２６０３０１',
    '',
  ])('%j is none', (table) => {
    expect(parseShard(table)).toBeNull();
  });
});

test('all shards of a prefix have one name, which leads back to it', () => {
  expect(shardedName('events_')).toBe('events_YYYYMMDD');
  expect(shardedPrefix('events_YYYYMMDD')).toBe('events_');
});

test.each(['events', 'eventsYYYYMMDD', '_YYYYMMDD', 'YYYYMMDD', 'events_yyyymmdd', ''])(
  '%j is the name of one table',
  (name) => {
    expect(shardedPrefix(name)).toBeNull();
  },
);

describe('shards in order', () => {
  const shards = ['e_20260301', 'e_20260304', 'e_20260303', 'e_21991231', 'e_20260302'];

  test.each([
    { now: '2026-03-02T00:00:00Z', later: ['e_21991231', 'e_20260304'] },
    { now: '2026-03-02T23:59:59Z', later: ['e_21991231', 'e_20260304'] },
    { now: '2026-03-03T00:00:00Z', later: ['e_21991231'] },
    {
      now: '2026-02-27T12:00:00Z',
      later: ['e_21991231', 'e_20260304', 'e_20260303', 'e_20260302', 'e_20260301'],
    },
  ])('of a day later than tomorrow come last at $now', ({ now, later }) => {
    const others = ['e_20260304', 'e_20260303', 'e_20260302', 'e_20260301'].filter(
      (name) => !later.includes(name),
    );

    expect(inOrder(shards, new Date(now))).toEqual({ newestFirst: [...others, ...later], later });
  });
});
