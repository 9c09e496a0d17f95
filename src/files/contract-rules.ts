import { statedFields } from '../metadata/canonical.ts';
import { fieldFinder } from '../metadata/fields.ts';
import { shortestLifetime } from '../metadata/lifetime.ts';
import { expiration, int64, isObject } from '../metadata/parse.ts';
import type { Advise } from '../model/did-you-mean.ts';
import { formatDuration, parseDuration } from '../model/duration.ts';
import type { Resource } from '../model/ports.ts';
import { type Path, type PathProblem, problem, rawFields, unlessMalformed } from './raw-file.ts';

export function contractRules(file: Resource, advise: Advise): readonly PathProblem[] {
  const contract = file['contract'];
  if (!isObject(contract)) return [];
  return [...contractPathRules(file, contract, advise), ...retentionRules(file, contract)];
}

function contractPathRules(file: Resource, contract: Resource, advise: Advise): readonly PathProblem[] {
  const { criticalFields, consumers } = contract;
  const listed = [
    ...pathsIn(criticalFields, ['contract', 'criticalFields']),
    ...Object.entries(isObject(consumers) ? consumers : {}).flatMap(([consumer, paths]) =>
      pathsIn(paths, ['contract', 'consumers', consumer]),
    ),
  ];
  if (listed.length === 0 || !isObject(file['schema'])) return [];
  const declared = unlessMalformed(() => statedFields(rawFields(file)));
  if (declared === null) return [];
  const names = declared.map((field) => field.name);
  const isField = fieldFinder(declared);
  return listed
    .filter(({ path }) => !isField(path))
    .map(({ at, path }) =>
      problem(at, `${JSON.stringify(path)} names no field of the schema${advise(path, names)}`),
    );
}

function pathsIn(paths: unknown, at: Path): readonly { readonly at: Path; readonly path: string }[] {
  return (Array.isArray(paths) ? paths : []).flatMap((path, index) =>
    typeof path === 'string' ? [{ at: [...at, index], path }] : [],
  );
}

function retentionRules(file: Resource, contract: Resource): readonly PathProblem[] {
  const { retention } = contract;
  const ms = typeof retention === 'string' ? parseDuration(retention) : null;
  if (ms === null) return [];
  const time = file['timePartitioning'];
  const stated = (value: unknown) => unlessMalformed(() => expiration(value, '')) ?? null;
  const shortest = shortestLifetime({
    partitionExpirationMs: isObject(time) ? stated(time['expirationMs']) : null,
    expirationTime: stated(file['expirationTime']),
    creationTime: unlessMalformed(() => int64(file['creationTime'], '')) ?? null,
  });
  if (shortest === null || shortest.ms >= BigInt(ms)) return [];
  const kept = formatDuration(Number(shortest.ms));
  const at = shortest.of === 'table' ? ['expirationTime'] : ['timePartitioning', 'expirationMs'];
  return [problem(at, `data expires after ${kept}, before contract.retention ${retention} allows it`)];
}
