import { expect, test } from 'vitest';
import { playedClock } from '../../emulators/clock.ts';
import { within } from '../../src/model/within.ts';

const late = () => new Error('late');
const never = () => new Promise<never>(() => {});

test('what is done in time is what it comes to, and its bound is forgotten', async () => {
  const clock = playedClock();
  const seen: AbortSignal[] = [];

  const done = await within(
    async (signal) => {
      seen.push(signal);
      return 7;
    },
    { ms: 1000, late, after: clock.after },
  );
  await clock.pass(2000);

  expect([done, seen[0]?.aborted]).toEqual([7, false]);
});

test('what takes longer is late, and learns it', async () => {
  const clock = playedClock();
  const seen: AbortSignal[] = [];
  const work = within(
    (signal) => {
      seen.push(signal);
      return never();
    },
    { ms: 1000, late, after: clock.after },
  );
  const outcome = work.catch(String);
  await clock.pass(999);
  expect(seen[0]?.aborted).toBe(false);
  await clock.pass(1);
  expect([await outcome, seen[0]?.reason]).toEqual(['Error: late', new Error('late')]);
});

test('a failure that comes late troubles nobody', async () => {
  const clock = playedClock();
  const failing = Promise.withResolvers<never>();
  const outcome = within(() => failing.promise, { ms: 1000, late, after: clock.after }).catch(String);
  await clock.pass(1000);
  failing.reject(new Error('too late to say'));
  await new Promise(setImmediate);
  expect(await outcome).toBe('Error: late');
});

test('what is part of something that is over is not begun', async () => {
  const { after } = playedClock();
  let begun = false;
  const work = async () => {
    begun = true;
  };
  const signal = AbortSignal.abort(new Error('over'));
  await expect(within(work, { ms: 1000, late, after, signal })).rejects.toThrow('over');
  expect(begun).toBe(false);
});
