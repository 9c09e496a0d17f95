import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // Most of them wait for servers and processes of their own.
    maxWorkers: 3,
    sequence: { shuffle: true },
    // A browser on a busy machine takes its time.
    expect: { poll: { timeout: 15_000 } },
  },
});
