import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take longest begin first, so that the end waits for none of them. */
const LONGEST = ['page/browser', 'deploy/deploy', 'faults/', 'deploy/lint', 'cli.test', 'build.test'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.includes(`/test/${name}`));
      return place === -1 ? LONGEST.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Only what hangs takes so long: three days of hourly runs take seconds, on a machine busy with other things a minute.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Most of them wait for servers and processes of their own.
    maxWorkers: 3,
    // No module keeps a state of its own; to load the same ones for each file takes a third of the time.
    isolate: false,
    sequence: { shuffle: { files: false, tests: true }, sequencer: LongestFirst },
    // The command line is started some hundred times.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
    // A browser on a busy machine takes its time.
    expect: { poll: { timeout: 15_000 } },
  },
});
