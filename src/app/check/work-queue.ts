/** More than the requests in flight, since some wait to ask again. */
const MAX_AT_ONCE = 500;

/**
 * Looks at some things at a time, and holds nothing of those that wait: ten thousand calls that each wait for their turn
 * would fill the memory.
 */
export interface WorkQueue {
  /**
   * Looks at each item, those with the highest rank first; the results are in the order of the items. Who looks may free
   * the turn before the end. All that is to be ranked has to be given before the start.
   */
  map<Item, Result>(
    items: readonly Item[],
    rankOf: (item: Item) => number,
    look: (item: Item, free: () => void) => Promise<Result>,
  ): Promise<readonly Result[]>;
  /** Comes before all that has a rank. */
  next<Result>(look: () => Promise<Result>): Promise<Result>;
  start(): void;
}

export function createWorkQueue(): WorkQueue {
  /** The next is the last. */
  const ranked: { readonly rank: number; readonly begin: () => void }[] = [];
  const urgent: (() => void)[] = [];
  let isStarted = false;
  let free = MAX_AT_ONCE;

  function fill(): void {
    while (isStarted && free > 0) {
      const begin = urgent.shift() ?? ranked.pop()?.begin;
      if (begin === undefined) return;
      free -= 1;
      begin();
    }
  }

  function hold<Result>(look: (free: () => void) => Promise<Result>): Promise<Result> {
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      free += 1;
      fill();
    };
    return look(release).finally(release);
  }

  return {
    map<Item, Result>(
      items: readonly Item[],
      rankOf: (item: Item) => number,
      look: (item: Item, free: () => void) => Promise<Result>,
    ) {
      return new Promise<readonly Result[]>((resolve, reject) => {
        const results: Result[] = [];
        let left = items.length;
        if (left === 0) resolve(results);
        const begin = (item: Item, index: number) => {
          hold((release) => look(item, release)).then((result) => {
            results[index] = result;
            left -= 1;
            if (left === 0) resolve(results);
          }, reject);
        };
        for (const [index, item] of items.entries()) {
          ranked.push({ rank: rankOf(item), begin: () => begin(item, index) });
        }
      });
    },
    next: (look) =>
      new Promise((resolve, reject) => {
        urgent.push(() => {
          hold(look).then(resolve, reject);
        });
        fill();
      }),
    start() {
      ranked.reverse().sort((a, b) => a.rank - b.rank);
      isStarted = true;
      fill();
    },
  };
}
