import { MalformedError } from '../model/errors.ts';
import type { Resource } from '../model/ports.ts';

/* The narrow parser of what BigQuery answers: each function returns the shape it names, or throws MalformedError. */

const DIGITS = /^(0|-?[1-9][0-9]*)$/;
const SPELLED_DIGITS = /^\s*[+-]?[0-9]+\s*$/;

/**
 * int64 in digits, or undefined where absent. JSON carries it as a string, people write numbers.
 * @throws MalformedError for anything else.
 */
export function int64(value: unknown, at: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') {
    if (DIGITS.test(value)) return value;
    if (SPELLED_DIGITS.test(value)) return BigInt(value.trim().replace(/^\+/, '')).toString();
  }
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value.toString();
  throw new MalformedError(`${at}: expected an integer, found ${nameOf(value)}`);
}

const MAX_INT64 = 2n ** 63n - 1n;

/**
 * When something expires, in digits: a period or a moment. `0` is how REST and `bq` write that it never does, so that it
 * reads as null: "To clear an existing default expiration with a PATCH request, set to 0",
 * https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets. undefined: absent.
 * @throws MalformedError for anything else: below 0 BigQuery has none, and it must not pass for "never".
 */
export function expiration(value: unknown, at: string): string | null | undefined {
  if (value === undefined || value === null) return value;
  const ms = int64(value, at) ?? '0';
  if (ms === '0') return null;
  if (ms.startsWith('-') || BigInt(ms) > MAX_INT64) {
    throw new MalformedError(`${at}: expected an integer from 0 to ${MAX_INT64}, found ${nameOf(value)}`);
  }
  return ms;
}

export function stringList(value: unknown, at: string): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new MalformedError(`${at}: expected a list of names, found ${nameOf(value)}`);
}

export function optionalString(value: unknown, at: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new MalformedError(`${at}: expected text, found ${nameOf(value)}`);
}

export function optionalObject(value: unknown, at: string): Resource | undefined {
  return value === undefined || value === null ? undefined : object(value, at);
}

export function object(value: unknown, at: string): Resource {
  if (isObject(value)) return value;
  throw new MalformedError(`${at}: expected an object, found ${nameOf(value)}`);
}

export function isObject(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `${typeof value} ${JSON.stringify(value).slice(0, 40)}`;
}
