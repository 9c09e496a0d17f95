import { http } from '@google-cloud/functions-framework';
import { createFunction, systemClock, writeLogLine } from './wiring.ts';

http(
  'checkDrift',
  createFunction({ env: process.env, clock: systemClock, fetch: globalThis.fetch, log: writeLogLine }),
);
