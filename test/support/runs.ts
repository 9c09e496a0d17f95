const tries = process.env['RUNS'];
const seed = process.env['SEED'] ?? (tries === undefined ? '20261122' : undefined);

/**
 * How a law is tried: the same cases in every `npm test`, so that a failure is the change's own. Others, and more of them:
 * `RUNS=100000 npx vitest run test/diff`, which prints the seed of a failure; `SEED=…` repeats it.
 */
export const RUNS = { numRuns: Number(tries ?? 1000), ...(seed === undefined ? {} : { seed: Number(seed) }) };
