/** How often a law is tried: `RUNS=100000 npx vitest run test/diff` tries harder. */
export const RUNS = { numRuns: Number(process.env['RUNS'] ?? 1000) };
