import { misused, readCommandLine } from '../scripts/command-line.ts';

/* `npm run bench -- compare` runs one benchmark, `npm run bench` all of them. */

const BENCHMARKS = ['compare', 'hourly', 'load', 'page'] as const;

const USAGE = { script: 'bench', usage: `[${BENCHMARKS.join(' | ')}]…` } as const;
const { positionals: asked } = readCommandLine(USAGE, { allowPositionals: true });
const unknown = asked.filter((name) => !BENCHMARKS.some((known) => known === name));
if (unknown.length > 0) misused(USAGE, `no benchmark '${unknown.join("', '")}'`);
for (const name of asked.length > 0 ? asked : BENCHMARKS) await import(`./${name}.ts`);
