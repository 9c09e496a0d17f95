import { once } from 'node:events';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { createFunction, systemClock } from '../src/wiring.ts';

/* One call of the function, and what it took; started by a benchmark with the environment of a deployment. */

http(
  'checkDrift',
  createFunction({ env: process.env, clock: systemClock, fetch: globalThis.fetch, log: () => {} }),
);
const server = getTestServer('checkDrift').listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('the function does not listen');
const startedAt = performance.now();
const response = await fetch(`http://127.0.0.1:${address.port}/`, { method: 'POST' });
const summary = (await response.json()) as { readonly tables?: unknown; readonly error?: unknown };
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
