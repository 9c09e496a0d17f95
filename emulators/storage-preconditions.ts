import { METAGENERATION, type StoredObject } from './storage-objects.ts';

const PARAMETERS = [
  'generation',
  'ifGenerationMatch',
  'ifGenerationNotMatch',
  'ifMetagenerationMatch',
  'ifMetagenerationNotMatch',
];

/**
 * The first parameter of a query that is no int64. An empty one is refused too, although the service is not known to:
 * the client sends `ifGenerationMatch: undefined` as empty, and a write without its condition must not pass unseen.
 */
export function findMalformed(query: Record<string, string>): string | undefined {
  return PARAMETERS.find((parameter) => !/^\d{1,19}$/.test(query[parameter] ?? '0'));
}

/**
 * What the service answers to conditions that do not hold: 412 where a value had to match, 304 where it had not to. An
 * object that does not exist has generation 0, and fails every condition of the second sort.
 * https://docs.cloud.google.com/storage/docs/request-preconditions
 */
export function findFailure(
  live: StoredObject | undefined,
  query: Record<string, string>,
): 304 | 412 | undefined {
  const generation = live?.generation ?? '0';
  const metageneration = live === undefined ? '0' : METAGENERATION;
  const mustMatch = [
    [query['ifGenerationMatch'], generation],
    [query['ifMetagenerationMatch'], metageneration],
  ] as const;
  const mustNotMatch = [
    [query['ifGenerationNotMatch'], generation],
    [query['ifMetagenerationNotMatch'], metageneration],
  ] as const;
  if (mustMatch.some(([stated, actual]) => stated !== undefined && !equal(stated, actual))) return 412;
  const matched = mustNotMatch.some(
    ([stated, actual]) => stated !== undefined && (live === undefined || equal(stated, actual)),
  );
  return matched ? 304 : undefined;
}

/** Whether there is what the query is about: the live object or, where it names a generation, that very one. */
export function isOfGeneration(live: StoredObject | undefined, query: Record<string, string>): boolean {
  if (live === undefined) return false;
  return query['generation'] === undefined || equal(query['generation'], live.generation);
}

function equal(one: string, other: string): boolean {
  return BigInt(one) === BigInt(other);
}
