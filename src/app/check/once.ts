/** Asks at most once. */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

/** Who asks while a question is under way waits for the next, together: each answer is of a question asked afterwards. */
export function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | null = null;
  return () => {
    next ??= current.then(() => {
      const asked = ask();
      current = asked.catch(() => {});
      next = null;
      return asked;
    });
    return next;
  };
}
