import { describe, expect, test } from 'vitest';
import { didYouMean } from '../../src/model/did-you-mean.ts';

const KEYS = ['description', 'expirationTime', 'schema', 'timePartitioning', 'type'];

describe('didYouMean', () => {
  test.each([
    { written: 'shema', meant: 'schema', slip: 'a letter too few' },
    { written: 'schemaa', meant: 'schema', slip: 'a letter too many' },
    { written: 'scheme', meant: 'schema', slip: 'another letter' },
    { written: 'timePartitionning', meant: 'timePartitioning', slip: 'a doubled letter' },
    { written: 'SCHEMA', meant: 'schema', slip: 'another case' },
    { written: 'expiration_time', meant: 'expirationTime', slip: 'another convention' },
    { written: 'tpye', meant: null, slip: 'two of four letters wrong' },
  ])('answers $written, $slip, with $meant', ({ written, meant }) => {
    expect(didYouMean(written, KEYS)).toBe(meant === null ? '' : `; did you mean "${meant}"?`);
  });

  test('names the nearest of several that are near', () => {
    expect(didYouMean('raffle_ticket', ['raffle_trackers', 'raffle_tickets'])).toBe(
      '; did you mean "raffle_tickets"?',
    );
  });

  test('names the first of two that are equally near', () => {
    expect(didYouMean('ab', ['abc', 'abd'])).toBe('; did you mean "abc"?');
  });

  test('says nothing where nothing is near', () => {
    expect(didYouMean('partitionBy', KEYS)).toBe('');
  });

  test('says nothing where there is nothing to choose from', () => {
    expect(didYouMean('schema', [])).toBe('');
  });

  test('takes a text far longer than any candidate for no misspelling', () => {
    expect(didYouMean('schema'.repeat(100_000), KEYS)).toBe('');
  });

  test('writes a name with quotes so that it can be read back', () => {
    expect(didYouMean('say "hi', ['say "hi"'])).toBe('; did you mean "say \\"hi\\""?');
  });
});
