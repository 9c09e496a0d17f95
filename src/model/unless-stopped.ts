import type { Deadline } from './ports.ts';

/**
 * What the work comes to, or `instead` as soon as reading is told to stop. A race with one promise that lasts for the whole
 * run would keep something of each work until its end.
 */
export function unlessStopped<T>(
  deadline: Pick<Deadline, 'onStop'>,
  work: Promise<T>,
  instead: () => T,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const forget = deadline.onStop(() => {
      try {
        resolve(instead());
      } catch (error) {
        reject(error);
      }
    });
    work.then(resolve, reject).finally(forget);
  });
}
