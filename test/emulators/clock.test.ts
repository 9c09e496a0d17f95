import { expect, test } from 'vitest';
import { playedClock } from '../../emulators/clock.ts';

const START = '2026-03-02T08:00:00.000Z';

/** Seconds since the start. */
function secondsOf({ now }: Pick<ReturnType<typeof playedClock>, 'now'>): number {
  return (now().getTime() - Date.parse(START)) / 1000;
}

test('stands still by itself', () => {
  const clock = playedClock(START);
  expect([clock.now(), clock.now()]).toEqual([new Date(START), new Date(START)]);
});

test('moves on by what is slept, and keeps what was asked for', async () => {
  const clock = playedClock(START);
  await clock.sleep(1000);
  await clock.sleep(0);
  await clock.sleep(2500);
  expect({ seconds: secondsOf(clock), waits: clock.waits }).toEqual({ seconds: 3.5, waits: [1000, 0, 2500] });
});

test('acts again and again at its moments while somebody sleeps, until it is stopped', async () => {
  const clock = playedClock(START);
  const acted: number[] = [];
  const stop = clock.every(15_000, async () => {
    acted.push(secondsOf(clock));
  });
  await clock.sleep(14_999);
  await clock.sleep(1);
  await clock.sleep(40_000);
  stop();
  await clock.sleep(60_000);
  expect({ acted, seconds: secondsOf(clock) }).toEqual({ acted: [15, 30, 45], seconds: 115 });
});

test('lets several act in the order of their moments', async () => {
  const clock = playedClock(START);
  const acted: string[] = [];
  clock.every(3000, async () => {
    acted.push(`slow ${secondsOf(clock)}`);
  });
  clock.every(2000, async () => {
    acted.push(`fast ${secondsOf(clock)}`);
  });
  await clock.sleep(5000);
  expect(acted).toEqual(['fast 2', 'slow 3', 'fast 4']);
});

test('waits for one act before the next', async () => {
  const clock = playedClock(START);
  const acted: string[] = [];
  clock.every(1000, async () => {
    acted.push('begins');
    await new Promise(setImmediate);
    acted.push('ends');
  });
  await clock.sleep(2000);
  expect(acted).toEqual(['begins', 'ends', 'begins', 'ends']);
});

test('jumps without anything that is due: it acts late, at the moment it then is', async () => {
  const clock = playedClock(START);
  const acted: number[] = [];
  clock.every(15_000, async () => {
    acted.push(secondsOf(clock));
  });
  clock.advance(20_000);
  expect(acted).toEqual([]);
  await clock.sleep(0);
  expect({ acted, seconds: secondsOf(clock) }).toEqual({ acted: [20], seconds: 20 });
});

test('comes to an end where an act sleeps longer than its own interval', async () => {
  const clock = playedClock(START);
  let latest = Promise.resolve();
  let acts = 0;
  clock.every(15_000, () => {
    acts += 1;
    // As a renewal waits for the one before.
    latest = latest.then(() => clock.sleep(20_000));
    return latest;
  });
  let isOver = false;
  const sleeping = clock.sleep(15_000).then(() => {
    isOver = true;
  });
  // Nothing of it takes real time.
  await new Promise(setImmediate);
  expect({ isOver, hasActed: acts > 0 }).toEqual({ isOver: true, hasActed: true });
  await sleeping;
});

test('what acts once does so when time passes, in its turn, and not while somebody sleeps', async () => {
  const clock = playedClock(START);
  const acted: string[] = [];
  clock.every(10_000, async () => {
    acted.push(`again at ${secondsOf(clock)}`);
  });
  clock.after(15_000, () => acted.push(`once at ${secondsOf(clock)}`));
  clock.after(16_000, () => acted.push('never'))();
  await clock.sleep(5000);
  await clock.pass(20_000);
  expect(acted).toEqual(['again at 10', 'once at 15', 'again at 20']);
});

test('is set without that any time goes by', async () => {
  const clock = playedClock(START);
  clock.advance(1000);
  clock.set(-60_000);
  expect([secondsOf(clock), clock.elapsedMs()]).toEqual([-59, 1000]);
});
