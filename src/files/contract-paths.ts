import { fieldFinder } from '../metadata/fields.ts';
import { isObject } from '../metadata/parse.ts';
import type { Resource } from '../model/ports.ts';
import type { Contract } from '../model/table.ts';
import { expectedTable } from './expected-table.ts';
import { list } from './parts.ts';

/* The fields that a file's contract lists: one that goes from the file must go from there, or the file contradicts itself. */

/** Whether a path of the contract names no field of the file any more. */
export function goneFrom(file: Resource): (path: string) => boolean {
  const { fields } = expectedTable(file);
  if (fields === undefined) return () => false;
  const isField = fieldFinder(fields);
  return (path) => !isField(path);
}

/** What they are no longer listed in, each in words. */
export function lostPaths(
  { criticalFields, consumers }: Contract,
  isGone: (path: string) => boolean,
): readonly string[] {
  return [
    ...criticalFields.filter(isGone).map((path) => `contract.criticalFields lists ${path} no longer`),
    ...[...consumers].flatMap(([name, paths]) =>
      paths.filter(isGone).map((path) => `contract.consumers: ${name} lists ${path} no longer`),
    ),
  ];
}

/** The file without those paths in its contract. A consumer stays, also of nothing. */
export function withoutContractPaths(file: Resource, isGone: (path: string) => boolean): Resource {
  const contract = file['contract'];
  if (!isObject(contract)) return file;
  const { criticalFields, consumers } = contract;
  const left = (paths: unknown) => list(paths).filter((path) => typeof path !== 'string' || !isGone(path));
  const ofConsumers = isObject(consumers)
    ? { consumers: Object.fromEntries(Object.entries(consumers).map(([name, paths]) => [name, left(paths)])) }
    : {};
  const critical = Array.isArray(criticalFields) ? { criticalFields: left(criticalFields) } : {};
  return { ...file, contract: { ...contract, ...critical, ...ofConsumers } };
}
