/* `npm run bench -- compare` runs one benchmark, `npm run bench` all of them. */

const BENCHMARKS = ['compare', 'hourly', 'load', 'page'] as const;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !BENCHMARKS.some((known) => known === name));
if (unknown.length > 0) {
  process.stderr.write(`no benchmark ${unknown.join(', ')}: there is ${BENCHMARKS.join(', ')}\n`);
  process.exitCode = 64;
} else {
  for (const name of asked.length > 0 ? asked : BENCHMARKS) await import(`./${name}.ts`);
}
