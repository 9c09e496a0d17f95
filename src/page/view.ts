import type { FindingRecord, Incident, UncheckedRecord } from '../incidents/state.ts';
import type { TableDetails } from '../model/details.ts';
import type { Finding, Subject, Unchecked } from '../model/finding.ts';
import { matchesPattern } from '../model/pattern.ts';
import type { Waiver } from '../model/policy.ts';
import type { DatasetOutcome, TableStatus } from '../model/report.ts';
import { outcomesOf } from '../model/scan-result.ts';
import type { Contract, DeclaredTable } from '../model/table.ts';
import type { Page } from './report-page.ts';

/** More of anything are not read on a page, and would make it too large for a browser. */
export const MAX_LISTED = 2000;

/** What a reader can filter by: of a table that no file declares it is not said whether it is in sync. */
export type EntryStatus = TableStatus | 'undeclared';

/** A page with what is looked up in it. */
export interface View extends Page {
  /** Every declared dataset with its tables. */
  readonly outcomes: readonly DatasetOutcome[];
  readonly memoOf: (finding: Finding) => Incident<FindingRecord> | null;
  readonly uncheckedMemoOf: (subject: Subject) => Incident<UncheckedRecord> | null;
  readonly detailsOf: (subject: Subject) => TableDetails | null;
  readonly declaredOf: (subject: Subject) => DeclaredTable | null;
  /** Of the table, or of all tables of the dataset. */
  readonly contractsOf: (subject: Subject) => readonly Contract[];
  /** What the page says of why it could not be checked, by itself or with its dataset; the first of several. */
  readonly uncheckedOf: (subject: Subject) => Unchecked | null;
  readonly statusOf: (subject: Subject) => EntryStatus;
  /** Everybody who reads anything, in the order in which the page numbers them. */
  readonly consumers: readonly string[];
  /** The numbers of those who read it. */
  readonly readBy: (consumers: Iterable<string>) => string;
  /** Those that still hold. */
  readonly waiversOf: (subject: Subject) => readonly Waiver[];
}

export function viewOf(page: Page): View {
  const { state, details, scan, report, waivers, now } = page;
  const outcomes = outcomesOf(scan);
  const memos = new Map(openOf(state?.findings ?? []).map((record) => [record.key, record]));
  const unchecked = new Map(
    openOf(state?.unchecked ?? []).map((record) => [keyOf(record.subject), record] as const),
  );
  const detailed = new Map(details.map((each) => [keyOf(each), each]));
  const statuses = new Map(
    outcomes.flatMap(({ dataset, tables }) =>
      tables.map(({ table, status }) => [keyOf({ dataset, table }), status] as const),
    ),
  );
  const drifted = new Set(report.findings.filter(({ severity }) => severity !== 'info').map(keyOf));
  const today = now.toISOString().slice(0, 10);
  const current = waivers.filter(({ until }) => until >= today);
  const consumers = consumersIn(page);
  const numbers = new Map(consumers.map((consumer, index) => [consumer, index]));
  const datasetNamed = (dataset: string) => scan.datasets.get(dataset);
  const listed = report.unchecked.slice(0, MAX_LISTED);
  const unread = new Map([...listed].reverse().map((entry) => [keyOf(entry), entry]));
  return {
    ...page,
    outcomes,
    memoOf: ({ fingerprint }) => memos.get(fingerprint) ?? null,
    uncheckedMemoOf: (subject) => unchecked.get(keyOf(subject)) ?? null,
    detailsOf: (subject) => detailed.get(keyOf(subject)) ?? null,
    declaredOf: ({ dataset, table }) =>
      (table === null ? undefined : datasetNamed(dataset)?.tables.get(table)?.declared) ?? null,
    contractsOf: ({ dataset, table }) => {
      const named = datasetNamed(dataset);
      const tables = table === null ? named?.declared.tables : [named?.tables.get(table)?.declared];
      return (tables ?? []).flatMap((declared) => declared?.contract ?? []);
    },
    uncheckedOf: ({ dataset, table }) =>
      unread.get(keyOf({ dataset, table })) ?? unread.get(keyOf({ dataset, table: null })) ?? null,
    statusOf: (subject) => {
      const status = statuses.get(keyOf(subject));
      if (status !== undefined) return status;
      if (subject.table !== null || datasetNamed(subject.dataset) === undefined) return 'undeclared';
      return drifted.has(keyOf(subject)) ? 'drifted' : 'in-sync';
    },
    consumers,
    readBy: (names) => [...names].map((name) => numbers.get(name)).join(' '),
    waiversOf: ({ dataset, table }) => {
      if (current.length === 0) return [];
      const declared = { dataset: datasetNamed(dataset)?.declared.declaredAs ?? dataset, table };
      return current.filter((waiver) => matchesPattern(waiver.table, declared));
    },
  };
}

function consumersIn({ scan, report }: Page): readonly string[] {
  const declared = [...scan.datasets.values()].flatMap(({ declared: { tables } }) =>
    tables.flatMap(({ contract }) => [...contract.consumers.keys()]),
  );
  return [...new Set([...declared, ...report.findings.flatMap((finding) => finding.consumers)])].sort();
}

function openOf<About>(records: readonly Incident<About>[]): readonly Incident<About>[] {
  return records.filter(({ resolution }) => resolution === null);
}

export function keyOf({ dataset, table }: Subject): string {
  return JSON.stringify([dataset, table]);
}
