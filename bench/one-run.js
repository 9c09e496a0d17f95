import { once } from 'node:events';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';

/*
 * One call of the built function, and what it took; started by a benchmark with the environment of a deployment. JavaScript,
 * since Node takes about 20 MB for its compiler where a single module is TypeScript.
 */

const [wiring] = process.argv.slice(2);
const { createFunction, systemClock } = await import(wiring);
http(
  'checkDrift',
  createFunction({ env: process.env, clock: systemClock, fetch: globalThis.fetch, log: () => {} }),
);
const server = getTestServer('checkDrift').listen(0, '127.0.0.1');
await once(server, 'listening');
const startedAt = performance.now();
const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { method: 'POST' });
const summary = await response.json();
process.stdout.write(
  `${JSON.stringify({
    status: response.status,
    tables: summary.tables ?? summary.error,
    seconds: (performance.now() - startedAt) / 1000,
    cpuSeconds: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
    megabytes: process.resourceUsage().maxRSS / 1024,
  })}\n`,
);
process.exit();
