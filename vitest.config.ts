import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    sequence: { shuffle: true },
    // A browser on a busy machine takes its time.
    expect: { poll: { timeout: 15_000 } },
  },
});
