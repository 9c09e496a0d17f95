import { once } from 'node:events';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { playedClock } from '../../emulators/clock.ts';
import { createFunction } from '../../src/wiring.ts';
import { type Listening, NOW_HEADER } from './child-protocol.ts';

/*
 * The function in a process of its own, for tests that end it at an awkward moment. Its clock is played, since a lease is
 * stale after a minute only.
 */

const clock = playedClock();
const checkDrift = createFunction({ env: process.env, clock, fetch: globalThis.fetch, log: () => {} });
http('checkDrift', (request, response) => {
  const ms = Date.parse(request.get(NOW_HEADER) ?? '') - clock.now().getTime();
  if (ms < 0) clock.set(ms);
  else clock.advance(ms);
  return checkDrift(request, response);
});
const server = getTestServer('checkDrift').listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('the function does not listen');
process.send?.({ port: address.port } satisfies Listening);
