/* What it takes to read and check a folder of expected files, by the built modules. */

const [module, folder] = process.argv.slice(2);
const { loadExpectation } = await import(module);
const startedAt = performance.now();
const { datasets } = await loadExpectation({ folder, project: 'bench' });
process.stdout.write(
  JSON.stringify({
    tables: datasets.flatMap(({ tables }) => tables).length,
    seconds: (performance.now() - startedAt) / 1000,
    cpuSeconds: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
    megabytes: process.resourceUsage().maxRSS / 1024,
  }),
);
