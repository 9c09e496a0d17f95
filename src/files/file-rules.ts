import { isObject } from '../metadata/parse.ts';
import { type Advise, didYouMean } from '../model/did-you-mean.ts';
import type { Resource, TableId } from '../model/ports.ts';
import { contractRules } from './contract-rules.ts';
import { fieldRules } from './field-rules.ts';
import { clusteringRules, partitioningRules } from './layout-rules.ts';
import { type PathProblem, problem, rawFields } from './raw-file.ts';

/*
 * What BigQuery would refuse, or a file contradicts in itself. The rules read the file as it was written, so
 * that one run lists them beside problems of shape; a part of the wrong shape is passed over here.
 */

export function tableRules(file: Resource, id: TableId, advise: Advise = didYouMean): readonly PathProblem[] {
  return [
    ...tableNameRules(id.table),
    ...tableTypeRules(file['type'], advise),
    ...referenceRule(file['tableReference'], 'tableReference', { datasetId: id.dataset, tableId: id.table }),
    ...fieldRules(rawFields(file), { at: ['schema', 'fields'], depth: 1, advise }),
    ...partitioningRules(file, advise),
    ...clusteringRules(file, advise),
    ...contractRules(file, advise),
  ];
}

export function datasetRules(file: Resource, dataset: string): readonly PathProblem[] {
  return referenceRule(file['datasetReference'], 'datasetReference', { datasetId: dataset });
}

/** https://docs.cloud.google.com/bigquery/docs/tables ("Table naming") */
function tableNameRules(table: string): readonly PathProblem[] {
  if (/^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd}\p{Zs}]+$/u.test(table) && Buffer.byteLength(table) <= 1024) return [];
  return [
    problem(
      [],
      `${JSON.stringify(table)} is no table name: letters, digits, connectors, dashes and spaces only`,
    ),
  ];
}

const TABLE_TYPES = ['TABLE', 'VIEW', 'MATERIALIZED_VIEW', 'EXTERNAL', 'SNAPSHOT'];

/** A type that does not exist yet is let through; a misspelt one is not. */
function tableTypeRules(type: unknown, advise: Advise): readonly PathProblem[] {
  if (typeof type !== 'string' || TABLE_TYPES.includes(type.toUpperCase())) return [];
  const near = advise(type, TABLE_TYPES);
  return near === '' ? [] : [problem(['type'], `unknown type ${JSON.stringify(type)}${near}`)];
}

/** The project is not compared: one set of files serves several environments. */
function referenceRule(
  reference: unknown,
  key: string,
  ids: Readonly<Record<string, string>>,
): readonly PathProblem[] {
  if (!isObject(reference)) return [];
  return Object.entries(ids)
    .filter(([part, id]) => reference[part] !== undefined && reference[part] !== id)
    .map(([part, id]) =>
      problem(
        [key, part],
        `contradicts the file's path, which says ${JSON.stringify(id)}; correct one or leave it out`,
      ),
    );
}
