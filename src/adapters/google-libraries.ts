import { createRequire } from 'node:module';

/*
 * Google's libraries take 0.2 s to load, half of what a command takes that asks nothing of Google: each is loaded when first used.
 * They are CommonJS, so that this needs no promise.
 */
const require = createRequire(import.meta.url);

export function bigqueryLibrary(): typeof import('@google-cloud/bigquery') {
  return require('@google-cloud/bigquery');
}

export function authLibrary(): typeof import('google-auth-library') {
  return require('google-auth-library');
}
