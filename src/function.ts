import { http } from '@google-cloud/functions-framework';
import { createFunction, systemClock, writeLogLine } from './wiring.ts';

// The framework, which reads a body before the function is called, else answers one that it cannot read with a stack:
// https://expressjs.com/en/guide/error-handling.html#the-default-error-handler
process.env['NODE_ENV'] ??= 'production';

http(
  'checkDrift',
  createFunction({ env: process.env, clock: systemClock, fetch: globalThis.fetch, log: writeLogLine }),
);
