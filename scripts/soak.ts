import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { soak } from '../test/faults/soak.ts';
import { misused, readCommandLine } from './command-line.ts';

/** `npm run soak [RUNS [SEED]]`: the faults of test/faults by chance, hour after hour, and whether memory stays flat. */
const USAGE = { script: 'soak', usage: '[RUNS [SEED]]' } as const;
const { positionals } = readCommandLine(USAGE, { allowPositionals: true });
const unclear = positionals.find((text, index) => index > 1 || !/^[1-9]\d{0,8}$/.test(text));
if (unclear !== undefined) misused(USAGE, `expected at most two whole numbers from 1, found '${unclear}'`);
const [runs = 200, seed = 20260302] = positionals.map(Number);

/** What the heap may grow by over the second half; a leak of one answer per run would be several times that. */
const MAX_GROWTH_BYTES = 3_000_000;
const MB = 1_000_000;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const startedAt = performance.now();
const { problems, counts, heapBytes } = await soak({
  runs,
  seed,
  measureHeap: () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  },
});
const seconds = (performance.now() - startedAt) / 1000;

const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
const quarter = Math.floor(runs / 4);
const [third, fourth] = [
  median(heapBytes.slice(2 * quarter, 3 * quarter)),
  median(heapBytes.slice(3 * quarter)),
];
const growth = fourth - third;
const isFlat = growth < MAX_GROWTH_BYTES;

const lines = [
  `${runs} runs from seed ${seed} in ${seconds.toFixed(0)} s`,
  ...Object.entries(counts).map(([what, count]) => `  ${what}: ${count}`),
  `heap: ${(third / MB).toFixed(1)} MB in the third quarter, ${(fourth / MB).toFixed(1)} MB in the fourth (${isFlat ? 'flat' : 'it grows'})`,
  ...(problems.length === 0 ? ['no problem'] : problems),
];
process.stdout.write(`${lines.join('\n')}\n`);
process.exitCode = problems.length === 0 && isFlat ? 0 : 1;
