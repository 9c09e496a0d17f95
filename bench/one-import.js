/* How many milliseconds each of some modules takes to load, one after another; what an earlier one brought costs nothing. */

const milliseconds = [];
for (const module of process.argv.slice(2)) {
  const startedAt = performance.now();
  await import(module);
  milliseconds.push(performance.now() - startedAt);
}
process.stdout.write(JSON.stringify(milliseconds));
