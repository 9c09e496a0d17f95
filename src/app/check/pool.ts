/** More than the requests in flight, since some wait to ask again. */
const MAX_AT_ONCE = 500;

/**
 * Looks at one item after the other, 500 at a time, and holds nothing of those that wait: ten thousand calls that each wait for
 * their turn would fill the memory. Who looks may let the next one begin before the end.
 */
export function forEachInTurn<Item>(
  items: Iterable<Item>,
  look: (item: Item, release: () => void) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  let open = 0;
  return new Promise((resolve, reject) => {
    function beginNext(): void {
      const next = left.next();
      if (next.done === true) {
        if (open === 0) resolve();
        return;
      }
      open += 1;
      let hasNextBegun = false;
      const release = () => {
        if (hasNextBegun) return;
        hasNextBegun = true;
        beginNext();
      };
      look(next.value, release).then(() => {
        open -= 1;
        if (!hasNextBegun || open === 0) beginNext();
      }, reject);
    }
    for (let count = 0; count < MAX_AT_ONCE; count += 1) beginNext();
  });
}

/** Does 500 of what it is given at a time, the others in the order in which they came. */
export type Pool = <T>(work: () => Promise<T>) => Promise<T>;

export function createPool(): Pool {
  const waiting: (() => void)[] = [];
  let free = MAX_AT_ONCE;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((begin) => waiting.push(begin));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
