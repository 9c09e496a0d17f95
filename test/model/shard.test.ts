import { describe, expect, test } from 'vitest';
import { parseShard, shardedName, shardedPrefix } from '../../src/model/shard.ts';

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
