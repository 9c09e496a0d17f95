/** The end of a run, whatever of it still hangs. */
export interface Ending {
  /** Aborted when the run has ended: what still comes of it must neither write nor post. */
  readonly signal: AbortSignal;
  /** Is done when the run ends; at once where it has. */
  atEnd(act: () => Promise<void>): void;
}

export function createEnding(): Ending & {
  /** Is over when all that was to be done at the end is. */
  end(reason: Error): Promise<void>;
} {
  const controller = new AbortController();
  const acts: (() => Promise<void>)[] = [];
  return {
    signal: controller.signal,
    atEnd(act) {
      if (controller.signal.aborted) void act();
      else acts.push(act);
    },
    async end(reason) {
      controller.abort(reason);
      await Promise.all(acts.map((act) => act()));
    },
  };
}
