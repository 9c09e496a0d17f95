import { describe, expect, test } from 'vitest';
import { unlessStopped } from '../../src/model/unless-stopped.ts';

function stoppable() {
  const acts = new Set<() => void>();
  const deadline = {
    onStop(act: () => void) {
      acts.add(act);
      return () => acts.delete(act);
    },
  };
  const stop = () => {
    for (const act of acts) act();
  };
  return { deadline, acts, stop };
}

describe('work that may be stopped', () => {
  test('leaves nothing behind when it is done, or has failed', async () => {
    const { deadline, acts } = stoppable();
    const done = unlessStopped(deadline, Promise.resolve('done'), () => 'stopped');
    const failed = unlessStopped(deadline, Promise.reject(new Error('why')), () => 'stopped');

    expect(await done).toBe('done');
    await expect(failed).rejects.toThrow('why');
    await new Promise((resolve) => setImmediate(resolve));
    expect(acts.size).toBe(0);
  });

  test('is something else as soon as it is stopped, and what it comes to later is nobody’s', async () => {
    const { deadline, stop } = stoppable();
    let fail = (_: Error) => {};
    const work = new Promise<string>((_, reject) => {
      fail = reject;
    });
    const stopped = unlessStopped(deadline, work, () => 'stopped');
    stop();
    fail(new Error('too late'));

    expect(await stopped).toBe('stopped');
  });

  test('fails when it is stopped, where that is a failure', async () => {
    const { deadline, stop } = stoppable();
    const stopped = unlessStopped(deadline, new Promise(() => {}), () => {
      throw new Error('over');
    });
    stop();

    await expect(stopped).rejects.toThrow('over');
  });
});
