import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // Most of them wait for servers and processes of their own.
    maxWorkers: 3,
    // No module keeps a state of its own; to load the same ones for each file takes a third of the time.
    isolate: false,
    sequence: { shuffle: true },
    // The command line is started some hundred times.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
    // A browser on a busy machine takes its time.
    expect: { poll: { timeout: 15_000 } },
  },
});
