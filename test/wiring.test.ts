import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../src/wiring.ts';

const SECOND = 1000;

function fakeIntervals(): void {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

test('what is done every second is done again only when it is over, and then no sooner than the next second', async () => {
  fakeIntervals();
  const acts: PromiseWithResolvers<void>[] = [];
  const stop = systemClock.every(SECOND, () => {
    const act = Promise.withResolvers<void>();
    acts.push(act);
    return act.promise;
  });
  onTestFinished(stop);
  const counts: number[] = [];
  const pass = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    counts.push(acts.length);
  };

  await pass(SECOND - 1);
  await pass(1);
  await pass(10 * SECOND);
  acts[0]?.resolve();
  await pass(SECOND - 1);
  await pass(1);
  await pass(10 * SECOND);

  expect(counts).toEqual([0, 1, 1, 1, 2, 2]);
});

test('what was stopped is done no more', async () => {
  fakeIntervals();
  let acts = 0;
  const stop = systemClock.every(SECOND, async () => {
    acts += 1;
  });

  await vi.advanceTimersByTimeAsync(3 * SECOND);
  stop();
  await vi.advanceTimersByTimeAsync(3 * SECOND);

  expect(acts).toBe(3);
});
