import { datasetMissing } from '../kinds/dataset.ts';
import type { Finding, Subject } from '../model/finding.ts';

/** `dataset.table`, or the dataset where there is no table. */
export function subjectName({ dataset, table }: Subject): string {
  return table === null ? dataset : `${dataset}.${table}`;
}

/** The same as a heading: a dataset is not to be taken for a table; `*` is the project's list of datasets. */
export function subjectTitle(subject: Subject): string {
  if (subject.dataset === '*') return 'the list of datasets';
  return subject.table === null ? `dataset ${subject.dataset}` : subjectName(subject);
}

/** Findings of one dataset or table. */
export interface Group extends Subject {
  readonly findings: readonly Finding[];
}

/** By table, in the order in which each first occurs: with sorted findings the worst come first. */
export function groupBySubject(findings: readonly Finding[]): readonly Group[] {
  const groups = new Map<string, { readonly subject: Subject; readonly findings: Finding[] }>();
  for (const finding of findings) {
    const { dataset, table } = finding;
    const key = JSON.stringify([dataset, table]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { subject: { dataset, table }, findings: [finding] });
    else group.findings.push(finding);
  }
  return [...groups.values()].map(({ subject, findings: members }) => ({ ...subject, findings: members }));
}

/** Of a dataset's own findings what is wrong with each of its tables too: they are not asked about where it is missing. */
export function missingDataset(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ kind }) => kind === datasetMissing.id);
}
